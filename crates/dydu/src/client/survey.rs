//! Surveys: `docs/protocols/dydu.md#68-surveys`. Their questions and answers go by the socket
//! while it is open, else by REST requests; answers in a polled livechat by `chatHttp`, as the
//! widget does.

use serde_json::Value;
use switchboard_core::dialect::{Cx, LegOutput};
use switchboard_core::model::{
    BotEvent, Content, Extras, MessageId, RichText, Timestamp, TurnOutcome, UserEvent, UserInput,
};

use super::flight::{Answers, Failure, Held, Purpose};
use super::leg::DyduLeg;
use super::livechat::Spoken;
use super::request::Outgoing;
use super::state::Announced;
use crate::convert::survey;
use crate::wire::envelope::Envelope;
use crate::wire::path::Endpoint;
use crate::wire::survey::{SurveyAnswer, SurveyConfiguration};
use crate::wire::{Params, TalkRequest};

/// A survey whose questions were asked for on the socket.
#[derive(Debug)]
pub(super) struct AskedSurvey {
    survey: String,
    pub(super) held: Held,
    /// When they are asked for by another way.
    pub(super) until: Timestamp,
}

/// Longest frame that goes into an address, in bytes.
const FRAME_LIMIT: usize = 4_096;

impl DyduLeg {
    /// Asks for a survey's questions; what came with it waits for them.
    pub(super) fn ask_survey(
        &mut self,
        survey: &str,
        held: Held,
        cx: &Cx<'_>,
        output: &mut LegOutput,
    ) {
        if !self.socket.is_open() {
            return self.ask_survey_by_rest(survey, held, cx, output);
        }
        self.send_frame("surveyConfiguration", [("surveyId", survey.into())], output);
        self.socket.asked.push(AskedSurvey {
            survey: survey.to_owned(),
            held,
            until: cx.now.after(self.settings.timeout),
        });
    }

