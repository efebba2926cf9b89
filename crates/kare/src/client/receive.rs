use switchboard_core::dialect::{Cx, LegOutput};
use switchboard_core::model::{BotEvent, EndReason, MessageId, TurnOutcome};

use super::forest::{Sight, digest};
use super::leg::KareLeg;
use super::turn::{Turn, Way};
use crate::convert::message;
use crate::error::decode_frame_fault;
use crate::options::TurnEnd;
use crate::wire::bye::Bye;
use crate::wire::envelope::decode_frame_as;
use crate::wire::error_body::ErrorBody;
use crate::wire::{Body, Envelope, Header, Uri};

/// How a message came.
#[derive(Debug, Clone, Copy)]
pub(super) enum Source {
    /// Over the socket.
    Live,
    /// In a REST answer to this turn, which ends with the answer and not with a message.
    List(Option<MessageId>),
}

impl Source {
    pub(super) fn turn(self) -> Option<MessageId> {
        match self {
            Self::Live => None,
            Self::List(turn) => turn,
        }
    }

    pub(super) fn is_list(self) -> bool {
        matches!(self, Self::List(_))
    }
}

/// Where a message belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Origin {
    /// To the turn at this place; `early` if to the hello before its question.
    Turn { at: usize, early: bool },
    /// To no turn under way.
    Unasked,
    /// To a hello that was only repeated.
    Echo,
}

impl KareLeg {
    pub(super) fn on_frame(&mut self, frame: &[u8], cx: &Cx<'_>, output: &mut LegOutput) {
        self.link.heard();
        match decode_frame_as(&self.shared.engine.spelling, frame) {
            Ok(envelopes) => {
                for envelope in envelopes {
                    match envelope {
                        Ok(envelope) => self.receive(envelope, Source::Live, cx, output),
                        Err(error) => tracing::warn!(%error, "the engine sent no envelope"),
                    }
                }
            }
            Err(error) => tracing::warn!(%error, "the engine sent an unreadable frame"),
        }
    }

    /// Takes one message, or holds it back until its parent is there.
    pub(super) fn receive(
        &mut self,
        mut envelope: Envelope,
        source: Source,
        cx: &Cx<'_>,
        output: &mut LegOutput,
    ) {
        if !envelope.uri.is_outbound() {
            return;
        }
        match (&envelope.uri, &envelope.body) {
            (Uri::OutHi, _) => self.hello(&envelope, source, cx, output),
            (Uri::OutBye, Body::Bye(bye)) => {
                let bye = bye.clone();
                // Nothing follows it.
                self.release_all(cx, output);
                self.goodbye(envelope, bye, source, output, cx);
            }
            (Uri::OutError, Body::Error(body)) => {
                let origin = self.origin(&envelope, source);
                self.error(body, origin, cx, output);
            }
            _ => match self.missing_parent(&mut envelope) {
                Some(parent) => self.hold(envelope, parent, source, cx, output),
                None => self.take(envelope, source, cx, output),
            },
        }
    }

    /// Finds the turn of a message: by the list that it came in, by what it answers, by what it
    /// hangs below, and else by there being one under way.
    fn origin(&self, envelope: &Envelope, source: Source) -> Origin {
        if let Some(at) = source.turn().and_then(|turn| self.turn_at(turn)) {
            return Origin::Turn { at, early: false };
        }
        let answers = envelope.header.in_reply_to.as_ref().map(|id| id.to_model());
        let parent = envelope.parent_id.as_ref().map(|id| id.to_model());
        for id in [answers, parent].into_iter().flatten() {
            if self.is_echo(id) {
                return Origin::Echo;
            }
            let mut turns = self.state.turns.iter().enumerate();
            if let Some((at, turn)) = turns.find(|(_, turn)| turn.owns(id)) {
                let early = turn.is_early(id);
                return Origin::Turn { at, early };
            }
        }
        let knows = |id| self.state.forest.has_seen(id) || self.state.forest.alias(id).is_some();
        if answers.is_some() || parent.is_some_and(knows) {
            return Origin::Unasked;
        }
        // Nothing tells what it hangs below.
        match self.state.turns.iter().position(Turn::is_posted) {
            Some(at) => Origin::Turn { at, early: false },
            None => Origin::Unasked,
        }
    }

    /// `out/hi` is not shown; it only tells that the engine listens.
    fn hello(&mut self, envelope: &Envelope, source: Source, cx: &Cx<'_>, output: &mut LegOutput) {
        let id = envelope.id.as_ref().map(|id| id.to_model());
        let parent = envelope.parent_id.as_ref().map(|id| id.to_model());
        let at = match self.origin(envelope, source) {
            Origin::Turn { at, .. } => self.state.turns.get(at).and_then(|turn| {
                let is_its = parent.is_some_and(|parent| turn.owns(parent));
                (turn.is_hello() || is_its || source.is_list()).then_some(at)
            }),
            _ => None,
        };
        match at {
            Some(at) => self.greeted(at, envelope, source, cx),
            // The hello was only repeated.
            None if self.has_echoes() => {
                if let Some(id) = id {
                    self.add_echo(id);
                }
            }
            None => {}
        }
        if let Some(id) = id {
            self.release_children(id, cx, output);
        }
    }

