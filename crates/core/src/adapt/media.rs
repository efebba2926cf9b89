//! Pictures, films, sounds and files.

use super::page::Page;
use super::plan::Plan;
use super::{rules, supports};
use crate::model::{Action, Content, ContentKind, Media};

/// A medium as a link to it.
pub(super) fn as_link(plan: &mut Plan<'_>, kind: ContentKind, media: &Media, actions: &[Action]) {
    plan.note(kind, rules::MEDIA_AS_LINK);
    let mut page = plan.page();
    link(&mut page, media);
    plan.say(kind, page.finish(), actions);
}

/// A picture that belongs to something else: as a picture if the dialect shows pictures, else as a
/// link on `page`.
pub(super) fn picture(plan: &mut Plan<'_>, page: &mut Page, media: &Media) {
    if supports(plan.capabilities, ContentKind::Image) {
        plan.push(Content::Image(media.clone()), Vec::new());
    } else {
        plan.note(ContentKind::Image, rules::MEDIA_AS_LINK);
        link(page, media);
    }
}

fn link(page: &mut Page, media: &Media) {
    page.link(media.alt.as_deref().unwrap_or_default(), &media.url);
    if let Some(link) = media.link.as_deref().filter(|link| *link != media.url) {
        page.link("", link);
    }
}
