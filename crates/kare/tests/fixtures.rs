//! Every fixture: decodes, is written again without loss, and means what the reference says.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may fail"
)]

mod support;

use serde_json::{Value, json};
use support::{all_fixtures, envelope, fixture, id, now};
use switchboard_core::model::{
    Action, ActionStyle, Author, ChoicesKind, Command, Content, Feedback, Icon, LanguageProblem,
    Message, MessageId, OpenTarget, Rating, SendBody, TextFormat, UserInput,
};
use switchboard_kare::convert::{Setting, Style, event, message};
use switchboard_kare::wire::application::{Application, ApplicationChange};
use switchboard_kare::wire::config::Config;
use switchboard_kare::wire::conversation::{StartRequest, Started};
use switchboard_kare::wire::error_body::ErrorBody;
use switchboard_kare::wire::grant::{CLIENT_CREDENTIALS, Grant, GrantRequest};
use switchboard_kare::wire::list::decode_list;
use switchboard_kare::wire::post::{Full, Post};
use switchboard_kare::wire::spelling::Spelling;
use switchboard_kare::wire::token::{DEFAULT_LIFETIME, Token};
use switchboard_kare::wire::{Uri, decode_frame, encode};

const FRESH: MessageId = MessageId(uuid::Uuid::from_u128(99));

/// Envelopes that stand in the canonical form: everything but fixture 40's input.
fn canonical_envelopes() -> Vec<(String, Value)> {
    let mut found = Vec::new();
    for (name, fixture) in all_fixtures() {
        let lists = [
            &fixture["response"]["frames"],
            &fixture["response"]["body"],
            &fixture["response"]["body"]["entries"],
        ];
        let requests = &fixture["request"]["frames"];
        let requests = (!name.starts_with("40")).then_some(requests);
        for list in lists.into_iter().chain(requests) {
            for value in list.as_array().into_iter().flatten() {
                found.push((name.clone(), value.clone()));
            }
        }
    }
    assert!(found.len() > 50, "{}", found.len());
    found
}

#[test]
fn there_are_41() {
    assert_eq!(all_fixtures().len(), 41);
}

#[test]
fn envelopes_are_written_as_they_were_read() {
    for (name, value) in canonical_envelopes() {
        let written = serde_json::to_value(envelope(&value)).unwrap();
        assert_eq!(written, value, "{name}");
        // A leg's state holds envelopes too.
        let again: switchboard_kare::wire::Envelope = serde_json::from_value(written).unwrap();
        assert_eq!(again, envelope(&value), "{name}");
    }
}

/// What a Kare engine says comes out of the model for a Kare client as it went in.
#[test]
fn outbound_messages_pass_through_the_model() {
    for (name, mut value) in canonical_envelopes() {
        let wire = envelope(&value);
        if !matches!(wire.uri, Uri::OutText | Uri::OutBye) {
            continue;
        }
        let model = message::to_model(wire, FRESH, now());
        let again = message::from_model(&model, Setting::Free, &Style::default()).unwrap();
        let written = serde_json::to_value(again).unwrap();
        // The header's own keys and the conversation are the server's to set.
        value.as_object_mut().unwrap().remove("conversation_id");
        value["header"] = json!({});
        if value.get("created_at").is_none() {
            value["created_at"] = now().to_rfc3339().into();
        }
        // Fixture 40's own header stays.
        if name.starts_with("40") {
            value["header"] = written["header"].clone();
        }
        assert_eq!(written, value, "{name}");
    }
}

#[test]
fn inbound_messages_pass_through_the_model() {
    for (name, value) in canonical_envelopes() {
        let wire = envelope(&value);
        if !matches!(wire.uri, Uri::InQuery | Uri::InClick) {
            continue;
        }
        let Ok(model) = event::to_model(wire.clone(), FRESH, now()) else {
            assert_eq!(name, "39-ws-error-frame");
            continue;
        };
        let written = event::from_model(&model).unwrap();
        let mut expected = wire;
        if name.starts_with("30") {
            assert_eq!(model.id, FRESH, "an invalid id is replaced silently");
            expected.id = Some(FRESH.into());
        }
        expected.conversation_id = None;
        expected.created_at = None;
        assert_eq!(written, expected, "{name}");
    }
}

