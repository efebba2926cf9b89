//! What the client side makes of an engine's answers, refusals and histories:
//! `docs/protocols/opendialog.md#25-success-responses`.

use bytes::Bytes;
use http::{Method, Response, header};
use serde_json::{Value, json};
use switchboard_core::dialect::{LegInput, LegOutput};
use switchboard_core::model::{BotEvent, Content, ContentKind, TurnOutcome, UserInput};

use crate::client_types::{engine, known, text};
use crate::support::{at, cx, fixture, messages, ok, only_request, user_event};

fn outcome(output: &LegOutput) -> Option<TurnOutcome> {
    match &output.events.last()?.event {
        BotEvent::TurnEnded(outcome) => Some(*outcome),
        _ => None,
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
    // A number in the place of words is read as words.
    let Content::Other { text, .. } = said(json!({"type": "text", "data": {"text": 5}})) else {
        panic!("understood");
    };
    assert_eq!(&*text.unwrap().body, "5");
    assert!(matches!(
        said(json!({"type": "hologram", "data": {"beam": 1}})),
        Content::Other { text: None, .. }
    ));
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
