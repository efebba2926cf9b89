//! What a leg asks or tells that is no talk: `docs/protocols/dydu.md#33-endpoint-details`, 3.3.8,
//! 3.3.10, 3.3.14, 3.3.18, 3.3.23, 3.3.24 and 3.3.26.

use std::time::Duration;

use switchboard_core::dialect::{Cx, LegOutput};
use switchboard_core::model::{
    BotEvent, ClientError, DataRequest, MessageId, PersonalData, Profile, Query, QueryAnswer,
    Suggestions, TopQuestions, TurnOutcome,
};

use super::flight::Purpose;
use super::leg::DyduLeg;
use super::request::Outgoing;
use crate::convert::say;
use crate::wire::envelope::Envelope;
use crate::wire::knowledge::{
    Period, SearchRequest, TopKnowledgeRequest, TopKnowledgeValues, suggestions,
};
use crate::wire::path::Endpoint;
use crate::wire::personal::{GdprRequest, Object};
use crate::wire::push_rule;
use crate::wire::report::{ErrorReport, WelcomeCallRequest};
use crate::wire::site::BotLanguage;

/// The widget gives its questions up after 3 s, and some of them are asked before it opens.
const QUERY_TIMEOUT: Duration = Duration::from_millis(2_500);

/// What an answer is to be read as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AnswerKind {
    /// The most asked questions.
    TopQuestions,
    /// Suggestions while the user types.
    Suggestions,
    /// Push rules.
    PushRules,
    /// Languages.
    Languages,
    /// That something about a user's data was taken.
    PersonalData,
}

impl AnswerKind {
    /// Somebody waits for the answer, but not for a second try.
    pub(super) fn is_urgent(self) -> bool {
        self != Self::PersonalData
    }

    /// Reads an answer; none if it cannot be read.
    fn read(self, body: &[u8]) -> Option<QueryAnswer> {
        match self {
            Self::TopQuestions => {
                let answer = serde_json::from_slice::<Envelope<'_, TopKnowledgeValues>>(body);
                let questions = answer.map(|answer| answer.values.questions());
                Some(QueryAnswer::Questions(questions.unwrap_or_default()))
            }
            Self::Suggestions => Some(QueryAnswer::Questions(suggestions(body))),
            Self::PushRules => push_rule::read(body).map(QueryAnswer::PushRules),
            Self::Languages => {
                let list: Vec<BotLanguage> = serde_json::from_slice(body).ok()?;
                let available = list.into_iter().filter(|language| language.is_available);
                Some(QueryAnswer::Languages(
                    available.map(|language| language.id).collect(),
                ))
            }
            Self::PersonalData => Some(QueryAnswer::Done),
        }
    }
}

impl DyduLeg {
    /// Asks what belongs to no dialog.
    pub(super) fn query(
        &mut self,
        turn: MessageId,
        query: &Query,
        profile: &Profile,
        cx: &Cx<'_>,
        output: &mut LegOutput,
    ) {
        let (request, asked) = match query {
            Query::TopQuestions(asked) => {
                let request = self.top_questions(asked, profile);
                (request, AnswerKind::TopQuestions)
            }
            Query::Suggestions(typed) => (self.suggestions(typed), AnswerKind::Suggestions),
            Query::PushRules => (self.urgent(Endpoint::PushRules, ""), AnswerKind::PushRules),
            Query::Languages => (self.urgent(Endpoint::Languages, ""), AnswerKind::Languages),
            Query::Visit => {
                // Nobody reads what comes of it, and talk must not wait for it.
                let request = self.visit(profile);
                self.send(request, Purpose::Report, cx, output);
                output.publish(Some(turn), BotEvent::Answered(QueryAnswer::Done));
                return self.end_turn(turn, TurnOutcome::Done, cx, output);
            }
            Query::PersonalData(wanted) => match self.personal_data(wanted) {
                Some(request) => (request, AnswerKind::PersonalData),
                None => return self.end_turn(turn, TurnOutcome::Done, cx, output),
            },
        };
        self.send(request, Purpose::Query(turn, asked), cx, output);
    }

    /// Passes on what a client reports of itself.
    pub(super) fn client_error(
        &mut self,
        turn: MessageId,
        error: &ClientError,
        profile: &Profile,
        cx: &Cx<'_>,
        output: &mut LegOutput,
    ) {
        let report = ErrorReport {
            context: self.state.context.clone(),
            browser: profile.browser.clone(),
            os: profile.os.clone(),
            error: error.error.clone(),
            message: error.message.clone(),
            stack_trace: error.stack.clone(),
            js_creation: error.built.clone(),
            user_url: profile.page_url.clone(),
        };
        let request = self.side(Endpoint::ErrorReport, report.to_params().to_form());
        self.send(request, Purpose::Report, cx, output);
        self.end_turn(turn, TurnOutcome::Done, cx, output);
    }

    pub(super) fn queried(
        &mut self,
        turn: MessageId,
        asked: AnswerKind,
        body: &[u8],
        cx: &Cx<'_>,
        output: &mut LegOutput,
    ) {
        if let Some(answer) = asked.read(body) {
            output.publish(Some(turn), BotEvent::Answered(answer));
        }
        self.end_turn(turn, TurnOutcome::Done, cx, output);
    }

    fn top_questions(&self, asked: &TopQuestions, profile: &Profile) -> Outgoing {
        let request = TopKnowledgeRequest {
            language: Some(self.language.clone()),
            max: Some(asked.limit),
            period: Some(
                asked
                    .period
                    .as_deref()
                    .and_then(Period::of)
                    .unwrap_or_default(),
            ),
            space: Some(self.space.clone()),
            // The widget does not say that it is none.
            qualification: say::qualification(profile, &self.settings.voice).then_some(true),
            tag: asked.tag.clone(),
            include_tag_children: asked.include_child_tags,
            exclude_gallery_content: asked.exclude_gallery,
            ignore_manual: asked.ignore_picked,
        };
        self.urgent(Endpoint::TopKnowledge, &request.to_params().to_form())
    }

    fn suggestions(&self, typed: &Suggestions) -> Outgoing {
        let request = SearchRequest {
            language: Some(self.language.clone()),
            search: typed.text.clone(),
            space: Some(self.space.clone()),
            only_rewordables: typed.only_rewordable,
            in_personalities: typed.in_personalities,
        };
        self.urgent(Endpoint::Search, &request.to_params().to_form())
    }

    fn visit(&self, profile: &Profile) -> Outgoing {
        let request = WelcomeCallRequest {
            context: self.state.context.clone(),
            language: Some(self.language.clone()),
            qualification: Some(say::qualification(profile, &self.settings.voice)),
            space: Some(self.space.clone()),
            variables: say::variables(profile),
        };
        self.side(Endpoint::WelcomeCall, request.to_params().to_form())
    }

    /// Absent where nobody is named: the engine would not know whose data is meant.
    fn personal_data(&self, wanted: &PersonalData) -> Option<Outgoing> {
        let request = GdprRequest {
            client_id: wanted.user_id.clone()?,
            language: Some(self.language.clone()),
            mail: wanted.mail.clone(),
            object: match wanted.request {
                DataRequest::Get => Object::Get,
                DataRequest::Delete => Object::Delete,
            },
        };
        Some(self.side(Endpoint::Gdpr, request.to_params().to_form()))
    }

    fn urgent(&self, endpoint: Endpoint, body: &str) -> Outgoing {
        Outgoing {
            timeout: self.settings.timeout.min(QUERY_TIMEOUT),
            ..self.side(endpoint, body.to_owned())
        }
    }
}
