//! The client side during a livechat: its socket, its polls, and what becomes of both.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on fails"
)]

mod common;

use common::drive::*;
use common::*;
use serde_json::{Value, json};
use switchboard_core::dialect::{Effect, LegInput, LegOutput, TransportFault};
use switchboard_core::model::{
    BotEvent, Content, FormSubmission, HandoverPhase, MessageId, Timestamp, TurnOutcome, UserInput,
};
use switchboard_dydu::wire::{Params, b64};

/// A leg whose conversation is handed over, with its output of that moment.
fn handed_over(options: Value) -> (Drive, LegOutput) {
    let mut drive = Drive::new(options);
    let (_, output) = drive.talk(UserInput::text("I want a human"), "31-talk-livechat-start");
    (drive, output)
}

/// The same with an open socket, past the poll that comes with the opening.
fn in_livechat(options: Value) -> Drive {
    let (mut drive, _) = handed_over(options);
    let output = drive.give(LegInput::SocketOpened);
    assert_eq!(kinds(&output), ["checkContextAvailability"]);
    let poll = sent(&drive.wake());
    assert!(poll.url.contains("/chat/poll/last/"));
    drive.answer(poll.call, 200, &nothing());
    drive
}

fn nothing() -> Value {
    json!({"type": "pollResponse", "values": {}})
}

fn kinds(output: &LegOutput) -> Vec<String> {
    let frames = frames(output).into_iter();
    frames.map(|frame| frame.kind).collect()
}

/// The parameters of the only frame.
fn only(output: &LegOutput, kind: &str) -> Params<'static> {
    assert_eq!(kinds(output), [kind], "{output:?}");
    Params::of_frame(frames(output).remove(0).parameters)
}

fn opens_socket(output: &LegOutput) -> Option<String> {
    output.effects.iter().find_map(|effect| match effect {
        Effect::OpenSocket(request) => Some(request.uri().to_string()),
        _ => None,
    })
}

fn closes_socket(output: &LegOutput) -> bool {
    let mut effects = output.effects.iter();
    effects.any(|effect| matches!(effect, Effect::CloseSocket { code: 1000 }))
}

fn lose(drive: &mut Drive) -> LegOutput {
    drive.give(closed(1006))
}

fn frame(drive: &mut Drive, kind: &str, mut values: Value) -> LegOutput {
    b64::encode_deep(&mut values);
    let text = json!({"type": kind, "values": values}).to_string();
    drive.give(LegInput::SocketText(&text))
}

fn operator_says(drive: &mut Drive, text: &str, time: Option<i64>) -> LegOutput {
    let mut values = json!({"text": text, "human": true, "operatorExternalId": "op-17",
        "typeResponse": "OPRegularOperatorAnswer"});
    if let Some(time) = time {
        values["serverTime"] = time.into();
    }
    frame(drive, "talkResponse", values)
}

fn polled(text: &str, date: i64) -> Value {
    json!({"type": "talkResponse", "values": {"text": b64::encode(text), "human": true,
        "fromDetail": b64::encode("OPERATOR"), "pollUpdatedInteractionDate": date}})
}

fn texts(output: &LegOutput) -> Vec<String> {
    let messages = messages(output).into_iter();
    messages
        .filter_map(|message| match &message.content {
            Content::Text { text } => Some(text.to_plain().into_owned()),
            _ => None,
        })
        .collect()
}

fn phases(output: &LegOutput) -> Vec<HandoverPhase> {
    let messages = messages(output).into_iter();
    messages
        .filter_map(|message| match &message.content {
            Content::Handover(step) => Some(step.phase),
            _ => None,
        })
        .collect()
}

