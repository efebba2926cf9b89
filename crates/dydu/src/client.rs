//! The client side: we are a chatbox towards a dydu server.
//!
//! A leg talks by REST requests, or on the websocket where the operator chose that transport;
//! feedback, variables and the like always go by REST. During a livechat it has a websocket, like
//! the vendor's widget. A leg without one asks for what was published meanwhile, during a livechat
//! and for a while after each turn.

mod echo;
mod flight;
mod frames;
mod inbound;
mod leg;
mod livechat;
mod outbound;
mod poll;
mod query;
mod request;
mod socket;
mod state;
mod survey;
mod upload;

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use switchboard_core::Fault;
use switchboard_core::dialect::{Backend, Cx, Leg, OptionsError};
use switchboard_core::model::ConversationId;

use crate::convert::say::Voice;
use crate::options::{BackendOptions, Livechat, Transport};
use leg::DyduLeg;
use state::State;

/// A configured dydu server.
pub struct Engine {
    settings: Arc<Settings>,
}

/// What all legs of a backend share.
#[derive(Debug)]
struct Settings {
    /// Base addresses up to the API, each with a slash at its end.
    servers: Vec<String>,
    bot: String,
    voice: Voice,
    transport: Transport,
    livechat: Livechat,
    talk_timeout: Duration,
    timeout: Duration,
    upload_timeout: Duration,
    upload_failed: String,
    rounds: u32,
    retry_pause: Duration,
    poll_after: Vec<Duration>,
    livechat_poll: Duration,
    silence: Duration,
}

impl Engine {
    /// From options.
    ///
    /// # Errors
    /// No server is named, or a key does not fit.
    pub fn new(options: &BackendOptions) -> Result<Self, OptionsError> {
        Ok(Self {
            settings: Arc::new(Settings {
                servers: options.servers()?,
                bot: options.bot_id.clone(),
                voice: options.voice(),
                transport: options.transport,
                livechat: options.livechat,
                talk_timeout: options.talk_timeout,
                timeout: options.timeout,
                upload_timeout: options.upload_timeout,
                upload_failed: options.upload_failed.clone(),
                rounds: options.rounds,
                retry_pause: options.retry_pause,
                poll_after: options.poll_after.clone(),
                livechat_poll: options.livechat_poll,
                silence: options.silence,
            }),
        })
    }
}

impl Backend for Engine {
    fn open(&self, conversation: ConversationId, _cx: &Cx<'_>) -> Box<dyn Leg> {
        let settings = Arc::clone(&self.settings);
        Box::new(DyduLeg::new(settings, State::new(conversation)))
    }

    fn resume(&self, state: Value, _cx: &Cx<'_>) -> Result<Box<dyn Leg>, Fault> {
        let state = serde_json::from_value(state).map_err(|_| Fault::Internal)?;
        Ok(Box::new(DyduLeg::new(Arc::clone(&self.settings), state)))
    }

    fn describe(&self) -> String {
        let servers: Vec<_> = self
            .settings
            .servers
            .iter()
            .map(|server| switchboard_core::dialect::without_credentials(server))
            .collect();
        format!("{} bot {}", servers.join(" "), self.settings.bot)
    }
}
