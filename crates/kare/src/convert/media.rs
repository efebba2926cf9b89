use switchboard_core::model::{Action, Icon, Media, Quote};
use switchboard_core::text::safe_url;

use crate::wire::text::Text;
use crate::wire::{Aspect, text};

/// Reads a picture or a video. A text that is not the address is kept by the caller.
pub(super) fn to_model(text: &mut Text) -> Media {
    let url = text.location().unwrap_or(&text.text).to_owned();
    text.url = None;
    Media::new(url, text.alt.take())
}

/// Writes a picture or a video: the address stands in both places, so that a client that knows
/// only the documented keys finds it.
pub(super) fn from_model(media: &Media, aspect: Aspect) -> text::Text {
    Text {
        url: Some(media.url.clone()),
        alt: media.alt.clone(),
        ..Text::new(aspect, media.url.clone())
    }
}

/// The action that stands for the link of a picture; Kare's pictures have none of their own.
pub(super) fn link(media: &Media) -> Option<Action> {
    let url = media.link.as_deref().and_then(safe_url)?;
    Some(Action::link(media.alt.as_deref().unwrap_or(url), url))
}

/// The action that opens a quoted document.
pub(super) fn source(quote: &Quote) -> Option<Action> {
    let url = quote.url.as_deref().and_then(safe_url)?;
    Some(Action {
        icon: Icon::Attachment,
        ..Action::link(quote.title.as_deref().unwrap_or(url), url)
    })
}
