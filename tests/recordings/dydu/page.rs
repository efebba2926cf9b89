//! A page with the chatbox on it: plays the recorded lines of one scenario, step by step.
//!
//! Requests and frames are sent as they were recorded, in the recorded order. Each recorded frame
//! of the server is waited for: ours must have the same effect on the chatbox
//! (`docs/protocols/dydu.md#74-how-the-widget-classifies-a-frame-first-match-wins-chatbox`).

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use futures_util::SinkExt;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use super::widget;
use crate::clients::dydu::{BOT, b64, decode};
use crate::clients::{Socket, connect_with, next_text};
use crate::upstream::front::Got;
use crate::{Line, recording};

/// The ids in the recording.
pub const RECORDED_BOT: &str = "f1871fe8-cdea-4695-9ea6-529a4e9460dc";
pub const RECORDED_CONTEXT: &str = "11111111-2222-3333-4444-555555555555";

/// The chatbox's timeout for everything but talk; a slower answer makes it fail over.
const TIMEOUT: Duration = Duration::from_secs(3);

/// How long a frame may take that the chatbox waits for.
const FRAME_TIMEOUT: Duration = Duration::from_secs(20);

/// The program that shows the page. The recorder left it out.
const BROWSER: &str = "Mozilla/5.0 (X11; Linux x86_64) Chrome/156.0.0.0";

/// A page.
pub struct Page {
    /// The servers in the chatbox's list, and which of them it uses.
    servers: Vec<String>,
    server: usize,
    http: reqwest::Client,
    /// Where the page comes from.
    origin: String,
    /// What is left of the scenario.
    lines: VecDeque<Line>,
    /// The websocket is refused, so the chatbox polls.
    pub polls: bool,
    /// The engine answers with what the recorded answers stand for.
    pub is_like_recorded: bool,
    /// The context that the last answer brought.
    pub context: String,
    /// What stands in the place of recorded values.
    instead: Vec<(String, String)>,
    /// What the user said in this context and should be shown as theirs in its history.
    said: Vec<String>,
    last_poll: i64,
    has_polled: bool,
    livechat: bool,
    socket: Option<Socket>,
    /// Frames that nobody has asked for yet.
    inbox: Vec<Frame>,
    /// Requests that failed.
    pub failures: usize,
    /// How many requests and frames were sent, and how many are in the recording.
    pub sent: usize,
    recorded: usize,
}

/// A frame as the chatbox reads it.
#[derive(Debug, Clone)]
pub struct Frame {
    pub kind: String,
    pub values: Value,
}

/// An answer to a request.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The endpoint, such as `talk` or `survey/configuration`.
    pub endpoint: String,
    /// Its decoded values, or the whole where there are none.
    pub values: Value,
    /// The values of the recorded answer.
    pub recorded: Value,
}

/// What came of a step.
#[derive(Debug, Default)]
pub struct Played {
    pub answers: Vec<Answer>,
    /// The recorded frames' counterparts, in the recorded order.
    pub frames: Vec<Frame>,
}

impl Played {
    /// The latest answer of an endpoint.
    #[track_caller]
    pub fn of(&self, endpoint: &str) -> &Value {
        let mut answers = self.answers.iter().rev();
        let found = answers.find(|answer| answer.endpoint == endpoint);
        &found
            .unwrap_or_else(|| panic!("no {endpoint} in {self:#?}"))
            .values
    }

    #[track_caller]
    pub fn talk(&self) -> &Value {
        self.of("talk")
    }

    /// The values of the latest frame with this effect.
    #[track_caller]
    pub fn frame(&self, effect: &str) -> &Value {
        let mut frames = self.frames.iter().rev();
        let found = frames.find(|frame| frame.effect() == effect);
        &found
            .unwrap_or_else(|| panic!("no {effect} in {self:#?}"))
            .values
    }
}

impl Frame {
    /// Reads a frame as the chatbox does: everything else makes it disappear.
    fn of(text: &str) -> Self {
        let frame: Value = serde_json::from_str(text).expect("any other text breaks the widget");
        assert!(
            frame["values"].is_object(),
            "a frame without values breaks the widget: {text}"
        );
        Self {
            kind: frame["type"].as_str().unwrap().to_owned(),
            values: decode(&frame["values"]),
        }
    }

    pub fn effect(&self) -> &'static str {
        widget::effect(&self.kind, &self.values)
    }
}

