//! Actions where the dialect has no place for them.

use super::page::Page;
use super::plan::Plan;
use super::{rules, supports};
use crate::model::{Action, Choices, ChoicesKind, Content, ContentKind};
use crate::text::RichText;

/// A question with these words.
pub(super) fn question(text: RichText, kind: ChoicesKind) -> Content {
    Content::Choices(Choices {
        text,
        kind,
        ..Choices::default()
    })
}

/// A message that the dialect can show, but not with actions: words become the question that the
/// actions answer, anything else is followed by one.
pub(super) fn beside(plan: &mut Plan<'_>, content: &Content, actions: &[Action]) {
    let kind = content.kind();
    if supports(plan.capabilities, ContentKind::Choices) {
        plan.note(kind, rules::ACTIONS_AS_CHOICES);
    }
    match content {
        Content::Text { text } => plan.ask(kind, text.clone(), actions),
        other => {
            plan.push(other.clone(), Vec::new());
            plan.ask(kind, RichText::default(), actions);
        }
    }
}

/// The words and below them the options, numbered.
pub(super) fn numbered(mut page: Page, text: &RichText, actions: &[Action]) -> RichText {
    let lines = actions.iter().map(|action| option(&page, action)).collect();
    page.text(text).numbers(lines);
    page.finish()
}

/// One option as a line.
fn option(page: &Page, action: &Action) -> String {
    let key = action.key();
    let label = if action.label.trim().is_empty() {
        key.as_ref()
    } else {
        &action.label
    };
    match action.url() {
        Some(url) => page.linked(label, url),
        None => page.escaped(label),
    }
}
