//! The dydu chatbox 5.37: `docs/protocols/dydu.md#11-what-the-unmodified-chatbox-does-on-start-up`
//! and `docs/protocols/dydu.md#131-server-for-the-unmodified-chatbox`.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::clients::dydu::{BOT, b64, decode};
use crate::clients::{Socket, connect, next_text};
use crate::process::{Gateway, engine_config};
use crate::upstream::front::Got;
use crate::{Line, assert_nothing_refused, recording};

/// The ids in the recording.
const RECORDED_BOT: &str = "f1871fe8-cdea-4695-9ea6-529a4e9460dc";
const RECORDED_CONTEXT: &str = "11111111-2222-3333-4444-555555555555";

/// The chatbox's timeout for everything but talk; a slower answer makes it fail over.
const TIMEOUT: Duration = Duration::from_secs(3);

/// How long a frame may take that the chatbox waits for.
const FRAME_TIMEOUT: Duration = Duration::from_secs(10);

#[tokio::test]
async fn the_chatbox_finds_what_it_needs() {
    let gateway = Gateway::start(&engine_config()).await;
    let mut chatbox = Chatbox {
        base: gateway.url("/dydu"),
        http: reqwest::Client::new(),
        context: RECORDED_CONTEXT.to_owned(),
        talked: 0,
        livechat: false,
        deleted: false,
        socket: None,
    };
    let lines = recording("dydu-chatbox.jsonl");
    let mut requests = 0;
    let mut frames = 0;
    for line in lines.iter().filter(|line| line.is_from_client()) {
        match line.transport.as_str() {
            "http" => {
                chatbox.request(line).await;
                requests += 1;
            }
            _ if line.method.is_some() => chatbox.open(line).await,
            _ if line.frame.is_none() => chatbox.socket = None,
            _ => {
                chatbox.frame(line).await;
                frames += 1;
            }
        }
    }
    assert!(
        requests > 130 && frames > 40,
        "{requests} requests, {frames} frames"
    );
    assert_nothing_refused(&gateway).await;
}

struct Chatbox {
    base: String,
    http: reqwest::Client,
    /// The context that the last answer brought.
    context: String,
    /// Questions in this context that belong in its history.
    talked: usize,
    /// An operator was asked for.
    livechat: bool,
    /// The user had what is kept of the dialog deleted, so that it does start over.
    deleted: bool,
    socket: Option<Socket>,
}

/// Puts our ids in the place of the recorded ones, in plain text and in base64.
fn map(text: &str, context: &str) -> String {
    text.replace(RECORDED_BOT, BOT)
        .replace(RECORDED_CONTEXT, context)
        .replace(&b64(RECORDED_BOT), &b64(BOT))
        .replace(&b64(RECORDED_CONTEXT), &b64(context))
}

impl Chatbox {
    async fn request(&mut self, line: &Line) {
        let line = &with_recorded_size(line);
        let begun = Instant::now();
        let context = self.context.clone();
        let got = line
            .send(&self.base, &self.http, |text| map(text, &context))
            .await;
        let label = format!("{} {} ({})", line.seq, line.path, line.note);
        assert!(
            (200..300).contains(&got.status),
            "{label}: fails over: {got:?}"
        );
        assert!(
            got.has_cors(),
            "{label}: a network error for the page: {got:?}"
        );
        let api = line
            .path
            .trim_start_matches("/servlet")
            .trim_start_matches("/api/");
        if !api.starts_with("chat/talk") {
            assert!(
                begun.elapsed() < TIMEOUT,
                "{label}: took {:?}",
                begun.elapsed()
            );
        }
        let mut segments = api.split('/').filter(|segment| !segment.is_empty());
        let endpoint = match segments.next() {
            Some("chat") => segments.next().unwrap(),
            _ => api,
        };
        if api.ends_with("fileupload") {
            return uploaded(&label, line, &got);
        }
        if got.body.is_empty() {
            return;
        }
        let answer = got.json();
        // The hooks that the chatbox applies to every answer with values.
        let values = decode(&answer["values"]);
        if let Some(id) = values["contextId"].as_str().filter(|id| !id.is_empty()) {
            if self.context != id {
                self.talked = 0;
                self.deleted = false;
            }
            self.context = id.to_owned();
        }
        if let Some(language) = values["language"].as_str().filter(|text| !text.is_empty()) {
            assert!(
                matches!(language, "fr" | "en"),
                "{label}: a language without translations"
            );
        }
        let is_subpath = |name: &str| api.contains(name);
        match endpoint {
            "talk" => self.talked(&label, line, &answer["type"], &values, &context),
            "history" => self.remembered(&label, &values),
            "topknowledge" => top(&label, &values),
            "availablecontext" => {
                let available = &values["isContextStillAvailable"];
                assert_eq!(
                    *available,
                    json!(!self.deleted),
                    "{label}: whether the dialog would start over"
                );
            }
            "gdpr" => {
                let body = line.body.as_deref().unwrap();
                assert_eq!(body.contains("object=Delete"), values["object"] == "Delete");
                if values["object"] == "Delete" {
                    assert_ne!(values["dialogsCount"], 0, "{label}: nothing is deleted");
                    self.deleted = true;
                    self.talked = 0;
                }
            }
            "status" => assert!(
                values["waitingQueueStatusResponse"].is_boolean(),
                "{label}: {got:?}"
            ),
            "pushrules" => rules(&label, &answer),
            "search" => suggestions(&label, &answer),
            "poll" => polled(&label, &values),
            "survey" if is_subpath("configuration") => survey(&label, &values),
            "account/dydubox/bots/language" => languages(&label, &answer),
            _ => assert!(answer.is_object(), "{label}: {answer}"),
        }
    }

