//! The websocket: `docs/protocols/dydu.md#7-websocket-and-chathttp-frames`.
//!
//! A socket is attached to the conversation that its first frame names; frames that arrive in the
//! meantime wait. From then on frames become calls, and what is published becomes frames. Every
//! frame to the client has `values` that are strictly encoded: anything else makes the vendor's
//! widget disappear.

use std::collections::VecDeque;
use std::sync::Arc;

use switchboard_core::Fault;
use switchboard_core::dialect::{
    Attach, ClientMark, Cx, Entry, Find, ServerSession, SessionAction, Target, View,
};
use switchboard_core::model::MessageId;

use super::plan::{Plan, Reply, refusal};
use super::{Ask, Channel, Manner, context, find_bot};
use crate::convert::compose::Occasion;
use crate::convert::{input, push};
use crate::error;
use crate::options::FrontendOptions;
use crate::wire::context::AccessibilityValues;
use crate::wire::frame::{self, FrameKind};
use crate::wire::path::Endpoint;
use crate::wire::{Envelope, Frame, Params, envelope};

/// Frames that may wait for an attachment; a client that sends more without waiting is broken.
const PENDING_LIMIT: usize = 64;

/// One client socket.
pub(super) struct Session {
    options: Arc<FrontendOptions>,
    /// Which browser opened it.
    client: Option<ClientMark>,
    /// What the socket is attached to.
    attached: Option<Attached>,
    /// The attachment under way.
    attaching: Option<Named>,
    pending: VecDeque<(FrameKind, Params<'static>)>,
    manner: Option<Manner>,
    seen: push::Seen,
}

/// A conversation as the client names it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Named {
    bot: String,
    context: Option<String>,
}

struct Attached {
    named: Named,
    /// The conversation's real key, which differs where the client's context was gone.
    key: String,
}

impl Session {
    pub(super) fn new(options: Arc<FrontendOptions>, client: Option<ClientMark>) -> Self {
        Self {
            options,
            client,
            attached: None,
            attaching: None,
            pending: VecDeque::new(),
            manner: None,
            seen: push::Seen::default(),
        }
    }

    fn frame(&mut self, text: &str, cx: &Cx<'_>) -> Result<Vec<SessionAction>, Fault> {
        let frame = read_frame(text)?;
        let kind = FrameKind::of(&frame.kind)
            .ok_or_else(|| Fault::bad_field("type", "unknown type of frame"))?;
        let params = Params::of_frame(frame.parameters);
        let bot = find_bot(&self.options, params.bot(), true)?;
        let named = Named {
            bot: bot.bot_id.clone(),
            context: params.context().map(str::to_owned),
        };
        self.manner = Some(Manner::of(&params, bot));
        if self.attaching.is_some() || self.must_attach(kind, &named) {
            if self.pending.len() >= PENDING_LIMIT {
                return Err(Fault::RateLimited { retry_after: None });
            }
            let profile = input::profile(&params, &named.bot);
            self.pending.push_back((kind, params));
            if self.attaching.is_some() {
                return Ok(Vec::new());
            }
            self.attaching = Some(named.clone());
            return Ok(vec![SessionAction::Attach(Box::new(Attach {
                target: Target {
                    find: Find::Renew(named.context),
                    scope: named.bot,
                    retry: None,
                    client: self.client,
                },
                profile,
            }))]);
        }
        self.perform(kind, params, cx)
    }

    /// The frame names a conversation that the socket is not attached to, or starts one.
    fn must_attach(&self, kind: FrameKind, named: &Named) -> bool {
        let starts = matches!(
            kind,
            FrameKind::Talk | FrameKind::GetContext | FrameKind::Variable
        );
        match &self.attached {
            None => named.context.is_some() || starts,
            Some(attached) => {
                *named != attached.named
                    && named.context.is_some()
                    && named.context.as_ref() != Some(&attached.key)
            }
        }
    }

    fn perform(
        &mut self,
        kind: FrameKind,
        params: Params<'_>,
        cx: &Cx<'_>,
    ) -> Result<Vec<SessionAction>, Fault> {
        let bot = find_bot(&self.options, params.bot(), true)?;
        let key = self.attached.as_ref().map(|attached| attached.key.clone());
        let ask = Ask {
            options: &self.options,
            bot,
            // `find_bot` refuses a frame that leaves it open.
            is_sure: true,
            context: key.clone().or_else(|| params.context().map(str::to_owned)),
            params,
            retry: None,
            client: self.client,
            channel: Channel::Socket,
        };
        let plan = plan(kind, &ask, cx)?;
        Ok(plan.into_actions(&ask, key.as_deref().unwrap_or_default()))
    }
}

