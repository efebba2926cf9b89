//! Arbitrary messages and user events for property tests, here and in the dialects.
//!
//! Words are made of letters, digits and what trips encoders up: quotes, angle brackets, accents,
//! emoji. Addresses are complete `https` ones.

mod content;
mod event;
mod readable;

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use uuid::Uuid;

pub use content::arb_content;
pub use event::arb_user_event;
pub use readable::readable_texts;

use crate::model::{
    Action, ActionStyle, Author, Capabilities, ContentKind, Extras, Icon, KindSet, Message,
    MessageId, Timestamp,
};
use crate::text::{RichText, TextFormat};

/// A message of any kind.
pub fn arb_message() -> impl Strategy<Value = Message> {
    (
        arb_id(),
        option::of(arb_id()),
        arb_author(),
        arb_time(),
        arb_content(),
        vec(arb_action(), 0..4),
    )
        .prop_map(|(id, parent, author, at, content, actions)| Message {
            id,
            parent,
            author,
            at,
            content,
            actions,
            extras: Extras::none(),
        })
}

/// What some dialect can show: any set of kinds.
pub fn arb_capabilities() -> impl Strategy<Value = Capabilities> {
    let kinds = proptest::sample::subsequence(ContentKind::ALL.to_vec(), 0..=26);
    (kinds, arb_format(), any::<[bool; 3]>()).prop_map(
        |(kinds, text, [actions_anywhere, choices, push])| Capabilities {
            kinds: KindSet::of(&kinds),
            text,
            actions_anywhere,
            choices,
            push,
        },
    )
}

/// An action: a choice or a link, with all that decorates it.
pub fn arb_action() -> impl Strategy<Value = Action> {
    let style = prop_oneof![
        3 => Just(ActionStyle::Default),
        1 => Just(ActionStyle::Primary),
        1 => Just(ActionStyle::Danger),
        1 => Just(ActionStyle::Skip),
    ];
    let icon = prop_oneof![3 => Just(Icon::Empty), 1 => Just(Icon::Contact)];
    let choice = (
        "[a-z]{1,8}",
        arb_label(),
        option::of("[a-z0-9]{1,6}"),
        icon,
        style,
        any::<bool>(),
    )
        .prop_map(|(id, label, value, icon, style, disabled)| Action {
            value,
            icon,
            style,
            disabled,
            ..Action::choice(id, label)
        });
    let link = (arb_label(), arb_url()).prop_map(|(label, url)| Action::link(label, url));
    prop_oneof![3 => choice, 1 => link]
}

/// A text in any of the formats.
pub fn arb_text() -> impl Strategy<Value = RichText> {
    let markdown = vec(
        prop_oneof![
            4 => arb_word(),
            1 => arb_word().prop_map(|word| format!("**{word}**")),
            1 => arb_word().prop_map(|word| format!("\n\n- {word}\n- *b*\n\n")),
            1 => (arb_word(), arb_url()).prop_map(|(word, url)| format!("[{word}]({url})")),
            1 => arb_word().prop_map(|word| format!("\n\n# {word}\n\n")),
            1 => Just("\n\n".to_owned()),
        ],
        0..6,
    );
    let html = vec(
        prop_oneof![
            4 => arb_word(),
            1 => arb_word().prop_map(|word| format!("<b>{word}</b>")),
            1 => arb_word().prop_map(|word| format!("<p>{word}</p>")),
            1 => arb_word().prop_map(|word| format!("<ul><li>{word}<li>b</ul>")),
            1 => (arb_word(), arb_url()).prop_map(|(word, url)| format!("<a href=\"{url}\">{word}</a>")),
            1 => Just("<br>".to_owned()),
            1 => Just("&amp; &lt;i&gt;".to_owned()),
        ],
        0..6,
    );
    prop_oneof![
        arb_line().prop_map(RichText::plain),
        (arb_line(), arb_line()).prop_map(|(a, b)| RichText::plain(format!("{a}\n{b}"))),
        markdown.prop_map(|parts| RichText::markdown(parts.join(" "))),
        html.prop_map(|parts| RichText::html(parts.join(" "))),
    ]
}

/// Words on one line; may be empty.
pub fn arb_line() -> impl Strategy<Value = String> {
    "([a-zA-Z0-9éß👍<>&\"'*_#.,!?\\-]{1,8} ?){0,5}"
}

/// Words on one line that say something.
pub fn arb_label() -> impl Strategy<Value = String> {
    "[a-zA-Zé][a-zA-Z0-9é&<>\"'*_ .!?\\-]{0,12}[a-z0-9]"
}

/// A complete address that clients may follow.
pub fn arb_url() -> impl Strategy<Value = String> {
    "https://[a-z]{3,8}\\.example/[a-z0-9]{0,8}(\\?[a-z]=[0-9]&[b-z]=[0-9])?"
}

/// The id of a message.
pub fn arb_id() -> impl Strategy<Value = MessageId> {
    any::<u128>().prop_map(|bits| {
        MessageId(uuid::Builder::from_random_bytes(bits.to_be_bytes()).into_uuid())
    })
}

/// A moment between 2000 and 2100.
pub fn arb_time() -> impl Strategy<Value = Timestamp> {
    (946_684_800_000..4_102_444_800_000_i64).prop_map(Timestamp)
}

fn arb_word() -> impl Strategy<Value = String> {
    "[a-zA-Zé]{1,8}"
}

fn arb_format() -> impl Strategy<Value = TextFormat> {
    prop_oneof![
        Just(TextFormat::Plain),
        Just(TextFormat::Markdown),
        Just(TextFormat::Html),
    ]
}

fn arb_author() -> impl Strategy<Value = Author> {
    prop_oneof![
        4 => Just(Author::Bot),
        1 => Just(Author::System),
        1 => (option::of("[a-z0-9]{1,6}"), option::of(arb_label()))
            .prop_map(|(id, name)| Author::Operator { id, name }),
    ]
}

/// A version 4 UUID as text.
fn arb_uuid_text() -> impl Strategy<Value = String> {
    arb_id().prop_map(|MessageId(id): MessageId| Uuid::to_string(&id))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{arb_message, arb_user_event};
    use crate::model::{BotEvent, Message, UserEvent};

    proptest! {
        /// A conversation that is put away as JSON comes back as it was.
        #[test]
        fn messages_survive_json(message in arb_message()) {
            let json = serde_json::to_string(&message).unwrap();
            prop_assert_eq!(serde_json::from_str::<Message>(&json).unwrap(), message.clone());
            let event = BotEvent::Message(message);
            let json = serde_json::to_string(&event).unwrap();
            prop_assert_eq!(serde_json::from_str::<BotEvent>(&json).unwrap(), event);
        }

        #[test]
        fn user_events_survive_json(event in arb_user_event()) {
            let json = serde_json::to_string(&event).unwrap();
            prop_assert_eq!(serde_json::from_str::<UserEvent>(&json).unwrap(), event);
        }
    }
}
