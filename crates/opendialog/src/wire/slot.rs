//! A key that can be absent, null or given, and stays what it was.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The value of a key that the vendor leaves out, sets to null or gives. The three are kept apart
/// so that a message comes out as it went in.
///
/// Fields of this type need `#[serde(default, skip_serializing_if = "Slot::is_absent")]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Slot<T> {
    /// The key is not there.
    #[default]
    Absent,
    /// The key is null.
    Null,
    /// The key has a value.
    Given(T),
}

impl<T> Slot<T> {
    /// Whether the key is not there.
    pub const fn is_absent(&self) -> bool {
        matches!(self, Self::Absent)
    }

    /// The value, if there is one.
    pub const fn get(&self) -> Option<&T> {
        match self {
            Self::Given(value) => Some(value),
            Self::Absent | Self::Null => None,
        }
    }

    /// The value, if there is one, moved out.
    pub fn into_option(self) -> Option<T> {
        match self {
            Self::Given(value) => Some(value),
            Self::Absent | Self::Null => None,
        }
    }

    /// The value, or null where there is none.
    pub fn or_null(value: Option<T>) -> Self {
        value.map_or(Self::Null, Self::Given)
    }

    /// The value, or no key where there is none.
    pub fn or_absent(value: Option<T>) -> Self {
        value.map_or(Self::Absent, Self::Given)
    }
}

impl Slot<String> {
    /// The words, if there are any but white space.
    pub fn words(&self) -> Option<&str> {
        self.get()
            .map(String::as_str)
            .filter(|text| !text.trim().is_empty())
    }
}

impl Slot<bool> {
    /// Whether it is given and `true`.
    pub fn is_true(&self) -> bool {
        matches!(self, Self::Given(true))
    }
}

impl<T> From<T> for Slot<T> {
    fn from(value: T) -> Self {
        Self::Given(value)
    }
}

impl<T: Serialize> Serialize for Slot<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Given(value) => value.serialize(serializer),
            Self::Absent | Self::Null => serializer.serialize_none(),
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Slot<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Option::<T>::deserialize(deserializer).map(Self::or_null)
    }
}
