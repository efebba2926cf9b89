//! The client side, with the fixtures' answers.

use std::time::Duration;

use http::{Response, StatusCode, header};
use serde_json::{Value, json};
use switchboard_core::dialect::{LegInput, LegOutput, TransportFault};
use switchboard_core::model::{
    Action, BotEvent, ChoiceMade, Content, ContentKind, Extras, Feedback, FormSubmission, Profile,
    Query, Rating, TurnOutcome, UserEvent, UserInput,
};

use switchboard_opendialog::NAME;

use crate::support::{
    Driven, at, backend, body, call, cx, event, fixture, fixtures, frontend, messages, ok,
    only_request, user_event,
};

fn first() -> Driven {
    Driven::new(json!({"url": "http://engine.test/od/", "scenario": "0x420"}))
}

fn third() -> Driven {
    Driven::new(json!({
        "url": "https://bot.example.com", "app_key": "APP_KEY", "scenario": "0x420",
        "generation": 3,
    }))
}

fn text(words: &str) -> UserEvent {
    user_event(UserInput::text(words))
}

fn ended(output: &LegOutput) -> Option<TurnOutcome> {
    match &output.events.last()?.event {
        BotEvent::TurnEnded(outcome) => Some(*outcome),
        _ => None,
    }
}

/// Tells a leg of an event and answers it with this body.
fn exchange(leg: &mut Driven, event: &UserEvent, answer: &Value) -> LegOutput {
    let (call, _) = leg.tell(event, &Profile::default());
    leg.answer(call, ok(answer), &cx())
}

fn tell(leg: &mut Driven, input: UserInput) -> Value {
    let (_, request) = leg.tell(&user_event(input), &Profile::default());
    body(&request)
}

#[test]
fn an_opening_is_what_the_vendors_client_sends() {
    let mut leg = first();
    let open = user_event(UserInput::Open {
        welcome: None,
        query: None,
    });
    let profile = Profile {
        user_id: Some("u-1".to_owned()),
        page_url: Some("https://shop.example.com/pricing?a=1".to_owned()),
        ..Profile::default()
    };
    let (_, request) = leg.tell(&open, &profile);
    assert_eq!(request.uri(), "http://engine.test/od/incoming/webchat");
    assert_eq!(request.headers()[header::ACCEPT], "application/json");
    assert!(!request.headers().contains_key(header::AUTHORIZATION));
    let sent = body(&request);
    assert_eq!(
        (&sent["user_id"], &sent["author"]),
        (&json!("u-1"), &json!("u-1"))
    );
    assert_eq!(sent["message_id"], open.id.to_string());
    let content = &sent["content"];
    assert_eq!(
        (&content["type"], &content["callback_id"]),
        (&json!("chat_open"), &json!("WELCOME"))
    );
    assert_eq!(
        content["data"],
        json!({"value": "/pricing", "date": "Tue 20 Jul", "time": "09:15:02 AM"})
    );
    assert_eq!(content["user"]["custom"]["selected_scenario"], "0x420");
    // The server side of the dialect accepts it.
    let frontend = frontend(json!({}));
    call(&*frontend, crate::support::post("/incoming/webchat", &sent));
}

#[test]
fn the_third_generation_has_headers_and_cookies() {
    let mut leg = third();
    let (call, request) = leg.tell(&text("hi"), &Profile::default());
    assert_eq!(request.uri(), "https://bot.example.com/chat-api/message");
    assert_eq!(request.headers()["authorization"], "Bearer APP_KEY");
    assert_eq!(request.headers()["opendialog-scenario-id"], "0x420");
    let user = request.headers()["opendialog-user-id"]
        .to_str()
        .unwrap()
        .to_owned();
    assert_eq!(body(&request)["user_id"], user);
    let mut answer = ok(&json!([false]));
    let cookie = "opendialog_anonymous_authentication_token=JWT; HttpOnly"
        .parse()
        .unwrap();
    answer.headers_mut().insert(header::SET_COOKIE, cookie);
    leg.answer(call, answer, &cx());
    // The key of a conversation stays, even if the site names its user later.
    let later = Profile {
        user_id: Some("known".to_owned()),
        ..Profile::default()
    };
    let (_, request) = leg.tell(&text("again"), &later);
    assert_eq!(request.headers()["opendialog-user-id"], user.as_str());
    assert_eq!(
        request.headers()["cookie"],
        "opendialog_anonymous_authentication_token=JWT"
    );
}

