//! Faults ⇄ refusals. The vendor documents none; ours have the envelope of every other answer:
//! `docs/protocols/dydu.md#10-errors-retry-failover`.
//!
//! The widget reads nothing but the status: any failure is repeated, at other servers too. A 401
//! would be repeated for ever, so there is none; and talk that timed out is no failure at all, see
//! `server/talk.rs`.

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderValue, Response, StatusCode};
use serde::{Deserialize, Serialize};
use switchboard_core::Fault;

use crate::wire::{B64, Envelope, envelope};

/// Values of a refusal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ErrorValues {
    /// What is wrong, for the client's developer.
    #[serde(default)]
    pub error: B64,
    /// The parameter that is wrong, where it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<B64>,
    /// The fault's word, such as `bad_input`. Not spelled `code`, which the widget takes for the
    /// code of a notification.
    #[serde(default)]
    pub reason: B64,
    /// The HTTP status, for clients on the websocket.
    #[serde(default)]
    pub code: u16,
}

/// The HTTP status of a fault.
pub fn status(fault: &Fault) -> StatusCode {
    match fault {
        Fault::BadInput { .. } => StatusCode::BAD_REQUEST,
        Fault::Unauthorised(_) | Fault::Forbidden | Fault::Disabled => StatusCode::FORBIDDEN,
        Fault::UnknownConversation | Fault::NotFound => StatusCode::NOT_FOUND,
        Fault::ConversationEnded => StatusCode::GONE,
        Fault::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
        Fault::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
        Fault::UnsupportedMedia => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        Fault::RateLimited { .. } => StatusCode::TOO_MANY_REQUESTS,
        Fault::BackendUnavailable => StatusCode::SERVICE_UNAVAILABLE,
        Fault::TimedOut => StatusCode::GATEWAY_TIMEOUT,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// A fault as an envelope. It has no text, so the widget does not show it.
pub fn encode_frame(fault: &Fault) -> String {
    let (error, field) = match fault {
        Fault::BadInput {
            field: Some(field),
            message,
        } => (format!("{field}: {message}"), Some(field.as_str().into())),
        fault => (fault.to_string(), None),
    };
    let values = ErrorValues {
        error: error.into(),
        field,
        reason: fault.reason().into(),
        code: status(fault).as_u16(),
    };
    Envelope::text(envelope::ERROR, values)
}

/// A fault as an HTTP answer.
pub fn encode_fault(fault: &Fault) -> Response<Bytes> {
    let mut response = json(encode_frame(fault));
    *response.status_mut() = status(fault);
    if let Fault::RateLimited {
        retry_after: Some(after),
    } = fault
    {
        let seconds = HeaderValue::from(after.as_secs().max(1));
        response.headers_mut().insert(RETRY_AFTER, seconds);
    }
    response
}

/// A JSON answer.
pub fn json(body: String) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(body));
    let headers = response.headers_mut();
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_static("application/json; charset=utf-8"),
    );
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// What a server's failure means. An `errorResponse` may come with any status.
pub fn decode_fault(status: StatusCode, body: &[u8]) -> Fault {
    let values = serde_json::from_slice::<Envelope<'_, ErrorValues>>(body)
        .ok()
        .filter(|error| error.kind == envelope::ERROR)
        .map(|error| error.values);
    let code = values
        .as_ref()
        .and_then(|values| StatusCode::from_u16(values.code).ok())
        .filter(|_| status.is_success())
        .unwrap_or(status);
    match code {
        StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY => {
            Fault::bad_input("the engine refused the request")
        }
        StatusCode::FORBIDDEN | StatusCode::UNAUTHORIZED => Fault::Forbidden,
        StatusCode::NOT_FOUND => Fault::NotFound,
        StatusCode::GONE => Fault::ConversationEnded,
        StatusCode::METHOD_NOT_ALLOWED => Fault::MethodNotAllowed,
        StatusCode::PAYLOAD_TOO_LARGE => Fault::TooLarge { limit: 0 },
        StatusCode::UNSUPPORTED_MEDIA_TYPE => Fault::UnsupportedMedia,
        StatusCode::TOO_MANY_REQUESTS => Fault::RateLimited { retry_after: None },
        StatusCode::GATEWAY_TIMEOUT | StatusCode::REQUEST_TIMEOUT => Fault::TimedOut,
        _ => Fault::BackendUnavailable,
    }
}

#[cfg(test)]
mod tests {
    use switchboard_core::fault::AuthProblem;

    use super::*;

    #[test]
    fn faults_survive_and_none_is_a_401() {
        for fault in [
            Fault::Forbidden,
            Fault::NotFound,
            Fault::ConversationEnded,
            Fault::MethodNotAllowed,
            Fault::UnsupportedMedia,
            Fault::RateLimited { retry_after: None },
            Fault::BackendUnavailable,
            Fault::TimedOut,
        ] {
            let response = encode_fault(&fault);
            assert_eq!(decode_fault(response.status(), response.body()), fault);
            // On the websocket only the frame tells.
            assert_eq!(decode_fault(StatusCode::OK, response.body()), fault);
        }
        let refused = encode_fault(&Fault::Unauthorised(AuthProblem::Missing));
        assert_eq!(refused.status(), StatusCode::FORBIDDEN);
    }
}
