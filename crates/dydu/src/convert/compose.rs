//! The messages of a turn → one talk answer.
//!
//! A REST client gets one answer, whatever the engine published: texts become bubbles separated
//! by `<hr>`, and of cards, carousels and options the last becomes the answer's one template.

use std::borrow::Cow;

use serde_json::{Map, Value};
use switchboard_core::dialect::{Entry, Item};
use switchboard_core::model::{
    Author, ChoicesKind, Content, Message, MessageId, Timestamp, UploadRequest,
};

use super::verbatim::{self, Original};
use super::{DYDU, actions, cards, handover, html, render, survey};
use crate::digest::Digest;
use crate::wire::answer::FeedbackWording;
use crate::wire::template::Template;
use crate::wire::{B64, Envelope, TalkValues, b64, envelope, words};

/// What an answer is an answer to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Occasion {
    /// Typed words.
    #[default]
    Typed,
    /// A click on a suggestion.
    Clicked,
    /// The wish to be greeted.
    Welcome,
    /// A push rule.
    Push,
}

/// Where an answer goes.
#[derive(Debug, Clone, Copy)]
pub struct Scene<'a> {
    /// The context id.
    pub context: &'a str,
    /// The bot id.
    pub bot: &'a str,
    /// The language that the client asked for.
    pub language: &'a str,
    /// The consultation space, where it is not the one that the client asked for.
    pub space: Option<&'a str>,
    /// Milliseconds since 1970.
    pub now: i64,
    /// What is answered.
    pub occasion: Occasion,
    /// The turn that is answered.
    pub turn: Option<MessageId>,
}

/// An answer.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// A dydu engine's own, but with our ids and time.
    Original(Map<String, Value>),
    /// Made of messages.
    Made(Box<TalkValues>),
}

impl Answer {
    /// The answer to talk as JSON text.
    pub fn to_text(&self) -> String {
        match self {
            // Whatever the engine pushed it as: this answers talk.
            Self::Original(values) => Envelope::text(envelope::TALK, values),
            Self::Made(values) => Envelope::text(envelope::TALK, values),
        }
    }

    /// Its values; none where an engine's own cannot be read.
    pub fn into_values(self) -> TalkValues {
        match self {
            Self::Original(values) => TalkValues::of(&values).unwrap_or_default(),
            Self::Made(values) => *values,
        }
    }
}

/// Puts our ids and time into an engine's answer.
fn reissue(mut values: Map<String, Value>, scene: &Scene<'_>, now: i64) -> Map<String, Value> {
    values.insert("contextId".to_owned(), b64::encode(scene.context).into());
    values.insert("botId".to_owned(), b64::encode(scene.bot).into());
    values.insert("serverTime".to_owned(), now.into());
    // The widget knows this notification on a socket only.
    let code = values.get("code").and_then(Value::as_str);
    if code.is_some_and(|code| b64::decode(code) == words::UPLOAD) {
        let action = b64::encode(&upload_action(words::INPUT_UPLOADED));
        values.entry("guiAction").or_insert_with(|| action.into());
    }
    values
}

/// What has the widget ask for a file, and say a sentence after it.
fn upload_action(sentence: &str) -> String {
    format!("javascript:dyduKnowledgeUploadFile('{sentence}')")
}

/// A piece of an answer.
enum Part<'a> {
    Original(Original),
    Message(&'a Message),
    Words(Cow<'a, str>),
}

fn parts_of<E: AsRef<Entry>>(entries: &[E]) -> Vec<Part<'_>> {
    let mut parts = Vec::with_capacity(entries.len());
    let is_here = |id: MessageId| {
        entries
            .iter()
            .filter_map(|entry| entry.as_ref().message())
            .any(|published| published.message.id == id)
    };
    let mut rest = entries;
    while let Some((first, others)) = rest.split_first() {
        if let Some((original, taken)) = verbatim::first_of(rest) {
            parts.push(Part::Original(original));
            rest = rest.get(taken..).unwrap_or_default();
            continue;
        }
        rest = others;
        match &first.as_ref().item {
            // Whoever got the first message of an answer got all of it.
            Item::Message(published)
                if verbatim::part_of(&published.message).is_some_and(|first| !is_here(first)) => {}
            Item::Message(published) => parts.extend(published.shown().iter().map(Part::Message)),
            Item::Notice(notice) if !notice.text.is_empty() => {
                parts.push(Part::Words(render::text(&notice.text)));
            }
            Item::Notice(_) | Item::Typing(_) | Item::Ended { .. } | Item::User(_) => {}
        }
    }
    parts
}

