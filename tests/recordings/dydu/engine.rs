//! The recorded server stands behind the gateway: what it answered reaches the chatbox unchanged,
//! and what the chatbox said reaches it.

use serde_json::{Value, json};

use super::config;
use super::page::{Page, RECORDED_BOT, RECORDED_CONTEXT};
use super::widget::{self, shown};
use crate::clients::dydu::BOT;
use crate::process::Gateway;
use crate::recording;
use crate::upstream::recorded::{Asked, Line, Recorded};

/// The recorded server of a scenario.
async fn engine(scenario: &str) -> Recorded {
    let start = format!("{scenario}: ");
    let lines: Vec<crate::Line> = recording("dydu-chatbox.jsonl")
        .into_iter()
        .filter(|line| line.note.starts_with(&start) && line.transport == "http")
        .collect();
    let answers = lines.chunks_exact(2).map(|pair| Line {
        endpoint: widget::endpoint(&pair[0].path),
        input: Some(pair[0].input()).filter(|input| !input.is_empty()),
        body: pair[1].body.clone().unwrap(),
    });
    Recorded::start(answers.collect(), widget::endpoint).await
}

async fn gateway(engine: &Recorded) -> Gateway {
    Gateway::start(&config(&format!(
        "dialect = \"dydu\"\nurl = \"http://{}\"\nbot_id = \"{RECORDED_BOT}\"\n\
         livechat_poll = \"50ms\"\n",
        engine.address
    )))
    .await
}

/// Our ids and time stand in the place of the server's, all else is as it was.
#[track_caller]
fn assert_unchanged(ours: &Value, recorded: &Value, context: &str) {
    let mut expected = recorded.clone();
    expected["contextId"] = json!(context);
    expected["botId"] = json!(BOT);
    expected["serverTime"] = ours["serverTime"].clone();
    assert_eq!(*ours, expected);
}

/// Variables once told stay told.
#[track_caller]
fn assert_has(ours: &str, recorded: &str) {
    let (ours, recorded): (Value, Value) = (
        serde_json::from_str(ours).unwrap(),
        serde_json::from_str(recorded).unwrap(),
    );
    for (name, value) in recorded.as_object().unwrap() {
        assert_eq!(ours[name], *value, "{name}");
    }
}

