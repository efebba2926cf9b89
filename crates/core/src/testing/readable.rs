//! What a user can read in a message.

use crate::model::{Action, Card, Content, Field, FieldKind, List, Media, Message};
use crate::text::RichText;

/// Every text of a message that a user is meant to read or to follow, as plain text: words,
/// titles, labels, addresses. Labels of submit buttons are not among them, they belong to the
/// client's controls.
pub fn readable_texts(message: &Message) -> Vec<String> {
    let mut texts = Texts(Vec::new());
    texts.content(&message.content);
    texts.actions(&message.actions);
    texts.0.retain(|text| !text.trim().is_empty());
    texts.0
}

struct Texts(Vec<String>);

impl Texts {
    fn words(&mut self, words: &str) {
        self.0.push(words.to_owned());
    }

    fn option(&mut self, words: Option<&String>) {
        self.0.extend(words.cloned());
    }

    fn rich(&mut self, text: &RichText) {
        self.0.push(text.to_plain().into_owned());
    }

    fn actions(&mut self, actions: &[Action]) {
        for action in actions {
            self.words(&action.label);
            self.0.extend(action.url().map(str::to_owned));
        }
    }

    fn media(&mut self, media: &Media) {
        self.words(&media.url);
        self.option(media.alt.as_ref());
        self.option(media.link.as_ref());
    }

    fn card(&mut self, card: &Card) {
        self.option(card.title.as_ref());
        for text in [&card.subtitle, &card.text].into_iter().flatten() {
            self.rich(text);
        }
        self.option(card.figure.as_ref());
        if let Some(image) = &card.image {
            self.media(image);
        }
        self.actions(&card.actions);
        self.actions(card.tap.as_slice());
    }

    fn list(&mut self, list: &List) {
        self.option(list.title.as_ref());
        for item in &list.items {
            self.content(&item.content);
            self.actions(&item.actions);
        }
    }

    fn fields(&mut self, fields: &[Field]) {
        for field in fields {
            self.words(&field.label);
            if field.kind != FieldKind::Title {
                for option in &field.options {
                    self.words(&option.label);
                }
            }
        }
    }

    fn content(&mut self, content: &Content) {
        match content {
            Content::Group { text } => self.0.extend(text.as_ref().map(|it| it.to_plain().into())),
            Content::Text { text }
            | Content::Location { text, .. }
            | Content::NoAnswer { text }
            | Content::LanguageProblem { text, .. } => self.rich(text),
            Content::Quote(quote) => {
                self.rich(&quote.text);
                self.option(quote.title.as_ref());
                self.option(quote.url.as_ref());
            }
            Content::Image(media)
            | Content::Video(media)
            | Content::Audio(media)
            | Content::File(media) => self.media(media),
            Content::Choices(choices) => self.rich(&choices.text),
            Content::Card(card) => self.card(card),
            Content::Carousel { title, cards } => {
                self.option(title.as_ref());
                cards.iter().for_each(|card| self.card(card));
            }
            Content::List(list) => self.list(list),
            Content::Form(form) => {
                self.rich(&form.text);
                self.fields(&form.fields);
                self.option(form.cancel.as_ref().map(|(_, label)| label));
            }
            Content::DatePicker(picker) => self.rich(&picker.text),
            Content::Autocomplete(request) | Content::Address(request) => {
                self.rich(&request.text);
                self.option(request.title.as_ref());
                self.option(request.placeholder.as_ref());
            }
            Content::Signature(request) => {
                self.rich(&request.text);
                self.option(request.document_title.as_ref());
                self.option(request.document_text.as_ref());
            }
            Content::Upload(request) => self.rich(&request.text),
            Content::FeedbackRequest(request) => {
                self.rich(&request.text);
                self.0.extend(request.reasons.iter().cloned());
            }
            Content::Survey(survey) => {
                self.option(survey.title.as_ref());
                self.rich(&survey.text);
                self.fields(&survey.fields);
            }
            Content::Handover(handover) if !handover.text.is_empty() => self.rich(&handover.text),
            Content::Handover(handover) => {
                self.option(handover.operator.as_ref());
                self.option(handover.system.as_ref());
            }
            Content::Progress(progress) => self.option(progress.label.as_ref()),
            Content::Attributes { .. } => {}
            Content::Other { name, text } => match text.as_ref().filter(|it| !it.is_empty()) {
                Some(text) => self.rich(text),
                None => self.words(name),
            },
        }
    }
}
