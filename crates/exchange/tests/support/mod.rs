//! What the tests of the exchange have in common.
#![allow(dead_code, reason = "no test needs all of it")]

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use switchboard_core::Fault;
use switchboard_core::dialect::{
    Attach, Call, ClientMark, Entry, Find, Item, Operation, Outcome, Target,
};
use switchboard_core::model::{Content, MessageId, Profile, UserEvent, UserInput};
use switchboard_exchange::{Attachment, Exchange, FrontendHandle, Limits, Parts};
use switchboard_store::Transcripts;
use switchboard_testkit::{FakeBackend, FakeEngine, PlainFrontend, parts};
use uuid::Uuid;

/// An exchange with one frontend, and everything that reaches its engine.
pub struct World {
    _exchange: Exchange,
    pub handle: FrontendHandle,
    pub seen: Arc<Mutex<Vec<UserInput>>>,
}

impl World {
    /// Whose engine takes so long.
    pub fn new(takes: Duration) -> Self {
        Self::with(takes, Limits::default())
    }

    pub fn with(takes: Duration, limits: Limits) -> Self {
        Self::recorded(takes, limits, Transcripts::none())
    }

    /// What is said in it is recorded there.
    pub fn recorded(takes: Duration, limits: Limits, transcripts: Transcripts) -> Self {
        Self::changed(takes, |parts| {
            parts.limits = limits;
            parts.transcripts = transcripts;
        })
    }

    /// With some parts of its own.
    pub fn changed(takes: Duration, change: impl FnOnce(&mut Parts)) -> Self {
        let backend = FakeBackend::default();
        let seen = backend.seen();
        let mut parts = parts(PlainFrontend::default(), backend, FakeEngine { takes });
        change(&mut parts);
        let exchange = Exchange::new(parts).unwrap();
        let handle = exchange.frontend("web").unwrap();
        Self {
            _exchange: exchange,
            handle,
            seen,
        }
    }

    pub async fn call(&self, target: Target, operation: Operation) -> Result<Outcome, Fault> {
        self.call_as(target, operation, None).await
    }

    pub async fn call_as(
        &self,
        target: Target,
        operation: Operation,
        user: Option<&str>,
    ) -> Result<Outcome, Fault> {
        let call = Call {
            target,
            profile: Profile {
                user_id: user.map(str::to_owned),
                ..Profile::default()
            },
            operation,
            finish: Box::new(|result, _| result),
        };
        self.handle.call(call).await
    }

    /// What is recorded of a conversation.
    pub async fn history(&self, key: &str) -> Vec<String> {
        let history = Operation::History { limit: 100 };
        let outcome = self.call(existing(key), history).await.unwrap();
        texts(&outcome.answer.entries)
    }

    /// The texts that reached the engine.
    pub fn heard(&self) -> Vec<String> {
        let seen = self.seen.lock();
        seen.iter()
            .filter_map(|input| match input {
                UserInput::Text { text } => Some(text.clone()),
                _ => None,
            })
            .collect()
    }

    pub async fn attach(&self, key: &str, client: Option<ClientMark>) -> Attachment {
        let attach = Attach {
            target: Target {
                client,
                ..existing(key)
            },
            profile: Profile::default(),
        };
        self.handle.attach(attach).await.unwrap().1
    }
}

pub fn existing(key: &str) -> Target {
    Target::new(Find::Existing(key.to_owned()), "app")
}

pub fn any(key: &str) -> Target {
    Target::new(Find::Continue(key.to_owned()), "app")
}

pub fn detached() -> Target {
    Target::new(Find::Detached, "app")
}

pub fn event(id: u128, input: UserInput) -> Box<UserEvent> {
    let id = MessageId(Uuid::from_u128(id));
    Box::new(UserEvent::new(id, Default::default(), input))
}

pub fn texts<'a>(entries: impl IntoIterator<Item = &'a Arc<Entry>>) -> Vec<String> {
    entries
        .into_iter()
        .filter_map(|entry| match &entry.item {
            Item::Message(published) => match &published.message.content {
                Content::Text { text } => Some(text.body.clone()),
                other => Some(other.kind().as_str().to_owned()),
            },
            Item::Ended { reason } => Some(format!("ended: {}", reason.as_str())),
            Item::User(event) => match &event.input {
                UserInput::Text { text } => Some(format!("> {text}")),
                other => Some(format!("> {other:?}")),
            },
            _ => None,
        })
        .collect()
}
