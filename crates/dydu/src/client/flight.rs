//! Requests under way, and what becomes of them: `docs/protocols/dydu.md#10-errors-retry-failover`.
//!
//! A request that fails goes to the next server at once; when all have failed there is a pause
//! before the next round. What the user said must not reach an engine twice, so talk is stricter
//! than the vendor's widget: after a timeout it is not repeated at all, and after a broken
//! connection or an error other than 503 only at a server that cannot have heard it. Nothing is
//! begun that could not end within its turn, and what nobody waits for is not worth a second round.

use std::collections::VecDeque;
use std::time::Duration;

use bytes::Bytes;
use http::{Response, StatusCode};
use switchboard_core::Fault;
use switchboard_core::dialect::{LegEvent, TransportFault};
use switchboard_core::model::{MessageId, Timestamp, TurnOutcome};

use super::Settings;
use super::query::AnswerKind;
use super::request::Outgoing;
use super::upload::Upload;
use crate::error;
use crate::wire::TalkRequest;

/// How long a turn lasts at the most: a chatbox gives up after 50 s, and the gateway before it.
const TURN: Duration = Duration::from_secs(45);

/// A request under way.
#[derive(Debug)]
pub(super) struct Flight {
    pub(super) request: Outgoing,
    pub(super) purpose: Purpose,
    /// The context that it was asked in.
    pub(super) context: Option<String>,
    pub(super) server: usize,
    pub(super) tries: u32,
    /// When it was tried first.
    pub(super) since: Timestamp,
    /// Servers that may have heard it.
    pub(super) heard_by: Vec<usize>,
}

/// What a failed request does next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Retry {
    pub(super) server: usize,
    pub(super) at: Timestamp,
}

/// What a request is for.
#[derive(Debug)]
pub(super) enum Purpose {
    /// Talk whose answer is shown, and what is said after it in the same turn.
    Talk(MessageId, VecDeque<TalkRequest>),
    /// Talk during a livechat: what it brings is pushed or polled. The turn ends with it.
    Livechat(Option<MessageId>),
    /// Talk that was meant for a livechat which was over when it could be sent: what it brings is
    /// shown.
    Late(Option<MessageId>),
    /// A report that brings nothing.
    Report,
    /// One of several requests that make up a turn and bring nothing.
    Side(MessageId, VecDeque<Outgoing>),
    /// A file, or the context that it needs first.
    Upload(Box<Upload>),
    /// A question that is no part of the dialog.
    Query(MessageId, AnswerKind),
    /// The questions of a survey, with what waits for them.
    Survey(Held),
    /// The answers to a survey.
    Answers(Box<Answers>),
    /// News.
    Poll,
}

/// What an answer brought, held back until a survey's questions are there.
#[derive(Debug)]
pub(super) struct Held {
    /// The turn that waits.
    pub(super) turn: Option<MessageId>,
    /// What was brought, from the announcement of the survey on.
    pub(super) events: Vec<LegEvent>,
    /// What is said next, if the turn goes on.
    pub(super) more: Option<VecDeque<TalkRequest>>,
}

/// The answers to a survey on their way.
#[derive(Debug)]
pub(super) struct Answers {
    pub(super) turn: MessageId,
    /// The other way they can go, if this one fails.
    pub(super) otherwise: Option<Outgoing>,
    /// What is said after them.
    pub(super) reword: Option<TalkRequest>,
}

impl Purpose {
    /// The turn that ends with this request.
    pub(super) fn turn(&self) -> Option<MessageId> {
        match self {
            Self::Talk(turn, _) | Self::Side(turn, _) | Self::Query(turn, _) => Some(*turn),
            Self::Livechat(turn) | Self::Late(turn) => *turn,
            Self::Upload(upload) => Some(upload.turn),
            Self::Survey(held) => held.turn,
            Self::Answers(answers) => Some(answers.turn),
            Self::Report | Self::Poll => None,
        }
    }

    /// How often a request is tried at the most.
    fn tries(&self, servers: u32, rounds: u32) -> u32 {
        match self {
            // Nobody waits for a second try.
            Self::Query(_, asked) if asked.is_urgent() => 1,
            // The next one comes soon.
            Self::Report | Self::Poll => servers,
            Self::Talk(..)
            | Self::Livechat(_)
            | Self::Late(_)
            | Self::Side(..)
            | Self::Survey(_)
            | Self::Upload(_)
            | Self::Query(..)
            | Self::Answers(_) => servers.saturating_mul(rounds),
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
            // A server that says so of itself has not dealt with it.
            Self::Answer(StatusCode::SERVICE_UNAVAILABLE, _)
            | Self::Transport(TransportFault::Connect) => TurnOutcome::Unreachable,
            Self::Answer(_, fault) => outcome(fault),
            Self::Transport(_) | Self::Unreadable => TurnOutcome::Unavailable,
        }
    }

    /// The engine answered, if only with an error.
    pub(super) fn is_answer(&self) -> bool {
        matches!(self, Self::Answer(..))
    }

    /// Whether the request may be sent again at all.
    fn allows_another(&self, is_once: bool) -> bool {
        match self {
            // It never left, or there is a server that cannot have heard it.
            Self::Transport(TransportFault::Connect | TransportFault::Broken) => true,
            Self::Transport(TransportFault::Timeout) | Self::Answer(_, Fault::TimedOut) => !is_once,
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
    /// The next try after a failure, if there is one.
    pub(super) fn retry(
        &mut self,
        failure: &Failure,
        settings: &Settings,
        now: Timestamp,
    ) -> Option<Retry> {
        // A file is sent once, as by the widget.
        if self.request.file.is_some() {
            return None;
        }
        let is_once = self.request.is_once();
        if !failure.allows_another(is_once) {
            return None;
        }
        if is_once && failure.outcome() != TurnOutcome::Unreachable {
            self.heard_by.push(self.server);
        }
        let servers = settings.servers.len().max(1);
        let count = u32::try_from(servers).unwrap_or(u32::MAX);
        if self.tries >= self.purpose.tries(count, settings.rounds) {
            return None;
        }
        let server = (1..=servers)
            .map(|step| (self.server + step) % servers)
            .find(|server| !self.heard_by.contains(server))?;
        let is_new_round = self.tries.is_multiple_of(count) || server == self.server;
        let at = if is_new_round {
            now.after(settings.retry_pause)
        } else {
            now
        };
        let fits = at.after(settings.timeout) <= self.since.after(TURN);
        fits.then_some(Retry { server, at })
    }

    /// How long the engine may take for the next try.
    pub(super) fn timeout(&self, now: Timestamp) -> Duration {
        if self.tries == 0 {
            return self.request.timeout;
        }
        let left = self.since.after(TURN).as_millis() - now.as_millis();
        let left = Duration::from_millis(u64::try_from(left).unwrap_or_default());
        self.request.timeout.min(left)
    }
}
