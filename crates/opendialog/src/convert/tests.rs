use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use switchboard_core::model::{ContentKind, Icon};

use super::*;
use crate::wire::message::Answer;

fn target(client: Client) -> Target<'static> {
    Target {
        client,
        handover_systems: &[],
        style: TextStyle::Html,
    }
}

fn at() -> Timestamp {
    // Another moment than the fixtures': what is passed on must not depend on it.
    Timestamp::from_rfc3339("2026-11-21T12:00:00Z").unwrap()
}

fn id() -> MessageId {
    MessageId::from_foreign("message")
}

fn read_json(wire: Value) -> Message {
    to_model(serde_json::from_value(wire).unwrap(), id(), None, at())
}

#[track_caller]
fn write_json(message: &Message, client: Client) -> Value {
    let mut written = from_model(message, target(client));
    assert_eq!(written.len(), 1);
    let mut wire = written.remove(0);
    stamp(&mut wire, at(), false);
    serde_json::to_value(&wire).unwrap()
}

/// Every message that a fixture's answer holds, with the fixture's name.
fn fixture_messages() -> Vec<(String, Value)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/opendialog");
    let mut messages = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let fixture: Value =
            serde_json::from_slice(&fs::read(entry.unwrap().path()).unwrap()).unwrap();
        let path = fixture["request"]["path"].as_str().unwrap();
        if path != "/incoming/webchat" && path != "/chat-api/message" {
            continue;
        }
        let name = fixture["name"].as_str().unwrap().to_owned();
        let body = &fixture["response"]["body"];
        if fixture["response"]["status"] != 200 {
            continue;
        }
        let list = match body {
            Value::Array(list) => list.clone(),
            other => vec![other.clone()],
        };
        messages.extend(
            list.into_iter()
                .filter(Value::is_object)
                .map(|wire| (name.clone(), wire)),
        );
    }
    assert!(messages.len() > 30);
    messages
}

#[test]
fn what_an_engine_sent_reaches_an_opendialog_client_as_it_was() {
    for (name, wire) in fixture_messages() {
        let message = read_json(wire.clone());
        assert_eq!(write_json(&message, Client::Current), wire, "{name}");
        // What is kept for the wire survives being stored as JSON.
        let kept = serde_json::to_value(&message.extras).unwrap();
        let message = Message {
            extras: serde_json::from_value(kept).unwrap(),
            ..message
        };
        assert_eq!(write_json(&message, Client::Current), wire, "{name}");
    }
}

#[test]
fn unknown_fields_survive_at_every_depth() {
    let common = json!({
        "text": null, "disable_text": true, "internal": false, "hidetime": true,
        "time": "09:15 AM", "date": "Tue 20 Jul", "attribute_name": null, "meta": [],
    });
    let with = |more: Value| {
        let mut data = common.clone();
        data.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        data
    };
    let button = json!({
        "text": "Go", "display": true, "type": "my-class", "callback_id": "a", "value": 5,
        "icon": {"name": "x"},
    });
    let hidden = json!({"text": "Hidden", "display": false, "callback_id": "b"});
    let messages = [
        json!({"author": "them", "type": "text", "data": with(json!({"text": "x", "new": 1})),
               "kind": "outgoing", "uuid": "u", "request_id": "r"}),
        json!({"author": "them", "type": "button", "intent": "i", "data": with(json!({
               "buttons": [button, hidden], "external": true, "clear_after_interaction": false}))}),
        json!({"author": "them", "type": "rich", "intent": null, "data": with(json!({
               "title": "t", "buttons": [button], "image": {"src": "s", "alt": "a"}}))}),
        json!({"author": "them", "type": "list", "intent": null, "data": with(json!({
        "title": "", "view_type": "horizontal", "items": [
            with(json!({"title": "t", "buttons": [hidden], "message_type": "rich", "z": 1})),
            with(json!({"title": "", "buttons": [], "message_type": "rich"})),
        ]}))}),
        json!({"author": "them", "type": "list", "intent": null, "data": with(json!({
        "title": "T", "view_type": "grid", "items": [
            with(json!({"message_type": "hologram", "beam": true})),
            with(json!({"text": "w", "message_type": "text"})),
        ]}))}),
        json!({"author": "them", "type": "form", "intent": null, "data": with(json!({
        "callback_id": "f", "elements": [
            {"name": "n", "element_type": "slider", "step": 2, "display": "N"},
            {"name": "o", "element_type": "select", "options": ["a", "b"], "min": "3"},
            {"name": "p", "element_type": "radio", "options": []},
        ]}))}),
        json!({"author": "them", "type": "autocomplete", "intent": null, "data": with(json!({
               "endpoint_url": "/s", "google": {"api_key": "k"}, "callback": "c"}))}),
        json!({"author": "them", "type": "meta", "intent": null, "data": {
               "elements": {"progressPercent": "40%", "teamName": "T"}, "time": "1", "date": "2",
               "internal": false, "hidetime": false}}),
        json!({"author": "them", "type": "meta", "intent": null, "data": {
               "elements": [], "time": "1", "date": "2", "internal": false, "hidetime": false}}),
        json!({"author": "them", "type": "hologram", "intent": null, "data": with(json!({
               "text": "Hi", "beam": {"x": [1, 2]}}))}),
        json!({"author": "them", "type": "text", "intent": null, "data": with(json!({
               "text": {"not": "a string"}}))}),
    ];
    for wire in messages {
        assert_eq!(write_json(&read_json(wire.clone()), Client::Current), wire);
    }
}

