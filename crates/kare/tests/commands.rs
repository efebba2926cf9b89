//! The command language: the reference's vectors, and what must hold for any script.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may fail"
)]

mod support;

use proptest::prelude::*;
use serde_json::{Value, json};
use switchboard_kare::convert::{Setting, Style, message};
use switchboard_kare::wire::command::{
    Command, VERBS, compact_json, is_key, is_verb, parse, write,
};

#[test]
fn the_reference_vectors() {
    let fixture = support::fixture("41-command-grammar");
    let scripts = fixture["request"]["commands"].as_array().unwrap();
    let expected = fixture["response"]["parsed"].as_array().unwrap();
    assert_eq!((scripts.len(), expected.len()), (27, 27));
    for (script, expected) in scripts.iter().zip(expected) {
        let script = script.as_str().unwrap();
        let parsed: Vec<Value> = parse(script)
            .into_iter()
            .map(|command| json!({"verb": command.verb, "params": command.parameters}))
            .collect();
        assert_eq!(Value::from(parsed), *expected, "{script}");
        assert_eq!(parse(&write(&parse(script))), parse(script), "{script}");
    }
}

#[test]
fn corners() {
    let check = |script: &str, expected: &str| assert_eq!(write(&parse(script)), expected);
    check("print -m='it\\'s'", "print -m=\"it's\"");
    check("print -m=\"\\uD83D\\uDE00\"", "print -m=\"😀\"");
    check("print -m=\"\\ud83d!\"", "print -m=\"\\\\ud83d!\"");
    check("send -m={\"a\":[1}", "send -m=\"{\\\"a\\\":[1}\"");
    check("print -m=a; b;close", "print -m=\"a; b\"; close");
    check("!!print -m=x", "print -m=\"x\"");
    check("open -escalate stray", "open -escalate");
    check("print -m=\"a\"b -m=c d", "print -m=\"a\" -m=\"c d\"");
    check("close;;;\n", "close");
    check("print -m=\"\\", "print -m=\"\\\\\"");
}

#[test]
fn json_without_blanks() {
    let value = json!({"text": "a; b \\ c", "n": [1, 2]});
    let json = compact_json(&value);
    assert!(!json.contains([' ', ';']));
    assert_eq!(serde_json::from_str::<Value>(&json).unwrap(), value);
    let script = format!("send -m={json}; close");
    let parsed = parse(&script);
    assert_eq!(parsed.len(), 2);
    assert_eq!(parsed[0].value("m"), Some(json.as_str()));
    assert_eq!(write(&parsed), script);
}

fn command() -> impl Strategy<Value = Command> {
    let verb = prop_oneof![
        prop::sample::select(&VERBS[..]).prop_map(str::to_owned),
        "[a-z_][a-z0-9_.-]{0,6}",
    ];
    let value = prop_oneof![
        Just(None),
        any::<String>().prop_map(Some),
        "[ -~\n\r\t]{0,20}".prop_map(Some),
        Just(Some("true".to_owned())),
        Just(Some("{\"a\":\"b\"}".to_owned())),
    ];
    let parameters = prop::collection::vec(("[a-z_][a-z0-9_-]{0,6}", value), 0..4);
    (verb, parameters).prop_map(|(verb, parameters)| Command { verb, parameters })
}

proptest! {
    #[test]
    fn parsing_never_fails(script in any::<String>()) {
        for command in parse(&script) {
            prop_assert!(is_verb(&command.verb));
            prop_assert!(command.parameters.iter().all(|(key, _)| is_key(key)));
        }
    }

    #[test]
    fn parsing_odd_scripts_never_fails(script in "[a-z\"'{}\\[\\]\\\\=;: \n-]{0,60}") {
        let parsed = parse(&script);
        prop_assert_eq!(parse(&write(&parsed)), parsed);
    }

    #[test]
    fn what_is_written_is_read_back(commands in prop::collection::vec(command(), 0..5)) {
        prop_assert_eq!(parse(&write(&commands)), commands);
    }

    #[test]
    fn any_script_of_an_engine_reaches_the_widget_as_it_is(
        script in "(print|send|open|close|update|dance)?[a-z\"'{}\\[\\]\\\\=;: \n-]{0,60}",
        loads in any::<String>(),
    ) {
        let sent = json!({"id": support::APP, "parent_id": null, "uri": "out/text", "header": {},
            "body": {"aspect": "resolution/answer/choice", "text": "x", "actions": [{
                "text": "Go", "icon": "empty", "context": "default", "enabled": true,
                "choice_id": "go", "on_load": loads, "on_click": script}]}});
        let read = message::to_model(support::envelope(&sent), support::id(support::APP), support::now());
        let written = message::from_model(&read, Setting::Free, &Style::default()).unwrap();
        let written = serde_json::to_value(written).unwrap();
        prop_assert_eq!(&written["body"], &sent["body"]);
    }
}
