//! The OpenDialog webchat 1.0.0: `docs/protocols/opendialog.md#25-success-responses`,
//! `docs/protocols/opendialog.md#5-what-the-unmodified-client-does` and
//! `docs/protocols/opendialog.md#10-check-lists`.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Value, json};

use crate::process::{Gateway, root};
use crate::upstream::front::Got;
use crate::{Line, assert_nothing_refused, recording};

/// The webchat's paths are root-relative. Its files are stood in for: what is in them makes no
/// difference to us.
fn config() -> String {
    let files = Path::new(env!("CARGO_TARGET_TMPDIR")).join("webchat-files");
    for name in FILES {
        let path = files.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, name).unwrap();
    }
    format!(
        "[[frontends]]\nname = \"webchat\"\ndialect = \"opendialog\"\npath = \"/\"\n\
         route = \"main\"\napp_keys = [\"demo-app-key\"]\n\
         scenarios = [{{ id = \"demo\", alias = \"demo\" }}]\n\
         pages = {{ files = \"{}\" }}\n\n\
         [[backends]]\nname = \"demo\"\ndialect = \"script\"\nscript = \"{}\"\n\n\
         [[routes]]\nname = \"main\"\nbackend = \"demo\"\n",
        files.display(),
        root().join("config/demo-bot.toml").display()
    )
}

/// What the recorded webchat fetches, and what else it needs elsewhere.
const FILES: [&str; 9] = [
    "vendor/webchat/js/app.js",
    "vendor/webchat/js/opendialog-bot.js",
    "vendor/webchat/js/opendialog-bot-full.js",
    "vendor/webchat/css/main.css",
    "vendor/webchat/css/app-iframe.css",
    "vendor/webchat/images/close-btn.svg",
    "vendor/webchat/images/restart.svg",
    "vendor/webchat/images/header-cta-btn.svg",
    "images/logo.svg",
];

#[tokio::test]
async fn the_webchat_finds_what_it_needs() {
    let gateway = Gateway::start(&config()).await;
    let mut webchat = Webchat {
        base: gateway.url(""),
        http: reqwest::Client::new(),
        said: BTreeMap::new(),
        calls: BTreeMap::new(),
        pages: 0,
    };
    for line in &recording("opendialog-webchat.jsonl") {
        if line.is_from_client() && is_call(line) {
            webchat.request(line).await;
        }
    }
    let calls: BTreeMap<&str, usize> = webchat.calls.iter().map(|(k, n)| (&**k, *n)).collect();
    let expected = BTreeMap::from([
        ("configuration", 8),
        ("history", 6),
        ("transcript", 1),
        ("chat_open", 6),
        ("text", 14),
        ("button_response", 3),
        ("form_response", 1),
        ("trigger", 2),
        ("url_click", 1),
    ]);
    assert_eq!(calls, expected);
    assert!(webchat.pages > 20, "{} pages and files", webchat.pages);
    assert_nothing_refused(&gateway).await;
}

/// What the demo bot says to a word, and the types that come of it.
const DEMO: [(&str, &[&str]); 18] = [
    ("hello", &["text"]),
    ("menu", &["button"]),
    ("format", &["text"]),
    ("picture", &["image"]),
    ("video", &["text"]),
    ("sound", &["text"]),
    ("file", &["text"]),
    ("list", &["list"]),
    ("carousel", &["list"]),
    ("form", &["form"]),
    ("date", &["date-picker"]),
    ("cancel", &["button"]),
    ("place", &["text"]),
    ("cancel", &["button"]),
    ("sign", &["text"]),
    ("cancel", &["button"]),
    ("upload", &["text"]),
    ("feedback", &["button"]),
];

#[tokio::test]
async fn every_answer_of_the_demo_bot_suits_the_webchat() {
    let gateway = Gateway::start(&config()).await;
    let http = reqwest::Client::new();
    for (word, kinds) in DEMO {
        let body = json!({"notification": "message", "user_id": "demo", "author": "demo",
            "content": {"type": "text", "data": {"text": word}, "user": {}}});
        let request = http
            .post(gateway.url("/incoming/webchat"))
            .header("content-type", "application/json")
            .body(body.to_string());
        let answer = request.send().await.unwrap().text().await.unwrap();
        let answer: Value = serde_json::from_str(&answer).unwrap();
        let messages = match answer {
            Value::Array(messages) => messages,
            message => vec![message],
        };
        let mut said = Vec::new();
        for message in &messages {
            shown(word, message);
            said.push(message["type"].as_str().unwrap());
        }
        for kind in kinds {
            assert!(said.contains(kind), "{word}: {messages:#?}");
        }
    }
}

