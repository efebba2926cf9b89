//! The little language of an action's triggers: `docs/protocols/kare.md#72-commands-doc-for-names-parameters-meaning`.
//!
//! A script is parsed and written here and nowhere else. Parsing never fails; what cannot be a
//! command is skipped.

mod parse;
mod write;

pub use parse::parse;
pub use write::{compact_json, write};

/// One command of a script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// Its name in lower case; not necessarily one of the five known.
    pub verb: String,
    /// Its parameters in order, names in lower case. A flag has no value.
    pub parameters: Vec<(String, Option<String>)>,
}

/// The commands that the vendor documents.
pub const VERBS: [&str; 5] = ["print", "send", "close", "open", "update"];

impl Command {
    /// A command without parameters.
    pub fn new(verb: impl Into<String>) -> Self {
        Self {
            verb: verb.into(),
            parameters: Vec::new(),
        }
    }

    /// The same command with one more parameter.
    #[must_use]
    pub fn with(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.parameters.push((key.into(), Some(value.into())));
        self
    }

    /// The same command with one more flag.
    #[must_use]
    pub fn flag(mut self, key: impl Into<String>) -> Self {
        self.parameters.push((key.into(), None));
        self
    }

    /// A parameter's value; the last of several counts.
    pub fn value(&self, key: &str) -> Option<&str> {
        self.parameters
            .iter()
            .rev()
            .find(|(name, _)| name == key)
            .and_then(|(_, value)| value.as_deref())
    }
}

/// Whether a name can be written as a verb.
pub fn is_verb(name: &str) -> bool {
    let mut chars = name.chars();
    chars.next().is_some_and(starts_name) && chars.all(|c| continues_key(c) || c == '.')
}

/// Whether a name can be written as a parameter's key.
pub fn is_key(name: &str) -> bool {
    let mut chars = name.chars();
    chars.next().is_some_and(starts_name) && chars.all(continues_key)
}

fn starts_name(c: char) -> bool {
    c.is_ascii_alphabetic() || c == '_'
}

fn continues_key(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || c == '-'
}
