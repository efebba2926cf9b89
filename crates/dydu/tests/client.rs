//! The client side: what events become, what answers become, and what happens when servers fail.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on fails"
)]

mod common;

use std::time::Duration;

use common::drive::*;
use common::*;
use serde_json::json;
use switchboard_core::dialect::{Effect, LegInput, TransportFault};
use switchboard_core::model::{
    Action, BotEvent, ChoiceMade, Content, Feedback, FormSubmission, HandoverPhase, Query,
    QueryAnswer, Rating, RichText, Timestamp, TopQuestions, TurnOutcome, UserInput,
};
use switchboard_dydu::wire::{Params, TalkRequest, b64};

fn open() -> UserInput {
    UserInput::Open {
        welcome: None,
        query: None,
    }
}

#[test]
fn a_conversation_opens_and_goes_on_in_its_context() {
    let mut drive = Drive::new(json!({}));
    let (turn, output) = drive.user(open());
    let welcome = sent(&output);
    assert_eq!(
        welcome.url,
        format!("https://a.example/servlet/api/chat/talk/{BOT}")
    );
    assert_eq!(welcome.timeout, Duration::from_secs(50));
    let request = TalkRequest::of(&welcome.params);
    assert_eq!(request.user_input, "#welcome#");
    assert_eq!(request.do_not_register, Some(true));
    assert_eq!(request.language.as_deref(), Some("en"));
    assert_eq!(request.space.as_deref(), Some("Defaut"));
    assert_eq!(request.client_id.as_deref(), Some("4be0c1d2a97f336"));
    assert_eq!(welcome.params.get("mode"), Some("U3luY2hyb24="));
    let body = fixture("07-talk-welcome-new-context")["response"]["body"].clone();
    let output = drive.answer(welcome.call, 200, &body);
    assert_eq!(messages(&output)[0].parent, Some(turn));
    ends(&output, turn, TurnOutcome::Done);

    let (text, _) = drive.talk(UserInput::text("a < b & c"), "09-talk-plain");
    assert_eq!(
        text.url,
        format!("https://a.example/servlet/api/chat/talk/{BOT}/{CONTEXT}")
    );
    // Typed words are escaped as the widget does.
    assert_eq!(text.params.get("userInput"), Some("a &lt; b &amp; c"));
    assert_eq!(text.params.get("extraParameters"), None);

    // The state goes to another process and on.
    let state = drive.leg.state();
    drive.leg = drive.backend.resume(state, &cx(&drive.ids)).ok().unwrap();
    let (_, output) = drive.user(UserInput::text("again"));
    assert!(sent(&output).url.ends_with(CONTEXT));
}

#[test]
fn a_starting_query_is_asked_after_the_greeting() {
    let mut drive = Drive::new(json!({}));
    let (turn, output) = drive.user(UserInput::Open {
        welcome: None,
        query: Some("hours".into()),
    });
    let body = fixture("07-talk-welcome-new-context")["response"]["body"].clone();
    let output = drive.answer(sent(&output).call, 200, &body);
    assert_eq!(messages(&output).len(), 1);
    let query = sent(&output);
    assert_eq!(query.params.get("userInput"), Some("hours"));
    assert!(query.url.ends_with(CONTEXT));
    let body = fixture("09-talk-plain")["response"]["body"].clone();
    let output = drive.answer(query.call, 200, &body);
    ends(&output, turn, TurnOutcome::Done);
}

#[test]
fn a_choice_sends_what_its_anchor_would() {
    let mut drive = Drive::new(json!({}));
    let (_, output) = drive.talk(UserInput::text("hours"), "10-talk-reword");
    let action = messages(&output)[0].actions[0].clone();
    let choice = |action: Option<Action>| {
        UserInput::Choice(ChoiceMade {
            label: Some("Opening hours".into()),
            action: action.map(Box::new),
            ..ChoiceMade::default()
        })
    };
    let (clicked, output) = drive.talk(choice(Some(action)), "11-talk-reword-clicked");
    assert_eq!(clicked.params.get("userInput"), Some("Opening hours"));
    assert_eq!(
        clicked.params.get("extraParameters"),
        Some("{\"type\":\"reword_auto\"}")
    );
    assert_eq!(messages(&output).len(), 1);
    let (_, output) = drive.user(choice(None));
    assert_eq!(sent(&output).params.get("userInput"), Some("Opening hours"));
}

