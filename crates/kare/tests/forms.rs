//! Bodies of the REST endpoints in every form that the other side may give them:
//! `docs/protocols/kare.md#2-rest-endpoints-apis-v21`.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may fail"
)]

mod support;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};
use support::{CONVERSATION, now};
use switchboard_core::Fault;
use switchboard_core::fault::AuthProblem;
use switchboard_kare::error::{decode_frame_fault, encode_fault};
use switchboard_kare::wire::application::Application;
use switchboard_kare::wire::config::Config;
use switchboard_kare::wire::conversation::{StartRequest, Started};
use switchboard_kare::wire::error_body::ErrorBody;
use switchboard_kare::wire::post::{Flat, Full, Post};
use switchboard_kare::wire::spelling::Spelling;
use switchboard_kare::wire::token::{DEFAULT_LIFETIME, Token, TokenResponse};
use switchboard_kare::wire::{Body, Envelope, encode};

const ID: &str = "0c6c9c6e-1e0b-4c1b-8a6e-2f3f0c1f7a10";

fn map(value: Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}

fn token(body: &[u8]) -> Option<(String, u64)> {
    let token = Token::decode(DEFAULT_LIFETIME, body, now())?;
    Some((token.value, token.lifetime.as_secs()))
}

#[test]
fn a_token_is_read_in_every_form() {
    let expected = Some(("T".to_owned(), 300));
    for body in [
        json!({"access_token": "T"}),
        json!({"token": "T"}),
        json!({"jwt": "T"}),
        json!({"data": {"access_token": "T"}}),
        json!({"data": {"jwt": "T"}}),
        json!({"access_token": null, "token": "T"}),
        json!("T"),
    ] {
        assert_eq!(token(&encode(&body)), expected, "{body}");
    }
    assert_eq!(token(b" T\n"), expected, "as text");
    for nothing in [
        "",
        "{}",
        "[]",
        "<html> oops </html>",
        "{\"access_token\":\"\"}",
    ] {
        assert_eq!(token(nothing.as_bytes()), None, "{nothing}");
    }
}

#[test]
fn a_tokens_lifetime_is_read_in_every_form() {
    let moment = now().after(std::time::Duration::from_secs(60));
    let claims = URL_SAFE_NO_PAD.encode(json!({"exp": moment.as_millis() / 1000}).to_string());
    let jwt = format!("head.{claims}.tail");
    for (body, seconds) in [
        (json!({"token": "T", "expires_in": 60}), 60),
        (json!({"token": "T", "expires_in": "60"}), 60),
        (json!({"token": "T", "expires_at": moment.to_rfc3339()}), 60),
        (json!({"token": "T", "expires": moment.to_rfc3339()}), 60),
        (
            json!({"token": "T", "expires": moment.as_millis() / 1000}),
            60,
        ),
        (json!({"token": "T", "expires_at": moment.as_millis()}), 60),
        (json!({"token": jwt}), 60),
        (json!({"token": jwt, "expires_in": 7}), 7),
        (json!(jwt), 60),
        (json!({"token": "T"}), 300),
    ] {
        assert_eq!(token(&encode(&body)).unwrap().1, seconds, "{body}");
    }
    // Ours has it under both keys.
    let ours = TokenResponse::new("T".to_owned(), std::time::Duration::from_secs(900));
    assert_eq!(
        serde_json::to_value(&ours).unwrap(),
        json!({"access_token": "T", "token": "T", "token_type": "Bearer", "expires_in": 900})
    );
}

#[test]
fn a_started_conversation_is_read_in_every_form() {
    for body in [
        json!({"id": CONVERSATION, "conversation_id": CONVERSATION}),
        json!({"conversation_id": CONVERSATION.to_uppercase()}),
        json!({"conversationId": CONVERSATION}),
        json!({"id": CONVERSATION}),
        json!({"conversation": {"id": CONVERSATION}}),
        json!({"conversation": {"conversation_id": CONVERSATION}}),
        json!({"data": {"conversationId": CONVERSATION}}),
        json!(CONVERSATION),
    ] {
        let started = Started::decode(&Spelling::default(), &encode(&body)).unwrap();
        assert_eq!(started.conversation_id, CONVERSATION, "{body}");
        assert_eq!(started.messages, [], "{body}");
    }
    let greeting = json!({"id": "opaque", "messages": [{"uri": "out/text", "body": "Hello"}]});
    let started = Started::decode(&Spelling::default(), &encode(&greeting)).unwrap();
    assert_eq!(started.conversation_id, "opaque");
    assert!(matches!(&started.messages[0], Ok(it) if matches!(it.body, Body::Text(_))));
    for nothing in [json!({}), json!(7), json!(""), json!({"data": {}})] {
        assert_eq!(
            Started::decode(&Spelling::default(), &encode(&nothing)),
            None,
            "{nothing}"
        );
    }
}

