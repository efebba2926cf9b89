//! What the client side sends for everything that a user may do, and what it takes for an answer:
//! `docs/protocols/opendialog.md#22-inbound-content-types` and
//! `docs/protocols/opendialog.md#25-success-responses`.

use bytes::Bytes;
use http::{Method, Request, Response, header};
use serde_json::{Value, json};
use switchboard_core::dialect::{LegInput, LegOutput};
use switchboard_core::model::{
    BotEvent, ChoiceMade, Content, ContentKind, FormSubmission, Profile, TurnOutcome, UploadedFile,
    UserEvent, UserInput,
};

use crate::support::{Driven, at, body, cx, fixture, messages, ok, only_request, user_event};

fn engine(generation: u8) -> Driven {
    Driven::new(
        json!({"url": "https://bot.example.com", "app_key": "APP_KEY",
        "scenario": "0x420", "generation": generation}),
    )
}

fn known() -> Profile {
    Profile {
        user_id: Some("ada@example.com".to_owned()),
        ..Profile::default()
    }
}

fn text(words: &str) -> UserEvent {
    user_event(UserInput::text(words))
}

fn outcome(output: &LegOutput) -> Option<TurnOutcome> {
    match &output.events.last()?.event {
        BotEvent::TurnEnded(outcome) => Some(*outcome),
        _ => None,
    }
}

/// What is sent for an input after the engine said something.
fn sent_after(answer: &Value, input: UserInput) -> Value {
    let mut leg = engine(1);
    let (call, _) = leg.tell(&text("x"), &known());
    leg.answer(call, ok(answer), &cx());
    let (_, request) = leg.tell(&user_event(input), &known());
    body(&request)["content"].clone()
}

#[test]
fn each_generation_has_its_paths_and_headers() {
    for (generation, chat, history) in [
        (1, "/incoming/webchat", "/user/ada%40example.com/history"),
        (2, "/incoming/chatApi", "/user/ada%40example.com/history"),
        (3, "/chat-api/message", "/chat-api/history"),
    ] {
        let mut leg = engine(generation);
        let (call, request) = leg.tell(&text("hi"), &known());
        assert_eq!(
            (request.method(), request.uri().path()),
            (&Method::POST, chat)
        );
        assert_eq!(request.headers()[header::CONTENT_TYPE], "application/json");
        let check = |request: &Request<Bytes>| {
            let headers = request.headers();
            assert_eq!(headers[header::ACCEPT], "application/json");
            assert_eq!(headers[header::AUTHORIZATION], "Bearer APP_KEY");
            assert!(headers[header::AUTHORIZATION].is_sensitive());
            let third = generation == 3;
            assert_eq!(headers.contains_key("opendialog-user-id"), third);
            assert_eq!(headers.contains_key("opendialog-scenario-id"), third);
        };
        check(&request);
        let sent = body(&request);
        assert_eq!(
            (&sent["user_id"], &sent["notification"]),
            (&json!("ada@example.com"), &json!("message"))
        );
        assert_eq!(
            sent["content"]["user"]["custom"]["selected_scenario"],
            "0x420"
        );
        leg.answer(call, ok(&json!([false])), &cx());
        let later = at("2021-07-20T09:15:06Z");
        let (_, look) = only_request(leg.input(LegInput::Timer, &later));
        assert_eq!((look.method(), look.uri().path()), (&Method::GET, history));
        check(&look);
    }
}

fn refusal(status: u16, cookie: Option<&str>) -> Response<Bytes> {
    let mut response = Response::builder().status(status);
    if let Some(cookie) = cookie {
        response = response.header(header::SET_COOKIE, cookie);
    }
    let page = Bytes::from_static(b"<html>Page Expired</html>");
    response.body(page).unwrap()
}

