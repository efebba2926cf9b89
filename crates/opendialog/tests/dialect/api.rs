//! The APIs over transcripts.

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

#[test]
fn the_interactions_have_the_documented_structure() {
    let gold = sent(
        json!({"type": "button_response", "callback_id": "intent.app.ChoosePlan",
        "user": {}, "data": {"text": "Gold", "value": "plan.gold", "date": "Wed 21 Sep",
            "time": "08:19:33 AM"}}),
    );
    let cases = [
        (52, "2022-09-21T08:19:33Z", gold),
        (
            54,
            "2024-01-15T10:35:15Z",
            sent(json!({"type": "text", "data": {"text": "I need help"}, "user": {}})),
        ),
    ];
    for (number, at, event) in cases {
        let fixture = fixture(number);
        let consult = consult(ask(&*demo(), fixture.request()));
        assert_eq!(consult.query.user_id.as_deref(), Some("u-1"));
        assert!(consult.query.users_only);
        let user = user(ada(), vec![line(at, Item::User(Arc::new(event)))]);
        let got = answer(consult, page(vec![user]));
        includes(&got, &fixture.answer);
        let (got, expected) = (&got["data"][0]["u-1"], &fixture.answer["data"][0]["u-1"]);
        assert_eq!(got["interactions"], expected["interactions"]);
        let keys = |value: &Value| {
            let mut keys: Vec<String> = value.as_object().unwrap().keys().cloned().collect();
            keys.sort();
            keys
        };
        assert_eq!(keys(got), keys(expected), "{number}");
    }
}

#[test]
fn an_export_has_the_documented_structure() {
    let fixture = fixture(57);
    let consult = consult(ask(&*demo(), fixture.request()));
    assert!(!consult.query.users_only);
    assert_eq!((consult.query.skip, consult.query.users), (0, 20));
    // What a newer engine says comes back with every key that it has.
    let hello = &fixture.answer["data"][0]["u-1"]["interactions"][0];
    let mut leg = Driven::new(json!({"url": "http://engine.test"}));
    let (call, _) = leg.tell(&user_event(UserInput::text("x")), &Profile::default());
    let wire = json!({"author": "them", "type": "text", "intent": "intent.app.Hello",
        "data": hello["data"]});
    let hello = messages(leg.answer(call, crate::support::ok(&wire), &cx())).remove(0);
    let hi = sent(json!({"type": "text", "data": {"text": "Hi"}, "user": {}}));
    let lines = vec![
        line("2023-03-01T10:00:00Z", said(hello)),
        line("2023-03-01T10:00:05Z", Item::User(Arc::new(hi))),
    ];
    let got = answer(consult, page(vec![user(ada(), lines)]));
    let mut expected = fixture.answer.clone();
    let of_user = &mut expected["data"][0]["u-1"];
    // There are more of them than the first, and no exchange is logged.
    of_user.as_object_mut().unwrap().remove("user_attributes");
    for interaction in of_user["interactions"].as_array_mut().unwrap() {
        interaction["request"]["url"] = json!("");
        interaction["response"]["request_length"] = json!("0.000000");
    }
    includes(&got, &expected);
    let attributes = got["data"][0]["u-1"]["user_attributes"].as_array().unwrap();
    let find = |name: &str| {
        let found = attributes
            .iter()
            .find(|attribute| attribute["name"] == name);
        found.unwrap_or_else(|| panic!("no {name}"))
    };
    let check = |name: &str, kind: &str, value: Value| {
        let expected = json!({"name": name, "type": format!("attribute.core.{kind}"),
            "value": {"scalar_value": value}});
        assert_eq!(*find(name), expected);
    };
    check("first_seen", "timestamp", json!(1_677_664_800));
    check("last_seen", "timestamp", json!(1_677_751_200));
    check("plan", "string", json!("gold"));
    check("email", "string", json!("ada@example.com"));
}

#[test]
fn attributes_have_the_type_of_their_value() {
    let values = [
        ("age", json!(36), "number"),
        ("size", json!(1.5), "number"),
        ("member", json!(true), "boolean"),
        ("pets", json!(["cat"]), "collection"),
        ("address", json!({"city": "Paris"}), "collection"),
        ("nickname", json!(null), "string"),
    ];
    let profile = Profile {
        attributes: values
            .iter()
            .map(|(name, value, _)| ((*name).to_owned(), value.clone()))
            .collect(),
        ..Profile::default()
    };
    let lines = vec![line("2024-01-15T10:00:00Z", did(UserInput::text("hi")))];
    let got = answer(
        asked(EXPORT, "exportType=json"),
        page(vec![user(profile, lines)]),
    );
    let attributes = got["data"][0]["u-1"]["user_attributes"].as_array().unwrap();
    for (name, value, kind) in values {
        let expected = json!({"name": name, "type": format!("attribute.core.{kind}"),
            "value": {"scalar_value": value}});
        assert!(
            attributes.contains(&expected),
            "{expected} in {attributes:?}"
        );
    }
}

