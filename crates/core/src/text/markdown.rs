//! Markdown: rendered by pulldown-cmark, written by escaping what would have an effect.

use std::borrow::Cow;

use memchr::{memchr2, memchr3};
use pulldown_cmark::{Event, Options, Parser, Tag};

use super::escape::safe_url;

/// What is understood beyond CommonMark.
const OPTIONS: Options = Options::ENABLE_STRIKETHROUGH.union(Options::ENABLE_TABLES);

/// Whether there is no raw HTML in it, and nothing that leads where a client must not go.
pub(super) fn is_safe(markdown: &str) -> bool {
    // Neither can be without one of these.
    if memchr2(b'<', b']', markdown.as_bytes()).is_none() {
        return true;
    }
    Parser::new_ext(markdown, OPTIONS).all(|event| match event {
        Event::Html(_) | Event::InlineHtml(_) | Event::Start(Tag::HtmlBlock) => false,
        Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
            // `<a@b.example>` is read as an address without its scheme.
            safe_url(&dest_url).is_some() || (!dest_url.contains(':') && dest_url.contains('@'))
        }
        _ => true,
    })
}

/// Renders Markdown to HTML. Raw HTML in it stays as it is: the result is not safe yet.
pub(super) fn render(markdown: &str) -> String {
    let mut html = String::with_capacity(markdown.len() + markdown.len() / 4);
    pulldown_cmark::html::push_html(&mut html, Parser::new_ext(markdown, OPTIONS));
    html
}

/// Whether there is a character that may mean something inside a line.
fn has_inline(text: &str) -> bool {
    let bytes = text.as_bytes();
    memchr3(b'\\', b'`', b'*', bytes).is_some()
        || memchr3(b'_', b'[', b'~', bytes).is_some()
        || memchr2(b'<', b'&', bytes).is_some()
}

/// Whether nothing in a Markdown text has an effect, except that blank lines part paragraphs.
pub(super) fn is_unmarked(markdown: &str) -> bool {
    if has_inline(markdown) || memchr3(b']', b'|', b'\r', markdown.as_bytes()).is_some() {
        return false;
    }
    let mut after_words = false;
    markdown.split('\n').all(|line| {
        let is_blank = line.trim_ascii().is_empty();
        // Two lines of one paragraph are one line when rendered.
        let joins = after_words && !is_blank;
        after_words = !is_blank;
        !joins && (is_blank || line_start(line).is_none() && indent(line) == 0)
    })
}

/// Plain text as Markdown: what would have an effect is escaped, line breaks become hard ones.
pub(super) fn escape(text: &str) -> Cow<'_, str> {
    let has_break = memchr2(b'\n', b'\r', text.as_bytes()).is_some();
    if !has_inline(text) && !has_break && line_start(text).is_none() && indent(text) < 4 {
        return Cow::Borrowed(text);
    }
    let unified;
    let text = if text.contains('\r') {
        unified = text.replace("\r\n", "\n").replace('\r', "\n");
        &unified
    } else {
        text
    };
    let mut out = String::with_capacity(text.len() + text.len() / 8);
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        let columns = indent(line);
        let words = line.trim_start_matches([' ', '\t']);
        if columns >= 4 && !words.is_empty() {
            // Four spaces would make it code; these are white space to nobody but a reader.
            out.extend(std::iter::repeat_n('\u{a0}', columns.min(32)));
        }
        let context = Context {
            line_start: true,
            ..Context::default()
        };
        push_escaped(&mut out, words, context);
        match lines.peek() {
            None => {}
            Some(next) if next.trim_ascii().is_empty() || words.trim_ascii().is_empty() => {
                out.push('\n');
            }
            Some(_) => {
                out.truncate(out.trim_end_matches(' ').len());
                out.push_str("  \n");
            }
        }
    }
    Cow::Owned(out)
}

/// Where a piece of text stands.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Context {
    /// It is the first on its line.
    pub(super) line_start: bool,
    /// In the words of a link.
    pub(super) link: bool,
    /// In a cell of a table.
    pub(super) cell: bool,
    /// In a heading.
    pub(super) heading: bool,
}