#[test]
fn a_stale_token_is_renewed_and_the_request_repeated_once() {
    let mut leg = engine(3);
    let event = text("hi");
    let (call, first) = leg.tell(&event, &known());
    assert!(!first.headers().contains_key("x-xsrf-token"));
    let (call, asked) = only_request(leg.answer(call, refusal(419, None), &cx()));
    assert_eq!(
        (asked.method(), asked.uri().path()),
        (&Method::GET, "/chat-api/configuration")
    );
    assert_eq!(asked.headers()["opendialog-user-id"], "ada@example.com");
    let mut configuration = ok(&json!({}));
    for cookie in [
        "XSRF-TOKEN=a%3D; Path=/",
        "opendialog_anonymous_authentication_token=JWT",
    ] {
        configuration
            .headers_mut()
            .append(header::SET_COOKIE, cookie.parse().unwrap());
    }
    let (call, again) = only_request(leg.answer(call, configuration, &cx()));
    assert_eq!(again.body(), first.body());
    assert_eq!(again.uri(), first.uri());
    assert_eq!(again.headers()["x-xsrf-token"], "a=");
    assert_eq!(
        again.headers()[header::COOKIE],
        "XSRF-TOKEN=a%3D; opendialog_anonymous_authentication_token=JWT"
    );
    let output = leg.answer(call, fixture(8).response(), &cx());
    assert_eq!(outcome(&output), Some(TurnOutcome::Done));
    assert_eq!(output.events.last().unwrap().turn, Some(event.id));
    assert_eq!(messages(output).len(), 1);
    // The next one has it from the start, and an engine that goes on refusing is believed.
    let (call, next) = leg.tell(&text("more"), &known());
    assert_eq!(next.headers()["x-xsrf-token"], "a=");
    let (call, _) = only_request(leg.answer(call, refusal(419, Some("XSRF-TOKEN=b")), &cx()));
    let (call, again) = only_request(leg.answer(call, ok(&json!({})), &cx()));
    assert_eq!(again.headers()["x-xsrf-token"], "b");
    let output = leg.answer(call, refusal(419, None), &cx());
    assert!(output.effects.is_empty());
    assert_eq!(outcome(&output), Some(TurnOutcome::Unavailable));
}

#[test]
fn every_refusal_of_an_engine_ends_the_turn() {
    for generation in [1, 3] {
        for (status, expected) in [
            (302, TurnOutcome::Unavailable),
            (401, TurnOutcome::Unavailable),
            (403, TurnOutcome::Unavailable),
            (404, TurnOutcome::Unavailable),
            (422, TurnOutcome::Refused),
            (429, TurnOutcome::Unavailable),
            (500, TurnOutcome::Unavailable),
            (503, TurnOutcome::Unreachable),
        ] {
            let mut leg = engine(generation);
            let (call, _) = leg.tell(&text("x"), &known());
            let output = leg.answer(call, refusal(status, None), &cx());
            assert_eq!(outcome(&output), Some(expected), "{status}");
            // The conversation goes on.
            let (call, _) = leg.tell(&text("y"), &known());
            let output = leg.answer(call, fixture(8).response(), &cx());
            assert_eq!(outcome(&output), Some(TurnOutcome::Done), "{status}");
        }
    }
}

#[test]
fn answers_of_odd_shapes_are_taken_for_what_they_can_be() {
    let texts = |answer: &str| {
        let mut leg = engine(1);
        let (call, _) = leg.tell(&text("x"), &known());
        let response = Response::new(Bytes::from(answer.to_owned()));
        let output = leg.answer(call, response, &cx());
        assert_eq!(outcome(&output), Some(TurnOutcome::Done), "{answer}");
        let said = messages(output);
        let kinds = said.iter().map(|message| message.content.kind());
        kinds.collect::<Vec<_>>()
    };
    for nothing in [
        "",
        "null",
        "[]",
        "[false]",
        "{}",
        "false",
        "\"\"",
        "[null, {}, []]",
    ] {
        assert_eq!(texts(nothing), [], "{nothing}");
    }
    let hello = r#"{"type":"text","data":{"text":"Hello"}}"#;
    assert_eq!(texts(hello), [ContentKind::Text]);
    assert_eq!(
        texts(&format!("[{hello},false,{hello}]")),
        [ContentKind::Text; 2]
    );
    for odd in [
        r#"{"author":5,"type":"text","intent":["a"],"data":{"text":"Hello"}}"#,
        r#"{"type":"text","data":{"text":null,"disable_text":"no"}}"#,
        r#"{"type":"text","data":null}"#,
        r#"{"type":"button","data":{"text":7,"buttons":{}}}"#,
    ] {
        assert_eq!(texts(odd).len(), 1, "{odd}");
    }
    // What has no type is no message, and spoils none of the others.
    for odd in [r#"{"type":null}"#, r#"{"type":["text"],"data":{}}"#] {
        assert_eq!(
            texts(&format!("[{odd},{hello}]")),
            [ContentKind::Text],
            "{odd}"
        );
    }
    let hologram = r#"{"type":"hologram","data":{"text":"Look"}}"#;
    assert_eq!(texts(hologram), [ContentKind::Other]);
}

#[test]
fn an_unknown_type_is_read_by_its_text() {
    let said = |answer: Value| {
        let mut leg = engine(1);
        let (call, _) = leg.tell(&text("x"), &known());
        messages(leg.answer(call, ok(&answer), &cx()))
            .remove(0)
            .content
    };
    let Content::Other { name, text } = said(json!({"type": "hologram", "data": {"text": "Look"}}))
    else {
        panic!("understood");
    };
    assert_eq!((name.as_str(), &*text.unwrap().body), ("hologram", "Look"));
    assert!(matches!(
        said(json!({"type": "hologram", "data": {"beam": 1}})),
        Content::Other { text: None, .. }
    ));
}

