//! Conversations that an OpenDialog server has recorded: fetched from one of its APIs, or read
//! from what was fetched before. See `docs/protocols/opendialog.md#61-interaction-api`,
//! `docs/protocols/opendialog.md#71-get-publicapiuser-interactions-doc` and
//! `docs/protocols/opendialog.md#72-get-publicapiuser-data-export-doc`.
//!
//! - `options`: what is asked, and by which API.
//! - `course`: what is asked for next: pages of the export, periods of the interactions.
//! - `patience`: what is tried again, and when.
//! - `answer`: what came, as users.
//! - `user`, `line`: a user and what was said, as the model has it.

mod answer;
mod course;
mod line;
mod options;
mod patience;
mod user;

use std::collections::VecDeque;
use std::time::Duration;

use bytes::Bytes;
use http::Response;
use switchboard_core::dialect::{
    Cx, OptionsError, RecordedPeriod, RecordingSource, SourceError, SourceStep, TransportFault,
};

pub use options::{RecordingsApi, RecordingsOptions};

use answer::{Page, Reading, UserFound};
use course::Course;
use patience::{Patience, Verdict};

/// Where recorded conversations come from.
pub(crate) struct Source {
    options: RecordingsOptions,
    period: RecordedPeriod,
    /// What is asked for; nothing where files are read instead.
    course: Option<Course>,
    patience: Patience,
    /// How long to wait before anything else.
    wait: Option<Duration>,
    /// The file that is being read.
    reading: Option<Reading>,
    /// What came and was not yet given out.
    found: VecDeque<UserFound>,
    notes: VecDeque<String>,
    failed: Option<SourceError>,
}

impl Source {
    /// # Errors
    /// An option does not fit.
    pub(crate) fn new(
        options: RecordingsOptions,
        period: RecordedPeriod,
    ) -> Result<Self, OptionsError> {
        options.check()?;
        if let (Some(from), Some(to)) = (period.from, period.to)
            && from > to
        {
            return Err(OptionsError::new("from", "is later than the end"));
        }
        let course = match &options.url {
            Some(url) => Some(Course::new(url, &options, &period)?),
            None => None,
        };
        Ok(Self {
            options,
            period,
            course,
            patience: Patience::default(),
            wait: None,
            reading: None,
            found: VecDeque::new(),
            notes: VecDeque::new(),
            failed: None,
        })
    }

    fn fail(&mut self, error: SourceError) {
        self.course = None;
        self.reading = None;
        self.failed = Some(error);
    }

    /// An answer that tells of users.
    fn take(&mut self, response: &Response<Bytes>) {
        let Some(course) = &mut self.course else {
            return;
        };
        let place = course.place();
        match Page::decode(response.body(), &place) {
            Ok(page) => match course.advance(&page) {
                Ok(note) => {
                    self.notes.extend(note);
                    self.notes.extend(page.notes);
                    let until = course.until();
                    self.found.extend(
                        page.users
                            .into_iter()
                            .map(|user| UserFound { until, ..user }),
                    );
                    course.leave();
                    if course.is_over() {
                        return;
                    }
                    self.wait = patience::pause(response.headers());
                }
                Err(error) => self.fail(error),
            },
            Err(error) => self.fail(error),
        }
    }

    /// Reads on until there is a user, in what came or in the file.
    fn next_user(&mut self) -> Option<UserFound> {
        loop {
            if let Some(user) = self.found.pop_front() {
                return Some(user);
            }
            match self.reading.as_mut()?.next() {
                Some(Ok(page)) => {
                    self.found.extend(page.users);
                    self.notes.extend(page.notes);
                }
                Some(Err(error)) => self.fail(error),
                None => self.reading = None,
            }
        }
    }
}

impl RecordingSource for Source {
    fn next(&mut self, cx: &Cx<'_>) -> SourceStep {
        while let Some(found) = self.next_user() {
            if let Some(recorded) = user::to_model(found, &self.period) {
                return SourceStep::Recorded(Box::new(recorded));
            }
        }
        if let Some(note) = self.notes.pop_front() {
            return SourceStep::Noted(note);
        }
        if let Some(error) = &self.failed {
            return SourceStep::Failed(error.clone());
        }
        let Some(course) = self.course.as_mut().filter(|course| !course.is_over()) else {
            return SourceStep::Done;
        };
        if let Some(wait) = self.wait.take() {
            return SourceStep::Wait(wait);
        }
        match course.request(cx.now) {
            Ok(request) => SourceStep::Fetch(request),
            Err(error) => {
                self.fail(error.clone());
                SourceStep::Failed(error)
            }
        }
    }

    fn response(&mut self, response: Result<Response<Bytes>, TransportFault>, _: &Cx<'_>) {
        let Some(course) = &mut self.course else {
            return;
        };
        let too_much = match &response {
            Ok(response) => course.is_too_much(response),
            Err(fault) => *fault == TransportFault::TooLarge,
        };
        if too_much && course.ask_for_less() {
            return;
        }
        match self.patience.judge(&response, self.options.token.as_ref()) {
            Verdict::Good => {
                if let Ok(response) = response {
                    self.take(&response);
                }
            }
            Verdict::Again(wait) => self.wait = Some(wait),
            Verdict::Failed(error) => self.fail(error),
        }
    }

    fn read(&mut self, file: Bytes, _: &Cx<'_>) {
        self.course = None;
        self.failed = None;
        self.wait = None;
        self.reading = Some(Reading::new(file));
    }
}