#[test]
fn what_an_opendialog_client_sent_is_passed_on() {
    let frontend = frontend(json!({"app_keys": ["APP_KEY"]}));
    for (name, fixture) in fixtures() {
        if !fixture.is_chat() || fixture.status != 200 {
            continue;
        }
        let call = call(&*frontend, fixture.request());
        let mut leg = Driven::new(json!({"url": "http://engine.test"}));
        let (_, request) = leg.tell(event(&call), &call.profile);
        let (sent, original) = (body(&request), fixture.body());
        let (content, was) = (&sent["content"], &original["content"]);
        assert_eq!(sent["user_id"], original["user_id"], "{name}");
        for key in ["type", "mode", "modeInstance", "escalating"] {
            if !was[key].is_null() {
                assert_eq!(content[key], was[key], "{name}: {key}");
            }
        }
        for key in ["data", "user"] {
            for (part, value) in was[key].as_object().unwrap() {
                assert_eq!(content[key][part], *value, "{name}: {key}.{part}");
            }
        }
        if content["type"] != "longtext_response" {
            assert_eq!(content["callback_id"], was["callback_id"], "{name}");
        }
    }
}

#[test]
fn answers_become_messages_and_end_the_turn() {
    for (name, fixture) in fixtures() {
        if !fixture.is_chat() || fixture.status != 200 {
            continue;
        }
        let mut leg = first();
        let event = text("x");
        let (call, _) = leg.tell(&event, &Profile::default());
        let output = leg.answer(call, fixture.response(), &cx());
        assert_eq!(ended(&output), Some(TurnOutcome::Done), "{name}");
        assert!(
            output
                .events
                .iter()
                .all(|published| published.turn == Some(event.id))
        );
        let count = match &fixture.answer {
            Value::Array(list) => list.iter().filter(|part| part.is_object()).count(),
            Value::Object(_) => 1,
            _ => 0,
        };
        let messages = messages(output);
        assert_eq!(messages.len(), count, "{name}");
        assert!(
            messages
                .iter()
                .all(|message| message.parent == Some(event.id))
        );
    }
}

#[test]
fn failures_end_the_turn() {
    let outcome = |result: Result<Response<bytes::Bytes>, TransportFault>| {
        let mut leg = first();
        let (call, _) = leg.tell(&text("x"), &Profile::default());
        let output = leg.input(LegInput::Response { call, result }, &cx());
        assert_eq!(leg.leg.wake_at(), None);
        assert!(leg.leg.is_quiet());
        ended(&output)
    };
    let status = |status: u16| {
        let response = Response::builder().status(status);
        Ok(response
            .body(bytes::Bytes::from_static(b"{\"message\":\"no\"}"))
            .unwrap())
    };
    assert_eq!(outcome(status(500)), Some(TurnOutcome::Unavailable));
    assert_eq!(outcome(status(401)), Some(TurnOutcome::Unavailable));
    assert_eq!(outcome(status(422)), Some(TurnOutcome::Refused));
    assert_eq!(
        outcome(Err(TransportFault::Timeout)),
        Some(TurnOutcome::TimedOut)
    );
    assert_eq!(
        outcome(Err(TransportFault::Connect)),
        Some(TurnOutcome::Unreachable)
    );
    let html = Response::new(bytes::Bytes::from_static(b"<html>"));
    assert_eq!(outcome(Ok(html)), Some(TurnOutcome::Unavailable));
}