#[test]
fn restarting_and_ending_are_told_as_the_vendors_client_tells_them() {
    let open = |welcome: &str| UserInput::Open {
        welcome: Some(welcome.to_owned()),
        query: None,
    };
    let restart = sent_after(&json!([false]), open("intent.core.restart"));
    assert_eq!(
        (&restart["type"], &restart["callback_id"]),
        (&json!("chat_open"), &json!("intent.core.restart"))
    );
    let end = sent_after(&json!([false]), UserInput::End);
    assert_eq!(
        (&end["type"], &end["callback_id"]),
        (&json!("button_response"), &json!("intent.core.EndChat"))
    );
    assert_eq!(
        (
            &end["data"]["text"],
            &end["data"]["value"],
            &end["escalating"]
        ),
        (&json!("End chat"), &json!(""), &json!(true))
    );
    let click = UserInput::LinkClick {
        url: "tel:+441234".to_owned(),
        label: None,
    };
    let click = sent_after(&json!([false]), click);
    assert_eq!(
        (&click["type"], &click["data"]["url"]),
        (&json!("url_click"), &json!("tel:+441234"))
    );
}

#[test]
fn an_opening_may_be_a_trigger() {
    let open = || {
        user_event(UserInput::Open {
            welcome: None,
            query: None,
        })
    };
    for (options, kind) in [
        (
            json!({"url": "https://e", "open_with": "trigger", "welcome": "intent.app.Hi"}),
            "trigger",
        ),
        (
            json!({"url": "https://e", "open_with": "chat_open", "welcome": "intent.app.Hi"}),
            "chat_open",
        ),
        (
            json!({"url": "https://e", "welcome": "intent.app.Hi"}),
            "chat_open",
        ),
    ] {
        let (_, request) = Driven::new(options).tell(&open(), &Profile::default());
        let content = &body(&request)["content"];
        assert_eq!(
            (&content["type"], &content["callback_id"]),
            (&json!(kind), &json!("intent.app.Hi"))
        );
        assert!(content["data"].is_object());
        assert!(!content["user"].as_object().unwrap().is_empty());
    }
}

#[test]
fn answers_to_a_form_keep_every_key() {
    let form = json!({"type": "form", "data": {"callback_id": "f", "elements": [
        {"name": "name", "display": "Name", "element_type": "text"},
        {"name": "topics", "display": "Topics", "element_type": "checkbox", "options": {"a": "Ants", "b": "Bees"}},
        {"name": "city", "display": "", "element_type": "auto-select", "options": [{"key": 5, "value": "Rome"}]},
        {"name": "left", "display": "Left", "element_type": "text"},
    ]}});
    let submission = |summary: Option<&str>| {
        UserInput::Form(FormSubmission {
            id: "f".to_owned(),
            values: vec![
                ("name".to_owned(), "Ada".to_owned()),
                ("topics".to_owned(), "a,b".to_owned()),
                ("city".to_owned(), "5".to_owned()),
                ("more".to_owned(), "x".to_owned()),
            ],
            summary: summary.map(str::to_owned),
            ..FormSubmission::default()
        })
    };
    let sent = sent_after(&form, submission(None));
    assert_eq!(
        (&sent["type"], &sent["callback_id"]),
        (&json!("form_response"), &json!("f"))
    );
    let data = &sent["data"];
    for (key, answer) in [
        ("name", "Ada"),
        ("topics", "a,b"),
        ("city", "5"),
        ("left", ""),
        ("more", "x"),
    ] {
        assert_eq!(data[key], answer, "{key}");
    }
    assert_eq!(
        data["text"],
        "Name: Ada\nTopics: Ants, Bees\nRome\nLeft: \nmore: x"
    );
    assert_eq!(
        sent_after(&form, submission(Some("Sent")))["data"]["text"],
        "Sent"
    );
}

#[test]
fn places_and_files_are_sent_as_their_attributes() {
    let place = sent_after(&fixture(50).answer, UserInput::text("10 Downing St."));
    assert_eq!(place["type"], "form_response");
    assert_eq!(place["callback_id"], "intent.app.Location");
    assert_eq!(
        place["data"]["location"],
        json!({"formatted_address": "10 Downing St."})
    );
    assert_eq!(place["data"]["text"], "10 Downing St.");
    let file = UploadedFile {
        name: "car.jpg".to_owned(),
        url: Some("https://files.example/1".to_owned()),
        size_bytes: Some(12),
        media_type: Some("image/jpeg".to_owned()),
        callback: Some("intent.app.Uploaded".to_owned()),
        ..UploadedFile::default()
    };
    let upload = sent_after(&fixture(51).answer, UserInput::File(file.clone()));
    assert_eq!(
        (&upload["type"], &upload["callback_id"]),
        (&json!("form_response"), &json!("intent.app.Uploaded"))
    );
    assert_eq!(
        upload["data"]["file_upload"],
        json!([{"name": "car.jpg", "size": 12, "type": "image/jpeg", "url": "https://files.example/1"}])
    );
    // A file that nobody asked for is told of in words.
    let unasked = UploadedFile {
        callback: None,
        ..file
    };
    let told = sent_after(&json!([false]), UserInput::File(unasked));
    assert_eq!(
        (&told["type"], &told["data"]["text"]),
        (&json!("text"), &json!("car.jpg https://files.example/1"))
    );
}

