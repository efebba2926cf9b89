//! What a leg remembers of what its engine said, so that it can answer in the vendor's way.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use switchboard_core::model::{Content, Message, MessageId};

use crate::convert::patch::Note;

/// How many rated or ratable messages are remembered.
const RATABLE: usize = 32;
/// How many forms are remembered.
const FORMS: usize = 4;

/// What a leg remembers.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Memory {
    /// What the text box stands for, where the last answer replaced it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) asked: Option<Asked>,
    /// The newest forms.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    forms: Vec<FormNote>,
    /// The newest messages that can be rated.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    ratable: Vec<Ratable>,
    /// The attribute that the newest upload request wants the files in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) upload: Option<String>,
    /// The engine handed the user over to a human.
    pub(super) human: bool,
}

/// What typed words answer.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Asked {
    /// A long text.
    LongText {
        /// What it is sent back by.
        callback: String,
    },
    /// A date.
    Date {
        /// What it is sent back by.
        callback: String,
        /// The attribute that receives it.
        attribute: String,
    },
    /// A place.
    Place {
        /// What it is sent back by.
        callback: String,
        /// The attribute that receives it.
        attribute: String,
    },
    /// One of many values.
    Search {
        /// What it is sent back by.
        callback: String,
        /// The attribute that receives it.
        attribute: String,
    },
}

/// A form, as far as its submission needs it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct FormNote {
    /// What it is sent back by.
    pub(super) id: String,
    /// What a cancelled one is sent back by, and its words.
    pub(super) cancel: Option<(String, String)>,
    /// It is a long text rather than a form.
    pub(super) long_text: bool,
    /// Its questions.
    pub(super) fields: Vec<FieldNote>,
}

/// A question of a form.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct FieldNote {
    pub(super) name: String,
    pub(super) label: String,
    /// Keys and labels.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    options: Vec<(String, String)>,
}

impl FieldNote {
    /// An answer as the form showed it: labels instead of keys.
    pub(super) fn shown(&self, answer: &str) -> String {
        if self.options.is_empty() {
            return answer.to_owned();
        }
        let label = |key: &str| {
            let option = self.options.iter().find(|(known, _)| known == key);
            option.map_or_else(|| key.to_owned(), |(_, label)| label.clone())
        };
        let labels: Vec<String> = answer.split(',').map(label).collect();
        labels.join(", ")
    }
}

/// A message that can be rated.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Ratable {
    message: MessageId,
    /// The template and the request that a rating names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) template: Option<(String, Option<String>)>,
    /// The buttons that a rating clicks: ids, values and labels.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) buttons: Vec<(String, Option<String>, String)>,
}

impl Memory {
    /// Forgets what the text box stood for: the engine answers anew.
    pub(super) fn new_answer(&mut self) {
        self.asked = None;
    }

    /// Takes note of what the engine said.
    pub(super) fn note(&mut self, message: &Message) {
        let note = Note::of_message(message);
        let kind = note.as_ref().map_or("", |note| note.kind);
        let template = note.as_ref().and_then(|note| {
            let text = |key| {
                note.envelope(key)
                    .and_then(Value::as_str)
                    .map(str::to_owned)
            };
            Some((text("message_template_id")?, text("request_id")))
        });
        let mut buttons = Vec::new();
        match &message.content {
            Content::Form(form) => {
                let long_text = matches!(kind, "longtext" | "long_text");
                if long_text {
                    self.asked = Some(Asked::LongText {
                        callback: form.id.clone(),
                    });
                }
                let fields = form.fields.iter().map(|field| FieldNote {
                    name: field.name.clone(),
                    label: field.label.clone(),
                    options: field
                        .options
                        .iter()
                        .map(|option| (option.key.clone(), option.label.clone()))
                        .collect(),
                });
                let note = FormNote {
                    id: form.id.clone(),
                    cancel: form.cancel.clone(),
                    long_text,
                    fields: fields.collect(),
                };
                self.forms.retain(|known| known.id != form.id);
                push(&mut self.forms, note, FORMS);
            }
            Content::DatePicker(picker) => {
                self.asked = picker.attribute.clone().map(|attribute| Asked::Date {
                    callback: picker.callback.clone(),
                    attribute,
                });
            }
            Content::Autocomplete(search) | Content::Address(search) => {
                self.asked = search.attribute.clone().map(|attribute| Asked::Search {
                    callback: search.callback.clone(),
                    attribute,
                });
            }
            Content::Location {
                callback,
                attribute,
                ..
            } if !callback.is_empty() => {
                self.asked = Some(Asked::Place {
                    callback: callback.clone(),
                    attribute: attribute.clone().unwrap_or_else(|| "location".to_owned()),
                });
            }
            Content::Upload(request) => self.upload = request.attribute.clone(),
            Content::Handover(_) => self.human = true,
            Content::FeedbackRequest(_) => {
                let actions = message.actions.iter();
                buttons.extend(actions.map(|action| {
                    (
                        action.id.clone(),
                        action.value.clone(),
                        action.label.clone(),
                    )
                }));
            }
            _ => {}
        }
        if template.is_some() || !buttons.is_empty() {
            let ratable = Ratable {
                message: message.id,
                template,
                buttons,
            };
            push(&mut self.ratable, ratable, RATABLE);
        }
    }

    /// The form with this id, or with this way out.
    pub(super) fn form(&self, id: &str) -> Option<&FormNote> {
        let leads_out = |form: &&FormNote| form.cancel.as_ref().is_some_and(|(out, _)| out == id);
        self.forms
            .iter()
            .rev()
            .find(|form| form.id == id)
            .or_else(|| self.forms.iter().rev().find(leads_out))
    }

    /// What is known for a rating of this message.
    pub(super) fn ratable(&self, message: MessageId) -> Option<&Ratable> {
        self.ratable.iter().find(|known| known.message == message)
    }
}

fn push<T>(list: &mut Vec<T>, item: T, limit: usize) {
    if list.len() >= limit {
        list.remove(0);
    }
    list.push(item);
}
