//! HTML as programs write it, taken apart without copying: names in lower case, quoted attributes,
//! well-known references.
//!
//! Nearly all that engines send is written so. Where something else begins, the rest is left to
//! html5gum, which knows all that browsers put up with.

use std::borrow::Cow;

use html5gum::naive_next_state;
use memchr::{memchr, memchr2, memchr3};

use super::escape::unescape_entities;

/// A piece of HTML.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Token<'a> {
    /// Words, in which references are not decoded.
    Text(&'a str),
    /// The beginning of an element.
    Start(StartTag<'a>),
    /// The end of an element, by its name.
    End(&'a str),
}

/// The beginning of an element.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StartTag<'a> {
    /// The element's name in lower case.
    pub name: &'a str,
    /// Names and decoded values in order.
    pub attributes: Vec<(&'a str, Cow<'a, str>)>,
}

/// The tokens that an HTML fragment begins with, each with its source.
#[derive(Debug, Clone)]
pub struct Tokens<'a> {
    rest: &'a str,
}

impl<'a> Tokens<'a> {
    /// Those of a fragment.
    pub const fn new(html: &'a str) -> Self {
        Self { rest: html }
    }

    /// What is left: after the last token it is empty, or begins with what is not written plainly.
    pub const fn rest(&self) -> &'a str {
        self.rest
    }
}

impl<'a> Iterator for Tokens<'a> {
    type Item = (Token<'a>, &'a str);

    fn next(&mut self) -> Option<Self::Item> {
        let html = self.rest;
        let (token, rest) = if let Some(tag) = html.strip_prefix("</") {
            end_tag(tag)?
        } else if let Some(tag) = html.strip_prefix('<') {
            start_tag(tag)?
        } else {
            text(html)?
        };
        self.rest = rest;
        let source = html.get(..html.len() - rest.len()).unwrap_or_default();
        Some((token, source))
    }
}

fn text(html: &str) -> Option<(Token<'_>, &str)> {
    // Browsers unify line breaks and drop what is no character.
    let end = memchr3(b'<', b'\r', b'\0', html.as_bytes()).unwrap_or(html.len());
    let (text, rest) = html.split_at(end);
    let is_plain = !text.is_empty() && !rest.starts_with(['\r', '\0']);
    is_plain.then_some((Token::Text(text), rest))
}

fn end_tag(tag: &str) -> Option<(Token<'_>, &str)> {
    let (name, rest) = name(tag)?;
    Some((Token::End(name), rest.strip_prefix('>')?))
}

fn start_tag(tag: &str) -> Option<(Token<'_>, &str)> {
    let (name, mut rest) = name(tag)?;
    // What follows is not markup, or not all of it.
    if naive_next_state(name.as_bytes()).is_some() {
        return None;
    }
    let mut attributes = Vec::new();
    loop {
        let next = rest.trim_ascii_start();
        if let Some(rest) = next.strip_prefix('>').or_else(|| next.strip_prefix("/>")) {
            return Some((Token::Start(StartTag { name, attributes }), rest));
        }
        if next.len() == rest.len() {
            return None;
        }
        let (attribute, after) = attribute(next)?;
        attributes.push(attribute);
        rest = after;
    }
}

fn attribute(source: &str) -> Option<((&str, Cow<'_, str>), &str)> {
    let (name, rest) = name(source)?;
    let Some(value) = rest.strip_prefix('=') else {
        return Some(((name, Cow::Borrowed("")), rest));
    };
    let quote = *value
        .as_bytes()
        .first()
        .filter(|byte| matches!(byte, b'"' | b'\''))?;
    let value = value.get(1..)?;
    let (value, rest) = value.split_at(memchr(quote, value.as_bytes())?);
    Some(((name, decoded(value)?), rest.get(1..)?))
}

/// The value of an attribute. In there, a reference that does not end with a semicolon may stand
/// for itself.
fn decoded(value: &str) -> Option<Cow<'_, str>> {
    const KNOWN: [&str; 5] = ["amp;", "lt;", "gt;", "quot;", "#39;"];
    let is_plain = memchr2(b'\r', b'\0', value.as_bytes()).is_none()
        && value
            .split('&')
            .skip(1)
            .all(|reference| KNOWN.iter().any(|known| reference.starts_with(known)));
    is_plain.then(|| unescape_entities(value))
}

