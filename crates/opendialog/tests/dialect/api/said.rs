//! What the other side said.

use super::*;

fn sample(kind: ContentKind) -> Content {
    let words = || RichText::plain("Some words");
    let media = || Media::new("https://www.example.com/thing", Some("A thing".to_owned()));
    let card = || Card {
        title: Some("Teapot".to_owned()),
        text: Some(words()),
        ..Card::default()
    };
    let fields = || {
        vec![Field {
            name: "name".to_owned(),
            label: "Name".to_owned(),
            ..Field::default()
        }]
    };
    match kind {
        ContentKind::Group => Content::Group {
            text: Some(words()),
        },
        ContentKind::Text => Content::text(words()),
        ContentKind::Quote => Content::Quote(Quote {
            text: words(),
            ..Quote::default()
        }),
        ContentKind::Image => Content::Image(media()),
        ContentKind::Video => Content::Video(media()),
        ContentKind::Audio => Content::Audio(media()),
        ContentKind::File => Content::File(media()),
        ContentKind::Choices => Content::Choices(Choices {
            text: words(),
            ..Choices::default()
        }),
        ContentKind::Card => Content::Card(Box::new(card())),
        ContentKind::Carousel => Content::Carousel {
            title: None,
            cards: vec![card(), card()],
        },
        ContentKind::List => Content::List(List {
            items: vec![ListItem {
                content: text("one"),
                actions: Vec::new(),
                extras: Extras::none(),
            }],
            ..List::default()
        }),
        ContentKind::Form => Content::Form(Box::new(Form {
            text: words(),
            fields: fields(),
            ..Form::default()
        })),
        ContentKind::DatePicker => Content::DatePicker(Box::new(DatePicker {
            text: words(),
            ..DatePicker::default()
        })),
        ContentKind::Autocomplete => Content::Autocomplete(Box::new(Autocomplete {
            text: words(),
            ..Autocomplete::default()
        })),
        ContentKind::Address => Content::Address(Box::new(Autocomplete {
            text: words(),
            ..Autocomplete::default()
        })),
        ContentKind::Location => Content::Location {
            text: words(),
            callback: "where".to_owned(),
            attribute: None,
        },
        ContentKind::Signature => Content::Signature(Box::new(SignatureRequest {
            text: words(),
            ..SignatureRequest::default()
        })),
        ContentKind::Upload => Content::Upload(Box::new(UploadRequest {
            text: words(),
            ..UploadRequest::default()
        })),
        ContentKind::FeedbackRequest => Content::FeedbackRequest(FeedbackRequest {
            text: words(),
            ..FeedbackRequest::default()
        }),
        ContentKind::Survey => Content::Survey(Box::new(Survey {
            text: words(),
            fields: fields(),
            ..Survey::default()
        })),
        ContentKind::Handover => Content::Handover(Handover {
            phase: HandoverPhase::Offered,
            text: words(),
            system: None,
            operator: None,
        }),
        ContentKind::Progress => Content::Progress(Progress {
            percent: Some(40),
            label: None,
        }),
        ContentKind::NoAnswer => Content::NoAnswer { text: words() },
        ContentKind::LanguageProblem => Content::LanguageProblem {
            text: words(),
            problem: LanguageProblem::Unknown,
        },
        ContentKind::Attributes => Content::Attributes {
            values: serde_json::Map::from_iter([("plan".to_owned(), json!("gold"))]),
        },
        ContentKind::Other => Content::Other {
            name: "hologram".to_owned(),
            text: Some(words()),
        },
    }
}

#[test]
fn everything_that_a_bot_can_say_is_in_the_export_and_nothing_of_it_in_the_interactions() {
    for kind in ContentKind::ALL {
        let (interactions, export) = written(&said(bot(sample(kind))));
        assert_eq!(interactions, Vec::<Value>::new(), "{kind:?}");
        assert_eq!(export.len(), 1, "{kind:?}: {export:?}");
        let common = json!({"author": "them", "date": "2024-01-15T10:35:15.000000Z",
            "request": {"url": "", "source_ip": ""},
            "response": {"http_status": 200, "request_length": "0.000000"}});
        includes(&export[0], &common);
        assert!(export[0]["data"].is_object(), "{kind:?}");
        assert!(export[0]["data"]["date"].is_string(), "{kind:?}");
    }
    let (_, export) = written(&said(bot(sample(ContentKind::Location))));
    assert_eq!(
        export[0]["type"], "location",
        "though webchat 1.0.0 does not know it"
    );
    let (_, export) = written(&said(bot(text("**bold**"))));
    assert_eq!(export[0]["text"], "**bold**");
}

