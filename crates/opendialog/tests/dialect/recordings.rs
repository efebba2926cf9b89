//! What a real OpenDialog has recorded: asked for, waited for and read.

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

#[test]
fn an_export_is_asked_for_with_the_token_and_the_period() {
    let period = RecordedPeriod {
        from: Some(moment("2023-03-01T00:00:00Z")),
        to: Some(moment("2023-03-01T23:59:59Z")),
        user_id: None,
    };
    let mut source = source_of(options("export"), period);
    let request = steps(&mut *source).fetch.unwrap();
    let expected = fixture(57).request();
    assert_eq!(request.method(), "GET");
    assert_eq!(request.uri().path(), expected.uri().path());
    assert_eq!(request.uri().host(), Some("my.cloud.example"));
    let sorted = |request| {
        let mut query = query(request);
        query.sort();
        query
    };
    assert_eq!(sorted(&request), sorted(&expected));
    for header in ["authorization", "accept"] {
        assert_eq!(request.headers()[header], expected.headers()[header]);
    }
    assert!(!format!("{request:?}").contains("API_TOKEN"));
}

#[test]
fn an_export_becomes_users_with_both_sides() {
    let mut source = export();
    let (steps, asked) = served(&mut *source, |_, _| Ok(fixture(57).response()));
    assert_eq!((asked, &steps.failed), (1, &None));
    let [ada] = steps.recorded.as_slice() else {
        panic!("{steps:?}");
    };
    assert_eq!((ada.user_id.as_str(), &ada.notes[..]), ("u-1", &[][..]));
    assert_eq!(ada.profile.user_id.as_deref(), Some("u-1"));
    assert_eq!(ada.profile.attributes["email"], "ada@example.com");
    assert_eq!(ada.profile.attributes["ip_address"], "192.0.2.10");
    assert_eq!(ada.profile.locales.browser.as_deref(), Some("en-GB"));
    assert_eq!(ada.profile.locales.selected.as_deref(), Some("en"));
    assert_eq!(ada.profile.scenario.as_deref(), Some("0x420"));
    assert_eq!(ada.profile.metadata["first_seen"], "1677664800");
    let [hello, hi] = ada.entries.as_slice() else {
        panic!("{:?}", ada.entries);
    };
    assert_eq!((hello.seq, hello.turn, hello.index), (1, None, 0));
    assert_eq!(hello.at, moment("2023-03-01T10:00:00Z"));
    assert!(
        matches!(&message(hello).content, Content::Text { text } if text.to_plain() == "Hello")
    );
    assert_eq!((hi.seq, hi.turn), (2, Some(event(hi).id)));
    assert_eq!(event(hi).input, UserInput::text("Hi"));
    let od = DialectName::new("opendialog");
    let kept = |extras: &switchboard_core::model::Extras| extras.get(&od, "interaction").cloned();
    assert_eq!(
        kept(&event(hi).extras).unwrap()["response"]["request_length"],
        "0.521048"
    );
    assert_eq!(
        kept(&message(hello).extras).unwrap()["request"]["source_ip"],
        "192.0.2.10"
    );
}

#[test]
fn interactions_become_what_the_user_did() {
    let check = |api: &str, number: u8, expected: UserInput| {
        let period = RecordedPeriod {
            from: Some(moment("2022-09-01T00:00:00Z")),
            to: Some(moment("2022-09-20T00:00:00Z")),
            user_id: Some("u-1".to_owned()),
        };
        // What came is of another time than what was asked for.
        let mut source = source_of(options(api), period.clone());
        let (steps, _) = served(&mut *source, |_, _| Ok(fixture(number).response()));
        assert!(steps.recorded.is_empty());
        let mut source = source_of(
            options(api),
            RecordedPeriod {
                to: Some(moment("2022-09-22T23:59:59Z")),
                ..period
            },
        );
        let request = steps_fetch(&mut *source);
        assert_eq!(request.uri().path(), fixture(number).request().uri().path());
        assert_eq!(parameter(&request, "from").unwrap(), "2022-09-01 00:00:00");
        assert_eq!(parameter(&request, "to").unwrap(), "2022-09-22 23:59:59");
        assert_eq!(parameter(&request, "user_id").unwrap(), "u-1");
        let mut source = source_of(json!({}), RecordedPeriod::default());
        source.read(fixture(number).response().into_body(), &cx());
        let mut steps = self::steps(&mut *source);
        let recorded = steps.recorded.remove(0);
        assert_eq!(recorded.notes, [""; 0]);
        assert_eq!(event(&recorded.entries[0]).input, expected);
    };
    let gold = ChoiceMade {
        id: Some("intent.app.ChoosePlan".to_owned()),
        label: Some("Gold".to_owned()),
        value: Some("plan.gold".to_owned()),
        ..ChoiceMade::default()
    };
    check("legacy", 52, UserInput::Choice(gold));
    check("interactions", 54, UserInput::text("I need help"));
}

