//! Livechats by websocket, of the scenarios A and B.

use super::page::{Page, Played};
use super::widget::shown;

/// What opening the socket brings, after the answer that has the chatbox open it.
fn assert_opened(played: &Played) {
    assert_eq!(played.talk()["typeResponse"], "DMLiveChatConnectionSucceed");
    assert_eq!(shown(played.talk()), "Un conseiller arrive. Alice est là.");
    let last = played.frame("history")["interactions"]
        .as_array()
        .unwrap()
        .last()
        .unwrap();
    assert_eq!(last["user"], "operateur");
    assert_eq!(last["type"], "DMLiveChatConnectionSucceed");
}

fn assert_operator_says(played: &Played, text: &str) {
    let message = played.frame("message");
    assert_eq!(shown(message), text);
    assert_eq!(message["typeResponse"], "OPRegularOperatorAnswer");
    assert_eq!(message["human"], true);
    assert_eq!(message["operatorExternalId"], "op-7");
    assert!(!played.frame("writing")["text"].as_str().unwrap().is_empty());
}

/// A livechat with everything that an operator can do, up to the operator's leaving.
pub async fn with_an_operator(page: &mut Page) {
    let played = page
        .step("livechat: ask for an operator (answer has specialAction StartPolling)")
        .await;
    assert_opened(&played);
    let played = page.step("livechat: type and send").await;
    assert_operator_says(&played, "Bien reçu « Bonjour Alice é »");

    // What the operator does next is done at the user's wish.
    page.elsewhere("Un fichier ?").await;
    let played = page.step("livechat: operator requests a file").await;
    assert_eq!(shown(played.frame("upload")), "Envoyez un fichier");
    // The button is shown with the next element.
    let next = page.frame("upload", "message").await;
    assert_eq!(shown(&next.values), "Envoyez un fichier");

    page.elsewhere("Un avis ?").await;
    let (announced, configuration) = page.be_sent_survey("livechat: operator sends survey").await;
    assert!(shown(&announced).contains("Sondage"));
    page.answer_with(&configuration);
    page.step("livechat: survey submit").await;
    let thanks = page.frame("survey", "message").await;
    assert_eq!(shown(&thanks.values), "Avis reçu : Zoé, note b");

    let played = page.step("livechat: page reload while connected").await;
    let interactions = played.frame("history")["interactions"].as_array().unwrap();
    let texts: Vec<String> = interactions.iter().map(shown).collect();
    for text in ["Bien reçu « Bonjour Alice é »", "Avis reçu : Zoé, note b"] {
        let times = texts.iter().filter(|known| *known == text).count();
        assert_eq!(times, 1, "{text}: {texts:#?}");
    }
    page.step("livechat: user typing then idle").await;

    page.elsewhere("Fini !").await;
    let goodbye = page.frame("goodbye", "message").await;
    assert_eq!(shown(&goodbye.values), "Je vous laisse.");
    let played = page.step("livechat: operator ends").await;
    assert_eq!(shown(played.frame("end")), "Fin de la conversation");
    assert_eq!(
        played.frame("end")["typeResponse"],
        "OPLiveChatEndByOperator"
    );

    let played = page.step("after livechat: question").await;
    assert_eq!(
        shown(played.talk()),
        "Avec plaisir. Utile ?",
        "the bot again"
    );
    assert_eq!(played.talk()["human"], false);
}

/// The user ends it.
pub async fn ended_by_the_user(page: &mut Page) {
    let played = page
        .step("livechat again, ended by the user (Quitter le Livechat)")
        .await;
    assert_opened(&played);
    let end = played.frame("end");
    assert_eq!(shown(end), "Vous avez quitté");
    assert_eq!(end["typeResponse"], "NAAutoCloseDialogBecauseUserLeft");
}

/// All of scenario B: every path begins with `/servlet`.
pub async fn behind_servlet(page: &mut Page) {
    page.step("page load").await;
    super::assert_greeted(&page.step("open, accept gdpr, skip onboarding").await);
    let played = page.step("send the question").await;
    assert_eq!(shown(played.talk()), "Ouvert de 9 h à 18 h. Utile ?");
    page.step("feedback up").await;
    let played = page.step("file upload").await;
    assert_eq!(
        shown(played.talk()),
        "Pouce levé, merci. Envoyez un fichier"
    );
    let played = page.step("livechat: ask for an operator").await;
    // The file was taken meanwhile.
    assert_eq!(
        shown(played.talk()),
        "Reçu : a.txt, 5 octets, text/plain. Un conseiller arrive. Alice est là."
    );
    let played = page.step("livechat: type and send").await;
    assert_operator_says(&played, "Bien reçu « Bonjour »");
    page.elsewhere("fini").await;
    page.frame("goodbye", "message").await;
    let played = page.step("livechat: operator ends").await;
    assert_eq!(shown(played.frame("end")), "Fin de la conversation");
}