/// Makes one answer of everything that a client gets.
pub fn compose<E: AsRef<Entry>>(entries: &[E], scene: &Scene<'_>) -> Answer {
    // A poll goes on from this time, so nothing that is in the answer may be after it.
    let latest = entries.last().map(|entry| entry.as_ref().at.as_millis());
    let now = scene.now.max(latest.unwrap_or_default());
    let mut parts = parts_of(entries);
    if let [Part::Original(original)] = parts.as_mut_slice() {
        let values = std::mem::take(&mut original.values);
        return Answer::Original(reissue(values, scene, now));
    }
    let mut draft = Draft::default();
    let template = chosen(&parts);
    for (index, part) in parts.into_iter().enumerate() {
        match part {
            Part::Original(original) => draft.absorb(&original),
            Part::Words(html) => draft.say(&html),
            Part::Message(message) => draft.add(message, template == Some(index)),
        }
    }
    Answer::Made(Box::new(draft.finish(scene, now)))
}

/// The answer that one message makes on its own.
pub fn compose_message(message: &Message, at: Timestamp, scene: &Scene<'_>) -> Box<TalkValues> {
    let template = chosen(&[Part::Message(message)]);
    let mut draft = Draft::default();
    draft.add(message, template.is_some());
    Box::new(draft.finish(scene, scene.now.max(at.as_millis())))
}

/// The message that becomes the template: the last card or carousel; else options, if nothing
/// comes after them.
fn chosen(parts: &[Part<'_>]) -> Option<usize> {
    let content = |part: &Part<'_>| match part {
        Part::Message(message) => Some(message.content.kind()),
        _ => None,
    };
    use switchboard_core::model::ContentKind::{Card, Carousel, Choices, FeedbackRequest};
    if parts.iter().any(|part| matches!(part, Part::Original(_))) {
        return None;
    }
    parts
        .iter()
        .rposition(|part| matches!(content(part), Some(Card | Carousel)))
        .or_else(|| {
            let last = parts
                .iter()
                .rposition(|part| content(part) != Some(FeedbackRequest))?;
            (content(parts.get(last)?) == Some(Choices)).then_some(last)
        })
}

/// An answer in the making.
#[derive(Default)]
struct Draft {
    text: String,
    values: TalkValues,
    template: Option<Template>,
    suggestions: usize,
    no_answer: bool,
    operator: bool,
}

impl Draft {
    fn say(&mut self, html: &str) {
        if html.is_empty() {
            return;
        }
        if !self.text.is_empty() {
            self.text.push_str("<hr>");
        }
        self.text.push_str(&html::protect(html));
    }

    /// Takes over an engine's whole answer among others: its fields win over earlier ones.
    fn absorb(&mut self, original: &Original) {
        let Ok(values) = TalkValues::of(&original.values) else {
            return;
        };
        if !values.text().is_empty() {
            if !self.text.is_empty() {
                self.text.push_str("<hr>");
            }
            self.text.push_str(values.text());
        }
        self.operator |= values.human == Some(true);
        let asked = self.values.ask_feedback == Some(true) || values.ask_feedback == Some(true);
        let before = std::mem::replace(&mut self.values, values);
        self.values.ask_feedback = Some(asked);
        self.values.survey = self.values.survey.take().or(before.survey);
        self.values.gui_action = self.values.gui_action.take().or(before.gui_action);
        if self.values.code_word() == words::UPLOAD {
            let action = upload_action(words::INPUT_UPLOADED);
            self.values.gui_action.get_or_insert(action.into());
        }
        if self.values.special_action.is_none() && before.special_action.is_some() {
            self.values.special_action = before.special_action;
            self.values.type_response = before.type_response;
            self.values.start_livechat = before.start_livechat;
            self.values.queue_position = before.queue_position;
            self.values.estimated_waiting_duration = before.estimated_waiting_duration;
        }
    }

    fn add(&mut self, message: &Message, as_template: bool) {
        if let Author::Operator { id, name } = &message.author {
            self.operator = true;
            self.values.operator_external_id = id.as_deref().map(B64::from);
            self.values.operator_name = name.as_deref().map(B64::from);
        }
        match &message.content {
            Content::Card(card) if as_template => {
                let card = cards::from_model(card, &message.actions, message.id);
                self.template = Some(Template::Product(card));
            }
            Content::Carousel { title, cards } if as_template => {
                self.say(&switchboard_core::text::escape_html(
                    title.as_deref().unwrap_or_default(),
                ));
                let cards = cards
                    .iter()
                    .map(|card| cards::from_model(card, &[], message.id))
                    .collect();
                self.template = Some(Template::Carousel(cards));
                let mut html = String::new();
                render::append_actions(&mut html, &message.actions, message.id);
                self.say(&html);
            }
            Content::Choices(choices) => {
                if choices.kind == ChoicesKind::Disambiguation {
                    self.suggestions += message.actions.len();
                }
                if as_template {
                    self.say(&render::text(&choices.text));
                    let buttons = message
                        .actions
                        .iter()
                        .filter_map(|action| actions::to_html(action, message.id));
                    self.template = Some(Template::QuickReply(buttons.collect()));
                } else {
                    self.say(&render::message(message));
                }
            }
            content => {
                self.note(content, message);
                self.say(&render::message(message));
            }
        }
    }