fn steps_fetch(source: &mut dyn RecordingSource) -> Request<Bytes> {
    steps(source).fetch.unwrap()
}

#[test]
fn interactions_of_a_long_time_are_asked_for_in_parts() {
    let period = RecordedPeriod {
        from: Some(moment("2022-01-01T00:00:00Z")),
        to: Some(moment("2022-03-01T00:00:00Z")),
        user_id: None,
    };
    let mut source = source_of(options("interactions"), period);
    let mut asked = Vec::new();
    let (steps, _) = served(&mut *source, |request, _| {
        let bound = |name| parameter(request, name).unwrap();
        asked.push((bound("from"), bound("to")));
        // The line at the bound comes with both answers.
        Ok(ok(&json!({"data": [{"u-1": {"interactions": [
            {"type": "text", "date": format!("{}Z", bound("to").replace(' ', "T")), "text": "x"},
        ]}}]})))
    });
    let bounds = [
        "2022-01-01 00:00:00",
        "2022-02-01 00:00:00",
        "2022-03-01 00:00:00",
    ];
    let expected: Vec<_> = bounds
        .iter()
        .zip(&bounds[1..])
        .map(|(a, b)| ((*a).to_owned(), (*b).to_owned()))
        .collect();
    assert_eq!(asked, expected);
    assert_eq!(users(&steps), ["u-1"]);
    // Without a period it is everything until now.
    let mut source = source_of(options("interactions"), RecordedPeriod::default());
    let request = steps_fetch(&mut *source);
    assert_eq!(parameter(&request, "from").unwrap(), "2015-01-01 00:00:00");
}

#[test]
fn pages_are_asked_for_until_the_last() {
    let mut source = export();
    let (steps, asked) = served(&mut *source, |request, _| {
        Ok(page(
            parameter(request, "page").unwrap().parse().unwrap(),
            3,
        ))
    });
    assert_eq!(asked, 3);
    assert_eq!(users(&steps), ["u-1", "u-2", "u-3"]);
    assert!(steps.failed.is_none() && steps.notes.is_empty());
}

#[test]
fn pages_end_where_the_server_does_not_keep_to_its_word() {
    let of =
        |request: &Request<Bytes>| -> u64 { parameter(request, "page").unwrap().parse().unwrap() };
    // No number of pages is told: until one is empty.
    let (steps, asked) = served(&mut *export(), |request, _| {
        Ok(match of(request) {
            3 => ok(&json!({"data": []})),
            number => ok(&json!({"data": {format!("u-{number}"): []}})),
        })
    });
    assert_eq!((asked, users(&steps)), (3, vec!["u-1", "u-2"]));
    // A server without pages gives everything again.
    let (steps, asked) = served(&mut *export(), |_, _| {
        Ok(ok(&json!({"data": [{"u-1": []}]})))
    });
    assert_eq!((asked, steps.notes.len()), (2, 1));
    // One that should have pages loses users.
    let (steps, asked) = served(&mut *export(), |_, _| Ok(page(1, 9)));
    assert_eq!(asked, 2);
    assert!(
        matches!(steps.failed, Some(SourceError::Unreadable { place, .. }) if place == "page 2")
    );
    // The last page moves on, as users come, until there are no more.
    let (steps, asked) = served(&mut *export(), |request, _| {
        let number = of(request);
        Ok(page(number, 5.min(number + 1)))
    });
    assert_eq!((asked, steps.recorded.len()), (5, 5));
    // It lies.
    let (steps, asked) = served(&mut *export(), |request, _| {
        Ok(match of(request) {
            1 => page(1, u64::MAX),
            _ => ok(&json!({"data": [], "meta": {"pagination": {"lastPage": u64::MAX}}})),
        })
    });
    assert_eq!((asked, steps.notes.len()), (2, 1));
}

