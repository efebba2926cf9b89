use switchboard_core::model::{
    Action, ActionStyle, Author, Autocomplete, AutocompleteSource, Card, Choices, Content,
    DatePicker, FeedbackRequest, Field, FieldOption, Form, Handover, HandoverPhase, Icon, List,
    ListItem, ListView, Media, Notice, Progress, Quote, RichText, SignatureRequest, Survey,
    TextFormat, Typing, UploadRequest,
};

use super::Scope;
use crate::format::{
    self, ChoicesDef, FieldDef, HandoverStep, Item, ListEntryWhat, ListLayout, MediaDef, Reply,
    What, Words,
};
use crate::template::Setting;

/// What an item becomes.
pub(crate) enum Rendered {
    /// A message.
    Message {
        /// Who writes it.
        author: Author,
        /// What it says.
        content: Content,
        /// What can be done about it.
        actions: Vec<Action>,
    },
    /// Somebody types.
    Typing(Typing),
    /// A notice.
    Notice(Notice),
}

impl Scope<'_> {
    /// An item of an answer, in the user's language.
    pub(crate) fn item(&self, item: &Item) -> Rendered {
        let mut actions = self.actions(&item.options);
        let content = match &item.what {
            What::Typing(active) => {
                return Rendered::Typing(Typing {
                    author: self.author(),
                    active: *active,
                });
            }
            What::Notice(notice) => {
                return Rendered::Notice(Notice {
                    code: notice.code.clone(),
                    text: self.rich(&notice.text),
                    extras: Default::default(),
                });
            }
            What::Text(format, words) => {
                let setting = match format {
                    TextFormat::Plain => Setting::Plain,
                    TextFormat::Markdown => Setting::Markdown,
                    TextFormat::Html => Setting::Html,
                };
                Content::text(RichText {
                    format: *format,
                    body: self.say(words, setting),
                })
            }
            What::NoAnswer(words) => Content::NoAnswer {
                text: self.rich(words),
            },
            What::Choices(choices) => Content::Choices(self.choices(choices)),
            What::Quote(quote) => Content::Quote(Quote {
                text: self.rich(&quote.text),
                title: self.maybe_plain(quote.title.as_ref()),
                url: quote.url.as_ref().map(|url| self.fill(url, Setting::Url)),
            }),
            What::Image(media) => Content::Image(self.media(media)),
            What::Video(media) => Content::Video(self.media(media)),
            What::Audio(media) => Content::Audio(self.media(media)),
            What::File(media) => Content::File(self.media(media)),
            What::Card(card) => {
                let card = self.card(card);
                actions.clone_from(&card.actions);
                Content::Card(Box::new(card))
            }
            What::Carousel(carousel) => Content::Carousel {
                title: self.maybe_plain(carousel.title.as_ref()),
                cards: carousel.cards.iter().map(|card| self.card(card)).collect(),
            },
            What::List(list) => Content::List(self.list(list)),
            What::Form(form) => Content::Form(Box::new(self.form(form))),
            What::Survey(survey) => Content::Survey(Box::new(Survey {
                id: self.callback(&**survey),
                title: self.maybe_plain(survey.title.as_ref()),
                text: self.rich(&survey.text),
                fields: self.fields(&survey.fields),
                submit_label: self.maybe_plain(survey.submit.as_ref()),
            })),
            What::Date(date) => Content::DatePicker(Box::new(DatePicker {
                text: self.rich(&date.text),
                callback: self.callback(date),
                attribute: self.attribute(date),
                precision: date.precision,
                min: date.min.clone(),
                max: date.max.clone(),
                submit_label: self.maybe_plain(date.submit.as_ref()),
            })),
            What::Autocomplete(address) => {
                Content::Autocomplete(Box::new(self.autocomplete(address)))
            }
            What::Address(address) => Content::Address(Box::new(self.autocomplete(address))),
            What::Location(location) => Content::Location {
                text: self.rich(&location.text),
                callback: self.callback(location),
                attribute: self.attribute(location),
            },
            What::Signature(signature) => Content::Signature(Box::new(SignatureRequest {
                text: self.rich(&signature.text),
                document_title: self.maybe_plain(signature.title.as_ref()),
                document_text: self.maybe_plain(signature.document.as_ref()),
                callback: self.callback(&**signature),
                attribute: self.attribute(&**signature),
                submit_label: self.maybe_plain(signature.submit.as_ref()),
            })),
            What::Upload(upload) => Content::Upload(Box::new(UploadRequest {
                text: self.rich(&upload.text),
                callback: self.callback(upload),
                attribute: self.attribute(upload),
                multiple: upload.multiple,
                max_bytes: upload.max_bytes,
                extensions: upload.extensions.clone(),
                submit_label: self.maybe_plain(upload.submit.as_ref()),
            })),
            What::Feedback(feedback) => {
                actions = vec![
                    self.rating(FeedbackRequest::POSITIVE, &feedback.yes, Icon::ThumbUp),
                    self.rating(FeedbackRequest::NEGATIVE, &feedback.no, Icon::ThumbDown),
                ];
                Content::FeedbackRequest(FeedbackRequest {
                    text: self.rich(&feedback.text),
                    reasons: feedback
                        .reasons
                        .iter()
                        .map(|reason| self.plain(reason))
                        .collect(),
                })
            }
            What::Progress(progress) => Content::Progress(Progress {
                percent: progress.percent,
                label: self.maybe_plain(progress.label.as_ref()),
            }),
            What::Handover(handover) => {
                let phase = match handover.step {
                    HandoverStep::Offered => HandoverPhase::Offered,
                    HandoverStep::Waiting => HandoverPhase::Waiting {
                        position: handover.position,
                        wait_seconds: handover
                            .wait
                            .map(|wait| u32::try_from(wait.as_secs()).unwrap_or(u32::MAX)),
                    },
                    HandoverStep::Joined => HandoverPhase::Joined,
                    HandoverStep::Transferred => HandoverPhase::Transferred,
                    HandoverStep::Ended => HandoverPhase::Ended,
                };
                let mut step = self.handover(phase, &handover.text);
                if let (Content::Handover(step), Some(system)) = (&mut step, &handover.system) {
                    step.system = Some(system.clone());
                }
                step
            }
            What::Attributes(values) => Content::Attributes {
                values: values.clone(),
            },
        };
        // The platform, not a person, tells how a handover goes.
        let author = match content {
            Content::Handover(_) => Author::System,
            _ => self.author(),
        };
        Rendered::Message {
            author,
            content,
            actions,
        }
    }

    /// A step of a handover to the operator of this scope.
    pub(crate) fn handover(&self, phase: HandoverPhase, text: &Words) -> Content {
        let operator = self.operator.filter(|_| {
            !matches!(
                phase,
                HandoverPhase::Offered | HandoverPhase::Waiting { .. }
            )
        });
        Content::Handover(Handover {
            phase,
            text: self.rich(text),
            system: self.operator.and_then(|operator| operator.system.clone()),
            operator: operator.map(|operator| operator.name.clone()),
        })
    }

    fn author(&self) -> Author {
        match self.operator {
            Some(operator) if self.operator_speaks => Author::Operator {
                id: operator.id.clone(),
                name: Some(operator.name.clone()),
            },
            _ => Author::Bot,
        }
    }

    fn choices(&self, choices: &ChoicesDef) -> Choices {
        Choices {
            text: self.rich(&choices.text),
            kind: choices.kind,
            replaces_input: choices.replaces_input,
            once: choices.once,
        }
    }

    fn media(&self, media: &MediaDef) -> Media {
        Media {
            url: self.fill(&media.url, Setting::Url),
            alt: self.maybe_plain(media.alt.as_ref()),
            link: media.link.as_ref().map(|url| self.fill(url, Setting::Url)),
            new_tab: media.new_tab,
        }
    }

    fn card(&self, card: &format::Card) -> Card {
        Card {
            title: self.maybe_plain(card.title.as_ref()),
            subtitle: card.subtitle.as_ref().map(|words| self.rich(words)),
            text: card.text.as_ref().map(|words| self.rich(words)),
            figure: self.maybe_plain(card.figure.as_ref()),
            image: card.image.as_ref().map(|image| self.media(image)),
            tap: card.tap.as_deref().map(|tap| self.action(tap)),
            actions: self.actions(&card.options),
        }
    }

    fn list(&self, list: &format::ListDef) -> List {
        List {
            title: self.maybe_plain(list.title.as_ref()),
            view: match list.view {
                None | Some(ListLayout::Titled) => ListView::Titled,
                Some(ListLayout::Vertical) => ListView::Vertical,
                Some(ListLayout::Horizontal) => ListView::Horizontal,
            },
            items: list
                .items
                .iter()
                .map(|entry| {
                    let content = match &entry.what {
                        ListEntryWhat::Text(words) => Content::text(self.rich(words)),
                        ListEntryWhat::Image(media) => Content::Image(self.media(media)),
                        ListEntryWhat::Card(card) => Content::Card(Box::new(self.card(card))),
                        ListEntryWhat::Choices(choices) => Content::Choices(self.choices(choices)),
                    };
                    ListItem {
                        content,
                        actions: self.actions(&entry.options),
                        extras: Default::default(),
                    }
                })
                .collect(),
        }
    }

    fn form(&self, form: &format::Form) -> Form {
        Form {
            id: self.callback(form),
            text: self.rich(&form.text),
            fields: self.fields(&form.fields),
            submit_label: self.maybe_plain(form.submit.as_ref()),
            cancel: form
                .cancel
                .as_ref()
                .map(|cancel| (cancel.to.clone(), self.plain(&cancel.label))),
            auto_submit: form.auto_submit,
            full_page: form.full_page,
        }
    }

    fn fields(&self, fields: &[FieldDef]) -> Vec<Field> {
        let option = |choice: &format::FieldChoice| FieldOption {
            key: choice.key.clone(),
            label: choice
                .label
                .as_ref()
                .map_or_else(|| choice.key.clone(), |label| self.plain(label)),
        };
        fields
            .iter()
            .map(|field| Field {
                name: field.name.clone(),
                label: self.plain(&field.label),
                kind: field.kind.kind(),
                required: field.required,
                min: field.min.clone(),
                max: field.max.clone(),
                default: field
                    .default
                    .as_ref()
                    .map(|default| self.fill(default, Setting::Plain)),
                options: field.options.iter().map(option).collect(),
                extras: Default::default(),
            })
            .collect()
    }

    fn autocomplete(&self, address: &format::Address) -> Autocomplete {
        Autocomplete {
            text: self.rich(&address.text),
            title: self.maybe_plain(address.title.as_ref()),
            placeholder: self.maybe_plain(address.placeholder.as_ref()),
            callback: self.callback(address),
            attribute: self.attribute(address),
            submit_label: self.maybe_plain(address.submit.as_ref()),
            source: address.source.as_ref().map(|source| AutocompleteSource {
                url: source.url.clone(),
                parameters: source
                    .parameters
                    .iter()
                    .map(|(name, value)| (name.clone(), value.clone()))
                    .collect(),
                query_parameter: source.query.clone(),
            }),
        }
    }

    fn rating(&self, id: &str, label: &Words, icon: Icon) -> Action {
        Action {
            icon,
            style: ActionStyle::Default,
            ..Action::choice(id, self.plain(label))
        }
    }

    /// The id of the intent that an answer goes to.
    fn callback(&self, reply: &impl Reply) -> String {
        reply
            .then()
            .or(self.asking.map(|(intent, _)| intent))
            .unwrap_or_default()
            .to_owned()
    }

    /// The variable that an answer is for: the question's, else the intent's own id.
    fn attribute(&self, reply: &impl Reply) -> Option<String> {
        match (reply.then(), self.asking) {
            (Some(then), _) => Some(then.to_owned()),
            (None, asking) => asking.map(|(_, name)| name.to_owned()),
        }
    }
}
