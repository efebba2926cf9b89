//! A Kare engine that answers in trees, behind the three frontends: what each widget sees of nested
//! answers, disambiguation, handover and feedback, and that what its user picks goes back to the
//! engine as the right click, below the right message.

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
mod upstream;

#[path = "kare_nested/engine.rs"]
mod engine;

use clients::dydu::Dydu;
use clients::kare::Kare;
use clients::opendialog::OpenDialog;
use clients::{Client, Seen, Visitor};
use engine::Engine;
use process::{Gateway, frontends};
use serde_json::{Value, json};
use upstream::front::KareRest;

/// The engine, and a gateway that reaches it over both transports, at `/ws` and `/rest`.
async fn start() -> (Engine, Gateway) {
    let engine = Engine::start().await;
    let mut config = String::new();
    for (name, transport) in [("ws", "websocket"), ("rest", "rest")] {
        config += &frontends(&format!("/{name}"), name);
        config += &format!(
            "[[backends]]\nname = \"{name}\"\ndialect = \"kare\"\nurl = \"{}\"\n\
             app_id = \"00000000-0000-4000-8000-00000000cafe\"\ntransport = \"{transport}\"\n\n\
             [[routes]]\nname = \"{name}\"\nbackend = \"{name}\"\n\n",
            engine.address
        );
    }
    let gateway = Gateway::start(&config).await;
    (engine, gateway)
}

/// Runs a walk of each widget over both transports of the engine, one after the other.
macro_rules! with_every_widget {
    ($walk:ident) => {{
        let (engine, gateway) = start().await;
        for way in ["ws", "rest"] {
            let visitor = |name: &str| Visitor::new(format!("{}-{name}-{way}", stringify!($walk)));
            let url = |name: &str| gateway.url(&format!("/{way}/{name}"));
            let mut kare = Kare::websocket(&url("kare"), visitor("kare"));
            $walk(&format!("kare -> {way}"), &mut kare, &engine).await;
            kare.forest.assert_well_formed(way);
            let mut kare = Kare::rest(&url("kare"), visitor("kare-rest"));
            $walk(&format!("kare-rest -> {way}"), &mut kare, &engine).await;
            kare.forest.assert_well_formed(way);
            let mut dydu = Dydu::rest(&url("dydu"), visitor("dydu"));
            $walk(&format!("dydu -> {way}"), &mut dydu, &engine).await;
            let mut opendialog = OpenDialog::new(&url("opendialog"), visitor("opendialog"));
            $walk(&format!("opendialog -> {way}"), &mut opendialog, &engine).await;
        }
    }};
}

/// The click that the engine got hangs below the latest message with this aspect.
async fn assert_clicked(label: &str, engine: &Engine, aspect: &str, choice: &str, text: &str) {
    let offered = engine.said(aspect);
    let click = engine.clicked(choice).await;
    assert_eq!(click["parent_id"], offered["id"], "{label}: {click}");
    assert_eq!(
        click["body"],
        json!({ "target": { "aspect": aspect, "choice_id": choice, "text": text } }),
        "{label}"
    );
    assert!(!engine.was_asked(text), "{label}: a click is no question");
}

/// The words are there in this order.
#[track_caller]
fn assert_order(label: &str, seen: &Seen, words: &[&str]) {
    let all = seen.texts.join(" | ");
    let mut rest = all.as_str();
    for word in words {
        let at = rest.find(word);
        let at = at.unwrap_or_else(|| panic!("{label}: {word:?} is not next in {seen:#?}"));
        rest = &rest[at + word.len()..];
    }
}