    fn talked(&mut self, label: &str, line: &Line, kind: &Value, values: &Value, before: &str) {
        assert_eq!(kind, "talkResponse", "{label}");
        let body = line.body.as_deref().unwrap();
        if body.contains("%23reset%23") {
            // The chatbox ignores the answer and forgets its context.
            return;
        }
        assert!(
            !self.context.is_empty() && values["contextId"].is_string(),
            "{label}: {values}"
        );
        if line.path.contains(RECORDED_CONTEXT) {
            assert_eq!(self.context, before, "{label}: the dialog was lost");
        }
        assert_eq!(values["botId"], BOT, "{label}: copied into every frame");
        let now = values["serverTime"]
            .as_u64()
            .expect("without it nothing is polled");
        assert!(now > 1_760_000_000_000, "{label}: milliseconds: {now}");
        assert!(
            values["human"].is_boolean(),
            "{label}: no survey would open"
        );
        assert!(
            values["knowledgeId"].is_number(),
            "{label}: no survey would open"
        );
        assert!(values["typeResponse"].is_string(), "{label}: {values}");
        assert!(values["language"].is_string(), "{label}: {values}");
        assert_ne!(values["sidebar"], true, "{label}: throws in the chatbox");
        assert_ne!(
            values["templateName"], "dydu_upload_001",
            "{label}: shown as JSON"
        );
        if values["askFeedback"] == true {
            assert_ne!(values.get("feedbackWording"), Some(&Value::Null), "{label}");
        }
        if body.contains("userInput=%23welcome%23") {
            assert!(
                !values["text"].as_str().unwrap().is_empty(),
                "{label}: no greeting"
            );
        } else if !body.contains("doNotRegisterInteraction=true") && !body.contains("%23dydumailto")
        {
            self.talked += 1;
            assert!(values["text"].is_string(), "{label}: {values}");
        }
        self.livechat = values["specialAction"] == "StartPolling"
            || (self.livechat && values["specialAction"] != "EndPolling");
    }

    fn remembered(&self, label: &str, values: &Value) {
        let interactions = values["interactions"]
            .as_array()
            .expect("a list, perhaps an empty one");
        assert!(
            interactions.len() <= self.talked.max(1) * 8,
            "{label}: {interactions:#?}"
        );
        assert!(
            !(self.talked > 0 && interactions.is_empty()),
            "{label}: all is forgotten"
        );
        let mut last = 0;
        for interaction in interactions {
            for name in ["user", "text", "type"] {
                assert!(
                    interaction[name].is_string(),
                    "{label}: no {name}: {interaction}"
                );
            }
            let at = interaction["timestamp"]
                .as_u64()
                .expect("a resumed livechat polls from it");
            assert!(at >= last, "{label}: oldest first: {interactions:#?}");
            last = at;
            for name in ["guiAction", "urlRedirect"] {
                assert!(
                    interaction.get(name).is_none(),
                    "{label}: {name} would happen again"
                );
            }
            assert_ne!(
                interaction["user"], "#welcome#",
                "{label}: the greeting is not stored"
            );
            assert_eq!(
                interaction.get("feedback"),
                interaction.get("feedBack"),
                "{label}"
            );
        }
    }

    async fn open(&mut self, line: &Line) {
        let url = format!("{}{}", self.base.replacen("http", "ws", 1), line.path);
        let mut socket = connect(&url, None).await;
        // Nothing that breaks the widget may come unasked either.
        if let Some(text) = next_text(&mut socket, Duration::from_millis(20)).await {
            read(&text);
        }
        self.socket = Some(socket);
    }

    async fn frame(&mut self, line: &Line) {
        use futures_util::SinkExt;
        let label = format!("{} ({})", line.seq, line.note);
        let text = line.frame.as_deref().unwrap();
        let socket = self.socket.as_mut().expect("an open socket");
        let message = tokio_tungstenite::tungstenite::Message::text(map(text, &self.context));
        socket
            .send(message)
            .await
            .unwrap_or_else(|error| panic!("{label}: {error}"));
        if text == "ping" {
            assert_eq!(
                next_text(socket, FRAME_TIMEOUT).await.as_deref(),
                Some("pong"),
                "{label}"
            );
            return;
        }
        let frame: Value = serde_json::from_str(text).unwrap();
        let wanted = match frame["type"].as_str().unwrap() {
            "checkContextAvailability" => "checkContextAvailabilityResponse",
            "topknowledge" => "topKnowledgeResponse",
            "history" => "historyResponse",
            "surveyConfiguration" => "surveyConfiguration",
            // Answered by nothing, or by messages at any time.
            _ => {
                while let Some(text) = next_text(socket, Duration::from_millis(30)).await {
                    read(&text);
                }
                return;
            }
        };
        loop {
            let text = next_text(socket, FRAME_TIMEOUT).await;
            let (kind, values) = read(&text.unwrap_or_else(|| panic!("{label}: no {wanted}")));
            if !kind.starts_with(wanted) {
                continue;
            }
            match wanted {
                "checkContextAvailabilityResponse" => {
                    assert_eq!(values["isContextStillAvailable"], true, "{label}: {values}");
                }
                "topKnowledgeResponse" => top(&label, &values),
                "historyResponse" => self.remembered(&label, &values),
                _ => assert!(values.is_object(), "{label}"),
            }
            return;
        }
    }
}