#[test]
fn everything_that_a_user_can_do_is_an_interaction() {
    let action = Action {
        value: Some("42".to_owned()),
        ..Action::choice("track", "Track a parcel")
    };
    let form = |cancelled: bool| FormSubmission {
        id: "details".to_owned(),
        values: if cancelled {
            Vec::new()
        } else {
            vec![
                ("name".to_owned(), "Ada".to_owned()),
                ("date".to_owned(), "2024-02-29".to_owned()),
            ]
        },
        summary: Some("Name: Ada".to_owned()),
        cancelled,
        ..FormSubmission::default()
    };
    let feedback = |rating, reason, comment: Option<&str>| {
        UserInput::Feedback(Feedback {
            rating,
            reason,
            comment: comment.map(str::to_owned),
            ..Feedback::default()
        })
    };
    let filled = json!({"name": "Ada", "field_date": "2024-02-29", "callback_id": "details"});
    let cases = [
        (
            UserInput::Open {
                welcome: None,
                query: None,
            },
            "chat_open",
            json!(null),
            json!({"callback_id": "WELCOME"}),
        ),
        (
            UserInput::Open {
                welcome: Some("offer".to_owned()),
                query: Some("hi".to_owned()),
            },
            "chat_open",
            json!("hi"),
            json!({"callback_id": "offer"}),
        ),
        (
            UserInput::text("hello"),
            "text",
            json!("hello"),
            json!(null),
        ),
        (
            UserInput::Choice(ChoiceMade {
                id: Some("gold".to_owned()),
                label: Some("Gold".to_owned()),
                value: Some("plan.gold".to_owned()),
                ..ChoiceMade::default()
            }),
            "button_response",
            json!("Gold"),
            json!({"callback_id": "gold", "value": "plan.gold"}),
        ),
        (
            UserInput::Choice(ChoiceMade {
                action: Some(Box::new(action)),
                ..ChoiceMade::default()
            }),
            "button_response",
            json!("Track a parcel"),
            json!({"callback_id": "track", "value": "42"}),
        ),
        (
            UserInput::Form(form(false)),
            "form_response",
            json!("Name: Ada"),
            filled.clone(),
        ),
        (
            UserInput::Form(form(true)),
            "form_response",
            json!("Name: Ada"),
            json!({"callback_id": "details"}),
        ),
        (
            UserInput::Survey(form(false)),
            "form_response",
            json!("Name: Ada"),
            filled,
        ),
        (
            feedback(Some(Rating::Positive), None, None),
            "button_response",
            json!(null),
            json!({"callback_id": "helpful"}),
        ),
        (
            feedback(Some(Rating::Negative), Some(2), Some("slow")),
            "button_response",
            json!("slow"),
            json!({"callback_id": "not_helpful", "reason": 2}),
        ),
        (
            feedback(Some(Rating::None), None, None),
            "button_response",
            json!(null),
            json!({"callback_id": "no_rating"}),
        ),
        (
            feedback(None, Some(0), None),
            "button_response",
            json!(null),
            json!({"callback_id": "feedback_reason", "reason": 0}),
        ),
        (
            feedback(None, None, Some("nice")),
            "text",
            json!("nice"),
            json!({"callback_id": "feedback_comment"}),
        ),
        (
            UserInput::Custom {
                name: "open/document".to_owned(),
                value: Some("7".to_owned()),
                label: Some("Terms".to_owned()),
            },
            "trigger",
            json!("Terms"),
            json!({"callback_id": "open/document", "value": "7"}),
        ),
        (
            UserInput::LinkClick {
                url: "https://example.com/a".to_owned(),
                label: None,
            },
            "url_click",
            json!(null),
            json!({"url": "https://example.com/a"}),
        ),
        (
            UserInput::File(UploadedFile {
                name: "a.pdf".to_owned(),
                size_bytes: Some(9),
                ..UploadedFile::default()
            }),
            "text",
            json!("a.pdf"),
            json!({"size_bytes": 9}),
        ),
        (
            UserInput::Variables,
            "trigger",
            json!(null),
            json!({"callback_id": "variables"}),
        ),
        (
            UserInput::Typing {
                active: true,
                text: Some("hel".to_owned()),
            },
            "trigger",
            json!("hel"),
            json!({"callback_id": "typing"}),
        ),
        (
            UserInput::Read,
            "trigger",
            json!(null),
            json!({"callback_id": "read"}),
        ),
        (
            UserInput::Query(Query::Languages),
            "trigger",
            json!(null),
            json!({"callback_id": "languages"}),
        ),
        (
            UserInput::ClientError(ClientError {
                error: "TypeError".to_owned(),
                message: "x is null".to_owned(),
                ..ClientError::default()
            }),
            "trigger",
            json!("x is null"),
            json!({"callback_id": "client_error", "value": "TypeError"}),
        ),
        (
            UserInput::Connection { lost: true },
            "trigger",
            json!(null),
            json!({"callback_id": "connection_lost"}),
        ),
        (
            UserInput::LeaveHandover,
            "button_response",
            json!(null),
            json!({"callback_id": "intent.core.EndChat"}),
        ),
        (
            UserInput::End,
            "trigger",
            json!(null),
            json!({"callback_id": "intent.core.EndChat"}),
        ),
    ];
    for (input, kind, text, data) in cases {
        let (interactions, export) = written(&did(input.clone()));
        let expected = json!([{"type": kind, "date": "2024-01-15T10:35:15.000000Z", "text": text,
            "data": data}]);
        assert_eq!(Value::from(interactions), expected, "{input:?}");
        // The export has the words in the data as well.
        let mut data = data;
        if let Some(words) = text.as_str() {
            if data.is_null() {
                data = json!({});
            }
            data["text"] = json!(words);
        }
        assert_eq!(export.len(), 1, "{input:?}");
        includes(
            &export[0],
            &json!({"author": "u-1", "type": kind, "text": text, "data": data}),
        );
    }
}

