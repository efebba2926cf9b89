//! The server side, driven by the fixtures' requests.

use bytes::Bytes;
use http::{Request, StatusCode, header};
use serde_json::{Value, json};
use switchboard_core::Fault;
use switchboard_core::dialect::{Collect, Find, Frontend, Handled, Item, Operation, Wait};
use switchboard_core::model::{
    Action, ChoiceMade, Choices, Content, DatePicker, DialectName, EndReason, FormSubmission,
    Message, MessageId, Notice, Profile, Progress, Rating, RichText, UserInput,
};

use crate::support::{
    Driven, Fixture, call, cx, did, entry, event, finish, fixture, fixtures, frontend, get, handle,
    json, messages, outcome, post, refused, said, view,
};

fn demo() -> std::sync::Arc<dyn Frontend> {
    frontend(json!({"app_keys": ["APP_KEY"]}))
}

fn bot(text: &str) -> Message {
    message(Content::text(RichText::plain(text)))
}

fn message(content: Content) -> Message {
    Message::bot(cx().message_id(), None, cx().now, content)
}

fn text_request(user: Value) -> Value {
    json!({"notification": "message", "user_id": "u-1", "author": "u-1",
           "content": {"type": "text", "data": {"text": "hi"}, "user": user}})
}

fn third_generation(path: &str) -> http::request::Builder {
    Request::builder()
        .uri(path)
        .header("Authorization", "Bearer APP_KEY")
        .header("OPENDIALOG-USER-ID", "u-1")
        .header("OPENDIALOG-SCENARIO-ID", "demo")
}

/// What an engine's answer becomes on its way through a leg.
fn through_a_leg(fixture: &Fixture) -> Vec<Message> {
    let mut leg = Driven::new(json!({"url": "http://engine.test"}));
    let event = crate::support::user_event(UserInput::text("x"));
    let (call, _) = leg.tell(&event, &Profile::default());
    messages(leg.answer(call, fixture.response(), &cx()))
}

#[test]
fn an_opendialog_engines_answers_come_out_as_they_went_in() {
    for (client, frontend) in [
        ("webchat-1", demo()),
        (
            "current",
            frontend(json!({"app_keys": ["APP_KEY"], "client": "current"})),
        ),
    ] {
        for (name, fixture) in fixtures() {
            if !fixture.is_chat() || fixture.status != 200 {
                continue;
            }
            let messages = through_a_leg(&fixture);
            let call = call(&*frontend, fixture.request());
            let response = finish(*call, messages);
            assert_eq!(response.status(), 200);
            let expected = match &name[..2] {
                // The core's own spelling is not known to webchat 1.0.0.
                "30" if client == "webchat-1" => {
                    assert_eq!(json(&response)["type"], "longtext");
                    continue;
                }
                // Types that it does not know are left to adaptation, or become words.
                "49" | "50" | "51" if client == "webchat-1" => {
                    assert_ne!(json(&response)["type"], fixture.answer["type"]);
                    continue;
                }
                // An empty list would stop the webchat.
                "36" => json!([false]),
                _ => fixture.answer.clone(),
            };
            assert_eq!(json(&response), expected, "{name} for {client}");
        }
    }
}

#[test]
fn what_the_user_did_is_understood() {
    let check = |number: u8, expected: UserInput| {
        let call = call(&*demo(), fixture(number).request());
        assert_eq!(event(&call).input, expected, "{number}");
        assert_eq!(call.target.scope, "opendialog");
        let Find::Continue(key) = &call.target.find else {
            panic!("another way of finding");
        };
        assert_eq!(call.profile.user_id.as_ref(), Some(key));
    };
    let open = |welcome: Option<&str>| UserInput::Open {
        welcome: welcome.map(str::to_owned),
        query: None,
    };
    check(6, open(None));
    check(8, UserInput::text("I need help"));
    check(10, open(None));
    check(11, open(Some("intent.core.restart")));
    let choice = |id: &str, value: Option<&str>, label: &str| {
        UserInput::Choice(ChoiceMade {
            id: Some(id.to_owned()),
            value: value.map(str::to_owned),
            label: Some(label.to_owned()),
            ..ChoiceMade::default()
        })
    };
    check(
        12,
        choice("intent.app.ChoosePlan", Some("plan.gold"), "Gold"),
    );
    check(14, UserInput::LeaveHandover);
    check(
        28,
        choice("intent.app.Product", Some("product_name.v2\\.1"), "v2.1"),
    );
    check(31, UserInput::text("It began when"));
    check(
        15,
        UserInput::LinkClick {
            url: "https://example.com/terms".to_owned(),
            label: None,
        },
    );
    check(
        19,
        UserInput::Form(FormSubmission {
            id: "intent.app.SkipGender".to_owned(),
            summary: Some("Skip".to_owned()),
            cancelled: true,
            ..FormSubmission::default()
        }),
    );
    let call = call(&*demo(), fixture(17).request());
    let UserInput::Form(form) = &event(&call).input else {
        panic!("no form");
    };
    let names: Vec<&str> = form.values.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        names,
        [
            "first_name",
            "age",
            "email",
            "about",
            "title",
            "topics",
            "city"
        ]
    );
    assert!(!form.cancelled);
}

