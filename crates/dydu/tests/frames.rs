//! Frames of clients, on the websocket and over HTTP, in all their spellings.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on fails"
)]

mod common;

use bytes::Bytes;
use common::*;
use http::{Request, Response};
use serde_json::{Value, json};
use switchboard_core::Fault;
use switchboard_core::dialect::{
    After, Call, ClientMark, Find, Handled, HandoverState, Item, Operation, Outcome, Peer,
    Published, ServerSession, SessionAction, Wait,
};
use switchboard_core::model::{
    Author, Card, Content, Feedback, Handover, HandoverPhase, Message, MessageId, Query, Rating,
    RichText, Timestamp, UserInput,
};
use switchboard_dydu::wire::{b64, params::percent};
use uuid::Uuid;

fn browser(mut request: Request<Bytes>) -> Request<Bytes> {
    let headers = request.headers_mut();
    headers.insert("origin", "https://shop.example".parse().unwrap());
    headers.insert("user-agent", "Mozilla/5.0".parse().unwrap());
    let peer = Peer("192.0.2.1".parse().unwrap());
    request.extensions_mut().insert(peer);
    request
}

fn open_with(decorate: impl Fn(Request<Bytes>) -> Request<Bytes>) -> Box<dyn ServerSession> {
    let request = Request::get("/servlet//chatWs").header("upgrade", "websocket");
    let request = decorate(request.body(Bytes::new()).unwrap());
    match frontend().handle(request, "/servlet/chatWs", &cx(&Ids::default())) {
        Handled::Upgrade(upgrade) => upgrade.session,
        other => panic!("{other:?}"),
    }
}

fn give(session: &mut Box<dyn ServerSession>, kind: &str, parameters: Value) -> Vec<SessionAction> {
    session.handle_text(&frame(kind, parameters), &cx(&Ids::default()))
}

/// A frame as clients write it, in the fixtures' conversation.
fn frame(kind: &str, mut parameters: Value) -> String {
    for (name, value) in [("botId", BOT), ("contextId", CONTEXT)] {
        if parameters.get(name).is_none() {
            parameters[name] = value.into();
        }
    }
    b64::encode_deep(&mut parameters);
    json!({"type": kind, "parameters": parameters}).to_string()
}

fn attached() -> Box<dyn ServerSession> {
    let mut session = open_with(|request| request);
    let ids = Ids::default();
    give(&mut session, "checkContextAvailability", json!({}));
    session.attached(&view(), &cx(&ids));
    session
}

fn one_call(actions: Vec<SessionAction>) -> Call<Vec<SessionAction>> {
    let mut actions = actions;
    match (actions.pop(), actions.is_empty()) {
        (Some(SessionAction::Call(call)), true) => *call,
        other => panic!("{other:?}"),
    }
}

fn finished(call: Call<Vec<SessionAction>>, result: Result<Outcome, Fault>) -> Vec<Value> {
    texts((call.finish)(result, &cx(&Ids::default())))
}

/// The decoded frames among actions that are nothing else.
fn texts(actions: Vec<SessionAction>) -> Vec<Value> {
    let frames = actions.into_iter().map(|action| match action {
        SessionAction::Send(text) => decoded(serde_json::from_str(&text).unwrap()),
        other => panic!("{other:?}"),
    });
    frames.collect()
}

