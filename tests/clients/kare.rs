//! A Kare client after `docs/protocols/kare.md`, over REST or the websocket.

use std::time::Duration;

use serde_json::{Value, json};
use uuid::Uuid;

use super::forest::Forest;
use super::{Client, Seen, Socket, Visitor, connect, next_text, send_json, typed_lines};

pub const APP: &str = "00000000-0000-4000-8000-00000000cafe";

/// Silence after which a turn is taken to be over if no message was marked as final.
const SILENCE: Duration = Duration::from_secs(2);

pub struct Kare {
    base: String,
    http: reqwest::Client,
    visitor: Visitor,
    token: String,
    pub conversation: String,
    socket: Option<Socket>,
    over_socket: bool,
    /// Every envelope received, in order.
    pub received: Vec<Value>,
    /// The forest of all that was sent and received.
    pub forest: Forest,
}

impl Kare {
    pub fn rest(base: &str, visitor: Visitor) -> Self {
        Self {
            base: base.to_owned(),
            http: reqwest::Client::new(),
            visitor,
            token: String::new(),
            conversation: String::new(),
            socket: None,
            over_socket: false,
            received: Vec::new(),
            forest: Forest::default(),
        }
    }

    pub fn websocket(base: &str, visitor: Visitor) -> Self {
        Self {
            over_socket: true,
            ..Self::rest(base, visitor)
        }
    }

    /// The application token.
    pub fn token(&self) -> &str {
        &self.token
    }

    pub async fn connect(&mut self) {
        let url = format!(
            "{}/ws?app_id={APP}&conversation_id={}&host_locale={}&selected_locale=&user_id={}&kare-meta-{}={}",
            self.base.replacen("http", "ws", 1),
            self.conversation,
            self.visitor.locale,
            self.visitor.user_id,
            self.visitor.metadata.0,
            self.visitor.metadata.1,
        );
        self.socket = Some(connect(&url, None).await);
    }

    async fn post(&mut self, path: &str, body: Value) -> Seen {
        let response = self
            .http
            .post(format!("{}/{path}", self.base))
            .bearer_auth(&self.token)
            .header("content-type", "application/json")
            .body(body.to_string())
            .send()
            .await
            .unwrap();
        let status = response.status();
        let text = response.text().await.unwrap();
        assert!(status.is_success(), "{status} {text}");
        let envelopes: Vec<Value> = serde_json::from_str(&text).unwrap();
        for envelope in &envelopes {
            self.forest.received(envelope);
        }
        self.take(envelopes)
    }

    fn take(&mut self, envelopes: Vec<Value>) -> Seen {
        let mut seen = Seen::default();
        for envelope in envelopes {
            seen.add(see(&envelope));
            self.received.push(envelope);
        }
        seen
    }

    fn take_frame(&mut self, text: &str) -> Value {
        let envelope: Value = serde_json::from_str(text).unwrap();
        if self.over_socket {
            self.forest.received(&envelope);
        } else {
            self.forest.received_beside(&envelope);
        }
        envelope
    }

    async fn exchange(&mut self, frame: Value) -> Seen {
        self.forest.sent(&frame);
        send_json(self.socket.as_mut().unwrap(), &frame).await;
        self.collect(Duration::from_secs(15)).await
    }

    /// Frames until the one that is marked final, or until silence.
    async fn collect(&mut self, first: Duration) -> Seen {
        let mut seen = Seen::default();
        let mut within = first;
        while let Some(text) = next_text(self.socket.as_mut().unwrap(), within).await {
            let envelope = self.take_frame(&text);
            assert_ne!(envelope["uri"], "out/error", "{text}");
            let last = envelope["header"]["final"] == true;
            seen.add(self.take(vec![envelope]));
            if last || seen.ended {
                break;
            }
            within = SILENCE;
        }
        seen
    }

    async fn act(&mut self, path: &str, mut envelope: Value) -> Seen {
        if self.over_socket {
            return self.exchange(envelope).await;
        }
        self.forest.sent(&envelope);
        envelope["conversation_id"] = json!(self.conversation);
        self.post(path, envelope).await
    }

    fn click_on(&self, matches: impl Fn(&Value, &Value) -> bool) -> Value {
        for envelope in self.received.iter().rev() {
            for action in envelope["body"]["actions"].as_array().into_iter().flatten() {
                if matches(envelope, action) {
                    return json!({
                        "id": Uuid::new_v4(), "parent_id": envelope["id"], "uri": "in/click",
                        "header": {}, "body": { "target": {
                            "aspect": envelope["body"]["aspect"],
                            "choice_id": action["choice_id"], "text": action["text"] } }
                    });
                }
            }
        }
        panic!("no such action in {:#?}", self.received);
    }
}