#[test]
fn an_event_keeps_the_widgets_id_and_waits_for_what_was_missed() {
    let call_of = |number| call(&*demo(), fixture(number).request());
    let with_id = call_of(8);
    assert_eq!(
        event(&with_id).id,
        "00000000-0000-4000-8000-000000000003"
            .parse::<MessageId>()
            .unwrap()
    );
    assert!(with_id.target.retry.is_none());
    let Operation::Input { wait, .. } = &with_id.operation else {
        panic!("no input");
    };
    assert_eq!(*wait, Wait::Turn(Collect::Undelivered));
    // Without an id the request itself is the id.
    assert!(call_of(10).target.retry.is_some());
    assert_eq!(call_of(10).target.retry, call_of(10).target.retry);
    let click = call_of(15);
    let Operation::Input { wait, .. } = &click.operation else {
        panic!("no input");
    };
    assert_eq!(*wait, Wait::Accepted);
    let response = finish(*click, Vec::new());
    assert_eq!(
        (response.status(), response.body().len()),
        (StatusCode::OK, 0)
    );
}

#[test]
fn the_user_is_known_from_the_first_message() {
    let call = call(&*demo(), fixture(6).request());
    let profile = &call.profile;
    assert_eq!(profile.scenario.as_deref(), Some("0x420"));
    assert_eq!(profile.locales.browser.as_deref(), Some("en-GB"));
    assert_eq!(profile.os.as_deref(), Some("Linux"));
    assert_eq!(profile.timezone.as_deref(), Some("Europe/London"));
    assert_eq!(profile.country, None);
}

#[test]
fn bad_input_gets_the_vendors_words() {
    for (name, fixture) in fixtures() {
        if fixture.is_chat() && fixture.status == 422 {
            let (fault, response) = refused(&*demo(), fixture.request());
            assert_eq!(fault.reason(), "bad_input");
            assert_eq!(response.status(), 422);
            assert_eq!(json(&response), fixture.answer, "{name}");
        }
    }
}

#[test]
fn answers_have_the_shape_that_the_webchat_wants() {
    let answer =
        |request: &Fixture, messages| json(&finish(*call(&*demo(), request.request()), messages));
    let text = fixture(8);
    let one = answer(&text, vec![bot("Hello")]);
    assert_eq!(
        one,
        json!({"author": "them", "type": "text", "intent": null, "data": {
            "text": "Hello", "disable_text": false, "internal": false, "hidetime": false,
            "hideavatar": false, "time": "09:15 AM", "date": "Tue 20 Jul"}})
    );
    let two = answer(&text, vec![bot("a"), bot("b")]);
    let flags = |place: usize| {
        (
            &two[place]["data"]["internal"],
            &two[place]["data"]["hidetime"],
        )
    };
    assert_eq!(flags(0), (&json!(true), &json!(true)));
    assert_eq!(flags(1), (&json!(false), &json!(false)));
    assert_eq!(answer(&text, Vec::new()), json!([false]));
    // The first message that a webchat gets must be one.
    assert_eq!(answer(&fixture(6), Vec::new())["data"]["text"], "Hello!");
    let progress = message(Content::Progress(Progress {
        percent: Some(40),
        label: None,
    }));
    let only_effect = answer(&text, vec![progress.clone()]);
    assert_eq!(only_effect[0]["type"], "meta");
    assert_eq!(only_effect[1], json!(false));
    let opened = answer(&fixture(6), vec![progress]);
    assert_eq!(opened[0]["type"], "meta");
    assert_eq!(opened[1]["data"]["text"], "Hello!");
    // Who leaves the operator may well be told nothing.
    assert_eq!(answer(&fixture(14), Vec::new()), json!([false]));
}

