//! What the exchange does with the events of a leg, without an exchange.

use std::sync::Arc;
use std::time::Duration;

use switchboard_core::adapt::{Adapted, adapt};
use switchboard_core::dialect::{Entry, Item, LegEvent, Published};
use switchboard_core::model::{BotEvent, Capabilities, MessageId, Timestamp, TurnOutcome};

/// Whether the event ends the turn, with success.
pub(super) fn ends(event: &LegEvent, turn: MessageId) -> bool {
    event.turn == Some(turn) && event.event == BotEvent::TurnEnded(TurnOutcome::Done)
}

/// Makes log entries of what a leg published, as the exchange does.
pub(super) fn publish(
    events: Vec<LegEvent>,
    capabilities: &Capabilities,
    turn: MessageId,
    now: Timestamp,
    seq: &mut u64,
) -> Vec<Arc<Entry>> {
    let mut entries = Vec::with_capacity(events.len());
    let count = events
        .iter()
        .filter(|event| matches!(event.event, BotEvent::Message(_)))
        .count();
    let mut index = 0;
    for event in events {
        let BotEvent::Message(message) = event.event else {
            continue;
        };
        let published = match adapt(&message, capabilities) {
            Adapted::AsIs => Published::as_is(message),
            Adapted::Instead { messages, .. } => Published {
                message,
                instead: Some(messages),
            },
        };
        *seq += 1;
        let at = now.after(Duration::from_millis(u64::from(index)));
        entries.push(Arc::new(Entry {
            seq: *seq,
            at,
            turn: Some(turn),
            index,
            last: entries.len() + 1 == count,
            unrecorded: false,
            item: Item::Message(Box::new(published)),
        }));
        index += 1;
    }
    entries
}
