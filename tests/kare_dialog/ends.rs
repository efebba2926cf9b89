//! The end, and sockets that ask for what they cannot have.

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use uuid::Uuid;

use super::{APP, House, PATIENCE, frames, hi, query, texts};
use crate::clients::send_json;
use futures_util::StreamExt;
use tokio_tungstenite::tungstenite::Message;

use crate::upstream::front::KareSocket;

async fn closed(client: &mut KareSocket) -> (u16, String) {
    let closing = async {
        loop {
            match client.socket.next().await {
                Some(Ok(Message::Close(Some(frame)))) => {
                    return (frame.code.into(), frame.reason.to_string());
                }
                Some(Ok(_)) => {}
                other => panic!("{other:?}"),
            }
        }
    };
    tokio::time::timeout(PATIENCE, closing).await.unwrap()
}

#[tokio::test]
async fn the_end_is_told_to_every_socket_and_to_whoever_comes_later() {
    let house = House::open().await;
    let rest = house.rest().await;
    let mut first = house.socket(&rest.conversation, "").await;
    let mut second = house.socket(&rest.conversation, "").await;
    let id = Uuid::new_v4();
    let posted = rest.query(id, "bye").to_string();
    let got = rest.post("dialog/query", posted.clone()).await.json();
    let got = got.as_array().unwrap();
    assert_eq!(texts(got), ["", "Goodbye.", ""]);
    let bye = &got[2];
    assert_eq!(
        (&bye["uri"], &bye["body"]["reason"]),
        (&json!("out/bye"), &json!("ended"))
    );
    assert_eq!(bye["header"]["final"], true);
    for socket in [&mut first, &mut second] {
        let seen = frames(socket, 3).await;
        assert_eq!((&seen[2]["id"], &seen[2]["uri"]), (&bye["id"], &bye["uri"]));
        assert_eq!(seen[2]["parent_id"], id.to_string());
        let marks = seen.iter().map(|frame| frame["header"]["final"].as_bool());
        assert!(
            marks.eq([Some(false), Some(false), Some(true)]),
            "{seen:#?}"
        );
        assert_eq!(closed(socket).await, (1000, "ended".to_owned()));
    }

    let mut late = house.socket(&rest.conversation, "").await;
    let seen = frames(&mut late, 1).await;
    assert_eq!((&seen[0]["id"], &seen[0]["uri"]), (&bye["id"], &bye["uri"]));
    assert_eq!(closed(&mut late).await.0, 1000);
    // A repetition still gets its answer; anything new is refused.
    let again = rest.post("dialog/query", posted).await;
    assert_eq!(
        (again.status, texts(again.json().as_array().unwrap()).len()),
        (200, 3)
    );
    let refused = rest
        .post(
            "dialog/query",
            rest.query(Uuid::new_v4(), "offer").to_string(),
        )
        .await;
    assert_eq!(refused.status, 409);
    assert_eq!(refused.json()["error"], "conversation_closed");
}

#[tokio::test]
async fn a_goodbye_of_one_socket_closes_the_others() {
    let house = House::open().await;
    let rest = house.rest().await;
    let mut first = house.socket(&rest.conversation, "").await;
    let mut second = house.socket(&rest.conversation, "").await;
    send_json(&mut second.socket, &json!({ "uri": "in/bye" })).await;
    for socket in [&mut first, &mut second] {
        assert_eq!(frames(socket, 1).await[0]["uri"], "out/bye");
        assert_eq!(closed(socket).await.0, 1000);
    }
}

#[tokio::test]
async fn an_idle_conversation_is_bidden_goodbye() {
    let house = House::with("idle_timeout = \"1s\"").await;
    let mut socket = house.socket("", "").await;
    let bye = &frames(&mut socket, 1).await[0];
    assert_eq!(
        (&bye["uri"], &bye["body"]["reason"]),
        (&json!("out/bye"), &json!("idle"))
    );
    assert_eq!(closed(&mut socket).await, (1000, "idle".to_owned()));
}

#[tokio::test]
async fn an_answer_that_comes_after_the_deadline_is_pushed_into_its_tree() {
    let house = House::with("turn_timeout = \"1s\"").await;
    let rest = house.rest().await;
    let mut socket = house.socket(&rest.conversation, "").await;
    let id = Uuid::new_v4();
    let late = rest.post("dialog/query", rest.query(id, "late").to_string());
    assert_eq!(late.await.status, 504);
    let seen = frames(&mut socket, 3).await;
    assert_eq!(texts(&seen), ["", "In time", "Too late"]);
    assert_eq!(seen[2]["parent_id"], id.to_string());
}

/// A handshake byte by byte, as a browser sends it.
#[tokio::test]
async fn an_offer_of_compression_is_declined_and_the_socket_works() {
    let house = House::open().await;
    let mut stream = TcpStream::connect(&house.gateway.address).await.unwrap();
    let request = format!(
        "GET /kare/ws?app_id={APP}&conversation_id=&host_locale=&selected_locale=&user_id= HTTP/1.1\r\n\
         Host: {}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nAccept-Language: en-GB,en;q=0.9\r\n\
         Accept-Encoding: gzip, deflate, br\r\n\
         Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\r\n",
        house.gateway.address
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    let head = String::from_utf8(head).unwrap().to_lowercase();
    assert!(head.starts_with("http/1.1 101"), "{head}");
    assert!(head.contains("s3pplmbitxaq9kygzzhzrbk+xoo="), "{head}");
    assert!(!head.contains("sec-websocket-extensions"), "{head}");

    let text = hi(json!({})).to_string();
    let mut frame = vec![0x81, 0x80 | 126];
    frame.extend(u16::try_from(text.len()).unwrap().to_be_bytes());
    frame.extend([0; 4]);
    frame.extend(text.as_bytes());
    stream.write_all(&frame).await.unwrap();
    let first = stream.read_u8().await.unwrap();
    assert_eq!(first, 0x81, "one text frame, no reserved bit");
    assert_eq!(stream.read_u8().await.unwrap(), 126);
    let length = stream.read_u16().await.unwrap();
    let mut answer = vec![0; length.into()];
    stream.read_exact(&mut answer).await.unwrap();
    let answer: serde_json::Value = serde_json::from_slice(&answer).unwrap();
    assert_eq!(answer["uri"], "out/hi");
}

#[tokio::test]
async fn a_conversation_of_nobody_is_refused_before_the_upgrade() {
    let house = House::open().await;
    let base = house.kare().replacen("http", "ws", 1);
    let url = format!("{base}/ws?app_id={APP}&conversation_id={}", Uuid::new_v4());
    match tokio_tungstenite::connect_async(url).await {
        Err(tokio_tungstenite::tungstenite::Error::Http(response)) => {
            assert_eq!(response.status(), 404);
        }
        other => panic!("{other:?}"),
    }
    let rest = house.rest().await;
    let missing = query(Uuid::new_v4(), "offer").to_string();
    assert_eq!(rest.post("dialog/query", missing).await.status, 400);
}
