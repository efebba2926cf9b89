//! Words with `{variables}` in them.

use std::borrow::Cow;

use serde::{Deserialize, Deserializer, de};

/// Words in which `{name}` stands for a variable and `{name|words}` for a variable with what to
/// say where it is unknown. `{{` and `}}` are braces.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Template {
    pieces: Vec<Piece>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Words(String),
    Variable { name: String, otherwise: String },
}

/// What the words are, which decides how a value must be written in them so that it stays a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Setting {
    /// Nothing has a meaning.
    Plain,
    /// CommonMark.
    Markdown,
    /// An HTML fragment.
    Html,
    /// An address.
    Url,
}

impl Template {
    /// Reads a template.
    ///
    /// # Errors
    /// A brace is left open or stands alone.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut pieces = Vec::new();
        let mut words = String::new();
        // The newline before a closing `"""` is not meant to be said.
        let mut rest = text.trim();
        while let Some(place) = rest.find(['{', '}']) {
            let (before, brace) = rest.split_at(place);
            words.push_str(before);
            if let Some(after) = brace.strip_prefix("{{") {
                words.push('{');
                rest = after;
            } else if let Some(after) = brace.strip_prefix("}}") {
                words.push('}');
                rest = after;
            } else if let Some(after) = brace.strip_prefix('{') {
                let (inside, after) = after
                    .split_once('}')
                    .ok_or("a `{` has no `}`; write `{{` for a brace")?;
                let (name, otherwise) = inside.split_once('|').unwrap_or((inside, ""));
                let name = name.trim();
                if name.is_empty() || name.contains(char::is_whitespace) || name.contains('{') {
                    return Err(format!(
                        "`{{{inside}}}` does not name a variable; write `{{{{` for a brace"
                    ));
                }
                if !words.is_empty() {
                    pieces.push(Piece::Words(std::mem::take(&mut words)));
                }
                pieces.push(Piece::Variable {
                    name: name.to_owned(),
                    otherwise: otherwise.to_owned(),
                });
                rest = after;
            } else {
                return Err("a `}` has no `{`; write `}}` for a brace".to_owned());
            }
        }
        words.push_str(rest);
        if !words.is_empty() {
            pieces.push(Piece::Words(words));
        }
        Ok(Self { pieces })
    }

    /// The words, with what `lookup` says in the places of the variables.
    pub(crate) fn fill<'v>(
        &self,
        setting: Setting,
        lookup: impl Fn(&str) -> Option<Cow<'v, str>>,
    ) -> String {
        let mut out = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Words(words) => out.push_str(words),
                Piece::Variable { name, otherwise } => {
                    match lookup(name).filter(|value| !value.is_empty()) {
                        Some(value) => write_value(&mut out, &value, setting),
                        None => out.push_str(otherwise),
                    }
                }
            }
        }
        out
    }
}

/// Whether it says exactly these words.
impl PartialEq<str> for Template {
    fn eq(&self, words: &str) -> bool {
        match self.pieces.as_slice() {
            [] => words.is_empty(),
            [Piece::Words(own)] => own == words,
            _ => false,
        }
    }
}

impl<'de> Deserialize<'de> for Template {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        Self::parse(&text).map_err(de::Error::custom)
    }
}

fn write_value(out: &mut String, value: &str, setting: Setting) {
    match setting {
        Setting::Plain => out.push_str(value),
        Setting::Markdown => write_markdown(out, value),
        Setting::Html => {
            for character in value.chars() {
                match character {
                    '&' => out.push_str("&amp;"),
                    '<' => out.push_str("&lt;"),
                    '>' => out.push_str("&gt;"),
                    '"' => out.push_str("&quot;"),
                    '\'' => out.push_str("&#39;"),
                    other => out.push(other),
                }
            }
        }
        Setting::Url => {
            for byte in value.bytes() {
                match byte {
                    b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                        out.push(char::from(byte));
                    }
                    other => out.push_str(&format!("%{other:02X}")),
                }
            }
        }
    }
}

/// A value within Markdown is one line of words. Only what could become markup is escaped, so that
/// an ordinary number, name or address reads the same in the source.
fn write_markdown(out: &mut String, value: &str) {
    let mut line_start = out
        .rsplit('\n')
        .next()
        .is_none_or(|line| line.trim().is_empty());
    let mut digits_only = line_start;
    let mut previous = ' ';
    let mut rest = value
        .split_whitespace()
        .flat_map(|word| std::iter::once(' ').chain(word.chars()));
    // The first separator is not part of the value.
    rest.next();
    let mut rest = rest.peekable();
    while let Some(character) = rest.next() {
        let next = rest.peek().copied().unwrap_or(' ');
        let escaped = match character {
            '\\' | '`' | '*' | '[' | ']' | '<' | '&' | '~' | '|' => true,
            // `snake_case` is not emphasis.
            '_' => !(previous.is_alphanumeric() && next.is_alphanumeric()),
            '#' | '+' | '-' | '>' | '=' => line_start,
            '.' | ')' => digits_only && previous.is_ascii_digit(),
            _ => false,
        };
        if escaped {
            out.push('\\');
        }
        out.push(character);
        digits_only = digits_only && character.is_ascii_digit();
        line_start = false;
        previous = character;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(template: &str, setting: Setting, value: &str, expected: &str) {
        let template = Template::parse(template).unwrap();
        let filled = template.fill(setting, |name| {
            (name == "v").then(|| Cow::Owned(value.to_owned()))
        });
        assert_eq!(filled, expected);
    }

    #[test]
    fn variables_are_filled_in() {
        check("a {v} b", Setting::Plain, "1", "a 1 b");
        check("{w|nobody} {w}.", Setting::Plain, "1", "nobody .");
        check("{v|nobody}", Setting::Plain, "", "nobody");
        check("{{v}} {v}", Setting::Plain, "1", "{v} 1");
        check("words\n", Setting::Plain, "", "words");
    }

    #[test]
    fn values_stay_values() {
        check("{v}", Setting::Html, "<b>&", "&lt;b&gt;&amp;");
        check(
            "https://x.example/{v}",
            Setting::Url,
            "a/b é",
            "https://x.example/a%2Fb%20%C3%A9",
        );
        check("**{v}**", Setting::Markdown, "CS123456", "**CS123456**");
        check(
            "{v}",
            Setting::Markdown,
            "ada_l@example.com",
            "ada_l@example.com",
        );
        check("{v}", Setting::Markdown, "[x](y) _z_", "\\[x\\](y) \\_z\\_");
        check("{v}", Setting::Markdown, "# a\n# b", "\\# a # b");
        check("{v}", Setting::Markdown, "1. a", "1\\. a");
        check("at {v}", Setting::Markdown, "3.50", "at 3.50");
    }

    #[test]
    fn stray_braces_are_mistakes() {
        for wrong in ["{", "}", "{}", "{a b}", "a {v", "{{v}"] {
            assert!(Template::parse(wrong).is_err(), "{wrong}");
        }
    }
}
