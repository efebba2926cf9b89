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

use bytes::Bytes;
use common::*;
use http::{Request, Response};
use serde_json::{Value, json};
use switchboard_core::dialect::{
    Backend, CallId, Dialect, Effect, Leg, LegEvent, LegInput, LegOutput, TransportFault,
};
use switchboard_core::model::{
    Action, BotEvent, ChoiceMade, Content, ConversationId, Feedback, FormSubmission, HandoverPhase,
    Message, MessageId, Profile, Query, QueryAnswer, Rating, RichText, Timestamp, TopQuestions,
    TurnOutcome, UserEvent, UserInput,
};
use switchboard_dydu::Dydu;
use switchboard_dydu::wire::{Frame, Params, TalkRequest, b64};
use uuid::Uuid;

struct Drive {
    backend: std::sync::Arc<dyn Backend>,
    leg: Box<dyn Leg>,
    ids: Ids,
    now: i64,
    profile: Profile,
    next: u128,
}

fn backend(options: Value) -> std::sync::Arc<dyn Backend> {
    let mut all = json!({"url": "https://a.example", "bot_id": BOT});
    for (name, value) in options.as_object().unwrap() {
        all[name] = value.clone();
    }
    Dydu.backend(all, &build()).unwrap()
}

impl Drive {
    fn new(options: Value) -> Self {
        let backend = backend(options);
        let ids = Ids::default();
        let leg = backend.open(ConversationId(Uuid::from_u128(42)), &cx(&ids));
        let mut profile = Profile::default();
        profile.locales.selected = Some("en-GB".into());
        profile.user_id = Some("4be0c1d2a97f336".into());
        Self {
            backend,
            leg,
            ids,
            now: NOW,
            profile,
            next: 1000,
        }
    }

    fn give(&mut self, input: LegInput<'_>) -> LegOutput {
        let mut output = LegOutput::default();
        self.leg
            .handle(input, &at(&self.ids, self.now), &mut output);
        output
    }

    fn event(&mut self, event: &UserEvent) -> LegOutput {
        let profile = self.profile.clone();
        self.give(LegInput::Event {
            event,
            profile: &profile,
        })
    }

    fn user(&mut self, input: UserInput) -> (MessageId, LegOutput) {
        self.next += 1;
        let id = MessageId(Uuid::from_u128(self.next));
        let event = UserEvent::new(id, Timestamp(self.now), input);
        (id, self.event(&event))
    }

    fn answer(&mut self, call: CallId, status: u16, body: &Value) -> LegOutput {
        let response = Response::builder()
            .status(status)
            .body(Bytes::from(body.to_string()))
            .unwrap();
        self.give(LegInput::Response {
            call,
            result: Ok(response),
        })
    }

    fn fails(&mut self, call: CallId, fault: TransportFault) -> LegOutput {
        self.give(LegInput::Response {
            call,
            result: Err(fault),
        })
    }

    /// Says something and gets a fixture's answer.
    fn talk(&mut self, input: UserInput, name: &str) -> (Sent, LegOutput) {
        let (_, output) = self.user(input);
        let sent = sent(&output);
        let body = fixture(name)["response"]["body"].clone();
        let output = self.answer(sent.call, 200, &body);
        (sent, output)
    }

    fn wake(&mut self) -> LegOutput {
        let at = self.leg.wake_at().expect("a timer");
        self.now = self.now.max(at.as_millis());
        self.give(LegInput::Timer)
    }
}

#[derive(Debug)]
struct Sent {
    call: CallId,
    url: String,
    params: Params<'static>,
    timeout: Duration,
}

fn all_sent(output: &LegOutput) -> Vec<Sent> {
    output
        .effects
        .iter()
        .map(|effect| match effect {
            Effect::Http {
                call,
                request,
                timeout,
            } => Sent {
                call: *call,
                url: request.uri().to_string(),
                params: Params::form(request.body())
                    .iter()
                    .map(|(name, value)| (name.to_owned(), value.to_owned()))
                    .collect(),
                timeout: *timeout,
            },
            other => panic!("{other:?}"),
        })
        .collect()
}

fn sent(output: &LegOutput) -> Sent {
    let mut all = all_sent(output);
    assert_eq!(all.len(), 1, "{output:?}");
    all.remove(0)
}

