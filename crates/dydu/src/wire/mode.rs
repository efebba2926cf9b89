//! How a client talks, and what it is: `docs/protocols/dydu.md#4-parameter-dictionary`.

/// How the client wants to get the answer.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Mode {
    /// With the response.
    #[default]
    Synchron,
    /// By polling; a livechat is on.
    Polling,
    /// By the websocket; a livechat is on.
    WebSocket,
    /// A word that is not documented.
    Unknown(String),
}

impl Mode {
    /// Reads the word.
    pub fn of(word: &str) -> Self {
        match word.to_ascii_lowercase().as_str() {
            "" | "synchron" => Self::Synchron,
            "polling" => Self::Polling,
            "websocket" => Self::WebSocket,
            _ => Self::Unknown(word.to_owned()),
        }
    }

    /// The word on the wire.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Synchron => "Synchron",
            Self::Polling => "polling",
            Self::WebSocket => "websocket",
            Self::Unknown(word) => word,
        }
    }
}

/// What kind of client the user has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ContextType {
    /// A page.
    Web,
    /// A voice.
    Vocal,
    /// An app.
    Android,
    /// An app.
    Ios,
    /// A word that is not documented.
    Unknown(String),
}

impl ContextType {
    /// Reads the word; clients differ in their capitals.
    pub fn of(word: &str) -> Self {
        match word.to_ascii_lowercase().as_str() {
            "web" => Self::Web,
            "vocal" => Self::Vocal,
            "android" => Self::Android,
            "ios" => Self::Ios,
            _ => Self::Unknown(word.to_owned()),
        }
    }

    /// The word on the wire.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Web => "Web",
            Self::Vocal => "Vocal",
            Self::Android => "Android",
            Self::Ios => "iOS",
            Self::Unknown(word) => word,
        }
    }
}
