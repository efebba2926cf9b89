//! The opening of a dialog: `docs/protocols/kare.md#52-hello`.

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

use super::fields::{Fields, put_kept, put_some};

/// What a client tells about its user, in `in/hi` and when it starts a conversation.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct About {
    /// Ties several conversations to one user. Not authenticated.
    pub user_id: Option<String>,
    /// BCP 47 tag of the hosting site.
    pub host_locale: Option<String>,
    /// BCP 47 tag that the user picked.
    pub selected_locale: Option<String>,
    /// Tags that bind at the start of a conversation.
    pub user_profile_tags: Vec<String>,
    /// Logged with the conversation; names with or without a prefix.
    pub metadata: Map<String, Value>,
}

/// The body of `in/hi`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Hello {
    /// The response to be greeted with instead of the configured greeting.
    pub welcome_message_id: Option<String>,
    /// A question that the server asks at once on the user's behalf.
    pub query: Option<String>,
    /// The user.
    pub about: About,
    /// Unknown fields.
    pub extra: Map<String, Value>,
}

/// The names that a welcome response's id goes by.
pub const WELCOME_NAMES: [&str; 4] = [
    "welcome_message_id",
    "welcomeMessageId",
    "welcome_id",
    "welcomeId",
];

/// The body of `out/hi`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Welcome {
    /// The conversation.
    pub conversation_id: Option<String>,
    /// BCP 47 tag of the locale in use.
    pub locale: Option<String>,
    /// Unknown fields.
    pub extra: Map<String, Value>,
}

impl About {
    pub(crate) fn take_from(fields: &mut Fields<'_>) -> Self {
        Self {
            user_id: fields.words(&["user_id", "userId"]),
            host_locale: fields.words(&["host_locale", "hostLocale"]),
            selected_locale: fields.words(&["selected_locale", "selectedLocale"]),
            user_profile_tags: fields.texts(&["user_profile_tags", "userProfileTags", "tags"]),
            metadata: fields
                .object(&["metadata"])
                .map(Fields::rest)
                .unwrap_or_default(),
        }
    }

    pub(crate) fn put<S: SerializeMap>(
        &self,
        map: &mut S,
        kept: &Map<String, Value>,
    ) -> Result<(), S::Error> {
        put_some(map, kept, "user_id", self.user_id.as_ref())?;
        put_some(map, kept, "host_locale", self.host_locale.as_ref())?;
        put_some(map, kept, "selected_locale", self.selected_locale.as_ref())?;
        let tags = Some(&self.user_profile_tags).filter(|tags| !tags.is_empty());
        put_some(map, kept, "user_profile_tags", tags)?;
        let metadata = Some(&self.metadata).filter(|metadata| !metadata.is_empty());
        put_some(map, kept, "metadata", metadata)
    }
}

impl Hello {
    pub(crate) fn from_fields(mut body: Fields<'_>) -> Self {
        Self {
            welcome_message_id: body.words(&WELCOME_NAMES),
            query: body.words(&["query"]),
            about: About::take_from(&mut body),
            extra: body.rest(),
        }
    }
}

impl Welcome {
    pub(crate) fn from_fields(mut body: Fields<'_>) -> Self {
        Self {
            conversation_id: body.words(&["conversation_id", "conversationId"]),
            locale: body.words(&["locale"]),
            extra: body.rest(),
        }
    }
}

impl Serialize for Hello {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let kept = &self.extra;
        let mut map = serializer.serialize_map(None)?;
        let welcome = self.welcome_message_id.as_ref();
        put_some(&mut map, kept, "welcome_message_id", welcome)?;
        put_some(&mut map, kept, "query", self.query.as_ref())?;
        self.about.put(&mut map, kept)?;
        put_kept(&mut map, kept)?;
        map.end()
    }
}

impl Serialize for Welcome {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let kept = &self.extra;
        let mut map = serializer.serialize_map(None)?;
        put_some(
            &mut map,
            kept,
            "conversation_id",
            self.conversation_id.as_ref(),
        )?;
        put_some(&mut map, kept, "locale", self.locale.as_ref())?;
        put_kept(&mut map, kept)?;
        map.end()
    }
}
