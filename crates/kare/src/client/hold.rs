use switchboard_core::dialect::{Cx, LegOutput};
use switchboard_core::model::MessageId;

use super::access::Naming;
use super::forest::Held;
use super::leg::KareLeg;
use super::receive::Source;
use super::turn::Turn;
use crate::wire::{Aspect, Body, Envelope};

/// Parents before children: `docs/protocols/kare.md#4-the-forest`.
///
/// An engine may call our inputs by ids of its own, so that its replies hang below something that
/// never comes; what the leg learns of that, it learns for all legs at the engine.
impl KareLeg {
    /// The parent that a message has to wait for. One that is its own ancestor becomes a root.
    pub(super) fn missing_parent(&self, envelope: &mut Envelope) -> Option<MessageId> {
        let parent = envelope.parent_id.as_ref()?.to_model();
        let forest = &self.state.forest;
        if let Some(id) = envelope.id.as_ref().map(|id| id.to_model()) {
            if forest.has_seen(id) {
                return None;
            }
            if forest.is_ancestor(id, parent) {
                tracing::warn!(%id, "a message of the engine is its own ancestor");
                envelope.parent_id = None;
                return None;
            }
        }
        let is_known = forest.knows(parent)
            || self.is_echo(parent)
            || self.state.turns.iter().any(|turn| turn.owns(parent));
        (!is_known).then_some(parent)
    }

    /// Holds a message back, unless its parent is what the engine calls our input.
    pub(super) fn hold(
        &mut self,
        envelope: Envelope,
        parent: MessageId,
        source: Source,
        cx: &Cx<'_>,
        output: &mut LegOutput,
    ) {
        let naming = self.shared.access.naming();
        let is_name = envelope.header.in_reply_to.is_none()
            && match naming {
                Naming::Unknown => is_answer(&envelope),
                Naming::Ours => false,
                Naming::Theirs => !is_part(&envelope),
                Naming::TheirsFlat => true,
            };
        if is_name && let Some(turn) = self.awaited(source.turn()) {
            turn.add_root(parent);
            if naming == Naming::Unknown {
                self.shared.access.learn(Naming::Theirs);
            }
            return self.take(envelope, source, cx, output);
        }
        let held = Held {
            turn: source.turn().or_else(|| self.turn_of(&envelope)),
            envelope,
            parent,
            in_list: source.is_list(),
            until: cx.now.after(self.shared.engine.options.hold),
        };
        if let Some(oldest) = self.state.forest.hold(held) {
            tracing::warn!("too many messages of the engine wait for their parents");
            self.let_go(oldest, cx, output);
        }
    }

    fn turn_of(&self, envelope: &Envelope) -> Option<MessageId> {
        let answers = envelope.header.in_reply_to.as_ref().map(|id| id.to_model());
        let mut turns = self.state.turns.iter();
        let turn = match answers {
            Some(id) => turns.find(|turn| turn.owns(id)),
            None => turns.find(|turn| turn.is_posted()),
        };
        turn.map(|turn| turn.id)
    }

    /// The turn whose input the engine may have named: nothing of its answer has come yet.
    fn awaited(&mut self, of_list: Option<MessageId>) -> Option<&mut Turn> {
        let mut turns = self.state.turns.iter_mut();
        turns.find(|turn| turn.is_awaited() && of_list.is_none_or(|id| turn.id == id))
    }

    /// Passes a message on whose parent did not come: as the first reply to an input that the
    /// engine calls so, else as a root.
    fn let_go(&mut self, held: Held, cx: &Cx<'_>, output: &mut LegOutput) {
        let parent = held.parent;
        let source = held.source();
        let is_name = held.envelope.header.in_reply_to.is_none()
            && self.shared.access.naming() != Naming::Ours
            && !self.state.forest.knows(parent);
        match self.awaited(held.turn).filter(|_| is_name) {
            Some(turn) => {
                turn.add_root(parent);
                self.shared.access.learn(if is_part(&held.envelope) {
                    Naming::TheirsFlat
                } else {
                    Naming::Theirs
                });
            }
            None => self.state.forest.give_up(parent),
        }
        self.take(held.envelope, source, cx, output);
    }

    /// Passes on what waited for a message.
    pub(super) fn release_children(
        &mut self,
        parent: MessageId,
        cx: &Cx<'_>,
        output: &mut LegOutput,
    ) {
        while let Some(held) = self.state.forest.child_of(parent) {
            let source = held.source();
            self.take(held.envelope, source, cx, output);
        }
    }

    /// Passes on what has waited for long enough.
    pub(super) fn release_due(&mut self, cx: &Cx<'_>, output: &mut LegOutput) {
        while let Some(held) = self.state.forest.due(cx.now) {
            self.let_go(held, cx, output);
        }
    }

    /// A list is over: what is not in it does not come.
    pub(super) fn release_list(&mut self, cx: &Cx<'_>, output: &mut LegOutput) {
        while let Some(held) = self.state.forest.of_list() {
            self.let_go(held, cx, output);
        }
    }

    /// Nothing more comes.
    pub(super) fn release_all(&mut self, cx: &Cx<'_>, output: &mut LegOutput) {
        while let Some(held) = self.state.forest.first() {
            self.let_go(held, cx, output);
        }
    }

    /// Puts our id of an input in the place of the engine's, and notices what the engine calls it.
    pub(super) fn place(&mut self, envelope: &mut Envelope) {
        let id = envelope.id.as_ref().map(|id| id.to_model());
        if let Some(id) = id
            && let Some(turn) = self.state.turns.iter_mut().find(|turn| turn.is_named(id))
        {
            // What seemed to be the input is a message after all.
            turn.roots.retain(|root| *root != id);
            self.shared.access.learn(Naming::Theirs);
        }
        let Some(parent) = envelope.parent_id.as_ref().map(|parent| parent.to_model()) else {
            return;
        };
        let turn = self
            .state
            .turns
            .iter()
            .find(|turn| turn.roots.contains(&parent));
        match turn {
            Some(turn) if turn.id == parent => self.shared.access.learn(Naming::Ours),
            Some(turn) => envelope.parent_id = Some(turn.id.into()),
            None => {
                if let Some(ours) = self.state.forest.alias(parent) {
                    envelope.parent_id = Some(ours.into());
                }
            }
        }
    }
}

fn aspect(envelope: &Envelope) -> Option<&Aspect> {
    match &envelope.body {
        Body::Text(text) => Some(&text.aspect),
        _ => None,
    }
}

/// The node that holds an answer's parts hangs below the input.
fn is_answer(envelope: &Envelope) -> bool {
    aspect(envelope) == Some(&Aspect::Answer)
}

/// A part of an answer hangs below the answer.
fn is_part(envelope: &Envelope) -> bool {
    let aspect = aspect(envelope).map_or("", Aspect::as_str);
    aspect.starts_with("resolution/answer/")
}