/// A browser looks for a picture of the site by itself.
fn is_call(line: &Line) -> bool {
    line.path != "/favicon.ico"
}

fn is_page_or_file(path: &str) -> bool {
    ["/vendor/", "/images/", "/web-chat"]
        .iter()
        .any(|start| path.starts_with(start))
}

struct Webchat {
    base: String,
    http: reqwest::Client,
    /// The rows that each user's history should hold, oldest first: author and text.
    said: BTreeMap<String, Vec<(String, Option<String>)>>,
    /// How often each kind of call was made.
    calls: BTreeMap<String, usize>,
    /// How many pages and files were fetched.
    pages: usize,
}

impl Webchat {
    async fn request(&mut self, line: &Line) {
        let label = format!("{} {} ({})", line.seq, line.path, line.note);
        let base = self.base.clone();
        let host = self.base.trim_start_matches("http://").to_owned();
        let map = |text: &str| text.replace("localhost:8060", &host);
        let got = line.send(&base, &self.http, map).await;
        assert_eq!(got.status, 200, "{label}: {got:?}");
        assert!(got.has_cors(), "{label}: {got:?}");
        if is_page_or_file(&line.path) {
            self.pages += 1;
            let expected = match line.path.rsplit('.').next().unwrap() {
                "js" | "css" | "svg" => line.path.trim_start_matches('/'),
                _ => "<div id=\"app\"><opendialog-chat></opendialog-chat></div>",
            };
            assert!(got.body.contains(expected), "{label}: {got:?}");
            return;
        }
        match line.path.rsplit('/').next().unwrap() {
            "webchat-config" => {
                self.count("configuration");
                configuration(&label, line, &got);
            }
            "file" => {
                self.count("transcript");
                self.transcript(&label, line, &got);
            }
            "history" => {
                self.count("history");
                self.history(&label, line, &got);
            }
            _ => self.message(&label, line, &got),
        }
    }

    fn count(&mut self, call: &str) {
        *self.calls.entry(call.to_owned()).or_default() += 1;
    }

    fn message(&mut self, label: &str, line: &Line, got: &Got) {
        let sent: Value = serde_json::from_str(line.body.as_deref().unwrap()).unwrap();
        let content = &sent["content"];
        let kind = content["type"].as_str().unwrap();
        let user = sent["user_id"].as_str().unwrap();
        self.count(kind);
        let rows = self.said.entry(user.to_owned()).or_default();
        if kind == "url_click" {
            assert_eq!(got.body, "", "{label}: never part of the dialogue");
            return;
        }
        if !matches!(kind, "chat_open" | "trigger") {
            let text = content["data"]["text"].as_str().map(str::to_owned);
            rows.push((user.to_owned(), text));
        }
        let answer = got.json();
        let messages = match answer {
            Value::Array(messages) => {
                let is_nothing = messages == [json!(false)];
                assert!(
                    messages.len() > 1 || is_nothing,
                    "{label}: one message goes alone"
                );
                messages
            }
            message => vec![message],
        };
        let count = messages.len();
        for (at, message) in messages.iter().enumerate() {
            if *message == json!(false) {
                continue;
            }
            shown(label, message);
            if count > 1 {
                let is_inner = at + 1 < count;
                assert_eq!(message["data"]["internal"], is_inner, "{label}: {message}");
                assert_eq!(message["data"]["hidetime"], is_inner, "{label}: {message}");
            }
            if message["type"] != "cta" {
                rows.push((
                    "them".to_owned(),
                    message["data"]["text"].as_str().map(str::to_owned),
                ));
            }
        }
        // `[false]` as the very first answer leaves the webchat waiting.
        assert!(!rows.is_empty(), "{label}: the first answer is no message");
    }