#[test]
fn a_livechat_opens_a_socket_and_closes_it() {
    let (mut drive, output) = handed_over(json!({}));
    assert_eq!(phases(&output), [HandoverPhase::Joined]);
    assert_eq!(
        opens_socket(&output).as_deref(),
        Some("wss://a.example/servlet/chatWs")
    );
    let output = drive.give(LegInput::SocketOpened);
    let check = only(&output, "checkContextAvailability");
    assert_eq!(check.context(), Some(CONTEXT));
    assert_eq!(check.get("clientId"), Some("4be0c1d2a97f336"));
    // What was said while the socket opened is asked for once.
    let poll = sent(&drive.wake());
    assert_eq!(poll.params.number("lastPoll"), Some(NOW));
    drive.answer(poll.call, 200, &nothing());

    let (turn, output) = drive.user(UserInput::text("a < b"));
    let talk = only(&output, "talk");
    assert_eq!(talk.get("userInput"), Some("a &lt; b"));
    ends(&output, turn, TurnOutcome::Done);
    let (_, output) = drive.user(UserInput::Typing {
        active: false,
        text: None,
    });
    assert_eq!(only(&output, "typing").flag("typing"), Some(false));
    let (_, output) = drive.user(UserInput::Read);
    assert_eq!(only(&output, "reading").flag("reading"), Some(true));
    let output = operator_says(&mut drive, "OK", Some(NOW + 10));
    assert_eq!(texts(&output), ["OK"]);
    assert_eq!(output.events[0].turn, None);
    // A sign of life, as often as the widget's, and nothing else.
    assert_eq!(drive.leg.wake_at(), Some(Timestamp(NOW + 55_000)));
    let output = drive.wake();
    assert!(matches!(&output.effects[..], [Effect::SendText(text)] if text == "ping"));

    let text = fixture("65-ws-end-by-operator")["response"]["frames"][0].to_string();
    let output = drive.give(LegInput::SocketText(&text));
    assert_eq!(phases(&output), [HandoverPhase::Ended]);
    // What belongs to the end may still come.
    assert!(!closes_socket(&output));
    let output = operator_says(&mut drive, "Come again.", None);
    assert_eq!(texts(&output), ["Come again."]);
    assert!(closes_socket(&drive.wake()));
    let (_, output) = drive.user(UserInput::text("hours"));
    let talk = sent(&output);
    assert!(talk.url.contains("/chat/talk/"));
    assert_eq!(talk.params.get("mode"), Some("U3luY2hyb24="));
}

#[test]
fn a_queue_has_a_socket_and_can_be_left_by_it() {
    let mut drive = Drive::new(json!({}));
    let (_, output) = drive.talk(UserInput::text("I want a human"), "32-talk-livechat-queue");
    assert!(opens_socket(&output).is_some());
    drive.give(LegInput::SocketOpened);
    let (turn, output) = drive.user(UserInput::LeaveHandover);
    let leave = only(&output, "talk");
    assert_eq!(leave.get("userInput"), Some("#livechatleavequeue#"));
    let text = fixture("58-ws-user-leaves-queue")["response"]["frames"][0].to_string();
    let output = drive.give(LegInput::SocketText(&text));
    assert_eq!(phases(&output), [HandoverPhase::LeftByUser]);
    let output = drive.wake();
    assert_eq!(drive.now, NOW + 300);
    ends(&output, turn, TurnOutcome::Done);
    assert!(closes_socket(&output));
}

/// The engine may close the socket in the middle of a goodbye.
#[test]
fn a_goodbye_is_said_again_where_it_was_not_answered() {
    let mut drive = in_livechat(json!({}));
    let (turn, output) = drive.user(UserInput::LeaveHandover);
    only(&output, "talk");
    let output = lose(&mut drive);
    let leave = sent(&output);
    assert_eq!(leave.params.get("userInput"), Some("#livechatend#"));
    assert_eq!(leave.params.get("mode"), Some("cG9sbGluZw=="));
    let end = fixture("66-ws-user-ends")["response"]["frames"][0].clone();
    let output = drive.answer(leave.call, 200, &end);
    assert_eq!(phases(&output).len(), 1);
    ends(&output, turn, TurnOutcome::Done);
    assert!(opens_socket(&drive.wake()).is_none());
}