#[test]
fn what_an_opendialog_client_sent_is_an_interaction_as_it_was_sent() {
    let mut kinds = Vec::new();
    for (name, fixture) in fixtures() {
        if !fixture.is_chat() || fixture.status != 200 || fixture.body().is_null() {
            continue;
        }
        let content = &fixture.body()["content"];
        let event = sent({
            let mut content = content.clone();
            content["user"]["custom"]["selected_scenario"] = json!("0x420");
            content
        });
        let (interactions, export) = written(&Item::User(Arc::new(event)));
        let [interaction] = &*interactions else {
            panic!("{name}: {interactions:?}");
        };
        kinds.push(content["type"].as_str().unwrap().to_owned());
        assert_eq!(interaction["type"], content["type"], "{name}");
        let mut data = content["data"].as_object().cloned().unwrap_or_default();
        if let Some(callback) = content.get("callback_id") {
            data.insert("callback_id".to_owned(), callback.clone());
        }
        if !data.is_empty() {
            assert_eq!(export[0]["data"], Value::Object(data.clone()), "{name}");
        }
        let text = data.get("text").cloned().unwrap_or_default();
        assert_eq!(interaction["text"], text, "{name}");
        data.retain(|key, _| !matches!(key.as_str(), "text" | "date" | "time"));
        let expected = if data.is_empty() {
            Value::Null
        } else {
            Value::Object(data)
        };
        assert_eq!(interaction["data"], expected, "{name}");
    }
    for kind in [
        "chat_open",
        "text",
        "trigger",
        "button_response",
        "url_click",
        "longtext_response",
        "form_response",
    ] {
        assert!(
            kinds.iter().any(|known| known == kind),
            "no fixture of {kind}"
        );
    }
}

fn sample(kind: ContentKind) -> Content {
    let words = || RichText::plain("Some words");
    let media = || Media::new("https://www.example.com/thing", Some("A thing".to_owned()));
    let card = || Card {
        title: Some("Teapot".to_owned()),
        text: Some(words()),
        ..Card::default()
    };
    let fields = || {
        vec![Field {
            name: "name".to_owned(),
            label: "Name".to_owned(),
            ..Field::default()
        }]
    };
    match kind {
        ContentKind::Group => Content::Group {
            text: Some(words()),
        },
        ContentKind::Text => Content::text(words()),
        ContentKind::Quote => Content::Quote(Quote {
            text: words(),
            ..Quote::default()
        }),
        ContentKind::Image => Content::Image(media()),
        ContentKind::Video => Content::Video(media()),
        ContentKind::Audio => Content::Audio(media()),
        ContentKind::File => Content::File(media()),
        ContentKind::Choices => Content::Choices(Choices {
            text: words(),
            ..Choices::default()
        }),
        ContentKind::Card => Content::Card(Box::new(card())),
        ContentKind::Carousel => Content::Carousel {
            title: None,
            cards: vec![card(), card()],
        },
        ContentKind::List => Content::List(List {
            items: vec![ListItem {
                content: text("one"),
                actions: Vec::new(),
                extras: Extras::none(),
            }],
            ..List::default()
        }),
        ContentKind::Form => Content::Form(Box::new(Form {
            text: words(),
            fields: fields(),
            ..Form::default()
        })),
        ContentKind::DatePicker => Content::DatePicker(Box::new(DatePicker {
            text: words(),
            ..DatePicker::default()
        })),
        ContentKind::Autocomplete => Content::Autocomplete(Box::new(Autocomplete {
            text: words(),
            ..Autocomplete::default()
        })),
        ContentKind::Address => Content::Address(Box::new(Autocomplete {
            text: words(),
            ..Autocomplete::default()
        })),
        ContentKind::Location => Content::Location {
            text: words(),
            callback: "where".to_owned(),
            attribute: None,
        },
        ContentKind::Signature => Content::Signature(Box::new(SignatureRequest {
            text: words(),
            ..SignatureRequest::default()
        })),
        ContentKind::Upload => Content::Upload(Box::new(UploadRequest {
            text: words(),
            ..UploadRequest::default()
        })),
        ContentKind::FeedbackRequest => Content::FeedbackRequest(FeedbackRequest {
            text: words(),
            ..FeedbackRequest::default()
        }),
        ContentKind::Survey => Content::Survey(Box::new(Survey {
            text: words(),
            fields: fields(),
            ..Survey::default()
        })),
        ContentKind::Handover => Content::Handover(Handover {
            phase: HandoverPhase::Offered,
            text: words(),
            system: None,
            operator: None,
        }),
        ContentKind::Progress => Content::Progress(Progress {
            percent: Some(40),
            label: None,
        }),
        ContentKind::NoAnswer => Content::NoAnswer { text: words() },
        ContentKind::LanguageProblem => Content::LanguageProblem {
            text: words(),
            problem: LanguageProblem::Unknown,
        },
        ContentKind::Attributes => Content::Attributes {
            values: serde_json::Map::from_iter([("plan".to_owned(), json!("gold"))]),
        },
        ContentKind::Other => Content::Other {
            name: "hologram".to_owned(),
            text: Some(words()),
        },
    }
}

