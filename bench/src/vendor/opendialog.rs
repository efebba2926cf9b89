//! OpenDialog's webchat, first generation, after `docs/protocols/opendialog.md`.

use anyhow::{Context, Result};
use bytes::Bytes;
use http::Request;
use serde_json::{Value, json};

use super::{Ids, Visitor, path};
use crate::wire::WireRequest;

pub(super) fn frontend_options() -> Value {
    json!({ "app_keys": ["demo-app-key"], "scenarios": [{ "id": "demo", "alias": "demo" }] })
}

pub(super) fn backend_options(url: &str) -> Value {
    json!({ "url": url, "app_key": "demo-app-key", "scenario": "demo" })
}

pub(super) fn opening(visitor: &Visitor, ids: &Ids) -> Option<WireRequest> {
    let content = json!({ "type": "chat_open", "callback_id": "WELCOME",
        "data": { "value": "/pricing", "date": "Tue 20 Jul", "time": "09:15:02 AM" } });
    visitor.key.is_none().then(|| post(visitor, content, ids))
}

pub(super) fn learn(visitor: &mut Visitor, answer: &[u8]) -> Result<()> {
    let _: Value = serde_json::from_slice(answer).context("OpenDialog's opening answer")?;
    visitor.key = Some(visitor.user.clone());
    Ok(())
}

pub(super) fn say(visitor: &Visitor, text: &str, ids: &Ids) -> WireRequest {
    let content = json!({ "type": "text",
        "data": { "text": text, "date": "Tue 20 Jul", "time": "09:15:02 AM" } });
    post(visitor, content, ids)
}

fn post(visitor: &Visitor, mut content: Value, ids: &Ids) -> WireRequest {
    let user = &visitor.user;
    let id = ids.next();
    if let Some(content) = content.as_object_mut() {
        content.insert("mode".to_owned(), json!("webchat"));
        content.insert("modeInstance".to_owned(), json!(0));
        content.insert("user_id".to_owned(), json!(user));
        content.insert(
            "user".to_owned(),
            json!({ "custom": { "selected_scenario": "demo" }, "ipAddress": "n/a",
                "country": "n/a", "browserLanguage": "en-GB", "os": "Linux",
                "browser": "chrome 91.0.4472", "timezone": "Europe/London" }),
        );
        content.insert("id".to_owned(), json!(id));
        content.insert("author".to_owned(), json!(user));
    }
    let body = json!({ "notification": "message", "user_id": user, "author": user,
        "message_id": id, "content": content });
    WireRequest::post(
        "/incoming/webchat",
        "application/json;charset=utf-8",
        body.to_string(),
    )
}

/// An OpenDialog engine. Its history is empty, for nothing comes unasked.
#[derive(Debug)]
pub(super) struct Answers {
    body: String,
}

impl Answers {
    pub(super) fn new(text: &str) -> Self {
        let body = json!({
            "author": "them", "type": "text", "intent": "intent.app.Reply",
            "data": { "text": text, "disable_text": false, "internal": false, "hidetime": false,
                "hideavatar": false, "time": "09:15 AM", "date": "Tue 20 Jul" },
        });
        Self {
            body: body.to_string(),
        }
    }

    pub(super) fn answer(&self, request: &Request<Bytes>) -> Option<(u16, String)> {
        let path = path(request);
        if path.ends_with("/incoming/webchat") {
            return Some((200, self.body.clone()));
        }
        path.ends_with("/history").then(|| (200, "[]".to_owned()))
    }
}