#[test]
fn refused_sockets_mean_polls() {
    let (mut drive, output) = handed_over(json!({"urls": ["https://b.example"]}));
    assert!(opens_socket(&output).unwrap().starts_with("wss://a."));
    let output = drive.give(closed(404));
    assert!(opens_socket(&output).unwrap().starts_with("wss://b."));
    let output = drive.give(closed(404));
    assert!(output.effects.is_empty());
    for _ in 0..3 {
        let due = drive.now + 2_500;
        assert_eq!(drive.leg.wake_at(), Some(Timestamp(due)));
        let poll = sent(&drive.wake());
        // The server that has the conversation is asked, not the one that was tried last.
        assert!(poll.url.starts_with("https://a.example/"));
        drive.answer(poll.call, 200, &nothing());
    }
    // Who talks much is polled for all the same.
    let due = drive.leg.wake_at();
    drive.now += 1_000;
    let (_, output) = drive.user(UserInput::text("hello"));
    drive.answer(sent(&output).call, 200, &nothing());
    assert_eq!(drive.leg.wake_at(), due);

    let (_, output) = handed_over(json!({"livechat": "polling"}));
    assert_eq!(opens_socket(&output), None);
}

#[test]
fn a_lost_socket_is_replaced_by_polls_and_opened_again() {
    let mut drive = in_livechat(json!({}));
    operator_says(&mut drive, "one", Some(NOW + 1_000));
    operator_says(&mut drive, "two", None);
    drive.now = NOW + 2_000;
    let output = lose(&mut drive);
    assert_eq!(opens_socket(&output), None);
    assert_eq!(drive.leg.wake_at(), Some(Timestamp(drive.now)));
    let poll = sent(&drive.wake());
    assert_eq!(poll.params.number("lastPoll"), Some(NOW + 1_000));
    // The engine does not know that it has pushed this one, and then tells another.
    let output = drive.answer(poll.call, 200, &polled("<p>two</p>", NOW + 500));
    assert!(output.events.is_empty());
    let output = drive.give(LegInput::Timer);
    assert!(output.effects.is_empty());
    drive.now += 1_000;
    assert!(opens_socket(&drive.give(LegInput::Timer)).is_some());
    drive.now += 1_500;
    let poll = sent(&drive.give(LegInput::Timer));
    let output = drive.answer(poll.call, 200, &polled("three", NOW + 3_000));
    assert_eq!(texts(&output), ["three"]);

    // What is said meanwhile goes by REST, in order, and not again once the socket is open.
    let (first, output) = drive.user(UserInput::text("one"));
    let talk: Vec<_> = all_sent(&output);
    assert_eq!(talk[0].params.get("mode"), Some("cG9sbGluZw=="));
    let (second, output) = drive.user(UserInput::text("two"));
    assert!(output.effects.is_empty());
    let output = drive.give(LegInput::SocketOpened);
    assert_eq!(kinds(&output), ["checkContextAvailability"]);
    let output = drive.answer(talk[0].call, 200, &nothing());
    assert_eq!(only(&output, "talk").get("userInput"), Some("two"));
    let ended: Vec<_> = output.events.iter().map(|event| event.turn).collect();
    assert_eq!(ended, [Some(first), Some(second)]);

    // What was said before comes first: what is pushed waits for the poll.
    let output = operator_says(&mut drive, "five", Some(NOW + 8_000));
    assert!(output.events.is_empty());
    let poll = sent(&drive.give(LegInput::Timer));
    assert_eq!(poll.params.number("lastPoll"), Some(NOW + 3_000));
    let output = drive.answer(poll.call, 200, &polled("four", NOW + 7_000));
    assert_eq!(texts(&output), ["four"]);
    let poll = sent(&drive.give(LegInput::Timer));
    let output = drive.answer(poll.call, 200, &nothing());
    assert_eq!(texts(&output), ["five"]);

    // The socket brings what a poll has brought already, and what it has not.
    let output = operator_says(&mut drive, "three", Some(NOW + 3_000));
    assert!(output.events.is_empty());
    let output = operator_says(&mut drive, "three", Some(NOW + 9_000));
    assert_eq!(texts(&output), ["three"]);
}

