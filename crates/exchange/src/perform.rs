//! Performs calls on conversations.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};
use std::time::Duration;

use switchboard_core::Fault;
use switchboard_core::dialect::{
    After, Answer, Collect, Entry, Find, Item, LegInput, Noted, Operation, Outcome, Published,
    Retry, Target, UnknownChoice, Wait,
};
use switchboard_core::model::{MessageId, Profile, Query, Timestamp, UserInput};

use crate::BoxFuture;
use crate::accept::{Accepted, without_content};
use crate::answer::{finished, recorded, take};
use crate::conversation::{Conversation, State};
use crate::drive::{Feed, Pending};
use crate::exchange::FrontendHandle;

/// How much longer a caller waits than a turn may last, so that the turn's own end comes first.
const PATIENCE_MARGIN: Duration = Duration::from_millis(500);
/// How old typing may be to be worth telling a poller.
const FRESH_TYPING_MS: i64 = 10_000;

impl FrontendHandle {
    pub(crate) async fn perform(
        &self,
        target: Target,
        profile: Profile,
        operation: Operation,
    ) -> Result<Outcome, Fault> {
        if let (Some(client), Operation::Input { event, .. }, Find::Detached) =
            (target.client, &operation, &target.find)
            && let UserInput::Query(Query::Suggestions(typed)) = &event.input
        {
            self.overhear(client, &typed.text);
        }
        if matches!(
            operation,
            Operation::Records { .. } | Operation::Erase { .. }
        ) {
            return self.personal(&target, profile, operation).await;
        }
        // A conversation may be put away between being found and being locked; then it is found
        // again, in the store.
        let mut attempt = Attempt { profile, operation };
        loop {
            let (conversation, created) = self.find(&target).await?;
            let is_detached = target.find == Find::Detached;
            if let Some(client) = target.client.filter(|_| !is_detached) {
                self.state.absent.seen(client, &conversation);
            }
            match self
                .try_perform(&conversation, created, attempt, target.retry)
                .await
            {
                Ok(result) => {
                    if is_detached {
                        conversation.keep_until_done();
                    }
                    return result;
                }
                Err(back) => attempt = back,
            }
        }
    }

    async fn try_perform(
        &self,
        conversation: &Arc<Conversation>,
        created: bool,
        attempt: Attempt,
        retry: Option<Retry>,
    ) -> Result<Result<Outcome, Fault>, Attempt> {
        Ok(match self.begin(conversation, created, attempt, retry)? {
            Begun::Over(result) => result,
            Begun::Waiting {
                turn,
                collect,
                takes_late,
                pending,
                used,
            } => {
                let waited = self
                    .wait(conversation, turn, collect, pending, (created, used))
                    .await;
                match waited {
                    Err(Fault::TimedOut) if takes_late => {
                        let state = conversation.state.lock();
                        let view = conversation.view(&state, created, used);
                        let answer = Answer {
                            turn: Some(turn),
                            late: true,
                            ..Answer::default()
                        };
                        Ok(Outcome { view, answer })
                    }
                    waited => waited,
                }
            }
        })
    }

    /// Does what can be done at once, under the conversation's lock.
    pub(crate) fn begin(
        &self,
        conversation: &Arc<Conversation>,
        created: bool,
        attempt: Attempt,
        retry: Option<Retry>,
    ) -> Result<Begun, Attempt> {
        let now = self.inner.clock.now();
        conversation.touch(now);
        let mut state = conversation.state.lock();
        if state.gone && !self.inner.draining.load(Ordering::Relaxed) {
            return Err(attempt);
        }
        let Attempt { profile, operation } = attempt;
        state.merge(profile);
        if matches!(
            operation,
            Operation::Input { .. } | Operation::Greet { .. } | Operation::Poll { .. }
        ) {
            let pending = conversation.back(&self.inner, &mut state);
            conversation.spawn_all(&self.inner, pending);
        }
        let used = state.used;
        let (event, wait, unknown) = match operation {
            Operation::Input {
                event,
                wait,
                unknown_choice,
            } => (event, wait, unknown_choice),
            Operation::Greet { event, wait } if !used => (event, wait, UnknownChoice::Pass),
            other => {
                let entries = self.at_once(conversation, &mut state, other, now);
                let view = conversation.view(&state, created, used);
                let answer = Answer {
                    entries,
                    ..Answer::default()
                };
                return Ok(Begun::Over(Ok(Outcome { view, answer })));
            }
        };
        let opens_turn = event.input.opens_turn();
        let accepted = match self.accept(conversation, &mut state, *event, unknown, retry, wait) {
            Ok(accepted) => accepted,
            Err(fault) => return Ok(Begun::Over(Err(fault))),
        };
        let Accepted { turn, pending } = accepted;
        match wait.collect() {
            Some(collect) if opens_turn => Ok(Begun::Waiting {
                turn,
                collect,
                takes_late: matches!(wait, Wait::TurnOrLate(_)),
                pending,
                used,
            }),
            _ => {
                let view = conversation.view(&state, created, used);
                conversation.spawn_all(&self.inner, pending);
                let answer = Answer {
                    turn: opens_turn.then_some(turn),
                    ..Answer::default()
                };
                Ok(Begun::Over(Ok(Outcome { view, answer })))
            }
        }
    }

