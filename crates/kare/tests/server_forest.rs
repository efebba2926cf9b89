//! Where messages hang: `docs/protocols/kare.md#4-the-forest`.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may fail"
)]

mod support;

use serde_json::{Value, json};
use support::server::{Server, Socket, body, call, event_of, flat, native, options, text};
use support::{
    ADMIN_KEY, CONVERSATION, answered, assert_same, entries, fixture, id, now, outcome, published,
    view,
};
use switchboard_core::dialect::{Entry, Item, View};
use switchboard_core::model::{
    Action, Author, ChoiceMade, Choices, Content, EndReason, Feedback, Handover, HandoverPhase,
    Media, Message, MessageId, Notice, Rating, RichText, Typing, UserEvent, UserInput,
};
use uuid::Uuid;

/// The socket's fixtures with a Kare engine behind.
#[test]
fn dialogs_with_a_kare_engine() {
    for name in [
        "25-ws-open-hi",
        "26-ws-open-welcome-response",
        "27-ws-query-choice",
        "28-ws-click-choice",
        "29-ws-custom-event-open-link",
        "30-ws-query-invalid-id",
        "31-ws-missing-escalate-click",
        "32-ws-handover",
        "33-ws-titlebar-escalation",
        "34-ws-disambiguation",
        "35-ws-language-unsupported",
        "36-ws-language-unknown",
        "37-ws-feedback-click",
    ] {
        let fixture = fixture(name);
        let mut socket = Socket::open();
        let event = socket.turn(&fixture["request"]["frames"][0]);
        let mut expected = fixture["response"]["frames"].clone();
        if name.starts_with("30") {
            // The server assigned the parent.
            for frame in expected.as_array_mut().unwrap() {
                frame["parent_id"] = event.id.to_string().into();
            }
        }
        let items = native(&expected, Some(event.id));
        socket.deliver(&entries(Some(event.id), items));
        let sent = socket.sent();
        if name.starts_with("31") {
            assert_eq!(socket.closed, Some((1000, "escalated".to_owned())));
        }
        assert_same(&sent, &expected);
    }
}

/// What a flat engine answers becomes the trees of the fixtures.
#[test]
fn flat_answers_become_trees() {
    // A greeting: text below out/hi.
    let mut socket = Socket::open();
    let greeting = fixture("25-ws-open-hi");
    let turn = Some(socket.turn(&greeting["request"]["frames"][0]).id);
    let words = "Hello! Ask me anything about your order.";
    socket.deliver(&entries(turn, vec![published(text(1, turn, words))]));
    assert_same(&socket.sent(), &greeting["response"]["frames"]);

    // A welcome response: an answer below out/hi.
    let mut socket = Socket::open();
    let welcome = fixture("26-ws-open-welcome-response");
    let turn = Some(socket.turn(&welcome["request"]["frames"][0]).id);
    let words = "Billing runs on the first of the month.";
    socket.deliver(&entries(turn, vec![published(text(1, turn, words))]));
    let mut expected = welcome["response"]["frames"].clone();
    expected[1]["body"]
        .as_object_mut()
        .unwrap()
        .remove("response_id");
    assert_same(&socket.sent(), &expected);

    // An answer with a choice.
    let mut socket = Socket::open();
    let choice = fixture("27-ws-query-choice");
    let turn = Some(socket.turn(&choice["request"]["frames"][0]).id);
    let options = flat(
        2,
        turn,
        Content::Choices(Choices {
            text: RichText::markdown("What would you like to do?"),
            ..Choices::default()
        }),
    )
    .with_actions(vec![
        Action::choice("track", "Track an order"),
        Action::choice("cancel", "Cancel an order"),
    ]);
    let answer = entries(
        turn,
        vec![
            published(text(1, turn, "I can help with orders.")),
            Item::Typing(Typing {
                author: Author::Bot,
                active: false,
            }),
            published(options),
        ],
    );
    socket.deliver(&answer);
    assert_same(&socket.sent(), &choice["response"]["frames"]);

    // A word on feedback.
    let mut socket = Socket::open();
    let feedback = fixture("37-ws-feedback-click");
    let turn = Some(socket.turn(&feedback["request"]["frames"][0]).id);
    socket.deliver(&entries(turn, vec![published(text(1, turn, "Thank you."))]));
    assert_same(&socket.sent(), &feedback["response"]["frames"]);
}

