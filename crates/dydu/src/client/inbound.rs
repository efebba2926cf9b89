//! What comes back, and what a turn goes on with.

use std::collections::VecDeque;

use switchboard_core::dialect::{Cx, LegOutput};
use switchboard_core::model::{BotEvent, Content, MessageId, Profile, TurnOutcome};

use super::flight::{Failure, Held, Purpose};
use super::leg::DyduLeg;
use crate::convert::answer::{self, Heard};
use crate::convert::survey;
use crate::wire::envelope::{self, Envelope, Received};
use crate::wire::path::Endpoint;
use crate::wire::survey::SurveyConfiguration;
use crate::wire::{Params, TalkRequest, words};

impl DyduLeg {
    pub(super) fn failed(
        &mut self,
        purpose: Purpose,
        failure: &Failure,
        cx: &Cx<'_>,
        output: &mut LegOutput,
    ) {
        if matches!(purpose, Purpose::Poll) {
            // The next one comes soon, and a livechat has many.
            tracing::debug!(%failure, "a poll failed");
        } else {
            tracing::warn!(%failure, "a request to the engine failed");
        }
        match purpose {
            Purpose::Query(turn, _) => {
                self.end_turn(turn, failure.outcome(), cx, output);
            }
            Purpose::Talk(turn, _) | Purpose::Side(turn, _) | Purpose::Livechat(Some(turn)) => {
                self.end_turn(turn, failure.outcome(), cx, output);
            }
            Purpose::Upload(upload) => self.upload_failed(*upload, failure.outcome(), cx, output),
            // What came with the survey is shown without its questions.
            Purpose::Survey(held) => self.release(held, cx, output),
            Purpose::Poll => self.poll_ended(false, cx),
            Purpose::Livechat(None) | Purpose::Report => {}
        }
    }

    pub(super) fn landed(
        &mut self,
        purpose: Purpose,
        body: &[u8],
        cx: &Cx<'_>,
        output: &mut LegOutput,
    ) {
        match purpose {
            Purpose::Talk(turn, more) => match self.read_answer(body) {
                Ok(answer) => self.answered(turn, more, answer, cx, output),
                Err(failure) => {
                    self.failed(Purpose::Talk(turn, more), &failure, cx, output);
                }
            },
            Purpose::Livechat(turn) => {
                if let Ok(answer) = self.read_answer(body) {
                    self.left(answer, cx, output);
                }
                if let Some(turn) = turn {
                    self.end_turn(turn, TurnOutcome::Done, cx, output);
                }
            }
            Purpose::Report => {
                let _ = self.read_answer(body);
            }
            Purpose::Side(turn, more) => {
                let _ = self.read_answer(body);
                self.sides(turn, more, TurnOutcome::Done, cx, output);
            }
            Purpose::Upload(upload) => self.upload_landed(*upload, body, cx, output),
            Purpose::Query(turn, asked) => self.queried(turn, asked, body, cx, output),
            Purpose::Survey(mut held) => {
                if let Ok(answer) =
                    serde_json::from_slice::<Envelope<'_, SurveyConfiguration>>(body)
                    && answer.kind == envelope::SURVEY_CONFIGURATION
                {
                    fill_survey(&mut held.events, &answer.values);
                }
                self.release(held, cx, output);
            }
            Purpose::Poll => {
                let brought = self
                    .read_answer(body)
                    .is_ok_and(|answer| self.news(answer, cx, output));
                self.poll_ended(brought, cx);
            }
        }
    }

