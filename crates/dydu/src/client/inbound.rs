//! What comes back, and what a turn goes on with.

use std::collections::VecDeque;

use switchboard_core::dialect::{Cx, LegEvent, LegOutput};
use switchboard_core::model::{BotEvent, MessageId, Profile, TurnOutcome};

use super::flight::{Failure, Held, Purpose};
use super::leg::DyduLeg;
use super::livechat::Asked;
use crate::convert::answer::{self, Heard};
use crate::convert::handover;
use crate::wire::envelope::{self, Envelope, Received};
use crate::wire::survey::SurveyConfiguration;
use crate::wire::{TalkRequest, words};

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
            Purpose::Talk(turn, _)
            | Purpose::Side(turn, _)
            | Purpose::Query(turn, _)
            | Purpose::Livechat(Some(turn))
            | Purpose::Late(Some(turn)) => {
                self.end_turn(turn, failure.outcome(), cx, output);
            }
            Purpose::Upload(upload) => self.upload_failed(*upload, failure.outcome(), cx, output),
            Purpose::Survey(held) => self.release_without_survey(held, cx, output),
            Purpose::Answers(answers) => self.answers_failed(*answers, failure, cx, output),
            Purpose::Poll => self.poll_ended(false, cx, output),
            Purpose::Livechat(None) | Purpose::Late(None) | Purpose::Report => {}
        }
    }

    pub(super) fn landed(
        &mut self,
        purpose: Purpose,
        context: Option<String>,
        body: &[u8],
        cx: &Cx<'_>,
        output: &mut LegOutput,
    ) {
        let asked_in = Asked::Request(context);
        match purpose {
            Purpose::Talk(turn, more) => match self.read_answer(body, &asked_in, cx, output) {
                Ok(answer) => self.answered(turn, more, answer, cx, output),
                Err(failure) => {
                    self.failed(Purpose::Talk(turn, more), &failure, cx, output);
                }
            },
            Purpose::Livechat(turn) => match self.read_answer(body, &asked_in, cx, output) {
                Ok(answer) => {
                    self.left(answer, cx, output);
                    if let Some(turn) = turn {
                        self.end_turn(turn, TurnOutcome::Done, cx, output);
                    }
                }
                Err(failure) => self.failed(Purpose::Livechat(turn), &failure, cx, output),
            },
            Purpose::Late(turn) => match self.read_answer(body, &asked_in, cx, output) {
                Ok(answer) => {
                    self.state.seen_until(answer.time);
                    if let Ok(heard) = self.hear(answer, turn, cx) {
                        self.publish_or_ask(heard, turn, cx, output);
                    }
                    if let Some(turn) = turn {
                        self.end_turn(turn, TurnOutcome::Done, cx, output);
                    }
                }
                Err(failure) => self.failed(Purpose::Late(turn), &failure, cx, output),
            },
            Purpose::Report => {
                let _ = self.read_answer(body, &asked_in, cx, output);
            }
            Purpose::Side(turn, more) => {
                let _ = self.read_answer(body, &asked_in, cx, output);
                self.sides(turn, more, TurnOutcome::Done, cx, output);
            }
            Purpose::Upload(upload) => self.upload_landed(*upload, body, &asked_in, cx, output),
            Purpose::Query(turn, asked) => self.queried(turn, asked, body, cx, output),
            Purpose::Answers(answers) => {
                let _ = self.read_answer(body, &asked_in, cx, output);
                self.answers_arrived(*answers, cx, output);
            }
            Purpose::Survey(held) => {
                let answer = serde_json::from_slice::<Envelope<'_, SurveyConfiguration>>(body)
                    .ok()
                    .filter(|answer| answer.kind == envelope::SURVEY_CONFIGURATION);
                match answer {
                    Some(answer) => self.configured(held, &answer.values, cx, output),
                    None => self.release_without_survey(held, cx, output),
                }
            }
            Purpose::Poll => {
                let brought = self
                    .read_answer(body, &asked_in, cx, output)
                    .is_ok_and(|answer| self.news(answer, cx, output));
                self.poll_ended(brought, cx, output);
            }
        }
    }

    /// Reads an envelope and takes over the context that it brings.
    pub(super) fn read_answer<'a>(
        &mut self,
        body: &'a [u8],
        asked_in: &Asked,
        cx: &Cx<'_>,
        output: &mut LegOutput,
    ) -> Result<Received<'a>, Failure> {
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
        self.adopt_context(&answer, asked_in, cx, output);
        Ok(answer)
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
            events: events(heard, Some(turn)),
            more: Some(more),
        };
        match survey {
            Some(survey) => self.ask_survey(&survey, held, cx, output),
            None => self.release(held, cx, output),
        }
    }

    /// Publishes what was heard, with the questions of its survey if it announces one.
    pub(super) fn publish_or_ask(
        &mut self,
        heard: Heard,
        turn: Option<MessageId>,
        cx: &Cx<'_>,
        output: &mut LegOutput,
    ) {
        let survey = heard.survey.clone();
        let held = Held {
            turn,
            events: events(heard, turn),
            more: None,
        };
        match survey {
            Some(survey) => self.ask_survey(&survey, held, cx, output),
            // What comes after a survey waits for its questions.
            None => match self.socket.asked.last_mut() {
                Some(asked) => asked.held.events.extend(held.events),
                None => output.events.extend(held.events),
            },
        }
    }

    /// Reads an answer into events and takes over the state that it brings.
    pub(super) fn hear(
        &mut self,
        answer: Received<'_>,
        parent: Option<MessageId>,
        cx: &Cx<'_>,
    ) -> Result<Heard, serde_json::Error> {
        if let Ok(values) = &answer.values
            && let Some(operator) = &values.operator_external_id
            && !operator.0.is_empty()
        {
            self.state.operator = Some(operator.0.clone());
        }
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

    /// Of the answer to talk during a livechat only its end counts; everything else is polled.
    fn left(&mut self, answer: Received<'_>, cx: &Cx<'_>, output: &mut LegOutput) {
        let ends = answer.values.as_ref().is_ok_and(handover::is_end);
        if ends && let Ok(heard) = self.hear(answer, None, cx) {
            for event in heard.events {
                output.publish(None, event);
            }
        }
    }
}

fn events(heard: Heard, turn: Option<MessageId>) -> Vec<LegEvent> {
    let events = heard.events.into_iter();
    events.map(|event| LegEvent { turn, event }).collect()
}
