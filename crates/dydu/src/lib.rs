//! The dydu dialect: we are the server of dydu's chatbox, and a chatbox towards dydu's servers.
//!
//! The reference is `docs/protocols/dydu.md`. Nothing here does IO: see
//! [`switchboard_core::dialect`].
//!
//! - [`wire`]: what travels, one file per group of endpoints, written once for both sides.
//! - [`convert`]: between the wire and the model, one file per concept.
//! - [`server`]: towards widgets and apps.
//! - [`client`]: towards engines.

pub mod client;
pub mod convert;
mod digest;
pub mod error;
mod languages;
pub mod options;
pub mod server;
pub mod wire;

use std::sync::Arc;

use serde_json::Value;
use switchboard_core::dialect::{Backend, Build, Dialect, Frontend, OptionsError, parse_options};
use switchboard_core::model::{Capabilities, ContentKind, DialectName, KindSet, TextFormat};

use client::Engine;
use options::{BackendOptions, FrontendOptions};
use server::Chatbox;

/// What the chatbox can show: HTML covers most of it, templates and surveys the rest.
const CAPABILITIES: Capabilities = Capabilities {
    kinds: KindSet::of(&[
        ContentKind::Group,
        ContentKind::Text,
        ContentKind::Quote,
        ContentKind::Image,
        ContentKind::Video,
        ContentKind::Audio,
        ContentKind::File,
        ContentKind::Choices,
        ContentKind::Card,
        ContentKind::Carousel,
        ContentKind::List,
        ContentKind::Form,
        ContentKind::Upload,
        ContentKind::FeedbackRequest,
        ContentKind::Survey,
        ContentKind::Handover,
        ContentKind::NoAnswer,
        ContentKind::Other,
    ]),
    text: TextFormat::Html,
    actions_anywhere: true,
    choices: true,
    push: true,
};

/// The dydu dialect.
#[derive(Debug, Clone, Copy, Default)]
pub struct Dydu;

/// The dialect to register.
pub fn dialect() -> impl Dialect {
    Dydu
}

impl Dialect for Dydu {
    fn name(&self) -> DialectName {
        convert::DYDU
    }

    fn capabilities(&self) -> &Capabilities {
        &CAPABILITIES
    }

    fn frontend(
        &self,
        options: Value,
        _build: &Build<'_>,
    ) -> Result<Arc<dyn Frontend>, OptionsError> {
        let options: FrontendOptions = parse_options(options)?;
        options.check()?;
        Ok(Arc::new(Chatbox::new(options)))
    }

    fn backend(
        &self,
        options: Value,
        _build: &Build<'_>,
    ) -> Result<Arc<dyn Backend>, OptionsError> {
        let options: BackendOptions = parse_options(options)?;
        Ok(Arc::new(Engine::new(&options)?))
    }
}
