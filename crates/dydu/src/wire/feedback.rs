//! What the user thinks of an answer: `docs/protocols/dydu.md#33-endpoint-details`, 3.3.5 to 3.3.7.

use super::Params;

/// The value of `feedBack`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The answer helped.
    Positive,
    /// It did not.
    Negative,
    /// Asked, and not answered.
    WithoutAnswer,
}

impl Verdict {
    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Positive => "positive",
            Self::Negative => "negative",
            Self::WithoutAnswer => "withoutAnswer",
        }
    }

    /// Reads the verdict; the vendor's mobile SDK writes the key in lower case, and names are
    /// compared without regard to case anyway.
    pub fn of(params: &Params<'_>) -> Option<Self> {
        let word = params.word("feedBack")?.trim();
        [Self::Positive, Self::Negative, Self::WithoutAnswer]
            .into_iter()
            .find(|verdict| word.eq_ignore_ascii_case(verdict.as_str()))
    }
}

/// The body of one of the three requests, in the widget's order.
pub fn body<'a>(name: &'a str, value: &'a str, context: &'a str) -> Params<'a> {
    let own = (name, value);
    let context = ("contextUUID", context);
    let pairs = if name == "feedBack" {
        [context, own]
    } else {
        [own, context]
    };
    pairs
        .into_iter()
        .chain([("solutionUsed", "ASSISTANT")])
        .collect()
}