/// The name that `source` begins with, and what follows it.
fn name(source: &str) -> Option<(&str, &str)> {
    let is_part = |byte: &u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b':');
    let length = source.bytes().take_while(|byte| is_part(byte)).count();
    let ends = matches!(
        source.as_bytes().get(length),
        Some(b' ' | b'\n' | b'\t' | b'/' | b'>' | b'=')
    );
    let begins = source.starts_with(|char: char| char.is_ascii_lowercase());
    (begins && ends).then(|| source.split_at(length))
}

#[cfg(test)]
mod tests {
    use html5gum::{DefaultEmitter, Tokenizer};
    use proptest::prelude::*;

    use super::*;

    /// What html5gum makes of it, as far as it matters here.
    fn by_html5gum(html: &str) -> Vec<String> {
        let mut emitter = DefaultEmitter::<()>::default();
        emitter.naively_switch_states(true);
        let lossy = |text: &[u8]| String::from_utf8_lossy(text).into_owned();
        Tokenizer::new_with_emitter(html, emitter)
            .filter_map(|Ok(token)| match token {
                html5gum::Token::StartTag(tag) => {
                    let attributes: Vec<String> = tag
                        .attributes
                        .iter()
                        .map(|(name, value)| format!("{}={}", lossy(name), lossy(value)))
                        .collect();
                    Some(format!("<{} {attributes:?}>", lossy(&tag.name)))
                }
                html5gum::Token::EndTag(tag) => Some(format!("</{}>", lossy(&tag.name))),
                html5gum::Token::String(text) => Some(lossy(&text.value)),
                _ => None,
            })
            .collect()
    }

    fn by_tokens(html: &str) -> Vec<String> {
        let mut tokens = Tokens::new(html);
        let mut all: Vec<String> = tokens
            .by_ref()
            .map(|(token, _)| match token {
                Token::Text(text) => unescape_entities(text).into_owned(),
                Token::End(name) => format!("</{name}>"),
                Token::Start(StartTag { name, attributes }) => {
                    let mut first = std::collections::BTreeMap::new();
                    for (name, value) in attributes {
                        first.entry(name).or_insert(value);
                    }
                    let attributes: Vec<String> = first
                        .iter()
                        .map(|(name, value)| format!("{name}={value}"))
                        .collect();
                    format!("<{name} {attributes:?}>")
                }
            })
            .collect();
        all.extend(by_html5gum(tokens.rest()));
        all
    }

    #[test]
    fn takes_apart_what_programs_write() {
        let html = "<p>Hello<br/><a class=x href='https://x.example/?a&amp;b'>you</a>";
        let mut tokens = Tokens::new(html);
        let sources: Vec<&str> = tokens.by_ref().map(|(_, source)| source).collect();
        assert_eq!(sources, ["<p>", "Hello", "<br/>"]);
        assert!(tokens.rest().starts_with("<a class=x"));
        let link = Tokens::new("<a id=\"\" href='?a&amp;b' hidden>").next();
        let attributes = [("id", ""), ("href", "?a&b"), ("hidden", "")];
        let attributes = attributes.map(|(name, value)| (name, value.into())).into();
        let link = link.map(|(token, _)| token);
        assert_eq!(
            link,
            Some(Token::Start(StartTag {
                name: "a",
                attributes
            }))
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn reads_what_html5gum_reads(parts in prop::collection::vec(prop_oneof![
            Just("<p>"), Just("</p>"), Just("<a href=\""), Just("\">"), Just(" title='"), Just("'"),
            Just("&amp;"), Just("&lt;"), Just("&amp"), Just("&copy"), Just("&#39;"), Just("&"),
            Just("<br/>"), Just("<br />"), Just("</a >"), Just("<title>"), Just("<script>"),
            Just("<!-- x -->"), Just("<"), Just(">"), Just("/"), Just("="), Just(" "), Just("\r\n"),
            Just("é"), Just("b"), Just("B"), Just("<x-y z>"), Just(";"), Just("#"), Just("&#x41;"),
        ], 0..14)) {
            let html = parts.concat();
            prop_assert_eq!(by_tokens(&html).concat(), by_html5gum(&html).concat());
        }
    }
}
