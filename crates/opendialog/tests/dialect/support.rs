use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use http::{Request, Response};
use serde_json::Value;
use switchboard_core::Fault;
use switchboard_core::dialect::{
    Answer, Backend, Build, Call, CallId, Cx, Dialect, Effect, Entry, Frontend, Handled,
    HandoverState, IdSource, Item, Leg, LegInput, LegOutput, Operation, Outcome, Published, View,
};
use switchboard_core::model::{
    BotEvent, ConversationId, Message, MessageId, Profile, Timestamp, UserEvent,
};
use uuid::Uuid;

/// Ids 1, 2, 3.
#[derive(Default)]
pub struct Ids(AtomicU64);

impl IdSource for Ids {
    fn fresh(&self) -> Uuid {
        Uuid::from_u128(u128::from(self.0.fetch_add(1, Ordering::Relaxed)) + 1)
    }
}

static IDS: Ids = Ids(AtomicU64::new(0));

pub fn cx() -> Cx<'static> {
    at("2021-07-20T09:15:02.123Z")
}

pub fn at(now: &str) -> Cx<'static> {
    Cx {
        now: Timestamp::from_rfc3339(now).unwrap(),
        ids: &IDS,
    }
}

fn build() -> Build<'static> {
    Build {
        signing_key: [0; 32],
        read_file: &|_| Err("no files".to_owned()),
        read_folder: &|_| Err("no folders here".to_owned()),
    }
}

pub fn frontend(options: Value) -> Arc<dyn Frontend> {
    switchboard_opendialog::dialect()
        .frontend(options, &build())
        .unwrap()
}

pub fn backend(options: Value) -> Arc<dyn Backend> {
    switchboard_opendialog::dialect()
        .backend(options, &build())
        .unwrap()
}

fn tests_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests")
}

/// A file of `tests/fixtures/opendialog`.
pub struct Fixture {
    pub direction: String,
    pub request: Value,
    pub status: u16,
    pub answer: Value,
}

impl Fixture {
    pub fn path(&self) -> &str {
        self.request["path"].as_str().unwrap()
    }

    pub fn body(&self) -> &Value {
        &self.request["body"]
    }

    pub fn request(&self) -> Request<Bytes> {
        let body = match self.body() {
            Value::Null => Bytes::new(),
            body => Bytes::from(serde_json::to_vec(body).unwrap()),
        };
        let mut request = Request::builder()
            .method(self.request["method"].as_str().unwrap())
            .uri(self.path().replace(' ', "%20"));
        for (name, value) in self.request["headers"].as_object().unwrap() {
            request = request.header(name, value.as_str().unwrap());
        }
        request.body(body).unwrap()
    }

    pub fn response(&self) -> Response<Bytes> {
        let body = match &self.answer {
            Value::Null => Bytes::new(),
            Value::String(text) => Bytes::from(text.clone()),
            body => Bytes::from(serde_json::to_vec(body).unwrap()),
        };
        Response::builder().status(self.status).body(body).unwrap()
    }

    pub fn is_chat(&self) -> bool {
        matches!(self.path(), "/incoming/webchat" | "/chat-api/message")
    }
}

/// All fixtures by their file names.
pub fn fixtures() -> Vec<(String, Fixture)> {
    let mut fixtures: Vec<(String, Fixture)> =
        fs::read_dir(tests_folder().join("fixtures/opendialog"))
            .unwrap()
            .map(|entry| {
                let path = entry.unwrap().path();
                let json: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
                let fixture = Fixture {
                    direction: json["direction"].as_str().unwrap().to_owned(),
                    request: json["request"].clone(),
                    status: u16::try_from(json["response"]["status"].as_u64().unwrap()).unwrap(),
                    answer: json["response"]["body"].clone(),
                };
                (
                    path.file_stem().unwrap().to_str().unwrap().to_owned(),
                    fixture,
                )
            })
            .collect();
    fixtures.sort_by(|(a, _), (b, _)| a.cmp(b));
    assert_eq!(fixtures.len(), 63);
    fixtures
}

/// The fixture with this number.
pub fn fixture(number: u8) -> Fixture {
    let prefix = format!("{number:02}-");
    let mut all = fixtures();
    let place = all
        .iter()
        .position(|(file, _)| file.starts_with(&prefix))
        .unwrap();
    all.swap_remove(place).1
}

