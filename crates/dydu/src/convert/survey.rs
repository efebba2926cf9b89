//! Surveys and forms ⇄ survey configurations and answers: `docs/protocols/dydu.md#68-surveys`.
//!
//! The widget shows a survey beside the conversation and numbers its fields. A survey of a dydu
//! engine has such numbers; for any other survey or form the id that we announce carries the
//! names, so that an answer can be read without looking anything up.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use switchboard_core::model::{
    Content, Extras, Field, FieldKind, FieldOption, FormSubmission, Message, MessageId, Survey,
    UserInput,
};

use super::{DYDU, render};
use crate::wire::b64;
use crate::wire::survey::{FieldId, SurveyAnswer, SurveyConfiguration, SurveyField};
use crate::wire::words;

const CONFIGURATION: &str = "configuration";
const OWN_PREFIX: &str = "sb.";
/// Field `n` has the id `(n + 1) * STEP`, its options the ids after it.
const STEP: i64 = 1000;

/// The parts of a survey or a form that the widget can ask for.
struct Questions<'a> {
    id: &'a str,
    title: Option<&'a str>,
    fields: &'a [Field],
    submit_label: Option<&'a str>,
    is_form: bool,
}

fn questions(content: &Content) -> Option<Questions<'_>> {
    match content {
        Content::Survey(survey) => Some(Questions {
            id: &survey.id,
            title: survey.title.as_deref(),
            fields: &survey.fields,
            submit_label: survey.submit_label.as_deref(),
            is_form: false,
        }),
        Content::Form(form) => Some(Questions {
            id: &form.id,
            title: None,
            fields: &form.fields,
            submit_label: form.submit_label.as_deref(),
            is_form: true,
        }),
        _ => None,
    }
}

/// The id by which the widget asks for a survey's or form's questions.
pub fn key(message: &Message) -> Option<String> {
    let questions = questions(&message.content)?;
    if message.extras.of(&DYDU).is_some() {
        return Some(questions.id.to_owned());
    }
    let mut names = vec![Value::from(questions.id)];
    names.extend(questions.fields.iter().map(|field| {
        let options = field
            .options
            .iter()
            .flat_map(|option| [&option.key, &option.label]);
        [&field.name]
            .into_iter()
            .chain(options)
            .map(|text| Value::from(text.as_str()))
            .collect()
    }));
    let kind = if questions.is_form { 'f' } else { 's' };
    let names = URL_SAFE_NO_PAD.encode(Value::Array(names).to_string());
    Some(format!("{OWN_PREFIX}{}.{kind}.{names}", message.id))
}

/// The message that an announced id of ours belongs to.
pub fn message_of(key: &str) -> Option<MessageId> {
    key.strip_prefix(OWN_PREFIX)?
        .split('.')
        .next()?
        .parse()
        .ok()
}

/// The configuration that the widget asks for.
pub fn configuration(message: &Message, key: &str) -> Option<SurveyConfiguration> {
    if let Some(original) = message.extras.get(&DYDU, CONFIGURATION) {
        let mut original: SurveyConfiguration = serde_json::from_value(original.clone()).ok()?;
        // What is to be said after the answers, the client side of the engine says, whatever
        // client the answers come from.
        original.reword = original.reword.map(|_| "".into());
        return Some(original);
    }
    let questions = questions(&message.content)?;
    Some(SurveyConfiguration {
        survey_id: key.into(),
        name: Some(questions.title.unwrap_or(questions.id).into()),
        title: Some(questions.title.unwrap_or_default().into()),
        text: Some(render::content(&message.content, message.id).into()),
        interaction_survey: Some(false),
        reword: Some("".into()),
        submit_value: Some(questions.submit_label.unwrap_or("OK").into()),
        fields: (1..)
            .zip(questions.fields)
            .map(|(number, field)| field_to_wire(number * STEP, field))
            .collect(),
        rest: serde_json::Map::new(),
    })
}

fn field_to_wire(id: i64, field: &Field) -> SurveyField {
    let (kind, option_kind) = match field.kind {
        FieldKind::Title => ("TITLE", None),
        FieldKind::LongText => ("LONG_TEXT", None),
        FieldKind::Select | FieldKind::SearchSelect => ("SELECT", Some("SELECT_OPTION")),
        FieldKind::Radio => ("MULTIPLE_CHOICE", Some("RADIO")),
        FieldKind::Checkbox => ("MULTIPLE_CHOICE", Some("CHECKBOX")),
        FieldKind::Text
        | FieldKind::Number
        | FieldKind::Email
        | FieldKind::Date
        | FieldKind::Other(_) => ("TEXT", None),
    };
    let children = option_kind.map(|kind| {
        (id + 1..)
            .zip(&field.options)
            .map(|(id, option)| SurveyField {
                id: FieldId::Number(id),
                label: option.label.as_str().into(),
                kind: kind.into(),
                ..SurveyField::default()
            })
            .collect()
    });
    SurveyField {
        id: FieldId::Number(id),
        label: field.label.as_str().into(),
        kind: kind.into(),
        mandatory: Some(field.required),
        children,
        rest: serde_json::Map::new(),
    }
}

