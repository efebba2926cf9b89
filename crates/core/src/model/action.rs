use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::{Extras, MessageId};

/// Something that a user can do about a message: a button, a choice, a link.
///
/// An action without commands is a choice: a click prints its label as the user's words and sends
/// the choice to the engine.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Action {
    /// What the engine recognises the choice by. Empty when the engine gave none.
    pub id: String,
    /// The words on it.
    pub label: String,
    /// A payload that goes back to the engine with the choice, beside the id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// The drawing beside the label.
    #[serde(default)]
    pub icon: Icon,
    /// The look of it.
    #[serde(default)]
    pub style: ActionStyle,
    /// Cannot be clicked while `true`.
    #[serde(default)]
    pub disabled: bool,
    /// Run when the action is shown.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub on_load: Vec<Command>,
    /// Run when it is clicked. Empty: print the label, send the choice.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub on_click: Vec<Command>,
    /// The vendor's fields that have no place above.
    #[serde(default, skip_serializing_if = "Extras::is_empty")]
    pub extras: Extras,
}

impl Action {
    /// A choice: sends `id` to the engine, shows `label`.
    pub fn choice(id: impl Into<String>, label: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            label: label.into(),
            ..Self::default()
        }
    }

    /// A link that opens in a new window.
    pub fn link(label: impl Into<String>, url: impl Into<String>) -> Self {
        Self {
            label: label.into(),
            icon: Icon::Link,
            on_click: vec![Command::Open(OpenTarget::Url {
                url: url.into(),
                new_tab: true,
            })],
            ..Self::default()
        }
    }

    /// One string that names the action among a message's others: the id, and the value where
    /// there is one. For dialects that send only one string back.
    pub fn key(&self) -> Cow<'_, str> {
        match self.value.as_deref() {
            None | Some("") => Cow::Borrowed(&self.id),
            Some(value) => Cow::Owned(format!("{}~{value}", self.id)),
        }
    }

    /// The URL that a click opens, if it opens one.
    pub fn url(&self) -> Option<&str> {
        self.on_click.iter().find_map(|command| match command {
            Command::Open(OpenTarget::Url { url, .. }) => Some(url.as_str()),
            _ => None,
        })
    }

    /// Whether a click sends something to the engine that it answers.
    pub fn sends(&self) -> bool {
        self.on_click.is_empty()
            || self
                .on_click
                .iter()
                .any(|command| matches!(command, Command::Send(_)))
    }
}

/// A drawing; the client has its own set. See `docs/protocols/kare.md#74-icons-doc`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Icon {
    /// No drawing.
    #[default]
    Empty,
    /// Contact us.
    Contact,
    /// Finished.
    Done,
    /// Opens a link.
    Link,
    /// Positive feedback.
    ThumbUp,
    /// Negative feedback.
    ThumbDown,
    /// A negative mark.
    False,
    /// Leads to an answer.
    Resolution,
    /// Leads to a document.
    Attachment,
    /// A name that is not in the list.
    Other(String),
}

/// The look of an action.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActionStyle {
    /// Ordinary.
    #[default]
    Default,
    /// The one that most users want.
    Primary,
    /// Good news.
    Success,
    /// Neutral information.
    Info,
    /// Take care.
    Warning,
    /// Cannot be undone.
    Danger,
    /// Leads past the question.
    Skip,
    /// A vendor's own word, such as a CSS class.
    Other(String),
}

/// What a trigger asks the client to do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// Show this text as if the user had said it; nothing is sent.
    Print(String),
    /// Post something to the engine.
    Send(SendBody),
    /// Close the chat and stop.
    Close,
    /// Open something outside the chat.
    Open(OpenTarget),
    /// Change the action whose trigger runs; absent properties stay.
    Update {
        /// The new look.
        style: Option<ActionStyle>,
        /// Whether it can be clicked.
        enabled: Option<bool>,
        /// The new drawing.
        icon: Option<Icon>,
        /// The new label.
        label: Option<String>,
    },
    /// Call a telephone number.
    Call(String),
    /// Submit the form that the message shows.
    Submit,
    /// Download the conversation.
    DownloadTranscript,
    /// A vendor's own command, kept for the same dialect.
    Other {
        /// Its name.
        name: String,
        /// Its parameters in order; a flag has no value.
        parameters: Vec<(String, Option<String>)>,
    },
}

/// What a `send` command posts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SendBody {
    /// The choice that the action stands for.
    Choice,
    /// These words, as if typed.
    Text(String),
    /// A named event that is not this action's choice.
    Custom {
        /// The event's name; Kare's aspect.
        name: String,
        /// What it is about.
        value: Option<String>,
        /// Its label.
        label: Option<String>,
        /// The message it belongs to, if not the action's own.
        message: Option<MessageId>,
    },
}

/// Where an `open` command leads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OpenTarget {
    /// A web page. Only `http` and `https` are ever opened.
    Url {
        /// The address.
        url: String,
        /// In a new window.
        new_tab: bool,
    },
    /// A new e-mail to this address.
    Mail(String),
    /// The client's extension of this name.
    Extension(String),
    /// The site's own way to a human.
    Escalate,
    /// The named third-party chat, such as `zopim`.
    ThirdParty(String),
}
