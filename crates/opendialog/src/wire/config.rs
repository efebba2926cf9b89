//! `GET` and `POST /webchat-config`, `/chatApi-config`, `/chat-api/configuration`:
//! `docs/protocols/opendialog.md#41-webchat-config`.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use url::Url;

use super::Slot;

/// What a page tells in the query of its request.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Query {
    /// The page that holds the widget.
    pub url: Option<String>,
    /// The user.
    pub user_id: Option<String>,
    /// The callback that the page wants the conversation opened with.
    pub callback_id: Option<String>,
    /// The inner width of the window in pixels.
    pub width: Option<u32>,
}

impl Query {
    /// Said of a width that is no number.
    pub const BAD_WIDTH: &'static str = "Width parameter must be an integer.";
    /// Said of an address that is none.
    pub const BAD_URL: &'static str = "Url parameter must be a valid URL.";

    /// Reads the query.
    ///
    /// # Errors
    /// The plain text to answer with a 400.
    pub fn decode(query: &str) -> Result<Self, &'static str> {
        let mut read = Self::default();
        for (key, value) in form_urlencoded::parse(query.as_bytes()) {
            if value.is_empty() {
                continue;
            }
            match &*key {
                "url" => {
                    if Url::parse(&value).is_err() {
                        return Err(Self::BAD_URL);
                    }
                    read.url = Some(value.into_owned());
                }
                "user_id" => read.user_id = Some(value.into_owned()),
                "callback_id" => read.callback_id = Some(value.into_owned()),
                "width" => {
                    // Browsers report fractions of pixels on zoomed pages.
                    let width: f64 = value.parse().map_err(|_| Self::BAD_WIDTH)?;
                    if !width.is_finite() {
                        return Err(Self::BAD_WIDTH);
                    }
                    read.width = Some(width.clamp(0.0, f64::from(u32::MAX)) as u32);
                }
                _ => {}
            }
        }
        Ok(read)
    }
}

/// The body of a POST. It travels as `text/plain`, so that no pre-flight is needed.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Request {
    /// The settings of the embedding page.
    #[serde(skip_serializing_if = "Slot::is_absent")]
    pub custom_settings: Slot<Value>,
    /// The page's tags.
    #[serde(skip_serializing_if = "Slot::is_absent")]
    pub tags: Slot<Value>,
    /// Keys that are not listed above.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

/// How the widget looks and begins.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Response {
    /// Texts, switches and avatars. The widget fails or falls back to defaults without it.
    pub general: Map<String, Value>,
    /// Colours. `headerBackground` must be `#rgb` or `#rrggbb`, or the widget does not start.
    pub colours: Map<String, Value>,
    /// Whether and how much history is loaded.
    #[serde(default, skip_serializing_if = "Slot::is_absent")]
    pub webchat_history: Slot<History>,
    /// The comments tab.
    #[serde(default, skip_serializing_if = "Slot::is_absent")]
    pub comments: Slot<Map<String, Value>>,
    /// Whether the user is known.
    pub user_type: UserType,
    /// `false`: the window opens on load.
    pub show_minimized: bool,
    /// The callback of the automatic opening. Empty or null: none.
    pub open_intent: Option<String>,
    /// Keys that are not listed above: `bot`, `messages` and more.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

/// Whether and how much history is loaded.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct History {
    /// Load it before anything else.
    pub show_history: bool,
    /// How many rows.
    pub number_of_messages: u32,
    /// Keys that are not listed above.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

/// Whether the user is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UserType {
    /// Never seen.
    New,
    /// Seen, but not in a conversation.
    Returning,
    /// In a conversation.
    Ongoing,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_query_is_checked_as_the_vendor_checks_it() {
        let query = "url=https%3A%2F%2Fshop.example.com%2F&user_id=u&width=1280&callback_id=a.b";
        let read = Query::decode(query).unwrap();
        assert_eq!(read.url.as_deref(), Some("https://shop.example.com/"));
        assert_eq!(read.callback_id.as_deref(), Some("a.b"));
        assert_eq!(read.width, Some(1280));
        assert_eq!(Query::decode("width=wide"), Err(Query::BAD_WIDTH));
        assert_eq!(Query::decode("url=shop"), Err(Query::BAD_URL));
        assert_eq!(Query::decode(""), Ok(Query::default()));
    }
}
