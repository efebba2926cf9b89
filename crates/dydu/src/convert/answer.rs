//! An engine's answer or notification → messages and other bot events.

use switchboard_core::dialect::{Cx, HandoverState};
use switchboard_core::model::{
    Action, Author, BotEvent, Card, Choices, ChoicesKind, Content, FeedbackRequest, Handover,
    HandoverPhase, Message, MessageId, Notice, RichText, Typing, UploadRequest,
};
use switchboard_core::text::{safe_url, unescape_entities};

use super::html::{self, Bubble};
use super::{actions, cards, handover, survey, verbatim};
use crate::wire::answer::{NextStep, Sidebar};
use crate::wire::envelope::{self, Received};
use crate::wire::template::Template;
use crate::wire::{TalkValues, words};

/// What an answer says.
#[derive(Debug, Default)]
pub struct Heard {
    /// To publish, in order.
    pub events: Vec<BotEvent>,
    /// Where the conversation stands after it.
    pub state: HandoverState,
    /// The survey whose questions are to be fetched.
    pub survey: Option<String>,
    /// The language of the answer.
    pub language: Option<String>,
    /// Another consultation space from now on.
    pub space: Option<String>,
}

/// Reads an answer.
///
/// `parent` is the event that it answers, `state` where the conversation stands before it.
///
/// # Errors
/// A text is an object or a list.
pub fn to_model(
    answer: Received<'_>,
    parent: Option<MessageId>,
    state: HandoverState,
    cx: &Cx<'_>,
) -> Result<Heard, serde_json::Error> {
    let mut typed = answer.values?;
    let mut heard = Heard {
        state,
        language: typed.language.take().map(|language| language.0),
        space: typed.gui_cs_name.take().map(|space| space.0),
        ..Heard::default()
    };
    if typed.code_word() == words::WRITING {
        heard.events.push(BotEvent::Typing(Typing {
            author: operator(&typed),
            active: !typed.text().is_empty(),
        }));
        return Ok(heard);
    }
    let mut reader = Reader {
        author: author(&typed),
        parent,
        cx,
        messages: Vec::new(),
    };
    if let Some(phase) = handover::to_model(&typed, state) {
        heard.state = handover::after(phase, state);
        reader.handover(phase, &typed);
    } else if state == HandoverState::None && typed.text().is_empty() && handover::is_end(&typed) {
        // The end of what is over already.
        return Ok(heard);
    } else if is_notice(&answer.kind, &typed) {
        let code = typed.code_word();
        let text = if code == words::TAKEN {
            ""
        } else {
            typed.text()
        };
        heard.events.push(BotEvent::Notice(Notice {
            code: if code.is_empty() {
                typed.type_word()
            } else {
                code
            }
            .to_owned(),
            text: RichText::html(decoded(text)),
            extras: verbatim::extras(answer.text, 1),
        }));
        return Ok(heard);
    } else {
        if state == HandoverState::Waiting && typed.human == Some(true) {
            // Whoever writes has joined, whether anybody said so or not.
            heard.state = HandoverState::Active;
            let joined = reader.step(HandoverPhase::Joined, String::new(), &typed);
            heard.events.push(BotEvent::Message(joined));
        }
        heard.survey = typed
            .survey
            .as_ref()
            .map(|id| id.0.clone())
            .filter(|id| !id.is_empty());
        reader.answer(&typed);
    }
    let mut messages = reader.messages;
    verbatim::keep(&mut messages, answer.text);
    heard
        .events
        .extend(messages.into_iter().map(BotEvent::Message));
    Ok(heard)
}

fn author(values: &TalkValues) -> Author {
    let kind = values.type_word();
    if values.human == Some(true) || words::is_operator(kind) {
        operator(values)
    } else if kind.starts_with("NA") {
        Author::System
    } else {
        Author::Bot
    }
}

fn operator(values: &TalkValues) -> Author {
    let text = |field: &Option<crate::wire::B64>| field.as_ref().map(|text| text.0.clone());
    Author::Operator {
        id: text(&values.operator_external_id),
        name: text(&values.operator_name),
    }
}

