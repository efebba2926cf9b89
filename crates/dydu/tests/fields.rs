//! Every field of an answer: what it means to clients of any dialect, and that a chatbox gets it as
//! the engine sent it (`docs/protocols/dydu.md#5-talkresponse-values`).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on fails"
)]

mod common;

use common::{
    BOT, CONTEXT, Ids, call, cx, decoded, fixture, frontend, hear, json_of, outcome, published,
    request,
};
use serde_json::{Map, Value, json};
use switchboard_core::dialect::HandoverState;
use switchboard_core::model::{
    Author, BotEvent, ChoicesKind, Content, HandoverPhase, Message, MessageId,
};
use switchboard_dydu::convert::answer::Heard;
use switchboard_dydu::wire::b64;
use uuid::Uuid;

/// Every field of the reference's tables, in plain text.
fn everything() -> Map<String, Value> {
    let Value::Object(values) = json!({
        "text": "Step 1",
        "typeResponse": "DMUnderstoodQuestion",
        "contextId": CONTEXT,
        "language": "fr",
        "botId": BOT,
        "serverTime": 1_760_000_000_000_i64,
        "knowledgeId": 4101,
        "human": false,
        "askFeedback": true,
        "feedbackWording": {
            "choiceIntroduction": "Why?",
            "choice0": "Wrong",
            "choice1": "Short",
            "choice2": "Other",
            "commentLabel": "Comment",
            "commentPlaceholder": "Say more",
            "commentSend": "Send",
            "commentEnd": "Thanks",
        },
        "feedback": "withoutAnswer",
        "enableAutoSuggestion": false,
        "startLivechat": false,
        "operatorExternalId": "op-17",
        "sidebar": {
            "title": "More",
            "content": "<p>Details</p>",
            "url": "https://www.example.org/more",
            "width": "400px",
            "height": 300,
        },
        "nextStepResponse": {
            "text": "Step 2",
            "sidebar": {"title": "Aside"},
            "nextStepResponse": {"text": "Step 3"},
        },
        "templateName": "dydu_product_001",
        "templateData": "{\"title\":\"Desk lamp\",\"numeric\":\"25 EUR\",\"buttonB\":null}",
        "survey": "77",
        "urlRedirect": "https://www.example.org/there",
        "guiAction": "javascript:dyduKnowledgeUploadFile('file was sent')",
        "guiCSName": "Pro",
        "pollUpdatedInteractionDate": 1_760_000_000_001_i64,
        "actionId": 88001,
        "hasProfilePicture": false,
        "keepPopinMinimized": true,
        "operatorName": "Ana",
        "gender": 1,
        "pollTime": 1_760_000_000_002_i64,
        "unheardOf": {"deep": ["as it is"]},
    }) else {
        panic!("no object");
    };
    values
}

fn envelope(mut values: Value) -> Value {
    b64::encode_deep(&mut values);
    json!({"type": "talkResponse", "values": values})
}

fn heard(values: Value, state: HandoverState) -> Heard {
    hear(&envelope(values), None, state, &cx(&Ids::default()))
}

fn messages(heard: Heard) -> Vec<Message> {
    heard
        .events
        .into_iter()
        .filter_map(|event| match event {
            BotEvent::Message(message) => Some(message),
            _ => None,
        })
        .collect()
}

fn of(values: Value) -> Vec<Message> {
    messages(heard(values, HandoverState::None))
}

fn html(message: &Message) -> &str {
    match &message.content {
        Content::Text { text } | Content::NoAnswer { text } => &text.body,
        Content::Choices(choices) => &choices.text.body,
        other => panic!("no text: {other:?}"),
    }
}

