//! Error bodies: `docs/protocols/opendialog.md#23-validation-and-the-422-body`.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The body of a 422.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Invalid {
    /// [`Invalid::MESSAGE`], except where one filter is to blame.
    pub message: String,
    /// What is wrong with which field; the fields are dotted paths.
    pub errors: Map<String, Value>,
}

impl Invalid {
    /// The sentence above every list of mistakes.
    pub const MESSAGE: &'static str = "The given data was invalid.";

    /// No mistakes so far.
    pub fn new() -> Self {
        Self {
            message: Self::MESSAGE.to_owned(),
            errors: Map::new(),
        }
    }

    /// One mistake.
    pub fn one(field: &str, problem: impl Into<String>) -> Self {
        let mut invalid = Self::new();
        invalid.add(field, problem);
        invalid
    }

    /// Notes a mistake.
    pub fn add(&mut self, field: &str, problem: impl Into<String>) {
        let problem = Value::String(problem.into());
        match self.errors.get_mut(field) {
            Some(Value::Array(problems)) => problems.push(problem),
            _ => {
                self.errors
                    .insert(field.to_owned(), Value::Array(vec![problem]));
            }
        }
    }

    /// Notes that a field is missing.
    pub fn required(&mut self, field: &str) {
        self.add(field, format!("The {} field is required.", humanise(field)));
    }

    /// Notes that a field is not what it must be, such as `an integer`.
    pub fn must_be(&mut self, field: &str, what: &str) {
        self.add(field, format!("The {} must be {what}.", humanise(field)));
    }

    /// Whether there is no mistake.
    pub fn is_empty(&self) -> bool {
        self.errors.is_empty()
    }

    /// The fields to blame, for the log.
    pub fn fields(&self) -> String {
        let fields: Vec<&str> = self.errors.keys().map(String::as_str).collect();
        fields.join(", ")
    }
}

impl Default for Invalid {
    fn default() -> Self {
        Self::new()
    }
}

/// A field's name as the messages write it: underscores become spaces and camel case becomes words,
/// dots stay. Names in capitals, such as those of headers, keep them.
pub fn humanise(field: &str) -> String {
    let mut words = String::with_capacity(field.len() + 4);
    let mut after_small = false;
    for letter in field.chars() {
        match letter {
            '_' => words.push(' '),
            _ if letter.is_ascii_uppercase() && after_small => {
                words.push(' ');
                words.push(letter.to_ascii_lowercase());
            }
            _ => words.push(letter),
        }
        after_small = letter.is_ascii_lowercase();
    }
    words
}

/// The body of other refusals.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Problem {
    /// Most of them.
    Message {
        /// What is wrong.
        message: String,
    },
    /// Some 500s of the public API.
    Error {
        /// What is wrong.
        error: String,
    },
}

impl Problem {
    /// Of a missing or wrong credential.
    pub const UNAUTHENTICATED: &'static str = "Unauthenticated.";

    /// Of an export that comes too soon after others.
    pub const TOO_MANY_EXPORTS: &'static str = "Too many export requests. Please try again later.";
    /// Of an export that fails, as [`Problem::Error`].
    pub const EXPORT_FAILED: &'static str =
        "An error occurred while processing your export request.";

    /// The usual shape.
    pub fn new(message: impl Into<String>) -> Self {
        Self::Message {
            message: message.into(),
        }
    }

    /// What is wrong, in whichever shape.
    pub fn text(&self) -> &str {
        match self {
            Self::Message { message } => message,
            Self::Error { error } => error,
        }
    }
}
