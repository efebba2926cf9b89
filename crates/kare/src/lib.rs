//! The Kare dialect (Kare MIND, later Dialpad Self Service): Switchboard as a Kare server for
//! widgets and apps, and as a client of a Kare engine.
//!
//! - [`wire`]: what travels, one file per message or endpoint, used by both sides.
//! - [`convert`]: wire ⇄ model, one file per concept.
//! - [`server`]: we play Kare towards a widget.
//! - [`client`]: we are a widget towards Kare.
//! - [`error`]: the only mapping between faults and Kare's error bodies.
//! - [`options`]: what an operator can set.
//!
//! The reference is `docs/protocols/kare.md`.

pub mod client;
pub mod convert;
pub mod error;
pub mod options;
pub mod server;
pub mod wire;

use std::sync::Arc;

use serde_json::Value;
use switchboard_core::dialect::{Backend, Build, Dialect, Frontend, OptionsError, parse_options};
use switchboard_core::model::{Capabilities, ContentKind, DialectName, KindSet, TextFormat};

use crate::client::KareBackend;
use crate::options::{BackendOptions, FrontendOptions};
use crate::server::KareFrontend;

/// The dialect's name, in configuration, metrics and extras.
pub const KARE: DialectName = DialectName::new("kare");

/// The Kare dialect, for the registry.
pub fn dialect() -> impl Dialect {
    Kare
}

/// The Kare dialect.
#[derive(Debug, Clone, Copy, Default)]
pub struct Kare;

/// What Kare's widgets show: the aspects of `docs/protocols/kare.md#62-catalogue-names-and-meanings-doc-json-assumed`.
const CAPABILITIES: Capabilities = Capabilities {
    kinds: KindSet::of(&[
        ContentKind::Group,
        ContentKind::Text,
        ContentKind::Quote,
        ContentKind::Image,
        ContentKind::Video,
        ContentKind::Choices,
        ContentKind::FeedbackRequest,
        ContentKind::Handover,
        ContentKind::NoAnswer,
        ContentKind::LanguageProblem,
        // A Kare engine's own unknown messages pass unchanged; another vendor's show their text.
        ContentKind::Other,
    ]),
    text: TextFormat::Markdown,
    actions_anywhere: true,
    choices: true,
    push: true,
};

impl Dialect for Kare {
    fn name(&self) -> DialectName {
        KARE
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
        options.validate()?;
        Ok(Arc::new(KareFrontend::new(options, &build.signing_key)))
    }

    fn backend(
        &self,
        options: Value,
        _build: &Build<'_>,
    ) -> Result<Arc<dyn Backend>, OptionsError> {
        let options: BackendOptions = parse_options(options)?;
        Ok(Arc::new(KareBackend::new(options.resolve()?)))
    }
}
