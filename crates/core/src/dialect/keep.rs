use std::fmt;

use serde_json::Value;

use super::transcript::Encode;
use super::{Cx, Handled};
use crate::Fault;
use crate::model::Timestamp;

/// Values that a frontend wants kept until a moment, all or none of them, for whichever process is
/// asked for them then.
pub struct Keep {
    /// The values.
    pub values: Vec<KeptValue>,
    /// Encodes the outcome.
    pub finish: Encode<()>,
}

impl fmt::Debug for Keep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keep")
            .field("values", &self.values.len())
            .finish_non_exhaustive()
    }
}

/// A value and the key that it is found by again. Keys of one frontend are not seen by another.
#[derive(Clone, PartialEq)]
pub struct KeptValue {
    /// The key; a later value takes the place of an earlier one.
    pub key: String,
    /// The value.
    pub value: Value,
    /// From this moment on it is as if it had never been kept.
    pub until: Timestamp,
}

impl fmt::Debug for KeptValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The key may be a secret, and the value somebody's.
        f.debug_struct("KeptValue")
            .field("until", &self.until)
            .finish_non_exhaustive()
    }
}

/// Asks for a value that was kept, and what is to be done with it.
pub struct LookUp {
    /// The key.
    pub key: String,
    /// What comes next; the value is absent if it is unknown or its time is over.
    pub then: Then,
}

/// What comes after a [`LookUp`].
pub type Then = Box<dyn FnOnce(Result<Option<Value>, Fault>, &Cx<'_>) -> Handled + Send>;

impl fmt::Debug for LookUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The key may be a secret.
        f.write_str("LookUp")
    }
}
