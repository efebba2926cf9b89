//! More than a widget ever sends: `docs/protocols/kare.md#33-frames`.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;
use uuid::Uuid;

use super::{House, PATIENCE, assert_silent, frames, query, texts};
use crate::clients::send_json;

const FLOOD: usize = 10_000;

#[tokio::test]
async fn a_flood_of_frames_is_answered_or_refused_one_by_one_and_harms_nobody_else() {
    let house = House::open().await;
    let rest = house.rest().await;
    let flooding = house.socket(&rest.conversation, "").await;
    let mut other = house.socket("", "").await;
    let (mut sink, mut stream) = flooding.socket.split();
    let ids: Vec<Uuid> = (0..FLOOD).map(|_| Uuid::new_v4()).collect();
    let sent = ids.clone();
    let sending = tokio::spawn(async move {
        for id in sent {
            let text = query(id, "slow").to_string();
            sink.feed(Message::text(text)).await.unwrap();
        }
        sink.flush().await.unwrap();
        sink
    });
    let watching = tokio::spawn(async move {
        let mut slowest = Duration::ZERO;
        for _ in 0..10 {
            let begun = Instant::now();
            send_json(&mut other.socket, &query(Uuid::new_v4(), "offer")).await;
            assert_eq!(texts(&frames(&mut other, 2).await)[1], "This is on offer.");
            slowest = slowest.max(begun.elapsed());
        }
        slowest
    });

    let (mut answered, mut refused) = (HashSet::new(), HashSet::new());
    while answered.len() + refused.len() < FLOOD {
        let message = tokio::time::timeout(2 * PATIENCE, stream.next()).await;
        let Some(Ok(Message::Text(text))) = message.expect("nothing is lost") else {
            panic!("the socket is gone");
        };
        let frame: Value = serde_json::from_str(&text).unwrap();
        let about = frame["header"]["in_reply_to"].as_str().unwrap().to_owned();
        match frame["uri"].as_str().unwrap() {
            "out/error" => {
                assert_eq!(frame["body"]["error"], "rate_limited");
                assert_eq!(frame["parent_id"], about);
                assert!(refused.insert(about));
            }
            _ if frame["body"]["text"] == "At last." => assert!(answered.insert(about)),
            _ => {}
        }
    }
    assert!(!answered.is_empty() && !refused.is_empty());
    assert!(answered.is_disjoint(&refused));
    assert!(ids.iter().all(|id| {
        let id = id.to_string();
        answered.contains(&id) || refused.contains(&id)
    }));
    let slowest = watching.await.unwrap();
    assert!(
        slowest < Duration::from_secs(3),
        "others waited {slowest:?}"
    );
    drop(sending.await.unwrap());
}

#[tokio::test]
async fn a_frame_of_very_many_messages_is_taken_up_to_a_limit() {
    let house = House::open().await;
    let mut socket = house.socket("", "").await;
    let clicks: Vec<Value> = (0..1000)
        .map(|n| json!({ "uri": "in/hi", "n": n }))
        .collect();
    send_json(&mut socket.socket, &clicks.into()).await;
    let mut hellos = 0;
    let error = loop {
        let frame = socket.next(PATIENCE).await.unwrap();
        match frame["uri"].as_str().unwrap() {
            "out/error" => break frame,
            "out/hi" => hellos += 1,
            _ => {}
        }
    };
    assert_eq!(hellos, 256);
    assert_eq!(error["body"]["error"], "invalid_message");
    // Ten that cannot be read end it, however many there are.
    let mut socket = house.socket("", "").await;
    let noise = Value::from(vec![1; 10_000]);
    send_json(&mut socket.socket, &noise).await;
    let mut errors = 0;
    while let Some(frame) = socket.next(PATIENCE).await {
        assert_eq!(frame["uri"], "out/error");
        errors += 1;
    }
    assert_eq!(errors, 10);
}

#[tokio::test]
async fn odd_but_valid_frames_are_taken_and_blank_ones_ignored() {
    let house = House::open().await;
    let mut socket = house.socket("", "").await;
    for blank in ["", " \r\n\t"] {
        socket.socket.send(Message::text(blank)).await.unwrap();
    }
    socket.socket.send(Message::text("[]")).await.unwrap();
    assert_silent(&mut socket).await;
    let frame = format!(
        "  [{}, [{{\"event\": {}}}]]\n",
        query(Uuid::new_v4(), "offer"),
        query(Uuid::new_v4(), "slow")
    );
    let binary = Message::binary(frame.into_bytes());
    socket.socket.send(binary).await.unwrap();
    let seen = frames(&mut socket, 4).await;
    assert_eq!(texts(&seen), ["", "This is on offer.", "", "At last."]);
}