/// 1, 2, 4 s and so on, whether the socket is lost or refused.
#[test]
fn pauses_before_another_socket_grow() {
    let mut drive = in_livechat(json!({}));
    let mut pauses = Vec::new();
    for _ in 0..7 {
        lose(&mut drive);
        let lost_at = drive.now;
        while opens_socket(&{
            let output = drive.wake();
            for effect in &output.effects {
                if let Effect::Http { call, .. } = effect {
                    drive.answer(*call, 200, &nothing());
                }
            }
            output
        })
        .is_none()
        {}
        pauses.push((drive.now - lost_at) / 1_000);
    }
    assert_eq!(pauses, [1, 2, 4, 8, 16, 30, 30]);
}

#[test]
fn words_that_do_not_arrive_are_told_to_be_lost() {
    let mut drive = Drive::new(json!({"livechat": "polling", "rounds": 2}));
    drive.talk(UserInput::text("I want a human"), "31-talk-livechat-start");
    let (turn, output) = drive.user(UserInput::text("hello"));
    drive.fails(sent(&output).call, TransportFault::Connect);
    let (later, output) = drive.user(UserInput::text("more"));
    assert!(output.effects.is_empty(), "it would overtake the first");
    let output = loop {
        let output = drive.wake();
        let [talk] = &all_sent(&output)[..] else {
            continue;
        };
        if talk.url.contains("/poll/") {
            drive.answer(talk.call, 200, &nothing());
            continue;
        }
        assert_eq!(talk.params.get("userInput"), Some("hello"));
        break drive.fails(talk.call, TransportFault::Connect);
    };
    assert!(output.events.iter().any(|event| event.turn == Some(turn)
        && event.event == BotEvent::TurnEnded(TurnOutcome::Unreachable)));
    let talk = sent(&output);
    assert_eq!(talk.params.get("userInput"), Some("more"));
    let output = drive.answer(talk.call, 200, &nothing());
    ends(&output, later, TurnOutcome::Done);
}

/// The livechat ended while words to the operator were on their way: the bot gets them, and its
/// answer is shown.
#[test]
fn words_that_come_too_late_are_answered_by_the_bot() {
    let mut drive = Drive::new(json!({"livechat": "polling"}));
    drive.talk(UserInput::text("I want a human"), "31-talk-livechat-start");
    let (_, output) = drive.user(UserInput::text("hello"));
    let first = sent(&output);
    let (late, _) = drive.user(UserInput::text("still there?"));
    let end = fixture("65-ws-end-by-operator")["response"]["frames"][0].clone();
    let output = drive.answer(first.call, 200, &end);
    assert_eq!(phases(&output), [HandoverPhase::Ended]);
    let talk = sent(&output);
    assert_eq!(talk.params.get("mode"), Some("U3luY2hyb24="));
    let body = fixture("09-talk-plain")["response"]["body"].clone();
    let output = drive.answer(talk.call, 200, &body);
    assert!(!messages(&output).is_empty());
    ends(&output, late, TurnOutcome::Done);
}

#[test]
fn a_revoked_context_ends_the_livechat_and_is_renewed() {
    let mut drive = in_livechat(json!({}));
    lose(&mut drive);
    drive.profile.variables.insert("tier".into(), "gold".into());
    drive.now += 1_000;
    drive.give(LegInput::Timer);
    drive.give(LegInput::SocketOpened);
    let gone = json!({"isContextStillAvailable": false});
    let output = frame(&mut drive, "checkContextAvailabilityResponse", gone.clone());
    assert_eq!(phases(&output), [HandoverPhase::Ended]);
    let output = frame(&mut drive, "checkContextAvailabilityResponse", gone);
    assert!(output.events.is_empty(), "told once");
    // The next talk goes without the old context, and with the variables.
    let (turn, output) = drive.user(UserInput::text("hello"));
    let talk = sent(&output);
    assert!(talk.url.ends_with(BOT));
    assert_eq!(talk.params.get("variables"), Some("{\"tier\":\"gold\"}"));
    let body = fixture("09-talk-plain")["response"]["body"].clone();
    let output = drive.answer(talk.call, 200, &body);
    assert!(phases(&output).is_empty());
    ends(&output, turn, TurnOutcome::Done);
}

