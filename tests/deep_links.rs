//! Links that open the chat for a known user, through the real binary: made by a program, opened by a
//! browser, and found again by the next process.

#![allow(
    dead_code,
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking, makes its own ids, and uses its part of what is shared"
)]

mod clients;
mod process;
mod upstream;

use std::path::PathBuf;

use process::{Gateway, root};
use reqwest::{Client, Method};
use serde_json::{Value, json};
use upstream::front::{Got, OpenDialog, send};
use uuid::Uuid;

const LEGACY: &str = "api/generate-webchat-deeplink";
const PUBLIC: &str = "public/api/generate-webchat-deep-link";
const TOKEN: &str = "a-token-of-a-program";

/// A frontend at `/od` and another one at `/other`, before the demo's bot.
fn config(store: &str, more: &str) -> String {
    let script = root().join("config/demo-bot.toml");
    let store = match store {
        "" => String::new(),
        url => format!("[store]\nurl = \"{url}\"\n"),
    };
    let frontend = |name: &str, token: &str, more: &str| {
        format!(
            "[[frontends]]\nname = \"{name}\"\ndialect = \"opendialog\"\npath = \"/{name}\"\n\
             route = \"main\"\nscenarios = [{{ id = \"demo\", alias = \"shop\" }}]\n\
             app_keys = [\"demo-app-key\"]\n\
             api = {{ tokens = [\"{token}\"], rate = 0 }}\n{more}\n"
        )
    };
    store
        + &frontend("od", TOKEN, more)
        + &frontend("other", "a-token-of-another", "")
        + &format!(
            "[[backends]]\nname = \"engine\"\ndialect = \"script\"\nscript = \"{}\"\n\
             [[routes]]\nname = \"main\"\nbackend = \"engine\"\n",
            script.display()
        )
}

async fn ask(gateway: &Gateway, path: &str, body: &Value) -> Got {
    let request = Client::new().post(gateway.url(&format!("/od/{path}")));
    send(request.bearer_auth(TOKEN).body(body.to_string())).await
}

async fn make(gateway: &Gateway, path: &str, body: &Value) -> Vec<(String, String)> {
    let got = ask(gateway, path, body).await;
    assert_eq!(got.status, 200, "{got:?}");
    let links = got.json();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let links = links.as_array().unwrap().iter();
    links
        .map(|link| (text(&link["user_id"]), text(&link["url"])))
        .collect()
}

async fn open(method: Method, url: &str) -> Got {
    send(Client::new().request(method, url)).await
}

#[track_caller]
fn assert_is_chat(got: &Got) {
    assert_eq!(got.status, 200, "{got:?}");
    assert!(got.header("content-type").unwrap().starts_with("text/html"));
    assert_eq!(got.header("cache-control"), Some("no-store"));
    assert_eq!(got.header("referrer-policy"), Some("no-referrer"));
}

#[track_caller]
fn assert_is_no_link(got: &Got) {
    assert_eq!(got.status, 404, "{got:?}");
    assert!(got.header("content-type").unwrap().starts_with("text/html"));
    assert_eq!(got.header("cache-control"), Some("no-store"));
    assert!(got.body.contains("This link does not work"), "{got:?}");
}

/// What the bot knows of a user.
async fn known(gateway: &Gateway, user: &str) -> String {
    let client = OpenDialog::new(&gateway.url("/od"), user);
    client.say("whoami").await.unwrap()
}

fn two_users() -> Value {
    json!([
        {"user_id": format!("ada-{}", Uuid::new_v4()), "attributes": {
            "first_name": "Ada", "plan": "gold", "interests": ["maths", "poetry"], "age": 36,
        }},
        {"attributes": {"first_name": "Grace", "plan": "silver"}},
    ])
}