#[test]
fn an_engines_own_messages_are_exported_as_it_sent_them() {
    for (name, fixture) in fixtures() {
        if !fixture.is_chat() || fixture.status != 200 {
            continue;
        }
        let wires: Vec<Value> = match &fixture.answer {
            Value::Array(parts) => parts
                .iter()
                .filter(|part| part.is_object())
                .cloned()
                .collect(),
            Value::Object(_) => vec![fixture.answer.clone()],
            _ => continue,
        };
        let mut leg = Driven::new(json!({"url": "http://engine.test"}));
        let (call, _) = leg.tell(&user_event(UserInput::text("x")), &Profile::default());
        let messages = messages(leg.answer(call, fixture.response(), &cx()));
        let lines = messages
            .into_iter()
            .map(|message| line("2021-07-20T09:15:02Z", said(message)));
        let lines = lines.collect();
        let got = answer(
            asked(EXPORT, "exportType=json"),
            page(vec![user(Profile::default(), lines)]),
        );
        let got = got["data"][0]["u-1"]["interactions"].as_array().unwrap();
        assert_eq!(got.len(), wires.len(), "{name}");
        for (got, wire) in got.iter().zip(&wires) {
            assert_eq!(got["type"], wire["type"], "{name}");
            includes(&got["data"], &wire["data"]);
        }
    }
}

#[test]
fn an_export_names_operators_and_leaves_out_what_shows_nothing() {
    let operator = Message {
        author: Author::Operator {
            id: None,
            name: Some("Grace".to_owned()),
        },
        ..bot(text("I am here"))
    };
    let (_, export) = written(&said(operator));
    includes(
        &export[0],
        &json!({"author": "them", "text": "I am here",
        "data": {"meta": {"author": {"name": "Grace"}}}}),
    );
    let own = Message {
        author: Author::User,
        ..bot(text("as I said"))
    };
    assert_eq!(written(&said(own)).1[0]["author"], "u-1");
    let notice = |words: &str| {
        Item::Notice(Notice {
            code: "OperatorBusy".to_owned(),
            text: RichText::plain(words),
            extras: Extras::none(),
        })
    };
    let (interactions, export) = written(&notice("All operators are busy."));
    assert!(interactions.is_empty());
    includes(
        &export[0],
        &json!({"author": "them", "type": "text",
        "text": "All operators are busy.", "data": {"text": "All operators are busy."}}),
    );
    for nothing in [
        notice(""),
        Item::Ended {
            reason: EndReason::Idle,
        },
        Item::Typing(Typing {
            author: Author::Bot,
            active: true,
        }),
        said(bot(Content::Group { text: None })),
    ] {
        assert_eq!(written(&nothing), (Vec::new(), Vec::new()), "{nothing:?}");
    }
}

#[test]
fn an_exported_exchange_took_as_long_as_its_turn() {
    let turn = MessageId(Uuid::from_u128(77));
    let of_turn = |at: &str, item: Item| {
        let line = line(at, item);
        let entry = Entry {
            turn: Some(turn),
            ..(*line.entry).clone()
        };
        TranscriptLine {
            entry: Arc::new(entry),
            ..line
        }
    };
    let lines = vec![
        of_turn("2024-01-15T10:00:00.000Z", did(UserInput::text("hi"))),
        of_turn("2024-01-15T10:00:00.250Z", said(bot(text("hello")))),
        line("2024-01-15T10:00:09Z", said(bot(text("still there?")))),
        of_turn(
            "2024-01-15T10:00:10.760Z",
            said(bot(text("sorry, that took long"))),
        ),
    ];
    let profile = Profile {
        attributes: [("ip_address".to_owned(), json!("192.0.2.10"))].into(),
        ..Profile::default()
    };
    let got = answer(
        asked(EXPORT, "exportType=json"),
        page(vec![user(profile, lines)]),
    );
    let interactions = got["data"][0]["u-1"]["interactions"].as_array().unwrap();
    let took = |at: usize| interactions[at]["response"]["request_length"].clone();
    assert_eq!(
        [took(0), took(1), took(2), took(3)],
        [
            json!("10.760000"),
            json!("10.760000"),
            json!("0.000000"),
            json!("10.760000"),
        ]
    );
    assert!(
        interactions
            .iter()
            .all(|one| one["request"]["source_ip"] == "192.0.2.10")
    );
    let inner = |at: usize| interactions[at]["data"]["internal"].clone();
    assert_eq!([inner(1), inner(2)], [json!(true), json!(false)]);
}
