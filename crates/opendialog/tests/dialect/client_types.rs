//! What the client side sends for everything that a user may do:
//! `docs/protocols/opendialog.md#22-inbound-content-types`.

use bytes::Bytes;
use http::{Method, Request, header};
use serde_json::{Value, json};
use switchboard_core::dialect::LegInput;
use switchboard_core::model::{
    ChoiceMade, FormSubmission, Profile, UploadedFile, UserEvent, UserInput,
};

use crate::support::{Driven, at, body, cx, fixture, ok, only_request, user_event};

pub fn engine(generation: u8) -> Driven {
    Driven::new(
        json!({"url": "https://bot.example.com", "app_key": "APP_KEY",
        "scenario": "0x420", "generation": generation}),
    )
}

pub fn known() -> Profile {
    Profile {
        user_id: Some("ada@example.com".to_owned()),
        ..Profile::default()
    }
}

pub fn text(words: &str) -> UserEvent {
    user_event(UserInput::text(words))
}

/// What is sent for an input after the engine said something.
fn sent_after(answer: &Value, input: UserInput) -> Value {
    let mut leg = engine(1);
    let (call, _) = leg.tell(&text("x"), &known());
    leg.answer(call, ok(answer), &cx());
    let (_, request) = leg.tell(&user_event(input), &known());
    body(&request)["content"].clone()
}

#[test]
fn each_generation_has_its_paths_and_headers() {
    for (generation, chat, history) in [
        (1, "/incoming/webchat", "/user/ada%40example.com/history"),
        (2, "/incoming/chatApi", "/user/ada%40example.com/history"),
        (3, "/chat-api/message", "/chat-api/history"),
    ] {
        let mut leg = engine(generation);
        let (call, request) = leg.tell(&text("hi"), &known());
        assert_eq!(
            (request.method(), request.uri().path()),
            (&Method::POST, chat)
        );
        assert_eq!(request.headers()[header::CONTENT_TYPE], "application/json");
        let check = |request: &Request<Bytes>| {
            let headers = request.headers();
            assert_eq!(headers[header::ACCEPT], "application/json");
            assert_eq!(headers[header::AUTHORIZATION], "Bearer APP_KEY");
            assert!(headers[header::AUTHORIZATION].is_sensitive());
            let third = generation == 3;
            assert_eq!(headers.contains_key("opendialog-user-id"), third);
            assert_eq!(headers.contains_key("opendialog-scenario-id"), third);
        };
        check(&request);
        let sent = body(&request);
        assert_eq!(
            (&sent["user_id"], &sent["notification"]),
            (&json!("ada@example.com"), &json!("message"))
        );
        assert_eq!(
            sent["content"]["user"]["custom"]["selected_scenario"],
            "0x420"
        );
        leg.answer(call, ok(&json!([false])), &cx());
        let later = at("2021-07-20T09:15:06Z");
        let (_, look) = only_request(leg.input(LegInput::Timer, &later));
        assert_eq!((look.method(), look.uri().path()), (&Method::GET, history));
        check(&look);
    }
}

#[test]
fn restarting_and_ending_are_told_as_the_vendors_client_tells_them() {
    let open = |welcome: &str| UserInput::Open {
        welcome: Some(welcome.to_owned()),
        query: None,
    };
    let restart = sent_after(&json!([false]), open("intent.core.restart"));
    assert_eq!(
        (&restart["type"], &restart["callback_id"]),
        (&json!("chat_open"), &json!("intent.core.restart"))
    );
    let end = sent_after(&json!([false]), UserInput::End);
    assert_eq!(
        (&end["type"], &end["callback_id"]),
        (&json!("button_response"), &json!("intent.core.EndChat"))
    );
    assert_eq!(
        (
            &end["data"]["text"],
            &end["data"]["value"],
            &end["escalating"]
        ),
        (&json!("End chat"), &json!(""), &json!(true))
    );
    let click = UserInput::LinkClick {
        url: "tel:+441234".to_owned(),
        label: None,
    };
    let click = sent_after(&json!([false]), click);
    assert_eq!(
        (&click["type"], &click["data"]["url"]),
        (&json!("url_click"), &json!("tel:+441234"))
    );
}

#[test]
fn an_opening_may_be_a_trigger() {
    let open = || {
        user_event(UserInput::Open {
            welcome: None,
            query: None,
        })
    };
    for (options, kind) in [
        (
            json!({"url": "https://e", "open_with": "trigger", "welcome": "intent.app.Hi"}),
            "trigger",
        ),
        (
            json!({"url": "https://e", "open_with": "chat_open", "welcome": "intent.app.Hi"}),
            "chat_open",
        ),
        (
            json!({"url": "https://e", "welcome": "intent.app.Hi"}),
            "chat_open",
        ),
    ] {
        let (_, request) = Driven::new(options).tell(&open(), &Profile::default());
        let content = &body(&request)["content"];
        assert_eq!(
            (&content["type"], &content["callback_id"]),
            (&json!(kind), &json!("intent.app.Hi"))
        );
        assert!(content["data"].is_object());
        assert!(!content["user"].as_object().unwrap().is_empty());
    }
}

