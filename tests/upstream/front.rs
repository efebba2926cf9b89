//! Lean clients of our frontends: they hand back a refusal instead of failing over it, and keep
//! their conversation.

use std::time::Duration;

use serde_json::{Value, json};
use uuid::Uuid;

use crate::clients::dydu::{BOT, b64, decode};
use crate::clients::kare::APP;
use crate::clients::{Socket, connect, next_text, send_json};

/// How long any answer may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// After how much silence a Kare client takes a reply to be complete.
const SILENCE: Duration = Duration::from_millis(1500);

/// What came instead of an answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Refusal {
    /// The HTTP status; 0 for a frame.
    pub status: u16,
    /// Whether a page of another origin may read it.
    pub cors: bool,
    pub body: String,
}

impl Refusal {
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("not JSON: {self:?}"))
    }
}

/// An HTTP answer.
#[derive(Debug, Clone)]
pub struct Got {
    pub status: u16,
    pub headers: reqwest::header::HeaderMap,
    pub body: String,
}

impl Got {
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("not JSON: {self:?}"))
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    pub fn has_cors(&self) -> bool {
        self.headers.contains_key("access-control-allow-origin")
    }

    fn success(self) -> Result<Self, Refusal> {
        if (200..300).contains(&self.status) {
            return Ok(self);
        }
        Err(Refusal {
            status: self.status,
            cors: self.has_cors(),
            body: self.body,
        })
    }
}

/// Sends a request and takes whatever comes.
pub async fn send(request: reqwest::RequestBuilder) -> Got {
    let response = request.timeout(PATIENCE).send().await.unwrap();
    let status = response.status().as_u16();
    let headers = response.headers().clone();
    Got {
        status,
        headers,
        body: response.text().await.unwrap(),
    }
}

/// A client that holds one conversation and says things in it.
pub enum Front {
    KareRest(KareRest),
    KareSocket(KareSocket),
    Dydu(Dydu),
    OpenDialog(OpenDialog),
}

impl Front {
    /// One of each, at a gateway's mounts below `base`.
    pub async fn all(base: &str, user: &str) -> Vec<Self> {
        vec![
            Self::KareRest(KareRest::open(&format!("{base}/kare")).await),
            Self::KareSocket(KareSocket::open(&format!("{base}/kare")).await),
            Self::Dydu(Dydu::new(&format!("{base}/dydu"))),
            Self::OpenDialog(OpenDialog::new(&format!("{base}/opendialog"), user)),
        ]
    }

    pub fn name(&self) -> &'static str {
        match self {
            Self::KareRest(_) => "kare-rest",
            Self::KareSocket(_) => "kare-ws",
            Self::Dydu(_) => "dydu-rest",
            Self::OpenDialog(_) => "opendialog",
        }
    }

    /// Says something; the visible words of the answer, or what came instead.
    pub async fn say(&mut self, text: &str) -> Result<String, Refusal> {
        match self {
            Self::KareRest(client) => client.say(text).await,
            Self::KareSocket(client) => client.say(text).await,
            Self::Dydu(client) => client.say(text).await,
            Self::OpenDialog(client) => client.say(text).await,
        }
    }
}

/// Kare over REST.
pub struct KareRest {
    pub base: String,
    pub http: reqwest::Client,
    pub token: String,
    pub conversation: String,
}

impl KareRest {
    pub async fn open(base: &str) -> Self {
        let http = reqwest::Client::new();
        let token = kare_token(base).await;
        let mut client = Self {
            base: base.to_owned(),
            http,
            token,
            conversation: String::new(),
        };
        let started = client.post("dialog/conversation", "{}").await;
        assert_eq!(started.status, 201, "{started:?}");
        client.conversation = started.json()["conversation_id"]
            .as_str()
            .unwrap()
            .to_owned();
        client
    }

