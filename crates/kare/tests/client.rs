//! The client side: opening, asking, saying goodbye.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may fail"
)]

mod support;

use std::time::Duration;

use serde_json::{Value, json};
use support::client::{CONVERSATION_HERE, Client, hi, json_of, open};
use support::{APP, CONVERSATION, fixture, id};
use switchboard_core::dialect::{Cx, LegInput};
use switchboard_core::model::{
    BotEvent, ChoiceMade, Content, EndReason, Feedback, FormSubmission, Message, MessageId, Query,
    Rating, TurnOutcome, UserEvent, UserInput,
};
use uuid::Uuid;

#[test]
fn opening_a_dialog() {
    let mut client = Client::new(json!({}));
    client.profile.user_id = Some("customer-4711".to_owned());
    client.profile.locales.host = Some("en-SG".to_owned());
    client.profile.locales.browser = Some("en-GB".to_owned());
    client
        .profile
        .metadata
        .insert("plan".to_owned(), "silver".to_owned());
    client
        .profile
        .metadata
        .insert("page".to_owned(), "/help me".to_owned());
    client
        .profile
        .variables
        .insert("plan".to_owned(), "gold".to_owned());
    client.profile.tags = vec!["web".to_owned()];
    let turn = client.input(
        1,
        UserInput::Open {
            welcome: Some("node_1".to_owned()),
            query: None,
        },
    );
    let token = client.asked("/v2.1/apps/token");
    assert_eq!(token.uri().host(), Some("api.kare.example"));
    assert_eq!(token.uri().query(), Some(format!("app_id={APP}").as_str()));
    client.respond(200, &fixture("04-apps-token")["response"]["body"]);
    let start = client.asked("/v2.1/dialog/conversation");
    assert_eq!(start.headers()["authorization"], "Bearer app.tok.7f3c9a51");
    assert_eq!(start.headers()["accept-language"], "en-GB");
    assert_eq!(
        json_of(&start),
        json!({
            "user_id": "customer-4711", "host_locale": "en-SG", "user_profile_tags": ["web"],
            "metadata": {"kare-meta-page": "/help me", "kare-meta-plan": "gold"}
        })
    );
    client.respond(201, &fixture("08-conversation-start")["response"]["body"]);
    let socket = client.sockets.remove(0);
    assert_eq!(
        socket.uri().to_string(),
        format!(
            "wss://api.kare.example/ws?app_id={APP}&conversation_id={CONVERSATION}\
             &host_locale=en-SG&selected_locale=&user_id=customer-4711\
             &kare-meta-page=%2Fhelp+me&kare-meta-plan=gold"
        )
    );
    assert!(
        client.frames.is_empty(),
        "nothing is sent before it is open"
    );
    client.feed(LegInput::SocketOpened);
    assert_eq!(
        client.frames,
        [json!({
            "id": turn.to_string(), "parent_id": null, "uri": "in/hi", "header": {},
            "body": {"welcome_message_id": "node_1"}
        })]
    );
    client.receive_all("26-ws-open-welcome-response", turn);
    let messages = client.messages();
    assert_eq!(messages.len(), 2, "out/hi is not shown");
    assert_eq!(messages[0].parent, Some(turn), "out/hi is no message here");
    assert_eq!(messages[1].parent, Some(messages[0].id));
    assert!(client.events.iter().all(|it| it.turn == Some(turn)));
    assert_eq!(client.ended(), [(turn, TurnOutcome::Done)]);
    assert!(!client.leg.is_quiet(), "an open socket is under way");
    assert_eq!(client.leg.wake_at(), None);
}

