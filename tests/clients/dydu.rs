//! A dydu chatbox after `docs/protocols/dydu.md`, over REST or the `dyduchat` websocket.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use super::{
    Client, Seen, Socket, Visitor, attributes, connect, connect_with, next_text, send_json, visible,
};

/// The site that the chatbox is on.
const PAGE: &str = "https://shop.example";
pub const BOT: &str = "00000000-0000-4000-8000-0000000d7d00";

const SILENCE: Duration = Duration::from_secs(2);

/// How a livechat goes on that began over REST.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Livechat {
    /// It is not noticed: every question waits for its answer.
    Ignored,
    /// By the websocket, as long as it lasts.
    Socket,
    /// By polls; the answer to a question is not shown.
    Polls,
}

pub struct Dydu {
    base: String,
    http: reqwest::Client,
    visitor: Visitor,
    pub context: Option<String>,
    socket: Option<Socket>,
    over_socket: bool,
    /// How the answer to REST talk is wanted; what is said in a polled livechat brings none.
    pub mode: &'static str,
    livechat: Livechat,
    /// A livechat or its queue is on.
    is_live: bool,
    last_poll: i64,
    /// Every decoded `values` received, in order.
    pub received: Vec<Value>,
}

pub fn b64(text: &str) -> String {
    STANDARD.encode(text)
}

/// Decodes every string below `values`, strictly, as the widget does for websocket frames.
pub fn decode(value: &Value) -> Value {
    match value {
        Value::String(text) => {
            let bytes = STANDARD
                .decode(text)
                .unwrap_or_else(|_| panic!("not base64: {text:?}"));
            Value::String(String::from_utf8(bytes).unwrap())
        }
        Value::Array(items) => items.iter().map(decode).collect(),
        Value::Object(map) => Value::Object(
            map.iter()
                .map(|(key, value)| (key.clone(), decode(value)))
                .collect(),
        ),
        other => other.clone(),
    }
}

fn encode(value: &Value) -> Value {
    match value {
        Value::String(text) => json!(b64(text)),
        Value::Object(map) => map
            .iter()
            .map(|(key, value)| (key.clone(), encode(value)))
            .collect::<Map<_, _>>()
            .into(),
        other => other.clone(),
    }
}

impl Dydu {
    pub fn rest(base: &str, visitor: Visitor) -> Self {
        Self {
            base: base.to_owned(),
            http: reqwest::Client::new(),
            visitor,
            context: None,
            socket: None,
            over_socket: false,
            mode: "Synchron",
            livechat: Livechat::Ignored,
            is_live: false,
            last_poll: 0,
            received: Vec::new(),
        }
    }

    pub fn websocket(base: &str, visitor: Visitor) -> Self {
        Self {
            over_socket: true,
            ..Self::rest(base, visitor)
        }
    }

    /// As the vendor's widget does: REST, and a websocket during a livechat.
    pub fn widget(base: &str, visitor: Visitor) -> Self {
        Self {
            livechat: Livechat::Socket,
            ..Self::rest(base, visitor)
        }
    }

    /// As the vendor's widget does where websockets are refused.
    pub fn polling(base: &str, visitor: Visitor) -> Self {
        Self {
            livechat: Livechat::Polls,
            ..Self::rest(base, visitor)
        }
    }

    /// Whether words go by the websocket now. The widget opens it for a livechat, and asks for the
    /// history.
    async fn speaks_by_socket(&mut self) -> bool {
        if self.over_socket {
            return true;
        }
        if self.livechat != Livechat::Socket || !self.is_live {
            self.socket = None;
            return false;
        }
        if self.socket.is_none() {
            self.open_socket().await;
            let context = self.context.clone().unwrap();
            for (kind, more) in [
                ("checkContextAvailability", json!({})),
                ("history", json!({ "dialog": context })),
            ] {
                self.send_frame(kind, more).await;
            }
        }
        true
    }