#[test]
fn everything_that_a_bot_can_say_is_in_the_export_and_nothing_of_it_in_the_interactions() {
    for kind in ContentKind::ALL {
        let (interactions, export) = written(&said(bot(sample(kind))));
        assert_eq!(interactions, Vec::<Value>::new(), "{kind:?}");
        assert_eq!(export.len(), 1, "{kind:?}: {export:?}");
        let common = json!({"author": "them", "date": "2024-01-15T10:35:15.000000Z",
            "request": {"url": "", "source_ip": ""},
            "response": {"http_status": 200, "request_length": "0.000000"}});
        includes(&export[0], &common);
        assert!(export[0]["data"].is_object(), "{kind:?}");
        assert!(export[0]["data"]["date"].is_string(), "{kind:?}");
    }
    let (_, export) = written(&said(bot(sample(ContentKind::Location))));
    assert_eq!(
        export[0]["type"], "location",
        "though webchat 1.0.0 does not know it"
    );
    let (_, export) = written(&said(bot(text("**bold**"))));
    assert_eq!(export[0]["text"], "**bold**");
}

#[test]
fn an_engines_own_messages_are_exported_as_it_sent_them() {
    for (name, fixture) in fixtures() {
        if !fixture.is_chat() || fixture.status != 200 {
            continue;
        }
        let wires: Vec<Value> = match &fixture.answer {
            Value::Array(parts) => parts
                .iter()
                .filter(|part| part.is_object())
                .cloned()
                .collect(),
            Value::Object(_) => vec![fixture.answer.clone()],
            _ => continue,
        };
        let mut leg = Driven::new(json!({"url": "http://engine.test"}));
        let (call, _) = leg.tell(&user_event(UserInput::text("x")), &Profile::default());
        let messages = messages(leg.answer(call, fixture.response(), &cx()));
        let lines = messages
            .into_iter()
            .map(|message| line("2021-07-20T09:15:02Z", said(message)));
        let lines = lines.collect();
        let got = answer(
            asked(EXPORT, "exportType=json"),
            page(vec![user(Profile::default(), lines)]),
        );
        let got = got["data"][0]["u-1"]["interactions"].as_array().unwrap();
        assert_eq!(got.len(), wires.len(), "{name}");
        for (got, wire) in got.iter().zip(&wires) {
            assert_eq!(got["type"], wire["type"], "{name}");
            includes(&got["data"], &wire["data"]);
        }
    }
}

#[test]
fn an_export_names_operators_and_leaves_out_what_shows_nothing() {
    let operator = Message {
        author: Author::Operator {
            id: None,
            name: Some("Grace".to_owned()),
        },
        ..bot(text("I am here"))
    };
    let (_, export) = written(&said(operator));
    includes(
        &export[0],
        &json!({"author": "them", "text": "I am here",
        "data": {"meta": {"author": {"name": "Grace"}}}}),
    );
    let own = Message {
        author: Author::User,
        ..bot(text("as I said"))
    };
    assert_eq!(written(&said(own)).1[0]["author"], "u-1");
    let notice = |words: &str| {
        Item::Notice(Notice {
            code: "OperatorBusy".to_owned(),
            text: RichText::plain(words),
            extras: Extras::none(),
        })
    };
    let (interactions, export) = written(&notice("All operators are busy."));
    assert!(interactions.is_empty());
    includes(
        &export[0],
        &json!({"author": "them", "type": "text",
        "text": "All operators are busy.", "data": {"text": "All operators are busy."}}),
    );
    for nothing in [
        notice(""),
        Item::Ended {
            reason: EndReason::Idle,
        },
        Item::Typing(Typing {
            author: Author::Bot,
            active: true,
        }),
        said(bot(Content::Group { text: None })),
    ] {
        assert_eq!(written(&nothing), (Vec::new(), Vec::new()), "{nothing:?}");
    }
}

#[test]
fn an_exported_exchange_took_as_long_as_its_turn() {
    let turn = MessageId(Uuid::from_u128(77));
    let of_turn = |at: &str, item: Item| {
        let line = line(at, item);
        let entry = Entry {
            turn: Some(turn),
            ..(*line.entry).clone()
        };
        TranscriptLine {
            entry: Arc::new(entry),
            ..line
        }
    };
    let lines = vec![
        of_turn("2024-01-15T10:00:00.000Z", did(UserInput::text("hi"))),
        of_turn("2024-01-15T10:00:00.250Z", said(bot(text("hello")))),
        line("2024-01-15T10:00:09Z", said(bot(text("still there?")))),
        of_turn(
            "2024-01-15T10:00:10.760Z",
            said(bot(text("sorry, that took long"))),
        ),
    ];
    let profile = Profile {
        attributes: [("ip_address".to_owned(), json!("192.0.2.10"))].into(),
        ..Profile::default()
    };
    let got = answer(
        asked(EXPORT, "exportType=json"),
        page(vec![user(profile, lines)]),
    );
    let interactions = got["data"][0]["u-1"]["interactions"].as_array().unwrap();
    let took = |at: usize| interactions[at]["response"]["request_length"].clone();
    assert_eq!(
        [took(0), took(1), took(2), took(3)],
        [
            json!("10.760000"),
            json!("10.760000"),
            json!("0.000000"),
            json!("10.760000"),
        ]
    );
    assert!(
        interactions
            .iter()
            .all(|one| one["request"]["source_ip"] == "192.0.2.10")
    );
    let inner = |at: usize| interactions[at]["data"]["internal"].clone();
    assert_eq!([inner(1), inner(2)], [json!(true), json!(false)]);
}