/// A notification that is neither a survey nor the wish for a file, or the sentence by which the
/// widget announces the next survey.
fn is_notice(kind: &str, values: &TalkValues) -> bool {
    let code = values.code_word();
    if values.type_word() == words::SURVEY_SENTENCE {
        return true;
    }
    kind == envelope::NOTIFICATION
        && code != words::UPLOAD
        && !(survey::is_announcement(code) && values.survey.is_some())
}

/// The widget decodes entities once before it shows a text.
fn decoded(text: &str) -> String {
    unescape_entities(text).into_owned()
}

struct Reader<'a> {
    author: Author,
    parent: Option<MessageId>,
    cx: &'a Cx<'a>,
    messages: Vec<Message>,
}

impl Reader<'_> {
    fn message(&self, content: Content) -> Message {
        Message {
            author: self.author.clone(),
            ..Message::bot(self.cx.message_id(), self.parent, self.cx.now, content)
        }
    }

    fn push(&mut self, content: Content) {
        let message = self.message(content);
        self.messages.push(message);
    }

    fn step(&self, phase: HandoverPhase, text: String, values: &TalkValues) -> Message {
        let step = Handover {
            phase,
            text: RichText::html(text),
            system: None,
            operator: values.operator_name.as_ref().map(|name| name.0.clone()),
        };
        Message {
            author: Author::System,
            ..self.message(Content::Handover(step))
        }
    }

    fn handover(&mut self, phase: HandoverPhase, values: &TalkValues) {
        // The widget does not show the text of this one.
        let text = if values.code_word() == words::TAKEN {
            String::new()
        } else {
            decoded(values.text())
        };
        let message = self.step(phase, text, values);
        self.messages.push(message);
    }

    fn answer(&mut self, values: &TalkValues) {
        let kind = values.type_word();
        let choices = if words::is_reword(kind) {
            ChoicesKind::Disambiguation
        } else {
            ChoicesKind::Dialog
        };
        let announces_survey = survey::is_announcement(values.code_word());
        if values.code_word() == words::UPLOAD {
            self.push(Content::Upload(Box::new(UploadRequest {
                text: RichText::html(decoded(values.text())),
                ..UploadRequest::default()
            })));
        } else if !announces_survey {
            let mut no_answer = words::is_garbage(kind);
            for bubble in html::bubbles(values.text()) {
                self.bubble(bubble, choices, &mut no_answer);
            }
        }
        self.template(values, choices);
        self.steps(values.next_step_response.as_deref());
        self.sidebar(values.sidebar.as_ref());
        if let Some(id) = values.survey.as_ref().filter(|id| !id.0.is_empty()) {
            let text = if announces_survey {
                decoded(values.text())
            } else {
                String::new()
            };
            self.push(survey::announced(&id.0, &text));
        }
        self.page_actions(values);
        if values.ask_feedback == Some(true)
            || values
                .feedback
                .as_ref()
                .is_some_and(|word| word.0 == "withoutAnswer")
        {
            let reasons = values.feedback_wording.as_ref().map(|wording| {
                [&wording.choice0, &wording.choice1, &wording.choice2]
                    .into_iter()
                    .flatten()
                    .map(|reason| reason.0.clone())
                    .collect()
            });
            self.push(Content::FeedbackRequest(FeedbackRequest {
                text: RichText::default(),
                reasons: reasons.unwrap_or_default(),
            }));
        }
    }

    fn bubble(&mut self, bubble: Bubble, kind: ChoicesKind, no_answer: &mut bool) {
        let text = RichText::html(bubble.html);
        let actions: Vec<Action> = bubble.rewords.into_iter().map(actions::of_reword).collect();
        let content = match bubble.image {
            Some(image) if actions.is_empty() => Content::Image(image),
            _ if std::mem::take(no_answer) => Content::NoAnswer { text },
            _ if actions.is_empty() => Content::Text { text },
            _ => Content::Choices(Choices {
                text,
                kind,
                ..Choices::default()
            }),
        };
        let message = self.message(content).with_actions(actions);
        self.messages.push(message);
    }

    fn template(&mut self, values: &TalkValues, kind: ChoicesKind) {
        let (Some(name), Some(data)) = (&values.template_name, &values.template_data) else {
            return;
        };
        match Template::of(name.as_str(), data.as_str()) {
            Some(Template::Product(card)) => {
                self.push(Content::Card(Box::new(cards::to_model(card))))
            }
            Some(Template::Carousel(fields)) => self.push(Content::Carousel {
                title: None,
                cards: fields.into_iter().map(cards::to_model).collect(),
            }),
            Some(Template::QuickReply(buttons)) => {
                let actions = buttons
                    .iter()
                    .map(|fragment| actions::of_button(html::button(fragment)))
                    .filter(|action| !action.label.is_empty())
                    .collect();
                self.quick_reply(actions, kind);
            }
            None => {
                tracing::debug!(template = name.as_str(), "unknown template, text only");
            }
        }
    }

    /// The buttons belong to the last bubble.
    fn quick_reply(&mut self, actions: Vec<Action>, kind: ChoicesKind) {
        let is_text = |message: &Message| matches!(message.content, Content::Text { .. });
        match self.messages.last_mut().filter(|message| is_text(message)) {
            Some(last) => {
                if let Content::Text { text } = &mut last.content {
                    last.content = Content::Choices(Choices {
                        text: std::mem::take(text),
                        kind,
                        ..Choices::default()
                    });
                }
                last.actions = actions;
            }
            None => {
                let choices = Choices {
                    kind,
                    ..Choices::default()
                };
                let message = self
                    .message(Content::Choices(choices))
                    .with_actions(actions);
                self.messages.push(message);
            }
        }
    }

    fn steps(&mut self, mut step: Option<&NextStep>) {
        while let Some(next) = step {
            let text = next.text.as_ref().map_or("", |text| text.as_str());
            for bubble in html::bubbles(text) {
                self.bubble(bubble, ChoicesKind::Dialog, &mut false);
            }
            self.sidebar(next.sidebar.as_ref());
            step = next.next_step_response.as_deref();
        }
    }

    fn sidebar(&mut self, sidebar: Option<&Sidebar>) {
        let Some(sidebar) = sidebar else { return };
        let text = |field: &Option<crate::wire::B64>| {
            field
                .as_ref()
                .map(|text| text.0.clone())
                .filter(|text| !text.is_empty())
        };
        let title = text(&sidebar.title);
        let link = text(&sidebar.url).map(|url| {
            let label = title.clone().unwrap_or_else(|| url.clone());
            Action::link(label, url)
        });
        let card = Card {
            title: title.clone(),
            text: text(&sidebar.content).map(RichText::html),
            actions: link.into_iter().collect(),
            ..Card::default()
        };
        if card != Card::default() {
            self.push(Content::Card(Box::new(card)));
        }
    }

    /// What the widget would do with the page around it.
    fn page_actions(&mut self, values: &TalkValues) {
        if let Some(action) = &values.gui_action
            && let Some(sentence) = upload_sentence(action.as_str())
        {
            self.push(Content::Upload(Box::new(UploadRequest {
                callback: sentence.to_owned(),
                ..UploadRequest::default()
            })));
        } else if values.gui_action.is_some() && self.messages.is_empty() {
            // Nothing to show, but a client of the same dialect can run it.
            self.push(Content::Other {
                name: envelope::TALK.to_owned(),
                text: None,
            });
        }
        let redirect = values
            .url_redirect
            .as_ref()
            .and_then(|url| safe_url(url.as_str()));
        if let Some(url) = redirect {
            let message = self
                .message(Content::text(RichText::default()))
                .with_actions(vec![Action::link(url, url)]);
            self.messages.push(message);
        }
    }
}

/// The sentence of `javascript:dyduKnowledgeUploadFile('sentence')`.
fn upload_sentence(action: &str) -> Option<&str> {
    let (_, rest) = action.split_once("dyduKnowledgeUploadFile")?;
    let (_, rest) = rest.split_once('\'')?;
    rest.split_once('\'').map(|(sentence, _)| sentence)
}