#[test]
fn rest_bodies_decode() {
    let body = |name: &str, side: &str| fixture(name)[side]["body"].clone();
    let map = |value: Value| value.as_object().unwrap().clone();

    let request = body("01-oauth-client-credentials", "request");
    let grant = Grant::from_json(&encode(&request)).unwrap();
    let grant = GrantRequest {
        client_id: &grant.client_id.unwrap(),
        client_secret: &grant.client_secret.unwrap(),
        grant_type: CLIENT_CREDENTIALS,
    };
    assert_eq!(serde_json::to_value(&grant).unwrap(), request);
    let token = Token::decode(
        DEFAULT_LIFETIME,
        &encode(&body("01-oauth-client-credentials", "response")),
        now(),
    );
    assert_eq!(token.unwrap().value, "adm.tok.19c0de42");

    let request = body("02-settings-application-create", "request");
    let application = ApplicationChange::from_map(map(request.clone())).unwrap();
    assert_eq!(application.name.as_deref(), request["name"].as_str());
    assert_eq!(application.enabled, request["enabled"].as_bool());
    assert!(application.extra.is_empty());
    let response = body("02-settings-application-create", "response");
    let application = Application::from_map(map(response.clone())).unwrap();
    assert_eq!(serde_json::to_value(&application).unwrap(), response);

    let token = Token::decode(
        DEFAULT_LIFETIME,
        &encode(&body("04-apps-token", "response")),
        now(),
    )
    .unwrap();
    assert_eq!(
        (token.value.as_str(), token.lifetime.as_secs()),
        ("app.tok.7f3c9a51", 900)
    );

    let config: Config = serde_json::from_value(body("07-apps-config", "response")).unwrap();
    assert_eq!(
        serde_json::to_value(&config).unwrap(),
        body("07-apps-config", "response")
    );

    let request = StartRequest::from_map(map(body("08-conversation-start", "request")));
    assert_eq!(request.about.user_id.as_deref(), Some("customer-4711"));
    assert_eq!(request.about.selected_locale, None, "empty is absent");
    assert_eq!(request.about.user_profile_tags, ["returning", "web"]);
    let started = Started::decode(
        &Spelling::default(),
        &encode(&body("08-conversation-start", "response")),
    )
    .unwrap();
    assert_eq!(started.conversation_id, support::CONVERSATION);
}

#[test]
fn every_error_body_decodes() {
    let mut count = 0;
    for (name, fixture) in all_fixtures() {
        let response = &fixture["response"];
        for body in [&response["body"], &response["handshake"]["body"]] {
            if body.get("error").is_none() {
                continue;
            }
            let error = ErrorBody::decode(&encode(body));
            assert_eq!(&serde_json::to_value(&error).unwrap(), body, "{name}");
            count += 1;
        }
    }
    assert_eq!(count, 10);
}

#[test]
fn posted_inputs_decode() {
    for (name, fixture) in all_fixtures() {
        let request = &fixture["request"];
        let Some(body) = request["body"].as_object() else {
            continue;
        };
        let path = request["path"].as_str().unwrap();
        let post = match path {
            "/v2.1/dialog/query" => Post::query(body.clone()).unwrap(),
            "/v2.1/dialog/click" => Post::click(body.clone()).unwrap(),
            _ => continue,
        };
        let conversation = post.conversation_id.unwrap();
        assert_eq!(conversation, body["conversation_id"], "{name}");
        let full = serde_json::to_value(Full {
            conversation_id: &conversation,
            envelope: &post.envelope,
        })
        .unwrap();
        if name.starts_with("11") {
            assert_eq!(full["body"]["text"], "Why is the sky green on Tuesdays?");
            assert_eq!(full["uri"], "in/query");
        } else {
            let mut expected = request["body"].clone();
            let fields = expected.as_object_mut().unwrap();
            fields.entry("parent_id").or_insert(Value::Null);
            assert_eq!(full, expected, "{name}");
        }
    }
}