#[test]
fn every_field_of_an_answer_passes_to_a_chatbox() {
    let ids = Ids::default();
    let sent = everything();
    let turn = MessageId(Uuid::from_u128(99));
    let heard = hear(
        &envelope(Value::Object(sent.clone())),
        Some(turn),
        HandoverState::None,
        &cx(&ids),
    );
    let entries = (1..)
        .zip(messages(heard))
        .map(|(seq, message)| published(seq, Some(turn), message))
        .collect();
    let talk = call(frontend_handles("09-talk-plain"));
    let response = (talk.finish)(Ok(outcome(entries)), &cx(&ids));
    let got = decoded(json_of(&response));
    for (name, value) in &sent {
        assert_eq!(&got["values"][name], value, "{name}");
    }
    assert_eq!(got["values"].as_object().unwrap().len(), sent.len());
}

fn frontend_handles(name: &str) -> switchboard_core::dialect::Handled {
    let (request, path) = request(&fixture(name));
    frontend().handle(request, &path, &cx(&Ids::default()))
}

#[test]
fn texts_are_bubbles_with_entities_decoded_once_more() {
    let bubbles = of(json!({"text": "One<hr>&lt;i&gt;two&lt;/i&gt;"}));
    assert_eq!(
        bubbles.iter().map(html).collect::<Vec<_>>(),
        ["One", "<i>two</i>"]
    );
    assert!(of(json!({"text": ""})).is_empty());
    assert!(of(json!({})).is_empty());
}

#[test]
fn the_type_says_who_speaks_and_what_kind_of_answer_it_is() {
    for (kind, human, expected) in [
        ("DMUnderstoodQuestion", json!(false), "bot"),
        ("DMRewordClickedAuto", json!(false), "bot"),
        ("DMSocial", json!(null), "bot"),
        ("ERRInvalidRequest", json!(false), "bot"),
        ("OPRegularOperatorAnswer", json!(true), "operator"),
        ("OPRegularManagerAnswer", json!(null), "operator"),
        ("OPAutoReengageOperatorAnswer", json!(null), "operator"),
        ("OPAutoHelloOperatorAnswer", json!(null), "operator"),
        ("OPAutoOperatorAnswer", json!(null), "operator"),
        ("NANotificationFromOperator", json!(false), "system"),
        ("NAWaitingForOperator", json!(false), "system"),
    ] {
        let values = json!({"text": "Hi", "typeResponse": kind, "human": human});
        let said = messages(heard(values, HandoverState::Active));
        let author = match &said[0].author {
            Author::Bot => "bot",
            Author::Operator { .. } => "operator",
            Author::System => "system",
            Author::User => "user",
        };
        assert_eq!(author, expected, "{kind}");
        assert_eq!(html(&said[0]), "Hi", "{kind}");
    }
    let link = "<a href=\"#\" onclick=\"reword('A',{type:'reword_auto'});return false;\">A</a>";
    for (kind, expected) in [
        ("RWOneReword", ChoicesKind::Disambiguation),
        ("RWManyRewords", ChoicesKind::Disambiguation),
        ("DMUnderstoodQuestion", ChoicesKind::Dialog),
    ] {
        let choices = of(json!({"text": format!("Which? {link}"), "typeResponse": kind}));
        let Content::Choices(choices) = &choices[0].content else {
            panic!("{kind}: {choices:?}");
        };
        assert_eq!(choices.kind, expected, "{kind}");
    }
    for kind in [
        "GBMisunderstoodQuestion",
        "GBTooManyMisunderstoodQuestions",
        "GBContextualGarbage",
        "GBKnowledge",
        "GBPushReplace",
    ] {
        let said = of(json!({"text": "Sorry?", "typeResponse": kind}));
        let no_answer = matches!(said[0].content, Content::NoAnswer { .. });
        assert!(no_answer, "{kind}: {said:?}");
    }
}

#[test]
fn language_and_space_become_the_conversations() {
    let heard = heard(
        json!({"text": "x", "language": "fr", "guiCSName": "Pro"}),
        HandoverState::None,
    );
    assert_eq!(heard.language.as_deref(), Some("fr"));
    assert_eq!(heard.space.as_deref(), Some("Pro"));
}