/// The survey that a dydu engine describes. The configuration as it came is kept.
pub fn to_model(configuration: &SurveyConfiguration) -> (Survey, Option<Value>) {
    let text = |field: &Option<crate::wire::B64>| {
        field
            .as_ref()
            .map(|text| text.0.clone())
            .filter(|text| !text.is_empty())
    };
    let survey = Survey {
        id: configuration.survey_id.0.clone(),
        title: text(&configuration.title).or_else(|| text(&configuration.name)),
        text: switchboard_core::model::RichText::html(
            text(&configuration.text).unwrap_or_default(),
        ),
        fields: configuration.fields.iter().map(field_to_model).collect(),
        submit_label: text(&configuration.submit_value),
    };
    (survey, serde_json::to_value(configuration).ok())
}

/// Adds the configuration to what a survey message keeps. The widget reads it strictly, its
/// unknown fields included.
pub fn keep_configuration(extras: &mut Extras, mut configuration: Value) {
    b64::make_strict(&mut configuration);
    extras.insert(&DYDU, CONFIGURATION, configuration);
}

fn field_to_model(field: &SurveyField) -> Field {
    let children = field.children.as_deref().unwrap_or_default();
    let is_radio = children
        .first()
        .is_some_and(|child| child.kind.0 == "RADIO");
    let kind = match field.kind.as_str() {
        "TITLE" => FieldKind::Title,
        "TEXT" => FieldKind::Text,
        "LONG_TEXT" => FieldKind::LongText,
        "SELECT" => FieldKind::Select,
        "MULTIPLE_CHOICE" if is_radio => FieldKind::Radio,
        "MULTIPLE_CHOICE" => FieldKind::Checkbox,
        other => FieldKind::Other(other.to_owned()),
    };
    let mut rest = field.rest.clone();
    rest.retain(|_, value| !value.is_null());
    Field {
        name: field.id.to_text(),
        label: switchboard_core::text::unescape_entities(field.label.as_str()).into_owned(),
        kind,
        required: field.mandatory.unwrap_or(false),
        options: children
            .iter()
            .map(|child| FieldOption {
                key: child.id.to_text(),
                label: switchboard_core::text::unescape_entities(child.label.as_str()).into_owned(),
            })
            .collect(),
        extras: Extras::new(DYDU, rest),
        ..Field::default()
    }
}

/// What the user did by answering.
pub fn answer_to_model(answer: SurveyAnswer) -> UserInput {
    let Some(own) = Own::of(&answer.survey) else {
        return UserInput::Survey(FormSubmission {
            id: answer.survey,
            values: answer.fields,
            ..FormSubmission::default()
        });
    };
    let mut values: Vec<(String, String)> = Vec::new();
    for (id, said) in answer.fields {
        let (name, value) = own.read(&id, said);
        match values.iter_mut().find(|(known, _)| *known == name) {
            // The options of one field come one by one.
            Some((_, known)) => {
                known.push(',');
                known.push_str(&value);
            }
            None => values.push((name, value)),
        }
    }
    let submission = FormSubmission {
        message: Some(own.message),
        id: own.id,
        values,
        ..FormSubmission::default()
    };
    if own.is_form {
        UserInput::Form(submission)
    } else {
        UserInput::Survey(submission)
    }
}

/// What an announced id of ours carries.
struct Own {
    message: MessageId,
    is_form: bool,
    id: String,
    /// Name, then key and label of each option.
    fields: Vec<Vec<String>>,
}

impl Own {
    fn of(key: &str) -> Option<Self> {
        let message = message_of(key)?;
        let mut parts = key.strip_prefix(OWN_PREFIX)?.split('.').skip(1);
        let is_form = parts.next()? == "f";
        let names = URL_SAFE_NO_PAD.decode(parts.next()?).ok()?;
        let (id, fields): (String, Vec<Vec<String>>) = match serde_json::from_slice(&names).ok()? {
            Value::Array(mut names) => {
                let fields = names.split_off(names.len().min(1));
                let id = names.pop()?.as_str()?.to_owned();
                (id, serde_json::from_value(Value::Array(fields)).ok()?)
            }
            _ => return None,
        };
        Some(Self {
            message,
            is_form,
            id,
            fields,
        })
    }

    /// The field's name and the answer, where options are answered by their keys.
    fn read(&self, id: &str, said: String) -> (String, String) {
        let number = id.parse::<i64>().ok();
        let field = number.and_then(|number| {
            let index = usize::try_from(number / STEP - 1).ok()?;
            self.fields.get(index)
        });
        let Some((name, options)) = field.and_then(|field| field.split_first()) else {
            return (id.to_owned(), said);
        };
        let key = options.chunks_exact(2).find_map(|option| match option {
            [key, label] if *label == said => Some(key.clone()),
            _ => None,
        });
        (name.clone(), key.unwrap_or(said))
    }
}

