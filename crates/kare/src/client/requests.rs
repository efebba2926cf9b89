use bytes::Bytes;
use http::header::{ACCEPT, ACCEPT_LANGUAGE, AUTHORIZATION, CONTENT_TYPE};
use http::request::Builder;
use http::{Method, Request};
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
    token: &str,
    state: &State,
) -> Result<Request<Bytes>, http::Error> {
    let body = StartRequest {
        about: state.about(&engine.options.metadata_prefix),
        ..StartRequest::default()
    };
    let request = post(engine, conversation::PATH, token);
    with_language(request, state).body(Bytes::from(encode(&body)))
}

/// `docs/protocols/kare.md#27-post-dialogquery-ask-synchronously`
pub(super) fn input(
    shared: &Shared,
    token: &str,
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
    let encoded: String = form_urlencoded::byte_serialize(conversation_id.as_bytes()).collect();
    post(
        &shared.engine,
        &format!("{path}?conversation_id={encoded}"),
        token,
    )
    .body(Bytes::from(body))
}

/// `docs/protocols/kare.md#31-url`; with a token where the application's id alone is refused.
pub(super) fn socket(
    engine: &Engine,
    conversation_id: &str,
    token: Option<&str>,
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
    let mut request = Request::builder().method(Method::GET).uri(url.as_str());
    if let Some(token) = token {
        request = request.header(AUTHORIZATION, format!("Bearer {token}"));
    }
    with_language(request, state).body(())
}

fn post(engine: &Engine, path: &str, token: &str) -> Builder {
    Request::post(format!("{}{path}", engine.rest))
        .header(AUTHORIZATION, format!("Bearer {token}"))
        .header(CONTENT_TYPE, "application/json")
        .header(ACCEPT, "application/json")
}

fn with_language(request: Builder, state: &State) -> Builder {
    match &state.profile.locales.browser {
        Some(locale) => request.header(ACCEPT_LANGUAGE, locale),
        None => request,
    }
}
