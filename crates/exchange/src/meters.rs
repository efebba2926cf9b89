//! The exchange's metrics. Handles are made once, so that counting is one atomic addition.

use std::collections::HashMap;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use metrics::{Counter, Gauge, Histogram, counter, gauge, histogram};
use parking_lot::Mutex;
use switchboard_core::Fault;
use switchboard_core::adapt::Note;
use switchboard_core::model::{ContentKind, TurnOutcome, UserEvent, UserInput};

/// Metrics of one frontend and the backend that its route leads to.
pub(crate) struct Meters {
    frontend: String,
    backend: String,
    outcomes: [Counter; 4],
    engine_seconds: Histogram,
    gateway_seconds: Histogram,
    active: Gauge,
    published: [OnceLock<Counter>; ContentKind::ALL.len()],
    received: [OnceLock<Counter>; INPUT_KINDS.len()],
    questions: Mutex<HashMap<String, Counter>>,
    /// Turns that have begun and not ended, for a graceful shutdown.
    pub(crate) turns_under_way: AtomicU64,
}

const OUTCOMES: [TurnOutcome; 4] = [
    TurnOutcome::Done,
    TurnOutcome::Unavailable,
    TurnOutcome::TimedOut,
    TurnOutcome::Refused,
];

const INPUT_KINDS: [&str; 17] = [
    "open",
    "text",
    "choice",
    "form",
    "feedback",
    "survey",
    "custom",
    "link_click",
    "file",
    "variables",
    "typing",
    "read",
    "query",
    "leave_handover",
    "end",
    "client_error",
    "connection",
];

/// Clients name the origins of questions, so their number must be bounded here.
const MOST_ORIGINS: usize = 32;
const OTHER_ORIGINS: &str = "other";

fn input_kind(input: &UserInput) -> usize {
    match input {
        UserInput::Open { .. } => 0,
        UserInput::Text { .. } => 1,
        UserInput::Choice(_) => 2,
        UserInput::Form(_) => 3,
        UserInput::Feedback(_) => 4,
        UserInput::Survey(_) => 5,
        UserInput::Custom { .. } => 6,
        UserInput::LinkClick { .. } => 7,
        UserInput::File(_) => 8,
        UserInput::Variables => 9,
        UserInput::Typing { .. } => 10,
        UserInput::Read => 11,
        UserInput::Query(_) => 12,
        UserInput::LeaveHandover => 13,
        UserInput::End => 14,
        UserInput::ClientError(_) => 15,
        UserInput::Connection { .. } => 16,
    }
}

impl Meters {
    pub(crate) fn new(frontend: &str, backend: &str) -> Self {
        let outcome = |outcome: TurnOutcome| {
            counter!("switchboard_turns_total", "frontend" => frontend.to_owned(),
                "backend" => backend.to_owned(), "outcome" => outcome.as_str())
        };
        let seconds = |stage: &'static str| {
            histogram!("switchboard_turn_seconds", "frontend" => frontend.to_owned(),
                "backend" => backend.to_owned(), "stage" => stage)
        };
        Self {
            outcomes: OUTCOMES.map(outcome),
            engine_seconds: seconds("engine"),
            gateway_seconds: seconds("gateway"),
            active: gauge!("switchboard_conversations_active", "frontend" => frontend.to_owned()),
            published: std::array::from_fn(|_| OnceLock::new()),
            received: std::array::from_fn(|_| OnceLock::new()),
            questions: Mutex::default(),
            turns_under_way: AtomicU64::new(0),
            frontend: frontend.to_owned(),
            backend: backend.to_owned(),
        }
    }

    pub(crate) fn turn_begun(&self) {
        self.turns_under_way.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn turn_ended(&self, outcome: TurnOutcome, total: Duration, engine: Duration) {
        self.turns_under_way.fetch_sub(1, Ordering::Relaxed);
        // To operators it is one thing.
        let word = outcome.as_str();
        if let Some(at) = OUTCOMES.iter().position(|known| known.as_str() == word)
            && let Some(counter) = self.outcomes.get(at)
        {
            counter.increment(1);
        }
        self.engine_seconds.record(engine.as_secs_f64());
        self.gateway_seconds
            .record(total.saturating_sub(engine).as_secs_f64());
    }

    pub(crate) fn published(&self, kind: ContentKind) {
        if let Some(slot) = self.published.get(kind as usize) {
            slot.get_or_init(|| self.messages("out", kind.as_str()))
                .increment(1);
        }
    }

    pub(crate) fn received(&self, input: &UserInput) {
        let kind = input_kind(input);
        if let (Some(slot), Some(name)) = (self.received.get(kind), INPUT_KINDS.get(kind)) {
            slot.get_or_init(|| self.messages("in", name)).increment(1);
        }
    }

    /// Counts what a user asks, for statistics.
    pub(crate) fn asked(&self, event: &UserEvent) {
        let by_itself = match &event.input {
            UserInput::Text { .. } => "typed",
            UserInput::Choice(_) => "choice",
            UserInput::LinkClick { .. } => "link",
            _ => return,
        };
        let origin = event.origin.as_deref().unwrap_or(by_itself);
        let mut questions = self.questions.lock();
        if let Some(counter) = questions.get(origin) {
            return counter.increment(1);
        }
        let origin = if questions.len() < MOST_ORIGINS {
            origin
        } else {
            OTHER_ORIGINS
        };
        let counter = questions.entry(origin.to_owned()).or_insert_with(|| {
            counter!("switchboard_questions_total", "frontend" => self.frontend.clone(),
                "backend" => self.backend.clone(), "origin" => origin.to_owned())
        });
        counter.increment(1);
    }

    fn messages(&self, direction: &'static str, kind: &'static str) -> Counter {
        counter!("switchboard_messages_total", "frontend" => self.frontend.clone(),
            "backend" => self.backend.clone(), "direction" => direction, "kind" => kind)
    }

    pub(crate) fn adapted(&self, notes: &[Note]) {
        for note in notes {
            counter!("switchboard_adapted_total", "frontend" => self.frontend.clone(),
                "backend" => self.backend.clone(), "kind" => note.kind.as_str(),
                "rule" => note.rule)
            .increment(1);
        }
    }

    pub(crate) fn lost(&self, messages: u64) {
        counter!("switchboard_undelivered_total", "frontend" => self.frontend.clone())
            .increment(messages);
    }

    pub(crate) fn rejected(&self, fault: &Fault) {
        counter!("switchboard_rejected_total", "frontend" => self.frontend.clone(),
            "reason" => fault.reason())
        .increment(1);
    }

    pub(crate) fn conversation_begun(&self) {
        self.active.increment(1.0);
    }

    pub(crate) fn conversation_over(&self) {
        self.active.decrement(1.0);
    }
}
