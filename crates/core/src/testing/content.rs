//! Content of every kind.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use serde_json::{Map, Value};

use super::{arb_action, arb_label, arb_text, arb_url};
use crate::model::{
    Autocomplete, AutocompleteSource, Card, Choices, ChoicesKind, Content, DatePicker,
    DatePrecision, Extras, FeedbackRequest, Field, FieldKind, FieldOption, Form, Handover,
    HandoverPhase, LanguageProblem, List, ListItem, ListView, Media, Progress, Quote,
    SignatureRequest, Survey, UploadRequest,
};

/// Content of any kind; every kind is equally likely.
pub fn arb_content() -> impl Strategy<Value = Content> {
    let carousel = (option::of(arb_label()), vec(arb_card(), 0..4))
        .prop_map(|(title, cards)| Content::Carousel { title, cards });
    let location = (arb_text(), arb_callback(), option::of(arb_name())).prop_map(
        |(text, callback, attribute)| Content::Location {
            text,
            callback,
            attribute,
        },
    );
    proptest::strategy::Union::new(vec![
        option::of(arb_text())
            .prop_map(|text| Content::Group { text })
            .boxed(),
        arb_text().prop_map(Content::text).boxed(),
        arb_quote().prop_map(Content::Quote).boxed(),
        arb_media().prop_map(Content::Image).boxed(),
        arb_media().prop_map(Content::Video).boxed(),
        arb_media().prop_map(Content::Audio).boxed(),
        arb_media().prop_map(Content::File).boxed(),
        arb_choices().prop_map(Content::Choices).boxed(),
        arb_card()
            .prop_map(Box::new)
            .prop_map(Content::Card)
            .boxed(),
        carousel.boxed(),
        arb_list().prop_map(Content::List).boxed(),
        arb_form()
            .prop_map(Box::new)
            .prop_map(Content::Form)
            .boxed(),
        arb_date_picker()
            .prop_map(Box::new)
            .prop_map(Content::DatePicker)
            .boxed(),
        arb_autocomplete()
            .prop_map(Box::new)
            .prop_map(Content::Autocomplete)
            .boxed(),
        arb_autocomplete()
            .prop_map(Box::new)
            .prop_map(Content::Address)
            .boxed(),
        location.boxed(),
        arb_signature()
            .prop_map(Box::new)
            .prop_map(Content::Signature)
            .boxed(),
        arb_upload()
            .prop_map(Box::new)
            .prop_map(Content::Upload)
            .boxed(),
        arb_feedback().prop_map(Content::FeedbackRequest).boxed(),
        arb_survey()
            .prop_map(Box::new)
            .prop_map(Content::Survey)
            .boxed(),
        arb_handover().prop_map(Content::Handover).boxed(),
        (option::of(0..=100_u8), option::of(arb_label()))
            .prop_map(|(percent, label)| Content::Progress(Progress { percent, label }))
            .boxed(),
        arb_text()
            .prop_map(|text| Content::NoAnswer { text })
            .boxed(),
        (any::<bool>(), arb_text())
            .prop_map(|(known, text)| Content::LanguageProblem {
                problem: if known {
                    LanguageProblem::Unsupported
                } else {
                    LanguageProblem::Unknown
                },
                text,
            })
            .boxed(),
        vec((arb_name(), arb_label()), 0..3)
            .prop_map(|values| Content::Attributes {
                values: values
                    .into_iter()
                    .map(|(name, value)| (name, Value::String(value)))
                    .collect::<Map<_, _>>(),
            })
            .boxed(),
        (arb_name(), option::of(arb_text()))
            .prop_map(|(name, text)| Content::Other { name, text })
            .boxed(),
    ])
}

fn arb_name() -> impl Strategy<Value = String> {
    "[a-z][a-z_]{0,8}[a-z]"
}

fn arb_callback() -> impl Strategy<Value = String> {
    "[a-z]{2,6}\\.[A-Za-z]{2,8}"
}

fn arb_quote() -> impl Strategy<Value = Quote> {
    (arb_text(), option::of(arb_label()), option::of(arb_url()))
        .prop_map(|(text, title, url)| Quote { text, title, url })
}

