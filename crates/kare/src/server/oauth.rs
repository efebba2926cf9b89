use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use switchboard_core::Fault;
use switchboard_core::dialect::{Cx, Handled};

use super::auth::credentials;
use super::rest::json;
use super::rights::Rights;
use super::tokens::{Client, Tokens};
use super::{Asked, refuse};
use crate::error::grant::{GrantError, response};
use crate::wire::grant::{Basic, CLIENT_CREDENTIALS, Grant, GrantResponse};

impl Asked<'_> {
    /// `docs/protocols/kare.md#22-post-hostoauthtoken-administrators-and-data-loaders-not-applications`
    pub(super) fn grant(&self, body: &Bytes, cx: &Cx<'_>) -> Handled {
        let headers = &self.parts.headers;
        let granted = read(headers, body).and_then(|grant| {
            let client = authenticate(&self.shared.tokens, headers, &grant)?;
            Ok((client, rights(client, &grant)?))
        });
        match granted {
            Ok((client, rights)) => {
                issue(client, rights, cx).map_or_else(|fault| refuse(fault.into()), Handled::Reply)
            }
            Err(error) => Handled::Refuse(error.into(), response(error)),
        }
    }
}

fn issue(client: &Client, rights: Rights, cx: &Cx<'_>) -> Result<Response<Bytes>, Fault> {
    let (access_token, lifetime) = Tokens::for_client(client, rights, cx.now)?;
    let granted = GrantResponse {
        access_token,
        token_type: "Bearer",
        expires_in: lifetime.as_secs(),
        scope: rights.to_scope(),
    };
    let mut response = json(StatusCode::OK, &granted);
    response
        .headers_mut()
        .insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// Reads a form if it says that it is one, or does not look like JSON.
fn read(headers: &HeaderMap, body: &Bytes) -> Result<Grant, GrantError> {
    let media_type = headers.get(CONTENT_TYPE);
    let media_type = media_type.map_or("", |value| value.to_str().unwrap_or_default());
    let is_form = media_type
        .to_ascii_lowercase()
        .contains("x-www-form-urlencoded");
    if is_form || body.trim_ascii_start().first() != Some(&b'{') {
        return Ok(Grant::from_form(body));
    }
    Grant::from_json(body).map_err(|_| GrantError::InvalidRequest("The body is no JSON object."))
}

fn authenticate<'a>(
    tokens: &'a Tokens,
    headers: &HeaderMap,
    grant: &Grant,
) -> Result<&'a Client, GrantError> {
    let kind = grant.grant_type.as_deref();
    let kind = kind.ok_or(GrantError::InvalidRequest("The grant_type is missing."))?;
    let in_body = match (&grant.client_id, &grant.client_secret) {
        (Some(id), Some(secret)) => tokens.client(id, secret),
        _ => None,
    };
    let client = match credentials(headers, "basic") {
        None => in_body,
        Some(_) if grant.client_secret.is_some() => {
            return Err(GrantError::InvalidRequest(
                "Give the client_secret in the header or in the body, not in both.",
            ));
        }
        Some(basic) => Basic::decode(basic).and_then(|basic| {
            let (id, secret) = basic.decoded();
            let plain = basic.plain();
            tokens
                .client(plain.0, plain.1)
                .or_else(|| tokens.client(&id, &secret))
        }),
    };
    let client = client.ok_or(GrantError::InvalidClient)?;
    if kind == CLIENT_CREDENTIALS {
        Ok(client)
    } else {
        Err(GrantError::UnsupportedGrantType)
    }
}

/// The rights that are asked for: all that the client has, if nothing is said.
fn rights(client: &Client, grant: &Grant) -> Result<Rights, GrantError> {
    let Some(scope) = &grant.scope else {
        return Ok(client.rights);
    };
    let mut words = scope.split_ascii_whitespace();
    if words.any(|word| client.rights.and(Rights::from_scope(word)) == Rights::NONE) {
        return Err(GrantError::InvalidScope);
    }
    Ok(Rights::from_scope(scope))
}
