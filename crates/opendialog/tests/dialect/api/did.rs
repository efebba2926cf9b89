//! What users did.

use super::*;

#[test]
fn everything_that_a_user_can_do_is_an_interaction() {
    let action = Action {
        value: Some("42".to_owned()),
        ..Action::choice("track", "Track a parcel")
    };
    let form = |cancelled: bool| FormSubmission {
        id: "details".to_owned(),
        values: if cancelled {
            Vec::new()
        } else {
            vec![
                ("name".to_owned(), "Ada".to_owned()),
                ("date".to_owned(), "2024-02-29".to_owned()),
            ]
        },
        summary: Some("Name: Ada".to_owned()),
        cancelled,
        ..FormSubmission::default()
    };
    let feedback = |rating, reason, comment: Option<&str>| {
        UserInput::Feedback(Feedback {
            rating,
            reason,
            comment: comment.map(str::to_owned),
            ..Feedback::default()
        })
    };
    let filled = json!({"name": "Ada", "field_date": "2024-02-29", "callback_id": "details"});
    let cases = [
        (
            UserInput::Open {
                welcome: None,
                query: None,
            },
            "chat_open",
            json!(null),
            json!({"callback_id": "WELCOME"}),
        ),
        (
            UserInput::Open {
                welcome: Some("offer".to_owned()),
                query: Some("hi".to_owned()),
            },
            "chat_open",
            json!("hi"),
            json!({"callback_id": "offer"}),
        ),
        (
            UserInput::text("hello"),
            "text",
            json!("hello"),
            json!(null),
        ),
        (
            UserInput::Choice(ChoiceMade {
                id: Some("gold".to_owned()),
                label: Some("Gold".to_owned()),
                value: Some("plan.gold".to_owned()),
                ..ChoiceMade::default()
            }),
            "button_response",
            json!("Gold"),
            json!({"callback_id": "gold", "value": "plan.gold"}),
        ),
        (
            UserInput::Choice(ChoiceMade {
                action: Some(Box::new(action)),
                ..ChoiceMade::default()
            }),
            "button_response",
            json!("Track a parcel"),
            json!({"callback_id": "track", "value": "42"}),
        ),
        (
            UserInput::Form(form(false)),
            "form_response",
            json!("Name: Ada"),
            filled.clone(),
        ),
        (
            UserInput::Form(form(true)),
            "form_response",
            json!("Name: Ada"),
            json!({"callback_id": "details"}),
        ),
        (
            UserInput::Survey(form(false)),
            "form_response",
            json!("Name: Ada"),
            filled,
        ),
        (
            feedback(Some(Rating::Positive), None, None),
            "button_response",
            json!(null),
            json!({"callback_id": "helpful"}),
        ),
        (
            feedback(Some(Rating::Negative), Some(2), Some("slow")),
            "button_response",
            json!("slow"),
            json!({"callback_id": "not_helpful", "reason": 2}),
        ),
        (
            feedback(Some(Rating::None), None, None),
            "button_response",
            json!(null),
            json!({"callback_id": "no_rating"}),
        ),
        (
            feedback(None, Some(0), None),
            "button_response",
            json!(null),
            json!({"callback_id": "feedback_reason", "reason": 0}),
        ),
        (
            feedback(None, None, Some("nice")),
            "text",
            json!("nice"),
            json!({"callback_id": "feedback_comment"}),
        ),
        (
            UserInput::Custom {
                name: "open/document".to_owned(),
                value: Some("7".to_owned()),
                label: Some("Terms".to_owned()),
            },
            "trigger",
            json!("Terms"),
            json!({"callback_id": "open/document", "value": "7"}),
        ),
        (
            UserInput::LinkClick {
                url: "https://example.com/a".to_owned(),
                label: None,
            },
            "url_click",
            json!(null),
            json!({"url": "https://example.com/a"}),
        ),
        (
            UserInput::File(UploadedFile {
                name: "a.pdf".to_owned(),
                size_bytes: Some(9),
                ..UploadedFile::default()
            }),
            "text",
            json!("a.pdf"),
            json!({"size_bytes": 9}),
        ),
        (
            UserInput::Variables,
            "trigger",
            json!(null),
            json!({"callback_id": "variables"}),
        ),
        (
            UserInput::Typing {
                active: true,
                text: Some("hel".to_owned()),
            },
            "trigger",
            json!("hel"),
            json!({"callback_id": "typing"}),
        ),
        (
            UserInput::Read,
            "trigger",
            json!(null),
            json!({"callback_id": "read"}),
        ),
        (
            UserInput::Query(Query::Languages),
            "trigger",
            json!(null),
            json!({"callback_id": "languages"}),
        ),
        (
            UserInput::ClientError(ClientError {
                error: "TypeError".to_owned(),
                message: "x is null".to_owned(),
                ..ClientError::default()
            }),
            "trigger",
            json!("x is null"),
            json!({"callback_id": "client_error", "value": "TypeError"}),
        ),
        (
            UserInput::Connection { lost: true },
            "trigger",
            json!(null),
            json!({"callback_id": "connection_lost"}),
        ),
        (
            UserInput::LeaveHandover,
            "button_response",
            json!(null),
            json!({"callback_id": "intent.core.EndChat"}),
        ),
        (
            UserInput::End,
            "trigger",
            json!(null),
            json!({"callback_id": "intent.core.EndChat"}),
        ),
    ];
    for (input, kind, text, data) in cases {
        let (interactions, export) = written(&did(input.clone()));
        let expected = json!([{"type": kind, "date": "2024-01-15T10:35:15.000000Z", "text": text,
            "data": data}]);
        assert_eq!(Value::from(interactions), expected, "{input:?}");
        // The export has the words in the data as well.
        let mut data = data;
        if let Some(words) = text.as_str() {
            if data.is_null() {
                data = json!({});
            }
            data["text"] = json!(words);
        }
        assert_eq!(export.len(), 1, "{input:?}");
        includes(
            &export[0],
            &json!({"author": "u-1", "type": kind, "text": text, "data": data}),
        );
    }
}

