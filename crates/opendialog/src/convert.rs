//! Wire and model, one file per concept.
//!
//! What the model has no word for stays with the message as a [`patch`]: the difference between
//! what the engine sent and what the model alone would give. A message that reaches an OpenDialog
//! client again is written from the model and patched, and so comes out as it went in, down to
//! unknown fields. A key of the patch never hides a part of the model that was changed on the way,
//! because only what the model does not give is in it.

pub(crate) mod attributes;
pub(crate) mod cards;
pub(crate) mod choices;
pub(crate) mod did;
pub(crate) mod forms;
pub(crate) mod handover;
pub(crate) mod input;
pub(crate) mod links;
pub(crate) mod media;
pub(crate) mod patch;
pub(crate) mod pickers;
pub(crate) mod text;
pub(crate) mod user;

#[cfg(test)]
mod tests;

use serde_json::Value;
use switchboard_core::model::{Action, Content, Extras, Message, MessageId, RichText, Timestamp};
use switchboard_core::text::safe_url;

use crate::NAME;
use crate::options::{Client, TextStyle};
use crate::wire::outbound::{Data, Outbound};
use crate::wire::scalar::text_of;
use crate::wire::{Slot, time};
use patch::Patch;

/// What decides on the wire form of a message beside the message.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Target<'a> {
    /// Who reads it.
    pub(crate) client: Client,
    /// Systems that the client has a chat mode for.
    pub(crate) handover_systems: &'a [String],
    /// How it wants words marked up.
    pub(crate) style: TextStyle,
}

impl Target<'_> {
    /// Whether the client renders a type, at least in the form that this side gives it.
    pub(crate) fn knows(&self, kind: &str) -> bool {
        match self.client {
            Client::Current => true,
            Client::Webchat1 => matches!(
                kind,
                "text"
                    | "button"
                    | "image"
                    | "list"
                    | "rich"
                    | "fp-rich"
                    | "form"
                    | "fp-form"
                    | "date-picker"
                    | "autocomplete"
                    | "longtext"
                    | "long_text"
                    | "hand-to-system"
                    | "meta"
                    | "cta"
            ),
        }
    }
}

/// How one message is written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Hint<'a> {
    pub(crate) target: Target<'a>,
    /// The type that the engine gave it.
    pub(crate) native: Option<&'a str>,
    /// The patches of a carousel's cards.
    pub(crate) items: &'a [Value],
    /// The text is patched, so a message of words needs none.
    pub(crate) own_text: bool,
}