#[test]
fn messages_of_other_engines_can_be_rated() {
    let body = text_request(json!({}));
    let request = third_generation("/chat-api/message")
        .method("POST")
        .header("Content-Type", "application/json")
        .body(Bytes::from(body.to_string()))
        .unwrap();
    let mut hello = bot("Hello");
    let other = DialectName::new("kare");
    hello.extras.insert(&other, "id", json!("x"));
    let id = hello.id.to_string();
    let answer = json(&finish(*call(&*demo(), request), vec![hello]));
    assert_eq!(answer["message_template_id"], json!(id));
}

#[test]
fn the_page_is_known_from_the_first_message() {
    for (value, page) in [
        ("/pricing", Some("/pricing")),
        ("https://x.example/a", Some("https://x.example/a")),
        ("pricing", None),
    ] {
        let body = json!({"notification": "message", "user_id": "u-1", "author": "u-1",
            "content": {"type": "chat_open", "callback_id": "WELCOME",
                "data": {"value": value}, "user": {"first_name": "Ada"}}});
        let call = call(&*demo(), post("/incoming/webchat", &body));
        assert_eq!(call.profile.page_url.as_deref(), page);
    }
}

#[test]
fn what_takes_the_text_boxs_place_comes_last() {
    let date = message(Content::DatePicker(Box::new(DatePicker {
        callback: "d".to_owned(),
        ..DatePicker::default()
    })));
    let call = call(&*demo(), fixture(8).request());
    let answer = json(&finish(*call, vec![date, bot("When?")]));
    assert_eq!(answer[1]["type"], "date-picker");
    assert_eq!(answer[1]["data"]["internal"], false);
    assert!(answer[1]["data"]["min_date"].is_string() && answer[1]["data"]["max_date"].is_string());
}

#[test]
fn a_long_text_among_others_is_a_form() {
    let long = through_a_leg(&fixture(29)).remove(0);
    let call = call(&*demo(), fixture(8).request());
    let answer = json(&finish(*call, vec![bot("Well"), long]));
    assert_eq!(answer[1]["type"], "form");
    assert_eq!(answer[1]["data"]["callback_id"], "intent.app.Story");
    assert_eq!(answer[1]["data"]["elements"][0]["element_type"], "textarea");
}

#[test]
fn notices_are_shown_and_ends_are_not() {
    let notice = |text: &str| {
        Item::Notice(Notice {
            code: "x".to_owned(),
            text: RichText::plain(text),
            extras: Default::default(),
        })
    };
    let entries = vec![
        entry(1, notice("")),
        entry(2, notice("Please wait")),
        entry(
            3,
            Item::Ended {
                reason: EndReason::Ended,
            },
        ),
    ];
    let call = call(&*demo(), fixture(8).request());
    let outcome = outcome(view("u", Profile::default()), entries);
    let answer = json(&(call.finish)(Ok(outcome), &cx()));
    assert_eq!(answer["data"]["text"], "Please wait");
}

#[test]
fn faults_of_a_turn_become_statuses() {
    for (fault, status) in [
        (Fault::BackendUnavailable, 502),
        (Fault::TimedOut, 504),
        (Fault::RateLimited { retry_after: None }, 429),
        (Fault::Internal, 500),
    ] {
        let call = call(&*demo(), fixture(8).request());
        assert_eq!((call.finish)(Err(fault), &cx()).status(), status);
    }
}

