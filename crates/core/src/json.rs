//! Reading JSON so that what is read may borrow from it.

use std::borrow::Cow;

use serde::Deserialize;

/// Reads a body. That it is text is checked once for all of it, which costs less than string by
/// string.
///
/// # Errors
/// It is no JSON, or not of this type.
pub fn read<'a, T: Deserialize<'a>>(json: &'a [u8]) -> Result<T, serde_json::Error> {
    match std::str::from_utf8(json) {
        Ok(text) => serde_json::from_str(text),
        Err(_) => serde_json::from_slice(json),
    }
}

/// A key or another string, which is copied only where it is written with escapes.
#[derive(Debug, Deserialize)]
pub struct Borrowed<'a>(#[serde(borrow)] pub Cow<'a, str>);

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    #[test]
    fn strings_are_copied_only_where_they_must() {
        let list: Vec<Borrowed<'_>> = read(br#"["plain", "a\nb"]"#).unwrap();
        assert!(matches!(&list[..], [
            Borrowed(Cow::Borrowed("plain")),
            Borrowed(Cow::Owned(escaped)),
        ] if escaped == "a\nb"));
        assert!(read::<HashMap<String, u8>>(b"{\"a\": 1, \"\xff\": 2}").is_err());
    }
}
