//! Scenarios D, E and F: servers that fail, engines that are slow, pages that are not allowed.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::page::Page;
use super::widget::{effect, shown, top_questions};
use super::{assert_greeted, config, gateway};
use crate::assert_nothing_refused;
use crate::clients::dydu::{BOT, decode};
use crate::process::Gateway;
use crate::upstream::front::Dydu;
use crate::upstream::proxy::{Proxy, Way};
use crate::upstream::{Mood, Upstream, Vendor};

/// The first of two servers answers 503 from some moment on; the second is the same gateway.
#[tokio::test]
async fn two_servers_of_which_the_first_fails() {
    let gateway = gateway().await;
    let first = Proxy::before(&gateway.url("")).await;
    let mut page = Page::new("D", &[first.url("/dydu"), gateway.url("/dydu")]);
    page.step("page load").await;
    assert_greeted(&page.step("open, accept gdpr, skip onboarding").await);
    first.set(Way::Down(503));
    let played = page
        .step("first server answers 503 from now on; send a question")
        .await;
    assert_eq!(page.failures, 1);
    assert_eq!(shown(played.talk()), "Ouvert de 9 h à 18 h. Utile ?");
    let played = page.step("second question").await;
    assert_eq!(shown(played.talk()), "Ouvert de 9 h à 18 h. Utile ?");
    page.end();
    page.once("horaires ?");
    let history = page.history("at the second server").await;
    assert_eq!(history.len(), 2, "{history:#?}");
    assert_nothing_refused(&gateway).await;
}

/// An engine that answers too late, and then not at all.
#[tokio::test]
async fn slow_and_failing_answers() {
    let engine = Upstream::start(Vendor::Dydu).await;
    let gateway = Gateway::start(&engine_config(&engine)).await;
    let mut page = Page::new("E", &[gateway.url("/dydu")]);
    page.is_like_recorded = false;
    page.step("page load").await;

    // The chatbox waits 3 s for the top questions, and shows nothing before: better none.
    engine.set(Mood::Slow(Duration::from_millis(4_500))).await;
    let step = "open; first topknowledge answer delayed 4.5 s";
    let played = page.first_of(step, 2).await;
    assert!(top_questions(played.of("topknowledge")).is_empty());
    engine.set(Mood::Well).await;
    let played = page.step(step).await;
    assert_eq!(
        top_questions(played.of("topknowledge")),
        ["echo of the top"]
    );
    assert_eq!(shown(played.talk()), "echo: #welcome#");

    engine.set(Mood::Slow(Duration::from_secs(6))).await;
    let played = page.step("question answered after 6 s").await;
    assert_eq!(shown(played.talk()), "echo: lent");
    assert_eq!(engine.heard("lent"), 1);

    // Four times the same bytes, four failures; the user sees the question once.
    engine.set(Mood::Status(503)).await;
    page.step("question answered 503 for ever").await;
    assert_eq!(page.failures, 4);
    page.end();
    page.once("panne");
    engine.set(Mood::Well).await;
    let history = page.history("after the failure").await;
    assert_eq!(history.len(), 2, "{history:#?}");
}

/// Answers that a page may not read are failures: it stops at the first request.
#[tokio::test]
async fn a_page_that_is_not_allowed_gets_no_further() {
    let gateway = gateway().await;
    let mut page = Page::new("F", &[gateway.url("/dydu")]);
    page.step("page load").await;
    page.end();
    assert_eq!((page.sent, page.failures), (4, 0), "any page is allowed");

    let bot = crate::process::root().join("tests/recordings/dydu/bot.toml");
    let backend = format!("dialect = \"script\"\nscript = \"{}\"\n", bot.display());
    let config = config(&backend).replace(
        "route = \"main\"\nbots",
        "route = \"main\"\norigins = [\"https://www.example.org\"]\nbots",
    );
    let gateway = Gateway::start(&config).await;
    let mut page = Page::new("F", &[gateway.url("/dydu")]);
    page.step("page load").await;
    page.end();
    assert_eq!((page.sent, page.failures), (4, 4), "this one is not");
}