    fn ask_survey_by_rest(
        &mut self,
        survey: &str,
        held: Held,
        cx: &Cx<'_>,
        output: &mut LegOutput,
    ) {
        let body: Params<'_> = [
            (
                "contextUuid",
                self.state.context.as_deref().unwrap_or_default(),
            ),
            ("solutionUsed", "ASSISTANT"),
            ("language", &self.language),
            ("surveyId", survey),
        ]
        .into_iter()
        .collect();
        let request = self.side(Endpoint::SurveyConfiguration, body.to_form());
        self.send(request, Purpose::Survey(held), cx, output);
    }

    /// The socket does not answer, or is gone.
    pub(super) fn ask_surveys_otherwise(&mut self, cx: &Cx<'_>, output: &mut LegOutput) {
        for asked in std::mem::take(&mut self.socket.asked) {
            self.ask_survey_by_rest(&asked.survey, asked.held, cx, output);
        }
    }

    pub(super) fn late_surveys(&mut self, cx: &Cx<'_>, output: &mut LegOutput) {
        if self.socket.asked.iter().any(|asked| asked.until <= cx.now) {
            self.ask_surveys_otherwise(cx, output);
        }
    }

    /// A survey's questions arrived on the socket.
    pub(super) fn survey_frame(&mut self, text: &str, cx: &Cx<'_>, output: &mut LegOutput) {
        let Ok(answer) = serde_json::from_str::<Envelope<'_, SurveyConfiguration>>(text) else {
            return self.no_survey(cx, output);
        };
        let id = &answer.values.survey_id.0;
        let asked = &mut self.socket.asked;
        let Some(place) = asked.iter().position(|asked| asked.survey == *id) else {
            return;
        };
        let held = asked.remove(place).held;
        self.configured(held, &answer.values, cx, output);
    }

    /// The engine does not have the survey that it announced. Which one is not said: the first
    /// that was asked for.
    pub(super) fn no_survey(&mut self, cx: &Cx<'_>, output: &mut LegOutput) {
        if !self.socket.asked.is_empty() {
            let asked = self.socket.asked.remove(0);
            self.release_without_survey(asked.held, cx, output);
        }
    }

    /// Puts a survey's questions into its message, and publishes what waited for them.
    pub(super) fn configured(
        &mut self,
        mut held: Held,
        configuration: &SurveyConfiguration,
        cx: &Cx<'_>,
        output: &mut LegOutput,
    ) {
        fill(&mut held, configuration);
        let announced = Announced {
            interaction: configuration.interaction_survey.unwrap_or(false),
            reword: configuration
                .reword
                .as_ref()
                .map(|reword| reword.0.trim().to_owned())
                .unwrap_or_default(),
        };
        self.state.announced(&configuration.survey_id.0, announced);
        self.release(held, cx, output);
    }

    /// A survey without questions is only words.
    pub(super) fn release_without_survey(
        &mut self,
        mut held: Held,
        cx: &Cx<'_>,
        output: &mut LegOutput,
    ) {
        tracing::warn!("the questions of a survey cannot be had");
        held.events.retain_mut(|event| match &mut event.event {
            BotEvent::Message(message) => {
                let Content::Survey(survey) = &mut message.content else {
                    return true;
                };
                let text: RichText = std::mem::take(&mut survey.text);
                let is_said = !text.is_empty();
                message.content = Content::text(text);
                message.extras = Extras::none();
                is_said
            }
            _ => true,
        });
        self.release(held, cx, output);
    }

    /// Publishes what was held back, and goes on with its turn.
    pub(super) fn release(&mut self, held: Held, cx: &Cx<'_>, output: &mut LegOutput) {
        output.events.extend(held.events);
        match (held.turn, held.more) {
            (Some(turn), Some(more)) => self.next_talk(turn, more, cx, output),
            (Some(turn), None) => self.survey_came(turn, cx),
            (None, _) => {}
        }
    }

    /// The event with which a client answers a survey of the engine by the names in its id, with
    /// the engine's own numbers.
    pub(super) fn as_announced(&self, event: &UserEvent) -> Option<UserEvent> {
        let (UserInput::Survey(said) | UserInput::Form(said)) = &event.input else {
            return None;
        };
        let mut surveys = self.state.surveys.keys();
        let submission = surveys.find_map(|key| survey::as_announced(key, said))?;
        Some(UserEvent {
            input: UserInput::Survey(submission),
            ..event.clone()
        })
    }

    /// Sends the answers to a survey, and then says what the survey wants said.
    pub(super) fn answer_survey(
        &mut self,
        turn: MessageId,
        mut answer: SurveyAnswer,
        reword: TalkRequest,
        cx: &Cx<'_>,
        output: &mut LegOutput,
    ) {
        let announced = self
            .state
            .surveys
            .remove(&answer.survey)
            .unwrap_or_default();
        let interaction = *answer.interaction.get_or_insert(announced.interaction);
        let reword = Some(announced.reword)
            .filter(|words| !words.is_empty())
            .map(|words| TalkRequest {
                user_input: words,
                ..reword
            });
        let answers = Answers {
            turn,
            otherwise: None,
            reword,
        };
        let Some(context) = self.state.context.clone() else {
            return self.answers_arrived(answers, cx, output);
        };
        let fields = answer.fields.iter();
        let fields: Value = fields
            .map(|(id, said)| (id.clone(), Value::from(said.as_str())))
            .collect();
        let operator = self.state.operator.as_deref().map(Value::from);
        let frame = [
            ("surveyId", answer.survey.as_str().into()),
            ("operator", operator.unwrap_or(Value::Null)),
            ("interactionSurveyAnswer", interaction.into()),
            ("fields", fields),
        ];
        if self.socket.is_open() {
            self.send_frame("survey", frame, output);
            return self.answers_arrived(answers, cx, output);
        }
        let by_rest = self.side(Endpoint::Survey, answer.to_body(&context));
        let text = self.frame_text("survey", frame);
        // An address has no room for long answers.
        let (request, otherwise) = if self.is_livechat() && text.len() <= FRAME_LIMIT {
            let by_frame = Outgoing {
                frame: Some(text),
                ..self.side(Endpoint::ChatHttp, String::new())
            };
            (by_frame, Some(by_rest))
        } else {
            (by_rest, None)
        };
        let answers = Answers {
            otherwise,
            ..answers
        };
        self.send(request, Purpose::Answers(Box::new(answers)), cx, output);
    }

    pub(super) fn answers_failed(
        &mut self,
        mut answers: Answers,
        failure: &Failure,
        cx: &Cx<'_>,
        output: &mut LegOutput,
    ) {
        // The engine answered that it does not take them this way.
        match answers.otherwise.take_if(|_| failure.is_answer()) {
            Some(request) => self.send(request, Purpose::Answers(Box::new(answers)), cx, output),
            None => self.end_turn(answers.turn, failure.outcome(), cx, output),
        }
    }

    pub(super) fn answers_arrived(
        &mut self,
        answers: Answers,
        cx: &Cx<'_>,
        output: &mut LegOutput,
    ) {
        let Answers { turn, reword, .. } = answers;
        match reword {
            None => self.end_turn(turn, TurnOutcome::Done, cx, output),
            Some(request) if self.is_livechat() => self.speech.push_back(Spoken {
                turn: Some(turn),
                leaves: false,
                request,
            }),
            Some(request) if self.uses_socket() => {
                self.say_in_turn(turn, [request].into(), cx, output);
            }
            Some(request) => self.next_talk(turn, [request].into(), cx, output),
        }
    }
}

/// Puts the questions into the survey message that waits for them.
fn fill(held: &mut Held, configuration: &SurveyConfiguration) {
    let (survey, original) = survey::to_model(configuration);
    for event in &mut held.events {
        if let BotEvent::Message(message) = &mut event.event
            && let Content::Survey(announced) = &mut message.content
            && announced.id == survey.id
        {
            let text = std::mem::take(&mut announced.text);
            **announced = survey.clone();
            if announced.text.is_empty() {
                announced.text = text;
            }
            if let Some(original) = &original {
                survey::keep_configuration(&mut message.extras, original.clone());
            }
        }
    }
}
