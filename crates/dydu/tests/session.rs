//! The websocket, driven by the fixtures' frames.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on fails"
)]

mod common;

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;
use common::*;
use http::Request;
use serde_json::{Value, json};
use switchboard_core::Fault;
use switchboard_core::dialect::{
    Find, Frontend, Handled, HandoverState, Item, Operation, ServerSession, SessionAction, Wait,
};
use switchboard_core::model::{
    Author, Content, EndReason, Handover, HandoverPhase, Message, MessageId, RichText, Timestamp,
    Typing, UploadRequest, UserInput,
};
use uuid::Uuid;

fn open(
    frontend: &Arc<dyn Frontend>,
    protocol: Option<&str>,
) -> (Option<String>, Box<dyn ServerSession>) {
    let mut request = Request::get("/servlet//chatWs").header("upgrade", "websocket");
    if let Some(protocol) = protocol {
        request = request.header("sec-websocket-protocol", protocol);
    }
    let request = request.body(Bytes::new()).unwrap();
    match frontend.handle(request, "/servlet/chatWs", &cx(&Ids::default())) {
        Handled::Upgrade(upgrade) => {
            assert!(upgrade.attach.is_none());
            (upgrade.subprotocol, upgrade.session)
        }
        other => panic!("{other:?}"),
    }
}

fn session() -> Box<dyn ServerSession> {
    open(&frontend(), None).1
}

fn frame_of(name: &str) -> String {
    fixture(name)["request"]["frame"].to_string()
}

/// A session attached to the fixtures' conversation.
fn attached() -> Box<dyn ServerSession> {
    let mut session = session();
    let ids = Ids::default();
    let actions = session.handle_text(&frame_of("50-ws-checkContextAvailability"), &cx(&ids));
    let [SessionAction::Attach(attach)] = actions.as_slice() else {
        panic!("{actions:?}");
    };
    assert_eq!(attach.target.find, Find::Renew(Some(CONTEXT.into())));
    assert_eq!(attach.target.scope, BOT);
    let actions = session.attached(&view(), &cx(&ids));
    assert_eq!(
        sent(actions),
        [json!({
            "type": "checkContextAvailabilityResponse",
            "values": {"isContextStillAvailable": true},
        })]
    );
    session
}

/// Performs the actions; calls succeed with nothing.
fn run(actions: Vec<SessionAction>) -> (Vec<Value>, Vec<Operation>) {
    let mut frames = Vec::new();
    let mut operations = Vec::new();
    let mut actions = VecDeque::from(actions);
    while let Some(action) = actions.pop_front() {
        match action {
            SessionAction::Send(text) => frames.push(strict(&text)),
            SessionAction::Call(call) => {
                operations.push(call.operation);
                actions.extend((call.finish)(Ok(outcome(Vec::new())), &cx(&Ids::default())));
            }
            SessionAction::Refused(_) => {}
            other => panic!("{other:?}"),
        }
    }
    (frames, operations)
}

fn sent(actions: Vec<SessionAction>) -> Vec<Value> {
    run(actions).0
}

/// A frame decoded as the widget does, which is strict.
fn strict(text: &str) -> Value {
    use base64::Engine as _;
    fn check(value: &mut Value) {
        match value {
            Value::String(text) => {
                let bytes = base64::engine::general_purpose::STANDARD
                    .decode(&*text)
                    .unwrap();
                *text = String::from_utf8(bytes).unwrap();
            }
            Value::Array(items) => items.iter_mut().for_each(check),
            Value::Object(fields) => fields.values_mut().for_each(check),
            _ => {}
        }
    }
    let mut frame: Value = serde_json::from_str(text).unwrap();
    assert!(frame["values"].is_object(), "{text}");
    check(&mut frame["values"]);
    frame
}

#[test]
fn the_subprotocol_is_confirmed_when_offered() {
    let frontend = frontend();
    assert_eq!(
        open(&frontend, Some("a, dyduchat")).0.as_deref(),
        Some("dyduchat")
    );
    assert_eq!(open(&frontend, Some("other")).0, None);
    assert_eq!(open(&frontend, None).0, None);
    let plain = Request::get("/chatWs").body(Bytes::new()).unwrap();
    let refused = frontend.handle(plain, "/chatWs", &cx(&Ids::default()));
    assert!(matches!(
        refused,
        Handled::Refuse(Fault::BadInput { .. }, _)
    ));
}

