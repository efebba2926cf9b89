//! The server side over REST, driven by the fixtures: requests in, operations out, outcomes in,
//! answers out.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may fail"
)]

mod support;

use bytes::Bytes;
use http::Request;
use serde_json::Value;
use support::server::{
    Server, assert_response, body, call, event_of, flat, native, options, refusal,
};
use support::{
    ADMIN_KEY, APP, CONVERSATION, answered, entries, envelope, fixture, id, outcome, published,
};
use switchboard_core::Fault;
use switchboard_core::dialect::{Collect, Find, Item, Operation, UnknownChoice, Wait};
use switchboard_core::model::{
    Content, FeedbackRequest, Media, Quote, RichText, Timestamp, UserInput,
};

#[test]
fn a_conversation_starts() {
    let server = Server::new(options());
    let call = call(server.fixture("08-conversation-start"));
    assert_eq!(call.target.find, Find::New);
    assert_eq!(call.target.scope, APP);
    assert_eq!(call.operation, Operation::Touch);
    let profile = &call.profile;
    assert_eq!(profile.user_id.as_deref(), Some("customer-4711"));
    assert_eq!(profile.locales.host.as_deref(), Some("en-SG"));
    assert_eq!(profile.locales.selected, None);
    assert_eq!(profile.tags, ["returning", "web"]);
    assert_eq!(profile.metadata["plan"], "gold");
    assert_eq!(profile.metadata["cart"], "3");
    assert_eq!(profile.app.as_deref(), Some(APP));
    let response = (call.finish)(Ok(outcome(Vec::new(), None)), &server.cx());
    assert_response(&response, "08-conversation-start");
}

/// What a Kare engine answers comes out of REST as it went in.
#[test]
fn queries_and_clicks_answered_by_a_kare_engine() {
    for name in [
        "10-query-answer-tree",
        "11-query-missing-flat-body",
        "17-click-choice",
        "18-click-custom-event-no-reply",
    ] {
        let server = Server::new(options());
        let call = call(server.fixture(name));
        assert_eq!(call.target.find, Find::Existing(CONVERSATION.to_owned()));
        let event = event_of(&call.operation).clone();
        assert!(matches!(
            call.operation,
            Operation::Input {
                wait: Wait::Turn(Collect::WholeTurn),
                unknown_choice: UnknownChoice::Ignore,
                ..
            }
        ));
        let fixture = fixture(name);
        assert_eq!(
            event.id,
            id(fixture["request"]["body"]["id"].as_str().unwrap())
        );
        let items = native(&fixture["response"]["body"], None);
        let response = (call.finish)(Ok(answered(&event, items)), &server.cx());
        assert_response(&response, name);
    }
}

#[test]
fn bad_queries() {
    let server = Server::new(options());
    let (_, response) = refusal(server.fixture("13-query-bad-request"));
    assert_response(&response, "13-query-bad-request");
    let post = |body: &str| {
        let (_, response) = refusal(server.send("POST", "/dialog/query", &[], body));
        let error = self::body(&response);
        (
            response.status().as_u16(),
            error["error"].as_str().unwrap().to_owned(),
        )
    };
    let with = |rest: &str| format!("{{\"conversation_id\":\"{CONVERSATION}\",{rest}}}");
    assert_eq!(post("{"), (400, "invalid_json".to_owned()));
    assert_eq!(post("[1]"), (400, "invalid_json".to_owned()));
    assert_eq!(
        post("{\"text\":\"x\"}"),
        (400, "missing_parameter".to_owned())
    );
    assert_eq!(
        post(&with("\"text\":\"  \"")),
        (400, "invalid_message".to_owned())
    );
    assert_eq!(
        post(&with("\"uri\":\"in/click\",\"text\":\"x\"")),
        (422, "invalid_message".to_owned())
    );
    let long = format!("\"text\":\"{}\"", "é".repeat(4001));
    assert_eq!(post(&with(&long)), (413, "too_large".to_owned()));
    let fits = with(&format!("\"text\":\"{}\"", "é".repeat(4000)));
    call(server.send("POST", "/dialog/query", &[], &fits));
    let (_, response) = refusal(server.send(
        "POST",
        "/dialog/query",
        &[("conversation_id", APP)],
        &with("\"text\":\"x\""),
    ));
    assert_eq!(response.status(), 400);
    let (_, response) = refusal(server.send("POST", "/dialog/click", &[], &with("\"x\":1")));
    assert_eq!(body(&response)["field"], "body.target");
    let form = Request::post("/dialog/query")
        .header("Authorization", format!("Bearer {}", server.token))
        .header("Content-Type", "application/x-www-form-urlencoded")
        .body(Bytes::from("text=x"))
        .unwrap();
    let (fault, response) = refusal(server.handle(form));
    assert_eq!(
        (fault, response.status().as_u16()),
        (Fault::UnsupportedMedia, 415)
    );
}

