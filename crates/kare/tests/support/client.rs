//! A leg without IO, fed with answers and frames by hand.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use serde_json::{Value, json};
use switchboard_core::dialect::{
    Backend, CallId, Cx, Dialect, Effect, Leg, LegEvent, LegInput, LegOutput, TransportFault,
};
use switchboard_core::model::{
    BotEvent, ConversationId, Message, MessageId, Profile, Timestamp, TurnOutcome, UserEvent,
    UserInput,
};
use uuid::Uuid;

use super::{APP, Ids, fixture, now};

pub const CONVERSATION_HERE: ConversationId = ConversationId(Uuid::from_u128(42));

pub struct Client {
    pub backend: Arc<dyn Backend>,
    pub leg: Box<dyn Leg>,
    pub ids: Ids,
    pub now: Timestamp,
    pub profile: Profile,
    pub http: Vec<(CallId, Request<Bytes>)>,
    pub sockets: Vec<Request<()>>,
    pub frames: Vec<Value>,
    pub events: Vec<LegEvent>,
    pub closed: Option<u16>,
}

impl Client {
    pub fn new(options: Value) -> Self {
        let mut all = json!({"url": "https://api.kare.example/", "app_id": APP});
        for (key, value) in options.as_object().unwrap() {
            all[key] = value.clone();
        }
        let backend =
            super::build(|build| switchboard_kare::dialect().backend(all, build).unwrap());
        Self::with(backend)
    }

    pub fn with(backend: Arc<dyn Backend>) -> Self {
        let ids = Ids::default();
        let leg = backend.open(CONVERSATION_HERE, &super::cx(&ids));
        Self {
            backend,
            leg,
            ids,
            now: now(),
            profile: Profile::default(),
            http: Vec::new(),
            sockets: Vec::new(),
            frames: Vec::new(),
            events: Vec::new(),
            closed: None,
        }
    }

    /// A client whose socket is open and quiet.
    pub fn connected(options: Value) -> Self {
        let mut client = Self::new(options);
        client.input(
            1,
            UserInput::LinkClick {
                url: "https://x.example".to_owned(),
                label: None,
            },
        );
        client.set_up();
        client.feed(LegInput::SocketOpened);
        client.frames.clear();
        client.events.clear();
        client
    }

    pub fn feed(&mut self, input: LegInput<'_>) {
        let mut output = LegOutput::default();
        let cx = Cx {
            now: self.now,
            ids: &self.ids,
        };
        self.leg.handle(input, &cx, &mut output);
        for effect in output.effects {
            match effect {
                Effect::Http { call, request, .. } => self.http.push((call, request)),
                Effect::OpenSocket(request) => self.sockets.push(request),
                Effect::SendText(text) => self.frames.push(serde_json::from_str(&text).unwrap()),
                Effect::CloseSocket { code } => self.closed = Some(code),
            }
        }
        self.events.extend(output.events);
        if let Some(at) = self.leg.wake_at() {
            assert!(at > self.now, "would be woken again and again");
        }
    }

    pub fn input(&mut self, n: u128, input: UserInput) -> MessageId {
        let event = UserEvent::new(MessageId(Uuid::from_u128(0xE000 + n)), self.now, input);
        self.event(&event);
        event.id
    }

    pub fn event(&mut self, event: &UserEvent) {
        let profile = self.profile.clone();
        self.feed(LegInput::Event {
            event,
            profile: &profile,
        });
    }

    pub fn wait(&mut self, time: Duration) {
        self.now = self.now.after(time);
        self.feed(LegInput::Timer);
    }

    pub fn wake(&mut self) {
        self.now = self.leg.wake_at().expect("something to wait for");
        self.feed(LegInput::Timer);
    }

    #[track_caller]
    pub fn asked(&mut self, path: &str) -> Request<Bytes> {
        let (_, request) = self.http.last().expect("a request");
        assert_eq!(request.uri().path(), path);
        clone(request)
    }

    pub fn respond(&mut self, status: u16, body: &Value) {
        let (call, _) = self.http.remove(0);
        let response = Response::builder()
            .status(status)
            .body(Bytes::from(body.to_string()))
            .unwrap();
        self.feed(LegInput::Response {
            call,
            result: Ok(response),
        });
    }

    pub fn break_off(&mut self, fault: TransportFault) {
        let (call, _) = self.http.remove(0);
        self.feed(LegInput::Response {
            call,
            result: Err(fault),
        });
    }

    /// Token and conversation, as fixtures 04 and 08 answer.
    pub fn set_up(&mut self) {
        self.asked("/v2.1/apps/token");
        self.respond(200, &fixture("04-apps-token")["response"]["body"]);
        self.asked("/v2.1/dialog/conversation");
        self.respond(201, &fixture("08-conversation-start")["response"]["body"]);
    }

    pub fn receive(&mut self, frame: &Value) {
        self.feed(LegInput::SocketText(&frame.to_string()));
    }

    /// A fixture's frames, with this input's id for the example's.
    pub fn receive_all(&mut self, name: &str, turn: MessageId) {
        let fixture = fixture(name);
        let asked = fixture["request"]["frames"][0]["id"].as_str().unwrap();
        for frame in fixture["response"]["frames"].as_array().unwrap() {
            let text = frame.to_string().replace(asked, &turn.to_string());
            self.feed(LegInput::SocketText(&text));
        }
    }

    pub fn messages(&self) -> Vec<&Message> {
        self.events
            .iter()
            .filter_map(|it| match &it.event {
                BotEvent::Message(message) => Some(message),
                _ => None,
            })
            .collect()
    }

    pub fn ended(&self) -> Vec<(MessageId, TurnOutcome)> {
        self.events
            .iter()
            .filter_map(|it| match it.event {
                BotEvent::TurnEnded(outcome) => Some((it.turn.unwrap(), outcome)),
                _ => None,
            })
            .collect()
    }
}

pub fn clone(request: &Request<Bytes>) -> Request<Bytes> {
    let mut copy = Request::new(request.body().clone());
    *copy.uri_mut() = request.uri().clone();
    *copy.method_mut() = request.method().clone();
    *copy.headers_mut() = request.headers().clone();
    copy
}

pub fn json_of(request: &Request<Bytes>) -> Value {
    serde_json::from_slice(request.body()).unwrap()
}

pub fn open() -> UserInput {
    UserInput::Open {
        welcome: None,
        query: None,
    }
}

pub fn hi() -> UserInput {
    UserInput::text("orders")
}

/// A client that only knows REST, with its conversation started.
pub fn rest() -> Client {
    let mut client = Client::new(json!({"transport": "rest", "version": ""}));
    client.input(1, open());
    client.asked("/apps/token");
    client.respond(200, &fixture("04-apps-token")["response"]["body"]);
    client.asked("/dialog/conversation");
    client.respond(201, &fixture("08-conversation-start")["response"]["body"]);
    assert_eq!(client.ended().len(), 1, "REST yields no greeting");
    client.events.clear();
    client
}

/// The socket is closed, or could not be opened.
pub fn closed(code: u16) -> LegInput<'static> {
    LegInput::SocketClosed {
        code,
        reason: "",
        retry_after: None,
    }
}
