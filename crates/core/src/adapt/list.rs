//! Lists: with other items, as bullets, or as messages.

use super::plan::{Piece, Plan};
use super::{choices, fits_item, is_item_kind, rules, supports, takes_actions};
use crate::model::{Action, Capabilities, Content, ContentKind, Extras, List, ListItem};
use crate::text::RichText;

const KIND: ContentKind = ContentKind::List;

/// A list as what the dialect can show of it.
pub(super) fn adapt(plan: &mut Plan<'_>, list: &List, actions: &[Action]) {
    let holds_items = list
        .items
        .iter()
        .all(|item| is_item_kind(item.content.kind()));
    if supports(plan.capabilities, KIND) && holds_items {
        plan.note(KIND, rules::LIST_ITEMS);
        with_other_items(plan, list, actions);
    } else if is_all_words(&list.items) {
        as_bullets(plan, list, actions);
    } else {
        as_messages(plan, list, actions);
    }
}

/// Items that the dialect's lists cannot hold become items that they can.
pub(super) fn with_other_items(plan: &mut Plan<'_>, list: &List, actions: &[Action]) {
    // An item of a list carries its actions itself.
    let capabilities = Capabilities {
        actions_anywhere: true,
        ..plan.capabilities.clone()
    };
    let mut items = Vec::with_capacity(list.items.len());
    for item in &list.items {
        if fits_item(item, &capabilities) {
            items.push(item.clone());
            continue;
        }
        let mut inner = Plan::new(&capabilities);
        inner.show(&item.content, &item.actions);
        let (pieces, notes) = inner.finish();
        items.extend(pieces.into_iter().map(item_of));
        for note in notes {
            plan.note(note.kind, note.rule);
        }
    }
    let content = Content::List(List {
        title: list.title.clone(),
        view: list.view.clone(),
        items,
    });
    if actions.is_empty() || takes_actions(plan.capabilities, KIND) {
        plan.push(content, actions.to_vec());
    } else {
        choices::beside(plan, &content, actions);
    }
}

/// A list of words as one text.
fn as_bullets(plan: &mut Plan<'_>, list: &List, actions: &[Action]) {
    plan.note(KIND, rules::LIST_AS_BULLETS);
    let mut page = plan.page();
    page.title(list.title.as_deref());
    let lines = list.items.iter().filter_map(|item| match &item.content {
        Content::Text { text } => Some(page.inline(text)),
        _ => None,
    });
    let lines = lines.collect();
    page.bullets(lines);
    plan.say(KIND, page.finish(), actions);
}

/// The items one after the other. Lists within lists are laid open without recursion: their depth
/// is somebody else's choice.
fn as_messages(plan: &mut Plan<'_>, list: &List, actions: &[Action]) {
    plan.note(KIND, rules::LIST_AS_MESSAGES);
    title(plan, list);
    let mut waiting: Vec<&ListItem> = list.items.iter().rev().collect();
    while let Some(item) = waiting.pop() {
        match &item.content {
            Content::List(inner) => {
                title(plan, inner);
                waiting.extend(inner.items.iter().rev());
                if !item.actions.is_empty() {
                    plan.ask(KIND, RichText::default(), &item.actions);
                }
            }
            leaf => plan.show(leaf, &item.actions),
        }
    }
    if !actions.is_empty() {
        plan.ask(KIND, RichText::default(), actions);
    }
}

fn title(plan: &mut Plan<'_>, list: &List) {
    let mut page = plan.page();
    page.title(list.title.as_deref());
    plan.say(KIND, page.finish(), &[]);
}

fn is_all_words(items: &[ListItem]) -> bool {
    items
        .iter()
        .all(|item| item.actions.is_empty() && matches!(item.content, Content::Text { .. }))
}

fn item_of(piece: Piece) -> ListItem {
    ListItem {
        content: piece.content,
        actions: piece.actions,
        extras: Extras::none(),
    }
}