#[test]
fn a_hello_that_brings_nothing_else() {
    let mut client = Client::connected(json!({}));
    let turn = client.input(2, open());
    let mut hello = fixture("25-ws-open-hi")["response"]["frames"][0].clone();
    hello["parent_id"] = turn.to_string().into();
    hello["header"] = json!({});
    client.receive(&hello);
    assert!(client.ended().is_empty());
    client.wait(Duration::from_millis(1500));
    assert_eq!(client.ended(), [(turn, TurnOutcome::Done)]);
    // A server that marks the end.
    let mut client = Client::connected(json!({}));
    let turn = client.input(3, open());
    hello["parent_id"] = turn.to_string().into();
    hello["header"] = json!({"in_reply_to": turn.to_string(), "seq": 0, "final": true});
    client.receive(&hello);
    assert_eq!(client.ended(), [(turn, TurnOutcome::Done)]);
}

#[test]
fn opening_again_starts_another_conversation() {
    let mut client = Client::connected(json!({}));
    let first = client.input(2, open());
    assert!(client.closed.is_none(), "an unused conversation stays");
    client.receive_all("26-ws-open-welcome-response", first);
    client.events.clear();
    client.sockets.clear();
    client.frames.clear();
    let again = client.input(3, open());
    assert_eq!(client.closed, Some(1000));
    client.asked("/v2.1/dialog/conversation");
    client.respond(
        201,
        &json!({"conversation_id": "11111111-2222-4333-8444-555555555555"}),
    );
    let address = client.sockets.remove(0).uri().to_string();
    assert!(
        address.contains("conversation_id=11111111-2222-4333-8444-555555555555"),
        "{address}"
    );
    client.feed(LegInput::SocketOpened);
    assert_eq!(client.frames.len(), 1);
    assert_eq!(client.frames[0]["uri"], "in/hi");
    assert_eq!(client.frames[0]["id"], again.to_string());
    client.receive(&json!({
        "id": APP, "parent_id": again.to_string(), "uri": "out/text",
        "header": {"in_reply_to": again.to_string(), "seq": 0, "final": true},
        "body": {"text": "Hello again"}
    }));
    assert_eq!(client.messages().len(), 1);
    assert_eq!(client.ended(), [(again, TurnOutcome::Done)]);
    // Whoever had not been answered yet waits no longer.
    client.events.clear();
    let asked = client.input(4, hi());
    client.input(5, open());
    assert_eq!(client.ended(), [(asked, TurnOutcome::Done)]);
}

#[test]
fn a_hello_with_a_question() {
    let mut client = Client::connected(json!({}));
    let turn = client.input(
        2,
        UserInput::Open {
            welcome: None,
            query: Some("orders".to_owned()),
        },
    );
    assert_eq!(client.frames.len(), 1);
    let greeting = fixture("25-ws-open-hi");
    let asked = greeting["request"]["frames"][0]["id"].as_str().unwrap();
    let frames: Vec<Value> = greeting["response"]["frames"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| serde_json::from_str(&it.to_string().replace(asked, &turn.to_string())).unwrap())
        .collect();
    client.receive(&frames[0]);
    let query = client.frames[1].clone();
    assert_eq!(query["body"], json!({"text": "orders"}));
    client.receive(&frames[1]);
    assert!(client.ended().is_empty(), "the greeting is not the answer");
    client.receive(&json!({
        "id": APP, "parent_id": query["id"], "uri": "out/text",
        "header": {"in_reply_to": query["id"], "seq": 0, "final": true},
        "body": {"text": "Which one?"}
    }));
    let messages = client.messages();
    assert_eq!(messages.len(), 2);
    assert!(messages.iter().all(|it| it.parent == Some(turn)));
    assert_eq!(client.ended(), [(turn, TurnOutcome::Done)]);
}

