//! The nine routes, end to end: the real binary twice, as gateway and as engine, over real
//! sockets, walked by clients of the three vendors' protocols.

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

#[path = "routes/livechat.rs"]
mod livechat;
#[path = "routes/rich.rs"]
mod rich;

use std::time::Duration;

use clients::dydu::Dydu;
use clients::kare::Kare;
use clients::opendialog::OpenDialog;
use clients::{Client, Seen, Visitor};
use process::{Gateway, backends, engine_config, engine_config_of, gateway_config, root};

const FRONTENDS: [&str; 7] = [
    "kare-rest",
    "kare-ws",
    "dydu-rest",
    "dydu-widget",
    "dydu-polling",
    "dydu-ws",
    "opendialog",
];

/// Runs a walk on every route: the engine's own frontends, and every client side behind every
/// frontend and transport. They spend their time waiting, so all go side by side.
macro_rules! on_every_route {
    ($walk:ident) => {
        on_every_route!($walk, engine_config())
    };
    ($walk:ident, $engine:expr) => {{
        let engine = Gateway::start(&$engine).await;
        let gateway = Gateway::start(&gateway_config(&engine.url(""))).await;
        let mut walks = tokio::task::JoinSet::new();
        let mut bases = vec![("script", engine.url(""))];
        bases.extend(
            backends("")
                .into_iter()
                .map(|(name, _)| (name, gateway.url(&format!("/{name}")))),
        );
        for (name, base) in bases {
            for frontend in FRONTENDS {
                let base = base.clone();
                walks.spawn(async move {
                    let label = format!("{frontend} -> {name}");
                    let visitor = Visitor::new(format!("{}-{frontend}-{name}", stringify!($walk)));
                    let (kare, dydu) = (format!("{base}/kare"), format!("{base}/dydu"));
                    match frontend {
                        "kare-rest" => $walk(&label, &mut Kare::rest(&kare, visitor)).await,
                        "kare-ws" => $walk(&label, &mut Kare::websocket(&kare, visitor)).await,
                        "dydu-rest" => $walk(&label, &mut Dydu::rest(&dydu, visitor)).await,
                        "dydu-widget" => $walk(&label, &mut Dydu::widget(&dydu, visitor)).await,
                        "dydu-polling" => $walk(&label, &mut Dydu::polling(&dydu, visitor)).await,
                        "dydu-ws" => $walk(&label, &mut Dydu::websocket(&dydu, visitor)).await,
                        _ => {
                            let base = format!("{base}/opendialog");
                            $walk(&label, &mut OpenDialog::new(&base, visitor)).await
                        }
                    }
                });
            }
        }
        let mut failures = Vec::new();
        while let Some(walk) = walks.join_next().await {
            failures.extend(walk.err().map(|error| error.into_panic()));
        }
        if let Some(first) = failures.into_iter().next() {
            std::panic::resume_unwind(first);
        }
        (engine, gateway)
    }};
}