#[tokio::test]
async fn who_opens_a_link_is_known_to_the_engine() {
    let gateway = Gateway::start(&config("", "")).await;
    for (path, key) in [(PUBLIC, "scenario_id"), (LEGACY, "scenarioAlias")] {
        let asked = json!({key: "shop", "dataset": two_users()});
        let links = make(&gateway, path, &asked).await;
        let [(ada, adas), (grace, graces)] = &links[..] else {
            panic!("{links:?}");
        };
        assert_eq!(asked["dataset"][0]["user_id"], ada.as_str());
        assert!(Uuid::parse_str(grace).is_ok(), "{grace}");
        assert!(adas.starts_with(&gateway.url("/od/l/")), "{adas}");

        // Looking is not opening.
        let head = open(Method::HEAD, adas).await;
        assert_eq!((head.status, head.body.as_str()), (200, ""));
        assert!(!known(&gateway, ada).await.contains("gold"));
        for _ in 0..2 {
            assert_is_chat(&open(Method::GET, adas).await);
        }
        assert_is_chat(&open(Method::GET, graces).await);
        let said = known(&gateway, ada).await;
        for fact in [
            ada,
            "Ada",
            "plan: gold",
            "interests: maths, poetry",
            "age: 36",
        ] {
            assert!(said.contains(fact), "{fact}: {said}");
        }
        let said = known(&gateway, grace).await;
        assert!(
            said.contains("Grace") && said.contains("plan: silver"),
            "{said}"
        );
        assert!(!said.contains("gold"), "{said}");
    }
}

#[tokio::test]
async fn a_link_opens_nothing_but_its_own_frontend() {
    let gateway = Gateway::start(&config("", "")).await;
    let asked = json!({"scenario_id": "demo", "dataset": two_users()});
    let (_, url) = make(&gateway, PUBLIC, &asked).await.remove(0);
    let elsewhere = url.replace("/od/", "/other/");
    let unknown = gateway.url("/od/l/aaaaaaaaaaaaaaaaaaaaaa");
    for wrong in [
        &elsewhere,
        &unknown,
        &format!("{url}x"),
        &url[..url.len() - 1].to_owned(),
    ] {
        assert_is_no_link(&open(Method::GET, wrong).await);
    }
    for method in [Method::POST, Method::PUT, Method::DELETE] {
        let got = open(method, &url).await;
        assert_eq!(got.status, 405);
        assert_eq!(got.header("cache-control"), Some("no-store"));
    }
}

/// A database file, removed in the end.
struct File(PathBuf);

impl Drop for File {
    fn drop(&mut self) {
        for end in ["", "-wal", "-shm", "-journal"] {
            let _ = std::fs::remove_file(format!("{}{end}", self.0.display()));
        }
    }
}

#[tokio::test]
async fn a_link_outlasts_the_process_that_made_it() {
    let file = File(std::env::temp_dir().join(format!("switchboard-{}.db", Uuid::new_v4())));
    let text = config(&format!("sqlite:{}", file.0.display()), "");
    let mut first = Gateway::start(&text).await;
    let asked = json!({"scenario_id": "demo", "dataset": two_users()});
    let (ada, url) = make(&first, PUBLIC, &asked).await.remove(0);
    let code = url.rsplit_once('/').unwrap().1.to_owned();
    first.stop();

    // Who reads the database cannot open the link.
    let kept = std::fs::read(&file.0).unwrap();
    assert!(!String::from_utf8_lossy(&kept).contains(&code));

    let second = Gateway::start(&text).await;
    assert!(!known(&second, &ada).await.contains("gold"));
    assert_is_chat(&open(Method::GET, &second.url(&format!("/od/l/{code}"))).await);
    assert!(known(&second, &ada).await.contains("plan: gold"));
}

#[tokio::test]
async fn a_link_is_in_no_log() {
    let gateway = Gateway::start_logged(&config("", "")).await;
    let asked = json!({"scenario_id": "demo", "dataset": two_users()});
    let (_, url) = make(&gateway, PUBLIC, &asked).await.remove(0);
    assert_is_chat(&open(Method::GET, &url).await);
    let code = url.rsplit_once('/').unwrap().1;
    let log = gateway.log();
    assert!(!log.is_empty());
    for secret in [code, TOKEN, "poetry"] {
        assert!(!log.contains(secret), "{secret}");
    }
    assert!(!gateway.metrics().await.contains(code));
}

