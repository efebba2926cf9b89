//! What is tried again, and when.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Response, StatusCode};
use serde_json::Value;
use switchboard_core::dialect::{Secret, SourceError, TransportFault};
use switchboard_core::fault::retry_after;

/// The first wait where the vendor names none; each further one is longer by as much.
const STEP: Duration = Duration::from_secs(5);
/// The longest of these.
const LONGEST: Duration = Duration::from_secs(60);
/// A longer wait than this is a refusal.
const MOST_PATIENCE: Duration = Duration::from_secs(15 * 60);
/// How often one request is put off by the vendor.
const MOST_PUT_OFF: u32 = 12;
/// How often one request fails otherwise before it is given up.
const MOST_FAILURES: u32 = 4;
/// How much of the vendor's words is repeated, in characters.
const MOST_WORDS: usize = 500;

/// What the vendor counts requests by: `docs/protocols/opendialog.md#7-public-apis-current`.
const REMAINING: &str = "x-ratelimit-remaining";

/// Counts the attempts at one request.
#[derive(Debug, Default)]
pub(super) struct Patience {
    put_off: u32,
    failures: u32,
}

/// What follows from what came of a request.
#[derive(Debug)]
pub(super) enum Verdict {
    /// It is an answer.
    Good,
    /// The same request again, after this time.
    Again(Duration),
    /// No more.
    Failed(SourceError),
}

impl Patience {
    pub(super) fn judge(
        &mut self,
        response: &Result<Response<Bytes>, TransportFault>,
        token: Option<&Secret>,
    ) -> Verdict {
        let response = match response {
            Ok(response) => response,
            Err(TransportFault::TooLarge) => {
                return Verdict::Failed(SourceError::Unreachable(
                    "an answer is too large, even for the least that can be asked for".to_owned(),
                ));
            }
            Err(fault) => {
                self.failures += 1;
                if self.failures < MOST_FAILURES {
                    return Verdict::Again(grown(self.failures));
                }
                return Verdict::Failed(SourceError::Unreachable(fault.to_string()));
            }
        };
        let status = response.status();
        if status.is_success() {
            *self = Self::default();
            return Verdict::Good;
        }
        let wait = match status {
            StatusCode::TOO_MANY_REQUESTS => {
                self.put_off += 1;
                (self.put_off < MOST_PUT_OFF).then(|| grown(self.put_off))
            }
            status if status.is_server_error() => {
                self.failures += 1;
                (self.failures < MOST_FAILURES).then(|| grown(self.failures))
            }
            _ => None,
        };
        let wait = wait.map(|grown| retry_after(response.headers()).unwrap_or(grown));
        match wait.filter(|wait| *wait <= MOST_PATIENCE) {
            Some(wait) => Verdict::Again(wait),
            None => Verdict::Failed(SourceError::Refused {
                status: status.as_u16(),
                problem: words(response, token),
            }),
        }
    }
}

fn grown(attempt: u32) -> Duration {
    STEP.saturating_mul(attempt).min(LONGEST)
}

/// How long to wait before the next request, if this answer was the last that is allowed for now.
pub(super) fn pause(headers: &HeaderMap) -> Option<Duration> {
    let remaining = headers.get(REMAINING)?.to_str().ok()?.trim();
    (remaining == "0").then(|| retry_after(headers).unwrap_or(LONGEST).min(MOST_PATIENCE))
}

/// What the vendor says about a refusal, without the token.
fn words(response: &Response<Bytes>, token: Option<&Secret>) -> String {
    if response.status().is_redirection() {
        return "the answer is a redirection; is the address right?".to_owned();
    }
    let mut words = match serde_json::from_slice::<Value>(response.body()) {
        Ok(body) => told(&body),
        Err(_) => String::new(),
    };
    if words.trim().is_empty() {
        words = format!("no words, {} bytes", response.body().len());
    }
    if let Some(token) = token.map(|token| token.reveal().trim())
        && !token.is_empty()
    {
        words = words.replace(token, "***");
    }
    let words: String = words
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(MOST_WORDS)
        .collect();
    words.trim().to_owned()
}

/// The message, and what it says about each field.
fn told(body: &Value) -> String {
    let text = |key| body.get(key).and_then(Value::as_str);
    let message = text("message")
        .or_else(|| text("error"))
        .unwrap_or_default();
    let errors = body.get("errors").and_then(Value::as_object);
    let fields: Vec<&str> = errors
        .into_iter()
        .flat_map(|errors| errors.values())
        .filter_map(|problems| match problems {
            Value::Array(problems) => problems.first()?.as_str(),
            other => other.as_str(),
        })
        .filter(|problem| *problem != message)
        .collect();
    match fields.as_slice() {
        [] => message.to_owned(),
        fields => format!("{message} {}", fields.join(" ")),
    }
}