async fn talk(label: &str, client: &mut impl Client) {
    client.open().await;
    client.say("hello").await.says(label, "hello");

    let menu = client.say("menu").await;
    assert!(menu.choices.len() >= 3, "{label}: {menu:#?}");
    let track = menu
        .choices
        .iter()
        .find(|label| label.contains("Track"))
        .unwrap()
        .clone();
    client.click(&track).await.says(label, "number");
    client.say("AB123456").await.says(label, "AB123456");

    let format = client.say("format").await;
    assert!(!format.links.is_empty(), "{label}: {format:#?}");
    let picture = client.say("picture").await;
    assert!(
        !picture.images.is_empty() || !picture.links.is_empty(),
        "{label}: {picture:#?}"
    );
    let unknown = client.say("xyzzy plugh").await;
    assert!(!unknown.all().is_empty(), "{label}");

    client.say("bonjour").await.says(label, "bonjour");
    client.say("hello").await.says(label, "hello");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_route_carries_a_dialog() {
    let (engine, gateway) = on_every_route!(talk);
    let metrics = gateway.metrics().await;
    for (name, _) in backends("") {
        assert!(
            metrics.contains(&format!("backend=\"{name}\"")),
            "{metrics}"
        );
    }
    assert!(engine.metrics().await.contains("switchboard_turns_total"));
}

async fn contents(label: &str, client: &mut impl Client) {
    client.open().await;
    for word in [
        "video", "sound", "file", "list", "carousel", "form", "date", "address", "place", "sign",
        "upload",
    ] {
        // A question of one word must not be left open by the one before.
        let seen = client.say(word).await;
        let something = !seen.all().is_empty() || !seen.links.is_empty() || !seen.images.is_empty();
        assert!(something, "{label}: nothing is seen of {word}: {seen:#?}");
        client.say("hello").await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_route_shows_every_kind_of_content() {
    let (_engine, gateway) = on_every_route!(contents);
    assert!(
        gateway
            .metrics()
            .await
            .contains("switchboard_adapted_total{")
    );
}

/// Whichever engine asked for it, a file that the chatbox sends is answered once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_is_answered_once() {
    let engine = Gateway::start(&engine_config()).await;
    let gateway = Gateway::start(&gateway_config(&engine.url(""))).await;
    let mut bases = vec![("script", engine.url(""))];
    // Over the other vendors' protocols an engine of ours asks for a file in words.
    for name in ["dydu", "dydu-ws"] {
        bases.push((name, gateway.url(&format!("/{name}"))));
    }
    for (name, base) in bases {
        let visitor = Visitor::new(format!("file-{name}"));
        let mut client = Dydu::rest(&format!("{base}/dydu"), visitor);
        client.open().await;
        client.say("upload").await;
        let (is_taken, mut seen) = client.upload("cup.jpg", "not a picture").await;
        assert!(is_taken, "{name}");
        let next = client.say("hello").await;
        next.says(name, "hello");
        seen.add(next);
        let thanks = seen.all().matches("cup.jpg").count();
        assert_eq!(thanks, 1, "{name}: {seen:#?}");
    }
}

async fn identity(label: &str, client: &mut impl Client) {
    client.open().await;
    let seen = client.say("whoami").await;
    seen.says(label, "identity-")
        .says(label, "en")
        .says(label, "three-items");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn user_locale_and_metadata_reach_the_engine() {
    on_every_route!(identity);
}

async fn feedback(label: &str, client: &mut impl Client) {
    client.open().await;
    client.say("feedback").await;
    let mut seen = client.rate().await;
    if seen.all().is_empty() {
        // dydu answers feedback with nothing; what the engine says about it comes unasked.
        seen = client.unasked(Duration::from_secs(8)).await;
    }
    seen.says(label, "thank");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn feedback_is_thanked_for() {
    on_every_route!(feedback);
}

async fn later(label: &str, client: &mut impl Client) {
    let count = |seen: &Seen| seen.all().matches("nobody asked for").count();

    client.open().await;
    let mut seen = client.say("later").await;
    assert!(!seen.all().is_empty(), "{label}");
    if label.ends_with("> kare-rest") {
        // Over REST alone a Kare engine has no way to speak unasked.
        return;
    }
    // Where a vendor does not mark the end of a turn, a client may wait long enough to see both.
    if count(&seen) == 0 {
        seen.add(client.unasked(Duration::from_secs(9)).await);
    }
    assert_eq!(count(&seen), 1, "{label}: {seen:#?}");
    let next = client.say("hello").await;
    next.says(label, "hello");
    assert_eq!(count(&next), 0, "{label}: repeated: {next:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_engine_may_speak_unasked() {
    on_every_route!(later);
}

async fn human(label: &str, client: &mut impl Client) {
    client.open().await;
    let mut seen = client.say("human").await;
    for _ in 0..3 {
        seen.add(client.unasked(Duration::from_secs(8)).await);
    }
    assert!(!seen.all().is_empty(), "{label}");
    let mut end = client.say("goodbye").await;
    end.add(client.unasked(Duration::from_secs(8)).await);
    assert!(!end.all().is_empty() || end.ended, "{label}: {end:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operator_takes_over_and_leaves() {
    on_every_route!(human);
}

async fn ends(label: &str, client: &mut impl Client) {
    client.open().await;
    let slow = client.say("slow").await;
    assert!(!slow.all().is_empty(), "{label}");
    let bye = client.say("bye").await;
    assert!(!bye.all().is_empty(), "{label}: {bye:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_answer_arrives_and_a_conversation_ends() {
    on_every_route!(ends);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rich_answers_can_be_clicked_and_forms_filled_in() {
    use rich::rich;
    on_every_route!(rich);
}

async fn livechat(label: &str, client: &mut impl Client) {
    if !can_speak_unasked(label) {
        return;
    }
    livechat::served(label, client).await;
}

/// Over REST alone a Kare engine cannot say what nobody asked for, such as an operator's words.
fn can_speak_unasked(label: &str) -> bool {
    !label.ends_with("> kare-rest")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operator_is_waited_for_talked_to_and_rated() {
    on_every_route!(livechat);
}

async fn leaving(label: &str, client: &mut impl Client) {
    if !can_speak_unasked(label) {
        return;
    }
    livechat::impatient(label, client).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_queue_can_be_left() {
    let script = std::fs::read_to_string(root().join("config/demo-bot.toml")).unwrap();
    let steps = script.find("[[operators.sam.steps]]").unwrap();
    let (before, steps) = script.split_at(steps);
    let script = format!(
        "{before}{}",
        steps.replacen("after = \"1s\"", "after = \"1m\"", 1)
    );
    let path = std::env::temp_dir().join(format!("slow-queue-{}.toml", std::process::id()));
    std::fs::write(&path, script).unwrap();
    on_every_route!(leaving, engine_config_of(&path));
    std::fs::remove_file(path).unwrap();
}
