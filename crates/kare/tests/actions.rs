//! Actions, their triggers and what the commands mean: `docs/protocols/kare.md#71-action` and
//! `docs/protocols/kare.md#72-commands-doc-for-names-parameters-meaning`.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may fail"
)]

mod support;

use serde_json::{Value, json};
use support::{envelope, id, now};
use switchboard_core::model::{
    Action, ActionStyle, Command, Content, Icon, Message, MessageId, OpenTarget, RichText, SendBody,
};
use switchboard_kare::convert::{Setting, Style, message};
use switchboard_kare::wire::command::parse;

/// A Kare engine's message with this action, in the model.
fn message(action: Value) -> Message {
    let value = json!({"id": "c2a4df41-8c46-4c30-bac3-08a6beada372", "uri": "out/text",
        "body": {"aspect": "resolution/answer/choice", "text": "?", "actions": [action]}});
    message::to_model(envelope(&value), fresh(), now())
}

fn model(action: Value) -> Action {
    message(action).actions.remove(0)
}

/// What a Kare client gets of it.
fn passed(action: Value) -> Value {
    written(&message(action))
}

fn written(message: &Message) -> Value {
    let wire = message::from_model(message, Setting::Answer, &Style::default()).unwrap();
    serde_json::to_value(wire).unwrap()["body"]["actions"][0].clone()
}

fn fresh() -> MessageId {
    id("0c6c9c6e-1e0b-4c1b-8a6e-2f3f0c1f7a10")
}

/// What a Kare client gets of another dialect's action.
fn foreign(action: Action) -> Value {
    let content = Content::text(RichText::markdown("?"));
    written(&Message::bot(fresh(), None, now(), content).with_actions(vec![action]))
}

fn clicked(script: &str) -> Vec<Command> {
    model(json!({"text": "Go", "choice_id": "go", "on_click": script})).on_click
}

fn url(url: &str) -> Command {
    Command::Open(OpenTarget::Url {
        url: url.to_owned(),
        new_tab: true,
    })
}

#[test]
fn an_actions_fields_have_defaults_and_other_names() {
    let defaults = json!({"text": "", "icon": "empty", "context": "default", "enabled": true,
        "on_click": "close"});
    assert_eq!(passed(json!({"on_click": "close"})), defaults);
    for name in ["text", "label", "title"] {
        assert_eq!(model(json!({ name: "Go" })).label, "Go", "{name}");
    }
    for name in ["choice_id", "choiceId"] {
        assert_eq!(model(json!({ name: "go" })).id, "go", "{name}");
    }
    assert_eq!(model(json!({"choice_id": 7})).id, "7");
    assert!(model(json!({"enabled": false})).disabled);
    assert!(model(json!({"disabled": true})).disabled);
    assert!(!model(json!({"disabled": false})).disabled);
    assert_eq!(
        passed(json!({"text": "Go", "disabled": true}))["enabled"],
        false
    );
    let named = json!({"text": "Go", "icon": "empty", "context": "default", "enabled": true,
        "choice_id": "go", "aspect": "acme/go", "on_click": "close", "id": "a-1"});
    assert_eq!(passed(named.clone()), named);
}

#[test]
fn every_form_of_a_trigger_is_the_same_script() {
    let (first, second) = ("print -m=\"Ok\"", "close");
    let script = format!("{first}; {second}");
    for name in ["on_load", "on_click"] {
        let read = |action: Value| {
            let action = model(action);
            match name {
                "on_load" => action.on_load,
                _ => action.on_click,
            }
        };
        let expected = [Command::Print("Ok".to_owned()), Command::Close];
        for action in [
            json!({ name: script }),
            json!({ name: [first, second] }),
            json!({ name: {"command": script} }),
            json!({ name: [{"command": first}, {"command": second}] }),
            json!({"triggers": [{"trigger": name, "command": script}]}),
            json!({"triggers": [{"trigger": name, "command": first}, {"trigger": "on_hover", "command": "open -zopim"},
                {"trigger": name, "command": second}]}),
            json!({"triggers": { name: script }}),
            json!({"triggers": { name: [first, second] }}),
        ] {
            assert_eq!(read(action.clone()), expected, "{action}");
            assert_eq!(passed(action.clone())[name], script, "{action}");
        }
    }
}