#[test]
fn another_context_in_an_answer_means_that_the_old_one_is_gone() {
    let renewed = |text: &str| {
        json!({"type": "talkResponse", "values": {"text": b64::encode(text),
            "contextId": b64::encode("renewed"), "serverTime": NOW + 5}})
    };
    // By REST the talk itself carried the variables.
    let mut drive = Drive::new(json!({"livechat": "polling"}));
    drive.talk(UserInput::text("I want a human"), "31-talk-livechat-start");
    let (turn, output) = drive.user(UserInput::text("hello"));
    let talk = sent(&output);
    let (_, output) = drive.user(UserInput::Typing {
        active: true,
        text: None,
    });
    let typing = sent(&output);
    let output = drive.answer(talk.call, 200, &renewed("hi"));
    assert_eq!(phases(&output), [HandoverPhase::Ended]);
    ends(&output, turn, TurnOutcome::Done);
    assert!(output.effects.is_empty());
    // A late answer in the old context does not bring that back.
    let late = json!({"type": "ok", "values": {"contextId": b64::encode(CONTEXT)}});
    assert!(drive.answer(typing.call, 200, &late).events.is_empty());
    let (_, output) = drive.user(UserInput::text("again"));
    assert!(sent(&output).url.ends_with("/renewed"));

    // On the socket they are sent again.
    let mut drive = websocket(json!({}));
    drive.profile.variables.insert("tier".into(), "gold".into());
    drive.user(UserInput::text("I want a human"));
    drive.give(LegInput::SocketOpened);
    let body = fixture("31-talk-livechat-start")["response"]["body"].to_string();
    drive.give(LegInput::SocketText(&body));
    drive.user(UserInput::text("hello"));
    let output = drive.give(LegInput::SocketText(&renewed("hi").to_string()));
    assert_eq!(phases(&output), [HandoverPhase::Ended]);
    assert_eq!(texts(&output), ["hi"]);
    let variable = sent(&output);
    assert!(variable.url.contains("/chat/variable/"));
    assert_eq!(variable.params.context(), Some("renewed"));
    assert_eq!(variable.params.get("value"), Some("gold"));
}

#[test]
fn an_operator_hears_of_a_lost_client() {
    let lost = || UserInput::Connection { lost: true };
    let back = || UserInput::Connection { lost: false };
    let mut drive = in_livechat(json!({}));
    let (_, output) = drive.user(lost());
    let sent_frames = frames(&output);
    assert_eq!(kinds(&output), ["typing", "talk"]);
    let talk = Params::of_frame(sent_frames[1].parameters.clone());
    assert_eq!(
        talk.get("userInput"),
        Some("[The user's connection was lost.]")
    );
    assert!(output.events.is_empty(), "it opens no turn");
    let (_, output) = drive.user(lost());
    assert!(output.effects.is_empty(), "told once");
    let (_, output) = drive.user(back());
    assert_eq!(
        only(&output, "talk").get("userInput"),
        Some("[The user is back.]")
    );
    let (_, output) = drive.user(back());
    assert!(output.effects.is_empty());

    // Whoever waits has nobody to tell yet.
    let options = json!({"livechat": "polling", "lost_notice": "gone", "back_notice": ""});
    let mut drive = Drive::new(options);
    drive.talk(UserInput::text("I want a human"), "32-talk-livechat-queue");
    let (_, output) = drive.user(lost());
    let typing = sent(&output);
    assert!(typing.url.contains("/chat/typing/"));
    assert_eq!(typing.params.get("content"), Some(""));
    let poll = sent(&drive.wake());
    let joined = json!({"type": "notification", "values": {"code": b64::encode("OperatorConnected"),
        "text": "", "pollUpdatedInteractionDate": NOW + 9_000}});
    let output = drive.answer(poll.call, 200, &joined);
    assert_eq!(phases(&output), [HandoverPhase::Joined]);
    let talk = sent(&output);
    assert_eq!(talk.params.get("userInput"), Some("gone"));
    assert_eq!(talk.params.get("mode"), Some("cG9sbGluZw=="));
    drive.answer(talk.call, 200, &nothing());
    let (_, output) = drive.user(back());
    assert!(output.effects.is_empty(), "an empty notice is none");

    // Nor is anybody told who was never told of the loss, or outside of a livechat.
    let mut drive = in_livechat(json!({"lost_notice": ""}));
    let (_, output) = drive.user(lost());
    assert_eq!(kinds(&output), ["typing"]);
    let (_, output) = drive.user(back());
    assert!(output.effects.is_empty());
    let mut drive = Drive::new(json!({}));
    drive.talk(open(), "07-talk-welcome-new-context");
    for input in [lost(), back()] {
        let (_, output) = drive.user(input);
        assert!(output.effects.is_empty() && output.events.is_empty());
    }
}