#[test]
fn a_vendor_that_wants_to_be_asked_less_often_is() {
    let limited = |after: Option<&str>| {
        let mut response = fixture(59).response();
        if let Some(after) = after {
            response
                .headers_mut()
                .insert("retry-after", after.parse().unwrap());
        }
        Ok(response)
    };
    let (steps, asked) = served(&mut *export(), |_, asked| match asked {
        0 => limited(Some("7")),
        1 | 2 => limited(None),
        _ => Ok(page(1, 1)),
    });
    assert_eq!((steps.waits.as_slice(), asked), (&[7, 10, 15][..], 4));
    assert_eq!(users(&steps), ["u-1"]);
    // Without end it is a refusal, as it is if the wait is one of hours.
    for (after, most) in [(None, 12), (Some("86400"), 1)] {
        let (steps, asked) = served(&mut *export(), |_, _| limited(after));
        assert_eq!(asked, most);
        assert!(steps.waits.iter().all(|wait| *wait <= 60));
        assert_eq!(
            steps.failed,
            Some(SourceError::Refused {
                status: 429,
                problem: "Too many export requests. Please try again later.".to_owned(),
            })
        );
    }
    // The last answer that is allowed for now says so.
    let (steps, _) = served(&mut *export(), |_, asked| {
        let mut page = page(asked as u64 + 1, 2);
        page.headers_mut()
            .insert("x-ratelimit-remaining", "0".parse().unwrap());
        Ok(page)
    });
    assert_eq!(
        (steps.waits.as_slice(), steps.recorded.len()),
        (&[60][..], 2)
    );
}

#[test]
fn refusals_say_what_the_vendor_says_without_the_token() {
    let check = |response: Response<Bytes>, status: u16, expected: &str| {
        let (steps, asked) = served(&mut *export(), |_, _| Ok(response.clone()));
        assert_eq!(asked, 1);
        match steps.failed {
            Some(SourceError::Refused { status: s, problem }) => {
                assert_eq!((s, problem.as_str()), (status, expected));
            }
            other => panic!("{other:?}"),
        }
    };
    check(fixture(60).response(), 401, "Unauthenticated.");
    check(
        fixture(55).response(),
        422,
        "The given data was invalid. The from field is required. The to field is required.",
    );
    check(
        fixture(56).response(),
        422,
        "The filter 'shoe_size' is not allowed.",
    );
    check(
        status(400, &json!({"message": "no API_TOKEN\n\u{7} here"})),
        400,
        "no ***   here",
    );
    check(status(403, &Value::Null), 403, "no words, 4 bytes");
    let redirect = status(302, &json!({"message": "x"}));
    check(
        redirect,
        302,
        "the answer is a redirection; is the address right?",
    );
    let long = "x".repeat(100_000);
    check(status(400, &json!({ "message": long })), 400, &long[..500]);
}

#[test]
fn failures_are_tried_again_a_few_times() {
    let error = json!({"error": "An error occurred while processing your export request."});
    let (steps, asked) = served(&mut *export(), |_, asked| match asked {
        0 => Ok(status(500, &error)),
        1 => Err(TransportFault::Timeout),
        _ => Ok(page(1, 1)),
    });
    assert_eq!((asked, steps.waits.as_slice()), (3, &[5, 10][..]));
    assert_eq!(users(&steps), ["u-1"]);
    let (steps, asked) = served(&mut *export(), |_, _| Ok(status(500, &error)));
    assert_eq!(asked, 4);
    assert!(
        steps
            .failed
            .unwrap()
            .to_string()
            .contains("An error occurred")
    );
    let (steps, asked) = served(&mut *export(), |_, _| Err(TransportFault::Connect));
    assert_eq!(asked, 4);
    assert!(matches!(steps.failed, Some(SourceError::Unreachable(_))));
}