#[test]
fn wrapped_lists_are_accepted() {
    let fixture = fixture("12-query-wrapped-list-response");
    let body = &fixture["response"]["body"];
    let list = decode_list(&Spelling::default(), &encode(body)).unwrap();
    assert_eq!(list.len(), 1);
    for name in ["messages", "events", "items", "data", "results"] {
        let renamed = json!({ name: body["entries"] });
        assert_eq!(
            decode_list(&Spelling::default(), &encode(&renamed)).unwrap(),
            list,
            "{name}"
        );
    }
    assert_eq!(
        decode_list(&Spelling::default(), &encode(&body["entries"])).unwrap(),
        list
    );
    assert_eq!(
        decode_list(&Spelling::default(), &encode(&body["entries"][0])).unwrap(),
        list
    );
    for nothing in ["", " ", "[]", "{}", "null"] {
        assert_eq!(
            decode_list(&Spelling::default(), nothing.as_bytes()).unwrap(),
            [],
            "{nothing:?}"
        );
    }
    assert!(decode_list(&Spelling::default(), b"<html>").is_err());
}

#[test]
fn alternative_spellings_are_normalised() {
    let fixture = fixture("40-ws-alternative-spellings");
    let frames = fixture["request"]["frames"].as_array().unwrap();
    let written: Vec<Value> = frames
        .iter()
        .flat_map(|frame| decode_frame(&encode(frame)).unwrap())
        .map(|envelope| serde_json::to_value(envelope.unwrap()).unwrap())
        .collect();
    assert_eq!(Value::from(written), fixture["response"]["frames"]);
}

fn messages(name: &str) -> Vec<Message> {
    let fixture = fixture(name);
    let response = &fixture["response"];
    let list = response["frames"]
        .as_array()
        .or(response["body"].as_array());
    list.unwrap()
        .iter()
        .map(|value| message::to_model(envelope(value), FRESH, now()))
        .collect()
}

#[test]
fn an_answer_tree() {
    let messages = messages("10-query-answer-tree");
    let [node, text, quote, image, video, feedback] = messages.as_slice() else {
        panic!("{messages:#?}");
    };
    assert_eq!(node.content, Content::Group { text: None });
    assert_eq!(
        node.parent,
        Some(id("e681598a-9338-4db8-b3ce-b739d332def7"))
    );
    assert!(messages[1..].iter().all(|it| it.parent == Some(node.id)));
    assert!(messages.iter().all(|it| it.author == Author::Bot));
    let Content::Text { text } = &text.content else {
        panic!("{text:#?}");
    };
    assert_eq!(text.format, TextFormat::Markdown);
    assert_eq!(text.body, "You can return an item within **30 days**.");
    let Content::Quote(passage) = &quote.content else {
        panic!("{quote:#?}");
    };
    assert_eq!(passage.title.as_deref(), Some("Returns policy"));
    assert_eq!(passage.url.as_deref(), Some("https://shop.example/returns"));
    let [open] = quote.actions.as_slice() else {
        panic!("{quote:#?}");
    };
    assert_eq!(open.url(), Some("https://shop.example/returns"));
    assert!(!open.sends(), "the tracking event is not the model's");
    assert_eq!(open.icon, Icon::Attachment);
    let Content::Image(picture) = &image.content else {
        panic!("{image:#?}");
    };
    assert_eq!(picture.url, "https://shop.example/img/label.png");
    assert_eq!(picture.alt.as_deref(), Some("Where the label goes"));
    assert!(matches!(&video.content, Content::Video(film)
        if film.url == "https://shop.example/v/returns.mp4"));
    assert!(
        matches!(&feedback.content, Content::FeedbackRequest(request)
        if request.text.body == "Was this useful?")
    );
    let ratings: Vec<_> = feedback
        .actions
        .iter()
        .map(|it| (it.id.as_str(), it.icon.clone(), it.on_click.is_empty()))
        .collect();
    assert_eq!(
        ratings,
        [
            ("helpful", Icon::ThumbUp, true),
            ("not_helpful", Icon::ThumbDown, true)
        ]
    );
    assert_eq!(feedback.at.to_rfc3339(), "2021-07-02T10:15:07.000Z");
}

