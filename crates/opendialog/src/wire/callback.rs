//! Callback ids and callback values: `docs/protocols/opendialog.md#26-callback-ids-and-callback-values`.

use std::borrow::Cow;

/// The callback that every stock installation opens a conversation with.
pub const WELCOME: &str = "WELCOME";
/// The intent that [`WELCOME`] stands for; the newer widget names it itself.
pub const WELCOME_INTENT: &str = "intent.core.welcome";
/// The intent of the end-chat control.
pub const END_CHAT: &str = "intent.core.EndChat";
/// The attribute that receives a value which names none.
pub const DEFAULT_ATTRIBUTE: &str = "callback_value";

/// Whether the callback asks for the ordinary greeting.
pub fn is_welcome(callback: &str) -> bool {
    callback == WELCOME || callback == WELCOME_INTENT
}

/// A callback value, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallbackValue<'a> {
    /// The attribute that it sets.
    pub attribute: Cow<'a, str>,
    /// What the attribute is set to.
    pub value: Cow<'a, str>,
}

impl<'a> CallbackValue<'a> {
    /// Reads `attribute_name.attribute_value`, where `\.` is a literal dot. A value with no or
    /// several unescaped dots is one for [`DEFAULT_ATTRIBUTE`].
    pub fn parse(text: &'a str) -> Self {
        let whole = || Self {
            attribute: Cow::Borrowed(DEFAULT_ATTRIBUTE),
            value: unescape(text),
        };
        let mut dots = unescaped_dots(text);
        match (dots.next(), dots.next()) {
            (Some(at), None) => match (text.get(..at), text.get(at + 1..)) {
                (Some(attribute), Some(value)) => Self {
                    attribute: unescape(attribute),
                    value: unescape(value),
                },
                _ => whole(),
            },
            _ => whole(),
        }
    }
}

/// Writes a value for an attribute so that [`CallbackValue::parse`] reads it back.
pub fn value_for(attribute: &str, value: &str) -> String {
    format!("{}.{}", escape(attribute), escape(value))
}

fn unescaped_dots(text: &str) -> impl Iterator<Item = usize> {
    text.match_indices('.').map(|(at, _)| at).filter(move |at| {
        at.checked_sub(1)
            .and_then(|before| text.as_bytes().get(before))
            != Some(&b'\\')
    })
}

fn escape(text: &str) -> Cow<'_, str> {
    if text.contains('.') {
        Cow::Owned(text.replace('.', "\\."))
    } else {
        Cow::Borrowed(text)
    }
}

fn unescape(text: &str) -> Cow<'_, str> {
    if text.contains("\\.") {
        Cow::Owned(text.replace("\\.", "."))
    } else {
        Cow::Borrowed(text)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(text: &str, attribute: &str, value: &str) {
        let read = CallbackValue::parse(text);
        assert_eq!(
            (&*read.attribute, &*read.value),
            (attribute, value),
            "{text}"
        );
    }

    #[test]
    fn the_number_of_unescaped_dots_decides() {
        check("plan.gold", "plan", "gold");
        check("/pricing", DEFAULT_ATTRIBUTE, "/pricing");
        check("a.b.c", DEFAULT_ATTRIBUTE, "a.b.c");
        check("product_name.v2\\.1", "product_name", "v2.1");
        check("v2\\.1", DEFAULT_ATTRIBUTE, "v2.1");
        check("", DEFAULT_ATTRIBUTE, "");
    }

    proptest! {
        // A backslash right before the separating or an escaped dot is ambiguous in the vendor's
        // grammar, so no value that ends in one is written.
        #[test]
        fn what_is_written_is_read_back(
            attribute in "[a-z_]{1,12}",
            value in "[^\\\\]{0,24}",
        ) {
            let text = value_for(&attribute, &value);
            let read = CallbackValue::parse(&text);
            prop_assert_eq!(&*read.attribute, &attribute);
            prop_assert_eq!(&*read.value, &value);
        }

        #[test]
        fn anything_can_be_read(text in ".*") {
            let _ = CallbackValue::parse(&text);
        }
    }
}
