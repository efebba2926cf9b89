use super::{Command, VERBS, continues_key, starts_name};

/// Reads a script by `docs/protocols/kare.md#73-grammar-assumed-consistent-with-every-documented-example`.
pub fn parse(script: &str) -> Vec<Command> {
    let mut cursor = Cursor { rest: script };
    let mut commands = Vec::new();
    loop {
        cursor.skip(|c| is_blank(c) || is_separator(c));
        match cursor.peek() {
            None => return commands,
            Some(c) if starts_name(c) => {
                let verb = cursor.take(|c| continues_key(c) || c == '.');
                commands.push(Command {
                    verb: verb.to_ascii_lowercase(),
                    parameters: parameters(&mut cursor),
                });
            }
            Some(_) => cursor.advance(),
        }
    }
}

/// The part of the script that is not read yet.
struct Cursor<'a> {
    rest: &'a str,
}

impl<'a> Cursor<'a> {
    fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    fn advance(&mut self) {
        let mut chars = self.rest.chars();
        chars.next();
        self.rest = chars.as_str();
    }

    fn skip(&mut self, wanted: impl Fn(char) -> bool) {
        self.rest = self.rest.trim_start_matches(wanted);
    }

    fn take(&mut self, wanted: impl Fn(char) -> bool) -> &'a str {
        let end = self.rest.find(|c| !wanted(c)).unwrap_or(self.rest.len());
        self.split(end)
    }

    /// Takes the first `end` bytes, where `end` is a character's start.
    fn split(&mut self, end: usize) -> &'a str {
        let (head, tail) = self.rest.split_at_checked(end).unwrap_or((self.rest, ""));
        self.rest = tail;
        head
    }
}

fn is_blank(c: char) -> bool {
    c == ' ' || c == '\t'
}

fn is_separator(c: char) -> bool {
    matches!(c, ';' | '\r' | '\n')
}

/// Reads parameters up to the end of the command.
fn parameters(cursor: &mut Cursor<'_>) -> Vec<(String, Option<String>)> {
    let mut parameters: Vec<(String, Option<String>)> = Vec::new();
    // A word that is no parameter belongs to a bare value right before it.
    let mut after_bare = false;
    loop {
        let blanks = cursor.take(is_blank);
        match cursor.peek() {
            None => return parameters,
            Some(c) if is_separator(c) => return parameters,
            Some(_) => {}
        }
        if let Some(key) = take_key(cursor) {
            let (value, bare) = take_value(cursor);
            after_bare = bare;
            parameters.push((key, value));
            continue;
        }
        let stray = take_bare(cursor);
        if after_bare && let Some((_, Some(value))) = parameters.last_mut() {
            value.push_str(blanks);
            value.push_str(stray);
        }
    }
}

/// Takes `-key`, if the word is one: the key must be followed by `=` or by the word's end.
fn take_key(cursor: &mut Cursor<'_>) -> Option<String> {
    let name = cursor.rest.strip_prefix('-')?;
    let name = name.strip_prefix('-').unwrap_or(name);
    if !name.starts_with(starts_name) {
        return None;
    }
    let end = name.find(|c| !continues_key(c)).unwrap_or(name.len());
    let (key, rest) = name.split_at_checked(end)?;
    let ends = rest
        .chars()
        .next()
        .is_none_or(|c| c == '=' || is_blank(c) || is_separator(c));
    if !ends {
        return None;
    }
    cursor.rest = rest;
    Some(key.to_ascii_lowercase())
}

