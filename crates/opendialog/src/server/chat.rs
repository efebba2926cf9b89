//! The chat: `docs/protocols/opendialog.md#2-post-incomingwebchat-g3-post-chat-apimessage`.

use std::hash::{DefaultHasher, Hasher};
use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use switchboard_core::dialect::{Call, Collect, Cx, Find, Operation, Retry, UnknownChoice, Wait};
use switchboard_core::model::{MessageId, Profile, UserEvent, UserInput};

use super::access::Caller;
use super::answer::{self, Context};
use super::{Handling, Server, call};
use crate::convert::{input, user};
use crate::error;
use crate::wire::error::Invalid;
use crate::wire::message::{self, Kind};

impl Server {
    pub(super) fn chat(&self, request: &Request<Bytes>, caller: Caller, cx: &Cx<'_>) -> Handling {
        let refuse = |mistakes: Invalid| error::invalid(&mistakes);
        let body = message::decode(request.body()).map_err(refuse)?;
        let third_generation = caller.user_id.is_some();
        if caller
            .user_id
            .as_ref()
            .is_some_and(|id| **id != *body.user_id)
        {
            return Err(refuse(Invalid::one(
                "user_id",
                "The user id must be that of the OPENDIALOG-USER-ID header.",
            )));
        }
        let profile = self.profile(&body, caller).map_err(refuse)?;

        let id: Option<MessageId> = body.message_id.as_deref().and_then(|id| id.parse().ok());
        let mut target = self.target(Find::Continue(body.user_id.into_owned()));
        if id.is_none() {
            // Custom clients give no id that a repetition could be known by.
            let mut digest = DefaultHasher::new();
            digest.write(request.body());
            target.retry = Some(Retry::new(digest.finish()));
        }
        let kind = body.content.kind;
        let did = input::to_model(&body.content);
        let event = UserEvent {
            hidden: matches!(did, UserInput::Open { .. }),
            extras: input::extras(body.content),
            ..UserEvent::new(id.unwrap_or_else(|| cx.message_id()), cx.now, did)
        };
        let is_click = kind == Kind::UrlClick;
        let context = Context {
            options: Arc::clone(&self.options),
            third_generation,
            opening: kind == Kind::ChatOpen,
        };
        Ok(call(Call {
            target,
            profile,
            operation: Operation::Input {
                event: Box::new(event),
                wait: if is_click {
                    Wait::Accepted
                } else {
                    Wait::Turn(Collect::Undelivered)
                },
                unknown_choice: UnknownChoice::Pass,
            },
            finish: Box::new(move |result, cx| match result {
                Ok(_) if is_click => Response::new(Bytes::new()),
                Ok(outcome) => {
                    let answer = answer::assemble(&outcome.answer.entries, &context, cx.now);
                    error::json(StatusCode::OK, &answer)
                }
                Err(fault) => error::encode_fault(&fault),
            }),
        }))
    }

    /// What the request tells of its user, with the scenario that it selects.
    fn profile(&self, body: &message::Request<'_>, caller: Caller) -> Result<Profile, Invalid> {
        let mut profile = user::read(&body.user_id, body.content.user.as_ref());
        if let Some(scenario) = caller.scenario {
            profile.scenario = Some(scenario);
        } else if let Some(name) = &profile.scenario {
            let Some(id) = self.options.scenario(name) else {
                return Err(Invalid::one(
                    "content.user.custom.selected_scenario",
                    "The selected content.user.custom.selected scenario is invalid.",
                ));
            };
            profile.scenario = Some(id.to_owned());
        }
        profile.app = caller.app_key;
        if body.content.kind == Kind::ChatOpen {
            // The webchat sends the path of the page, custom clients may send its address. A path
            // is better than nothing.
            profile.page_url = body
                .content
                .data_text("value")
                .filter(|value| {
                    value.starts_with('/') || url::Url::parse(value).is_ok_and(|url| url.has_host())
                })
                .map(|value| value.into_owned());
        }
        Ok(profile)
    }
}