#[tokio::test]
async fn bad_requests_for_links_are_told_why() {
    let gateway = Gateway::start(&config("", "")).await;
    let user = json!({"attributes": {}});
    let errors = [
        (
            json!({"dataset": [{"user_id": "u-1"}, {"user_id": 5, "attributes": {}}]}),
            json!({
                "scenario_id": ["The scenario_id field is required."],
                "dataset.0.attributes": ["The attributes field is required."],
                "dataset.1.user_id": ["User id must be a string"],
            }),
        ),
        (
            json!({"scenario_id": "bank", "dataset": [user]}),
            json!({"scenario_id": ["The selected scenario does not exist."]}),
        ),
        (
            json!({"scenario_id": "demo"}),
            json!({"dataset": ["The dataset field is required."]}),
        ),
        (
            json!({"scenario_id": "demo", "dataset": []}),
            json!({"dataset": ["The dataset field is required."]}),
        ),
        (
            json!({"scenario_id": "demo", "dataset": "x"}),
            json!({"dataset": ["The dataset must be an array."]}),
        ),
        (
            json!({"scenario_id": "demo", "dataset": [{"attributes": {"a": {"b": 1}}}]}),
            json!({"dataset.0.attributes.a":
                ["The attribute a must not be a nested collection."]}),
        ),
        (
            json!({"scenario_id": "demo", "dataset": vec![user.clone(); 101]}),
            json!({"dataset": ["Maximum number of users is 100"]}),
        ),
        (
            json!({"scenario_id": "demo", "dataset": vec![user.clone(); 10_000]}),
            json!({"dataset": ["Maximum number of users is 100"]}),
        ),
    ];
    for (body, errors) in errors {
        let got = ask(&gateway, PUBLIC, &body).await;
        let label = &errors;
        assert_eq!(got.status, 422, "{label}");
        let expected = json!({"message": "The given data was invalid.", "errors": errors});
        assert_eq!(got.json(), expected);
    }
    // Ten thousand users of whom more is known are too many bytes.
    let large = json!({"attributes": {"first_name": "Ada", "last_name": "Lovelace"}});
    let body = json!({"scenario_id": "demo", "dataset": vec![large; 10_000]});
    let got = ask(&gateway, PUBLIC, &body).await;
    assert_eq!(got.status, 413, "{got:?}");
    assert_eq!(
        got.json(),
        json!({"message": "The body is larger than 262144 bytes."})
    );

    let post = |path: &str| Client::new().post(gateway.url(&format!("/od/{path}")));
    for path in [PUBLIC, LEGACY] {
        for body in ["", "{", "[", "\"x\"", "null"] {
            let got = send(post(path).bearer_auth(TOKEN).body(body)).await;
            assert_eq!(got.status, 422, "{body}");
            assert_eq!(got.json()["errors"].as_object().unwrap().len(), 2);
        }
        let body = json!({"scenario_id": "demo", "dataset": [user]}).to_string();
        for token in ["", "demo-app-key", "a-token-of-another"] {
            let request = post(path).bearer_auth(token).body(body.clone());
            let got = send(request).await;
            assert_eq!(got.status, 401, "{token}");
            assert_eq!(got.json(), json!({"message": "Unauthenticated."}));
        }
        let request = Client::new().get(gateway.url(&format!("/od/{path}")));
        assert_eq!(send(request.bearer_auth(TOKEN)).await.status, 405);
    }
}

#[tokio::test]
async fn where_there_is_no_page_there_are_no_links() {
    let gateway = Gateway::start(&config("", "pages = { full_page = false }")).await;
    let asked = json!({"scenario_id": "demo", "dataset": two_users()});
    let got = ask(&gateway, PUBLIC, &asked).await;
    assert_eq!(got.status, 404);
    let message = "Fullpage webchat routes are not enabled.";
    assert_eq!(got.json(), json!({ "message": message }));
    let url = gateway.url("/od/l/aaaaaaaaaaaaaaaaaaaaaa");
    assert_is_no_link(&open(Method::GET, &url).await);
}

#[tokio::test]
async fn links_lead_to_the_public_address() {
    let keys = "public_url = \"https://chat.example.com/support/\"";
    let gateway = Gateway::start(&config("", keys)).await;
    let asked = json!({"scenario_id": "demo", "dataset": two_users()});
    for (_, url) in make(&gateway, PUBLIC, &asked).await {
        assert!(
            url.starts_with("https://chat.example.com/support/l/"),
            "{url}"
        );
    }
}
