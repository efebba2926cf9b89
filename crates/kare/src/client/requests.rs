use bytes::Bytes;
use http::header::{ACCEPT, ACCEPT_LANGUAGE, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Method, Request};
use url::Url;

use super::Shared;
use super::state::State;
use crate::options::{AppIdPlace, Engine};
use crate::wire::conversation::{self, StartRequest};
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

/// `docs/protocols/kare.md#26-post-dialogconversation-start-a-conversation`
pub(super) fn start(
    engine: &Engine,
    bearer: &HeaderValue,
    state: &State,
) -> Result<Request<Bytes>, http::Error> {
    let body = StartRequest {
        about: state.about(&engine.options.metadata_prefix),
        ..StartRequest::default()
    };
    let address = format!("{}{}", engine.rest, conversation::PATH);
    let mut request = post(address, bearer, encode(&body))?;
    add_language(request.headers_mut(), state)?;
    Ok(request)
}

/// `docs/protocols/kare.md#27-post-dialogquery-ask-synchronously`
pub(super) fn input(
    shared: &Shared,
    bearer: &HeaderValue,
    conversation_id: &str,
    envelope: &Envelope,
) -> Result<Request<Bytes>, http::Error> {
    let path = match envelope.uri {
        Uri::InClick => CLICK_PATH,
        _ => QUERY_PATH,
    };
    let body = if shared.access.is_flat() {
        encode(&Flat {
            conversation_id,
            envelope,
        })
    } else {
        encode(&Full {
            conversation_id,
            envelope,
        })
    };
    let mut address = format!("{}{path}?conversation_id=", shared.engine.rest);
    address.extend(form_urlencoded::byte_serialize(conversation_id.as_bytes()));
    post(address, bearer, body)
}

/// `docs/protocols/kare.md#31-url`; with a token where the application's id alone is refused.
pub(super) fn socket(
    engine: &Engine,
    conversation_id: &str,
    bearer: Option<HeaderValue>,
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
    }
    let mut request = Request::get(url.as_str()).body(())?;
    if let Some(bearer) = bearer {
        request.headers_mut().insert(AUTHORIZATION, bearer);
    }
    add_language(request.headers_mut(), state)?;
    Ok(request)
}

fn post(
    address: String,
    bearer: &HeaderValue,
    body: Vec<u8>,
) -> Result<Request<Bytes>, http::Error> {
    let json = HeaderValue::from_static("application/json");
    let mut request = Request::new(Bytes::from(body));
    *request.method_mut() = Method::POST;
    *request.uri_mut() = address.try_into()?;
    let headers = request.headers_mut();
    headers.insert(AUTHORIZATION, bearer.clone());
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