#[test]
fn every_frame_of_the_fixtures_is_served() {
    for (name, fixture) in fixtures() {
        if fixture["request"].get("frame").is_none() {
            continue;
        }
        let mut session = attached();
        let ids = Ids::default();
        let actions = session.handle_text(&frame_of(&name), &cx(&ids));
        let refused = actions
            .iter()
            .any(|action| matches!(action, SessionAction::Refused(_)));
        assert!(!refused, "{name}: {actions:?}");
        let (frames, operations) = run(actions);
        let kinds: Vec<&str> = frames
            .iter()
            .map(|frame| frame["type"].as_str().unwrap())
            .collect();
        let (expected, operation): (&[&str], &str) = match name.as_str() {
            "50-ws-checkContextAvailability" => (&["checkContextAvailabilityResponse"], "touch"),
            "51-ws-topknowledge" => (&["topKnowledgeResponse"], "accepted turn"),
            "52-ws-history" => (&["historyResponse"], "history"),
            "61-ws-surveyConfiguration" => (&["surveyConfigurationErrorResponse"], "history"),
            "62-ws-survey" => (&["surveyResponse"], "accepted"),
            "69-ws-getContext" => (&["getContextResponse"], "touch"),
            "70-ws-addInternautEvent" => (&[], ""),
            // Nothing tells of an end, so the client is let go.
            "58-ws-user-leaves-queue" | "66-ws-user-ends" => (&["notification"], "accepted turn"),
            _ => (&[], "accepted"),
        };
        assert_eq!(kinds, expected, "{name}");
        let found: Vec<&str> = operations
            .iter()
            .map(|operation| match operation {
                Operation::Touch => "touch",
                Operation::Restore { .. } | Operation::History { .. } => "history",
                Operation::Input {
                    wait: Wait::Accepted,
                    ..
                } => "accepted",
                Operation::Input {
                    wait: Wait::Turn(_),
                    ..
                } => "accepted turn",
                other => panic!("{name}: {other:?}"),
            })
            .collect();
        let wanted: Vec<&str> = Some(operation)
            .filter(|word| !word.is_empty())
            .into_iter()
            .collect();
        assert_eq!(found, wanted, "{name}");
    }
}

#[test]
fn talk_alone_attaches_too_and_waits_for_it() {
    let mut session = session();
    let ids = Ids::default();
    let mut frame = fixture("53-ws-talk")["request"]["frame"].clone();
    frame["parameters"]["contextId"] = Value::Null;
    let actions = session.handle_text(&frame.to_string(), &cx(&ids));
    assert!(
        matches!(&actions[..], [SessionAction::Attach(a)] if a.target.find == Find::Renew(None))
    );
    assert!(
        session
            .handle_text(&frame.to_string(), &cx(&ids))
            .is_empty()
    );
    let mut fresh = view();
    fresh.created = true;
    let (_, operations) = run(session.attached(&fresh, &cx(&ids)));
    assert_eq!(operations.len(), 2);
    // A client that still names no context is where it is.
    let actions = session.handle_text(&frame.to_string(), &cx(&ids));
    assert!(matches!(&actions[..], [SessionAction::Call(_)]));
}

#[test]
fn a_dead_context_is_said_to_be_dead_and_replaced() {
    let mut session = session();
    let ids = Ids::default();
    session.handle_text(&frame_of("50-ws-checkContextAvailability"), &cx(&ids));
    let mut fresh = view();
    fresh.created = true;
    fresh.key = "another".into();
    let frames = sent(session.attached(&fresh, &cx(&ids)));
    assert_eq!(frames[0]["values"]["isContextStillAvailable"], false);
    // The client goes on with its old context for a while.
    let actions = session.handle_text(&frame_of("53-ws-talk"), &cx(&ids));
    let [SessionAction::Call(call)] = &actions[..] else {
        panic!("{actions:?}");
    };
    assert_eq!(call.target.find, Find::Renew(Some("another".into())));
}

#[test]
fn a_conversation_that_ended_meanwhile_is_followed() {
    let mut session = attached();
    let mut actions = session.handle_text(&frame_of("53-ws-talk"), &cx(&Ids::default()));
    let Some(SessionAction::Call(call)) = actions.pop() else {
        panic!("{actions:?}");
    };
    let mut moved = outcome(Vec::new());
    moved.view.key = "renewed".into();
    let actions = (call.finish)(Ok(moved), &cx(&Ids::default()));
    assert!(
        matches!(&actions[..], [SessionAction::Attach(a)] if a.target.find == Find::Existing("renewed".into()))
    );
}

