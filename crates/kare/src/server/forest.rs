use std::collections::VecDeque;
use std::sync::Arc;

use switchboard_core::dialect::{Entry, Item, View};
use switchboard_core::model::{
    Author, ChoicesKind, Content, EndReason, HandoverPhase, Message, MessageId, Notice, Timestamp,
    UserEvent, UserInput,
};
use uuid::Uuid;

use super::Shared;
use crate::convert::{Setting, event, message};
use crate::wire::bye::Bye;
use crate::wire::hello::Welcome;
use crate::wire::text::Text;
use crate::wire::{Aspect, Body, Envelope, Header, Uri, WireId};

/// How many turns are remembered that are probably over.
const MAX_BRANCHES: usize = 16;
/// How many turns are remembered at all. More cannot be under way unless the operator lets more
/// events of a conversation wait.
const MOST_BRANCHES: usize = 64;

/// Places published messages in the forest of `docs/protocols/kare.md#4-the-forest`: a Kare
/// engine's own keep their places, a flat engine's become answers with parts.
///
/// Entries must come in their order, beginning with the user event that the first of them belongs
/// to. Whatever is made up here follows from the entries alone, so that every socket, every answer
/// over REST and the history show the same forest. Of a turn whose beginning is lost it is known
/// that it answers an input: its messages hang where they should, but may be counted anew, and its
/// answer node may be told of again under the same id.
pub(super) struct Forest {
    shared: Arc<Shared>,
    /// In the order in which the turns began.
    branches: VecDeque<Branch>,
    /// The turn that spoke last.
    speaking: Option<MessageId>,
    last_input: Option<MessageId>,
    /// A goodbye's words, waiting for the goodbye.
    farewell: Option<Box<Envelope>>,
}

/// What a turn's messages are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// The configured greeting: text below `out/hi`.
    Greeting,
    /// A response to be welcomed with: an answer below `out/hi`.
    Welcome,
    /// An answer below the input.
    Answer,
    /// A word on feedback: text below the input.
    Remark,
}

struct Branch {
    turn: MessageId,
    kind: Kind,
    seq: u64,
    /// The answer node that flat messages become the children of.
    node: Option<MessageId>,
    /// An answer node before was left for something that is no part of an answer.
    is_continued: bool,
}

impl Branch {
    fn new(turn: MessageId, kind: Kind) -> Self {
        let seq = match kind {
            // The first place is that of `out/hi`.
            Kind::Greeting | Kind::Welcome => 1,
            Kind::Answer | Kind::Remark => 0,
        };
        Self {
            turn,
            kind,
            seq,
            node: None,
            is_continued: false,
        }
    }

    /// What follows is no part of the answer so far: whoever draws the tree depth first must draw
    /// it in the order of arrival.
    fn leave_node(&mut self) {
        self.is_continued |= self.node.take().is_some();
    }

    /// What flat messages hang below.
    fn root(&self) -> MessageId {
        match self.kind {
            Kind::Greeting | Kind::Welcome => hello_id(self.turn),
            Kind::Answer | Kind::Remark => self.turn,
        }
    }
}

/// The id of the `out/hi` that answers an `in/hi`.
pub(super) fn hello_id(hi: MessageId) -> MessageId {
    derived(hi, "out/hi")
}

fn derived(from: MessageId, name: &str) -> MessageId {
    MessageId(Uuid::new_v5(&from.0, name.as_bytes()))
}

impl Kind {
    /// What answers a user event, as it is logged.
    pub(super) fn of(event: &UserEvent) -> Self {
        match &event.input {
            UserInput::Open {
                welcome: Some(_), ..
            } => Self::Welcome,
            UserInput::Open { .. } => Self::Greeting,
            UserInput::Feedback(_) => Self::Remark,
            // An engine's own opinions, such as stars.
            _ if event::aspect(event) == Some(Aspect::Feedback) => Self::Remark,
            _ => Self::Answer,
        }
    }
}