#[test]
fn an_action_without_a_click_sends_its_choice() {
    let plain = passed(json!({"text": "Track an order", "choice_id": "track"}));
    assert_eq!(plain.get("on_click"), None, "as the engine sent it");
    let action = model(json!({"text": "Track an order", "choice_id": "track"}));
    assert!(action.on_click.is_empty() && action.sends());
    let foreign = foreign(Action::choice("track", "Track an order"));
    assert_eq!(
        foreign["on_click"],
        "print -m=\"Track an order\"; send -m={\"aspect\":\"resolution/answer/text\",\
         \"choice_id\":\"track\",\"text\":\"Track\\u0020an\\u0020order\"}"
    );
}

#[test]
fn every_context_is_kept_and_unknown_ones_are_default_elsewhere() {
    for (name, style) in [
        ("default", ActionStyle::Default),
        ("primary", ActionStyle::Primary),
        ("success", ActionStyle::Success),
        ("info", ActionStyle::Info),
        ("warning", ActionStyle::Warning),
        ("danger", ActionStyle::Danger),
        ("sparkling", ActionStyle::Other("sparkling".to_owned())),
    ] {
        let action = json!({"text": "Go", "context": name});
        assert_eq!(model(action.clone()).style, style);
        assert_eq!(passed(action)["context"], name);
        let other = Action {
            style,
            ..Action::choice("go", "Go")
        };
        let expected = if name == "sparkling" { "default" } else { name };
        assert_eq!(foreign(other)["context"], expected);
    }
}

#[test]
fn every_icon_is_kept_and_false_is_a_word() {
    for (name, icon) in [
        ("empty", Icon::Empty),
        ("contact", Icon::Contact),
        ("done", Icon::Done),
        ("link", Icon::Link),
        ("thumb_up", Icon::ThumbUp),
        ("thumb_down", Icon::ThumbDown),
        ("false", Icon::False),
        ("resolution", Icon::Resolution),
        ("attachment", Icon::Attachment),
        ("rocket", Icon::Other("rocket".to_owned())),
    ] {
        let action = json!({"text": "Go", "icon": name});
        assert_eq!(model(action.clone()).icon, icon);
        assert_eq!(passed(action)["icon"], name);
        let other = Action {
            icon,
            ..Action::choice("go", "Go")
        };
        assert_eq!(foreign(other)["icon"], name);
    }
    for nothing in [json!(false), json!(7), json!(null)] {
        let action = json!({"text": "Go", "icon": nothing});
        assert_eq!(model(action.clone()).icon, Icon::Empty);
        assert_eq!(passed(action)["icon"], nothing, "the raw value is kept");
    }
}

#[test]
fn print_echoes_and_close_closes() {
    assert_eq!(
        clicked("print -m=\"Hi\"; close"),
        [Command::Print("Hi".to_owned()), Command::Close]
    );
}

#[test]
fn open_does_each_of_its_parameters_in_order() {
    assert_eq!(
        clicked("open -href=\"https://a.example\" -mailto=b@c.example -ext=map -escalate -zopim"),
        [
            url("https://a.example"),
            Command::Open(OpenTarget::Mail("b@c.example".to_owned())),
            Command::Open(OpenTarget::Extension("map".to_owned())),
            Command::Open(OpenTarget::Escalate),
            Command::Open(OpenTarget::ThirdParty("zopim".to_owned())),
        ]
    );
    assert_eq!(
        clicked("open -href=https://a.example -href=https://b.example"),
        [url("https://a.example"), url("https://b.example")]
    );
    assert_eq!(
        clicked("open -escalate=true"),
        [Command::Open(OpenTarget::Escalate)]
    );
    for off in [
        "open -escalate=false",
        "open -zopim=0",
        "open -escalate=\"false\"",
    ] {
        assert_eq!(clicked(off), [], "{off}");
    }
}