/// A type and its data.
pub(crate) type Typed = (&'static str, Data);

/// A message of an engine as the model has it.
pub(crate) fn to_model(
    mut wire: Outbound,
    id: MessageId,
    parent: Option<MessageId>,
    at: Timestamp,
) -> Message {
    links::disarm(&mut wire.data);
    let read = read(&wire.kind, wire.data.clone().tidied(&wire.kind));
    let mut message = Message::bot(id, parent, at, read.content).with_actions(read.actions);
    let hint = Hint {
        target: Target {
            client: Client::Current,
            handover_systems: &[],
            style: TextStyle::Html,
        },
        native: Some(&wire.kind),
        items: &read.items,
        own_text: wire.data.text().is_some_and(text::has_more_than_links),
    };
    let derived = write(&message.content, &message.actions, hint);
    let nothing = || ("text", Data::Text(Default::default()));
    let (kind, data) = derived.into_iter().next().unwrap_or_else(nothing);
    let note = patch::Note {
        of: message.content.kind(),
        patch: patch::OfMessage::between(&wire, &Outbound::new(kind, data)),
        kind: wire.kind,
        items: read.items,
    };
    message.extras = note.into_extras();
    message
}

/// A message as OpenDialog's clients read it, with what only the wire knows still open: see
/// [`stamp`]. Most messages become one; one with nothing to show becomes none.
pub(crate) fn from_model(message: &Message, target: Target<'_>) -> Vec<Outbound> {
    let note = patch::Note::of_message(message).filter(|note| target.knows(note.kind));
    let hint = Hint {
        target,
        native: note.as_ref().map(|note| note.kind),
        items: note.as_ref().map_or(&[], |note| note.items),
        own_text: note.as_ref().is_some_and(patch::NoteRef::has_text),
    };
    let mut written: Vec<Outbound> = write(&message.content, &message.actions, hint)
        .into_iter()
        .map(|(kind, data)| Outbound::new(kind, data))
        .collect();
    match (note, written.as_mut_slice()) {
        (Some(note), [only]) => {
            note.apply(only);
            fill(only);
            if target.client == Client::Webchat1 {
                pickers::suit_webchat_1(only);
            }
        }
        (None, [only]) if target.style == TextStyle::Markdown => {
            text::mark_down(only, &message.content);
        }
        _ => {}
    }
    if let switchboard_core::model::Author::Operator {
        name: Some(name), ..
    } = &message.author
    {
        for wire in &mut written {
            attributes::name_author(wire, name);
        }
    }
    written
}

/// A client writes into the data of every message, so there are some.
fn fill(wire: &mut Outbound) {
    if let Data::Unknown(data) = &wire.data
        && (data.is_null() || data.as_array().is_some_and(Vec::is_empty))
    {
        wire.data = Data::decode(&wire.kind, Value::Object(Default::default()));
    }
}

/// The message without what its engine said of its wire form, for where that cannot be shown.
pub(crate) fn from_model_afresh(message: &Message, target: Target<'_>) -> Vec<Outbound> {
    let hint = Hint {
        target,
        native: None,
        items: &[],
        own_text: false,
    };
    write(&message.content, &message.actions, hint)
        .into_iter()
        .map(|(kind, data)| Outbound::new(kind, data))
        .collect()
}

/// Fills in what depends on the place and the time, where the engine has not said it.
pub(crate) fn stamp(wire: &mut Outbound, at: Timestamp, internal: bool) {
    fn of_data(data: &mut Data, at: Timestamp, internal: bool) {
        if let Data::List(list) = data
            && let Slot::Given(items) = &mut list.items
        {
            for item in items {
                of_data(&mut item.data, at, false);
            }
        }
        let Some(common) = data.common_mut() else {
            return;
        };
        fn open<T>(slot: &mut Slot<T>, value: impl FnOnce() -> T) {
            if slot.is_absent() {
                *slot = Slot::Given(value());
            }
        }
        open(&mut common.internal, || internal);
        open(&mut common.hidetime, || internal);
        open(&mut common.time, || time::time(at));
        open(&mut common.date, || time::date(at));
    }
    of_data(&mut wire.data, at, internal);
}

/// What the data of a message say.
pub(crate) struct Read {
    pub(crate) content: Content,
    pub(crate) actions: Vec<Action>,
    /// The patches of a carousel's cards.
    pub(crate) items: Vec<Value>,
}

impl From<Content> for Read {
    fn from(content: Content) -> Self {
        Self {
            content,
            actions: Vec::new(),
            items: Vec::new(),
        }
    }
}

pub(crate) fn read(kind: &str, data: Data) -> Read {
    match data {
        Data::Text(data) if kind == "cta" => attributes::read_cta(data).into(),
        Data::Text(data) => Content::text(text::read(data.common.text)).into(),
        Data::Buttons(data) => choices::read(data),
        Data::Image(data) => media::read_image(data).into(),
        Data::Audio(data) => media::read_audio(data).into(),
        Data::List(data) => cards::read_list(data),
        Data::Rich(data) => Content::Card(Box::new(cards::read(*data))).into(),
        Data::Form(data) => Content::Form(Box::new(forms::read(data, kind == "fp-form"))).into(),
        Data::DatePicker(data) => pickers::read_date(*data).into(),
        Data::Autocomplete(data) => pickers::read_autocomplete(*data).into(),
        Data::LongText(data) => pickers::read_long_text(*data).into(),
        Data::Location(data) => pickers::read_location(*data).into(),
        Data::Esign(data) => pickers::read_esign(*data).into(),
        Data::FileUpload(data) => pickers::read_upload(*data).into(),
        Data::System(data) => handover::read(data).into(),
        Data::Meta(data) => attributes::read_meta(&data).into(),
        Data::Unknown(data) => Content::Other {
            name: kind.to_owned(),
            text: data
                .get("text")
                .and_then(text_of)
                .map(|body| text::rich(body.into_owned())),
        }
        .into(),
    }
}

pub(crate) fn write(content: &Content, actions: &[Action], hint: Hint<'_>) -> Vec<Typed> {
    let current = hint.target.client == Client::Current;
    match content {
        Content::Group { text: None } => Vec::new(),
        Content::Group { text: Some(text) }
        | Content::Text { text }
        | Content::NoAnswer { text }
        | Content::LanguageProblem { text, .. }
        | Content::Other {
            text: Some(text), ..
        } => message_of_words(text, actions, hint),
        Content::Other { text: None, .. } if hint.native.is_some() => vec![text::empty()],
        Content::Other { text: None, .. } => Vec::new(),
        Content::Quote(quote) => words(&text::of_quote(quote), actions),
        Content::Choices(choices) => vec![choices::write(choices, actions)],
        Content::FeedbackRequest(request) => vec![choices::write_feedback(request, actions)],
        // A picture that cannot be shown is its description; an engine's own is patched.
        Content::Image(media) if hint.native.is_none() && safe_url(&media.url).is_none() => words(
            &RichText::plain(media.alt.clone().unwrap_or_default()),
            actions,
        ),
        Content::Image(media) if actions.is_empty() => vec![media::write_image(media)],
        Content::Image(media) => vec![cards::write_picture(media, actions)],
        Content::Audio(media) if current && actions.is_empty() => vec![media::write_audio(media)],
        Content::Video(media) | Content::Audio(media) | Content::File(media) => {
            words(&text::of_media(media), actions)
        }
        Content::Card(card) => vec![cards::write(card, actions)],
        Content::Carousel { title, cards } => vec![cards::write_carousel(
            title.as_deref(),
            cards,
            actions,
            hint.items,
        )],
        Content::List(list) => with_buttons(cards::write_list(list), actions),
        Content::Form(form) => match pickers::write_long_text(form, hint) {
            Some(long_text) => vec![long_text],
            None => with_buttons(forms::write(form), actions),
        },
        Content::Survey(survey) => with_buttons(forms::write_survey(survey), actions),
        Content::DatePicker(picker) => with_buttons(pickers::write_date(picker, hint), actions),
        Content::Autocomplete(search) => with_buttons(pickers::write_autocomplete(search), actions),
        Content::Address(search) if current || hint.native.is_some() => {
            with_buttons(pickers::write_autocomplete(search), actions)
        }
        Content::Address(search) => words(&search.text, actions),
        Content::Location {
            text,
            callback,
            attribute,
        } if current => vec![pickers::write_location(
            text,
            callback,
            attribute.as_deref(),
        )],
        Content::Location { text, .. } => words(text, actions),
        Content::Signature(request) if current => vec![pickers::write_esign(request)],
        Content::Signature(request) => words(&text::of_signature(request), actions),
        Content::Upload(request) if current => vec![pickers::write_upload(request)],
        Content::Upload(request) => words(&request.text, actions),
        Content::Handover(handover) => match handover::write(handover, hint) {
            Some(system) => vec![system],
            None => words(&handover.text, actions),
        },
        Content::Progress(progress) => vec![attributes::write_progress(progress)],
        Content::Attributes { values } => vec![attributes::write(values, hint)],
    }
}

fn message_of_words(text: &RichText, actions: &[Action], hint: Hint<'_>) -> Vec<Typed> {
    // An engine's own message without words is still one, and its own words are not converted.
    let is_own = hint.native.is_some() && (text.is_empty() || hint.own_text);
    if is_own && actions.is_empty() {
        return vec![text::empty()];
    }
    words(text, actions)
}

/// Words, and buttons below them if there are any.
fn words(text: &RichText, actions: &[Action]) -> Vec<Typed> {
    if actions.is_empty() {
        return if text.is_empty() {
            Vec::new()
        } else {
            vec![text::write(text)]
        };
    }
    vec![choices::write_below(text, actions)]
}

/// A message whose type has no buttons, and a message of buttons where there are any.
fn with_buttons(message: Typed, actions: &[Action]) -> Vec<Typed> {
    if actions.is_empty() {
        return vec![message];
    }
    // What takes the text box's place must come last.
    vec![choices::write_below(&RichText::default(), actions), message]
}

/// The extras of a part of a message.
pub(crate) fn part_extras(patch: Patch) -> Extras {
    Extras::new(NAME, patch.into_fields())
}
