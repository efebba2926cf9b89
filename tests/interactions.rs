//! The APIs of an OpenDialog frontend over the transcripts of all three dialects, end to end: the
//! real binary with the demo bot, one conversation of each vendor's client, and a program that asks
//! for what was said.

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

use std::time::{Duration, Instant};

use clients::dydu::Dydu;
use clients::kare::Kare;
use clients::opendialog::OpenDialog;
use clients::{Client, Visitor};
use process::{Gateway, frontends, root};
use reqwest::StatusCode;
use serde_json::{Value, json};

const ALL: &str = "from=2000-01-01%2000:00:00&to=2999-12-31%2023:59:59";
const LINK: &str = "https://www.example.com/care";

/// The demo bot behind three frontends, the last of which has the APIs.
fn config() -> String {
    let api = "api = { rate = 0, export_rate = 0, tokens = [\"api-token\", \
               { token = \"dydu-token\", frontends = [\"main-dydu\"] }] }\n\n";
    frontends("", "main")
        + api
        + &format!(
            "[[backends]]\nname = \"demo\"\ndialect = \"script\"\nscript = \"{}\"\n\n\
             [[routes]]\nname = \"main\"\nbackend = \"demo\"\n",
            root().join("config/demo-bot.toml").display()
        )
}

/// A program that uses the APIs.
struct Program {
    base: String,
    http: reqwest::Client,
    token: &'static str,
}

impl Program {
    fn new(gateway: &Gateway, token: &'static str) -> Self {
        Self {
            base: gateway.url("/opendialog"),
            http: reqwest::Client::new(),
            token,
        }
    }

    async fn get(&self, path: &str) -> (StatusCode, Value) {
        let request = self.http.get(format!("{}/{path}", self.base));
        let response = request.bearer_auth(self.token).send().await.unwrap();
        let status = response.status();
        let text = response.text().await.unwrap();
        let body = serde_json::from_str(&text).unwrap_or_else(|_| panic!("{path}: {text}"));
        (status, body)
    }

    async fn ok(&self, path: &str) -> Value {
        let (status, body) = self.get(path).await;
        assert_eq!(status, StatusCode::OK, "{path}: {body}");
        body
    }

    async fn public(&self, query: &str) -> Value {
        let path = format!("public/api/user-interactions?{ALL}{query}");
        self.ok(&path).await
    }

    async fn legacy(&self, query: &str) -> Value {
        self.ok(&format!("api/user-interactions?{ALL}{query}"))
            .await
    }

    async fn export(&self, query: &str) -> Value {
        let path = format!("public/api/user-data-export?exportType=json{query}");
        self.ok(&path).await
    }

