//! Watches the history for messages that nobody asked for.
//!
//! The vendor pushes nothing, so after a turn the history is looked at a few times. Its rows have
//! no ids that the live answer would also have; which of them are new follows from their order:
//! those of the bot after the user's last row are the turn's answer, and then what came later.

use std::collections::VecDeque;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use switchboard_core::model::Timestamp;

use crate::wire::history::Row;
use crate::wire::outbound::{Data, Outbound};

/// How often the history is looked at while a human is involved.
const WITH_HUMAN: Duration = Duration::from_millis(2_500);
/// After this long without anything new a human is taken to be gone.
const PATIENCE: Duration = Duration::from_secs(30 * 60);
/// How many rows beyond the known ones are asked for.
const MARGIN: usize = 20;

/// What a message is recognised by: its type and its words.
pub(super) type Print = u64;

/// What is known of the history.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Watch {
    /// When to look again, in order.
    #[serde(skip_serializing_if = "VecDeque::is_empty")]
    due: VecDeque<Timestamp>,
    /// The messages after the user's last row.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    known: Vec<Print>,
    /// Those that were found in the history since the last answer. Another gateway in the
    /// engine's place may repeat them before its next answer.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    found: Vec<Print>,
    /// When something last happened.
    active_at: Timestamp,
    /// The engine has no history to look at.
    blind: bool,
}

impl Watch {
    /// When to look at the history next.
    pub(super) fn due(&self) -> Option<Timestamp> {
        self.due.front().copied().filter(|_| !self.blind)
    }

    /// How many rows to ask for.
    pub(super) fn limit(&self) -> usize {
        self.known.len() + MARGIN
    }

    /// A look begins: what is due by now is done by it.
    pub(super) fn begin(&mut self, now: Timestamp) {
        while self.due.front().is_some_and(|due| *due <= now) {
            self.due.pop_front();
        }
    }

    /// The engine cannot be asked any more.
    pub(super) fn give_up(&mut self) {
        self.blind = true;
        self.due.clear();
    }

    /// A turn begins, or failed: whatever is in the history now is not comparable.
    pub(super) fn stop(&mut self) {
        self.due.clear();
    }

    /// A turn was answered. Takes away what was found in the history before, and plans when to
    /// look at it again.
    pub(super) fn answered(
        &mut self,
        messages: &mut Vec<Outbound>,
        schedule: &[Duration],
        now: Timestamp,
    ) {
        let repeated = self.repeated(messages);
        messages.drain(..repeated);
        self.known = messages.iter().map(print).collect();
        self.found.clear();
        self.active_at = now;
        self.due = schedule.iter().map(|wait| now.after(*wait)).collect();
    }

    /// How many messages at the front were found in the history already. An answer that holds
    /// nothing else is taken as one of its own: bots repeat themselves.
    fn repeated(&self, messages: &[Outbound]) -> usize {
        if self.found.is_empty() {
            return 0;
        }
        let mut found = self.found.iter();
        let repeated = messages
            .iter()
            .take_while(|message| {
                let message = print(message);
                found.any(|known| *known == message)
            })
            .count();
        if repeated == messages.len() {
            0
        } else {
            repeated
        }
    }

    /// Rows arrived, newest first. Gives those that are new, oldest first, each with its row.
    pub(super) fn looked(
        &mut self,
        rows: Vec<Row>,
        user_id: &str,
        now: Timestamp,
    ) -> Vec<(Row, Outbound)> {
        let asked_for = self.limit();
        let is_users = |row: &Row| row.author.get().is_some_and(|author| author == user_id);
        let complete = rows.len() < asked_for || rows.iter().any(is_users);
        let mut bots: Vec<(Row, Outbound)> = rows
            .into_iter()
            .take_while(|row| !is_users(row))
            .filter(Row::is_bots)
            .map(|row| {
                let message = row.to_message();
                (row, message)
            })
            .collect();
        bots.reverse();
        let prints: Vec<Print> = bots.iter().map(|(_, message)| print(message)).collect();
        let seen = if complete {
            seen(&self.known, &prints)
        } else {
            seen_in_window(&self.known, &prints)
        };
        let new = bots.split_off(seen.min(bots.len()));
        self.found
            .extend(new.iter().map(|(_, message)| print(message)));
        self.known = prints;
        if !new.is_empty() {
            self.active_at = now;
        }
        new
    }

    /// Looks again soon if a human may be writing.
    pub(super) fn go_on(&mut self, human: bool, now: Timestamp) {
        if human && self.due.is_empty() && !self.blind && now.since(self.active_at) < PATIENCE {
            self.due.push_back(now.after(WITH_HUMAN));
        }
    }
}

/// How many of the rows after the user's last one are known. The live answer may have begun with
/// messages that the history has before the user's row, so the rows may begin anywhere in it.
fn seen(known: &[Print], rows: &[Print]) -> usize {
    for start in 0..known.len() {
        let tail = known.get(start..).unwrap_or_default();
        if rows.starts_with(tail) {
            return tail.len();
        }
        if tail.starts_with(rows) {
            return rows.len();
        }
    }
    // Nothing fits: the engine writes its rows in other words. Then their number has to do.
    known.len().min(rows.len())
}