#[test]
fn messages_mean_what_they_show() {
    let expected = [
        ("06-", ContentKind::Text),
        ("12-", ContentKind::Choices),
        ("16-", ContentKind::Form),
        ("18-", ContentKind::Form),
        ("20-", ContentKind::Card),
        ("21-", ContentKind::Card),
        ("22-", ContentKind::List),
        ("23-", ContentKind::Image),
        ("24-", ContentKind::DatePicker),
        ("26-", ContentKind::Autocomplete),
        ("29-", ContentKind::Form),
        ("30-", ContentKind::Form),
        ("32-", ContentKind::Handover),
        ("33-", ContentKind::Progress),
        ("34-", ContentKind::Attributes),
        ("49-", ContentKind::Audio),
        ("50-", ContentKind::Location),
        ("51-", ContentKind::Upload),
    ];
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/opendialog");
    let files: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    for (prefix, kind) in expected {
        let file = files
            .iter()
            .find(|file| {
                file.file_name()
                    .unwrap()
                    .to_str()
                    .unwrap()
                    .starts_with(prefix)
            })
            .unwrap();
        let fixture: Value = serde_json::from_slice(&fs::read(file).unwrap()).unwrap();
        let body = serde_json::to_vec(&fixture["response"]["body"]).unwrap();
        let first = Answer::decode(&body).unwrap().into_messages().remove(0);
        let message = to_model(first, id(), None, at());
        assert_eq!(message.content.kind(), kind, "{prefix}");
    }
}

#[test]
fn buttons_become_actions() {
    let message = read_json(json!({"author": "them", "type": "button", "data": {
    "text": "What next?", "buttons": [
        {"text": "Go", "display": true, "type": "", "callback_id": "a", "value": "b.c"},
        {"text": "Read", "display": true, "type": "", "link": "https://e", "link_new_tab": true},
        {"text": "Call", "display": true, "type": "", "phone_number": "+44"},
        {"text": "Save", "display": true, "type": "skip", "download": true},
        {"text": "Not shown", "display": false, "callback_id": "x"},
    ]}}));
    let [go, read, call, save, hidden] = message.actions.as_slice() else {
        panic!("not five actions");
    };
    assert_eq!((go.id.as_str(), go.value.as_deref()), ("a", Some("b.c")));
    assert!(go.sends() && go.extras.is_empty());
    assert_eq!((read.url(), &read.icon), (Some("https://e"), &Icon::Link));
    assert_eq!(
        call.on_click,
        [switchboard_core::model::Command::Call("+44".to_owned())]
    );
    assert_eq!(
        save.on_click,
        [switchboard_core::model::Command::DownloadTranscript]
    );
    assert!(hidden.disabled);
}

