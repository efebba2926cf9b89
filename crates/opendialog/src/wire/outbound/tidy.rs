//! Data that do not fit their type for a part of them only.

use serde_json::Value;

use crate::wire::fields::{Field, Fields};

/// The keys of lists whose parts are objects.
const LISTS: [&str; 4] = ["buttons", "elements", "endpoint_params", "items"];

/// The data without parts that are none, so that one of them does not hide all others: what is no
/// object in a list of objects, and a picture that is no object. PHP writes a list whose keys are
/// not 0, 1, 2 as an object. Nothing if there is nothing to leave out.
pub(super) fn tidied<'a>(data: &Fields<'a>) -> Option<Fields<'a>> {
    let mut tidy = data.clone();
    for (key, field) in tidy.iter_mut() {
        let Field::Json(value) = field else {
            continue;
        };
        if LISTS.contains(&key)
            && let Some(parts) = parts(value)
        {
            *field = parts.into();
        }
    }
    let has_picture = matches!(tidy.get("image"), Some(Field::Json(value)) if value.is_object());
    if !has_picture {
        tidy.retain(|key| key != "image");
    }
    (tidy != *data).then_some(tidy)
}

/// The objects of a list.
fn parts(list: &Value) -> Option<Value> {
    match list {
        Value::Array(parts) => {
            let parts = parts.iter().filter(|part| part.is_object());
            Some(parts.cloned().collect())
        }
        Value::Object(keyed) if keyed.values().all(Value::is_object) => {
            Some(keyed.values().cloned().collect())
        }
        _ => None,
    }
}
