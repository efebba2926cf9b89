//! Hellos: `docs/protocols/kare.md#52-hello` and
//! `docs/protocols/kare.md#82-starting-query-and-welcome-response`.

use serde_json::json;
use uuid::Uuid;

use super::{House, assert_silent, frames, hi, places, query, texts};
use crate::clients::send_json;

#[tokio::test]
async fn a_reloaded_page_is_greeted_again_until_the_user_has_spoken() {
    let house = House::open().await;
    let rest = house.rest().await;
    let mut page = house.socket(&rest.conversation, "").await;
    send_json(&mut page.socket, &hi(json!({}))).await;
    let greeting = frames(&mut page, 2).await;
    assert_eq!(texts(&greeting), ["", "Welcome."]);
    drop(page);

    let mut page = house.socket(&rest.conversation, "").await;
    assert_silent(&mut page).await;
    let again = hi(json!({}));
    send_json(&mut page.socket, &again).await;
    let repeated = frames(&mut page, 2).await;
    assert_eq!(repeated[0]["parent_id"], again["id"]);
    assert_eq!(repeated[1], greeting[1], "what is known can be ignored");
    assert_eq!(repeated[1]["parent_id"], repeated[0]["id"]);
    assert_silent(&mut page).await;
    send_json(&mut page.socket, &hi(json!({}))).await;
    assert_eq!(frames(&mut page, 1).await[0]["uri"], "out/hi");
    send_json(&mut page.socket, &query(Uuid::new_v4(), "offer")).await;
    frames(&mut page, 2).await;
    drop(page);

    let mut page = house.socket(&rest.conversation, "").await;
    send_json(&mut page.socket, &hi(json!({}))).await;
    let hello = frames(&mut page, 1).await;
    assert_eq!(hello[0]["uri"], "out/hi");
    assert_eq!(hello[0]["header"]["final"], true);
    assert_silent(&mut page).await;
}

#[tokio::test]
async fn a_welcome_by_id_comes_before_the_question_of_the_hello() {
    let house = House::open().await;
    for (address, body) in [
        ("", "welcome_message_id"),
        ("", "welcomeMessageId"),
        ("", "welcome_id"),
        ("", "welcomeId"),
        ("&welcome_message_id=offer", ""),
        ("&welcomeMessageId=offer", ""),
        ("&welcome_id=offer", ""),
        ("&welcomeId=offer", ""),
    ] {
        let mut page = house.socket("", address).await;
        let mut hello = json!({ "query": "menu" });
        if !body.is_empty() {
            hello[body] = "offer".into();
        }
        send_json(&mut page.socket, &hi(hello)).await;
        let seen = frames(&mut page, 6).await;
        assert_eq!(
            texts(&seen),
            ["", "", "This is on offer.", "", "What?", "Good?"]
        );
        assert_eq!(seen[1]["parent_id"], seen[0]["id"], "below out/hi");
        assert_eq!(seen[2]["parent_id"], seen[1]["id"]);
        let asked = &seen[3]["parent_id"];
        assert!(
            seen.iter().all(|it| it["id"] != *asked),
            "a tree of its own"
        );
        assert_eq!(seen[3]["header"]["in_reply_to"], *asked);
        let history = house.history(&page.conversation).await;
        assert!(
            history
                .iter()
                .any(|it| it["id"] == *asked && it["parent_id"].is_null())
        );
    }
}

#[tokio::test]
async fn an_unknown_welcome_is_the_configured_greeting() {
    let house = House::open().await;
    let mut page = house.socket("", "&welcomeId=node_0123").await;
    send_json(&mut page.socket, &hi(json!({}))).await;
    let seen = frames(&mut page, 3).await;
    assert_eq!(texts(&seen), ["", "", "Welcome."]);
    let long = "x".repeat(4001);
    let mut page = house.socket("", "").await;
    send_json(&mut page.socket, &hi(json!({ "query": long }))).await;
    let seen = frames(&mut page, 3).await;
    let error = seen.iter().find(|it| it["uri"] == "out/error").unwrap();
    assert_eq!(error["body"]["error"], "too_large");
}

#[tokio::test]
async fn what_is_undelivered_comes_once_though_a_hello_overlaps_it() {
    let house = House::open().await;
    let rest = house.rest().await;
    let id = Uuid::new_v4();
    let mut page = house.socket(&rest.conversation, "").await;
    send_json(&mut page.socket, &query(id, "parts")).await;
    let before = frames(&mut page, 2).await;
    drop(page);
    tokio::time::sleep(std::time::Duration::from_millis(2500)).await;
    let mut page = house.socket(&rest.conversation, "").await;
    send_json(&mut page.socket, &hi(json!({}))).await;
    let after = frames(&mut page, 3).await;
    let (hello, parts): (Vec<_>, Vec<_>) = after.into_iter().partition(|it| it["uri"] == "out/hi");
    assert_eq!((hello.len(), texts(&parts)), (1, vec!["Two", "Three"]));
    assert_eq!(places(&parts)[0].1, places(&before)[0].0);
    assert_silent(&mut page).await;
}
