//! What takes the text box's place, and other requests for one thing:
//! `docs/protocols/opendialog.md#date-picker-source-code` and the sections after it.

use std::borrow::Cow;

use serde_json::Value;
use switchboard_core::model::{
    Autocomplete, AutocompleteSource, Content, DatePicker, DatePrecision, Field, FieldKind, Form,
    RichText, SignatureRequest, UploadRequest,
};

use super::{Hint, Typed, text};
use crate::wire::Slot;
use crate::wire::outbound::{
    self, Data, Esign, FileUpload, Location, LongText, Outbound, Parameter,
};
use crate::wire::scalar::Scalar;

/// The name of the only field of the form that stands for a long text.
pub(crate) const LONG_TEXT_FIELD: &str = "long_text";
/// Where a date picker begins that has no earliest date: without one it cannot be submitted.
const EARLIEST: &str = "1900-01-01";
/// Where it ends.
const LATEST: &str = "2100-12-31";

fn words(slot: &Slot<String>) -> Option<String> {
    slot.words().map(str::to_owned)
}

fn either(one: &Slot<String>, other: &Slot<String>) -> String {
    one.words().or(other.words()).unwrap_or_default().to_owned()
}

fn given(text: Option<&String>) -> Slot<String> {
    Slot::Given(text.cloned().unwrap_or_default())
}

pub(crate) fn read_date(data: outbound::DatePicker) -> Content {
    let precision = if data.day_required.is_true() {
        DatePrecision::Day
    } else if data.month_required.is_true() {
        DatePrecision::Month
    } else if data.year_required.is_true() {
        DatePrecision::Year
    } else {
        DatePrecision::Day
    };
    Content::DatePicker(Box::new(DatePicker {
        callback: data.callback.get().cloned().unwrap_or_default(),
        attribute: words(&data.attribute_name),
        precision,
        min: words(&data.min_date),
        max: words(&data.max_date),
        submit_label: words(&data.submit_text),
        text: text::read(data.common.text),
    }))
}

pub(crate) fn write_date(picker: &DatePicker, hint: Hint<'_>) -> Typed {
    let data = outbound::DatePicker {
        common: text::common(text::plain(&picker.text)),
        day_required: Slot::Given(picker.precision == DatePrecision::Day),
        month_required: Slot::Given(picker.precision != DatePrecision::Year),
        year_required: Slot::Given(true),
        max_date: Slot::Given(picker.max.clone().unwrap_or_else(|| LATEST.to_owned())),
        min_date: Slot::Given(picker.min.clone().unwrap_or_else(|| EARLIEST.to_owned())),
        callback: Slot::Given(picker.callback.clone()),
        submit_text: submit(picker.submit_label.as_ref()),
        attribute_name: Slot::Given(attribute(picker.attribute.as_deref(), "date")),
        ..outbound::DatePicker::default()
    };
    let kind = if hint.native == Some("date") {
        "date"
    } else {
        "date-picker"
    };
    (kind, Data::DatePicker(Box::new(data)))
}

pub(crate) fn read_autocomplete(data: outbound::Autocomplete) -> Content {
    let for_addresses = matches!(data.google, Slot::Given(Value::Object(_)))
        || matches!(data.fetchify, Slot::Given(Value::Object(_)));
    let parameters = data.endpoint_params.get().map(|parameters| {
        parameters
            .iter()
            .map(|parameter| {
                let value = parameter.value.get().and_then(Scalar::text);
                (
                    parameter.name.get().cloned().unwrap_or_default(),
                    value.map(Cow::into_owned).unwrap_or_default(),
                )
            })
            .collect()
    });
    let search = Autocomplete {
        title: words(&data.title),
        placeholder: words(&data.placeholder),
        callback: data.callback.get().cloned().unwrap_or_default(),
        attribute: words(&data.attribute_name),
        submit_label: words(&data.submit_text),
        source: words(&data.endpoint_url).map(|url| AutocompleteSource {
            url,
            parameters: parameters.unwrap_or_default(),
            query_parameter: data.query_param_name.get().cloned().unwrap_or_default(),
        }),
        text: text::read(data.common.text),
    };
    let search = Box::new(search);
    if for_addresses {
        Content::Address(search)
    } else {
        Content::Autocomplete(search)
    }
}

