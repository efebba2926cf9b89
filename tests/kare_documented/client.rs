//! The client: it reads `id`, `parent_id`, `uri`, `body.aspect`, `body.text` and `body.actions`
//! of what it receives, and nothing else.

use std::time::Duration;

use futures_util::StreamExt;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message as Frame;
use uuid::Uuid;

use crate::clients::kare::APP;
use crate::clients::{Socket, connect, next_text, send_json};
use crate::script::{self, Command};

/// No end of an answer is documented: it has come when nothing more comes.
const SILENCE: Duration = Duration::from_millis(1200);
/// How long the first word may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long an event that only gets logged is waited for.
const EVENT: Duration = Duration::from_millis(600);

#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    pub id: String,
    pub parent: Option<String>,
    pub uri: String,
    pub aspect: String,
    pub text: String,
    pub actions: Vec<Action>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Action {
    pub text: String,
    pub icon: String,
    pub context: String,
    pub enabled: bool,
    pub on_click: String,
}

pub struct Documented {
    base: String,
    http: reqwest::Client,
    token: String,
    pub conversation: String,
    socket: Option<Socket>,
    /// All messages, sent and received, in order.
    messages: Vec<Message>,
    /// What was printed.
    pub echoes: Vec<String>,
    /// Addresses that were opened.
    pub opened: Vec<String>,
}

impl Documented {
    /// Gets a token and starts a conversation.
    pub async fn start(base: &str) -> Self {
        let mut client = Self {
            base: base.to_owned(),
            http: reqwest::Client::new(),
            token: String::new(),
            conversation: String::new(),
            socket: None,
            messages: Vec::new(),
            echoes: Vec::new(),
            opened: Vec::new(),
        };
        let token = client
            .http
            .get(format!("{base}/v2.1/apps/token?app_id={APP}"));
        let token = token.send().await.unwrap().text().await.unwrap();
        let token: Value = serde_json::from_str(&token).unwrap();
        client.token = token["access_token"].as_str().unwrap().to_owned();
        let (status, started) = client.post("/dialog/conversation", "{}").await;
        assert!(matches!(status, 200 | 201), "{status}");
        client.conversation = started["conversation_id"].as_str().unwrap().to_owned();
        client
    }

    pub async fn get(&self, path: &str) -> u16 {
        let request = self.http.get(format!("{}/v2.1{path}", self.base));
        let response = request.bearer_auth(&self.token).send().await.unwrap();
        response.status().as_u16()
    }

    pub async fn post(&self, path: &str, body: &str) -> (u16, Value) {
        let request = self.http.post(format!("{}/v2.1{path}", self.base));
        let request = request.header("content-type", "application/json");
        let request = request.bearer_auth(&self.token).body(body.to_owned());
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        let text = response.text().await.unwrap();
        (status, serde_json::from_str(&text).unwrap())
    }

    /// Connects as the documented address does, empty parameters and metadata included.
    pub async fn connect(&mut self) {
        let url = format!(
            "{}/ws?app_id={APP}&conversation_id={}&host_locale=&selected_locale=\
             &user_id=Jane-Doe-42&kare-meta-section=billing",
            self.base.replacen("http", "ws", 1),
            self.conversation,
        );
        self.socket = Some(connect(&url, None).await);
    }

    /// Connects with the token, as a browser must: in the address.
    pub async fn connect_by_token(&mut self) {
        let base = self.base.replacen("http", "ws", 1);
        let (token, conversation) = (&self.token, &self.conversation);
        let url = format!("{base}/ws?token={token}&conversation_id={conversation}");
        self.socket = Some(connect(&url, None).await);
    }

    pub async fn hello(&mut self) -> Vec<Message> {
        let came = self.send("in/hi", None, json!({})).await;
        assert_eq!(came[0].uri, "out/hi", "{came:#?}");
        assert_eq!(
            came[0].parent.as_ref(),
            self.messages.first().map(|it| &it.id)
        );
        came
    }