#[test]
fn events_go_where_they_belong() {
    let mut drive = Drive::new(json!({"poll_after": []}));
    drive.talk(open(), "07-talk-welcome-new-context");
    let ok = json!({"type": "ok", "values": {}});

    let feedback = Feedback {
        rating: Some(Rating::Negative),
        reason: Some(1),
        ..Feedback::default()
    };
    let (turn, output) = drive.user(UserInput::Feedback(feedback));
    let first = sent(&output);
    assert!(
        first
            .url
            .ends_with(&format!("/servlet/api/chat/feedback/{BOT}"))
    );
    assert_eq!(
        first.params.to_form(),
        fixture("20-feedback")["request"]["body"].as_str().unwrap()
    );
    let output = drive.answer(first.call, 200, &ok);
    let second = sent(&output);
    assert!(second.url.contains("/feedback/insatisfaction/"));
    assert_eq!(
        second.params.to_form(),
        fixture("21-feedback-insatisfaction")["request"]["body"]
            .as_str()
            .unwrap()
    );
    let output = drive.answer(second.call, 200, &ok);
    ends(&output, turn, TurnOutcome::Done);

    let (turn, output) = drive.user(UserInput::Query(Query::TopQuestions(TopQuestions {
        limit: 3,
        ..TopQuestions::default()
    })));
    let top = sent(&output);
    assert_eq!(
        top.params.to_form(),
        fixture("06-topknowledge")["request"]["body"]
            .as_str()
            .unwrap()
    );
    let body = fixture("06-topknowledge")["response"]["body"].clone();
    let output = drive.answer(top.call, 200, &body);
    assert!(
        matches!(&output.events[0].event, BotEvent::Answered(QueryAnswer::Questions(questions)) if questions.len() == 2)
    );
    ends(&output, turn, TurnOutcome::Done);

    drive
        .profile
        .variables
        .insert("customerType".into(), "gold".into());
    let (turn, output) = drive.user(UserInput::Variables);
    let variable = sent(&output);
    assert_eq!(
        variable.params.to_form(),
        fixture("29-variable")["request"]["body"].as_str().unwrap()
    );
    let output = drive.answer(variable.call, 200, &ok);
    ends(&output, turn, TurnOutcome::Done);
    let (turn, output) = drive.user(UserInput::Variables);
    assert!(output.effects.is_empty());
    ends(&output, turn, TurnOutcome::Done);

    let survey = FormSubmission {
        id: "77".into(),
        values: vec![("3".into(), "Good".into())],
        ..FormSubmission::default()
    };
    let (_, output) = drive.user(UserInput::Survey(survey.clone()));
    assert!(sent(&output).url.contains("/chat/survey/"));
    let form = FormSubmission {
        values: vec![("mail".into(), "a@b.c".into())],
        ..survey
    };
    let (_, output) = drive.user(UserInput::Form(form));
    assert_eq!(sent(&output).params.get("userInput"), Some("mail: a@b.c"));

    let click = UserInput::LinkClick {
        url: "https://x.example".into(),
        label: None,
    };
    let (turn, output) = drive.user(click);
    assert_eq!(
        sent(&output).params.get("extraParameters"),
        Some("{\"type\":\"redirection_newpage\"}")
    );
    ends(&output, turn, TurnOutcome::Done);

    // Nothing is said while nobody is there to see it.
    for input in [
        UserInput::Typing {
            active: true,
            text: None,
        },
        UserInput::Read,
    ] {
        let (_, output) = drive.user(input);
        assert!(output.effects.is_empty() && output.events.is_empty());
    }
    for input in [UserInput::End, UserInput::LeaveHandover] {
        let (turn, output) = drive.user(input);
        assert!(output.effects.is_empty());
        ends(&output, turn, TurnOutcome::Done);
    }
}

