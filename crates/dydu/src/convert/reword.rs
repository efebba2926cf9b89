//! Interactive anchors: `docs/protocols/dydu.md#62-reword-knowledge-and-link-clicks`.
//!
//! A click calls a function of the page, `reword(text, options)`; the text comes back as
//! `userInput`, the options as `extraParameters`. Our own anchors carry two keys of ours among
//! the options, so that the choice is recognised whatever its words are.

use serde_json::{Map, Value};
use switchboard_core::text::{escape_html, unescape_entities};

/// Our option key for [`switchboard_core::model::Action::key`].
pub const CHOICE: &str = "choice";
/// Our option key for the message that carries the action.
pub const MESSAGE: &str = "message";

/// The call that an anchor makes.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// What is sent as the user's words.
    pub text: String,
    /// What is sent along.
    pub options: Map<String, Value>,
}

impl Call {
    /// The kind of click, such as `reword_auto`; empty if there is none.
    pub fn kind(&self) -> &str {
        self.options
            .get("type")
            .and_then(Value::as_str)
            .unwrap_or_default()
    }

    /// The anchor merely reports that a link was followed.
    pub fn is_link(&self) -> bool {
        is_link(self.kind())
    }
}

/// Kinds of click that follow a link; nothing is answered.
pub fn is_link(kind: &str) -> bool {
    matches!(
        kind,
        "redirection"
            | "redirection_newpage"
            | "redirection_javascript"
            | "redirection_invalidlink"
    )
}

/// Kinds of click on something that the bot suggested.
pub fn is_choice(kind: &str) -> bool {
    kind.starts_with("reword")
        || kind == "exportable_faq"
        || (kind.starts_with("redirection") && !is_link(kind))
}

/// An anchor that sends `text` and `options`.
pub fn anchor(label: &str, text: &str, options: &[(&str, &str)]) -> String {
    let mut html = String::from("<a href=\"#\" class=\"reword\" onclick=\"");
    call(&mut html, text, options);
    html.push_str("return false;\">");
    html.push_str(&escape_html(label));
    html.push_str("</a>");
    html
}

/// A link that reports that it was followed.
pub fn link(label: &str, url: &str) -> String {
    let url_attribute = escape_html(url);
    let mut html = format!("<a href=\"{url_attribute}\" target=\"_blank\" onclick=\"");
    call(&mut html, url, &[("type", "redirection_newpage")]);
    html.push_str("\">");
    html.push_str(&escape_html(label));
    html.push_str("</a>");
    html
}

fn call(html: &mut String, text: &str, options: &[(&str, &str)]) {
    html.push_str("reword('");
    script_text(html, text);
    html.push_str("',{");
    for (index, (name, value)) in options.iter().enumerate() {
        if index > 0 {
            html.push(',');
        }
        html.push_str(name);
        html.push_str(":'");
        script_text(html, value);
        html.push('\'');
    }
    html.push_str("});");
}

/// Writes the inside of a script string into an attribute. Whatever means something to HTML is
/// written as a script escape: the widget decodes entities once more than a browser does, so an
/// entity would end the string.
fn script_text(html: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '\\' => html.push_str("\\\\"),
            '\'' | '"' | '<' | '>' | '&' => html.push_str(&format!("\\x{:02x}", u32::from(c))),
            c if (c as u32) < 0x20 || matches!(c, '\u{7f}' | '\u{2028}' | '\u{2029}') => {
                html.push_str(&format!("\\u{:04x}", u32::from(c)));
            }
            c => html.push(c),
        }
    }
}

/// Reads the call from an `onclick`, whose entities are decoded already. Real servers wrap it in
/// `try { ... } catch`, which does not matter here.
pub fn parse(onclick: &str) -> Option<Call> {
    const NAMES: [&str; 3] = ["rewordtest", "handleRewordClicked", "reword"];
    let rest = NAMES.iter().find_map(|name| {
        let (_, rest) = onclick.split_once(name)?;
        rest.trim_start().strip_prefix('(')
    })?;
    let (text, rest) = string(rest.trim_start())?;
    let options = rest
        .trim_start()
        .strip_prefix(',')
        .and_then(|rest| object(rest.trim_start()))
        .unwrap_or_default();
    Some(Call { text, options })
}

/// A script string at the start of `source`, and what follows it.
fn string(source: &str) -> Option<(String, &str)> {
    let quote = source.chars().next().filter(|c| "'\"`".contains(*c))?;
    let body = source.get(1..)?;
    let mut escaped = false;
    let end = body.char_indices().find_map(|(at, c)| {
        if escaped {
            escaped = false;
        } else if c == '\\' {
            escaped = true;
        } else if c == quote {
            return Some(at);
        }
        None
    })?;
    let (literal, rest) = (body.get(..end)?, body.get(end + 1..)?);
    Some((unescape(&unescape_entities(literal)), rest))
}

