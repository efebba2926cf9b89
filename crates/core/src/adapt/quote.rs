//! Passages from documents.

use super::plan::Plan;
use super::rules;
use crate::model::{Action, ContentKind, Quote};

/// A quote as quoted text with its source.
pub(super) fn as_text(plan: &mut Plan<'_>, quote: &Quote, actions: &[Action]) {
    plan.note(ContentKind::Quote, rules::QUOTE_AS_TEXT);
    let mut page = plan.page();
    page.quote(&quote.text);
    let title = quote.title.as_deref().unwrap_or_default();
    page.link(title, quote.url.as_deref().unwrap_or_default());
    plan.say(ContentKind::Quote, page.finish(), actions);
}
