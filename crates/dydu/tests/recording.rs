//! What the unmodified widget was seen sending is taken, and what it reads of the answers is there.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on fails"
)]

mod common;

use bytes::Bytes;
use common::*;
use http::Request;
use serde_json::{Value, json};
use switchboard_core::dialect::{Handled, SessionAction};
use switchboard_core::model::{Content, Message, MessageId, RichText, Timestamp};
use uuid::Uuid;

const RECORDED_BOT: &str = "f1871fe8-cdea-4695-9ea6-529a4e9460dc";

fn rows() -> Vec<Value> {
    let path = root().join("recordings/dydu-chatbox.jsonl");
    std::fs::read_to_string(path)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// The host's normalisation.
fn normalised(path: &str) -> String {
    let segments: Vec<&str> = path
        .split('/')
        .filter(|segment| !segment.is_empty())
        .collect();
    format!("/{}", segments.join("/"))
}

fn request_of(row: &Value) -> Request<Bytes> {
    let path = row["path"].as_str().unwrap();
    let uri = match row["query"].as_str() {
        Some(query) => format!("{path}?{query}"),
        None => path.to_owned(),
    };
    let mut builder = Request::builder()
        .method(row["method"].as_str().unwrap())
        .uri(uri);
    for (name, value) in row["headers"].as_object().unwrap() {
        builder = builder.header(name, value.as_str().unwrap());
    }
    let body = row["body"].as_str().unwrap_or_default().to_owned();
    builder.body(Bytes::from(body)).unwrap()
}

#[test]
fn everything_the_widget_sends_is_taken() {
    let frontend =
        frontend_with(json!({"bots": [{"bot_id": RECORDED_BOT, "languages": ["fr", "en"]}]}));
    let ids = Ids::default();
    let mut session = None;
    let (mut requests, mut frames) = (0, 0);
    for row in rows() {
        if row["direction"] != "c2s" {
            continue;
        }
        let what = format!("{} {}", row["seq"], row["note"]);
        if row["transport"] == "http" {
            requests += 1;
            let request = request_of(&row);
            let path = normalised(request.uri().path());
            let response = match frontend.handle(request, &path, &cx(&ids)) {
                Handled::Reply(response) => response,
                Handled::Call(call) => {
                    let mut outcome = outcome(vec![published(
                        1,
                        None,
                        Message::bot(
                            MessageId(Uuid::from_u128(5)),
                            None,
                            Timestamp(NOW),
                            Content::text(RichText::plain("Bonjour")),
                        ),
                    )]);
                    outcome.view.scope = RECORDED_BOT.into();
                    (call.finish)(Ok(outcome), &cx(&ids))
                }
                // Of one file only the size was recorded.
                Handled::Refuse(_, response) if row["body"] == "<196 bytes>" => response,
                other => panic!("{what}: {other:?}"),
            };
            assert!(response.status().is_success(), "{what}");
            // A dialog that is given up has no context any more.
            let is_reset = row["body"]
                .as_str()
                .unwrap_or_default()
                .contains("%23reset%23");
            if !is_reset {
                check_answer(&path, &response, &what);
            }
        } else if row["method"] == "GET" {
            let request = request_of(&row);
            let path = normalised(request.uri().path());
            match frontend.handle(request, &path, &cx(&ids)) {
                Handled::Upgrade(upgrade) => session = Some(upgrade.session),
                other => panic!("{what}: {other:?}"),
            }
        } else if let Some(frame) = row["frame"].as_str() {
            frames += 1;
            let open = session.as_mut().unwrap();
            let mut actions = open.handle_text(frame, &cx(&ids));
            if matches!(&actions[..], [SessionAction::Attach(_)]) {
                actions = open.attached(&view(), &cx(&ids));
            }
            for action in actions {
                match action {
                    SessionAction::Send(text) if text == "pong" => assert_eq!(frame, "ping"),
                    SessionAction::Send(text) => check_frame(&text),
                    SessionAction::Call(call) => {
                        for action in (call.finish)(Ok(outcome(Vec::new())), &cx(&ids)) {
                            match action {
                                SessionAction::Send(text) => check_frame(&text),
                                other => panic!("{what}: {other:?}"),
                            }
                        }
                    }
                    other => panic!("{what}: {other:?}"),
                }
            }
        }
    }
    assert_eq!((requests, frames), (142, 43));
}

fn check_frame(text: &str) {
    let frame: Value = serde_json::from_str(text).unwrap();
    assert!(frame["values"].is_object());
}

/// What the widget reads of an answer: `docs/protocols/dydu.md#32-overview`.
fn check_answer(path: &str, response: &http::Response<Bytes>, what: &str) {
    if path.ends_with("/fileupload") {
        let page = std::str::from_utf8(response.body()).unwrap();
        assert!(page.contains("\"status\""), "{what}");
        return;
    }
    let answer = decoded(json_of(response));
    let values = &answer["values"];
    let has = |name: &str| assert!(values.get(name).is_some(), "{what}: no {name} in {answer}");
    if path.contains("/chat/talk/") {
        [
            "contextId",
            "botId",
            "serverTime",
            "typeResponse",
            "text",
            "language",
        ]
        .into_iter()
        .for_each(has);
        // A language that the widget has no words for would leave it without any.
        assert!(["fr", "en"].contains(&values["language"].as_str().unwrap()));
    } else if path.contains("/chat/history/") {
        has("interactions");
    } else if path.contains("/chat/topknowledge/") {
        let articles = values["knowledgeArticles"].as_str().unwrap();
        assert!(
            serde_json::from_str::<Vec<Value>>(articles).is_ok(),
            "{what}"
        );
    } else if path.contains("/chat/availablecontext/") {
        assert!(values["isContextStillAvailable"].is_boolean(), "{what}");
    } else if path.contains("/chat/status/") {
        assert!(values["waitingQueueStatusResponse"].is_boolean(), "{what}");
    } else if path.contains("/bots/language") {
        assert!(answer[0]["isAvailable"].is_boolean(), "{what}");
    } else if path.contains("/chat/search/") {
        assert!(values.is_array(), "{what}");
    } else if path.contains("/chat/poll/") {
        has("pollUpdatedInteractionDate");
    } else if path.contains("/chat/pushrules/") {
        assert_eq!(answer, json!({}), "{what}");
    }
}
