use serde::Serialize;

use super::parse::json_end;
use super::{Command, VERBS};
use crate::wire::encode_text;

/// Writes a script by `docs/protocols/kare.md#73-grammar-assumed-consistent-with-every-documented-example`,
/// rule 10. Names must satisfy [`super::is_verb`] and [`super::is_key`].
pub fn write(commands: &[Command]) -> String {
    let mut script = String::new();
    for (at, command) in commands.iter().enumerate() {
        // After a bare value a semicolon divides only in front of a known verb.
        let divides = commands
            .get(at + 1)
            .is_none_or(|next| VERBS.contains(&next.verb.as_str()));
        let last = command.parameters.len().saturating_sub(1);
        if !script.is_empty() {
            script.push_str("; ");
        }
        script.push_str(&command.verb);
        for (at, (key, value)) in command.parameters.iter().enumerate() {
            script.push_str(" -");
            script.push_str(key);
            if let Some(value) = value {
                script.push('=');
                let may_be_bare = divides || at < last || value.starts_with(['{', '[']);
                if may_be_bare && stands_bare(&command.verb, key, value) {
                    script.push_str(value);
                } else {
                    quote(value, &mut script);
                }
            }
        }
    }
    script
}

/// A value as JSON in which no blank and no semicolon stands, so that a client that splits
/// carelessly still reads it.
pub fn compact_json<T: Serialize>(value: &T) -> String {
    let json = encode_text(value);
    // Outside strings compact JSON has neither, so that a plain replacement is right.
    if json.contains([' ', ';']) {
        json.replace(' ', "\\u0020").replace(';', "\\u003b")
    } else {
        json
    }
}

/// What the documented examples write without quotes: booleans, icons, and what `send` posts.
fn stands_bare(verb: &str, key: &str, value: &str) -> bool {
    let plain = !value.is_empty()
        && value
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'_');
    match (verb, key) {
        ("update", "icon") => plain,
        ("send", "m") if value.starts_with(['{', '[']) => {
            json_end(value) == Some(value.len()) && !value.contains([' ', '\t', '\r', '\n', ';'])
        }
        ("send", "m") => plain,
        _ => matches!(value, "true" | "false"),
    }
}

fn quote(value: &str, script: &mut String) {
    script.push('"');
    for c in value.chars() {
        match c {
            '"' => script.push_str("\\\""),
            '\\' => script.push_str("\\\\"),
            '\r' => script.push_str("\\r"),
            '\n' => script.push_str("\\n"),
            other => script.push(other),
        }
    }
    script.push('"');
}
