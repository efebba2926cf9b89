//! `GET /user/{user_id}/history`, `/chat-api/history`:
//! `docs/protocols/opendialog.md#42-get-useruser_idhistory`.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::Slot;
use super::outbound::{Data, Outbound, THEM};

/// How much history is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// At the most this many rows, counted after filtering.
    pub limit: usize,
    /// Types of rows to leave out.
    pub ignore: HashSet<String>,
}

impl Query {
    /// What is meant where nothing is said.
    pub const DEFAULT_LIMIT: usize = 10;
    /// More rows are never given.
    pub const MAX_LIMIT: usize = 1000;

    /// Reads the query. A limit that is no number is the default one.
    pub fn decode(query: &str) -> Self {
        let mut read = Self {
            limit: Self::DEFAULT_LIMIT,
            ignore: HashSet::new(),
        };
        for (key, value) in form_urlencoded::parse(query.as_bytes()) {
            match &*key {
                "limit" => {
                    read.limit = value.parse().unwrap_or(read.limit).min(Self::MAX_LIMIT);
                }
                "ignore" => {
                    read.ignore = value
                        .split(',')
                        .map(|name| name.trim().to_owned())
                        .collect()
                }
                _ => {}
            }
        }
        read
    }

    /// Whether rows of this type are left out.
    pub fn ignores(&self, kind: &str) -> bool {
        self.ignore.contains(kind)
    }
}

/// One line of the history. Rows come newest first.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Row {
    /// The row's number.
    #[serde(skip_serializing_if = "Slot::is_absent")]
    pub id: Slot<Value>,
    /// When it was made.
    #[serde(skip_serializing_if = "Slot::is_absent")]
    pub created_at: Slot<String>,
    /// When it was changed.
    #[serde(skip_serializing_if = "Slot::is_absent")]
    pub updated_at: Slot<String>,
    /// The conversation's key.
    #[serde(skip_serializing_if = "Slot::is_absent")]
    pub user_id: Slot<String>,
    /// The user id, or `them` for the bot.
    #[serde(skip_serializing_if = "Slot::is_absent")]
    pub author: Slot<String>,
    /// The row's text; empty if it has none.
    #[serde(skip_serializing_if = "Slot::is_absent")]
    pub message: Slot<String>,
    /// The type of what the user did or the bot said.
    #[serde(rename = "type", skip_serializing_if = "Slot::is_absent")]
    pub kind: Slot<String>,
    /// The data of what the user did or the bot said. Webchat 1.0.0 needs `date` and `time` in it.
    #[serde(skip_serializing_if = "Slot::is_absent")]
    pub data: Slot<Value>,
    /// A UUID.
    #[serde(skip_serializing_if = "Slot::is_absent")]
    pub message_id: Slot<String>,
    /// What was known of the user.
    #[serde(skip_serializing_if = "Slot::is_absent")]
    pub user: Slot<Value>,
    /// When it was made, to the microsecond.
    #[serde(skip_serializing_if = "Slot::is_absent")]
    pub microtime: Slot<String>,
    /// The intents it belongs to.
    #[serde(skip_serializing_if = "Slot::is_absent")]
    pub intents: Slot<Value>,
    /// The conversation it belongs to.
    #[serde(skip_serializing_if = "Slot::is_absent")]
    pub conversation: Slot<String>,
    /// The scene it belongs to.
    #[serde(skip_serializing_if = "Slot::is_absent")]
    pub scene: Slot<String>,
    /// Keys that are not listed above.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

impl Row {
    /// Whether the bot said it.
    pub fn is_bots(&self) -> bool {
        self.author.get().is_some_and(|author| author == THEM)
    }

    /// The message that a row of the bot's tells of.
    pub fn to_message(&self) -> Outbound {
        let kind = self.kind.get().map_or("text", String::as_str);
        let data = match &self.data {
            Slot::Given(data @ Value::Object(_)) => data.clone(),
            _ => serde_json::json!({ "text": self.message.get() }),
        };
        let mut message = Outbound::new(kind, Data::decode(kind, data));
        let intent = self
            .intents
            .get()
            .and_then(|intents| intents.get(0)?.as_str());
        message.intent = Slot::or_null(intent.map(str::to_owned));
        message
    }
}

/// What the row tells of the user; the names differ from those of a message.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct RowUser {
    /// First name.
    pub first_name: Option<Value>,
    /// Last name.
    pub last_name: Option<Value>,
    /// E-mail address.
    pub email: Option<Value>,
    /// The site's id of the user.
    pub external_id: Option<Value>,
    /// Address of the client.
    pub ip_address: Option<Value>,
    /// Country.
    pub country: Option<String>,
    /// Language of the browser.
    pub browser_language: Option<String>,
    /// Operating system.
    pub os: Option<String>,
    /// Browser.
    pub browser: Option<String>,
    /// Time zone.
    pub timezone: Option<String>,
    /// The site's own facts.
    pub custom: Map<String, Value>,
}