/// Reads a frame as the chatbox does: everything else makes it disappear.
fn read(text: &str) -> (String, Value) {
    let frame: Value = serde_json::from_str(text).expect("any other text breaks the widget");
    assert!(
        frame["values"].is_object(),
        "a frame without values breaks the widget: {text}"
    );
    (
        frame["type"].as_str().unwrap().to_owned(),
        decode(&frame["values"]),
    )
}

/// The recorder wrote only the size of one upload; a body of that size is as good.
fn with_recorded_size(line: &Line) -> Line {
    let mut line = line.clone();
    let size = line
        .body
        .as_deref()
        .and_then(|body| body.strip_prefix('<')?.strip_suffix(" bytes>"));
    if let Some(size) = size {
        let size: usize = size.parse().unwrap();
        let kind = &line.headers["content-type"];
        let boundary = kind.split("boundary=").nth(1).unwrap();
        let head = format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"dydu-upload-file\"; \
             filename=\"n.txt\"\r\nContent-Type: text/plain\r\n\r\n"
        );
        let tail = format!("\r\n--{boundary}--\r\n");
        let padding = "x".repeat(size.saturating_sub(head.len() + tail.len()).max(1));
        line.body = Some(format!("{head}{padding}{tail}"));
    }
    line
}

/// The chatbox takes everything from the first brace of the page to the last.
fn uploaded(label: &str, line: &Line, got: &Got) {
    let kind = got.header("content-type").unwrap();
    assert!(kind.starts_with("text/html"), "{label}: {kind}");
    let object = &got.body[got.body.find('{').unwrap()..=got.body.rfind('}').unwrap()];
    let callback = "dyduUploadCallBack_0PW";
    assert!(line.query.as_deref().unwrap().contains(callback));
    let rest = object
        .strip_prefix(&format!("{{api:'{callback}',params:"))
        .expect("the callback");
    let params: Value = serde_json::from_str(rest.strip_suffix('}').unwrap()).unwrap();
    assert_eq!(params["status"], "success", "{label}: {params}");
    assert_eq!(
        params["filesUploaded"].as_array().map(Vec::len),
        Some(1),
        "{label}: {params}"
    );
}

fn top(label: &str, values: &Value) {
    let Some(articles) = values["knowledgeArticles"].as_str() else {
        return;
    };
    let articles: Value = serde_json::from_str(articles).unwrap();
    for article in articles
        .as_array()
        .unwrap_or_else(|| panic!("{label}: {articles}"))
    {
        assert!(article["reword"].is_string(), "{label}: {article}");
    }
}

/// Still text after decoding, or nothing: a bare list gives no rules, silently.
fn rules(label: &str, answer: &Value) {
    let text = match answer {
        Value::Object(map) if map.is_empty() => return,
        Value::String(text) => text.clone(),
        other => decode(&other["values"]).as_str().expect("text").to_owned(),
    };
    let rules: Value = serde_json::from_str(&text).unwrap();
    assert!(rules.is_array(), "{label}: {rules}");
}

fn suggestions(label: &str, answer: &Value) {
    let list = match answer {
        Value::Array(list) => Value::Array(list.clone()),
        other => decode(&other["values"]),
    };
    for suggestion in list.as_array().into_iter().flatten() {
        assert!(
            suggestion["rootConditionReword"].is_string(),
            "{label}: {suggestion}"
        );
    }
}

fn languages(label: &str, answer: &Value) {
    let languages = answer.as_array().expect("a bare list");
    assert!(!languages.is_empty(), "{label}");
    for language in languages {
        assert!(
            language["id"].is_string() && language["isAvailable"].is_boolean(),
            "{label}"
        );
    }
}

/// One item, or nothing new.
fn polled(label: &str, values: &Value) {
    let is_message = values["text"].is_string() && values["fromDetail"].is_string();
    let is_notification = values["code"].is_string();
    if is_message || is_notification {
        let cursor = &values["pollUpdatedInteractionDate"];
        assert!(cursor.is_u64(), "{label}: it would come for ever: {values}");
    }
    assert!(values.is_object(), "{label}: {values}");
}

fn survey(label: &str, values: &Value) {
    let Some(fields) = values.get("fields") else {
        return;
    };
    assert!(
        values["surveyId"].is_string(),
        "{label}: the open button would be missing"
    );
    assert!(fields.is_array(), "{label}: {fields}");
}