/// What is no part of an answer closes it: the parts that follow hang below a node of their own.
#[test]
fn an_answer_that_something_comes_between_goes_on_below_another_node() {
    let mut socket = Socket::open();
    let query = json!({"id": Uuid::from_u128(77), "uri": "in/query", "body": {"text": "both"}});
    let turn = Some(socket.turn(&query).id);
    let missing = Content::NoAnswer {
        text: RichText::markdown("Of the other I know nothing."),
    };
    let answer = entries(
        turn,
        vec![
            published(text(1, turn, "one")),
            published(text(2, turn, "two")),
            published(flat(3, turn, missing)),
            published(text(4, turn, "three")),
        ],
    );
    socket.deliver(&answer);
    let sent = socket.sent();
    let frames = sent.as_array().unwrap();
    let aspects: Vec<_> = frames.iter().map(|it| &it["body"]["aspect"]).collect();
    assert_eq!(
        aspects,
        [
            "resolution/answer",
            "resolution/answer/text",
            "resolution/answer/text",
            "resolution/missing",
            "resolution/answer",
            "resolution/answer/text",
        ]
    );
    let (first, second) = (&frames[0]["id"], &frames[4]["id"]);
    assert_ne!(first, second);
    let parents: Vec<_> = frames.iter().map(|it| &it["parent_id"]).collect();
    let root = &query["id"];
    assert_eq!(parents, [root, first, first, root, root, second]);
}

