use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::model::{EndReason, Message, MessageId, Notice, Timestamp, Typing, UserEvent};

/// One line of a conversation's log. The log is at once its history and its outbox: clients are
/// served from a place in it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Its place in the conversation: 1, 2, 3, without gaps.
    pub seq: u64,
    /// When it was logged. Strictly increasing within a conversation, so that a client may use it
    /// as a cursor.
    pub at: Timestamp,
    /// The user event that it is, or that caused it; absent for what nobody asked for.
    pub turn: Option<MessageId>,
    /// Its place among the messages that the engine published in the turn, from 0.
    pub index: u32,
    /// It is known to be the last message of its turn. `false` where the end of the turn was not
    /// yet known when the message was published.
    pub last: bool,
    /// Kept out of history (see [`UserEvent::unrecorded`]).
    pub unrecorded: bool,
    /// What happened.
    pub item: Item,
}

impl Entry {
    /// Worth nothing once it is over: typing.
    pub fn is_transient(&self) -> bool {
        matches!(self.item, Item::Typing(_))
    }

    /// The message, if it is one.
    pub fn message(&self) -> Option<&Published> {
        match &self.item {
            Item::Message(published) => Some(published),
            _ => None,
        }
    }

    /// Meant for the client: everything but the user's own events.
    pub fn is_outbound(&self) -> bool {
        !matches!(self.item, Item::User(_))
    }
}

/// What a log entry records.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "item", rename_all = "snake_case")]
pub enum Item {
    /// The user did something.
    User(Arc<UserEvent>),
    /// A message was published.
    Message(Box<Published>),
    /// Somebody is typing, or stopped.
    Typing(Typing),
    /// A notice was published.
    Notice(Notice),
    /// The conversation ended. Nothing follows.
    Ended {
        /// Why.
        reason: EndReason,
    },
}

/// A message as the engine published it and as this conversation's frontend can show it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Published {
    /// The engine's message.
    pub message: Message,
    /// What is shown in its stead, where the frontend cannot show it as it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instead: Option<Vec<Message>>,
}

impl Published {
    /// A message that is shown as it is.
    pub fn as_is(message: Message) -> Self {
        Self {
            message,
            instead: None,
        }
    }

    /// The messages to show, in order.
    pub fn shown(&self) -> &[Message] {
        self.instead
            .as_deref()
            .unwrap_or(std::slice::from_ref(&self.message))
    }
}
