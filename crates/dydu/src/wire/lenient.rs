//! Readers for fields that servers spell in several ways. A field that cannot be read is absent:
//! one bad field must not cost an answer.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::b64;

/// A whole number, also as a string (plain or base64) or with a fraction.
///
/// # Errors
/// Only those of the format itself.
pub fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::Number(number) => number
            .as_i64()
            .or_else(|| number.as_f64().map(|float| float as i64)),
        Value::String(text) => text
            .parse()
            .ok()
            .or_else(|| b64::decode(&text).parse().ok()),
        _ => None,
    })
}

/// A boolean, also as a string (plain or base64).
///
/// # Errors
/// Only those of the format itself.
pub fn flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<bool>, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::Bool(flag) => Some(flag),
        Value::String(text) => text
            .parse()
            .ok()
            .or_else(|| b64::decode(&text).parse().ok()),
        _ => None,
    })
}

/// An object of the expected shape; anything else is absent.
///
/// # Errors
/// Only those of the format itself.
pub fn shape<'de, D: Deserializer<'de>, T: DeserializeOwned>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    let value = Value::deserialize(deserializer)?;
    Ok(T::deserialize(value).ok())
}
