//! Why no credential is granted, by RFC 6749, section 5.2.

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, WWW_AUTHENTICATE};
use http::{HeaderValue, Response, StatusCode};
use switchboard_core::Fault;
use switchboard_core::fault::AuthProblem;

use crate::wire::encode;
use crate::wire::grant::GrantRefusal;

/// Why a request for stronger credentials is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum GrantError {
    /// Nobody has this id and this secret; the client must ask with others.
    #[error("client_id and client_secret do not fit")]
    InvalidClient,
    /// The request lacks something or contradicts itself; the client must repair it.
    #[error("{0}")]
    InvalidRequest(&'static str),
    /// The client asks for another kind of grant than `client_credentials`.
    #[error("only client_credentials is granted")]
    UnsupportedGrantType,
    /// The client asks for a right that it has not.
    #[error("the client has not all of these rights")]
    InvalidScope,
}

impl From<GrantError> for Fault {
    fn from(error: GrantError) -> Self {
        match error {
            GrantError::InvalidClient => Self::Unauthorised(AuthProblem::Invalid),
            GrantError::InvalidRequest(message) => Self::bad_input(message),
            GrantError::UnsupportedGrantType => Self::bad_field("grant_type", error.to_string()),
            GrantError::InvalidScope => Self::bad_field("scope", error.to_string()),
        }
    }
}

/// The HTTP answer that tells of it.
pub fn response(error: GrantError) -> Response<Bytes> {
    let (status, code, description) = match error {
        GrantError::InvalidClient => (
            StatusCode::UNAUTHORIZED,
            "invalid_client",
            "No client has this client_id and this client_secret.",
        ),
        GrantError::InvalidRequest(message) => {
            (StatusCode::BAD_REQUEST, "invalid_request", message)
        }
        GrantError::UnsupportedGrantType => (
            StatusCode::BAD_REQUEST,
            "unsupported_grant_type",
            "Only client_credentials is granted.",
        ),
        GrantError::InvalidScope => (
            StatusCode::BAD_REQUEST,
            "invalid_scope",
            "The client has not all of these rights.",
        ),
    };
    let refusal = GrantRefusal {
        error: code,
        error_description: description,
    };
    let mut response = Response::new(Bytes::from(encode(&refusal)));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if error == GrantError::InvalidClient {
        let challenge = HeaderValue::from_static("Basic realm=\"oauth\"");
        headers.insert(WWW_AUTHENTICATE, challenge);
    }
    response
}