fn input(operation: Operation) -> UserInput {
    match operation {
        Operation::Input { event, .. } => event.input,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_browser_of_a_socket_is_known_by_its_searches() {
    let mut session = open_with(browser);
    let actions = give(&mut session, "checkContextAvailability", json!({}));
    let [SessionAction::Attach(attach)] = &actions[..] else {
        panic!("{actions:?}");
    };
    let mark: Option<ClientMark> = attach.target.client;
    assert!(mark.is_some());
    let (request, path) = post(
        &format!("/servlet/api/chat/topknowledge/{BOT}"),
        "language=en&maxKnowledge=3",
    );
    let handled = frontend().handle(browser(request), &path, &cx(&Ids::default()));
    let call = call(handled);
    assert_eq!(call.target.find, Find::Detached);
    assert_eq!(call.target.client, mark);
    // What follows a conversation that has moved is still the same browser.
    session.attached(&view(), &cx(&Ids::default()));
    let talk = one_call(give(&mut session, "talk", json!({"userInput": "hi"})));
    let mut moved = outcome(Vec::new());
    moved.view.key = "renewed".into();
    let actions = (talk.finish)(Ok(moved), &cx(&Ids::default()));
    assert!(matches!(&actions[..], [SessionAction::Attach(a)] if a.target.client == mark));

    let mut session = open_with(|request| request);
    let actions = give(&mut session, "checkContextAvailability", json!({}));
    assert!(matches!(&actions[..], [SessionAction::Attach(a)] if a.target.client.is_none()));
}

#[test]
fn no_browser_is_known_where_nothing_is_to_be_overheard() {
    let deaf = frontend_with(json!({"bots": [{"bot_id": BOT}], "overhear": false}));
    let (request, path) = post(
        &format!("/servlet/api/chat/search/{BOT}"),
        "language=en&search=hi",
    );
    let searched = call(deaf.handle(browser(request), &path, &cx(&Ids::default())));
    assert_eq!(searched.target.client, None);
}

/// What the vendor's app writes otherwise than the widget.
#[test]
fn the_apps_frames_are_understood() {
    let said = |kind: &str, parameters: Value| {
        input(one_call(give(&mut attached(), kind, parameters)).operation)
    };
    let feedback = |rating, reason, comment: Option<&str>| {
        UserInput::Feedback(Feedback {
            rating,
            reason,
            comment: comment.map(str::to_owned),
            ..Feedback::default()
        })
    };
    for (kind, name) in [("feedback", "feedback"), ("feedBack", "feedBack")] {
        let positive = said(kind, json!({ name: "positive" }));
        assert_eq!(positive, feedback(Some(Rating::Positive), None, None));
    }
    let reason = said("feedbackInsatisfactionChoice", json!({"choiceKey": "2"}));
    assert_eq!(reason, feedback(None, Some(2), None));
    let comment = said("feedbackComment", json!({"comment": "too short"}));
    assert_eq!(comment, feedback(None, None, Some("too short")));

    let set = one_call(give(
        &mut attached(),
        "setOrDeleteVariable",
        json!({"name": "tier", "value": "gold"}),
    ));
    assert_eq!(set.profile.variables["tier"], "gold");
    assert_eq!(input(set.operation), UserInput::Variables);
    let delete = one_call(give(
        &mut attached(),
        "setOrDeleteVariable",
        json!({"name": "tier"}),
    ));
    assert_eq!(delete.profile.variables["tier"], "");

    let talk = one_call(give(
        &mut attached(),
        "talk",
        json!({"userInput": "hi", "variables": {"tier": "gold"}, "userId": "u",
            "pureLivechat": true, "mode": "WebSocket", "contextType": "ios"}),
    ));
    assert_eq!(talk.profile.variables["tier"], "gold");
    assert_eq!(input(talk.operation), UserInput::text("hi"));

    let top = said("topknowledge", json!({"maxKnowledge": 3, "tag": "6671"}));
    assert!(
        matches!(top, UserInput::Query(Query::TopQuestions(asked)) if asked.limit == 3 && asked.tag.as_deref() == Some("6671"))
    );
    let visit = one_call(give(
        &mut attached(),
        "welcomecall",
        json!({"qualificationMode": false}),
    ));
    assert!(finished(visit, Ok(outcome(Vec::new()))).is_empty());
    let accessible = texts(give(&mut attached(), "serverAccessibility", json!({})));
    assert_eq!(accessible[0]["values"]["serverAccessible"], true);
    let context = one_call(give(
        &mut attached(),
        "getContext",
        json!({"mode": "Synchron"}),
    ));
    let context = finished(context, Ok(outcome(Vec::new())));
    assert_eq!(context[0]["type"], "getContextResponse");
    assert_eq!(context[0]["values"]["contextId"], CONTEXT);
}

#[test]
fn frames_for_another_conversation_move_the_socket() {
    let mut session = attached();
    let ids = Ids::default();
    let actions = give(
        &mut session,
        "talk",
        json!({"userInput": "hi", "contextId": "another"}),
    );
    assert!(
        matches!(&actions[..], [SessionAction::Attach(a)] if a.target.find == Find::Renew(Some("another".into())))
    );
    // What follows waits, in order.
    assert!(
        give(
            &mut session,
            "typing",
            json!({"typing": true, "content": "x"})
        )
        .is_empty()
    );
    let mut other = view();
    other.key = "another".into();
    let actions = session.attached(&other, &cx(&ids));
    assert!(matches!(
        &actions[..],
        [SessionAction::Call(talk), SessionAction::Call(typing)]
            if talk.target.find == Find::Renew(Some("another".into()))
                && typing.target.find == Find::Existing("another".into())
    ));
    let lives = one_call(give(
        &mut session,
        "checkContextAvailability",
        json!({"contextId": "another"}),
    ));
    let mut gone = outcome(Vec::new());
    gone.view.ended = true;
    let answer = finished(lives, Ok(gone));
    assert_eq!(answer[0]["values"]["isContextStillAvailable"], false);
}

fn message(author: Author, content: Content) -> Item {
    let message = Message {
        author,
        ..Message::bot(MessageId(Uuid::from_u128(1)), None, Timestamp(NOW), content)
    };
    Item::Message(Box::new(Published::as_is(message)))
}

/// Whatever an operator shows, and only that, is marked as human.
#[test]
fn humans_are_told_from_bots() {
    let operator = || Author::Operator {
        id: Some("op-17".into()),
        name: Some("Ana".into()),
    };
    let card = Content::Card(Box::new(Card {
        title: Some("Lamp".into()),
        ..Card::default()
    }));
    let words = || Content::text(RichText::plain("Hello"));
    for (author, content, human) in [
        (operator(), words(), true),
        (operator(), card.clone(), true),
        (Author::Bot, words(), false),
        (Author::Bot, card, false),
        (Author::System, words(), false),
    ] {
        let item = message(author.clone(), content);
        let actions = attached().deliver(&entry(1, None, item), &view(), &cx(&Ids::default()));
        let frames = texts(actions);
        let values = &frames[0]["values"];
        assert_eq!(values["human"], human, "{author:?}");
        assert_eq!(values["operatorExternalId"].as_str().is_some(), human);
    }
}

fn step(phase: HandoverPhase) -> Item {
    message(
        Author::System,
        Content::Handover(Handover {
            phase,
            ..Handover::default()
        }),
    )
}

/// The widget does not leave a livechat by itself.
#[test]
fn whoever_leaves_is_let_go() {
    for word in ["#livechatend#", "#livechatleavequeue#"] {
        let leave = || one_call(give(&mut attached(), "talk", json!({"userInput": word})));
        let call = leave();
        assert!(matches!(
            &call.operation,
            Operation::Input { event, wait: Wait::Turn(_), .. } if event.input == UserInput::LeaveHandover
        ));
        // The engine's end is pushed.
        for phase in [HandoverPhase::Ended, HandoverPhase::LeftByUser] {
            let ended = outcome(vec![entry(1, None, step(phase))]);
            assert!(finished(leave(), Ok(ended)).is_empty());
        }
        // Where there is none the client gets one.
        let silent = outcome(vec![entry(1, None, step(HandoverPhase::Transferred))]);
        for result in [Ok(silent), Err(Fault::BackendUnavailable)] {
            let frames = finished(leave(), result);
            assert_eq!(frames[0]["values"]["specialAction"], "EndPolling");
        }
    }
    // By polls the end is an item of the second form, and a context that is gone is one too.
    let poll = |result| {
        let poll = call(frontend_handles(fixture_request("34-poll-nothing-new")));
        decoded(json_of(&(poll.finish)(result, &cx(&Ids::default()))))["values"].take()
    };
    let left = outcome(vec![entry(1, None, step(HandoverPhase::LeftByUser))]);
    for result in [Ok(left), Err(Fault::UnknownConversation)] {
        let values = poll(result);
        assert_eq!(values["specialAction"], "EndPolling");
        assert_eq!(values["code"], "OperatorDisconnected");
        assert!(values.get("fromDetail").is_none());
    }
}

fn fixture_request(name: &str) -> (Request<Bytes>, String) {
    request(&fixture(name))
}

fn frontend_handles((request, path): (Request<Bytes>, String)) -> Handled {
    frontend().handle(request, &path, &cx(&Ids::default()))
}

fn over_http(text: &str) -> [Call<Response<Bytes>>; 2] {
    let get = Request::get(format!("/servlet/chatHttp?data={}", percent(text)));
    let json = Request::post("/servlet/chatHttp").header("content-type", "application/json");
    let requests = [
        get.body(Bytes::new()).unwrap(),
        json.body(Bytes::from(text.to_owned())).unwrap(),
    ];
    requests.map(|request| {
        let path = request.uri().path().to_owned();
        call(frontend_handles((request, path)))
    })
}

/// A GET and a POST, and the answer that the socket would bring.
#[test]
fn frames_go_over_http() {
    for talk in over_http(&frame("talk", json!({"userInput": "hi"}))) {
        assert_eq!(talk.target.find, Find::Renew(Some(CONTEXT.into())));
        assert!(matches!(
            &talk.operation,
            Operation::Input {
                wait: Wait::TurnOrLate(_),
                ..
            }
        ));
        let answer = outcome(vec![entry(
            1,
            None,
            message(Author::Bot, Content::text(RichText::plain("Hello"))),
        )]);
        let answer = decoded(json_of(&(talk.finish)(Ok(answer), &cx(&Ids::default()))));
        assert_eq!(answer["type"], "talkResponse");
        assert_eq!(answer["values"]["text"], "Hello");
        assert_eq!(answer["values"]["contextId"], CONTEXT);
    }
    let asked = json!({"lastPoll": NOW, "mode": "Polling", "solutionUsed": "LIVECHAT",
        "timestamp": NOW, "language": "en", "space": "Defaut", "format": "JSon"});
    for poll in over_http(&frame("poll", asked)) {
        assert!(matches!(
            poll.operation,
            Operation::Poll {
                after: After::Time(Timestamp(NOW)),
                limit: 1
            }
        ));
        let words = message(
            Author::Operator {
                id: None,
                name: None,
            },
            Content::text(RichText::plain("OK")),
        );
        let answer = outcome(vec![entry(2_000, None, words)]);
        let answer = decoded(json_of(&(poll.finish)(Ok(answer), &cx(&Ids::default()))));
        assert_eq!(answer["type"], "talkResponse");
        // Short words are guarded against being decoded twice.
        assert_eq!(answer["values"]["text"], "<p>OK</p>");
        assert_eq!(answer["values"]["fromDetail"], "OPERATOR");
        assert_eq!(answer["values"]["pollUpdatedInteractionDate"], NOW + 1_000);
    }
    // What was logged before the client's moment is news to it all the same.
    let asked = json!({"lastPoll": NOW + 9_000, "mode": "Polling"});
    for poll in over_http(&frame("poll", asked)) {
        let words = Content::text(RichText::plain("Meanwhile"));
        let answer = outcome(vec![entry(2_000, None, message(Author::Bot, words))]);
        let answer = decoded(json_of(&(poll.finish)(Ok(answer), &cx(&Ids::default()))));
        let date = &answer["values"]["pollUpdatedInteractionDate"];
        assert_eq!(*date, NOW + 9_001, "{answer}");
    }
    let typing = frame("typing", json!({"typing": true, "content": "I would"}));
    for typing in over_http(&typing) {
        let answer = (typing.finish)(Ok(outcome(Vec::new())), &cx(&Ids::default()));
        assert_eq!(json_of(&answer)["values"], json!({}));
    }
    let unknown = frame("unheardOf", json!({}));
    let request = Request::get(format!("/servlet/chatHttp?data={}", percent(&unknown)));
    let request = request.body(Bytes::new()).unwrap();
    let refused = frontend_handles((request, "/servlet/chatHttp".to_owned()));
    assert!(matches!(refused, Handled::Refuse(..)));
}

/// In a polled livechat nothing is waited for: what comes of it is polled.
#[test]
fn words_of_a_polled_livechat_are_answered_at_once() {
    let (request, path) = post(
        &format!("/servlet/api/chat/talk/{BOT}/{CONTEXT}"),
        "userInput=hi&language=en&mode=cG9sbGluZw%3D%3D",
    );
    let talk = call(frontend_handles((request, path)));
    assert!(matches!(
        &talk.operation,
        Operation::Input {
            wait: Wait::Accepted,
            ..
        }
    ));
    let mut active = outcome(Vec::new());
    active.view.handover = HandoverState::Active;
    let answer = decoded(json_of(&(talk.finish)(Ok(active), &cx(&Ids::default()))));
    assert_eq!(answer["values"]["text"], "");
    assert_eq!(answer["values"]["serverTime"], NOW);
}