    /// The interactions once there are this many: what is said is recorded a moment later.
    async fn recorded(&self, number: usize) -> Value {
        let begun = Instant::now();
        loop {
            let got = self.public("").await;
            let users = got["data"].as_array().unwrap();
            let counts = users.iter().map(|user| interactions(only(user).1).len());
            let count: usize = counts.sum();
            if count >= number {
                assert_eq!(count, number, "{got:#}");
                return got;
            }
            assert!(begun.elapsed() < Duration::from_secs(20), "{got:#}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

/// The only key and its value.
fn only(user: &Value) -> (&str, &Value) {
    let user = user.as_object().unwrap();
    assert_eq!(user.len(), 1, "{user:#?}");
    let (id, value) = user.iter().next().unwrap();
    (id, value)
}

fn interactions(user: &Value) -> &[Value] {
    user["interactions"].as_array().unwrap()
}

fn of<'a>(got: &'a Value, user_id: &str) -> &'a Value {
    let users = got["data"].as_array().unwrap().iter().map(only);
    let mut found = users.filter(|(id, _)| *id == user_id);
    let (_, user) = found
        .next()
        .unwrap_or_else(|| panic!("no {user_id} in {got:#}"));
    user
}

fn ids(got: &Value) -> Vec<&str> {
    let users = got["data"].as_array().unwrap();
    users.iter().map(|user| only(user).0).collect()
}

fn kinds_and_texts(user: &Value) -> Vec<(&str, Option<&str>)> {
    let said = interactions(user).iter();
    said.map(|one| (one["type"].as_str().unwrap(), one["text"].as_str()))
        .collect()
}

/// One conversation of each client. They ask for a parcel; the last one fills in a form as well.
async fn converse(gateway: &Gateway) {
    let mut kare = Kare::rest(&gateway.url("/kare"), Visitor::new("a-kare"));
    track(&mut kare).await;
    let mut dydu = Dydu::rest(&gateway.url("/dydu"), Visitor::new("b-dydu"));
    track(&mut dydu).await;
    let mut webchat = OpenDialog::new(&gateway.url("/opendialog"), Visitor::new("c-webchat"));
    track(&mut webchat).await;
    webchat
        .say("form")
        .await
        .says("form", "order your pullover");
    let order = [("Your name", "Ada Lovelace"), ("How many", "2")];
    webchat.fill(&order).await.says("form", "what I noted");
    let click = json!({ "notification": "message", "user_id": "c-webchat", "author": "c-webchat",
        "content": { "type": "url_click", "data": { "url": LINK }, "user": {} } });
    let click = reqwest::Client::new()
        .post(gateway.url("/opendialog/incoming/webchat"))
        .header("content-type", "application/json")
        .body(click.to_string());
    assert_eq!(click.send().await.unwrap().status(), StatusCode::OK);
}

async fn track(client: &mut impl Client) {
    client.open().await;
    client.say("hello").await.says("hello", "Corner Shop");
    client
        .click("Track a parcel")
        .await
        .says("track", "parcel number");
    client.say("CS123456").await.says("parcel", "CS123456");
}

#[tokio::test]
async fn programs_get_the_conversations_of_all_dialects_in_opendialogs_structure() {
    let gateway = Gateway::start(&config()).await;
    converse(&gateway).await;
    let program = Program::new(&gateway, "api-token");
    let got = program.recorded(13).await;
    assert_eq!(ids(&got), ["a-kare", "b-dydu", "c-webchat"]);
    check_interactions(&got);

    // The older API tells the same.
    let legacy = program.legacy("").await;
    for (id, user) in got["data"].as_array().unwrap().iter().map(only) {
        assert_eq!(
            of(&legacy, id)["interactions"],
            user["interactions"],
            "{id}"
        );
    }
    let one = program.legacy("&user_id=b-dydu&shoe_size=9").await;
    assert_eq!(ids(&one), ["b-dydu"]);
    check_filters(&program).await;
    check_export(&program).await;

    let of_dydu = Program::new(&gateway, "dydu-token");
    assert_eq!(ids(&of_dydu.public("").await), ["b-dydu"]);
    assert_eq!(ids(&of_dydu.export("").await), ["b-dydu"]);
    let nobody = Program::new(&gateway, "demo-app-key");
    let (status, body) = nobody.get(&format!("api/user-interactions?{ALL}")).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    assert_eq!(body, json!({ "message": "Unauthenticated." }));
}

fn check_interactions(got: &Value) {
    let clicked = ("button_response", Some("Track a parcel"));
    let (hello, parcel) = (("text", Some("hello")), ("text", Some("CS123456")));
    assert_eq!(kinds_and_texts(of(got, "a-kare")), [hello, clicked, parcel]);
    // The greeting is no interaction: the chatbox asks for it not to be registered.
    assert_eq!(kinds_and_texts(of(got, "b-dydu")), [hello, clicked, parcel]);
    let webchat = of(got, "c-webchat");
    let said = kinds_and_texts(webchat);
    assert_eq!(said[..4], [("chat_open", None), hello, clicked, parcel]);
    let form = "Your name: Ada Lovelace\nHow many: 2";
    let rest = [
        ("text", Some("form")),
        ("form_response", Some(form)),
        ("url_click", None),
    ];
    assert_eq!(said[4..], rest);
    let data = |place: usize| &interactions(webchat)[place]["data"];
    assert_eq!(
        *data(0),
        json!({ "callback_id": "WELCOME", "value": "/shop" })
    );
    assert_eq!(*data(1), Value::Null);
    assert!(data(2)["callback_id"].is_string(), "{webchat:#}");
    assert_eq!(data(5)["name"], "Ada Lovelace");
    assert_eq!(data(5)["quantity"], "2");
    assert_eq!(*data(6), json!({ "url": LINK }));
    assert_eq!(webchat["from"], "2000-01-01T00:00:00.000000Z");
    assert_eq!(webchat["to"], "2999-12-31T23:59:59.000000Z");
    let known = &webchat["chatbot_user_data"];
    assert_eq!(
        known["custom"],
        json!({ "selected_scenario": "demo", "basket": "three-items" })
    );
    assert_eq!(known["os"], "Linux");
    for user in got["data"].as_array().unwrap() {
        let dates = interactions(only(user).1).iter();
        let dates: Vec<&str> = dates.map(|one| one["date"].as_str().unwrap()).collect();
        assert!(dates.is_sorted(), "{dates:?}");
        assert!(
            dates
                .iter()
                .all(|date| date.len() == 27 && date.ends_with('Z')),
            "{dates:?}"
        );
    }
}

async fn check_filters(program: &Program) {
    for (filter, expected) in [
        ("user_id=a-kare", &["a-kare"][..]),
        ("user_id=a-k", &[]),
        ("selected_scenario=DEM", &["c-webchat"]),
        ("os=linux&selected_scenario=demo", &["c-webchat"]),
        ("platform=webchat", &["a-kare", "b-dydu", "c-webchat"]),
        ("email=nobody", &[]),
    ] {
        let got = program.public(&format!("&{filter}")).await;
        assert_eq!(ids(&got), expected, "{filter}");
    }
    let none = "public/api/user-interactions?from=2001-01-01%2000:00:00&to=2002-01-01%2000:00:00";
    assert_eq!(program.ok(none).await, json!({ "data": [] }));
    let (status, body) = program.get("public/api/user-interactions").await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(
        body["errors"]["from"],
        json!(["The from field is required."])
    );
}

async fn check_export(program: &Program) {
    for (place, id) in ["a-kare", "b-dydu", "c-webchat"].into_iter().enumerate() {
        let page = place + 1;
        let got = program.export(&format!("&perPage=1&page={page}")).await;
        assert_eq!(ids(&got), [id]);
        let expected = json!({ "currentPage": page, "from": page, "to": page, "lastPage": 3,
            "perPage": 1, "total": 3 });
        assert_eq!(got["meta"]["pagination"], expected);
        let user = of(&got, id);
        let said = interactions(user);
        let has = |author: &str, words: &str| {
            said.iter().any(|one| {
                let text = one["text"].as_str().unwrap_or_default();
                one["author"] == author && text.contains(words)
            })
        };
        for (author, words) in [
            (id, "hello"),
            ("them", "Corner Shop"),
            (id, "Track a parcel"),
            ("them", "parcel number"),
            (id, "CS123456"),
        ] {
            assert!(
                has(author, words),
                "{author} does not say {words} in {user:#}"
            );
        }
        let offers = |one: &&Value| one["type"] == "button" && one["data"]["buttons"].is_array();
        assert!(said.iter().any(|one| offers(&one)), "{user:#}");
        for one in said {
            assert_eq!(one["response"]["http_status"], 200, "{one}");
            let took = one["response"]["request_length"].as_str().unwrap();
            assert!(took.parse::<f64>().unwrap() < 60.0, "{one}");
        }
        let attributes = user["user_attributes"].as_array().unwrap();
        let names: Vec<&Value> = attributes.iter().map(|one| &one["name"]).collect();
        for name in ["first_seen", "last_seen", "basket"] {
            assert!(names.contains(&&json!(name)), "{name} in {names:?}");
        }
    }
    let beyond = program.export("&perPage=1&page=4").await;
    assert_eq!(ids(&beyond), [""; 0]);
    let all = program
        .export("&from=2000-01-01T00:00:00Z&to=2999-12-31T23:59:59Z")
        .await;
    assert_eq!(ids(&all), ["a-kare", "b-dydu", "c-webchat"]);
}
