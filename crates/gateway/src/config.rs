//! The configuration: one TOML file, and what the environment says about it.
//!
//! Every mistake is found at once, and each names file, line, key and a fix. A dialect's own keys
//! are handed to the dialect ([`crate::assembly`]), whose complaints are led back to their lines.

pub mod environment;
mod folder;
pub mod mistake;
pub mod reader;
pub mod tree;

mod check;
mod sections;

use std::path::{Path, PathBuf};

use switchboard_core::dialect::FolderFile;

pub use environment::Environment;
pub use mistake::{Mistake, Mistakes};
pub use sections::{
    Admin, BackendTable, FrontendTable, Log, LogFormat, RouteTable, Server, Store, TlsFiles,
    Transcripts, check_address,
};

use crate::config::reader::Reader;

/// The demo's configuration, the same text as `config/demo.toml`.
pub const DEMO: &str = include_str!("../../../config/demo.toml");

/// The demo's bot, the same text as `config/demo-bot.toml`.
const DEMO_BOT: &str = include_str!("../../../config/demo-bot.toml");

/// What the demo's configuration calls its bot.
const DEMO_BOT_PATH: &str = "config/demo-bot.toml";

/// A configuration as it was written.
#[derive(Debug, Clone)]
pub struct Source {
    /// What messages call it.
    pub name: String,
    /// The TOML text.
    pub text: String,
    /// Where the files are that it names.
    pub files: Files,
}

/// Where the files are that a configuration names.
#[derive(Debug, Clone)]
pub enum Files {
    /// In this folder, or else in the current one.
    Folder(PathBuf),
    /// In the program itself.
    Embedded,
}

impl Files {
    /// Where a file is that the configuration names: beside the configuration if it is there,
    /// else in the current folder.
    pub fn locate(&self, path: &str) -> PathBuf {
        match self {
            Self::Folder(folder) => {
                let beside = folder.join(path);
                if beside.exists() { beside } else { path.into() }
            }
            Self::Embedded => path.into(),
        }
    }

    /// Reads a file that the configuration names.
    ///
    /// # Errors
    /// It cannot be read; the words say why.
    pub fn read(&self, path: &str) -> Result<String, String> {
        if matches!(self, Self::Embedded) && path == DEMO_BOT_PATH {
            return Ok(DEMO_BOT.to_owned());
        }
        std::fs::read_to_string(self.locate(path)).map_err(|error| error.to_string())
    }

    /// Reads every file of a folder that the configuration names, and of the folders in it.
    ///
    /// # Errors
    /// One cannot be read, or there is too much; the words say why.
    pub fn read_folder(&self, path: &str) -> Result<Vec<FolderFile>, String> {
        folder::read(&self.locate(path))
    }
}

impl Source {
    /// The embedded demo.
    pub fn demo() -> Self {
        Self {
            name: "config/demo.toml (embedded)".to_owned(),
            text: DEMO.to_owned(),
            files: Files::Embedded,
        }
    }

    /// A file.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn read(path: &Path) -> std::io::Result<Self> {
        let folder = path.parent().map(Path::to_owned).unwrap_or_default();
        Ok(Self {
            name: path.display().to_string(),
            text: std::fs::read_to_string(path)?,
            files: Files::Folder(folder),
        })
    }
}

/// A configuration that has been read. What belongs to dialects is still to be checked.
#[derive(Debug)]
pub struct Config {
    /// `[server]`
    pub server: Server,
    /// `[admin]`
    pub admin: Admin,
    /// `[limits]`, the host's part.
    pub host_limits: switchboard_net::host::Limits,
    /// `[limits]`, the exchange's part.
    pub exchange_limits: switchboard_exchange::Limits,
    /// `[store]`
    pub store: Store,
    /// `[transcripts]`
    pub transcripts: Transcripts,
    /// `[log]`
    pub log: Log,
    /// `[[frontends]]`
    pub frontends: Vec<FrontendTable>,
    /// `[[backends]]`
    pub backends: Vec<BackendTable>,
    /// `[[routes]]`
    pub routes: Vec<RouteTable>,
}

/// Reads a configuration. The mistakes come back with it: what is right can still be checked.
pub fn read(source: &Source, environment: &Environment) -> (Config, Mistakes) {
    let mut mistakes = Mistakes::of(&source.name);
    let mut root = tree::parse(&source.text, &mut mistakes);
    environment::override_values(&mut root, environment, &mut mistakes);
    environment::interpolate(&mut root, environment, &mut mistakes);

    let mut reader = Reader::new(root, "", &mut mistakes);
    let config = sections::read(&mut reader);
    reader.finish();
    check::references(&config, &mut mistakes);
    (config, mistakes)
}
