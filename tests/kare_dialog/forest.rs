//! One forest: `docs/protocols/kare.md#4-the-forest`.

use serde_json::{Value, json};
use uuid::Uuid;

use super::{House, assert_silent, click, frames, hi, places, query, texts};
use crate::clients::send_json;

#[tokio::test]
async fn sockets_rest_and_history_show_one_forest() {
    let house = House::open().await;
    let rest = house.rest().await;
    let mut first = house.socket(&rest.conversation, "").await;
    let mut second = house.socket(&rest.conversation, "").await;

    // A greeting: the second socket has not said hello, but learns what it hangs below.
    send_json(&mut first.socket, &hi(json!({}))).await;
    let mut seen = frames(&mut first, 2).await;
    assert_eq!(places(&seen), places(&frames(&mut second, 2).await));

    // A question over the first socket, one over REST.
    send_json(&mut first.socket, &query(Uuid::new_v4(), "menu")).await;
    let menu = frames(&mut first, 3).await;
    assert_eq!(menu, frames(&mut second, 3).await);
    let posted = rest.query(Uuid::new_v4(), "parts").to_string();
    let answer = rest.post("dialog/query", posted).await.json();
    let answer = answer.as_array().unwrap();
    assert_eq!(texts(answer), ["", "One", "Two", "Three"]);
    let pushed = frames(&mut first, 4).await;
    assert_eq!(places(answer), places(&pushed));
    assert_eq!(pushed, frames(&mut second, 4).await);

    // A click over the second socket on what the first one asked for; thanks are no answer.
    let helpful = json!({ "aspect": "resolution/answer/feedback", "choice_id": "helpful" });
    let thanks = Uuid::new_v4();
    send_json(&mut second.socket, &click(thanks, &menu[2], helpful)).await;
    let thanked = frames(&mut second, 1).await;
    assert_eq!(thanked[0]["parent_id"], thanks.to_string());
    assert_eq!(thanked[0]["body"]["aspect"], "text/plain");
    assert_eq!(thanked, frames(&mut first, 1).await);

    for part in [menu, pushed, thanked] {
        seen.extend(part);
    }
    let recorded: Vec<Value> = house
        .history(&rest.conversation)
        .await
        .into_iter()
        .filter(|it| it["uri"].as_str().unwrap().starts_with("out/"))
        .collect();
    assert_eq!(places(&recorded), places(&seen));
    let count = |it: &Value| it["header"]["seq"].clone();
    let counts = |all: &[Value]| all.iter().map(count).collect::<Vec<_>>();
    assert_eq!(counts(&recorded), counts(&seen));
}

#[tokio::test]
async fn a_reconnect_within_an_answer_goes_on_in_its_tree() {
    let house = House::open().await;
    let rest = house.rest().await;
    let mut lost = house.socket(&rest.conversation, "").await;
    let id = Uuid::new_v4();
    send_json(&mut lost.socket, &query(id, "parts")).await;
    let before = frames(&mut lost, 2).await;
    assert_eq!(texts(&before), ["", "One"]);
    drop(lost);

    let mut back = house.socket(&rest.conversation, "").await;
    let after = frames(&mut back, 2).await;
    assert_eq!(texts(&after), ["Two", "Three"]);
    for (at, part) in after.iter().enumerate() {
        assert_eq!(part["parent_id"], before[0]["id"]);
        assert_eq!(part["header"]["in_reply_to"], id.to_string());
        assert_eq!(part["header"]["seq"], at + 2);
    }
    assert_eq!(after[1]["header"]["final"], true);
    assert_silent(&mut back).await;
}