#[test]
fn answers_to_a_form_keep_every_key() {
    let form = json!({"type": "form", "data": {"callback_id": "f", "elements": [
        {"name": "name", "display": "Name", "element_type": "text"},
        {"name": "topics", "display": "Topics", "element_type": "checkbox", "options": {"a": "Ants", "b": "Bees"}},
        {"name": "city", "display": "", "element_type": "auto-select", "options": [{"key": 5, "value": "Rome"}]},
        {"name": "left", "display": "Left", "element_type": "text"},
    ]}});
    let submission = |summary: Option<&str>| {
        UserInput::Form(FormSubmission {
            id: "f".to_owned(),
            values: vec![
                ("name".to_owned(), "Ada".to_owned()),
                ("topics".to_owned(), "a,b".to_owned()),
                ("city".to_owned(), "5".to_owned()),
                ("more".to_owned(), "x".to_owned()),
            ],
            summary: summary.map(str::to_owned),
            ..FormSubmission::default()
        })
    };
    let sent = sent_after(&form, submission(None));
    assert_eq!(
        (&sent["type"], &sent["callback_id"]),
        (&json!("form_response"), &json!("f"))
    );
    let data = &sent["data"];
    for (key, answer) in [
        ("name", "Ada"),
        ("topics", "a,b"),
        ("city", "5"),
        ("left", ""),
        ("more", "x"),
    ] {
        assert_eq!(data[key], answer, "{key}");
    }
    assert_eq!(
        data["text"],
        "Name: Ada\nTopics: Ants, Bees\nRome\nLeft: \nmore: x"
    );
    assert_eq!(
        sent_after(&form, submission(Some("Sent")))["data"]["text"],
        "Sent"
    );
}

#[test]
fn places_and_files_are_sent_as_their_attributes() {
    let place = sent_after(&fixture(50).answer, UserInput::text("10 Downing St."));
    assert_eq!(place["type"], "form_response");
    assert_eq!(place["callback_id"], "intent.app.Location");
    assert_eq!(
        place["data"]["location"],
        json!({"formatted_address": "10 Downing St."})
    );
    assert_eq!(place["data"]["text"], "10 Downing St.");
    let file = UploadedFile {
        name: "car.jpg".to_owned(),
        url: Some("https://files.example/1".to_owned()),
        size_bytes: Some(12),
        media_type: Some("image/jpeg".to_owned()),
        callback: Some("intent.app.Uploaded".to_owned()),
        ..UploadedFile::default()
    };
    let upload = sent_after(&fixture(51).answer, UserInput::File(file.clone()));
    assert_eq!(
        (&upload["type"], &upload["callback_id"]),
        (&json!("form_response"), &json!("intent.app.Uploaded"))
    );
    assert_eq!(
        upload["data"]["file_upload"],
        json!([{"name": "car.jpg", "size": 12, "type": "image/jpeg", "url": "https://files.example/1"}])
    );
    // A file that nobody asked for is told of in words.
    let unasked = UploadedFile {
        callback: None,
        ..file
    };
    let told = sent_after(&json!([false]), UserInput::File(unasked));
    assert_eq!(
        (&told["type"], &told["data"]["text"]),
        (&json!("text"), &json!("car.jpg https://files.example/1"))
    );
}

#[test]
fn a_signature_is_given_by_its_button_only() {
    let esign = json!({"type": "esign", "data": {"text": "Sign", "callback_id": "intent.app.Signed",
        "attribute_name": "signature_file", "signature": true}});
    let typed = sent_after(&esign, UserInput::text("Ada Lovelace"));
    assert_eq!(
        (&typed["type"], &typed["data"]["text"]),
        (&json!("text"), &json!("Ada Lovelace"))
    );
    let signed = UserInput::Choice(ChoiceMade {
        id: Some("intent.app.Signed".to_owned()),
        value: Some("signature_file.done".to_owned()),
        label: Some("Signed".to_owned()),
        ..ChoiceMade::default()
    });
    let signed = sent_after(&esign, signed);
    assert_eq!(
        (&signed["type"], &signed["callback_id"]),
        (&json!("button_response"), &json!("intent.app.Signed"))
    );
    assert_eq!(signed["data"]["value"], "signature_file.done");
}
