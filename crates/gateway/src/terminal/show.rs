//! Messages as lines of text, with their choices numbered.

use switchboard_core::model::{
    Action, Author, Card, ChoiceMade, Content, FeedbackRequest, HandoverPhase, ListItem, Media,
    Message, MessageId, RichText,
};

/// What can be picked by its number.
#[derive(Debug, Default)]
pub(crate) struct Choices(Vec<ChoiceMade>);

impl Choices {
    /// The choice with a number, counted from 1.
    pub(crate) fn pick(&self, number: &str) -> Option<ChoiceMade> {
        let index = number.parse::<usize>().ok()?.checked_sub(1)?;
        self.0.get(index).cloned()
    }

    /// Forgets what can be picked: something else is asked now.
    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }
}

/// The lines of a message. Its choices are added to `choices`.
pub(crate) fn lines(message: &Message, choices: &mut Choices) -> Vec<String> {
    let mut page = Page {
        message: message.id,
        lines: Vec::new(),
        choices,
    };
    page.content(&message.content);
    page.actions(&message.actions);
    if let Content::FeedbackRequest(_) = &message.content
        && message.actions.is_empty()
    {
        page.action(&Action::choice(FeedbackRequest::POSITIVE, "It helped"));
        page.action(&Action::choice(
            FeedbackRequest::NEGATIVE,
            "It did not help",
        ));
    }
    let who = match &message.author {
        Author::User => "you",
        Author::Bot => "bot",
        Author::Operator { name, .. } => name.as_deref().unwrap_or("operator"),
        Author::System => "system",
    };
    let mut lines = page.lines;
    for (index, line) in lines.iter_mut().enumerate() {
        *line = match index {
            0 => format!("{who}: {line}"),
            _ => format!("  {line}"),
        };
    }
    lines
}

struct Page<'a> {
    message: MessageId,
    lines: Vec<String>,
    choices: &'a mut Choices,
}