#[test]
fn nonsense_is_refused_without_text() {
    let mut session = attached();
    let ids = Ids::default();
    for text in [
        "",
        "nonsense",
        "{}",
        "[]",
        "{\"type\":\"unheardOf\",\"parameters\":{}}",
        "{\"type\":\"talk\",\"parameters\":{\"botId\":\"eA==\"}}",
        "{\"type\":\"talk\",\"parameters\":{\"userInput\":5,\"botId\":null}} trailing",
    ] {
        let actions = session.handle_text(text, &cx(&ids));
        assert!(matches!(&actions[0], SessionAction::Refused(_)), "{text}");
        let frames = sent(actions);
        assert_eq!(frames[0]["type"], "errorResponse", "{text}");
        assert!(frames[0]["values"].get("text").is_none());
    }
    let actions = session.handle_binary(&[0xff, 0xfe], &cx(&ids));
    assert!(matches!(&actions[0], SessionAction::Refused(_)));
    let actions = session.handle_text("ping", &cx(&ids));
    assert!(matches!(&actions[..], [SessionAction::Send(text)] if text == "pong"));
    let actions = session.attach_failed(&Fault::BackendUnavailable, &cx(&ids));
    assert_eq!(sent(actions).len(), 1);
    let turn = MessageId(Uuid::from_u128(1));
    let actions = session.turn_failed(turn, &Fault::TimedOut, &cx(&ids));
    assert_eq!(sent(actions)[0]["type"], "errorResponse");
}

fn bot(content: Content) -> Message {
    Message::bot(MessageId(Uuid::from_u128(1)), None, Timestamp(NOW), content)
}

/// The frames of an entry. Each tells its time, from which a poll may go on.
fn delivered(session: &mut Box<dyn ServerSession>, item: Item) -> Vec<Value> {
    let entry = entry(1, None, item);
    let at = entry.at.as_millis();
    let mut frames = sent(session.deliver(&entry, &view(), &cx(&Ids::default())));
    for frame in &mut frames {
        let values = frame["values"].as_object_mut().unwrap();
        assert_eq!(values.remove("serverTime"), Some(at.into()));
    }
    frames
}

fn message(message: Message) -> Item {
    Item::Message(Box::new(switchboard_core::dialect::Published::as_is(
        message,
    )))
}

#[test]
fn what_is_published_is_pushed() {
    let mut session = attached();
    let mut words = bot(Content::text(RichText::plain("OK")));
    words.author = Author::Operator {
        id: Some("op-17".into()),
        name: None,
    };
    let frames = delivered(&mut session, message(words));
    assert_eq!(frames.len(), 1);
    assert_eq!(frames[0]["type"], "talkResponse");
    let values = &frames[0]["values"];
    assert_eq!(
        (
            &values["text"],
            &values["human"],
            &values["operatorExternalId"]
        ),
        (&json!("OK"), &json!(true), &json!("op-17"))
    );
    assert_eq!(values["contextId"], CONTEXT);

    let step = |phase, words: &str| {
        message(bot(Content::Handover(Handover {
            phase,
            text: RichText::plain(words),
            ..Handover::default()
        })))
    };
    let joined = delivered(
        &mut session,
        step(HandoverPhase::Joined, "Ana has joined the chat"),
    );
    let expected =
        fixture("57-ws-leave-queue-on-operator")["decoded"]["response"]["frames"].clone();
    assert_eq!(Value::Array(joined), expected);
    let waiting = HandoverPhase::Waiting {
        position: Some(2),
        wait_seconds: None,
    };
    let queue = delivered(&mut session, step(waiting, ""));
    assert_eq!(queue[0]["values"]["specialAction"], "StartWaitingQueue");
    let left = delivered(
        &mut session,
        step(HandoverPhase::LeftByUser, "You left the queue."),
    );
    let expected = fixture("58-ws-user-leaves-queue")["decoded"]["response"]["frames"].clone();
    assert_eq!(Value::Array(left), expected);
    let left = delivered(
        &mut session,
        step(HandoverPhase::LeftByUser, "You left the chat."),
    );
    assert_eq!(
        left[0]["values"]["typeResponse"],
        "NAAutoCloseDialogBecauseUserLeft"
    );
    let ended = delivered(&mut session, step(HandoverPhase::Ended, "Goodbye!"));
    assert_eq!(ended[0]["values"]["specialAction"], "EndPolling");

    let upload = UploadRequest {
        text: RichText::plain("Please send the invoice"),
        ..UploadRequest::default()
    };
    let frames = delivered(
        &mut session,
        message(bot(Content::Upload(Box::new(upload)))),
    );
    assert_eq!(frames[0]["values"]["code"], "UploadRequest");
    assert_eq!(frames[1]["values"]["text"], "Please send the invoice");
    let typing = |active| {
        Item::Typing(Typing {
            author: Author::Bot,
            active,
        })
    };
    assert_ne!(
        delivered(&mut session, typing(true))[0]["values"]["text"],
        ""
    );
    assert_eq!(
        delivered(&mut session, typing(false))[0]["values"]["text"],
        ""
    );
    let ended = delivered(
        &mut session,
        Item::Ended {
            reason: EndReason::Idle,
        },
    );
    assert_eq!(ended[0]["values"]["specialAction"], "EndPolling");
}