#[test]
fn a_user_of_another_dialect_is_known_as_far_as_the_dialect_tells() {
    let profile = Profile {
        locales: Locales {
            host: Some("fr".to_owned()),
            ..Locales::default()
        },
        metadata: [("cart".to_owned(), "3".to_owned())].into(),
        variables: [("plan".to_owned(), "gold".to_owned())].into(),
        attributes: [("loyal".to_owned(), json!(true))].into(),
        ..Profile::default()
    };
    let lines = || vec![line("2024-01-15T10:00:00Z", did(UserInput::text("hi")))];
    let of = |path: &str, query: &str| {
        let users = page(vec![user(profile.clone(), lines())]);
        answer(asked(path, query), users)["data"][0]["u-1"]["chatbot_user_data"].clone()
    };
    let mut expected = json!({"first_name": null, "last_name": null, "email": null,
        "external_id": null, "ip_address": null, "country": null, "browser_language": null,
        "os": null, "browser": null, "timezone": null,
        "custom": {"cart": "3", "plan": "gold", "language": "fr", "loyal": true}});
    assert_eq!(of(LEGACY, PERIOD), expected);
    assert_eq!(of(EXPORT, "exportType=json"), expected);
    expected["id"] = json!("u-1");
    expected["name"] = json!(null);
    assert_eq!(of(INTERACTIONS, PERIOD), expected);
}

#[test]
fn no_user_is_no_mistake() {
    for path in [LEGACY, INTERACTIONS] {
        assert_eq!(
            answer(asked(path, PERIOD), page(Vec::new())),
            json!({"data": []})
        );
    }
    let got = answer(asked(EXPORT, "exportType=json"), page(Vec::new()));
    assert_eq!(
        got,
        json!({"data": [], "meta": {
            "pagination": {"currentPage": 1, "from": null, "lastPage": 1, "perPage": 20, "to": null,
                "total": 0},
            "filters": {"exportType": "json", "perPage": "20", "page": "1", "from": null, "to": null},
        }})
    );
}

#[test]
fn bad_questions_get_the_documented_answers() {
    for number in [55, 56, 58] {
        let fixture = fixture(number);
        let (_, response) = refused(ask(&*demo(), fixture.request()));
        assert_eq!(response.status(), fixture.status, "{number}");
        assert_eq!(json(&response), fixture.answer, "{number}");
    }
}

#[test]
fn each_mistake_in_a_question_has_its_words() {
    let format = |name: &str| format!("The {name} does not match the format Y-m-d H:i:s.");
    let from_to = |from: &str, to: &str| format!("from={from}&to={to}");
    let good = "2024-01-01%2000:00:00";
    let backwards = json!({"to": ["The to must be a date after or equal to from."]});
    for path in [LEGACY, INTERACTIONS] {
        let check = |query: &str, errors: Value| check_refusal(path, query, 422, &invalid(errors));
        let missing = json!({"from": ["The from field is required."],
            "to": ["The to field is required."]});
        check("", missing.clone());
        check("from=&to=%20", missing.clone());
        check("&&=&", missing.clone());
        check(
            &format!("from={good}"),
            json!({"to": ["The to field is required."]}),
        );
        // A missing date comes before a filter that is not allowed.
        check("shoe_size=9", missing);
        for bad in [
            "today",
            "2024-01-01",
            "2024-13-01%2000:00:00",
            "2024-02-31%2000:00:00",
            "2024-01-01%2025:00:00",
            "99999-01-01%2000:00:00",
            "-1",
            "%00",
            "%FF",
        ] {
            check(&from_to(bad, good), json!({"from": [format("from")]}));
            check(&from_to(good, bad), json!({"to": [format("to")]}));
            check(
                &from_to(bad, bad),
                json!({"from": [format("from")], "to": [format("to")]}),
            );
        }
        check(
            &format!("from[]={good}&to={good}"),
            json!({"from": [format("from")]}),
        );
        check(&from_to(good, "2023-12-31%2023:59:59"), backwards.clone());
        check(
            &format!("{PERIOD}&user_id[]=u-1"),
            json!({"user_id": ["The user id must be a string."]}),
        );
        check(
            &format!("{PERIOD}&user_id=a%00b"),
            json!({"user_id": ["The user id format is invalid."]}),
        );
    }
    let check = |query: &str, errors: Value| {
        check_refusal(EXPORT, query, 422, &invalid(errors));
    };
    let required = json!({"exportType": ["The export type field is required."]});
    check("", required.clone());
    check("exportType=", required);
    for bad in ["exportType=csv", "exportType=JSON", "exportType[]=json"] {
        check(
            bad,
            json!({"exportType": ["The export type must be json."]}),
        );
    }
    let and = |more: &str| format!("exportType=json&{more}");
    for (bad, problem) in [
        ("abc", "an integer"),
        ("1.5", "an integer"),
        ("99999999999999999999", "an integer"),
        ("0x10", "an integer"),
        ("0", "at least 1"),
        ("-1", "at least 1"),
    ] {
        check(
            &and(&format!("perPage={bad}")),
            json!({"perPage": [format!("The per page must be {problem}.")]}),
        );
        check(
            &and(&format!("page={bad}")),
            json!({"page": [format!("The page must be {problem}.")]}),
        );
    }
    check(
        &and("perPage[]=1"),
        json!({"perPage": ["The per page must be an integer."]}),
    );
    check(
        &and(&format!("to={good}")),
        json!({"from": ["The from field is required when to is present."]}),
    );
    check(&and(&from_to(good, "2023-12-31%2023:59:59")), backwards);
    let bad_date = |name: &str| json!({"message": format!("The {name} is in a bad date format. Use Y-m-d H:i:s.")});
    check_refusal(
        EXPORT,
        &and(&from_to("today", good)),
        400,
        &bad_date("from"),
    );
    check_refusal(
        EXPORT,
        &and(&from_to(good, "2024-02-31%2000:00:00")),
        400,
        &bad_date("to"),
    );
    check_refusal(
        EXPORT,
        &and(&format!("from[]={good}&to={good}")),
        400,
        &bad_date("from"),
    );
}