    async fn open_socket(&mut self) {
        let url = format!("{}/servlet//chatWs", self.base.replacen("http", "ws", 1));
        self.socket = Some(connect(&url, Some("dyduchat")).await);
    }

    async fn send_frame(&mut self, kind: &str, more: Value) {
        let mut parameters = json!({
            "contextId": self.context.clone().unwrap_or_default(), "botId": BOT,
            "space": "Defaut", "clientId": self.visitor.user_id,
            "language": self.visitor.locale, "solutionUsed": "ASSISTANT",
        });
        for (name, value) in more.as_object().unwrap() {
            parameters[name] = value.clone();
        }
        let frame = json!({ "type": kind, "parameters": encode(&parameters) });
        send_json(self.socket.as_mut().unwrap(), &frame).await;
    }

    /// The questions of the survey that was announced last, if there was one.
    async fn survey(&mut self) -> Option<(String, Value)> {
        let announced = |values: &&Value| values["survey"].is_string();
        let latest = self.received.iter().rev().find(announced)?;
        let survey = latest["survey"].as_str().unwrap().to_owned();
        let body = format!(
            "contextUuid={}&solutionUsed=ASSISTANT&language=en&surveyId={survey}",
            self.context.as_deref().unwrap()
        );
        let path = format!("chat/survey/configuration/{BOT}");
        let answer = self.post_body(&path, body.clone()).await;
        let configuration = decode(&answer["values"]);
        assert_eq!(
            configuration["surveyId"],
            survey.as_str(),
            "{answer} {body}"
        );
        Some((survey, configuration))
    }

    pub async fn call(&self, path: &str, form: &[(&str, &str)]) -> Value {
        let body = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(form)
            .finish();
        self.post_body(path, body).await
    }

    async fn post_body(&self, path: &str, body: String) -> Value {
        let response = self
            .http
            .post(format!("{}/servlet/api/{path}", self.base))
            .header(
                "content-type",
                "application/x-www-form-urlencoded; charset=UTF-8",
            )
            .body(body)
            .send()
            .await
            .unwrap();
        let status = response.status();
        let text = response.text().await.unwrap();
        assert!(status.is_success(), "{path}: {status} {text}");
        serde_json::from_str(&text).unwrap_or_else(|_| panic!("{path}: not JSON: {text}"))
    }

    /// Sends a file as the chatbox does, then says the sentence that the engine asked for; what
    /// comes of it, and whether the server said that it took the file.
    pub async fn upload(&mut self, name: &str, content: &str) -> (bool, Seen) {
        let action = self.received.iter().rev();
        let action = action
            .map(|values| values["guiAction"].as_str().unwrap_or_default())
            .find(|action| action.contains("dyduKnowledgeUploadFile"))
            .unwrap_or_else(|| panic!("no upload was asked for: {:#?}", self.received.last()));
        let sentence = action.split('\'').nth(1).unwrap().to_owned();
        let url = format!(
            "{}/servlet/fileupload?ctx={}&fin=dydu-upload-file&cb=dyduUploadCallBack_0PW&\
             origin=http%3A%2F%2F0.0.0.0%3A9999",
            self.base,
            self.context.as_deref().unwrap()
        );
        let body = format!(
            "------X\r\nContent-Disposition: form-data; name=\"dydu-upload-file\"; \
             filename=\"{name}\"\r\nContent-Type: text/plain\r\n\r\n{content}\r\n------X--\r\n"
        );
        let request = self.http.post(url).body(body);
        let request = request.header("content-type", "multipart/form-data; boundary=----X");
        let page = request.send().await.unwrap().text().await.unwrap();
        let object = &page[page.find('{').unwrap()..=page.rfind('}').unwrap()];
        let object = object
            .replace("api:'dyduUploadCallBack_0PW'", "\"api\":\"x\"")
            .replace("params:", "\"params\":");
        let object: Value = serde_json::from_str(&object).unwrap();
        let is_taken = object["params"]["status"] == "success";
        let extra = r#"{"hide":true,"doNotRegisterInteraction":true}"#;
        (is_taken, self.talk(&sentence, Some(extra)).await)
    }

