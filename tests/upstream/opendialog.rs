//! An OpenDialog engine after `docs/protocols/opendialog.md`, every generation.

use serde_json::{Value, json};

use super::http::Request;
use super::{Reply, State};

pub fn reply(request: &Request, state: &State) -> Reply {
    let path = request.path();
    if path.ends_with("/incoming/webchat")
        || path.ends_with("/incoming/chatApi")
        || path.ends_with("/chat-api/message")
    {
        let body: Value = serde_json::from_str(&request.body).unwrap();
        let content = &body["content"];
        let text = match content["type"].as_str() {
            Some("text") => content["data"]["text"].as_str().unwrap_or_default(),
            Some("url_click") => return Reply::json(""),
            _ => content["callback_id"].as_str().unwrap_or_default(),
        };
        state.hear(text);
        return Reply::json(json!({ "author": "them", "type": "text",
            "intent": "intent.app.Echo", "data": { "text": format!("echo: {text}"),
                "disable_text": false, "internal": false, "hidetime": false, "hideavatar": false,
                "time": "09:15 AM", "date": "Tue 20 Jul" } }));
    }
    if path.ends_with("/history") {
        return Reply::json("[]");
    }
    Reply::json(
        json!({ "general": {}, "colours": { "headerBackground": "#1b2956" },
        "userType": "new", "showMinimized": false, "openIntent": "WELCOME" }),
    )
}