#[test]
fn a_question_without_a_hello() {
    let mut client = Client::new(json!({"websocket_url": "ws://socket.kare.example/ws"}));
    let turn = client.input(1, hi());
    client.set_up();
    assert_eq!(client.sockets[0].uri().host(), Some("socket.kare.example"));
    assert!(
        client.sockets[0]
            .uri()
            .query()
            .unwrap()
            .contains(&format!("user_id={}", CONVERSATION_HERE.0))
    );
    client.feed(LegInput::SocketOpened);
    let mut expected = fixture("27-ws-query-choice")["request"]["frames"].clone();
    expected[0]["id"] = turn.to_string().into();
    assert_eq!(Value::from(client.frames.clone()), expected);
    client.receive_all("27-ws-query-choice", turn);
    assert_eq!(client.messages().len(), 3);
    // The end comes with the last message, so that it is known to be the last.
    assert!(matches!(
        client.events[3].event,
        BotEvent::TurnEnded(TurnOutcome::Done)
    ));

    // A choice of another dialect's user: the engine's own target.
    let choices = client.messages()[2].clone();
    let event = UserEvent {
        parent: Some(choices.id),
        ..UserEvent::new(
            id("786ea3ef-b329-4677-85f6-cbec8b4a832e"),
            client.now,
            UserInput::Choice(ChoiceMade {
                message: Some(choices.id),
                action: Some(Box::new(choices.actions[0].clone())),
                ..ChoiceMade::default()
            }),
        )
    };
    client.event(&event);
    let click = client.frames.pop().unwrap();
    assert_eq!(click, fixture("28-ws-click-choice")["request"]["frames"][0]);
    client.receive_all("28-ws-click-choice", event.id);
    assert_eq!(client.ended().last(), Some(&(event.id, TurnOutcome::Done)));
}

#[test]
fn feedback_and_tracking() {
    let mut client = Client::connected(json!({}));
    let turn = client.input(2, hi());
    let answer = fixture("10-query-answer-tree");
    let feedback = answer["response"]["body"][5].clone();
    client.receive(&feedback);
    client.wait(Duration::from_secs(2));
    let message = client.messages()[0].id;
    assert_eq!(client.events[0].turn, None, "it answers another input");
    client.feed(LegInput::Abandon { turn });
    assert_eq!(client.leg.wake_at(), None);
    client.frames.clear();
    let rated = client.input(
        3,
        UserInput::Feedback(Feedback {
            message: Some(message),
            rating: Some(Rating::Positive),
            ..Feedback::default()
        }),
    );
    let mut click = client.frames.pop().unwrap();
    click["id"] = "cc42a939-606b-41c2-a3e7-570215565287".into();
    assert_eq!(
        click,
        fixture("37-ws-feedback-click")["request"]["frames"][0]
    );
    client.wait(Duration::from_secs(3));
    assert_eq!(
        client.ended(),
        [(rated, TurnOutcome::Done)],
        "often answered by nothing"
    );
    // Tracking is answered by nothing at all.
    let link = fixture("29-ws-custom-event-open-link")["request"]["frames"][0].clone();
    let target = &link["body"]["target"];
    let event = UserEvent {
        parent: Some(id(link["parent_id"].as_str().unwrap())),
        ..UserEvent::new(
            id(link["id"].as_str().unwrap()),
            client.now,
            UserInput::LinkClick {
                url: target["choice_id"].as_str().unwrap().to_owned(),
                label: Some(target["text"].as_str().unwrap().to_owned()),
            },
        )
    };
    client.event(&event);
    assert_eq!(client.frames.pop().unwrap(), link);
    assert_eq!(client.ended().last(), Some(&(event.id, TurnOutcome::Done)));
}

