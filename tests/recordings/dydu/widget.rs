//! What the chatbox needs to see in each answer, and what each frame does to it.

use serde_json::{Value, json};

use crate::Line;
use crate::clients::dydu::{BOT, decode};
use crate::clients::visible;
use crate::upstream::front::Got;

impl Line {
    /// The step of the scenario that it belongs to.
    pub fn step(&self) -> &str {
        self.note.split(" | ").nth(1).unwrap()
    }

    /// The words of a recorded talk request.
    pub fn input(&self) -> String {
        let body = self.body.as_deref().unwrap_or_default();
        url::form_urlencoded::parse(body.as_bytes())
            .find(|(name, _)| name == "userInput")
            .map(|(_, value)| value.into_owned())
            .unwrap_or_default()
    }
}

/// The endpoint of a path, without bot and context.
pub fn endpoint(path: &str) -> String {
    let api = path
        .trim_start_matches("/servlet")
        .trim_start_matches('/')
        .trim_start_matches("api/");
    let Some(chat) = api.strip_prefix("chat/") else {
        return api.to_owned();
    };
    let mut words = chat.split('/').take_while(|word| word.len() < 30);
    let first = words.next().unwrap();
    match words.next() {
        Some(second) if first != "poll" => format!("{first}/{second}"),
        _ => first.to_owned(),
    }
}

/// Words with a meaning of their own, which are not shown as the user's.
pub fn is_reserved(input: &str) -> bool {
    input.starts_with('#') && input.ends_with('#')
}

/// The words of a talk frame that are shown as the user's.
pub fn said_in_frame(text: &str) -> Option<String> {
    let frame: Value = serde_json::from_str(text).ok()?;
    if frame["type"] != "talk" {
        return None;
    }
    let input = decode(&frame["parameters"]["userInput"]);
    let input = input.as_str().unwrap().to_owned();
    (!is_reserved(&input)).then_some(input)
}

/// What a frame does to the chatbox: the first that matches.
pub fn effect(kind: &str, values: &Value) -> &'static str {
    let word = |name: &str| values[name].as_str().unwrap_or_default();
    let (code, kind_of_answer, action) =
        (word("code"), word("typeResponse"), word("specialAction"));
    let ends = [
        "NAAutoCloseDialog",
        "NAAutoCloseDialogBecauseUserLeft",
        "OPLiveChatEndByOperator",
    ];
    let is_notification = kind == "notification";
    if kind_of_answer == "DMLiveChatLeaveQueue" || action == "LeaveWaitingQueue" {
        return "queue left";
    }
    if values["isContextStillAvailable"] == true {
        return "context";
    }
    match kind {
        "historyResponse" => return "history",
        "notification" if code == "OperatorSendSurvey" && !word("survey").is_empty() => {
            return "survey";
        }
        "surveyConfigurationResponse" => return "form",
        "topKnowledgeResponse" => return "top",
        _ => {}
    }
    if ends.contains(&kind_of_answer) || action == "EndPolling" {
        return "end";
    }
    match code {
        "UploadRequest" => "upload",
        "OperatorWritingStatus" if is_notification => "writing",
        "OperatorConnected"
        | "OperatorDisconnected"
        | "OperatorBusy"
        | "DialogTransferredManually"
        | "DialogTransferredAutomatically"
            if is_notification =>
        {
            "line"
        }
        _ if kind_of_answer == "DMLiveChatConnectionSucceed" || action == "StartPolling" => "line",
        "DialogAddedOperatorPanel" => "panel",
        _ if word("text").is_empty() => "nothing",
        _ => "message",
    }
}

/// What a person sees of a text: the chatbox decodes entities once before the browser does.
pub fn shown(values: &Value) -> String {
    let text = values["text"].as_str().unwrap_or_default();
    visible(&crate::clients::unescape(text))
}

/// The decoded values of a recorded answer.
pub fn recorded_values(line: &Line) -> Value {
    let body = line.body.as_deref().unwrap_or_default();
    let answer: Value = serde_json::from_str(body).unwrap_or_default();
    decode(&answer["values"])
}

/// Whether an answer makes the chatbox do what the recorded one did.
pub fn same_effects(label: &str, ours: &Value, recorded: &Value) {
    if recorded.is_null() {
        return;
    }
    for name in ["specialAction", "templateName"] {
        assert_eq!(
            ours.get(name),
            recorded.get(name),
            "{label}: {name} in {ours:#}"
        );
    }
    let asks = |values: &Value| values["askFeedback"] == true;
    assert_eq!(
        asks(ours),
        asks(recorded),
        "{label}: vote buttons: {ours:#}"
    );
    for name in ["survey", "guiAction"] {
        assert_eq!(
            ours.get(name).is_some(),
            recorded.get(name).is_some(),
            "{label}: {name} in {ours:#}"
        );
    }
}