fn arb_media() -> impl Strategy<Value = Media> {
    (
        arb_url(),
        option::of(arb_label()),
        option::of(arb_url()),
        any::<bool>(),
    )
        .prop_map(|(url, alt, link, new_tab)| Media {
            url,
            alt,
            new_tab: new_tab && link.is_some(),
            link,
        })
}

fn arb_choices() -> impl Strategy<Value = Choices> {
    (arb_text(), any::<[bool; 3]>()).prop_map(|(text, [dialog, replaces_input, once])| Choices {
        text,
        kind: if dialog {
            ChoicesKind::Dialog
        } else {
            ChoicesKind::Disambiguation
        },
        replaces_input,
        once,
    })
}

fn arb_card() -> impl Strategy<Value = Card> {
    (
        option::of(arb_label()),
        option::of(arb_text()),
        option::of(arb_text()),
        option::of(arb_label()),
        option::of(arb_media()),
        option::of(arb_action()),
        vec(arb_action(), 0..3),
    )
        .prop_map(
            |(title, subtitle, text, figure, image, tap, actions)| Card {
                title,
                subtitle,
                text,
                figure,
                image,
                tap,
                actions,
            },
        )
}

fn arb_list() -> impl Strategy<Value = List> {
    let leaf = prop_oneof![
        4 => arb_text().prop_map(Content::text),
        1 => arb_media().prop_map(Content::Image),
        1 => arb_media().prop_map(Content::Video),
        1 => arb_choices().prop_map(Content::Choices),
        1 => arb_card().prop_map(Box::new).prop_map(Content::Card),
    ];
    let words = arb_list_of(arb_text().prop_map(Content::text), 0);
    let mixed = arb_list_of(leaf.clone(), 2);
    let nested = arb_list_of(
        prop_oneof![
            2 => leaf.clone(),
            1 => arb_list_of(leaf, 2).prop_map(Content::List),
        ],
        2,
    );
    prop_oneof![2 => words, 2 => mixed, 1 => nested]
}

fn arb_list_of(
    content: impl Strategy<Value = Content>,
    most_actions: usize,
) -> impl Strategy<Value = List> {
    let item =
        (content, vec(arb_action(), 0..=most_actions)).prop_map(|(content, actions)| ListItem {
            content,
            actions,
            extras: Extras::none(),
        });
    let view = prop_oneof![
        Just(ListView::Titled),
        Just(ListView::Vertical),
        Just(ListView::Horizontal)
    ];
    (option::of(arb_label()), view, vec(item, 0..4)).prop_map(|(title, view, items)| List {
        title,
        view,
        items,
    })
}

fn arb_field() -> impl Strategy<Value = Field> {
    let kind = prop_oneof![
        Just(FieldKind::Text),
        Just(FieldKind::LongText),
        Just(FieldKind::Number),
        Just(FieldKind::Email),
        Just(FieldKind::Date),
        Just(FieldKind::Select),
        Just(FieldKind::Radio),
        Just(FieldKind::Checkbox),
        Just(FieldKind::SearchSelect),
        Just(FieldKind::Title),
    ];
    let options = vec(("[a-z]{1,4}", arb_label()), 1..4);
    (arb_name(), arb_label(), kind, any::<bool>(), options).prop_map(
        |(name, label, kind, required, options)| {
            let takes_options = matches!(
                kind,
                FieldKind::Select
                    | FieldKind::Radio
                    | FieldKind::Checkbox
                    | FieldKind::SearchSelect
            );
            let is_number = kind == FieldKind::Number;
            Field {
                name,
                label,
                required: required && kind != FieldKind::Title,
                kind,
                min: is_number.then(|| "1".to_owned()),
                max: is_number.then(|| "10".to_owned()),
                default: None,
                options: options
                    .into_iter()
                    .filter(|_| takes_options)
                    .map(|(key, label)| FieldOption { key, label })
                    .collect(),
                extras: Extras::none(),
            }
        },
    )
}

