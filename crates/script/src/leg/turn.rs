use std::time::Duration;

use switchboard_core::dialect::Cx;
use switchboard_core::model::{
    Author, BotEvent, Content, HandoverPhase, Message, MessageId, Profile, Timestamp, TurnOutcome,
    UserEvent,
};

use super::state::Pending;
use crate::format::{Answer, Delay};
use crate::render::{Rendered, Scope};

/// A turn being planned.
pub(super) struct Turn<'a> {
    /// The event that opened it.
    pub id: MessageId,
    /// What is known of the user.
    pub profile: &'a Profile,
    /// The user's words were not shown as theirs.
    pub hidden: bool,
    cx: Cx<'a>,
    /// Nobody asked, so nothing belongs to the turn.
    unasked: bool,
    /// How long the turn lasts so far.
    lasts: Duration,
    planned: Vec<Planned>,
}

struct Planned {
    /// After the turn's start.
    offset: Duration,
    place: Place,
    handover: bool,
    event: BotEvent,
}

/// What comes first among what is due at the same time.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    Within,
    End,
    Afterwards,
}

/// Whether what is planned belongs to the handover, and goes when it goes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// It does not.
    Dialog,
    /// It does.
    Handover,
}

impl<'a> Turn<'a> {
    pub(super) fn new(event: &UserEvent, cx: &Cx<'a>, profile: &'a Profile) -> Self {
        Self {
            id: event.id,
            profile,
            hidden: event.hidden || event.unrecorded,
            cx: *cx,
            unasked: false,
            lasts: Duration::ZERO,
            planned: Vec::new(),
        }
    }

    /// The plan for an event that opens no turn: all of it comes unasked.
    pub(super) fn unasked(event: &UserEvent, cx: &Cx<'a>, profile: &'a Profile) -> Self {
        Self {
            unasked: true,
            ..Self::new(event, cx, profile)
        }
    }

    /// Plans an answer. Gives back how long after the turn's start its last part comes, where that
    /// is after the turn's end.
    pub(super) fn say(
        &mut self,
        answer: &Answer,
        mut scope: Scope<'_>,
        mut part: Part,
    ) -> Option<Duration> {
        let mut late = self.unasked.then_some(Duration::ZERO);
        for item in &answer.0 {
            match item.delay {
                Delay::None => {}
                Delay::Slow(delay) => self.lasts += delay,
                Delay::After(delay) => late = Some(late.unwrap_or(self.lasts) + delay),
            }
            let belongs_to = part;
            let event = match scope.item(item) {
                Rendered::Message {
                    author,
                    content,
                    actions,
                } => {
                    if let Content::Handover(handover) = &content {
                        match handover.phase {
                            HandoverPhase::Joined => scope.operator_speaks = true,
                            HandoverPhase::Ended => {
                                // What follows is the bot's again.
                                scope.operator_speaks = false;
                                part = Part::Dialog;
                            }
                            _ => {}
                        }
                    }
                    let message = self.message(author, content, late.is_some());
                    BotEvent::Message(message.with_actions(actions))
                }
                Rendered::Typing(typing) => BotEvent::Typing(typing),
                Rendered::Notice(notice) => BotEvent::Notice(notice),
            };
            self.plan(late, event, belongs_to);
        }
        late
    }

    /// Plans one message within the turn.
    pub(super) fn tell(&mut self, author: Author, content: Content) {
        let message = self.message(author, content, false);
        self.plan(None, BotEvent::Message(message), Part::Dialog);
    }

    /// Plans something within the turn, or at a time after it.
    pub(super) fn plan(&mut self, late: Option<Duration>, event: BotEvent, part: Part) {
        self.planned.push(Planned {
            offset: late.unwrap_or(self.lasts),
            place: late.map_or(Place::Within, |_| Place::Afterwards),
            handover: part == Part::Handover,
            event,
        });
    }

    /// Nothing more belongs to the turn.
    pub(super) fn end(&mut self) {
        self.planned.push(Planned {
            offset: self.lasts,
            place: Place::End,
            handover: false,
            event: BotEvent::TurnEnded(TurnOutcome::Done),
        });
    }

    /// The plan, in the order in which it will be published.
    pub(super) fn into_pending(mut self, now: Timestamp) -> impl Iterator<Item = Pending> {
        self.planned
            .sort_by_key(|planned| (planned.offset, planned.place));
        let cause = self.id;
        self.planned.into_iter().map(move |planned| Pending {
            due: now.after(planned.offset),
            turn: (planned.place != Place::Afterwards).then_some(cause),
            cause,
            handover: planned.handover,
            event: planned.event,
        })
    }

    /// What is said within the turn answers the event; what comes later stands for itself.
    fn message(&self, author: Author, content: Content, late: bool) -> Message {
        Message {
            author,
            ..Message::bot(
                self.cx.message_id(),
                (!late).then_some(self.id),
                self.cx.now,
                content,
            )
        }
    }
}
