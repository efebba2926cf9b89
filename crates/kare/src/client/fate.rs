use std::time::Duration;

use switchboard_core::Fault;
use switchboard_core::dialect::{Cx, LegOutput};
use switchboard_core::model::{BotEvent, MessageId, Timestamp, TurnOutcome};

use super::leg::{KareLeg, MAX_ATTEMPTS};
use super::turn::Turn;

/// How turns end, or begin again.
impl KareLeg {
    /// The engine refused a turn, over REST or over the socket.
    pub(super) fn turn_failed(
        &mut self,
        at: usize,
        fault: &Fault,
        cx: &Cx<'_>,
        output: &mut LegOutput,
    ) {
        let reply_timeout = self.shared.engine.options.reply_timeout;
        let Some(turn) = self.state.turns.get_mut(at) else {
            return;
        };
        match fault {
            // Nobody waits for so long.
            Fault::RateLimited {
                retry_after: Some(wait),
            } if *wait > reply_timeout => self.end_turn(at, TurnOutcome::Unavailable, output),
            Fault::RateLimited { retry_after } if turn.attempts < MAX_ATTEMPTS => {
                let wait = retry_after.unwrap_or(Duration::from_secs(2 << turn.attempts));
                turn.attempts += 1;
                turn.withdraw();
                self.put_off = Some(cx.now.after(wait));
            }
            Fault::UnknownConversation | Fault::ConversationEnded if !turn.renewed => {
                turn.renewed = true;
                self.renew(cx, output);
            }
            // It was posted a second time, for the rest of its answer.
            _ if turn.is_half_answered() => {
                tracing::warn!(%fault, "the rest of an answer was lost");
                self.end_turn(at, TurnOutcome::Done, output);
            }
            fault => self.end_turn(at, outcome_of(fault), output),
        }
    }

    /// The engine does not know the conversation any more: another one is started, and what is
    /// under way is posted again.
    pub(super) fn renew(&mut self, cx: &Cx<'_>, output: &mut LegOutput) {
        self.release_all(cx, output);
        self.hang_up(output);
        self.calls.drop_inputs();
        self.state.forget_conversation();
        for turn in &mut self.state.turns {
            turn.withdraw();
        }
    }

    /// A used conversation is opened again. The engine greets only once, so another one is started;
    /// nobody waits for the answers of the one before.
    pub(super) fn restart(&mut self, cx: &Cx<'_>, output: &mut LegOutput) {
        self.release_all(cx, output);
        self.hang_up(output);
        self.state.forget_conversation();
        self.calls.drop_inputs();
        self.end_all(TurnOutcome::Done, output);
    }

    /// Nothing that is under way can be done. The next input begins from the beginning.
    pub(super) fn fail(&mut self, outcome: TurnOutcome, output: &mut LegOutput) {
        self.setup_attempts = 0;
        self.link.give_up();
        if !self.state.loose.is_empty() {
            tracing::warn!("events to log were dropped: the engine cannot be reached");
            self.state.loose.clear();
        }
        self.end_all(outcome, output);
    }

    pub(super) fn turn_at(&self, id: MessageId) -> Option<usize> {
        self.state.turns.iter().position(|turn| turn.id == id)
    }

    pub(super) fn end_turn(&mut self, at: usize, outcome: TurnOutcome, output: &mut LegOutput) {
        if let Some(turn) = self.drop_turn(at) {
            output.publish(Some(turn.id), BotEvent::TurnEnded(outcome));
        }
    }

    pub(super) fn end_all(&mut self, outcome: TurnOutcome, output: &mut LegOutput) {
        while !self.state.turns.is_empty() {
            self.end_turn(0, outcome, output);
        }
    }

    /// What hangs below the turn's input later is still known to.
    pub(super) fn drop_turn(&mut self, at: usize) -> Option<Turn> {
        let turn = self.state.turns.remove(at)?;
        for root in turn.roots.iter().filter(|root| **root != turn.id) {
            self.state.forest.add_alias(*root, turn.id);
        }
        Some(turn)
    }

    /// Ends turns that are completely answered.
    pub(super) fn end_complete(&mut self, output: &mut LegOutput) {
        self.end_those(|turn| turn.complete, output);
    }

    /// Ends turns whose time is up.
    pub(super) fn expire(&mut self, now: Timestamp, output: &mut LegOutput) {
        let outcome = |turn: &Turn| {
            let is_due = turn.deadline.is_some_and(|deadline| deadline <= now);
            is_due.then(|| turn.outcome_of_silence())
        };
        self.end_those(outcome, output);
    }

    /// Ends turns that have an outcome, unless something of them is held back.
    fn end_those(
        &mut self,
        outcome: impl Fn(&Turn) -> Option<TurnOutcome>,
        output: &mut LegOutput,
    ) {
        let mut at = 0;
        while let Some(turn) = self.state.turns.get(at) {
            match outcome(turn) {
                Some(outcome) if !self.state.forest.holds_for(turn.id) => {
                    self.end_turn(at, outcome, output);
                }
                _ => at += 1,
            }
        }
    }
}

fn outcome_of(fault: &Fault) -> TurnOutcome {
    match fault {
        Fault::TimedOut => TurnOutcome::TimedOut,
        Fault::BadInput { .. } | Fault::TooLarge { .. } | Fault::UnsupportedMedia => {
            TurnOutcome::Refused
        }
        _ => TurnOutcome::Unavailable,
    }
}
