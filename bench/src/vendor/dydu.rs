//! dydu over REST, after `docs/protocols/dydu.md#3-rest-endpoints`.

use anyhow::{Context, Result};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::Request;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Ids, Visitor, path};
use crate::wire::WireRequest;

const BOT: &str = "00000000-0000-4000-8000-0000000d7d00";

pub(super) fn frontend_options() -> Value {
    json!({ "bots": [{ "bot_id": BOT, "languages": ["en", "fr"] }] })
}

pub(super) fn backend_options(url: &str) -> Value {
    json!({ "url": url, "bot_id": BOT })
}

pub(super) fn opening(visitor: &Visitor) -> Option<WireRequest> {
    visitor.key.is_none().then(|| talk(visitor, "#welcome#"))
}

#[derive(Deserialize)]
struct Talked {
    values: Values,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Values {
    context_id: String,
}

pub(super) fn learn(visitor: &mut Visitor, answer: &[u8]) -> Result<()> {
    let talked: Talked = serde_json::from_slice(answer).context("dydu's opening answer")?;
    let context = STANDARD
        .decode(talked.values.context_id)
        .context("contextId")?;
    visitor.key = Some(String::from_utf8(context).context("contextId")?);
    Ok(())
}

pub(super) fn say(visitor: &Visitor, text: &str) -> WireRequest {
    talk(visitor, text)
}

/// The widget's parameters in the widget's order.
fn talk(visitor: &Visitor, text: &str) -> WireRequest {
    let mut form = form_urlencoded::Serializer::new(String::with_capacity(512 + text.len()));
    form.append_pair("alreadyCame", "true")
        .append_pair("browser", "Chrome 141.0.0.0")
        .append_pair("clientId", &visitor.user)
        .append_pair("language", "en")
        .append_pair("os", "Windows NT 10.0")
        .append_pair("qualificationMode", "false")
        .append_pair("space", "Defaut")
        .append_pair("userInput", text)
        .append_pair("userUrl", "https://www.example.org/help")
        .append_pair("solutionUsed", "ASSISTANT")
        .append_pair("variables", "{}")
        .append_pair("mode", "U3luY2hyb24=");
    let context = visitor.key.as_deref();
    let path = match context {
        Some(context) => format!("/servlet/api/chat/talk/{BOT}/{context}"),
        None => format!("/servlet/api/chat/talk/{BOT}"),
    };
    WireRequest::post(
        path,
        "application/x-www-form-urlencoded; charset=utf-8",
        form.finish(),
    )
}

/// A dydu engine.
#[derive(Debug)]
pub(super) struct Answers {
    /// The text in Base64.
    text: String,
    /// The bot's id in Base64.
    bot: String,
}

impl Answers {
    pub(super) fn new(text: &str) -> Self {
        Self {
            text: STANDARD.encode(text),
            bot: STANDARD.encode(BOT),
        }
    }

    pub(super) fn answer(&self, request: &Request<Bytes>, ids: &Ids) -> Option<(u16, String)> {
        let (_, rest) = path(request).split_once("/chat/")?;
        if let Some(rest) = rest.strip_prefix("talk/") {
            let context = match rest.split_once('/') {
                Some((_, context)) if !context.is_empty() => STANDARD.encode(context),
                _ => STANDARD.encode(ids.next().to_string()),
            };
            return Some((200, self.talk(&context)));
        }
        if rest.starts_with("poll/last/") {
            return Some((200, r#"{"type":"pollResponse","values":{}}"#.to_owned()));
        }
        None
    }

    fn talk(&self, context: &str) -> String {
        let Self { text, bot } = self;
        format!(
            concat!(
                r#"{{"type":"talkResponse","values":{{"contextId":"{context}","language":"ZW4=","#,
                r#""hasProfilePicture":false,"keepPopinMinimized":false,"askFeedback":false,"#,
                r#""knowledgeId":4101,"typeResponse":"RE1VbmRlcnN0b29kUXVlc3Rpb24=","#,
                r#""actionId":88001,"serverTime":1760000000000,"botId":"{bot}","text":"{text}","#,
                r#""startLivechat":false,"human":false,"enableAutoSuggestion":true}}}}"#,
            ),
            context = context,
            bot = bot,
            text = text
        )
    }
}
