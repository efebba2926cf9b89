//! Every aspect, both ways: `docs/protocols/kare.md#62-catalogue-names-and-meanings-doc-json-assumed`.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may fail"
)]

mod support;

use serde_json::{Value, json};
use support::{envelope, id, now};
use switchboard_core::model::{
    Action, Author, Choices, ChoicesKind, Content, ContentKind, EndReason, FeedbackRequest,
    FormSubmission, Handover, HandoverPhase, LanguageProblem, Media, Message, MessageId, Quote,
    RichText, UploadedFile, UserEvent, UserInput,
};
use switchboard_kare::convert::{Setting, Style, event, message};
use switchboard_kare::wire::Body;

const PAGE: &str = "https://shop.example/returns";

fn fresh() -> MessageId {
    id("0c6c9c6e-1e0b-4c1b-8a6e-2f3f0c1f7a10")
}

/// The body of another dialect's content.
fn written(content: Content, actions: Vec<Action>, setting: Setting) -> Value {
    let message = Message::bot(fresh(), None, now(), content).with_actions(actions);
    let wire = message::from_model(&message, setting, &Style::default()).unwrap();
    serde_json::to_value(wire).unwrap()["body"].clone()
}

fn words(text: &str) -> RichText {
    RichText::markdown(text)
}

#[test]
fn every_aspect_is_read_as_what_it_means() {
    for (aspect, kind) in [
        ("resolution/missing", ContentKind::NoAnswer),
        ("resolution/answer", ContentKind::Group),
        ("resolution/answer/text", ContentKind::Text),
        ("resolution/answer/quote", ContentKind::Quote),
        ("resolution/answer/choice", ContentKind::Choices),
        ("resolution/answer/image", ContentKind::Image),
        ("resolution/answer/video", ContentKind::Video),
        ("resolution/answer/feedback", ContentKind::FeedbackRequest),
        ("resolution/answer/handover", ContentKind::Handover),
        ("resolution/disambiguation", ContentKind::Choices),
        ("text/plain", ContentKind::Text),
        ("language/unsupported", ContentKind::LanguageProblem),
        ("language/unknown", ContentKind::LanguageProblem),
    ] {
        let body = json!({"aspect": aspect, "text": PAGE, "actions": []});
        let wire = envelope(&json!({"id": fresh().to_string(), "uri": "out/text", "body": body}));
        let model = message::to_model(wire, fresh(), now());
        assert_eq!(model.content.kind(), kind, "{aspect}");
        let back = message::from_model(&model, Setting::Free, &Style::default()).unwrap();
        let back = serde_json::to_value(back).unwrap();
        assert_eq!(
            (&back["body"]["aspect"], &back["body"]["text"]),
            (&json!(aspect), &json!(PAGE))
        );
    }
}

#[test]
fn every_kind_of_another_engines_content_has_its_aspect() {
    let choices = |kind| {
        Content::Choices(Choices {
            text: words("?"),
            kind,
            ..Choices::default()
        })
    };
    let media = || Media::new("https://x.example/a", Some("A".to_owned()));
    let language = |problem| Content::LanguageProblem {
        problem,
        text: words("!"),
    };
    let handover = Handover {
        phase: HandoverPhase::Offered,
        text: words("Talk"),
        ..Handover::default()
    };
    for (content, aspect) in [
        (Content::Group { text: None }, "resolution/answer"),
        (Content::text(words("a")), "resolution/answer/text"),
        (
            Content::Quote(Quote {
                text: words("q"),
                title: None,
                url: None,
            }),
            "resolution/answer/quote",
        ),
        (choices(ChoicesKind::Dialog), "resolution/answer/choice"),
        (
            choices(ChoicesKind::Disambiguation),
            "resolution/disambiguation",
        ),
        (Content::Image(media()), "resolution/answer/image"),
        (Content::Video(media()), "resolution/answer/video"),
        (
            Content::FeedbackRequest(FeedbackRequest {
                text: words("?"),
                reasons: Vec::new(),
            }),
            "resolution/answer/feedback",
        ),
        (Content::Handover(handover), "resolution/answer/handover"),
        (Content::NoAnswer { text: words("-") }, "resolution/missing"),
        (
            language(LanguageProblem::Unsupported),
            "language/unsupported",
        ),
        (language(LanguageProblem::Unknown), "language/unknown"),
    ] {
        let body = written(content, Vec::new(), Setting::Answer);
        assert_eq!(body["aspect"], aspect);
        assert!(
            body["text"].is_string() && body["actions"].is_array(),
            "always: {body}"
        );
    }
    let free = written(Content::text(words("a")), Vec::new(), Setting::Free);
    assert_eq!(free["aspect"], "text/plain");
}

#[test]
fn pictures_and_films_carry_their_address_twice() {
    let media = Media::new("https://x.example/a.png", Some("A".to_owned()));
    for content in [Content::Image(media.clone()), Content::Video(media)] {
        let body = written(content, Vec::new(), Setting::Answer);
        assert_eq!(body["text"], "https://x.example/a.png");
        assert_eq!(body["url"], "https://x.example/a.png");
        assert_eq!(body["alt"], "A");
    }
}

#[test]
fn a_quote_names_its_document_and_opens_it() {
    let quote = Quote {
        text: words("Unused."),
        title: Some("Returns policy".to_owned()),
        url: Some(PAGE.to_owned()),
    };
    let body = written(Content::Quote(quote), Vec::new(), Setting::Answer);
    assert_eq!(
        (&body["title"], &body["url"]),
        (&json!("Returns policy"), &json!(PAGE))
    );
    let action = &body["actions"][0];
    assert_eq!(
        (&action["text"], &action["icon"]),
        (&json!("Returns policy"), &json!("attachment"))
    );
    assert_eq!(
        action["on_click"],
        format!(
            "open -href=\"{PAGE}\"; send -m={{\"aspect\":\"open/link\",\"choice_id\":\"{PAGE}\",\
             \"text\":\"Returns\\u0020policy\"}}"
        )
    );
}