fn arb_form() -> impl Strategy<Value = Form> {
    (
        arb_callback(),
        arb_text(),
        vec(arb_field(), 0..4),
        option::of(arb_label()),
        option::of((arb_callback(), arb_label())),
        any::<[bool; 2]>(),
    )
        .prop_map(|(id, text, fields, submit_label, cancel, flags)| Form {
            id,
            text,
            fields,
            submit_label,
            cancel,
            auto_submit: flags[0],
            full_page: flags[1],
        })
}

fn arb_survey() -> impl Strategy<Value = Survey> {
    (
        "[a-z0-9]{1,8}",
        option::of(arb_label()),
        arb_text(),
        vec(arb_field(), 0..4),
        option::of(arb_label()),
    )
        .prop_map(|(id, title, text, fields, submit_label)| Survey {
            id,
            title,
            text,
            fields,
            submit_label,
        })
}

fn arb_date_picker() -> impl Strategy<Value = DatePicker> {
    let precision = prop_oneof![
        3 => Just(DatePrecision::Day),
        1 => Just(DatePrecision::Month),
        1 => Just(DatePrecision::Year),
    ];
    (
        arb_text(),
        arb_callback(),
        option::of(arb_name()),
        precision,
        option::of(Just("today".to_owned())),
        option::of(Just("2030-12-31".to_owned())),
        option::of(arb_label()),
    )
        .prop_map(
            |(text, callback, attribute, precision, min, max, submit_label)| DatePicker {
                text,
                callback,
                attribute,
                precision,
                min,
                max,
                submit_label,
            },
        )
}

fn arb_autocomplete() -> impl Strategy<Value = Autocomplete> {
    let source = (arb_url(), vec((arb_name(), arb_name()), 0..2), arb_name()).prop_map(
        |(url, parameters, query_parameter)| AutocompleteSource {
            url,
            parameters,
            query_parameter,
        },
    );
    (
        arb_text(),
        option::of(arb_label()),
        option::of(arb_label()),
        arb_callback(),
        option::of(arb_name()),
        option::of(arb_label()),
        option::of(source),
    )
        .prop_map(
            |(text, title, placeholder, callback, attribute, submit_label, source)| Autocomplete {
                text,
                title,
                placeholder,
                callback,
                attribute,
                submit_label,
                source,
            },
        )
}

fn arb_signature() -> impl Strategy<Value = SignatureRequest> {
    (
        arb_text(),
        option::of(arb_label()),
        option::of(arb_label()),
        arb_callback(),
        option::of(arb_name()),
        option::of(arb_label()),
    )
        .prop_map(
            |(text, document_title, document_text, callback, attribute, submit_label)| {
                SignatureRequest {
                    text,
                    document_title,
                    document_text,
                    callback,
                    attribute,
                    submit_label,
                }
            },
        )
}

fn arb_upload() -> impl Strategy<Value = UploadRequest> {
    (
        arb_text(),
        arb_callback(),
        option::of(arb_name()),
        any::<bool>(),
        option::of(1_000..50_000_000_u64),
        vec("[a-z]{3}", 0..3),
        option::of(arb_label()),
    )
        .prop_map(
            |(text, callback, attribute, multiple, max_bytes, extensions, submit_label)| {
                UploadRequest {
                    text,
                    callback,
                    attribute,
                    multiple,
                    max_bytes,
                    extensions,
                    submit_label,
                }
            },
        )
}

fn arb_feedback() -> impl Strategy<Value = FeedbackRequest> {
    (arb_text(), vec(arb_label(), 0..3))
        .prop_map(|(text, reasons)| FeedbackRequest { text, reasons })
}

fn arb_handover() -> impl Strategy<Value = Handover> {
    let phase = prop_oneof![
        Just(HandoverPhase::Offered),
        (option::of(1..50_u32), option::of(0..3_600_u32)).prop_map(|(position, wait_seconds)| {
            HandoverPhase::Waiting {
                position,
                wait_seconds,
            }
        }),
        Just(HandoverPhase::Joined),
        Just(HandoverPhase::Transferred),
        Just(HandoverPhase::LeftByUser),
        Just(HandoverPhase::Ended),
    ];
    (
        phase,
        arb_text(),
        option::of(arb_name()),
        option::of(arb_label()),
    )
        .prop_map(|(phase, text, system, operator)| Handover {
            phase,
            text,
            system,
            operator,
        })
}
