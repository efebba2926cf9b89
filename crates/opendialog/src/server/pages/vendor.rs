//! The pages that hold the unmodified webchat:
//! `docs/protocols/opendialog.md#51-load-order-iframe-embedding-source-code`.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use super::files::{APP, FONTS, FULL, Files, MAIN};
use super::{Visitor, embed};
use crate::options::FrontendOptions;

/// What both pages begin with.
pub(super) struct Head<'a> {
    pub(super) files: &'a Files,
    pub(super) title: String,
    /// Goes into the `csrf-token` meta tag.
    pub(super) page_token: String,
    /// Goes into the `cookie-expire` meta tag.
    pub(super) cookie_minutes: u64,
}

/// The page in the iframe. It must be frameable from everywhere; the webchat inside it belongs on
/// other sites' pages.
pub(super) fn iframe(head: &Head<'_>) -> String {
    page(head, "", &[APP])
}

/// The page that is all chat.
pub(super) fn full_page(
    head: &Head<'_>,
    visitor: &Visitor,
    mut user: Map<String, Value>,
    options: &FrontendOptions,
) -> String {
    let mut settings = Map::new();
    let mut script = String::new();
    // The webchat takes the address for the user's id, else what it keeps for the tab.
    if let Some(user_id) = &visitor.user_id
        && user.get("email").and_then(Value::as_str) != Some(user_id)
    {
        user.remove("email");
        let user_id = embed::json(user_id);
        // Writing to a string cannot fail.
        let _ = writeln!(script, "sessionStorage.setItem('uuid', {user_id});");
    }
    settings.insert("user".to_owned(), Value::Object(user));
    if let Some(key) = options.app_keys.first() {
        settings.insert("appKey".to_owned(), json!(key.reveal()));
    }
    if let Some(url) = &options.public_url {
        settings.insert("url".to_owned(), json!(url.trim_end_matches('/')));
    }
    let _ = writeln!(
        script,
        "window.openDialogSettings = {};",
        embed::json(&settings)
    );
    if options.public_url.is_none() {
        script.push_str("window.openDialogSettings.url = window.location.origin;\n");
    }
    page(head, &script, &[FULL, APP])
}

fn page(head: &Head<'_>, script: &str, scripts: &[&str]) -> String {
    let title = embed::text(&head.title);
    let token = embed::text(&head.page_token);
    let minutes = head.cookie_minutes;
    let mut styles = String::new();
    let mut ends = String::new();
    for address in [MAIN, FONTS]
        .iter()
        .filter_map(|name| head.files.address(name))
    {
        let _ = writeln!(styles, "<link rel=\"stylesheet\" href=\"{address}\">");
    }
    for address in scripts.iter().filter_map(|name| head.files.address(name)) {
        let _ = writeln!(ends, "<script src=\"{address}\"></script>");
    }
    if !script.is_empty() {
        let _ = writeln!(styles, "<script>\n{script}</script>");
    }
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"csrf-token\" content=\"{token}\">\n\
         <meta name=\"cookie-expire\" content=\"{minutes}\">\n\
         <title>{title}</title>\n{styles}</head>\n<body>\n\
         <div id=\"app\"><opendialog-chat></opendialog-chat></div>\n{ends}</body>\n</html>\n"
    )
}