#[test]
fn choices_are_clicked_as_the_vendors_client_clicks_them() {
    let mut leg = first();
    let action = Action {
        value: Some("plan.gold".to_owned()),
        ..Action::choice("intent.app.ChoosePlan", "Gold")
    };
    let sent = tell(
        &mut leg,
        UserInput::Choice(ChoiceMade {
            id: Some("intent.app.ChoosePlan~plan.gold".to_owned()),
            action: Some(Box::new(action)),
            ..ChoiceMade::default()
        }),
    );
    let content = &sent["content"];
    assert_eq!(
        (&content["type"], &content["callback_id"]),
        (&json!("button_response"), &json!("intent.app.ChoosePlan"))
    );
    assert_eq!(
        (&content["data"]["text"], &content["data"]["value"]),
        (&json!("Gold"), &json!("plan.gold"))
    );
    // A choice that nothing is known of but its words is said.
    let sent = tell(
        &mut first(),
        UserInput::Choice(ChoiceMade {
            label: Some("Silver".to_owned()),
            ..ChoiceMade::default()
        }),
    );
    assert_eq!(
        (&sent["content"]["type"], &sent["content"]["data"]["text"]),
        (&json!("text"), &json!("Silver"))
    );
}

#[test]
fn forms_are_sent_with_every_element_and_a_summary() {
    let mut leg = first();
    exchange(&mut leg, &text("sign me up"), &fixture(16).answer);
    let values = [
        ("first_name", "Ada"),
        ("age", "36"),
        ("email", "ada@example.com"),
        ("title", "mrs"),
        ("topics", "billing,sales"),
        ("city", "ldn"),
    ];
    let sent = tell(
        &mut leg,
        UserInput::Form(FormSubmission {
            id: "intent.app.Details".to_owned(),
            values: values
                .iter()
                .map(|(name, value)| (name.to_string(), value.to_string()))
                .collect(),
            ..FormSubmission::default()
        }),
    );
    let expected = &fixture(17).body()["content"]["data"].clone();
    assert_eq!(sent["content"]["data"], *expected);
    assert_eq!(sent["content"]["type"], "form_response");
    let mut leg = first();
    exchange(&mut leg, &text("next"), &fixture(18).answer);
    let sent = tell(
        &mut leg,
        UserInput::Form(FormSubmission {
            id: "intent.app.Gender".to_owned(),
            cancelled: true,
            ..FormSubmission::default()
        }),
    );
    let content = &sent["content"];
    assert_eq!(
        (&content["callback_id"], &content["data"]["text"]),
        (&json!("intent.app.SkipGender"), &json!("Skip"))
    );
}

#[test]
fn typed_words_answer_what_replaced_the_text_box() {
    let mut leg = first();
    exchange(&mut leg, &text("story"), &fixture(30).answer);
    let sent = tell(&mut leg, UserInput::text("It began when"));
    assert_eq!(sent["content"]["type"], "longtext_response");
    assert_eq!(sent["content"]["callback_id"], "intent.app.Story");
    let mut leg = first();
    exchange(&mut leg, &text("story"), &fixture(29).answer);
    let sent = tell(
        &mut leg,
        UserInput::Form(FormSubmission {
            id: "intent.app.Story".to_owned(),
            values: vec![("long_text".to_owned(), "It began".to_owned())],
            ..FormSubmission::default()
        }),
    );
    assert_eq!(
        (&sent["content"]["type"], &sent["content"]["data"]["text"]),
        (&json!("longtext_response"), &json!("It began"))
    );
    let mut leg = first();
    exchange(&mut leg, &text("product"), &fixture(26).answer);
    let sent = tell(&mut leg, UserInput::text("v2.1"));
    assert_eq!(sent["content"]["data"]["value"], "product_name.v2\\.1");
    let mut leg = first();
    exchange(&mut leg, &text("birthday"), &fixture(24).answer);
    let sent = tell(&mut leg, UserInput::text("5/10/1981"));
    assert_eq!(sent["content"]["data"]["value"], "date_of_birth.1981-10-05");
    let mut leg = first();
    exchange(&mut leg, &text("birthday"), &fixture(24).answer);
    assert_eq!(
        tell(&mut leg, UserInput::text("why?"))["content"]["type"],
        "text"
    );
}

