//! Asking for news: `docs/protocols/dydu.md#83-polling-fallback`.
//!
//! For a while after each turn, and all the time while a human is involved. Real servers answer
//! polls outside of a livechat with nothing, as far as is known; other servers deliver there what
//! nobody asked for.

use serde_json::Value;
use switchboard_core::dialect::{Cx, LegOutput};
use switchboard_core::model::Timestamp;

use super::echo;
use super::flight::Purpose;
use super::leg::DyduLeg;
use crate::digest::Digest;
use crate::wire::envelope::{Received, Untyped};
use crate::wire::livechat::PollRequest;
use crate::wire::path::Endpoint;
use crate::wire::words;

/// Polls in a row that may follow each other at once.
const BURST: u32 = 20;

impl DyduLeg {
    /// After a turn news is asked for, for a while. A livechat has polls of its own.
    pub(super) fn schedule_polls(&mut self, cx: &Cx<'_>) {
        if self.is_livechat() {
            return;
        }
        self.polls.clear();
        if self.uses_socket() && (self.socket.is_open() || self.socket.is_opening()) {
            return;
        }
        let times = self.settings.poll_after.iter();
        self.polls = times.map(|after| cx.now.after(*after)).collect();
        self.burst = 0;
    }

    /// Asks for news at once.
    pub(super) fn poll_now(&mut self, cx: &Cx<'_>) {
        self.polls.clear();
        self.polls.push_back(cx.now);
        self.burst = 0;
    }

    /// While a livechat has no socket it is polled.
    pub(super) fn keep_polling(&mut self, cx: &Cx<'_>) {
        let is_polling = |purpose: &Purpose| matches!(purpose, Purpose::Poll);
        if self.socket.is_open() || !self.polls.is_empty() || self.is_under_way(is_polling) {
            return;
        }
        self.polls
            .push_back(cx.now.after(self.settings.livechat_poll));
    }

    /// When to poll next. An answer that is under way comes first.
    pub(super) fn next_poll(&self) -> Option<Timestamp> {
        let first = self.polls.front().copied()?;
        // What comes after a survey waits for its questions.
        let busy = self.is_under_way(|purpose| {
            matches!(
                purpose,
                Purpose::Poll | Purpose::Talk(..) | Purpose::Survey(_)
            )
        });
        (!busy).then_some(first)
    }

    pub(super) fn poll_timer(&mut self, cx: &Cx<'_>, output: &mut LegOutput) {
        if self.next_poll().is_none_or(|at| at > cx.now) {
            return;
        }
        while self.polls.front().is_some_and(|at| *at <= cx.now) {
            self.polls.pop_front();
        }
        // Like the widget: without a time from the engine there is nothing to go on from.
        let (Some(context), Some(last)) = (self.state.context.clone(), self.state.last_poll) else {
            self.polls.clear();
            return self.release_frames(cx, output);
        };
        let request = PollRequest {
            last_poll: Some(last),
            context,
            space: self.space.clone(),
            language: self.language.clone(),
        };
        let request = self.side(Endpoint::Poll, request.to_params().to_form());
        self.send(request, Purpose::Poll, cx, output);
    }

    /// After a poll. One answer holds one item, so where there was one there may be more.
    pub(super) fn poll_ended(&mut self, brought: bool, cx: &Cx<'_>, output: &mut LegOutput) {
        if brought && self.burst < BURST {
            self.burst += 1;
            self.polls.push_front(cx.now);
            return;
        }
        self.burst = 0;
        self.release_frames(cx, output);
    }

    /// Publishes what a poll brought. `false` if that is nothing.
    pub(super) fn news(
        &mut self,
        answer: Received<'_>,
        cx: &Cx<'_>,
        output: &mut LegOutput,
    ) -> bool {
        // Polls ask for what is there at all, be it readable or not.
        let Ok(Untyped { values, .. }) = serde_json::from_str(answer.text) else {
            return false;
        };
        let date = values
            .get("pollUpdatedInteractionDate")
            .and_then(Value::as_i64);
        let is_item = ["text", "code", "typeResponse", "templateName"]
            .iter()
            .any(|name| values.contains_key(*name));
        if !is_item {
            self.state.seen_until(date);
            return false;
        }
        match date {
            Some(date) if self.state.last_poll.is_some_and(|last| date <= last) => return false,
            Some(date) => self.state.last_poll = Some(date),
            None => {
                // Without a time the same item may come again and again.
                let item = Value::Object(values).to_string();
                let digest = Digest::new().add(item.as_bytes()).value();
                if std::mem::replace(&mut self.state.last_item, digest) == digest {
                    return false;
                }
            }
        }
        if let Ok(values) = &answer.values
            && values.code_word() != words::WRITING
            && !self.echo.poll(echo::digest(values), date, cx.now)
        {
            return date.is_some();
        }
        let Ok(heard) = self.hear(answer, None, cx) else {
            return false;
        };
        self.publish_or_ask(heard, None, cx, output);
        // Without a time the next poll would bring the same.
        date.is_some()
    }
}