#[test]
fn choices_and_disambiguation() {
    let choice = messages("27-ws-query-choice").pop().unwrap();
    assert!(matches!(&choice.content, Content::Choices(it)
        if it.kind == ChoicesKind::Dialog && it.text.body == "What would you like to do?"));
    let options: Vec<_> = choice
        .actions
        .iter()
        .map(|it| (it.id.as_str(), it.label.as_str(), it.on_click.is_empty()))
        .collect();
    assert_eq!(
        options,
        [
            ("track", "Track an order", true),
            ("cancel", "Cancel an order", true)
        ]
    );
    let disambiguation = messages("34-ws-disambiguation").pop().unwrap();
    assert!(matches!(&disambiguation.content, Content::Choices(it)
        if it.kind == ChoicesKind::Disambiguation));
    assert_eq!(disambiguation.actions[0].icon, Icon::Resolution);
    assert_eq!(disambiguation.actions[1].icon, Icon::False);
}

/// Choices of another dialect are written as fixture 27 shows.
#[test]
fn foreign_choices_are_written_like_kares_own() {
    let mut message = messages("27-ws-query-choice").pop().unwrap();
    message.extras = Default::default();
    message.actions = vec![
        Action::choice("track", "Track an order"),
        Action::choice("cancel", "Cancel an order"),
    ];
    let written = message::from_model(&message, Setting::Answer, &Style::default()).unwrap();
    let written = serde_json::to_value(written).unwrap();
    let expected = &fixture("27-ws-query-choice")["response"]["frames"][2];
    assert_eq!(written["body"], expected["body"]);
}

/// Candidates of another dialect are written as fixture 34 shows, with the icon of a response.
#[test]
fn foreign_candidates_are_written_like_kares_own() {
    let mut message = messages("34-ws-disambiguation").pop().unwrap();
    message.extras = Default::default();
    for action in &mut message.actions {
        let icon = Some(&action.icon).filter(|icon| **icon != Icon::Resolution);
        *action = Action {
            icon: icon.cloned().unwrap_or_default(),
            ..Action::choice(&action.id, &action.label)
        };
    }
    let written = message::from_model(&message, Setting::Free, &Style::default()).unwrap();
    let written = serde_json::to_value(written).unwrap();
    let frames = fixture("34-ws-disambiguation")["response"]["frames"].take();
    let expected = frames.as_array().unwrap().last().unwrap();
    assert_eq!(written["body"], expected["body"]);
}

#[test]
fn no_answer_handover_and_language() {
    let missing = messages("11-query-missing-flat-body").pop().unwrap();
    assert!(matches!(missing.content, Content::NoAnswer { .. }));
    assert_eq!(
        missing.actions[0].on_click,
        [
            Command::Print("Contact us".to_owned()),
            Command::Send(SendBody::Choice),
            Command::Open(OpenTarget::Escalate),
        ]
    );
    let handover = messages("32-ws-handover").pop().unwrap();
    assert!(matches!(handover.content, Content::Handover(_)));
    let start = &handover.actions[0];
    assert_eq!(start.on_click.last(), Some(&Command::Close));
    assert_eq!(
        start.on_load,
        [Command::Update {
            style: Some(ActionStyle::Warning),
            enabled: None,
            icon: None,
            label: None
        }]
    );
    for (name, expected) in [
        ("35-ws-language-unsupported", LanguageProblem::Unsupported),
        ("36-ws-language-unknown", LanguageProblem::Unknown),
    ] {
        let message = messages(name).pop().unwrap();
        assert!(
            matches!(message.content, Content::LanguageProblem { problem, .. } if problem == expected)
        );
    }
}

