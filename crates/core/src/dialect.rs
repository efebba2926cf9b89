//! What a dialect implements so that Switchboard can be its server and its client.
//!
//! A dialect is one value of [`Dialect`], registered in one line. From it come [`Frontend`]s
//! (Switchboard is the server of a widget) and [`Backend`]s (Switchboard is the client of an
//! engine). Neither does any IO:
//!
//! - A frontend turns an HTTP request into [`Handled`]: an answer, a [`Call`] on a conversation
//!   whose outcome it then encodes, a websocket with a [`ServerSession`], an [`Amend`] of what
//!   administrators may change at runtime, a question to the transcripts ([`Consult`]), or values to
//!   keep and to look up ([`Keep`], [`LookUp`]).
//! - A backend opens a [`Leg`] for a conversation: a state machine that takes [`LegInput`]s and
//!   yields [`Effect`]s to perform and [`LegEvent`]s to publish.
//!
//! Between them stands the exchange, which owns identity, order, deadlines and delivery and knows
//! no dialect.

mod amend;
mod backend;
mod duration;
mod entry;
mod frontend;
mod keep;
mod options;
mod recording;
mod session;
mod transcript;

use std::sync::Arc;

use bytes::Bytes;
use uuid::Uuid;

pub use amend::{Amend, Amended};
pub use backend::{Backend, CallId, Effect, Leg, LegEvent, LegInput, LegOutput, TransportFault};
pub use duration::{duration, durations, read_duration};
pub use entry::{Entry, Item, Published};
pub use frontend::{
    After, Answer, Call, ClientMark, Collect, Encrypted, Find, Finish, Frontend, Handled,
    HandoverState, Noted, Operation, Outcome, Peer, Record, Retry, Target, UnknownChoice, View,
    Wait,
};
pub use keep::{Keep, KeptValue, LookUp, Then};
pub use options::{OptionsError, Secret, parse_options, without_credentials};
pub use recording::{Recorded, RecordedPeriod, RecordingSource, SourceError, SourceStep};
pub use session::{Attach, ServerSession, SessionAction, Upgrade};
pub use transcript::{
    Consult, Encode, Matches, TranscriptLine, TranscriptPage, TranscriptQuery, UserTranscript,
};

use crate::model::{Capabilities, DialectName, MessageId, Timestamp};

/// What varies from run to run, handed in so that a recorded list of inputs replays exactly.
#[derive(Clone, Copy)]
pub struct Cx<'a> {
    /// The current time.
    pub now: Timestamp,
    /// Where fresh ids come from.
    pub ids: &'a dyn IdSource,
}

impl Cx<'_> {
    /// A fresh message id.
    pub fn message_id(&self) -> MessageId {
        MessageId(self.ids.fresh())
    }
}

/// A source of ids that have not been used before.
pub trait IdSource: Send + Sync {
    /// A fresh UUID, version 4 outside tests.
    fn fresh(&self) -> Uuid;
}

/// One vendor's protocol.
pub trait Dialect: Send + Sync + 'static {
    /// The name used in the configuration's `dialect` keys, in metrics and in extras.
    fn name(&self) -> DialectName;

    /// What this dialect's clients can show.
    fn capabilities(&self) -> &Capabilities;

    /// Makes a server side from the dialect's own keys of a `[[frontends]]` table.
    ///
    /// # Errors
    /// A key is missing, unknown or wrong, or the dialect has no server side.
    fn frontend(
        &self,
        options: serde_json::Value,
        build: &Build<'_>,
    ) -> Result<Arc<dyn Frontend>, OptionsError>;

    /// Makes a client side from the dialect's own keys of a `[[backends]]` table.
    ///
    /// # Errors
    /// A key is missing, unknown or wrong, or the dialect has no client side.
    fn backend(
        &self,
        options: serde_json::Value,
        build: &Build<'_>,
    ) -> Result<Arc<dyn Backend>, OptionsError>;

    /// Makes a source of conversations that the vendor has recorded.
    ///
    /// # Errors
    /// A key is missing, unknown or wrong, or the vendor has nothing to fetch them by.
    fn recordings(
        &self,
        options: serde_json::Value,
        period: RecordedPeriod,
    ) -> Result<Box<dyn RecordingSource>, OptionsError> {
        let _ = (options, period);
        let message = format!("{} has no recorded conversations to fetch", self.name());
        Err(OptionsError::new("", message))
    }
}

/// What a dialect may need while it is set up.
pub struct Build<'a> {
    /// The key that tokens of this installation are signed with.
    pub signing_key: [u8; 32],
    /// Reads a file that the configuration names, such as a bot's script.
    pub read_file: &'a dyn Fn(&str) -> Result<String, String>,
    /// Reads every file of a folder that the configuration names, and of the folders in it.
    pub read_folder: &'a dyn Fn(&str) -> Result<Vec<FolderFile>, String>,
}

/// A file of a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FolderFile {
    /// Its place in the folder, with `/` between the names: `vendor/webchat/js/app.js`.
    pub path: String,
    /// What is in it.
    pub content: Bytes,
}
