//! How the webchat looks and begins.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::wire::callback;

/// How the webchat looks and begins: `docs/protocols/opendialog.md#41-webchat-config`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Webchat {
    /// The header's title. The webchat reads it as HTML. Default `Chat`.
    pub team_name: String,
    /// The address of the header's logo. Default none.
    pub logo: Option<String>,
    /// The bot's name, shown when there is one. Default none.
    pub bot_name: Option<String>,
    /// The address of the bot's picture, shown when there is one. Default none.
    pub bot_avatar: Option<String>,
    /// Pause before each message in milliseconds. Default 500.
    pub message_delay_ms: u32,
    /// The callback that the conversation of a new or returning user is opened with; empty for
    /// none. Default `WELCOME`.
    pub open_intent: String,
    /// The callback that an ongoing conversation is opened with. Default none.
    pub ongoing_open_intent: String,
    /// Begin with the window closed. Default `false`.
    pub show_minimized: bool,
    /// Offer to start again. Default `true`.
    pub restart_button: bool,
    /// The callback of the restart button. Default `WELCOME`.
    pub restart_callback: String,
    /// Offer to end the chat. Default `false`.
    pub end_chat_button: bool,
    /// Offer the transcript. Default `true`.
    pub download_button: bool,
    /// Load the history first. Default `true`.
    pub show_history: bool,
    /// How many rows of it. Default 10.
    pub history_rows: u32,
    /// Where the widget shows, as substrings of the page's address; `*` is everywhere. Default
    /// `["*"]`.
    pub valid_path: Vec<String>,
    /// Colours by the vendor's names, over the defaults.
    pub colours: BTreeMap<String, String>,
    /// Further keys of `general` by the vendor's names, over everything above.
    pub general: Map<String, Value>,
    /// Further keys beside `general`, such as `bot` with the texts of the input box.
    pub extra: Map<String, Value>,
}

impl Default for Webchat {
    fn default() -> Self {
        Self {
            team_name: "Chat".to_owned(),
            logo: None,
            bot_name: None,
            bot_avatar: None,
            message_delay_ms: 500,
            open_intent: callback::WELCOME.to_owned(),
            ongoing_open_intent: String::new(),
            show_minimized: false,
            restart_button: true,
            restart_callback: callback::WELCOME.to_owned(),
            end_chat_button: false,
            download_button: true,
            show_history: true,
            history_rows: 10,
            valid_path: vec!["*".to_owned()],
            colours: BTreeMap::new(),
            general: Map::new(),
            extra: Map::new(),
        }
    }
}

impl Webchat {
    /// The vendor's stock colours.
    const COLOURS: [(&'static str, &'static str); 12] = [
        ("headerBackground", "#1b2956"),
        ("headerText", "#ffffff"),
        ("launcherBackground", "#1b2956"),
        ("messageListBackground", "#1b2956"),
        ("sentMessageBackground", "#7fdad1"),
        ("sentMessageText", "#1b2956"),
        ("receivedMessageBackground", "#ffffff"),
        ("receivedMessageText", "#1b2956"),
        ("userInputBackground", "#ffffff"),
        ("userInputText", "#1b212a"),
        ("buttonBackground", "#7fdad1"),
        ("buttonText", "#1b2956"),
    ];

    /// The `colours` of the configuration.
    pub(crate) fn colour_map(&self) -> Map<String, Value> {
        let mut colours: Map<String, Value> = Self::COLOURS
            .iter()
            .map(|(name, colour)| ((*name).to_owned(), Value::from(*colour)))
            .collect();
        for (name, colour) in &self.colours {
            colours.insert(name.clone(), Value::from(colour.as_str()));
        }
        colours
    }

    pub(super) fn header_colour(&self) -> Value {
        self.colour_map()
            .get("headerBackground")
            .cloned()
            .unwrap_or_default()
    }
}