#[test]
fn events_that_kare_has_no_message_for() {
    let mut client = Client::new(json!({}));
    for input in [
        UserInput::Variables,
        UserInput::LeaveHandover,
        UserInput::End,
        UserInput::Form(FormSubmission::default()),
        UserInput::Feedback(Feedback::default()),
        UserInput::Query(Query::PushRules),
        UserInput::Query(Query::Languages),
        UserInput::Query(Query::Visit),
        UserInput::Query(Query::TopQuestions(Default::default())),
        UserInput::Query(Query::Suggestions(Default::default())),
        UserInput::ClientError(Default::default()),
    ] {
        client.events.clear();
        let turn = client.input(1, input.clone());
        assert_eq!(client.ended(), [(turn, TurnOutcome::Done)], "{input:?}");
    }
    assert!(client.http.is_empty());
    assert!(client.leg.is_quiet());
    client.events.clear();
    client.input(2, UserInput::Read);
    client.input(5, UserInput::Connection { lost: true });
    client.input(
        3,
        UserInput::Typing {
            active: true,
            text: None,
        },
    );
    assert!(client.events.is_empty());
    let mut client = Client::connected(json!({}));
    client.input(
        4,
        UserInput::Form(FormSubmission {
            values: vec![
                ("name".to_owned(), "Ann".to_owned()),
                ("age".to_owned(), "7".to_owned()),
            ],
            ..FormSubmission::default()
        }),
    );
    assert_eq!(client.frames[0]["body"]["text"], "name: Ann\nage: 7");
}

#[test]
fn goodbye() {
    let mut client = Client::connected(json!({}));
    let turn = client.input(2, hi());
    client.receive_all("31-ws-missing-escalate-click", turn);
    let kinds: Vec<&BotEvent> = client.events.iter().map(|it| &it.event).collect();
    assert!(matches!(
        kinds.as_slice(),
        [
            BotEvent::Message(_),
            BotEvent::Message(Message {
                content: Content::Text { .. },
                ..
            }),
            BotEvent::ConversationEnded {
                reason: EndReason::Escalated
            },
            BotEvent::TurnEnded(TurnOutcome::Done),
        ]
    ));
    assert!(client.events.iter().all(|it| it.turn == Some(turn)));
    assert_eq!(client.closed, Some(1000));
    assert!(client.leg.is_quiet());
    // The next input starts another conversation.
    client.input(3, hi());
    client.asked("/v2.1/dialog/conversation");
    // Nobody asked.
    let mut client = Client::connected(json!({}));
    client.receive(&fixture("38-ws-server-bye")["response"]["frames"][0]);
    assert_eq!(client.events.len(), 2);
    assert!(client.events.iter().all(|it| it.turn.is_none()));
}

#[test]
fn a_leg_goes_on_elsewhere() {
    let mut client = Client::connected(json!({}));
    let turn = client.input(2, hi());
    let posted = client.frames.last().unwrap().clone();
    let state = client.leg.state();
    let state: Value = serde_json::from_str(&state.to_string()).unwrap();
    let cx = Cx {
        now: client.now,
        ids: &client.ids,
    };
    client.leg = client.backend.resume(state, &cx).unwrap();
    client.frames.clear();
    client.sockets.clear();
    assert_eq!(
        client.leg.wake_at(),
        Some(client.now),
        "there is something to do"
    );
    client.feed(LegInput::Timer);
    assert!(
        client.sockets[0]
            .uri()
            .query()
            .unwrap()
            .contains(CONVERSATION)
    );
    client.feed(LegInput::SocketOpened);
    assert_eq!(client.frames, [posted]);
    client.receive_all("27-ws-query-choice", turn);
    assert_eq!(client.ended(), [(turn, TurnOutcome::Done)]);
    assert!(
        client
            .backend
            .resume(json!({"x": 1}), &support::cx(&client.ids))
            .is_err()
    );
}

#[test]
fn the_end() {
    let mut client = Client::connected(json!({}));
    client.input(2, hi());
    client.feed(LegInput::Close);
    assert_eq!(client.closed, Some(1000));
    assert!(client.leg.is_quiet());
    assert_eq!(client.leg.wake_at(), None);
    let mut client = Client::connected(json!({}));
    let turn = client.input(2, UserInput::End);
    assert_eq!(client.closed, Some(1000));
    assert_eq!(client.ended(), [(turn, TurnOutcome::Done)]);
    let lines = client.backend.describe();
    assert!(lines.contains("https://api.kare.example/v2.1") && !lines.contains(APP));
}