    pub async fn post(&self, path: &str, body: impl Into<reqwest::Body>) -> Got {
        let request = self.http.post(format!("{}/{path}", self.base));
        let json = "application/json";
        send(
            request
                .bearer_auth(&self.token)
                .header("content-type", json)
                .body(body),
        )
        .await
    }

    pub fn query(&self, id: Uuid, text: &str) -> Value {
        json!({ "conversation_id": self.conversation, "id": id, "parent_id": null,
            "uri": "in/query", "header": {}, "body": { "text": text } })
    }

    pub async fn say(&self, text: &str) -> Result<String, Refusal> {
        self.say_as(Uuid::new_v4(), text).await
    }

    /// Says something under this message id.
    pub async fn say_as(&self, id: Uuid, text: &str) -> Result<String, Refusal> {
        let got = self
            .post("dialog/query", self.query(id, text).to_string())
            .await;
        let messages = got.success()?.json();
        Ok(messages
            .as_array()
            .unwrap()
            .iter()
            .map(kare_text)
            .collect::<Vec<_>>()
            .join(" "))
    }
}

pub async fn kare_token(base: &str) -> String {
    let got = send(reqwest::Client::new().get(format!("{base}/apps/token?app_id={APP}"))).await;
    got.json()["access_token"].as_str().unwrap().to_owned()
}

fn kare_text(message: &Value) -> String {
    message["body"]["text"]
        .as_str()
        .unwrap_or_default()
        .to_owned()
}

/// Kare over a websocket.
pub struct KareSocket {
    pub socket: Socket,
    pub conversation: String,
}

impl KareSocket {
    pub async fn open(base: &str) -> Self {
        let base = base.replacen("http", "ws", 1);
        let socket = connect(&format!("{base}/ws?app_id={APP}"), None).await;
        Self {
            socket,
            conversation: String::new(),
        }
    }

    /// Says hello; everything up to the final message.
    pub async fn greet(&mut self) -> Vec<Value> {
        let id = Uuid::new_v4();
        self.ask(json!({ "id": id, "parent_id": null, "uri": "in/hi", "header": {}, "body": {} }))
            .await
    }

    /// Sends an envelope; everything up to the final message of its reply, or up to silence where
    /// the end was not known when the last message was sent.
    pub async fn ask(&mut self, envelope: Value) -> Vec<Value> {
        send_json(&mut self.socket, &envelope).await;
        let mut replies = Vec::new();
        let mut within = PATIENCE;
        while let Some(frame) = self.next(within).await {
            within = SILENCE;
            let done = frame["header"]["final"] == true || frame["uri"] == "out/bye";
            replies.push(frame);
            if done {
                break;
            }
        }
        replies
    }

    pub async fn next(&mut self, within: Duration) -> Option<Value> {
        let text = next_text(&mut self.socket, within).await?;
        let frame: Value = serde_json::from_str(&text).unwrap();
        if let Some(id) = frame["conversation_id"].as_str() {
            self.conversation = id.to_owned();
        }
        Some(frame)
    }

    pub async fn say(&mut self, text: &str) -> Result<String, Refusal> {
        let replies = self
            .ask(
                json!({ "id": Uuid::new_v4(), "parent_id": null, "uri": "in/query",
                "header": {}, "body": { "text": text } }),
            )
            .await;
        match replies.iter().find(|frame| frame["uri"] == "out/error") {
            Some(error) => Err(Refusal {
                status: 0,
                cors: true,
                body: error.to_string(),
            }),
            None => Ok(replies.iter().map(kare_text).collect::<Vec<_>>().join(" ")),
        }
    }
}

/// dydu over REST.
pub struct Dydu {
    pub base: String,
    pub http: reqwest::Client,
    pub context: Option<String>,
}

impl Dydu {
    pub fn new(base: &str) -> Self {
        Self {
            base: base.to_owned(),
            http: reqwest::Client::new(),
            context: None,
        }
    }

    /// Posts a form to an endpoint of the API.
    pub async fn post(&self, path: &str, form: &[(&str, &str)]) -> Got {
        self.post_body(path, encode_form(form)).await
    }

