//! A conversation with a script under a virtual clock.

#![allow(dead_code, reason = "every test binary uses its own part")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use switchboard_core::dialect::{
    Backend, Build, Cx, Dialect, IdSource, Leg, LegEvent, LegInput, LegOutput, OptionsError,
};
use switchboard_core::model::{
    BotEvent, ChoiceMade, Content, ConversationId, FormSubmission, Message, MessageId, Profile,
    Timestamp, UserEvent, UserInput,
};
use uuid::Uuid;

/// Ids in order.
#[derive(Default)]
pub struct Counter(AtomicU64);

impl IdSource for Counter {
    fn fresh(&self) -> Uuid {
        Uuid::from_u64_pair(7, self.0.fetch_add(1, Ordering::Relaxed))
    }
}

pub fn backend(script: &str) -> Result<Arc<dyn Backend>, OptionsError> {
    let read_file = |_: &str| Ok(script.to_owned());
    let build = Build {
        signing_key: [0; 32],
        read_file: &read_file,
        read_folder: &|_| Err("no folders here".to_owned()),
    };
    switchboard_script::dialect().backend(json!({ "script": "bot.toml" }), &build)
}

pub fn demo() -> &'static str {
    include_str!("../../../../config/demo-bot.toml")
}

/// Something published, and when.
#[derive(Debug, Clone, PartialEq)]
pub struct Said {
    pub at: i64,
    /// Which call to the leg published it.
    pub batch: usize,
    pub turn: Option<MessageId>,
    pub event: BotEvent,
}

pub struct Talk {
    pub backend: Arc<dyn Backend>,
    pub leg: Box<dyn Leg>,
    pub ids: Counter,
    pub now: Timestamp,
    pub profile: Profile,
    pub said: Vec<Said>,
    /// Put the leg away and take it up again before every input.
    pub restless: bool,
    turns: u64,
    batch: usize,
}

impl Talk {
    pub fn new(script: &str) -> Self {
        let backend = backend(script).unwrap_or_else(|error| panic!("{error}"));
        let ids = Counter::default();
        let now = Timestamp(1_000_000);
        let conversation = ConversationId(Uuid::from_u64_pair(1, 1));
        let leg = backend.open(conversation, &Cx { now, ids: &ids });
        Self {
            backend,
            leg,
            ids,
            now,
            profile: Profile::default(),
            said: Vec::new(),
            restless: false,
            turns: 0,
            batch: 0,
        }
    }

    pub fn demo() -> Self {
        Self::new(demo())
    }

    pub fn in_language(mut self, language: &str) -> Self {
        self.profile.locales.browser = Some(language.to_owned());
        self
    }

    fn input(&mut self, input: LegInput<'_>) {
        let cx = Cx {
            now: self.now,
            ids: &self.ids,
        };
        if self.restless {
            let state: Value = serde_json::from_str(&self.leg.state().to_string()).unwrap();
            self.leg = self.backend.resume(state, &cx).unwrap();
        }
        let mut output = LegOutput::default();
        self.leg.handle(input, &cx, &mut output);
        assert!(output.effects.is_empty());
        self.batch += 1;
        for LegEvent { turn, event } in output.events {
            if let BotEvent::Profile(change) = &event {
                self.profile.merge((**change).clone());
            }
            self.said.push(Said {
                at: self.now.0,
                batch: self.batch,
                turn,
                event,
            });
        }
    }

    pub fn event(&mut self, event: &UserEvent) {
        let profile = self.profile.clone();
        self.input(LegInput::Event {
            event,
            profile: &profile,
        });
    }

    /// Does something; gives back what is published at once.
    pub fn does(&mut self, input: UserInput) -> Vec<Said> {
        self.does_with(input, |_| {})
    }

    pub fn does_with(
        &mut self,
        input: UserInput,
        change: impl FnOnce(&mut UserEvent),
    ) -> Vec<Said> {
        self.turns += 1;
        let id = MessageId(Uuid::from_u64_pair(9, self.turns));
        let mut event = UserEvent::new(id, self.now, input);
        change(&mut event);
        let before = self.said.len();
        self.event(&event);
        self.said[before..].to_vec()
    }

    pub fn says(&mut self, text: &str) -> Vec<Said> {
        self.does(UserInput::text(text))
    }

    pub fn opens(&mut self) -> Vec<Said> {
        self.does(UserInput::Open {
            welcome: None,
            query: None,
        })
    }

    pub fn picks(&mut self, id: &str) -> Vec<Said> {
        self.does(UserInput::Choice(ChoiceMade {
            id: Some(id.to_owned()),
            ..ChoiceMade::default()
        }))
    }

    pub fn submits(&mut self, id: &str, values: &[(&str, &str)]) -> Vec<Said> {
        self.does(UserInput::Form(submission(id, values)))
    }

    /// Lets time pass, waking the leg whenever it wants.
    pub fn waits(&mut self, ms: u64) -> Vec<Said> {
        let before = self.said.len();
        let end = self.now.after(Duration::from_millis(ms));
        while let Some(due) = self.leg.wake_at().filter(|due| *due <= end) {
            self.now = self.now.max(due);
            self.input(LegInput::Timer);
        }
        self.now = end;
        self.said[before..].to_vec()
    }

    pub fn abandons(&mut self, turn: MessageId) {
        self.input(LegInput::Abandon { turn });
    }
}

pub fn submission(id: &str, values: &[(&str, &str)]) -> FormSubmission {
    FormSubmission {
        id: id.to_owned(),
        values: values
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
        ..FormSubmission::default()
    }
}

pub fn messages(said: &[Said]) -> Vec<&Message> {
    said.iter()
        .filter_map(|said| match &said.event {
            BotEvent::Message(message) => Some(message),
            _ => None,
        })
        .collect()
}

pub fn kinds(said: &[Said]) -> Vec<&'static str> {
    messages(said)
        .iter()
        .map(|message| message.content.kind().as_str())
        .collect()
}

pub fn turn_ends(said: &[Said]) -> usize {
    said.iter()
        .filter(|said| matches!(said.event, BotEvent::TurnEnded(_)))
        .count()
}

/// The words of all messages, one line each.
pub fn words(said: &[Said]) -> String {
    let lines: Vec<String> = messages(said)
        .iter()
        .map(|message| match &message.content {
            Content::Text { text } | Content::NoAnswer { text } => text.body.clone(),
            Content::Choices(choices) => choices.text.body.clone(),
            Content::Handover(handover) => handover.text.body.clone(),
            Content::FeedbackRequest(feedback) => feedback.text.body.clone(),
            Content::DatePicker(date) => date.text.body.clone(),
            Content::Form(form) => form.text.body.clone(),
            _ => String::new(),
        })
        .collect();
    lines.join("\n")
}
