//! What a request tells of its user: `docs/protocols/kare.md#16-user-tracing`,
//! `docs/protocols/kare.md#17-metadata` and `docs/protocols/kare.md#18-locales`.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may fail"
)]

mod support;

use std::sync::Arc;

use bytes::Bytes;
use http::Request;
use serde_json::{Value, json};
use support::{APP, CONVERSATION, Ids, cx, frontend, view};
use switchboard_core::dialect::{Frontend, Handled, SessionAction, Upgrade};
use switchboard_core::model::Profile;

fn server() -> Arc<dyn Frontend> {
    frontend(json!({"apps": [{"app_id": APP}], "config": {"locales": ["it", "de"]}}))
}

fn handle(method: &str, target: &str, headers: &[(&str, &str)], body: &str) -> Handled {
    let mut request = Request::builder().method(method).uri(target);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(Bytes::from(body.to_owned())).unwrap();
    let path = request.uri().path().to_owned();
    server().handle(request, &path, &cx(&Ids::default()))
}

fn token() -> String {
    match handle("GET", &format!("/apps/token?appId={APP}"), &[], "") {
        Handled::Reply(response) => {
            let body: Value = serde_json::from_slice(response.body()).unwrap();
            body["token"].as_str().unwrap().to_owned()
        }
        other => panic!("{other:?}"),
    }
}

/// What a started conversation knows of its user.
fn started(query: &str, headers: &[(&str, &str)], body: &str) -> Profile {
    let target = format!("/dialog/conversation?token={}&{query}", token());
    match handle("POST", &target, headers, body) {
        Handled::Call(call) => call.profile,
        other => panic!("{other:?}"),
    }
}

fn upgrade(query: &str, headers: &[(&str, &str)]) -> Upgrade {
    match handle("GET", &format!("/ws?app_id={APP}&{query}"), headers, "") {
        Handled::Upgrade(upgrade) => upgrade,
        other => panic!("{other:?}"),
    }
}

fn connected(query: &str, headers: &[(&str, &str)]) -> Profile {
    upgrade(query, headers).attach.unwrap().profile
}