/// Takes `=value`, if it follows, and tells whether the value is a bare one.
fn take_value(cursor: &mut Cursor<'_>) -> (Option<String>, bool) {
    let Some(rest) = cursor.rest.strip_prefix('=') else {
        return (None, false);
    };
    cursor.rest = rest;
    match cursor.peek() {
        None => (Some(String::new()), false),
        Some(c) if is_blank(c) || is_separator(c) => (Some(String::new()), false),
        Some(quote @ ('"' | '\'')) => (Some(take_quoted(cursor, quote)), false),
        Some('{' | '[') => match json_end(cursor.rest) {
            Some(end) => (Some(cursor.split(end).to_owned()), false),
            None => (Some(take_bare(cursor).to_owned()), true),
        },
        Some(_) => (Some(take_bare(cursor).to_owned()), true),
    }
}

/// Takes at least one character, up to a blank, a line break or a semicolon that splits.
fn take_bare<'a>(cursor: &mut Cursor<'a>) -> &'a str {
    let mut chars = cursor.rest.char_indices();
    chars.next();
    let end = chars
        .find(|(at, c)| match c {
            ';' => splits(cursor.rest.get(*at..).unwrap_or_default()),
            c => is_blank(*c) || matches!(c, '\r' | '\n'),
        })
        .map_or(cursor.rest.len(), |(at, _)| at);
    cursor.split(end)
}

/// Rule 6: a semicolon within a bare value divides commands only if the script ends after it or
/// one of the five verbs follows.
fn splits(rest: &str) -> bool {
    let rest = rest.trim_start_matches(|c| is_blank(c) || is_separator(c));
    if rest.is_empty() {
        return true;
    }
    let end = rest
        .find(|c| is_blank(c) || is_separator(c))
        .unwrap_or(rest.len());
    let word = rest.get(..end).unwrap_or_default();
    VERBS.iter().any(|verb| verb.eq_ignore_ascii_case(word))
}

/// Takes a quoted value; without a closing quote it runs to the end of the script.
fn take_quoted(cursor: &mut Cursor<'_>, quote: char) -> String {
    cursor.advance();
    let mut value = String::new();
    while let Some(c) = cursor.peek() {
        cursor.advance();
        if c == quote {
            return value;
        }
        if c != '\\' {
            value.push(c);
            continue;
        }
        let Some(escaped) = cursor.peek() else {
            value.push('\\');
            return value;
        };
        cursor.advance();
        match escaped {
            '"' | '\'' | '\\' | '/' => value.push(escaped),
            'n' => value.push('\n'),
            'r' => value.push('\r'),
            't' => value.push('\t'),
            'u' => match take_unicode(cursor) {
                Some(c) => value.push(c),
                None => value.push_str("\\u"),
            },
            // `C:\dir` survives.
            other => {
                value.push('\\');
                value.push(other);
            }
        }
    }
    value
}

/// Takes the digits after `\u`, and a second such escape where the first is half of a pair.
fn take_unicode(cursor: &mut Cursor<'_>) -> Option<char> {
    let first = hex4(cursor.rest)?;
    if let Some(c) = char::from_u32(first) {
        cursor.split(4);
        return Some(c);
    }
    let second = hex4(cursor.rest.get(4..)?.strip_prefix("\\u")?)?;
    if !(0xD800..0xDC00).contains(&first) || !(0xDC00..0xE000).contains(&second) {
        return None;
    }
    let c = char::from_u32(0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00))?;
    cursor.split(10);
    Some(c)
}

fn hex4(text: &str) -> Option<u32> {
    let digits = text.get(..4)?;
    if !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    u32::from_str_radix(digits, 16).ok()
}

/// Where the JSON object or array that the text starts with ends; none if its brackets do not
/// match.
pub(super) fn json_end(text: &str) -> Option<usize> {
    let mut open = Vec::new();
    let mut in_string = false;
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        if in_string {
            match c {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                '"' => in_string = false,
                _ => {}
            }
            continue;
        }
        match c {
            '"' => in_string = true,
            '{' => open.push('}'),
            '[' => open.push(']'),
            '}' | ']' => {
                if open.pop() != Some(c) {
                    return None;
                }
                if open.is_empty() {
                    return Some(at + 1);
                }
            }
            _ => {}
        }
    }
    None
}
