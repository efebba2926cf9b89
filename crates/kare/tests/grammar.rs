//! The grammar of scripts, rule by rule:
//! `docs/protocols/kare.md#73-grammar-assumed-consistent-with-every-documented-example`.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may fail"
)]
use switchboard_kare::wire::command::{Command, parse, write};

/// What a script is read as: `verb key=value key`, commands divided by ` | `.
fn read(script: &str) -> String {
    let word = |command: &Command| {
        let mut text = command.verb.clone();
        for (key, value) in &command.parameters {
            text += &match value {
                Some(value) => format!(" {key}=<{value}>"),
                None => format!(" {key}"),
            };
        }
        text
    };
    parse(script)
        .iter()
        .map(word)
        .collect::<Vec<_>>()
        .join(" | ")
}

#[track_caller]
fn check(script: &str, expected: &str) {
    assert_eq!(read(script), expected, "{script}");
}

#[test]
fn separators_are_semicolons_and_line_breaks() {
    check("close;close", "close | close");
    check(" ; \r\n close \n\n;close\r", "close | close");
    check("print -m=\"a\"\nclose", "print m=<a> | close");
    check("print\t-m=\"a\"", "print m=<a>");
    check("", "");
}

#[test]
fn verbs_and_keys_ignore_case_and_unknown_verbs_stay() {
    check("PRINT -M=x", "print m=<x>");
    check(
        "Open --HREF=\"https://X.example\"",
        "open href=<https://X.example>",
    );
    check(
        "dance.v2 -step-size=1; close",
        "dance.v2 step-size=<1> | close",
    );
}

#[test]
fn no_blanks_around_the_sign_and_flags_have_no_value() {
    check("open -escalate", "open escalate");
    check("print -m=", "print m=<>");
    check("print -m= \"x\"", "print m=<>");
    check("print -m =x", "print m");
}

#[test]
fn escapes_are_json_and_others_stay() {
    check(r#"print -m="a\"b\'c\\d\/e""#, "print m=<a\"b'c\\d/e>");
    check(r#"print -m="\n\r\t|""#, "print m=<\n\r\t|>");
    check(r#"print -m="\u00e9\ud83d\ude00""#, "print m=<é😀>");
    check(r#"print -m="C:\dir \ud83d""#, r"print m=<C:\dir \ud83d>");
    check(r#"print -m='it\'s "so"'"#, "print m=<it's \"so\">");
}

#[test]
fn an_open_quote_runs_to_the_end() {
    check("print -m=\"a; close", "print m=<a; close>");
    check("print -m='a\nclose", "print m=<a\nclose>");
}

#[test]
fn json_is_read_to_its_bracket_and_not_unescaped() {
    check(
        r#"send -m={"text":"a } \" ; b","n":[1]}; close"#,
        r#"send m=<{"text":"a } \" ; b","n":[1]}> | close"#,
    );
    check("send -m=[1,{\"a\":2}] -x", "send m=<[1,{\"a\":2}]> x");
    check("send -m={\"a\":[1}", "send m=<{\"a\":[1}>");
    check(
        r#"send -m={"text":"\u0020"}"#,
        r#"send m=<{"text":"\u0020"}>"#,
    );
}

#[test]
fn a_semicolon_in_a_bare_value_splits_before_a_verb_or_the_end() {
    check("open -href=https://x/a;b=1", "open href=<https://x/a;b=1>");
    check("print -m=a;b", "print m=<a;b>");
    check("print -m=a; ;", "print m=<a>");
    check("print -m=a;;close", "print m=<a> | close");
    check("print -m=a; closed", "print m=<a; closed>");
    for verb in ["print", "send", "close", "open", "update"] {
        check(
            &format!("print -m=a;{verb}"),
            &format!("print m=<a> | {verb}"),
        );
        check(
            &format!("print -m=a;{verb}s"),
            &format!("print m=<a;{verb}s>"),
        );
    }
}

#[test]
fn words_after_a_bare_value_belong_to_it() {
    check("print -m=Some text", "print m=<Some text>");
    check(
        "print -m=Some  text at -5 °C",
        "print m=<Some  text at -5 °C>",
    );
    check("print -m=a -b=c d", "print m=<a> b=<c d>");
    check("print -m=\"a\" b", "print m=<a>");
    check("send -m={} b", "send m=<{}>");
    check("open -escalate b", "open escalate");
    check("print b -m=a", "print m=<a>");
}

#[test]
fn of_a_key_given_twice_each_command_takes_its_own() {
    let twice = parse("update -icon=done -icon=link");
    assert_eq!(twice[0].value("icon"), Some("link"), "the last one wins");
    check(
        "open -href=https://a -href=https://b",
        "open href=<https://a> href=<https://b>",
    );
}

#[test]
fn what_cannot_start_a_verb_is_skipped() {
    check("?! 3print -m=x", "print m=<x>");
    check("-m=x", "m");
    check("\u{feff}close", "close");
    check("()[]{}", "");
}

#[test]
fn the_writer_quotes_all_but_what_the_examples_leave_bare() {
    let script = |verb: &str, key: &str, value: &str| {
        write(&[Command::new(verb).with(key, value), Command::new("close")])
    };
    assert_eq!(
        script("print", "m", "a\"b\\c\r\nd"),
        "print -m=\"a\\\"b\\\\c\\r\\nd\"; close"
    );
    assert_eq!(
        script("open", "href", "https://x"),
        "open -href=\"https://x\"; close"
    );
    assert_eq!(
        script("update", "enabled", "false"),
        "update -enabled=false; close"
    );
    assert_eq!(
        script("update", "icon", "thumb_up"),
        "update -icon=thumb_up; close"
    );
    assert_eq!(
        script("update", "text", "Sent"),
        "update -text=\"Sent\"; close"
    );
    assert_eq!(script("send", "m", "{\"a\":1}"), "send -m={\"a\":1}; close");
    assert_eq!(
        script("send", "m", "two words"),
        "send -m=\"two words\"; close"
    );
    assert_eq!(
        write(&[Command::new("open").flag("escalate")]),
        "open -escalate"
    );
}