/// The search box. Without a source of suggestions it is a question that is answered by typing.
pub(crate) fn write_autocomplete(search: &Autocomplete) -> Typed {
    let Some(source) = &search.source else {
        let question = match &search.title {
            Some(title) if search.text.is_empty() => RichText::plain(title.clone()),
            _ => search.text.clone(),
        };
        return text::write(&question);
    };
    let parameters = source
        .parameters
        .iter()
        .map(|(name, value)| Parameter {
            name: Slot::Given(name.clone()),
            value: Slot::Given(Scalar::from(value.as_str())),
            ..Parameter::default()
        })
        .collect();
    let data = outbound::Autocomplete {
        common: text::common(text::plain(&search.text)),
        title: given(search.title.as_ref()),
        endpoint_url: Slot::Given(source.url.clone()),
        endpoint_params: Slot::Given(parameters),
        query_param_name: Slot::Given(source.query_parameter.clone()),
        callback: Slot::Given(search.callback.clone()),
        submit_text: submit(search.submit_label.as_ref()),
        placeholder: given(search.placeholder.as_ref()),
        attribute_name: Slot::Given(attribute(search.attribute.as_deref(), "search")),
        ..outbound::Autocomplete::default()
    };
    ("autocomplete", Data::Autocomplete(Box::new(data)))
}

/// A long text is a form with one field.
pub(crate) fn read_long_text(data: LongText) -> Content {
    let limit = data.character_limit.get().and_then(Scalar::words);
    Content::Form(Box::new(Form {
        id: data.callback_id.get().cloned().unwrap_or_default(),
        fields: vec![Field {
            name: LONG_TEXT_FIELD.to_owned(),
            label: data.placeholder.get().cloned().unwrap_or_default(),
            kind: FieldKind::LongText,
            required: true,
            max: limit.map(Cow::into_owned),
            default: words(&data.initial_text),
            ..Field::default()
        }],
        submit_label: words(&data.submit_text),
        text: text::read(data.common.text),
        ..Form::default()
    }))
}

/// The form that an engine's long text became, as a long text again.
pub(crate) fn write_long_text(form: &Form, hint: Hint<'_>) -> Option<Typed> {
    let kind = match hint.native? {
        "longtext" => "longtext",
        "long_text" => "long_text",
        _ => return None,
    };
    let [field] = form.fields.as_slice() else {
        return None;
    };
    let limit = field.max.clone().unwrap_or_default();
    let data = LongText {
        common: text::common(text::plain(&form.text)),
        character_limit: Slot::Given(match limit.parse::<u32>() {
            Ok(limit) if kind == "longtext" => Scalar(Value::from(limit)),
            _ => Scalar::from(limit),
        }),
        submit_text: given(form.submit_label.as_ref()),
        callback_id: Slot::Given(form.id.clone()),
        initial_text: given(field.default.as_ref()),
        placeholder: Slot::Given(field.label.clone()),
        confirmation_text: Slot::Given(String::new()),
        ..LongText::default()
    };
    Some((kind, Data::LongText(Box::new(data))))
}

