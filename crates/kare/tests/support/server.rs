//! A server without a network, and sockets of it.

use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response};
use serde_json::{Value, json};
use switchboard_core::Fault;
use switchboard_core::dialect::{
    Call, Cx, Entry, Find, Frontend, Handled, Item, Operation, ServerSession, SessionAction,
    Upgrade, View,
};
use switchboard_core::model::{
    Content, EndReason, Message, MessageId, RichText, Timestamp, UserEvent,
};
use switchboard_kare::convert::message;

use super::{
    ADMIN_KEY, APP, CONVERSATION, Ids, assert_same, entries, envelope, fixture, frontend, id, now,
    outcome, published, view,
};

pub fn options() -> Value {
    json!({
        "apps": [{"app_id": APP.to_uppercase(), "name": "Public help centre"}],
        "admin_keys": [ADMIN_KEY],
        "config": {
            "locales": ["en-GB", "de-DE"],
            "escalation": {"enabled": true, "type": "custom", "titlebar": true},
            "theme": {"title": "Help", "colour": "#336699"},
        },
    })
}

pub struct Server {
    pub frontend: Arc<dyn Frontend>,
    pub ids: Ids,
    pub token: String,
    pub now: Timestamp,
}

impl Server {
    pub fn new(options: Value) -> Self {
        let mut server = Self {
            frontend: frontend(options),
            ids: Ids::default(),
            token: String::new(),
            now: now(),
        };
        if let Handled::Reply(response) = server.send("GET", "/apps/token", &[("app_id", APP)], "")
        {
            server.token = body(&response)["access_token"].as_str().unwrap().to_owned();
        }
        server
    }

    pub fn cx(&self) -> Cx<'_> {
        Cx {
            now: self.now,
            ids: &self.ids,
        }
    }

    pub fn handle(&self, request: Request<Bytes>) -> Handled {
        let path = request.uri().path().to_owned();
        self.frontend.handle(request, &path, &self.cx())
    }

    pub fn send(&self, method: &str, path: &str, query: &[(&str, &str)], body: &str) -> Handled {
        let mut uri = path.to_owned();
        if !query.is_empty() {
            let query = form_urlencoded::Serializer::new(String::new())
                .extend_pairs(query)
                .finish();
            uri = format!("{uri}?{query}");
        }
        let mut request = Request::builder().method(method).uri(uri);
        if !self.token.is_empty() {
            request = request.header("Authorization", format!("Bearer {}", self.token));
        }
        self.handle(request.body(Bytes::from(body.to_owned())).unwrap())
    }

    /// Sends a fixture's request, with a real token for the example's.
    pub fn fixture(&self, name: &str) -> Handled {
        let fixture = fixture(name);
        let request = &fixture["request"];
        let request = if request["connect"].is_object() {
            let connect = &request["connect"];
            json!({"method": "GET", "path": "/ws", "query": connect["query"], "headers": connect["headers"]})
        } else {
            request.clone()
        };
        let query = request["query"].as_object().unwrap();
        let query = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(
                query
                    .iter()
                    .map(|(name, value)| (name, value.as_str().unwrap())),
            )
            .finish();
        let mut built = Request::builder()
            .method(request["method"].as_str().unwrap())
            .uri(format!("{}?{query}", request["path"].as_str().unwrap()));
        for (name, value) in request["headers"].as_object().unwrap() {
            let value = value.as_str().unwrap();
            built = built.header(name, value.replace("app.tok.7f3c9a51", &self.token));
        }
        let body = match request.get("body") {
            Some(body) => body.to_string(),
            None => String::new(),
        };
        self.handle(built.body(Bytes::from(body)).unwrap())
    }

    pub fn upgrade(&self, query: &[(&str, &str)]) -> Upgrade {
        match self.send("GET", "/ws", query, "") {
            Handled::Upgrade(upgrade) => upgrade,
            other => panic!("{other:?}"),
        }
    }

    pub fn session(&self) -> Box<dyn ServerSession> {
        let mut session = self.upgrade(&[("app_id", APP)]).session;
        assert!(session.attached(&view(), &self.cx()).is_empty());
        session
    }
}

pub fn body(response: &Response<Bytes>) -> Value {
    serde_json::from_slice(response.body()).unwrap()
}

#[track_caller]
pub fn reply(handled: Handled) -> Response<Bytes> {
    match handled {
        Handled::Reply(response) => response,
        other => panic!("{other:?}"),
    }
}

#[track_caller]
pub fn refusal(handled: Handled) -> (Fault, Response<Bytes>) {
    match handled {
        Handled::Refuse(fault, response) => (fault, response),
        other => panic!("{other:?}"),
    }
}

#[track_caller]
pub fn call(handled: Handled) -> Call<Response<Bytes>> {
    match handled {
        Handled::Call(call) => *call,
        other => panic!("{other:?}"),
    }
}

