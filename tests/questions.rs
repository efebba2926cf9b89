//! What a dydu widget asks beside the dialog, end to end: the real binary twice, the first one's
//! dydu client side towards the second one's dydu frontend with a script behind it.

#![allow(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking, and makes its own ids"
)]

mod clients;
mod process;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use clients::dydu::{BOT, decode};
use process::{Gateway, backends, engine_config, frontends};
use serde_json::{Value, json};

const SCRIPT: &str = r#"
languages = ["nl", "en", "fr"]
greeting = "hello"
unknown = "sorry"

[top]
en = [
  { question = "Opening hours", tags = ["shop"] },
  { question = "Summer hours", tags = ["summer"], picked = true },
  { question = "Who are you?", gallery = true },
]
fr = ["Horaires d'été"]

[tags.shop]
[tags.summer]
parent = "shop"

[[push]]
to = "offer"
id = "42"
when = [{ type = "CurrentPage", operator = "Contains", value = "/shop" }]

[intents.hello]
keywords = ["hello"]
answer = "Hello"

[intents.hours]
label = { nl = "Openingstijden", en = "Opening hours", fr = "Horaires d'été" }
keywords = { en = ["opening hours"], fr = ["horaires"] }
answer = "Nine to five"

[intents.offer]
answer = "Half price today"

[intents.sorry]
answer = [{ no_answer = "Sorry" }]
"#;

/// A dydu frontend at `/dydu` that leaves everything to its engine.
const FRONTEND: &str = r#"
[[frontends]]
name = "dydu"
dialect = "dydu"
path = "/dydu"
route = "main"
bots = [{ bot_id = "00000000-0000-4000-8000-0000000d7d00" }]

[[routes]]
name = "main"
backend = "main"

[[backends]]
name = "main"
"#;

/// A script's file, removed on drop.
struct Script(PathBuf);

