//! The period that is asked for.

use std::time::Duration;

use switchboard_core::model::Timestamp;

use super::parameters::Parameters;
use crate::wire::error::Invalid;
use crate::wire::time;

pub(super) const FROM: &str = "from";
pub(super) const TO: &str = "to";

/// From when to when, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Period {
    pub(super) from: Timestamp,
    pub(super) to: Timestamp,
    /// The last moment that belongs to it: a whole second as the end means all of that second, for
    /// the vendor keeps no parts of it.
    pub(super) until: Timestamp,
}

/// What is wrong with a period.
pub(super) enum Mistake {
    /// These parameters cannot be read.
    Unreadable(Vec<&'static str>),
    /// It ends before it begins.
    Backwards,
}

impl Mistake {
    /// In the words of the vendor's framework.
    pub(super) fn invalid(&self) -> Invalid {
        let mut mistakes = Invalid::new();
        match self {
            Self::Unreadable(names) => {
                for name in names {
                    let problem = format!("The {name} does not match the format Y-m-d H:i:s.");
                    mistakes.add(name, problem);
                }
            }
            Self::Backwards => mistakes.must_be(TO, "a date after or equal to from"),
        }
        mistakes
    }
}

impl Period {
    /// Reads `from` and `to`, which are both given.
    pub(super) fn read(parameters: &Parameters<'_>) -> Result<Self, Mistake> {
        let read = |name| parameters.text(name).and_then(time::read);
        let (from, to) = match (read(FROM), read(TO)) {
            (Some(from), Some(to)) => (from, to),
            (from, to) => {
                let unreadable = [(FROM, from.is_none()), (TO, to.is_none())];
                let names = unreadable.into_iter().filter(|(_, is_so)| *is_so);
                return Err(Mistake::Unreadable(names.map(|(name, _)| name).collect()));
            }
        };
        if to.at < from.at {
            return Err(Mistake::Backwards);
        }
        let rest = if to.has_fraction {
            Duration::ZERO
        } else {
            Duration::from_millis(999)
        };
        Ok(Self {
            from: from.at,
            to: to.at,
            until: to.at.after(rest),
        })
    }
}
