//! Results, kept as JSON and shown as Markdown.

mod criterion;
mod page;

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

pub use criterion::{Translated, Translation, collect};
pub use page::page;

use crate::machine::Machine;
use crate::measure::idle::Idle;
use crate::measure::many::Many;
use crate::measure::proxy::Proxy;

/// Everything that was measured last, each part with its own date.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Results {
    /// Translation without IO.
    pub translation: Option<Measured<Translation>>,
    /// The gateway beside nginx.
    pub proxy: Option<Measured<Proxy>>,
    /// Idle websocket conversations.
    pub idle: Option<Measured<Idle>>,
    /// Few and many conversations.
    pub many: Option<Measured<Many>>,
}

/// A result and where it is from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Measured<T> {
    /// When it was taken, RFC 3339 in UTC.
    pub at: String,
    /// The command that takes it again.
    pub command: String,
    /// Where and of what.
    pub machine: Machine,
    /// The numbers.
    pub result: T,
}

impl<T> Measured<T> {
    /// A result that was taken just now on this machine.
    pub fn now(command: String, machine: Machine, result: T) -> Self {
        let now = OffsetDateTime::now_utc();
        let now = now.replace_nanosecond(0).unwrap_or(now);
        let at = now.format(&Rfc3339).unwrap_or_default();
        Self {
            at,
            command,
            machine,
            result,
        }
    }
}

impl Results {
    /// Reads what is kept in a file; nothing if there is none.
    ///
    /// # Errors
    /// The file is no result of this program.
    pub fn read(file: &Path) -> Result<Self> {
        match fs::read(file) {
            Ok(bytes) => serde_json::from_slice(&bytes).with_context(|| file.display().to_string()),
            Err(_) => Ok(Self::default()),
        }
    }

    /// Keeps it in a file.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write(&self, file: &Path) -> Result<()> {
        if let Some(directory) = file.parent() {
            fs::create_dir_all(directory)?;
        }
        let mut text = serde_json::to_string_pretty(self)?;
        text.push('\n');
        fs::write(file, text).with_context(|| file.display().to_string())
    }
}
