//! Scenario C: the websocket is refused, so the chatbox polls.

use super::page::Page;
use super::widget::{effect, shown};

/// All of it.
pub async fn livechat(page: &mut Page) {
    page.step("page load").await;
    super::assert_greeted(&page.step("open, accept gdpr, skip onboarding").await);
    let played = page.step("send the question").await;
    assert_eq!(shown(played.talk()), "Ouvert de 9 h à 18 h. Utile ?");

    let played = page.step("livechat: ask for an operator").await;
    assert_eq!(played.talk()["typeResponse"], "DMLiveChatConnectionSucceed");
    assert_eq!(shown(played.talk()), "Un conseiller arrive. Alice est là.");
    assert_eq!(played.of("poll")["text"], serde_json::Value::Null);

    // The answer to talk is not shown; what the operator says is polled, one item at a time.
    let mut items = page.polled_in("livechat: type and send").await;
    items.extend(
        page.polled_in("livechat over polling: operator writing then message")
            .await,
    );
    while !items.iter().any(|item| item["fromDetail"].is_string()) {
        items.push(page.poll("what the operator says").await);
    }
    // That he is writing is worth a poll only as long as he is.
    items.retain(|item| item["code"] != "OperatorWritingStatus");
    assert_eq!(items.len(), 1, "{items:#?}");
    assert_eq!(shown(&items[0]), "Bien reçu « Bonjour »");
    assert_eq!(items[0]["typeResponse"], "OPRegularOperatorAnswer");
    assert_eq!(items[0]["operatorExternalId"], "op-7");

    let played = page.step("livechat over polling: reload").await;
    let interactions = played.of("history")["interactions"].as_array().unwrap();
    assert_eq!(shown(interactions.last().unwrap()), "Bien reçu « Bonjour »");
    for answer in &played.answers {
        if answer.endpoint == "poll" {
            assert_eq!(
                answer.values["text"],
                serde_json::Value::Null,
                "seen before"
            );
        }
    }

    page.elsewhere("fini").await;
    let goodbye = page.poll("goodbye").await;
    assert_eq!(shown(&goodbye), "Je vous laisse.");
    let mut items = page.polled_in("livechat over polling: operator ends").await;
    while items.is_empty() {
        items.push(page.poll("the end").await);
    }
    let end = &items[0];
    assert_eq!(effect("notification", end), "end");
    assert_eq!(shown(end), "Fin de la conversation");
    let played = page.step("question after livechat over polling").await;
    assert_eq!(
        shown(played.talk()),
        "Avec plaisir. Utile ?",
        "the bot again"
    );
}
