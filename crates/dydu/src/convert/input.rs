//! What a client sends → user events and profile.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::{Map, Value};
use switchboard_core::Fault;
use switchboard_core::model::{ChoiceMade, Extras, Feedback, Locales, Profile, Rating, UserInput};
use switchboard_core::text::unescape_entities;
use unicode_segmentation::UnicodeSegmentation as _;

use super::compose::Occasion;
use super::{DYDU, reword};
use crate::wire::feedback::Verdict;
use crate::wire::params::is_variable;
use crate::wire::{Params, TalkRequest, words};

/// Only so many characters of the words count: `docs/protocols/dydu.md#9-server-rules-from-the-documentation`.
pub const INPUT_LIMIT: usize = 600;

/// Extras: the parameters that we have no word for.
pub const PARAMETERS: &str = "parameters";
/// Extras: where the question comes from, as sent.
pub const EXTRA_PARAMETERS: &str = "extraParameters";

/// Longest comment in characters. The widget's limit is 100.
const COMMENT_LIMIT: usize = 1_000;

/// Parameters that say nothing about the user or the question, or that must not be kept because
/// they are credentials.
const PASSING: [&str; 5] = ["saml2_info", "tokenUserData", "format", "callback", "data"];

/// What almost every request says of the part of the vendor's product that it comes from.
const ASSISTANT: &str = "ASSISTANT";

/// The highest number of a reason.
const MOST_REASON: i64 = 3;

/// Attributes by which other engines see what kind of client the user has, and what the wanted
/// operator must be able to do.
const CONTEXT_TYPE: &str = "context_type";
const COMPETENCY: &str = "competency";

/// What a talk request asks for.
#[derive(Debug, Clone, PartialEq)]
pub enum Said {
    /// Something for the engine.
    Input(UserInput, Occasion),
    /// The client gives the dialog up.
    Reset,
    /// The client wants what became of the file that it sent.
    Uploaded,
}

/// Reads the words of a talk request. `welcome` is the reserved value that asks for the greeting.
pub fn said(request: &TalkRequest, welcome: &str) -> Said {
    let input = request.user_input.trim();
    let origin = request.origin();
    let custom = |name: &str, value: &str| UserInput::Custom {
        name: name.to_owned(),
        value: Some(value.trim_end_matches('#').to_owned()),
        label: None,
    };
    if input == welcome || input == words::WELCOME {
        let open = UserInput::Open {
            welcome: None,
            query: None,
        };
        return Said::Input(open, Occasion::Welcome);
    }
    if input == words::RESET {
        return Said::Reset;
    }
    // After an upload that asked for no sentence there may be none, and nothing typed is hidden.
    if input == words::INPUT_UPLOADED || (input.is_empty() && request.extra_flag("hide")) {
        return Said::Uploaded;
    }
    if input == words::INPUT_LEAVE_QUEUE || input == words::INPUT_END_LIVECHAT {
        return Said::Input(UserInput::LeaveHandover, Occasion::Typed);
    }
    for (prefix, occasion) in [
        (words::INPUT_PUSH, Occasion::Push),
        (words::INPUT_GOAL, Occasion::Push),
        (words::INPUT_MAIL, Occasion::Typed),
    ] {
        if let Some(value) = input.strip_prefix(prefix) {
            return Said::Input(custom(prefix.trim_end_matches(':'), value), occasion);
        }
    }
    if reword::is_link(origin) {
        let click = UserInput::LinkClick {
            url: input.to_owned(),
            label: None,
        };
        return Said::Input(click, Occasion::Clicked);
    }
    let choice = request.extra_text(reword::CHOICE);
    if choice.is_some() || reword::is_choice(origin) {
        let choice = ChoiceMade {
            message: request
                .extra_text(reword::MESSAGE)
                .and_then(|id| id.parse().ok()),
            id: choice.map(str::to_owned),
            label: Some(cut(input).to_owned()),
            ..ChoiceMade::default()
        };
        return Said::Input(UserInput::Choice(choice), Occasion::Clicked);
    }
    // Typed words come escaped, those of scripts and clicks do not.
    let text = if request.extra.is_none() {
        unescape_typed(input)
    } else {
        Cow::Borrowed(input)
    };
    Said::Input(UserInput::text(cut(&text)), Occasion::Typed)
}

/// The widget escapes three characters of what was typed, and nothing else.
fn unescape_typed(input: &str) -> Cow<'_, str> {
    if !input.contains('&') {
        return Cow::Borrowed(input);
    }
    unescape_entities(input)
}