impl Drop for Script {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// The two gateways: the widget's, and its engine.
async fn start(name: &str) -> (Gateway, Gateway, Script) {
    let file = format!("switchboard-{}-{name}.toml", std::process::id());
    let script = Script(std::env::temp_dir().join(file));
    std::fs::write(&script.0, SCRIPT).unwrap();
    let path = script.0.display();
    let engine = format!("{FRONTEND}dialect = \"script\"\nscript = \"{path}\"\n");
    let engine = Gateway::start(&engine).await;
    let url = engine.url("/dydu");
    let front = format!("{FRONTEND}dialect = \"dydu\"\nurl = \"{url}\"\nbot_id = \"{BOT}\"\n");
    let front = Gateway::start(&front).await;
    (front, engine, script)
}

/// A request as the widget sends it: its status and its answer, decoded where it is an envelope.
async fn send(gateway: &Gateway, path: &str, form: &[(&str, &str)]) -> (u16, Value) {
    sent(&gateway.url("/dydu"), path, form).await
}

async fn sent(base: &str, path: &str, form: &[(&str, &str)]) -> (u16, Value) {
    let address = format!("{base}/servlet/api/{path}");
    let client = reqwest::Client::new();
    let request = if path.starts_with("account/") {
        client.get(address)
    } else if form.is_empty() {
        client.post(address)
    } else {
        let body = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(form)
            .finish();
        let kind = "application/x-www-form-urlencoded; charset=UTF-8";
        client.post(address).header("content-type", kind).body(body)
    };
    let begun = Instant::now();
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    let mut answer: Value = serde_json::from_str(&response.text().await.unwrap()).unwrap();
    // The widget gives up after this long.
    assert!(begun.elapsed() < Duration::from_secs(3), "{path} is late");
    if let Some(values) = answer.get_mut("values") {
        *values = decode(values);
    }
    (status, answer)
}

/// The values of an answer that is no refusal.
async fn values(gateway: &Gateway, path: &str, form: &[(&str, &str)]) -> Value {
    let (status, mut answer) = send(gateway, &format!("chat/{path}"), form).await;
    assert_eq!(status, 200, "{path}: {answer}");
    answer["values"].take()
}

async fn say(gateway: &Gateway, user: &str, context: Option<&str>, text: &str) -> Value {
    let path = match context {
        Some(context) => format!("talk/{BOT}/{context}"),
        None => format!("talk/{BOT}"),
    };
    let hide = "{\"hide\":true}";
    let mut form = vec![
        ("clientId", user),
        ("language", "en"),
        ("space", "Defaut"),
        ("userInput", text),
    ];
    if text.starts_with('_') {
        form.push(("extraParameters", hide));
    }
    values(gateway, &path, &form).await
}

fn rewords(values: &Value) -> Vec<String> {
    let text = values["knowledgeArticles"].as_str().unwrap();
    let articles: Vec<Value> = serde_json::from_str(text).unwrap();
    let each = articles.iter();
    each.map(|article| article["reword"].as_str().unwrap().to_owned())
        .collect()
}

fn suggested(values: &Value) -> Vec<&str> {
    let list = values.as_array().unwrap().iter();
    list.map(|suggestion| suggestion["rootConditionReword"].as_str().unwrap())
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn questions_reach_the_engine_and_its_answers_the_widget() {
    let (front, _engine, _script) = start("questions").await;

    let languages = format!("account/dydubox/bots/language?botUUID={BOT}");
    let (_, answer) = send(&front, &languages, &[]).await;
    let all: Value = ["nl", "en", "fr"]
        .iter()
        .map(|id| json!({"id": id, "isAvailable": true}))
        .collect();
    assert_eq!(answer, all);

    let search = format!("search/{BOT}");
    let typed = |language: &'static str, text: &'static str| {
        [
            ("language", language),
            ("search", text),
            ("space", "Defaut"),
            ("onlyShowRewordables", "true"),
        ]
    };
    let found = values(&front, &search, &typed("en", "OPEN")).await;
    assert_eq!(suggested(&found), ["Opening hours"]);
    let found = values(&front, &search, &typed("fr", "ete")).await;
    assert_eq!(suggested(&found), ["Horaires d'été"]);
    let found = values(&front, &search, &typed("en", "xyzzy")).await;
    assert_eq!(found, json!([]));

    let top = format!("topknowledge/{BOT}");
    let mut form = vec![
        ("language", "en"),
        ("maxKnowledge", "10"),
        ("period", "Last30Days"),
        ("space", "Defaut"),
        ("solutionUsed", "ASSISTANT"),
    ];
    let all = ["Opening hours", "Summer hours", "Who are you?"];
    assert_eq!(rewords(&values(&front, &top, &form).await), all);
    form.push(("tag", "shop"));
    assert_eq!(rewords(&values(&front, &top, &form).await), all[..1]);
    form.push(("includeTagChildren", "true"));
    assert_eq!(rewords(&values(&front, &top, &form).await), all[..2]);
    form.push(("ignoreManualTopKnowledge", "true"));
    assert_eq!(rewords(&values(&front, &top, &form).await), all[..1]);
    let form = [("language", "en"), ("excludeGalleryContent", "true")];
    assert_eq!(rewords(&values(&front, &top, &form).await), all[..2]);

    let rules = values(&front, &format!("pushrules/{BOT}"), &[]).await;
    let rules: Value = serde_json::from_str(rules.as_str().unwrap()).unwrap();
    assert_eq!(rules[0]["kId"], "42");
    let pushed = say(&front, "f0e1d2c3b4a5968", None, "_pushcondition_:42").await;
    assert_eq!(pushed["typeResponse"], "DMClientPush");
    let text = pushed["text"].as_str().unwrap();
    assert!(text.contains("Half price today"), "{text}");
    let context = pushed["contextId"].as_str().unwrap();
    let goal = say(&front, "f0e1d2c3b4a5968", Some(context), "_goalpage_:7").await;
    assert_eq!(goal["text"], "");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_programs_mistake_is_named() {
    let (front, _engine, _script) = start("mistakes").await;
    for (path, form, field) in [
        ("search", &[("language", "en")][..], "search"),
        ("gdpr", &[("object", "Get")], "clientId"),
        ("gdpr", &[("clientId", "c"), ("object", "Sell")], "object"),
        ("dialogs", &[("language", "en")], "clientId"),
        ("error", &[("message", "m")], "error"),
        ("error", &[("error", "e")], "message"),
    ] {
        let (status, answer) = send(&front, &format!("chat/{path}/{BOT}"), form).await;
        assert_eq!(status, 400, "{path}");
        assert_eq!(answer["type"], "errorResponse", "{path}");
        assert_eq!(answer["values"]["field"], field, "{path}");
    }
}

/// The contexts of a user's dialogs.
async fn dialogs(gateway: &Gateway, user: &str) -> Vec<String> {
    let form = [("clientId", user), ("solutionUsed", "ASSISTANT")];
    let values = values(gateway, &format!("dialogs/{BOT}"), &form).await;
    let list = values["dialogs"].as_array().unwrap().iter();
    list.map(|dialog| dialog["contextId"].as_str().unwrap().to_owned())
        .collect()
}

async fn history(gateway: &Gateway, context: &str) -> Value {
    let form = [("contextUuid", context), ("solutionUsed", "ASSISTANT")];
    values(gateway, &format!("history/{BOT}"), &form).await["interactions"].take()
}

async fn gdpr(gateway: &Gateway, user: &str, object: &str) -> Value {
    let form = [
        ("clientId", user),
        ("language", "en"),
        ("mail", "ada@example.org"),
        ("object", object),
    ];
    values(gateway, &format!("gdpr/{BOT}"), &form).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_kept_of_a_user_is_given_out_and_deleted_on_both_sides() {
    let (front, engine, _script) = start("personal").await;
    let (user, other) = ("0a1b2c3d4e5f607", "7f6e5d4c3b2a100");
    let said = say(&front, user, None, "opening hours").await;
    let context = said["contextId"].as_str().unwrap();
    let others = say(&front, other, None, "hello").await;
    let others = others["contextId"].as_str().unwrap();
    assert_eq!(dialogs(&front, user).await, [context]);
    let behind = dialogs(&engine, user).await;
    assert_eq!(behind.len(), 1);

    let kept = gdpr(&front, user, "Get").await;
    assert_eq!(
        (&kept["object"], &kept["dialogsCount"]),
        (&json!("Get"), &json!(1))
    );
    let interaction = &kept["dialogs"][0]["interactions"][0];
    assert_eq!(interaction["user"], "opening hours");
    let text = interaction["text"].as_str().unwrap();
    assert!(text.contains("Nine to five"), "{text}");

    let deleted = gdpr(&front, user, "Delete").await;
    assert_eq!(deleted, json!({"object": "Delete", "dialogsCount": 1}));
    assert_eq!(history(&front, context).await, json!([]));
    assert!(dialogs(&front, user).await.is_empty());
    // The engine is told, but not waited for.
    let begun = Instant::now();
    while !dialogs(&engine, user).await.is_empty() {
        assert!(begun.elapsed() < Duration::from_secs(20), "not deleted");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(history(&engine, &behind[0]).await, json!([]));
    assert_eq!(dialogs(&front, other).await, [others]);
    assert_eq!(dialogs(&engine, other).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_e_mail_address_opens_nothing() {
    let (front, _engine, _script) = start("guess").await;
    let user = "ada@example.org";
    let said = say(&front, user, None, "hello").await;
    let context = said["contextId"].as_str().unwrap();
    assert!(dialogs(&front, user).await.is_empty());
    assert_eq!(gdpr(&front, user, "Get").await, json!({"object": "Get"}));
    let deleted = gdpr(&front, user, "Delete").await;
    assert_eq!(deleted, json!({"object": "Delete"}));
    assert_eq!(history(&front, context).await[0]["user"], "hello");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reports_and_visits_reach_the_engine() {
    let (front, engine, _script) = start("reports").await;
    let said = say(&front, "0a1b2c3d4e5f607", None, "hello").await;
    let context = said["contextId"].as_str().unwrap();
    let report = [
        ("contextUUID", context),
        ("error", "TypeError"),
        ("message", "x is undefined"),
    ];
    let visit = [
        ("contextUuid", ""),
        ("language", "en"),
        ("qualificationMode", "false"),
        ("space", "Defaut"),
        ("variables", "{}"),
    ];
    values(&front, &format!("error/{BOT}"), &report).await;
    values(&front, &format!("error/{BOT}"), &report[1..]).await;
    values(&front, &format!("welcomecall/{BOT}"), &visit).await;
    let back = [("contextUuid", context), ("language", "en")];
    values(&front, &format!("welcomecall/{BOT}"), &back).await;
    // The words, two reports and two visits.
    let begun = Instant::now();
    while engine.count("switchboard_turns_total", &[]).await < 5.0 {
        assert!(begun.elapsed() < Duration::from_secs(20), "not told");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    // They are no part of what was said.
    let said = history(&front, context).await;
    assert_eq!(said.as_array().unwrap().len(), 1, "{said}");
}

/// Other vendors' engines do not know such questions; the widget must not have to wait for that.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn engines_without_answers_are_no_failure() {
    let engine = Gateway::start(&engine_config()).await;
    let mut config = String::new();
    for (name, keys) in backends(&engine.url("")) {
        let keys = format!("[[backends]]\nname = \"{name}\"\n{keys}\n");
        let route = format!("[[routes]]\nname = \"{name}\"\nbackend = \"{name}\"\n\n");
        config += &(frontends(&format!("/{name}"), name) + &keys + &route);
    }
    let front = Gateway::start(&config).await;
    for name in ["kare", "kare-rest", "opendialog"] {
        let base = front.url(&format!("/{name}/dydu"));
        let user = ("clientId", "0a1b2c3d4e5f607");
        for (path, form, expected) in [
            ("search", vec![("search", "open")], json!([])),
            (
                "topknowledge",
                vec![("maxKnowledge", "3")],
                json!({"knowledgeArticles": "[]"}),
            ),
            ("pushrules", vec![], Value::Null),
            ("welcomecall", vec![("language", "en")], json!({})),
            ("error", vec![("error", "e"), ("message", "m")], json!({})),
            (
                "gdpr",
                vec![user, ("object", "Delete")],
                json!({"object": "Delete", "dialogsCount": 0}),
            ),
            ("dialogs", vec![user], json!({"dialogs": []})),
        ] {
            let (status, mut answer) = sent(&base, &format!("chat/{path}/{BOT}"), &form).await;
            assert_eq!(status, 200, "{name} {path}: {answer}");
            let values = answer.get_mut("values").map(Value::take);
            assert_eq!(values.unwrap_or_default(), expected, "{name} {path}");
        }
    }
}