#[test]
fn feedback_has_two_actions_that_are_disabled_when_given() {
    let request = FeedbackRequest {
        text: words("Was this useful?"),
        reasons: Vec::new(),
    };
    let body = written(
        Content::FeedbackRequest(request),
        Vec::new(),
        Setting::Answer,
    );
    let actions = body["actions"].as_array().unwrap();
    let seen: Vec<_> = actions
        .iter()
        .map(|it| {
            (
                it["choice_id"].as_str().unwrap(),
                it["icon"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        seen,
        [("helpful", "thumb_up"), ("not_helpful", "thumb_down")]
    );
    for action in actions {
        let script = action["on_click"].as_str().unwrap();
        assert!(
            script.ends_with("; update -enabled=false -icon=done"),
            "{script}"
        );
    }
}

#[test]
fn an_offered_handover_escalates() {
    let handover = Handover {
        phase: HandoverPhase::Offered,
        text: words("Talk to the team"),
        ..Handover::default()
    };
    let body = written(Content::Handover(handover), Vec::new(), Setting::Answer);
    let action = &body["actions"][0];
    assert_eq!(
        (&action["text"], &action["icon"]),
        (&json!("Start chat"), &json!("contact"))
    );
    let script = action["on_click"].as_str().unwrap();
    assert!(script.ends_with("; open -escalate"), "{script}");
}

#[test]
fn candidates_of_a_disambiguation_lead_to_responses() {
    let question = || {
        Content::Choices(Choices {
            text: words("Which?"),
            kind: ChoicesKind::Disambiguation,
            ..Choices::default()
        })
    };
    let candidate = || Action::choice("node_1", "Parcels");
    let body = written(question(), vec![candidate()], Setting::Answer);
    let action = &body["actions"][0];
    assert_eq!(
        (&action["icon"], &action["choice_id"]),
        (&json!("resolution"), &json!("node_1"))
    );
    let options = Content::Choices(Choices::default());
    let body = written(options, vec![candidate()], Setting::Answer);
    assert_eq!(
        body["actions"][0]["icon"], "empty",
        "an option of a dialog has none"
    );
}

#[test]
fn every_reason_of_a_goodbye_has_its_word() {
    for reason in ["idle", "ended", "escalated", "revoked", "error", "acme"] {
        assert_eq!(EndReason::from_word(reason).as_str(), reason);
        let bye = json!({"uri": "out/bye", "body": {"reason": reason, "text": "Bye."}});
        let Body::Bye(bye) = envelope(&bye).body else {
            panic!("no goodbye");
        };
        assert_eq!(
            (bye.reason.as_deref(), bye.text.as_deref()),
            (Some(reason), Some("Bye."))
        );
    }
}

#[test]
fn an_operators_name_travels_in_the_header() {
    let author = Author::Operator {
        id: Some("7".to_owned()),
        name: Some("Ann".to_owned()),
    };
    let message = Message {
        author: author.clone(),
        ..Message::bot(fresh(), None, now(), Content::text(words("Hello")))
    };
    let wire = message::from_model(&message, Setting::Free, &Style::default()).unwrap();
    let value = serde_json::to_value(wire).unwrap();
    assert_eq!(value["header"]["author"]["name"], "Ann");
    let read = message::to_model(envelope(&value), fresh(), now());
    assert_eq!(read.author, author);
}

#[test]
fn aspects_of_clicks_are_choices_or_events() {
    let asked = |aspect: &str| {
        let click = json!({"uri": "in/click", "parent_id": fresh().to_string(),
            "body": {"target": {"aspect": aspect, "choice_id": "x", "text": "X"}}});
        let input = event::to_model(envelope(&click), fresh(), now())
            .unwrap()
            .input;
        let name = format!("{input:?}");
        name.split([' ', '(']).next().unwrap().to_owned()
    };
    for aspect in [
        "resolution/answer/choice",
        "resolution/disambiguation",
        "resolution/missing",
        "resolution/answer/handover",
        "text/plain",
    ] {
        assert_eq!(asked(aspect), "Choice", "{aspect}");
    }
    assert_eq!(asked("open/link"), "LinkClick");
    for aspect in [
        "open/document",
        "open/resolution",
        "open/image",
        "open/video",
        "open/mail",
        "titlebar",
        "acme/own",
    ] {
        assert_eq!(asked(aspect), "Custom", "{aspect}");
    }
}

#[test]
fn files_and_other_vendors_forms_are_said_in_words() {
    let said = |input: UserInput| {
        let event = UserEvent::new(fresh(), now(), input);
        serde_json::to_value(event::from_model(&event).unwrap()).unwrap()
    };
    let file = |name: &str, url: Option<&str>| {
        UserInput::File(UploadedFile {
            name: name.to_owned(),
            url: url.map(str::to_owned),
            ..UploadedFile::default()
        })
    };
    for (input, words) in [
        (file("cup.jpg", None), "cup.jpg"),
        (
            file("cup.jpg", Some(PAGE)),
            "cup.jpg: https://shop.example/returns",
        ),
        (file("", Some(PAGE)), PAGE),
        (
            UserInput::Form(FormSubmission {
                summary: Some("Ann, 7".to_owned()),
                ..FormSubmission::default()
            }),
            "Ann, 7",
        ),
    ] {
        let said = said(input);
        assert_eq!(said["uri"], "in/query");
        assert_eq!(said["parent_id"], Value::Null, "a question is a root");
        assert_eq!(said["body"], json!({ "text": words }));
    }
}
