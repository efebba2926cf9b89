use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};
use switchboard_core::model::{BotEvent, ConversationId, Message, MessageId, Profile, Timestamp};

use super::filling::Filling;
use super::offer::{Offer, offers};
use crate::bot::Bot;

/// How many variables a conversation keeps.
const MOST_VARIABLES: usize = 200;

/// All that a leg knows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct State {
    /// Which conversation this is.
    pub conversation: ConversationId,
    // What most conversations never have is boxed.
    /// The language, where the user has changed it in the conversation.
    pub switched: Option<Box<Switched>>,
    /// What the user has told: captures, answers, form values.
    pub variables: BTreeMap<String, String>,
    /// The question that waits for an answer.
    pub asking: Option<Box<Asking>>,
    /// The form or survey that waits for answers, for users who type them.
    pub filling: Option<Box<Filling>>,
    /// What was offered last, for users who type instead of clicking.
    pub offered: Offered,
    /// The intent that the last form shown goes to.
    pub form: Option<String>,
    /// The intent that the last survey shown goes to.
    pub survey: Option<String>,
    /// The intent that got the file which came last.
    pub uploaded: Option<String>,
    /// The operator who has taken over, or is about to.
    pub handover: Option<Box<HandedOver>>,
    /// What is still to come, earliest first.
    pub pending: VecDeque<Pending>,
}

/// A language that the user went over to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Switched {
    /// The language.
    pub to: String,
    /// The locales that the profile stated when the user went over, then and before. As long as it
    /// states one of them, the user's own words count more.
    pub despite: Vec<String>,
}

/// A question of an intent, under way.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Asking {
    /// The intent.
    pub intent: String,
    /// The variable that receives the answer.
    pub name: String,
    /// How many texts have missed.
    pub misses: u32,
    /// The intent's questions that are answered already.
    pub answered: BTreeMap<String, String>,
}

/// The options of the latest answer that had some.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(super) struct Offered {
    /// The user event that brought them.
    pub by: Option<MessageId>,
    /// All of the answer's options.
    pub options: Vec<Offer>,
    /// Where the options of the last message begin: those can be picked by number.
    pub numbered_from: usize,
}

/// An operator in the conversation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct HandedOver {
    /// Which.
    pub operator: String,
    /// Has joined; before that the user waits.
    pub joined: bool,
    /// How many texts the operator has answered.
    pub replies: usize,
}

/// Something that is going to be published.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Pending {
    /// When.
    pub due: Timestamp,
    /// The turn it belongs to; absent for what comes after the turn.
    pub turn: Option<MessageId>,
    /// The user event behind it.
    pub cause: MessageId,
    /// A step of a handover, void once the handover is over.
    pub handover: bool,
    /// What.
    pub event: BotEvent,
}

impl State {
    pub(super) fn new(conversation: ConversationId) -> Self {
        Self {
            conversation,
            switched: None,
            variables: BTreeMap::new(),
            asking: None,
            filling: None,
            offered: Offered::default(),
            form: None,
            survey: None,
            uploaded: None,
            handover: None,
            pending: VecDeque::new(),
        }
    }

    /// The language to speak: the one that the user went over to, else the profile's, else the
    /// script's first. A profile that keeps its language decides alone.
    pub(super) fn language<'a>(&'a self, bot: &'a Bot, profile: &Profile) -> &'a str {
        let tag = profile.locales.effective();
        let known = tag.and_then(|tag| bot.language_for(tag));
        // Many clients send with each request the locale they began with.
        let is_despite = |switched: &Switched| {
            profile.keep_language != Some(true)
                && tag.is_some_and(|tag| switched.despite.iter().any(|old| old == tag))
        };
        match &self.switched {
            Some(switched) if known.is_none() || is_despite(switched) => &switched.to,
            _ => known.unwrap_or_else(|| bot.default_language()),
        }
    }

    /// Goes over to another language.
    pub(super) fn switch_language(&mut self, to: &str, profile: &Profile) {
        let mut despite = self
            .switched
            .take()
            .map(|before| before.despite)
            .unwrap_or_default();
        // The profile may repeat what we said ourselves, and only after this turn.
        if let Some(tag) = profile.locales.effective()
            && !despite.iter().any(|old| old == tag)
        {
            despite.push(tag.to_owned());
        }
        despite.retain(|old| old != to);
        let to = to.to_owned();
        self.switched = Some(Box::new(Switched { to, despite }));
    }

    /// Keeps what the user has told. Names may come from a client, so there is an end to them.
    pub(super) fn keep(&mut self, name: &str, value: String) {
        if let Some(known) = self.variables.get_mut(name) {
            *known = value;
        } else if self.variables.len() < MOST_VARIABLES {
            self.variables.insert(name.to_owned(), value);
        }
    }

    /// Remembers what a message offers.
    pub(super) fn remember_offers(&mut self, cause: MessageId, message: &Message) {
        let new = offers(message);
        if new.is_empty() {
            return;
        }
        if self.offered.by != Some(cause) {
            self.offered = Offered {
                by: Some(cause),
                ..Offered::default()
            };
        }
        self.offered.numbered_from = self.offered.options.len();
        self.offered.options.extend(new);
    }

    /// The operator is gone, and with them all that they were still going to do.
    pub(super) fn end_handover(&mut self) {
        self.handover = None;
        self.pending.retain(|pending| !pending.handover);
    }
}