#[test]
fn faults_of_a_query() {
    let server = Server::new(options());
    for (name, fault) in [
        ("14-query-unknown-conversation", Fault::UnknownConversation),
        (
            "15-query-rate-limited",
            Fault::RateLimited {
                retry_after: Some(std::time::Duration::from_millis(1500)),
            },
        ),
        ("16-query-engine-timeout", Fault::TimedOut),
    ] {
        let call = call(server.fixture(name));
        let response = (call.finish)(Err(fault), &server.cx());
        assert_response(&response, name);
    }
    for (fault, status, code) in [
        (Fault::ConversationEnded, 409, "conversation_closed"),
        (Fault::BackendUnavailable, 502, "engine_unavailable"),
        (Fault::TooLarge { limit: 1 }, 413, "too_large"),
        (Fault::Internal, 500, "internal_error"),
    ] {
        let response = server.frontend.encode_fault(&fault);
        assert_eq!(response.status(), status);
        assert_eq!(body(&response)["error"], code);
        assert_eq!(body(&response)["status"], status);
    }
}

#[test]
fn a_query_in_other_words() {
    let server = Server::new(options());
    for text in [
        "\"text\":\"hi\"",
        "\"query\":\"hi\"",
        "\"q\":\"hi\"",
        "\"message\":\"hi\"",
        "\"body\":\"hi\"",
        "\"body\":{\"query\":\"hi\"}",
        "\"uri\":\"/IN/query\",\"body\":{\"text\":\"hi\"}",
    ] {
        for conversation in [
            format!("\"conversationId\":\"{}\"", CONVERSATION.to_uppercase()),
            format!("\"conversation\":{{\"id\":\"{CONVERSATION}\"}}"),
        ] {
            let body = format!("{{{conversation},{text}}}");
            let call = call(server.send("POST", "/v2.1/dialog/query", &[], &body));
            assert_eq!(
                call.target.find,
                Find::Existing(CONVERSATION.to_owned()),
                "{body}"
            );
            assert_eq!(
                event_of(&call.operation).input,
                UserInput::text("hi"),
                "{body}"
            );
        }
    }
}

#[test]
fn history() {
    let server = Server::new(options());
    let (fault, response) = refusal(server.fixture("20-activity-events-refused-to-app-token"));
    assert_eq!(fault, Fault::Forbidden);
    assert_response(&response, "20-activity-events-refused-to-app-token");
    let name = "19-activity-events-authorised";
    let finish = |query: &[(&str, &str)]| {
        let mut admin = Server::new(options());
        admin.token = ADMIN_KEY.to_owned();
        let path = format!("/v2.1/activity/conversations/{CONVERSATION}/events");
        let call = call(admin.send("GET", &path, query, ""));
        assert_eq!(call.target.find, Find::Existing(CONVERSATION.to_owned()));
        let asked = query.iter().any(|(name, _)| *name == "app_id");
        assert_eq!(call.target.scope, if asked { APP } else { "" });
        let listed = fixture(name)["response"]["body"]["entries"].clone();
        let query = listed[0].clone();
        let event = switchboard_kare::convert::event::to_model(
            envelope(&query),
            id(APP),
            Timestamp::from_rfc3339(query["created_at"].as_str().unwrap()).unwrap(),
        )
        .unwrap();
        let rest = Value::from(listed.as_array().unwrap()[1..].to_vec());
        let turn = event.id;
        let mut items = vec![Item::User(event.into())];
        items.extend(native(&rest, None));
        (call.finish)(Ok(outcome(entries(Some(turn), items), None)), &admin.cx())
    };
    assert_response(&finish(&[]), name);
    let page = body(&finish(&[("limit", "3")]));
    assert_eq!(page["entries"].as_array().unwrap().len(), 3);
    assert_eq!(page["next_cursor"], "3");
    let page = body(&finish(&[("limit", "3"), ("cursor", "3")]));
    assert_eq!(
        page["entries"][0]["body"]["aspect"],
        "resolution/answer/quote"
    );
    assert_eq!(page["entries"][0]["header"]["seq"], 2);
    let page = body(&finish(&[("cursor", "6"), ("limit", "3")]));
    assert_eq!(page["next_cursor"], Value::Null);
}