impl Page<'_> {
    fn line(&mut self, line: impl Into<String>) {
        self.lines.push(line.into());
    }

    fn text(&mut self, text: &RichText) {
        if !text.is_empty() {
            let plain = text.to_plain();
            self.lines.extend(plain.trim().lines().map(str::to_owned));
        }
    }

    fn note(&mut self, what: &str, words: Option<&str>) {
        match words {
            Some(words) if !words.is_empty() => self.line(format!("[{what}] {words}")),
            _ => self.line(format!("[{what}]")),
        }
    }

    fn content(&mut self, content: &Content) {
        match content {
            Content::Group { text } | Content::Other { text, .. } => {
                if let Some(text) = text {
                    self.text(text);
                }
            }
            Content::Text { text } | Content::NoAnswer { text } => self.text(text),
            Content::LanguageProblem { text, .. } => self.text(text),
            Content::Quote(quote) => {
                self.line(format!("\"{}\"", quote.text.to_plain().trim()));
                for source in [&quote.title, &quote.url].into_iter().flatten() {
                    self.line(format!("— {source}"));
                }
            }
            Content::Image(media) => self.media("picture", media),
            Content::Video(media) => self.media("video", media),
            Content::Audio(media) => self.media("sound", media),
            Content::File(media) => self.media("file", media),
            Content::Choices(choices) => self.text(&choices.text),
            Content::Card(card) => self.card(card),
            Content::Carousel { title, cards } => {
                self.note("cards", title.as_deref());
                for card in cards {
                    self.card(card);
                    self.actions(&card.actions);
                }
            }
            Content::List(list) => {
                self.note("list", list.title.as_deref());
                for ListItem {
                    content, actions, ..
                } in &list.items
                {
                    self.content(content);
                    self.actions(actions);
                }
            }
            Content::Form(form) => self.text(&form.text),
            Content::Survey(survey) => {
                self.note("survey", survey.title.as_deref());
                self.text(&survey.text);
            }
            Content::DatePicker(picker) => self.question("date", &picker.text),
            Content::Autocomplete(question) => self.question("one of many", &question.text),
            Content::Address(question) => self.question("address", &question.text),
            Content::Location { text, .. } => self.question("place", text),
            Content::Signature(request) => {
                self.question("signature", &request.text);
                for words in [&request.document_title, &request.document_text] {
                    self.lines.extend(words.clone());
                }
            }
            Content::Upload(request) => self.question("upload", &request.text),
            Content::FeedbackRequest(request) => self.text(&request.text),
            Content::Handover(handover) => {
                self.text(&handover.text);
                let step = match handover.phase {
                    HandoverPhase::Waiting {
                        position: Some(position),
                        ..
                    } => format!("place {position} in the queue"),
                    HandoverPhase::Waiting { .. } => "waiting for a human".to_owned(),
                    HandoverPhase::Joined => "a human answers now".to_owned(),
                    HandoverPhase::Transferred => "another human answers now".to_owned(),
                    HandoverPhase::Ended => "the bot answers again".to_owned(),
                    HandoverPhase::Offered | HandoverPhase::LeftByUser => return,
                };
                self.note("human", Some(&step));
            }
            Content::Progress(progress) => {
                let percent = progress.percent.map(|percent| format!("{percent} %"));
                let words: Vec<_> = percent.into_iter().chain(progress.label.clone()).collect();
                self.note("progress", Some(&words.join(" ")));
            }
            Content::Attributes { .. } => {}
        }
    }

    fn question(&mut self, what: &str, text: &RichText) {
        self.text(text);
        self.note(what, Some("type the answer"));
    }

    fn media(&mut self, what: &str, media: &Media) {
        let words: Vec<_> = media
            .alt
            .as_deref()
            .into_iter()
            .chain([&*media.url])
            .collect();
        self.note(what, Some(&words.join(" ")));
    }

    fn card(&mut self, card: &Card) {
        self.note("card", card.title.as_deref());
        for text in [&card.subtitle, &card.text].into_iter().flatten() {
            self.text(text);
        }
        self.lines.extend(card.figure.clone());
        if let Some(image) = &card.image {
            self.media("picture", image);
        }
        if let Some(tap) = &card.tap {
            self.action(tap);
        }
    }

    fn actions(&mut self, actions: &[Action]) {
        for action in actions {
            self.action(action);
        }
    }

    fn action(&mut self, action: &Action) {
        if let Some(url) = action.url() {
            self.line(format!("{} <{url}>", action.label));
        } else if action.sends() && !action.disabled {
            self.choices.0.push(ChoiceMade {
                message: Some(self.message),
                id: Some(action.id.clone()).filter(|id| !id.is_empty()),
                label: Some(action.label.clone()),
                value: action.value.clone(),
                action: None,
            });
            let number = self.choices.0.len();
            self.line(format!("{number}) {}", action.label));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use switchboard_core::model::Timestamp;

    fn message(content: Content) -> Message {
        let id = MessageId::from_foreign("1");
        Message::bot(id, None, Timestamp(0), content)
    }

    #[test]
    fn choices_are_numbered_across_messages() {
        let mut choices = Choices::default();
        let first = message(Content::text(RichText::plain("one\ntwo")))
            .with_actions(vec![Action::choice("a", "A")]);
        assert_eq!(lines(&first, &mut choices), ["bot: one", "  two", "  1) A"]);
        let card = Card {
            title: Some("T".to_owned()),
            actions: vec![Action::choice("b", "B"), Action::link("L", "https://x")],
            ..Card::default()
        };
        let second = message(Content::Carousel {
            title: None,
            cards: vec![card],
        });
        assert_eq!(
            lines(&second, &mut choices),
            ["bot: [cards]", "  [card] T", "  2) B", "  L <https://x>"]
        );
        assert_eq!(
            choices.pick("2").and_then(|made| made.id),
            Some("b".to_owned())
        );
        assert!(choices.pick("3").is_none() && choices.pick("0").is_none());
    }
}