impl Page {
    /// A page that plays the scenario of this letter at these servers.
    pub fn new(scenario: &str, servers: &[String]) -> Self {
        let start = format!("{scenario}: ");
        let lines: VecDeque<Line> = recording("dydu-chatbox.jsonl")
            .into_iter()
            .filter(|line| line.note.starts_with(&start))
            .collect();
        assert!(!lines.is_empty(), "no scenario {scenario}");
        let is_sent = |line: &&Line| {
            line.is_from_client() && (line.transport == "http" || line.frame.is_some())
        };
        let recorded = lines.iter().filter(is_sent).count();
        Self {
            servers: servers.to_vec(),
            server: 0,
            http: reqwest::Client::builder()
                .user_agent(BROWSER)
                .build()
                .unwrap(),
            origin: lines[0].headers["origin"].clone(),
            lines,
            polls: false,
            is_like_recorded: true,
            context: RECORDED_CONTEXT.to_owned(),
            instead: Vec::new(),
            said: Vec::new(),
            last_poll: 0,
            has_polled: false,
            livechat: false,
            socket: None,
            inbox: Vec::new(),
            failures: 0,
            sent: 0,
            recorded,
        }
    }

    /// Has this stand in the place of a recorded value, in plain text and in base64.
    pub fn instead(&mut self, recorded: &str, ours: &str) {
        for (recorded, ours) in [
            (recorded.to_owned(), ours.to_owned()),
            (b64(recorded), b64(ours)),
        ] {
            self.instead.retain(|(known, _)| *known != recorded);
            self.instead.push((recorded, ours));
        }
    }

    /// Plays the next step, which must have this name.
    pub async fn step(&mut self, name: &str) -> Played {
        assert_eq!(
            self.lines.front().map(Line::step),
            Some(name),
            "the next step"
        );
        let mut played = Played::default();
        while let Some(line) = self.lines.pop_front_if(|line| line.step() == name) {
            match (line.transport.as_str(), line.is_from_client()) {
                ("http", true) => {
                    let answer = self.request(&line).await;
                    played.answers.extend(answer);
                }
                // The answer was checked with its request.
                ("http", false) => {}
                (_, true) => self.signal(&line).await,
                (_, false) => {
                    if let Some(text) = &line.frame {
                        played.frames.extend(self.counterpart(&line, text).await);
                    }
                }
            }
        }
        played
    }

    /// Plays the first requests of a step.
    pub async fn first_of(&mut self, name: &str, requests: usize) -> Played {
        let mut played = Played::default();
        for _ in 0..requests {
            let line = self.lines.pop_front().unwrap();
            assert_eq!(line.step(), name);
            played.answers.extend(self.request(&line).await);
            // Its recorded answer.
            self.lines.pop_front_if(|line| !line.is_from_client());
        }
        played
    }

    /// Copies of these words are to be remembered as one.
    pub fn once(&mut self, text: &str) {
        let mut is_known = false;
        self.said
            .retain(|said| said != text || !std::mem::replace(&mut is_known, true));
        if !is_known {
            self.said.push(text.to_owned());
        }
    }

    /// The scenario must be over.
    pub fn end(&self) {
        let left: Vec<&str> = self.lines.iter().map(Line::step).collect();
        assert!(left.is_empty(), "not played: {left:?}");
        assert_eq!(self.sent, self.recorded, "requests and frames");
    }

    /// Says something in the same conversation in another window, so that an operator hears it.
    pub async fn elsewhere(&mut self, text: &str) {
        let form = [
            ("language", "fr"),
            ("space", "Defaut"),
            ("userInput", text),
            ("solutionUsed", "ASSISTANT"),
            ("mode", &b64("websocket")),
        ];
        let server = &self.servers[self.server];
        let url = format!("{server}/api/chat/talk/{BOT}/{}", self.context);
        let body = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(form)
            .finish();
        let form = "application/x-www-form-urlencoded";
        let request = self.http.post(url).header("content-type", form).body(body);
        let got = crate::upstream::front::send(request).await;
        assert_eq!(got.status, 200, "{got:?}");
        self.said.push(text.to_owned());
    }

    /// Sends a request that is not in the recording, but that the chatbox would send.
    pub async fn post(&mut self, path: &str, body: &str) -> Value {
        let url = format!("{}{path}", self.servers[self.server]);
        let form = "application/x-www-form-urlencoded; charset=UTF-8";
        let request = self.http.post(url).header("content-type", form);
        let got = crate::upstream::front::send(request.body(body.to_owned())).await;
        assert_eq!(got.status, 200, "{got:?}");
        decode(&got.json()["values"])
    }