#[test]
fn a_survey_comes_with_its_questions() {
    let mut drive = Drive::new(json!({}));
    let (turn, output) = drive.user(UserInput::text("give my opinion"));
    let body = fixture("17-talk-survey")["response"]["body"].clone();
    let output = drive.answer(sent(&output).call, 200, &body);
    assert!(output.events.is_empty());
    let asked = sent(&output);
    assert_eq!(
        asked.params.to_form(),
        fixture("25-survey-configuration")["request"]["body"]
            .as_str()
            .unwrap()
    );
    let body = fixture("25-survey-configuration")["response"]["body"].clone();
    let output = drive.answer(asked.call, 200, &body);
    let Content::Survey(survey) = &messages(&output)[1].content else {
        panic!("{output:?}");
    };
    assert_eq!(survey.id, "77");
    assert_eq!(survey.fields[1].options[0].label, "Good");
    ends(&output, turn, TurnOutcome::Done);
}

#[test]
fn failing_servers_are_passed_over() {
    let servers = json!({"url": null, "urls": ["https://a.example/", "https://b.example/x/"]});
    let mut drive = Drive::new(servers.clone());
    let (turn, output) = drive.user(UserInput::text("hi"));
    let output = drive.fails(sent(&output).call, TransportFault::Connect);
    let second = sent(&output);
    assert!(second.url.starts_with("https://b.example/x/servlet/api/"));
    let body = fixture("09-talk-plain")["response"]["body"].clone();
    let output = drive.answer(second.call, 200, &body);
    ends(&output, turn, TurnOutcome::Done);
    // The one that answered is asked first from now on; after a round there is a pause.
    let (turn, output) = drive.user(UserInput::text("hi"));
    let first = sent(&output);
    assert!(first.url.starts_with("https://b.example/"));
    let output = drive.answer(first.call, 503, &json!({}));
    let output = drive.answer(sent(&output).call, 502, &json!({}));
    assert!(output.effects.is_empty() && output.events.is_empty());
    let begun = drive.now;
    let output = drive.wake();
    assert_eq!(drive.now, begun + 3_000);
    let third = sent(&output);
    assert!(third.url.starts_with("https://b.example/"));
    assert_eq!(
        third.timeout,
        Duration::from_secs(42),
        "no longer than the turn"
    );
    // The server that failed with another word than 503 may have heard it.
    let output = drive.answer(third.call, 503, &json!({}));
    assert!(output.effects.is_empty() && output.events.is_empty());
    let fourth = sent(&drive.wake());
    assert!(fourth.url.starts_with("https://b.example/"));
    let output = drive.answer(fourth.call, 503, &json!({}));
    ends(&output, turn, TurnOutcome::Unavailable);
    assert!(
        drive
            .leg
            .wake_at()
            .is_some_and(|at| at.as_millis() > drive.now)
    );
}

#[test]
fn what_may_have_been_heard_is_not_said_twice() {
    let mut drive = Drive::new(json!({"urls": ["https://b.example/"], "rounds": 3}));
    let (turn, output) = drive.user(UserInput::text("hi"));
    let output = drive.fails(sent(&output).call, TransportFault::Timeout);
    ends(&output, turn, TurnOutcome::TimedOut);
    // A server whose connection broke may have heard it; another one cannot have.
    let (turn, output) = drive.user(UserInput::text("hi"));
    let first = sent(&output);
    assert!(first.url.starts_with("https://a.example/"));
    let output = drive.fails(first.call, TransportFault::Broken);
    let output = drive.fails(sent(&output).call, TransportFault::Connect);
    assert!(output.effects.is_empty() && output.events.is_empty());
    let again = sent(&drive.wake());
    assert!(again.url.starts_with("https://b.example/"), "{}", again.url);
    let output = drive.fails(again.call, TransportFault::Broken);
    ends(&output, turn, TurnOutcome::Unavailable);

    let mut alone = Drive::new(json!({"rounds": 3}));
    let (turn, output) = alone.user(UserInput::text("hi"));
    let output = alone.fails(sent(&output).call, TransportFault::Broken);
    ends(&output, turn, TurnOutcome::Unavailable);
    let (turn, output) = alone.user(UserInput::text("hi"));
    alone.fails(sent(&output).call, TransportFault::Connect);
    let output = alone.wake();
    alone.fails(sent(&output).call, TransportFault::Connect);
    let output = alone.wake();
    let output = alone.fails(sent(&output).call, TransportFault::Connect);
    ends(&output, turn, TurnOutcome::Unreachable);
}

