//! What an endpoint wants done, and what becomes of it on each way that requests come.

use switchboard_core::Fault;
use switchboard_core::dialect::{
    Attach, Call, Collect, Cx, Find, Handled, Operation, Outcome, SessionAction, Target,
    UnknownChoice, Wait,
};
use switchboard_core::model::{Profile, Query, QueryAnswer, UserEvent, UserInput};

use super::Ask;
use crate::error;
use crate::wire::envelope;

/// An answer.
pub(super) enum Reply {
    /// This JSON.
    Text(String),
    /// Nothing but that it was done: an empty envelope over HTTP, no frame on a socket.
    Quiet(&'static str),
}

/// Encodes the outcome of a call.
pub(super) type Encode =
    Box<dyn FnOnce(Result<Outcome, Fault>, &Cx<'_>) -> Result<Reply, Fault> + Send>;

/// What an endpoint wants done.
pub(super) enum Plan {
    /// An answer that needs no conversation.
    Now(Reply),
    /// An operation on a conversation.
    Call(Box<Planned>),
}

/// An operation on a conversation.
pub(super) struct Planned {
    find: Find,
    profile: Profile,
    operation: Operation,
    encode: Encode,
}

impl Plan {
    pub(super) fn text(text: String) -> Self {
        Self::Now(Reply::Text(text))
    }

    pub(super) fn call(
        profile: Profile,
        find: Find,
        operation: Operation,
        encode: impl FnOnce(Result<Outcome, Fault>, &Cx<'_>) -> Result<Reply, Fault> + Send + 'static,
    ) -> Self {
        Self::Call(Box::new(Planned {
            find,
            profile,
            operation,
            encode: Box::new(encode),
        }))
    }

    /// Tells the engine something that the client reads no answer to. A context that is gone is
    /// no fault: nothing is left that it could matter to.
    pub(super) fn tell(ask: &Ask<'_>, input: UserInput, kind: &'static str, cx: &Cx<'_>) -> Self {
        let Some(context) = ask.context.clone() else {
            return Self::Now(Reply::Quiet(kind));
        };
        let event = UserEvent::new(cx.message_id(), cx.now, input);
        let operation = accepted(event);
        Self::call(
            ask.profile(),
            Find::Existing(context),
            operation,
            move |result, _| {
                forgiven(result)?;
                Ok(Reply::Quiet(kind))
            },
        )
    }

    /// Asks the engine something that belongs to no conversation. An engine that fails, or does
    /// not know such questions, has no answer; engines' own client sides see to it that none takes
    /// longer than the widget waits.
    pub(super) fn query(
        ask: &Ask<'_>,
        query: Query,
        cx: &Cx<'_>,
        encode: impl FnOnce(Option<QueryAnswer>) -> String + Send + 'static,
    ) -> Self {
        let event = UserEvent::new(cx.message_id(), cx.now, UserInput::Query(query));
        let operation = Operation::Input {
            event: Box::new(event),
            wait: Wait::Turn(Collect::Turn),
            unknown_choice: UnknownChoice::Pass,
        };
        Self::call(
            ask.profile(),
            Find::Detached,
            operation,
            move |result, _| {
                let answer = result.ok().and_then(|outcome| outcome.answer.queried);
                Ok(Reply::Text(encode(answer)))
            },
        )
    }

    /// Tells the engine something that is no part of what is said: in the context that the
    /// request names, else in none. The client is told that it was done, whatever comes of it.
    pub(super) fn remark(ask: &Ask<'_>, input: UserInput, kind: &'static str, cx: &Cx<'_>) -> Self {
        let mut event = UserEvent::new(cx.message_id(), cx.now, input);
        event.hidden = true;
        event.unrecorded = true;
        let find = ask.context.clone().map_or(Find::Detached, Find::Existing);
        Self::call(ask.profile(), find, accepted(event), move |result, _| {
            if let Err(fault) = forgiven(result) {
                tracing::debug!(%fault, kind, "the engine could not be told");
            }
            Ok(Reply::Quiet(kind))
        })
    }

    /// As the answer to an HTTP request.
    pub(super) fn into_handled(self, ask: &Ask<'_>) -> Handled {
        match self {
            Self::Now(reply) => Handled::Reply(reply.into_response()),
            Self::Call(planned) => {
                let Planned {
                    find,
                    profile,
                    operation,
                    encode,
                } = *planned;
                Handled::Call(Box::new(Call {
                    target: target(ask, find, &operation),
                    profile,
                    operation,
                    finish: Box::new(move |result, cx| match encode(result, cx) {
                        Ok(reply) => reply.into_response(),
                        Err(fault) => error::encode_fault(&fault),
                    }),
                }))
            }
        }
    }

    /// As what a socket does next. If the conversation turns out to be another than the one that
    /// the socket is attached to, the socket goes there.
    pub(super) fn into_actions(self, ask: &Ask<'_>, attached: &str) -> Vec<SessionAction> {
        match self {
            Self::Now(reply) => reply.into_frame().into_iter().collect(),
            Self::Call(planned) => {
                let Planned {
                    find,
                    profile,
                    operation,
                    encode,
                } = *planned;
                let attached = attached.to_owned();
                let may_move = matches!(find, Find::Renew(_));
                let target = target(ask, find, &operation);
                let (scope, client) = (target.scope.clone(), target.client);
                let finish = move |result: Result<Outcome, Fault>, cx: &Cx<'_>| {
                    let moved = result
                        .as_ref()
                        .ok()
                        .filter(|outcome| may_move && *outcome.view.key != attached)
                        .map(|outcome| outcome.view.key.to_string());
                    let mut actions = match encode(result, cx) {
                        Ok(reply) => reply.into_frame().into_iter().collect(),
                        Err(fault) => refusal(fault),
                    };
                    actions.extend(moved.map(|key| {
                        SessionAction::Attach(Box::new(Attach {
                            target: Target {
                                find: Find::Existing(key),
                                scope,
                                retry: None,
                                client,
                            },
                            profile: Profile::default(),
                        }))
                    }));
                    actions
                };
                vec![SessionAction::Call(Box::new(Call {
                    target,
                    profile,
                    operation,
                    finish: Box::new(finish),
                }))]
            }
        }
    }
}

fn target(ask: &Ask<'_>, find: Find, operation: &Operation) -> Target {
    // Only who waits for an answer repeats a request for the lack of one. What is merely handed
    // over may be meant twice, such as the same word said again to an operator.
    let waits = matches!(operation, Operation::Input { wait, .. } if wait.collect().is_some());
    Target {
        scope: ask.scope(&find),
        find,
        retry: ask.retry.filter(|_| waits),
        client: ask.client,
    }
}

impl Reply {
    fn into_response(self) -> http::Response<bytes::Bytes> {
        error::json(match self {
            Self::Text(text) => text,
            Self::Quiet(kind) => envelope::empty(kind),
        })
    }

    fn into_frame(self) -> Option<SessionAction> {
        match self {
            Self::Text(text) => Some(SessionAction::Send(text)),
            Self::Quiet(_) => None,
        }
    }
}

/// A refused frame.
pub(super) fn refusal(fault: Fault) -> Vec<SessionAction> {
    let frame = error::encode_frame(&fault);
    vec![SessionAction::Refused(fault), SessionAction::Send(frame)]
}

/// An event that nobody waits for.
pub(super) fn accepted(event: UserEvent) -> Operation {
    Operation::Input {
        event: Box::new(event),
        wait: Wait::Accepted,
        unknown_choice: UnknownChoice::Pass,
    }
}

/// The outcome; none where the conversation is gone.
pub(super) fn forgiven(result: Result<Outcome, Fault>) -> Result<Option<Outcome>, Fault> {
    match result {
        Ok(outcome) => Ok(Some(outcome)),
        Err(Fault::UnknownConversation | Fault::ConversationEnded) => Ok(None),
        Err(fault) => Err(fault),
    }
}