#[test]
fn a_signature_is_given_by_its_button_only() {
    let esign = json!({"type": "esign", "data": {"text": "Sign", "callback_id": "intent.app.Signed",
        "attribute_name": "signature_file", "signature": true}});
    let typed = sent_after(&esign, UserInput::text("Ada Lovelace"));
    assert_eq!(
        (&typed["type"], &typed["data"]["text"]),
        (&json!("text"), &json!("Ada Lovelace"))
    );
    let signed = UserInput::Choice(ChoiceMade {
        id: Some("intent.app.Signed".to_owned()),
        value: Some("signature_file.done".to_owned()),
        label: Some("Signed".to_owned()),
        ..ChoiceMade::default()
    });
    let signed = sent_after(&esign, signed);
    assert_eq!(
        (&signed["type"], &signed["callback_id"]),
        (&json!("button_response"), &json!("intent.app.Signed"))
    );
    assert_eq!(signed["data"]["value"], "signature_file.done");
}

#[test]
fn an_expired_session_is_told_of_like_any_message() {
    let mut leg = engine(1);
    let (call, _) = leg.tell(&text("x"), &known());
    leg.answer(call, fixture(8).response(), &cx());
    let later = at("2021-07-20T09:15:06Z");
    let (call, _) = only_request(leg.input(LegInput::Timer, &later));
    let row = |author: &str, words: &str, intent: &str| {
        json!({"author": author, "type": "text", "intents": [intent],
               "data": {"text": words, "date": "d", "time": "t"}})
    };
    let hello = fixture(8).answer["data"]["text"].clone();
    let rows = json!([
        row("them", "Are you still there?", "intent.core.sessionExpired"),
        row("them", hello.as_str().unwrap(), "intent.app.Greeting"),
        row("ada@example.com", "x", ""),
    ]);
    let said = messages(leg.answer(call, ok(&rows), &later));
    assert_eq!(said.len(), 1);
    let envelope = said[0].extras.of(&switchboard_opendialog::NAME).unwrap()["envelope"].clone();
    assert_eq!(envelope["set"]["intent"], "intent.core.sessionExpired");
}

#[test]
fn while_a_human_is_there_the_history_is_looked_at_again_and_again() {
    let mut leg = engine(1);
    let (call, _) = leg.tell(&text("x"), &known());
    leg.answer(call, fixture(32).response(), &cx());
    let rows = |rows: Value| ok(&rows);
    let handover =
        json!({"author": "them", "type": "hand-to-system", "data": fixture(32).answer["data"]});
    let user = json!({"author": "ada@example.com", "type": "text", "data": {"text": "x"}});
    let mut now = "2021-07-20T09:15:59Z";
    for later in [
        "2021-07-20T09:16:10Z",
        "2021-07-20T09:16:20Z",
        "2021-07-20T09:16:30Z",
    ] {
        let (call, _) = only_request(leg.input(LegInput::Timer, &at(now)));
        leg.answer(
            call,
            rows(json!([handover.clone(), user.clone()])),
            &at(now),
        );
        assert!(
            leg.leg.wake_at().is_some(),
            "the human may answer at any time"
        );
        now = later;
    }
    // The user leaves: the look after the turn's own schedule is the last.
    let event = user_event(UserInput::LeaveHandover);
    leg.input(
        LegInput::Event {
            event: &event,
            profile: &known(),
        },
        &at(now),
    );
    let (call, _) = only_request(leg.input(LegInput::Timer, &at(now)));
    leg.answer(call, rows(json!([handover, user])), &at(now));
    assert_eq!(leg.leg.wake_at(), None);
}

#[test]
fn a_refused_look_at_the_history_is_given_up_unless_it_only_came_too_soon() {
    for (status, goes_on) in [(429, true), (500, true), (403, false), (404, false)] {
        let mut leg = engine(3);
        let (call, _) = leg.tell(&text("x"), &known());
        leg.answer(call, fixture(8).response(), &cx());
        let (call, _) = only_request(leg.input(LegInput::Timer, &at("2021-07-20T09:15:05Z")));
        leg.answer(call, refusal(status, None), &at("2021-07-20T09:15:05Z"));
        assert_eq!(leg.leg.wake_at().is_some(), goes_on, "{status}");
    }
}