#[test]
fn answers_that_are_too_large_are_asked_for_in_smaller_parts() {
    // A page of 20 users from the third on: 41 to 45 come in pages of 5.
    let mut pages = Vec::new();
    let (steps, _) = served(&mut *export(), |request, asked| {
        let size: u64 = parameter(request, "perPage").unwrap().parse().unwrap();
        let number: u64 = parameter(request, "page").unwrap().parse().unwrap();
        pages.push((number, size));
        match (asked, size) {
            (0 | 1, _) => Ok(page(number, 4)),
            (_, 6..) => Err(TransportFault::TooLarge),
            _ => Ok(page(number, 10)),
        }
    });
    assert_eq!(pages[2..6], [(3, 20), (5, 10), (9, 5), (10, 5)]);
    assert_eq!(users(&steps), ["u-1", "u-2", "u-9", "u-10"]);
    // There is an end to it, with pages and with periods.
    for api in ["export", "interactions"] {
        let mut source = source_of(
            options(api),
            RecordedPeriod {
                from: Some(moment("2022-01-01T00:00:00Z")),
                to: Some(moment("2022-02-01T00:00:00Z")),
                user_id: None,
            },
        );
        let (steps, asked) = served(&mut *source, |_, _| Err(TransportFault::TooLarge));
        assert!(asked < 20, "{asked}");
        assert!(steps.failed.unwrap().to_string().contains("too large"));
    }
}

#[test]
fn what_cannot_be_read_is_named() {
    let check = |body: &[u8], expected: &str| {
        let body = Bytes::copy_from_slice(body);
        let (steps, _) = served(&mut *export(), |_, _| Ok(Response::new(body.clone())));
        let error = steps.failed.unwrap().to_string();
        assert!(error.starts_with(expected), "{error}");
    };
    check(b"", "page 1 cannot be read: EOF");
    check(b"<html>", "page 1 cannot be read: expected value");
    check(
        b"{\"users\": []}",
        "page 1: data cannot be read: a list of users is missing",
    );
    check(
        b"{\"data\": 7}",
        "page 1: data cannot be read: expected a list of users, found a number",
    );
    let deep = "[".repeat(1_000_000);
    check(
        deep.as_bytes(),
        "page 1 cannot be read: recursion limit exceeded",
    );
    assert!(read("").failed.unwrap().to_string().contains("empty"));
    assert!(read("{\"message\":\"Unauthenticated.\"}").failed.is_some());
    assert!(read("\"data\"").failed.is_some());
}

#[test]
fn what_is_wrong_within_a_user_is_noted_with_its_place() {
    let steps = read_value(&json!({"data": [
        7,
        [],
        {"u-1": "nobody"},
        {"u-2": []},
        {"u-3": {
            "chatbot_user_data": "Ada",
            "user_attributes": [{"value": 1}],
            "interactions": [
                "Hello",
                {"type": "text", "date": "yesterday", "text": {"a": 1}, "data": 5},
                {"author": "u-3", "type": "wave", "date": "2023-03-01 10:00:00", "text": "hand"},
                {"author": "them", "type": "hologram", "date": "2023-03-01 10:00:01",
                 "data": {"text": "look"}},
            ],
        }},
    ]}));
    assert_eq!(steps.failed, None);
    assert_eq!(
        steps.notes,
        ["value 1 of the file: data[0]: expected a user, found a number"]
    );
    assert_eq!(users(&steps), ["u-1", "u-2", "u-3"]);
    let notes = |place: usize| steps.recorded[place].notes.join("\n");
    assert!(notes(0).contains("data[2].u-1: expected an object, found a string"));
    assert_eq!(notes(1), "");
    for expected in [
        "data[4].u-3.chatbot_user_data: expected an object, found a string",
        "data[4].u-3.user_attributes[0]: has no name",
        "data[4].u-3.interactions[0]: expected an object, found a string",
        "data[4].u-3.interactions[1].date: \"yesterday\" is no date",
        "data[4].u-3.interactions[1].text: expected a string, found an object",
        "data[4].u-3.interactions[1].data: expected an object, found a number",
        "data[4].u-3.interactions[2].type: no user's \"wave\" is known",
        "data[4].u-3.interactions[3].type: no message \"hologram\" is known",
    ] {
        assert!(notes(2).contains(expected), "{}", notes(2));
    }
    let entries = &steps.recorded[2].entries;
    assert_eq!(entries.len(), 3);
    assert_eq!(
        event(&entries[1]).input,
        UserInput::Custom {
            name: "wave".to_owned(),
            value: None,
            label: Some("hand".to_owned()),
        }
    );
    assert!(
        matches!(&message(&entries[2]).content, Content::Other { name, .. } if name == "hologram")
    );
    // What could not be read is there nevertheless.
    let kept = serde_json::to_string(&entries[0]).unwrap();
    assert!(
        kept.contains("yesterday") && kept.contains("{\"a\":1}"),
        "{kept}"
    );
}