fn open() -> UserInput {
    UserInput::Open {
        welcome: None,
        query: None,
    }
}

fn good() -> UserInput {
    UserInput::Survey(FormSubmission {
        id: "77".into(),
        values: vec![("3".into(), "Good".into())],
        ..FormSubmission::default()
    })
}

/// The fixture's configuration, decoded, with these changes.
fn configuration(changes: Value) -> Value {
    let mut values = decoded(fixture("61-ws-surveyConfiguration")["response"]["frames"][0].clone())
        ["values"]
        .take();
    for (name, value) in changes.as_object().unwrap() {
        values[name] = value.clone();
    }
    values
}

#[test]
fn a_survey_goes_over_the_socket() {
    let mut drive = in_livechat(json!({}));
    operator_says(&mut drive, "Bye.", Some(NOW + 10));
    let announce = fixture("60-ws-survey-announce")["response"]["frames"][0].to_string();
    let output = drive.give(LegInput::SocketText(&announce));
    assert!(output.events.is_empty());
    assert_eq!(
        only(&output, "surveyConfiguration").get("surveyId"),
        Some("77")
    );
    // What comes after it waits.
    let output = operator_says(&mut drive, "after", Some(NOW + 20));
    assert!(output.events.is_empty());
    let changes = json!({"interactionSurvey": true, "reword": "thanks"});
    let output = frame(
        &mut drive,
        "surveyConfigurationResponse",
        configuration(changes),
    );
    let Content::Survey(survey) = &messages(&output)[0].content else {
        panic!("{output:?}");
    };
    assert_eq!(
        (survey.id.as_str(), survey.fields.is_empty()),
        ("77", false)
    );
    assert_eq!(texts(&output), ["after"]);

    let (turn, output) = drive.user(good());
    let all = frames(&output);
    assert_eq!(kinds(&output), ["survey", "talk"]);
    let expected = decoded_frame(&fixture("62-ws-survey")["request"]["frame"]);
    let mut survey = decoded_frame(&serde_json::to_value(&all[0]).unwrap());
    assert_eq!(survey["interactionSurveyAnswer"], true);
    survey["interactionSurveyAnswer"] = false.into();
    for name in ["surveyId", "operator", "interactionSurveyAnswer", "fields"] {
        assert_eq!(survey[name], expected[name], "{name}");
    }
    let talk = Params::of_frame(all[1].parameters.clone());
    assert_eq!(talk.get("userInput"), Some("thanks"));
    assert_eq!(talk.object("extraParameters").unwrap()["hide"], "true");
    ends(&output, turn, TurnOutcome::Done);
    let output = frame(&mut drive, "surveyResponse", json!({}));
    assert!(output.events.is_empty());
    // A survey is answered once; what is known of it goes with its answers.
    let (_, output) = drive.user(good());
    assert_eq!(
        only(&output, "survey").flag("interactionSurveyAnswer"),
        Some(false)
    );
}

fn decoded_frame(frame: &Value) -> Value {
    let mut parameters = frame["parameters"].clone();
    b64::decode_deep(&mut parameters);
    parameters
}

#[test]
fn a_survey_that_cannot_be_had_is_only_words() {
    let mut drive = in_livechat(json!({}));
    let announce = fixture("60-ws-survey-announce")["response"]["frames"][0].to_string();
    drive.give(LegInput::SocketText(&announce));
    let output = frame(
        &mut drive,
        "surveyConfigurationErrorResponse",
        json!({"error": "unknown survey"}),
    );
    assert_eq!(texts(&output), ["A survey for you"]);
    // A socket that does not answer, and one that is lost, are given up.
    drive.give(LegInput::SocketText(&announce));
    drive.now += 5_000;
    let asked = sent(&drive.give(LegInput::Timer));
    assert!(asked.url.contains("/survey/configuration/"));
    let body = fixture("25-survey-configuration")["response"]["body"].clone();
    let output = drive.answer(asked.call, 200, &body);
    assert!(matches!(messages(&output)[0].content, Content::Survey(_)));
    drive.give(LegInput::SocketText(&announce));
    let asked = sent(&lose(&mut drive));
    assert!(asked.url.contains("/survey/configuration/"));
}

