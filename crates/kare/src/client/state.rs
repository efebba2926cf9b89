use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use switchboard_core::model::{
    Content, ConversationId, Feedback, FeedbackRequest, Message, MessageId, Profile, Rating,
};

use super::forest::{self, Forest};
use super::turn::Turn;
use crate::KARE;
use crate::wire::click::Target;
use crate::wire::hello::About;
use crate::wire::{Envelope, WireId};

/// How many ids that are no UUIDs are remembered, to answer with them.
const MAX_FOREIGN: usize = 256;
/// How many events to log are held back while there is no connection.
const MAX_LOOSE: usize = 32;

/// A leg as a plain value.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct State {
    pub conversation: ConversationId,
    /// The engine's id of it, once it is started there.
    #[serde(default)]
    pub key: Option<String>,
    /// The engine has been hailed, so that it is again on another socket.
    #[serde(default)]
    pub hailed: bool,
    /// Something that opens a turn was posted to the conversation.
    #[serde(default)]
    pub used: bool,
    /// A socket was open or wanted, so that whoever resumes the leg opens one.
    #[serde(default)]
    pub connected: bool,
    /// What is known of the user; told to the engine with every connection.
    #[serde(default)]
    pub profile: Profile,
    /// Turns under way.
    #[serde(default)]
    pub turns: VecDeque<Turn>,
    /// Events to log, which nothing answers.
    #[serde(default)]
    pub loose: VecDeque<Envelope>,
    /// The engine's messages.
    #[serde(default)]
    pub forest: Forest,
    /// Ids that are no UUIDs, as the engine wrote them; the oldest first.
    #[serde(default)]
    foreign: VecDeque<(MessageId, String)>,
    #[serde(default)]
    ratings: Option<Ratings>,
}

/// The latest request for feedback, and what its ratings post.
#[derive(Debug, Serialize, Deserialize)]
struct Ratings {
    message: MessageId,
    targets: Vec<Map<String, Value>>,
}

impl State {
    pub(super) fn new(conversation: ConversationId) -> Self {
        Self {
            conversation,
            key: None,
            hailed: false,
            used: false,
            connected: false,
            profile: Profile::default(),
            turns: VecDeque::new(),
            loose: VecDeque::new(),
            forest: Forest::default(),
            foreign: VecDeque::new(),
            ratings: None,
        }
    }

    /// The conversation at the engine is over or gone; the next input starts another.
    pub(super) fn forget_conversation(&mut self) {
        self.key = None;
        self.hailed = false;
        self.used = false;
        self.ratings = None;
    }

    /// Remembers what a later click on the message needs.
    pub(super) fn note(&mut self, message: &Message) {
        if let Some(Value::String(id)) = message.extras.get(&KARE, "id") {
            let known = (message.id, id.clone());
            forest::push(&mut self.foreign, known, MAX_FOREIGN);
        }
        if let Content::FeedbackRequest(_) = message.content {
            let targets = message
                .actions
                .iter()
                .filter_map(|action| action.extras.get(&KARE, "target")?.as_object().cloned())
                .collect();
            self.ratings = Some(Ratings {
                message: message.id,
                targets,
            });
        }
    }

    /// The id of a message as the engine wrote it.
    pub(super) fn wire_id(&self, id: MessageId) -> WireId {
        match self.foreign.iter().rev().find(|(known, _)| *known == id) {
            Some((_, text)) => WireId::Foreign(text.clone()),
            None => id.into(),
        }
    }

    /// What the engine's own rating posts, for a verdict on its latest request.
    pub(super) fn rating_target(&self, feedback: &Feedback) -> Option<Target> {
        let wanted = match feedback.rating? {
            Rating::Positive => FeedbackRequest::POSITIVE,
            Rating::Negative => FeedbackRequest::NEGATIVE,
            Rating::None => return None,
        };
        let ratings = self.ratings.as_ref()?;
        if feedback.message.is_some_and(|it| it != ratings.message) {
            return None;
        }
        ratings
            .targets
            .iter()
            .find(|target| target.get("choice_id").and_then(Value::as_str) == Some(wanted))
            .map(|target| Target::from_map(target.clone()))
    }

    /// Holds an event to log back until there is a connection; the oldest give way.
    pub(super) fn push_loose(&mut self, envelope: Envelope) {
        if self.loose.len() == MAX_LOOSE {
            tracing::warn!("an event to log was dropped: the engine cannot be reached");
        }
        forest::push(&mut self.loose, envelope, MAX_LOOSE);
    }

    /// What the engine is told about the user.
    pub(super) fn about(&self, prefix: &str) -> About {
        let profile = &self.profile;
        let mut merged: BTreeMap<&str, &str> = BTreeMap::new();
        for (name, value) in profile.metadata.iter().chain(&profile.variables) {
            merged.insert(name, value);
        }
        About {
            user_id: Some(match &profile.user_id {
                Some(user) => user.clone(),
                None => self.conversation.to_string(),
            }),
            host_locale: profile.locales.host.clone(),
            selected_locale: profile.locales.selected.clone(),
            user_profile_tags: profile.tags.clone(),
            metadata: merged
                .into_iter()
                .map(|(name, value)| (format!("{prefix}{name}"), value.into()))
                .collect(),
        }
    }
}
