//! The only mapping between faults and OpenDialog's error bodies.

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use serde::Serialize;
use switchboard_core::Fault;
use switchboard_core::model::TurnOutcome;

use crate::wire::error::{Invalid, Problem, humanise};
use crate::wire::json;

/// What can be wrong with what an engine sent.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DialectError {
    /// The body is not what its status promises. The engine, or what stands before it, is at
    /// fault; the same request may be answered well later.
    #[error("the engine's answer cannot be read")]
    Unreadable(#[from] serde_json::Error),
    /// The engine answered with an error.
    #[error("the engine answered with {status}: {problem}")]
    Refused {
        /// The HTTP status.
        status: StatusCode,
        /// What the engine says about it, for the log.
        problem: String,
    },
}

impl DialectError {
    /// How a turn ends that met this error.
    pub fn outcome(&self) -> TurnOutcome {
        match self {
            Self::Refused { status, .. } if *status == StatusCode::UNPROCESSABLE_ENTITY => {
                TurnOutcome::Refused
            }
            Self::Refused { status, .. } if *status == StatusCode::SERVICE_UNAVAILABLE => {
                TurnOutcome::Unreachable
            }
            Self::Refused { .. } | Self::Unreadable(_) => TurnOutcome::Unavailable,
        }
    }
}

