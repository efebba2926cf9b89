//! What a real OpenDialog has recorded: asked for, waited for and read.

mod fetching;
mod reading;
mod round_trip;
mod users;

use bytes::Bytes;
use http::{Request, Response};
use proptest::prelude::*;
use serde_json::{Value, json};
use switchboard_core::dialect::{
    Dialect, Entry, Item, Recorded, RecordedPeriod, RecordingSource, SourceError, SourceStep,
    TransportFault,
};
use switchboard_core::model::{
    Author, ChoiceMade, Content, DialectName, FormSubmission, Message, Timestamp, UserEvent,
    UserInput,
};

use crate::support::{cx, fixture, ok};

const URL: &str = "https://my.cloud.example";

fn source_of(options: Value, period: RecordedPeriod) -> Box<dyn RecordingSource> {
    switchboard_opendialog::dialect()
        .recordings(options, period)
        .unwrap()
}

fn options(api: &str) -> Value {
    json!({"url": URL, "token": "API_TOKEN", "api": api})
}

fn export() -> Box<dyn RecordingSource> {
    source_of(options("export"), RecordedPeriod::default())
}

fn moment(text: &str) -> Timestamp {
    Timestamp::from_rfc3339(text).unwrap()
}

/// Goes on until there is something to fetch or it is over.
#[derive(Debug, Default)]
struct Steps {
    fetch: Option<Request<Bytes>>,
    waits: Vec<u64>,
    recorded: Vec<Recorded>,
    notes: Vec<String>,
    failed: Option<SourceError>,
}

fn steps(source: &mut dyn RecordingSource) -> Steps {
    let mut steps = Steps::default();
    for _ in 0..10_000 {
        match source.next(&cx()) {
            SourceStep::Fetch(request) => {
                steps.fetch = Some(request);
                return steps;
            }
            SourceStep::Wait(wait) => steps.waits.push(wait.as_secs()),
            SourceStep::Recorded(recorded) => steps.recorded.push(*recorded),
            SourceStep::Noted(note) => steps.notes.push(note),
            SourceStep::Done => return steps,
            SourceStep::Failed(error) => {
                steps.failed = Some(error);
                return steps;
            }
        }
    }
    panic!("it never ends")
}

fn query(request: &Request<Bytes>) -> Vec<(String, String)> {
    url::form_urlencoded::parse(request.uri().query().unwrap().as_bytes())
        .into_owned()
        .collect()
}

fn parameter(request: &Request<Bytes>, name: &str) -> Option<String> {
    let found = query(request).into_iter().find(|(key, _)| key == name);
    found.map(|(_, value)| value)
}

/// Plays a server; gives everything that came, and how often it was asked.
fn served(
    source: &mut dyn RecordingSource,
    mut serve: impl FnMut(&Request<Bytes>, usize) -> Result<Response<Bytes>, TransportFault>,
) -> (Steps, usize) {
    let mut all = Steps::default();
    for asked in 0.. {
        assert!(asked < 1_000, "it never ends");
        let came = steps(source);
        all.waits.extend(came.waits);
        all.recorded.extend(came.recorded);
        all.notes.extend(came.notes);
        all.failed = came.failed;
        let Some(request) = came.fetch else {
            return (all, asked);
        };
        source.response(serve(&request, asked), &cx());
    }
    unreachable!()
}

fn read(file: impl Into<Bytes>) -> Steps {
    let mut source = source_of(json!({}), RecordedPeriod::default());
    source.read(file.into(), &cx());
    steps(&mut *source)
}

fn read_value(file: &Value) -> Steps {
    read(serde_json::to_vec(file).unwrap())
}

/// The only user of a file with these lines.
fn user_of(interactions: Value) -> Recorded {
    let file = json!({"data": [{"u-1": {"interactions": interactions}}]});
    let mut steps = read_value(&file);
    assert_eq!(steps.failed, None);
    assert_eq!(steps.recorded.len(), 1);
    steps.recorded.remove(0)
}

fn event(entry: &Entry) -> &UserEvent {
    match &entry.item {
        Item::User(event) => event,
        other => panic!("not the user's: {other:?}"),
    }
}

fn message(entry: &Entry) -> &Message {
    &entry.message().unwrap().message
}

fn status(status: u16, body: &Value) -> Response<Bytes> {
    let mut response = ok(body);
    *response.status_mut() = http::StatusCode::from_u16(status).unwrap();
    response
}

fn page(number: u64, last: u64) -> Response<Bytes> {
    ok(&json!({
        "data": [{format!("u-{number}"): {"interactions": [
            {"author": "them", "type": "text", "date": "2023-03-01 10:00:00", "text": "Hello"},
        ]}}],
        "meta": {"pagination": {"currentPage": number, "lastPage": last}},
    }))
}

fn users(steps: &Steps) -> Vec<&str> {
    let users = steps.recorded.iter();
    users.map(|recorded| recorded.user_id.as_str()).collect()
}

fn steps_fetch(source: &mut dyn RecordingSource) -> Request<Bytes> {
    steps(source).fetch.unwrap()
}