    pub async fn post_body(&self, path: &str, body: impl Into<reqwest::Body>) -> Got {
        let form = "application/x-www-form-urlencoded; charset=UTF-8";
        let request = self.http.post(format!("{}/servlet/api/{path}", self.base));
        let origin = "https://www.example.org";
        send(
            request
                .header("content-type", form)
                .header("origin", origin)
                .body(body),
        )
        .await
    }

    pub fn talk_path(&self) -> String {
        match &self.context {
            Some(context) => format!("chat/talk/{BOT}/{context}"),
            None => format!("chat/talk/{BOT}"),
        }
    }

    /// A question's form body, byte for byte the same for the same words.
    pub fn question(text: &str) -> String {
        encode_form(&[
            ("alreadyCame", "false"),
            ("clientId", "4be0c1d2a97f336"),
            ("language", "en"),
            ("qualificationMode", "false"),
            ("space", "Defaut"),
            ("userInput", text),
            ("userUrl", "https://www.example.org/help"),
            ("solutionUsed", "ASSISTANT"),
            ("variables", "{}"),
            ("mode", &b64("Synchron")),
        ])
    }

    pub async fn say(&mut self, text: &str) -> Result<String, Refusal> {
        let got = self
            .post_body(&self.talk_path(), Self::question(text))
            .await;
        let cors = got.has_cors();
        let got = got.success()?;
        let answer = got.json();
        let values = decode(&answer["values"]);
        if let Some(context) = values["contextId"].as_str().filter(|id| !id.is_empty()) {
            self.context = Some(context.to_owned());
        }
        // An error with status 200 says so in its type.
        if answer["type"] != "talkResponse" {
            return Err(Refusal {
                status: got.status,
                cors,
                body: got.body,
            });
        }
        Ok(values["text"].as_str().unwrap_or_default().to_owned())
    }
}

fn encode_form(form: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(form)
        .finish()
}

/// The OpenDialog webchat, first generation.
pub struct OpenDialog {
    pub base: String,
    pub http: reqwest::Client,
    pub user: String,
}

impl OpenDialog {
    pub fn new(base: &str, user: &str) -> Self {
        Self {
            base: base.to_owned(),
            http: reqwest::Client::new(),
            user: user.to_owned(),
        }
    }

    pub async fn post(&self, body: impl Into<reqwest::Body>) -> Got {
        let request = self.http.post(format!("{}/incoming/webchat", self.base));
        let json = "application/json";
        let ajax = "XMLHttpRequest";
        send(
            request
                .header("content-type", json)
                .header("x-requested-with", ajax)
                .body(body),
        )
        .await
    }

    /// A chat message with this content.
    pub fn message(&self, content: Value) -> Value {
        json!({ "notification": "message", "user_id": self.user, "author": self.user,
            "message_id": Uuid::new_v4(), "content": content })
    }

    pub fn text(&self, text: &str) -> Value {
        self.message(
            json!({ "type": "text", "author": self.user, "data": { "text": text },
            "user": { "custom": { "selected_scenario": "demo" } } }),
        )
    }

    pub async fn say(&self, text: &str) -> Result<String, Refusal> {
        let answer = self
            .post(self.text(text).to_string())
            .await
            .success()?
            .json();
        let messages = match answer {
            Value::Array(messages) => messages,
            message => vec![message],
        };
        let text = |message: &Value| {
            message["data"]["text"]
                .as_str()
                .unwrap_or_default()
                .to_owned()
        };
        Ok(messages.iter().map(text).collect::<Vec<_>>().join(" "))
    }

    /// The history, newest first.
    pub async fn history(&self) -> Vec<Value> {
        let url = format!("{}/user/{}/history?limit=100&ignore=", self.base, self.user);
        match send(self.http.get(url)).await.json() {
            Value::Array(rows) => rows,
            other => panic!("not a history: {other}"),
        }
    }
}
