//! The APIs over transcripts.

mod access;
mod asked;
mod did;
mod said;
mod users;

use std::sync::Arc;

use bytes::Bytes;
use http::{Method, Request, Response};
use serde_json::{Value, json};
use switchboard_core::Fault;
use switchboard_core::dialect::{
    Consult, Entry, Frontend, Handled, Item, Published, TranscriptLine, TranscriptPage,
    UserTranscript,
};
use switchboard_core::fault::AuthProblem;
use switchboard_core::model::{
    Action, Author, Autocomplete, Card, ChoiceMade, Choices, ClientError, Content, ContentKind,
    ConversationId, DatePicker, EndReason, Extras, Feedback, FeedbackRequest, Field, Form,
    FormSubmission, Handover, HandoverPhase, LanguageProblem, List, ListItem, Locales, Media,
    Message, MessageId, Notice, Profile, Progress, Query, Quote, Rating, RichText,
    SignatureRequest, Survey, Timestamp, Typing, UploadRequest, UploadedFile, UserEvent, UserInput,
};
use uuid::Uuid;

use crate::support::{
    Driven, at, cx, entry, event, fixture, fixtures, frontend, json, messages, user_event,
};

const INTERACTIONS: &str = "/public/api/user-interactions";
const LEGACY: &str = "/api/user-interactions";
const EXPORT: &str = "/public/api/user-data-export";
const PERIOD: &str = "from=2024-01-01%2000:00:00&to=2024-01-31%2023:59:59";

fn api(api: Value) -> Arc<dyn Frontend> {
    frontend(json!({"app_keys": ["APP_KEY"], "api": api}))
}

fn demo() -> Arc<dyn Frontend> {
    api(json!({"tokens": ["API_TOKEN", "USER_TOKEN"]}))
}

fn request(path: &str, query: &str) -> Request<Bytes> {
    Request::get(format!("{path}?{query}"))
        .header("Authorization", "Bearer API_TOKEN")
        .body(Bytes::new())
        .unwrap()
}

fn ask_at(frontend: &dyn Frontend, request: Request<Bytes>, now: &str) -> Handled {
    let path = request.uri().path().to_owned();
    frontend.handle(request, &path, &at(now))
}

fn ask(frontend: &dyn Frontend, request: Request<Bytes>) -> Handled {
    ask_at(frontend, request, "2026-01-01T00:00:00Z")
}

#[track_caller]
fn refused(handled: Handled) -> (Fault, Response<Bytes>) {
    match handled {
        Handled::Refuse(fault, response) => (fault, response),
        other => panic!("not refused: {other:?}"),
    }
}

#[track_caller]
fn consult(handled: Handled) -> Consult {
    match handled {
        Handled::Consult(consult) => *consult,
        Handled::Refuse(fault, response) => {
            let body = String::from_utf8_lossy(response.body()).into_owned();
            panic!("refused: {fault} {body}")
        }
        other => panic!("not a question to the transcripts: {other:?}"),
    }
}

#[track_caller]
fn asked(path: &str, query: &str) -> Consult {
    consult(ask(&*demo(), request(path, query)))
}

#[track_caller]
fn check_refusal(path: &str, query: &str, status: u16, body: &Value) {
    let (_, response) = refused(ask(&*demo(), request(path, query)));
    assert_eq!(response.status(), status, "{path}?{query}");
    assert_eq!(json(&response), *body, "{path}?{query}");
}

fn invalid(errors: Value) -> Value {
    json!({"message": "The given data was invalid.", "errors": errors})
}

fn moment(text: &str) -> Timestamp {
    Timestamp::from_rfc3339(text).unwrap()
}

fn line(at: &str, item: Item) -> TranscriptLine {
    let entry = Entry {
        at: moment(at),
        ..entry(1, item)
    };
    TranscriptLine {
        frontend: "webchat".into(),
        backend: "bot".into(),
        conversation: ConversationId(Uuid::from_u128(7)),
        entry: Arc::new(entry),
    }
}

fn did(input: UserInput) -> Item {
    Item::User(Arc::new(user_event(input)))
}

fn said(message: Message) -> Item {
    Item::Message(Box::new(Published::as_is(message)))
}

fn bot(content: Content) -> Message {
    Message::bot(cx().message_id(), None, cx().now, content)
}

fn text(words: &str) -> Content {
    Content::text(RichText::plain(words))
}

fn user(profile: Profile, lines: Vec<TranscriptLine>) -> UserTranscript {
    UserTranscript {
        user_id: "u-1".to_owned(),
        profile: Arc::new(profile),
        first_seen: moment("2023-03-01T10:00:00Z"),
        last_seen: moment("2023-03-02T10:00:00.900Z"),
        lines,
    }
}

fn page(users: Vec<UserTranscript>) -> TranscriptPage {
    TranscriptPage {
        total: users.len() as u64,
        users,
        cut: false,
    }
}

fn answer(consult: Consult, page: TranscriptPage) -> Value {
    let response = (consult.finish)(Ok(page), &cx());
    assert_eq!(response.status(), 200);
    json(&response)
}

/// What an item is in the interactions of a user, and in the export.
fn written(item: &Item) -> (Vec<Value>, Vec<Value>) {
    let lines = || vec![line("2024-01-15T10:35:15Z", item.clone())];
    let of = |path: &str, query: &str| {
        let answer = answer(
            asked(path, query),
            page(vec![user(Profile::default(), lines())]),
        );
        let interactions = &answer["data"][0]["u-1"]["interactions"];
        interactions.as_array().unwrap().clone()
    };
    (of(INTERACTIONS, PERIOD), of(EXPORT, "exportType=json"))
}

/// Everything in `expected` is in `got`.
#[track_caller]
fn includes(got: &Value, expected: &Value) {
    match (got, expected) {
        (Value::Object(got), Value::Object(expected)) => {
            for (key, value) in expected {
                let got = got
                    .get(key)
                    .unwrap_or_else(|| panic!("no {key} in {got:?}"));
                includes(got, value);
            }
        }
        (Value::Array(got), Value::Array(expected)) => {
            assert_eq!(got.len(), expected.len(), "{got:?}");
            got.iter()
                .zip(expected)
                .for_each(|(got, expected)| includes(got, expected));
        }
        _ => assert_eq!(got, expected),
    }
}

/// What an OpenDialog client sent, as the event that becomes of it.
fn sent(content: Value) -> UserEvent {
    let body = json!({"notification": "message", "user_id": "u-1", "author": "u-1",
        "content": content});
    let call = crate::support::call(&*demo(), crate::support::post("/incoming/webchat", &body));
    event(&call).clone()
}

fn ada() -> Profile {
    let call = crate::support::call(
        &*demo(),
        crate::support::post(
            "/incoming/webchat",
            &json!({"notification": "message", "user_id": "u-1", "author": "u-1", "content": {
            "type": "text", "data": {"text": "Hi"}, "user": {
                "first_name": "Ada", "last_name": "Lovelace", "email": "ada@example.com",
                "external_id": "ext-1", "ipAddress": "192.0.2.10",
                "country": "United Kingdom", "browserLanguage": "en-GB", "os": "Linux",
                "browser": "chrome 112.0.0", "timezone": "Europe/London",
                "custom": {"selected_scenario": "0x420", "language": "en", "plan": "gold",
                    "policies": ["a", "b"]},
            }}}),
        ),
    );
    call.profile
}