/// The locale that a hello is answered with.
fn locale(query: &str, headers: &[(&str, &str)], hello: Value) -> String {
    let upgrade = upgrade(query, headers);
    let mut session = upgrade.session;
    let mut view = view();
    view.profile = Arc::new(upgrade.attach.unwrap().profile);
    let ids = Ids::default();
    session.attached(&view, &cx(&ids));
    let hello = json!({"uri": "in/hi", "body": hello});
    match session.handle_text(&hello.to_string(), &cx(&ids)).first() {
        Some(SessionAction::Send(text)) => {
            let frame: Value = serde_json::from_str(text).unwrap();
            frame["body"]["locale"].as_str().unwrap().to_owned()
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_a_start_tells_in_its_body_beats_its_address_and_that_its_headers() {
    let query = "user_id=url&host_locale=fr&user_profile_tags=a,b&kare-meta-x=url&kare-meta-y=url";
    let headers = [("kare-meta-y", "header"), ("dialpad-meta-z", "header")];
    let bare = started(query, &headers, "");
    assert_eq!(bare.user_id.as_deref(), Some("url"));
    assert_eq!(bare.locales.host.as_deref(), Some("fr"));
    assert_eq!(bare.tags, ["a", "b"]);
    let body = json!({"user_id": "body", "host_locale": "de", "selected_locale": "it", "tags": ["c"],
        "metadata": {"x": "body", "kare-meta-n": 3, "Dialpad-Meta-B": true, "list": [1]}});
    let profile = started(query, &headers, &body.to_string());
    assert_eq!(profile.user_id.as_deref(), Some("body"));
    assert_eq!(profile.locales.host.as_deref(), Some("de"));
    assert_eq!(profile.locales.selected.as_deref(), Some("it"));
    assert_eq!(profile.tags, ["c"]);
    let metadata = serde_json::to_value(&profile.metadata).unwrap();
    assert_eq!(
        metadata,
        json!({"b": "true", "n": "3", "x": "body", "y": "url", "z": "header"})
    );
}

#[test]
fn empty_parameters_are_absent_ones() {
    let profile = connected(
        "user_id=&host_locale=&selected_locale=&user_profile_tags=",
        &[],
    );
    assert_eq!(profile.user_id, None);
    assert_eq!(
        (&profile.locales.host, &profile.locales.selected),
        (&None, &None)
    );
    assert!(profile.tags.is_empty());
    let ignored = connected("colour=blue&isFullscreen=1", &[]);
    assert_eq!(ignored.metadata.len(), 0);
}

#[test]
fn metadata_is_read_under_both_prefixes_in_any_case_and_decoded() {
    let profile = connected(
        "Kare-Meta-Cart=3+items&DIALPAD-META-Page=%2Fa%26b&kare-meta-=x&meta-y=z",
        &[],
    );
    let metadata = serde_json::to_value(&profile.metadata).unwrap();
    assert_eq!(metadata, json!({"cart": "3 items", "page": "/a&b"}));
}

#[test]
fn metadata_beyond_the_limits_is_dropped_and_nothing_refused() {
    let name = |length: usize| "n".repeat(length);
    let fits = format!("kare-meta-{}=1&kare-meta-v={}", name(256), "x".repeat(2048));
    assert_eq!(connected(&fits, &[]).metadata.len(), 2);
    let too_long = format!("kare-meta-{}=1&kare-meta-v={}", name(257), "x".repeat(2049));
    assert_eq!(connected(&too_long, &[]).metadata.len(), 0);
    let many: Vec<String> = (0..70).map(|n| format!("kare-meta-{n}=x")).collect();
    assert_eq!(connected(&many.join("&"), &[]).metadata.len(), 64);
}

#[test]
fn the_locale_is_the_picked_then_the_sites_then_the_headers_then_the_default() {
    let browser = [("accept-language", "*, sv-SE;q=0.9, nb")];
    let content = [
        ("accept-language", "sv-SE"),
        ("kare-content-locale", "en-GB"),
    ];
    let both = "host_locale=en-SG&selected_locale=de-DE";
    assert_eq!(locale(both, &content, json!({})), "de-DE");
    assert_eq!(
        locale("host_locale=en-SG&selected_locale=", &content, json!({})),
        "en-SG"
    );
    assert_eq!(locale("", &content, json!({})), "en-GB");
    assert_eq!(
        locale("host_locale=not+a+tag", &browser, json!({})),
        "sv-SE"
    );
    assert_eq!(
        locale("", &[], json!({})),
        "it",
        "the first that is on offer"
    );
    assert_eq!(
        locale("host_locale=en-SG", &[], json!({"selected_locale": "fr"})),
        "fr"
    );
}

#[test]
fn a_conversation_is_named_in_body_or_address() {
    let ask = |target: &str, body: Value| {
        let separator = if target.contains('?') { '&' } else { '?' };
        let target = format!("{target}{separator}access_token={}", token());
        handle("POST", &target, &[], &body.to_string())
    };
    let named = |handled: Handled| match handled {
        Handled::Call(call) => format!("{:?}", call.target.find),
        Handled::Refuse(_, response) => response.status().as_u16().to_string(),
        other => panic!("{other:?}"),
    };
    let found = format!("Existing({CONVERSATION:?})");
    let url = format!("/dialog/query?conversation_id={CONVERSATION}");
    let camel = format!("/dialog/query?conversationId={CONVERSATION}");
    assert_eq!(named(ask(&url, json!({"text": "hi"}))), found);
    assert_eq!(named(ask(&camel, json!({"text": "hi"}))), found);
    let both = json!({"text": "hi", "conversation_id": CONVERSATION.to_uppercase()});
    assert_eq!(named(ask(&url, both)), found, "the same in another case");
    let other = json!({"text": "hi", "conversation_id": APP});
    assert_eq!(named(ask(&url, other)), "400");
    assert_eq!(named(ask("/dialog/query", json!({"text": "hi"}))), "400");
}

#[test]
fn bodies_may_be_sent_as_plain_text_or_without_a_type() {
    let body = "{\"user_id\": \"u\"}";
    for headers in [
        &[][..],
        &[("content-type", "text/plain;charset=UTF-8")],
        &[("content-type", "application/json; charset=utf-8")],
        &[("content-type", "application/vnd.api+json")],
    ] {
        assert_eq!(started("", headers, body).user_id.as_deref(), Some("u"));
    }
    assert_eq!(
        started("", &[], "{}"),
        started("", &[], " \n"),
        "no body is an empty one"
    );
}
