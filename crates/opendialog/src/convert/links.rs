//! Addresses that a click leads to. The clients follow whatever they are given, so nothing but
//! what they may follow is given to them.

use serde_json::Value;
use switchboard_core::text::safe_url;

use crate::wire::Slot;
use crate::wire::outbound::{Button, Data};

/// An address as it is written; empty if there is none that a client may follow.
pub(crate) fn written(url: Option<&str>) -> Slot<String> {
    Slot::Given(url.and_then(safe_url).unwrap_or_default().to_owned())
}

/// Takes away addresses that would run as a script. It must be done before a message is read: what
/// the model does not give is patched in again as it came.
pub(crate) fn disarm(data: &mut Data) {
    match data {
        Data::Buttons(data) => disarm_buttons(&mut data.buttons),
        Data::Rich(data) => {
            disarm_link(&mut data.link);
            disarm_buttons(&mut data.buttons);
            if let Slot::Given(image) = &mut data.image {
                disarm_link(&mut image.url);
            }
        }
        Data::Image(data) => disarm_link(&mut data.img_link),
        Data::List(data) => {
            if let Slot::Given(items) = &mut data.items {
                for item in items {
                    disarm(&mut item.data);
                }
            }
        }
        Data::Unknown(data) => disarm_unknown(data),
        _ => {}
    }
}

/// The keys mean the same wherever they stand.
fn disarm_unknown(value: &mut Value) {
    match value {
        Value::Object(object) => {
            for (key, value) in object {
                match value {
                    Value::String(url) => {
                        let leads = matches!(key.as_str(), "link" | "img_link" | "url");
                        if leads && is_armed(url) {
                            url.clear();
                        }
                    }
                    other => disarm_unknown(other),
                }
            }
        }
        Value::Array(list) => list.iter_mut().for_each(disarm_unknown),
        _ => {}
    }
}

/// A button without its address would be a dead one.
fn disarm_buttons(buttons: &mut Slot<Vec<Button>>) {
    if let Slot::Given(buttons) = buttons {
        buttons.retain(|button| !button.link.words().is_some_and(is_armed));
    }
}

fn disarm_link(link: &mut Slot<String>) {
    if link.words().is_some_and(is_armed) {
        *link = Slot::Given(String::new());
    }
}

/// Whether the address is neither safe nor relative to the page, where an engine knows its site.
fn is_armed(url: &str) -> bool {
    if safe_url(url).is_some() {
        return false;
    }
    let url = url.trim();
    let place = url.find([':', '/', '?', '#']);
    let has_scheme = place.is_some_and(|at| url.as_bytes().get(at) == Some(&b':'));
    has_scheme || url.chars().any(char::is_control)
}
