//! Frames on the websocket: `docs/protocols/dydu.md#72-client--server-frames`.

use serde_json::{Map, Value};
use switchboard_core::dialect::{Cx, Effect, LegOutput};
use switchboard_core::model::Profile;

use super::leg::DyduLeg;
use crate::wire::{Frame, TalkRequest, b64};

/// What every frame says about the user.
#[derive(Debug, Clone, Default)]
pub(super) struct Surroundings {
    user: Option<String>,
    page_url: Option<String>,
    browser: Option<String>,
    os: Option<String>,
}

impl Surroundings {
    pub(super) fn of(profile: &Profile) -> Self {
        Self {
            user: profile.user_id.clone(),
            page_url: profile.page_url.clone(),
            browser: profile.browser.clone(),
            os: profile.os.clone(),
        }
    }
}

impl DyduLeg {
    /// Who the user is to the engine.
    pub(super) fn user(&self) -> String {
        let known = self.surroundings.user.clone();
        known.unwrap_or_else(|| self.state.conversation.to_string())
    }

    /// Sends a talk frame, or keeps it until the socket is open. Tells whether there was room for it.
    pub(super) fn say(
        &mut self,
        request: &TalkRequest,
        cx: &Cx<'_>,
        output: &mut LegOutput,
    ) -> bool {
        let mut parameters = self.common();
        parameters.extend(request.to_frame());
        // Only a REST request says how its answer is wanted.
        parameters.remove("mode");
        parameters
            .entry("doNotRegisterInteraction")
            .or_insert(Value::Bool(false));
        for (name, value) in [
            ("contextType", b64::encode("Web").into()),
            ("useServerCookieForContext", false.into()),
            ("disableLanguageDetection", false.into()),
            ("timestamp", cx.now.as_millis().into()),
        ] {
            parameters.entry(name).or_insert(value);
        }
        self.push_frame("talk", parameters, output)
    }

    /// Sends a frame of another type.
    pub(super) fn send_frame<const N: usize>(
        &mut self,
        kind: &str,
        parameters: [(&str, Value); N],
        output: &mut LegOutput,
    ) {
        let parameters = self.parameters(parameters);
        self.push_frame(kind, parameters, output);
    }

    /// A frame as text, for HTTP.
    pub(super) fn frame_text<const N: usize>(
        &self,
        kind: &str,
        parameters: [(&str, Value); N],
    ) -> String {
        let frame = Frame {
            kind: kind.to_owned(),
            parameters: self.parameters(parameters),
        };
        frame.to_text()
    }

    fn parameters<const N: usize>(&self, parameters: [(&str, Value); N]) -> Map<String, Value> {
        let mut all = self.common();
        for (name, mut value) in parameters {
            b64::encode_deep(&mut value);
            all.insert(name.to_owned(), value);
        }
        all
    }

    fn common(&self) -> Map<String, Value> {
        let user = self.user();
        let mut common = Map::new();
        let surroundings = &self.surroundings;
        for (name, text) in [
            (
                "contextId",
                Some(self.state.context.as_deref().unwrap_or_default()),
            ),
            ("botId", Some(self.settings.bot.as_str())),
            ("space", Some(&self.space)),
            ("clientId", Some(&user)),
            ("language", Some(&self.language)),
            ("solutionUsed", Some("ASSISTANT")),
            ("userUrl", surroundings.page_url.as_deref()),
            ("browser", surroundings.browser.as_deref()),
            ("os", surroundings.os.as_deref()),
        ] {
            if let Some(text) = text {
                common.insert(name.to_owned(), b64::encode(text).into());
            }
        }
        common.insert("saml2_info".into(), Value::Null);
        common
    }

    fn push_frame(
        &mut self,
        kind: &str,
        parameters: Map<String, Value>,
        output: &mut LegOutput,
    ) -> bool {
        let frame = Frame {
            kind: kind.to_owned(),
            parameters,
        };
        if self.socket.is_open() {
            output.effects.push(Effect::SendText(frame.to_text()));
            return true;
        }
        let is_kept = self.socket.keep(frame.to_text());
        if self.socket.is_off() {
            self.open_socket(output);
        }
        is_kept
    }
}