    /// Performs an operation that opens no turn.
    fn at_once(
        &self,
        conversation: &Arc<Conversation>,
        state: &mut State,
        operation: Operation,
        now: Timestamp,
    ) -> Vec<Arc<Entry>> {
        match operation {
            Operation::Input { .. }
            | Operation::Touch
            | Operation::Records { .. }
            | Operation::Erase { .. } => Vec::new(),
            Operation::Greet {
                wait: Wait::Turn(Collect::Undelivered) | Wait::TurnOrLate(Collect::Undelivered),
                ..
            } => take(state, 0, usize::MAX, |entry, delivered| {
                !delivered && entry.is_outbound() && !entry.is_transient()
            }),
            Operation::Greet { .. } => Vec::new(),
            Operation::Poll { after, limit } => {
                // Typing that something has followed is over.
                let newest = state.last_seq;
                take(state, 0, limit, move |entry, delivered| {
                    let stale = entry.is_transient()
                        && (entry.seq < newest
                            || now.as_millis() - entry.at.as_millis() > FRESH_TYPING_MS);
                    let wanted = match after {
                        After::Delivered => !delivered,
                        After::Time(at) => !delivered || entry.at > at,
                        After::Seq(seq) => entry.seq > seq,
                    };
                    wanted && entry.is_outbound() && !stale
                })
            }
            Operation::Note(noted) => {
                self.note(conversation, state, noted);
                Vec::new()
            }
            Operation::History { limit } => recorded(state, limit),
            Operation::Restore { limit } => {
                let entries = recorded(state, limit);
                let first = entries.first().map_or(u64::MAX, |entry| entry.seq);
                // Whoever shows the conversation anew shows all of it up to now.
                take(state, first, usize::MAX, |_, _| true);
                entries
            }
            Operation::End { reason } => {
                conversation.end(&self.inner, state, None, reason);
                let pending = conversation.feed(&self.inner, state, Feed::Input(LegInput::Close));
                conversation.spawn_all(&self.inner, pending);
                conversation.refuse_turns(&self.inner, state);
                Vec::new()
            }
        }
    }

    /// Writes down what was said elsewhere: once, however often it is told.
    fn note(&self, conversation: &Conversation, state: &mut State, noted: Noted) {
        let (id, unrecorded, item) = match noted {
            Noted::User(event) => {
                let (id, unrecorded) = (event.id, event.unrecorded);
                let item = Item::User(without_content(&Arc::from(event)));
                (id, unrecorded, item)
            }
            Noted::Message(message) => {
                let published = Published::as_is(*message);
                (published.message.id, false, Item::Message(published.into()))
            }
        };
        if state.recorded(id).is_some() {
            return;
        }
        conversation.log(&self.inner, state, None, (0, true), unrecorded, item);
        // It is in the client already.
        if let Some(slot) = state.log.back_mut() {
            slot.delivered = true;
        }
    }

    /// Waits for the end of a turn and takes its answer.
    async fn wait(
        &self,
        conversation: &Arc<Conversation>,
        turn: MessageId,
        collect: Collect,
        mut pending: Vec<Pending>,
        (created, used): (bool, bool),
    ) -> Result<Outcome, Fault> {
        let waiter = Waiter { conversation, turn };
        // The turn is carried by this very task, so that an answer costs no switch to another. If
        // the caller goes away, what is left of it goes on in a task of its own.
        let mut carried = Carried(pending.pop().map(|first| {
            Box::pin(conversation.clone().run(self.inner.clone(), first)) as BoxFuture<()>
        }));
        conversation.spawn_all(&self.inner, pending);
        // The turn has a deadline of its own from when it begins; this bounds the wait for it too.
        let patience = self.state.turn_timeout + PATIENCE_MARGIN;
        let mut patience = std::pin::pin!(tokio::time::sleep(patience));
        loop {
            let changed = conversation.changed.notified();
            let finished = {
                let mut state = conversation.state.lock();
                finished(&mut state, turn, collect, self.inner.clock.now())
                    .map(|result| (result, conversation.view(&state, created, used)))
            };
            if let Some((result, view)) = finished {
                drop(waiter);
                return result.map(|answer| Outcome { view, answer });
            }
            tokio::select! {
                biased;
                () = &mut carried, if carried.0.is_some() => {}
                () = changed => {}
                () = &mut patience => return Err(Fault::TimedOut),
            }
        }
    }
}

/// How far a call has come when the conversation's lock is released.
pub(crate) enum Begun {
    Over(Result<Outcome, Fault>),
    Waiting {
        turn: MessageId,
        collect: Collect,
        takes_late: bool,
        pending: Vec<Pending>,
        used: bool,
    },
}

/// What is left to do if the conversation must be found again.
pub(crate) struct Attempt {
    pub(crate) profile: Profile,
    pub(crate) operation: Operation,
}

/// Counts a caller that waits for a turn, until it has its answer or goes away.
struct Waiter<'a> {
    conversation: &'a Arc<Conversation>,
    turn: MessageId,
}

impl Drop for Waiter<'_> {
    fn drop(&mut self) {
        if let Some(turn) = self.conversation.state.lock().turn(self.turn) {
            turn.waiters = turn.waiters.saturating_sub(1);
            turn.given_up |= turn.taken.is_none();
        }
    }
}

/// A future that is finished elsewhere if it is dropped here.
struct Carried(Option<BoxFuture<()>>);

impl Future for Carried {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let Some(future) = &mut self.0 else {
            return Poll::Ready(());
        };
        match future.as_mut().poll(cx) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(()) => {
                self.0 = None;
                Poll::Ready(())
            }
        }
    }
}

impl Drop for Carried {
    fn drop(&mut self) {
        if let Some(rest) = self.0.take()
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            runtime.spawn(rest);
        }
    }
}