    /// Sets the fields that go with some kinds of content.
    fn note(&mut self, content: &Content, message: &Message) {
        match content {
            Content::FeedbackRequest(request) => {
                self.values.ask_feedback = Some(true);
                let mut reasons = request
                    .reasons
                    .iter()
                    .map(|reason| B64::from(reason.as_str()));
                if !request.reasons.is_empty() {
                    self.values.feedback_wording = Some(FeedbackWording {
                        choice0: reasons.next(),
                        choice1: reasons.next(),
                        choice2: reasons.next(),
                        ..FeedbackWording::default()
                    });
                }
            }
            Content::NoAnswer { .. } => self.no_answer = true,
            Content::Handover(step) => handover::from_model(step.phase, &mut self.values),
            Content::Survey(_) | Content::Form(_) => {
                self.values.survey = survey::key(message).map(B64::from);
            }
            Content::Upload(request) => {
                let sentence = upload_sentence(request, message);
                self.values.gui_action = Some(upload_action(sentence).into());
            }
            _ => {}
        }
    }

    fn finish(self, scene: &Scene<'_>, now: i64) -> TalkValues {
        let Self {
            mut text,
            mut values,
            template,
            suggestions,
            no_answer,
            operator,
        } = self;
        if values.type_response.is_none() {
            let kind = match scene.occasion {
                _ if operator => words::OPERATOR_ANSWER,
                _ if suggestions == 1 => words::ONE_REWORD,
                _ if suggestions > 1 => words::MANY_REWORDS,
                _ if no_answer => words::MISUNDERSTOOD,
                Occasion::Welcome => words::SOCIAL,
                Occasion::Clicked => words::REWORD_CLICKED,
                Occasion::Push => words::CLIENT_PUSH,
                Occasion::Typed => words::UNDERSTOOD,
            };
            values.type_response = Some(kind.into());
        }
        if values.special_action.is_some() {
            text = guarded(text);
        }
        if let Some(template) = template {
            let (name, data) = template.to_pair();
            values.template_name = Some(name.into());
            values.template_data = Some(data.into());
        }
        // A survey opens only in an answer that no human wrote.
        values.human = Some(operator && values.survey.is_none());
        values.knowledge_id = values
            .knowledge_id
            .filter(|id| *id != 0)
            .or_else(|| Some(Digest::new().add(text.as_bytes()).number()));
        values.action_id = values.action_id.or_else(|| {
            let turn = scene.turn.unwrap_or(MessageId(uuid::Uuid::nil()));
            Some(Digest::new().add(turn.0.as_bytes()).number())
        });
        values.context_id = Some(scene.context.into());
        values.bot_id = Some(scene.bot.into());
        values.server_time = Some(now);
        values.language = values.language.or(Some(scene.language.into()));
        values.gui_cs_name = values.gui_cs_name.or(scene.space.map(B64::from));
        values.text = Some(text.into());
        let default = |field: &mut Option<bool>, value| *field = field.or(Some(value));
        default(&mut values.has_profile_picture, false);
        default(&mut values.keep_popin_minimized, false);
        default(&mut values.ask_feedback, false);
        default(&mut values.start_livechat, false);
        default(&mut values.enable_auto_suggestion, true);
        values
    }
}

/// In a livechat the widget decodes a text twice where it looks like base64; markup does not.
/// See `docs/protocols/dydu.md#2-response-envelope`, "Second-decode trap".
pub fn guarded(text: String) -> String {
    if text.is_empty() || text.contains('<') {
        text
    } else {
        format!("<p>{text}</p>")
    }
}

/// The sentence that the widget sends after an upload: a dydu engine's own, or the one by which
/// we recognise that it wants what the engine made of the file.
fn upload_sentence<'a>(request: &'a UploadRequest, message: &Message) -> &'a str {
    let is_own = message.extras.of(&DYDU).is_some();
    let is_plain = !request.callback.is_empty() && !request.callback.contains(['\'', '\\']);
    if is_own && is_plain {
        &request.callback
    } else {
        words::INPUT_UPLOADED
    }
}