    /// Hidden words, such as the widget says after an upload.
    pub async fn say_hidden(&mut self, text: &str) -> Value {
        let path = format!("/api/chat/talk/{BOT}/{}", self.context);
        let extra = json!({ "hide": true, "doNotRegisterInteraction": true }).to_string();
        let body = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs([
                ("doNotRegisterInteraction", "true"),
                ("language", "fr"),
                ("space", "Defaut"),
                ("userInput", text),
                ("solutionUsed", "ASSISTANT"),
                ("extraParameters", &extra),
                ("mode", &b64("Synchron")),
            ])
            .finish();
        self.post(&path, &body).await
    }

    fn map(&self, text: &str) -> String {
        let text = text
            .replace(RECORDED_BOT, BOT)
            .replace(RECORDED_CONTEXT, &self.context)
            .replace(&b64(RECORDED_BOT), &b64(BOT))
            .replace(&b64(RECORDED_CONTEXT), &b64(&self.context));
        let text = self
            .instead
            .iter()
            .fold(text, |text, (recorded, ours)| text.replace(recorded, ours));
        // What the chatbox got last, it polls from.
        let Some((before, after)) = text.split_once("lastPoll=") else {
            return text;
        };
        let rest = after.trim_start_matches(|c: char| c.is_ascii_digit());
        format!("{before}lastPoll={}{rest}", self.last_poll)
    }

    async fn request(&mut self, line: &Line) -> Option<Answer> {
        let line = &widget::with_recorded_size(line);
        let label = format!("{} {} ({})", line.seq, line.path, line.note);
        let begun = Instant::now();
        let got = line
            .send(&self.servers[self.server], &self.http, |text| {
                self.map(text)
            })
            .await;
        self.sent += 1;
        let endpoint = widget::endpoint(&line.path);
        if endpoint != "talk" {
            assert!(
                begun.elapsed() < TIMEOUT,
                "{label}: took {:?}",
                begun.elapsed()
            );
        }
        if !(200..300).contains(&got.status) || !got.has_cors() {
            // A failure: the chatbox goes to its next server.
            self.failures += 1;
            self.server = (self.server + 1) % self.servers.len();
            return None;
        }
        if endpoint == "fileupload" {
            let name = widget::uploaded(&label, line, &got);
            self.said.push(name);
            return None;
        }
        (!got.body.is_empty()).then(|| self.answered(&label, line, endpoint, &got))
    }

    fn answered(&mut self, label: &str, line: &Line, endpoint: String, got: &Got) -> Answer {
        let answer = got.json();
        let before = self.context.clone();
        // The hooks that the chatbox applies to every answer with values.
        let values = decode(&answer["values"]);
        if let Some(id) = values["contextId"].as_str().filter(|id| !id.is_empty()) {
            if self.context != id {
                self.said.clear();
            }
            self.context = id.to_owned();
        }
        if let Some(language) = values["language"].as_str().filter(|text| !text.is_empty()) {
            assert!(
                matches!(language, "fr" | "en"),
                "{label}: a language without translations"
            );
        }
        match endpoint.as_str() {
            "talk" => {
                widget::talked(label, line, &answer["type"], &values);
                if line.path.contains(RECORDED_CONTEXT) && line.input() != "#reset#" {
                    assert_eq!(self.context, before, "{label}: the dialog was lost");
                }
                self.talked(label, line, &values);
            }
            "history" => {
                self.remembered(label, &values);
                if self.polls && self.livechat {
                    self.resume(&values);
                }
            }
            "topknowledge" => widget::top(label, &values),
            "availablecontext" => assert_eq!(
                values["isContextStillAvailable"], true,
                "{label}: the dialog would start over"
            ),
            "status" => assert!(
                values["waitingQueueStatusResponse"].is_boolean(),
                "{label}: {got:?}"
            ),
            "pushrules" => widget::rules(label, &answer),
            "search" => widget::suggestions(label, &answer),
            "poll" => {
                widget::polled(label, &values);
                self.polled(&values);
            }
            "survey/configuration" => widget::survey(label, &values),
            "account/dydubox/bots/language" => widget::languages(label, &answer),
            _ => assert!(answer.is_object(), "{label}: {answer}"),
        }
        let values = if values.is_null() { answer } else { values };
        let recorded = self.lines.front().map(widget::recorded_values);
        Answer {
            endpoint,
            values,
            recorded: recorded.unwrap_or_default(),
        }
    }