    async fn talk(&mut self, input: &str, extra: Option<&str>) -> Seen {
        if self.speaks_by_socket().await {
            return self.talk_over_socket(input, extra).await;
        }
        let is_polled =
            self.mode == "polling" || (self.livechat == Livechat::Polls && self.is_live);
        let path = match &self.context {
            Some(context) => format!("chat/talk/{BOT}/{context}"),
            None => format!("chat/talk/{BOT}"),
        };
        let (name, value) = self.visitor.metadata;
        let variables = json!({ name: value }).to_string();
        let visitor = self.visitor.clone();
        let mode = b64(if is_polled { "polling" } else { self.mode });
        let mut form = vec![
            ("alreadyCame", "false"),
            ("browser", "Chrome 141.0.0.0"),
            ("clientId", &visitor.user_id),
            ("language", visitor.locale),
            ("os", "Linux undefined"),
            ("qualificationMode", "false"),
            ("space", "Defaut"),
            ("userInput", input),
            ("userUrl", "https://www.example.org/help"),
            ("solutionUsed", "ASSISTANT"),
            ("variables", &variables),
            ("mode", &mode),
        ];
        if input == "#welcome#" {
            form.push(("doNotRegisterInteraction", "true"));
        }
        if let Some(extra) = extra {
            form.push(("extraParameters", extra));
        }
        let answer = self.call(&path, &form).await;
        assert_eq!(answer["type"], "talkResponse");
        if is_polled {
            return Seen::default();
        }
        self.take(&answer["values"])
    }

    /// Opens the socket of a livechat, as the widget does, and talks by it from now on.
    pub async fn enter_livechat(&mut self) {
        let url = format!("{}/servlet//chatWs", self.base.replacen("http", "ws", 1));
        let headers = [
            ("sec-websocket-protocol", "dyduchat"),
            ("origin", PAGE),
            ("user-agent", self.visitor.user_id.as_str()),
        ];
        self.socket = Some(connect_with(&url, &headers).await);
        self.over_socket = true;
        let frame = json!({ "type": "checkContextAvailability", "parameters": encode(&json!({
            "contextId": self.context, "botId": BOT, "space": "Defaut",
            "clientId": self.visitor.user_id, "language": self.visitor.locale,
            "solutionUsed": "ASSISTANT", "saml2_info": null,
        }))});
        send_json(self.socket.as_mut().unwrap(), &frame).await;
    }

    /// Types without sending, as far as the server gets to know of it: the page asks for
    /// suggestions.
    pub async fn types(&self, text: &str) {
        let form = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("language", self.visitor.locale)
            .append_pair("search", text)
            .append_pair("space", "Defaut")
            .append_pair("onlyShowRewordables", "true")
            .finish();
        let request = self
            .http
            .post(format!("{}/servlet/api/chat/search/{BOT}", self.base))
            .header(
                "content-type",
                "application/x-www-form-urlencoded; charset=UTF-8",
            )
            .header("origin", PAGE)
            .header("user-agent", self.visitor.user_id.as_str())
            .body(form);
        let response = request.send().await.unwrap();
        assert!(response.status().is_success(), "{response:?}");
    }

    /// The socket breaks, or is closed after the end.
    pub fn lose_socket(&mut self) {
        self.socket = None;
        self.over_socket = false;
    }

