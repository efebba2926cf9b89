//! What a leg sends, apart from the talk itself.

use std::collections::{BTreeMap, VecDeque};

use switchboard_core::dialect::{Cx, LegOutput};

use super::flight::Purpose;
use super::leg::DyduLeg;
use super::request::Outgoing;
use crate::wire::livechat::{TypingRequest, reading};
use crate::wire::path::Endpoint;
use crate::wire::talk::Mode;
use crate::wire::{Params, TalkRequest, words};

impl DyduLeg {
    pub(super) fn talk_request(&self, mut request: TalkRequest) -> Outgoing {
        request.mode.get_or_insert(Mode::Synchron);
        Outgoing {
            endpoint: Endpoint::Talk,
            context: self.state.context.clone(),
            body: request.to_params().to_form().into(),
            frame: None,
            timeout: self.settings.talk_timeout,
            file: None,
        }
    }

    pub(super) fn side(&self, endpoint: Endpoint, body: String) -> Outgoing {
        Outgoing {
            endpoint,
            context: None,
            body: body.into(),
            frame: None,
            timeout: self.settings.timeout,
            file: None,
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

    /// Lets the engine know of variables that are gone: what is merely left out of a talk stays.
    pub(super) fn tell_deleted(&self, requests: &mut [TalkRequest]) {
        let Some(told) = requests
            .first_mut()
            .and_then(|first| first.variables.as_mut())
        else {
            return;
        };
        for name in self.state.variables.keys() {
            told.entry(name.clone()).or_default();
        }
    }

    pub(super) fn typing(
        &mut self,
        active: bool,
        text: Option<String>,
        cx: &Cx<'_>,
        output: &mut LegOutput,
    ) {
        if !self.is_livechat() {
            return;
        }
        let content = text.filter(|_| active);
        if self.socket.is_open() {
            let content = content.unwrap_or_default();
            let parameters = [("typing", active.into()), ("content", content.into())];
            return self.send_frame("typing", parameters, output);
        }
        if let Some(context) = self.state.context.clone() {
            let request = TypingRequest { active, content };
            let body = request.to_params(&context).to_form();
            let request = self.side(Endpoint::Typing, body);
            self.send(request, Purpose::Report, cx, output);
        }
    }

    pub(super) fn read(&mut self, cx: &Cx<'_>, output: &mut LegOutput) {
        if !self.is_livechat() {
            return;
        }
        if self.socket.is_open() {
            let parameters = [("reading", true.into()), ("content", "".into())];
            return self.send_frame("reading", parameters, output);
        }
        if let Some(context) = self.state.context.clone() {
            let body = reading(&context, Mode::Polling.as_str()).to_form();
            let request = self.side(Endpoint::Reading, body);
            self.send(request, Purpose::Report, cx, output);
        }
    }
}
