//! What the user says: `docs/protocols/dydu.md#33-endpoint-details`, 3.3.3 and 3.3.4.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

pub use super::mode::{ContextType, Mode};
use super::params::{self, URL_LIMIT, plain_text};
use super::{Params, b64};

/// How many parameters are known by name.
const FIELDS: usize = 23;

/// Their names, in the widget's order as far as the widget sends them.
const NAMES: [&str; FIELDS] = [
    "alreadyCame",
    "browser",
    "clientId",
    "doNotRegisterInteraction",
    "language",
    "os",
    "qualificationMode",
    "space",
    "userInput",
    "userUrl",
    "solutionUsed",
    "extraParameters",
    "variables",
    "mode",
    "enableLanguageDetection",
    "disableLanguageDetection",
    "contextType",
    "pureLiveChat",
    "competency",
    "timestamp",
    "templateFormats",
    "userId",
    "useServerCookieForContext",
];

/// Frames spell this one of them in another way.
const PURE_LIVECHAT: &str = "pureLiveChat";
const PURE_LIVECHAT_IN_FRAMES: &str = "pureLivechat";

/// Names that are known besides: ids that say where the request goes, and another word for
/// `variables`.
const OTHERS: [&str; 7] = [
    "contextId",
    "contextUUID",
    "ctx",
    "context",
    "botId",
    "botUUID",
    "contextVariables",
];

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
    /// `false`: the answer is to be in [`TalkRequest::language`], whatever the user writes in.
    pub enable_language_detection: Option<bool>,
    /// The same the other way round, as frames and contexts say it.
    pub disable_language_detection: Option<bool>,
    /// What kind of client the user has.
    pub context_type: Option<ContextType>,
    /// The dialog is with operators from its first word. Frames spell it `pureLivechat`.
    pub pure_livechat: Option<bool>,
    /// What the wanted operator must be able to do.
    pub competency: Option<String>,
    /// When it was said, by the client's clock, in milliseconds since 1970.
    pub timestamp: Option<i64>,
    /// Templates that the client can show; the format is not documented.
    pub template_formats: Option<String>,
    /// The user, as the vendor's mobile apps name it.
    pub user_id: Option<String>,
    /// Always `false` from the widget.
    pub use_server_cookie: Option<bool>,
    /// Everything else by name.
    pub rest: Vec<(String, String)>,
}

impl TalkRequest {
    /// Reads a request.
    pub fn of(params: &Params<'_>) -> Self {
        let id = |name: &str| params.id(name).map(str::to_owned);
        let url = |name: &str| params.within(name, URL_LIMIT).map(str::to_owned);
        Self {
            already_came: params.flag("alreadyCame"),
            browser: id("browser"),
            client_id: id("clientId"),
            do_not_register: params.flag("doNotRegisterInteraction"),
            language: id("language"),
            os: id("os"),
            qualification: params.flag("qualificationMode"),
            space: id("space"),
            user_input: params.get("userInput").unwrap_or_default().to_owned(),
            user_url: url("userUrl"),
            solution_used: id("solutionUsed"),
            // A frame with typed words has an empty object, a REST request has none.
            extra: params
                .object("extraParameters")
                .filter(|extra| !(params.are_of_frame() && extra.is_empty())),
            variables: params
                .texts("variables")
                .or_else(|| params.texts("contextVariables")),
            mode: params.coded("mode").map(|word| Mode::of(&word)),
            enable_language_detection: params.flag("enableLanguageDetection"),
            disable_language_detection: params.flag("disableLanguageDetection"),
            context_type: params.id("contextType").map(ContextType::of),
            pure_livechat: params.flag("pureLiveChat"),
            competency: id("competency"),
            timestamp: params.number("timestamp"),
            template_formats: url("templateFormats"),
            user_id: id("userId"),
            use_server_cookie: params.flag("useServerCookieForContext"),
            rest: rest(params),
        }
    }