    /// Asks something: it starts a new tree.
    pub async fn ask(&mut self, text: &str) -> Vec<Message> {
        let came = self.send("in/query", None, json!({ "text": text })).await;
        assert!(!came.is_empty(), "no answer to {text:?}");
        came
    }

    /// Asks over REST, whatever socket is open: the status, and what came.
    pub async fn post_query(&self, text: &str) -> (u16, Value) {
        let mut query = self.input("in/query", None, json!({ "text": text }));
        query["conversation_id"] = json!(self.conversation);
        self.post("/dialog/query", &query.to_string()).await
    }

    /// What comes on the socket within this time, without having been asked for by it.
    pub async fn comes(&mut self, within: Duration) -> Vec<Message> {
        let mut came = Vec::new();
        let mut within = within;
        while let Some(text) = next_text(self.socket.as_mut().unwrap(), within).await {
            came.push(read(&serde_json::from_str(&text).unwrap()));
            within = SILENCE;
        }
        came
    }

    /// Presses the message's action with this label: runs what its trigger says.
    pub async fn press(&mut self, message: &Message, label: &str) -> Vec<Message> {
        let action = self.message(&message.id).actions.iter();
        let at = action.clone().position(|it| it.text == label);
        let at = at.unwrap_or_else(|| panic!("no {label:?} in {message:#?}"));
        let action = self.message(&message.id).actions[at].clone();
        assert!(action.enabled, "{action:?}");
        let mut came = Vec::new();
        for command in script::parse(&action.on_click) {
            came.extend(self.run(command, &message.id, at).await);
        }
        came
    }

    async fn run(&mut self, command: Command, message: &str, at: usize) -> Vec<Message> {
        for (key, value) in command.parameters {
            match (command.verb.as_str(), key.as_str()) {
                ("print", "m") => self.echoes.push(value),
                ("open", "href") => self.opened.push(value),
                ("send", "m") => {
                    let target: Value = serde_json::from_str(&value).unwrap();
                    let body = json!({ "target": target });
                    return self.send("in/click", Some(message), body).await;
                }
                ("update", key) => {
                    let mut shown = self.messages.iter_mut();
                    let shown = shown.find(|it| it.id == message).unwrap();
                    let action = &mut shown.actions[at];
                    match key {
                        "enabled" => action.enabled = value == "true",
                        "icon" => action.icon = value,
                        "context" => action.context = value,
                        "text" => action.text = value,
                        other => panic!("nothing is documented of {other}"),
                    }
                }
                (verb, key) => panic!("the demo bot does not do {verb} -{key}"),
            }
        }
        Vec::new()
    }

    /// Posts the documented custom event: the user opened a link.
    pub async fn track(&mut self, message: &Message, url: &str, label: &str) -> Vec<Message> {
        let target = json!({ "aspect": "open/link", "choice_id": url, "text": label });
        let body = json!({ "target": target });
        self.send("in/click", Some(&message.id), body).await
    }

    fn input(&self, uri: &str, parent: Option<&str>, body: Value) -> Value {
        json!({ "id": Uuid::new_v4(), "parent_id": parent, "uri": uri, "header": {}, "body": body })
    }

    async fn send(&mut self, uri: &str, parent: Option<&str>, body: Value) -> Vec<Message> {
        let is_event = body["target"]["aspect"] == "open/link";
        let mut input = self.input(uri, parent, body);
        self.messages.push(read(&input));
        let came = match &mut self.socket {
            Some(socket) => {
                send_json(socket, &input).await;
                let mut within = if is_event { EVENT } else { PATIENCE };
                let mut came = Vec::new();
                while let Some(text) = next_text(socket, within).await {
                    came.push(serde_json::from_str(&text).unwrap());
                    within = SILENCE;
                }
                came
            }
            None => {
                input["conversation_id"] = json!(self.conversation);
                let path = if uri == "in/query" { "query" } else { "click" };
                let path = format!("/dialog/{path}");
                let (status, list) = self.post(&path, &input.to_string()).await;
                assert_eq!(status, 200, "{list}");
                list.as_array().unwrap().clone()
            }
        };
        let came: Vec<Message> = came.iter().map(read).collect();
        self.messages.extend(came.clone());
        came
    }

