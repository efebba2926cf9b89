//! Knows an item that comes both ways, by the socket and by a poll.
//!
//! A poll goes on after the latest time that the engine told, so what a frame with a time brought
//! is not polled again. Frames without one, and polls that were under way when the socket opened,
//! need a comparison of what they say: `docs/protocols/dydu.md#83-polling-fallback`.

use std::collections::VecDeque;

use switchboard_core::model::{RichText, Timestamp};

use crate::digest::Digest;
use crate::wire::TalkValues;

/// How many items of each way are compared with.
const KEPT: usize = 32;
/// How long the socket may take for what a poll brought already, in milliseconds.
const OVERLAP_MS: i64 = 15_000;
/// How much later than its date an item may have arrived by the socket, in milliseconds.
const TOLERANCE_MS: i64 = 1_000;

/// What came lately by each way.
#[derive(Debug, Default)]
pub(super) struct Echo {
    /// By the socket, without a time, since its last frame with one.
    heard: VecDeque<Item>,
    /// By polls.
    polled: VecDeque<Item>,
    /// The engine's clock minus ours, in milliseconds.
    skew: Option<i64>,
}

#[derive(Debug, Clone, Copy)]
struct Item {
    /// None once it has been matched.
    digest: Option<u64>,
    date: Option<i64>,
    at: Timestamp,
}

impl Echo {
    /// A frame came. `false`: a poll has brought it already.
    pub(super) fn hear(&mut self, digest: u64, date: Option<i64>, now: Timestamp) -> bool {
        self.polled
            .retain(|item| now.as_millis() - item.at.as_millis() <= OVERLAP_MS);
        let digest = Some(digest);
        // One item of a poll may be several frames, all with its time.
        let same_time = |item: &&mut Item| date.is_some() && item.date == date;
        let same_words = |item: &&mut Item| item.digest == digest;
        let known = match self.polled.iter_mut().find(same_time) {
            Some(item) => Some(item),
            None => self.polled.iter_mut().find(same_words),
        };
        if let Some(item) = known {
            item.digest.take_if(|known| Some(*known) == digest);
            return false;
        }
        match date {
            Some(date) => {
                self.skew = Some(date - now.as_millis());
                self.heard.clear();
            }
            None => keep(
                &mut self.heard,
                Item {
                    digest,
                    date,
                    at: now,
                },
            ),
        }
        true
    }

    /// A poll brought an item. `false`: the socket has brought it already.
    pub(super) fn poll(&mut self, digest: u64, date: Option<i64>, now: Timestamp) -> bool {
        let digest = Some(digest);
        let is_old = |item: &Item| match (date, self.skew) {
            // The same words at a later time are said again.
            (Some(date), Some(skew)) => date <= item.at.as_millis() + skew + TOLERANCE_MS,
            _ => true,
        };
        let known = |item: &Item| item.digest == digest && is_old(item);
        if let Some(place) = self.heard.iter().position(known) {
            self.heard.remove(place);
            return false;
        }
        keep(
            &mut self.polled,
            Item {
                digest,
                date,
                at: now,
            },
        );
        true
    }
}

fn keep(items: &mut VecDeque<Item>, item: Item) {
    if items.len() >= KEPT {
        items.pop_front();
    }
    items.push_back(item);
}

/// A digest of what an item shows, the same for both forms of it: a poll may put markup around a
/// text and name a step by its code.
pub(super) fn digest(values: &TalkValues) -> u64 {
    let text = RichText::html(values.text());
    let text = text.to_plain();
    let mut digest = Digest::new();
    for word in text.split_whitespace() {
        digest = digest.add(word.as_bytes());
    }
    let field = |field: &Option<crate::wire::B64>| {
        let text = field.as_ref().map(|text| text.0.clone());
        text.unwrap_or_default()
    };
    digest = digest
        .add(field(&values.template_data).as_bytes())
        .add(field(&values.survey).as_bytes());
    if text.trim().is_empty() {
        digest = digest
            .add(values.code_word().as_bytes())
            .add(values.type_word().as_bytes())
            .add(values.action_word().as_bytes());
    }
    digest.value()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: i64) -> Timestamp {
        Timestamp(ms)
    }

    #[test]
    fn what_came_by_the_socket_is_not_polled_again() {
        let mut echo = Echo::default();
        assert!(echo.hear(1, Some(5_000), at(1_000)));
        assert!(echo.hear(2, None, at(2_000)));
        // Heard at 6000 of the engine's clock.
        assert!(!echo.poll(2, Some(5_900), at(3_000)));
        assert!(echo.poll(2, Some(5_950), at(3_000)), "said twice");
        assert!(echo.hear(3, None, at(3_100)));
        assert!(echo.poll(3, Some(9_000), at(5_000)), "said again later");
        assert!(echo.hear(4, None, at(5_100)));
        assert!(echo.hear(5, Some(9_200), at(5_200)));
        // A poll goes on after that time, so this is another one.
        assert!(echo.poll(4, Some(9_300), at(5_300)));
    }

    #[test]
    fn what_was_polled_is_not_heard_again() {
        let mut echo = Echo::default();
        assert!(echo.poll(1, Some(5_000), at(1_000)));
        assert!(!echo.hear(7, Some(5_000), at(1_100)));
        assert!(!echo.hear(1, None, at(1_100)));
        assert!(echo.hear(1, None, at(1_200)));
        assert!(echo.poll(2, None, at(2_000)));
        assert!(echo.hear(2, None, at(2_000 + OVERLAP_MS + 1)));
    }

    #[test]
    fn both_forms_of_an_item_are_the_same() {
        let values = |text: &str, code: Option<&str>| TalkValues {
            text: Some(text.into()),
            code: code.map(Into::into),
            ..TalkValues::default()
        };
        let same = digest(&values("OK", None));
        assert_eq!(
            digest(&values("<p>OK</p>", Some("OperatorConnected"))),
            same
        );
        assert_ne!(digest(&values("No", None)), same);
        assert_ne!(
            digest(&values("", Some("OperatorBusy"))),
            digest(&values("", Some("OperatorConnected")))
        );
    }
}