#[test]
fn a_polled_livechat_answers_surveys_by_chat_http() {
    let mut drive = Drive::new(json!({"livechat": "polling"}));
    drive.talk(UserInput::text("I want a human"), "31-talk-livechat-start");
    let (turn, output) = drive.user(good());
    let answer = sent(&output);
    let (path, data) = answer.url.split_once("?data=").unwrap();
    assert_eq!(path, "https://a.example/servlet/chatHttp");
    let data = Params::form(format!("data={data}").as_bytes())
        .get("data")
        .unwrap()
        .to_owned();
    let frame: Value = serde_json::from_str(&data).unwrap();
    assert_eq!(frame["type"], "survey");
    assert_eq!(decoded_frame(&frame)["fields"], json!({"3": "Good"}));
    let output = drive.answer(answer.call, 404, &json!({}));
    let by_rest = sent(&output);
    assert!(by_rest.url.ends_with(&format!("/api/chat/survey/{BOT}")));
    assert_eq!(
        by_rest.params.get("field_3").or(Some("")),
        Some("Good"),
        "{by_rest:?}"
    );
    let output = drive.answer(
        by_rest.call,
        200,
        &json!({"type": "surveyResponse", "values": {}}),
    );
    ends(&output, turn, TurnOutcome::Done);
    // What may have arrived is not sent the other way.
    let (turn, output) = drive.user(good());
    let output = drive.fails(sent(&output).call, TransportFault::Timeout);
    ends(&output, turn, TurnOutcome::TimedOut);
}

#[test]
fn a_survey_outside_of_a_livechat_says_its_sentence_afterwards() {
    let mut drive = Drive::new(json!({}));
    let (_, output) = drive.user(UserInput::text("give my opinion"));
    let body = fixture("17-talk-survey")["response"]["body"].clone();
    let asked = sent(&drive.answer(sent(&output).call, 200, &body));
    let mut values = configuration(json!({"reword": "opinion given"}));
    b64::encode_deep(&mut values);
    let body = json!({"type": "surveyConfigurationResponse", "values": values});
    drive.answer(asked.call, 200, &body);
    // It is kept with the leg.
    let state = drive.leg.state();
    drive.leg = drive.backend.resume(state, &cx(&drive.ids)).ok().unwrap();
    let (turn, output) = drive.user(good());
    let answer = sent(&output);
    assert!(answer.url.contains("/chat/survey/"));
    let output = drive.answer(answer.call, 200, &json!({}));
    let talk = sent(&output);
    assert_eq!(talk.params.get("userInput"), Some("opinion given"));
    assert_eq!(talk.params.get("extraParameters"), Some("{\"hide\":true}"));
    let body = fixture("09-talk-plain")["response"]["body"].clone();
    let output = drive.answer(talk.call, 200, &body);
    assert!(!messages(&output).is_empty());
    ends(&output, turn, TurnOutcome::Done);
}

/// What nobody asked for, outside of a livechat.
#[test]
fn an_engine_may_speak_first() {
    let mut drive = websocket(json!({}));
    drive.user(open());
    drive.give(LegInput::SocketOpened);
    drive.greeted();
    let output = frame(&mut drive, "talkResponse", json!({"text": "Still there?"}));
    assert_eq!(texts(&output), ["Still there?"]);
    assert_eq!(output.events[0].turn, None::<MessageId>);
    let output = frame(
        &mut drive,
        "notification",
        json!({"code": "Maintenance", "text": "Back at six."}),
    );
    assert!(
        matches!(&output.events[0].event, BotEvent::Notice(notice) if notice.code == "Maintenance")
    );
}