    async fn talk_over_socket(&mut self, input: &str, extra: Option<&str>) -> Seen {
        if self.socket.is_none() {
            self.open_socket().await;
        }
        let extra: Value = extra.map_or(json!({}), |extra| serde_json::from_str(extra).unwrap());
        let extra: Map<String, Value> = extra
            .as_object()
            .unwrap()
            .iter()
            .map(|(key, value)| {
                let text = value
                    .as_str()
                    .map_or_else(|| value.to_string(), str::to_owned);
                (key.clone(), json!(text))
            })
            .collect();
        let (name, value) = self.visitor.metadata;
        let frame = json!({ "type": "talk", "parameters": encode(&json!({
            "contextId": self.context.clone().unwrap_or_default(), "botId": BOT,
            "space": "Defaut", "clientId": self.visitor.user_id,
            "language": self.visitor.locale, "solutionUsed": "ASSISTANT",
            "userUrl": "https://www.example.org/help", "browser": "Chrome", "os": "Linux",
            "saml2_info": null, "userInput": input, "alreadyCame": false,
            "contextType": "Web", "qualificationMode": false,
            "doNotRegisterInteraction": input == "#welcome#",
            // The chatbox says `true`, but the walks change the language by speaking another.
            "useServerCookieForContext": false, "disableLanguageDetection": false,
            "timestamp": 1_760_000_009_000_u64, "extraParameters": extra,
            "variables": { name: value },
        }))});
        send_json(self.socket.as_mut().unwrap(), &frame).await;
        let mut seen = Seen::default();
        let mut within = Duration::from_secs(15);
        while let Some(text) = next_text(self.socket.as_mut().unwrap(), within).await {
            seen.add(self.frame(&text));
            within = SILENCE;
        }
        seen
    }

    fn frame(&mut self, text: &str) -> Seen {
        let frame: Value = serde_json::from_str(text).expect("any other text breaks the widget");
        assert!(
            frame["values"].is_object(),
            "a frame without values breaks the widget: {text}"
        );
        if frame["type"] != "talkResponse" && frame["type"] != "notification" {
            return Seen::default();
        }
        self.take(&frame["values"])
    }

    fn take(&mut self, values: &Value) -> Seen {
        let values = decode(values);
        if let Some(context) = values["contextId"].as_str().filter(|id| !id.is_empty()) {
            self.context = Some(context.to_owned());
        }
        if let Some(time) = values["serverTime"].as_i64() {
            self.last_poll = self.last_poll.max(time);
        }
        let seen = see(&values);
        self.note_livechat(&values);
        self.received.push(values);
        seen
    }

    fn note_livechat(&mut self, values: &Value) {
        match values["specialAction"].as_str() {
            Some("StartPolling" | "StartWaitingQueue") => self.is_live = true,
            Some("EndPolling" | "LeaveWaitingQueue") => self.is_live = false,
            _ => {}
        }
    }

    /// The page function that a click on this label calls: its text and its options.
    fn reword(&self, label: &str) -> (String, String) {
        for values in self.received.iter().rev() {
            for anchor in anchors(values) {
                if visible(&format!("<a {anchor}</a>")) == label
                    && let Some(call) = reword_call(&anchor)
                {
                    return call;
                }
            }
        }
        panic!("no reword {label:?} in {:#?}", self.received);
    }
}

/// Every anchor of an answer, from `<a ` to `</a>`: of its text and of its templates.
fn anchors(values: &Value) -> Vec<String> {
    fn strings(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::String(text) => found.push(text.clone()),
            Value::Array(items) => items.iter().for_each(|item| strings(item, found)),
            Value::Object(map) => map.values().for_each(|item| strings(item, found)),
            _ => {}
        }
    }
    let mut texts = vec![values["text"].as_str().unwrap_or_default().to_owned()];
    if let Some(data) = values["templateData"].as_str() {
        strings(&serde_json::from_str(data).unwrap(), &mut texts);
    }
    texts
        .iter()
        .flat_map(|text| {
            text.split("<a ")
                .skip(1)
                .map(str::to_owned)
                .collect::<Vec<_>>()
        })
        .map(|rest| rest[..rest.find("</a>").unwrap_or(rest.len())].to_owned())
        .collect()
}

