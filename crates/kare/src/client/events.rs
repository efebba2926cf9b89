use switchboard_core::dialect::{Cx, LegOutput};
use switchboard_core::model::{BotEvent, Profile, TurnOutcome, UserEvent, UserInput};

use super::leg::KareLeg;
use super::turn::{Patience, Turn};
use crate::convert::event;
use crate::wire::query::Query;
use crate::wire::{Body, Envelope, Uri};

/// What the user does.
impl KareLeg {
    pub(super) fn on_event(
        &mut self,
        event: &UserEvent,
        profile: &Profile,
        cx: &Cx<'_>,
        output: &mut LegOutput,
    ) {
        if self.state.profile != *profile {
            self.state.profile = profile.clone();
        }
        self.state.forest.see_input(event.id);
        if matches!(event.input, UserInput::Open { .. }) && self.state.used {
            self.restart(cx, output);
        }
        match &event.input {
            UserInput::Typing { .. } | UserInput::Read | UserInput::Connection { .. } => return,
            UserInput::LinkClick { .. } | UserInput::Custom { .. } => {
                if let Some(envelope) = self.envelope(event) {
                    self.state.push_loose(envelope);
                }
            }
            UserInput::End => {
                self.release_all(cx, output);
                self.hang_up(output);
                self.state.forget_conversation();
            }
            input => {
                if let Some(frame) = self.envelope(event) {
                    let turn = open_turn(event, frame, input, cx);
                    self.state.turns.push_back(turn);
                    self.hurry(cx);
                    return;
                }
            }
        }
        // Kare answers these by nothing, or has no message for them.
        output.publish(Some(event.id), BotEvent::TurnEnded(TurnOutcome::Done));
    }

    /// What to post for an event, with the engine's own ids and targets.
    fn envelope(&self, event: &UserEvent) -> Option<Envelope> {
        let mut envelope = event::from_model(event)?;
        if let Some(parent) = envelope.parent_id.as_ref().and_then(|id| id.uuid()) {
            envelope.parent_id = Some(self.state.wire_id(parent));
        }
        if let UserInput::Feedback(feedback) = &event.input
            && let Some(own) = self.state.rating_target(feedback)
            && let Body::Click(click) = &mut envelope.body
        {
            let given = std::mem::replace(&mut click.target, own);
            click.target.text = given.text.or(click.target.text.take());
            click.target.extra.extend(given.extra);
        }
        Some(envelope)
    }
}

fn open_turn(event: &UserEvent, frame: Envelope, input: &UserInput, cx: &Cx<'_>) -> Turn {
    let patience = match (input, &frame.uri) {
        (UserInput::Feedback(_), _) => Patience::Feedback,
        (_, Uri::InClick) => Patience::Click,
        _ => Patience::Reply,
    };
    let mut turn = Turn::new(event.id, frame, patience);
    if let UserInput::Open {
        query: Some(text), ..
    } = input
    {
        let body = Body::Query(Query::new(text));
        turn.then = Some(Envelope::new(cx.message_id(), Uri::InQuery, body));
    }
    turn
}