#[test]
fn no_address_runs_as_a_script() {
    use switchboard_core::model::*;
    const BAD: &str = "java\nscript:alert(1)";
    let bot = |content| Message::bot(id(), None, at(), content);
    let mail = Action {
        label: "Mail".to_owned(),
        on_click: vec![Command::Open(OpenTarget::Mail("a@x.example".to_owned()))],
        ..Action::default()
    };
    let choices = bot(Content::Choices(Choices::default()))
        .with_actions(vec![Action::link("Bad", BAD), mail]);
    let wire = write_json(&choices, Client::Webchat1);
    assert_eq!(wire["data"]["buttons"].as_array().unwrap().len(), 1);
    assert_eq!(wire["data"]["buttons"][0]["link"], "mailto:a@x.example");
    let picture = Media {
        link: Some(BAD.to_owned()),
        ..Media::new("https://e/i", None)
    };
    let card = bot(Content::Card(Box::new(Card {
        title: Some("Gold".to_owned()),
        image: Some(picture.clone()),
        tap: Some(Action::link("", BAD)),
        ..Card::default()
    })));
    let wire = write_json(&card, Client::Webchat1);
    assert_eq!(
        (&wire["data"]["link"], &wire["data"]["image"]["url"]),
        (&json!(""), &json!(""))
    );
    let wire = write_json(&bot(Content::Image(picture)), Client::Webchat1);
    assert_eq!(
        (&wire["data"]["img_src"], &wire["data"]["img_link"]),
        (&json!("https://e/i"), &json!(""))
    );
    let wire = write_json(
        &bot(Content::Image(Media::new(BAD, Some("A cat".to_owned())))),
        Client::Webchat1,
    );
    assert_eq!(wire["data"]["text"], "A cat");
}

#[test]
fn an_engines_scripts_are_not_passed_on_but_its_own_pages_are() {
    let wire = |link: &str| {
        json!({"author": "them", "type": "list", "intent": "i", "data": {
        "view_type": "horizontal", "title": "", "items": [
            {"message_type": "rich", "title": "t", "link": link, "buttons": [
                {"text": "Read", "display": true, "type": "", "link": link},
            ], "image": {"src": "/i.png", "url": link}},
            {"message_type": "image", "img_src": "/i.png", "img_link": link},
            {"message_type": "button", "text": "b", "buttons": [
                {"text": "Read", "display": true, "type": "", "link": link},
            ]},
            {"message_type": "new", "parts": [{"link": link}]},
        ]}})
    };
    let written = |link: &str| write_json(&read_json(wire(link)), Client::Webchat1).to_string();
    assert_eq!(written("javascript:alert(1)").matches("script").count(), 0);
    assert_eq!(
        written("/pricing?a=b:c").matches("/pricing?a=b:c").count(),
        6
    );
}

#[test]
fn a_changed_message_shows_its_change() {
    let mut message = read_json(json!({"author": "them", "type": "text", "intent": "i",
        "data": {"text": "before", "time": "09:15 AM", "date": "Tue 20 Jul", "new": 1}}));
    message.content = Content::text(RichText::plain("after"));
    let wire = write_json(&message, Client::Current);
    assert_eq!(wire["data"]["text"], "after");
    assert_eq!(
        (&wire["intent"], &wire["data"]["new"]),
        (&json!("i"), &json!(1))
    );
    // Another kind of content has nothing to do with what the engine sent.
    message.content = Content::Image(switchboard_core::model::Media::new("https://e/i", None));
    assert_eq!(write_json(&message, Client::Current)["type"], "image");
}

#[test]
fn webchat_1_gets_what_it_cannot_do_without() {
    let long = read_json(json!({"type": "long_text", "data": {
        "text": null, "character_limit": "500", "callback_id": "s"}}));
    let wire = write_json(&long, Client::Webchat1);
    assert_eq!(
        (&wire["type"], &wire["data"]["character_limit"]),
        (&json!("longtext"), &json!(500))
    );
    let date = read_json(json!({"type": "date-picker", "data": {
        "min_date": "", "max_date": "today", "callback": "d", "attribute_name": "a"}}));
    let wire = write_json(&date, Client::Webchat1);
    assert_eq!(
        (&wire["data"]["min_date"], &wire["data"]["max_date"]),
        (&json!("1900-01-01"), &json!("today"))
    );
    let rich = read_json(json!({"type": "rich", "data": {"callback": "c", "callback_value": ""}}));
    let wire = write_json(&rich, Client::Webchat1);
    assert_eq!(
        (&wire["data"]["buttons"], &wire["data"]["callback_value"]),
        (&json!([]), &json!("c"))
    );
}

