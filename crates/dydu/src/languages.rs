//! The languages of a bot. Where they are not configured the engine is asked when a widget asks,
//! and what it says is remembered: a language that the widget has not been offered must not be
//! told to it, because it would switch to words that it does not have
//! (`docs/protocols/dydu.md#2-response-envelope`).

use std::sync::{Arc, PoisonError, RwLock};

use crate::options::BotOptions;

/// What stands in for the languages of an engine that does not say.
pub(crate) const FALLBACK: [&str; 2] = ["en", "fr"];

/// What the engine said last.
#[derive(Debug, Clone, Default)]
pub(crate) struct Spoken(Arc<RwLock<Vec<String>>>);

impl BotOptions {
    /// Whether a widget may be told that it is spoken to in this language.
    pub(crate) fn speaks(&self, language: &str) -> bool {
        let is = |known: &str| known.eq_ignore_ascii_case(language);
        if let Some(languages) = &self.languages {
            return languages.iter().any(|known| is(known));
        }
        let spoken = self.spoken.0.read().unwrap_or_else(PoisonError::into_inner);
        if spoken.is_empty() {
            return FALLBACK.into_iter().any(is);
        }
        spoken.iter().any(|known| is(known))
    }

    /// The language where neither client nor conversation names one.
    pub(crate) fn first_language(&self) -> &str {
        let first = self.languages.as_ref().and_then(|all| all.first());
        first.map_or(FALLBACK[0], String::as_str)
    }

    /// Remembers what the engine speaks.
    pub(crate) fn learn(&self, languages: &[String]) {
        let mut spoken = self
            .spoken
            .0
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        if *spoken != languages {
            languages.clone_into(&mut spoken);
        }
    }
}
