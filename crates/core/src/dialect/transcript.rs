use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use http::Response;
use serde::{Deserialize, Serialize};

use super::{Cx, Entry};
use crate::Fault;
use crate::model::{ConversationId, Profile, Timestamp};

/// A question to the transcripts of all conversations, and how to answer a client with what is
/// found.
pub struct Consult {
    /// What is asked for.
    pub query: TranscriptQuery,
    /// Encodes what was found.
    pub finish: Encode<TranscriptPage>,
}

/// Encodes what was found into an answer.
pub type Encode<T> = Box<dyn FnOnce(Result<T, Fault>, &Cx<'_>) -> Response<Bytes> + Send>;

impl fmt::Debug for Consult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Consult")
            .field("query", &self.query)
            .finish_non_exhaustive()
    }
}

/// Which lines of which users' transcripts are wanted.
#[derive(Clone)]
pub struct TranscriptQuery {
    /// Not before this moment; from the beginning if absent.
    pub from: Option<Timestamp>,
    /// Not after this moment; to the end if absent.
    pub to: Option<Timestamp>,
    /// The frontends, by name; all of them if absent.
    pub frontends: Option<Arc<[String]>>,
    /// Of this user only, see [`UserTranscript::user_id`].
    pub user_id: Option<String>,
    /// Only users of whom this holds.
    pub matches: Option<Matches>,
    /// Only what users did, without what they got.
    pub users_only: bool,
    /// How many users, in the order of their ids, are left out before the first.
    pub skip: u64,
    /// How many users at the most.
    pub users: u64,
    /// How many lines over all users at the most.
    pub lines: usize,
}

/// Whether what is known of a user is what is looked for.
pub type Matches = Arc<dyn Fn(&Profile) -> bool + Send + Sync>;

impl Default for TranscriptQuery {
    fn default() -> Self {
        Self {
            from: None,
            to: None,
            frontends: None,
            user_id: None,
            matches: None,
            users_only: false,
            skip: 0,
            users: u64::MAX,
            lines: usize::MAX,
        }
    }
}

impl fmt::Debug for TranscriptQuery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TranscriptQuery")
            .field("from", &self.from)
            .field("to", &self.to)
            .field("frontends", &self.frontends)
            .field("matches", &self.matches.is_some())
            .field("users_only", &self.users_only)
            .field("skip", &self.skip)
            .field("users", &self.users)
            .field("lines", &self.lines)
            .finish_non_exhaustive()
    }
}

/// What a [`TranscriptQuery`] found.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TranscriptPage {
    /// The users in the order of their ids, each with at least one line.
    pub users: Vec<UserTranscript>,
    /// How many users there are, with those that were left out.
    pub total: u64,
    /// There are more lines than were asked for: the last user may lack some, and the users after
    /// it are left out.
    pub cut: bool,
}

/// What one user said and got, over all conversations.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct UserTranscript {
    /// The user: [`Profile::user_id`], else the vendor's id of the conversation.
    pub user_id: String,
    /// What is known of the user, from the conversation that was used last.
    pub profile: Arc<Profile>,
    /// The first line that is kept of the user, in whichever period.
    pub first_seen: Timestamp,
    /// The last one.
    pub last_seen: Timestamp,
    /// The lines, oldest first. Nothing in them is transient or unrecorded.
    pub lines: Vec<TranscriptLine>,
}

/// One line of a transcript.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TranscriptLine {
    /// The frontend that the conversation was held through.
    pub frontend: Arc<str>,
    /// The backend that answered.
    pub backend: Arc<str>,
    /// The conversation.
    pub conversation: ConversationId,
    /// What happened.
    pub entry: Arc<Entry>,
}
