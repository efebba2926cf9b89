//! A conversation with a scripted bot.
//!
//! Whatever an event brings is first planned, each part with its due time, and then delivered as
//! far as it is due. What is left waits in the state, sorted by due time, so that a leg which is
//! put away and resumed goes on as if nothing had happened.

mod filling;
mod handover;
mod input;
mod intent;
mod offer;
mod query;
mod state;
mod turn;
mod words;

use std::collections::VecDeque;
use std::sync::Arc;

use serde_json::Value;
use switchboard_core::Fault;
use switchboard_core::dialect::{Cx, Leg, LegInput, LegOutput};
use switchboard_core::model::{
    BotEvent, Content, ConversationId, HandoverPhase, Profile, Timestamp, UserInput,
};

use crate::bot::Bot;
use crate::leg::filling::Filling;
use crate::leg::state::{Pending, State};
use crate::leg::turn::Turn;
use crate::render::Scope;

/// See the [module](self).
pub(crate) struct ScriptLeg {
    bot: Arc<Bot>,
    state: State,
}

impl ScriptLeg {
    pub(crate) fn new(bot: Arc<Bot>, conversation: ConversationId) -> Self {
        Self {
            bot,
            state: State::new(conversation),
        }
    }

    pub(crate) fn resume(bot: Arc<Bot>, state: Value) -> Result<Self, Fault> {
        let state = serde_json::from_value(state)
            .map_err(|_| Fault::bad_input("not the state of a script's leg"))?;
        Ok(Self { bot, state })
    }

    /// What the words of an answer depend on. Takes the parts rather than `self`, because a turn
    /// is filled while the state is read.
    fn scope<'a>(bot: &'a Bot, state: &'a State, profile: &'a Profile) -> Scope<'a> {
        Scope {
            bot,
            language: state.language(bot, profile),
            profile,
            conversation: state.conversation,
            variables: &state.variables,
            operator: state
                .handover
                .as_ref()
                .and_then(|handover| bot.operator(&handover.operator)),
            operator_speaks: false,
            asking: None,
        }
    }

    /// Hands a turn's plan over to the state and delivers what is due.
    fn carry_out(&mut self, turn: Turn<'_>, cx: &Cx<'_>, output: &mut LegOutput) {
        self.state.pending.extend(turn.into_pending(cx.now));
        // Stable: what is due at the same time keeps its order.
        self.state
            .pending
            .make_contiguous()
            .sort_by_key(|pending| pending.due);
        self.deliver_due(cx.now, output);
    }

    fn deliver_due(&mut self, now: Timestamp, output: &mut LegOutput) {
        while self
            .state
            .pending
            .front()
            .is_some_and(|pending| pending.due <= now)
        {
            if let Some(pending) = self.state.pending.pop_front() {
                self.deliver(pending, now, output);
            }
        }
        if self.state.pending.is_empty() {
            // A conversation is at rest most of its life; the room of its last answer is not kept.
            self.state.pending = VecDeque::new();
        }
    }

    fn deliver(&mut self, pending: Pending, now: Timestamp, output: &mut LegOutput) {
        let Pending {
            turn, cause, event, ..
        } = pending;
        match event {
            BotEvent::Message(mut message) => {
                message.at = now;
                self.state.remember_offers(cause, &message);
                match &message.content {
                    Content::Handover(handover) => self.note_handover(handover.phase),
                    Content::Form(form) => {
                        self.state.form = Some(form.id.clone());
                        self.state.filling = Some(Box::new(Filling {
                            id: form.id.clone(),
                            fields: form.fields.clone(),
                        }));
                    }
                    Content::Survey(survey) => {
                        self.state.survey = Some(survey.id.clone());
                        self.state.filling = Some(Box::new(Filling {
                            id: survey.id.clone(),
                            fields: survey.fields.clone(),
                        }));
                    }
                    _ => {}
                }
                output.publish(turn, BotEvent::Message(message));
            }
            BotEvent::ConversationEnded { reason } => {
                output.publish(turn, BotEvent::ConversationEnded { reason });
                self.start_afresh(output);
            }
            event => output.publish(turn, event),
        }
    }

    fn note_handover(&mut self, phase: HandoverPhase) {
        match phase {
            HandoverPhase::Joined => {
                if let Some(handover) = &mut self.state.handover {
                    handover.joined = true;
                }
            }
            HandoverPhase::Ended | HandoverPhase::LeftByUser => self.state.end_handover(),
            HandoverPhase::Offered | HandoverPhase::Waiting { .. } | HandoverPhase::Transferred => {
            }
        }
    }

    /// After the end nothing follows but the ends of the turns that are still open; the next
    /// event begins a new conversation.
    fn start_afresh(&mut self, output: &mut LegOutput) {
        let fresh = State::new(self.state.conversation);
        for pending in std::mem::replace(&mut self.state, fresh).pending {
            if let BotEvent::TurnEnded(outcome) = pending.event {
                output.publish(pending.turn, BotEvent::TurnEnded(outcome));
            }
        }
    }
}

impl Leg for ScriptLeg {
    fn handle(&mut self, input: LegInput<'_>, cx: &Cx<'_>, output: &mut LegOutput) {
        match input {
            LegInput::Event { event, profile } => {
                self.deliver_due(cx.now, output);
                if let UserInput::Connection { lost } = event.input {
                    let mut turn = Turn::unasked(event, cx, profile);
                    self.connection(&mut turn, lost);
                    return self.carry_out(turn, cx, output);
                }
                if !event.input.opens_turn() {
                    return;
                }
                let mut turn = Turn::new(event, cx, profile);
                self.event(&mut turn, event);
                turn.end();
                self.carry_out(turn, cx, output);
            }
            LegInput::Timer => self.deliver_due(cx.now, output),
            LegInput::Abandon { turn } => {
                // What it has still to say comes unasked.
                for pending in &mut self.state.pending {
                    pending.turn.take_if(|it| *it == turn);
                }
            }
            LegInput::Close => self.state.pending.clear(),
            // A script has no connection to anything.
            LegInput::Response { .. }
            | LegInput::SocketOpened
            | LegInput::SocketText(_)
            | LegInput::SocketBinary(_)
            | LegInput::SocketClosed { .. } => {}
        }
    }

    fn wake_at(&self) -> Option<Timestamp> {
        self.state.pending.front().map(|pending| pending.due)
    }

    fn state(&self) -> Value {
        // Plain data with text keys; there is nothing in it that JSON cannot hold.
        serde_json::to_value(&self.state).unwrap_or_default()
    }

    fn is_quiet(&self) -> bool {
        self.state.pending.is_empty()
    }
}