#[test]
fn what_was_said_falls_into_turns() {
    let line = |author: &str, kind: &str, second: u8, data: Value| {
        json!({"author": author, "type": kind, "date": format!("2023-03-01 10:00:{second:02}"),
               "data": data})
    };
    let recorded = user_of(json!([
        line(
            "u-1",
            "chat_open",
            0,
            json!({"callback_id": "WELCOME", "value": "/pricing"})
        ),
        line("them", "text", 0, json!({"text": "Hello"})),
        line(
            "them",
            "button",
            0,
            json!({"text": "Which?", "buttons": [
            {"text": "Gold", "display": true, "callback_id": "gold", "value": ""}]})
        ),
        line(
            "u-1",
            "form_response",
            5,
            json!({"callback_id": "f", "age": "7", "text": "Age: 7"})
        ),
        line(
            "u-1",
            "url_click",
            6,
            json!({"url": "https://example.com/"})
        ),
        line("u-1", "text_external", 7, json!({"text": "Anybody?"})),
        line("them", "text_external", 8, json!({"text": "Yes"})),
    ]));
    assert_eq!(recorded.notes, [""; 0]);
    let entries = &recorded.entries;
    let places: Vec<(u64, u32, bool)> = entries
        .iter()
        .map(|entry| (entry.seq, entry.index, entry.last))
        .collect();
    assert_eq!(
        places,
        [
            (1, 0, false),
            (2, 0, false),
            (3, 1, true),
            (4, 0, false),
            (5, 0, false),
            (6, 0, false),
            (7, 0, true)
        ]
    );
    assert!(entries.is_sorted_by(|a, b| a.at < b.at));
    let turn = Some(event(&entries[0]).id);
    assert!(event(&entries[0]).hidden);
    assert_eq!(
        event(&entries[0]).input,
        UserInput::Open {
            welcome: None,
            query: None
        }
    );
    assert_eq!((entries[1].turn, entries[2].turn), (turn, turn));
    assert_eq!(message(&entries[2]).parent, turn);
    assert_eq!(message(&entries[2]).actions[0].label, "Gold");
    assert_eq!(
        event(&entries[3]).input,
        UserInput::Form(FormSubmission {
            id: "f".to_owned(),
            values: vec![("age".to_owned(), "7".to_owned())],
            summary: Some("Age: 7".to_owned()),
            ..FormSubmission::default()
        })
    );
    assert!(matches!(
        event(&entries[4]).input,
        UserInput::LinkClick { .. }
    ));
    assert_eq!(event(&entries[5]).input, UserInput::text("Anybody?"));
    assert!(matches!(
        message(&entries[6]).author,
        Author::Operator { .. }
    ));
}

