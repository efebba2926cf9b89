//! Forms that are answered by typing, on clients that show them as text.

use serde::{Deserialize, Serialize};
use switchboard_core::model::{Field, FieldKind, FieldOption};

use crate::matching::Spoken;

/// A form or a survey that was shown and is not answered yet.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Filling {
    /// The intent that its answers go to.
    pub id: String,
    /// Its questions.
    pub fields: Vec<Field>,
}

impl Filling {
    /// The answers in a typed text: one on each line, or between commas, in any order, with or
    /// without their labels. `None` if the text does not read like a filled in form: a part of it
    /// fits no field, a required field is missing, or it is one phrase that could mean anything.
    pub(super) fn read(&self, text: &str) -> Option<Vec<(String, String)>> {
        let separators: &[char] = if text.contains('\n') {
            &['\n']
        } else {
            &[',', ';']
        };
        let parts: Vec<&str> = text
            .split(separators)
            .map(str::trim)
            .filter(|part| !part.is_empty())
            .collect();
        let mut answers: Vec<(&Field, String)> = Vec::new();
        let mut is_telling = parts.len() > 1;
        for part in parts {
            let open: Vec<&Field> = self
                .fields
                .iter()
                .filter(|field| field.kind != FieldKind::Title)
                .filter(|field| {
                    !answers
                        .iter()
                        .any(|(answered, _)| answered.name == field.name)
                })
                .collect();
            let labelled = part.split_once(':').and_then(|(label, answer)| {
                let label = Spoken::new(label);
                let named = |field: &&&Field| {
                    Spoken::new(&field.label) == label || Spoken::new(&field.name) == label
                };
                Some((*open.iter().find(named)?, answer.trim()))
            });
            if let Some((field, answer)) = labelled {
                is_telling = true;
                answers.push((
                    field,
                    read_option(field, answer).unwrap_or(answer).to_owned(),
                ));
                continue;
            }
            let exact = open
                .iter()
                .find_map(|field| Some((*field, read_exact(field, part)?)));
            is_telling |= exact.is_some() || open.len() == 1;
            let (field, answer) = exact.or_else(|| {
                let any = open.iter().find(|field| takes_anything(&field.kind))?;
                Some((*any, part))
            })?;
            answers.push((field, answer.to_owned()));
        }
        let is_complete = self
            .fields
            .iter()
            .filter(|field| field.required)
            .all(|field| {
                answers
                    .iter()
                    .any(|(answered, _)| answered.name == field.name)
            });
        (is_telling && is_complete && !answers.is_empty()).then(|| {
            answers
                .into_iter()
                .map(|(field, answer)| (field.name.clone(), answer))
                .collect()
        })
    }
}

/// The answer to a field, if the words can hardly be anything else.
fn read_exact<'w>(field: &'w Field, words: &'w str) -> Option<&'w str> {
    let fits = match field.kind {
        FieldKind::Email => words.contains('@') && !words.contains(char::is_whitespace),
        FieldKind::Number => words.parse::<f64>().is_ok(),
        FieldKind::Date => {
            words.len() == 10
                && words
                    .chars()
                    .enumerate()
                    .all(|(place, character)| match place {
                        4 | 7 => character == '-',
                        _ => character.is_ascii_digit(),
                    })
        }
        _ => return read_option(field, words),
    };
    fits.then_some(words)
}

/// The key of the option that the words name.
fn read_option<'f>(field: &'f Field, words: &str) -> Option<&'f str> {
    let words = Spoken::new(words);
    let named = |option: &&FieldOption| {
        !words.is_empty()
            && (Spoken::new(&option.label) == words || Spoken::new(&option.key) == words)
    };
    field
        .options
        .iter()
        .find(named)
        .map(|option| option.key.as_str())
}

fn takes_anything(kind: &FieldKind) -> bool {
    matches!(
        kind,
        FieldKind::Text | FieldKind::LongText | FieldKind::Other(_)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(name: &str, kind: FieldKind, required: bool, options: &[&str]) -> Field {
        Field {
            name: name.to_owned(),
            label: format!("Your {name}"),
            kind,
            required,
            options: options
                .iter()
                .map(|key| FieldOption {
                    key: (*key).to_owned(),
                    label: format!("{key} size"),
                })
                .collect(),
            ..Field::default()
        }
    }

    fn check(text: &str, expected: Option<&[(&str, &str)]>) {
        let filling = Filling {
            id: "form".to_owned(),
            fields: vec![
                field("name", FieldKind::Text, true, &[]),
                field("email", FieldKind::Email, false, &[]),
                field("count", FieldKind::Number, false, &[]),
                field("size", FieldKind::Select, false, &["S", "M"]),
                field("day", FieldKind::Date, false, &[]),
            ],
        };
        let read = filling.read(text);
        let read: Option<Vec<(&str, &str)>> = read.as_ref().map(|answers| {
            answers
                .iter()
                .map(|(name, value)| (name.as_str(), value.as_str()))
                .collect()
        });
        assert_eq!(read.as_deref(), expected, "{text}");
    }

    #[test]
    fn answers_are_found_in_a_text() {
        check(
            "Ada Lovelace, ada@example.com, 2, m, 2030-05-04",
            Some(&[
                ("name", "Ada Lovelace"),
                ("email", "ada@example.com"),
                ("count", "2"),
                ("size", "M"),
                ("day", "2030-05-04"),
            ]),
        );
        check(
            "2\nM size\nAda, Countess of Lovelace",
            Some(&[
                ("count", "2"),
                ("size", "M"),
                ("name", "Ada, Countess of Lovelace"),
            ]),
        );
        check("your NAME: Ada", Some(&[("name", "Ada")]));
        check(
            "size: M size; name: Ada",
            Some(&[("size", "M"), ("name", "Ada")]),
        );
    }

    #[test]
    fn other_texts_are_left_alone() {
        check("Ada", None);
        check("M", None);
        check("Hello, how are you?", None);
        check("2, M", None);
        check("", None);
    }
}