/// Reads a frame.
///
/// # Errors
/// It is no JSON, or a field does not fit; the fault names it.
pub(super) fn read_frame(text: &str) -> Result<Frame, Fault> {
    let mut source = serde_json::Deserializer::from_str(text);
    let frame = serde_path_to_error::deserialize(&mut source).map_err(|error| {
        let path = error.path().to_string();
        Fault::bad_field(path, error.into_inner().to_string())
    })?;
    source
        .end()
        .map_err(|error| Fault::bad_input(error.to_string()))?;
    Ok(frame)
}

/// What a frame asks for.
pub(super) fn plan(kind: FrameKind, ask: &Ask<'_>, cx: &Cx<'_>) -> Result<Plan, Fault> {
    let endpoint = match kind {
        FrameKind::Talk => Endpoint::Talk,
        FrameKind::CheckContext => Endpoint::AvailableContext,
        FrameKind::GetContext => Endpoint::Context,
        FrameKind::TopKnowledge => Endpoint::TopKnowledge,
        FrameKind::History => {
            let mut plain = Params::new();
            // `dialog` repeats the context that the client knows, which may be gone by now.
            for (name, value) in ask.params.iter().filter(|(name, _)| *name != "dialog") {
                plain.push(name, value);
            }
            let ask = Ask {
                params: plain,
                context: ask.context.clone(),
                ..*ask
            };
            return super::plan(Endpoint::History, &ask, cx);
        }
        FrameKind::Typing => Endpoint::Typing,
        FrameKind::Reading => Endpoint::Reading,
        FrameKind::SurveyConfiguration => Endpoint::SurveyConfiguration,
        FrameKind::Survey => Endpoint::Survey,
        FrameKind::Feedback => Endpoint::Feedback,
        FrameKind::FeedbackReason => Endpoint::FeedbackReason,
        FrameKind::FeedbackComment => Endpoint::FeedbackComment,
        FrameKind::Variable => Endpoint::Variable,
        FrameKind::WelcomeCall => Endpoint::WelcomeCall,
        FrameKind::Poll => Endpoint::Poll,
        FrameKind::InternautEvent => {
            return Ok(Plan::Now(Reply::Quiet("addInternautEventResponse")));
        }
        FrameKind::Accessibility => {
            let values = AccessibilityValues {
                server_accessible: true,
            };
            return Ok(Plan::text(Envelope::text(envelope::ACCESSIBILITY, values)));
        }
    };
    super::plan(endpoint, ask, cx)
}

impl ServerSession for Session {
    fn attached(&mut self, view: &View, cx: &Cx<'_>) -> Vec<SessionAction> {
        let named = self.attaching.take().unwrap_or_else(|| Named {
            bot: view.scope.to_string(),
            context: Some(view.key.to_string()),
        });
        self.attached = Some(Attached {
            named,
            key: view.key.to_string(),
        });
        self.seen = push::Seen {
            whole: None,
            queued: push::is_queued(view.handover),
            writing: false,
        };
        let mut actions = Vec::new();
        while let Some((kind, params)) = self.pending.pop_front() {
            // The attachment has just answered this one: a new conversation means that the old
            // one is gone.
            if kind == FrameKind::CheckContext {
                let lives = !view.created && !view.ended;
                actions.push(SessionAction::Send(context::availability(lives)));
                continue;
            }
            actions.extend(self.perform(kind, params, cx).unwrap_or_else(refusal));
        }
        actions
    }

    fn attach_failed(&mut self, fault: &Fault, _cx: &Cx<'_>) -> Vec<SessionAction> {
        self.attaching = None;
        // One answer for each frame that is lost.
        let lost = self.pending.len().max(1);
        self.pending.clear();
        (0..lost)
            .map(|_| SessionAction::Send(error::encode_frame(fault)))
            .collect()
    }

    fn handle_text(&mut self, text: &str, cx: &Cx<'_>) -> Vec<SessionAction> {
        if text.trim() == frame::PING {
            return vec![SessionAction::Send(frame::PONG.to_owned())];
        }
        self.frame(text, cx).unwrap_or_else(refusal)
    }

    fn handle_binary(&mut self, data: &[u8], cx: &Cx<'_>) -> Vec<SessionAction> {
        match std::str::from_utf8(data) {
            Ok(text) => self.handle_text(text, cx),
            Err(_) => refusal(Fault::bad_input("not UTF-8")),
        }
    }

    fn deliver(&mut self, entry: &Entry, view: &View, cx: &Cx<'_>) -> Vec<SessionAction> {
        let Some(manner) = &self.manner else {
            return Vec::new();
        };
        let scene = manner.scene(view, Occasion::Typed, cx);
        push::frames(entry, &scene, &mut self.seen)
            .iter()
            .map(|push| SessionAction::Send(push.to_text()))
            .collect()
    }

    fn turn_failed(&mut self, _turn: MessageId, fault: &Fault, _cx: &Cx<'_>) -> Vec<SessionAction> {
        vec![SessionAction::Send(error::encode_frame(fault))]
    }
}
