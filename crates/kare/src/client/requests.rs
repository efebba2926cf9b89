use std::sync::Arc;

use bytes::Bytes;
use http::header::{ACCEPT, ACCEPT_LANGUAGE, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Method, Request};
use url::Url;

use super::Shared;
use super::access::Pass;
use super::state::State;
use crate::options::{AppIdPlace, Engine, OAuth, TokenPlace};
use crate::wire::conversation::{self, StartRequest};
use crate::wire::grant::{CLIENT_CREDENTIALS, GrantRequest};
use crate::wire::post::{CLICK_PATH, Flat, Full, QUERY_PATH};
use crate::wire::{Envelope, Uri, encode, token};

/// `docs/protocols/kare.md#24-get-appstoken-get-an-app-token`
pub(super) fn fetch_token(engine: &Engine) -> Result<Request<Bytes>, http::Error> {
    let app_id = &engine.options.app_id;
    let encoded: String = form_urlencoded::byte_serialize(app_id.as_bytes()).collect();
    let uri = format!("{}{}", engine.rest, token::PATH);
    let request = Request::get(match engine.options.token_app_id {
        AppIdPlace::Query => format!("{uri}?app_id={encoded}"),
        AppIdPlace::CamelQuery => format!("{uri}?appId={encoded}"),
        AppIdPlace::Header => uri,
    })
    .header(ACCEPT, "application/json");
    match engine.options.token_app_id {
        AppIdPlace::Header => request.header("app-id", app_id),
        _ => request,
    }
    .body(Bytes::new())
}

/// `docs/protocols/kare.md#22-post-hostoauthtoken-administrators-and-data-loaders-not-applications`
pub(super) fn grant(engine: &Engine, oauth: &OAuth) -> Result<Request<Bytes>, http::Error> {
    let body = GrantRequest {
        client_id: &oauth.client_id,
        client_secret: oauth.client_secret.reveal(),
        grant_type: CLIENT_CREDENTIALS,
    };
    post(engine.oauth.clone(), encode(&body))
}

/// `docs/protocols/kare.md#26-post-dialogconversation-start-a-conversation`
pub(super) fn start(
    engine: &Engine,
    pass: &Pass,
    state: &State,
) -> Result<Request<Bytes>, http::Error> {
    let body = StartRequest {
        about: state.about(&engine.options.metadata_prefix),
        ..StartRequest::default()
    };
    let address = format!("{}{}", engine.rest, conversation::PATH);
    let mut request = post_with(engine, address, pass, engine.spelling.encode(&body))?;
    add_language(request.headers_mut(), state)?;
    Ok(request)
}

/// `docs/protocols/kare.md#27-post-dialogquery-ask-synchronously`
pub(super) fn input(
    shared: &Shared,
    pass: &Pass,
    flat: bool,
    conversation_id: &str,
    envelope: &Envelope,
) -> Result<Request<Bytes>, http::Error> {
    let path = match envelope.uri {
        Uri::InClick => CLICK_PATH,
        _ => QUERY_PATH,
    };
    let engine = &shared.engine;
    let body = if flat {
        engine.spelling.encode(&Flat {
            conversation_id,
            envelope,
        })
    } else {
        engine.spelling.encode(&Full {
            conversation_id,
            envelope,
        })
    };
    let mut address = format!("{}{path}?conversation_id=", engine.rest);
    address.extend(form_urlencoded::byte_serialize(conversation_id.as_bytes()));
    post_with(engine, address, pass, body)
}

/// A token, and where a socket shows it.
pub(super) struct Proof {
    pub pass: Arc<Pass>,
    pub place: TokenPlace,
}

/// `docs/protocols/kare.md#31-url`; with a token where the application's id alone is not enough.
pub(super) fn socket(
    engine: &Engine,
    conversation_id: &str,
    proof: Option<Proof>,
    state: &State,
) -> Result<Request<()>, http::Error> {
    let about = state.about(&engine.options.metadata_prefix);
    let mut url: Url = engine.socket.clone();
    {
        let mut pairs = url.query_pairs_mut();
        pairs
            .append_pair("app_id", &engine.options.app_id)
            .append_pair("conversation_id", conversation_id)
            .append_pair("host_locale", about.host_locale.as_deref().unwrap_or(""))
            .append_pair(
                "selected_locale",
                about.selected_locale.as_deref().unwrap_or(""),
            )
            .append_pair("user_id", about.user_id.as_deref().unwrap_or(""));
        for (name, value) in &about.metadata {
            pairs.append_pair(name, value.as_str().unwrap_or_default());
        }
        if let Some(Proof { pass, place }) = &proof
            && let Some(name) = parameter(*place)
        {
            pairs.append_pair(name, pass.value.reveal());
        }
    }
    let mut request = Request::get(url.as_str()).body(())?;
    if let Some(Proof {
        pass,
        place: TokenPlace::Header,
    }) = proof
    {
        request
            .headers_mut()
            .insert(AUTHORIZATION, pass.header.clone());
    }
    add_language(request.headers_mut(), state)?;
    Ok(request)
}

/// The parameter that carries a token, if none is in the header.
fn parameter(place: TokenPlace) -> Option<&'static str> {
    match place {
        TokenPlace::Header => None,
        TokenPlace::Token => Some("token"),
        TokenPlace::AccessToken => Some("access_token"),
    }
}

fn post_with(
    engine: &Engine,
    mut address: String,
    pass: &Pass,
    body: Vec<u8>,
) -> Result<Request<Bytes>, http::Error> {
    if let Some(name) = parameter(engine.options.token_place) {
        address.push(if address.contains('?') { '&' } else { '?' });
        address.push_str(name);
        address.push('=');
        address.extend(form_urlencoded::byte_serialize(
            pass.value.reveal().as_bytes(),
        ));
        return post(address, body);
    }
    let mut request = post(address, body)?;
    let header = pass.header.clone();
    request.headers_mut().insert(AUTHORIZATION, header);
    Ok(request)
}

fn post(address: String, body: Vec<u8>) -> Result<Request<Bytes>, http::Error> {
    let json = HeaderValue::from_static("application/json");
    let mut request = Request::new(Bytes::from(body));
    *request.method_mut() = Method::POST;
    *request.uri_mut() = address.try_into()?;
    let headers = request.headers_mut();
    headers.insert(CONTENT_TYPE, json.clone());
    headers.insert(ACCEPT, json);
    Ok(request)
}

fn add_language(headers: &mut HeaderMap, state: &State) -> Result<(), http::Error> {
    if let Some(locale) = &state.profile.locales.browser {
        headers.insert(ACCEPT_LANGUAGE, locale.try_into()?);
    }
    Ok(())
}
