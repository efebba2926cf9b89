//! Idle websocket conversations: what one costs in memory.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use futures_util::{SinkExt, StreamExt};
use serde::{Deserialize, Serialize};
use tokio::net::TcpStream;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

use super::Extent;
use crate::gateway;
use crate::process::allow_files;
use crate::vendor::{CLIENTS, Ids, Vendor};

/// What was measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Idle {
    /// Open conversations, each with its websocket.
    pub conversations: usize,
    /// Resident memory before, with one conversation open, in bytes.
    pub before: u64,
    /// Resident memory after, in bytes, and how many seconds after the last opening.
    pub after: Vec<(u64, u64)>,
    /// How long it took to open them all, in seconds.
    pub opened_in: f64,
}

impl Idle {
    /// Resident bytes per conversation: the largest of the readings.
    pub fn per_conversation(&self) -> f64 {
        let after = self
            .after
            .iter()
            .map(|(_, bytes)| *bytes)
            .max()
            .unwrap_or_default();
        after.saturating_sub(self.before) as f64 / self.conversations.max(1) as f64
    }
}

/// Opens Kare conversations with the embedded engine and leaves them alone after the greeting.
///
/// # Errors
/// The gateway does not start, or a conversation does not open.
pub async fn measure(extent: Extent) -> Result<Idle> {
    let (conversations, pauses) = match extent {
        Extent::Full => (10_000, &[5, 75][..]),
        Extent::Quick => (1_000, &[2][..]),
    };
    allow_files(12_000)?;
    let server = gateway::start_scripted(Vendor::Kare)?;
    let ids = Arc::new(Ids::new(CLIENTS));
    let (stop, stopped) = watch::channel(());
    let mut sockets = JoinSet::new();
    sockets.spawn(stay(open(server.address, &ids).await?, stopped.clone()));
    tokio::time::sleep(Duration::from_secs(1)).await;
    let before = server.resident()?;

    let begun = std::time::Instant::now();
    // As a crowd would come: not all in one instant.
    let gate = Arc::new(Semaphore::new(64));
    let mut openings = JoinSet::new();
    for _ in 0..conversations {
        let (gate, ids, address) = (gate.clone(), ids.clone(), server.address);
        openings.spawn(async move {
            let _permit = gate.acquire().await?;
            open(address, &ids).await
        });
    }
    while let Some(opened) = openings.join_next().await {
        sockets.spawn(stay(opened??, stopped.clone()));
    }
    let opened_in = begun.elapsed().as_secs_f64();
    let mut after = Vec::new();
    let mut passed = 0;
    for pause in pauses {
        tokio::time::sleep(Duration::from_secs(pause - passed)).await;
        passed = *pause;
        after.push((passed, server.resident()?));
    }
    let lost = sockets.try_join_next().is_some();
    drop(stop);
    while sockets.join_next().await.is_some() {}
    if lost {
        bail!("the gateway closed a websocket");
    }
    Ok(Idle {
        conversations,
        before,
        after,
        opened_in,
    })
}

type Socket = WebSocketStream<TcpStream>;

/// Opens a conversation and reads its greeting to the end.
async fn open(address: SocketAddr, ids: &Ids) -> Result<Socket> {
    let stream = TcpStream::connect(address).await.context("connect")?;
    let mount = gateway::mount(Vendor::Kare);
    let url = format!(
        "ws://{address}{mount}/ws?app_id=00000000-0000-4000-8000-00000000cafe&conversation_id=\
         &host_locale=en&selected_locale=&user_id={}",
        ids.next()
    );
    let small = WebSocketConfig::default()
        .read_buffer_size(2 * 1024)
        .write_buffer_size(0);
    let (mut socket, _) = client_async_with_config(url, stream, Some(small))
        .await
        .context("handshake")?;
    let hi = serde_json::json!({ "id": ids.next(), "parent_id": null, "uri": "in/hi",
        "header": {}, "body": {} });
    socket.send(Message::text(hi.to_string())).await?;
    loop {
        let next = tokio::time::timeout(Duration::from_secs(20), socket.next());
        match next.await.context("no greeting")?.context("closed")?? {
            Message::Text(text) if text.contains(r#""final":true"#) => return Ok(socket),
            Message::Text(text) if text.contains("out/error") => bail!("refused: {text}"),
            Message::Close(frame) => bail!("closed: {frame:?}"),
            _ => {}
        }
    }
}

/// Answers pings, and otherwise does nothing until told to stop.
async fn stay(mut socket: Socket, mut stopped: watch::Receiver<()>) {
    loop {
        tokio::select! {
            _ = stopped.changed() => return,
            message = socket.next() => match message {
                Some(Ok(message)) if !message.is_close() => {}
                _ => return,
            },
        }
    }
}
