//! Puts the parts together.

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use switchboard_core::Fault;
use switchboard_core::dialect::{Attach, Backend, Call, Cx, Frontend, SessionAction, View};
use switchboard_core::model::{Capabilities, ConversationId, Timestamp};
use switchboard_store::{ConversationStore, Transcripts};
use tokio::sync::Semaphore;

use crate::absence::Absent;
use crate::attachment::Attachment;
use crate::conversation::Conversation;
use crate::meters::Meters;
use crate::shards::Shards;
use crate::timer::Timer;
use crate::{BuildError, Clock, Dialer, Limits, Parts};

/// How long it may take at the end to write down what was said last.
const LAST_LINES: Duration = Duration::from_secs(5);

/// The exchange. Cheap to clone.
#[derive(Clone)]
pub struct Exchange {
    inner: Arc<Inner>,
    frontends: Arc<HashMap<String, Arc<FrontendState>>>,
}

/// What every conversation needs.
pub(crate) struct Inner {
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) dialer: Arc<dyn Dialer>,
    pub(crate) store: Arc<dyn ConversationStore>,
    pub(crate) transcripts: Transcripts,
    pub(crate) limits: Limits,
    pub(crate) timer: Timer,
    pub(crate) draining: AtomicBool,
    /// Bytes of files that are on their way to engines.
    content: AtomicUsize,
}

impl Inner {
    pub(crate) fn cx(&self) -> Cx<'_> {
        Cx {
            now: self.clock.now(),
            ids: &*self.clock,
        }
    }

    /// Takes room for a file on its way to an engine. `false` if there is none.
    pub(crate) fn make_room(&self, bytes: usize) -> bool {
        let most = self.limits.content_bytes;
        self.content
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |taken| {
                taken.checked_add(bytes).filter(|sum| *sum <= most)
            })
            .is_ok()
    }

    /// The file has arrived, or never will.
    pub(crate) fn give_room(&self, bytes: usize) {
        self.content.fetch_sub(bytes, Ordering::Relaxed);
    }

    pub(crate) fn fresh_conversation_id(&self) -> ConversationId {
        ConversationId(self.clock.fresh())
    }
}

/// One frontend and where its conversations go.
pub(crate) struct FrontendState {
    pub(crate) name: Arc<str>,
    pub(crate) frontend: Arc<dyn Frontend>,
    pub(crate) capabilities: Capabilities,
    pub(crate) backend: Arc<BackendState>,
    pub(crate) conversations: Shards,
    /// Conversations that were begun by a request which has nothing to find them by again.
    pub(crate) begun: Mutex<HashMap<u64, (std::sync::Weak<Conversation>, Timestamp)>>,
    /// Conversations whose client was lost.
    pub(crate) absent: Absent,
    /// Looking for all conversations of a user is much work: one at a time.
    pub(crate) personal: Semaphore,
    pub(crate) turn_timeout: Duration,
    pub(crate) meters: Meters,
}

/// One backend.
pub(crate) struct BackendState {
    pub(crate) name: Arc<str>,
    pub(crate) backend: Arc<dyn Backend>,
}

impl Exchange {
    /// Puts an exchange together. Must be called within a tokio runtime: it starts the tasks that
    /// wake legs and expire idle conversations. They end when the exchange is dropped.
    ///
    /// # Errors
    /// Names do not fit together.
    pub fn new(parts: Parts) -> Result<Self, BuildError> {
        let backends: HashMap<String, Arc<BackendState>> = parts
            .backends
            .into_iter()
            .map(|spec| {
                let name: Arc<str> = spec.name.as_str().into();
                (
                    spec.name,
                    Arc::new(BackendState {
                        name,
                        backend: spec.backend,
                    }),
                )
            })
            .collect();
        let mut routes: HashMap<String, Arc<BackendState>> = HashMap::new();
        for route in parts.routes {
            let Some(backend) = backends.get(&route.backend) else {
                return Err(BuildError::UnknownBackend {
                    route: route.name,
                    backend: route.backend,
                });
            };
            routes.insert(route.name, backend.clone());
        }
        let mut frontends = HashMap::new();
        for spec in parts.frontends {
            let Some(backend) = routes.get(&spec.route) else {
                return Err(BuildError::UnknownRoute {
                    frontend: spec.name,
                    route: spec.route,
                });
            };
            let state = FrontendState {
                meters: Meters::new(&spec.name, &backend.name),
                turn_timeout: spec.frontend.turn_timeout(),
                name: spec.name.as_str().into(),
                frontend: spec.frontend,
                capabilities: spec.capabilities,
                backend: backend.clone(),
                conversations: Shards::new(),
                begun: Mutex::new(HashMap::new()),
                absent: Absent::default(),
                personal: Semaphore::new(1),
            };
            frontends.insert(spec.name, Arc::new(state));
        }
        let inner = Arc::new(Inner {
            clock: parts.clock,
            dialer: parts.dialer,
            store: parts.store,
            transcripts: parts.transcripts,
            limits: parts.limits,
            timer: Timer::default(),
            draining: AtomicBool::new(false),
            content: AtomicUsize::new(0),
        });
        let exchange = Self {
            inner,
            frontends: Arc::new(frontends),
        };
        exchange.start_tasks();
        Ok(exchange)
    }

