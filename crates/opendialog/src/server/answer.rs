//! What a turn published as one answer: `docs/protocols/opendialog.md#25-success-responses`.

use std::sync::Arc;

use switchboard_core::dialect::{Entry, Item, Published};
use switchboard_core::model::{Message, RichText, Timestamp};

use crate::NAME;
use crate::convert::patch::Note;
use crate::convert::{self, Target, text};
use crate::options::{Client, FrontendOptions};
use crate::wire::Slot;
use crate::wire::message::{Answer, Part};
use crate::wire::outbound::{Data, Outbound};

/// What an answer depends on beside what was published.
#[derive(Debug, Clone)]
pub(super) struct Context {
    pub(super) options: Arc<FrontendOptions>,
    /// The client rates messages by their template.
    pub(super) third_generation: bool,
    /// The answer to the opening, after which the webchat needs a message.
    pub(super) opening: bool,
}

impl Context {
    pub(super) fn target(&self) -> Target<'_> {
        target(&self.options)
    }
}

pub(super) fn target(options: &FrontendOptions) -> Target<'_> {
    Target {
        client: options.client,
        handover_systems: &options.handover_systems,
        style: options.text_format,
    }
}

/// A message on its way into an answer.
struct Outgoing<'a> {
    wire: Outbound,
    at: Timestamp,
    /// What it was made of, if it was one message.
    message: Option<&'a Message>,
}

/// Puts an answer together.
pub(super) fn assemble(entries: &[Arc<Entry>], context: &Context, now: Timestamp) -> Answer {
    let mut outgoing: Vec<Outgoing<'_>> = entries
        .iter()
        .flat_map(|entry| written(entry, context))
        .collect();
    // Messages without a bubble never complete an answer.
    let mut only_effects = outgoing
        .iter()
        .all(|out| matches!(out.wire.kind.as_str(), "meta" | "cta"));
    if only_effects && context.opening {
        // `false` would leave the webchat waiting: it has nothing on its list yet.
        let (kind, data) = text::write(&RichText::plain(&*context.options.fallback_greeting));
        outgoing.push(Outgoing {
            wire: Outbound::new(kind, data),
            at: now,
            message: None,
        });
        only_effects = false;
    }
    if context.options.client == Client::Webchat1 {
        suit_list(&mut outgoing, context);
    }
    let last = outgoing.len().saturating_sub(1);
    let mut messages: Vec<Outbound> = outgoing
        .into_iter()
        .enumerate()
        .map(|(place, Outgoing { mut wire, at, .. })| {
            convert::stamp(&mut wire, at, place < last);
            if last > 0 {
                number(&mut wire, place < last);
            }
            wire
        })
        .collect();
    if messages.len() == 1
        && !only_effects
        && let Some(only) = messages.pop()
    {
        return Answer::One(Box::new(only));
    }
    let mut parts: Vec<Part> = messages
        .into_iter()
        .map(|wire| Part::Message(Box::new(wire)))
        .collect();
    if only_effects {
        parts.push(Part::Nothing);
    }
    Answer::Many(parts)
}

fn written<'a>(entry: &'a Entry, context: &Context) -> Vec<Outgoing<'a>> {
    match &entry.item {
        Item::Message(published) => published_messages(published, &context.options)
            .iter()
            .flat_map(|message| {
                let mut wires = convert::from_model(message, context.target());
                if context.third_generation && message.extras.of(&NAME).is_none() {
                    wires
                        .iter_mut()
                        .for_each(|wire| name_template(wire, message, entry));
                }
                let whole = wires.len() == 1;
                wires.into_iter().map(move |wire| Outgoing {
                    wire,
                    at: entry.at,
                    message: whole.then_some(message),
                })
            })
            .collect(),
        Item::Notice(notice) if !notice.text.is_empty() => {
            let (kind, data) = text::write(&notice.text);
            vec![Outgoing {
                wire: Outbound::new(kind, data),
                at: entry.at,
                message: None,
            }]
        }
        Item::Notice(_) | Item::User(_) | Item::Typing(_) | Item::Ended { .. } => Vec::new(),
    }
}

/// The messages that this frontend's client shows: the engine's own where the client knows its
/// type, even if webchat 1.0.0 does not.
pub(super) fn published_messages<'a>(
    published: &'a Published,
    options: &FrontendOptions,
) -> &'a [Message] {
    let known = options.client == Client::Current
        || Note::of_message(&published.message)
            .is_some_and(|note| target(options).knows(note.kind));
    if known {
        std::slice::from_ref(&published.message)
    } else {
        published.shown()
    }
}

/// Among several, an engine's own message may stand elsewhere than its engine had it: what was
/// missed comes before it, what the gateway has to say after it.
fn number(wire: &mut Outbound, internal: bool) {
    let Some(common) = wire.data.common_mut() else {
        return;
    };
    if common.internal != Slot::Given(internal) {
        common.internal = Slot::Given(internal);
        common.hidetime = Slot::Given(internal);
    }
}

/// Our messages are their own templates, so that a rating finds them.
fn name_template(wire: &mut Outbound, message: &Message, entry: &Entry) {
    wire.message_template_id = Slot::Given(message.id.to_string());
    wire.request_id = Slot::or_absent(entry.turn.map(|turn| turn.to_string()));
}

/// What webchat 1.0.0 asks of an answer as a whole.
fn suit_list(outgoing: &mut Vec<Outgoing<'_>>, context: &Context) {
    if outgoing.len() > 1 || context.opening {
        // It knows a long text only where it is the whole answer, and not to the opening.
        for out in outgoing.iter_mut() {
            if let (Data::LongText(_), Some(message)) = (&out.wire.data, out.message) {
                let afresh = convert::from_model_afresh(message, context.target());
                if let Some(wire) = afresh.into_iter().next() {
                    out.wire = wire;
                }
            }
        }
    }
    // What takes over the input or the whole page must come last. An OpenDialog engine knows that
    // itself, and its order is kept.
    let takes_over = |out: &Outgoing<'_>| takes_over(&out.wire);
    let Some(place) = outgoing.iter().rposition(takes_over) else {
        return;
    };
    let own = outgoing
        .get(place)
        .and_then(|out| out.message)
        .is_none_or(|message| message.extras.of(&NAME).is_none());
    // A link that only skips belongs below what is skipped.
    let below = outgoing.iter().rev().take_while(|out| skips(&out.wire));
    let last = outgoing.len().saturating_sub(below.count() + 1);
    if own && place < last {
        let out = outgoing.remove(place);
        outgoing.insert(last, out);
    }
}

/// Whether all buttons of an external message only skip what the input asks for.
fn skips(wire: &Outbound) -> bool {
    let Data::Buttons(data) = &wire.data else {
        return false;
    };
    let buttons = data.buttons.get().map_or(&[][..], Vec::as_slice);
    let skips = |style: &Slot<String>| style.get().is_some_and(|style| style == "skip");
    data.external.is_true() && buttons.iter().all(|button| skips(&button.style))
}

fn takes_over(wire: &Outbound) -> bool {
    match &wire.data {
        Data::DatePicker(_) | Data::Autocomplete(_) => true,
        // Buttons that only skip belong below another control and count for nothing.
        Data::Buttons(data) => data.external.is_true() && !skips(wire),
        Data::Form(_) | Data::Rich(_) => wire.kind.starts_with("fp-"),
        _ => false,
    }
}
