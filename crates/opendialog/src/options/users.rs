//! How chat users prove who they are:
//! `docs/protocols/opendialog.md#9-authentication-of-chat-users`.

use serde::Deserialize;

/// What is asked of the users of generation 3.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Users {
    /// The cookie of anonymous users. Default `offer`.
    pub anonymous: Anonymous,
    /// Ask for the token against forged requests on everything that is posted. Default `false`:
    /// clients that are no browsers do not send it.
    pub csrf: bool,
}

/// What becomes of the cookie of anonymous users.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Anonymous {
    /// There is none.
    Off,
    /// It is set with the first answer; who does not send it is let in all the same.
    #[default]
    Offer,
    /// Once it is set for a user, nobody speaks for that user without it.
    Require,
}