    /// Takes over what another request says beyond its words and its user.
    pub fn overlay(&mut self, other: Self) {
        fn set<T>(known: &mut Option<T>, new: Option<T>) {
            if new.is_some() {
                *known = new;
            }
        }
        set(&mut self.solution_used, other.solution_used);
        set(
            &mut self.enable_language_detection,
            other.enable_language_detection,
        );
        set(
            &mut self.disable_language_detection,
            other.disable_language_detection,
        );
        set(&mut self.context_type, other.context_type);
        set(&mut self.pure_livechat, other.pure_livechat);
        set(&mut self.competency, other.competency);
        set(&mut self.timestamp, other.timestamp);
        set(&mut self.template_formats, other.template_formats);
        set(&mut self.user_id, other.user_id);
        self.rest.extend(other.rest);
    }

    /// Whether the answer is to be in the language that the request names; absent where it does
    /// not say.
    pub fn keeps_language(&self) -> Option<bool> {
        self.disable_language_detection
            .or(self.enable_language_detection.map(|enable| !enable))
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
        self.each(PURE_LIVECHAT, |name, field| match field {
            Field::Text(text) => params.push(name, text),
            Field::Coded(text) => params.push(name, b64::encode(text)),
            Field::Flag(flag) => params.push_flag(name, Some(flag)),
            Field::Number(number) => params.push(name, number.to_string()),
            Field::Object(object) => params.push(name, json(serde_json::to_string(object))),
            Field::Texts(texts) => params.push(name, json(serde_json::to_string(texts))),
        });
        params
    }

