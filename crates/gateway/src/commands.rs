//! The commands.

pub mod chat;
pub mod check;
pub mod import;
pub mod serve;

use std::path::Path;

use anyhow::Context;
use switchboard_core::dialect::{Secret, without_credentials};

use crate::config::Source;

/// The configuration at a path, or the demo.
fn source(path: Option<&Path>) -> anyhow::Result<Source> {
    match path {
        None => Ok(Source::demo()),
        Some(path) => Source::read(path).with_context(|| format!("cannot read {}", path.display())),
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
