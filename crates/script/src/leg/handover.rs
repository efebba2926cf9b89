use switchboard_core::model::{Author, HandoverPhase};

use super::ScriptLeg;
use super::intent::Given;
use super::state::HandedOver;
use super::turn::{Part, Turn};
use crate::format::{Operator, What};
use crate::matching::Spoken;
use crate::render::Scope;

impl ScriptLeg {
    /// Begins a handover: the operator's steps take their course.
    pub(super) fn hand_over(&mut self, turn: &mut Turn<'_>, id: &str) {
        let bot = self.bot.clone();
        let Some(operator) = bot.operator(id) else {
            return;
        };
        self.state.end_handover();
        self.state.handover = Some(Box::new(HandedOver {
            operator: id.to_owned(),
            joined: false,
            replies: 0,
        }));
        let scope = Self::scope(&bot, &self.state, turn.profile);
        turn.say(&operator.steps, scope, Part::Handover);
    }

    /// The user's words while an operator is there or awaited. `false`: they are for the bot.
    pub(super) fn tell_operator(&mut self, turn: &mut Turn<'_>, words: &str) -> bool {
        let bot = self.bot.clone();
        let Some(handover) = &mut self.state.handover else {
            return false;
        };
        let Some(operator) = bot.operator(&handover.operator) else {
            // The script has changed since.
            self.state.end_handover();
            return false;
        };
        let joined = handover.joined;
        let spoken = Spoken::new(words);
        let says_goodbye = operator
            .goodbye
            .any
            .iter()
            .chain(operator.goodbye.each.values())
            .flatten()
            .any(|phrase| spoken.holds(&Spoken::new(phrase)));
        if !joined {
            if says_goodbye {
                self.leave(turn, HandoverPhase::LeftByUser);
                return true;
            }
            let scope = Self::scope(&bot, &self.state, turn.profile);
            turn.say(&operator.while_waiting, scope, Part::Handover);
            return !operator.while_waiting.is_empty();
        }
        if says_goodbye {
            let scope = self.operator_scope(operator, turn);
            turn.say(&operator.farewell, scope, Part::Dialog);
            self.leave(turn, HandoverPhase::Ended);
            return true;
        }
        let reply = operator
            .replies
            .get(handover.replies)
            .or(operator.replies.last());
        handover.replies += 1;
        self.state.keep("text", words.to_owned());
        if let Some(reply) = reply {
            let scope = self.operator_scope(operator, turn);
            turn.say(reply, scope, Part::Handover);
        }
        true
    }

    /// The user's connection is lost or back: an operator who is there may say something.
    pub(super) fn connection(&mut self, turn: &mut Turn<'_>, lost: bool) {
        let bot = self.bot.clone();
        let handover = self.state.handover.as_ref();
        let Some(operator) = handover
            .filter(|handover| handover.joined)
            .and_then(|handover| bot.operator(&handover.operator))
        else {
            return;
        };
        let words = if lost { &operator.lost } else { &operator.back };
        let scope = self.operator_scope(operator, turn);
        turn.say(words, scope, Part::Handover);
    }

    /// Ends the handover, if there is one.
    pub(super) fn leave(&mut self, turn: &mut Turn<'_>, phase: HandoverPhase) {
        let bot = self.bot.clone();
        let Some(handover) = &self.state.handover else {
            return;
        };
        let joined = handover.joined;
        let operator = bot.operator(&handover.operator);
        // Nobody asks how it was when nobody came.
        let afterwards = operator
            .and_then(|operator| operator.afterwards.as_deref())
            .filter(|_| joined);
        // A survey is the operator's last word: some clients are gone once they hear of the end.
        let is_survey = |id: &&str| {
            let answer = bot.intent(id).map(|intent| intent.answer.0.as_slice());
            answer.is_some_and(|answer| {
                let mut items = answer.iter();
                !answer.is_empty() && items.all(|item| matches!(item.what, What::Survey(_)))
            })
        };
        let survey = afterwards.filter(is_survey);
        if let Some(intent) = survey {
            self.run(turn, intent, Given::default());
        }
        if let Some(operator) = operator {
            let words = match phase {
                HandoverPhase::LeftByUser => operator.left.as_ref().unwrap_or(&operator.ended),
                _ => &operator.ended,
            };
            let content = Self::scope(&bot, &self.state, turn.profile).handover(phase, words);
            turn.tell(Author::System, content);
        }
        self.state.end_handover();
        if let Some(intent) = afterwards.filter(|_| survey.is_none()) {
            self.run(turn, intent, Given::default());
        }
    }

    fn operator_scope<'a>(&'a self, operator: &'a Operator, turn: &Turn<'a>) -> Scope<'a> {
        Scope {
            operator: Some(operator),
            operator_speaks: true,
            ..Self::scope(&self.bot, &self.state, turn.profile)
        }
    }
}
