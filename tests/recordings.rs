//! What the vendors' unmodified widgets sent, sent again to our frontends: byte for byte and in
//! the recorded order, with our ids and hosts in the place of the recorded ones. Each answer is
//! checked for what that widget needs of it.

#![allow(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking, and makes its own ids"
)]

mod clients;
mod process;
mod upstream;

#[path = "recordings/dydu.rs"]
mod dydu;
#[path = "recordings/opendialog.rs"]
mod opendialog;

use std::collections::BTreeMap;

use serde_json::Value;

use process::{Gateway, root};
use upstream::front::{Got, send};

/// A line of a recording.
#[derive(Debug, Clone)]
struct Line {
    seq: u64,
    transport: String,
    direction: String,
    method: Option<String>,
    path: String,
    query: Option<String>,
    headers: BTreeMap<String, String>,
    body: Option<String>,
    frame: Option<String>,
    note: String,
}

/// The lines of a recording, in order.
fn recording(name: &str) -> Vec<Line> {
    let path = root().join("tests/recordings").join(name);
    let text = std::fs::read_to_string(path).unwrap();
    text.lines()
        .map(|line| Line::new(&serde_json::from_str(line).unwrap()))
        .collect()
}

/// The widget sends nothing that may be refused.
async fn assert_nothing_refused(gateway: &Gateway) {
    let metrics = gateway.metrics().await;
    let refused = metrics
        .lines()
        .find(|line| line.starts_with("switchboard_rejected_total"));
    assert_eq!(refused, None);
}

impl Line {
    fn new(line: &Value) -> Self {
        let text = |key: &str| line[key].as_str().map(str::to_owned);
        let headers = line["headers"].as_object().into_iter().flatten();
        Self {
            seq: line["seq"].as_u64().unwrap(),
            transport: text("transport").unwrap(),
            direction: text("direction").unwrap(),
            method: text("method"),
            path: text("path").unwrap(),
            query: text("query"),
            headers: headers
                .map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned()))
                .collect(),
            body: text("body"),
            frame: text("frame"),
            note: text("note").unwrap(),
        }
    }

    fn is_from_client(&self) -> bool {
        self.direction == "c2s"
    }

    /// Sends the recorded request; `map` puts our ids in the place of the recorded ones.
    async fn send(&self, base: &str, http: &reqwest::Client, map: impl Fn(&str) -> String) -> Got {
        let mut url = format!("{base}{}", map(&self.path));
        if let Some(query) = &self.query {
            url = format!("{url}?{}", map(query));
        }
        let method = self.method.as_deref().unwrap().parse().unwrap();
        let mut request = http.request(method, url);
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        if let Some(body) = &self.body {
            request = request.body(map(body));
        }
        send(request).await
    }
}
