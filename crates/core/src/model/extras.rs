use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Most fields that extras come to have by [`Extras::merge`].
pub const EXTRAS_LIMIT: usize = 500;

/// The name of a dialect: `kare`, `dydu`, `opendialog`, `script`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DialectName(Cow<'static, str>);

impl DialectName {
    /// A name known when the program is built.
    pub const fn new(name: &'static str) -> Self {
        Self(Cow::Borrowed(name))
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for DialectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a vendor's message carried and the model has no word for. It is given back to the same
/// dialect and never shown to another.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Extras(Option<Box<Inner>>);

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Inner {
    dialect: DialectName,
    fields: Map<String, Value>,
}

impl Extras {
    /// No extras.
    pub const fn none() -> Self {
        Self(None)
    }

    /// The fields that belong to one dialect; none if there are no fields.
    pub fn new(dialect: DialectName, fields: Map<String, Value>) -> Self {
        if fields.is_empty() {
            return Self(None);
        }
        Self(Some(Box::new(Inner { dialect, fields })))
    }

    /// Whether nothing is kept.
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// The fields, if they belong to `dialect`.
    pub fn of(&self, dialect: &DialectName) -> Option<&Map<String, Value>> {
        self.0
            .as_deref()
            .filter(|inner| inner.dialect == *dialect)
            .map(|inner| &inner.fields)
    }

    /// One field, if the extras belong to `dialect` and hold it.
    pub fn get(&self, dialect: &DialectName, key: &str) -> Option<&Value> {
        self.of(dialect)?.get(key)
    }

    /// Adds a field. Extras of another dialect are replaced: a message comes from one dialect.
    pub fn insert(&mut self, dialect: &DialectName, key: impl Into<String>, value: Value) {
        match &mut self.0 {
            Some(inner) if inner.dialect == *dialect => {
                inner.fields.insert(key.into(), value);
            }
            slot => {
                let mut fields = Map::new();
                fields.insert(key.into(), value);
                *slot = Some(Box::new(Inner {
                    dialect: dialect.clone(),
                    fields,
                }));
            }
        }
    }

    /// Takes over the fields of others, one by one, as long as there are fewer than
    /// [`EXTRAS_LIMIT`]. Extras of another dialect are replaced.
    pub fn merge(&mut self, others: Self) {
        match (&mut self.0, others.0) {
            (_, None) => {}
            (Some(known), Some(new)) if known.dialect == new.dialect => {
                for (key, value) in new.fields {
                    if known.fields.len() < EXTRAS_LIMIT || known.fields.contains_key(&key) {
                        known.fields.insert(key, value);
                    }
                }
            }
            (slot, new) => *slot = new,
        }
    }

    /// Whether every field of `others` is among these, so that merging them would change nothing.
    pub fn hold(&self, others: &Self) -> bool {
        match (&self.0, &others.0) {
            (_, None) => true,
            (None, Some(_)) => false,
            (Some(known), Some(new)) => {
                let mut fields = new.fields.iter();
                known.dialect == new.dialect
                    && fields.all(|(name, value)| known.fields.get(name) == Some(value))
            }
        }
    }
}