#[test]
fn only_web_addresses_are_ever_opened_elsewhere() {
    for script in [
        "open -href=\"javascript:alert(1)\"",
        "open -href=\"data:text/html,x\"",
        "open -href=\"file:///etc/passwd\"",
    ] {
        let commands = clicked(script);
        assert!(
            matches!(commands.as_slice(), [Command::Other { .. }]),
            "{script}"
        );
        let action = json!({"text": "Go", "choice_id": "go", "on_click": script});
        assert_eq!(
            passed(action)["on_click"],
            script,
            "a Kare client judges itself"
        );
    }
}

#[test]
fn update_changes_each_property() {
    let update = |script: &str| clicked(script).remove(0);
    assert_eq!(
        update("update -context=warning -enabled=false -icon=done -text=\"Sent\""),
        Command::Update {
            style: Some(ActionStyle::Warning),
            enabled: Some(false),
            icon: Some(Icon::Done),
            label: Some("Sent".to_owned()),
        }
    );
    for (value, is_on) in [
        ("=false", false),
        ("=0", false),
        ("=No", false),
        ("=OFF", false),
        ("", true),
        ("=", true),
        ("=true", true),
        ("=7", true),
    ] {
        let script = format!("update -enabled{value}");
        assert!(
            matches!(update(&script), Command::Update { enabled: Some(on), .. } if on == is_on),
            "{script}"
        );
    }
    assert!(matches!(
        update("update -icon=done -icon=link"),
        Command::Update {
            icon: Some(Icon::Link),
            ..
        }
    ));
}

#[test]
fn what_loading_updates_is_shown_elsewhere() {
    let action = json!({"text": "Go", "icon": "link", "context": "default", "enabled": true,
        "choice_id": "go", "on_load": "update -text=\"Gone\" -enabled=false; update -context=warning -icon=done",
        "on_click": "print -m=\"Go\"; send -m={\"choice_id\":\"go\",\"text\":\"Go\"}"});
    let loaded = model(action.clone());
    assert_eq!(loaded.label, "Gone");
    assert!(loaded.disabled);
    assert_eq!(
        (loaded.style, loaded.icon),
        (ActionStyle::Warning, Icon::Done)
    );
    assert_eq!(
        passed(action.clone()),
        action,
        "a Kare client loads it itself"
    );
    let part = model(json!({"text": "Go", "icon": "link", "on_load": "update -text=Gone; close"}));
    assert_eq!(
        (&*part.label, part.icon),
        ("Gone", Icon::Link),
        "the rest stays"
    );
}

#[test]
fn every_form_of_what_is_sent_is_understood() {
    let sent = |value: &str| match clicked(&format!("send -m={value}")).as_slice() {
        [Command::Send(body)] => body.clone(),
        other => panic!("{value}: {other:?}"),
    };
    // Plain words, the target, the body of a click, and the whole envelope.
    for choice in [
        "go",
        "\"Go on\"",
        "{\"choice_id\":\"go\"}",
        "{\"aspect\":\"resolution/answer/choice\",\"choice_id\":\"go\",\"text\":\"Go\"}",
        "{\"target\":{\"choice_id\":\"go\"}}",
        "{\"uri\":\"in/click\",\"body\":{\"target\":{\"choice_id\":\"go\"}}}",
    ] {
        assert_eq!(sent(choice), SendBody::Choice, "{choice}");
    }
    assert_eq!(
        sent("{\"uri\":\"in/query\",\"body\":{\"text\":\"orders\"}}"),
        SendBody::Text("orders".to_owned())
    );
    assert_eq!(
        sent("{\"aspect\":\"acme/seen\",\"choice_id\":\"7\",\"text\":\"Seven\"}"),
        SendBody::Custom {
            name: "acme/seen".to_owned(),
            value: Some("7".to_owned()),
            label: Some("Seven".to_owned()),
            message: None,
        }
    );
    let parent = "b8ca91f6-10f5-4c77-8432-643233c93ad2";
    let envelope = format!(
        "{{\"uri\":\"in/click\",\"parent_id\":\"{parent}\",\"body\":{{\"target\":{{\"aspect\":\"open/link\",\"choice_id\":\"x\"}}}}}}"
    );
    assert!(
        matches!(sent(&envelope), SendBody::Custom { message: Some(of), .. } if of == id(parent))
    );
}

