//! An OpenDialog webchat after `docs/protocols/opendialog.md`, first generation.

use std::time::Duration;

use serde_json::{Value, json};
use uuid::Uuid;

use super::{Client, Seen, Visitor, attributes, typed_lines, visible};

pub struct OpenDialog {
    base: String,
    http: reqwest::Client,
    pub visitor: Visitor,
    /// Every message received, in order.
    pub received: Vec<Value>,
    /// How many of the bot's rows after the user's last one have been seen.
    seen_rows: usize,
}

impl OpenDialog {
    pub fn new(base: &str, visitor: Visitor) -> Self {
        Self {
            base: base.to_owned(),
            http: reqwest::Client::new(),
            visitor,
            received: Vec::new(),
            seen_rows: 0,
        }
    }

    pub async fn post(&mut self, mut content: Value) -> Seen {
        let user = &self.visitor.user_id;
        let (name, value) = self.visitor.metadata;
        content["author"] = json!(user);
        content["user"] = json!({ "browserLanguage": self.visitor.locale, "os": "Linux",
            "custom": { "selected_scenario": "demo", name: value } });
        let response = self
            .http
            .post(format!("{}/incoming/webchat", self.base))
            .header("content-type", "application/json")
            .header("x-requested-with", "XMLHttpRequest")
            .body(
                json!({ "notification": "message", "user_id": user, "author": user,
                    "message_id": Uuid::new_v4(), "content": content })
                .to_string(),
            )
            .send()
            .await
            .unwrap();
        let status = response.status();
        let text = response.text().await.unwrap();
        assert!(status.is_success(), "{status} {text}");
        let messages = match serde_json::from_str(&text).unwrap() {
            Value::Array(messages) => {
                assert!(!messages.is_empty(), "an empty array hangs the widget");
                messages
            }
            message => vec![message],
        };
        let count = messages.len();
        self.seen_rows = 0;
        let mut seen = Seen::default();
        for (at, message) in messages.into_iter().enumerate() {
            if message == json!(false) {
                continue;
            }
            if count > 1 {
                let inner = at + 1 < count;
                assert_eq!(message["data"]["internal"], inner, "{message}");
            }
            seen.add(see(&message["type"], &message["data"]));
            self.received.push(message);
            self.seen_rows += 1;
        }
        seen
    }

    pub async fn history(&self, limit: usize) -> Vec<Value> {
        let url = format!(
            "{}/user/{}/history?limit={limit}&ignore=chat_open,trigger,cta,text_external",
            self.base, self.visitor.user_id
        );
        let text = self
            .http
            .get(url)
            .send()
            .await
            .unwrap()
            .text()
            .await
            .unwrap();
        serde_json::from_str(&text).unwrap()
    }

    fn button(&self, matches: impl Fn(&Value) -> bool) -> Value {
        for message in self.received.iter().rev() {
            if let Some(button) = find_button(&message["data"], &matches) {
                return button;
            }
        }
        panic!("no such button in {:#?}", self.received);
    }

    async fn press(&mut self, button: Value) -> Seen {
        self.post(
            json!({ "type": "button_response", "callback_id": button["callback_id"],
            "data": { "text": button["text"], "value": button["value"] } }),
        )
        .await
    }
}

fn find_button(data: &Value, matches: &impl Fn(&Value) -> bool) -> Option<Value> {
    let buttons = data["buttons"].as_array().into_iter().flatten();
    let mut own = buttons.filter(|button| button["callback_id"].is_string() && matches(button));
    own.next().cloned().or_else(|| {
        let items = data["items"].as_array().into_iter().flatten();
        items
            .into_iter()
            .find_map(|item| find_button(item, matches))
    })
}