#[test]
fn clicks_by_aspect() {
    let input = |name: &str| {
        let value = fixture(name)["request"]["frames"][0].clone();
        event::to_model(envelope(&value), FRESH, now()).unwrap()
    };
    let link = input("29-ws-custom-event-open-link");
    assert_eq!(
        link.input,
        UserInput::LinkClick {
            url: "https://shop.example/returns".to_owned(),
            label: Some("Returns policy".to_owned()),
        }
    );
    assert_eq!(
        link.parent,
        Some(id("b8ca91f6-10f5-4c77-8432-643233c93ad2"))
    );
    assert_eq!(
        input("33-ws-titlebar-escalation").input,
        UserInput::Custom {
            name: "titlebar".to_owned(),
            value: None,
            label: None,
        }
    );
    let rated = input("37-ws-feedback-click");
    assert_eq!(
        rated.input,
        UserInput::Feedback(Feedback {
            message: rated.parent,
            rating: Some(Rating::Positive),
            ..Feedback::default()
        })
    );
    for (name, choice) in [
        ("28-ws-click-choice", "track"),
        ("31-ws-missing-escalate-click", "escalate"),
    ] {
        let event = input(name);
        let UserInput::Choice(made) = &event.input else {
            panic!("{event:#?}");
        };
        assert_eq!(made.id.as_deref(), Some(choice));
        assert_eq!(made.message, event.parent);
    }
}

#[test]
fn unknown_things_survive() {
    let value = json!({
        "id": "not-a-uuid", "parent_id": "neither", "uri": "out/text",
        "header": {"in_reply_to": "neither", "trace": 1},
        "body": {
            "aspect": "resolution/answer/table", "text": "| a |", "response_id": "node_1",
            "actions": [{
                "text": "Go", "icon": false, "context": "sparkling", "enabled": false,
                "choice_id": "go", "aspect": "acme/go", "on_load": "",
                "on_click": "send -m={\"aspect\":\"acme/go\",\"choice_id\":\"go\",\"x\":1}; dance -x=1",
                "weight": 3
            }],
            "url": "https://shop.example/table"
        },
        "created_at": "2021-07-02 10:15", "vendor": {"a": [1, 2]}
    });
    let model = message::to_model(envelope(&value), FRESH, now());
    assert!(matches!(&model.content, Content::Text { text } if text.body == "| a |"));
    assert_eq!(model.id, MessageId::from_foreign("not-a-uuid"));
    assert_eq!(model.parent, Some(MessageId::from_foreign("neither")));
    let written = message::from_model(&model, Setting::Free, &Style::default()).unwrap();
    let written = serde_json::to_value(written).unwrap();
    let mut expected = value;
    expected["header"] = json!({"trace": 1});
    assert_eq!(written, expected);
}

#[test]
fn unknown_outbound_uris_show_their_text() {
    let value = json!({
        "id": "c2a4df41-8c46-4c30-bac3-08a6beada372", "parent_id": null, "uri": "out/banner",
        "header": {}, "body": {"text": "Sale", "level": 2},
        "created_at": "2021-07-02T10:15:00.000Z"
    });
    let model = message::to_model(envelope(&value), FRESH, now());
    assert!(
        matches!(&model.content, Content::Other { name, text: Some(text) }
        if name == "out/banner" && text.body == "Sale")
    );
    let written = message::from_model(&model, Setting::Free, &Style::default()).unwrap();
    assert_eq!(serde_json::to_value(written).unwrap(), value);
}
