//! The commands.

pub mod chat;
pub mod check;
pub mod import;
pub mod serve;

use std::path::Path;

use anyhow::{Context, bail};
use switchboard_core::dialect::{Dialect, OptionsError, Secret, without_credentials};
use switchboard_core::model::DialectName;

use crate::config::Source;
use crate::config::mistake::choose;

/// The configuration at a path, or the demo.
fn source(path: Option<&Path>) -> anyhow::Result<Source> {
    match path {
        None => Ok(Source::demo()),
        Some(path) => Source::read(path).with_context(|| format!("cannot read {}", path.display())),
    }
}

/// The dialect with this name.
fn find_dialect<'a>(
    dialects: &'a [Box<dyn Dialect>],
    wanted: &str,
) -> anyhow::Result<&'a dyn Dialect> {
    let found = dialects
        .iter()
        .find(|known| known.name().as_str() == wanted);
    match found {
        Some(found) => Ok(&**found),
        None => {
            let names: Vec<_> = dialects.iter().map(|known| known.name()).collect();
            let names: Vec<_> = names.iter().map(DialectName::as_str).collect();
            let fix = choose(wanted, "dialects", &names);
            bail!("there is no dialect \"{wanted}\": {fix}");
        }
    }
}

/// A mistake in a dialect's options, by the names that they have on the command line: that of the
/// key, or another one if it comes from `elsewhere`.
fn wrong_option(error: OptionsError, elsewhere: &[(&str, &str)]) -> anyhow::Error {
    let fix = error.fix.map(|fix| format!(" ({fix})")).unwrap_or_default();
    let key = error.path.as_str();
    if let Some((_, name)) = elsewhere.iter().find(|(other, _)| *other == key) {
        return anyhow::anyhow!("{name}: {}{fix}", error.message);
    }
    match key {
        "" => anyhow::anyhow!("{}{fix}", error.message),
        key => anyhow::anyhow!("--{}: {}{fix}", key.replace('_', "-"), error.message),
    }
}

/// The key that tokens are signed with: derived from the configured one, or a random one that
/// lives as long as the process.
fn signing_key(configured: Option<&Secret>) -> anyhow::Result<[u8; 32]> {
    let mut key = [0; 32];
    match configured {
        Some(secret) => {
            let digest = ring::digest::digest(&ring::digest::SHA256, secret.reveal().as_bytes());
            key.copy_from_slice(digest.as_ref());
        }
        None => ring::rand::SecureRandom::fill(&ring::rand::SystemRandom::new(), &mut key)
            .map_err(|_| anyhow::anyhow!("the system gives no random numbers"))?,
    }
    Ok(key)
}

/// The address of a store as it may be printed: its options may hold a password too.
pub(crate) fn shown(url: &Secret) -> String {
    let url = without_credentials(url.reveal());
    url.split('?').next().unwrap_or_default().to_owned()
}