/// Reads `reword('text',{type:'x',key:'y'})` as a browser would, without running it.
fn reword_call(anchor: &str) -> Option<(String, String)> {
    let onclick = anchor.split("onclick=\"").nth(1)?;
    let onclick = onclick[..onclick.find('"')?]
        .replace("&quot;", "\"")
        .replace("&#39;", "'")
        .replace("&#x27;", "'")
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&amp;", "&");
    let (_, rest) = onclick.split_once("reword")?;
    let rest = &rest[rest.find("('")? + 2..];
    let (text, rest) = js_string(rest)?;
    let options = &rest[rest.find('{')? + 1..rest.rfind('}')?];
    let mut map = Map::new();
    let mut rest = options;
    while let Some(colon) = rest.find(":'") {
        let key = rest[..colon].trim_matches([',', ' ', '\'', '"']).to_owned();
        let (value, after) = js_string(&rest[colon + 2..])?;
        map.insert(key, json!(value));
        rest = after;
    }
    let external = text.starts_with("http");
    (!external).then(|| (text, Value::Object(map).to_string()))
}

/// A single-quoted JavaScript string after its opening quote, and what follows it.
fn js_string(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '\'' => return Some((value, &text[at + 1..])),
            '\\' => match chars.next()?.1 {
                'n' => value.push('\n'),
                'u' => {
                    let code: String = chars.by_ref().take(4).map(|(_, c)| c).collect();
                    value.push(char::from_u32(u32::from_str_radix(&code, 16).ok()?)?);
                }
                'x' => {
                    let code: String = chars.by_ref().take(2).map(|(_, c)| c).collect();
                    value.push(char::from_u32(u32::from_str_radix(&code, 16).ok()?)?);
                }
                other => value.push(other),
            },
            c => value.push(c),
        }
    }
    None
}

fn see(values: &Value) -> Seen {
    let mut seen = Seen::default();
    let text = values["text"].as_str().unwrap_or_default();
    if !visible(text).is_empty() {
        seen.texts.push(visible(text));
    }
    seen.images.extend(attributes(text, "img", "src"));
    seen.links.extend(attributes(text, "video", "src"));
    if let Some(data) = values["templateData"].as_str() {
        assert!(
            values["templateName"]
                .as_str()
                .is_some_and(|name| name != "dydu_upload_001")
        );
        let data: Value = serde_json::from_str(data).unwrap();
        let cards = match &data {
            Value::Array(cards) => cards.clone(),
            card => vec![card.clone()],
        };
        for card in cards {
            for (key, value) in card.as_object().unwrap() {
                let Some(value) = value.as_str() else {
                    continue;
                };
                if key.starts_with("imageLink") {
                    seen.images.push(value.to_owned());
                } else if !key.starts_with("button") {
                    seen.texts.push(visible(value));
                }
            }
        }
    }
    for anchor in anchors(values) {
        if reword_call(&anchor).is_some() {
            seen.choices.push(visible(&format!("<a {anchor}</a>")));
        } else {
            seen.links
                .extend(attributes(&format!("<a {anchor}>"), "a", "href"));
        }
    }
    seen.feedback = values["askFeedback"] == true;
    seen.ended = values["specialAction"] == "EndPolling";
    seen
}

impl Client for Dydu {
    async fn open(&mut self) -> Seen {
        self.talk("#welcome#", None).await
    }

    async fn say(&mut self, text: &str) -> Seen {
        let escaped = text
            .replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('>', "&gt;");
        self.talk(&escaped, None).await
    }

    async fn click(&mut self, label: &str) -> Seen {
        let (text, options) = self.reword(label);
        self.talk(&text, Some(&options)).await
    }