    /// Reads an envelope and takes over the context that it brings.
    pub(super) fn read_answer<'a>(&mut self, body: &'a [u8]) -> Result<Received<'a>, Failure> {
        let answer = std::str::from_utf8(body)
            .ok()
            .and_then(|text| Received::of(text).ok())
            .ok_or(Failure::Unreadable)?;
        if answer.kind == envelope::ERROR {
            let fault = crate::error::decode_fault(http::StatusCode::OK, body);
            return Err(Failure::Answer(http::StatusCode::OK, fault));
        }
        if answer.kind == envelope::SAML_REDIRECTION {
            tracing::warn!("the engine wants users to log in through SAML");
            return Err(Failure::Unreadable);
        }
        self.adopt_context(&answer);
        Ok(answer)
    }

    /// Any answer may bring another context.
    pub(super) fn adopt_context(&mut self, answer: &Received<'_>) {
        let context = answer.context.as_ref();
        if let Some(context) = context.filter(|context| !context.is_empty()) {
            self.state.context = Some(context.clone());
        }
    }

    fn answered(
        &mut self,
        turn: MessageId,
        more: VecDeque<TalkRequest>,
        answer: Received<'_>,
        cx: &Cx<'_>,
        output: &mut LegOutput,
    ) {
        self.state.seen_until(answer.time);
        let Ok(heard) = self.hear(answer, Some(turn), cx) else {
            return self.failed(Purpose::Talk(turn, more), &Failure::Unreadable, cx, output);
        };
        let survey = heard.survey.clone();
        let held = Held {
            turn: Some(turn),
            events: heard.events,
            more: Some(more),
        };
        match survey {
            Some(survey) => self.ask_survey(&survey, held, output),
            None => self.release(held, cx, output),
        }
    }

    /// Reads an answer into events and takes over the state that it brings.
    pub(super) fn hear(
        &mut self,
        answer: Received<'_>,
        parent: Option<MessageId>,
        cx: &Cx<'_>,
    ) -> Result<Heard, serde_json::Error> {
        let mut heard = answer::to_model(answer, parent, self.state.handover, cx)?;
        self.state.handover = heard.state;
        self.remember_upload(&heard.events);
        let language = heard
            .language
            .take()
            .filter(|language| !language.is_empty() && *language != self.language);
        let space = heard
            .space
            .take()
            .filter(|space| !words::is_default_space(space) && *space != self.space);
        if language.is_some() || space.is_some() {
            let mut profile = Profile::default();
            profile.locales.selected = language;
            profile.space = space;
            heard.events.insert(0, BotEvent::Profile(Box::new(profile)));
        }
        Ok(heard)
    }

    /// Publishes what was held back, and goes on with its turn.
    fn release(&mut self, held: Held, cx: &Cx<'_>, output: &mut LegOutput) {
        for event in held.events {
            output.publish(held.turn, event);
        }
        match (held.turn, held.more) {
            (Some(turn), Some(more)) => self.next_talk(turn, more, cx, output),
            (Some(turn), None) => self.survey_came(turn, cx),
            (None, _) => {}
        }
    }

    pub(super) fn ask_survey(&mut self, survey: &str, held: Held, output: &mut LegOutput) {
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
        self.send(request, Purpose::Survey(held), output);
    }

    /// Of the answer to talk during a livechat only its end counts; everything else is polled.
    fn left(&mut self, answer: Received<'_>, cx: &Cx<'_>, output: &mut LegOutput) {
        let ends = answer.values.as_ref().is_ok_and(|values| {
            words::is_end(values.type_word())
                || values.type_word() == words::QUEUE_LEFT
                || matches!(
                    values.action_word(),
                    words::END_POLLING | words::LEAVE_QUEUE
                )
        });
        if ends && let Ok(heard) = self.hear(answer, None, cx) {
            for event in heard.events {
                output.publish(None, event);
            }
        }
    }
}

/// Puts the questions into the survey message that waits for them.
fn fill_survey(events: &mut [BotEvent], configuration: &SurveyConfiguration) {
    let (survey, original) = survey::to_model(configuration);
    for event in events {
        if let BotEvent::Message(message) = event
            && let Content::Survey(announced) = &mut message.content
        {
            let text = std::mem::take(&mut announced.text);
            let id = std::mem::take(&mut announced.id);
            **announced = survey.clone();
            announced.id = id;
            if announced.text.is_empty() {
                announced.text = text;
            }
            if let Some(original) = &original {
                survey::keep_configuration(&mut message.extras, original.clone());
            }
        }
    }
}