/// Frames of an engine of the same dialect come out as they went in.
#[test]
fn an_engines_frames_pass_unchanged() {
    for (name, fixture) in fixtures() {
        let frames = fixture["response"]["frames"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        for frame in frames {
            let kind = frame["type"].as_str().unwrap();
            if !matches!(kind, "talkResponse" | "notification") {
                continue;
            }
            let ids = Ids::default();
            let mut values = frame["values"].as_object().unwrap().clone();
            values.insert("unheardOf".into(), json!(["eA=="]));
            let envelope = json!({"type": kind, "values": values});
            let heard = hear(&envelope, None, HandoverState::Waiting, &cx(&ids));
            let mut session = attached();
            let mut out = Vec::new();
            for event in heard.events {
                use switchboard_core::model::BotEvent;
                let item = match event {
                    BotEvent::Message(m) => message(m),
                    BotEvent::Notice(notice) => Item::Notice(notice),
                    BotEvent::Typing(_) => continue,
                    other => panic!("{other:?}"),
                };
                let mut entry = entry(1, None, item);
                entry.at = Timestamp(NOW + 12_000);
                out.extend(session.deliver(&entry, &view(), &cx(&ids)));
            }
            let last = out.pop();
            let Some(SessionAction::Send(text)) = last else {
                assert_eq!(name, "56-ws-notification-writing");
                continue;
            };
            let again: Value = serde_json::from_str(&text).unwrap();
            assert_eq!(again, envelope, "{name}");
        }
    }
}

#[test]
fn an_answer_of_several_messages_is_pushed_once() {
    let ids = Ids::default();
    let body = fixture("09-talk-plain")["response"]["body"].clone();
    let heard = hear(&body, None, HandoverState::None, &cx(&ids));
    let mut session = attached();
    let mut frames = Vec::new();
    for (seq, event) in (1..).zip(heard.events) {
        let switchboard_core::model::BotEvent::Message(m) = event else {
            panic!("{event:?}");
        };
        frames.extend(sent(session.deliver(
            &entry(seq, None, message(m)),
            &view(),
            &cx(&ids),
        )));
    }
    assert_eq!(frames.len(), 1);
    assert_eq!(frames[0]["values"]["askFeedback"], true);
}

#[test]
fn typed_frames_carry_what_the_user_said() {
    let mut session = attached();
    let actions = session.handle_text(&frame_of("53-ws-talk"), &cx(&Ids::default()));
    let [SessionAction::Call(call)] = &actions[..] else {
        panic!("{actions:?}");
    };
    let Operation::Input { event, .. } = &call.operation else {
        panic!("no input");
    };
    assert_eq!(event.input, UserInput::text("Is anyone there?"));
    assert_eq!(
        call.profile.page_url.as_deref(),
        Some("https://www.example.org/help")
    );
    let actions = session.handle_text(&frame_of("63-ws-typing"), &cx(&Ids::default()));
    let [SessionAction::Call(call)] = &actions[..] else {
        panic!("{actions:?}");
    };
    let Operation::Input { event, .. } = &call.operation else {
        panic!("no input");
    };
    assert_eq!(
        event.input,
        UserInput::Typing {
            active: true,
            text: Some("I would like".into())
        }
    );
}