#[test]
fn the_same_recording_gives_the_same_ids_in_whichever_order() {
    let said = |second: u8| {
        json!({"author": "u-1", "type": "text", "text": "again",
               "date": format!("2023-03-01 10:00:{second:02}")})
    };
    let given = json!({"author": "them", "type": "text", "text": "x",
                       "date": "2023-03-01 10:01:00",
                       "message_id": "0d2f5b1a-7f0c-4a3e-8a55-0e6d3b6c2f10"});
    let oldest_first = user_of(json!([said(1), said(1), said(2), given]));
    let newest_first = user_of(json!([given, said(2), said(1), said(1)]));
    assert_eq!(oldest_first, newest_first);
    let mut ids: Vec<_> = oldest_first.entries[..3]
        .iter()
        .map(|it| event(it).id)
        .collect();
    assert_eq!(
        message(&oldest_first.entries[3]).id.to_string(),
        "0d2f5b1a-7f0c-4a3e-8a55-0e6d3b6c2f10"
    );
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 3);
    // A part of it has the same ids too.
    let part = user_of(json!([said(2)]));
    assert_eq!(
        event(&part.entries[0]).id,
        event(&oldest_first.entries[2]).id
    );
}

#[test]
fn saved_answers_are_read_in_every_form() {
    let user = |id: &str| json!({id: {"interactions": []}});
    let expected = ["u-1", "u-2"];
    let all = json!([user("u-1"), user("u-2")]);
    let check = |file: String| {
        let steps = read(file.clone());
        assert_eq!(steps.failed, None, "{file}");
        assert_eq!(users(&steps), expected, "{file}");
    };
    check(json!({ "data": all }).to_string());
    check(all.to_string());
    check(serde_json::to_string_pretty(&all).unwrap());
    check(format!("\u{feff}{all}\r\n"));
    let page = |id| json!({"data": [user(id)], "meta": {}});
    check(format!("{}\n{}\n", page("u-1"), page("u-2")));
    check(format!("{}\n{}", user("u-1"), user("u-2")));
    let both = json!({"u-1": {"interactions": []}, "u-2": {"interactions": []}});
    check(json!({ "data": both }).to_string());
    check(json!({ "data": [both] }).to_string());
    assert!(users(&read("{\"data\":{}}")).is_empty());
    // A page that is cut off is an error, after what could be read.
    let cut = read(format!("{}\n{{\"data\": [", page("u-1")));
    assert_eq!(users(&cut), ["u-1"]);
    assert!(
        matches!(cut.failed, Some(SourceError::Unreadable { place, .. })
        if place == "value 2 of the file")
    );
}

#[test]
fn one_file_is_read_after_the_other_and_only_what_is_wanted() {
    let line = |day: &str| json!({"type": "text", "date": day, "text": "x"});
    let mut source = source_of(
        json!({}),
        RecordedPeriod {
            from: Some(moment("2023-03-02T00:00:00Z")),
            to: Some(moment("2023-03-03T23:59:59Z")),
            user_id: Some("u-1".to_owned()),
        },
    );
    let file = json!([
        {"u-1": {"interactions": [line("2023-03-01"), line("2023-03-02"), line("2023-03-04")]}},
        {"u-2": {"interactions": [line("2023-03-02")]}},
    ]);
    for _ in 0..2 {
        source.read(file.to_string().into(), &cx());
        let steps = steps(&mut *source);
        assert_eq!(users(&steps), ["u-1"]);
        assert_eq!(steps.recorded[0].entries.len(), 1);
    }
}

#[test]
fn attributes_of_the_user_are_kept_with_their_types() {
    let steps = read_value(&json!([{"u-1": {
        "chatbot_user_data": {"first_name": "Ada", "custom": {"plan": "gold"}},
        "user_attributes": [
            {"name": "first_name", "type": "attribute.core.string", "value": {"scalar_value": "A."}},
            {"name": "last_name", "type": "attribute.core.string", "value": {"scalar_value": "L."}},
            {"name": "plan", "type": "attribute.core.string", "value": {"scalar_value": "free"}},
            {"name": "age", "type": "attribute.core.int", "value": {"scalar_value": 36}},
            {"name": "last_seen", "type": "attribute.core.timestamp", "value": {"scalar_value": 9}},
        ],
    }}]));
    let profile = &steps.recorded[0].profile;
    assert_eq!(profile.attributes["first_name"], "Ada");
    assert_eq!(profile.attributes["last_name"], "L.");
    assert_eq!(profile.variables["plan"], "gold");
    assert_eq!(profile.variables["age"], "36");
    assert_eq!(profile.metadata["last_seen"], "9");
    let kept = profile
        .extras
        .get(&DialectName::new("opendialog"), "recorded");
    assert_eq!(
        kept.unwrap()["user_attributes"][3]["type"],
        "attribute.core.int"
    );
}

