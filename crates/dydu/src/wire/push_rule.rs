//! Push rules on the wire: `docs/protocols/dydu.md#33-endpoint-details`, 3.3.23. We write them from
//! our options, and pass an engine's on as they are.

use serde::Serialize;
use serde_json::Value;

use super::B64;

/// The answer of `pushrules`, in the form that has the envelope's way with strings. It has no
/// `type`, like the one that the widget was seen to take.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PushRulesAnswer {
    /// The rules, the text of a JSON array.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub values: Option<B64>,
}

/// The rules of an answer, as text: the base64 text in `values`, or a JSON text by itself. Like
/// the widget, a bare list and anything else is taken for no rules.
pub fn read(body: &[u8]) -> Option<String> {
    let rules = match serde_json::from_slice(body).ok()? {
        Value::String(text) => text,
        Value::Object(mut answer) => match answer.remove("values")? {
            Value::String(text) => super::b64::decode(&text).into_owned(),
            _ => return None,
        },
        _ => return None,
    };
    is_list(&rules).then_some(rules)
}

/// Whether a text is a JSON array with something in it.
pub fn is_list(text: &str) -> bool {
    serde_json::from_str::<Vec<Value>>(text).is_ok_and(|list| !list.is_empty())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_verified_forms_are_read_and_no_other() {
        let rules = r#"[{"kId":"42","conditions":[]}]"#;
        let enveloped = json!({"values": super::super::b64::encode(rules)}).to_string();
        let typed = json!({"type": "x", "values": super::super::b64::encode(rules)}).to_string();
        let text = Value::from(rules).to_string();
        for body in [enveloped, typed, text] {
            assert_eq!(read(body.as_bytes()).as_deref(), Some(rules), "{body}");
        }
        for body in [
            "{}",
            "[]",
            rules,
            "\"[]\"",
            "\"{}\"",
            "null",
            "",
            r#"{"values":7}"#,
        ] {
            assert_eq!(read(body.as_bytes()), None, "{body}");
        }
    }
}
