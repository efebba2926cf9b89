//! Which rule says what, and what has been said so far.

use super::page::Page;
use super::{
    Note, card, choices, feedback, fits_content, form, list, media, notice, question, quote, rules,
    supports, takes_actions,
};
use crate::model::{Action, Capabilities, ChoicesKind, Content, ContentKind};
use crate::text::RichText;

/// What will be a message: content that the dialect can show.
pub(super) struct Piece {
    pub(super) content: Content,
    pub(super) actions: Vec<Action>,
}

/// The messages that are shown instead of one, in the making.
pub(super) struct Plan<'a> {
    pub(super) capabilities: &'a Capabilities,
    pieces: Vec<Piece>,
    notes: Vec<Note>,
}

impl<'a> Plan<'a> {
    pub(super) fn new(capabilities: &'a Capabilities) -> Self {
        Self {
            capabilities,
            pieces: Vec::new(),
            notes: Vec::new(),
        }
    }

    pub(super) fn finish(self) -> (Vec<Piece>, Vec<Note>) {
        (self.pieces, self.notes)
    }

    /// Says `content` by what the dialect can show.
    pub(super) fn show(&mut self, content: &Content, actions: &[Action]) {
        let kind = content.kind();
        if fits_content(content, actions, self.capabilities) {
            return self.push(content.clone(), actions.to_vec());
        }
        if fits_content(content, &[], self.capabilities) {
            // Only the actions are too much.
            return choices::beside(self, content, actions);
        }
        match content {
            Content::Text { text } => self.say(kind, text.clone(), actions),
            Content::Group { text } => notice::group(self, text.as_ref(), actions),
            Content::Quote(quote) => quote::as_text(self, quote, actions),
            Content::Image(media)
            | Content::Video(media)
            | Content::Audio(media)
            | Content::File(media) => media::as_link(self, kind, media, actions),
            Content::Choices(question) => self.ask(kind, question.text.clone(), actions),
            Content::Card(card) => card::split(self, card, actions),
            Content::Carousel { title, cards } => {
                card::carousel(self, title.as_deref(), cards, actions);
            }
            Content::List(list) => list::adapt(self, list, actions),
            Content::Form(form) => form::as_text(self, form, actions),
            Content::DatePicker(picker) => question::date(self, picker, actions),
            Content::Autocomplete(box_) => question::autocomplete(self, box_, actions),
            Content::Address(box_) => question::address(self, box_, actions),
            Content::Location { text, .. } => question::location(self, text, actions),
            Content::Signature(request) => question::signature(self, request, actions),
            Content::Upload(request) => question::upload(self, request, actions),
            Content::FeedbackRequest(request) => feedback::as_choices(self, request, actions),
            Content::Survey(survey) => form::survey_as_text(self, survey, actions),
            Content::Handover(handover) => notice::handover(self, handover, actions),
            Content::Progress(progress) => notice::progress(self, progress, actions),
            Content::NoAnswer { text } => notice::no_answer(self, text, actions),
            Content::LanguageProblem { text, .. } => notice::language(self, text, actions),
            Content::Attributes { .. } => notice::attributes(self, actions),
            Content::Other { name, text } => notice::other(self, name, text.as_ref(), actions),
        }
    }

    /// An empty page in the richest format that the clients render.
    pub(super) fn page(&self) -> Page {
        Page::new(self.capabilities.text)
    }

    pub(super) fn note(&mut self, kind: ContentKind, rule: &'static str) {
        let note = Note { kind, rule };
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    /// Adds what the dialect can show.
    pub(super) fn push(&mut self, content: Content, actions: Vec<Action>) {
        self.pieces.push(Piece { content, actions });
    }

    /// Says words; actions make them a question, unless words can carry them.
    pub(super) fn say(&mut self, kind: ContentKind, text: RichText, actions: &[Action]) {
        if !actions.is_empty() && !takes_actions(self.capabilities, ContentKind::Text) {
            return self.ask(kind, text, actions);
        }
        if !text.is_empty() || !actions.is_empty() {
            self.push(Content::text(text), actions.to_vec());
        }
    }

    /// Asks something that is answered by one of the actions.
    pub(super) fn ask(&mut self, kind: ContentKind, text: RichText, actions: &[Action]) {
        if actions.is_empty() {
            self.say(kind, text, actions);
        } else if supports(self.capabilities, ContentKind::Choices) {
            let question = choices::question(text, ChoicesKind::Dialog);
            self.push(question, actions.to_vec());
        } else if takes_actions(self.capabilities, ContentKind::Text) {
            self.push(Content::text(text), actions.to_vec());
        } else {
            self.note(kind, rules::CHOICES_NUMBERED);
            let text = choices::numbered(self.page(), &text, actions);
            self.push(Content::text(text), Vec::new());
        }
    }
}