#[test]
fn each_filter_that_is_not_allowed_is_named() {
    let query = format!("{PERIOD}&shoe_size=9&email=a&hat[]=1");
    let problem = |name: &str| format!("The filter '{name}' is not allowed.");
    let body = json!({"message": problem("shoe_size"), "errors": {
        "filters.shoe_size": [problem("shoe_size")], "filters.hat": [problem("hat")]}});
    check_refusal(INTERACTIONS, &query, 422, &body);
    check_refusal(
        INTERACTIONS,
        &format!("{PERIOD}&email[]=a"),
        422,
        &invalid(json!({"email": ["The email must be a string."]})),
    );
    // The older API has no filters.
    assert!(asked(LEGACY, &query).query.matches.is_none());
}

#[test]
fn a_period_is_read_in_utc_and_includes_its_last_second() {
    let check = |query: &str, from: &str, until: &str, echo: (&str, &str)| {
        for (path, query) in [
            (LEGACY, query.to_owned()),
            (INTERACTIONS, query.to_owned()),
            (EXPORT, format!("{query}&exportType=json")),
        ] {
            let consult = asked(path, &query);
            assert_eq!(consult.query.from, Some(moment(from)), "{query}");
            assert_eq!(consult.query.to, Some(moment(until)), "{query}");
            let lines = vec![line("2026-01-01T00:00:00Z", did(UserInput::text("hi")))];
            let got = answer(consult, page(vec![user(Profile::default(), lines)]));
            let place = if path == EXPORT {
                &got["meta"]["filters"]
            } else {
                &got["data"][0]["u-1"]
            };
            assert_eq!(
                (&place["from"], &place["to"]),
                (&json!(echo.0), &json!(echo.1))
            );
        }
    };
    check(
        "from=2026-01-01%2000:00:00&to=2026-01-31+23:59:59",
        "2026-01-01T00:00:00Z",
        "2026-01-31T23:59:59.999Z",
        ("2026-01-01T00:00:00.000000Z", "2026-01-31T23:59:59.000000Z"),
    );
    // An offset arrives well or badly encoded.
    for offset in ["%2B02:00", "+02:00"] {
        check(
            &format!("from=2026-01-01T00:00:00{offset}&to=2026-01-01T12:00:00.250Z"),
            "2025-12-31T22:00:00Z",
            "2026-01-01T12:00:00.250Z",
            ("2025-12-31T22:00:00.000000Z", "2026-01-01T12:00:00.250000Z"),
        );
    }
    // The last of several counts.
    check(
        "from=nonsense&from=0000-01-01%2000:00:00&to=9999-12-31%2023:59:59",
        "0000-01-01T00:00:00Z",
        "9999-12-31T23:59:59.999Z",
        ("0000-01-01T00:00:00.000000Z", "9999-12-31T23:59:59.000000Z"),
    );
}

#[test]
fn filters_are_met_by_a_part_in_any_case_and_all_of_them() {
    let ada = ada();
    let check = |filters: &str, expected: Option<bool>| {
        let query = asked(INTERACTIONS, &format!("{PERIOD}&{filters}")).query;
        let got = query.matches.map(|matches| matches(&ada));
        assert_eq!(got, expected, "{filters}");
    };
    for (name, part) in [
        ("selected_scenario", "X42"),
        ("ip_address", "192.0"),
        ("country", "kingdom"),
        ("browser_language", "EN-gb"),
        ("os", "linux"),
        ("browser", "Chrome"),
        ("timezone", "europe/"),
        ("email", "ADA@"),
        ("platform", "WebChat"),
    ] {
        check(&format!("{name}={part}"), Some(true));
        check(&format!("{name}=something%20else"), Some(false));
        check(&format!("{name}="), None);
    }
    check("os=linux&browser=chrome", Some(true));
    check("os=linux&browser=firefox", Some(false));
    // What a database would read as any characters is read as itself.
    check("browser=%25", Some(false));
    check("user_id=u-1", None);
    let on_a_phone = Profile {
        variables: [("platform".to_owned(), "whatsapp".to_owned())].into(),
        ..Profile::default()
    };
    let query = asked(INTERACTIONS, &format!("{PERIOD}&platform=webchat")).query;
    assert!(!query.matches.unwrap()(&on_a_phone));
}

#[test]
fn filters_are_echoed() {
    let query = format!("{PERIOD}&email=ada&os=");
    let lines = vec![line("2024-01-15T10:00:00Z", did(UserInput::text("hi")))];
    let got = answer(asked(INTERACTIONS, &query), page(vec![user(ada(), lines)]));
    let got = &got["data"][0]["u-1"];
    includes(
        got,
        &json!({"email": "ada", "user_id": null, "selected_scenario": null,
        "browser": null}),
    );
    assert!(got.get("os").is_none());
}