#[tokio::test]
async fn answers_of_an_engine_of_the_same_vendor_pass_unchanged() {
    let engine = engine("A").await;
    let gateway = gateway(&engine).await;
    let mut page = Page::new("A", &[gateway.url("/dydu")]);
    let mut seen = Vec::new();
    let steps = [
        "page load",
        "accept gdpr disclaimer",
        "type a question (autocomplete on, suggestions.limit=3)",
        "send the question",
        "feedback: thumb up",
        "second question (accents, markup, emoji)",
        "feedback: thumb down",
        "feedback: dissatisfaction choice",
        "feedback: comment",
        "ask for quick replies",
        "click a quick reply (reword link, type reword_knowledge)",
        "click reword link in welcome text (no type)",
        "click a top knowledge entry",
        "multi step answer",
        "answer changing space (guiCSName)",
        "register context variable then ask",
        "setDialogVariable",
        "survey attached to an answer",
        "survey submit",
    ];
    for step in steps {
        for answer in page.step(step).await.answers {
            if answer.endpoint == "talk" {
                assert_unchanged(&answer.values, &answer.recorded, &page.context);
                seen.push(answer.values.clone());
            }
            if answer.endpoint == "survey/configuration" {
                assert_eq!(answer.values, answer.recorded);
            }
        }
    }
    let with = |name: &str| seen.iter().filter(|values| !values[name].is_null()).count();
    let special = ["nextStepResponse", "guiCSName", "survey", "templateData"];
    assert_eq!(special.map(with), [1; 4], "all that the recording has");

    // What arrived at the engine is what was recorded, under its own ids.
    let heard = engine.has_been_asked("talk", 11).await;
    let recorded = recording("dydu-chatbox.jsonl");
    let said: Vec<&crate::Line> = recorded
        .iter()
        .filter(|line| line.is_from_client() && line.seq <= 57)
        .filter(|line| widget::endpoint(&line.path) == "talk")
        .collect();
    assert_eq!(heard.len(), said.len());
    for (heard, said) in heard.iter().zip(said) {
        let body = said.body.as_deref().unwrap();
        assert_eq!(
            heard.path.contains(RECORDED_CONTEXT),
            said.path.contains(RECORDED_CONTEXT)
        );
        for (name, value) in url::form_urlencoded::parse(body.as_bytes()) {
            if name == "variables" {
                assert_has(heard.parameter("variables"), &value);
                continue;
            }
            assert_eq!(
                heard
                    .parameters
                    .get(&*name)
                    .map(String::as_str)
                    .unwrap_or("{}"),
                value,
                "{name} of {body}"
            );
        }
    }
    for (endpoint, name, values) in [
        ("feedback", "feedBack", vec!["positive", "negative"]),
        ("feedback/insatisfaction", "choiceKey", vec!["1"]),
        (
            "feedback/comment",
            "comment",
            vec!["Pas clair, désolé & merci"],
        ),
    ] {
        let asked = engine.has_been_asked(endpoint, values.len()).await;
        let sent: Vec<&str> = asked.iter().map(|one| one.parameter(name)).collect();
        assert_eq!(sent, values);
        assert!(
            asked
                .iter()
                .all(|one| one.parameter("contextUUID") == RECORDED_CONTEXT)
        );
    }
    let survey = &engine.has_been_asked("survey", 1).await[0];
    let parameters = ["ctx", "uuid", "field_101", "field_103"];
    assert_eq!(
        parameters.map(|name| survey.parameter(name)),
        [RECORDED_CONTEXT, "survey-1", "Zoé", "Bien"]
    );
    let variables = engine.has_been_asked("variable", 1).await;
    let last = variables.last().unwrap();
    assert_eq!(
        [last.parameter("name"), last.parameter("value")],
        ["nom", "Zoé"]
    );
    let top = &engine.asked("topknowledge")[0];
    let parameters = ["language", "maxKnowledge", "period", "space"];
    assert_eq!(
        parameters.map(|name| top.parameter(name)),
        ["fr", "3", "Last30Days", "Defaut"]
    );

    page.step("file upload via guiAction").await;
    page.step("export conversation by mail").await;
    let mail = format!("#dydumailto:{RECORDED_CONTEXT}:zoe@example.org#");
    let is_mail = |one: &Asked| one.parameter("userInput") == mail;
    let heard = engine.has_heard("talk", |heard| heard.iter().any(is_mail));
    assert!(heard.await.iter().filter(|one| is_mail(one)).count() == 1);
}

/// The recorded server's livechat is polled by the gateway and by the chatbox.
#[tokio::test]
async fn a_livechat_with_an_engine_of_the_same_vendor() {
    let engine = engine("C").await;
    let gateway = gateway(&engine).await;
    let mut page = Page::new("C", &[gateway.url("/dydu")]);
    page.polls = true;
    for step in [
        "page load",
        "open, accept gdpr, skip onboarding",
        "send the question",
    ] {
        page.step(step).await;
    }
    let played = page.step("livechat: ask for an operator").await;
    assert_eq!(played.talk()["specialAction"], "StartPolling");
    let mut items = Vec::new();
    items.extend(page.polled_in("livechat: type and send").await);
    items.extend(
        page.polled_in("livechat over polling: operator writing then message")
            .await,
    );
    while !items.iter().any(|item| widget::effect("", item) == "end") {
        items.push(page.poll("what the operator does").await);
    }
    // That she is writing is worth a poll only as long as she is.
    items.retain(|item| item["code"] != "OperatorWritingStatus");
    assert_eq!(items.len(), 2, "{items:#?}");
    assert_eq!(shown(&items[0]), "Alice repond");
    assert!(items[0]["fromDetail"].is_string());
    assert_eq!(widget::effect("", &items[1]), "end");
    assert_eq!(shown(&items[1]), "Fin");

    let heard = engine.asked("talk");
    let last = heard.last().unwrap();
    assert_eq!(last.parameter("userInput"), "Bonjour");
    assert_eq!(last.parameter("mode"), crate::clients::dydu::b64("polling"));
    assert!(last.path.ends_with(RECORDED_CONTEXT));
    let typed = engine.has_been_asked("typing", 2).await;
    let contents: Vec<&str> = typed.iter().map(|one| one.parameter("content")).collect();
    assert!(
        contents.contains(&&*crate::clients::dydu::b64("Bonjour")),
        "{contents:?}"
    );
}