/// The first characters of a text, without half a grapheme at the end.
fn cut(text: &str) -> &str {
    // No text of so few bytes has more characters.
    if text.len() <= INPUT_LIMIT {
        return text;
    }
    let Some((limit, _)) = text.char_indices().nth(INPUT_LIMIT) else {
        return text;
    };
    let end = text
        .grapheme_indices(true)
        .map(|(start, grapheme)| start + grapheme.len())
        .take_while(|end| *end <= limit)
        .last()
        .unwrap_or(limit);
    text.get(..end).unwrap_or(text)
}

/// What the event keeps of a talk request for an engine of the same dialect.
pub fn extras(request: &TalkRequest) -> Extras {
    let mut fields = Map::new();
    if let Some(extra) = request.extra.as_ref().filter(|extra| !extra.is_empty()) {
        fields.insert(EXTRA_PARAMETERS.into(), Value::Object(extra.clone()));
    }
    let mut parameters: Map<String, Value> = request
        .rest
        .iter()
        .filter(|(name, _)| {
            !PASSING
                .iter()
                .any(|passing| passing.eq_ignore_ascii_case(name))
        })
        .map(|(name, value)| (name.clone(), value.as_str().into()))
        .collect();
    if let Some(timestamp) = request.timestamp {
        parameters.insert("timestamp".into(), timestamp.into());
    }
    let solution = request.solution_used.as_deref();
    if let Some(solution) = solution.filter(|solution| *solution != ASSISTANT) {
        parameters.insert("solutionUsed".into(), solution.into());
    }
    if !parameters.is_empty() {
        fields.insert(PARAMETERS.into(), Value::Object(parameters));
    }
    Extras::new(DYDU, fields)
}

/// What the conversation keeps of a request for an engine of the same dialect, under the names
/// that it came with.
fn kept(request: &TalkRequest) -> Extras {
    let kind = request.context_type.as_ref().map(|kind| kind.as_str());
    let fields = [
        (
            "enableLanguageDetection",
            request.enable_language_detection.map(Value::from),
        ),
        (
            "disableLanguageDetection",
            request.disable_language_detection.map(Value::from),
        ),
        ("contextType", kind.map(Value::from)),
        ("pureLiveChat", request.pure_livechat.map(Value::from)),
        ("competency", request.competency.clone().map(Value::from)),
        (
            "templateFormats",
            request.template_formats.clone().map(Value::from),
        ),
        ("userId", request.user_id.clone().map(Value::from)),
    ];
    let fields = fields
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?)));
    Extras::new(DYDU, fields.collect())
}

/// What a talk request tells of the user.
pub fn profile_of_talk(request: TalkRequest, bot: &str) -> Profile {
    let extras = kept(&request);
    let kind = request.context_type.as_ref().map(|kind| kind.as_str());
    let facts = [
        (CONTEXT_TYPE, kind.map(Value::from)),
        (COMPETENCY, request.competency.as_deref().map(Value::from)),
    ];
    Profile {
        keep_language: request.keeps_language(),
        user_id: request.client_id.or(request.user_id),
        locales: Locales {
            selected: request.language,
            ..Locales::default()
        },
        variables: request.variables.map(variables).unwrap_or_default(),
        attributes: facts
            .into_iter()
            .filter_map(|(name, value)| Some((name.to_owned(), value?)))
            .collect(),
        page_url: request.user_url,
        browser: request.browser,
        os: request.os,
        returning: request.already_came,
        // Who names the default one leaves any other.
        space: request.space.map(|space| {
            if words::is_default_space(&space) {
                String::new()
            } else {
                space
            }
        }),
        qualification: request.qualification,
        app: Some(bot.to_owned()),
        extras,
        ..Profile::default()
    }
}

/// What any other request tells of the user.
pub fn profile(params: &Params<'_>, bot: &str) -> Profile {
    let profile = profile_of_talk(TalkRequest::of(params), bot);
    Profile {
        // Only talk moves a conversation: a poll may have left before the answer that did.
        space: profile.space.filter(|space| !space.is_empty()),
        ..profile
    }
}

/// The variable that a request sets or, with an empty value, deletes.
///
/// # Errors
/// It has no name, or is too large to be kept.
pub fn variable(params: &Params<'_>) -> Result<BTreeMap<String, String>, Fault> {
    let name = params
        .word("name")
        .ok_or_else(|| Fault::bad_field("name", "missing"))?;
    let value = params.get("value").unwrap_or_default();
    if !is_variable(name, "") {
        return Err(Fault::bad_field("name", "too long, or not printable"));
    }
    if !is_variable(name, value) {
        return Err(Fault::bad_field("value", "too long"));
    }
    Ok(variables([(name.to_owned(), value.to_owned())].into()))
}

/// Variables as the page set them. In their values the widget replaces angle brackets, and nothing
/// else.
fn variables(mut variables: BTreeMap<String, String>) -> BTreeMap<String, String> {
    for value in variables.values_mut().filter(|value| value.contains('&')) {
        *value = value.replace("&lt;", "<").replace("&gt;", ">");
    }
    variables
}