#[test]
fn a_start_and_a_hello_are_read_under_every_name() {
    for body in [
        json!({"user_id": "u", "host_locale": "en-SG", "selected_locale": "de", "user_profile_tags": ["a", "b"]}),
        json!({"userId": "u", "hostLocale": "en-SG", "selectedLocale": "de", "userProfileTags": "a, b"}),
        json!({"user_id": "u", "host_locale": "en-SG", "selected_locale": "de", "tags": ["a", "", "b"]}),
    ] {
        let about = StartRequest::from_map(map(body.clone())).about;
        assert_eq!(about.user_id.as_deref(), Some("u"), "{body}");
        assert_eq!(about.host_locale.as_deref(), Some("en-SG"), "{body}");
        assert_eq!(about.selected_locale.as_deref(), Some("de"), "{body}");
        assert_eq!(about.user_profile_tags, ["a", "b"], "{body}");
    }
    for name in [
        "welcome_message_id",
        "welcomeMessageId",
        "welcome_id",
        "welcomeId",
    ] {
        let hi = map(
            json!({"uri": "in/hi", "body": {name: "node_1", "query": "orders", "user_id": "u"}}),
        );
        let Body::Hello(hello) = Envelope::from_map(hi).unwrap().body else {
            panic!("no hello");
        };
        assert_eq!(
            hello.welcome_message_id.as_deref(),
            Some("node_1"),
            "{name}"
        );
        assert_eq!(hello.query.as_deref(), Some("orders"));
        assert_eq!(hello.about.user_id.as_deref(), Some("u"));
    }
}

#[test]
fn settings_are_read_in_both_spellings_and_unknown_ones_kept() {
    let snake = json!({"app_id": "a", "show_launcher": true, "is_fullscreen": false,
        "show_popover_after": 3, "query": "?", "welcome_message_id": "node_1", "host_locale": "en",
        "default_locale": "en", "locales": ["en"],
        "escalation": {"enabled": true, "type": "url", "titlebar": true, "target": "https://x"},
        "theme": {"colour": "#fff"}, "x": 1});
    let camel = json!({"appId": "a", "showLauncher": true, "isFullscreen": false,
        "showPopoverAfter": 3, "query": "?", "welcomeMessageId": "node_1", "hostLocale": "en",
        "defaultLocale": "en", "locales": ["en"],
        "escalation": {"enabled": true, "type": "url", "titlebar": true, "target": "https://x"},
        "theme": {"colour": "#fff"}, "x": 1});
    let read = |value: Value| serde_json::from_value::<Config>(value).unwrap();
    assert_eq!(read(snake.clone()), read(camel));
    let config = read(snake);
    assert_eq!(config.extra["x"], 1);
    assert_eq!(
        config.escalation.unwrap().target.as_deref(),
        Some("https://x")
    );
    assert_eq!(read(json!({})), Config::default(), "every key is optional");
}

#[test]
fn a_created_application_is_read_in_every_form() {
    for body in [
        json!({"id": "a", "app_id": "a"}),
        json!({"appId": "a"}),
        json!({"id": "a"}),
        json!({"application": {"app_id": "a"}}),
    ] {
        let application = Application::from_map(map(body.clone())).unwrap();
        assert_eq!(
            (&*application.app_id, application.enabled),
            ("a", true),
            "{body}"
        );
    }
    assert_eq!(Application::from_map(map(json!({"name": "x"}))), None);
}

#[test]
fn an_errors_words_are_read_in_every_form() {
    for body in [
        json!({"error": "unknown_app", "message": "No."}),
        json!({"error": "unknown_app", "error_description": "No."}),
    ] {
        let error = ErrorBody::decode(&encode(&body));
        assert_eq!(error.error.as_deref(), Some("unknown_app"));
        assert_eq!(error.message.as_deref(), Some("No."));
    }
    for nothing in ["", "<html>", "[]", "\"no\""] {
        assert_eq!(ErrorBody::decode(nothing.as_bytes()), ErrorBody::default());
    }
}

