//! A livechat over both sides of the dydu dialect: a widget that polls or has a socket, a gateway,
//! and behind it a gateway whose engine plays the operator, with a socket between them or without.

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

use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use clients::dydu::{BOT, Dydu, decode};
use clients::{Client, Seen, Visitor};
use process::Gateway;
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

/// The operator repeats what the user says.
const SCRIPT: &str = r#"
name = "Desk"
languages = ["en"]
greeting = "hello"
unknown = "unknown"

[intents.hello]
answer = "Hello, this is the bot."

[intents.unknown]
answer = "The bot does not understand."

[intents.human]
keywords = ["human"]
answer = "I will get somebody."
handover = "sam"

[operators.sam]
name = "Sam"
id = "op-17"
goodbye = ["goodbye"]
farewell = "So long."
ended = "{operator} has left."
afterwards = "survey"
replies = ["You said: {text}"]

[[operators.sam.steps]]
handover.step = "waiting"
handover.position = 1
handover.text = "You are next."

[[operators.sam.steps]]
after = "2s"
handover.step = "joined"
handover.text = "{operator} has joined."

[[operators.sam.steps]]
after = "500ms"
text = "How can I help?"

[intents.survey]

[[intents.survey.answer]]
survey.then = "survey-received"
survey.title = "How was it?"
survey.fields = [
  { name = "rating", label = "Satisfied?", kind = "radio", options = [
    { key = "3", label = "Very" },
    { key = "1", label = "Not at all" },
  ] },
]

[intents.survey-received]
answer = "Noted: {rating}"
"#;

/// Stands between two gateways, and may refuse websockets or cut them.
struct Relay {
    address: SocketAddr,
    state: Arc<RelayState>,
}

struct RelayState {
    target: String,
    refuses_sockets: AtomicBool,
    sockets: AtomicUsize,
    refused: AtomicUsize,
    cut: Notify,
}

impl Relay {
    async fn start(target: &str, refuses_sockets: bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(RelayState {
            target: target.to_owned(),
            refuses_sockets: refuses_sockets.into(),
            sockets: AtomicUsize::new(0),
            refused: AtomicUsize::new(0),
            cut: Notify::new(),
        });
        let shared = state.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(relay(client, shared.clone()));
            }
        });
        Self { address, state }
    }

    fn refuse_sockets(&self, refuses: bool) {
        self.state.refuses_sockets.store(refuses, Ordering::SeqCst);
    }

    fn cut_sockets(&self) {
        self.state.cut.notify_waiters();
    }

    fn sockets(&self) -> usize {
        self.state.sockets.load(Ordering::SeqCst)
    }

    fn refused(&self) -> usize {
        self.state.refused.load(Ordering::SeqCst)
    }
}

async fn relay(mut client: TcpStream, state: Arc<RelayState>) {
    let mut head = Vec::new();
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        match client.read_buf(&mut head).await {
            Ok(0) | Err(_) => return,
            Ok(_) => {}
        }
    }
    let is_socket = head.windows(6).any(|word| word == b"chatWs");
    if is_socket && state.refuses_sockets.load(Ordering::SeqCst) {
        state.refused.fetch_add(1, Ordering::SeqCst);
        let refusal = b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
        let _ = client.write_all(refusal).await;
        return;
    }
    let Ok(mut server) = TcpStream::connect(&state.target).await else {
        return;
    };
    let cut = state.cut.notified();
    if is_socket {
        state.sockets.fetch_add(1, Ordering::SeqCst);
    }
    if server.write_all(&head).await.is_err() {
        return;
    }
    let copy = copy_bidirectional(&mut client, &mut server);
    tokio::select! {
        _ = copy => {}
        () = cut, if is_socket => {}
    }
}

/// A widget's gateway, the relay, and the operator's gateway.
struct Chain {
    gateway: Gateway,
    relay: Relay,
    _engine: Gateway,
    script: PathBuf,
}

impl Drop for Chain {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.script);
    }
}

