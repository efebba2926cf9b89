//! What a user did, in the words of this protocol, whichever dialect the client spoke:
//! `docs/protocols/opendialog.md#22-inbound-content-types`.
//!
//! What an OpenDialog client sent is given back. Anything else becomes the nearest type: words are
//! `text`, a click is a `button_response`, a form or a survey is a `form_response` with a key for
//! each answer, a link is a `url_click`. What has no type is a `trigger` whose callback names it.

use std::borrow::Cow;

use serde_json::{Map, Value};
use switchboard_core::model::{
    ChoiceMade, Feedback, FeedbackRequest, FormSubmission, Rating, UploadedFile, UserEvent,
    UserInput,
};

use super::{forms, input};
use crate::wire::callback;
use crate::wire::message::Kind;
use crate::wire::scalar::text_of;

const TEXT: &str = "text";
const VALUE: &str = "value";
const CALLBACK: &str = "callback_id";

/// What a user did.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Did {
    /// The type of content.
    pub(crate) kind: Kind,
    callback: Option<String>,
    /// What belongs to it, the words under `text`.
    pub(crate) data: Map<String, Value>,
}

impl Did {
    fn new(kind: Kind) -> Self {
        Self {
            kind,
            callback: None,
            data: Map::new(),
        }
    }

    fn by(self, callback: impl Into<String>) -> Self {
        let callback = callback.into();
        Self {
            callback: Some(callback).filter(|callback| !callback.is_empty()),
            ..self
        }
    }

    fn with(mut self, key: &str, value: Option<impl Into<Value>>) -> Self {
        if let Some(value) = value {
            self.data.insert(key.to_owned(), value.into());
        }
        self
    }

    /// The words, if there are any.
    pub(crate) fn text(&self) -> Option<String> {
        let text = self.data.get(TEXT).and_then(text_of);
        text.filter(|text| !text.is_empty()).map(Cow::into_owned)
    }

    /// The data with the callback; nothing if there are none.
    pub(crate) fn all_data(self) -> Option<Map<String, Value>> {
        let mut data = self.data;
        if let Some(callback) = self.callback {
            // An element of a form may have this name; its answer is not to be found elsewhere.
            data.entry(CALLBACK).or_insert(Value::String(callback));
        }
        (!data.is_empty()).then_some(data)
    }

    /// The same without what is said beside the data: the words and the time.
    pub(crate) fn data_beside_text(mut self) -> Option<Map<String, Value>> {
        self.data
            .retain(|key, _| !forms::RESERVED.contains(&key.as_str()));
        self.all_data()
    }
}

/// What a user did, as the client sent it if it was one of OpenDialog's.
pub(crate) fn of(event: &UserEvent) -> Did {
    match input::sent(event) {
        Some(sent) => Did {
            kind: sent.kind,
            callback: sent.callback_id.map(str::to_owned),
            data: sent.data.cloned().unwrap_or_default(),
        },
        None => nearest(&event.input),
    }
}

fn nearest(input: &UserInput) -> Did {
    let trigger = |callback: &str| Did::new(Kind::Trigger).by(callback);
    match input {
        UserInput::Open { welcome, query } => Did::new(Kind::ChatOpen)
            .by(welcome.as_deref().unwrap_or(callback::WELCOME))
            .with(TEXT, query.as_deref()),
        UserInput::Text { text } => Did::new(Kind::Text).with(TEXT, Some(text.as_str())),
        UserInput::Choice(choice) => of_choice(choice),
        UserInput::Form(form) | UserInput::Survey(form) => of_form(form),
        UserInput::Feedback(feedback) => of_feedback(feedback),
        UserInput::Custom { name, value, label } => trigger(name)
            .with(TEXT, label.as_deref())
            .with(VALUE, value.as_deref()),
        UserInput::LinkClick { url, label } => Did::new(Kind::UrlClick)
            .with(TEXT, label.as_deref())
            .with("url", Some(url.as_str())),
        UserInput::File(file) => of_file(file),
        UserInput::LeaveHandover => Did::new(Kind::ButtonResponse).by(callback::END_CHAT),
        UserInput::End => trigger(callback::END_CHAT),
        UserInput::Variables => trigger("variables"),
        UserInput::Typing { active, text } => {
            trigger(if *active { "typing" } else { "typing_stopped" }).with(TEXT, text.as_deref())
        }
        UserInput::Read => trigger("read"),
        UserInput::Query(query) => trigger(query.as_str()),
        UserInput::ClientError(problem) => trigger("client_error")
            .with(TEXT, Some(problem.message.as_str()))
            .with(VALUE, Some(problem.error.as_str())),
        UserInput::Connection { lost } => trigger(if *lost {
            "connection_lost"
        } else {
            "connection_restored"
        }),
    }
}

fn of_choice(choice: &ChoiceMade) -> Did {
    let action = choice.action.as_deref();
    let id = choice
        .id
        .as_deref()
        .or_else(|| action.map(|action| &*action.id));
    let value = choice.value.as_deref();
    let value = value.or_else(|| action.and_then(|action| action.value.as_deref()));
    Did::new(Kind::ButtonResponse)
        .by(id.unwrap_or_default())
        .with(TEXT, choice.words())
        .with(VALUE, value)
}

fn of_form(form: &FormSubmission) -> Did {
    let mut did = Did::new(Kind::FormResponse).by(&*form.id);
    for (name, answer) in &form.values {
        did = did.with(&forms::element_name(name), Some(answer.as_str()));
    }
    did.with(TEXT, form.summary.as_deref())
}

/// A verdict is a click on one of the buttons that ask for it; words without one are words.
fn of_feedback(feedback: &Feedback) -> Did {
    let callback = match feedback.rating {
        Some(Rating::Positive) => FeedbackRequest::POSITIVE,
        Some(Rating::Negative) => FeedbackRequest::NEGATIVE,
        Some(Rating::None) => "no_rating",
        None if feedback.reason.is_some() => "feedback_reason",
        None => {
            return Did::new(Kind::Text)
                .by("feedback_comment")
                .with(TEXT, feedback.comment.as_deref());
        }
    };
    Did::new(Kind::ButtonResponse)
        .by(callback)
        .with(TEXT, feedback.comment.as_deref())
        .with("reason", feedback.reason)
}

/// The name is what the user saw.
fn of_file(file: &UploadedFile) -> Did {
    Did::new(Kind::Text)
        .by(file.callback.as_deref().unwrap_or_default())
        .with(TEXT, Some(file.name.as_str()))
        .with("url", file.url.as_deref())
        .with("media_type", file.media_type.as_deref())
        .with("size_bytes", file.size_bytes)
}