    /// The parameters of a frame, without the ids of bot and context.
    pub fn to_frame(&self) -> Map<String, Value> {
        let mut frame = Map::new();
        self.each(PURE_LIVECHAT_IN_FRAMES, |name, field| {
            let value = match field {
                Field::Text(text) | Field::Coded(text) => Value::from(b64::encode(text)),
                Field::Flag(flag) => Value::from(flag),
                Field::Number(number) => Value::from(number),
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

    fn each<'a>(&'a self, pure_livechat: &'a str, mut field: impl FnMut(&'a str, Field<'a>)) {
        fn text(value: &Option<String>) -> Option<Field<'_>> {
            value.as_deref().map(Field::Text)
        }
        let flag = |value: Option<bool>| value.map(Field::Flag);
        let mode = self.mode.as_ref().map(Mode::as_str);
        let kind = self.context_type.as_ref().map(ContextType::as_str);
        let values: [_; FIELDS] = [
            flag(self.already_came),
            text(&self.browser),
            text(&self.client_id),
            flag(self.do_not_register),
            text(&self.language),
            text(&self.os),
            flag(self.qualification),
            text(&self.space),
            Some(Field::Text(&self.user_input)),
            text(&self.user_url),
            text(&self.solution_used),
            self.extra.as_ref().map(Field::Object),
            self.variables.as_ref().map(Field::Texts),
            mode.map(Field::Coded),
            flag(self.enable_language_detection),
            flag(self.disable_language_detection),
            kind.map(Field::Text),
            flag(self.pure_livechat),
            text(&self.competency),
            self.timestamp.map(Field::Number),
            text(&self.template_formats),
            text(&self.user_id),
            flag(self.use_server_cookie),
        ];
        for (name, value) in NAMES.into_iter().zip(values) {
            if let Some(value) = value {
                let is_pure = name == PURE_LIVECHAT;
                field(if is_pure { pure_livechat } else { name }, value);
            }
        }
        for (name, value) in &self.rest {
            field(name, Field::Text(value));
        }
    }
}

/// What is said under names that are not known, once each.
fn rest(params: &Params<'_>) -> Vec<(String, String)> {
    let mut rest: Vec<(String, String)> = Vec::new();
    for (name, value) in params.iter() {
        let is = |known: &&str| known.eq_ignore_ascii_case(name);
        let is_known = NAMES.iter().chain(&OTHERS).any(is);
        // So few are kept that looking through them costs nothing.
        if is_known
            || !params::is_variable(name, value)
            || rest.iter().any(|(known, _)| known == name)
        {
            continue;
        }
        if rest.len() == params::VARIABLES_LIMIT {
            break;
        }
        rest.push((name.to_owned(), value.to_owned()));
    }
    rest
}

enum Field<'a> {
    Text(&'a str),
    /// Base64 on REST too.
    Coded(&'a str),
    Flag(bool),
    Number(i64),
    Object(&'a Map<String, Value>),
    Texts(&'a BTreeMap<String, String>),
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_documented_parameter_is_read_in_any_spelling() {
        let params = Params::form(
            b"userInput=hi&userInput=no&ALREADYCAME=True&DoNotRegisterInteraction=true&\
              ContextType=ios&pureLivechat=false&enableLanguageDetection=false&competency=bills&\
              timestamp=1760000000000&templateFormats=&userId=u&contextVariables=%7B%22a%22:1%7D&\
              contextUuid=c&ctx=c&botUUID=b&unheardOf=1&unheardOf=2",
        );
        let request = TalkRequest::of(&params);
        let expected = TalkRequest {
            user_input: "hi".into(),
            already_came: Some(true),
            do_not_register: Some(true),
            context_type: Some(ContextType::Ios),
            pure_livechat: Some(false),
            enable_language_detection: Some(false),
            competency: Some("bills".into()),
            timestamp: Some(1_760_000_000_000),
            user_id: Some("u".into()),
            variables: Some([("a".to_owned(), "1".to_owned())].into()),
            rest: vec![("unheardOf".into(), "1".into())],
            ..TalkRequest::default()
        };
        assert_eq!(request, expected);
        assert_eq!(request.keeps_language(), Some(true));
    }

    #[test]
    fn nonsense_is_taken_as_absent() {
        let long = "x".repeat(params::ID_LIMIT + 1);
        let form = format!(
            "userInput=hi&alreadyCame=perhaps&clientId={long}&language={long}&space={long}&\
             os=null&browser=undefined&extraParameters=%7Boops&variables=3&timestamp=now&\
             qualificationMode=1&userUrl={}&contextType={long}&{long}=1",
            "u".repeat(params::URL_LIMIT + 1)
        );
        let request = TalkRequest::of(&Params::form(form.as_bytes()));
        let expected = TalkRequest {
            user_input: "hi".into(),
            ..TalkRequest::default()
        };
        assert_eq!(request, expected);
        let variables: Map<String, Value> = (0..params::VARIABLES_LIMIT + 9)
            .map(|n| (format!("v{n}"), "x\0y".into()))
            .chain([("long".to_owned(), "x".repeat(9_999).into())])
            .collect();
        let mut params = Params::new();
        params.push("variables", Value::Object(variables).to_string());
        let variables = TalkRequest::of(&params).variables.unwrap();
        assert_eq!(variables.len(), params::VARIABLES_LIMIT);
        assert!(variables.values().all(|value| value == "xy"));
    }

    proptest! {
        #[test]
        fn round_trip(
            user_input in "[^\\p{Cc}]*",
            language in prop::option::of("[a-z]{2}"),
            flag in prop::option::of(any::<bool>()),
            extra in prop::option::of(prop::collection::btree_map("[a-z]{1,6}", "[^\\p{Cc}]*", 0..3)),
            variables in prop::option::of(prop::collection::btree_map("[^\\p{Cc}]{1,6}", "[^\\p{Cc}]*", 0..3)),
            word in "[A-Za-z]{1,9}",
            number in prop::option::of(any::<i64>()),
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
                enable_language_detection: flag,
                disable_language_detection: flag,
                context_type: Some(ContextType::of(&word)),
                pure_livechat: flag,
                competency: Some("x".into()),
                timestamp: number,
                rest: vec![("unheardOf".into(), "x".into())],
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
