//! The server side: what requests become, and how outcomes are encoded.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on fails"
)]

mod common;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use common::*;
use http::{Method, Request, StatusCode};
use serde_json::{Map, Value, json};
use switchboard_core::Fault;
use switchboard_core::dialect::{
    After, Collect, Find, Frontend, Handled, HandoverState, Item, Operation, Outcome, Wait,
};
use switchboard_core::model::{
    Action, Author, BotEvent, Card, ChoiceMade, Choices, Content, EndReason, Feedback,
    FeedbackRequest, Field, FieldKind, Form, Handover, HandoverPhase, Media, Message, MessageId,
    Notice, QueryAnswer, Rating, RichText, Timestamp, Typing, UserEvent, UserInput,
};
use uuid::Uuid;

fn handle(frontend: &Arc<dyn Frontend>, (request, path): (Request<Bytes>, String)) -> Handled {
    frontend.handle(request, &path, &cx(&Ids::default()))
}

fn of_fixture(name: &str) -> Handled {
    handle(&frontend(), request(&fixture(name)))
}

fn id(n: u128) -> MessageId {
    MessageId(Uuid::from_u128(n))
}

fn bot(n: u128, content: Content) -> Message {
    Message::bot(id(n), Some(id(99)), Timestamp(NOW), content)
}

fn text(n: u128, words: &str) -> Message {
    bot(n, Content::text(RichText::plain(words)))
}

/// The values that a talk request gets when the engine publishes these messages.
fn talk(messages: Vec<Message>) -> Map<String, Value> {
    let turn = Some(id(99));
    let entries = (1..)
        .zip(messages)
        .map(|(seq, message)| published(seq, turn, message))
        .collect();
    let call = call(of_fixture("09-talk-plain"));
    let response = (call.finish)(Ok(outcome(entries)), &cx(&Ids::default()));
    assert_eq!(response.status(), StatusCode::OK);
    match decoded(json_of(&response))["values"].take() {
        Value::Object(values) => values,
        other => panic!("{other}"),
    }
}

