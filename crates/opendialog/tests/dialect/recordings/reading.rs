//! Answers and files of every form, good and bad.

use super::*;

#[test]
fn what_cannot_be_read_is_named() {
    let check = |body: &[u8], expected: &str| {
        let body = Bytes::copy_from_slice(body);
        let (steps, _) = served(&mut *export(), |_, _| Ok(Response::new(body.clone())));
        let error = steps.failed.unwrap().to_string();
        assert!(error.starts_with(expected), "{error}");
    };
    check(b"", "page 1 cannot be read: EOF");
    check(b"<html>", "page 1 cannot be read: expected value");
    check(
        b"{\"users\": []}",
        "page 1: data cannot be read: a list of users is missing",
    );
    check(
        b"{\"data\": 7}",
        "page 1: data cannot be read: expected a list of users, found a number",
    );
    let deep = "[".repeat(1_000_000);
    check(
        deep.as_bytes(),
        "page 1 cannot be read: recursion limit exceeded",
    );
    assert!(read("").failed.unwrap().to_string().contains("empty"));
    assert!(read("{\"message\":\"Unauthenticated.\"}").failed.is_some());
    assert!(read("\"data\"").failed.is_some());
}

#[test]
fn what_is_wrong_within_a_user_is_noted_with_its_place() {
    let steps = read_value(&json!({"data": [
        7,
        [],
        {"u-1": "nobody"},
        {"u-2": []},
        {"u-3": {
            "chatbot_user_data": "Ada",
            "user_attributes": [{"value": 1}],
            "interactions": [
                "Hello",
                {"type": "text", "date": "yesterday", "text": {"a": 1}, "data": 5},
                {"author": "u-3", "type": "wave", "date": "2023-03-01 10:00:00", "text": "hand"},
                {"author": "them", "type": "hologram", "date": "2023-03-01 10:00:01",
                 "data": {"text": "look"}},
            ],
        }},
    ]}));
    assert_eq!(steps.failed, None);
    assert_eq!(
        steps.notes,
        ["value 1 of the file: data[0]: expected a user, found a number"]
    );
    assert_eq!(users(&steps), ["u-1", "u-2", "u-3"]);
    let notes = |place: usize| steps.recorded[place].notes.join("\n");
    assert!(notes(0).contains("data[2].u-1: expected an object, found a string"));
    assert_eq!(notes(1), "");
    for expected in [
        "data[4].u-3.chatbot_user_data: expected an object, found a string",
        "data[4].u-3.user_attributes[0]: has no name",
        "data[4].u-3.interactions[0]: expected an object, found a string",
        "data[4].u-3.interactions[1].date: \"yesterday\" is no date",
        "data[4].u-3.interactions[1].text: expected a string, found an object",
        "data[4].u-3.interactions[1].data: expected an object, found a number",
        "data[4].u-3.interactions[2].type: no user's \"wave\" is known",
        "data[4].u-3.interactions[3].type: no message \"hologram\" is known",
    ] {
        assert!(notes(2).contains(expected), "{}", notes(2));
    }
    let entries = &steps.recorded[2].entries;
    assert_eq!(entries.len(), 3);
    assert_eq!(
        event(&entries[1]).input,
        UserInput::Custom {
            name: "wave".to_owned(),
            value: None,
            label: Some("hand".to_owned()),
        }
    );
    assert!(
        matches!(&message(&entries[2]).content, Content::Other { name, .. } if name == "hologram")
    );
    // What could not be read is there nevertheless.
    let kept = serde_json::to_string(&entries[0]).unwrap();
    assert!(
        kept.contains("yesterday") && kept.contains("{\"a\":1}"),
        "{kept}"
    );
}