#[test]
fn ratings_go_where_the_engine_takes_them() {
    let mut leg = third();
    let output = exchange(
        &mut leg,
        &text("hi"),
        &json!({
            "author": "them", "type": "text", "data": {"text": "Hello"},
            "message_template_id": "0x99", "request_id": "req-1",
        }),
    );
    let rated = messages(output).remove(0).id;
    let rating = |message| {
        UserInput::Feedback(Feedback {
            message: Some(message),
            rating: Some(Rating::Positive),
            ..Feedback::default()
        })
    };
    let (_, request) = leg.tell(&user_event(rating(rated)), &Profile::default());
    assert_eq!(request.uri().path(), "/chat-api/feedback");
    assert_eq!(body(&request), *fixture(48).body());
    // Buttons that another gateway made of a request for feedback are clicked.
    let mut leg = first();
    let output = exchange(
        &mut leg,
        &text("hi"),
        &json!({
            "author": "them", "type": "button", "data": {"text": "Did it help?", "buttons": [
                {"text": "Yes", "display": true, "callback_id": "helpful", "value": ""},
                {"text": "No", "display": true, "callback_id": "not_helpful", "value": ""},
            ]},
        }),
    );
    let asked = messages(output).remove(0);
    assert_eq!(asked.content.kind(), ContentKind::FeedbackRequest);
    let sent = tell(&mut leg, rating(asked.id));
    assert_eq!(
        (
            &sent["content"]["callback_id"],
            &sent["content"]["data"]["text"]
        ),
        (&json!("helpful"), &json!("Yes"))
    );
    // Otherwise there is nobody to tell.
    let event = user_event(rating(cx().message_id()));
    let output = first().input(
        LegInput::Event {
            event: &event,
            profile: &Profile::default(),
        },
        &cx(),
    );
    assert!(output.effects.is_empty());
    assert_eq!(ended(&output), Some(TurnOutcome::Done));
}

#[test]
fn a_rating_of_an_older_template_is_not_taken_for_one_of_the_newest() {
    let mut leg = third();
    let output = exchange(
        &mut leg,
        &text("hi"),
        &json!({
            "author": "them", "type": "text", "data": {"text": "Hello"},
            "message_template_id": "0x99", "request_id": "req-1",
        }),
    );
    let newest = messages(output).remove(0).id;
    let mut rated = |template: &str| {
        let input = UserInput::Feedback(Feedback {
            message: Some(newest),
            rating: Some(Rating::Negative),
            ..Feedback::default()
        });
        let kept = json!({"message_template_id": template});
        let event = UserEvent {
            extras: Extras::new(NAME, kept.as_object().unwrap().clone()),
            ..user_event(input)
        };
        let (call, request) = leg.tell(&event, &Profile::default());
        let told = body(&request);
        leg.answer(call, ok(&json!(null)), &cx());
        (
            told["message_template_id"].clone(),
            told.get("request_id").cloned(),
        )
    };
    assert_eq!(rated("0x77"), (json!("0x77"), None));
    let newest_told = (json!("0x99"), Some(json!("req-1")));
    assert_eq!(rated("0x99"), newest_told);
    // A message of ours stands for the engine's.
    assert_eq!(rated(&newest.to_string()), newest_told);
}

#[test]
fn leaving_the_operator_is_told_as_the_vendors_client_told_it() {
    let sent = fixture(14);
    let call = call(&*frontend(json!({"app_keys": ["APP_KEY"]})), sent.request());
    let (_, request) = first().tell(event(&call), &call.profile);
    let told = body(&request);
    for key in ["type", "callback_id", "data", "escalating"] {
        assert_eq!(told["content"][key], sent.body()["content"][key], "{key}");
    }
}

