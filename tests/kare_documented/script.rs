//! The commands of a trigger, as far as the documented invocations show how they are written: a
//! quoted value, or a bare one up to the next blank or semicolon.

/// `verb -key=value -flag`
#[derive(Debug, PartialEq)]
pub struct Command {
    pub verb: String,
    pub parameters: Vec<(String, String)>,
}

pub fn parse(script: &str) -> Vec<Command> {
    split(script, ';')
        .iter()
        .map(|command| {
            let mut words = split(command.trim(), ' ').into_iter();
            Command {
                verb: words.next().unwrap(),
                parameters: words.map(|word| parameter(&word)).collect(),
            }
        })
        .collect()
}

fn parameter(word: &str) -> (String, String) {
    let word = word.strip_prefix('-').expect("a parameter");
    let (key, value) = word.split_once('=').unwrap_or((word, ""));
    let value = match value.strip_prefix('"') {
        Some(quoted) => quoted.strip_suffix('"').unwrap().replace("\\\"", "\""),
        None => value.to_owned(),
    };
    (key.to_owned(), value)
}

/// Splits where it is not quoted.
fn split(text: &str, at: char) -> Vec<String> {
    let mut parts = vec![String::new()];
    let (mut is_quoted, mut is_escaped) = (false, false);
    for c in text.chars() {
        is_quoted ^= c == '"' && !is_escaped;
        is_escaped = c == '\\' && !is_escaped;
        if c == at && !is_quoted {
            parts.push(String::new());
        } else {
            parts.last_mut().unwrap().push(c);
        }
    }
    parts
}

#[test]
fn the_documented_invocations_are_read() {
    let command = |verb: &str, parameters: &[(&str, &str)]| Command {
        verb: verb.to_owned(),
        parameters: parameters
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect(),
    };
    assert_eq!(
        parse(
            "print -m=\"Some; text\"; send -m={\"a\":1}; update -context=\"warning\" -enabled=false; close"
        ),
        [
            command("print", &[("m", "Some; text")]),
            command("send", &[("m", "{\"a\":1}")]),
            command("update", &[("context", "warning"), ("enabled", "false")]),
            command("close", &[]),
        ]
    );
}
