//! A leg driven by hand, and what it does.

use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use serde_json::{Value, json};
use switchboard_core::dialect::{
    Backend, CallId, Dialect, Effect, Leg, LegEvent, LegInput, LegOutput, TransportFault,
};
use switchboard_core::model::{
    BotEvent, ConversationId, Message, MessageId, Profile, Timestamp, TurnOutcome, UserEvent,
    UserInput,
};
use switchboard_dydu::Dydu;
use switchboard_dydu::wire::{Frame, Params};
use uuid::Uuid;

use super::{BOT, Ids, NOW, at, build, cx, fixture};

pub struct Drive {
    pub backend: std::sync::Arc<dyn Backend>,
    pub leg: Box<dyn Leg>,
    pub ids: Ids,
    pub now: i64,
    pub profile: Profile,
    pub next: u128,
}

pub fn backend(options: Value) -> std::sync::Arc<dyn Backend> {
    let mut all = json!({"url": "https://a.example", "bot_id": BOT});
    for (name, value) in options.as_object().unwrap() {
        all[name] = value.clone();
    }
    Dydu.backend(all, &build()).unwrap()
}

impl Drive {
    pub fn new(options: Value) -> Self {
        let backend = backend(options);
        let ids = Ids::default();
        let leg = backend.open(ConversationId(Uuid::from_u128(42)), &cx(&ids));
        let mut profile = Profile::default();
        profile.locales.selected = Some("en-GB".into());
        profile.user_id = Some("4be0c1d2a97f336".into());
        Self {
            backend,
            leg,
            ids,
            now: NOW,
            profile,
            next: 1000,
        }
    }

    pub fn give(&mut self, input: LegInput<'_>) -> LegOutput {
        let mut output = LegOutput::default();
        self.leg
            .handle(input, &at(&self.ids, self.now), &mut output);
        output
    }

    pub fn event(&mut self, event: &UserEvent) -> LegOutput {
        let profile = self.profile.clone();
        self.give(LegInput::Event {
            event,
            profile: &profile,
        })
    }

    pub fn user(&mut self, input: UserInput) -> (MessageId, LegOutput) {
        self.next += 1;
        let id = MessageId(Uuid::from_u128(self.next));
        let event = UserEvent::new(id, Timestamp(self.now), input);
        (id, self.event(&event))
    }

    pub fn answer(&mut self, call: CallId, status: u16, body: &Value) -> LegOutput {
        let response = Response::builder()
            .status(status)
            .body(Bytes::from(body.to_string()))
            .unwrap();
        self.give(LegInput::Response {
            call,
            result: Ok(response),
        })
    }

    pub fn fails(&mut self, call: CallId, fault: TransportFault) -> LegOutput {
        self.give(LegInput::Response {
            call,
            result: Err(fault),
        })
    }

    /// Says something and gets a fixture's answer.
    pub fn talk(&mut self, input: UserInput, name: &str) -> (Sent, LegOutput) {
        let (_, output) = self.user(input);
        let sent = sent(&output);
        let body = fixture(name)["response"]["body"].clone();
        let output = self.answer(sent.call, 200, &body);
        (sent, output)
    }

    /// A greeting comes on the socket, and then nothing: the turn under way is over.
    pub fn greeted(&mut self) {
        let text = r#"{"type": "talkResponse", "values": {"text": "SGVsbG8h"}}"#;
        self.give(LegInput::SocketText(text));
        self.wake();
    }

    pub fn wake(&mut self) -> LegOutput {
        let at = self.leg.wake_at().expect("a timer");
        self.now = self.now.max(at.as_millis());
        self.give(LegInput::Timer)
    }
}

#[derive(Debug)]
pub struct Sent {
    pub call: CallId,
    pub url: String,
    pub params: Params<'static>,
    pub timeout: Duration,
}

pub fn all_sent(output: &LegOutput) -> Vec<Sent> {
    output
        .effects
        .iter()
        .map(|effect| match effect {
            Effect::Http {
                call,
                request,
                timeout,
            } => Sent {
                call: *call,
                url: request.uri().to_string(),
                params: Params::form(request.body())
                    .iter()
                    .map(|(name, value)| (name.to_owned(), value.to_owned()))
                    .collect(),
                timeout: *timeout,
            },
            other => panic!("{other:?}"),
        })
        .collect()
}

pub fn sent(output: &LegOutput) -> Sent {
    let mut all = all_sent(output);
    assert_eq!(all.len(), 1, "{output:?}");
    all.remove(0)
}

pub fn messages(output: &LegOutput) -> Vec<&Message> {
    output
        .events
        .iter()
        .filter_map(|event| match &event.event {
            BotEvent::Message(message) => Some(message),
            _ => None,
        })
        .collect()
}

pub fn ends(output: &LegOutput, turn: MessageId, outcome: TurnOutcome) {
    let end = LegEvent {
        turn: Some(turn),
        event: BotEvent::TurnEnded(outcome),
    };
    assert_eq!(output.events.last(), Some(&end), "{output:?}");
}

pub fn frames(output: &LegOutput) -> Vec<Frame> {
    output
        .effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::SendText(text) if text != "ping" => Some(serde_json::from_str(text).unwrap()),
            _ => None,
        })
        .collect()
}

pub fn websocket(options: Value) -> Drive {
    let mut all = json!({"transport": "websocket"});
    for (name, value) in options.as_object().unwrap() {
        all[name] = value.clone();
    }
    Drive::new(all)
}

pub fn handshake(output: &LegOutput) -> &Request<()> {
    match output.effects.as_slice() {
        [Effect::OpenSocket(request)] => request,
        other => panic!("{other:?}"),
    }
}

/// The socket is closed, or could not be opened.
pub fn closed(code: u16) -> LegInput<'static> {
    LegInput::SocketClosed {
        code,
        reason: "",
        retry_after: None,
    }
}
