//! What an operator sets: `crates/kare/src/options`.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may fail"
)]

mod support;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use serde_json::{Value, json};
use support::{APP, CONVERSATION, Ids, build, cx, entries, frontend, id, now, outcome, published};
use switchboard_core::dialect::{
    CallId, Dialect, Effect, Frontend, Handled, Leg, LegInput, LegOutput,
};
use switchboard_core::model::{
    Content, ConversationId, FeedbackRequest, Handover, HandoverPhase, Message, Profile, RichText,
    UserEvent, UserInput,
};

fn server(mut options: Value) -> Arc<dyn Frontend> {
    options["apps"] = json!([{"app_id": APP, "name": "Help"}]);
    frontend(options)
}

fn handle(server: &dyn Frontend, method: &str, target: &str, body: &str) -> Handled {
    let request = Request::builder().method(method).uri(target);
    let request = request.body(Bytes::from(body.to_owned())).unwrap();
    let path = request.uri().path().to_owned();
    server.handle(request, &path, &cx(&Ids::default()))
}

fn replied(handled: Handled) -> Value {
    match handled {
        Handled::Reply(response) => serde_json::from_slice(response.body()).unwrap(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_setting_reaches_the_applications() {
    let settings = |config: Value| {
        let server = server(json!({ "config": config }));
        replied(handle(
            &*server,
            "GET",
            &format!("/apps/config?app_id={APP}"),
            "",
        ))
    };
    let config = json!({
        "show_launcher": false, "is_fullscreen": true, "show_popover_after": 7, "query": "orders",
        "welcome_message_id": "node_1", "host_locale": "en-SG", "locales": ["en", "fr"],
        "default_locale": "fr",
        "escalation": {"enabled": true, "titlebar": true, "type": "url", "target": "https://x.example"},
        "theme": {"colour": "#fff"},
    });
    let mut expected = config.clone();
    expected["app_id"] = APP.into();
    expected["name"] = "Help".into();
    assert_eq!(settings(config), expected);
    let least = settings(json!({}));
    assert_eq!(least["show_launcher"], true);
    assert_eq!(least["is_fullscreen"], false);
    assert_eq!(least["show_popover_after"], 3);
    assert_eq!(least["default_locale"], "en");
    assert_eq!(least["escalation"]["type"], "none");
}

#[test]
fn the_operators_words_are_on_the_buttons() {
    let server = server(json!({"feedback_labels": ["Oui", "Non"], "contact_label": "Appeler"}));
    let token = replied(handle(
        &*server,
        "GET",
        &format!("/apps/token?app_id={APP}"),
        "",
    ));
    let token = token["token"].as_str().unwrap();
    let query = format!("/dialog/query?token={token}&conversation_id={CONVERSATION}");
    let Handled::Call(call) = handle(&*server, "POST", &query, "{\"text\":\"hi\"}") else {
        panic!("no call");
    };
    let turn = Some(id("0c6c9c6e-1e0b-4c1b-8a6e-2f3f0c1f7a10"));
    let message = |n: u128, content| {
        let id = switchboard_core::model::MessageId(uuid::Uuid::from_u128(n));
        published(Message::bot(id, turn, now(), content))
    };
    let offer = Handover {
        phase: HandoverPhase::Offered,
        text: RichText::markdown("Talk"),
        ..Handover::default()
    };
    let request = FeedbackRequest {
        text: RichText::markdown("?"),
        reasons: Vec::new(),
    };
    let items = vec![
        message(0xB001, Content::FeedbackRequest(request)),
        message(0xB002, Content::Handover(offer)),
    ];
    let answer = (call.finish)(
        Ok(outcome(entries(turn, items), turn)),
        &cx(&Ids::default()),
    );
    let answer: Value = serde_json::from_slice(answer.body()).unwrap();
    let labels: Vec<&str> = answer
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|it| it["body"]["actions"].as_array().unwrap())
        .map(|it| it["text"].as_str().unwrap())
        .collect();
    assert_eq!(labels, ["Oui", "Non", "Appeler"]);
}

#[test]
fn the_operators_times_are_kept() {
    let seconds = |options: Value| {
        let server = server(options);
        let times = [server.idle_timeout(), server.turn_timeout()];
        times.map(|time| time.as_secs())
    };
    assert_eq!(seconds(json!({})), [1800, 30]);
    assert_eq!(
        seconds(json!({"idle_timeout": "1h", "turn_timeout": 5})),
        [3600, 5]
    );
}

/// The `n`th request of a client side with these options, and how long it may take: for a token, a
/// conversation, a question.
fn nth_request(options: Value, n: usize) -> (Request<Bytes>, Duration) {
    let mut all = json!({"url": "https://api.kare.example", "app_id": APP, "transport": "rest"});
    for (key, value) in options.as_object().unwrap() {
        all[key] = value.clone();
    }
    let backend = build(|build| switchboard_kare::dialect().backend(all, build).unwrap());
    let ids = Ids::default();
    let mut leg = backend.open(ConversationId(uuid::Uuid::from_u128(42)), &cx(&ids));
    let mut profile = Profile::default();
    profile.metadata.insert("page".to_owned(), "1".to_owned());
    let event = UserEvent::new(id(CONVERSATION), now(), UserInput::text("hi"));
    let mut input = LegInput::Event {
        event: &event,
        profile: &profile,
    };
    let mut answers = ["{\"token\":\"T\"}", "{\"conversation_id\":\"C\"}"].into_iter();
    for _ in 0..n {
        let (call, ..) = sent(&mut *leg, input, &ids);
        let response = http::Response::new(Bytes::from(answers.next().unwrap()));
        input = LegInput::Response {
            call,
            result: Ok(response),
        };
    }
    let (_, request, timeout) = sent(&mut *leg, input, &ids);
    (request, timeout)
}

fn sent(leg: &mut dyn Leg, input: LegInput<'_>, ids: &Ids) -> (CallId, Request<Bytes>, Duration) {
    let mut output = LegOutput::default();
    leg.handle(input, &cx(ids), &mut output);
    match output.effects.pop() {
        Some(Effect::Http {
            call,
            request,
            timeout,
        }) => (call, request, timeout),
        _ => panic!("no request"),
    }
}

#[test]
fn a_token_is_asked_for_and_metadata_named_as_configured() {
    let (request, _) = nth_request(json!({}), 0);
    assert_eq!(request.uri().query(), Some(&*format!("app_id={APP}")));
    let (request, _) = nth_request(json!({"token_app_id": "appId"}), 0);
    assert_eq!(request.uri().query(), Some(&*format!("appId={APP}")));
    let (request, _) = nth_request(json!({"token_app_id": "header"}), 0);
    assert_eq!(request.uri().query(), None);
    assert_eq!(request.headers()["app-id"], APP);
    let (request, _) = nth_request(json!({"metadata_prefix": "dialpad-meta-"}), 1);
    let body: Value = serde_json::from_slice(request.body()).unwrap();
    assert_eq!(body["metadata"], json!({"dialpad-meta-page": "1"}));
}

#[test]
fn requests_are_given_up_after_their_time() {
    assert_eq!(nth_request(json!({}), 0).1, Duration::from_secs(10));
    assert_eq!(
        nth_request(json!({"setup_timeout": "3s"}), 0).1,
        Duration::from_secs(3)
    );
}