/// Appends text without line breaks so that it stands for itself.
pub(super) fn push_escaped(out: &mut String, text: &str, context: Context) {
    let bytes = text.as_bytes();
    let block = if context.line_start {
        line_start(text)
    } else {
        None
    };
    let mut copied = 0;
    for (at, byte) in bytes.iter().enumerate() {
        if !byte.is_ascii_punctuation() {
            continue;
        }
        let before = text.get(..at).and_then(|text| text.chars().next_back());
        let after = text.get(at + 1..).and_then(|text| text.chars().next());
        if Some(at) == block || has_effect(*byte, before, after, context) {
            out.push_str(text.get(copied..at).unwrap_or_default());
            out.push('\\');
            copied = at;
        }
    }
    out.push_str(text.get(copied..).unwrap_or_default());
}

/// Whether a character inside a line might be taken for markup. What lies beyond the ends of the
/// text is not known and counts as the worst.
fn has_effect(byte: u8, before: Option<char>, after: Option<char>, context: Context) -> bool {
    let is_space = |char: Option<char>| char.is_some_and(|char| char.is_ascii_whitespace());
    let is_word = |char: Option<char>| char.is_some_and(char::is_alphanumeric);
    match byte {
        b'`' | b'[' => true,
        b'\\' => after.is_none_or(|after| after.is_ascii_punctuation()),
        b'*' => !(is_space(before) && is_space(after)),
        // Inside a word, and after the slash of an address, it cannot end an emphasis.
        b'_' | b'~' => {
            !(is_space(before) && is_space(after)
                || byte == b'_' && is_word(before) && is_word(after)
                || before == Some('/') && is_word(after))
        }
        b'<' => after
            .is_none_or(|after| after.is_ascii_alphabetic() || matches!(after, '/' | '!' | '?')),
        b'&' => after.is_none_or(|after| after.is_ascii_alphanumeric() || after == '#'),
        b']' => context.link,
        b'|' => context.cell,
        b'#' => context.heading,
        _ => false,
    }
}

/// The place of the character that makes the line more than a paragraph: a heading, a quote, a
/// list, a rule, a table, code.
fn line_start(line: &str) -> Option<usize> {
    let words = line.trim_start_matches([' ', '\t']);
    let start = line.len() - words.len();
    let bytes = words.as_bytes();
    let ends_word = |at: usize| matches!(bytes.get(at).copied(), None | Some(b' ' | b'\t' | b'\r'));
    let is_marker = match *bytes.first()? {
        b'>' => true,
        b'#' => {
            let level = bytes.iter().take_while(|byte| **byte == b'#').count();
            level <= 6 && ends_word(level)
        }
        b'+' | b'-' | b'*' if ends_word(1) => true,
        // A rule, an underline of a heading, the line under a table's head.
        b'-' | b'=' | b'_' | b'*' | b'|' | b':' => bytes
            .iter()
            .all(|byte| matches!(byte, b'-' | b'=' | b'_' | b'*' | b'|' | b':' | b' ' | b'\t')),
        b'~' | b'`' => true,
        b'0'..=b'9' => {
            let digits = bytes
                .iter()
                .take_while(|byte| byte.is_ascii_digit())
                .count();
            let is_item = digits <= 9
                && matches!(bytes.get(digits).copied(), Some(b'.' | b')'))
                && ends_word(digits + 1);
            return is_item.then_some(start + digits);
        }
        _ => false,
    };
    is_marker.then_some(start)
}

/// How many columns a line is indented.
fn indent(line: &str) -> usize {
    line.bytes()
        .take_while(|byte| matches!(byte, b' ' | b'\t'))
        .map(|byte| if byte == b'\t' { 4 } else { 1 })
        .sum()
}

/// Appends an address so that it can stand between the parentheses of a link.
pub(super) fn push_destination(out: &mut String, url: &str) {
    for char in url.chars() {
        match char {
            ' ' => out.push_str("%20"),
            '(' => out.push_str("%28"),
            ')' => out.push_str("%29"),
            '<' => out.push_str("%3C"),
            '>' => out.push_str("%3E"),
            '\\' => out.push_str("%5C"),
            '`' => out.push_str("%60"),
            '|' => out.push_str("%7C"),
            // `&copy;` in an address would be decoded.
            '&' => out.push_str("&amp;"),
            other => out.push(other),
        }
    }
}