/// A try that could not end within the turn is not begun.
#[test]
fn tries_fit_into_the_turn() {
    let mut drive = Drive::new(json!({"rounds": 9, "poll_after": []}));
    let (turn, output) = drive.user(UserInput::text("hi"));
    let call = sent(&output).call;
    drive.now += 30_000;
    drive.fails(call, TransportFault::Connect);
    let retried = sent(&drive.wake());
    assert_eq!(retried.timeout, Duration::from_secs(12));
    drive.now += 5_000;
    let output = drive.fails(retried.call, TransportFault::Connect);
    ends(&output, turn, TurnOutcome::Unreachable);
    // A turn that was given up is not tried again.
    let (turn, output) = drive.user(UserInput::text("hi"));
    drive.fails(sent(&output).call, TransportFault::Connect);
    assert!(!drive.leg.is_quiet());
    drive.give(LegInput::Abandon { turn });
    assert_eq!(drive.leg.wake_at(), None);
    assert!(drive.leg.is_quiet());
}

/// The widget waits for them for 3 s only.
#[test]
fn top_questions_are_asked_for_once() {
    let mut drive = Drive::new(json!({"urls": ["https://b.example/"], "rounds": 3}));
    let (turn, output) = drive.user(UserInput::Query(Query::TopQuestions(TopQuestions {
        limit: 5,
        ..TopQuestions::default()
    })));
    let timeout = output.effects.iter().find_map(|effect| match effect {
        Effect::Http { timeout, .. } => Some(*timeout),
        _ => None,
    });
    assert_eq!(timeout, Some(Duration::from_millis(2_500)));
    let output = drive.fails(sent(&output).call, TransportFault::Timeout);
    assert!(output.effects.is_empty());
    ends(&output, turn, TurnOutcome::TimedOut);
}

#[test]
fn refusals_and_nonsense_end_the_turn() {
    for (status, body, outcome) in [
        (400, json!({}), TurnOutcome::Refused),
        (404, json!({}), TurnOutcome::Unavailable),
        (504, json!({}), TurnOutcome::TimedOut),
        (200, json!("text"), TurnOutcome::Unavailable),
        (200, json!({"no": "values"}), TurnOutcome::Unavailable),
        (
            200,
            json!({"type": "talkResponse", "values": {"text": {}}}),
            TurnOutcome::Unavailable,
        ),
        (
            200,
            json!({"type": "errorResponse", "values": {"error": "eA==", "code": 400}}),
            TurnOutcome::Refused,
        ),
        (
            200,
            json!({"type": "SAML_redirection", "values": {}}),
            TurnOutcome::Unavailable,
        ),
        (
            200,
            json!({"type": "talkResponse", "values": {}}),
            TurnOutcome::Done,
        ),
    ] {
        let mut drive = Drive::new(json!({}));
        let (turn, output) = drive.user(UserInput::text("hi"));
        let output = drive.answer(sent(&output).call, status, &body);
        ends(&output, turn, outcome);
    }
    // What comes after a turn was given up is told all the same, as unasked.
    let mut drive = Drive::new(json!({}));
    let (turn, output) = drive.user(UserInput::text("hi"));
    let call = sent(&output).call;
    drive.give(LegInput::Abandon { turn });
    let body = fixture("09-talk-plain")["response"]["body"].clone();
    let late = drive.answer(call, 200, &body);
    assert!(!late.events.is_empty());
    assert!(late.events.iter().all(|event| event.turn.is_none()));
}