#[test]
fn every_event_that_opens_a_turn_ends_one() {
    let inputs = [
        UserInput::Variables,
        UserInput::LeaveHandover,
        UserInput::End,
        UserInput::text("  "),
        UserInput::Query(Query::PushRules),
        UserInput::Query(Query::Languages),
        UserInput::Query(Query::Visit),
        UserInput::Query(Query::TopQuestions(Default::default())),
        UserInput::Query(Query::Suggestions(Default::default())),
        UserInput::ClientError(Default::default()),
        UserInput::Custom {
            name: "x".to_owned(),
            value: None,
            label: None,
        },
        UserInput::LinkClick {
            url: "https://example.com".to_owned(),
            label: None,
        },
        UserInput::File(Default::default()),
        UserInput::Survey(FormSubmission::default()),
        UserInput::Open {
            welcome: None,
            query: Some("asked at once".to_owned()),
        },
    ];
    for input in inputs {
        let event = user_event(input);
        let mut leg = first();
        let mut output = leg.input(
            LegInput::Event {
                event: &event,
                profile: &Profile::default(),
            },
            &cx(),
        );
        if !output.effects.is_empty() {
            let (call, _) = only_request(output);
            output = leg.answer(call, Response::new(bytes::Bytes::new()), &cx());
        }
        assert!(ended(&output).is_some(), "{:?}", event.input);
        assert_eq!(output.events.last().unwrap().turn, Some(event.id));
    }
    let typing = UserInput::Typing {
        active: true,
        text: None,
    };
    for sign in [typing, UserInput::Connection { lost: true }] {
        let event = user_event(sign);
        let output = first().input(
            LegInput::Event {
                event: &event,
                profile: &Profile::default(),
            },
            &cx(),
        );
        assert!(output.events.is_empty() && output.effects.is_empty());
    }
}

fn row(author: &str, text: &str) -> Value {
    json!({"author": author, "type": "text", "data": {"text": text, "date": "d", "time": "t"}})
}