#[tokio::test]
async fn clicks_below_any_message_of_any_tree_are_answered_below_themselves() {
    let house = House::open().await;
    let rest = house.rest().await;
    let mut socket = house.socket(&rest.conversation, "").await;
    send_json(&mut socket.socket, &query(Uuid::new_v4(), "menu")).await;
    let menu = frames(&mut socket, 3).await;
    send_json(&mut socket.socket, &query(Uuid::new_v4(), "offer")).await;
    frames(&mut socket, 2).await;

    // By the words, where the id is another's; in an old tree; over REST.
    let id = Uuid::new_v4();
    let label = menu[1]["body"]["actions"][0]["text"].clone();
    let target = json!({ "aspect": "resolution/answer/choice", "choice_id": "0", "text": label });
    let mut clicked = click(id, &menu[1], target);
    clicked["conversation_id"] = rest.conversation.clone().into();
    let got = rest.post("dialog/click", clicked.to_string()).await.json();
    let answer = frames(&mut socket, 2).await;
    assert_eq!(got, Value::from(answer.clone()));
    assert_eq!(answer[0]["parent_id"], id.to_string());
    assert_eq!(answer[1]["parent_id"], answer[0]["id"]);
    assert_eq!(answer[1]["body"]["text"], "This is on offer.");

    // What is only logged: events, the titlebar, a verdict on nothing, a click on itself.
    let nothing = json!({ "id": Uuid::new_v4() });
    let itself = json!({ "id": menu[0]["id"] });
    for (on, target) in [
        (
            &menu[1],
            json!({ "aspect": "open/link", "choice_id": "https://x.example", "text": "x" }),
        ),
        (&menu[1], json!({ "aspect": "open/anything" })),
        (&Value::Null, json!({ "aspect": "titlebar" })),
        (
            &nothing,
            json!({ "aspect": "resolution/answer/feedback", "choice_id": "helpful" }),
        ),
        (
            &nothing,
            json!({ "aspect": "resolution/answer/choice", "text": label }),
        ),
        (
            &itself,
            json!({ "aspect": "resolution/answer/choice", "text": label }),
        ),
    ] {
        let mut clicked = click(Uuid::new_v4(), on, target);
        clicked["conversation_id"] = rest.conversation.clone().into();
        if on == &itself {
            clicked["id"] = itself["id"].clone();
        }
        let got = rest.post("dialog/click", clicked.to_string()).await;
        assert_eq!((got.status, &*got.body), (200, "[]"), "{clicked}");
    }
    assert_silent(&mut socket).await;
    let history = house.history(&rest.conversation).await;
    for message in &history {
        assert_ne!(
            message["id"], message["parent_id"],
            "nothing comes from itself"
        );
    }
}

#[tokio::test]
async fn what_was_sent_already_is_not_asked_again_on_any_way() {
    let house = House::open().await;
    let rest = house.rest().await;
    let mut socket = house.socket(&rest.conversation, "").await;
    let id = Uuid::new_v4();
    send_json(&mut socket.socket, &query(id, "offer")).await;
    let first = frames(&mut socket, 2).await;
    // More turns than are remembered one by one.
    for _ in 0..20 {
        send_json(&mut socket.socket, &query(Uuid::new_v4(), "offer")).await;
        frames(&mut socket, 2).await;
    }
    let upper = rest
        .query(id, "offer")
        .to_string()
        .replace(&id.to_string(), &id.simple().to_string().to_uppercase());
    for _ in 0..2 {
        let again = rest.post("dialog/query", upper.clone()).await.json();
        assert_eq!(places(again.as_array().unwrap()), places(&first));
    }
    send_json(&mut socket.socket, &query(id, "offer")).await;
    assert_silent(&mut socket).await;

    // An id of the engine's own, and none at all, are replaced.
    let taken: Uuid = first[1]["id"].as_str().unwrap().parse().unwrap();
    for id in [taken, Uuid::nil()] {
        send_json(&mut socket.socket, &query(id, "offer")).await;
        let answer = frames(&mut socket, 2).await;
        assert_ne!(answer[0]["parent_id"], id.to_string());
        assert_ne!(answer[1]["id"], first[1]["id"]);
    }
}

#[tokio::test]
async fn inputs_of_one_conversation_are_answered_one_after_the_other() {
    let house = House::open().await;
    let rest = house.rest().await;
    let mut asking = house.socket(&rest.conversation, "").await;
    let mut watching = house.socket(&rest.conversation, "").await;
    let post = |text: &'static str| {
        let body = rest.query(Uuid::new_v4(), text).to_string();
        rest.post("dialog/query", body)
    };
    let (first, second, ()) = tokio::join!(post("parts"), post("slow"), async {
        send_json(&mut asking.socket, &query(Uuid::new_v4(), "offer")).await;
    });
    let seen = frames(&mut asking, 8).await;
    assert_eq!(seen, frames(&mut watching, 8).await);
    let mut turns: Vec<&Value> = seen.iter().map(|it| &it["header"]["in_reply_to"]).collect();
    turns.dedup();
    assert_eq!(turns.len(), 3, "{seen:#?}");
    for (got, expected) in [
        (first, ["", "One", "Two", "Three"].as_slice()),
        (second, ["", "At last."].as_slice()),
    ] {
        assert_eq!(texts(got.json().as_array().unwrap()), expected);
    }
}