#[test]
fn unknown_fields_pass_from_client_to_engine() {
    let mut client = Client::connected(json!({}));
    let frame = json!({
        "id": "0c6c9c6e-1e0b-4c1b-8a6e-2f3f0c1f7a10", "parent_id": "b8ca91f6-10f5-4c77-8432-643233c93ad2",
        "uri": "in/click", "header": {"h": 1},
        "body": {"target": {"aspect": "resolution/answer/choice", "choice_id": "a", "text": "A", "t": 2}, "b": 3},
        "e": 4
    });
    let event =
        switchboard_kare::convert::event::to_model(support::envelope(&frame), id(APP), client.now)
            .unwrap();
    client.event(&event);
    assert_eq!(client.frames[0], frame);
}

#[test]
fn silence_ends_a_turn_without_marks() {
    let mut client = Client::connected(json!({}));
    let turn = client.input(2, hi());
    let unmarked = |n: u128, parent: MessageId| {
        json!({"id": Uuid::from_u128(n).to_string(), "parent_id": parent.to_string(),
               "uri": "out/text", "body": {"aspect": "text/plain", "text": "part"}})
    };
    client.wait(Duration::from_secs(20));
    client.receive(&unmarked(1, turn));
    client.wait(Duration::from_secs(1));
    client.receive(&unmarked(2, turn));
    client.wait(Duration::from_millis(1499));
    assert!(client.ended().is_empty());
    client.wait(Duration::from_millis(1));
    assert_eq!(client.ended(), [(turn, TurnOutcome::Done)]);
    // What comes later, nobody waits for.
    client.receive(&unmarked(3, turn));
    assert_eq!(client.events.last().unwrap().turn, None);
    // The same again is no news.
    let count = client.events.len();
    client.receive(&unmarked(3, turn));
    assert_eq!(client.events.len(), count);
    // No answer at all.
    let turn = client.input(3, hi());
    client.wait(Duration::from_secs(30));
    assert_eq!(client.ended().last(), Some(&(turn, TurnOutcome::TimedOut)));
}

#[test]
fn a_server_that_marks_the_end_may_take_its_time() {
    let mut client = Client::connected(json!({}));
    let turn = client.input(2, hi());
    let part = |n: u128, is_final: bool| {
        json!({"id": Uuid::from_u128(n).to_string(), "parent_id": turn.to_string(), "uri": "out/text",
               "header": {"in_reply_to": turn.to_string(), "seq": n, "final": is_final}, "body": {"text": "part"}})
    };
    client.receive(&part(1, false));
    client.wait(Duration::from_secs(10));
    assert!(client.ended().is_empty());
    client.receive(&part(2, true));
    assert_eq!(client.ended(), [(turn, TurnOutcome::Done)]);
}

#[test]
fn error_frames() {
    for (code, outcome) in [
        ("engine_timeout", TurnOutcome::TimedOut),
        ("invalid_message", TurnOutcome::Refused),
        ("too_large", TurnOutcome::Refused),
        ("engine_unavailable", TurnOutcome::Unavailable),
        ("whatever", TurnOutcome::Unavailable),
    ] {
        let mut client = Client::connected(json!({}));
        let turn = client.input(2, hi());
        client.receive(&json!({"uri": "out/error", "header": {"in_reply_to": turn.to_string()}, "body": {"error": code}}));
        assert_eq!(client.ended(), [(turn, outcome)], "{code}");
        assert!(
            client.messages().is_empty(),
            "an engine's error text is not for users"
        );
    }
    let mut client = Client::connected(json!({}));
    let turn = client.input(2, hi());
    client.frames.clear();
    client.receive(&json!({"uri": "out/error", "parent_id": turn.to_string(), "body": {"error": "rate_limited"}}));
    client.wake();
    assert_eq!(client.frames[0]["id"], turn.to_string());
    client.feed(LegInput::SocketText("nonsense"));
    client.feed(LegInput::SocketBinary(b"\xff"));
    client.feed(LegInput::SocketText("[]"));
}