impl Forest {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self {
            shared,
            branches: VecDeque::new(),
            speaking: None,
            last_input: None,
            farewell: None,
        }
    }

    /// The user did something.
    pub(super) fn open(&mut self, event: &UserEvent) {
        self.last_input = Some(event.id);
        if self.branches.iter().all(|branch| branch.turn != event.id) {
            self.push(Branch::new(event.id, Kind::of(event)));
        }
    }

    fn push(&mut self, branch: Branch) {
        while self.branches.len() >= MAX_BRANCHES && self.may_forget_first() {
            self.branches.pop_front();
        }
        self.branches.push_back(branch);
    }

    /// Turns answer one after the other: before the one that speaks all have spoken.
    fn may_forget_first(&self) -> bool {
        let is_speaking = |branch: &Branch| Some(branch.turn) == self.speaking;
        let speaking = self.branches.iter().position(is_speaking);
        speaking.is_some_and(|at| at > 0) || self.branches.len() >= MOST_BRANCHES
    }

    /// The `out/hi` that answers the `in/hi` at the root of a greeting.
    pub(super) fn greeting_hello(&self, event: &UserEvent, view: &View) -> Envelope {
        let locale = self.shared.settings.locale(&view.profile);
        hello(event.id, hello_id(event.id), &view.key, locale, event.at)
    }

    /// Places one entry. Typing and the user's own events come to nothing.
    pub(super) fn place(&mut self, entry: &Entry, view: &View) -> Vec<Envelope> {
        // Of a user's own event nothing comes, and every turn has one.
        let mut placed = match entry.item {
            Item::Message(_) => Vec::with_capacity(2),
            _ => Vec::new(),
        };
        if !matches!(entry.item, Item::Ended { .. } | Item::Typing(_)) {
            placed.extend(self.flush());
        }
        match &entry.item {
            Item::User(event) => self.open(event),
            Item::Typing(_) => {}
            Item::Message(published) => {
                for message in published.shown() {
                    self.message(entry, message, &mut placed);
                }
            }
            Item::Notice(notice) => placed.extend(self.notice(entry, notice, view)),
            Item::Ended { reason } => placed.push(self.goodbye(entry, reason, view)),
        }
        let last = placed.len().saturating_sub(1);
        let ends = entry.last || matches!(entry.item, Item::Ended { .. });
        for (at, envelope) in placed.iter_mut().enumerate() {
            envelope.conversation_id = Some(view.key.to_string());
            let header = self.header(entry.turn, entry.index, ends && at == last);
            envelope.header.in_reply_to = header.in_reply_to;
            envelope.header.seq = header.seq;
            envelope.header.is_final = header.is_final;
        }
        placed
    }

    /// A goodbye's words that no goodbye followed, as text.
    pub(super) fn flush(&mut self) -> Option<Envelope> {
        let mut envelope = *self.farewell.take()?;
        envelope.uri = Uri::OutText;
        if let Body::Bye(bye) = envelope.body {
            let text = Text::new(Aspect::Plain, bye.text.unwrap_or_default());
            envelope.body = Body::Text(text);
        }
        Some(envelope)
    }

    /// The header of a turn's next message. What nobody asked for has none.
    fn header(&mut self, turn: Option<MessageId>, index: u32, is_final: bool) -> Header {
        let Some(turn) = turn else {
            return Header::default();
        };
        self.speaking = Some(turn);
        let branch = self.branch(turn, index);
        let seq = branch.seq;
        branch.seq += 1;
        Header {
            in_reply_to: Some(turn.into()),
            seq: Some(seq),
            is_final: Some(is_final),
            ..Header::default()
        }
    }

    /// The branch of a turn. One whose beginning is lost is taken for a question.
    fn branch(&mut self, turn: MessageId, index: u32) -> &mut Branch {
        let at = match self.branches.iter().position(|it| it.turn == turn) {
            Some(at) => at,
            None => {
                self.push(Branch {
                    seq: u64::from(index),
                    ..Branch::new(turn, Kind::Answer)
                });
                self.branches.len() - 1
            }
        };
        #[expect(
            clippy::indexing_slicing,
            reason = "found or pushed just above, without a break in between"
        )]
        &mut self.branches[at]
    }

    fn message(&mut self, entry: &Entry, message: &Message, placed: &mut Vec<Envelope>) {
        if message::is_native(message) {
            let Some(mut envelope) =
                message::from_model(message, Setting::Free, &self.shared.style)
            else {
                return;
            };
            if envelope.uri == Uri::OutBye {
                self.farewell = Some(Box::new(envelope));
                return;
            }
            // An engine's own greeting hangs below its `out/hi`, for which ours stands in.
            if let Some(turn) = entry.turn
                && message.parent == Some(turn)
                && envelope.parent_id == Some(turn.into())
            {
                envelope.parent_id = Some(self.branch(turn, entry.index).root().into());
            }
            placed.push(envelope);
            return;
        }
        let is_flat = message.parent.is_none() || message.parent == entry.turn;
        if !is_flat {
            placed.extend(message::from_model(
                message,
                Setting::Answer,
                &self.shared.style,
            ));
            return;
        }
        let (root, kind, node) = match entry.turn {
            Some(turn) => {
                let branch = self.branch(turn, entry.index);
                (Some(branch.root()), branch.kind, branch.node)
            }
            None => (self.last_input, Kind::Remark, None),
        };
        let is_part = match part(message) {
            Part::Always => true,
            Part::Words => matches!(kind, Kind::Answer | Kind::Welcome) || node.is_some(),
            Part::Never => false,
        };
        let setting = if is_part {
            Setting::Answer
        } else {
            Setting::Free
        };
        let Some(mut envelope) = message::from_model(message, setting, &self.shared.style) else {
            return;
        };
        envelope.parent_id = root.map(WireId::from);
        if is_part {
            let id = node.unwrap_or_else(|| {
                let id = self.open_node(entry, message);
                placed.push(answer_node(id, root, message.at));
                id
            });
            envelope.parent_id = Some(id.into());
        } else if let Some(turn) = entry.turn {
            self.branch(turn, entry.index).leave_node();
        }
        placed.push(envelope);
    }

    /// Begins a node for the parts of an answer, of which the message is the first.
    fn open_node(&mut self, entry: &Entry, message: &Message) -> MessageId {
        let name = Aspect::Answer.as_str();
        let Some(turn) = entry.turn else {
            return derived(message.id, name);
        };
        let branch = self.branch(turn, entry.index);
        let from = if branch.is_continued {
            message.id
        } else {
            turn
        };
        let id = derived(from, name);
        branch.node = Some(id);
        id
    }

    fn notice(&mut self, entry: &Entry, notice: &Notice, view: &View) -> Option<Envelope> {
        if notice.text.is_empty() {
            return None;
        }
        if let Some(turn) = entry.turn {
            self.branch(turn, entry.index).leave_node();
        }
        let id = Uuid::new_v5(&view.id.0, format!("notice {}", entry.seq).as_bytes());
        let text = Text::new(Aspect::Plain, notice.text.to_safe_markdown());
        let mut envelope = Envelope::new(MessageId(id), Uri::OutText, Body::Text(text));
        envelope.parent_id = entry.turn.or(self.last_input).map(WireId::from);
        envelope.created_at = Some(entry.at.to_rfc3339());
        Some(envelope)
    }

    fn goodbye(&mut self, entry: &Entry, reason: &EndReason, view: &View) -> Envelope {
        if let Some(envelope) = self.farewell.take() {
            return *envelope;
        }
        let id = MessageId(Uuid::new_v5(&view.id.0, Uri::OutBye.as_str().as_bytes()));
        let bye = Bye {
            reason: Some(reason.as_str().to_owned()),
            ..Bye::default()
        };
        let mut envelope = Envelope::new(id, Uri::OutBye, Body::Bye(bye));
        envelope.parent_id = entry.turn.or(self.last_input).map(WireId::from);
        envelope.created_at = Some(entry.at.to_rfc3339());
        envelope
    }
}