/// The same where the user's last row is out of sight.
fn seen_in_window(known: &[Print], rows: &[Print]) -> usize {
    known
        .last()
        .and_then(|last| rows.iter().rposition(|row| row == last))
        .map_or(0, |place| place + 1)
}

fn print(message: &Outbound) -> Print {
    let title = match &message.data {
        Data::List(data) => data.title.words(),
        Data::Rich(data) => data.title.words(),
        Data::Image(data) => data.img_src.words(),
        Data::Audio(data) => data.url.words(),
        Data::Autocomplete(data) => data.title.words(),
        _ => None,
    };
    let kind = match message.kind.as_str() {
        "long_text" => "longtext",
        kind => kind,
    };
    let parts = [
        kind,
        message.data.text().unwrap_or_default(),
        title.unwrap_or_default(),
    ];
    parts.into_iter().fold(0xcbf2_9ce4_8422_2325, digest)
}

/// FNV-1a, of eight bytes at a time: the same on every replica, whatever the compiler.
fn digest(seed: Print, text: &str) -> Print {
    let step = |print: Print, word: u64| (print ^ word).wrapping_mul(0x0100_0000_01b3);
    let (words, rest) = text.as_bytes().as_chunks::<8>();
    let print = words
        .iter()
        .fold(seed, |print, word| step(print, u64::from_le_bytes(*word)));
    let last = rest
        .iter()
        .rfold(0, |word, byte| word << 8 | u64::from(*byte));
    // The length keeps the parts apart.
    step(step(print, last), text.len() as u64)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const SCHEDULE: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(2)];

    fn bot(text: &str) -> Outbound {
        Outbound::new("text", Data::decode("text", json!({"text": text})))
    }

    fn row(author: &str, text: &str) -> Row {
        serde_json::from_value(json!({
            "author": author, "type": "text", "data": {"text": text},
        }))
        .unwrap()
    }

    fn look(watch: &mut Watch, newest_first: &[(&str, &str)]) -> Vec<String> {
        let rows = newest_first
            .iter()
            .map(|(who, text)| row(who, text))
            .collect();
        let new = watch.looked(rows, "u", Timestamp(5));
        new.iter()
            .map(|(_, message)| message.data.text().unwrap().to_owned())
            .collect()
    }

    fn answered(watch: &mut Watch, texts: &[&str]) -> usize {
        let mut messages = texts.iter().map(|text| bot(text)).collect();
        watch.answered(&mut messages, &SCHEDULE, Timestamp(0));
        messages.len()
    }

    #[test]
    fn only_what_came_after_the_answer_is_new_and_only_once() {
        let mut watch = Watch::default();
        answered(&mut watch, &["a", "b"]);
        assert!(look(&mut watch, &[("them", "b"), ("them", "a"), ("u", "hi")]).is_empty());
        let rows = [("them", "c"), ("them", "b"), ("them", "a"), ("u", "hi")];
        assert_eq!(look(&mut watch, &rows), ["c"]);
        assert!(look(&mut watch, &rows).is_empty());
    }

    #[test]
    fn an_answer_may_begin_with_what_was_missed_before() {
        let mut watch = Watch::default();
        answered(&mut watch, &["missed", "a"]);
        let rows = [
            ("them", "b"),
            ("them", "a"),
            ("u", "hi"),
            ("them", "missed"),
        ];
        assert_eq!(look(&mut watch, &rows), ["b"]);
    }

    #[test]
    fn rows_in_other_words_are_counted() {
        let mut watch = Watch::default();
        answered(&mut watch, &["a"]);
        assert!(look(&mut watch, &[("them", "A!"), ("u", "hi")]).is_empty());
        assert_eq!(
            look(&mut watch, &[("them", "B!"), ("them", "A!"), ("u", "hi")]),
            ["B!"]
        );
    }

    #[test]
    fn what_was_found_is_not_taken_from_the_next_answer_again() {
        let mut watch = Watch::default();
        answered(&mut watch, &["wait"]);
        let rows = [("them", "done"), ("them", "wait"), ("u", "later")];
        assert_eq!(look(&mut watch, &rows), ["done"]);
        assert_eq!(answered(&mut watch, &["done", "hello"]), 1);
        // A bot that says the same thing again is heard.
        look(&mut watch, &[("them", "hello"), ("u", "x")]);
        assert_eq!(
            look(
                &mut watch,
                &[("them", "done"), ("them", "hello"), ("u", "x")]
            ),
            ["done"]
        );
        assert_eq!(answered(&mut watch, &["done"]), 1);
    }

    #[test]
    fn the_schedule_ends_unless_a_human_is_involved() {
        let mut watch = Watch::default();
        answered(&mut watch, &["a"]);
        assert_eq!(watch.due(), Some(Timestamp(1_000)));
        watch.begin(Timestamp(2_500));
        assert_eq!(watch.due(), None);
        watch.go_on(false, Timestamp(2_500));
        assert_eq!(watch.due(), None);
        watch.go_on(true, Timestamp(2_500));
        assert_eq!(watch.due(), Some(Timestamp(5_000)));
        watch.begin(Timestamp(5_000));
        watch.go_on(true, Timestamp(0).after(PATIENCE));
        assert_eq!(watch.due(), None);
    }
}