/// The answers as the server takes them that announced the survey with this id. Where that is
/// another of ours, a client has answered by the names that its id carries.
pub fn as_announced(key: &str, submission: &FormSubmission) -> Option<FormSubmission> {
    let own = Own::of(key).filter(|own| submission.message == Some(own.message))?;
    let mut values = Vec::new();
    for (name, said) in &submission.values {
        let (number, field) = (1..)
            .zip(&own.fields)
            .find(|(_, field)| field.first() == Some(name))?;
        let options = field.get(1..).unwrap_or_default();
        let label = |key: &str| {
            let mut options = options.chunks_exact(2);
            options.find_map(|option| match option {
                [known, label] if known == key => Some(label.clone()),
                _ => None,
            })
        };
        let id = number * STEP;
        match label(said) {
            Some(label) => values.push((id.to_string(), label)),
            None if options.is_empty() => values.push((id.to_string(), said.clone())),
            // Several options have an id each.
            None => values.extend((id..).zip(said.split(',')).map(|(id, part)| {
                let label = label(part).unwrap_or_else(|| part.to_owned());
                (id.to_string(), label)
            })),
        }
    }
    Some(FormSubmission {
        message: None,
        id: key.to_owned(),
        values,
        ..submission.clone()
    })
}

/// The answers as a dydu engine takes them; absent if the survey was not a dydu engine's.
pub fn answer_from_model(submission: &FormSubmission) -> Option<SurveyAnswer> {
    let is_number = |name: &str| !name.is_empty() && name.bytes().all(|b| b.is_ascii_digit());
    let fits = !submission.id.is_empty()
        && !submission.values.is_empty()
        && submission.values.iter().all(|(name, _)| is_number(name));
    fits.then(|| SurveyAnswer {
        survey: submission.id.clone(),
        interaction: None,
        fields: submission.values.clone(),
    })
}

/// A form or survey as a sentence, for an engine that knows only sentences.
pub fn sentence(submission: &FormSubmission) -> String {
    if let Some(summary) = submission
        .summary
        .as_deref()
        .filter(|text| !text.is_empty())
    {
        return summary.to_owned();
    }
    if submission.cancelled {
        return submission.id.clone();
    }
    let values: Vec<String> = submission
        .values
        .iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| format!("{name}: {value}"))
        .collect();
    values.join(", ")
}

/// An announced survey of which nothing but the id is known.
pub fn announced(id: &str, text: &str) -> Content {
    Content::Survey(Box::new(Survey {
        id: id.to_owned(),
        text: switchboard_core::model::RichText::html(text),
        ..Survey::default()
    }))
}

/// Whether a code announces a survey.
pub fn is_announcement(code: &str) -> bool {
    code == words::SEND_SURVEY
}

#[cfg(test)]
mod tests {
    use switchboard_core::model::{Form, RichText, Timestamp};
    use uuid::Uuid;

    use super::*;

    fn form() -> Message {
        let option = |key: &str, label: &str| FieldOption {
            key: key.into(),
            label: label.into(),
        };
        let field = |name: &str, kind, options| Field {
            name: name.into(),
            label: format!("{name}?"),
            kind,
            options,
            ..Field::default()
        };
        let form = Form {
            id: "intent.form".into(),
            text: RichText::plain("Please"),
            fields: vec![
                field("first.name", FieldKind::Text, vec![]),
                field(
                    "size",
                    FieldKind::Select,
                    vec![option("s", "Small"), option("l", "Large")],
                ),
                field(
                    "extras",
                    FieldKind::Checkbox,
                    vec![option("a", "A & B"), option("b", "C")],
                ),
            ],
            ..Form::default()
        };
        Message::bot(
            MessageId(Uuid::from_u128(7)),
            None,
            Timestamp(0),
            Content::Form(Box::new(form)),
        )
    }

    #[test]
    fn a_form_comes_back_by_its_own_names() {
        let message = form();
        let key = key(&message).unwrap();
        assert_eq!(message_of(&key), Some(message.id));
        let configuration = configuration(&message, &key).unwrap();
        assert_eq!(configuration.survey_id.0, key);
        assert_eq!(configuration.fields[1].children.as_ref().unwrap().len(), 2);
        let input = answer_to_model(SurveyAnswer {
            survey: key,
            interaction: None,
            fields: [
                ("1000", "Ana"),
                ("2000", "Large"),
                ("3001", "A & B"),
                ("3002", "C"),
            ]
            .map(|(id, said)| (id.to_owned(), said.to_owned()))
            .to_vec(),
        });
        let UserInput::Form(submission) = input else {
            panic!("{input:?}");
        };
        assert_eq!(submission.id, "intent.form");
        assert_eq!(submission.message, Some(message.id));
        assert_eq!(
            sentence(&submission),
            "first.name: Ana, size: l, extras: a,b"
        );
    }

    #[test]
    fn an_engines_survey_keeps_its_numbers() {
        let input = answer_to_model(SurveyAnswer {
            survey: "77".into(),
            interaction: None,
            fields: vec![("3".into(), "Good".into())],
        });
        let UserInput::Survey(submission) = input else {
            panic!("{input:?}");
        };
        let answer = answer_from_model(&submission).unwrap();
        assert_eq!(answer.to_body("c"), "ctx=c&uuid=77&field_3=Good");
    }
}