#[test]
fn pages_of_an_export_are_counted_in_users() {
    let lines = || vec![line("2024-01-15T10:00:00Z", did(UserInput::text("hi")))];
    let check = |query: &str, (skip, users): (u64, u64), expected: Value| {
        let consult = asked(EXPORT, &format!("exportType=json&{query}"));
        assert_eq!(
            (consult.query.skip, consult.query.users),
            (skip, users),
            "{query}"
        );
        let here = 45_u64.saturating_sub(skip).min(users);
        let users = (0..here)
            .map(|_| user(Profile::default(), lines()))
            .collect();
        let page = TranscriptPage {
            users,
            total: 45,
            cut: false,
        };
        let got = answer(consult, page);
        assert_eq!(got["meta"]["pagination"], expected, "{query}");
        assert_eq!(got["data"].as_array().unwrap().len() as u64, here);
    };
    let pagination = |page: u64, from: Value, last: u64, per: u64, to: Value| {
        json!({"currentPage": page, "from": from, "lastPage": last, "perPage": per, "to": to,
            "total": 45})
    };
    check("", (0, 20), pagination(1, json!(1), 3, 20, json!(20)));
    check(
        "page=3",
        (40, 20),
        pagination(3, json!(41), 3, 20, json!(45)),
    );
    check(
        "page=4",
        (60, 20),
        pagination(4, Value::Null, 3, 20, Value::Null),
    );
    check(
        "perPage=7&page=2",
        (7, 7),
        pagination(2, json!(8), 7, 7, json!(14)),
    );
    check(
        "perPage=100000",
        (0, 100),
        pagination(1, json!(1), 1, 100, json!(45)),
    );
    let huge = i64::MAX.unsigned_abs();
    check(
        &format!("page={huge}&perPage=100"),
        ((huge - 1).saturating_mul(100), 100),
        pagination(huge, Value::Null, 1, 100, Value::Null),
    );
    let consult = asked(EXPORT, "exportType=json&perPage=500");
    let got = answer(consult, page(Vec::new()));
    assert_eq!(got["meta"]["filters"]["perPage"], "100");
}

#[test]
fn nobody_is_given_by_half() {
    let check = |path: &str, query: &str, field: &str, problem: &str| {
        let consult = asked(path, query);
        assert_eq!(consult.query.lines, 100_000);
        let page = TranscriptPage {
            cut: true,
            ..page(vec![user(ada(), Vec::new())])
        };
        let response = (consult.finish)(Ok(page), &cx());
        assert_eq!(response.status(), 422);
        assert_eq!(json(&response), invalid(json!({field: [problem]})));
    };
    let period = "The period has more than 100000 interactions. Ask for a shorter one.";
    check(LEGACY, PERIOD, "to", period);
    check(INTERACTIONS, PERIOD, "to", period);
    check(
        EXPORT,
        "exportType=json",
        "perPage",
        "The page has more than 100000 interactions. Ask for fewer users.",
    );
    check(
        EXPORT,
        "exportType=json&perPage=1",
        "to",
        "The user has more than 100000 interactions. Ask for a shorter period.",
    );
}

#[test]
fn transcripts_that_cannot_be_read_are_the_servers_fault() {
    for (path, query, body) in [
        (LEGACY, PERIOD, json!({"message": "Server Error"})),
        (INTERACTIONS, PERIOD, json!({"message": "Server Error"})),
        (
            EXPORT,
            "exportType=json",
            json!({"error": "An error occurred while processing your export request."}),
        ),
    ] {
        let response = (asked(path, query).finish)(Err(Fault::StoreUnavailable), &cx());
        assert_eq!(response.status(), 500);
        assert_eq!(json(&response), body);
    }
}

#[test]
fn only_a_token_of_the_configuration_that_is_still_good_lets_a_program_in() {
    let options = json!({"tokens": [
        "OLD_TOKEN",
        {"token": "TEMPORARY", "expires": "2026-01-01T00:00:00Z"},
        {"token": "LIMITED", "frontends": ["shop", "help"]},
    ]});
    let frontend = api(options);
    let with = |header: Option<&str>| {
        let mut request = Request::get(format!("{INTERACTIONS}?{PERIOD}"));
        if let Some(header) = header {
            request = request.header("Authorization", header);
        }
        request.body(Bytes::new()).unwrap()
    };
    let check = |header: Option<&str>, now: &str, expected: Option<AuthProblem>| match (
        ask_at(&*frontend, with(header), now),
        expected,
    ) {
        (Handled::Refuse(fault, response), Some(problem)) => {
            assert_eq!(fault, Fault::Unauthorised(problem), "{header:?}");
            assert_eq!(response.status(), 401);
            assert_eq!(json(&response), fixture(60).answer);
            assert!(response.headers().get("x-ratelimit-limit").is_none());
        }
        (Handled::Consult(_), None) => {}
        (other, _) => panic!("{header:?}: {other:?}"),
    };
    let (before, then) = ("2025-12-31T23:59:59Z", "2026-01-01T00:00:00Z");
    check(Some("Bearer OLD_TOKEN"), then, None);
    check(Some("bearer  OLD_TOKEN "), then, None);
    check(Some("Bearer TEMPORARY"), before, None);
    check(Some("Bearer TEMPORARY"), then, Some(AuthProblem::Expired));
    check(None, then, Some(AuthProblem::Missing));
    check(Some("Bearer "), then, Some(AuthProblem::Invalid));
    check(Some("Basic OLD_TOKEN"), then, Some(AuthProblem::Invalid));
    check(Some("Bearer APP_KEY"), then, Some(AuthProblem::Invalid));
    check(Some("Bearer REVOKED"), then, Some(AuthProblem::Invalid));
    check(Some("Bearer OLD_TOKE"), then, Some(AuthProblem::Invalid));
    // Without tokens nobody gets in, whatever the path.
    for path in [LEGACY, INTERACTIONS, EXPORT, "/public/api/nothing"] {
        let (_, response) = refused(ask(&*api(json!({})), request(path, PERIOD)));
        assert_eq!(response.status(), 401, "{path}");
    }
    let (_, response) = refused(ask(&*frontend, fixture(60).request()));
    assert_eq!(json(&response), fixture(60).answer);
    let query = consult(ask(&*frontend, with(Some("Bearer LIMITED")))).query;
    assert_eq!(
        query.frontends.as_deref(),
        Some(&["shop".to_owned(), "help".to_owned()][..])
    );
    let query = consult(ask(&*frontend, with(Some("Bearer OLD_TOKEN")))).query;
    assert_eq!(query.frontends, None);
}

