//! Message ids: `docs/protocols/kare.md#34-envelope`.

use std::fmt;

use serde::{Serialize, Serializer};
use switchboard_core::model::MessageId;
use uuid::Uuid;

/// A message's id as it stands on the wire: a UUID, or an opaque text of an engine that uses none.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum WireId {
    /// A valid UUID: any version and variant, not nil. Written in lower case with hyphens.
    Uuid(Uuid),
    /// Anything else.
    Foreign(String),
}

impl WireId {
    /// Reads an id; blank text is none.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if text.is_empty() {
            return None;
        }
        Some(match valid_uuid(text) {
            Some(uuid) => Self::Uuid(uuid),
            None => Self::Foreign(text.to_owned()),
        })
    }

    /// The model's id for it; the same for the same text.
    pub fn to_model(&self) -> MessageId {
        match self {
            Self::Uuid(uuid) => MessageId(*uuid),
            Self::Foreign(text) => MessageId::from_foreign(text),
        }
    }

    /// The UUID, if it is a valid one.
    pub fn uuid(&self) -> Option<MessageId> {
        match self {
            Self::Uuid(uuid) => Some(MessageId(*uuid)),
            Self::Foreign(_) => None,
        }
    }
}

/// Reads a UUID with or without hyphens, in any case; the nil UUID is not valid.
pub fn valid_uuid(text: &str) -> Option<Uuid> {
    if !matches!(text.len(), 32 | 36) {
        return None;
    }
    Uuid::parse_str(text).ok().filter(|uuid| !uuid.is_nil())
}

/// An id that is compared without regard to case if it is a UUID: lower case with hyphens then,
/// else as it stands.
pub fn normalise(text: &str) -> String {
    let text = text.trim();
    valid_uuid(text).map_or_else(|| text.to_owned(), |uuid| uuid.hyphenated().to_string())
}

impl From<MessageId> for WireId {
    fn from(id: MessageId) -> Self {
        Self::Uuid(id.0)
    }
}

impl fmt::Display for WireId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Uuid(uuid) => uuid.hyphenated().fmt(f),
            Self::Foreign(text) => f.write_str(text),
        }
    }
}

impl Serialize for WireId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Uuid(uuid) => {
                serializer.serialize_str(uuid.hyphenated().encode_lower(&mut Uuid::encode_buffer()))
            }
            Self::Foreign(text) => serializer.serialize_str(text),
        }
    }
}