fn unescape(literal: &str) -> String {
    let mut text = String::with_capacity(literal.len());
    let mut rest = literal;
    while let Some((before, after)) = rest.split_once('\\') {
        text.push_str(before);
        let (c, tail) = escape(after);
        text.extend(c);
        rest = tail;
    }
    text.push_str(rest);
    text
}

/// The character that an escape stands for, given what follows its backslash, and the rest.
fn escape(after: &str) -> (Option<char>, &str) {
    let hex = |prefix: char, digits: usize| {
        let (code, tail) = after.strip_prefix(prefix)?.split_at_checked(digits)?;
        let c = char::from_u32(u32::from_str_radix(code, 16).ok()?)?;
        Some((Some(c), tail))
    };
    if let Some(read) = hex('x', 2).or_else(|| hex('u', 4)) {
        return read;
    }
    let mut chars = after.chars();
    let c = chars.next().map(|c| match c {
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        other => other,
    });
    (c, chars.as_str())
}

/// A script object of scalars at the start of `source`: names with or without quotes. What cannot
/// be read ends it.
fn object(source: &str) -> Option<Map<String, Value>> {
    let mut rest = source.strip_prefix('{')?.trim_start();
    let mut fields = Map::new();
    loop {
        let (name, tail) = if rest.starts_with(['\'', '"', '`']) {
            string(rest)?
        } else {
            let end = rest.find(|c: char| !c.is_alphanumeric() && !"_$".contains(c))?;
            let (name, tail) = rest.split_at_checked(end)?;
            (name.to_owned(), tail)
        };
        let Some(tail) = tail.trim_start().strip_prefix(':') else {
            return Some(fields);
        };
        let tail = tail.trim_start();
        let (value, tail) = if tail.starts_with(['\'', '"', '`']) {
            let (text, tail) = string(tail)?;
            (Value::String(text), tail)
        } else {
            let (word, tail) = tail.split_at_checked(tail.find([',', '}'])?)?;
            let word = word.trim();
            (
                serde_json::from_str(word).unwrap_or_else(|_| word.into()),
                tail,
            )
        };
        fields.insert(name, value);
        match tail.trim_start().strip_prefix(',') {
            Some(tail) => rest = tail.trim_start(),
            None => return Some(fields),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::convert::html;

    #[test]
    fn reads_what_servers_write() {
        for (onclick, text, options) in [
            (
                "reword('Opening hours',{type:'reword_auto'});return false;",
                "Opening hours",
                json!({"type": "reword_auto"}),
            ),
            (
                "try { rewordtest(\"Yes\", {'type': \"redirection_knowledge\", personality_id: 3, \
                 lastcondition:-1}) } catch(e) {} return false;",
                "Yes",
                json!({"type": "redirection_knowledge", "personality_id": 3, "lastcondition": -1}),
            ),
            (
                "window.dydu.chat.handleRewordClicked('L\\'heure &amp; le jour', {hide:true})",
                "L'heure & le jour",
                json!({"hide": true}),
            ),
            ("reword('alone')", "alone", json!({})),
            ("reword(`tick\\u00e9`, {})", "tické", json!({})),
        ] {
            let call = parse(onclick).expect(onclick);
            assert_eq!(call.text, text);
            assert_eq!(Value::Object(call.options), options);
        }
        for onclick in ["", "alert('x')", "reword(x)", "reword('open", "reword"] {
            assert_eq!(parse(onclick), None, "{onclick}");
        }
    }

    proptest! {
        #[test]
        fn labels_survive(label in "\\PC{1,20}", text in "\\PC*", key in "\\PC*") {
            prop_assume!(!label.trim().is_empty());
            let html = anchor(&label, &text, &[("type", "reword_auto"), (CHOICE, &key)]);
            // The widget decodes entities once more than a browser before it shows an answer.
            let shown = html::protect(&html);
            let bubbles = html::bubbles(&shown);
            let reword = &bubbles[0].rewords[0];
            prop_assert_eq!(&reword.call.text, &text);
            prop_assert_eq!(&reword.call.options[CHOICE], &json!(key));
            prop_assert_eq!(reword.label.trim(), label.trim());
        }

        #[test]
        fn nothing_panics(onclick in ".*") {
            let _ = parse(&onclick);
            let _ = parse(&format!("reword('{onclick}"));
            let _ = parse(&format!("reword('a',{{{onclick}"));
        }
    }
}