#[test]
fn mistakes_in_what_to_import_are_named() {
    let check = |options: Value, expected: &str| {
        let made = switchboard_opendialog::dialect().recordings(options, RecordedPeriod::default());
        let error = made.err().unwrap();
        assert_eq!(error.path, expected, "{error}");
        assert!(!error.to_string().contains("API_TOKEN"));
    };
    let with = |url: &str| json!({"url": url, "token": "API_TOKEN"});
    for url in [
        "",
        "my.cloud",
        "ftp://x",
        "https://a:b@x",
        "https://x/?a=b",
        "https://x/#a",
    ] {
        check(with(url), "url");
    }
    check(json!({ "url": URL }), "token");
    check(json!({"url": URL, "token": " "}), "token");
    check(json!({"url": URL, "token": "API_TOKEN\n!"}), "token");
    check(json!({"per_page": 0}), "per_page");
    check(json!({"api": "soap"}), "api");
    check(json!({"tokken": "API_TOKEN"}), "tokken");
    let backwards = RecordedPeriod {
        from: Some(Timestamp(2)),
        to: Some(Timestamp(1)),
        user_id: None,
    };
    let made = switchboard_opendialog::dialect().recordings(json!({}), backwards);
    assert_eq!(made.err().unwrap().path, "from");
    // The address may be that of the API.
    let mut source = source_of(with("https://x/public/api/"), RecordedPeriod::default());
    assert_eq!(
        steps_fetch(&mut *source).uri().path(),
        "/public/api/user-data-export"
    );
}

#[test]
fn a_recording_of_many_lines_is_read_at_once() {
    let lines: Vec<Value> = (0..50_000)
        .map(|_| json!({"type": "text", "date": "2023-03-01 10:00:00", "text": "x"}))
        .collect();
    let recorded = user_of(lines.into());
    assert_eq!(recorded.entries.len(), 50_000);
    assert_eq!(recorded.entries.last().unwrap().seq, 50_000);
    let notes: Vec<Value> = vec![Value::Null; 1_000];
    assert_eq!(user_of(notes.into()).notes.len(), 101);
}

fn any_json() -> impl Strategy<Value = Value> {
    let word = prop::sample::select(vec![
        "data",
        "u-1",
        "interactions",
        "chatbot_user_data",
        "user_attributes",
        "custom",
        "author",
        "them",
        "type",
        "text",
        "button",
        "form_response",
        "chat_open",
        "date",
        "name",
        "value",
        "scalar_value",
        "callback_id",
        "message_id",
        "intents",
        "2023-03-01 10:00:00",
        "request",
    ]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        word.clone().prop_map(Value::from),
        ".{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(7, 64, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::vec((word.clone(), inner), 0..6).prop_map(|fields| {
                let fields = fields.into_iter();
                Value::Object(fields.map(|(key, value)| (key.to_owned(), value)).collect())
            }),
        ]
    })
}

proptest! {
    #[test]
    fn no_recording_is_a_panic(data in any_json(), user in any_json(), line in any_json()) {
        read_value(&data);
        read_value(&json!({ "data": data }));
        let lines = json!([line.clone(), {"author": "them", "type": line, "data": data}]);
        read_value(&json!({"data": [{"u-1": {
            "chatbot_user_data": user, "user_attributes": line, "interactions": lines,
        }}]}));
        let answer = ok(&data);
        let (_, asked) = served(&mut *export(), |_, _| Ok(answer.clone()));
        prop_assert!(asked <= 2);
    }
}
