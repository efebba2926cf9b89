//! A dydu engine that answers as one did in a recording: what it is asked again, it answers again.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio::net::{TcpListener, TcpStream};
use tokio::task::AbortHandle;

use super::http::{self, Request};

/// An answer: the endpoint, the words if it is talk, and the body.
#[derive(Debug, Clone)]
pub struct Line {
    pub endpoint: String,
    pub input: Option<String>,
    pub body: String,
}

/// A request as it arrived.
#[derive(Debug, Clone)]
pub struct Asked {
    pub endpoint: String,
    pub path: String,
    pub parameters: BTreeMap<String, String>,
}

impl Asked {
    #[track_caller]
    pub fn parameter(&self, name: &str) -> &str {
        let value = self.parameters.get(name);
        value.unwrap_or_else(|| panic!("no {name} in {self:#?}"))
    }
}

struct State {
    /// Not given yet.
    lines: Mutex<Vec<Line>>,
    asked: Mutex<Vec<Asked>>,
    endpoint: fn(&str) -> String,
}

/// A running engine.
pub struct Recorded {
    pub address: SocketAddr,
    state: Arc<State>,
    serving: AbortHandle,
}

impl Recorded {
    /// Answers with these lines, each once, in their order; `endpoint` reads a path.
    pub async fn start(lines: Vec<Line>, endpoint: fn(&str) -> String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(State {
            lines: Mutex::new(lines),
            asked: Mutex::default(),
            endpoint,
        });
        let known = state.clone();
        let serving = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, known.clone()));
            }
        });
        Self {
            address,
            state,
            serving: serving.abort_handle(),
        }
    }

    /// All that arrived at an endpoint, in order.
    pub fn asked(&self, endpoint: &str) -> Vec<Asked> {
        let asked = self.state.asked.lock().unwrap();
        let of = asked.iter().filter(|one| one.endpoint == endpoint);
        of.cloned().collect()
    }

    /// Waits until so much has arrived at an endpoint.
    pub async fn has_been_asked(&self, endpoint: &str, times: usize) -> Vec<Asked> {
        self.has_heard(endpoint, |asked| asked.len() >= times).await
    }

    /// Waits until what has arrived at an endpoint is enough.
    pub async fn has_heard(
        &self,
        endpoint: &str,
        is_enough: impl Fn(&[Asked]) -> bool,
    ) -> Vec<Asked> {
        let begun = Instant::now();
        loop {
            let asked = self.asked(endpoint);
            if is_enough(&asked) {
                return asked;
            }
            assert!(
                begun.elapsed() < Duration::from_secs(20),
                "{endpoint}: {asked:#?}"
            );
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

impl Drop for Recorded {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn serve(mut stream: TcpStream, state: Arc<State>) {
    let mut rest = Vec::new();
    while let Some(request) = http::read_request(&mut stream, &mut rest).await {
        let endpoint = (state.endpoint)(request.path());
        let parameters = parameters(&request);
        let input = parameters.get("userInput").cloned();
        state.asked.lock().unwrap().push(Asked {
            endpoint: endpoint.clone(),
            path: request.path().to_owned(),
            parameters,
        });
        let body = {
            let mut lines = state.lines.lock().unwrap();
            let fits = |line: &Line| line.endpoint == endpoint && line.input == input;
            let at = lines.iter().position(fits);
            at.map(|at| lines.remove(at).body)
        };
        let body = body.unwrap_or_else(|| r#"{"type":"nothing","values":{}}"#.to_owned());
        http::answer(&mut stream, 200, "application/json", &body).await;
    }
}

/// Parameters of a form body; some bodies are not encoded, which shows only in rare values.
fn parameters(request: &Request) -> BTreeMap<String, String> {
    url::form_urlencoded::parse(request.body.as_bytes())
        .into_owned()
        .collect()
}
