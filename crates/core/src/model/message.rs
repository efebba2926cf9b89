use serde::{Deserialize, Serialize};

use super::{Action, Content, Extras, MessageId, Timestamp};

/// One node of a conversation's forest, as an engine published it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// Unique within the conversation. An engine's own UUID is kept.
    pub id: MessageId,
    /// The message or user event this one comes from; a root has none.
    pub parent: Option<MessageId>,
    /// Who wrote it.
    pub author: Author,
    /// When it was published.
    pub at: Timestamp,
    /// What it says.
    pub content: Content,
    /// What the user can do about it, in display order. For [`Content::Choices`] these are the
    /// options, for [`Content::FeedbackRequest`] the ratings.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub actions: Vec<Action>,
    /// The vendor's fields that have no place above.
    #[serde(default, skip_serializing_if = "Extras::is_empty")]
    pub extras: Extras,
}

impl Message {
    /// A message of the bot with content only.
    pub fn bot(id: MessageId, parent: Option<MessageId>, at: Timestamp, content: Content) -> Self {
        Self {
            id,
            parent,
            author: Author::Bot,
            at,
            content,
            actions: Vec::new(),
            extras: Extras::none(),
        }
    }

    /// The same message with these actions.
    #[must_use]
    pub fn with_actions(mut self, actions: Vec<Action>) -> Self {
        self.actions = actions;
        self
    }
}

/// Who wrote a message.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Author {
    /// The person who holds the conversation.
    User,
    /// The engine.
    #[default]
    Bot,
    /// A person who answers in the engine's stead.
    Operator {
        /// The vendor's id of the operator, if it tells one.
        id: Option<String>,
        /// The name to show, if it tells one.
        name: Option<String>,
    },
    /// The platform itself: notices.
    System,
}
