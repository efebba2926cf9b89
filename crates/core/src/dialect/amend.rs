use bytes::Bytes;
use http::Response;
use serde_json::Value;

use super::Cx;
use crate::Fault;

/// A change of what a frontend lets its administrators change at runtime: from the document that is
/// kept, if one is, to the changed one; or a refusal, which changes nothing.
///
/// The host loads the document, has it changed, and puts the changed one in its place; when another
/// change came first it does so again. Then [`Frontend::adopt`](super::Frontend::adopt) takes it
/// over, and [`ServerSession::settings_changed`](super::ServerSession::settings_changed) tells the
/// open sockets.
pub type Amend =
    Box<dyn Fn(Option<Value>, &Cx<'_>) -> Result<Amended, (Fault, Response<Bytes>)> + Send>;

/// What came of an [`Amend`].
#[derive(Debug)]
pub struct Amended {
    /// What is to be kept.
    pub document: Value,
    /// The answer, once it is kept and in force.
    pub response: Response<Bytes>,
}
