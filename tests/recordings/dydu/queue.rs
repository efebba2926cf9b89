//! The waiting queue, of scenario A.

use super::page::{Page, Played};
use super::widget::shown;

fn assert_queued(played: &Played) {
    let answer = played.talk();
    assert_eq!(answer["typeResponse"], "DMLiveChatConnectionInQueue");
    assert_eq!(answer["queuePosition"], 2);
    assert_eq!(answer["estimatedWaitingDuration"], 180);
    let history = played.frame("history")["interactions"].as_array().unwrap();
    assert_eq!(history.last().unwrap()["user"], "attente");
    assert_eq!(
        history.last().unwrap()["type"],
        "DMLiveChatConnectionInQueue"
    );
}

/// The user leaves the queue.
pub async fn left(page: &mut Page) {
    let played = page.step("waiting queue: ask then leave it").await;
    assert_queued(&played);
    assert_eq!(
        shown(played.frame("queue left")),
        "Vous avez quitté la file"
    );
}

/// The user waits, over a reload, until an operator has time; then the connection breaks.
pub async fn waited_in(page: &mut Page) {
    let played = page
        .step("waiting queue: ask (answer has specialAction StartWaitingQueue)")
        .await;
    assert_queued(&played);
    let played = page.step("waiting queue: reload").await;
    assert_eq!(
        played.of("status")["waitingQueueStatusResponse"],
        true,
        "the queue screen stays up"
    );
    page.elsewhere("Une place se libère").await;
    let played = page.step("waiting queue: operator panel added").await;
    assert_eq!(played.frame("panel")["text"], "", "not shown itself");
    let joined = page.frame("joined", "line").await;
    assert_eq!(shown(&joined.values), "Alice est là.");
    assert_eq!(joined.values["code"], "OperatorConnected");
    page.step("idle with the livechat socket (keepalive ping after 55 s)")
        .await;
    page.step("livechat: server drops (no close frame) the socket")
        .await;
}

/// What the user types after the socket was dropped.
pub async fn overheard(page: &mut Page) {
    // The chatbox does not notice, and what is said goes nowhere; but it asks for suggestions while
    // the user types, and so the operator hears it for all that.
    page.step("livechat: send after drop").await;
    page.is_remembered("toujours la ?").await;
    let history = page.history("what was typed after the drop").await;
    assert_eq!(
        shown(history.last().unwrap()),
        "Bien reçu « toujours la ? »"
    );
    let path = format!(
        "/api/chat/status/{}/{}",
        crate::clients::dydu::BOT,
        page.context
    );
    let status = page.post(&path, "").await;
    assert_eq!(status["waitingQueueStatusResponse"], false);
}