fn see(kind: &Value, data: &Value) -> Seen {
    assert!(data.is_object(), "the widget writes into data");
    let mut seen = Seen::default();
    let kind = kind.as_str().unwrap();
    if let Some(text) = data["text"].as_str().filter(|text| !text.is_empty()) {
        seen.texts.push(if kind == "text" {
            visible(text)
        } else {
            text.to_owned()
        });
        if kind == "text" {
            seen.links.extend(attributes(text, "a", "href"));
        }
    }
    for key in ["title", "subtitle"] {
        if let Some(text) = data[key].as_str().filter(|text| !text.is_empty()) {
            seen.texts.push(text.to_owned());
        }
    }
    match kind {
        "text" | "button" | "longtext" | "date-picker" | "autocomplete" | "hand-to-system" => {}
        "image" => seen
            .images
            .push(data["img_src"].as_str().unwrap().to_owned()),
        "rich" | "fp-rich" => {
            if let Some(src) = data["image"]["src"].as_str() {
                seen.images.push(src.to_owned());
            }
            assert!(data["buttons"].is_array());
        }
        "list" => {
            for item in data["items"].as_array().unwrap() {
                seen.add(see(&item["message_type"], item));
            }
        }
        "form" | "fp-form" => {
            for element in data["elements"].as_array().unwrap() {
                seen.fields
                    .push(element["name"].as_str().unwrap().to_owned());
            }
        }
        "meta" | "cta" => {}
        other => panic!("the webchat shows nothing of {other}"),
    }
    for button in data["buttons"].as_array().into_iter().flatten() {
        assert_eq!(button["display"], true, "{button}");
        if let Some(link) = button["link"].as_str() {
            seen.links.push(link.to_owned());
        }
        seen.choices
            .push(button["text"].as_str().unwrap().to_owned());
    }
    seen.feedback |= find_button(data, &|button| button["callback_id"] == "helpful").is_some();
    seen
}

impl Client for OpenDialog {
    async fn open(&mut self) -> Seen {
        let content =
            json!({ "type": "chat_open", "callback_id": "WELCOME", "data": { "value": "/shop" } });
        self.post(content).await
    }

    async fn say(&mut self, text: &str) -> Seen {
        self.post(json!({ "type": "text", "data": { "text": text } }))
            .await
    }

    async fn click(&mut self, label: &str) -> Seen {
        let button = self.button(|button| button["text"] == label);
        self.press(button).await
    }

    async fn unasked(&mut self, within: Duration) -> Seen {
        // The webchat has neither push nor poll: what came unasked is in the history on the next
        // page load.
        let deadline = tokio::time::Instant::now() + within;
        loop {
            let rows = self.history(100).await;
            let by_bot = rows
                .iter()
                .take_while(|row| row["author"] == "them")
                .count();
            if by_bot > self.seen_rows || tokio::time::Instant::now() > deadline {
                let mut seen = Seen::default();
                let new = by_bot.saturating_sub(self.seen_rows);
                for row in rows
                    .into_iter()
                    .take(new)
                    .collect::<Vec<_>>()
                    .into_iter()
                    .rev()
                {
                    assert!(row["data"]["date"].is_string() && row["data"]["time"].is_string());
                    seen.add(see(&row["type"], &row["data"]));
                    self.received.push(row);
                    self.seen_rows += 1;
                }
                return seen;
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }

    async fn rate(&mut self) -> Seen {
        let button = self.button(|button| {
            let text = button["text"].as_str().unwrap_or_default();
            button["callback_id"] == "helpful" || text.contains('👍') || text.starts_with("Yes")
        });
        self.press(button).await
    }

    async fn fill(&mut self, answers: &[(&str, &str)]) -> Seen {
        let latest = self.received.last();
        let form = latest.filter(|message| message["data"]["elements"].is_array());
        let Some(form) = form.map(|message| message["data"].clone()) else {
            return self.say(&typed_lines(answers)).await;
        };
        let mut data = json!({ "text": typed_lines(answers) });
        for (label, value) in answers {
            let elements = form["elements"].as_array().unwrap();
            // A hint of what is wanted may follow.
            let is_it = |one: &&Value| one["display"].as_str().unwrap().starts_with(label);
            let element = elements.iter().find(is_it);
            let element = element.unwrap_or_else(|| panic!("no {label:?} in {form:#}"));
            data[element["name"].as_str().unwrap()] = json!(value);
        }
        self.post(
            json!({ "type": "form_response", "callback_id": form["callback_id"],
            "data": data }),
        )
        .await
    }
}