/// The part of a feedback that a request carries; absent where the user wrote nothing. `wanted` is
/// the parameter that the request is about.
///
/// # Errors
/// It has none of the parts, or one with a value that has no meaning.
pub fn feedback(params: &Params<'_>, wanted: &str) -> Result<Option<Feedback>, Fault> {
    let verdict = Verdict::of(params);
    if verdict.is_none() && params.get("feedBack").is_some() {
        let words = "one of positive, negative and withoutAnswer is wanted";
        return Err(Fault::bad_field("feedBack", words));
    }
    let reason = params.number("choiceKey").filter(|key| *key <= MOST_REASON);
    let reason = reason.and_then(|key| u8::try_from(key).ok());
    if reason.is_none() && params.get("choiceKey").is_some() {
        return Err(Fault::bad_field("choiceKey", "0 to 3 is wanted"));
    }
    let comment = params.get("comment").map(str::trim);
    if verdict.is_none() && reason.is_none() && comment.is_none() {
        return Err(Fault::bad_field(wanted, "missing"));
    }
    let rating = verdict.map(|verdict| match verdict {
        Verdict::Positive => Rating::Positive,
        Verdict::Negative => Rating::Negative,
        Verdict::WithoutAnswer => Rating::None,
    });
    let comment = comment
        .filter(|comment| !comment.is_empty())
        .map(|comment| comment.chars().take(COMMENT_LIMIT).collect::<String>());
    let said = rating.is_some() || reason.is_some() || comment.is_some();
    Ok(said.then_some(Feedback {
        message: None,
        rating,
        reason,
        comment,
    }))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn request(input: &str, extra: Value) -> TalkRequest {
        TalkRequest {
            user_input: input.into(),
            extra: extra.as_object().cloned(),
            ..TalkRequest::default()
        }
    }

    fn input(text: &str, extra: Value) -> UserInput {
        match said(&request(text, extra), words::WELCOME) {
            Said::Input(input, _) => input,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn reserved_values_mean_what_the_reference_says() {
        let custom = |name: &str, value: &str| UserInput::Custom {
            name: name.into(),
            value: Some(value.into()),
            label: None,
        };
        assert_eq!(said(&request("#reset#", json!(null)), "#w#"), Said::Reset);
        assert!(matches!(
            input("#welcome#", json!(null)),
            UserInput::Open { .. }
        ));
        assert_eq!(input("#livechatend#", json!({})), UserInput::LeaveHandover);
        assert_eq!(
            input("_pushcondition_:42", json!({"hide": true})),
            custom("_pushcondition_", "42")
        );
        assert_eq!(
            input("#dydumailto:c:a@b.c#", json!(null)),
            custom("#dydumailto", "c:a@b.c")
        );
        assert_eq!(
            input("https://x.example", json!({"type": "redirection_newpage"})),
            UserInput::LinkClick {
                url: "https://x.example".into(),
                label: None
            }
        );
        assert_eq!(
            input("a &lt; b &amp;lt; c", json!(null)),
            UserInput::text("a < b &lt; c")
        );
        assert_eq!(input("a &lt; b", json!({})), UserInput::text("a &lt; b"));
        assert_eq!(input("null", json!(null)), UserInput::text("null"));
    }

    #[test]
    fn a_choice_of_ours_is_recognised_by_its_key() {
        let id = "0b6f2f7e-3c55-4a0b-8f8e-9d1c6a2e7b10";
        let extra = json!({"type": "reword_auto", "choice": "track~1", "message": id});
        let UserInput::Choice(choice) = input("Track", extra) else {
            panic!("no choice");
        };
        assert_eq!(choice.id.as_deref(), Some("track~1"));
        assert_eq!(choice.label.as_deref(), Some("Track"));
        assert_eq!(choice.message, id.parse().ok());
        let UserInput::Choice(choice) = input("Track", json!({"type": "redirection_knowledge"}))
        else {
            panic!("no choice");
        };
        assert_eq!((choice.id, choice.message), (None, None));
    }

    #[test]
    fn graphemes_stay_whole() {
        let family = "👨‍👩‍👧";
        let text = format!("{}{family}!", "x".repeat(598));
        assert_eq!(cut(&text), "x".repeat(598));
        assert_eq!(cut(&"é".repeat(700)), "é".repeat(600));
        let marks = format!("a{}", "\u{301}".repeat(700));
        assert_eq!(cut(&marks).chars().count(), 600);
    }

    proptest! {
        #[test]
        fn never_longer_than_the_limit(text in "\\PC{0,700}") {
            let cut = cut(&text);
            prop_assert!(cut.chars().count() <= INPUT_LIMIT);
            prop_assert!(text.starts_with(cut));
        }
    }
}
