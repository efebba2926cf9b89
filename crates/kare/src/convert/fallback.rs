use std::fmt::Write as _;

use switchboard_core::model::{
    Card, Content, Field, Handover, HandoverPhase, List, Media, RichText,
};

/// Content that Kare has no form for, as Markdown. The exchange adapts such content before it gets
/// here; this makes the encoder total.
pub(super) fn markdown(content: &Content) -> Option<String> {
    let mut text = String::new();
    write(content, &mut text);
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

fn write(content: &Content, out: &mut String) {
    match content {
        Content::Group { text } | Content::Other { text, .. } => block(out, text.as_ref()),
        Content::Text { text }
        | Content::NoAnswer { text }
        | Content::LanguageProblem { text, .. }
        | Content::Location { text, .. } => block(out, Some(text)),
        Content::Quote(quote) => block(out, Some(&quote.text)),
        Content::Image(media) => line(out, &format!("![{}]({})", alt(media), media.url)),
        Content::Video(media) | Content::Audio(media) | Content::File(media) => link(out, media),
        Content::Choices(choices) => block(out, Some(&choices.text)),
        Content::Card(it) => card(it, out),
        Content::Carousel { title, cards } => {
            strong(out, title.as_deref());
            cards.iter().for_each(|it| card(it, out));
        }
        Content::List(it) => list(it, out),
        Content::Form(form) => {
            block(out, Some(&form.text));
            fields(&form.fields, out);
        }
        Content::Survey(survey) => {
            strong(out, survey.title.as_deref());
            block(out, Some(&survey.text));
            fields(&survey.fields, out);
        }
        Content::DatePicker(picker) => block(out, Some(&picker.text)),
        Content::Autocomplete(it) | Content::Address(it) => block(out, Some(&it.text)),
        Content::Signature(request) => {
            block(out, Some(&request.text));
            strong(out, request.document_title.as_deref());
            line(out, request.document_text.as_deref().unwrap_or_default());
        }
        Content::Upload(request) => block(out, Some(&request.text)),
        Content::FeedbackRequest(request) => block(out, Some(&request.text)),
        Content::Handover(it) => handover(it, out),
        Content::Progress(progress) => {
            let label = progress.label.as_deref().unwrap_or_default();
            match progress.percent {
                Some(percent) => line(out, &format!("{label} {percent} %")),
                None => line(out, label),
            }
        }
        // Settings for the client are not shown.
        Content::Attributes { .. } => {}
    }
}

fn line(out: &mut String, text: &str) {
    let text = text.trim();
    if text.is_empty() {
        return;
    }
    if !out.is_empty() {
        out.push_str("\n\n");
    }
    out.push_str(text);
}

fn block(out: &mut String, text: Option<&RichText>) {
    if let Some(text) = text {
        line(out, &super::message::markdown(text));
    }
}

fn strong(out: &mut String, text: Option<&str>) {
    if let Some(text) = text.map(str::trim).filter(|text| !text.is_empty()) {
        line(out, &format!("**{text}**"));
    }
}

fn alt(media: &Media) -> &str {
    media.alt.as_deref().unwrap_or_default()
}

fn link(out: &mut String, media: &Media) {
    let words = media.alt.as_deref().unwrap_or(&media.url);
    line(out, &format!("[{words}]({})", media.url));
}

fn card(card: &Card, out: &mut String) {
    strong(out, card.title.as_deref());
    block(out, card.subtitle.as_ref());
    if let Some(image) = &card.image {
        line(out, &format!("![{}]({})", alt(image), image.url));
    }
    block(out, card.text.as_ref());
    line(out, card.figure.as_deref().unwrap_or_default());
}

fn list(list: &List, out: &mut String) {
    strong(out, list.title.as_deref());
    let mut items = String::new();
    for item in &list.items {
        if let Some(text) = markdown(&item.content) {
            let _ = writeln!(items, "- {}", text.replace("\n\n", "\n  "));
        }
    }
    line(out, &items);
}

fn fields(fields: &[Field], out: &mut String) {
    let mut items = String::new();
    for field in fields {
        let _ = writeln!(items, "- {}", field.label);
    }
    line(out, &items);
}

fn handover(handover: &Handover, out: &mut String) {
    block(out, Some(&handover.text));
    if let HandoverPhase::Waiting {
        position: Some(position),
        ..
    } = handover.phase
        && handover.text.is_empty()
    {
        line(out, &position.to_string());
    }
    if handover.text.is_empty() {
        strong(out, handover.operator.as_deref());
    }
}