#[test]
fn content_of_other_dialects_is_written_as_the_webchat_shows_it() {
    use switchboard_core::model::*;
    let bot = |content| Message::bot(id(), None, at(), content);
    let text = write_json(
        &bot(Content::text(RichText::plain("1 < 2"))),
        Client::Webchat1,
    );
    assert_eq!(
        text,
        json!({"author": "them", "type": "text", "intent": null, "data": {
            "text": "1 &lt; 2", "disable_text": false, "internal": false, "hidetime": false,
            "hideavatar": false, "time": "12:00 PM", "date": "Sat 21 Nov"}})
    );
    let choices = bot(Content::Choices(Choices::default())).with_actions(vec![
        Action::choice("track", "Track a parcel"),
        Action::link("Site", "https://e"),
    ]);
    let wire = write_json(&choices, Client::Webchat1);
    assert_eq!(
        wire["data"]["buttons"],
        json!([
            {"text": "Track a parcel", "display": true, "type": "", "callback_id": "track", "value": ""},
            {"text": "Site", "display": true, "type": "", "link": "https://e", "link_new_tab": true},
        ])
    );
    let card = bot(Content::Card(Box::new(Card {
        title: Some("Gold".to_owned()),
        tap: Some(Action::choice("open", "")),
        actions: vec![Action::choice("buy", "Buy")],
        ..Card::default()
    })));
    let wire = write_json(&card, Client::Webchat1);
    assert_eq!(
        (&wire["data"]["callback"], &wire["data"]["callback_value"]),
        (&json!("open"), &json!("Gold"))
    );
    assert_eq!(wire["data"]["buttons"][0]["callback_id"], "buy");
    let carousel = bot(Content::Carousel {
        title: None,
        cards: vec![Card::default(), Card::default()],
    });
    let wire = write_json(&carousel, Client::Webchat1);
    assert_eq!(
        (&wire["type"], &wire["data"]["view_type"]),
        (&json!("list"), &json!("horizontal"))
    );
    assert_eq!(wire["data"]["items"][1]["message_type"], "rich");
    assert_eq!(wire["data"]["items"][1]["time"], "12:00 PM");
    let picture = bot(Content::Image(Media::new("https://e/p", None)))
        .with_actions(vec![Action::choice("a", "A")]);
    assert_eq!(write_json(&picture, Client::Webchat1)["type"], "rich");
    let search = bot(Content::Autocomplete(Box::new(Autocomplete {
        text: RichText::plain("Which?"),
        ..Autocomplete::default()
    })));
    assert_eq!(write_json(&search, Client::Webchat1)["type"], "text");
    let waiting = bot(Content::Handover(Handover {
        phase: HandoverPhase::Waiting {
            position: Some(2),
            wait_seconds: None,
        },
        text: RichText::plain("Please wait"),
        ..Handover::default()
    }));
    assert_eq!(write_json(&waiting, Client::Webchat1)["type"], "text");
    let mut operator = bot(Content::text(RichText::plain("Hello")));
    operator.author = Author::Operator {
        id: None,
        name: Some("Ada".to_owned()),
    };
    assert_eq!(
        write_json(&operator, Client::Webchat1)["data"]["meta"]["author"]["name"],
        "Ada"
    );
    assert!(
        from_model(
            &bot(Content::Group { text: None }),
            target(Client::Webchat1)
        )
        .is_empty()
    );
}

#[test]
fn every_kind_of_content_can_be_written() {
    use switchboard_core::model::*;
    let words = || RichText::plain("words");
    let all = [
        Content::Group {
            text: Some(words()),
        },
        Content::Quote(Quote {
            text: words(),
            title: Some("t".to_owned()),
            url: None,
        }),
        Content::Video(Media::new("https://e/v", None)),
        Content::Audio(Media::new("https://e/a", Some("song".to_owned()))),
        Content::File(Media::new("https://e/f", None)),
        Content::Address(Box::new(Autocomplete {
            text: words(),
            ..Autocomplete::default()
        })),
        Content::Location {
            text: words(),
            callback: "c".to_owned(),
            attribute: None,
        },
        Content::Signature(Box::new(SignatureRequest {
            text: words(),
            ..SignatureRequest::default()
        })),
        Content::Upload(Box::new(UploadRequest {
            text: words(),
            ..UploadRequest::default()
        })),
        Content::FeedbackRequest(FeedbackRequest {
            text: words(),
            reasons: Vec::new(),
        }),
        Content::Survey(Box::new(Survey {
            text: words(),
            ..Survey::default()
        })),
        Content::NoAnswer { text: words() },
        Content::LanguageProblem {
            problem: LanguageProblem::Unknown,
            text: words(),
        },
        Content::Attributes {
            values: json!({"textLimit": 5}).as_object().unwrap().clone(),
        },
        Content::Other {
            name: "x".to_owned(),
            text: Some(words()),
        },
    ];
    for content in all {
        for client in [Client::Webchat1, Client::Current] {
            let message = Message::bot(id(), None, at(), content.clone());
            write_json(&message, client);
            let message = message.with_actions(vec![Action::choice("a", "A")]);
            assert!(!from_model(&message, target(client)).is_empty());
        }
    }
}
