//! What a history shows: `docs/protocols/dydu.md#33-endpoint-details`, 3.3.9.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on fails"
)]

mod common;

use common::*;
use serde_json::{Value, json};
use switchboard_core::dialect::{Entry, HandoverState};
use switchboard_core::model::{
    BotEvent, Content, Feedback, Handover, HandoverPhase, Message, MessageId, Rating, RichText,
    Timestamp, UserEvent, UserInput,
};
use switchboard_dydu::wire::b64;
use uuid::Uuid;

fn id(n: u128) -> MessageId {
    MessageId(Uuid::from_u128(n))
}

fn user(seq: u64, input: UserInput) -> Entry {
    said(seq, UserEvent::new(id(seq.into()), Timestamp(NOW), input))
}

fn bot(seq: u64, turn: u64, content: Content) -> Entry {
    let message = Message::bot(id(u128::from(seq) + 100), None, Timestamp(NOW), content);
    published(seq, Some(id(turn.into())), message)
}

fn values(entries: Vec<Entry>, handover: HandoverState) -> Value {
    let (request, path) = request(&fixture("08-history"));
    let call = call(frontend().handle(request, &path, &cx(&Ids::default())));
    let mut outcome = outcome(entries);
    outcome.view.handover = handover;
    let answer = (call.finish)(Ok(outcome), &cx(&Ids::default()));
    decoded(json_of(&answer))["values"].take()
}

#[test]
fn a_history_has_all_that_we_know() {
    let entries = vec![
        user(1, UserInput::text("hi")),
        bot(2, 1, Content::text(RichText::plain("hello"))),
        user(
            3,
            UserInput::Feedback(Feedback {
                rating: Some(Rating::Negative),
                ..Feedback::default()
            }),
        ),
        user(
            4,
            UserInput::Feedback(Feedback {
                reason: Some(2),
                ..Feedback::default()
            }),
        ),
        user(
            5,
            UserInput::Feedback(Feedback {
                comment: Some("too short".into()),
                ..Feedback::default()
            }),
        ),
    ];
    let history = values(entries, HandoverState::Active);
    assert_eq!(history["contextId"], CONTEXT);
    assert_eq!(history["dialog"], CONTEXT);
    assert_eq!(history["botUUID"], BOT);
    assert_eq!(history["serverTime"], NOW);
    assert_eq!(history["livechatEnabled"], true);
    let interactions = history["interactions"].as_array().unwrap();
    assert_eq!(interactions.len(), 1, "{interactions:?}");
    let answer = &interactions[0];
    assert_eq!(
        history["pollUpdatedInteractionDate"],
        answer["pollUpdatedInteractionDate"]
    );
    // Feedback that names no answer is about the latest.
    for (name, expected) in [
        ("user", "hi"),
        ("text", "hello"),
        ("feedback", "negative"),
        ("feedBack", "negative"),
        ("feedbackChoiceKey", "2"),
        ("feedbackComment", "too short"),
        ("from", "bot"),
        ("type", "DMUnderstoodQuestion"),
    ] {
        assert_eq!(answer[name], expected, "{name}");
    }
    assert!(answer["timestamp"].is_i64());
    assert_eq!(answer["hideRequest"], Value::Null);
}

#[test]
fn a_queue_is_remembered_as_one() {
    let waiting = Content::Handover(Handover {
        phase: HandoverPhase::Waiting {
            position: Some(3),
            wait_seconds: Some(130),
        },
        text: RichText::default(),
        system: None,
        operator: None,
    });
    let entries = vec![user(1, UserInput::text("a human")), bot(2, 1, waiting)];
    let history = values(entries, HandoverState::Waiting);
    assert_eq!(
        history["interactions"][0]["type"],
        "DMLiveChatConnectionInQueue"
    );
}

/// An engine tells of an operator by frames that are no answers; a reload must still find the
/// livechat.
#[test]
fn an_operator_who_was_told_by_a_notification_is_remembered() {
    let ids = Ids::default();
    let mut entries = vec![user(1, UserInput::text("a human"))];
    let frames = fixture("57-ws-leave-queue-on-operator")["response"]["frames"].clone();
    let heard = hear(&frames[0], None, HandoverState::Waiting, &cx(&ids));
    for (seq, event) in (2..).zip(heard.events) {
        let BotEvent::Message(message) = event else {
            panic!("{event:?}");
        };
        entries.push(published(seq, None, message));
    }
    let history = values(entries, HandoverState::Active);
    let last = history["interactions"].as_array().unwrap().last().unwrap();
    assert_eq!(last["type"], "DMLiveChatConnectionSucceed");
}

/// The widget would do again what it did when the answer came.
#[test]
fn nothing_is_done_again() {
    let ids = Ids::default();
    let mut answer = fixture("12-talk-carousel")["response"]["body"].clone();
    answer["values"]["guiAction"] = b64::encode("javascript:alert(1)").into();
    answer["values"]["urlRedirect"] = b64::encode("https://x.example/").into();
    answer["values"]["sidebar"] = json!({"title": b64::encode("T"), "content": b64::encode("C")});
    let heard = hear(&answer, Some(id(1)), HandoverState::None, &cx(&ids));
    let mut entries = vec![user(1, UserInput::text("offers"))];
    for (seq, event) in (2..).zip(heard.events) {
        let BotEvent::Message(message) = event else {
            panic!("{event:?}");
        };
        entries.push(published(seq, Some(id(1)), message));
    }
    let history = values(entries, HandoverState::None);
    let interactions = history["interactions"].as_array().unwrap();
    assert_eq!(interactions.len(), 1);
    let answer = interactions[0].as_object().unwrap();
    for name in ["guiAction", "urlRedirect", "specialAction"] {
        assert!(!answer.contains_key(name), "{name}");
    }
    assert_eq!(answer["templateName"], "dydu_carousel_001");
    assert!(answer["templateData"].is_string());
    assert_eq!(answer["sidebar"]["title"], "T");
    assert_eq!(answer["redirectUrl"], "https://x.example/");
}

#[test]
fn what_is_not_registered_is_not_shown() {
    let mut entries = vec![
        user(1, UserInput::text("secret")),
        bot(2, 1, Content::text(RichText::plain("well kept"))),
        user(3, UserInput::text("hi")),
        bot(4, 3, Content::text(RichText::plain("hello"))),
    ];
    for entry in &mut entries[..2] {
        entry.unrecorded = true;
    }
    let history = values(entries, HandoverState::None);
    let interactions = history["interactions"].as_array().unwrap();
    assert_eq!(interactions.len(), 1);
    assert_eq!(interactions[0]["user"], "hi");
}