#[test]
fn what_an_opendialog_client_sent_is_an_interaction_as_it_was_sent() {
    let mut kinds = Vec::new();
    for (name, fixture) in fixtures() {
        if !fixture.is_chat() || fixture.status != 200 || fixture.body().is_null() {
            continue;
        }
        let content = &fixture.body()["content"];
        let event = sent({
            let mut content = content.clone();
            content["user"]["custom"]["selected_scenario"] = json!("0x420");
            content
        });
        let (interactions, export) = written(&Item::User(Arc::new(event)));
        let [interaction] = &*interactions else {
            panic!("{name}: {interactions:?}");
        };
        kinds.push(content["type"].as_str().unwrap().to_owned());
        assert_eq!(interaction["type"], content["type"], "{name}");
        let mut data = content["data"].as_object().cloned().unwrap_or_default();
        if let Some(callback) = content.get("callback_id") {
            data.insert("callback_id".to_owned(), callback.clone());
        }
        if !data.is_empty() {
            assert_eq!(export[0]["data"], Value::Object(data.clone()), "{name}");
        }
        let text = data.get("text").cloned().unwrap_or_default();
        assert_eq!(interaction["text"], text, "{name}");
        data.retain(|key, _| !matches!(key.as_str(), "text" | "date" | "time"));
        let expected = if data.is_empty() {
            Value::Null
        } else {
            Value::Object(data)
        };
        assert_eq!(interaction["data"], expected, "{name}");
    }
    for kind in [
        "chat_open",
        "text",
        "trigger",
        "button_response",
        "url_click",
        "longtext_response",
        "form_response",
    ] {
        assert!(
            kinds.iter().any(|known| known == kind),
            "no fixture of {kind}"
        );
    }
}
