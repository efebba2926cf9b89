//! What users do.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use super::{arb_action, arb_id, arb_label, arb_line, arb_time, arb_url, arb_uuid_text};
use crate::model::{
    ChoiceMade, ClientError, DataRequest, Extras, Feedback, FormSubmission, PersonalData, Query,
    Rating, Suggestions, TopQuestions, UploadedFile, UserEvent, UserInput,
};

/// An event of any kind.
pub fn arb_user_event() -> impl Strategy<Value = UserEvent> {
    (
        arb_id(),
        arb_time(),
        option::of(arb_id()),
        arb_input(),
        any::<[bool; 2]>(),
    )
        .prop_map(|(id, at, parent, input, [unrecorded, hidden])| UserEvent {
            id,
            at,
            parent,
            input,
            unrecorded,
            hidden,
            origin: None,
            extras: Extras::none(),
        })
}

fn arb_input() -> impl Strategy<Value = UserInput> {
    proptest::strategy::Union::new(vec![
        (option::of("[a-z_]{1,8}"), option::of(arb_label()))
            .prop_map(|(welcome, query)| UserInput::Open { welcome, query })
            .boxed(),
        arb_line().prop_map(UserInput::text).boxed(),
        arb_choice().prop_map(UserInput::Choice).boxed(),
        arb_submission().prop_map(UserInput::Form).boxed(),
        arb_submission().prop_map(UserInput::Survey).boxed(),
        arb_feedback().prop_map(UserInput::Feedback).boxed(),
        (
            "[a-z]{1,6}/[a-z]{1,6}",
            option::of(arb_label()),
            option::of(arb_label()),
        )
            .prop_map(|(name, value, label)| UserInput::Custom { name, value, label })
            .boxed(),
        (arb_url(), option::of(arb_label()))
            .prop_map(|(url, label)| UserInput::LinkClick { url, label })
            .boxed(),
        arb_file().prop_map(UserInput::File).boxed(),
        Just(UserInput::Variables).boxed(),
        (any::<bool>(), option::of(arb_line()))
            .prop_map(|(active, text)| UserInput::Typing { active, text })
            .boxed(),
        Just(UserInput::Read).boxed(),
        (
            1..20_u32,
            option::of(Just("Last30Days".to_owned())),
            option::of("[a-z]{1,6}"),
        )
            .prop_map(|(limit, period, tag)| {
                UserInput::Query(Query::TopQuestions(TopQuestions {
                    limit,
                    period,
                    tag,
                    ..TopQuestions::default()
                }))
            })
            .boxed(),
        arb_line()
            .prop_map(|text| {
                UserInput::Query(Query::Suggestions(Suggestions {
                    text,
                    ..Suggestions::default()
                }))
            })
            .boxed(),
        prop_oneof![
            Just(Query::PushRules),
            Just(Query::Languages),
            Just(Query::Visit),
            arb_personal_data().prop_map(Query::PersonalData),
        ]
        .prop_map(UserInput::Query)
        .boxed(),
        (arb_label(), arb_line())
            .prop_map(|(error, message)| {
                UserInput::ClientError(ClientError {
                    error,
                    message,
                    ..ClientError::default()
                })
            })
            .boxed(),
        any::<bool>()
            .prop_map(|lost| UserInput::Connection { lost })
            .boxed(),
        Just(UserInput::LeaveHandover).boxed(),
        Just(UserInput::End).boxed(),
    ])
}

fn arb_personal_data() -> impl Strategy<Value = PersonalData> {
    (
        prop_oneof![Just(DataRequest::Get), Just(DataRequest::Delete)],
        option::of("[0-9a-f]{15}"),
        option::of(Just("jane@example.org".to_owned())),
    )
        .prop_map(|(request, user_id, mail)| PersonalData {
            request,
            user_id,
            mail,
        })
}

fn arb_choice() -> impl Strategy<Value = ChoiceMade> {
    (
        option::of(arb_id()),
        option::of(prop_oneof!["[a-z]{1,8}".boxed(), arb_uuid_text().boxed()]),
        arb_label(),
        option::of("[a-z0-9]{1,6}"),
        option::of(arb_action()),
    )
        .prop_map(|(message, id, label, value, action)| ChoiceMade {
            message,
            id,
            label: Some(label),
            value,
            action: action.map(Box::new),
        })
}

fn arb_submission() -> impl Strategy<Value = FormSubmission> {
    (
        option::of(arb_id()),
        "[a-z]{1,8}",
        vec(("[a-z_]{1,8}", arb_label()), 0..4),
        option::of(arb_label()),
        any::<bool>(),
    )
        .prop_map(|(message, id, values, summary, cancelled)| FormSubmission {
            message,
            id,
            values: if cancelled { Vec::new() } else { values },
            summary,
            cancelled,
        })
}

fn arb_feedback() -> impl Strategy<Value = Feedback> {
    let rating = prop_oneof![
        Just(Rating::Positive),
        Just(Rating::Negative),
        Just(Rating::None)
    ];
    (
        option::of(arb_id()),
        option::of(rating),
        option::of(0..4_u8),
        option::of(arb_label()),
    )
        .prop_map(|(message, rating, reason, comment)| Feedback {
            message,
            rating,
            reason,
            comment,
        })
}

fn arb_file() -> impl Strategy<Value = UploadedFile> {
    (
        "[a-zé]{1,8}\\.(pdf|png)",
        option::of(arb_url()),
        option::of(0..50_000_000_u64),
        option::of(Just("application/pdf".to_owned())),
        option::of("[a-z]{1,8}"),
    )
        .prop_map(
            |(name, url, size_bytes, media_type, callback)| UploadedFile {
                name,
                url,
                size_bytes,
                media_type,
                callback,
                ..UploadedFile::default()
            },
        )
}