#[test]
fn saved_answers_are_read_in_every_form() {
    let user = |id: &str| json!({id: {"interactions": []}});
    let expected = ["u-1", "u-2"];
    let all = json!([user("u-1"), user("u-2")]);
    let check = |file: String| {
        let steps = read(file.clone());
        assert_eq!(steps.failed, None, "{file}");
        assert_eq!(users(&steps), expected, "{file}");
    };
    check(json!({ "data": all }).to_string());
    check(all.to_string());
    check(serde_json::to_string_pretty(&all).unwrap());
    check(format!("\u{feff}{all}\r\n"));
    let page = |id| json!({"data": [user(id)], "meta": {}});
    check(format!("{}\n{}\n", page("u-1"), page("u-2")));
    check(format!("{}\n{}", user("u-1"), user("u-2")));
    let both = json!({"u-1": {"interactions": []}, "u-2": {"interactions": []}});
    check(json!({ "data": both }).to_string());
    check(json!({ "data": [both] }).to_string());
    assert!(users(&read("{\"data\":{}}")).is_empty());
    // A page that is cut off is an error, after what could be read.
    let cut = read(format!("{}\n{{\"data\": [", page("u-1")));
    assert_eq!(users(&cut), ["u-1"]);
    assert!(
        matches!(cut.failed, Some(SourceError::Unreadable { place, .. })
        if place == "value 2 of the file")
    );
}

#[test]
fn one_file_is_read_after_the_other_and_only_what_is_wanted() {
    let line = |day: &str| json!({"type": "text", "date": day, "text": "x"});
    let mut source = source_of(
        json!({}),
        RecordedPeriod {
            from: Some(moment("2023-03-02T00:00:00Z")),
            to: Some(moment("2023-03-03T23:59:59Z")),
            user_id: Some("u-1".to_owned()),
        },
    );
    let file = json!([
        {"u-1": {"interactions": [line("2023-03-01"), line("2023-03-02"), line("2023-03-04")]}},
        {"u-2": {"interactions": [line("2023-03-02")]}},
    ]);
    for _ in 0..2 {
        source.read(file.to_string().into(), &cx());
        let steps = steps(&mut *source);
        assert_eq!(users(&steps), ["u-1"]);
        assert_eq!(steps.recorded[0].entries.len(), 1);
    }
}

#[test]
fn a_recording_of_many_lines_is_read_at_once() {
    let lines: Vec<Value> = (0..50_000)
        .map(|_| json!({"type": "text", "date": "2023-03-01 10:00:00", "text": "x"}))
        .collect();
    let recorded = user_of(lines.into());
    assert_eq!(recorded.entries.len(), 50_000);
    assert_eq!(recorded.entries.last().unwrap().seq, 50_000);
    let notes: Vec<Value> = vec![Value::Null; 1_000];
    assert_eq!(user_of(notes.into()).notes.len(), 101);
}

fn any_json() -> impl Strategy<Value = Value> {
    let word = prop::sample::select(vec![
        "data",
        "u-1",
        "interactions",
        "chatbot_user_data",
        "user_attributes",
        "custom",
        "author",
        "them",
        "type",
        "text",
        "button",
        "form_response",
        "chat_open",
        "date",
        "name",
        "value",
        "scalar_value",
        "callback_id",
        "message_id",
        "intents",
        "2023-03-01 10:00:00",
        "request",
    ]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        word.clone().prop_map(Value::from),
        ".{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(7, 64, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::vec((word.clone(), inner), 0..6).prop_map(|fields| {
                let fields = fields.into_iter();
                Value::Object(fields.map(|(key, value)| (key.to_owned(), value)).collect())
            }),
        ]
    })
}

proptest! {
    #[test]
    fn no_recording_is_a_panic(data in any_json(), user in any_json(), line in any_json()) {
        read_value(&data);
        read_value(&json!({ "data": data }));
        let lines = json!([line.clone(), {"author": "them", "type": line, "data": data}]);
        read_value(&json!({"data": [{"u-1": {
            "chatbot_user_data": user, "user_attributes": line, "interactions": lines,
        }}]}));
        let answer = ok(&data);
        let (_, asked) = served(&mut *export(), |_, _| Ok(answer.clone()));
        prop_assert!(asked <= 2);
    }
}
