//! Visible content, the body of `out/text`: `docs/protocols/kare.md#61-body`.

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

use super::action::{Action, take_actions};
use super::fields::{Fields, put, put_kept, put_some};
use super::node::Node;
use super::{Aspect, Header};

/// The body of `out/text`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Text {
    /// What it is; `text/plain` if nothing says so.
    pub aspect: Aspect,
    /// Markdown; for a picture or a video its address.
    pub text: String,
    /// What the user can do about it.
    pub actions: Vec<Action>,
    /// The address of a picture, a video or a quoted document.
    pub url: Option<String>,
    /// What a picture or a video shows.
    pub alt: Option<String>,
    /// The title of a quoted document.
    pub title: Option<String>,
    /// Unknown fields, `response_id` among them.
    pub extra: Map<String, Value>,
}

impl Text {
    /// Text with an aspect.
    pub fn new(aspect: Aspect, text: impl Into<String>) -> Self {
        Self {
            aspect,
            text: text.into(),
            ..Self::default()
        }
    }

    pub(crate) fn from_fields(
        mut body: Fields<'_>,
        top: &mut Fields<'_>,
        header: &mut Header,
    ) -> Self {
        let aspect = take_aspect(&mut body, top, header).unwrap_or_default();
        let actions = take_actions(&mut body, &["actions", "choices", "buttons"])
            .or_else(|| take_actions(top, &["actions"]))
            .unwrap_or_default();
        let text = body
            .text(&["text", "message", "content"])
            .or_else(|| {
                let text = top.text(&["text"])?;
                body.discard("text");
                Some(text)
            })
            .unwrap_or_default();
        let url = match *aspect.shown_as() {
            Aspect::Image | Aspect::Video | Aspect::Quote => take_location(&mut body),
            _ => body.words(&["url"]),
        };
        Self {
            aspect,
            text,
            actions,
            url,
            alt: body.text(&["alt"]),
            title: body.text(&["title"]),
            extra: body.rest(),
        }
    }

    /// The address of a picture, a video or a quoted document: `url`, else a text that is nothing
    /// but an absolute address.
    pub fn location(&self) -> Option<&str> {
        self.url
            .as_deref()
            .or_else(|| Some(self.text.trim()).filter(|text| is_address(text)))
    }
}

fn take_aspect(body: &mut Fields<'_>, top: &mut Fields<'_>, header: &mut Header) -> Option<Aspect> {
    if let Some(text) = body.words_ref(&["aspect"]) {
        return Aspect::parse(&text);
    }
    let of_target = body
        .peek("target")
        .and_then(|target| target.get("aspect"))
        .and_then(Node::as_str)
        .and_then(Aspect::parse);
    if of_target.is_some() {
        return of_target;
    }
    if let Some(text) = top.words_ref(&["aspect"]) {
        return Aspect::parse(&text);
    }
    header.take_aspect()
}

fn take_location(body: &mut Fields<'_>) -> Option<String> {
    let direct = body.words(&["url", "href", "src", "image", "video"]);
    if direct.is_some() {
        return direct;
    }
    let url = body.peek("source")?.get("url")?.as_str()?;
    Some(url.to_owned())
}

fn is_address(text: &str) -> bool {
    let lower = text.get(..8).unwrap_or(text).to_ascii_lowercase();
    (lower.starts_with("http://") || lower.starts_with("https://"))
        && !text.contains(char::is_whitespace)
}

impl Serialize for Text {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let kept = &self.extra;
        let mut map = serializer.serialize_map(None)?;
        put(&mut map, kept, "aspect", &self.aspect)?;
        put(&mut map, kept, "text", &self.text)?;
        put(&mut map, kept, "actions", &self.actions)?;
        put_some(&mut map, kept, "url", self.url.as_ref())?;
        put_some(&mut map, kept, "alt", self.alt.as_ref())?;
        put_some(&mut map, kept, "title", self.title.as_ref())?;
        put_kept(&mut map, kept)?;
        map.end()
    }
}
