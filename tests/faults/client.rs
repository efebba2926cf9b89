//! The client fails: the engine still gets each question once, and the answer is there when the
//! client comes back.

use std::sync::Arc;
use std::time::Duration;

use futures_util::SinkExt;
use futures_util::future::join_all;
use serde_json::json;
use tokio_tungstenite::tungstenite::Message;
use uuid::Uuid;

use crate::clients::connect;
use crate::clients::kare::APP;
use crate::upstream::front::{Dydu, KareRest, KareSocket, OpenDialog};
use crate::upstream::{Mood, Upstream};
use crate::{Patience, Way, start};

/// How long the engine takes.
const DELAY: Duration = Duration::from_millis(600);

/// Sends a request, and leaves as soon as the engine has heard the question.
async fn send_and_leave(request: reqwest::RequestBuilder, engine: &Upstream, text: &str) {
    tokio::select! {
        answer = request.send() => panic!("{text}: left too late: {answer:?}"),
        () = engine.has_heard(text) => {}
    }
}

/// Runs a test on every way at once.
macro_rules! on_every_way {
    ($test:ident) => {{
        let (gateway, engines) = start(Patience::Default).await;
        let mut ways = tokio::task::JoinSet::new();
        for (way, engine) in engines {
            let base = gateway.url(&format!("/{}", way.name));
            ways.spawn(async move {
                engine.set(Mood::Slow(DELAY)).await;
                $test(way, engine, base).await;
            });
        }
        while let Some(way) = ways.join_next().await {
            if let Err(error) = way {
                std::panic::resume_unwind(error.into_panic());
            }
        }
    }};
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_left_finds_its_answer() {
    on_every_way!(leave);
}

async fn leave(way: Way, engine: Arc<Upstream>, base: String) {
    let ((), (), (), ()) = tokio::join!(
        kare_asks_again_with_the_same_id(way, &engine, &base),
        kare_connects_again(way, &engine, &base),
        dydu_repeats_its_request(way, &engine, &base),
        opendialog_reads_its_history(way, &engine, &base),
    );
}

async fn kare_asks_again_with_the_same_id(way: Way, engine: &Upstream, base: &str) {
    let client = KareRest::open(&format!("{base}/kare")).await;
    let (id, text) = (Uuid::new_v4(), "kare left");
    let request = client.http.post(format!("{}/dialog/query", client.base));
    let request = request
        .bearer_auth(&client.token)
        .header("content-type", "application/json");
    let request = request.body(client.query(id, text).to_string());
    send_and_leave(request, engine, text).await;
    // Once while the turn is under way, and once when it is over.
    for _ in 0..2 {
        let answer = client.say_as(id, text).await.unwrap();
        assert_eq!(
            answer.matches("echo: kare left").count(),
            1,
            "{}: {answer}",
            way.name
        );
    }
    assert_eq!(engine.heard(text), 1, "{}", way.name);
}

async fn kare_connects_again(way: Way, engine: &Upstream, base: &str) {
    let mut client = KareSocket::open(&format!("{base}/kare")).await;
    client.greet().await;
    let text = "kare socket left";
    let query = json!({ "id": Uuid::new_v4(), "parent_id": null, "uri": "in/query",
        "header": {}, "body": { "text": text } });
    client
        .socket
        .send(Message::text(query.to_string()))
        .await
        .unwrap();
    engine.has_heard(text).await;
    drop(client.socket);

    let url = format!(
        "{}/kare/ws?app_id={APP}&conversation_id={}",
        base.replacen("http", "ws", 1),
        client.conversation
    );
    let socket = connect(&url, None).await;
    let mut client = KareSocket {
        socket,
        conversation: client.conversation,
    };
    client
        .socket
        .send(Message::text(query.to_string()))
        .await
        .unwrap();
    let mut seen = String::new();
    let mut within = Duration::from_secs(10);
    while let Some(frame) = client.next(within).await {
        assert_ne!(frame["uri"], "out/error", "{}: {frame}", way.name);
        seen += frame["body"]["text"].as_str().unwrap_or_default();
        if seen.contains("echo") {
            within = DELAY;
        }
    }
    assert_eq!(seen, format!("echo: {text}"), "{}", way.name);
    assert_eq!(engine.heard(text), 1, "{}", way.name);
}

async fn dydu_repeats_its_request(way: Way, engine: &Upstream, base: &str) {
    let mut client = Dydu::new(&format!("{base}/dydu"));
    client.say("dydu came").await.unwrap();
    let text = "dydu left";
    let url = format!("{}/servlet/api/{}", client.base, client.talk_path());
    let form = "application/x-www-form-urlencoded; charset=UTF-8";
    let request = client
        .http
        .post(url)
        .header("content-type", form)
        .body(Dydu::question(text));
    send_and_leave(request, engine, text).await;
    // The answer comes while nobody listens.
    tokio::time::sleep(2 * DELAY + DELAY).await;
    let answer = client.say(text).await.unwrap();
    assert!(answer.contains("echo: dydu left"), "{}: {answer}", way.name);
    assert_eq!(engine.heard(text), 1, "{}", way.name);
    // Answered, it is a new question, once no more copies of the old one can come.
    for _ in 0..100 {
        client.say(text).await.unwrap();
        if engine.heard(text) > 1 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("{}: the same words are never a new question", way.name);
}

async fn opendialog_reads_its_history(way: Way, engine: &Upstream, base: &str) {
    let client = OpenDialog::new(&format!("{base}/opendialog"), "leaver");
    let text = "opendialog left";
    let request = client
        .http
        .post(format!("{}/incoming/webchat", client.base));
    let request = request.header("content-type", "application/json");
    let request = request.body(client.text(text).to_string());
    send_and_leave(request, engine, text).await;
    let answer = format!("echo: {text}");
    for _ in 0..100 {
        let rows = client.history().await;
        if rows
            .first()
            .is_some_and(|row| row["data"]["text"] == answer.as_str())
        {
            assert_eq!(rows.len(), 2, "{}: {rows:#?}", way.name);
            assert_eq!(rows[1]["data"]["text"], text, "{}", way.name);
            assert_eq!(engine.heard(text), 1, "{}", way.name);
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{}: {:#?}", way.name, client.history().await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_question_four_times_is_one_question() {
    on_every_way!(repeat);
}

async fn repeat(way: Way, engine: Arc<Upstream>, base: String) {
    // The last copy must arrive before the first one is answered, on a busy machine too.
    engine.set(Mood::Slow(2 * DELAY)).await;
    // The chatbox repeats byte for byte, and has no id to tell it by; at first not even a context.
    let texts: Vec<String> = (0..12).map(|at| format!("first of all {at}")).collect();
    let volleys = texts
        .iter()
        .map(|text| volley(way, &engine, &base, None, text));
    let contexts = join_all(volleys).await;
    volley(way, &engine, &base, contexts[0].clone(), "later on").await;

    // Kare's clients have an id.
    let client = KareRest::open(&format!("{base}/kare")).await;
    let id = Uuid::new_v4();
    let copies = (0..4).map(|_| client.say_as(id, "four at once"));
    for answer in join_all(copies).await {
        let answer = answer.unwrap();
        assert_eq!(
            answer.matches("echo: four at once").count(),
            1,
            "{}: {answer}",
            way.name
        );
    }
    assert_eq!(engine.heard("four at once"), 1, "{}", way.name);
}

/// Four copies of a question at once, all answered in one context, which is returned.
async fn volley(
    way: Way,
    engine: &Upstream,
    base: &str,
    context: Option<String>,
    text: &str,
) -> Option<String> {
    let dydu = format!("{base}/dydu");
    let mut copies: [Dydu; 4] = std::array::from_fn(|_| Dydu {
        context: context.clone(),
        ..Dydu::new(&dydu)
    });
    for answer in join_all(copies.iter_mut().map(|copy| copy.say(text))).await {
        let answer = answer.unwrap_or_else(|refusal| panic!("{}: {refusal:?}", way.name));
        let is_right = answer.contains(&format!("echo: {text}"));
        assert!(is_right, "{}: {answer}", way.name);
    }
    assert_eq!(engine.heard(text), 1, "{} {text}", way.name);
    let contexts: Vec<_> = copies.into_iter().map(|copy| copy.context).collect();
    assert!(
        contexts.iter().all(|other| *other == contexts[0]),
        "{}: {contexts:?}",
        way.name
    );
    if context.is_some() {
        assert_eq!(contexts[0], context, "{}", way.name);
    }
    contexts[0].clone()
}

/// Another question in between is another question, and order is kept.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn questions_queue_up() {
    on_every_way!(queue);
}

async fn queue(way: Way, _engine: Arc<Upstream>, base: String) {
    let client = KareRest::open(&format!("{base}/kare")).await;
    let texts = ["one", "two", "three"];
    let ask = |at: usize| {
        let client = &client;
        async move {
            // They arrive one after the other.
            tokio::time::sleep(Duration::from_millis(60) * u32::try_from(at).unwrap()).await;
            let answer = client.say(texts[at]).await.unwrap();
            (answer, tokio::time::Instant::now())
        }
    };
    let answers = join_all((0..texts.len()).map(ask)).await;
    for ((answer, _), text) in answers.iter().zip(texts) {
        assert!(
            answer.contains(&format!("echo: {text}")),
            "{}: {answer}",
            way.name
        );
    }
    assert!(
        answers.is_sorted_by_key(|(_, at)| *at),
        "{}: out of order",
        way.name
    );
}
