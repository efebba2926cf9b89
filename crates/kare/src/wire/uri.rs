//! What a message is: `docs/protocols/kare.md#51-list`.

use serde::{Serialize, Serializer};

/// A message's uri.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Uri {
    /// `in/hi`: opens the dialog.
    InHi,
    /// `in/query`: asks.
    InQuery,
    /// `in/text`: not documented; the same as `in/query`.
    InText,
    /// `in/click`: triggers an action, or logs an event.
    InClick,
    /// `in/bye`: not documented; a request to close.
    InBye,
    /// `out/hi`: acknowledges the conversation.
    OutHi,
    /// `out/text`: all visible content.
    OutText,
    /// `out/bye`: the server ends the conversation.
    OutBye,
    /// `out/error`: our extension for unusable input.
    OutError,
    /// Any other, in lower case without a leading slash.
    Other(String),
}

impl Uri {
    /// Reads a uri by rule 2 of the tolerant parser; blank text is none.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text
            .trim_start_matches(|c: char| c == '/' || c.is_whitespace())
            .trim_end();
        if text.is_empty() {
            return None;
        }
        static KNOWN: [Uri; 9] = [
            Uri::OutText,
            Uri::InQuery,
            Uri::InClick,
            Uri::InHi,
            Uri::OutHi,
            Uri::OutBye,
            Uri::OutError,
            Uri::InText,
            Uri::InBye,
        ];
        KNOWN
            .iter()
            .find(|uri| uri.as_str().eq_ignore_ascii_case(text))
            .cloned()
            .or_else(|| Some(Self::Other(text.to_lowercase())))
    }

    /// The uri as text.
    pub fn as_str(&self) -> &str {
        match self {
            Self::InHi => "in/hi",
            Self::InQuery => "in/query",
            Self::InText => "in/text",
            Self::InClick => "in/click",
            Self::InBye => "in/bye",
            Self::OutHi => "out/hi",
            Self::OutText => "out/text",
            Self::OutBye => "out/bye",
            Self::OutError => "out/error",
            Self::Other(text) => text,
        }
    }

    /// Meant for the client.
    pub fn is_outbound(&self) -> bool {
        self.as_str().starts_with("out/")
    }
}

impl Serialize for Uri {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}