#[test]
fn the_history_is_watched_for_what_nobody_asked_for() {
    let mut leg = first();
    let profile = Profile {
        user_id: Some("jane@example.org".to_owned()),
        ..Profile::default()
    };
    let (call, _) = leg.tell(&text("later"), &profile);
    let wait = json!({"author": "them", "type": "text", "data": {"text": "Wait"}});
    leg.answer(call, ok(&wait), &cx());
    assert!(!leg.leg.is_quiet());
    let due = leg.leg.wake_at().unwrap();
    assert_eq!(due, cx().now.after(Duration::from_millis(2_500)));
    let look_at = at("2021-07-20T09:15:05Z");
    let (call, request) = only_request(leg.input(LegInput::Timer, &look_at));
    assert_eq!(
        request.uri(),
        "http://engine.test/od/user/jane%40example.org/history?limit=21"
    );
    // Never two looks at once.
    assert_eq!(leg.leg.wake_at(), None);
    assert!(leg.input(LegInput::Timer, &look_at).effects.is_empty());
    // What the user says meanwhile waits, because what was found belongs before it.
    let next = text("next");
    let early = leg.input(
        LegInput::Event {
            event: &next,
            profile: &profile,
        },
        &look_at,
    );
    assert!(early.effects.is_empty() && early.events.is_empty());
    let rows = json!([
        row("them", "Done"),
        row("them", "Wait"),
        row("jane@example.org", "later")
    ]);
    let output = leg.answer(call, ok(&rows), &look_at);
    assert_eq!(output.events.len(), 1);
    assert_eq!(output.events[0].turn, None);
    let (call, request) = {
        let mut effects = output.effects;
        match effects.remove(0) {
            switchboard_core::dialect::Effect::Http { call, request, .. } => (call, request),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(body(&request)["content"]["data"]["text"], "next");
    // The next answer repeats it; nobody hears it twice.
    let answer = json!([
        {"author": "them", "type": "text", "data": {"text": "Done"}},
        {"author": "them", "type": "text", "data": {"text": "Here"}},
    ]);
    let said = messages(leg.answer(call, ok(&answer), &look_at));
    assert_eq!(said.len(), 1);
    let Content::Text { text } = &said[0].content else {
        panic!("no text");
    };
    assert_eq!(text.body, "Here");
}

#[test]
fn a_watch_ends_with_its_schedule_or_with_a_refusal() {
    let mut leg = Driven::new(json!({"url": "http://engine.test", "history_poll": [1]}));
    exchange(&mut leg, &text("x"), &fixture(8).answer);
    let later = at("2021-07-20T09:16:00Z");
    let (call, _) = only_request(leg.input(LegInput::Timer, &later));
    leg.answer(call, ok(&json!([])), &later);
    assert_eq!(leg.leg.wake_at(), None);
    assert!(leg.leg.is_quiet());
    exchange(&mut leg, &text("x"), &fixture(8).answer);
    let (call, _) = only_request(leg.input(LegInput::Timer, &later));
    let gone = Response::builder()
        .status(StatusCode::NOT_FOUND)
        .body(bytes::Bytes::new())
        .unwrap();
    leg.answer(call, gone, &later);
    exchange(&mut leg, &text("x"), &fixture(8).answer);
    assert_eq!(leg.leg.wake_at(), None);
    let mut leg = Driven::new(json!({"url": "http://engine.test", "history_poll": []}));
    exchange(&mut leg, &text("x"), &fixture(8).answer);
    assert_eq!(leg.leg.wake_at(), None);
}

#[test]
fn a_leg_goes_on_from_its_state() {
    let options = json!({"url": "http://engine.test", "history_poll": []});
    let mut leg = Driven::new(options.clone());
    exchange(&mut leg, &text("story"), &fixture(30).answer);
    let state = leg.leg.state();
    let leg = backend(options).resume(state, &cx()).unwrap();
    let sent = tell(&mut Driven { leg }, UserInput::text("It began"));
    assert_eq!(sent["content"]["type"], "longtext_response");
    assert!(
        backend(json!({"url": "http://e.test"}))
            .resume(json!(7), &cx())
            .is_err()
    );
}

#[test]
fn a_turn_that_was_given_up_is_still_heard() {
    let mut leg = first();
    let event = text("slow");
    let (call, _) = leg.tell(&event, &Profile::default());
    let output = leg.input(LegInput::Abandon { turn: event.id }, &cx());
    assert!(output.events.is_empty());
    let output = leg.answer(call, fixture(8).response(), &cx());
    assert_eq!(output.events.len(), 1);
    assert_eq!(output.events[0].turn, None);
}

#[test]
fn mistakes_in_the_options_are_named() {
    use switchboard_core::dialect::{Build, Dialect};
    let path = |options: Value| {
        let build = Build {
            signing_key: [0; 32],
            read_file: &|_| Err(String::new()),
            read_folder: &|_| Err("no folders here".to_owned()),
        };
        match switchboard_opendialog::dialect().backend(options, &build) {
            Ok(_) => String::from("accepted"),
            Err(error) => error.path,
        }
    };
    assert_eq!(path(json!({"url": "bot.example.com"})), "url");
    assert_eq!(path(json!({"url": "ftp://bot.example.com"})), "url");
    assert_eq!(
        path(json!({"url": "https://b", "generation": 3})),
        "app_key"
    );
    assert_eq!(
        path(json!({"url": "https://b", "generation": 3, "app_key": "k"})),
        "scenario"
    );
    assert_eq!(path(json!({"url": "https://b", "colour": 3})), "colour");
    assert_eq!(path(json!({"url": "https://b"})), "accepted");
    let secret = backend(json!({"url": "https://user:pass@bot.example.com/x"}));
    assert_eq!(secret.describe(), "https://bot.example.com/x");
}
