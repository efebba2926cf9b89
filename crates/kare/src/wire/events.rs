//! A conversation's history:
//! `docs/protocols/kare.md#29-get-activityconversationsconversation_idevents-history`.

use serde::Serialize;

use super::Envelope;

/// What the path starts with below the version prefix; the conversation and [`PATH_END`] follow.
pub const PATH_START: &str = "/activity/conversations/";
/// What the path ends with.
pub const PATH_END: &str = "/events";
/// Entries of a page unless the request says otherwise.
pub const DEFAULT_LIMIT: usize = 100;
/// Most entries of a page.
pub const MAX_LIMIT: usize = 1000;

/// A page of history, oldest first.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct EventsResponse {
    /// `in/*` and `out/*` mixed.
    pub entries: Vec<Envelope>,
    /// Names the next page; absent on the last.
    pub next_cursor: Option<String>,
}
