//! What a leg sends, apart from the talk itself.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use switchboard_core::dialect::{Cx, HandoverState, LegOutput};
use switchboard_core::model::TopQuestions;

use super::flight::Purpose;
use super::leg::DyduLeg;
use super::request::Outgoing;
use crate::wire::livechat::{TypingRequest, reading};
use crate::wire::path::Endpoint;
use crate::wire::talk::Mode;
use crate::wire::{Params, TalkRequest, words};

/// The widget gives its question up after 3 s, and does not open without an answer.
const TOP_QUESTIONS_TIMEOUT: Duration = Duration::from_millis(2_500);

impl DyduLeg {
    pub(super) fn talk_request(&self, mut request: TalkRequest) -> Outgoing {
        request.mode.get_or_insert(Mode::Synchron);
        Outgoing {
            endpoint: Endpoint::Talk,
            context: self.state.context.clone(),
            body: request.to_params().to_form().into(),
            timeout: self.settings.talk_timeout,
        }
    }

    pub(super) fn side(&self, endpoint: Endpoint, body: String) -> Outgoing {
        Outgoing {
            endpoint,
            context: None,
            body: body.into(),
            timeout: self.settings.timeout,
        }
    }

    /// What is to be sent by mail goes by the engine's id of the conversation, not by ours:
    /// `docs/protocols/dydu.md#33-endpoint-details`, 3.3.4.
    pub(super) fn name_own_context(&self, input: &mut String) {
        let asked = input.strip_prefix(words::INPUT_MAIL);
        if let Some((_, mail)) = asked.and_then(|asked| asked.split_once(':'))
            && let Some(context) = &self.state.context
        {
            *input = format!("{}{context}:{mail}", words::INPUT_MAIL);
        }
    }

    /// One request for each variable that changed. Without a context they go with the next talk.
    pub(super) fn changed_variables(
        &mut self,
        variables: BTreeMap<String, String>,
    ) -> VecDeque<Outgoing> {
        let Some(context) = self.state.context.clone() else {
            return VecDeque::new();
        };
        let known = std::mem::replace(&mut self.state.variables, variables);
        let changed = self
            .state
            .variables
            .iter()
            .filter(|(name, value)| known.get(*name) != Some(value));
        let deleted = known
            .keys()
            .filter(|name| !self.state.variables.contains_key(*name));
        let all = changed
            .map(|(name, value)| (name, value.as_str()))
            .chain(deleted.map(|name| (name, "")));
        all.map(|(name, value)| {
            let body: Params<'_> = [
                ("contextUuid", context.as_str()),
                ("name", name),
                ("solutionUsed", "ASSISTANT"),
                ("value", value),
            ]
            .into_iter()
            .collect();
            self.side(Endpoint::Variable, body.to_form())
        })
        .collect()
    }

    pub(super) fn top_questions(&self, asked: &TopQuestions) -> Outgoing {
        let (period, tag) = (asked.period.as_deref(), asked.tag.as_deref());
        let limit = asked.limit.to_string();
        let mut body: Params<'_> = [
            ("language", self.language.as_str()),
            ("maxKnowledge", &limit),
            ("period", period.unwrap_or("Last30Days")),
            ("space", &self.space),
            ("solutionUsed", "ASSISTANT"),
        ]
        .into_iter()
        .collect();
        if let Some(tag) = tag {
            body.push("tag", tag);
        }
        Outgoing {
            timeout: self.settings.timeout.min(TOP_QUESTIONS_TIMEOUT),
            ..self.side(Endpoint::TopKnowledge, body.to_form())
        }
    }

    pub(super) fn typing(
        &mut self,
        active: bool,
        text: Option<String>,
        cx: &Cx<'_>,
        output: &mut LegOutput,
    ) {
        let content = text.unwrap_or_default();
        if self.state.handover == HandoverState::None {
            return;
        }
        if self.uses_socket() {
            let content = if active { content } else { String::new() };
            let parameters = [("typing", active.into()), ("content", content.into())];
            return self.sign("typing", parameters, cx, output);
        }
        if let Some(context) = self.state.context.clone() {
            let request = TypingRequest {
                active,
                content: Some(content).filter(|_| active),
            };
            let body = request.to_params(&context).to_form();
            let request = self.side(Endpoint::Typing, body);
            self.send(request, Purpose::Report, output);
        }
    }

    pub(super) fn read(&mut self, cx: &Cx<'_>, output: &mut LegOutput) {
        if self.state.handover == HandoverState::None {
            return;
        }
        if self.uses_socket() {
            let parameters = [("reading", true.into()), ("content", "".into())];
            return self.sign("reading", parameters, cx, output);
        }
        if let Some(context) = self.state.context.clone() {
            let body = reading(&context, Mode::Polling.as_str()).to_form();
            let request = self.side(Endpoint::Reading, body);
            self.send(request, Purpose::Report, output);
        }
    }
}
