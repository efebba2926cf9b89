//! Switchboard as a client of a Kare engine: `docs/protocols/kare.md#92-client-of-a-real-server`.

mod access;
mod calls;
mod events;
mod fate;
mod forest;
mod hold;
mod leg;
mod link;
mod receive;
mod requests;
mod rest;
mod setup;
mod socket;
mod state;
mod turn;

use std::sync::Arc;

use serde_json::Value;
use switchboard_core::Fault;
use switchboard_core::dialect::{Backend, Cx, Leg};
use switchboard_core::model::ConversationId;

use self::access::Access;
use self::leg::KareLeg;
use self::state::State;
use crate::options::{BodyStyle, Engine};

/// A configured Kare engine.
pub struct KareBackend {
    shared: Arc<Shared>,
}

/// What all legs at an engine have in common.
struct Shared {
    engine: Engine,
    access: Access,
}

impl KareBackend {
    /// A backend with resolved options.
    pub fn new(engine: Engine) -> Self {
        let flat = engine.options.body_style == BodyStyle::Flat;
        Self {
            shared: Arc::new(Shared {
                engine,
                access: Access::new(flat),
            }),
        }
    }
}

impl Backend for KareBackend {
    fn open(&self, conversation: ConversationId, _cx: &Cx<'_>) -> Box<dyn Leg> {
        Box::new(KareLeg::new(
            Arc::clone(&self.shared),
            State::new(conversation),
        ))
    }

    fn resume(&self, state: Value, cx: &Cx<'_>) -> Result<Box<dyn Leg>, Fault> {
        let state: State = serde_json::from_value(state).map_err(|error| {
            tracing::warn!(%error, "a leg's state is not one of this dialect's");
            Fault::Internal
        })?;
        Ok(Box::new(KareLeg::resume(
            Arc::clone(&self.shared),
            state,
            cx.now,
        )))
    }

    fn describe(&self) -> String {
        let engine = &self.shared.engine;
        let rest = switchboard_core::dialect::without_credentials(&engine.rest);
        let socket = switchboard_core::dialect::without_credentials(engine.socket.as_str());
        format!("{rest} and {socket}")
    }
}
