//! Base64 strings: `docs/protocols/dydu.md#2-response-envelope`.
//!
//! Every string of `values` and of a frame's `parameters` is base64 of its UTF-8 bytes; numbers,
//! booleans, `null` and object keys are plain. Written strictly, read leniently: the URL-safe
//! alphabet and missing padding are accepted, and what is no base64 at all is kept as it stands.

use std::borrow::Cow;
use std::fmt;

use base64::Engine as _;
use base64::alphabet;
use base64::display::Base64Display;
use base64::engine::general_purpose::{NO_PAD_INDIFFERENT, STANDARD};
use base64::engine::{GeneralPurpose, GeneralPurposeConfig};
use serde::de::Visitor;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

const LENIENT: GeneralPurposeConfig = NO_PAD_INDIFFERENT.with_decode_allow_trailing_bits(true);
const LENIENT_STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, LENIENT);

/// The base64 of a text.
pub fn encode(text: &str) -> String {
    STANDARD.encode(text)
}

/// The text that this is the base64 of; the input itself where it is not base64 of a text.
pub fn decode(text: &str) -> Cow<'_, str> {
    if text.is_empty() {
        return Cow::Borrowed(text);
    }
    STANDARD
        .decode(text)
        .ok()
        .or_else(|| decode_leniently(text))
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .map_or(Cow::Borrowed(text), Cow::Owned)
}

fn decode_leniently(text: &str) -> Option<Vec<u8>> {
    let standard: String = text
        .chars()
        .filter(|c| !c.is_ascii_whitespace() && *c != '=')
        .map(|c| match c {
            '-' => '+',
            '_' => '/',
            other => other,
        })
        .collect();
    LENIENT_STANDARD.decode(standard).ok()
}

/// Encodes every string in `value`, at any depth.
pub fn encode_deep(value: &mut Value) {
    match value {
        Value::String(text) => *text = encode(text),
        Value::Array(items) => items.iter_mut().for_each(encode_deep),
        Value::Object(fields) => fields.values_mut().for_each(encode_deep),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Decodes every string in `value`, at any depth.
pub fn decode_deep(value: &mut Value) {
    match value {
        Value::String(text) => {
            if let Cow::Owned(decoded) = decode(text) {
                *text = decoded;
            }
        }
        Value::Array(items) => items.iter_mut().for_each(decode_deep),
        Value::Object(fields) => fields.values_mut().for_each(decode_deep),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Makes every string in `value`, at any depth, strict base64 of a text: a string that is none
/// already becomes the base64 of what it is read as.
pub fn make_strict(value: &mut Value) {
    strict_deep(value, &mut Vec::new());
}

/// `bytes` is kept between strings, to allocate once.
fn strict_deep(value: &mut Value, bytes: &mut Vec<u8>) {
    match value {
        Value::String(text) => {
            bytes.clear();
            let is_strict = STANDARD.decode_vec(text.as_bytes(), bytes).is_ok()
                && std::str::from_utf8(bytes).is_ok();
            if !is_strict {
                *text = encode(&decode(text));
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| strict_deep(item, bytes)),
        Value::Object(fields) => fields
            .values_mut()
            .for_each(|field| strict_deep(field, bytes)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// A text that is base64 on the wire. Numbers and booleans in its place are read as their text.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct B64(pub String);

impl B64 {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<T: Into<String>> From<T> for B64 {
    fn from(text: T) -> Self {
        Self(text.into())
    }
}

impl Serialize for B64 {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&Base64Display::new(self.0.as_bytes(), &STANDARD))
    }
}

impl<'de> Deserialize<'de> for B64 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl Visitor<'_> for Text {
            type Value = B64;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a base64 string")
            }

            fn visit_str<E>(self, text: &str) -> Result<B64, E> {
                Ok(B64(decode(text).into_owned()))
            }

            fn visit_bool<E>(self, value: bool) -> Result<B64, E> {
                Ok(B64(value.to_string()))
            }

            fn visit_i64<E>(self, value: i64) -> Result<B64, E> {
                Ok(B64(value.to_string()))
            }

            fn visit_u64<E>(self, value: u64) -> Result<B64, E> {
                Ok(B64(value.to_string()))
            }

            fn visit_f64<E>(self, value: f64) -> Result<B64, E> {
                Ok(B64(value.to_string()))
            }
        }
        deserializer.deserialize_any(Text)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn reads_leniently() {
        for (wire, text) in [
            ("", ""),
            ("ZW4=", "en"),
            ("ZW4", "en"),
            ("w6nDqD8_", "éè??"),
            ("w6nDqD8/", "éè??"),
            ("Z\nW4=", "en"),
            ("not base64!", "not base64!"),
            // Base64, but of bytes that are no text.
            ("gICA", "gICA"),
        ] {
            assert_eq!(decode(wire), text, "{wire}");
        }
    }

    #[test]
    fn leaves_everything_but_strings_alone() {
        let mut value = json!({"a": "x", "b": [1, true, null, {"c": "y"}], "": ""});
        encode_deep(&mut value);
        assert_eq!(
            value,
            json!({"a": "eA==", "b": [1, true, null, {"c": "eQ=="}], "": ""})
        );
    }

    #[test]
    fn only_what_is_not_strict_changes() {
        let mut value = json!(["", "ZW4=", "ZW4", "w6nDqD8_", {"x": ["not base64!", "gICA"]}, 1]);
        make_strict(&mut value);
        let expected = json!([
            "", "ZW4=", "ZW4=", "w6nDqD8/", {"x": ["bm90IGJhc2U2NCE=", "Z0lDQQ=="]}, 1
        ]);
        assert_eq!(value, expected);
    }

    fn values() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            ".*".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 32, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::vec((".*", inner), 0..4)
                    .prop_map(|fields| Value::Object(fields.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn deep_round_trip(value in values()) {
            let mut wire = value.clone();
            encode_deep(&mut wire);
            decode_deep(&mut wire);
            prop_assert_eq!(wire, value);
        }

        #[test]
        fn typed_round_trip(text in ".*") {
            let wire = serde_json::to_string(&B64(text.clone())).unwrap();
            prop_assert_eq!(&wire, &format!("\"{}\"", encode(&text)));
            prop_assert_eq!(serde_json::from_str::<B64>(&wire).unwrap().0, text);
        }

        #[test]
        fn never_fails(text in ".*") {
            let _ = decode(&text);
        }
    }
}
