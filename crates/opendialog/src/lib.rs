//! The OpenDialog dialect: wire types, translation, server side and client side, without IO.
//!
//! - [`wire`]: every request, answer and message as it travels, in the vendor's words. Each type
//!   serves both sides. The protocol is described in `docs/protocols/opendialog.md`.
//! - `convert`: wire and model, one file per concept.
//! - `server`: Switchboard plays OpenDialog towards a webchat.
//! - `client`: Switchboard is a webchat towards an OpenDialog server.
//! - `recordings`: conversations that an OpenDialog server has recorded.
//! - `error`: the only mapping between faults and OpenDialog's error bodies.
//! - `options`: what an operator can set.

mod client;
mod convert;
mod error;
mod options;
mod recordings;
mod server;
pub mod wire;

use std::sync::Arc;

use serde_json::Value;
use switchboard_core::dialect::{
    Backend, Build, Dialect, Frontend, OptionsError, RecordedPeriod, RecordingSource, parse_options,
};
use switchboard_core::model::{Capabilities, ContentKind, DialectName, KindSet, TextFormat};

pub use error::DialectError;
pub use options::{
    Anonymous, Api, ApiToken, BackendOptions, Client, DeepLinks, FrontendOptions, Generation,
    OpenWith, Pages, Scenario, TextStyle, Users, Webchat,
};
pub use recordings::{RecordingsApi, RecordingsOptions};

/// The dialect's name in configuration, metrics and extras.
pub const NAME: DialectName = DialectName::new("opendialog");

/// What webchat 1.0.0 renders. Every other type of message is an empty row there, so newer types
/// are left to adaptation; see `docs/protocols/opendialog.md#33-unknown-types`.
const CAPABILITIES: Capabilities = Capabilities {
    kinds: KindSet::of(&[
        ContentKind::Group,
        ContentKind::Text,
        ContentKind::Image,
        ContentKind::Choices,
        ContentKind::Card,
        ContentKind::Carousel,
        ContentKind::List,
        ContentKind::Form,
        ContentKind::DatePicker,
        ContentKind::Autocomplete,
        ContentKind::Handover,
        ContentKind::Progress,
        ContentKind::Attributes,
    ]),
    text: TextFormat::Html,
    actions_anywhere: true,
    choices: true,
    push: false,
};

/// The OpenDialog dialect.
#[derive(Debug, Clone, Copy, Default)]
pub struct OpenDialog;

/// The OpenDialog dialect, ready to be registered.
pub fn dialect() -> impl Dialect {
    OpenDialog
}

impl Dialect for OpenDialog {
    fn name(&self) -> DialectName {
        NAME
    }

    fn capabilities(&self) -> &Capabilities {
        &CAPABILITIES
    }

    fn frontend(
        &self,
        options: Value,
        build: &Build<'_>,
    ) -> Result<Arc<dyn Frontend>, OptionsError> {
        let options: FrontendOptions = parse_options(options)?;
        options.check()?;
        Ok(Arc::new(server::Server::new(options, build)?))
    }

    fn backend(
        &self,
        options: Value,
        _build: &Build<'_>,
    ) -> Result<Arc<dyn Backend>, OptionsError> {
        let options: BackendOptions = parse_options(options)?;
        let engine = client::Engine::new(options)?;
        Ok(Arc::new(engine))
    }

    fn recordings(
        &self,
        options: Value,
        period: RecordedPeriod,
    ) -> Result<Box<dyn RecordingSource>, OptionsError> {
        let options: RecordingsOptions = parse_options(options)?;
        Ok(Box::new(recordings::Source::new(options, period)?))
    }
}