#[test]
fn what_nobody_asked_for() {
    let mut socket = Socket::open();
    let event = socket.turn(&json!({"uri": "in/query", "body": {"text": "a person"}}));
    let operator = Message {
        author: Author::Operator {
            id: None,
            name: Some("Ann".to_owned()),
        },
        ..text(1, None, "Hello from Ann")
    };
    let waiting = flat(
        2,
        None,
        Content::Handover(Handover {
            phase: HandoverPhase::Waiting {
                position: Some(2),
                wait_seconds: None,
            },
            text: RichText::markdown("Please wait."),
            ..Handover::default()
        }),
    );
    let notice = Item::Notice(Notice {
        code: "OperatorBusy".to_owned(),
        text: RichText::markdown("All are busy."),
        extras: Default::default(),
    });
    let picture = flat(
        3,
        None,
        Content::Image(Media::new("https://x.example/a.png", None)),
    );
    let items = vec![
        published(waiting),
        published(operator),
        notice,
        published(picture),
    ];
    socket.deliver(&entries(None, items));
    let sent = socket.sent();
    let seen: Vec<_> = sent
        .as_array()
        .unwrap()
        .iter()
        .map(|it| {
            (
                it["body"]["aspect"].as_str().unwrap(),
                it["body"]["text"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        seen,
        [
            ("text/plain", "Please wait."),
            ("text/plain", "Hello from Ann"),
            ("text/plain", "All are busy."),
            ("resolution/answer", ""),
            ("resolution/answer/image", "https://x.example/a.png"),
        ]
    );
    for at in 0..4 {
        assert_eq!(
            sent[at]["parent_id"],
            event.id.to_string(),
            "the last input"
        );
        assert!(sent[at]["header"].get("in_reply_to").is_none());
    }
    assert_eq!(sent[1]["header"]["author"]["name"], "Ann");
    assert_eq!(sent[4]["parent_id"], sent[3]["id"]);
}

fn event(n: u128, input: UserInput) -> UserEvent {
    UserEvent::new(MessageId(Uuid::from_u128(0xA000 + n)), now(), input)
}

/// The log of these turns, with what each said.
fn log(turns: Vec<(UserEvent, Vec<Message>)>) -> Vec<Entry> {
    let mut log: Vec<Entry> = Vec::new();
    for (event, messages) in turns {
        let turn = Some(event.id);
        let mut items = vec![Item::User(event.into())];
        items.extend(messages.into_iter().map(published));
        for mut entry in entries(turn, items) {
            entry.seq = log.len() as u64 + 1;
            entry.index = entry.index.saturating_sub(1);
            log.push(entry);
        }
    }
    log
}

/// A conversation whose log is this long.
fn view_at(last_seq: usize) -> View {
    View {
        used: true,
        last_seq: last_seq as u64,
        ..view()
    }
}

/// Hands out a log: what is the client's and what is not.
fn run(socket: &mut Socket, log: &[Entry], is_for_client: impl Fn(&Entry) -> bool) -> Value {
    for entry in log {
        let entry = std::slice::from_ref(entry);
        if is_for_client(&entry[0]) && entry[0].is_outbound() {
            socket.deliver(entry);
        } else {
            socket.recall(entry);
        }
    }
    socket.sent()
}

fn dialog() -> Vec<Entry> {
    let hello = event(
        1,
        UserInput::Open {
            welcome: None,
            query: None,
        },
    );
    let question = event(2, UserInput::text("orders"));
    let verdict = event(
        3,
        UserInput::Feedback(Feedback {
            message: Some(id(CONVERSATION)),
            rating: Some(Rating::Positive),
            ..Feedback::default()
        }),
    );
    let said = |n, event: &UserEvent, words| text(n, Some(event.id), words);
    log(vec![
        (
            hello.clone(),
            vec![said(1, &hello, "Hi."), said(2, &hello, "Ask me.")],
        ),
        (
            question.clone(),
            vec![said(3, &question, "One."), said(4, &question, "Two.")],
        ),
        (verdict.clone(), vec![said(5, &verdict, "Thanks.")]),
    ])
}

/// Whoever sees only a part of the dialog sees it as whoever sees all of it.
#[test]
fn the_forest_is_the_same_from_wherever_it_is_seen() {
    let log = dialog();
    let all = run(&mut Socket::at(&view_at(0)), &log, |_| true);
    let all = all.as_array().unwrap();
    let aspects: Vec<_> = all.iter().map(|it| it["body"]["aspect"].as_str()).collect();
    let plain = Some("text/plain");
    let parts = Some("resolution/answer/text");
    let expected = [
        None,
        plain,
        plain,
        Some("resolution/answer"),
        parts,
        parts,
        plain,
    ];
    assert_eq!(aspects, expected);
    assert_eq!(all[1]["parent_id"], all[0]["id"]);
    for cut in 1..=log.len() {
        // What is older was delivered elsewhere.
        let mut late = Socket::at(&view_at(cut));
        let seen = run(&mut late, &log, |entry| entry.seq > cut as u64);
        let seen = seen.as_array().unwrap();
        assert_eq!(seen, &all[all.len() - seen.len()..], "from {cut} on");
    }
    let mut admin = Server::new(options());
    admin.token = ADMIN_KEY.to_owned();
    let path = format!("/activity/conversations/{CONVERSATION}/events");
    let history = call(admin.send("GET", &path, &[], ""));
    let got = (history.finish)(Ok(outcome(log, None)), &admin.cx());
    let outbound = |it: &&Value| it["uri"].as_str().unwrap().starts_with("out/");
    let listed = body(&got)["entries"].clone();
    let listed: Vec<&Value> = listed.as_array().unwrap().iter().filter(outbound).collect();
    assert_eq!(listed, all.iter().collect::<Vec<_>>());
}

#[test]
fn rest_places_an_answer_as_the_socket_does() {
    let mut socket = Socket::at(&view_at(0));
    let pushed = run(&mut socket, &dialog()[3..6], |_| true);
    let server = Server::new(options());
    let posted = json!({"conversation_id": CONVERSATION, "text": "orders"}).to_string();
    let call = call(server.send("POST", "/dialog/query", &[], &posted));
    assert_eq!(event_of(&call.operation).input, UserInput::text("orders"));
    // The answer is that of a turn that another client began.
    let begun = event(2, UserInput::text("orders"));
    let turn = Some(begun.id);
    let items = vec![
        published(text(3, turn, "One.")),
        published(text(4, turn, "Two.")),
    ];
    let response = (call.finish)(Ok(answered(&begun, items)), &server.cx());
    let got = body(&response);
    let placed = |all: &[Value]| -> Vec<Value> {
        let of = |it: &Value| json!([it["id"], it["parent_id"], it["header"], it["body"]]);
        all.iter().map(of).collect()
    };
    let pushed = &pushed.as_array().unwrap()[..3];
    assert_eq!(placed(got.as_array().unwrap()), placed(pushed));
}

#[test]
fn a_greeting_is_repeated_with_its_ids_while_nothing_else_has_happened() {
    let log = dialog();
    let first = run(&mut Socket::at(&view_at(0)), &log[..3], |_| true);
    let mut again = Socket::at(&view_at(3));
    assert_eq!(run(&mut again, &log[..3], |_| false), json!([]));
    again.text("{\"uri\":\"in/hi\",\"body\":{\"query\":\"orders\"}}");
    let repeated = again.sent();
    assert_eq!(repeated[0]["id"], first[0]["id"]);
    assert_ne!(
        repeated[0]["parent_id"], first[0]["parent_id"],
        "it answers this hello"
    );
    assert_eq!(repeated[1], first[1]);
    assert_eq!(repeated[2], first[2]);
    assert_eq!(again.calls.len(), 2, "the question was not asked yet");
    // What is still undelivered comes by itself, and once.
    let mut half = Socket::at(&view_at(3));
    let seen = run(&mut half, &log[..3], |entry| entry.seq == 3);
    assert_eq!(seen, json!([first[2]]));
    half.text("{\"uri\":\"in/hi\"}");
    let repeated = half.sent();
    assert_eq!(repeated[1], first[1]);
    assert_eq!(repeated.as_array().unwrap().len(), 2);
    // Something else has happened: a question, or somebody who spoke unasked.
    let unasked = entries(None, vec![published(text(9, None, "Hello from Ann"))]);
    let mut unasked = unasked[0].clone();
    unasked.seq = 4;
    for rest in [log[3].clone(), unasked] {
        let mut later = Socket::at(&view_at(4));
        run(&mut later, &log[..3], |_| false);
        run(&mut later, &[rest], |_| false);
        later.text("{\"uri\":\"in/hi\"}");
        let seen = later.sent();
        assert_eq!(seen.as_array().unwrap().len(), 1);
        assert_eq!(seen[0]["header"]["final"], true);
    }
}

/// More questions than a forest remembers by itself, all asked before the first is answered.
#[test]
fn many_questions_at_once_keep_their_trees() {
    let mut socket = Socket::open();
    let frame = |n: usize| match n {
        0 => json!({"uri": "in/hi"}),
        1 => json!({"uri": "in/click", "parent_id": CONVERSATION, "body": {"target":
            {"aspect": "resolution/answer/feedback", "choice_id": "helpful"}}}),
        n => json!({"uri": "in/query", "text": format!("question {n}")}),
    };
    let asked: Vec<UserEvent> = (0..33).map(|n| socket.turn(&frame(n))).collect();
    let hello = socket.sent();
    for (n, event) in asked.iter().enumerate() {
        let turn = Some(event.id);
        let said = |at: u128| published(text(100 + at, turn, "x"));
        socket.deliver(&entries(turn, vec![said(n as u128), said(200 + n as u128)]));
        let seen = socket.sent();
        let parts = seen.as_array().unwrap();
        match n {
            0 => assert!(parts.iter().all(|it| it["parent_id"] == hello[0]["id"])),
            1 => assert!(
                parts
                    .iter()
                    .all(|it| it["parent_id"] == event.id.to_string())
            ),
            _ => {
                assert_eq!(parts.len(), 3);
                assert_eq!(parts[0]["parent_id"], event.id.to_string());
                assert!(
                    parts[1..]
                        .iter()
                        .all(|it| it["parent_id"] == parts[0]["id"])
                );
            }
        }
        let counts: Vec<_> = parts
            .iter()
            .map(|it| it["header"]["seq"].as_u64())
            .collect();
        let first = u64::from(n == 0);
        let expected: Vec<_> = (first..first + parts.len() as u64).map(Some).collect();
        assert_eq!(counts, expected);
    }
}

/// The log no longer holds the beginning: nothing is lost, the node may be told of twice.
#[test]
fn a_turn_whose_beginning_is_lost_keeps_its_ids() {
    let log = dialog();
    let all = run(&mut Socket::at(&view_at(0)), &log, |_| true);
    let mut late = Socket::at(&view_at(0));
    let seen = run(&mut late, &log[5..6], |_| true);
    assert_eq!(seen[0]["id"], all[3]["id"], "the same node");
    assert_eq!(
        (&seen[1]["id"], &seen[1]["parent_id"]),
        (&all[5]["id"], &all[5]["parent_id"])
    );
}

#[test]
fn late_and_unasked_messages_hang_below_the_latest_input_of_any_socket() {
    let mut socket = Socket::at(&view_at(3));
    let log = dialog();
    run(&mut socket, &log[..4], |_| false);
    let late = entries(
        None,
        vec![
            published(text(20, None, "By the way.")),
            published(text(21, Some(log[3].turn.unwrap()), "And finally.")),
        ],
    );
    socket.deliver(&late);
    let seen = socket.sent();
    for at in 0..2 {
        assert_eq!(seen[at]["parent_id"], log[3].turn.unwrap().to_string());
    }
}

#[test]
fn whoever_comes_after_the_end_gets_the_goodbye_again() {
    let mut log = dialog();
    let mut end = entries(
        None,
        vec![Item::Ended {
            reason: EndReason::Idle,
        }],
    );
    end[0].seq = 9;
    log.extend(end);
    let all = run(&mut Socket::at(&view_at(0)), &log, |_| true);
    let bye = all.as_array().unwrap().last().unwrap().clone();
    let mut late = Socket::at(&view_at(9));
    assert_eq!(run(&mut late, &log[6..], |_| false), json!([bye]));
    assert_eq!(late.closed, Some((1000, "idle".to_owned())));
}

/// An engine's own opinions are answered by remarks, whatever became of the click.
#[test]
fn opinions_of_an_engines_own_are_no_questions() {
    let mut socket = Socket::open();
    let frame = json!({"uri": "in/click", "parent_id": CONVERSATION, "body": {"target":
        {"aspect": "resolution/answer/feedback", "choice_id": "three-stars"}}});
    let event = socket.turn(&frame);
    assert!(
        matches!(&event.input, UserInput::Choice(ChoiceMade { id: Some(id), .. })
        if id == "three-stars")
    );
    let turn = Some(event.id);
    socket.deliver(&entries(turn, vec![published(text(1, turn, "Thank you."))]));
    assert_eq!(socket.sent()[0]["body"]["aspect"], "text/plain");
}

#[test]
fn words_of_another_dialects_engine_are_made_safe() {
    let mut socket = Socket::open();
    let turn = Some(socket.turn(&json!({"uri": "in/query", "text": "x"})).id);
    let words = "<img src=x onerror=bad()>**Fat** [on](https://x.example) [off](javascript:bad)";
    let quote = Content::Quote(switchboard_core::model::Quote {
        text: RichText::markdown("<i>so</i>"),
        title: None,
        url: Some("javascript:bad".to_owned()),
    });
    let bad = || Media::new("javascript:bad", Some("A *map*".to_owned()));
    let items = vec![
        published(text(1, turn, words)),
        published(flat(2, turn, quote)),
        published(flat(3, turn, Content::Image(bad()))),
        published(flat(4, turn, Content::Video(bad()))),
    ];
    socket.deliver(&entries(turn, items));
    let seen = socket.sent();
    for shown in [&seen[3], &seen[4]] {
        assert_eq!(shown["body"]["aspect"], "resolution/answer/text");
        assert_eq!(shown["body"]["text"], "A \\*map\\*");
    }
    assert_eq!(
        seen[1]["body"]["text"],
        "**Fat** [on](https://x.example) off"
    );
    assert_eq!(seen[2]["body"]["text"], "*so*");
    assert!(!seen.to_string().contains("javascript"), "{seen}");
}
