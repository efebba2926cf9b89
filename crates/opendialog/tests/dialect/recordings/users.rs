//! What was said, as the model has it.

use super::*;

#[test]
fn an_export_becomes_users_with_both_sides() {
    let mut source = export();
    let (steps, asked) = served(&mut *source, |_, _| Ok(fixture(57).response()));
    assert_eq!((asked, &steps.failed), (1, &None));
    let [ada] = steps.recorded.as_slice() else {
        panic!("{steps:?}");
    };
    assert_eq!((ada.user_id.as_str(), &ada.notes[..]), ("u-1", &[][..]));
    assert_eq!(ada.profile.user_id.as_deref(), Some("u-1"));
    assert_eq!(ada.profile.attributes["email"], "ada@example.com");
    assert_eq!(ada.profile.attributes["ip_address"], "192.0.2.10");
    assert_eq!(ada.profile.locales.browser.as_deref(), Some("en-GB"));
    assert_eq!(ada.profile.locales.selected.as_deref(), Some("en"));
    assert_eq!(ada.profile.scenario.as_deref(), Some("0x420"));
    assert_eq!(ada.profile.metadata["first_seen"], "1677664800");
    let [hello, hi] = ada.entries.as_slice() else {
        panic!("{:?}", ada.entries);
    };
    assert_eq!((hello.seq, hello.turn, hello.index), (1, None, 0));
    assert_eq!(hello.at, moment("2023-03-01T10:00:00Z"));
    assert!(
        matches!(&message(hello).content, Content::Text { text } if text.to_plain() == "Hello")
    );
    assert_eq!((hi.seq, hi.turn), (2, Some(event(hi).id)));
    assert_eq!(event(hi).input, UserInput::text("Hi"));
    let od = DialectName::new("opendialog");
    let kept = |extras: &switchboard_core::model::Extras| extras.get(&od, "interaction").cloned();
    assert_eq!(
        kept(&event(hi).extras).unwrap()["response"]["request_length"],
        "0.521048"
    );
    assert_eq!(
        kept(&message(hello).extras).unwrap()["request"]["source_ip"],
        "192.0.2.10"
    );
}

#[test]
fn interactions_become_what_the_user_did() {
    let check = |api: &str, number: u8, expected: UserInput| {
        let period = RecordedPeriod {
            from: Some(moment("2022-09-01T00:00:00Z")),
            to: Some(moment("2022-09-20T00:00:00Z")),
            user_id: Some("u-1".to_owned()),
        };
        // What came is of another time than what was asked for.
        let mut source = source_of(options(api), period.clone());
        let (steps, _) = served(&mut *source, |_, _| Ok(fixture(number).response()));
        assert!(steps.recorded.is_empty());
        let mut source = source_of(
            options(api),
            RecordedPeriod {
                to: Some(moment("2022-09-22T23:59:59Z")),
                ..period
            },
        );
        let request = steps_fetch(&mut *source);
        assert_eq!(request.uri().path(), fixture(number).request().uri().path());
        assert_eq!(parameter(&request, "from").unwrap(), "2022-09-01 00:00:00");
        assert_eq!(parameter(&request, "to").unwrap(), "2022-09-22 23:59:59");
        assert_eq!(parameter(&request, "user_id").unwrap(), "u-1");
        let mut source = source_of(json!({}), RecordedPeriod::default());
        source.read(fixture(number).response().into_body(), &cx());
        let mut steps = self::steps(&mut *source);
        let recorded = steps.recorded.remove(0);
        assert_eq!(recorded.notes, [""; 0]);
        assert_eq!(event(&recorded.entries[0]).input, expected);
    };
    let gold = ChoiceMade {
        id: Some("intent.app.ChoosePlan".to_owned()),
        label: Some("Gold".to_owned()),
        value: Some("plan.gold".to_owned()),
        ..ChoiceMade::default()
    };
    check("legacy", 52, UserInput::Choice(gold));
    check("interactions", 54, UserInput::text("I need help"));
}