impl Chain {
    async fn start(refuses_sockets: bool) -> Self {
        let name = format!("livechat-{}.toml", uuid::Uuid::new_v4());
        let script = std::env::temp_dir().join(name);
        std::fs::File::create(&script)
            .unwrap()
            .write_all(SCRIPT.as_bytes())
            .unwrap();
        let frontend = format!(
            "[[frontends]]\nname = \"site\"\ndialect = \"dydu\"\npath = \"/dydu\"\n\
             route = \"main\"\nbots = [{{ bot_id = \"{BOT}\", languages = [\"en\"] }}]\n\n\
             [[routes]]\nname = \"main\"\nbackend = \"engine\"\n\n\
             [[backends]]\nname = \"engine\"\n"
        );
        let script_keys = format!("dialect = \"script\"\nscript = \"{}\"\n", script.display());
        let engine = Gateway::start(&format!("{frontend}{script_keys}")).await;
        let relay = Relay::start(&engine.address, refuses_sockets).await;
        let keys = format!(
            "dialect = \"dydu\"\nurl = \"http://{}/dydu\"\nbot_id = \"{BOT}\"\n",
            relay.address
        );
        let gateway = Gateway::start(&format!("{frontend}{keys}")).await;
        Self {
            gateway,
            relay,
            _engine: engine,
            script,
        }
    }

    /// A widget whose user has asked for a human and stands in the queue.
    async fn queued(&self, user: &str) -> Dydu {
        let base = self.gateway.url("/dydu");
        let mut widget = Dydu::rest(&base, Visitor::new(user));
        widget.open().await.says(user, "this is the bot");
        widget.say("human").await.says(user, "next");
        let last = widget.received.last().unwrap();
        assert_eq!(last["specialAction"], "StartWaitingQueue");
        widget
    }
}

/// What comes unasked, until it holds these words.
async fn until(widget: &mut Dydu, seen: &mut Seen, words: &str) {
    let begun = Instant::now();
    while !seen.all().contains(words) {
        assert!(
            begun.elapsed() < Duration::from_secs(40),
            "{words:?} does not come: {seen:#?}"
        );
        seen.add(widget.unasked(Duration::from_millis(500)).await);
    }
}