/// A gateway before a fake engine.
fn engine_config(engine: &Upstream) -> String {
    config(&format!(
        "dialect = \"dydu\"\nurl = \"http://{}\"\n\
         bot_id = \"00000000-0000-4000-8000-0000000d7d00\"\n",
        engine.address
    ))
}

// ------------------------------------------------------------------ the chatbox's repetitions

/// Asks as the chatbox does: gives up after a while, waits, and sends the same bytes again.
struct Asking {
    /// Addresses of the same gateway, tried in turn.
    urls: Vec<String>,
    body: String,
    timeout: Duration,
    pause: Duration,
}

/// How often the chatbox tries where it knows one server.
const TRIES: usize = 4;

impl Asking {
    /// A question in a dialog that has begun.
    async fn of(gateway: &Gateway, text: &str) -> (Self, Dydu) {
        let mut dydu = Dydu::new(&gateway.url("/dydu"));
        dydu.say("bonjour").await.unwrap();
        let asking = Self {
            urls: vec![format!("{}/servlet/api/{}", dydu.base, dydu.talk_path())],
            body: Dydu::question(text),
            timeout: Duration::from_millis(300),
            pause: Duration::from_millis(100),
        };
        (asking, dydu)
    }

    /// One request on a connection of its own.
    async fn send(&self, timeout: Option<Duration>) -> Result<Value, reqwest::Error> {
        self.send_to(&self.urls[0], timeout).await
    }

    async fn send_to(&self, url: &str, timeout: Option<Duration>) -> Result<Value, reqwest::Error> {
        let form = "application/x-www-form-urlencoded; charset=UTF-8";
        let mut request = reqwest::Client::new()
            .post(url)
            .header("content-type", form)
            .body(self.body.clone());
        if let Some(timeout) = timeout {
            request = request.timeout(timeout);
        }
        let response = request.send().await?.error_for_status()?;
        let answer: Value = serde_json::from_str(&response.text().await?).unwrap();
        assert_eq!(answer["type"], "talkResponse");
        Ok(decode(&answer["values"]))
    }

    /// Tries up to four times; the answer, and how many tries it took.
    async fn persist(&self) -> (Value, usize) {
        let most = 3 * self.urls.len() + 1;
        for (tries, url) in (1..=most).zip(self.urls.iter().cycle()) {
            match self.send_to(url, Some(self.timeout)).await {
                Ok(values) => return (values, tries),
                Err(_) => tokio::time::sleep(self.pause).await,
            }
        }
        panic!("no answer to {} in {most} tries", self.body);
    }
}