/// What webchat 1.0.0 cannot make do without, where an engine sends something else.
pub(crate) fn suit_webchat_1(wire: &mut Outbound) {
    // A part that is none, such as a null among buttons, is one too many for it.
    wire.data = std::mem::take(&mut wire.data).tidied(&wire.kind);
    match &mut wire.data {
        Data::LongText(data) => {
            // The core's own spelling of the type is not known to its client.
            "longtext".clone_into(&mut wire.kind);
            let limit = data.character_limit.get().and_then(Scalar::words);
            let limit = limit.and_then(|limit| limit.trim().parse::<u32>().ok());
            data.character_limit = Slot::Given(Scalar(Value::from(limit.unwrap_or(2000))));
        }
        Data::DatePicker(data) => {
            if data.min_date.words().is_none() {
                data.min_date = Slot::Given(EARLIEST.to_owned());
            }
            if data.max_date.words().is_none() {
                data.max_date = Slot::Given(LATEST.to_owned());
            }
        }
        Data::Autocomplete(data) if data.endpoint_params.get().is_none() => {
            data.endpoint_params = Slot::Given(Vec::new());
        }
        Data::Rich(data) => {
            if data.buttons.get().is_none() {
                data.buttons = Slot::Given(Vec::new());
            }
            if data.callback.words().is_some() && data.callback_value.words().is_none() {
                data.callback_value = data.callback.clone();
            }
        }
        Data::Buttons(data) if data.buttons.get().is_none() => {
            data.buttons = Slot::Given(Vec::new());
        }
        Data::Unknown(data) if !data.is_object() => *data = Value::Object(Default::default()),
        _ => {}
    }
}

pub(crate) fn read_location(data: Location) -> Content {
    Content::Location {
        callback: either(&data.callback_id, &data.callback),
        attribute: words(&data.attribute_name),
        text: text::read(data.common.text),
    }
}

pub(crate) fn write_location(text: &RichText, callback: &str, name: Option<&str>) -> Typed {
    let data = Location {
        common: text::common(text::plain(text)),
        callback_id: Slot::Given(callback.to_owned()),
        attribute_name: Slot::Given(attribute(name, "location")),
        ..Location::default()
    };
    ("location", Data::Location(Box::new(data)))
}

pub(crate) fn read_esign(data: Esign) -> Content {
    Content::Signature(Box::new(SignatureRequest {
        document_title: words(&data.document_title),
        document_text: words(&data.document_text),
        callback: either(&data.callback_id, &data.callback),
        attribute: words(&data.attribute_name),
        submit_label: words(&data.submit_text),
        text: text::read(data.common.text),
    }))
}

pub(crate) fn write_esign(request: &SignatureRequest) -> Typed {
    let data = Esign {
        common: text::common(text::plain(&request.text)),
        callback_id: Slot::Given(request.callback.clone()),
        attribute_name: Slot::Given(attribute(request.attribute.as_deref(), "signature_file")),
        signature: Slot::Given(true),
        submit_text: submit(request.submit_label.as_ref()),
        document_text: given(request.document_text.as_ref()),
        document_title: given(request.document_title.as_ref()),
        ..Esign::default()
    };
    ("esign", Data::Esign(Box::new(data)))
}

pub(crate) fn read_upload(data: FileUpload) -> Content {
    let size = data.file_size.get().and_then(Scalar::words);
    Content::Upload(Box::new(UploadRequest {
        callback: either(&data.callback_id, &data.callback),
        attribute: words(&data.attribute_name),
        multiple: data.multiple.is_true(),
        max_bytes: size.and_then(|size| size.parse().ok()),
        extensions: data.file_types.into_option().unwrap_or_default(),
        submit_label: words(&data.submit_text),
        text: text::read(data.common.text),
    }))
}

pub(crate) fn write_upload(request: &UploadRequest) -> Typed {
    let data = FileUpload {
        common: text::common(text::plain(&request.text)),
        callback_id: Slot::Given(request.callback.clone()),
        submit_text: submit(request.submit_label.as_ref()),
        multiple: Slot::Given(request.multiple),
        file_size: Slot::or_absent(request.max_bytes.map(|bytes| Scalar(Value::from(bytes)))),
        file_types: Slot::Given(request.extensions.clone()),
        attribute_name: Slot::Given(attribute(request.attribute.as_deref(), "file_upload")),
        ..FileUpload::default()
    };
    ("file-upload", Data::FileUpload(Box::new(data)))
}

fn submit(label: Option<&String>) -> Slot<String> {
    Slot::Given(label.cloned().unwrap_or_else(|| "Submit".to_owned()))
}

/// The attribute, or one that makes sense where the engine named none: the client puts it before
/// the value that it sends.
fn attribute(name: Option<&str>, otherwise: &str) -> String {
    name.unwrap_or(otherwise).to_owned()
}
