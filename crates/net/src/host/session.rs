//! One client's websocket, from its opening to its end.
//!
//! The session's state machine decides; this drives it. What arrives from the client becomes a
//! chain of actions that is worked off in order; a call in the chain holds up what the client sent
//! after it, but not what the conversation publishes meanwhile. A client that does not read is
//! waited for, for a while, and then closed: nothing piles up, because the conversation's log is
//! the only queue.

use std::collections::VecDeque;
use std::pin::{Pin, pin};
use std::sync::Arc;

use futures_util::{FutureExt, StreamExt};
use switchboard_core::Fault;
use switchboard_core::dialect::{ServerSession, SessionAction, View};
use switchboard_exchange::{Attachment, Delivery};
use tokio::select;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{sleep, sleep_until};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

use super::meters::OpenSocket;
use super::mount::Mounted;
use super::serve::{Connection, Phase};
use crate::ws::{self, Broken, KeepAlive, Socket, Vitals};

/// How many messages of a client are kept while a call of it is under way. More are left in the
/// network.
const INBOX: usize = 8;

/// How many entries are written before they are flushed together.
const BATCH: usize = 32;

/// A client's socket and what drives it.
pub(super) struct Session {
    socket: Socket,
    connection: Arc<Connection>,
    mount: Arc<Mounted>,
    machine: Box<dyn ServerSession>,
    attachment: Option<Attachment>,
    /// What the machine wants done, in order.
    chain: VecDeque<SessionAction>,
    /// The action of the chain that is under way.
    under_way: Option<UnderWay>,
    /// What the client sent meanwhile.
    inbox: VecDeque<Message>,
    /// The client has said something that was understood.
    has_spoken: bool,
    _permit: OwnedSemaphorePermit,
    _open: OpenSocket,
}

/// An action that takes time.
enum UnderWay {
    Call(Boxed<Vec<SessionAction>>),
    Attach(Boxed<Result<(View, Attachment), Fault>>),
}

type Boxed<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// What came of it.
enum Done {
    Call(Vec<SessionAction>),
    Attach(Result<(View, Attachment), Fault>),
}

impl UnderWay {
    async fn done(&mut self) -> Done {
        match self {
            Self::Call(call) => Done::Call(call.await),
            Self::Attach(attach) => Done::Attach(attach.await),
        }
    }
}

/// Why a session ends.
enum End {
    /// The socket cannot go on.
    Broken(Broken),
    /// The client said goodbye.
    ByClient,
    /// We say goodbye.
    Close(CloseCode, String),
}

impl From<Broken> for End {
    fn from(broken: Broken) -> Self {
        Self::Broken(broken)
    }
}

impl Session {
    pub(super) fn new(
        socket: Socket,
        connection: Arc<Connection>,
        mount: Arc<Mounted>,
        machine: Box<dyn ServerSession>,
        permit: OwnedSemaphorePermit,
    ) -> Self {
        Self {
            socket,
            connection,
            mount,
            machine,
            attachment: None,
            chain: VecDeque::new(),
            under_way: None,
            inbox: VecDeque::new(),
            has_spoken: false,
            _permit: permit,
            _open: OpenSocket::new("frontend"),
        }
    }

    /// Attaches the socket to a conversation, as the machine would ask for it.
    pub(super) fn attach(&mut self, view: &View, attachment: Attachment) {
        self.attachment = Some(attachment);
        let actions = self.machine.attached(view, &self.connection.shared.cx());
        self.put_first(actions);
    }

