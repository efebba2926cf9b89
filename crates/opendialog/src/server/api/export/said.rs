//! What both sides said.
//!
//! A message of the bot or of an operator is written as for a client that knows every type,
//! whichever client got it. What shows nothing is left out: a message without content of its own, a
//! notice without words, and the end of a conversation.

use std::collections::HashMap;
use std::time::Duration;

use serde_json::{Map, Value};
use switchboard_core::dialect::{Entry, Item, Published, TranscriptLine, UserTranscript};
use switchboard_core::model::{
    Author, ConversationId, MessageId, Notice, Profile, Timestamp, UserEvent,
};

use crate::convert::{self, Target, did, text};
use crate::options::{Client, FrontendOptions};
use crate::server::external;
use crate::wire::export::Interaction;
use crate::wire::outbound::{Outbound, THEM};
use crate::wire::{Slot, time};

/// Longer than any address of a host is, with a zone.
const LONGEST_ADDRESS: usize = 64;

pub(super) fn interactions(user: &UserTranscript, options: &FrontendOptions) -> Vec<Interaction> {
    let exchanges = Exchanges::new(&user.lines, &user.profile);
    let mut said = Vec::with_capacity(user.lines.len());
    for line in &user.lines {
        let entry = &*line.entry;
        let first = said.len();
        match &entry.item {
            Item::User(event) => said.push(of_user(&user.user_id, event, entry)),
            Item::Message(published) => of_bot(&user.user_id, published, entry, options, &mut said),
            Item::Notice(notice) => said.extend(of_notice(notice, entry)),
            Item::Typing(_) | Item::Ended { .. } => {}
        }
        for interaction in said.iter_mut().skip(first) {
            if let Some(kind) = external::kind_of(entry) {
                interaction.kind = kind.to_owned();
            }
            interaction.request = exchanges.request();
            interaction.response = exchanges.response(line);
        }
    }
    said
}

fn of_user(user_id: &str, event: &UserEvent, entry: &Entry) -> Interaction {
    let did = did::of(event);
    Interaction {
        author: user_id.to_owned(),
        kind: did.kind.as_str().to_owned(),
        date: time::column(entry.at),
        text: Slot::or_null(did.text()),
        data: Slot::or_null(did.all_data().map(Value::Object)),
        ..Interaction::default()
    }
}

fn of_bot(
    user_id: &str,
    published: &Published,
    entry: &Entry,
    options: &FrontendOptions,
    said: &mut Vec<Interaction>,
) {
    let message = &published.message;
    let target = Target {
        client: Client::Current,
        handover_systems: &options.handover_systems,
        style: options.text_format,
    };
    let words = text::of_content(&message.content).map(|text| text.to_plain().into_owned());
    let author = match message.author {
        Author::User => user_id,
        Author::Bot | Author::Operator { .. } | Author::System => THEM,
    };
    let wires = convert::from_model(message, target);
    let last = wires.len().saturating_sub(1);
    let more_follow = entry.turn.is_some() && !entry.last;
    for (place, wire) in wires.into_iter().enumerate() {
        let interaction = of_wire(wire, entry, place < last || more_follow);
        // Only one of several messages that are made of one has its words.
        let words = words.clone().filter(|_| last == 0);
        said.push(Interaction {
            author: author.to_owned(),
            text: Slot::or_null(words.or_else(|| interaction.text.into_option())),
            ..interaction
        });
    }
}

fn of_notice(notice: &Notice, entry: &Entry) -> Option<Interaction> {
    if notice.text.is_empty() {
        return None;
    }
    let (kind, data) = text::write(&notice.text);
    let words = notice.text.to_plain().into_owned();
    Some(Interaction {
        text: Slot::Given(words),
        ..of_wire(Outbound::new(kind, data), entry, false)
    })
}

fn of_wire(mut wire: Outbound, entry: &Entry, is_inner: bool) -> Interaction {
    convert::stamp(&mut wire, entry.at, is_inner);
    Interaction {
        author: THEM.to_owned(),
        text: Slot::or_null(wire.data.text().map(str::to_owned)),
        data: Slot::Given(serde_json::to_value(&wire.data).unwrap_or_default()),
        kind: wire.kind,
        date: time::column(entry.at),
        ..Interaction::default()
    }
}

/// What the vendor logs of HTTP. Here no exchange is logged: the address of a request is empty, its
/// source is what the client told of itself, a request that led to a line of a transcript was
/// answered with 200, and it took as long as the turn.
struct Exchanges<'a> {
    source: Option<&'a Value>,
    turns: HashMap<(ConversationId, MessageId), (Timestamp, Timestamp)>,
}

impl<'a> Exchanges<'a> {
    fn new(lines: &[TranscriptLine], profile: &'a Profile) -> Self {
        let mut turns = HashMap::new();
        for line in lines {
            let Some(turn) = line.entry.turn else {
                continue;
            };
            let at = line.entry.at;
            let (_, last) = turns.entry((line.conversation, turn)).or_insert((at, at));
            *last = at;
        }
        Self {
            source: profile.attributes.get("ip_address"),
            turns,
        }
    }

    fn request(&self) -> Map<String, Value> {
        // It is written with every line, and is whatever the client says.
        let source = self.source.and_then(Value::as_str);
        let source = source.filter(|source| source.len() <= LONGEST_ADDRESS);
        let source = source.unwrap_or_default();
        Map::from_iter([
            ("url".to_owned(), Value::from("")),
            ("source_ip".to_owned(), Value::from(source)),
        ])
    }

    /// The time in seconds, as text.
    fn response(&self, line: &TranscriptLine) -> Map<String, Value> {
        let turn = line.entry.turn.map(|turn| (line.conversation, turn));
        let times = turn.and_then(|turn| self.turns.get(&turn));
        let took = times.map_or(Duration::ZERO, |(first, last)| last.since(*first));
        Map::from_iter([
            ("http_status".to_owned(), Value::from(200)),
            (
                "request_length".to_owned(),
                Value::from(format!("{:.6}", took.as_secs_f64())),
            ),
        ])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_may_be_an_address_is_written_with_every_line() {
        let source_of = |address: &str| {
            let mut profile = Profile::default();
            let address = Value::from(address);
            profile.attributes.insert("ip_address".to_owned(), address);
            Exchanges::new(&[], &profile).request()["source_ip"].clone()
        };
        assert_eq!(source_of("192.0.2.1"), "192.0.2.1");
        assert_eq!(source_of(&"1".repeat(1000)), "");
    }
}
