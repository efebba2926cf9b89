//! Kare over REST, after `docs/protocols/kare.md#2-rest-endpoints-apis-v21`.

use anyhow::{Context, Result};
use bytes::Bytes;
use http::Request;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Ids, Visitor, path};
use crate::wire::WireRequest;

const APP: &str = "00000000-0000-4000-8000-00000000cafe";

pub(super) fn frontend_options() -> Value {
    json!({ "apps": [{ "app_id": APP, "name": "bench" }] })
}

pub(super) fn backend_options(url: &str) -> Value {
    json!({ "url": url, "app_id": APP, "transport": "rest" })
}

pub(super) fn opening(visitor: &Visitor) -> Option<WireRequest> {
    let Some(token) = visitor.token.as_deref() else {
        return Some(WireRequest::get(format!("/apps/token?app_id={APP}")));
    };
    if visitor.key.is_some() {
        return None;
    }
    let body = json!({ "user_id": visitor.user, "host_locale": "en" }).to_string();
    let request = WireRequest::post("/dialog/conversation", "application/json", body);
    Some(request.bearer(Some(token)))
}

#[derive(Deserialize)]
struct Opened {
    access_token: Option<String>,
    conversation_id: Option<String>,
}

pub(super) fn learn(visitor: &mut Visitor, answer: &[u8]) -> Result<()> {
    let opened: Opened = serde_json::from_slice(answer).context("Kare's opening answer")?;
    if visitor.token.is_none() {
        visitor.token = Some(opened.access_token.context("no access_token")?);
    } else {
        visitor.key = Some(opened.conversation_id.context("no conversation_id")?);
    }
    Ok(())
}

pub(super) fn say(visitor: &Visitor, text: &str, ids: &Ids) -> WireRequest {
    let conversation = visitor.key.as_deref().unwrap_or_default();
    let body = json!({
        "conversation_id": conversation, "id": ids.next(), "parent_id": null, "uri": "in/query",
        "header": {}, "body": { "text": text },
    });
    let path = format!("/dialog/query?conversation_id={conversation}");
    WireRequest::post(path, "application/json", body.to_string()).bearer(visitor.token.as_deref())
}

/// A Kare engine: an answer is a group node and a text below it.
#[derive(Debug)]
pub(super) struct Answers {
    /// The text as a JSON string.
    text: String,
}

#[derive(Deserialize)]
struct Query<'a> {
    id: &'a str,
    conversation_id: &'a str,
}

impl Answers {
    pub(super) fn new(text: &str) -> Self {
        Self {
            text: Value::from(text).to_string(),
        }
    }

    pub(super) fn answer(&self, request: &Request<Bytes>, ids: &Ids) -> Option<(u16, String)> {
        let path = path(request);
        if path.ends_with("/dialog/query") || path.ends_with("/dialog/click") {
            return Some(self.query(request.body(), ids));
        }
        if path.ends_with("/apps/token") {
            let token = "app.tok.7f3c9a51";
            let body = json!({ "access_token": token, "token": token, "token_type": "Bearer",
                "expires_in": 86_400 });
            return Some((200, body.to_string()));
        }
        if path.ends_with("/dialog/conversation") {
            let id = ids.next();
            let body = json!({ "id": id, "conversation_id": id,
                "created_at": "2021-07-02T10:15:01.000Z" });
            return Some((201, body.to_string()));
        }
        None
    }

    fn query(&self, body: &[u8], ids: &Ids) -> (u16, String) {
        let Ok(Query {
            id,
            conversation_id,
        }) = serde_json::from_slice(body)
        else {
            return (400, r#"{"error":"invalid_json","status":400}"#.to_owned());
        };
        let (group, text) = (ids.next(), ids.next());
        let words = &self.text;
        let tail = format!(
            r#""conversation_id":"{conversation_id}","created_at":"2021-07-02T10:15:06.000Z"}}"#
        );
        let body = format!(
            concat!(
                r#"[{{"id":"{group}","parent_id":"{id}","uri":"out/text","#,
                r#""header":{{"in_reply_to":"{id}","seq":0,"final":false}},"#,
                r#""body":{{"aspect":"resolution/answer","text":"","actions":[]}},{tail},"#,
                r#"{{"id":"{text}","parent_id":"{group}","uri":"out/text","#,
                r#""header":{{"in_reply_to":"{id}","seq":1,"final":true}},"#,
                r#""body":{{"aspect":"resolution/answer/text","text":{words},"actions":[]}},{tail}]"#,
            ),
            group = group,
            text = text,
            id = id,
            words = words,
            tail = tail
        );
        (200, body)
    }
}