fn messages(output: &LegOutput) -> Vec<&Message> {
    output
        .events
        .iter()
        .filter_map(|event| match &event.event {
            BotEvent::Message(message) => Some(message),
            _ => None,
        })
        .collect()
}

fn ends(output: &LegOutput, turn: MessageId, outcome: TurnOutcome) {
    let end = LegEvent {
        turn: Some(turn),
        event: BotEvent::TurnEnded(outcome),
    };
    assert_eq!(output.events.last(), Some(&end), "{output:?}");
}

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
    // The one that answered is asked first from now on.
    let (turn, output) = drive.user(UserInput::text("hi"));
    let first = sent(&output);
    assert!(first.url.starts_with("https://b.example/"));
    let output = drive.answer(first.call, 503, &json!({}));
    let output = drive.answer(sent(&output).call, 502, &json!({}));
    ends(&output, turn, TurnOutcome::Unavailable);

    // What may have been heard is not said twice.
    let (turn, output) = drive.user(UserInput::text("hi"));
    let output = drive.fails(sent(&output).call, TransportFault::Timeout);
    ends(&output, turn, TurnOutcome::TimedOut);
    let mut alone = Drive::new(json!({"rounds": 3}));
    let (turn, output) = alone.user(UserInput::text("hi"));
    let output = alone.fails(sent(&output).call, TransportFault::Broken);
    ends(&output, turn, TurnOutcome::Unavailable);
    let (turn, output) = alone.user(UserInput::text("hi"));
    let output = alone.fails(sent(&output).call, TransportFault::Connect);
    let output = alone.fails(sent(&output).call, TransportFault::Connect);
    let output = alone.fails(sent(&output).call, TransportFault::Connect);
    ends(&output, turn, TurnOutcome::Unavailable);
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
    // A turn that was given up is not answered any more.
    let mut drive = Drive::new(json!({}));
    let (turn, output) = drive.user(UserInput::text("hi"));
    let call = sent(&output).call;
    drive.give(LegInput::Abandon { turn });
    let body = fixture("09-talk-plain")["response"]["body"].clone();
    assert!(drive.answer(call, 200, &body).events.is_empty());
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
    let mut drive = Drive::new(json!({}));
    let (_, output) = drive.talk(UserInput::text("I want a human"), "31-talk-livechat-start");
    assert!(matches!(
        &messages(&output)[0].content,
        Content::Handover(step) if step.phase == HandoverPhase::Joined
    ));
    assert!(!drive.leg.is_quiet());
    // What the user says ends its turn at once.
    let (turn, output) = drive.user(UserInput::text("hello"));
    ends(&output, turn, TurnOutcome::Done);
    let said = sent(&output);
    assert_eq!(said.params.get("mode"), Some("cG9sbGluZw=="));
    let body = fixture("09-talk-plain")["response"]["body"].clone();
    assert!(drive.answer(said.call, 200, &body).events.is_empty());
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
    let mut drive = Drive::new(json!({}));
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

fn frames(output: &LegOutput) -> Vec<Frame> {
    output
        .effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::SendText(text) if text != "ping" => Some(serde_json::from_str(text).unwrap()),
            _ => None,
        })
        .collect()
}

fn websocket(options: Value) -> Drive {
    let mut all = json!({"transport": "websocket"});
    for (name, value) in options.as_object().unwrap() {
        all[name] = value.clone();
    }
    Drive::new(all)
}

fn handshake(output: &LegOutput) -> &Request<()> {
    match output.effects.as_slice() {
        [Effect::OpenSocket(request)] => request,
        other => panic!("{other:?}"),
    }
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
    let output = drive.give(LegInput::SocketClosed {
        code: 1006,
        reason: "",
    });
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
fn without_a_websocket_it_goes_by_rest() {
    let mut drive = websocket(json!({"urls": ["https://b.example"]}));
    let (turn, output) = drive.user(UserInput::text("hi"));
    handshake(&output);
    let output = drive.give(LegInput::SocketClosed {
        code: 404,
        reason: "",
    });
    assert_eq!(handshake(&output).uri(), "wss://b.example/servlet/chatWs");
    let output = drive.give(LegInput::SocketClosed {
        code: 404,
        reason: "",
    });
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
    // A lost socket is opened again: somebody is there.
    drive.give(LegInput::SocketClosed {
        code: 1006,
        reason: "",
    });
    let output = drive.wake();
    handshake(&output);
}