#[test]
fn a_query_brings_what_its_address_tells() {
    let server = Server::new(options());
    let body = format!("{{\"conversation_id\":\"{CONVERSATION}\",\"text\":\"hi\"}}");
    let query = [
        ("kare-meta-page", "/help"),
        ("user_id", "customer-4711"),
        ("user_profile_tags", "late"),
    ];
    let call = call(server.send("POST", "/v2.1/dialog/query", &query, &body));
    assert_eq!(call.profile.metadata["page"], "/help");
    assert_eq!(call.profile.user_id.as_deref(), Some("customer-4711"));
    assert!(call.profile.tags.is_empty(), "bound at the start");
}

/// The whole of fixture 10 out of a flat engine's messages.
#[test]
fn a_flat_answer_over_rest() {
    let server = Server::new(options());
    let name = "10-query-answer-tree";
    let call = call(server.fixture(name));
    let event = event_of(&call.operation).clone();
    let turn = Some(event.id);
    let media = |url: &str, alt: &str| Media::new(url, Some(alt.to_owned()));
    let contents = [
        Content::text(RichText::markdown(
            "You can return an item within **30 days**.",
        )),
        Content::Quote(Quote {
            text: RichText::markdown("Items must be unused."),
            title: Some("Returns policy".to_owned()),
            url: Some("https://shop.example/returns".to_owned()),
        }),
        Content::Image(media(
            "https://shop.example/img/label.png",
            "Where the label goes",
        )),
        Content::Video(media(
            "https://shop.example/v/returns.mp4",
            "Packing a return",
        )),
        Content::FeedbackRequest(FeedbackRequest {
            text: RichText::markdown("Was this useful?"),
            reasons: Vec::new(),
        }),
    ];
    let items = contents
        .into_iter()
        .enumerate()
        .map(|(n, content)| published(flat(n as u128, turn, content)))
        .collect();
    let response = (call.finish)(Ok(answered(&event, items)), &server.cx());
    assert_response(&response, name);
}

#[test]
fn a_call_brings_what_its_headers_tell() {
    let server = Server::new(options());
    let posted = format!("{{\"conversation_id\":\"{CONVERSATION}\",\"text\":\"hi\"}}");
    let request = Request::post("/v2.1/dialog/query?kare-meta-plan=url")
        .header("Authorization", format!("Bearer {}", server.token))
        .header("Dialpad-Meta-Cart", "3")
        .header("Kare-Meta-Plan", "header")
        .header("Kare-Content-Locale", "fr-FR")
        .header("Accept-Language", "de");
    let call = call(server.handle(request.body(Bytes::from(posted)).unwrap()));
    let metadata = &call.profile.metadata;
    assert_eq!((&*metadata["cart"], &*metadata["plan"]), ("3", "url"));
    assert_eq!(call.profile.locales.browser.as_deref(), Some("fr-FR"));
}

#[test]
fn a_conversation_starts_with_what_its_address_tells() {
    let server = Server::new(options());
    let query = [
        ("user_id", "u"),
        ("host_locale", "fr"),
        ("tags", "a, b"),
        ("tags", "c"),
    ];
    let started = call(server.send("POST", "/dialog/conversation", &query, ""));
    assert_eq!(started.profile.tags, ["a", "b", "c"]);
    assert_eq!(started.profile.user_id.as_deref(), Some("u"));
    // The body beats it.
    let body = "{\"tags\":[\"x\"],\"user_id\":\"v\"}";
    let started = call(server.send("POST", "/dialog/conversation", &query, body));
    assert_eq!(started.profile.tags, ["x"]);
    assert_eq!(started.profile.user_id.as_deref(), Some("v"));
    assert_eq!(started.profile.locales.host.as_deref(), Some("fr"));
}
