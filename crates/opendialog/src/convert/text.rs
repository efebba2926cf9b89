//! Words: `docs/protocols/opendialog.md#35-text-escaping-mark-up`.

use memchr::memchr2_iter;
use switchboard_core::model::{Content, Media, Quote, RichText, SignatureRequest};

use super::Typed;
use crate::wire::Slot;
use crate::wire::outbound::{Common, Data, Outbound, Text};

/// Text as the model has it: HTML if it holds markup or character references, else plain.
pub(crate) fn rich(body: String) -> RichText {
    if has_markup(&body) {
        RichText::html(body)
    } else {
        RichText::plain(body)
    }
}

/// The same, of a key that may be null.
pub(crate) fn read(text: Slot<String>) -> RichText {
    text.into_option().map(rich).unwrap_or_default()
}

/// The same, where no words are nothing.
pub(crate) fn read_words(text: Slot<String>) -> Option<RichText> {
    Some(read(text)).filter(|text| !text.is_empty())
}

/// For the types that show links in their text.
pub(crate) fn linked(text: &RichText) -> Slot<String> {
    filled(text.to_linked().into_owned())
}

/// For the types that show their text as it stands.
pub(crate) fn plain(text: &RichText) -> Slot<String> {
    filled(text.to_plain().into_owned())
}

/// No words are null.
pub(crate) fn filled(text: String) -> Slot<String> {
    Slot::or_null(Some(text).filter(|text| !text.trim().is_empty()))
}

/// The keys that most types share, with these words.
pub(crate) fn common(text: Slot<String>) -> Common {
    Common {
        text,
        disable_text: Slot::Given(false),
        hideavatar: Slot::Given(false),
        ..Common::default()
    }
}

/// A message of words.
pub(crate) fn write(text: &RichText) -> Typed {
    let data = Text {
        common: common(linked(text)),
        ..Text::default()
    };
    ("text", Data::Text(data))
}

/// A message without words, for a type that the model does not know.
pub(crate) fn empty() -> Typed {
    write(&RichText::default())
}

/// A quotation as words.
pub(crate) fn of_quote(quote: &Quote) -> RichText {
    let source = match (&quote.title, &quote.url) {
        (Some(title), Some(url)) => format!("{title}: {url}"),
        (Some(only), None) | (None, Some(only)) => only.clone(),
        (None, None) => return quote.text.clone(),
    };
    RichText::plain(format!("{}\n{source}", quote.text.to_plain()))
}

/// A medium as words with a link.
pub(crate) fn of_media(media: &Media) -> RichText {
    match &media.alt {
        Some(alt) => RichText::plain(format!("{alt}: {}", media.url)),
        None => RichText::plain(media.url.clone()),
    }
}

/// A request for a signature as words.
pub(crate) fn of_signature(request: &SignatureRequest) -> RichText {
    let parts = [&request.document_title, &request.document_text];
    let document: Vec<&str> = parts.into_iter().flatten().map(String::as_str).collect();
    if document.is_empty() {
        return request.text.clone();
    }
    RichText::plain(format!(
        "{}\n{}",
        request.text.to_plain(),
        document.join("\n")
    ))
}

/// What can be read of any content, for history rows and transcripts.
pub(crate) fn of_content(content: &Content) -> Option<&RichText> {
    match content {
        Content::Group { text } | Content::Other { text, .. } => text.as_ref(),
        Content::Text { text }
        | Content::Location { text, .. }
        | Content::NoAnswer { text }
        | Content::LanguageProblem { text, .. } => Some(text),
        Content::Quote(quote) => Some(&quote.text),
        Content::Choices(choices) => Some(&choices.text),
        Content::Card(card) => card.text.as_ref(),
        Content::Form(form) => Some(&form.text),
        Content::DatePicker(picker) => Some(&picker.text),
        Content::Autocomplete(search) | Content::Address(search) => Some(&search.text),
        Content::Signature(request) => Some(&request.text),
        Content::Upload(request) => Some(&request.text),
        Content::FeedbackRequest(request) => Some(&request.text),
        Content::Survey(survey) => Some(&survey.text),
        Content::Handover(handover) => Some(&handover.text),
        Content::Image(_)
        | Content::Video(_)
        | Content::Audio(_)
        | Content::File(_)
        | Content::Carousel { .. }
        | Content::List(_)
        | Content::Progress(_)
        | Content::Attributes { .. } => None,
    }
    .filter(|text| !text.is_empty())
}

/// Puts the words of a message as Markdown, in the types where it is shown.
pub(crate) fn mark_down(wire: &mut Outbound, content: &Content) {
    let words = match content {
        Content::Group { text: Some(text) }
        | Content::Text { text }
        | Content::NoAnswer { text }
        | Content::LanguageProblem { text, .. } => text,
        Content::Choices(choices) => &choices.text,
        Content::FeedbackRequest(request) => &request.text,
        Content::Form(form) => &form.text,
        Content::Card(card) => match &card.text {
            Some(text) => text,
            None => return,
        },
        _ => return,
    };
    if matches!(&*wire.kind, "text" | "button" | "form" | "rich")
        && let Some(common) = wire.data.common_mut()
    {
        common.text = filled(words.to_safe_markdown().into_owned());
    }
}

/// Whether [`linked`] surely does not give this text: it has a tag that is no link.
pub(crate) fn has_more_than_links(text: &str) -> bool {
    let mut tags = text.split('<').skip(1);
    tags.any(|tag| !tag.starts_with("a ") && !tag.starts_with("/a>"))
}

/// Whether a text is HTML rather than plain: it has a tag or a character reference.
fn has_markup(text: &str) -> bool {
    memchr2_iter(b'<', b'&', text.as_bytes()).any(|at| {
        let rest = text.get(at + 1..).unwrap_or_default();
        match text.as_bytes().get(at) {
            Some(b'<') => {
                let name = rest.strip_prefix('/').unwrap_or(rest);
                name.starts_with(|first: char| first.is_ascii_alphabetic()) && rest.contains('>')
                    || rest.starts_with("!--")
            }
            _ => rest.split_once(';').is_some_and(|(name, _)| {
                let letters = name.strip_prefix('#').unwrap_or(name);
                (1..=31).contains(&letters.len())
                    && letters.bytes().all(|byte| byte.is_ascii_alphanumeric())
            }),
        }
    })
}

#[cfg(test)]
mod tests {
    use switchboard_core::model::TextFormat;

    use super::*;

    #[test]
    fn markup_and_references_make_html() {
        let html = |text: &str| rich(text.to_owned()).format == TextFormat::Html;
        assert!(html("See <a href=\"https://example.com\">this</a>"));
        assert!(html("a &amp; b"));
        assert!(html("5 &#8364; each"));
        assert!(!html("a & b; c"));
        assert!(!html("1 < 2 > 0"));
        assert!(!html("i <3 you"));
        assert!(!html("Hello"));
    }
}
