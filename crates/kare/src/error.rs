//! Faults and Kare's error bodies, both ways: `docs/protocols/kare.md#21-common-rules`.

pub mod grant;

use bytes::Bytes;
use http::header::{ALLOW, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, Response, StatusCode};
use switchboard_core::Fault;
use switchboard_core::dialect::Cx;
use switchboard_core::fault::{AuthProblem, retry_after};

use crate::server::MAX_APPLICATIONS;
use crate::wire::application::WrongField;
use crate::wire::error_body::ErrorBody;
use crate::wire::query::MAX_TEXT_CHARS;
use crate::wire::{Body, Envelope, EnvelopeError, Header, Uri, WireId, encode};

/// What can be wrong with a request or a frame, as finely as Kare's codes tell it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DialectError {
    /// Something that is no matter of this dialect.
    #[error(transparent)]
    Fault(#[from] Fault),
    /// A credential belongs in the request; the client must add `app_id` or a bearer token.
    #[error("no credential")]
    MissingCredentials,
    /// The body is no JSON; the client must repair it.
    #[error("the body is no JSON")]
    InvalidJson,
    /// A required parameter is absent; the client must add it.
    #[error("{0} is missing")]
    MissingParameter(&'static str),
    /// The message lacks something or cannot be read; the client must repair the field.
    #[error("{message}")]
    InvalidMessage {
        /// The field to blame.
        field: Option<&'static str>,
        /// What is wrong.
        message: &'static str,
    },
    /// The message is readable but contradicts the place that it was sent to.
    #[error("{message}")]
    Contradiction {
        /// The field to blame.
        field: &'static str,
        /// What is wrong.
        message: String,
    },
    /// The question is longer than [`MAX_TEXT_CHARS`].
    #[error("the text is longer than {MAX_TEXT_CHARS} characters")]
    TextTooLong,
    /// The socket does not know the message's uri.
    #[error("the uri {0} is unknown")]
    UnknownUri(String),
    /// The path exists for other methods.
    #[error("method not allowed")]
    WrongMethod {
        /// The methods that it exists for.
        allow: &'static str,
    },
    /// There is no room for another application.
    #[error("there are {MAX_APPLICATIONS} applications already")]
    TooManyApplications,
}

impl From<EnvelopeError> for DialectError {
    fn from(error: EnvelopeError) -> Self {
        match error {
            EnvelopeError::NotAnObject => Self::InvalidMessage {
                field: None,
                message: "A message must be a JSON object.",
            },
            EnvelopeError::MissingUri { .. } => Self::InvalidMessage {
                field: Some("uri"),
                message: "The message has no uri.",
            },
        }
    }
}

impl From<WrongField> for DialectError {
    fn from(wrong: WrongField) -> Self {
        Self::InvalidMessage {
            field: Some(wrong.field),
            message: wrong.message,
        }
    }
}

impl From<&DialectError> for Fault {
    fn from(error: &DialectError) -> Self {
        match error {
            DialectError::Fault(fault) => fault.clone(),
            DialectError::MissingCredentials => Self::Unauthorised(AuthProblem::Missing),
            DialectError::InvalidJson => Self::bad_input("the body is no JSON"),
            DialectError::MissingParameter(field) => Self::bad_field(*field, "is missing"),
            DialectError::InvalidMessage {
                field: Some(field),
                message,
            } => Self::bad_field(*field, *message),
            DialectError::InvalidMessage {
                field: None,
                message,
            } => Self::bad_input(*message),
            DialectError::Contradiction { field, message } => {
                Self::bad_field(*field, message.clone())
            }
            DialectError::TextTooLong => Self::TooLarge {
                limit: MAX_TEXT_CHARS,
            },
            DialectError::UnknownUri(uri) => Self::bad_field("uri", format!("{uri} is unknown")),
            DialectError::WrongMethod { .. } => Self::MethodNotAllowed,
            DialectError::TooManyApplications => Self::bad_input(error.to_string()),
        }
    }
}

/// The body of an error and its HTTP status. Over the socket the status is left out.
pub fn encode_fault(error: &DialectError) -> (StatusCode, ErrorBody) {
    let (status, code, message): (_, &str, String) = match error {
        DialectError::MissingCredentials
        | DialectError::Fault(Fault::Unauthorised(AuthProblem::Missing)) => (
            StatusCode::UNAUTHORIZED,
            "missing_credentials",
            "Give app_id or a bearer token.".into(),
        ),
        DialectError::InvalidJson => (
            StatusCode::BAD_REQUEST,
            "invalid_json",
            "The body is not a JSON object.".into(),
        ),
        DialectError::MissingParameter(name) => (
            StatusCode::BAD_REQUEST,
            "missing_parameter",
            format!("The parameter {name} is missing."),
        ),
        DialectError::InvalidMessage { message, .. } => (
            StatusCode::BAD_REQUEST,
            "invalid_message",
            (*message).into(),
        ),
        DialectError::Contradiction { message, .. } => (
            StatusCode::UNPROCESSABLE_ENTITY,
            "invalid_message",
            message.clone(),
        ),
        DialectError::TextTooLong => (
            StatusCode::PAYLOAD_TOO_LARGE,
            "too_large",
            format!("The text is longer than {MAX_TEXT_CHARS} characters."),
        ),
        DialectError::UnknownUri(uri) => (
            StatusCode::BAD_REQUEST,
            "unknown_uri",
            format!("The uri {uri} is unknown here."),
        ),
        DialectError::WrongMethod { allow } => (
            StatusCode::METHOD_NOT_ALLOWED,
            "method_not_allowed",
            format!("Use {allow}."),
        ),
        DialectError::TooManyApplications => (
            StatusCode::UNPROCESSABLE_ENTITY,
            "invalid_message",
            format!("There are {MAX_APPLICATIONS} applications already; delete one first."),
        ),
        DialectError::Fault(fault) => {
            let (status, code, message) = of_fault(fault);
            (status, code, message.into_owned())
        }
    };
    let field = match error {
        DialectError::MissingParameter(field) | DialectError::Contradiction { field, .. } => {
            Some((*field).to_owned())
        }
        DialectError::InvalidMessage { field, .. } => field.map(str::to_owned),
        DialectError::TextTooLong => Some("body.text".to_owned()),
        DialectError::UnknownUri(_) => Some("uri".to_owned()),
        DialectError::Fault(Fault::BadInput { field, .. }) => field.clone(),
        _ => None,
    };
    let body = ErrorBody {
        error: Some(code.to_owned()),
        message: Some(message),
        status: Some(u64::from(status.as_u16())),
        field,
        ..ErrorBody::default()
    };
    (status, body)
}

fn of_fault(fault: &Fault) -> (StatusCode, &'static str, std::borrow::Cow<'static, str>) {
    let (status, code, message) = match fault {
        Fault::BadInput { message, .. } => {
            return (
                StatusCode::BAD_REQUEST,
                "invalid_message",
                message.clone().into(),
            );
        }
        Fault::TooLarge { limit } => {
            return (
                StatusCode::PAYLOAD_TOO_LARGE,
                "too_large",
                format!("The limit is {limit} bytes.").into(),
            );
        }
        Fault::Unauthorised(AuthProblem::Expired) => (
            StatusCode::UNAUTHORIZED,
            "token_expired",
            "The token has expired.",
        ),
        Fault::Unauthorised(AuthProblem::UnknownApp) => (
            StatusCode::UNAUTHORIZED,
            "unknown_app",
            "No application has this app_id.",
        ),
        Fault::Unauthorised(_) => (
            StatusCode::UNAUTHORIZED,
            "invalid_token",
            "The token is not valid.",
        ),
        Fault::Forbidden => (
            StatusCode::FORBIDDEN,
            "forbidden",
            "This credential lacks the right.",
        ),
        Fault::Disabled => (
            StatusCode::FORBIDDEN,
            "app_disabled",
            "The application was revoked.",
        ),
        Fault::UnknownConversation => (
            StatusCode::NOT_FOUND,
            "unknown_conversation",
            "No such conversation for this application.",
        ),
        Fault::ConversationEnded => (
            StatusCode::CONFLICT,
            "conversation_closed",
            "The conversation has ended; start a new one.",
        ),
        Fault::NotFound => (
            StatusCode::NOT_FOUND,
            "not_found",
            "There is nothing at this path.",
        ),
        Fault::MethodNotAllowed => (
            StatusCode::METHOD_NOT_ALLOWED,
            "method_not_allowed",
            "This path exists for another method.",
        ),
        Fault::UnsupportedMedia => (
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "unsupported_media_type",
            "Send application/json.",
        ),
        Fault::RateLimited { .. } => (
            StatusCode::TOO_MANY_REQUESTS,
            "rate_limited",
            "Too many requests.",
        ),
        Fault::BackendUnavailable => (
            StatusCode::BAD_GATEWAY,
            "engine_unavailable",
            "The dialog engine cannot be reached.",
        ),
        Fault::StoreUnavailable => (
            StatusCode::SERVICE_UNAVAILABLE,
            "store_unavailable",
            "Nothing can be changed now; try again later.",
        ),
        Fault::TimedOut => (
            StatusCode::GATEWAY_TIMEOUT,
            "engine_timeout",
            "The dialog engine did not finish in time.",
        ),
        _ => (
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal_error",
            "Something went wrong here.",
        ),
    };
    (status, code, message.into())
}

/// The HTTP answer that tells of an error.
pub fn response(error: &DialectError) -> Response<Bytes> {
    let (status, body) = encode_fault(error);
    let mut response = Response::new(Bytes::from(encode(&body)));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    match error {
        DialectError::Fault(Fault::RateLimited { retry_after }) => {
            let seconds = retry_after.map_or(1, |wait| wait.as_millis().div_ceil(1000).max(1));
            if let Ok(value) = HeaderValue::try_from(seconds.to_string()) {
                headers.insert(RETRY_AFTER, value);
            }
        }
        DialectError::WrongMethod { allow } => {
            headers.insert(ALLOW, HeaderValue::from_static(allow));
        }
        DialectError::MissingCredentials => {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        DialectError::Fault(Fault::Unauthorised(problem)) => {
            let value = match problem {
                AuthProblem::Missing | AuthProblem::UnknownApp => "Bearer",
                _ => "Bearer error=\"invalid_token\"",
            };
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static(value));
        }
        _ => {}
    }
    response
}

/// The frame that tells of an error over the socket: `docs/protocols/kare.md#51-list`. `about` is
/// the input that it answers.
pub fn frame(
    error: &DialectError,
    about: Option<WireId>,
    conversation: Option<&str>,
    cx: &Cx<'_>,
) -> Envelope {
    let (_, mut body) = encode_fault(error);
    body.status = None;
    let mut envelope = Envelope::new(cx.message_id(), Uri::OutError, Body::Error(body));
    if about.is_some() {
        envelope.header = Header {
            in_reply_to: about.clone(),
            seq: Some(0),
            is_final: Some(true),
            ..Header::default()
        };
    }
    envelope.parent_id = about;
    envelope.conversation_id = conversation.map(str::to_owned);
    envelope.created_at = Some(cx.now.to_rfc3339());
    envelope
}

/// Reads an engine's refusal by its status, and by its code where one status says several things.
pub fn decode_fault(response: &Response<Bytes>) -> Fault {
    let body = ErrorBody::decode(response.body());
    let code = body.error.as_deref();
    match response.status().as_u16() {
        404 if code == Some("not_found") => Fault::NotFound,
        429 => Fault::RateLimited {
            retry_after: retry_after(response.headers()),
        },
        status => by_status(status, code, body.field, body.message),
    }
}

/// Reads an `out/error`: the same codes without a status.
pub fn decode_frame_fault(body: &ErrorBody) -> Fault {
    let code = body.error.as_deref();
    let status = match code {
        Some("missing_credentials" | "invalid_token" | "token_expired" | "unknown_app") => 401,
        Some("forbidden" | "app_disabled") => 403,
        Some("unknown_conversation" | "not_found") => 404,
        Some("too_large") => 413,
        Some("conversation_closed") => 409,
        Some("engine_timeout") => 504,
        Some("rate_limited") => return Fault::RateLimited { retry_after: None },
        Some("invalid_json" | "invalid_message" | "missing_parameter" | "unknown_uri") => 400,
        _ => 500,
    };
    by_status(status, code, body.field.clone(), body.message.clone())
}

fn by_status(
    status: u16,
    code: Option<&str>,
    field: Option<String>,
    message: Option<String>,
) -> Fault {
    match status {
        400 | 422 => Fault::BadInput {
            field,
            message: message.unwrap_or_default(),
        },
        401 => Fault::Unauthorised(match code {
            Some("token_expired") => AuthProblem::Expired,
            Some("unknown_app") => AuthProblem::UnknownApp,
            Some("missing_credentials") => AuthProblem::Missing,
            _ => AuthProblem::Invalid,
        }),
        403 if code == Some("app_disabled") => Fault::Disabled,
        403 => Fault::Forbidden,
        404 => Fault::UnknownConversation,
        405 => Fault::MethodNotAllowed,
        409 => Fault::ConversationEnded,
        413 => Fault::TooLarge {
            limit: MAX_TEXT_CHARS,
        },
        415 => Fault::UnsupportedMedia,
        504 => Fault::TimedOut,
        _ => Fault::BackendUnavailable,
    }
}