/// An `out/hi` that answers an `in/hi` and is not the last word on it.
pub(super) fn hello(
    hi: MessageId,
    id: MessageId,
    key: &str,
    locale: String,
    now: Timestamp,
) -> Envelope {
    let body = Welcome {
        conversation_id: Some(key.to_owned()),
        locale: Some(locale),
        ..Welcome::default()
    };
    let mut envelope = Envelope::new(id, Uri::OutHi, Body::Welcome(body));
    envelope.parent_id = Some(hi.into());
    envelope.created_at = Some(now.to_rfc3339());
    envelope.conversation_id = Some(key.to_owned());
    envelope.header = Header {
        in_reply_to: Some(hi.into()),
        seq: Some(0),
        is_final: Some(false),
        ..Header::default()
    };
    envelope
}

/// Whether a flat message is a part of an answer.
enum Part {
    /// Its aspect exists only there.
    Always,
    /// Words can stand anywhere.
    Words,
    /// It answers the input itself.
    Never,
}

fn part(message: &Message) -> Part {
    match &message.content {
        // An operator or the platform does not speak the bot's answers.
        Content::Text { .. } if message.author != Author::Bot => Part::Never,
        Content::Choices(choices) if choices.kind == ChoicesKind::Disambiguation => Part::Never,
        Content::Quote(_)
        | Content::Image(_)
        | Content::Video(_)
        | Content::Choices(_)
        | Content::FeedbackRequest(_) => Part::Always,
        Content::Handover(handover) if handover.phase == HandoverPhase::Offered => Part::Always,
        Content::Handover(_)
        | Content::Group { .. }
        | Content::NoAnswer { .. }
        | Content::LanguageProblem { .. } => Part::Never,
        _ => Part::Words,
    }
}

fn answer_node(id: MessageId, parent: Option<MessageId>, at: Timestamp) -> Envelope {
    let mut envelope = Envelope::new(id, Uri::OutText, Body::Text(Text::new(Aspect::Answer, "")));
    envelope.parent_id = parent.map(WireId::from);
    envelope.created_at = Some(at.to_rfc3339());
    envelope
}
