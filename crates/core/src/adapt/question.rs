//! Questions with an input of their own: as text, with a hint of what an answer looks like.

use super::form::range;
use super::page::Page;
use super::plan::Plan;
use super::rules;
use crate::model::{
    Action, Autocomplete, ContentKind, DatePicker, DatePrecision, SignatureRequest, UploadRequest,
};
use crate::text::RichText;

/// A date, written as a machine can read it.
pub(super) fn date(plan: &mut Plan<'_>, picker: &DatePicker, actions: &[Action]) {
    let form = match picker.precision {
        DatePrecision::Day => "YYYY-MM-DD",
        DatePrecision::Month => "YYYY-MM",
        DatePrecision::Year => "YYYY",
    };
    let hint = match range(picker.min.as_deref(), picker.max.as_deref()) {
        Some(range) => format!("({form}, {range})"),
        None => format!("({form})"),
    };
    let mut page = plan.page();
    page.text(&picker.text).words(&hint);
    ask(plan, ContentKind::DatePicker, page, actions);
}

/// One of many values; they are not known here.
pub(super) fn autocomplete(plan: &mut Plan<'_>, request: &Autocomplete, actions: &[Action]) {
    let page = search(plan, request, None);
    ask(plan, ContentKind::Autocomplete, page, actions);
}

/// A postal address.
pub(super) fn address(plan: &mut Plan<'_>, request: &Autocomplete, actions: &[Action]) {
    let page = search(plan, request, Some("📍"));
    ask(plan, ContentKind::Address, page, actions);
}

fn search(plan: &Plan<'_>, request: &Autocomplete, sign: Option<&str>) -> Page {
    let mut page = plan.page();
    page.title(request.title.as_deref()).text(&request.text);
    let placeholder = request.placeholder.as_deref().map(str::trim);
    match (sign, placeholder.filter(|hint| !hint.is_empty())) {
        (Some(sign), Some(hint)) => page.words(&format!("{sign} ({hint})")),
        (None, Some(hint)) => page.words(&format!("({hint})")),
        (Some(sign), None) => page.words(sign),
        (None, None) => &mut page,
    };
    page
}

/// Where the user is.
pub(super) fn location(plan: &mut Plan<'_>, text: &RichText, actions: &[Action]) {
    let mut page = plan.page();
    page.text(text).words("📍 (latitude, longitude)");
    ask(plan, ContentKind::Location, page, actions);
}

/// A signature: the document, and a sign that a name is expected.
pub(super) fn signature(plan: &mut Plan<'_>, request: &SignatureRequest, actions: &[Action]) {
    let mut page = plan.page();
    page.text(&request.text)
        .title(request.document_title.as_deref());
    if let Some(document) = &request.document_text {
        page.quote(&RichText::plain(document));
    }
    page.words("✍ …");
    ask(plan, ContentKind::Signature, page, actions);
}

/// A file: what may be sent. A client without uploads can name an address.
pub(super) fn upload(plan: &mut Plan<'_>, request: &UploadRequest, actions: &[Action]) {
    let mut limits = Vec::new();
    if !request.extensions.is_empty() {
        limits.push(request.extensions.join(", "));
    }
    if let Some(bytes) = request.max_bytes {
        limits.push(format!("≤ {}", size(bytes)));
    }
    let sign = if request.multiple { "📎 …" } else { "📎" };
    let hint = if limits.is_empty() {
        format!("{sign} (https://…)")
    } else {
        format!("{sign} (https://…; {})", limits.join("; "))
    };
    let mut page = plan.page();
    page.text(&request.text).words(&hint);
    ask(plan, ContentKind::Upload, page, actions);
}

fn ask(plan: &mut Plan<'_>, kind: ContentKind, page: Page, actions: &[Action]) {
    plan.note(kind, rules::QUESTION_AS_TEXT);
    plan.say(kind, page.finish(), actions);
}

fn size(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => format!("{} kB", bytes / 1_000),
        _ => format!("{} MB", bytes / 1_000_000),
    }
}
