//! Something between a client and a server that may refuse what should go through it.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::net::{TcpListener, TcpStream};
use tokio::task::AbortHandle;

use super::http;

/// What becomes of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// It goes through, and its answer comes back.
    Through,
    /// It is answered with this status and goes nowhere.
    Down(u16),
}

/// A proxy for HTTP requests that can be told to refuse; websockets do not get through.
pub struct Proxy {
    address: SocketAddr,
    way: Arc<Mutex<Way>>,
    serving: AbortHandle,
}

impl Proxy {
    /// Stands before the server at this base URL.
    pub async fn before(server: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let way = Arc::new(Mutex::new(Way::Through));
        let (known, server) = (way.clone(), server.to_owned());
        let serving = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(relay(stream, server.clone(), known.clone()));
            }
        });
        Self {
            address,
            way,
            serving: serving.abort_handle(),
        }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// What becomes of requests from now on.
    pub fn set(&self, way: Way) {
        *self.way.lock().unwrap() = way;
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn relay(mut stream: TcpStream, server: String, way: Arc<Mutex<Way>>) {
    let client = reqwest::Client::new();
    let mut rest = Vec::new();
    while let Some(request) = http::read_request(&mut stream, &mut rest).await {
        let way = *way.lock().unwrap();
        if let Way::Down(status) = way {
            http::answer(&mut stream, status, "text/plain", "down").await;
            continue;
        }
        let method = request.method.parse().unwrap();
        let mut onward = client.request(method, format!("{server}{}", request.target));
        for (name, value) in &request.headers {
            if !["host", "content-length"].contains(&name.to_lowercase().as_str()) {
                onward = onward.header(name, value);
            }
        }
        let response = onward.body(request.body).send().await.unwrap();
        let status = response.status().as_u16();
        let kind = response.headers().get("content-type").cloned();
        let kind = kind.map_or_else(String::new, |kind| kind.to_str().unwrap().to_owned());
        let origin = response
            .headers()
            .contains_key("access-control-allow-origin");
        let kind = if origin {
            format!("{kind}\r\naccess-control-allow-origin: *")
        } else {
            kind
        };
        let body = response.text().await.unwrap();
        http::answer(&mut stream, status, &kind, &body).await;
    }
}
