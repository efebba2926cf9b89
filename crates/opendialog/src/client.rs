//! Switchboard is a webchat towards an OpenDialog server.

mod leg;
mod memory;
mod plan;
mod request;
mod watch;

use std::sync::Arc;

use serde_json::Value;
use switchboard_core::Fault;
use switchboard_core::dialect::{Backend, Cx, Leg, OptionsError};
use switchboard_core::model::ConversationId;
use url::Url;

use crate::options::{BackendOptions, Generation};
use leg::{OpenDialogLeg, State};
use request::Site;

/// A configured engine.
#[derive(Debug)]
pub(crate) struct Engine {
    site: Arc<Site>,
}

impl Engine {
    /// # Errors
    /// A key has a value that cannot be.
    pub(crate) fn new(mut options: BackendOptions) -> Result<Self, OptionsError> {
        let url = Url::parse(options.url.trim())
            .map_err(|error| OptionsError::new("url", error.to_string()))?;
        if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
            return Err(
                OptionsError::new("url", "must begin with http:// or https://")
                    .fix("url = \"https://bot.example.com\""),
            );
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(OptionsError::new(
                "url",
                "must have neither query nor fragment",
            ));
        }
        options.url = url.as_str().trim_end_matches('/').to_owned();
        if options.generation != Generation::One && options.app_key.is_none() {
            return Err(OptionsError::new(
                "app_key",
                "generations 2 and 3 need the app key of the embed code",
            ));
        }
        if options.generation == Generation::Three && options.scenario.is_none() {
            return Err(OptionsError::new(
                "scenario",
                "generation 3 needs the id of the scenario",
            ));
        }
        if options.welcome.trim().is_empty() {
            return Err(
                OptionsError::new("welcome", "must not be empty").fix("welcome = \"WELCOME\"")
            );
        }
        let site =
            Site::new(options).map_err(|error| OptionsError::new("url", error.to_string()))?;
        Ok(Self {
            site: Arc::new(site),
        })
    }
}

impl Backend for Engine {
    fn open(&self, conversation: ConversationId, _cx: &Cx<'_>) -> Box<dyn Leg> {
        let state = State::new(conversation);
        Box::new(OpenDialogLeg::new(Arc::clone(&self.site), state))
    }

    fn resume(&self, state: Value, _cx: &Cx<'_>) -> Result<Box<dyn Leg>, Fault> {
        let state: State = serde_json::from_value(state).map_err(|error| {
            tracing::error!(%error, "the state of a leg cannot be read");
            Fault::Internal
        })?;
        Ok(Box::new(OpenDialogLeg::new(Arc::clone(&self.site), state)))
    }

    fn describe(&self) -> String {
        // Credentials in an address are secrets as well.
        match Url::parse(&self.site.options.url) {
            Ok(mut url) => {
                let _ = url.set_username("");
                let _ = url.set_password(None);
                url.to_string()
            }
            Err(_) => String::new(),
        }
    }
}