#[test]
fn a_missing_aspect_of_what_is_sent_is_the_actions() {
    let action = model(json!({"text": "Go", "choice_id": "go", "aspect": "acme/go",
        "on_click": "send -m={\"aspect\":\"acme/go\",\"choice_id\":\"go\"}"}));
    assert_eq!(action.on_click, [Command::Send(SendBody::Choice)]);
    let other = model(json!({"text": "Go", "choice_id": "go", "aspect": "acme/go",
        "on_click": "send -m={\"choice_id\":\"stay\"}"}));
    assert!(matches!(&other.on_click[0],
        Command::Send(SendBody::Custom { name, .. }) if name == "acme/go"));
}

#[test]
fn what_is_sent_survives_a_client_that_splits_at_blanks_and_semicolons() {
    let script = foreign(Action::choice("a b;c", "One; two"))["on_click"].clone();
    let script = script.as_str().unwrap().to_owned();
    let (_, sent) = script.split_once("send -m=").unwrap();
    let word = sent.split([' ', ';']).next().unwrap();
    let target: Value = serde_json::from_str(word).unwrap();
    assert_eq!(
        target,
        json!({"aspect": "resolution/answer/text", "choice_id": "a b;c", "text": "One; two"})
    );
}

#[test]
fn commands_run_in_order_and_unknown_ones_are_kept() {
    let script = "dance -x=1; print -m=\"Hi\"; jump; close";
    let commands = clicked(script);
    let names: Vec<&str> = commands
        .iter()
        .map(|command| match command {
            Command::Other { name, .. } => name.as_str(),
            Command::Print(_) => "print",
            Command::Close => "close",
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(names, ["dance", "print", "jump", "close"]);
    let action = json!({"text": "Go", "choice_id": "go", "on_click": script});
    assert_eq!(passed(action)["on_click"], script);
}

#[test]
fn what_other_dialects_do_is_written_as_commands() {
    let script = |commands: Vec<Command>| {
        let action = Action {
            on_click: commands,
            ..Action::choice("go", "Go")
        };
        foreign(action)["on_click"].as_str().unwrap().to_owned()
    };
    assert_eq!(script(vec![Command::Close]), "close");
    assert_eq!(
        script(vec![Command::Open(OpenTarget::Mail(
            "a@x.example".to_owned()
        ))]),
        "open -mailto=\"a@x.example\""
    );
    assert_eq!(
        script(vec![Command::Open(OpenTarget::Extension("map".to_owned()))]),
        "open -ext=\"map\""
    );
    assert_eq!(
        script(vec![Command::Open(OpenTarget::Escalate)]),
        "open -escalate"
    );
    let zopim = OpenTarget::ThirdParty("zopim".to_owned());
    assert_eq!(script(vec![Command::Open(zopim)]), "open -zopim");
    let update = Command::Update {
        style: Some(ActionStyle::Danger),
        enabled: Some(false),
        icon: Some(Icon::Done),
        label: Some("Sent".to_owned()),
    };
    assert_eq!(
        script(vec![update]),
        "update -context=\"danger\" -enabled=false -icon=done -text=\"Sent\""
    );
    let link = script(vec![url("https://x.example/a")]);
    let commands = parse(&link);
    assert_eq!(commands[0].value("href"), Some("https://x.example/a"));
    let tracked: Value = serde_json::from_str(commands[1].value("m").unwrap()).unwrap();
    assert_eq!(
        tracked,
        json!({"aspect": "open/link", "choice_id": "https://x.example/a", "text": "Go"}),
        "opening a link is tracked"
    );
}
