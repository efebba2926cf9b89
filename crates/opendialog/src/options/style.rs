//! How words are marked up.

use serde::Deserialize;

/// How a frontend marks words up: `docs/protocols/opendialog.md#35-text-escaping-mark-up`. What an
/// OpenDialog engine says keeps its own marks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TextStyle {
    /// Links in `text` messages, nothing else: what webchat 1.0.0 shows.
    #[default]
    Html,
    /// Markdown in `text`, `button`, `form` and `rich` messages: what the newer widget shows.
    Markdown,
}
