//! Characters and addresses that need care.

use std::borrow::Cow;
use std::convert::Infallible;

use html5gum::emitters::callback::{CallbackEmitter, CallbackEvent};
use html5gum::{Span, State, Tokenizer};
use memchr::{memchr, memchr2, memchr3};

/// The text with HTML's character references decoded: `&eacute;` becomes `é`. Tags stay as they
/// are.
pub fn unescape_entities(text: &str) -> Cow<'_, str> {
    if memchr(b'&', text.as_bytes()).is_none() {
        return Cow::Borrowed(text);
    }
    let mut decoded = String::with_capacity(text.len());
    let mut rest = text;
    // Browsers unify line breaks and drop what is no character.
    while let Some(at) = memchr3(b'&', b'\r', b'\0', rest.as_bytes()) {
        let (before, found) = rest.split_at(at);
        decoded.push_str(before);
        let Some((char, after)) = common_reference(found) else {
            push_unescaped(&mut decoded, found);
            return Cow::Owned(decoded);
        };
        decoded.push(char);
        rest = after;
    }
    decoded.push_str(rest);
    Cow::Owned(decoded)
}

/// The character that one of the usual references stands for, which `text` begins with, and what
/// follows it.
fn common_reference(text: &str) -> Option<(char, &str)> {
    const COMMON: [(&str, char); 6] = [
        ("amp;", '&'),
        ("lt;", '<'),
        ("gt;", '>'),
        ("quot;", '"'),
        ("#39;", '\''),
        ("nbsp;", '\u{a0}'),
    ];
    let reference = text.strip_prefix('&')?;
    if !reference.starts_with(|char: char| char.is_ascii_alphanumeric() || char == '#') {
        return Some(('&', reference));
    }
    COMMON
        .iter()
        .find_map(|(name, char)| Some((*char, reference.strip_prefix(name)?)))
}

/// Appends the text with all references decoded.
fn push_unescaped(decoded: &mut String, text: &str) {
    let emitter = CallbackEmitter::new(|event: CallbackEvent<'_>, _: Span<()>| {
        if let CallbackEvent::String { value } = event {
            decoded.push_str(&String::from_utf8_lossy(value));
        }
        None::<Infallible>
    });
    let mut tokenizer = Tokenizer::new_with_emitter(text, emitter);
    // In this state there are no tags, only text and references.
    tokenizer.set_state(State::RcData);
    let Ok(()) = tokenizer.finish();
}

/// The text so that it stands for itself inside HTML, also within a quoted attribute.
pub fn escape_html(text: &str) -> Cow<'_, str> {
    let special = |byte: &u8| matches!(byte, b'&' | b'<' | b'>' | b'"' | b'\'');
    match text.as_bytes().iter().position(special) {
        None => Cow::Borrowed(text),
        Some(first) => {
            let mut escaped = String::with_capacity(text.len() + 16);
            let (clean, rest) = text.split_at(first);
            escaped.push_str(clean);
            for char in rest.chars() {
                match char {
                    '&' => escaped.push_str("&amp;"),
                    '<' => escaped.push_str("&lt;"),
                    '>' => escaped.push_str("&gt;"),
                    '"' => escaped.push_str("&quot;"),
                    '\'' => escaped.push_str("&#39;"),
                    other => escaped.push(other),
                }
            }
            Cow::Owned(escaped)
        }
    }
}

/// The address without surrounding white space, if a client may follow it: its scheme is `http`,
/// `https`, `mailto` or `tel`, and nothing in it can make a browser read another scheme.
pub fn safe_url(url: &str) -> Option<&str> {
    let url = url.trim_matches(|char: char| char.is_whitespace() || char.is_control());
    // Browsers drop tabs and newlines inside an address: `java\nscript:` would come alive.
    if url.chars().any(char::is_control) {
        return None;
    }
    let (scheme, rest) = url.split_once(':')?;
    let is = |name: &str| scheme.eq_ignore_ascii_case(name);
    let complete = if is("http") || is("https") {
        rest.strip_prefix("//").is_some_and(|rest| !rest.is_empty())
    } else {
        (is("mailto") || is("tel")) && !rest.is_empty()
    };
    complete.then_some(url)
}

/// [`safe_url`] of something that a client loads by itself.
pub(super) fn safe_web_url(url: &str) -> Option<&str> {
    safe_url(url).filter(|url| {
        url.get(..4)
            .is_some_and(|scheme| scheme.eq_ignore_ascii_case("http"))
    })
}

/// Whether an HTML fragment is nothing but words.
pub fn is_unmarked_html(html: &str) -> bool {
    memchr2(b'<', b'&', html.as_bytes()).is_none()
}

/// The text so that it stands for itself between tags.
pub(super) fn escape_text(text: &str) -> Cow<'_, str> {
    if memchr3(b'&', b'<', b'>', text.as_bytes()).is_none() {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 16);
    push_escaped(&mut escaped, text);
    Cow::Owned(escaped)
}

/// Appends the text so that it stands for itself between tags.
pub(super) fn push_escaped(out: &mut String, text: &str) {
    let mut rest = text;
    while let Some(at) = memchr3(b'&', b'<', b'>', rest.as_bytes()) {
        let (clean, special) = rest.split_at(at);
        out.push_str(clean);
        out.push_str(match special.as_bytes().first() {
            Some(b'&') => "&amp;",
            Some(b'<') => "&lt;",
            _ => "&gt;",
        });
        rest = special.get(1..).unwrap_or_default();
    }
    out.push_str(rest);
}

/// Plain text as HTML: line breaks become `<br>`.
pub(super) fn plain_to_html(text: &str) -> Cow<'_, str> {
    let text = text.strip_suffix('\n').unwrap_or(text);
    if memchr(b'\n', text.as_bytes()).is_none() {
        return escape_text(text);
    }
    let mut html = String::with_capacity(text.len() + 32);
    for (index, line) in text.lines().enumerate() {
        if index > 0 {
            html.push_str("<br>");
        }
        push_escaped(&mut html, line);
    }
    Cow::Owned(html)
}
