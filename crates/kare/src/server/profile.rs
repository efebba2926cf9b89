use std::collections::BTreeMap;

use http::HeaderMap;
use http::header::{ACCEPT_LANGUAGE, HeaderName};
use serde_json::{Map, Value};
use switchboard_core::model::{Extras, Profile};

use super::params::Params;
use crate::KARE;
use crate::wire::hello::About;

/// What names of logged parameters start with, in any case:
/// `docs/protocols/kare.md#17-metadata`. Of the same name under both, the second wins.
const PREFIXES: [&str; 2] = ["kare-meta-", "dialpad-meta-"];
/// The locale that an application asks for, ahead of the browser's.
const CONTENT_LOCALE: HeaderName = HeaderName::from_static("kare-content-locale");
/// Most pairs that are logged.
const MAX_PAIRS: usize = 64;
/// Longest name in bytes, without the prefix.
const MAX_NAME: usize = 256;
/// Longest value in bytes.
const MAX_VALUE: usize = 2048;

/// What an address tells of the user.
pub(super) fn of_url(params: &Params<'_>) -> Profile {
    let mut profile = Profile {
        user_id: params.get("user_id").map(str::to_owned),
        ..Profile::default()
    };
    profile.locales.host = params.get("host_locale").and_then(locale);
    profile.locales.selected = params.get("selected_locale").and_then(locale);
    profile.tags = tags(params, "user_profile_tags");
    let mut metadata = Metadata::default();
    for (name, value) in params.pairs() {
        metadata.add_prefixed(name, value);
    }
    metadata.add_to(&mut profile);
    profile
}

/// Tags under this name: separated by commas, or repeated.
fn tags(params: &Params<'_>, name: &str) -> Vec<String> {
    params
        .all(name)
        .flat_map(|tags| tags.split(','))
        .map(str::trim)
        .filter(|tag| !tag.is_empty())
        .map(str::to_owned)
        .collect()
}

/// What a REST call tells of the user: the body beats the address, the address beats headers.
pub(super) fn of_call(params: &Params<'_>, headers: &HeaderMap, about: &About) -> Profile {
    let mut profile = of_headers(headers);
    profile.merge(of_url(params));
    if profile.tags.is_empty() {
        profile.tags = tags(params, "tags");
    }
    profile.merge(of_about(about));
    profile
}

/// What headers tell of the user.
pub(super) fn of_headers(headers: &HeaderMap) -> Profile {
    let mut profile = Profile::default();
    let mut metadata = Metadata::default();
    for (name, value) in headers {
        let name = name.as_str();
        if let Some((rank, rest)) = without_prefix(name)
            && let Ok(value) = value.to_str()
        {
            metadata.add(name, rest, rank, value);
        }
    }
    metadata.add_to(&mut profile);
    add_browser(&mut profile, headers);
    profile
}

/// The locale that headers ask for.
pub(super) fn add_browser(profile: &mut Profile, headers: &HeaderMap) {
    let text = |name: &HeaderName| headers.get(name)?.to_str().ok();
    profile.locales.browser = text(&CONTENT_LOCALE).and_then(locale).or_else(|| {
        text(&ACCEPT_LANGUAGE)?
            .split(',')
            .find_map(|range| locale(range.split(';').next()?))
    });
}

/// What a body tells of the user.
pub(super) fn of_about(about: &About) -> Profile {
    let mut profile = Profile {
        user_id: about.user_id.clone(),
        tags: about.user_profile_tags.clone(),
        ..Profile::default()
    };
    profile.locales.host = about.host_locale.as_deref().and_then(locale);
    profile.locales.selected = about.selected_locale.as_deref().and_then(locale);
    let mut metadata = Metadata::default();
    for (name, value) in &about.metadata {
        let value = match value {
            Value::String(text) => text.clone(),
            Value::Number(_) | Value::Bool(_) => value.to_string(),
            _ => continue,
        };
        if !metadata.add_prefixed(name, &value) {
            metadata.add(name, name, 0, &value);
        }
    }
    metadata.add_to(&mut profile);
    profile
}

/// A language tag, if it looks like one.
fn locale(text: &str) -> Option<String> {
    let text = text.trim();
    let fits = text.len() <= 35
        && text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.split(['-', '_']).all(|part| {
            matches!(part.len(), 1..=8) && part.bytes().all(|b| b.is_ascii_alphanumeric())
        });
    fits.then(|| text.to_owned())
}

/// What follows one of the prefixes in a name, and which of them.
fn without_prefix(name: &str) -> Option<(usize, &str)> {
    PREFIXES.iter().enumerate().find_map(|(rank, prefix)| {
        let (head, rest) = name.split_at_checked(prefix.len())?;
        (head.eq_ignore_ascii_case(prefix) && !rest.is_empty()).then_some((rank, rest))
    })
}

/// Gathers logged parameters.
#[derive(Default)]
struct Metadata {
    values: BTreeMap<String, (usize, String)>,
    raw: Map<String, Value>,
    dropped: usize,
    /// The same name came with both prefixes.
    clashed: bool,
}

impl Metadata {
    /// Adds a pair, if its name has one of the prefixes.
    fn add_prefixed(&mut self, name: &str, value: &str) -> bool {
        let Some((rank, rest)) = without_prefix(name) else {
            return false;
        };
        self.add(name, rest, rank, value);
        true
    }

    fn add(&mut self, raw: &str, name: &str, rank: usize, value: &str) {
        let is_long = name.len() > MAX_NAME || value.len() > MAX_VALUE;
        let name = name.to_lowercase();
        let is_full = self.values.len() >= MAX_PAIRS && !self.values.contains_key(&name);
        if is_long || is_full {
            self.dropped += 1;
            return;
        }
        self.raw.insert(raw.to_owned(), value.into());
        match self.values.get(&name) {
            Some((known, _)) if *known > rank => self.clashed = true,
            known => {
                self.clashed |= known.is_some_and(|(known, _)| *known < rank);
                self.values.insert(name, (rank, value.to_owned()));
            }
        }
    }

    fn add_to(self, profile: &mut Profile) {
        if self.dropped > 0 {
            tracing::warn!(
                dropped = self.dropped,
                "metadata beyond the limits was dropped"
            );
        }
        profile.metadata.extend(
            self.values
                .into_iter()
                .map(|(name, (_, value))| (name, value)),
        );
        if self.clashed {
            let raw = Map::from_iter([("metadata".to_owned(), Value::Object(self.raw))]);
            profile.extras = Extras::new(KARE, raw);
        }
    }
}