/// The lines of the recording.
pub fn recording() -> Vec<Value> {
    let file = tests_folder().join("recordings/opendialog-webchat.jsonl");
    fs::read_to_string(file)
        .unwrap()
        .lines()
        .filter(|line| !line.trim().is_empty())
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

pub fn post(path: &str, body: &Value) -> Request<Bytes> {
    Request::post(path)
        .body(Bytes::from(serde_json::to_vec(body).unwrap()))
        .unwrap()
}

pub fn get(path: &str) -> Request<Bytes> {
    Request::get(path).body(Bytes::new()).unwrap()
}

/// Hands a request to a frontend the way its host does.
pub fn handle(frontend: &dyn Frontend, request: Request<Bytes>) -> Handled {
    let path = request.uri().path().to_owned();
    frontend.handle(request, &path, &cx())
}

#[track_caller]
pub fn call(frontend: &dyn Frontend, request: Request<Bytes>) -> Box<Call<Response<Bytes>>> {
    match handle(frontend, request) {
        Handled::Call(call) => call,
        Handled::Refuse(fault, response) => {
            panic!(
                "refused: {fault} {}",
                String::from_utf8_lossy(response.body())
            )
        }
        _ => panic!("not a call"),
    }
}

#[track_caller]
pub fn refused(frontend: &dyn Frontend, request: Request<Bytes>) -> (Fault, Response<Bytes>) {
    match handle(frontend, request) {
        Handled::Refuse(fault, response) => (fault, response),
        other => panic!("not refused: {other:?}"),
    }
}

pub fn event(call: &Call<Response<Bytes>>) -> &UserEvent {
    match &call.operation {
        Operation::Input { event, .. } => event,
        other => panic!("no input: {other:?}"),
    }
}

pub fn view(key: &str, profile: Profile) -> View {
    View {
        id: ConversationId(Uuid::from_u128(7)),
        key: key.into(),
        scope: "opendialog".into(),
        created: false,
        used: true,
        ended: false,
        handover: HandoverState::None,
        profile: Arc::new(profile),
        last_seq: 1,
    }
}

pub fn entry(seq: u64, item: Item) -> Entry {
    Entry {
        seq,
        at: cx().now,
        turn: None,
        index: 0,
        last: false,
        unrecorded: false,
        item,
    }
}

pub fn said(seq: u64, message: Message) -> Entry {
    entry(seq, Item::Message(Box::new(Published::as_is(message))))
}

pub fn did(seq: u64, event: UserEvent) -> Entry {
    entry(seq, Item::User(event.into()))
}

pub fn outcome(view: View, entries: Vec<Entry>) -> Outcome {
    Outcome {
        view,
        answer: Answer {
            entries: entries.into_iter().map(Arc::new).collect(),
            ..Answer::default()
        },
    }
}

/// Ends a call with these messages.
pub fn finish(call: Call<Response<Bytes>>, messages: Vec<Message>) -> Response<Bytes> {
    let entries = messages
        .into_iter()
        .zip(1..)
        .map(|(message, seq)| said(seq, message))
        .collect();
    let outcome = outcome(view("u-1", call.profile.clone()), entries);
    (call.finish)(Ok(outcome), &cx())
}

pub fn json(response: &Response<Bytes>) -> Value {
    if response.body().is_empty() {
        return Value::Null;
    }
    serde_json::from_slice(response.body()).unwrap()
}

/// A leg with what it wants.
pub struct Driven {
    pub leg: Box<dyn Leg>,
}

impl Driven {
    pub fn new(options: Value) -> Self {
        let leg = backend(options).open(ConversationId(Uuid::from_u128(9)), &cx());
        Self { leg }
    }

    pub fn input(&mut self, input: LegInput<'_>, cx: &Cx<'_>) -> LegOutput {
        let mut output = LegOutput::default();
        self.leg.handle(input, cx, &mut output);
        output
    }

    /// Tells the leg of an event; gives the request that it makes.
    #[track_caller]
    pub fn tell(&mut self, event: &UserEvent, profile: &Profile) -> (CallId, Request<Bytes>) {
        let output = self.input(LegInput::Event { event, profile }, &cx());
        only_request(output)
    }

    /// Answers a request of the leg's.
    pub fn answer(&mut self, call: CallId, response: Response<Bytes>, cx: &Cx<'_>) -> LegOutput {
        let result = Ok(response);
        self.input(LegInput::Response { call, result }, cx)
    }
}

#[track_caller]
pub fn only_request(output: LegOutput) -> (CallId, Request<Bytes>) {
    let mut effects = output.effects;
    assert_eq!(effects.len(), 1, "{:?}", output.events);
    match effects.remove(0) {
        Effect::Http { call, request, .. } => (call, request),
        other => panic!("not a request: {other:?}"),
    }
}

pub fn body(request: &Request<Bytes>) -> Value {
    serde_json::from_slice(request.body()).unwrap()
}

pub fn messages(output: LegOutput) -> Vec<Message> {
    output
        .events
        .into_iter()
        .filter_map(|event| match event.event {
            BotEvent::Message(message) => Some(message),
            _ => None,
        })
        .collect()
}

pub fn user_event(input: switchboard_core::model::UserInput) -> UserEvent {
    UserEvent::new(MessageId(IDS.fresh()), cx().now, input)
}

pub fn ok(body: &Value) -> Response<Bytes> {
    Response::new(Bytes::from(serde_json::to_vec(body).unwrap()))
}