#[test]
fn every_error_has_its_status_and_comes_back_as_what_it_was() {
    let auth = Fault::Unauthorised;
    for (fault, status, code) in [
        (Fault::bad_input("?"), 400, "invalid_message"),
        (auth(AuthProblem::Missing), 401, "missing_credentials"),
        (auth(AuthProblem::Invalid), 401, "invalid_token"),
        (auth(AuthProblem::Expired), 401, "token_expired"),
        (auth(AuthProblem::UnknownApp), 401, "unknown_app"),
        (Fault::Forbidden, 403, "forbidden"),
        (Fault::Disabled, 403, "app_disabled"),
        (Fault::UnknownConversation, 404, "unknown_conversation"),
        (Fault::NotFound, 404, "not_found"),
        (Fault::MethodNotAllowed, 405, "method_not_allowed"),
        (Fault::ConversationEnded, 409, "conversation_closed"),
        (Fault::TooLarge { limit: 4000 }, 413, "too_large"),
        (Fault::UnsupportedMedia, 415, "unsupported_media_type"),
        (
            Fault::RateLimited { retry_after: None },
            429,
            "rate_limited",
        ),
        (Fault::BackendUnavailable, 502, "engine_unavailable"),
        (Fault::TimedOut, 504, "engine_timeout"),
    ] {
        let (given, body) = encode_fault(&fault.clone().into());
        assert_eq!(given.as_u16(), status, "{fault:?}");
        assert_eq!(body.error.as_deref(), Some(code), "{fault:?}");
        assert_eq!(body.status, Some(status.into()), "{fault:?}");
        assert!(body.message.as_ref().is_some_and(|it| !it.is_empty()));
        // In a frame the code alone tells.
        let back = decode_frame_fault(&body);
        let of_frame = match fault {
            Fault::NotFound => Fault::UnknownConversation,
            Fault::MethodNotAllowed | Fault::UnsupportedMedia => Fault::BackendUnavailable,
            Fault::BadInput { field, .. } => Fault::BadInput {
                field,
                message: body.message.unwrap(),
            },
            other => other,
        };
        assert_eq!(back, of_frame, "{code}");
    }
}

#[test]
fn a_posted_click_is_read_in_every_form() {
    let expected =
        json!({"aspect": "resolution/answer/choice", "choice_id": "track", "text": "Track"});
    let (aspect, choice) = ("resolution/answer/choice", "track");
    for body in [
        json!({"uri": "in/click", "parent_id": ID, "body": {"target": expected}}),
        json!({"parent_id": ID, "target": expected}),
        json!({"parent_id": ID, "aspect": aspect, "choice_id": choice, "text": "Track"}),
        json!({"parentId": ID, "aspect": aspect, "choiceId": choice, "text": "Track"}),
        json!({"parent": {"id": ID}, "aspect": aspect, "choice": choice, "text": "Track"}),
        json!({"parent": ID, "aspect": aspect, "value": choice, "label": "Track"}),
    ] {
        let mut posted = map(body.clone());
        posted.insert("conversation_id".to_owned(), CONVERSATION.into());
        let post = Post::click(posted).unwrap();
        assert_eq!(post.conversation_id.as_deref(), Some(CONVERSATION));
        let envelope = serde_json::to_value(&post.envelope).unwrap();
        assert_eq!(envelope["uri"], "in/click", "{body}");
        assert_eq!(envelope["parent_id"], ID, "{body}");
        assert_eq!(envelope["body"]["target"], expected, "{body}");
    }
    assert!(Post::click(map(json!({"uri": "in/query"}))).is_err());
    assert!(Post::query(map(json!({"uri": "in/hi", "text": "x"}))).is_err());
}

#[test]
fn inputs_are_posted_in_both_styles() {
    let click = map(
        json!({"id": ID, "parent_id": CONVERSATION, "uri": "in/click",
        "body": {"target": {"aspect": "open/link", "choice_id": "x"}}}),
    );
    let envelope = Envelope::from_map(click).unwrap();
    let conversation_id = CONVERSATION;
    let full = serde_json::to_value(Full {
        conversation_id,
        envelope: &envelope,
    })
    .unwrap();
    assert_eq!(
        full,
        json!({"conversation_id": CONVERSATION, "id": ID, "parent_id": CONVERSATION,
            "uri": "in/click", "header": {}, "body": {"target": {"aspect": "open/link", "choice_id": "x"}}})
    );
    let flat = serde_json::to_value(Flat {
        conversation_id,
        envelope: &envelope,
    })
    .unwrap();
    assert_eq!(
        flat,
        json!({"conversation_id": CONVERSATION, "id": ID, "parent_id": CONVERSATION,
            "target": {"aspect": "open/link", "choice_id": "x"}})
    );
}
