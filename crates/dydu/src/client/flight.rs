//! Requests under way, and what becomes of them: `docs/protocols/dydu.md#10-errors-retry-failover`.
//!
//! A request that fails goes to the next server, each server being tried a configured number of
//! times. What the user said must not reach an engine twice, so a talk request is stricter than
//! the vendor's widget: after a timeout it is not repeated at all, and after a broken connection
//! only at another server.

use std::collections::VecDeque;

use bytes::Bytes;
use http::{Response, StatusCode};
use switchboard_core::Fault;
use switchboard_core::dialect::TransportFault;
use switchboard_core::model::{BotEvent, MessageId, TurnOutcome};

use super::Settings;
use super::query::Asked;
use super::request::Outgoing;
use super::upload::Upload;
use crate::error;
use crate::wire::TalkRequest;

/// A request under way.
#[derive(Debug)]
pub(super) struct Flight {
    pub(super) request: Outgoing,
    pub(super) purpose: Purpose,
    pub(super) server: usize,
    pub(super) tries: u32,
}

/// What a request is for.
#[derive(Debug)]
pub(super) enum Purpose {
    /// Talk whose answer is shown, and what is said after it in the same turn.
    Talk(MessageId, VecDeque<TalkRequest>),
    /// Talk during a livechat: what it brings is polled. The turn is given where it has not ended.
    Livechat(Option<MessageId>),
    /// A report that brings nothing.
    Report,
    /// One of several requests that make up a turn and bring nothing.
    Side(MessageId, VecDeque<Outgoing>),
    /// A file, or the context that it needs first.
    Upload(Box<Upload>),
    /// A question that is no part of the dialog.
    Query(MessageId, Asked),
    /// The questions of a survey, with what waits for them.
    Survey(Held),
    /// News.
    Poll,
}

/// What an answer brought, held back until a survey's questions are there.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) turn: Option<MessageId>,
    pub(super) events: Vec<BotEvent>,
    /// What is said next, if the turn goes on.
    pub(super) more: Option<VecDeque<TalkRequest>>,
}

impl Purpose {
    /// The turn that ends with this request.
    pub(super) fn turn(&self) -> Option<MessageId> {
        match self {
            Self::Talk(turn, _) | Self::Side(turn, _) | Self::Query(turn, _) => Some(*turn),
            Self::Livechat(turn) => *turn,
            Self::Upload(upload) => Some(upload.turn),
            Self::Survey(held) => held.turn,
            Self::Report | Self::Poll => None,
        }
    }
}

/// Why a request failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Failure {
    #[error(transparent)]
    Transport(TransportFault),
    /// The engine answered that it failed.
    #[error("status {status}: {1}", status = .0.as_u16())]
    Answer(StatusCode, Fault),
    #[error("the answer cannot be read")]
    Unreadable,
}

impl Failure {
    /// How a turn ends with it.
    pub(super) fn outcome(&self) -> TurnOutcome {
        match self {
            Self::Transport(TransportFault::Timeout) | Self::Answer(_, Fault::TimedOut) => {
                TurnOutcome::TimedOut
            }
            Self::Answer(_, fault) => outcome(fault),
            Self::Transport(_) | Self::Unreadable => TurnOutcome::Unavailable,
        }
    }

    /// Whether the request may go to `next` after `server`.
    fn allows(&self, request: &Outgoing, server: usize, next: usize) -> bool {
        match self {
            // The request never left.
            Self::Transport(TransportFault::Connect) => true,
            Self::Transport(TransportFault::Broken) => !request.is_talk() || next != server,
            Self::Transport(TransportFault::Timeout) | Self::Answer(_, Fault::TimedOut) => {
                !request.is_talk()
            }
            Self::Answer(status, _) => status.is_server_error(),
            Self::Transport(TransportFault::TooLarge) | Self::Unreadable => false,
        }
    }
}

/// How a turn ends with a fault that the engine told.
pub(super) fn outcome(fault: &Fault) -> TurnOutcome {
    match fault {
        Fault::TimedOut => TurnOutcome::TimedOut,
        Fault::BadInput { .. } | Fault::TooLarge { .. } | Fault::UnsupportedMedia => {
            TurnOutcome::Refused
        }
        _ => TurnOutcome::Unavailable,
    }
}

/// The answer's body, if it is one.
pub(super) fn body(result: Result<Response<Bytes>, TransportFault>) -> Result<Bytes, Failure> {
    let response = result.map_err(Failure::Transport)?;
    let (head, body) = response.into_parts();
    if head.status.is_success() {
        return Ok(body);
    }
    let fault = error::decode_fault(head.status, &body);
    Err(Failure::Answer(head.status, fault))
}

impl Flight {
    /// The server to try next after a failure.
    pub(super) fn next_server(&self, failure: &Failure, settings: &Settings) -> Option<usize> {
        // Nobody waits for a second try; a file is sent once, as by the widget.
        let is_urgent = matches!(self.purpose, Purpose::Query(_, asked) if asked.is_urgent());
        if is_urgent || self.request.file.is_some() {
            return None;
        }
        let servers = settings.servers.len().max(1);
        let most = u32::try_from(servers)
            .unwrap_or(u32::MAX)
            .saturating_mul(settings.rounds);
        let next = (self.server + 1) % servers;
        (self.tries < most && failure.allows(&self.request, self.server, next)).then_some(next)
    }
}
