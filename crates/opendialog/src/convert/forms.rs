//! Forms: `docs/protocols/opendialog.md#form-and-fp-form-source-code`.

use std::borrow::Cow;

use switchboard_core::model::{Field, FieldKind, FieldOption, Form, RichText, Survey};

use super::patch::{Patch, patched};
use super::{Typed, part_extras, text};
use crate::wire::Slot;
use crate::wire::outbound::{self, Data, Element, Elements};
use crate::wire::scalar::{Options, Scalar};

/// The keys of a submission that are no answers.
pub(crate) const RESERVED: [&str; 3] = ["text", "date", "time"];
const ESCAPE: &str = "field_";

pub(crate) fn read(data: outbound::Form, full_page: bool) -> Form {
    let Elements(elements) = data.elements.into_option().unwrap_or_default();
    let way_out = data.cancel_callback.words().zip(data.cancel_text.words());
    Form {
        cancel: way_out.map(|(id, label)| (id.to_owned(), label.to_owned())),
        id: data.callback_id.into_option().unwrap_or_default(),
        text: text::read(data.common.text),
        fields: elements
            .iter()
            .map(|element| read_element(element, full_page))
            .collect(),
        submit_label: data.submit_text.words().map(str::to_owned),
        auto_submit: data.auto_submit.is_true(),
        full_page,
    }
}

pub(crate) fn write(form: &Form) -> Typed {
    // The full page does not render check boxes, the form in the list renders no radio buttons.
    let full_page = form.full_page
        && !form
            .fields
            .iter()
            .any(|field| field.kind == FieldKind::Checkbox);
    let cancel = form.cancel.as_ref();
    let data = outbound::Form {
        common: text::common(text::plain(&form.text)),
        callback_id: Slot::Given(form.id.clone()),
        elements: Slot::Given(Elements(write_elements(&form.fields, full_page))),
        auto_submit: Slot::Given(form.auto_submit),
        submit_text: Slot::Given(
            form.submit_label
                .clone()
                .unwrap_or_else(|| "Submit".to_owned()),
        ),
        cancel_text: Slot::or_null(cancel.map(|(_, label)| label.clone())),
        cancel_callback: Slot::or_null(cancel.map(|(id, _)| id.clone())),
        ..outbound::Form::default()
    };
    let kind = if full_page { "fp-form" } else { "form" };
    (kind, Data::Form(data))
}

/// A survey is answered like a form.
pub(crate) fn write_survey(survey: &Survey) -> Typed {
    let text = match &survey.title {
        Some(title) if survey.text.is_empty() => RichText::plain(title.clone()),
        Some(title) => RichText::plain(format!("{title}\n{}", survey.text.to_plain())),
        None => survey.text.clone(),
    };
    if survey.fields.is_empty() {
        return text::write(&text);
    }
    write(&Form {
        id: survey.id.clone(),
        text,
        fields: survey.fields.clone(),
        submit_label: survey.submit_label.clone(),
        ..Form::default()
    })
}

fn read_element(element: &Element, full_page: bool) -> Field {
    let kind = match element.element_type.get().map(String::as_str) {
        None | Some("" | "text") => FieldKind::Text,
        Some("textarea") => FieldKind::LongText,
        Some("number") => FieldKind::Number,
        Some("email") => FieldKind::Email,
        Some("select") => FieldKind::Select,
        Some("radio") => FieldKind::Radio,
        Some("checkbox") => FieldKind::Checkbox,
        Some("auto-select") => FieldKind::SearchSelect,
        Some(other) => FieldKind::Other(other.to_owned()),
    };
    let words = |slot: &Slot<Scalar>| slot.get().and_then(Scalar::words).map(Cow::into_owned);
    // The vendor's server shifts the limits of choices, where they mean nothing anyway.
    let limited = !is_choice(&kind);
    let options = element.options.get().map(Options::pairs);
    let mut field = Field {
        name: element.name.get().cloned().unwrap_or_default(),
        label: element.display.get().cloned().unwrap_or_default(),
        required: element.required.is_true(),
        min: words(&element.min).filter(|_| limited),
        max: words(&element.max).filter(|_| limited),
        default: words(&element.default_value),
        options: options
            .unwrap_or_default()
            .into_iter()
            .map(|(key, label)| FieldOption { key, label })
            .collect(),
        kind,
        ..Field::default()
    };
    let derived = write_element(&field, full_page, None);
    field.extras = part_extras(Patch::of(element, &derived));
    field
}

