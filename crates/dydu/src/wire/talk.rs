//! What the user says: `docs/protocols/dydu.md#33-endpoint-details`, 3.3.3 and 3.3.4.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{Params, b64, params::plain_text};

/// How many parameters are known by name.
const FIELDS: usize = 14;

/// How the client wants to get the answer.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Mode {
    /// With the response.
    #[default]
    Synchron,
    /// By polling; a livechat is on.
    Polling,
    /// By the websocket; a livechat is on.
    WebSocket,
    /// A word that is not documented.
    Unknown(String),
}

impl Mode {
    fn of(word: &str) -> Self {
        match word.to_ascii_lowercase().as_str() {
            "" | "synchron" => Self::Synchron,
            "polling" => Self::Polling,
            "websocket" => Self::WebSocket,
            _ => Self::Unknown(word.to_owned()),
        }
    }

    /// The word on the wire.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Synchron => "Synchron",
            Self::Polling => "polling",
            Self::WebSocket => "websocket",
            Self::Unknown(word) => word,
        }
    }
}

/// A talk request. The bot id and, on REST, the context id are not part of it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TalkRequest {
    /// The user has been here before.
    pub already_came: Option<bool>,
    /// Browser name and version.
    pub browser: Option<String>,
    /// The user; absent: anonymous.
    pub client_id: Option<String>,
    /// Keep the exchange out of history.
    pub do_not_register: Option<bool>,
    /// ISO code of the interface language.
    pub language: Option<String>,
    /// Operating system.
    pub os: Option<String>,
    /// A test.
    pub qualification: Option<bool>,
    /// Consultation space.
    pub space: Option<String>,
    /// The words, or a reserved value.
    pub user_input: String,
    /// The page that holds the widget.
    pub user_url: Option<String>,
    /// `ASSISTANT` or `LIVECHAT`.
    pub solution_used: Option<String>,
    /// Where the question comes from (`type`, `hide`, ...); absent for typed words.
    pub extra: Option<Map<String, Value>>,
    /// Context variables.
    pub variables: Option<BTreeMap<String, String>>,
    /// How the answer is wanted.
    pub mode: Option<Mode>,
    /// Everything else by name.
    pub rest: Vec<(String, String)>,
}

impl TalkRequest {
    /// Reads a request.
    pub fn of(params: &Params<'_>) -> Self {
        let mut request = Self::default();
        let text = |value: &str| Some(value.to_owned()).filter(|value| !value.is_empty());
        for (name, value) in params.iter() {
            match name {
                "userInput" => value.clone_into(&mut request.user_input),
                "alreadyCame" => request.already_came = params.flag(name),
                "browser" => request.browser = text(value),
                "clientId" => request.client_id = text(value),
                "doNotRegisterInteraction" | "DoNotRegisterInteraction" => {
                    request.do_not_register = params.flag(name);
                }
                "language" => request.language = text(value),
                "os" => request.os = text(value),
                "qualificationMode" => request.qualification = params.flag(name),
                "space" => request.space = text(value),
                "userUrl" => request.user_url = text(value),
                "solutionUsed" => request.solution_used = text(value),
                "extraParameters" => {
                    let extra = params.object(name);
                    // A frame with typed words has an empty object, a REST request has none.
                    let is_typed = params.are_of_frame() && extra.is_empty();
                    request.extra = (!is_typed).then_some(extra);
                }
                "variables" => request.variables = Some(params.texts(name)),
                "mode" => request.mode = params.coded(name).map(|word| Mode::of(&word)),
                "contextId" | "contextUUID" | "contextUuid" | "ctx" | "context" | "botId"
                | "botUUID" => {}
                _ => request.rest.push((name.to_owned(), value.to_owned())),
            }
        }
        request
    }

    /// The kind of click that the words come from, empty for typed words.
    pub fn origin(&self) -> &str {
        self.extra_text("type").unwrap_or_default()
    }

    /// A text among the extra parameters.
    pub fn extra_text(&self, name: &str) -> Option<&str> {
        self.extra.as_ref()?.get(name)?.as_str()
    }

    /// Whether an extra parameter is true; frames carry booleans as text.
    pub fn extra_flag(&self, name: &str) -> bool {
        self.extra
            .as_ref()
            .and_then(|extra| extra.get(name))
            .is_some_and(|value| *value == Value::Bool(true) || value.as_str() == Some("true"))
    }