    async fn unasked(&mut self, within: Duration) -> Seen {
        let mut seen = Seen::default();
        let deadline = tokio::time::Instant::now() + within;
        self.speaks_by_socket().await;
        while let Some(left) = deadline.checked_duration_since(tokio::time::Instant::now()) {
            if let Some(socket) = &mut self.socket {
                let Some(text) = next_text(socket, left).await else {
                    break;
                };
                let more = self.frame(&text);
                seen.add(more);
                continue;
            }
            let last_poll = self.last_poll.to_string();
            let context = self.context.clone().unwrap();
            let answer = self
                .call(
                    &format!("chat/poll/last/{BOT}"),
                    &[
                        ("solutionUsed", "LIVECHAT"),
                        ("format", "JSon"),
                        ("space", "Defaut"),
                        ("contextUuid", &context),
                        ("language", self.visitor.locale),
                        ("lastPoll", &last_poll),
                    ],
                )
                .await;
            let values = decode(&answer["values"]);
            let is_item = values["text"].is_string() || values["code"].is_string();
            if let Some(at) = values["pollUpdatedInteractionDate"]
                .as_i64()
                .filter(|_| is_item)
            {
                assert!(at > self.last_poll, "the same item would come for ever");
                self.last_poll = at;
                seen.add(see(&values));
                self.note_livechat(&values);
                self.received.push(values);
                continue;
            }
            tokio::time::sleep(Duration::from_millis(300).min(left)).await;
        }
        seen
    }

    async fn rate(&mut self) -> Seen {
        let offered = self
            .received
            .iter()
            .rev()
            .take(3)
            .any(|values| values["askFeedback"] == true);
        if !offered {
            // The engine's request came as choices.
            let label = self
                .received
                .iter()
                .rev()
                .find_map(|values| see(values).choices.first().cloned())
                .expect("something to click");
            return self.click(&label).await;
        }
        let context = self.context.clone().unwrap();
        self.call(
            &format!("chat/feedback/{BOT}"),
            &[
                ("contextUUID", &context),
                ("feedBack", "positive"),
                ("solutionUsed", "ASSISTANT"),
            ],
        )
        .await;
        self.unasked(Duration::from_secs(8)).await
    }

    async fn leave(&mut self) -> Seen {
        let extra = r#"{"hide":true}"#;
        self.talk("#livechatleavequeue#", Some(extra)).await
    }

    async fn fill(&mut self, answers: &[(&str, &str)]) -> Seen {
        let Some((survey, configuration)) = self.survey().await else {
            return self.say(&super::typed_lines(answers)).await;
        };
        let mut fields = Vec::new();
        for (label, value) in answers {
            let questions = configuration["fields"].as_array().unwrap();
            // A hint of what is wanted may follow.
            let is_it = |one: &&Value| one["label"].as_str().unwrap().starts_with(label);
            let question = questions.iter().find(is_it);
            let question = question.unwrap_or_else(|| panic!("no {label:?} in {configuration:#}"));
            let options = question["children"].as_array().into_iter().flatten();
            let mut chosen = options.filter(|one| one["label"] == *value);
            // A choice is answered under the option's id.
            let id = &chosen.next().unwrap_or(question)["id"];
            let id = id.as_str().map_or_else(|| id.to_string(), str::to_owned);
            fields.push((id, (*value).to_owned()));
        }
        if self.speaks_by_socket().await {
            let fields: Map<_, _> = fields
                .into_iter()
                .map(|(id, text)| (id, json!(text)))
                .collect();
            let more = json!({ "surveyId": survey, "operator": null,
                "interactionSurveyAnswer": false, "fields": fields });
            self.send_frame("survey", more).await;
        } else {
            // Not encoded, as the widget sends it.
            let fields = fields
                .iter()
                .map(|(id, text)| format!("&field_{id}={text}"));
            let fields: String = fields.collect();
            let context = self.context.as_deref().unwrap();
            let body = format!("ctx={context}&uuid={survey}{fields}");
            self.post_body(&format!("chat/survey/{BOT}"), body).await;
        }
        Seen::default()
    }
}
