//! The webchat's own pages and files: `docs/protocols/opendialog.md#1-endpoint-summary-g1`.

use serde::Deserialize;

/// What browsers are served.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Pages {
    /// The folder of the vendor's static files, with `vendor/webchat/js/app.js` and the others in
    /// it, or the vendor's `webchat` folder itself. Without one the full page is a plain chat page of our own, and the vendor's paths lead
    /// nowhere.
    pub files: Option<String>,
    /// Serve the full-page chat, which deep links open. Default `true`.
    pub full_page: bool,
}

impl Default for Pages {
    fn default() -> Self {
        Self {
            files: None,
            full_page: true,
        }
    }
}