#[test]
fn feedback_is_asked_for_in_either_way() {
    for values in [
        json!({"text": "x", "askFeedback": true, "feedbackWording": {"choice0": "Wrong", "choice2": "Other"}}),
        json!({"text": "x", "feedback": "withoutAnswer", "feedbackWording": {"choice0": "Wrong", "choice2": "Other"}}),
    ] {
        let said = of(values);
        let Content::FeedbackRequest(request) = &said[1].content else {
            panic!("{said:?}");
        };
        assert_eq!(request.reasons, ["Wrong", "Other"]);
    }
    assert_eq!(of(json!({"text": "x", "askFeedback": false})).len(), 1);
    assert_eq!(of(json!({"text": "x", "feedback": "positive"})).len(), 1);
}

#[test]
fn the_queue_has_a_place_and_a_time() {
    let values = json!({
        "text": "", "typeResponse": "DMLiveChatConnectionInQueue",
        "specialAction": "StartWaitingQueue", "queuePosition": 3, "estimatedWaitingDuration": 130,
    });
    let said = of(values);
    let Content::Handover(step) = &said[0].content else {
        panic!("{said:?}");
    };
    let expected = HandoverPhase::Waiting {
        position: Some(3),
        wait_seconds: Some(130),
    };
    assert_eq!(step.phase, expected);
}

#[test]
fn operators_have_names_and_ids() {
    let said = messages(heard(
        json!({"text": "Hi", "human": true, "operatorExternalId": "op-17", "operatorName": "Ana"}),
        HandoverState::Active,
    ));
    let expected = Author::Operator {
        id: Some("op-17".into()),
        name: Some("Ana".into()),
    };
    assert_eq!(said[0].author, expected);
}

#[test]
fn panels_steps_templates_and_links_are_shown() {
    let said = of(Value::Object(everything()));
    let kinds: Vec<&str> = said
        .iter()
        .map(|message| message.content.kind().as_str())
        .collect();
    assert_eq!(
        kinds,
        [
            "text", // step 1
            "card", // the template
            "text", // step 2
            "card", // its panel
            "text", // step 3
            "card", // the first step's panel
            "survey",
            "upload",
            "text", // where the page is sent to
            "feedback_request",
        ]
    );
    let Content::Card(lamp) = &said[1].content else {
        panic!("{said:?}");
    };
    assert_eq!(lamp.title.as_deref(), Some("Desk lamp"));
    assert_eq!(lamp.figure.as_deref(), Some("25 EUR"));
    let Content::Card(panel) = &said[5].content else {
        panic!("{said:?}");
    };
    assert_eq!(panel.title.as_deref(), Some("More"));
    assert_eq!(panel.actions.len(), 1);
    let Content::Upload(upload) = &said[7].content else {
        panic!("{said:?}");
    };
    assert_eq!(upload.callback, "file was sent");
    assert_eq!(said[8].actions.len(), 1);
}

#[test]
fn an_unknown_or_broken_template_leaves_the_text() {
    for (name, data) in [
        ("dydu_unheard_of", "{}"),
        ("dydu_product_001", "{no json"),
        ("dydu_upload_001", "{\"text\":\"x\"}"),
    ] {
        let said = of(json!({"text": "Look", "templateName": name, "templateData": data}));
        assert_eq!(said.len(), 1, "{name}");
        assert_eq!(html(&said[0]), "Look", "{name}");
    }
}

#[test]
fn a_page_that_is_only_sent_elsewhere_shows_the_link() {
    let said = of(json!({"urlRedirect": "https://www.example.org/there"}));
    assert_eq!(said[0].actions.len(), 1);
    // Not everything is an address to go to.
    assert!(of(json!({"urlRedirect": "javascript:alert(1)"})).is_empty());
    let action = of(json!({"guiAction": "javascript:dydu.ui.lock(true)"}));
    assert!(matches!(action[0].content, Content::Other { .. }));
}