#[track_caller]
pub fn assert_response(response: &Response<Bytes>, name: &str) {
    let expected = &fixture(name)["response"];
    let expected = expected.get("handshake").unwrap_or(expected);
    assert_eq!(response.status().as_u16(), expected["status"], "{name}");
    for (header, value) in expected["headers"].as_object().unwrap() {
        assert_eq!(
            response.headers()[header.as_str()],
            value.as_str().unwrap(),
            "{name}"
        );
    }
    assert_same(&body(response), &expected["body"]);
}

pub fn event_of(operation: &Operation) -> &UserEvent {
    match operation {
        Operation::Input { event, .. } | Operation::Greet { event, .. } => event,
        other => panic!("{other:?}"),
    }
}

/// The messages of a fixture as a Kare engine's leg publishes them.
pub fn native(frames: &Value, hi: Option<MessageId>) -> Vec<Item> {
    let mut hello = None;
    let mut items = Vec::new();
    for frame in frames.as_array().unwrap() {
        let wire = envelope(frame);
        match wire.uri.as_str() {
            "out/hi" => hello = wire.id.map(|id| id.to_model()),
            "out/error" => {}
            uri => {
                let ends = uri == "out/bye";
                let reason = frame["body"]["reason"].as_str().map(EndReason::from_word);
                let mut message = message::to_model(wire, id(CONVERSATION), now());
                if message.parent.is_some() && message.parent == hello {
                    message.parent = hi;
                }
                items.push(published(message));
                if ends {
                    items.push(Item::Ended {
                        reason: reason.unwrap(),
                    });
                }
            }
        }
    }
    items
}

/// A socket and what it has sent.
pub struct Socket {
    pub server: Server,
    pub session: Box<dyn ServerSession>,
    pub sent: Vec<Value>,
    pub calls: Vec<Call<Vec<SessionAction>>>,
    pub refused: Vec<Fault>,
    pub closed: Option<(u16, String)>,
}

impl Socket {
    pub fn open() -> Self {
        Self::at(&view())
    }

    /// A socket that is attached to the conversation as it is.
    pub fn at(view: &View) -> Self {
        let server = Server::new(options());
        let mut session = server.upgrade(&[("app_id", APP)]).session;
        assert!(session.attached(view, &server.cx()).is_empty());
        Self {
            server,
            session,
            sent: Vec::new(),
            calls: Vec::new(),
            refused: Vec::new(),
            closed: None,
        }
    }

    pub fn take(&mut self, actions: Vec<SessionAction>) {
        for action in actions {
            match action {
                SessionAction::Send(text) => self.sent.push(serde_json::from_str(&text).unwrap()),
                SessionAction::Call(call) => self.calls.push(*call),
                SessionAction::Refused(fault) => self.refused.push(fault),
                SessionAction::Close { code, reason } => self.closed = Some((code, reason)),
                SessionAction::Attach(_) => panic!("attached by the handshake"),
            }
        }
    }

    pub fn text(&mut self, text: &str) {
        let actions = self.session.handle_text(text, &self.server.cx());
        self.take(actions);
    }

    pub fn deliver(&mut self, entries: &[Entry]) {
        for entry in entries {
            let actions = self.session.deliver(entry, &view(), &self.server.cx());
            self.take(actions);
        }
    }

    /// The call that the last message brought, performed.
    pub fn operation(&mut self) -> Operation {
        let call = self.calls.remove(0);
        assert_eq!(call.target.find, Find::Existing(CONVERSATION.to_owned()));
        let actions = (call.finish)(Ok(outcome(Vec::new(), None)), &self.server.cx());
        self.take(actions);
        call.operation
    }

    pub fn fail(&mut self, fault: Fault) {
        let call = self.calls.remove(0);
        let actions = (call.finish)(Err(fault), &self.server.cx());
        self.take(actions);
    }

    /// Sends what opens a turn; the event is logged, as it is.
    pub fn turn(&mut self, frame: &Value) -> UserEvent {
        self.text(&frame.to_string());
        let event = event_of(&self.operation()).clone();
        self.recall(&entries(
            Some(event.id),
            vec![Item::User(event.clone().into())],
        ));
        event
    }

    /// What is logged, but not for this client.
    pub fn recall(&mut self, entries: &[Entry]) {
        for entry in entries {
            let actions = self.session.recall(entry, &view(), &self.server.cx());
            self.take(actions);
        }
    }

    pub fn sent(&mut self) -> Value {
        Value::from(std::mem::take(&mut self.sent))
    }
}

pub fn flat(n: u128, turn: Option<MessageId>, content: Content) -> Message {
    Message::bot(
        MessageId(uuid::Uuid::from_u128(0xB000 + n)),
        turn,
        now(),
        content,
    )
}

pub fn text(n: u128, turn: Option<MessageId>, words: &str) -> Message {
    flat(n, turn, Content::text(RichText::markdown(words)))
}