fn rate(response: &Response<Bytes>) -> [Option<u64>; 4] {
    [
        "x-ratelimit-limit",
        "x-ratelimit-remaining",
        "retry-after",
        "x-ratelimit-reset",
    ]
    .map(|name| {
        let value = response.headers().get(name)?;
        Some(value.to_str().unwrap().parse().unwrap())
    })
}

#[test]
fn a_token_has_a_budget_of_requests_a_minute() {
    let frontend = api(json!({"tokens": ["API_TOKEN", "OTHER"], "rate": 2}));
    let with = |token: &str| {
        let mut request = request(INTERACTIONS, PERIOD);
        let value = format!("Bearer {token}").parse().unwrap();
        request.headers_mut().insert("authorization", value);
        request
    };
    let allowed = |token: &str, now: &str| {
        let consult = consult(ask_at(&*frontend, with(token), now));
        rate(&(consult.finish)(Ok(page(Vec::new())), &at(now)))
    };
    let too_many = |now: &str| {
        let (fault, response) = refused(ask_at(&*frontend, with("API_TOKEN"), now));
        assert!(matches!(fault, Fault::RateLimited { .. }));
        assert_eq!(response.status(), 429);
        assert_eq!(json(&response), json!({"message": "Too Many Attempts."}));
        rate(&response)
    };
    assert_eq!(
        allowed("API_TOKEN", "2026-01-01T00:00:30Z"),
        [Some(2), Some(1), None, None]
    );
    assert_eq!(
        allowed("API_TOKEN", "2026-01-01T00:01:00Z"),
        [Some(2), Some(0), None, None]
    );
    let end = u64::try_from(moment("2026-01-01T00:01:30Z").as_millis() / 1000).unwrap();
    assert_eq!(
        too_many("2026-01-01T00:01:00Z"),
        [Some(2), Some(0), Some(30), Some(end)]
    );
    // Asking on and on makes the wait no longer, and the last part of a second counts as one.
    assert_eq!(too_many("2026-01-01T00:01:29.500Z")[2], Some(1));
    assert_eq!(
        allowed("OTHER", "2026-01-01T00:01:29Z")[1],
        Some(1),
        "a budget of its own"
    );
    assert_eq!(
        allowed("API_TOKEN", "2026-01-01T00:01:30Z"),
        [Some(2), Some(1), None, None]
    );
    // A clock that is set back locks nobody out.
    assert_eq!(
        allowed("API_TOKEN", "2025-06-01T00:00:00Z"),
        [Some(2), Some(1), None, None]
    );
}

#[test]
fn every_answer_to_a_known_token_counts_and_tells_what_is_left() {
    let frontend = api(json!({"tokens": ["API_TOKEN"], "rate": 10}));
    for (place, (path, query)) in [
        (INTERACTIONS, ""),
        (EXPORT, "exportType=csv"),
        ("/public/api/nothing", ""),
        ("/api/nothing", ""),
    ]
    .into_iter()
    .enumerate()
    {
        let (_, response) = refused(ask(&*frontend, request(path, query)));
        assert_eq!(
            rate(&response)[..2],
            [Some(10), Some(9 - place as u64)],
            "{path}"
        );
    }
    let mut post = request(EXPORT, "exportType=json");
    *post.method_mut() = Method::POST;
    let (fault, response) = refused(ask(&*frontend, post));
    assert_eq!(fault, Fault::MethodNotAllowed);
    assert_eq!(rate(&response)[..2], [Some(10), Some(5)]);
    let mut head = request(EXPORT, "exportType=json");
    *head.method_mut() = Method::HEAD;
    consult(ask(&*frontend, head));
}

#[test]
fn exports_have_a_budget_of_their_own_within_the_other() {
    let frontend = api(json!({"tokens": ["API_TOKEN"], "rate": 3, "export_rate": 1}));
    let export = || ask(&*frontend, request(EXPORT, "exportType=json"));
    let first = consult(export());
    let response = (first.finish)(Err(Fault::StoreUnavailable), &cx());
    assert_eq!(rate(&response), [Some(1), Some(0), None, None]);
    for _ in 0..3 {
        let fixture = fixture(59);
        let (_, response) = refused(ask(&*frontend, fixture.request()));
        assert_eq!(response.status(), fixture.status);
        assert_eq!(json(&response), fixture.answer);
        assert_eq!(rate(&response)[2], Some(60));
    }
    // Refused exports have used up nothing.
    for _ in 0..2 {
        consult(ask(&*frontend, request(INTERACTIONS, PERIOD)));
    }
    let (_, response) = refused(export());
    assert_eq!(json(&response), json!({"message": "Too Many Attempts."}));
}

#[test]
fn no_limit_is_no_header() {
    let frontend = api(json!({"tokens": ["API_TOKEN"], "rate": 0, "export_rate": 0}));
    for _ in 0..100 {
        let consult = consult(ask(&*frontend, request(EXPORT, "exportType=json")));
        let response = (consult.finish)(Ok(page(Vec::new())), &cx());
        assert_eq!(rate(&response), [None; 4]);
    }
}