    fn start_tasks(&self) {
        let weak = Arc::downgrade(&self.inner);
        tokio::spawn(async move {
            loop {
                let Some(inner) = weak.upgrade() else { return };
                // Bounded, so that the task notices the end of the exchange.
                let wait = inner.timer.wait(inner.clock.now());
                let _ = tokio::time::timeout(Duration::from_secs(5), wait).await;
                let now = inner.clock.now();
                for conversation in inner.timer.due(now) {
                    // One conversation's failure must not stop the clock of the others.
                    let tick = AssertUnwindSafe(|| conversation.tick(&inner, now));
                    if std::panic::catch_unwind(tick).is_err() {
                        tracing::error!(conversation.id = %conversation.id, "a leg panicked");
                    }
                }
            }
        });
        let weak = Arc::downgrade(&self.inner);
        let frontends = Arc::downgrade(&self.frontends);
        tokio::spawn(async move {
            loop {
                let Some(every) = weak.upgrade().map(|inner| inner.limits.sweep_every) else {
                    return;
                };
                tokio::time::sleep(every).await;
                let (Some(inner), Some(frontends)) = (weak.upgrade(), frontends.upgrade()) else {
                    return;
                };
                let sweep =
                    tokio::spawn(async move { crate::sweep::sweep(&inner, &frontends).await });
                if sweep.await.is_err() {
                    tracing::error!("looking for idle conversations panicked");
                }
            }
        });
    }

    /// The handle through which a frontend's host reaches its conversations.
    pub fn frontend(&self, name: &str) -> Option<FrontendHandle> {
        let state = self.frontends.get(name)?.clone();
        Some(FrontendHandle {
            inner: self.inner.clone(),
            state,
        })
    }

    /// What was said in its conversations.
    pub fn transcripts(&self) -> &Transcripts {
        &self.inner.transcripts
    }

    /// Whether it accepts input: not shutting down, store reachable.
    pub async fn is_ready(&self) -> bool {
        !self.inner.draining.load(Ordering::Relaxed) && self.inner.store.ping().await.is_ok()
    }

    /// Refuses new input and waits until the turns under way have ended, at most for `grace`.
    /// Then client sockets are told that their conversation is gone, and what was said last is
    /// written down.
    pub async fn shut_down(&self, grace: Duration) {
        self.inner.draining.store(true, Ordering::Relaxed);
        let under_way = || {
            self.frontends
                .values()
                .map(|frontend| frontend.meters.turns_under_way.load(Ordering::Relaxed))
                .sum::<u64>()
        };
        let drained = async {
            while under_way() > 0 {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        if tokio::time::timeout(grace, drained).await.is_err() {
            tracing::warn!(turns = under_way(), "shutting down with turns under way");
        }
        for frontend in self.frontends.values() {
            for index in 0..frontend.conversations.count() {
                for conversation in frontend.conversations.of_shard(index) {
                    conversation.state.lock().gone = true;
                    conversation.changed.notify_waiters();
                }
            }
        }
        self.inner.transcripts.finish(LAST_LINES).await;
    }
}

/// What a call's outcome was encoded into.
pub trait Encoded {
    /// The client is told that its request failed. Some dialects have an ordinary answer to a
    /// fault, such as an empty history for an unknown conversation.
    fn refuses(&self) -> bool;
}

impl Encoded for http::Response<bytes::Bytes> {
    fn refuses(&self) -> bool {
        self.status().is_client_error() || self.status().is_server_error()
    }
}

impl Encoded for Vec<SessionAction> {
    fn refuses(&self) -> bool {
        true
    }
}

impl<T> Encoded for Result<T, Fault> {
    fn refuses(&self) -> bool {
        self.is_err()
    }
}

/// One frontend's access to the exchange. Cheap to clone.
#[derive(Clone)]
pub struct FrontendHandle {
    pub(crate) inner: Arc<Inner>,
    pub(crate) state: Arc<FrontendState>,
}

impl FrontendHandle {
    /// Performs a call and encodes its outcome. If the returned future is dropped the caller is
    /// no longer waited for, but an accepted event still reaches the engine and its answer the
    /// conversation's log.
    pub async fn call<R: Encoded>(&self, call: Call<R>) -> R {
        let result = self
            .perform(call.target, call.profile, call.operation)
            .await;
        let fault = result.as_ref().err().cloned();
        let encoded = (call.finish)(result, &self.inner.cx());
        if let Some(fault) = fault
            && encoded.refuses()
        {
            self.state.meters.rejected(&fault);
        }
        encoded
    }

    /// Attaches a client's socket to a conversation.
    ///
    /// # Errors
    /// The conversation does not exist or cannot be made.
    pub async fn attach(&self, attach: Attach) -> Result<(View, Attachment), Fault> {
        loop {
            if self.inner.draining.load(Ordering::Relaxed) {
                return Err(Fault::BackendUnavailable);
            }
            let (conversation, created) = self.find(&attach.target).await?;
            if let Some(attached) = Attachment::new(&self.inner, conversation, &attach, created) {
                return Ok(attached);
            }
        }
    }
}