async fn condition(what: &str, is_met: impl Fn() -> bool) {
    let begun = Instant::now();
    while !is_met() {
        assert!(begun.elapsed() < Duration::from_secs(40), "{what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[track_caller]
fn once(seen: &Seen, words: &str) {
    let all = seen.all();
    assert_eq!(all.matches(words).count(), 1, "{words:?} in {all}");
}

/// From the queue to the survey.
async fn whole_livechat(chain: &Chain, user: &str, has_socket: bool) {
    let mut widget = chain.queued(user).await;
    if has_socket {
        widget.enter_livechat().await;
    } else {
        widget.mode = "polling";
    }
    let mut seen = Seen::default();
    until(&mut widget, &mut seen, "How can I help?").await;
    for words in ["one and only", "OK"] {
        seen.add(widget.say(words).await);
        until(&mut widget, &mut seen, &format!("You said: {words}")).await;
    }
    seen.add(widget.say("goodbye").await);
    until(&mut widget, &mut seen, "has left").await;
    assert!(seen.ended, "{user}: {seen:#?}");
    for words in [
        "Sam has joined",
        "How can I help?",
        "You said: one and only",
        "You said: OK",
        "So long.",
        "Sam has left",
    ] {
        once(&seen, words);
    }

    // The survey follows.
    let survey = |widget: &Dydu| {
        let mut received = widget.received.iter();
        received.find_map(|values| Some(values["survey"].as_str()?.to_owned()))
    };
    let begun = Instant::now();
    let id = loop {
        if let Some(id) = survey(&widget) {
            break id;
        }
        assert!(
            begun.elapsed() < Duration::from_secs(30),
            "{user}: no survey"
        );
        widget.unasked(Duration::from_millis(500)).await;
    };
    widget.lose_socket();
    widget.mode = "Synchron";
    let context = widget.context.clone().unwrap();
    let asked = [
        ("contextUuid", context.as_str()),
        ("solutionUsed", "ASSISTANT"),
        ("language", "en"),
        ("surveyId", &id),
    ];
    let configuration = widget
        .call(&format!("chat/survey/configuration/{BOT}"), &asked)
        .await;
    assert_eq!(configuration["type"], "surveyConfigurationResponse");
    let values = decode(&configuration["values"]);
    assert_eq!(values["surveyId"], id.as_str());
    assert_eq!(values["fields"][0]["label"], "Satisfied?");
    let field = format!("field_{}", values["fields"][0]["id"]);
    let answers = [("ctx", context.as_str()), ("uuid", &id), (&field, "Very")];
    widget.call(&format!("chat/survey/{BOT}"), &answers).await;
    let mut seen = Seen::default();
    until(&mut widget, &mut seen, "Noted: 3").await;
    // And the bot is back.
    widget.say("xyzzy").await.says(user, "The bot does not");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_livechat_goes_from_the_queue_to_the_survey() {
    for refuses_sockets in [false, true] {
        let chain = Chain::start(refuses_sockets).await;
        tokio::join!(
            whole_livechat(&chain, "polling", false),
            whole_livechat(&chain, "socket", true)
        );
        let (sockets, refused) = (chain.relay.sockets(), chain.relay.refused());
        if refuses_sockets {
            assert_eq!(sockets, 0);
            assert_eq!(refused, 2, "one try for each livechat");
        } else {
            assert_eq!((sockets, refused), (2, 0));
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_socket_lost_between_gateways_loses_and_repeats_nothing() {
    let chain = Chain::start(false).await;
    let mut widget = chain.queued("unlucky").await;
    widget.enter_livechat().await;
    let mut seen = Seen::default();
    until(&mut widget, &mut seen, "How can I help?").await;
    seen.add(widget.say("before").await);
    until(&mut widget, &mut seen, "You said: before").await;

    chain.relay.refuse_sockets(true);
    chain.relay.cut_sockets();
    condition("the socket is tried again", || chain.relay.refused() > 0).await;
    seen.add(widget.say("meanwhile").await);
    until(&mut widget, &mut seen, "You said: meanwhile").await;
    chain.relay.refuse_sockets(false);
    let sockets = chain.relay.sockets();
    condition("the socket is open again", || {
        chain.relay.sockets() > sockets
    })
    .await;
    seen.add(widget.say("afterwards").await);
    until(&mut widget, &mut seen, "You said: afterwards").await;
    seen.add(widget.unasked(Duration::from_secs(4)).await);
    for words in ["How can I help?", "before", "meanwhile", "afterwards"] {
        once(&seen, words);
    }
    assert!(!seen.all().contains("connection was lost"), "{seen:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operator_is_told_of_a_widget_that_is_lost() {
    let chain = Chain::start(false).await;
    let mut widget = chain.queued("lost").await;
    widget.enter_livechat().await;
    let mut seen = Seen::default();
    until(&mut widget, &mut seen, "How can I help?").await;
    widget.lose_socket();
    // The gateway waits a while for the widget before it tells.
    let labels = [("kind", "connection")];
    let name = "switchboard_messages_total";
    let begun = Instant::now();
    while chain.gateway.count(name, &labels).await < 1.0 {
        assert!(begun.elapsed() < Duration::from_secs(40));
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    widget.enter_livechat().await;
    let mut seen = Seen::default();
    until(&mut widget, &mut seen, "connection was lost").await;
    until(&mut widget, &mut seen, "user is back").await;
    once(&seen, "You said: [The user's connection was lost.]");
    once(&seen, "You said: [The user is back.]");
}

/// The unmodified chatbox never reconnects, and shows its user what it never sends.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_user_of_a_lost_widget_says_is_found() {
    let chain = Chain::start(false).await;
    let mut widget = chain.queued("unheard").await;
    widget.enter_livechat().await;
    let mut seen = Seen::default();
    until(&mut widget, &mut seen, "How can I help?").await;
    widget.lose_socket();
    // The loss is noticed a moment later than it happens.
    let context = widget.context.clone().unwrap();
    let history = async || {
        let asked = [
            ("contextUuid", context.as_str()),
            ("solutionUsed", "ASSISTANT"),
        ];
        let answer = widget.call(&format!("chat/history/{BOT}"), &asked).await;
        decode(&answer["values"]).to_string()
    };
    let begun = Instant::now();
    loop {
        widget.types("still").await;
        widget.types("still there?").await;
        let said = history().await;
        if said.contains("You said: still there?") {
            break;
        }
        assert!(begun.elapsed() < Duration::from_secs(40), "{said}");
        tokio::time::sleep(Duration::from_secs(6)).await;
    }
    // Somebody else's words are not this user's.
    let stranger = Dydu::rest(&chain.gateway.url("/dydu"), Visitor::new("stranger"));
    stranger.types("my own question").await;
    tokio::time::sleep(Duration::from_secs(6)).await;
    let said = history().await;
    assert!(!said.contains("my own question"), "{said}");
}