#[test]
fn an_answer_that_cannot_be_shown_still_tells_its_context_and_time() {
    let mut drive = Drive::new(json!({}));
    let (turn, output) = drive.user(UserInput::text("hi"));
    let answer = json!({"type": "talkResponse", "values": {
        "contextId": b64::encode("other"), "serverTime": NOW - 5, "text": [],
    }});
    let output = drive.answer(sent(&output).call, 200, &answer);
    ends(&output, turn, TurnOutcome::Unavailable);
    let poll = sent(&drive.wake());
    assert_eq!(poll.params.number("lastPoll"), Some(NOW - 5));
    let (_, output) = drive.user(UserInput::text("hi"));
    assert!(sent(&output).url.ends_with("/other"));
}

#[test]
fn of_a_name_that_comes_twice_the_last_counts() {
    let mut drive = Drive::new(json!({}));
    let (turn, output) = drive.user(UserInput::text("hi"));
    let body = r#"{"type": "talkResponse", "values": {"text": "T25l", "x": 1, "text": "VHdv"}}"#;
    let output = drive.give(LegInput::Response {
        call: sent(&output).call,
        result: Ok(http::Response::new(body.into())),
    });
    assert_eq!(
        messages(&output)[0].content,
        Content::text(RichText::html("Two"))
    );
    ends(&output, turn, TurnOutcome::Done);
}

#[test]
fn news_is_asked_for_after_a_turn() {
    let mut drive = Drive::new(json!({}));
    drive.talk(open(), "07-talk-welcome-new-context");
    assert_eq!(drive.leg.wake_at(), Some(Timestamp(NOW + 2_500)));
    let output = drive.wake();
    let poll = sent(&output);
    assert!(poll.url.contains("/chat/poll/last/"));
    assert_eq!(
        poll.params.to_form(),
        fixture("34-poll-nothing-new")["request"]["body"]
            .as_str()
            .unwrap()
    );
    drive.answer(
        poll.call,
        200,
        &json!({"type": "pollResponse", "values": {}}),
    );
    assert_eq!(drive.leg.wake_at(), Some(Timestamp(NOW + 5_000)));
    let poll = sent(&drive.wake());
    let item = json!({"type": "talkResponse", "values": {
        "text": b64::encode("later"), "fromDetail": "Qk9U", "pollUpdatedInteractionDate": NOW + 4_000,
    }});
    let output = drive.answer(poll.call, 200, &item);
    assert_eq!(output.events.len(), 1);
    assert_eq!(output.events[0].turn, None);
    // Where there was something there may be more, and it is not published twice.
    let poll = sent(&drive.wake());
    assert_eq!(poll.params.number("lastPoll"), Some(NOW + 4_000));
    assert!(drive.answer(poll.call, 200, &item).events.is_empty());
    let poll = sent(&drive.wake());
    let undated =
        json!({"type": "talkResponse", "values": {"text": b64::encode("x"), "fromDetail": "Qk9U"}});
    assert_eq!(drive.answer(poll.call, 200, &undated).events.len(), 1);
    assert_eq!(drive.leg.wake_at(), None);
    assert!(drive.leg.is_quiet());
}