fn input(handled: Handled) -> (UserEvent, Wait) {
    match call(handled).operation {
        Operation::Input { event, wait, .. } => (*event, wait),
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_request_of_the_fixtures_is_served() {
    for (name, fixture) in fixtures() {
        if fixture["request"].get("url").is_none() {
            continue;
        }
        match handle(&frontend(), request(&fixture)) {
            Handled::Refuse(fault, _) => panic!("{name}: {fault}"),
            Handled::Call(call) => assert_eq!(call.target.scope, BOT, "{name}"),
            Handled::Reply(response) => assert_eq!(response.status(), StatusCode::OK, "{name}"),
            other => panic!("{name}: {other:?}"),
        }
    }
}

#[test]
fn every_form_of_a_path_and_a_request_leads_to_the_same() {
    let frontend = frontend();
    let body = "language=en&space=Defaut&userInput=hi";
    let expected = call(handle(
        &frontend,
        post(&format!("/servlet/api/chat/talk/{BOT}/{CONTEXT}"), body),
    ));
    for path in [
        format!("/api/chat/talk/{BOT}/{CONTEXT}"),
        format!("/chat/talk/{}?contextUUID={CONTEXT}", BOT.to_uppercase()),
        format!("/servlet/api/chat/talk?botUUID={BOT}&contextId={CONTEXT}"),
    ] {
        let call = call(handle(&frontend, post(&path, body)));
        assert_eq!(call.target.find, expected.target.find, "{path}");
        assert_eq!(call.profile, expected.profile, "{path}");
        // A repeated request is recognised on another path to the same, another one is another.
        let is_repeated = path.starts_with("/api");
        assert_eq!(
            call.target.retry == expected.target.retry,
            is_repeated,
            "{path}"
        );
    }
    let get = Request::get(format!("/api/chat/talk/{BOT}/{CONTEXT}?{body}"))
        .body(Bytes::new())
        .unwrap();
    let path = get.uri().path().to_owned();
    let call = call(handle(&frontend, (get, path)));
    assert_eq!(call.profile, expected.profile);
    let again = common::call(handle(
        &frontend,
        post(&format!("/servlet/api/chat/talk/{BOT}/{CONTEXT}"), body),
    ));
    assert_eq!(again.target, expected.target);
}

#[test]
fn a_welcome_opens_a_conversation() {
    let call = call(of_fixture("07-talk-welcome-new-context"));
    assert_eq!(call.target.find, Find::Renew(None));
    assert_eq!(call.profile.user_id.as_deref(), Some("4be0c1d2a97f336"));
    assert_eq!(call.profile.locales.selected.as_deref(), Some("en"));
    // It leads back to the default space.
    assert_eq!(call.profile.space.as_deref(), Some(""));
    assert_eq!(call.profile.app.as_deref(), Some(BOT));
    assert_eq!(call.profile.returning, Some(false));
    let Operation::Input { event, wait, .. } = call.operation else {
        panic!("no input");
    };
    assert!(matches!(event.input, UserInput::Open { .. }));
    assert!(event.unrecorded);
    assert_eq!(wait, Wait::TurnOrLate(Collect::Undelivered));
}

#[test]
fn requests_become_what_they_mean() {
    let (event, _) = input(of_fixture("09-talk-plain"));
    assert_eq!(
        event.input,
        UserInput::text("what time do you open & close?")
    );
    let (event, _) = input(of_fixture("11-talk-reword-clicked"));
    assert!(matches!(
        event.input,
        UserInput::Choice(ChoiceMade { label: Some(label), id: None, .. }) if label == "Opening hours"
    ));
    for (name, expected) in [
        (
            "20-feedback",
            Feedback {
                rating: Some(Rating::Negative),
                ..Feedback::default()
            },
        ),
        (
            "21-feedback-insatisfaction",
            Feedback {
                reason: Some(1),
                ..Feedback::default()
            },
        ),
        (
            "22-feedback-comment",
            Feedback {
                comment: Some("too short".into()),
                ..Feedback::default()
            },
        ),
    ] {
        let (event, wait) = input(of_fixture(name));
        assert_eq!(event.input, UserInput::Feedback(expected), "{name}");
        assert_eq!(wait, Wait::Accepted);
    }
    let (event, _) = input(of_fixture("26-survey-answer"));
    let UserInput::Survey(survey) = event.input else {
        panic!("no survey");
    };
    assert_eq!(survey.id, "77");
    assert_eq!(
        survey.values,
        [
            ("1".into(), "Paris & Lyon=é".into()),
            ("3".into(), "Good".into())
        ]
    );
    let (event, _) = input(of_fixture("27-typing"));
    assert_eq!(
        event.input,
        UserInput::Typing {
            active: true,
            text: Some("I would like".into())
        }
    );
    assert_eq!(input(of_fixture("28-reading")).0.input, UserInput::Read);
    let variable = call(of_fixture("29-variable"));
    assert_eq!(variable.profile.variables["customerType"], "gold");
    let (event, _) = input(of_fixture("19-fileupload"));
    assert!(matches!(
        event.input,
        UserInput::File(file) if file.name == "note.txt" && file.size_bytes == Some(5)
    ));
    let top = call(of_fixture("06-topknowledge"));
    assert_eq!(top.target.find, Find::Detached);
    let (event, _) = input(of_fixture("37-chathttp-survey"));
    assert!(
        matches!(event.input, UserInput::Survey(survey) if survey.values == [("1".into(), "Paris".into())])
    );
    let poll = call(of_fixture("35-poll-operator-message"));
    let expected = Operation::Poll {
        after: After::Time(Timestamp(NOW)),
        limit: 1,
    };
    assert_eq!(poll.operation, expected);
    let history = call(of_fixture("08-history"));
    assert!(matches!(history.operation, Operation::Restore { .. }));
    assert_eq!(call(of_fixture("30-context")).operation, Operation::Touch);
}

/// What an engine of the same dialect says comes out as the same JSON.
#[test]
fn an_engines_answer_passes_unchanged() {
    for (name, fixture) in fixtures() {
        let body = &fixture["response"]["body"];
        if body["type"] != "talkResponse" || body["values"].get("fromDetail").is_some() {
            continue;
        }
        let ids = Ids::default();
        let mut values = body["values"].as_object().unwrap().clone();
        values.insert("unheardOf".into(), json!({"deep": ["eA=="]}));
        let heard = hear(
            &json!({"type": "talkResponse", "values": values}),
            Some(id(99)),
            HandoverState::None,
            &cx(&ids),
        );
        let messages = heard.events.into_iter().map(|event| match event {
            BotEvent::Message(message) => message,
            other => panic!("{other:?}"),
        });
        let entries = (1..)
            .zip(messages)
            .map(|(seq, message)| published(seq, Some(id(99)), message))
            .collect();
        let call = call(of_fixture("09-talk-plain"));
        let response = (call.finish)(Ok(outcome(entries)), &cx(&ids));
        let answer = json_of(&response);
        assert_eq!(answer["type"], "talkResponse", "{name}");
        assert_eq!(answer["values"], Value::Object(values), "{name}");
    }
}

#[test]
fn a_turn_becomes_one_answer() {
    let values = talk(vec![
        text(1, "One"),
        bot(
            2,
            Content::Image(Media::new("https://x.example/a.png", Some("A".into()))),
        ),
        bot(
            3,
            Content::FeedbackRequest(FeedbackRequest {
                text: RichText::plain("Did it help?"),
                reasons: vec!["wrong".into()],
            }),
        ),
    ]);
    let parts: Vec<&str> = values["text"].as_str().unwrap().split("<hr>").collect();
    assert_eq!(parts[0], "One");
    assert!(parts[1].contains("<img src=\"https://x.example/a.png\""));
    assert_eq!(parts[2], "Did it help?");
    assert_eq!(values["askFeedback"], true);
    assert_eq!(values["feedbackWording"]["choice0"], "wrong");
    assert_eq!(values["contextId"], CONTEXT);
    assert_eq!(values["botId"], BOT);
    assert_eq!(values["language"], "en");
    assert_eq!(values["human"], false);
    assert_eq!(values["typeResponse"], "DMUnderstoodQuestion");
    assert!(values["serverTime"].as_i64().unwrap() >= NOW);
    assert_ne!(values["knowledgeId"], 0);
    for name in [
        "actionId",
        "enableAutoSuggestion",
        "hasProfilePicture",
        "keepPopinMinimized",
        "startLivechat",
    ] {
        assert!(values.contains_key(name), "{name}");
    }
    let empty = talk(Vec::new());
    assert_eq!(empty["text"], "");
}

#[test]
fn markup_of_the_user_stays_text() {
    let values = talk(vec![text(
        1,
        "You said <img src=x onerror=alert(1)> & it's \"fine\"",
    )]);
    let shown = values["text"].as_str().unwrap();
    // The widget decodes entities once before the browser reads the text.
    assert!(
        !switchboard_core::text::unescape_entities(shown).contains('<'),
        "{shown}"
    );
    assert!(shown.contains("it's \"fine\""), "{shown}");
}

#[test]
fn options_are_anchors_or_quick_replies() {
    let choices = |n| {
        bot(
            n,
            Content::Choices(Choices {
                text: RichText::plain("Pick"),
                ..Choices::default()
            }),
        )
        .with_actions(vec![
            Action {
                value: Some("1".into()),
                ..Action::choice("track", "Track \"it's\" & <go>")
            },
            Action::link("Shop", "https://shop.example/?a=1&b=2"),
        ])
    };
    let last = talk(vec![text(1, "Hi"), choices(2)]);
    assert_eq!(last["templateName"], "dydu_quick_reply_001");
    assert_eq!(last["text"], "Hi<hr>Pick");
    let data: Value = serde_json::from_str(last["templateData"].as_str().unwrap()).unwrap();
    let button = data["button1"].as_str().unwrap();
    assert!(button.contains("onclick=\"reword('Track \\x22it\\x27s\\x22 \\x26 \\x3cgo\\x3e',{type:'reword_auto',choice:'track~1',message:'00000000-0000-0000-0000-000000000002'});return false;\""), "{button}");
    assert!(
        data["button2"]
            .as_str()
            .unwrap()
            .contains("target=\"_blank\"")
    );

    let middle = talk(vec![choices(1), text(2, "Bye")]);
    assert!(!middle.contains_key("templateName"));
    assert!(
        middle["text"]
            .as_str()
            .unwrap()
            .starts_with("Pick<br><a href=\"#\" class=\"reword\"")
    );
}

#[test]
fn cards_become_templates() {
    let card = Card {
        title: Some("Lamp".into()),
        subtitle: Some(RichText::plain("warm")),
        figure: Some("25 EUR".into()),
        image: Some(Media::new("https://x.example/l.png", None)),
        actions: (0..4)
            .map(|n| Action::choice(format!("a{n}"), format!("A{n}")))
            .collect(),
        ..Card::default()
    };
    let one = talk(vec![
        text(1, "Here"),
        bot(2, Content::Card(Box::new(card.clone()))),
    ]);
    assert_eq!(one["templateName"], "dydu_product_001");
    let data: Value = serde_json::from_str(one["templateData"].as_str().unwrap()).unwrap();
    assert_eq!(data["title"], "Lamp");
    // The fourth button shares the third place.
    assert_eq!(data["buttonC"].as_str().unwrap().matches("<a ").count(), 2);

    let carousel = Content::Carousel {
        title: None,
        cards: vec![card.clone(), card.clone()],
    };
    let both = talk(vec![
        bot(1, Content::Card(Box::new(card))),
        bot(2, carousel),
    ]);
    assert_eq!(both["templateName"], "dydu_carousel_array");
    assert!(both["text"].as_str().unwrap().contains("<b>Lamp</b>"));
}

fn step(phase: HandoverPhase, words: &str) -> Content {
    Content::Handover(Handover {
        phase,
        text: RichText::plain(words),
        ..Handover::default()
    })
}

#[test]
fn a_handover_starts_queue_or_livechat() {
    let queue = HandoverPhase::Waiting {
        position: Some(3),
        wait_seconds: Some(130),
    };
    for (phase, kind, action) in [
        (queue, "DMLiveChatConnectionInQueue", "StartWaitingQueue"),
        (
            HandoverPhase::Waiting {
                position: None,
                wait_seconds: None,
            },
            "DMLiveChatConnectionSucceed",
            "StartPolling",
        ),
        (
            HandoverPhase::Joined,
            "DMLiveChatConnectionSucceed",
            "StartPolling",
        ),
        (
            HandoverPhase::Ended,
            "OPLiveChatEndByOperator",
            "EndPolling",
        ),
    ] {
        let values = talk(vec![bot(1, step(phase, "OK"))]);
        assert_eq!(values["typeResponse"], kind);
        assert_eq!(values["specialAction"], action);
        // A short text would be taken for base64.
        assert_eq!(values["text"], "<p>OK</p>");
    }
    let values = talk(vec![bot(1, step(queue, ""))]);
    assert_eq!(
        (
            &values["queuePosition"],
            &values["estimatedWaitingDuration"]
        ),
        (&json!(3), &json!(130))
    );
    let mut words = text(1, "Hello");
    words.author = Author::Operator {
        id: Some("op-17".into()),
        name: Some("Ana".into()),
    };
    let values = talk(vec![words]);
    assert_eq!(values["human"], true);
    assert_eq!(values["typeResponse"], "OPRegularOperatorAnswer");
    assert_eq!(values["operatorExternalId"], "op-17");
}

#[test]
fn failures_are_told_honestly_and_never_as_401() {
    for (fault, status) in [
        (Fault::BackendUnavailable, 503),
        (Fault::TooLarge { limit: 1 }, 413),
        (
            Fault::Unauthorised(switchboard_core::fault::AuthProblem::Missing),
            403,
        ),
    ] {
        let call = call(of_fixture("09-talk-plain"));
        let response = (call.finish)(Err(fault), &cx(&Ids::default()));
        assert_eq!(response.status().as_u16(), status);
        assert_eq!(json_of(&response)["type"], "errorResponse");
    }
    let frontend = frontend();
    let refused = |path: &str| {
        let response = reply(handle(&frontend, post(path, "userInput=x")));
        assert_eq!(json_of(&response)["type"], "errorResponse");
        response.status().as_u16()
    };
    assert_eq!(
        refused("/api/chat/talk/00000000-0000-4000-8000-000000000000"),
        404
    );
    assert_eq!(refused("/api/chat/nothing"), 404);
    assert_eq!(refused(&format!("/api/chat/feedback/{BOT}")), 400);
    let put = Request::builder()
        .method(Method::PUT)
        .uri("/api/serverstatus")
        .body(Bytes::new());
    let response = reply(handle(
        &frontend,
        (put.unwrap(), "/api/serverstatus".into()),
    ));
    assert_eq!(response.status(), 405);
    let long = "x".repeat(70_000);
    let response = reply(handle(
        &frontend,
        post(&format!("/api/chat/talk/{BOT}"), &long),
    ));
    assert_eq!(response.status(), 413);
}

/// A failure would make the widget say it again, at other servers too.
#[test]
fn a_late_answer_is_an_empty_one() {
    // Not even the first answer goes without a context to come to later.
    let path = format!("/api/chat/talk/{BOT}");
    let talk = call(handle(&frontend(), post(&path, "userInput=hi")));
    let mut late = outcome(Vec::new());
    late.answer.late = true;
    let response = (talk.finish)(Ok(late), &cx(&Ids::default()));
    assert_eq!(response.status(), StatusCode::OK);
    let answer = decoded(json_of(&response));
    assert_eq!(answer["type"], "talkResponse");
    assert_eq!(answer["values"]["contextId"], CONTEXT);
    assert_eq!(answer["values"]["text"], "");
    let other = call(of_fixture("20-feedback"));
    let response = (other.finish)(Err(Fault::TimedOut), &cx(&Ids::default()));
    assert_eq!(response.status(), StatusCode::GATEWAY_TIMEOUT);
}

#[test]
fn a_context_alone_is_enough_among_several_bots() {
    let second = "11111111-2222-4333-8444-555555555555";
    let frontend = frontend_with(json!({"bots": [{"bot_id": BOT}, {"bot_id": second}]}));
    let boundary = "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.txt\"\r\n\
                    \r\nhi\r\n--x--\r\n";
    let (mut upload, path) = post(&format!("/servlet/fileupload?ctx={CONTEXT}"), boundary);
    let media = "multipart/form-data; boundary=x".parse().unwrap();
    upload.headers_mut().insert("content-type", media);
    let history = format!("/history?context={CONTEXT}");
    let frame = json!({"type": "history", "parameters": {
        "contextId": switchboard_dydu::wire::b64::encode(CONTEXT)
    }});
    for request in [
        (upload, path),
        post(&history, ""),
        post("/servlet/chatHttp", &format!("data={frame}")),
    ] {
        let path = request.1.clone();
        let call = call(handle(&frontend, request));
        assert_eq!(call.target.find, Find::Existing(CONTEXT.into()), "{path}");
        assert_eq!(call.target.scope, "", "{path}");
        assert_eq!(call.profile.app, None, "{path}");
    }
    let named = post(&format!("{history}&botUUID={second}"), "");
    assert_eq!(call(handle(&frontend, named)).target.scope, second);
}

#[test]
fn only_who_waits_repeats_a_request() {
    let retry = |name| call(of_fixture(name)).target.retry;
    assert!(retry("09-talk-plain").is_some());
    assert!(retry("20-feedback").is_none());
    let path = format!("/api/chat/talk/{BOT}/{CONTEXT}");
    let mode = switchboard_dydu::wire::b64::encode("polling");
    let words = post(&path, &format!("userInput=ok&mode={mode}"));
    assert_eq!(call(handle(&frontend(), words)).target.retry, None);
}

/// The messages that an engine's answer becomes.
fn heard(values: Value) -> Vec<Message> {
    let (ids, state) = (Ids::default(), HandoverState::None);
    let answer = json!({"type": "talkResponse", "values": values});
    let heard = hear(&answer, Some(id(99)), state, &cx(&ids));
    let messages = heard.events.into_iter().filter_map(|event| match event {
        BotEvent::Message(message) => Some(message),
        _ => None,
    });
    messages.collect()
}

#[test]
fn what_breaks_the_widget_does_not_pass() {
    let messages = heard(json!({
        "text": "not base64!", "language": "ZW4", "sidebar": true, "askFeedback": true,
        "feedbackWording": null, "new": ["gICA", {"deep": "w6nDqD8_"}],
        "nextStepResponse": {"text": "eA==", "sidebar": true},
    }));
    let entries = (1..)
        .zip(messages)
        .map(|(seq, message)| published(seq, Some(id(99)), message))
        .collect();
    let talk = call(of_fixture("09-talk-plain"));
    let answer = json_of(&(talk.finish)(Ok(outcome(entries)), &cx(&Ids::default())));
    let mut values = answer["values"].as_object().unwrap().clone();
    for ours in ["contextId", "botId", "serverTime"] {
        values.remove(ours);
    }
    let expected = json!({
        "text": "bm90IGJhc2U2NCE=", "language": "ZW4=", "askFeedback": true,
        "new": ["Z0lDQQ==", {"deep": "w6nDqD8/"}], "nextStepResponse": {"text": "eA=="},
    });
    assert_eq!(Value::Object(values), expected);
}

#[test]
fn an_engines_steps_are_polled_as_what_they_are() {
    let b64 = switchboard_dydu::wire::b64::encode;
    for (action, kind, code) in [
        ("StartPolling", "", "OperatorConnected"),
        ("", "DMLiveChatConnectionSucceed", "OperatorConnected"),
        ("StartWaitingQueue", "", "OperatorBusy"),
    ] {
        let message = heard(json!({
            "text": b64("OK"), "specialAction": b64(action), "typeResponse": b64(kind),
        }))
        .swap_remove(0);
        let poll = call(of_fixture("35-poll-operator-message"));
        let outcome = outcome(vec![published(7, None, message)]);
        let answer = decoded(json_of(&(poll.finish)(Ok(outcome), &cx(&Ids::default()))));
        assert_eq!(answer["values"]["code"], code, "{action} {kind}");
        assert_eq!(answer["values"]["text"], "<p>OK</p>");
    }
}

#[test]
fn gone_contexts_are_no_failures() {
    for (name, check) in [
        (
            "04-availablecontext",
            json!({"isContextStillAvailable": false}),
        ),
        ("33-status", json!({"waitingQueueStatusResponse": false})),
        ("20-feedback", json!({})),
        ("27-typing", json!({})),
    ] {
        let call = call(of_fixture(name));
        let response = (call.finish)(Err(Fault::UnknownConversation), &cx(&Ids::default()));
        assert_eq!(response.status(), StatusCode::OK, "{name}");
        assert_eq!(json_of(&response)["values"], check, "{name}");
    }
    // The widget would never open without an answer.
    let call = call(of_fixture("06-topknowledge"));
    let response = (call.finish)(Err(Fault::TimedOut), &cx(&Ids::default()));
    assert_eq!(
        decoded(json_of(&response))["values"]["knowledgeArticles"],
        "[]"
    );
}

#[test]
fn states_are_told() {
    let with = |name: &str, change: fn(&mut Outcome)| {
        let mut outcome = outcome(Vec::new());
        change(&mut outcome);
        let call = call(of_fixture(name));
        decoded(json_of(&(call.finish)(Ok(outcome), &cx(&Ids::default()))))["values"].take()
    };
    assert_eq!(
        with("04-availablecontext", |_| {})["isContextStillAvailable"],
        true
    );
    assert_eq!(
        with("04-availablecontext", |o| o.view.ended = true)["isContextStillAvailable"],
        false
    );
    let waits = with("33-status", |o| o.view.handover = HandoverState::Waiting);
    assert_eq!(waits["waitingQueueStatusResponse"], true);
    assert_eq!(with("30-context", |_| {})["contextId"], CONTEXT);
    let questions = with("06-topknowledge", |o| {
        let questions = ["a", "b", "c", "d"].map(String::from).to_vec();
        o.answer.queried = Some(QueryAnswer::Questions(questions));
    });
    assert_eq!(
        questions["knowledgeArticles"],
        "[{\"reword\":\"a\"},{\"reword\":\"b\"},{\"reword\":\"c\"}]"
    );
}

#[test]
fn the_site_gets_its_answers() {
    let body = |name: &str| json_of(&reply(of_fixture(name)));
    assert_eq!(
        body("05-bot-languages"),
        json!([{"id": "en", "isAvailable": true}, {"id": "fr", "isAvailable": true}])
    );
    assert_eq!(body("01-serverstatus"), json!({"status": "OK"}));
    let mut request = request(&fixture("38-whoami"));
    request
        .0
        .headers_mut()
        .insert("host", "chat.example.org".parse().unwrap());
    assert_eq!(
        json_of(&reply(handle(&frontend(), request))),
        json!({"headers": [{"host": "chat.example.org"}]})
    );
    let configured = frontend_with(json!({"bots": [{"bot_id": BOT}], "top_knowledge": ["Why?"]}));
    let top = reply(handle(
        &configured,
        common::request(&fixture("06-topknowledge")),
    ));
    assert_eq!(
        decoded(json_of(&top))["values"]["knowledgeArticles"],
        "[{\"reword\":\"Why?\"}]"
    );
    assert_eq!(configured.idle_timeout(), Duration::from_secs(600));
}

#[test]
fn reserved_inputs_do_what_they_should() {
    let frontend = frontend();
    let path = format!("/api/chat/talk/{BOT}/{CONTEXT}");
    let talk = |body: &str| handle(&frontend, post(&path, body));
    let reset = call(talk("userInput=%23reset%23&doNotRegisterInteraction=true"));
    assert_eq!(
        reset.operation,
        Operation::End {
            reason: EndReason::Ended
        }
    );
    let answer = (reset.finish)(Err(Fault::UnknownConversation), &cx(&Ids::default()));
    assert_eq!(json_of(&answer)["values"], json!({"text": ""}));
    let bare = handle(
        &frontend,
        post(&format!("/api/chat/talk/{BOT}"), "userInput=%23reset%23"),
    );
    assert_eq!(json_of(&reply(bare))["type"], "talkResponse");
    assert_eq!(
        input(talk("userInput=%23livechatend%23")).0.input,
        UserInput::LeaveHandover
    );
    let (event, wait) = input(talk(
        "userInput=_pushcondition_%3A42&extraParameters=%7B%22hide%22%3Atrue%7D",
    ));
    assert!(event.hidden);
    assert_eq!(wait, Wait::TurnOrLate(Collect::Undelivered));
    // The answer of a talk request is not shown while a livechat is polled.
    let (_, wait) = input(talk("userInput=hi&mode=cG9sbGluZw%3D%3D"));
    assert_eq!(wait, Wait::Accepted);
}

#[test]
fn a_poll_brings_one_item() {
    let poll = |item: Item| {
        let call = call(of_fixture("35-poll-operator-message"));
        let outcome = outcome(vec![entry(7, None, item)]);
        let answer = decoded(json_of(&(call.finish)(Ok(outcome), &cx(&Ids::default()))));
        assert_eq!(answer["values"]["pollUpdatedInteractionDate"], NOW + 1);
        answer["values"].clone()
    };
    let message = |message: Message| {
        Item::Message(Box::new(switchboard_core::dialect::Published::as_is(
            message,
        )))
    };
    let mut words = text(1, "OK");
    words.author = Author::Operator {
        id: None,
        name: None,
    };
    let said = poll(message(words));
    assert_eq!(
        (&said["text"], &said["fromDetail"], &said["human"]),
        (&json!("<p>OK</p>"), &json!("OPERATOR"), &json!(true))
    );
    let ended = poll(message(bot(1, step(HandoverPhase::Ended, "Bye"))));
    assert_eq!(ended["specialAction"], "EndPolling");
    assert_eq!(ended["code"], "OperatorDisconnected");
    assert!(ended.get("fromDetail").is_none());
    let joined = poll(message(bot(1, step(HandoverPhase::Joined, "Ana is here"))));
    assert_eq!(joined["code"], "OperatorConnected");
    let typing = |active| {
        poll(Item::Typing(Typing {
            author: Author::Bot,
            active,
        }))
    };
    assert_eq!(typing(true)["code"], "OperatorWritingStatus");
    assert_eq!(typing(false)["text"], "");
    let notice = Notice {
        code: "OperatorBusy".into(),
        text: RichText::plain("Bye"),
        extras: Default::default(),
    };
    let busy = poll(Item::Notice(notice));
    assert_eq!(busy["code"], "OperatorBusy");
    assert_eq!(busy["text"], "<p>Bye</p>");
    let upload = Content::Upload(Box::new(switchboard_core::model::UploadRequest {
        text: RichText::plain("OK"),
        ..Default::default()
    }));
    assert_eq!(poll(message(bot(1, upload)))["text"], "<p>OK</p>");
    let nothing = poll(message(bot(1, Content::Attributes { values: Map::new() })));
    assert!(nothing.get("text").is_none());
    let ended = poll(Item::Ended {
        reason: EndReason::Idle,
    });
    assert_eq!(ended["typeResponse"], "NAAutoCloseDialog");
}

#[test]
fn history_pairs_questions_and_answers() {
    let event = |n: u128, input: UserInput| UserEvent::new(id(n), Timestamp(NOW), input);
    let mut welcome = said(
        1,
        event(
            1,
            UserInput::Open {
                welcome: None,
                query: None,
            },
        ),
    );
    welcome.unrecorded = true;
    let mut greeting = published(2, Some(id(1)), text(11, "Hello"));
    greeting.unrecorded = true;
    let mut hidden = event(3, UserInput::text("file was sent"));
    hidden.hidden = true;
    let mut operator = text(14, "Ana here");
    operator.author = Author::Operator {
        id: Some("op".into()),
        name: Some("Ana".into()),
    };
    let ask = bot(13, Content::FeedbackRequest(FeedbackRequest::default()));
    let entries = vec![
        welcome,
        greeting,
        said(3, event(2, UserInput::text("a < b"))),
        published(4, Some(id(2)), text(12, "yes")),
        published(5, Some(id(2)), ask),
        said(
            6,
            event(
                4,
                UserInput::Feedback(Feedback {
                    rating: Some(Rating::Positive),
                    ..Feedback::default()
                }),
            ),
        ),
        said(7, hidden),
        published(8, Some(id(3)), text(15, "thanks")),
        published(9, None, operator),
    ];
    let call = call(of_fixture("08-history"));
    let answer = decoded(json_of(&(call.finish)(
        Ok(outcome(entries.clone())),
        &cx(&Ids::default()),
    )));
    let interactions = answer["values"]["interactions"].as_array().unwrap();
    assert_eq!(interactions.len(), 3, "{interactions:?}");
    assert_eq!(interactions[0]["user"], "a &lt; b");
    assert_eq!(interactions[0]["text"], "yes");
    assert_eq!(interactions[0]["feedback"], "positive");
    assert_eq!(interactions[0]["feedBack"], "positive");
    assert_eq!(interactions[0]["timestamp"], entries[2].at.as_millis());
    assert_eq!(interactions[0]["date"], "09/10/2025 08:53");
    assert_eq!(interactions[1]["hideRequest"], true);
    assert_eq!(interactions[1]["text"], "thanks");
    assert_eq!(interactions[2]["operatorName"], "Ana");
    assert_eq!(interactions[2]["type"], "OPRegularOperatorAnswer");
    assert_eq!(interactions[2]["hideRequest"], true);

    let page = Request::get(format!(
        "/history?context={CONTEXT}&format=html&userLabel=Moi%3C&botLabel=Chatbot"
    ));
    let page = common::call(handle(
        &frontend(),
        (page.body(Bytes::new()).unwrap(), "/history".into()),
    ));
    let response = (page.finish)(Ok(outcome(entries)), &cx(&Ids::default()));
    assert_eq!(
        response.headers()["content-type"],
        "text/html; charset=utf-8"
    );
    let html = std::str::from_utf8(response.body()).unwrap();
    assert!(
        html.contains("<dt>Moi&lt;</dt><dd>a &lt; b</dd><dt>Chatbot</dt><dd>yes</dd>"),
        "{html}"
    );
    assert!(!html.contains("Hello"));
}

#[test]
fn a_form_is_asked_for_as_a_survey() {
    let form = bot(
        1,
        Content::Form(Box::new(Form {
            id: "intent.form".into(),
            text: RichText::plain("Please"),
            fields: vec![Field {
                name: "mail".into(),
                label: "E-mail".into(),
                kind: FieldKind::Email,
                required: true,
                ..Field::default()
            }],
            ..Form::default()
        })),
    );
    let values = talk(vec![form.clone()]);
    let survey = values["survey"].as_str().unwrap().to_owned();
    assert_eq!(values["human"], false);
    let body =
        format!("contextUuid={CONTEXT}&solutionUsed=ASSISTANT&language=en&surveyId={survey}");
    let asked = call(handle(
        &frontend(),
        post(&format!("/api/chat/survey/configuration/{BOT}"), &body),
    ));
    let entries = vec![published(1, None, form)];
    let answer = decoded(json_of(&(asked.finish)(
        Ok(outcome(entries)),
        &cx(&Ids::default()),
    )));
    assert_eq!(answer["values"]["surveyId"], survey.as_str());
    let field = &answer["values"]["fields"][0];
    assert_eq!(
        (&field["id"], &field["type"], &field["mandatory"]),
        (&json!(1000), &json!("TEXT"), &json!(true))
    );
    let body = format!("ctx={CONTEXT}&uuid={survey}&field_1000=a@b.example");
    let (event, _) = input(handle(
        &frontend(),
        post(&format!("/api/chat/survey/{BOT}"), &body),
    ));
    let UserInput::Form(submission) = event.input else {
        panic!("no form");
    };
    assert_eq!(submission.id, "intent.form");
    assert_eq!(submission.values, [("mail".into(), "a@b.example".into())]);
}

#[test]
fn uploads_are_answered_by_a_page() {
    let uploaded = call(of_fixture("19-fileupload"));
    let response = (uploaded.finish)(Ok(outcome(Vec::new())), &cx(&Ids::default()));
    assert_eq!(
        response.body(),
        fixture("19-fileupload")["response"]["body_text"]
            .as_str()
            .unwrap()
    );
    let failed = reply(handle(
        &frontend(),
        post("/servlet/fileupload?ctx=x", "no file"),
    ));
    assert!(
        std::str::from_utf8(failed.body())
            .unwrap()
            .contains("\"status\":\"fail\"")
    );
}