/// An answer to talk.
pub fn talked(label: &str, line: &Line, kind: &Value, values: &Value) {
    assert_eq!(kind, "talkResponse", "{label}");
    let input = line.input();
    if input == "#reset#" {
        // The chatbox ignores the answer and forgets its context.
        return;
    }
    assert!(values["contextId"].is_string(), "{label}: {values}");
    assert_eq!(values["botId"], BOT, "{label}: copied into every frame");
    let now = values["serverTime"].as_u64();
    let now = now.unwrap_or_else(|| panic!("{label}: without a time nothing is polled: {values}"));
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
    assert!(values["text"].is_string(), "{label}: {values}");
    assert_ne!(values["sidebar"], true, "{label}: throws in the chatbox");
    assert_ne!(
        values["templateName"], "dydu_upload_001",
        "{label}: shown as JSON"
    );
    if let Some(data) = values.get("templateData") {
        let data: Result<Value, _> = serde_json::from_str(data.as_str().unwrap());
        assert!(data.is_ok(), "{label}: the template is not shown: {values}");
    }
    if values["askFeedback"] == true {
        assert_ne!(values.get("feedbackWording"), Some(&Value::Null), "{label}");
    }
    if !values["survey"].is_null() {
        assert_eq!(values["human"], false, "{label}: the survey does not open");
    }
    if input == "#welcome#" {
        assert!(!shown(values).is_empty(), "{label}: no greeting");
    }
}

/// A history.
pub fn remembered(label: &str, values: &Value) {
    let interactions = values["interactions"]
        .as_array()
        .unwrap_or_else(|| panic!("{label}: a list, perhaps an empty one: {values}"));
    let mut last = 0;
    for interaction in interactions {
        for name in ["user", "text", "type"] {
            assert!(
                interaction[name].is_string() || name == "type",
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

/// The recorder wrote only the size of one upload; a body of that size is as good.
pub fn with_recorded_size(line: &Line) -> Line {
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

/// The chatbox takes everything from the first brace of the page to the last. Gives the file's
/// name.
pub fn uploaded(label: &str, line: &Line, got: &Got) -> String {
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
    let names = params["filesUploaded"].as_array().unwrap();
    assert_eq!(names.len(), 1, "{label}: {params}");
    names[0].as_str().unwrap().to_owned()
}

pub fn top(label: &str, values: &Value) {
    for question in top_questions(values) {
        assert!(!question.is_empty(), "{label}");
    }
}

/// The questions of a top knowledge answer.
pub fn top_questions(values: &Value) -> Vec<String> {
    let articles = values["knowledgeArticles"].as_str().unwrap_or("[]");
    let articles: Value = serde_json::from_str(articles).unwrap();
    let articles = articles.as_array().expect("a list").iter();
    articles
        .map(|article| article["reword"].as_str().expect("a question").to_owned())
        .collect()
}

/// Still text after decoding, or nothing: a bare list gives no rules, silently.
pub fn rules(label: &str, answer: &Value) {
    let text = match answer {
        Value::Object(map) if map.is_empty() => return,
        Value::String(text) => text.clone(),
        other => decode(&other["values"]).as_str().expect("text").to_owned(),
    };
    let rules: Value = serde_json::from_str(&text).unwrap();
    assert!(rules.is_array(), "{label}: {rules}");
}

pub fn suggestions(label: &str, answer: &Value) {
    let list = match answer {
        Value::Array(list) => Value::Array(list.clone()),
        other => decode(&other["values"]),
    };
    for suggestion in list.as_array().expect("a list") {
        assert!(
            suggestion["rootConditionReword"].is_string(),
            "{label}: {suggestion}"
        );
    }
}

pub fn languages(label: &str, answer: &Value) {
    let languages = answer.as_array().expect("a bare list");
    assert!(!languages.is_empty(), "{label}");
    for language in languages {
        assert!(
            language["id"].is_string() && language["isAvailable"].is_boolean(),
            "{label}"
        );
    }
}

/// Whether a poll brings something.
pub fn is_item(values: &Value) -> bool {
    let is_message = values["text"].is_string() && values["fromDetail"].is_string();
    is_message || values["code"].is_string() || values["typeResponse"] == "NAAutoCloseDialog"
}

/// One item, or nothing new.
pub fn polled(label: &str, values: &Value) {
    assert!(values.is_object(), "{label}: {values}");
    if is_item(values) {
        let cursor = &values["pollUpdatedInteractionDate"];
        assert!(cursor.is_u64(), "{label}: it would come for ever: {values}");
    }
    let is_end = effect("", values) == "end";
    assert!(
        !(is_end && values["fromDetail"].is_string()),
        "{label}: the timer would go on polling: {values}"
    );
}

pub fn survey(label: &str, values: &Value) {
    assert!(
        values["surveyId"].is_string(),
        "{label}: the open button would be missing: {values}"
    );
    let fields = values["fields"].as_array().expect("questions");
    for field in fields {
        let is_number = field["id"].is_number()
            || field["id"]
                .as_str()
                .is_some_and(|id| id.parse::<u64>().is_ok());
        assert!(is_number, "{label}: ids are compared as numbers: {field}");
        let known = ["TITLE", "TEXT", "LONG_TEXT", "SELECT", "MULTIPLE_CHOICE"];
        assert!(
            known.iter().any(|kind| field["type"] == *kind),
            "{label}: breaks the form: {field}"
        );
    }
    assert_ne!(json!(fields.len()), json!(0), "{label}: nothing is asked");
}