fn write_elements(fields: &[Field], full_page: bool) -> Vec<Element> {
    let mut heading: Option<&str> = None;
    let mut elements = Vec::with_capacity(fields.len());
    for field in fields {
        if field.kind == FieldKind::Title {
            heading = Some(&field.label);
            continue;
        }
        let element = write_element(field, full_page, heading.take());
        elements.push(patched(element, &field.extras));
    }
    elements
}

fn write_element(field: &Field, full_page: bool, heading: Option<&str>) -> Element {
    let choice = is_choice(&field.kind);
    let limit = |limit: &Option<String>| match limit {
        _ if full_page => Slot::Null,
        Some(limit) => Slot::Given(Scalar::from(limit.as_str())),
        None => Slot::Given(Scalar::from("")),
    };
    let mut display = match heading {
        Some(heading) => format!("{heading}: {}", field.label),
        None => field.label.clone(),
    };
    if field.kind == FieldKind::Date {
        display.push_str(" (YYYY-MM-DD)");
    }
    let options = || {
        field
            .options
            .iter()
            .map(|option| (option.key.as_str(), option.label.as_str()))
    };
    Element {
        name: Slot::Given(element_name(&field.name).into_owned()),
        display: Slot::Given(display),
        required: Slot::Given(field.required),
        min: limit(&field.min),
        max: if choice {
            Slot::Null
        } else {
            limit(&field.max)
        },
        default_value: Slot::or_absent(field.default.clone().map(Scalar::from)),
        element_type: Slot::Given(element_type(&field.kind, full_page).to_owned()),
        options: match field.kind {
            FieldKind::SearchSelect => Slot::Given(Options::listed(options())),
            _ if choice => Slot::Given(Options::keyed(options())),
            _ => Slot::Absent,
        },
        ..Element::default()
    }
}

fn element_type(kind: &FieldKind, full_page: bool) -> &'static str {
    match kind {
        FieldKind::LongText => "textarea",
        FieldKind::Number => "number",
        FieldKind::Email => "email",
        FieldKind::Radio if full_page => "radio",
        FieldKind::Select | FieldKind::Radio => "select",
        FieldKind::Checkbox => "checkbox",
        FieldKind::SearchSelect => "auto-select",
        FieldKind::Text | FieldKind::Date | FieldKind::Title | FieldKind::Other(_) => "text",
    }
}

fn is_choice(kind: &FieldKind) -> bool {
    matches!(
        kind,
        FieldKind::Select | FieldKind::Radio | FieldKind::Checkbox | FieldKind::SearchSelect
    )
}

/// A field's name as an element may have it: three names are taken.
pub(crate) fn element_name(name: &str) -> Cow<'_, str> {
    if is_escapable(name) {
        Cow::Owned(format!("{ESCAPE}{name}"))
    } else {
        Cow::Borrowed(name)
    }
}

/// The field's name that an element's name stands for.
pub(crate) fn field_name(name: &str) -> &str {
    name.strip_prefix(ESCAPE)
        .filter(|name| is_escapable(name))
        .unwrap_or(name)
}

/// Whether the name is taken, or looks like an escaped one.
fn is_escapable(name: &str) -> bool {
    let mut bare = name;
    while let Some(rest) = bare.strip_prefix(ESCAPE) {
        bare = rest;
    }
    RESERVED.contains(&bare)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_are_taken_are_written_differently_and_read_back() {
        for name in [
            "date",
            "text",
            "field_date",
            "field_field_time",
            "email",
            "field_x",
        ] {
            let written = element_name(name);
            assert!(!RESERVED.contains(&&*written));
            assert_eq!(field_name(&written), name);
        }
        assert_eq!(element_name("email"), "email");
    }

    #[test]
    fn full_pages_have_no_check_boxes_and_lists_no_radio_buttons() {
        let field = |kind| Field {
            name: "a".to_owned(),
            kind,
            ..Field::default()
        };
        let form = |kind, full_page| Form {
            fields: vec![field(kind)],
            full_page,
            ..Form::default()
        };
        assert_eq!(write(&form(FieldKind::Checkbox, true)).0, "form");
        assert_eq!(write(&form(FieldKind::Radio, true)).0, "fp-form");
        let (_, Data::Form(data)) = write(&form(FieldKind::Radio, false)) else {
            panic!("not a form");
        };
        let Slot::Given(Elements(elements)) = data.elements else {
            panic!("no elements");
        };
        assert_eq!(elements[0].element_type, Slot::Given("select".to_owned()));
    }
}
