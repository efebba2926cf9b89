use super::ContentKind;
use crate::text::TextFormat;

/// What a dialect can show. Adaptation is a pure function of a message and these.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Capabilities {
    /// The kinds of content that the dialect has a form of its own for.
    pub kinds: KindSet,
    /// The richest text its clients render.
    pub text: TextFormat,
    /// Actions can be attached to any message, not only to choices, cards and feedback.
    pub actions_anywhere: bool,
    /// A choice can be clicked at all; otherwise options are numbered text.
    pub choices: bool,
    /// The client can be told things it did not ask for while it is connected or polls.
    pub push: bool,
}

/// A set of content kinds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct KindSet(u32);

impl KindSet {
    /// The set of these kinds.
    pub const fn of(kinds: &[ContentKind]) -> Self {
        let mut bits = 0;
        let mut rest = kinds;
        while let [kind, others @ ..] = rest {
            bits |= 1 << (*kind as u32);
            rest = others;
        }
        Self(bits)
    }

    /// Every kind there is.
    pub const fn all() -> Self {
        Self::of(&ContentKind::ALL)
    }

    /// Whether the kind is in the set.
    pub const fn contains(self, kind: ContentKind) -> bool {
        self.0 & (1 << (kind as u32)) != 0
    }
}