    /// The form body of a REST request, in the widget's order.
    pub fn to_params(&self) -> Params<'_> {
        // None of these can fail: all keys are strings.
        let json = |text: Result<String, _>| text.unwrap_or_default();
        let mut params = Params::with_capacity(FIELDS + self.rest.len());
        self.each(|name, field| match field {
            Field::Text(text) => params.push(name, text),
            Field::Coded(text) => params.push(name, b64::encode(text)),
            Field::Flag(flag) => params.push(name, if flag { "true" } else { "false" }),
            Field::Object(object) => params.push(name, json(serde_json::to_string(object))),
            Field::Texts(texts) => params.push(name, json(serde_json::to_string(texts))),
        });
        params
    }

    /// The parameters of a frame, without the ids of bot and context.
    pub fn to_frame(&self) -> Map<String, Value> {
        let mut frame = Map::new();
        self.each(|name, field| {
            let value = match field {
                Field::Text(text) | Field::Coded(text) => Value::from(b64::encode(text)),
                Field::Flag(flag) => Value::from(flag),
                Field::Texts(texts) => texts
                    .iter()
                    .map(|(name, text)| (name.as_str(), b64::encode(text)))
                    .collect(),
                Field::Object(object) => Value::Object(
                    object
                        .iter()
                        .map(|(name, value)| {
                            // Frames carry booleans and numbers in here as texts.
                            (name.clone(), b64::encode(&plain_text(value.clone())).into())
                        })
                        .collect(),
                ),
            };
            frame.insert(name.to_owned(), value);
        });
        frame
            .entry("extraParameters")
            .or_insert_with(|| Value::Object(Map::new()));
        frame
    }

    fn each<'a>(&'a self, mut field: impl FnMut(&'a str, Field<'a>)) {
        fn text(value: &Option<String>) -> Option<Field<'_>> {
            value.as_deref().map(Field::Text)
        }
        let known: [_; FIELDS] = [
            ("alreadyCame", self.already_came.map(Field::Flag)),
            ("browser", text(&self.browser)),
            ("clientId", text(&self.client_id)),
            (
                "doNotRegisterInteraction",
                self.do_not_register.map(Field::Flag),
            ),
            ("language", text(&self.language)),
            ("os", text(&self.os)),
            ("qualificationMode", self.qualification.map(Field::Flag)),
            ("space", text(&self.space)),
            ("userInput", Some(Field::Text(&self.user_input))),
            ("userUrl", text(&self.user_url)),
            ("solutionUsed", text(&self.solution_used)),
            ("extraParameters", self.extra.as_ref().map(Field::Object)),
            ("variables", self.variables.as_ref().map(Field::Texts)),
            (
                "mode",
                self.mode.as_ref().map(|mode| Field::Coded(mode.as_str())),
            ),
        ];
        for (name, value) in known {
            if let Some(value) = value {
                field(name, value);
            }
        }
        for (name, value) in &self.rest {
            field(name, Field::Text(value));
        }
    }
}

enum Field<'a> {
    Text(&'a str),
    /// Base64 on REST too.
    Coded(&'a str),
    Flag(bool),
    Object(&'a Map<String, Value>),
    Texts(&'a BTreeMap<String, String>),
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn round_trip(
            user_input in ".*",
            language in prop::option::of("[a-z]{2}"),
            flag in prop::option::of(any::<bool>()),
            extra in prop::option::of(prop::collection::btree_map("[a-z]{1,6}", ".*", 0..3)),
            variables in prop::option::of(prop::collection::btree_map(".{1,6}", ".*", 0..3)),
            word in "[A-Za-z]{1,9}",
        ) {
            let request = TalkRequest {
                user_input,
                language,
                already_came: flag,
                do_not_register: flag,
                extra: extra.map(|extra| {
                    extra.into_iter().map(|(name, value)| (name, value.into())).collect()
                }),
                variables,
                mode: Some(Mode::of(&word)),
                rest: vec![("competency".into(), "x".into())],
                ..TalkRequest::default()
            };
            prop_assert_eq!(TalkRequest::of(&request.to_params()), request.clone());
            let form = request.to_params().to_form();
            let by_form = Params::form(form.as_bytes());
            prop_assert_eq!(TalkRequest::of(&by_form), request.clone());
            let by_frame = TalkRequest::of(&Params::of_frame(request.to_frame()));
            let extra = request.extra.clone().filter(|extra| !extra.is_empty());
            prop_assert_eq!(by_frame, TalkRequest { extra, ..request });
        }
    }
}