#[test]
fn scenarios_are_checked_where_some_are_configured() {
    let frontend = frontend(json!({"scenarios": [{"id": "demo", "alias": "shop"}]}));
    let scenario = |name: &str| text_request(json!({"custom": {"selected_scenario": name}}));
    let accepted = call(&*frontend, post("/incoming/webchat", &scenario("shop")));
    assert_eq!(accepted.profile.scenario.as_deref(), Some("demo"));
    let none = call(
        &*frontend,
        post("/incoming/webchat", &text_request(json!({}))),
    );
    assert_eq!(none.profile.scenario, None);
    let (_, response) = refused(&*frontend, post("/incoming/webchat", &scenario("0x1")));
    assert_eq!(response.status(), 422);
    assert!(json(&response)["errors"]["content.user.custom.selected_scenario"].is_array());
}

#[test]
fn generations_differ_in_what_they_ask_of_a_caller() {
    let frontend = demo();
    let body = || Bytes::from(serde_json::to_vec(&text_request(json!({}))).unwrap());
    let with = |path: &str, headers: &[(&str, &str)]| {
        let mut request = Request::post(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        handle(&*frontend, request.body(body()).unwrap())
    };
    let status = |handled: Handled| match handled {
        Handled::Call(_) => 200,
        Handled::Refuse(_, response) => response.status().as_u16(),
        other => panic!("unexpected {other:?}"),
    };
    let key = ("Authorization", "Bearer APP_KEY");
    let user = ("OPENDIALOG-USER-ID", "u-1");
    let scenario = ("OPENDIALOG-SCENARIO-ID", "0x420");
    assert_eq!(status(with("/incoming/webchat", &[])), 200);
    assert_eq!(status(with("/incoming/chatApi", &[])), 401);
    assert_eq!(
        status(with("/incoming/chatApi", &[("Authorization", "Bearer no")])),
        401
    );
    assert_eq!(status(with("/incoming/chatApi", &[key])), 200);
    assert_eq!(status(with("/chat-api/message", &[user, scenario])), 401);
    assert_eq!(status(with("/chat-api/message", &[key])), 422);
    assert_eq!(
        status(with("/chat-api/message", &[key, user, scenario])),
        200
    );
    let other = ("OPENDIALOG-USER-ID", "u-2");
    assert_eq!(
        status(with("/chat-api/message", &[key, other, scenario])),
        422
    );
    let Handled::Refuse(_, response) = with("/chat-api/message", &[key]) else {
        panic!("accepted");
    };
    let errors = &json(&response)["errors"];
    assert!(errors["OPENDIALOG-USER-ID"].is_array() && errors["OPENDIALOG-SCENARIO-ID"].is_array());
    assert_eq!(
        json(&refused(&*frontend, get("/chat-api/history")).1),
        json!({"message": "Unauthenticated."})
    );
}

#[test]
fn all_generations_share_a_conversation() {
    let frontend = demo();
    let key = |number| call(&*frontend, fixture(number).request()).target;
    // Fixtures 10 and 44 are the same trigger of the same user.
    assert_eq!((key(10).find, key(10).scope), (key(44).find, key(44).scope));
}

#[test]
fn the_configuration_is_what_a_webchat_needs() {
    let frontend = frontend(json!({"app_keys": ["APP_KEY"], "webchat": {
        "team_name": "Help", "logo": "https://example.com/logo.svg", "end_chat_button": true,
        "general": {"custom": 1},
    }}));
    for number in [1, 2, 46] {
        let call = call(&*frontend, fixture(number).request());
        assert_eq!(call.operation, Operation::Touch);
        assert!(matches!(call.target.find, Find::Existing(_)));
        let response = (call.finish)(Err(Fault::UnknownConversation), &cx());
        assert_eq!(response.headers()[header::CONTENT_TYPE], "application/json");
        let config = json(&response);
        assert_eq!(config["userType"], "new");
        assert_eq!(config["openIntent"], "WELCOME");
        assert_eq!(config["showMinimized"], false);
        assert_eq!(config["general"]["teamName"], "Help");
        assert_eq!(config["general"]["custom"], 1);
        assert_eq!(config["colours"]["headerBackground"], "#1b2956");
        assert_eq!(config["webchatHistory"]["numberOfMessages"], 10);
    }
    let of_view = |change: fn(&mut switchboard_core::dialect::View)| {
        let call = call(&*frontend, fixture(2).request());
        let mut view = view("u", Profile::default());
        change(&mut view);
        json(&(call.finish)(Ok(outcome(view, Vec::new())), &cx()))
    };
    let ongoing = of_view(|_| {});
    assert_eq!(
        (&ongoing["userType"], &ongoing["openIntent"]),
        (&json!("ongoing"), &json!(""))
    );
    assert_eq!(of_view(|view| view.ended = true)["userType"], "returning");
    assert_eq!(of_view(|view| view.used = false)["userType"], "new");
}

#[test]
fn a_page_that_names_a_callback_gets_it_back() {
    let Handled::Reply(response) = handle(&*demo(), get("/webchat-config?callback_id=intent.deep"))
    else {
        panic!("no reply");
    };
    assert_eq!(json(&response)["openIntent"], "intent.deep");
}

#[test]
fn a_bad_configuration_request_is_told_in_plain_text() {
    let third = fixture(3);
    let (_, response) = refused(&*demo(), third.request());
    assert_eq!(response.status(), 400);
    assert_eq!(
        json!(std::str::from_utf8(response.body()).unwrap()),
        third.answer
    );
    let (_, response) = refused(&*demo(), get("/webchat-config?url=shop"));
    assert_eq!(response.status(), 400);
}

#[test]
fn history_is_newest_first_and_honours_limit_and_ignore() {
    let frontend = demo();
    let history = |path: &str| {
        let entries = [
            (6, "Hello, how can I help?"),
            (8, "With what?"),
            (12, "Gold it is."),
        ];
        let mut log = Vec::new();
        for (number, answer) in entries {
            let mut call = call(&*frontend, fixture(number).request());
            let Operation::Input { event, .. } = &mut call.operation else {
                panic!("no input");
            };
            log.push(did(log.len() as u64 + 1, (**event).clone()));
            log.push(said(log.len() as u64 + 1, bot(answer)));
        }
        log.push(did(
            7,
            event(&call(&*frontend, fixture(15).request())).clone(),
        ));
        let call = call(&*frontend, get(path));
        assert!(matches!(call.operation, Operation::Restore { limit } if limit >= 10));
        json(&(call.finish)(
            Ok(outcome(view("u", Profile::default()), log)),
            &cx(),
        ))
    };
    let rows = history("/user/u/history?limit=10&ignore=chat_open,trigger,cta,text_external");
    let rows = rows.as_array().unwrap();
    let kinds: Vec<&str> = rows
        .iter()
        .map(|row| row["type"].as_str().unwrap())
        .collect();
    assert_eq!(kinds, ["text", "button_response", "text", "text", "text"]);
    assert_eq!(rows[0]["message"], "Gold it is.");
    assert_eq!(
        (&rows[1]["author"], &rows[1]["data"]["text"]),
        (&json!("u"), &json!("Gold"))
    );
    for row in rows {
        assert!(row["data"]["date"].is_string() && row["data"]["time"].is_string());
        assert!(row["user"]["custom"].is_object() && row["id"].is_u64());
        assert!(row["message_id"].is_string() && row["microtime"].is_string());
    }
    let ids: Vec<u64> = rows.iter().map(|row| row["id"].as_u64().unwrap()).collect();
    assert!(ids.is_sorted_by(|newer, older| newer > older));
    assert_eq!(
        history("/user/u/history?limit=2").as_array().unwrap().len(),
        2
    );
    assert_eq!(history("/user/u/history").as_array().unwrap().len(), 6);
}

#[test]
fn an_unknown_user_has_no_history_and_no_transcript() {
    let history = call(&*demo(), fixture(4).request());
    let response = (history.finish)(Err(Fault::UnknownConversation), &cx());
    assert_eq!(json(&response), json!([]));
    let third = call(&*demo(), fixture(47).request());
    assert_eq!(third.target.find, Find::Existing("u-1".to_owned()));
    let transcript = call(&*demo(), get("/user/u/history/file"));
    let response = (transcript.finish)(Err(Fault::UnknownConversation), &cx());
    assert_eq!(response.status(), 404);
}

#[test]
fn a_transcript_is_a_text_file() {
    let frontend = demo();
    let event_of = |number| event(&call(&*frontend, fixture(number).request())).clone();
    let choices = message(Content::Choices(Choices {
        text: RichText::html("Which <b>plan</b>?"),
        ..Choices::default()
    }))
    .with_actions(vec![Action::choice("a", "Gold")]);
    let log = vec![
        did(1, event_of(6)),
        said(2, choices),
        did(3, event_of(12)),
        did(4, event_of(17)),
    ];
    let call = call(&*frontend, get("/user/u/history/file"));
    let response = (call.finish)(Ok(outcome(view("u", Profile::default()), log)), &cx());
    let text = std::str::from_utf8(response.body()).unwrap();
    assert_eq!(
        text,
        "2021-07-20 09:15 - Bot: Which plan?\n\
         2021-07-20 09:15 - You: Gold\n\
         2021-07-20 09:15 - You: Form submitted\n"
    );
    assert_eq!(
        response.headers()[header::CONTENT_DISPOSITION],
        "attachment; filename=\"Chat Transcript 2021-07-20 09:15:02.txt\""
    );
}

#[test]
fn ratings_reach_the_conversation() {
    let rating = call(&*demo(), fixture(48).request());
    let UserInput::Feedback(feedback) = &event(&rating).input else {
        panic!("no feedback");
    };
    assert_eq!(
        (feedback.rating, feedback.message),
        (Some(Rating::Positive), None)
    );
    assert_eq!(finish(*rating, Vec::new()).status(), 200);
    // Our own messages are rated by their id.
    let hello = bot("Hello");
    let id = hello.id;
    let asked = call(&*demo(), fixture(44).request());
    let answer = json(&finish(*asked, vec![hello]));
    let body =
        json!({"message_template_id": answer["message_template_id"], "feedback": "negative"});
    let request = third_generation("/chat-api/feedback")
        .method("POST")
        .body(Bytes::from(serde_json::to_vec(&body).unwrap()))
        .unwrap();
    let rating = call(&*demo(), request);
    let UserInput::Feedback(feedback) = &event(&rating).input else {
        panic!("no feedback");
    };
    assert_eq!(
        (feedback.rating, feedback.message),
        (Some(Rating::Negative), Some(id))
    );
    let empty = third_generation("/chat-api/feedback").method("POST");
    let (_, response) = refused(&*demo(), empty.body(Bytes::from_static(b"{}")).unwrap());
    assert_eq!(json(&response)["errors"].as_object().unwrap().len(), 2);
}

#[test]
fn other_paths_are_refused_clearly() {
    let frontend = demo();
    let status = |request| refused(&*frontend, request).1.status().as_u16();
    assert_eq!(status(fixture(60).request()), 401);
    assert_eq!(
        json(&refused(&*frontend, fixture(60).request()).1),
        fixture(60).answer
    );
    // There are no API tokens yet.
    assert_eq!(status(fixture(57).request()), 401);
    assert_eq!(status(fixture(52).request()), 401);
    assert_eq!(status(get("/web-chat-iframe")), 404);
    assert_eq!(status(get("/vendor/webchat/js/app.js")), 404);
    assert_eq!(status(get("/incoming/webchat")), 405);
    let delete = Request::delete("/user/u/history");
    assert_eq!(status(delete.body(Bytes::new()).unwrap()), 405);
    assert_eq!(status(get("/elsewhere")), 404);
}

#[test]
fn closed_frontends_ask_for_the_key_everywhere() {
    let frontend = frontend(json!({"app_keys": ["APP_KEY"], "require_app_key": true}));
    for path in ["/webchat-config", "/user/u/history", "/user/u/history/file"] {
        assert_eq!(refused(&*frontend, get(path)).1.status(), 401, "{path}");
    }
}

#[test]
fn operators_are_told_how_to_try_it_without_secrets() {
    let frontend = demo();
    let examples = frontend.examples("http://127.0.0.1:8080/opendialog");
    assert!(
        examples[0].starts_with("curl ") && examples[0].contains("/opendialog/incoming/webchat")
    );
    let body = examples[0]
        .split("-d '")
        .nth(1)
        .unwrap()
        .trim_end_matches('\'');
    let body: Value = serde_json::from_str(body).unwrap();
    call(&*frontend, post("/incoming/webchat", &body));
    let told = format!("{examples:?} {:?}", frontend.describe());
    assert!(
        !told.contains("Bearer APP_KEY'\" ") && !frontend.describe().join(" ").contains("APP_KEY")
    );
}
