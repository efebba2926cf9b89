//! A dydu engine after `docs/protocols/dydu.md`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use uuid::Uuid;

use super::http::Request;
use super::{Mood, Reply, State};

fn b64(text: &str) -> String {
    STANDARD.encode(text)
}

pub fn reply(request: &Request, state: &State) -> Reply {
    let path = request.path().replace("//", "/");
    let Some((_, api)) = path.split_once("/api/") else {
        return Reply {
            status: 404,
            ..Reply::json("{}")
        };
    };
    let mut segments = api.trim_end_matches('/').split('/');
    match (segments.next(), segments.next()) {
        (Some("chat"), Some("talk")) => {
            let context = segments.nth(1).map(str::to_owned);
            let text = request.parameter("userInput").unwrap_or_default();
            Reply::json(talk(&text, context, state))
        }
        (Some("chat"), Some("context")) => {
            let context = b64(&Uuid::new_v4().to_string());
            Reply::json(json!({ "type": "getContextResponse", "values": { "contextId": context } }))
        }
        (Some("chat"), Some("availablecontext")) => {
            Reply::json(json!({ "type": "checkContextAvailabilityResponse",
                "values": { "isContextStillAvailable": true } }))
        }
        (Some("chat"), Some("topknowledge")) => {
            Reply::json(json!({ "type": "topKnowledgeResponse",
            "values": { "knowledgeArticles": b64(r#"[{"reword":"echo of the top"}]"#) } }))
        }
        (Some("chat"), Some("poll")) => {
            Reply::json(json!({ "type": "pollResponse", "values": {} }))
        }
        _ => Reply::json("{}"),
    }
}

pub fn frames(text: &str, state: &State) -> Vec<String> {
    if text == "ping" {
        return vec!["pong".to_owned()];
    }
    let frame: Value = serde_json::from_str(text).unwrap();
    let parameters = &frame["parameters"];
    let string = |name: &str| {
        let bytes = STANDARD
            .decode(parameters[name].as_str().unwrap_or_default())
            .unwrap();
        String::from_utf8(bytes).unwrap()
    };
    let reply = match frame["type"].as_str() {
        Some("talk") => {
            let context = Some(string("contextId")).filter(|context| !context.is_empty());
            talk(&string("userInput"), context, state)
        }
        Some("checkContextAvailability") => json!({ "type": "checkContextAvailabilityResponse",
            "values": { "isContextStillAvailable": true } }),
        Some("getContext") => json!({ "type": "getContextResponse",
            "values": { "contextId": b64(&Uuid::new_v4().to_string()) } }),
        Some("topknowledge") => json!({ "type": "topKnowledgeResponse",
            "values": { "knowledgeArticles": b64("[]") } }),
        Some("history") => json!({ "type": "historyResponse", "values": { "interactions": [] } }),
        _ => return Vec::new(),
    };
    vec![reply.to_string()]
}

fn talk(text: &str, context: Option<String>, state: &State) -> Value {
    state.hear(text);
    let context = context.unwrap_or_else(|| Uuid::new_v4().to_string());
    // With a blank, a full stop and a colon it cannot be taken for base64.
    let answer = format!("echo: {text}");
    let answer = if state.mood() == Mood::Plain {
        answer
    } else {
        b64(&answer)
    };
    json!({ "type": "talkResponse", "values": {
        "contextId": b64(&context), "language": b64("en"), "askFeedback": false,
        "knowledgeId": 4100, "typeResponse": b64("DMUnderstoodQuestion"),
        "serverTime": 1_760_000_000_000_u64, "text": answer,
        "human": false, "enableAutoSuggestion": true } })
}