    /// Runs the socket to its end.
    #[expect(
        clippy::manual_async_fn,
        reason = "an async function keeps room for what it is given twice"
    )]
    pub(super) fn run(mut self) -> impl Future<Output = ()> + Send {
        async move {
            let end = self.go_on().await;
            // The conversation need not wait for the goodbye.
            self.attachment = None;
            self.under_way = None;
            let socket = self.socket;
            // Boxed: an open socket should not carry the room that only its end needs.
            Box::pin(async move {
                match end {
                    End::Broken(broken) => ws::end(socket, broken).await,
                    End::ByClient => ws::finish(socket).await,
                    End::Close(code, reason) => ws::close(socket, code, &reason).await,
                }
            })
            .await;
        }
    }

    async fn go_on(&mut self) -> End {
        let mut keep_alive = KeepAlive::new();
        let mut check = pin!(sleep_until(keep_alive.first_check()));
        let silence = self.connection.shared.limits.websocket_silence;
        let mut silent = pin!(sleep(silence));
        let mut settings = self.mount.changes();
        // They may have changed since the handshake was answered.
        settings.mark_changed();
        let mut phase = self.connection.phase.clone();
        if *phase.borrow_and_update() == Phase::Closing {
            return going_away();
        }
        loop {
            if settings.has_changed().unwrap_or_default() {
                settings.mark_unchanged();
                if let Err(end) = self.heed_settings().await {
                    return end;
                }
            }
            if let Err(end) = self.work_off().await {
                return end;
            }
            let step = select! {
                biased;
                done = some(&mut self.under_way, UnderWay::done) => {
                    self.under_way = None;
                    self.continue_with(done);
                    Ok(())
                }
                delivery = some(&mut self.attachment, Attachment::next) => {
                    self.deliver(delivery).await
                }
                message = self.socket.next(), if self.inbox.len() < INBOX => {
                    keep_alive.heard();
                    self.receive(message)
                }
                () = check.as_mut() => match keep_alive.check() {
                    Vitals::Alive(until) => {
                        check.as_mut().reset(until);
                        Ok(())
                    }
                    Vitals::Ask(until) => {
                        check.as_mut().reset(until);
                        ws::ping(&mut self.socket).await.map_err(End::from)
                    }
                    Vitals::Lost => Err(Broken::Gone.into()),
                },
                // Whoever answers pings may be there for ever without ever saying what for.
                () = silent.as_mut(), if self.is_nobodys() => {
                    Err(End::Close(CloseCode::Policy, "nothing was said".to_owned()))
                }
                Ok(()) = settings.changed() => {
                    settings.mark_changed();
                    Ok(())
                }
                Ok(()) = phase.changed() => match *phase.borrow_and_update() {
                    Phase::Closing => Err(going_away()),
                    _ => Ok(()),
                },
            };
            if let Err(end) = step {
                return end;
            }
        }
    }

    /// It belongs to no conversation, nothing is under way that could change that, and it has not
    /// said anything that was understood.
    fn is_nobodys(&self) -> bool {
        self.attachment.is_none() && self.under_way.is_none() && !self.has_spoken
    }

    /// Works off the chain, and then what waits in the inbox, up to the next action that takes
    /// time. Sends what was written.
    async fn work_off(&mut self) -> Result<(), End> {
        let mut is_written = false;
        while self.under_way.is_none() {
            let Some(action) = self.chain.pop_front() else {
                match self.inbox.pop_front() {
                    Some(message) => self.handle(message),
                    None => {
                        // A socket is idle most of its life; room for messages is not kept.
                        self.chain = VecDeque::new();
                        self.inbox = VecDeque::new();
                        break;
                    }
                }
                continue;
            };
            match action {
                SessionAction::Send(text) => {
                    ws::feed_text(&mut self.socket, &text).await?;
                    is_written = true;
                }
                SessionAction::Refused(fault) => self.mount.meters.rejected(&fault),
                SessionAction::Call(call) => {
                    let handle = self.mount.handle.clone();
                    let call = async move { handle.call(*call).await };
                    self.under_way = Some(UnderWay::Call(Box::pin(call)));
                }
                SessionAction::Attach(attach) => {
                    let handle = self.mount.handle.clone();
                    let attach = async move { handle.attach(*attach).await };
                    self.under_way = Some(UnderWay::Attach(Box::pin(attach)));
                }
                SessionAction::Close { code, reason } => {
                    return Err(End::Close(code.into(), reason));
                }
            }
        }
        if is_written {
            ws::flush(&mut self.socket).await?;
        }
        Ok(())
    }

    /// Lets the machine look at the settings that are in force now. What it wants done is done at
    /// once, whatever is under way.
    async fn heed_settings(&mut self) -> Result<(), End> {
        let actions = self.machine.settings_changed(&self.connection.shared.cx());
        let mut later = Vec::new();
        for action in actions {
            match action {
                SessionAction::Send(text) => ws::feed_text(&mut self.socket, &text).await?,
                SessionAction::Close { code, reason } => {
                    return Err(End::Close(code.into(), reason));
                }
                other => later.push(other),
            }
        }
        self.put_first(later);
        ws::flush(&mut self.socket).await?;
        Ok(())
    }

    /// Takes what came of an action: the actions that follow go before the rest of the chain.
    fn continue_with(&mut self, done: Done) {
        match done {
            Done::Call(actions) => self.put_first(actions),
            Done::Attach(Ok((view, attachment))) => self.attach(&view, attachment),
            Done::Attach(Err(fault)) => {
                let actions = self
                    .machine
                    .attach_failed(&fault, &self.connection.shared.cx());
                self.put_first(actions);
            }
        }
    }

    fn put_first(&mut self, actions: Vec<SessionAction>) {
        for action in actions.into_iter().rev() {
            self.chain.push_front(action);
        }
    }

    /// Takes what arrived on the socket.
    fn receive(
        &mut self,
        message: Option<Result<Message, tokio_tungstenite::tungstenite::Error>>,
    ) -> Result<(), End> {
        match message {
            None => Err(Broken::Gone.into()),
            Some(Err(error)) => Err(Broken::from(error).into()),
            Some(Ok(Message::Close(_))) => Err(End::ByClient),
            Some(Ok(message @ (Message::Text(_) | Message::Binary(_)))) => {
                self.inbox.push_back(message);
                Ok(())
            }
            // A ping is answered by the socket itself.
            Some(Ok(_)) => Ok(()),
        }
    }

    fn handle(&mut self, message: Message) {
        let cx = self.connection.shared.cx();
        let actions = match &message {
            Message::Text(text) => self.machine.handle_text(text, &cx),
            Message::Binary(data) => self.machine.handle_binary(data, &cx),
            _ => Vec::new(),
        };
        let refused = |action: &SessionAction| matches!(action, SessionAction::Refused(_));
        self.has_spoken |= !actions.iter().any(refused);
        self.chain.extend(actions);
    }

    /// Writes what the conversation published, and with it what else is ready, then flushes once.
    async fn deliver(&mut self, first: Delivery) -> Result<(), End> {
        let mut delivery = first;
        let mut end = Ok(());
        // The place of the last entry that is written.
        let mut written = None;
        let mut is_written = false;
        for room in (0..BATCH).rev() {
            let cx = self.connection.shared.cx();
            let actions = match &delivery {
                Delivery::Entry(entry, view) => {
                    written = Some(entry.seq);
                    self.machine.deliver(entry, view, &cx)
                }
                Delivery::Recalled(entry, view) => self.machine.recall(entry, view, &cx),
                Delivery::TurnFailed { turn, fault } => self.machine.turn_failed(*turn, fault, &cx),
                Delivery::Gone => {
                    end = Err(self.goodbye());
                    break;
                }
            };
            for action in actions {
                match action {
                    SessionAction::Send(text) => {
                        ws::feed_text(&mut self.socket, &text).await?;
                        is_written = true;
                    }
                    // What takes time, or ends the session, waits for its turn in the chain.
                    other => self.chain.push_back(other),
                }
            }
            let ready = self
                .attachment
                .as_mut()
                .filter(|_| room > 0)
                .and_then(|attachment| attachment.next().now_or_never());
            match ready {
                Some(ready) => delivery = ready,
                None => break,
            }
        }
        if is_written {
            ws::flush(&mut self.socket).await?;
        }
        if let (Some(attachment), Some(seq)) = (&mut self.attachment, written) {
            attachment.delivered(seq);
        }
        end
    }

    /// The conversation is gone: the machine has closed the socket in its own way if it was told of
    /// the end.
    fn goodbye(&mut self) -> End {
        let close = self.chain.drain(..).find_map(|action| match action {
            SessionAction::Close { code, reason } => Some(End::Close(code.into(), reason)),
            _ => None,
        });
        close.unwrap_or_else(going_away)
    }
}

fn going_away() -> End {
    End::Close(CloseCode::Away, "going away".to_owned())
}

/// Waits for what a thing brings, or for ever if there is no thing.
async fn some<'a, T, F, R>(thing: &'a mut Option<T>, wait: F) -> R
where
    F: AsyncFnOnce(&'a mut T) -> R,
{
    match thing {
        Some(thing) => wait(thing).await,
        None => std::future::pending().await,
    }
}
