//! A Kare engine after `docs/protocols/kare.md`.

use serde_json::{Value, json};
use uuid::Uuid;

use super::http::Request;
use super::{Reply, State};

pub fn reply(request: &Request, state: &State) -> Reply {
    let body: Value = serde_json::from_str(&request.body).unwrap_or_default();
    let path = request.path().trim_end_matches('/');
    if path.ends_with("/apps/token") {
        return Reply::json(
            json!({ "access_token": "engine-token", "token": "engine-token",
            "token_type": "Bearer", "expires_in": 900 }),
        );
    }
    if path.ends_with("/apps/config") {
        return Reply::json(json!({}));
    }
    if path.ends_with("/dialog/conversation") {
        let id = Uuid::new_v4();
        let created = json!({ "id": id, "conversation_id": id,
            "created_at": "2026-01-01T00:00:00.000Z" });
        return Reply {
            status: 201,
            ..Reply::json(created)
        };
    }
    if path.ends_with("/dialog/query") {
        return Reply::json(Value::Array(answer(&body, state)));
    }
    if path.ends_with("/dialog/click") {
        return Reply::json(json!([]));
    }
    let error = json!({ "error": "not_found", "message": "no such path", "status": 404 });
    Reply {
        status: 404,
        ..Reply::json(error)
    }
}

pub fn frames(text: &str, handshake: &Request, state: &State) -> Vec<String> {
    let frame: Value = serde_json::from_str(text).unwrap();
    let messages = match frame["uri"].as_str() {
        Some("in/hi") => vec![json!({ "id": Uuid::new_v4(), "parent_id": frame["id"],
            "uri": "out/hi", "header": { "in_reply_to": frame["id"], "seq": 0, "final": true },
            "body": { "conversation_id": handshake.parameter("conversation_id"),
                "locale": "en" } })],
        Some("in/query") => answer(&frame, state),
        _ => Vec::new(),
    };
    messages.iter().map(Value::to_string).collect()
}

/// An answer node with a text below it, as in section 4.
fn answer(query: &Value, state: &State) -> Vec<Value> {
    let text = query["body"]["text"]
        .as_str()
        .or(query["text"].as_str())
        .unwrap_or_default();
    state.hear(text);
    let node = Uuid::new_v4();
    let envelope = |id, parent: &Value, seq, last, aspect: &str, text: String| {
        json!({ "id": id, "parent_id": parent, "uri": "out/text",
            "header": { "in_reply_to": query["id"], "seq": seq, "final": last },
            "body": { "aspect": aspect, "text": text, "actions": [] } })
    };
    let first = envelope(
        node,
        &query["id"],
        0,
        false,
        "resolution/answer",
        String::new(),
    );
    let (id, parent) = (Uuid::new_v4(), json!(node));
    let aspect = "resolution/answer/text";
    let second = envelope(id, &parent, 1, true, aspect, format!("echo: {text}"));
    vec![first, second]
}