/// Example 10: an answer with five kinds of parts; then example 37, the verdict on it.
async fn answer(label: &str, client: &mut impl Client, engine: &Engine) {
    client.open().await;
    let seen = client.say("10-query-answer-tree").await;
    assert_order(
        label,
        &seen,
        &["You can return an item within", "Items must be unused."],
    );
    seen.says(label, "Was this useful?");
    let page = "https://shop.example/returns";
    assert!(seen.links.iter().any(|it| it == page), "{label}: {seen:#?}");
    let picture = "https://shop.example/img/label.png";
    assert!(
        seen.images.iter().any(|it| it == picture),
        "{label}: {seen:#?}"
    );
    let all = [&seen.texts[..], &seen.links[..]].concat().join(" ");
    assert!(
        all.contains("https://shop.example/v/returns.mp4"),
        "{label}: {seen:#?}"
    );
    let is_asked = seen.feedback || seen.choices.iter().any(|it| it == "Yes");
    assert!(is_asked, "{label}: {seen:#?}");

    let thanks = client.rate().await;
    let offered = engine.said("resolution/answer/feedback");
    let click = engine.clicked("helpful").await;
    assert_eq!(click["parent_id"], offered["id"], "{label}: {click}");
    let target = &click["body"]["target"];
    assert_eq!(target["aspect"], "resolution/answer/feedback", "{label}");
    thanks.says(label, "Thank you.");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kare_engines_answer_tree_and_its_feedback_reach_every_widget() {
    with_every_widget!(answer);
}

/// Example 34, whose first candidate leads to example 27, whose first choice leads to 28.
async fn narrowing(label: &str, client: &mut impl Client, engine: &Engine) {
    client.open().await;
    let seen = client.say("34-ws-disambiguation").await;
    seen.says(label, "Which of these did you mean?");
    assert_eq!(seen.choices, ["Track a parcel", "None of these"], "{label}");

    let seen = client.click("Track a parcel").await;
    let candidate = "node_11111111111111111111111111111111";
    let aspect = "resolution/disambiguation";
    assert_clicked(label, engine, aspect, candidate, "Track a parcel").await;
    assert_order(
        label,
        &seen,
        &["I can help with orders.", "What would you like to do?"],
    );
    assert_eq!(
        seen.choices,
        ["Track an order", "Cancel an order"],
        "{label}"
    );

    let seen = client.click("Track an order").await;
    let aspect = "resolution/answer/choice";
    assert_clicked(label, engine, aspect, "track", "Track an order").await;
    seen.says(label, "Please type your order number.");

    // What was offered earlier stays open.
    client.click("None of these").await;
    let aspect = "resolution/disambiguation";
    assert_clicked(label, engine, aspect, "none", "None of these").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kare_engines_disambiguation_is_narrowed_down_from_every_widget() {
    with_every_widget!(narrowing);
}

/// Examples 32, 35 and 36: an offer to talk to a person, and questions in other languages.
async fn others(label: &str, client: &mut impl Client, engine: &Engine) {
    client.open().await;
    let seen = client.say("35-ws-language-unsupported").await;
    let words = engine.said("language/unsupported")["body"]["text"].clone();
    seen.says(label, words.as_str().unwrap());
    let seen = client.say("36-ws-language-unknown").await;
    let words = engine.said("language/unknown")["body"]["text"].clone();
    seen.says(label, words.as_str().unwrap());

    let seen = client.say("32-ws-handover").await;
    assert_order(
        label,
        &seen,
        &["I will hand you to the team.", "Talk to the team"],
    );
    assert_eq!(seen.choices, ["Start chat"], "{label}");
    client.click("Start chat").await;
    let aspect = "resolution/answer/handover";
    assert_clicked(label, engine, aspect, "handover", "Start chat").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kare_engines_handover_and_language_problems_reach_every_widget() {
    with_every_widget!(others);
}

/// Example 11, a lack of an answer with a way out, and 31: a colleague takes over, which ends it.
async fn escalation(label: &str, client: &mut impl Client, engine: &Engine) {
    client.open().await;
    let seen = client.say("11-query-missing-flat-body").await;
    let missing = engine.said("resolution/missing");
    seen.says(label, missing["body"]["text"].as_str().unwrap());
    assert_eq!(seen.choices, ["Contact us"], "{label}");
    let seen = client.click("Contact us").await;
    let aspect = "resolution/missing";
    assert_clicked(label, engine, aspect, "escalate", "Contact us").await;
    assert_order(label, &seen, &["A colleague will take over.", "Goodbye."]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kare_engines_lack_of_an_answer_is_escalated_from_every_widget() {
    with_every_widget!(escalation);
}

/// An answer in an answer, with a part of a part, and a second answer.
async fn deeper(label: &str, client: &mut impl Client, engine: &Engine) {
    client.open().await;
    let seen = client.say("deeper").await;
    let words = [
        "The first answer.",
        "A part.",
        "A part of a part.",
        "How deep?",
    ];
    assert_order(label, &seen, &words);
    seen.says(label, "The second answer.");
    assert_eq!(seen.choices, ["Deeper"], "{label}");
    client.click("Deeper").await;
    let aspect = "resolution/answer/choice";
    assert_clicked(label, engine, aspect, "deeper-still", "Deeper").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kare_engines_deeper_nesting_reaches_every_widget() {
    with_every_widget!(deeper);
}

/// A Kare widget gets each message as the engine sent it, ids and parents included.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kare_widget_gets_a_kare_engines_trees_unchanged() {
    let (engine, gateway) = start().await;
    let mut client = Kare::websocket(&gateway.url("/ws/kare"), Visitor::new("unchanged"));
    client.open().await;
    for name in ["10-query-answer-tree", "27-ws-query-choice", "deeper"] {
        client.received.clear();
        client.say(name).await;
        let received = client.received.iter();
        for message in received {
            let aspect = message["body"]["aspect"].as_str().unwrap();
            let sent = engine.message(&message["id"]);
            for field in ["parent_id", "uri", "body"] {
                assert_eq!(
                    canonical(message)[field],
                    canonical(&sent)[field],
                    "{name}: {aspect}"
                );
            }
        }
        assert!(client.received.len() >= 3, "{name}");
    }
}

/// A click names its option by `choice_id` or by `text`; one that is closed leads nowhere.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kare_click_is_found_by_choice_or_text_unless_it_is_closed() {
    let (engine, gateway) = start().await;
    let client = KareRest::open(&gateway.url("/rest/kare")).await;
    client.say("closed").await.unwrap();
    let offered = engine.said("resolution/answer/choice");
    let click = async |target: Value| {
        let click = json!({ "conversation_id": client.conversation, "parent_id": offered["id"],
            "body": { "target": target } });
        let got = client.post("dialog/click", click.to_string()).await;
        assert_eq!(got.status, 200, "{got:?}");
        got.json()
    };
    let answer = click(json!({ "text": "The open one" })).await;
    assert_eq!(answer[0]["body"]["text"], "Please type your order number.");
    assert_eq!(engine.clicked("open").await["parent_id"], offered["id"]);
    for target in [
        json!({ "choice_id": "closed" }),
        json!({ "text": "The closed one" }),
    ] {
        assert_eq!(click(target).await, json!([]));
    }
    assert!(!engine.was_clicked("closed"));
}

/// A message whose actions have all their fields.
fn canonical(message: &Value) -> Value {
    let mut message = message.clone();
    for action in message["body"]["actions"].as_array_mut().unwrap() {
        let fields = action.as_object_mut().unwrap();
        fields.entry("icon").or_insert(json!("empty"));
        fields.entry("context").or_insert(json!("default"));
        fields.entry("enabled").or_insert(json!(true));
    }
    message
}
