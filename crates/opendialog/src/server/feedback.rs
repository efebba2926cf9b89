//! Ratings: `docs/protocols/opendialog.md#45-post-chat-apifeedback-g3`.

use bytes::Bytes;
use http::{Request, Response};
use serde_json::{Map, Value};
use switchboard_core::dialect::{Call, Cx, Find, Operation, UnknownChoice, Wait};
use switchboard_core::model::{Extras, Feedback, Profile, Rating, UserEvent, UserInput};

use super::access::Caller;
use super::{Handling, Server, call};
use crate::wire::feedback::{self, Verdict};
use crate::{NAME, error};

impl Server {
    pub(super) fn feedback(
        &self,
        request: &Request<Bytes>,
        caller: Caller,
        cx: &Cx<'_>,
    ) -> Handling {
        let body =
            feedback::decode(request.body()).map_err(|mistakes| error::invalid(&mistakes))?;
        let input = UserInput::Feedback(Feedback {
            // Our own messages are their own templates; of an engine's template the newest
            // answer is meant.
            message: body.message_template_id.parse().ok(),
            rating: Some(match body.feedback {
                Verdict::Positive => Rating::Positive,
                Verdict::Negative => Rating::Negative,
            }),
            ..Feedback::default()
        });
        let mut kept = Map::new();
        let template = Value::from(body.message_template_id);
        kept.insert("message_template_id".to_owned(), template);
        if let Some(request_id) = body.request_id {
            kept.insert("request_id".to_owned(), Value::from(request_id));
        }
        let event = UserEvent {
            extras: Extras::new(NAME, kept),
            ..UserEvent::new(cx.message_id(), cx.now, input)
        };
        let user_id = caller.user_id.unwrap_or_default();
        Ok(call(Call {
            target: self.target(Find::Existing(user_id)),
            profile: Profile::default(),
            operation: Operation::Input {
                event: Box::new(event),
                wait: Wait::Accepted,
                unknown_choice: UnknownChoice::Pass,
            },
            finish: Box::new(|result, _| match result {
                Ok(_) => Response::new(Bytes::new()),
                Err(fault) => error::encode_fault(&fault),
            }),
        }))
    }
}