/// The answer to a fault: a 422 in the vendor's shape, or a status with a `message`.
pub(crate) fn encode_fault(fault: &Fault) -> Response<Bytes> {
    let problem = |status, message: &str| json(status, &Problem::new(message));
    match fault {
        Fault::BadInput { field, message } => match field {
            Some(field) => encode_invalid(&Invalid::one(field, message)),
            None => encode_invalid(&Invalid {
                message: message.clone(),
                ..Invalid::new()
            }),
        },
        Fault::Unauthorised(_) => problem(StatusCode::UNAUTHORIZED, Problem::UNAUTHENTICATED),
        Fault::Forbidden | Fault::Disabled => {
            problem(StatusCode::FORBIDDEN, "This action is unauthorized.")
        }
        Fault::UnknownConversation => problem(StatusCode::NOT_FOUND, "The user is not known."),
        Fault::NotFound => problem(StatusCode::NOT_FOUND, "Not Found"),
        Fault::MethodNotAllowed => problem(StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed"),
        Fault::ConversationEnded => problem(StatusCode::CONFLICT, "The conversation has ended."),
        Fault::TooLarge { limit } => problem(
            StatusCode::PAYLOAD_TOO_LARGE,
            &format!("The body is larger than {limit} bytes."),
        ),
        Fault::UnsupportedMedia => {
            problem(StatusCode::UNSUPPORTED_MEDIA_TYPE, "Unsupported Media Type")
        }
        Fault::RateLimited { retry_after } => {
            let mut response = problem(StatusCode::TOO_MANY_REQUESTS, "Too Many Attempts.");
            if let Some(wait) = retry_after {
                let seconds = wait.as_secs().max(1);
                response
                    .headers_mut()
                    .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
            }
            response
        }
        Fault::BackendUnavailable => problem(StatusCode::BAD_GATEWAY, "Bad Gateway"),
        Fault::TimedOut => problem(StatusCode::GATEWAY_TIMEOUT, "Gateway Timeout"),
        Fault::StoreUnavailable => problem(StatusCode::SERVICE_UNAVAILABLE, "Service Unavailable"),
        _ => problem(StatusCode::INTERNAL_SERVER_ERROR, "Server Error"),
    }
}

/// The same to an export, which has words of its own where it is asked for too often or fails.
pub(crate) fn encode_export_fault(fault: &Fault) -> Response<Bytes> {
    let usual = encode_fault(fault);
    let problem = match fault {
        Fault::RateLimited { .. } => Problem::new(Problem::TOO_MANY_EXPORTS),
        _ if usual.status() == StatusCode::INTERNAL_SERVER_ERROR => Problem::Error {
            error: Problem::EXPORT_FAILED.to_owned(),
        },
        _ => return usual,
    };
    let mut response = json(usual.status(), &problem);
    if let Some(wait) = usual.headers().get(header::RETRY_AFTER) {
        response
            .headers_mut()
            .insert(header::RETRY_AFTER, wait.clone());
    }
    response
}

/// The answer to an export whose period cannot be read, and the fault it counts as.
pub(crate) fn bad_date(field: &str) -> (Fault, Response<Bytes>) {
    let message = format!("The {field} is in a bad date format. Use Y-m-d H:i:s.");
    let response = json(StatusCode::BAD_REQUEST, &Problem::new(&*message));
    (Fault::bad_field(field, message), response)
}

/// The answer to input that was refused, and the fault it counts as.
pub(crate) fn invalid(invalid: &Invalid) -> (Fault, Response<Bytes>) {
    let fault = Fault::BadInput {
        field: invalid.errors.keys().next().cloned(),
        message: invalid.message.clone(),
    };
    (fault, encode_invalid(invalid))
}

/// Of a header that generation 3 needs.
pub(crate) fn missing_header(mistakes: &mut Invalid, name: &str) {
    let name = name.to_ascii_uppercase();
    let problem = format!("The {} header is required.", humanise(&name));
    mistakes.add(&name, problem);
}

fn encode_invalid(invalid: &Invalid) -> Response<Bytes> {
    json(StatusCode::UNPROCESSABLE_ENTITY, invalid)
}

/// What an engine's answer with another status than 2xx says.
pub(crate) fn decode_fault(response: &Response<Bytes>) -> DialectError {
    let problem = match serde_json::from_slice::<Invalid>(response.body()) {
        Ok(invalid) => format!("{} ({})", invalid.message, invalid.fields()),
        Err(_) => serde_json::from_slice::<Problem>(response.body())
            .map(|problem| problem.text().to_owned())
            .unwrap_or_else(|_| format!("{} bytes", response.body().len())),
    };
    DialectError::Refused {
        status: response.status(),
        problem,
    }
}

/// A JSON response.
pub(crate) fn json(status: StatusCode, body: &impl Serialize) -> Response<Bytes> {
    with_type(status, "application/json", json::write(body))
}

/// A plain text response.
pub(crate) fn text(status: StatusCode, body: impl Into<Bytes>) -> Response<Bytes> {
    with_type(status, "text/plain; charset=utf-8", body)
}

fn with_type(
    status: StatusCode,
    content_type: &'static str,
    body: impl Into<Bytes>,
) -> Response<Bytes> {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use switchboard_core::fault::AuthProblem;

    use super::*;

    #[test]
    fn faults_have_the_vendors_shapes() {
        let check = |fault: Fault, status: u16, body: &str| {
            let response = encode_fault(&fault);
            assert_eq!(response.status(), status);
            assert_eq!(response.body(), body);
        };
        check(
            Fault::Unauthorised(AuthProblem::Missing),
            401,
            r#"{"message":"Unauthenticated."}"#,
        );
        check(
            Fault::bad_field("user_id", "The user id field is required."),
            422,
            r#"{"message":"The given data was invalid.","errors":{"user_id":["The user id field is required."]}}"#,
        );
        check(
            Fault::StoreUnavailable,
            503,
            r#"{"message":"Service Unavailable"}"#,
        );
        let limited = encode_fault(&Fault::RateLimited {
            retry_after: Some(Duration::from_secs(7)),
        });
        assert_eq!(limited.headers()[header::RETRY_AFTER], "7");
    }

    #[test]
    fn an_engines_errors_are_read() {
        let refused = encode_fault(&Fault::bad_field("author", "The author field is required."));
        let error = decode_fault(&refused);
        assert_eq!(error.outcome(), TurnOutcome::Refused);
        assert!(error.to_string().contains("author"));
        let down = decode_fault(&text(StatusCode::BAD_GATEWAY, "<html>"));
        assert_eq!(down.outcome(), TurnOutcome::Unavailable);
        assert!(!down.to_string().contains("html"));
    }
}