    fn history(&self, label: &str, line: &Line, got: &Got) {
        let rows = got.json();
        let rows = rows
            .as_array()
            .unwrap_or_else(|| panic!("{label}: {got:?}"));
        let user = line.path.split('/').nth(2).unwrap();
        let empty = Vec::new();
        let said = self.said.get(user).unwrap_or(&empty);
        let ignored = ["chat_open", "trigger", "cta", "text_external"];
        assert!(rows.len() <= 10, "{label}: limit=10");
        assert_eq!(
            rows.len(),
            said.len().min(10),
            "{label}: {rows:#?} against {said:#?}"
        );
        // Newest first: read backwards along what was said.
        for (row, (author, text)) in rows.iter().zip(said.iter().rev()) {
            assert_eq!(row["author"], author.as_str(), "{label}: {row}");
            assert!(
                !ignored.contains(&row["type"].as_str().unwrap()),
                "{label}: {row}"
            );
            let data = row["data"].as_object().expect("null breaks loading");
            for name in ["date", "time"] {
                assert!(data[name].is_string(), "{label}: no {name}: {row}");
            }
            if let Some(text) = text {
                assert_eq!(data.get("text"), Some(&json!(text)), "{label}: {row}");
            }
            assert!(row["message"].is_string(), "{label}: {row}");
            assert!(
                row["user_id"] == user || row["user_id"].is_null(),
                "{label}: {row}"
            );
        }
        let times: Vec<&str> = rows
            .iter()
            .filter_map(|row| row["microtime"].as_str())
            .collect();
        assert!(
            times.is_sorted_by(|new, old| new >= old),
            "{label}: newest first: {times:?}"
        );
    }

    fn transcript(&self, label: &str, line: &Line, got: &Got) {
        assert!(
            got.header("content-type")
                .unwrap()
                .starts_with("text/plain"),
            "{label}: {got:?}"
        );
        let disposition = got.header("content-disposition").unwrap();
        assert!(
            disposition.starts_with("attachment; filename="),
            "{label}: {disposition}"
        );
        let user = line.path.split('/').nth(2).unwrap();
        let lines: Vec<&str> = got.body.lines().collect();
        assert!(
            lines[0].contains(" - Bot: "),
            "{label}: oldest first: {}",
            got.body
        );
        let typed = self.said[user]
            .iter()
            .filter(|(author, _)| author == user)
            .count();
        let told = lines
            .iter()
            .filter(|line| line.contains(" - You: "))
            .count();
        assert_eq!(told, typed, "{label}: {}", got.body);
    }
}

/// What webchat 1.0.0 can show, in the shape that it needs.
fn shown(label: &str, message: &Value) {
    const TYPES: [&str; 13] = [
        "text",
        "button",
        "image",
        "list",
        "rich",
        "form",
        "fp-form",
        "fp-rich",
        "autocomplete",
        "date-picker",
        "longtext",
        "hand-to-system",
        "meta",
    ];
    let kind = message["type"].as_str().unwrap();
    assert!(
        TYPES.contains(&kind) || kind == "cta",
        "{label}: an empty row: {message}"
    );
    assert_eq!(message["author"], "them", "{label}");
    assert!(
        message["intent"].is_string() || message["intent"].is_null(),
        "{label}: {message}"
    );
    let data = message["data"]
        .as_object()
        .expect("the webchat writes into it");
    for name in ["disable_text", "internal", "hidetime"] {
        assert!(data[name].is_boolean(), "{label}: no {name}: {message}");
    }
    for name in ["date", "time"] {
        assert!(data[name].is_string(), "{label}: no {name}: {message}");
    }
    if matches!(kind, "button" | "rich" | "fp-rich") {
        for button in data["buttons"].as_array().expect("always a list") {
            assert_eq!(button["display"], true, "{label}: not shown: {button}");
            assert!(
                !button["text"].as_str().unwrap().is_empty(),
                "{label}: not shown: {button}"
            );
        }
    }
}

fn configuration(label: &str, line: &Line, got: &Got) {
    let config = got.json();
    assert!(config["general"].is_object(), "{label}: {config}");
    let colour = config["colours"]["headerBackground"]
        .as_str()
        .expect("or the webchat stops");
    let digits = colour.strip_prefix('#').unwrap();
    assert!(matches!(digits.len(), 3 | 6), "{label}: {colour}");
    assert!(
        digits.bytes().all(|byte| byte.is_ascii_hexdigit()),
        "{label}: {colour}"
    );
    assert!(config["showMinimized"].is_boolean(), "{label}: {config}");
    let user = config["userType"].as_str().unwrap();
    assert!(
        matches!(user, "new" | "returning" | "ongoing"),
        "{label}: {user}"
    );
    assert!(config.get("openIntent").is_some(), "{label}: {config}");
    if line
        .query
        .as_deref()
        .unwrap()
        .contains("&callback_id=intent.deep")
    {
        assert_eq!(
            config["openIntent"], "intent.deep",
            "{label}: the server must honour it"
        );
    }
}