    /// Whether the server closes the socket, normally.
    pub async fn is_closed(&mut self, within: Duration) -> bool {
        let socket = self.socket.as_mut().unwrap();
        let deadline = tokio::time::Instant::now() + within;
        loop {
            match tokio::time::timeout_at(deadline, socket.next()).await {
                Ok(Some(Ok(Frame::Close(frame)))) => {
                    return frame.is_none_or(|it| u16::from(it.code) == 1000);
                }
                Ok(Some(Ok(_))) => {}
                Ok(None | Some(Err(_))) => return true,
                Err(_) => return false,
            }
        }
    }

    /// A message as it is now.
    pub fn message(&self, id: &str) -> &Message {
        self.messages.iter().find(|it| it.id == id).unwrap()
    }

    pub fn children(&self, id: &str) -> Vec<Message> {
        let children = self.messages.iter();
        let children = children.filter(|it| it.parent.as_deref() == Some(id));
        children.cloned().collect()
    }

    /// The first of these messages that has this aspect.
    pub fn only(&self, messages: &[Message], aspect: &str) -> Message {
        let found = messages.iter().find(|it| it.aspect == aspect);
        let found = found.unwrap_or_else(|| panic!("no {aspect} in {messages:#?}"));
        self.message(&found.id).clone()
    }

    /// A message with an action that opens a page, and the action's label.
    pub fn with_link(&self, messages: &[Message]) -> (Message, String) {
        for message in messages {
            for action in &message.actions {
                let opens = script::parse(&action.on_click).into_iter();
                if opens.into_iter().any(|it| it.verb == "open") {
                    return (message.clone(), action.text.clone());
                }
            }
        }
        panic!("no link in {messages:#?}");
    }

    pub fn words(&self, messages: &[Message]) -> String {
        let texts = messages.iter().map(|it| it.text.as_str());
        texts.collect::<Vec<_>>().join(" ")
    }

    /// The forest as it is documented: each query starts a tree, each other message comes from one
    /// that is known already, and the parts of an answer are children of an answer.
    #[track_caller]
    pub fn assert_trees(&self) {
        for (at, message) in self.messages.iter().enumerate() {
            let earlier = &self.messages[..at];
            assert!(
                earlier.iter().all(|it| it.id != message.id),
                "twice: {message:?}"
            );
            assert!(Uuid::parse_str(&message.id).is_ok(), "{message:?}");
            let is_root = matches!(message.uri.as_str(), "in/query" | "in/hi");
            assert_eq!(is_root, message.parent.is_none(), "{message:?}");
            let Some(parent) = &message.parent else {
                continue;
            };
            let parent = earlier.iter().find(|it| it.id == *parent);
            let parent = parent.unwrap_or_else(|| panic!("an unknown parent: {message:?}"));
            if message.aspect.starts_with("resolution/answer/") && message.uri == "out/text" {
                assert_eq!(parent.aspect, "resolution/answer", "{message:?}");
            }
        }
    }
}

fn read(envelope: &Value) -> Message {
    let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let body = &envelope["body"];
    let actions = body["actions"].as_array().into_iter().flatten();
    Message {
        id: word(&envelope["id"]),
        parent: envelope["parent_id"].as_str().map(str::to_owned),
        uri: word(&envelope["uri"]),
        aspect: word(&body["aspect"]),
        text: word(&body["text"]),
        actions: actions
            .map(|action| Action {
                text: word(&action["text"]),
                icon: word(&action["icon"]),
                context: word(&action["context"]),
                enabled: action["enabled"] == true,
                on_click: word(&action["on_click"]),
            })
            .collect(),
    }
}
