use switchboard_core::dialect::{Cx, LegOutput};
use switchboard_core::model::{BotEvent, EndReason, MessageId, TurnOutcome};

use super::leg::KareLeg;
use crate::convert::message;
use crate::error::decode_frame_fault;
use crate::wire::bye::Bye;
use crate::wire::error_body::ErrorBody;
use crate::wire::{Body, Envelope, Uri, decode_frame};

/// Where a message belongs.
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
        self.link_works();
        match decode_frame(frame) {
            Ok(envelopes) => {
                for envelope in envelopes {
                    match envelope {
                        Ok(envelope) => self.receive(envelope, None, cx, output),
                        Err(error) => tracing::warn!(%error, "the engine sent no envelope"),
                    }
                }
            }
            Err(error) => tracing::warn!(%error, "the engine sent an unreadable frame"),
        }
    }

    /// Takes one message. `turn` is the turn that a REST answer belongs to; it ends with the
    /// answer, not with a message.
    pub(super) fn receive(
        &mut self,
        envelope: Envelope,
        turn: Option<MessageId>,
        cx: &Cx<'_>,
        output: &mut LegOutput,
    ) {
        if !envelope.uri.is_outbound() {
            return;
        }
        let origin = match turn.and_then(|turn| self.turn_at(turn)) {
            Some(at) => Origin::Turn { at, early: false },
            None => self.origin(&envelope),
        };
        let is_live = turn.is_none();
        match (&envelope.uri, &envelope.body) {
            (Uri::OutHi, _) => self.hello(&envelope, &origin, is_live, cx, output),
            (Uri::OutBye, Body::Bye(bye)) => {
                let bye = bye.clone();
                self.goodbye(envelope, bye, &origin, cx, output);
            }
            (Uri::OutError, Body::Error(body)) => self.error(body, &origin, cx, output),
            _ => self.message(envelope, &origin, is_live, cx, output),
        }
    }

    /// Finds the turn of a message: by what it answers, by what it hangs below, and else by there
    /// being one under way.
    fn origin(&mut self, envelope: &Envelope) -> Origin {
        let answers = envelope.header.in_reply_to.as_ref().map(|id| id.to_model());
        let parent = envelope.parent_id.as_ref().map(|id| id.to_model());
        for id in [answers, parent].into_iter().flatten() {
            if self.echoes.contains(&id) {
                return Origin::Echo;
            }
            if let Some(at) = self.state.turns.iter().position(|turn| turn.owns(id)) {
                let early = self
                    .state
                    .turns
                    .get(at)
                    .is_some_and(|turn| turn.early.contains(&id));
                return Origin::Turn { at, early };
            }
        }
        if answers.is_some() || parent.is_some_and(|parent| self.state.knows(parent)) {
            return Origin::Unasked;
        }
        // A server that gave our input an id of its own, or tells no parents.
        match self
            .state
            .turns
            .iter_mut()
            .enumerate()
            .find(|(_, it)| it.sent)
        {
            Some((at, turn)) => {
                turn.roots.extend(parent);
                Origin::Turn { at, early: false }
            }
            None => Origin::Unasked,
        }
    }

    /// `out/hi` is not shown; it only tells that the engine listens.
    fn hello(
        &mut self,
        envelope: &Envelope,
        origin: &Origin,
        is_live: bool,
        cx: &Cx<'_>,
        output: &mut LegOutput,
    ) {
        let id = envelope.id.as_ref().map(|id| id.to_model());
        let Origin::Turn { at, .. } = *origin else {
            if let Origin::Echo = origin {
                self.echoes.extend(id);
            }
            return;
        };
        let Some(turn) = self.state.turns.get_mut(at) else {
            return;
        };
        turn.roots.extend(id);
        turn.answered = true;
        if !is_live || turn.go_on() {
            return;
        }
        if envelope.header.is_final == Some(true) {
            self.end_turn(at, TurnOutcome::Done, output);
        } else {
            // There may be no greeting; nothing tells.
            turn.deadline = Some(cx.now.after(self.shared.engine.options.silence));
        }
    }

    fn message(
        &mut self,
        envelope: Envelope,
        origin: &Origin,
        is_live: bool,
        cx: &Cx<'_>,
        output: &mut LegOutput,
    ) {
        let is_final = envelope.header.is_final;
        let is_echo = matches!(origin, Origin::Echo);
        let mut message = message::to_model(envelope, cx.message_id(), cx.now);
        if is_echo {
            self.echoes.push(message.id);
            return;
        }
        let is_new = self.state.remember(message.id);
        let mut turn_id = None;
        if let Origin::Turn { at, early } = *origin
            && let Some(turn) = self.state.turns.get_mut(at)
        {
            turn_id = Some(turn.id);
            if message.parent.is_some_and(|it| turn.roots.contains(&it)) {
                message.parent = turn_id;
            }
            if early {
                turn.early.push(message.id);
            } else {
                turn.answered = true;
                turn.seen.push(message.id);
                // A server that marks the end at all will mark it.
                let options = &self.shared.engine.options;
                let patience = match is_final {
                    Some(_) => options.reply_timeout,
                    None => options.silence,
                };
                turn.deadline = is_live.then(|| cx.now.after(patience));
            }
        }
        if is_new {
            self.state.note(&message);
            output.publish(turn_id, BotEvent::Message(message));
        }
        if let (true, Some(true), Origin::Turn { at, early: false }) = (is_live, is_final, origin) {
            self.end_turn(*at, TurnOutcome::Done, output);
        }
    }

    /// The engine ends the conversation; what is under way has had its answer.
    fn goodbye(
        &mut self,
        envelope: Envelope,
        bye: Bye,
        origin: &Origin,
        cx: &Cx<'_>,
        output: &mut LegOutput,
    ) {
        let turn = match *origin {
            Origin::Turn { at, .. } => self.state.turns.get(at).map(|turn| turn.id),
            _ => None,
        };
        if bye.text.is_some_and(|text| !text.trim().is_empty()) {
            let mut message = message::to_model(envelope, cx.message_id(), cx.now);
            if let (Some(id), Some(parent)) = (turn, message.parent)
                && self
                    .turn_at(id)
                    .and_then(|at| self.state.turns.get(at))
                    .is_some_and(|turn| turn.roots.contains(&parent))
            {
                message.parent = turn;
            }
            output.publish(turn, BotEvent::Message(message));
        }
        let reason = bye
            .reason
            .as_deref()
            .map_or(EndReason::Ended, EndReason::from_word);
        output.publish(turn, BotEvent::ConversationEnded { reason });
        while !self.state.turns.is_empty() {
            self.end_turn(0, TurnOutcome::Done, output);
        }
        self.hang_up(output);
        self.state.loose.clear();
        self.state.forget_conversation();
    }

    /// The engine's words are for the log; the user is told by whoever asked.
    fn error(&mut self, body: &ErrorBody, origin: &Origin, cx: &Cx<'_>, output: &mut LegOutput) {
        tracing::warn!(
            code = body.error.as_deref().unwrap_or_default(),
            message = body.message.as_deref().unwrap_or_default(),
            "the engine refused an input"
        );
        if let Origin::Turn { at, .. } = *origin {
            self.turn_failed(at, &decode_frame_fault(body), cx, output);
        }
    }
}