#[test]
fn what_was_said_falls_into_turns() {
    let line = |author: &str, kind: &str, second: u8, data: Value| {
        json!({"author": author, "type": kind, "date": format!("2023-03-01 10:00:{second:02}"),
               "data": data})
    };
    let recorded = user_of(json!([
        line(
            "u-1",
            "chat_open",
            0,
            json!({"callback_id": "WELCOME", "value": "/pricing"})
        ),
        line("them", "text", 0, json!({"text": "Hello"})),
        line(
            "them",
            "button",
            0,
            json!({"text": "Which?", "buttons": [
            {"text": "Gold", "display": true, "callback_id": "gold", "value": ""}]})
        ),
        line(
            "u-1",
            "form_response",
            5,
            json!({"callback_id": "f", "age": "7", "text": "Age: 7"})
        ),
        line(
            "u-1",
            "url_click",
            6,
            json!({"url": "https://example.com/"})
        ),
        line("u-1", "text_external", 7, json!({"text": "Anybody?"})),
        line("them", "text_external", 8, json!({"text": "Yes"})),
    ]));
    assert_eq!(recorded.notes, [""; 0]);
    let entries = &recorded.entries;
    let places: Vec<(u64, u32, bool)> = entries
        .iter()
        .map(|entry| (entry.seq, entry.index, entry.last))
        .collect();
    assert_eq!(
        places,
        [
            (1, 0, false),
            (2, 0, false),
            (3, 1, true),
            (4, 0, false),
            (5, 0, false),
            (6, 0, false),
            (7, 0, true)
        ]
    );
    assert!(entries.is_sorted_by(|a, b| a.at < b.at));
    let turn = Some(event(&entries[0]).id);
    assert!(event(&entries[0]).hidden);
    assert_eq!(
        event(&entries[0]).input,
        UserInput::Open {
            welcome: None,
            query: None
        }
    );
    assert_eq!((entries[1].turn, entries[2].turn), (turn, turn));
    assert_eq!(message(&entries[2]).parent, turn);
    assert_eq!(message(&entries[2]).actions[0].label, "Gold");
    assert_eq!(
        event(&entries[3]).input,
        UserInput::Form(FormSubmission {
            id: "f".to_owned(),
            values: vec![("age".to_owned(), "7".to_owned())],
            summary: Some("Age: 7".to_owned()),
            ..FormSubmission::default()
        })
    );
    assert!(matches!(
        event(&entries[4]).input,
        UserInput::LinkClick { .. }
    ));
    assert_eq!(event(&entries[5]).input, UserInput::text("Anybody?"));
    assert!(matches!(
        message(&entries[6]).author,
        Author::Operator { .. }
    ));
}

#[test]
fn the_same_recording_gives_the_same_ids_in_whichever_order() {
    let said = |second: u8| {
        json!({"author": "u-1", "type": "text", "text": "again",
               "date": format!("2023-03-01 10:00:{second:02}")})
    };
    let given = json!({"author": "them", "type": "text", "text": "x",
                       "date": "2023-03-01 10:01:00",
                       "message_id": "0d2f5b1a-7f0c-4a3e-8a55-0e6d3b6c2f10"});
    let oldest_first = user_of(json!([said(1), said(1), said(2), given]));
    let newest_first = user_of(json!([given, said(2), said(1), said(1)]));
    assert_eq!(oldest_first, newest_first);
    let mut ids: Vec<_> = oldest_first.entries[..3]
        .iter()
        .map(|it| event(it).id)
        .collect();
    assert_eq!(
        message(&oldest_first.entries[3]).id.to_string(),
        "0d2f5b1a-7f0c-4a3e-8a55-0e6d3b6c2f10"
    );
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 3);
    // A part of it has the same ids too.
    let part = user_of(json!([said(2)]));
    assert_eq!(
        event(&part.entries[0]).id,
        event(&oldest_first.entries[2]).id
    );
}

#[test]
fn attributes_of_the_user_are_kept_with_their_types() {
    let steps = read_value(&json!([{"u-1": {
        "chatbot_user_data": {"first_name": "Ada", "custom": {"plan": "gold"}},
        "user_attributes": [
            {"name": "first_name", "type": "attribute.core.string", "value": {"scalar_value": "A."}},
            {"name": "last_name", "type": "attribute.core.string", "value": {"scalar_value": "L."}},
            {"name": "plan", "type": "attribute.core.string", "value": {"scalar_value": "free"}},
            {"name": "age", "type": "attribute.core.int", "value": {"scalar_value": 36}},
            {"name": "last_seen", "type": "attribute.core.timestamp", "value": {"scalar_value": 9}},
        ],
    }}]));
    let profile = &steps.recorded[0].profile;
    assert_eq!(profile.attributes["first_name"], "Ada");
    assert_eq!(profile.attributes["last_name"], "L.");
    assert_eq!(profile.variables["plan"], "gold");
    assert_eq!(profile.variables["age"], "36");
    assert_eq!(profile.metadata["last_seen"], "9");
    let kept = profile
        .extras
        .get(&DialectName::new("opendialog"), "recorded");
    assert_eq!(
        kept.unwrap()["user_attributes"][3]["type"],
        "attribute.core.int"
    );
}