#[test]
fn a_livechat_is_polled_until_it_ends() {
    let mut drive = Drive::new(json!({"livechat": "polling"}));
    let (_, output) = drive.talk(UserInput::text("I want a human"), "31-talk-livechat-start");
    assert!(matches!(
        &messages(&output)[0].content,
        Content::Handover(step) if step.phase == HandoverPhase::Joined
    ));
    assert!(!drive.leg.is_quiet());
    // What the user says ends its turn as soon as it is heard, and its answer is not shown.
    let (turn, output) = drive.user(UserInput::text("hello"));
    let said = sent(&output);
    assert_eq!(said.params.get("mode"), Some("cG9sbGluZw=="));
    let body = fixture("09-talk-plain")["response"]["body"].clone();
    let output = drive.answer(said.call, 200, &body);
    assert!(messages(&output).is_empty());
    ends(&output, turn, TurnOutcome::Done);
    let (_, output) = drive.user(UserInput::Typing {
        active: true,
        text: Some("I would like".into()),
    });
    let typing = sent(&output);
    assert_eq!(
        typing.params.to_form(),
        fixture("27-typing")["request"]["body"].as_str().unwrap()
    );
    let (_, output) = drive.user(UserInput::Read);
    let reading = sent(&output);
    assert_eq!(
        reading.params.to_form(),
        fixture("28-reading")["request"]["body"].as_str().unwrap()
    );

    let poll = sent(&drive.wake());
    let body = fixture("35-poll-operator-message")["response"]["body"].clone();
    let output = drive.answer(poll.call, 200, &body);
    assert_eq!(messages(&output).len(), 1);
    let poll = sent(&drive.wake());
    let body = fixture("36-poll-end")["response"]["body"].clone();
    let output = drive.answer(poll.call, 200, &body);
    assert!(matches!(
        &messages(&output)[0].content,
        Content::Handover(step) if step.phase == HandoverPhase::Ended
    ));
}

#[test]
fn whoever_waits_can_leave() {
    let mut drive = Drive::new(json!({"livechat": "polling"}));
    drive.talk(UserInput::text("I want a human"), "32-talk-livechat-queue");
    let (turn, output) = drive.user(UserInput::LeaveHandover);
    let leave = sent(&output);
    assert_eq!(leave.params.get("userInput"), Some("#livechatleavequeue#"));
    let frame = fixture("58-ws-user-leaves-queue")["response"]["frames"][0].clone();
    let output = drive.answer(leave.call, 200, &frame);
    assert!(matches!(
        &messages(&output)[0].content,
        Content::Handover(step) if step.phase == HandoverPhase::LeftByUser
    ));
    ends(&output, turn, TurnOutcome::Done);
    // A conversation that is closed in a livechat says goodbye.
    drive.talk(UserInput::text("I want a human"), "31-talk-livechat-start");
    let output = drive.give(LegInput::Close);
    assert_eq!(sent(&output).params.get("userInput"), Some("#livechatend#"));
}

#[test]
fn the_websocket_carries_talk() {
    let mut drive = websocket(json!({}));
    let (turn, output) = drive.user(open());
    let request = handshake(&output);
    assert_eq!(request.uri(), "wss://a.example/servlet/chatWs");
    assert_eq!(request.headers()["sec-websocket-protocol"], "dyduchat");
    let output = drive.give(LegInput::SocketOpened);
    let mut sent = frames(&output);
    assert_eq!(sent.len(), 1);
    let params = Params::of_frame(std::mem::take(&mut sent[0].parameters));
    assert_eq!(sent[0].kind, "talk");
    assert_eq!(params.get("userInput"), Some("#welcome#"));
    assert_eq!(params.get("contextType"), Some("Web"));
    assert_eq!(params.bot(), Some(BOT));

    let answer = |text: &str| {
        json!({"type": "talkResponse", "values": {
            "text": b64::encode(text), "contextId": b64::encode(CONTEXT),
        }})
        .to_string()
    };
    let output = drive.give(LegInput::SocketText(&answer("one")));
    assert_eq!(messages(&output).len(), 1);
    assert_eq!(output.events[0].turn, Some(turn));
    drive.now += 200;
    let output = drive.give(LegInput::SocketText(&answer("two")));
    assert_eq!(output.events[0].turn, Some(turn));
    assert_eq!(drive.leg.wake_at(), Some(Timestamp(NOW + 500)));
    let output = drive.wake();
    ends(&output, turn, TurnOutcome::Done);
    let output = drive.give(LegInput::SocketText(&answer("unasked")));
    assert_eq!(output.events[0].turn, None);
    // Signs of life, nonsense and what is not for us.
    let output = drive.wake();
    assert!(matches!(&output.effects[..], [Effect::SendText(text)] if text == "ping"));
    for text in [
        "pong",
        "nonsense",
        "{\"type\":\"getContextResponse\",\"values\":{}}",
    ] {
        assert!(drive.give(LegInput::SocketText(text)).events.is_empty());
    }
    // A lost socket ends the turn and is opened again for the next.
    let (turn, output) = drive.user(UserInput::text("hi"));
    assert_eq!(
        Params::of_frame(frames(&output).remove(0).parameters).context(),
        Some(CONTEXT)
    );
    let output = drive.give(closed(1006));
    ends(&output, turn, TurnOutcome::Unavailable);
    let (_, output) = drive.user(UserInput::text("hi"));
    handshake(&output);
    let kinds: Vec<String> = frames(&drive.give(LegInput::SocketOpened))
        .into_iter()
        .map(|frame| frame.kind)
        .collect();
    assert_eq!(kinds, ["checkContextAvailability", "talk"]);
    let error =
        json!({"type": "errorResponse", "values": {"error": "eA==", "code": 504}}).to_string();
    let output = drive.give(LegInput::SocketText(&error));
    assert!(matches!(
        output.events[0].event,
        BotEvent::TurnEnded(TurnOutcome::TimedOut)
    ));
}