    fn talked(&mut self, label: &str, line: &Line, values: &Value) {
        let input = line.input();
        if !widget::is_reserved(&input) {
            self.said.push(input);
        }
        self.polled(values);
        let is_livechat = line.body.as_deref().unwrap().contains("mode=cG9sbGluZw");
        if let Some(recorded) = self.lines.front().filter(|_| !is_livechat) {
            // What the chatbox does with an answer, apart from showing it.
            let recorded = widget::recorded_values(recorded);
            if self.is_like_recorded && !widget::is_reserved(&line.input()) {
                widget::same_effects(label, values, &recorded);
            }
        }
        self.livechat = values["specialAction"] == "StartPolling"
            || (self.livechat && values["specialAction"] != "EndPolling");
    }

    /// Where the next poll goes on from: what the latest poll says, else the time of the answer.
    fn polled(&mut self, values: &Value) {
        if let Some(at) = values["pollUpdatedInteractionDate"].as_i64() {
            (self.last_poll, self.has_polled) = (at, true);
        } else if let Some(at) = values["serverTime"].as_i64().filter(|_| !self.has_polled) {
            self.last_poll = at;
        }
    }

    fn remembered(&mut self, label: &str, values: &Value) {
        widget::remembered(label, values);
        let interactions = values["interactions"].as_array().unwrap();
        let shown: Vec<&str> = interactions
            .iter()
            .filter(|interaction| interaction["hideRequest"] != true)
            .map(|interaction| interaction["user"].as_str().unwrap())
            .collect();
        assert_eq!(shown, self.said, "{label}: what the user said");
    }

    /// A livechat that polls goes on from the last interaction after a reload.
    fn resume(&mut self, values: &Value) {
        let last = values["interactions"].as_array().unwrap().last();
        let last = last.expect("somebody asked for the operator");
        let at = last["pollUpdatedInteractionDate"].as_i64();
        self.last_poll = at.or(last["timestamp"].as_i64()).expect("a time");
    }

    /// Opens or closes the socket, or sends a frame.
    async fn signal(&mut self, line: &Line) {
        let label = format!("{} ({})", line.seq, line.note);
        match &line.frame {
            // Something between the chatbox and the server refuses it.
            None if line.method.is_some() && self.polls => {}
            None if line.method.is_some() => {
                let server = self.servers[self.server].replacen("http", "ws", 1);
                let headers = [("origin", self.origin.as_str()), ("user-agent", BROWSER)];
                let url = format!("{server}{}", line.path);
                self.socket = Some(connect_with(&url, &headers).await);
            }
            None => self.hang_up(&label).await,
            Some(text) => {
                let text = self.map(text);
                if let Some(input) = widget::said_in_frame(&text) {
                    self.said.push(input);
                }
                let socket = self.socket.as_mut().expect("an open socket");
                let sent = socket.send(Message::text(text)).await;
                sent.unwrap_or_else(|error| panic!("{label}: {error}"));
                self.sent += 1;
            }
        }
    }

    /// Leaves without a closing handshake, after having seen all that was sent.
    async fn hang_up(&mut self, label: &str) {
        let Some(socket) = &mut self.socket else {
            panic!("{label}: no open socket");
        };
        socket.send(Message::text("ping")).await.unwrap();
        while let Some(text) = next_text(socket, FRAME_TIMEOUT).await {
            if text == "pong" {
                break;
            }
            self.inbox.push(Frame::of(&text));
        }
        self.socket = None;
        let shown = std::mem::take(&mut self.inbox);
        let unexpected: Vec<&Frame> = shown
            .iter()
            .filter(|frame| !["writing", "nothing"].contains(&frame.effect()))
            .collect();
        assert!(
            unexpected.is_empty(),
            "{label}: nobody waits for {unexpected:#?}"
        );
    }

    /// Waits for what stands in the place of a recorded frame.
    async fn counterpart(&mut self, line: &Line, text: &str) -> Option<Frame> {
        let label = format!("{} ({})", line.seq, line.note);
        if text == "pong" {
            let socket = self.socket.as_mut().expect("an open socket");
            let pong = next_text(socket, FRAME_TIMEOUT).await;
            assert_eq!(pong.as_deref(), Some("pong"), "{label}");
            return None;
        }
        let recorded = Frame::of(text);
        let frame = self.frame(&label, recorded.effect()).await;
        match frame.effect() {
            "context" => assert_eq!(frame.values["isContextStillAvailable"], true, "{label}"),
            "top" => widget::top(&label, &frame.values),
            "history" => self.remembered(&label, &frame.values),
            "form" => widget::survey(&label, &frame.values),
            _ => {}
        }
        Some(frame)
    }