/// The texts of the history, oldest first: what the user said and what was answered.
async fn remembered(dydu: &Dydu) -> Vec<(String, String)> {
    let context = dydu.context.as_deref().unwrap();
    let path = format!("chat/history/{BOT}");
    let form = [("contextUuid", context), ("solutionUsed", "ASSISTANT")];
    let values = decode(&dydu.post(&path, &form).await.json()["values"]);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    values["interactions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (text(&one["user"]), text(&one["text"])))
        .collect()
}

/// The question was heard once, and stands in the history once.
async fn assert_asked_once(engine: &Upstream, dydu: &Dydu, text: &str) {
    assert_eq!(engine.heard(text), 1, "{:?}", engine.requests());
    let pair = |text: &str| (text.to_owned(), format!("echo: {text}"));
    assert_eq!(remembered(dydu).await, [pair("bonjour"), pair(text)]);
}

#[tokio::test]
async fn a_copy_gets_the_answer_after_the_earlier_connection_was_closed() {
    let engine = Upstream::start(Vendor::Dydu).await;
    let gateway = Gateway::start(&engine_config(&engine)).await;
    let (asking, dydu) = Asking::of(&gateway, "lent").await;
    engine.set(Mood::Slow(Duration::from_millis(900))).await;
    let (answer, tries) = asking.persist().await;
    assert_eq!(answer["text"], "echo: lent");
    assert!(tries > 1, "the engine was not slow");
    assert_asked_once(&engine, &dydu, "lent").await;
}

#[tokio::test]
async fn a_copy_at_another_address_of_the_gateway_is_the_same_question() {
    let engine = Upstream::start(Vendor::Dydu).await;
    let gateway = Gateway::start(&engine_config(&engine)).await;
    let (mut asking, dydu) = Asking::of(&gateway, "lent").await;
    let other = Proxy::before(&gateway.url("")).await;
    let path = asking.urls[0].split_once("/dydu").unwrap().1.to_owned();
    asking.urls.push(format!("{}{path}", other.url("/dydu")));
    engine.set(Mood::Slow(Duration::from_millis(900))).await;
    let (answer, tries) = asking.persist().await;
    assert_eq!(answer["text"], "echo: lent");
    assert!(tries > 1, "the engine was not slow");
    assert_asked_once(&engine, &dydu, "lent").await;
}

#[tokio::test]
async fn a_copy_gets_the_answer_while_the_earlier_connection_is_open() {
    let engine = Upstream::start(Vendor::Dydu).await;
    let gateway = Gateway::start(&engine_config(&engine)).await;
    let (asking, dydu) = Asking::of(&gateway, "lent").await;
    let asking = Arc::new(asking);
    engine.set(Mood::Slow(Duration::from_millis(900))).await;
    let mut copies = JoinSet::new();
    for _ in 0..TRIES {
        let asking = asking.clone();
        copies.spawn(async move { asking.send(None).await.unwrap() });
        // The next one is sent when this one has been under way for a while.
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    while let Some(answer) = copies.join_next().await {
        assert_eq!(answer.unwrap()["text"], "echo: lent", "every copy");
    }
    assert_asked_once(&engine, &dydu, "lent").await;
}

#[tokio::test]
async fn copies_at_the_same_time_are_one_question() {
    let engine = Upstream::start(Vendor::Dydu).await;
    let gateway = Gateway::start(&engine_config(&engine)).await;
    let (asking, dydu) = Asking::of(&gateway, "lent").await;
    let asking = Arc::new(asking);
    engine.set(Mood::Slow(Duration::from_millis(500))).await;
    let mut copies = JoinSet::new();
    for _ in 0..TRIES {
        let asking = asking.clone();
        copies.spawn(async move { asking.send(None).await.unwrap() });
    }
    let mut ids = Vec::new();
    while let Some(answer) = copies.join_next().await {
        let answer = answer.unwrap();
        assert_eq!(answer["text"], "echo: lent", "every copy");
        ids.push(answer["contextId"].clone());
    }
    ids.dedup();
    assert_eq!(ids, [json!(dydu.context.as_deref().unwrap())]);
    assert_asked_once(&engine, &dydu, "lent").await;
}

/// The answer was written when the chatbox had just given up on it.
#[tokio::test]
async fn a_copy_right_after_a_late_answer_gets_the_same_answer() {
    let engine = Upstream::start(Vendor::Dydu).await;
    let gateway = Gateway::start(&engine_config(&engine)).await;
    let (asking, dydu) = Asking::of(&gateway, "lent").await;
    engine.set(Mood::Slow(Duration::from_millis(3_100))).await;
    for _ in 0..TRIES {
        let answer = asking.send(None).await.unwrap();
        assert_eq!(answer["text"], "echo: lent");
    }
    assert_asked_once(&engine, &dydu, "lent").await;
}

#[tokio::test]
async fn a_question_that_was_answered_at_once_may_be_asked_again() {
    let engine = Upstream::start(Vendor::Dydu).await;
    let gateway = Gateway::start(&engine_config(&engine)).await;
    let (asking, dydu) = Asking::of(&gateway, "encore").await;
    for _ in 0..2 {
        let answer = asking.send(None).await.unwrap();
        assert_eq!(answer["text"], "echo: encore");
    }
    assert_eq!(engine.heard("encore"), 2);
    assert_eq!(remembered(&dydu).await.len(), 3);
}

/// Nobody waited any more when the answer came.
#[tokio::test]
async fn a_copy_gets_an_answer_that_came_while_nobody_waited() {
    let engine = Upstream::start(Vendor::Dydu).await;
    let gateway = Gateway::start(&engine_config(&engine)).await;
    let (asking, dydu) = Asking::of(&gateway, "lent").await;
    engine.set(Mood::Slow(Duration::from_millis(600))).await;
    let given_up = asking.send(Some(asking.timeout)).await;
    assert!(given_up.is_err(), "the engine was not slow");
    while remembered(&dydu).await.last().unwrap().1.is_empty() {
        tokio::time::sleep(asking.pause).await;
    }
    let answer = asking.send(None).await.unwrap();
    assert_eq!(answer["text"], "echo: lent");
    assert_asked_once(&engine, &dydu, "lent").await;
}

#[tokio::test]
async fn an_engine_that_is_away_hears_the_question_once_it_is_back() {
    let engine = Upstream::start(Vendor::Dydu).await;
    let gateway = Gateway::start(&engine_config(&engine)).await;
    let (asking, dydu) = Asking::of(&gateway, "panne").await;
    engine.down().await;
    for _ in 0..TRIES - 1 {
        let refused = asking.send(None).await;
        assert!(refused.is_err(), "a failure, so that the chatbox repeats");
    }
    engine.up().await;
    let (answer, _) = asking.persist().await;
    assert_eq!(answer["text"], "echo: panne");
    assert_asked_once(&engine, &dydu, "panne").await;
}

#[tokio::test]
async fn an_engine_that_fails_at_first_is_asked_once_more_and_remembered_once() {
    let engine = Upstream::start(Vendor::Dydu).await;
    let gateway = Gateway::start(&engine_config(&engine)).await;
    let (asking, dydu) = Asking::of(&gateway, "panne").await;
    engine.set(Mood::Status(503)).await;
    assert!(asking.send(None).await.is_err());
    let refused = engine.heard("panne");
    engine.set(Mood::Well).await;
    let (answer, _) = asking.persist().await;
    assert_eq!(answer["text"], "echo: panne");
    assert_eq!(engine.heard("panne"), refused + 1);
    let pair = |text: &str| (text.to_owned(), format!("echo: {text}"));
    assert_eq!(remembered(&dydu).await, [pair("bonjour"), pair("panne")]);
}

/// Two people who say the same in dialogs of their own.
#[tokio::test]
async fn the_same_words_in_another_dialog_are_no_copy() {
    let engine = Upstream::start(Vendor::Dydu).await;
    let gateway = Gateway::start(&engine_config(&engine)).await;
    let (one, _) = Asking::of(&gateway, "lent").await;
    let (other, _) = Asking::of(&gateway, "lent").await;
    engine.set(Mood::Slow(Duration::from_millis(300))).await;
    let (first, second) = tokio::join!(one.send(None), other.send(None));
    assert_ne!(first.unwrap()["contextId"], second.unwrap()["contextId"]);
    assert_eq!(engine.heard("lent"), 2);
}

#[test]
fn effects_follow_the_order_of_the_reference() {
    let values = json!({ "code": "DialogAddedOperatorPanel", "specialAction": "StartPolling" });
    assert_eq!(effect("notification", &values), "line");
    let values = json!({ "typeResponse": "OPLiveChatEndByOperator", "code": "OperatorConnected" });
    assert_eq!(effect("notification", &values), "end");
    assert_eq!(effect("talkResponse", &json!({ "text": "" })), "nothing");
}