    fn greeted(&mut self, at: usize, envelope: &Envelope, source: Source, cx: &Cx<'_>) {
        let Some(turn) = self.state.turns.get_mut(at) else {
            return;
        };
        // A server with ids of its own tells here what it calls the hello.
        let name = envelope.parent_id.as_ref();
        let name = name.filter(|_| turn.is_hello() && !turn.answered);
        for root in [name, envelope.id.as_ref()].into_iter().flatten() {
            turn.add_root(root.to_model());
        }
        if !turn.is_hello() {
            return;
        }
        turn.answered = true;
        if source.is_list() || turn.go_on() {
            return;
        }
        let options = &self.shared.engine.options;
        match end_mark(options.turn_end, &envelope.header) {
            Some(true) => turn.complete = Some(TurnOutcome::Done),
            Some(false) => turn.deadline = Some(cx.now.after(options.reply_timeout)),
            // There may be no greeting; nothing tells.
            None => turn.deadline = Some(cx.now.after(options.silence)),
        }
    }

    /// Publishes a message, and what waited for it.
    pub(super) fn take(
        &mut self,
        mut envelope: Envelope,
        source: Source,
        cx: &Cx<'_>,
        output: &mut LegOutput,
    ) {
        let origin = self.origin(&envelope, source);
        let digest = digest(&envelope);
        let mark = end_mark(self.shared.engine.options.turn_end, &envelope.header);
        if origin == Origin::Echo {
            if let Some(id) = envelope.id.as_ref().map(|id| id.to_model())
                && self.state.forest.has_heard(digest)
            {
                // The greeting again.
                self.add_echo(id);
                return self.release_children(id, cx, output);
            }
            envelope.parent_id = None;
        }
        self.place(&mut envelope);
        let message = message::to_model(envelope, cx.message_id(), cx.now);
        let id = message.id;
        let sight = self.state.forest.see(id, Some(digest));
        let is_its = |at: usize| self.state.turns.get(at).is_some_and(|turn| turn.owns(id));
        let turn = match origin {
            // A repetition tells nothing about a turn that it was no part of.
            Origin::Turn { at, early } if sight == Sight::New || is_its(at) => {
                self.count(at, early, id, mark, source, cx)
            }
            _ => None,
        };
        match sight {
            Sight::New => {
                self.state.note(&message);
                output.publish(turn, BotEvent::Message(message));
            }
            Sight::Same => {}
            Sight::Changed => {
                tracing::warn!(%id, "the engine sent another message with the id of one before");
            }
        }
        self.release_children(id, cx, output);
    }

    /// A message of a turn came: how long to wait for more of them. Gives the turn's id.
    fn count(
        &mut self,
        at: usize,
        early: bool,
        id: MessageId,
        mark: Option<bool>,
        source: Source,
        cx: &Cx<'_>,
    ) -> Option<MessageId> {
        let options = &self.shared.engine.options;
        let turn = self.state.turns.get_mut(at)?;
        if early {
            turn.add_early(id);
            return Some(turn.id);
        }
        turn.answered = true;
        turn.add(id);
        // The REST answer to the turn is yet to come, and ends it.
        if source.is_list() || turn.way == Way::Rest {
            return Some(turn.id);
        }
        // A server that marks the end at all will mark it.
        let patience = match mark {
            Some(_) => options.reply_timeout,
            None => options.silence,
        };
        turn.deadline = Some(cx.now.after(patience));
        if mark == Some(true) {
            turn.complete = Some(TurnOutcome::Done);
        }
        Some(turn.id)
    }

    /// The engine ends the conversation; what is under way has had its answer.
    fn goodbye(
        &mut self,
        mut envelope: Envelope,
        bye: Bye,
        source: Source,
        output: &mut LegOutput,
        cx: &Cx<'_>,
    ) {
        let turn = match self.origin(&envelope, source) {
            Origin::Turn { at, .. } => self.state.turns.get(at).map(|turn| turn.id),
            _ => None,
        };
        if bye.text.is_some_and(|text| !text.trim().is_empty()) {
            self.place(&mut envelope);
            let message = message::to_model(envelope, cx.message_id(), cx.now);
            output.publish(turn, BotEvent::Message(message));
        }
        let reason = bye
            .reason
            .as_deref()
            .map_or(EndReason::Ended, EndReason::from_word);
        output.publish(turn, BotEvent::ConversationEnded { reason });
        self.end_all(TurnOutcome::Done, output);
        self.hang_up(output);
        self.calls.drop_inputs();
        self.state.loose.clear();
        self.state.forget_conversation();
    }

    /// The engine's words are for the log; the user is told by whoever asked.
    fn error(&mut self, body: &ErrorBody, origin: Origin, cx: &Cx<'_>, output: &mut LegOutput) {
        tracing::warn!(
            code = body.error.as_deref().unwrap_or_default(),
            message = body.message.as_deref().unwrap_or_default(),
            "the engine refused an input"
        );
        if let Origin::Turn { at, .. } = origin {
            self.turn_failed(at, &decode_frame_fault(body), cx, output);
        }
    }
}

/// What a message says about the end of its reply, as far as the operator believes it.
fn end_mark(turn_end: TurnEnd, header: &Header) -> Option<bool> {
    match turn_end {
        TurnEnd::Auto => header.is_final,
        TurnEnd::Final => Some(header.is_final.unwrap_or(false)),
        TurnEnd::Silence => None,
    }
}