    /// Waits for a frame with this effect.
    pub async fn frame(&mut self, label: &str, effect: &str) -> Frame {
        loop {
            let at = self.inbox.iter().position(|frame| frame.effect() == effect);
            if let Some(at) = at {
                return self.inbox.remove(at);
            }
            let socket = self.socket.as_mut().expect("an open socket");
            let text = next_text(socket, FRAME_TIMEOUT).await;
            let text = text.unwrap_or_else(|| panic!("{label}: no {effect} in {:#?}", self.inbox));
            self.inbox.push(Frame::of(&text));
        }
    }

    /// Polls until something comes.
    pub async fn poll(&mut self, label: &str) -> Value {
        let begun = Instant::now();
        while begun.elapsed() < FRAME_TIMEOUT {
            let body = format!(
                "solutionUsed=LIVECHAT&format=JSon&space=Defaut&contextUuid={}&language=fr\
                 &lastPoll={}",
                self.context, self.last_poll
            );
            let values = self
                .post(&format!("/api/chat/poll/last/{BOT}"), &body)
                .await;
            widget::polled(label, &values);
            self.polled(&values);
            if widget::is_item(&values) {
                return values;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("{label}: nothing to poll");
    }

    /// Plays a step in which the bot announces a survey; gives the answer and the questions. The
    /// questions are asked for by the id that our answer announces.
    pub async fn ask_survey(&mut self, name: &str) -> (Value, Value) {
        let mut played = Played::default();
        while let Some(line) = self.lines.pop_front_if(|line| line.step() == name) {
            if line.is_from_client() {
                played.answers.extend(self.request(&line).await);
                let last = played.answers.last().unwrap();
                if let Some(survey) = last.values["survey"].as_str().map(str::to_owned) {
                    self.instead("survey-1", &survey);
                }
            }
        }
        let configuration = played.of("survey/configuration").clone();
        assert_eq!(configuration["surveyId"], played.talk()["survey"]);
        (played.talk().clone(), configuration)
    }

    /// The same where an operator announces it.
    pub async fn be_sent_survey(&mut self, name: &str) -> (Value, Value) {
        let line = self.lines.front().unwrap();
        assert_eq!(line.step(), name);
        // The recorded announcement is the first line.
        let announced = self.frame(name, "survey").await;
        self.inbox.insert(0, announced.clone());
        let survey = announced.values["survey"].as_str().unwrap().to_owned();
        self.instead("survey-1", &survey);
        let played = self.step(name).await;
        let configuration = played.frame("form").clone();
        assert_eq!(configuration["surveyId"], survey.as_str());
        (announced.values, configuration)
    }

    /// Has the recorded answers of a survey stand for the same answers to ours.
    pub fn answer_with(&mut self, configuration: &Value) {
        let fields = configuration["fields"].as_array().unwrap();
        let option = &fields[1]["children"][0];
        for (recorded, ours) in [("101", &fields[0]["id"]), ("103", &option["id"])] {
            for (before, after) in [("field_", "="), ("\"", "\":")] {
                self.instead(
                    &format!("{before}{recorded}{after}"),
                    &format!("{before}{ours}{after}"),
                );
            }
        }
    }

    /// Plays a step and gives the items that its polls brought.
    pub async fn polled_in(&mut self, name: &str) -> Vec<Value> {
        let played = self.step(name).await;
        let answers = played.answers.into_iter();
        answers
            .filter(|answer| answer.endpoint == "poll" && widget::is_item(&answer.values))
            .map(|answer| answer.values)
            .collect()
    }

    /// Waits until these words stand in the history as the user's, with an answer to them.
    pub async fn is_remembered(&mut self, text: &str) {
        let path = format!("/api/chat/history/{BOT}");
        let body = format!("contextUuid={}&solutionUsed=ASSISTANT", self.context);
        let begun = Instant::now();
        while begun.elapsed() < FRAME_TIMEOUT {
            let values = self.post(&path, &body).await;
            let interactions = values["interactions"].as_array().unwrap();
            let said = interactions.iter().find(|one| one["user"] == text);
            if said.is_some_and(|said| said["text"] != "") {
                self.said.push(text.to_owned());
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("{text:?} was not heard");
    }

    /// What the history shows now.
    pub async fn history(&mut self, label: &str) -> Vec<Value> {
        let body = format!("contextUuid={}&solutionUsed=ASSISTANT", self.context);
        let values = self.post(&format!("/api/chat/history/{BOT}"), &body).await;
        self.remembered(label, &values);
        values["interactions"].as_array().unwrap().clone()
    }
}
