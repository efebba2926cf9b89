//! A chat page of our own, for where the vendor's files are not at hand.

use bytes::Bytes;
use http::{HeaderValue, Response, header};
use serde_json::{Map, Value, json};
use switchboard_core::dialect::Cx;

use super::{Visitor, embed, html};
use crate::options::FrontendOptions;

/// The page. What stands in double braces is filled in.
const CHAT: &str = include_str!("chat.html");

/// The page for a visitor. `up` leads from its address to the frontend's base.
pub(super) fn page(
    visitor: &Visitor,
    user: Map<String, Value>,
    options: &FrontendOptions,
    up: &str,
    page_token: String,
    cx: &Cx<'_>,
) -> Response<Bytes> {
    let key = options.app_keys.first().filter(|_| options.require_app_key);
    let settings = json!({
        "up": up,
        "userId": visitor.user_id,
        "user": user,
        "appKey": key.map(|key| key.reveal()),
        "pageToken": page_token,
    });
    // Whatever else is in the page, only scripts with a number that nobody could know run.
    let nonce = cx.ids.fresh().simple().to_string();
    let page = CHAT
        .replace("{{nonce}}", &nonce)
        .replace("{{title}}", &embed::text(&options.webchat.team_name))
        .replace("{{settings}}", &embed::json(&settings));
    let mut response = html(page);
    // Pictures and sounds come from wherever the engine has them, and so do suggestions.
    let policy = format!(
        "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; \
         img-src 'self' https: http: data:; media-src 'self' https: http: data:; \
         connect-src 'self' https:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
    );
    if let Ok(policy) = HeaderValue::try_from(policy) {
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    response
}