fn see(envelope: &Value) -> Seen {
    let mut seen = Seen::default();
    match envelope["uri"].as_str().unwrap() {
        "out/hi" => {}
        "out/bye" => {
            seen.ended = true;
            if let Some(text) = envelope["body"]["text"].as_str() {
                seen.texts.push(text.to_owned());
            }
        }
        "out/text" => {
            let body = &envelope["body"];
            let aspect = body["aspect"].as_str().expect("always an aspect");
            let text = body["text"].as_str().expect("always a text");
            let actions = body["actions"].as_array().expect("always actions");
            if aspect == "resolution/answer/image" {
                assert_eq!(body["text"], body["url"]);
                seen.images.push(text.to_owned());
            } else if !text.is_empty() {
                seen.texts.push(text.to_owned());
            }
            seen.feedback = aspect == "resolution/answer/feedback";
            for (_, rest) in text
                .match_indices("](")
                .map(|(at, _)| text.split_at(at + 2))
            {
                seen.links
                    .push(rest[..rest.find(')').unwrap_or(rest.len())].to_owned());
            }
            for action in actions {
                let label = action["text"].as_str().unwrap().to_owned();
                let on_click = action["on_click"].as_str().unwrap_or_default();
                if let Some(at) = on_click.find("open -href=\"") {
                    let url = &on_click[at + 12..];
                    seen.links.push(url[..url.find('"').unwrap()].to_owned());
                }
                seen.choices.push(label);
            }
        }
        other => panic!("unexpected uri {other}"),
    }
    seen
}

impl Client for Kare {
    async fn open(&mut self) -> Seen {
        let token = format!("{}/apps/token?app_id={APP}", self.base);
        let token: Value = serde_json::from_str(
            &self
                .http
                .get(token)
                .send()
                .await
                .unwrap()
                .text()
                .await
                .unwrap(),
        )
        .unwrap();
        self.token = token["access_token"].as_str().unwrap().to_owned();
        let (name, value) = self.visitor.metadata;
        let started = self
            .http
            .post(format!("{}/dialog/conversation", self.base))
            .bearer_auth(&self.token)
            .header("content-type", "application/json")
            .body(
                json!({ "user_id": self.visitor.user_id, "host_locale": self.visitor.locale,
                    "metadata": { name: value } })
                .to_string(),
            )
            .send()
            .await
            .unwrap();
        assert_eq!(started.status(), 201);
        let started: Value = serde_json::from_str(&started.text().await.unwrap()).unwrap();
        self.conversation = started["conversation_id"].as_str().unwrap().to_owned();
        if !self.over_socket {
            return Seen::default();
        }
        self.connect().await;
        self.exchange(
            json!({ "id": Uuid::new_v4(), "parent_id": null, "uri": "in/hi",
            "header": {}, "body": {} }),
        )
        .await
    }

    async fn say(&mut self, text: &str) -> Seen {
        let query = json!({ "id": Uuid::new_v4(), "parent_id": null, "uri": "in/query",
            "header": {}, "body": { "text": text } });
        self.act("dialog/query", query).await
    }

    async fn click(&mut self, label: &str) -> Seen {
        let click = self.click_on(|_, action| action["text"] == label);
        self.act("dialog/click", click).await
    }

    async fn unasked(&mut self, within: Duration) -> Seen {
        if self.socket.is_none() {
            // A REST client has no other means than to connect.
            self.connect().await;
        }
        let mut seen = Seen::default();
        let deadline = tokio::time::Instant::now() + within;
        while let Some(left) = deadline.checked_duration_since(tokio::time::Instant::now()) {
            let Some(text) = next_text(self.socket.as_mut().unwrap(), left).await else {
                break;
            };
            let envelope = self.take_frame(&text);
            seen.add(self.take(vec![envelope]));
        }
        seen
    }

    async fn rate(&mut self) -> Seen {
        // A vendor's own request for feedback, or choices that stand for it.
        let click = self.click_on(|envelope, action| {
            envelope["body"]["aspect"] == "resolution/answer/feedback"
                || action["choice_id"] == "helpful"
                || action["icon"] == "thumb_up"
        });
        self.act("dialog/click", click).await
    }

    async fn fill(&mut self, answers: &[(&str, &str)]) -> Seen {
        // The protocol has no forms.
        self.say(&typed_lines(answers)).await
    }
}
