//! Text and data in HTML.

use serde::Serialize;

/// Text as it may stand between tags and in attributes.
pub(super) fn text(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            _ => escaped.push(letter),
        }
    }
    escaped
}

/// JSON as it may stand in a `<script>` element: nothing in it ends the element or begins a
/// comment, and it is JavaScript too. It is the same JSON still.
pub(super) fn json(value: &impl Serialize) -> String {
    let json = serde_json::to_string(value).unwrap_or_else(|_| "{}".to_owned());
    let mut escaped = String::with_capacity(json.len());
    for letter in json.chars() {
        match letter {
            // These occur within strings only.
            '<' => escaped.push_str("\\u003c"),
            '>' => escaped.push_str("\\u003e"),
            '&' => escaped.push_str("\\u0026"),
            '\u{2028}' => escaped.push_str("\\u2028"),
            '\u{2029}' => escaped.push_str("\\u2029"),
            _ => escaped.push(letter),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json as value};

    use super::*;

    #[test]
    fn data_in_a_script_cannot_end_it() {
        for hostile in [
            "</script><script>alert(1)</script>",
            "<!--<script>",
            "a\u{2028}b\u{2029}c",
            "\"';\\",
            "&lt;]]>",
        ] {
            let data = value!({ "text": hostile, hostile: 1 });
            let embedded = json(&data);
            assert!(!embedded.contains(['<', '>', '&', '\u{2028}', '\u{2029}']));
            let read: Value = serde_json::from_str(&embedded).unwrap();
            assert_eq!(read, data);
        }
    }

    #[test]
    fn text_in_a_page_stays_text() {
        assert_eq!(
            text(r#"<b a="1" b='2'>&"#),
            "&lt;b a=&quot;1&quot; b=&#39;2&#39;&gt;&amp;"
        );
    }
}