#[test]
fn words_that_too_many_frames_wait_before_are_not_lost_in_silence() {
    let mut drive = websocket(json!({}));
    for n in 0..64 {
        drive.user(UserInput::LinkClick {
            url: format!("https://shop.example/{n}"),
            label: None,
        });
    }
    let (turn, output) = drive.user(UserInput::text("hi"));
    ends(&output, turn, TurnOutcome::Unavailable);
    let output = drive.give(LegInput::SocketOpened);
    assert_eq!(frames(&output).len(), 64);
    let (_, output) = drive.user(UserInput::text("again"));
    assert_eq!(frames(&output).len(), 1);
}

#[test]
fn without_a_websocket_it_goes_by_rest() {
    let mut drive = websocket(json!({"urls": ["https://b.example"]}));
    let (turn, output) = drive.user(UserInput::text("hi"));
    handshake(&output);
    let output = drive.give(closed(404));
    assert_eq!(handshake(&output).uri(), "wss://b.example/servlet/chatWs");
    let output = drive.give(closed(404));
    let talk = sent(&output);
    assert_eq!(talk.params.get("userInput"), Some("hi"));
    let body = fixture("09-talk-plain")["response"]["body"].clone();
    let output = drive.answer(talk.call, 200, &body);
    ends(&output, turn, TurnOutcome::Done);
    let (_, output) = drive.user(UserInput::text("again"));
    assert!(sent(&output).url.contains("/chat/talk/"));
}

#[test]
fn a_livechat_on_the_websocket_needs_no_polls() {
    let mut drive = websocket(json!({}));
    drive.user(UserInput::text("I want a human"));
    drive.give(LegInput::SocketOpened);
    let body = fixture("31-talk-livechat-start")["response"]["body"].to_string();
    drive.give(LegInput::SocketText(&body));
    drive.wake();
    let (turn, output) = drive.user(UserInput::text("hello"));
    assert_eq!(frames(&output).len(), 1);
    ends(&output, turn, TurnOutcome::Done);
    let (_, output) = drive.user(UserInput::Typing {
        active: true,
        text: Some("I would like".into()),
    });
    let typing = Params::of_frame(frames(&output).remove(0).parameters);
    assert_eq!(
        (typing.get("content"), typing.flag("typing")),
        (Some("I would like"), Some(true))
    );
    let frame = fixture("54-ws-operator-message")["response"]["frames"][0].to_string();
    let output = drive.give(LegInput::SocketText(&frame));
    assert_eq!(output.events[0].turn, None);
}
