//! Filling in a form, one question after the other.

use std::collections::VecDeque;

use switchboard_core::model::{Content, Field, FieldKind, FormSubmission, Message, UserInput};

/// A form or survey that is being filled in.
#[derive(Debug)]
pub(crate) struct Filling {
    is_survey: bool,
    cancel_id: Option<String>,
    submission: FormSubmission,
    open: VecDeque<Field>,
}

/// What an answer brings.
#[derive(Debug)]
pub(crate) enum Step {
    /// The same question again, and why.
    Again(String),
    /// The next question.
    Next,
    /// Everything is answered, or the form was left.
    Done(UserInput),
}

impl Filling {
    /// The form that a message shows, if it shows one with questions.
    pub(crate) fn of(message: &Message) -> Option<Self> {
        let (is_survey, id, fields, cancel) = match &message.content {
            Content::Form(form) => (false, &form.id, &form.fields, form.cancel.as_ref()),
            Content::Survey(survey) => (true, &survey.id, &survey.fields, None),
            _ => return None,
        };
        let open: VecDeque<_> = fields
            .iter()
            .filter(|field| field.kind != FieldKind::Title)
            .cloned()
            .collect();
        (!open.is_empty()).then(|| Self {
            is_survey,
            cancel_id: cancel.map(|(id, _)| id.clone()),
            submission: FormSubmission {
                message: Some(message.id),
                id: id.clone(),
                ..FormSubmission::default()
            },
            open,
        })
    }

    /// The open question in words.
    pub(crate) fn question(&self) -> Vec<String> {
        let Some(field) = self.open.front() else {
            return Vec::new();
        };
        let mut hints: Vec<&str> = Vec::new();
        match field.kind {
            FieldKind::Date => hints.push("YYYY-MM-DD"),
            FieldKind::Checkbox => hints.push("several by commas"),
            _ => {}
        }
        if !field.required {
            hints.push("may stay empty");
        }
        let hints = match hints.as_slice() {
            [] => String::new(),
            hints => format!(" ({})", hints.join(", ")),
        };
        let mut lines = vec![format!("{}{hints}", field.label)];
        let options = field.options.iter().zip(1..);
        lines.extend(options.map(|(option, number)| format!("  {number}) {}", option.label)));
        lines
    }

    /// Takes the answer to the open question.
    pub(crate) fn answer(&mut self, text: &str) -> Step {
        if text == "/cancel" {
            self.submission.cancelled = true;
            self.submission.values.clear();
            if let Some(id) = self.cancel_id.take() {
                self.submission.id = id;
            }
            return self.done();
        }
        let Some(field) = self.open.front() else {
            return self.done();
        };
        let value = match value(field, text) {
            Ok(value) => value,
            Err(why) => return Step::Again(why),
        };
        if let Some(value) = value {
            self.submission.values.push((field.name.clone(), value));
        }
        self.open.pop_front();
        if self.open.is_empty() {
            self.done()
        } else {
            Step::Next
        }
    }

    fn done(&mut self) -> Step {
        let submission = std::mem::take(&mut self.submission);
        Step::Done(if self.is_survey {
            UserInput::Survey(submission)
        } else {
            UserInput::Form(submission)
        })
    }
}

/// The value that an answer stands for; none if the question stays unanswered.
fn value(field: &Field, text: &str) -> Result<Option<String>, String> {
    let text = text.trim();
    if text.is_empty() {
        return match &field.default {
            Some(default) => Ok(Some(default.clone())),
            None if field.required => {
                Err("an answer is needed; /cancel leaves the form".to_owned())
            }
            None => Ok(None),
        };
    }
    if field.options.is_empty() {
        return Ok(Some(text.to_owned()));
    }
    let parts: Vec<_> = match field.kind {
        FieldKind::Checkbox => text.split(',').map(str::trim).collect(),
        _ => vec![text],
    };
    let keys: Result<Vec<_>, _> = parts.into_iter().map(|part| option(field, part)).collect();
    Ok(Some(keys?.join(",")))
}

/// The key of the option with this number, key or label.
fn option(field: &Field, text: &str) -> Result<String, String> {
    let numbered = text
        .parse::<usize>()
        .ok()
        .and_then(|number| field.options.get(number.checked_sub(1)?));
    let named = || {
        field
            .options
            .iter()
            .find(|option| option.key == text || option.label.eq_ignore_ascii_case(text))
    };
    numbered
        .or_else(named)
        .map(|option| option.key.clone())
        .ok_or_else(|| format!("\"{text}\" is none of the options: answer with a number"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use switchboard_core::model::{FieldOption, Form, MessageId, Timestamp};

    fn form() -> Filling {
        let field = |name: &str, kind, required| Field {
            name: name.to_owned(),
            label: name.to_owned(),
            kind,
            required,
            ..Field::default()
        };
        let option = |key: &str| FieldOption {
            key: key.to_owned(),
            label: key.to_uppercase(),
        };
        let content = Content::Form(Box::new(Form {
            id: "f".to_owned(),
            fields: vec![
                field("title", FieldKind::Title, false),
                field("name", FieldKind::Text, true),
                field("note", FieldKind::Text, false),
                Field {
                    options: vec![option("a"), option("b")],
                    ..field("pick", FieldKind::Checkbox, true)
                },
            ],
            cancel: Some(("out".to_owned(), "Leave".to_owned())),
            ..Form::default()
        }));
        let id = MessageId::from_foreign("1");
        Filling::of(&Message::bot(id, None, Timestamp(0), content)).unwrap()
    }

    #[test]
    fn questions_are_answered_in_order() {
        let mut form = form();
        assert_eq!(form.question(), ["name"]);
        assert!(matches!(form.answer(""), Step::Again(_)));
        assert!(matches!(form.answer("Ann"), Step::Next));
        assert_eq!(form.question(), ["note (may stay empty)"]);
        assert!(matches!(form.answer(""), Step::Next));
        assert_eq!(
            form.question(),
            ["pick (several by commas)", "  1) A", "  2) B"]
        );
        assert!(matches!(form.answer("3"), Step::Again(_)));
        let Step::Done(UserInput::Form(sent)) = form.answer("2, a") else {
            panic!("the form is not done");
        };
        let values = [("name", "Ann"), ("pick", "b,a")];
        let values = values.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!((sent.id.as_str(), sent.values), ("f", values.to_vec()));
    }

    #[test]
    fn a_form_can_be_left() {
        let Step::Done(UserInput::Form(sent)) = form().answer("/cancel") else {
            panic!("the form is not done");
        };
        assert!(sent.cancelled);
        assert_eq!(sent.id, "out");
    }
}
