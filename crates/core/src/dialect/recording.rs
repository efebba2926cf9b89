use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use serde::{Deserialize, Serialize};

use super::{Cx, Entry, TransportFault};
use crate::model::{Profile, Timestamp};

/// Conversations that a vendor has recorded, fetched or read: a state machine without IO.
///
/// The host calls `next` and does what it says. After a [`SourceStep::Fetch`] comes `response`, then
/// `next` again. After [`SourceStep::Done`] another file may be read.
pub trait RecordingSource: Send {
    /// What to do next.
    fn next(&mut self, cx: &Cx<'_>) -> SourceStep;

    /// What came of a request.
    fn response(&mut self, response: Result<Response<Bytes>, TransportFault>, cx: &Cx<'_>);

    /// Takes what was fetched before and stands in a file, in the place of a fetch.
    fn read(&mut self, file: Bytes, cx: &Cx<'_>);
}

/// What a [`RecordingSource`] wants next.
#[derive(Debug)]
pub enum SourceStep {
    /// Send this request.
    Fetch(Request<Bytes>),
    /// Wait: the vendor wants to be asked less often.
    Wait(Duration),
    /// A user's recorded conversations. The same user may come again, with later ones.
    Recorded(Box<Recorded>),
    /// What is worth knowing about the whole, one sentence.
    Noted(String),
    /// Nothing more.
    Done,
    /// It cannot go on.
    Failed(SourceError),
}

/// Why recorded conversations cannot be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SourceError {
    /// The vendor cannot be reached.
    #[error("the vendor cannot be reached: {0}")]
    Unreachable(String),
    /// The vendor refuses.
    #[error("the vendor answered with {status}: {problem}")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// What the vendor says about it.
        problem: String,
    },
    /// What came cannot be read.
    #[error("{place} cannot be read: {problem}")]
    Unreadable {
        /// Where: a page and what is in it, as a dotted path.
        place: String,
        /// What is wrong.
        problem: String,
    },
}

/// What a vendor has recorded of one user, in no vendor's words.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Recorded {
    /// The user.
    pub user_id: String,
    /// What is known of the user.
    pub profile: Profile,
    /// What was said, oldest first.
    pub entries: Vec<Entry>,
    /// What could not be understood, one sentence each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// Which recorded conversations are wanted, in no vendor's words. A dialect's other options stand
/// beside it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RecordedPeriod {
    /// Not before this moment.
    pub from: Option<Timestamp>,
    /// Not after this moment.
    pub to: Option<Timestamp>,
    /// Of this user only.
    pub user_id: Option<String>,
}
