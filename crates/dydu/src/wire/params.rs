//! The parameters of a request, however it was sent:
//! `docs/protocols/dydu.md#12-methods-and-bodies`.

use std::borrow::Cow;
use std::collections::BTreeMap;

use percent_encoding::{
    AsciiSet, NON_ALPHANUMERIC, PercentEncode, percent_decode_str, utf8_percent_encode,
};
use serde_json::{Map, Value};

use super::b64;

/// Longest id, name or word of a client in bytes; a longer one is nobody's.
pub const ID_LIMIT: usize = 256;
/// Longest address in bytes.
pub const URL_LIMIT: usize = 8 * 1024;
/// Most context variables in one request.
pub const VARIABLES_LIMIT: usize = 100;
/// Longest value of a context variable in bytes.
pub const VARIABLE_LIMIT: usize = 4 * 1024;

/// What RFC 3986 leaves unreserved stays as it is; everything else is percent-encoded.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// Spellings of the context id: `docs/protocols/dydu.md#31-reading-the-parameter-lists`.
const CONTEXT: [&str; 4] = ["contextUUID", "contextId", "ctx", "context"];
const BOT: [&str; 2] = ["botUUID", "botId"];

/// Names and values in the order sent. Names are compared without regard to case; of a name that
/// comes twice the first counts. Control characters other than line breaks and tabs are left out.
///
/// What must be of a kind and is not is taken as absent, so that a question is not lost for what
/// came along with it; the debug log names the parameter.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Params<'a> {
    pairs: Vec<(Cow<'a, str>, Cow<'a, str>)>,
    /// They came in a frame, in which nothing is base64 any more.
    decoded: bool,
}

impl<'a> Params<'a> {
    /// None.
    pub const fn new() -> Self {
        Self {
            pairs: Vec::new(),
            decoded: false,
        }
    }

    /// None, with room for some.
    pub fn with_capacity(count: usize) -> Self {
        Self {
            pairs: Vec::with_capacity(count),
            decoded: false,
        }
    }

    /// Those of a percent-encoded form or query.
    pub fn form(text: &'a [u8]) -> Self {
        let pairs = form_urlencoded::parse(text);
        pairs
            .map(|(name, value)| (printable(name), printable(value)))
            .collect()
    }

    /// Those of a body that the widget wrote without any encoding, so that `&` and `=` may be
    /// part of a value: a value ends only where one of the known names follows. A client that
    /// does encode is recognised by its escapes.
    pub fn unencoded(body: &str, is_name: fn(&str) -> bool) -> Self {
        let mut pairs: Vec<(String, String)> = Vec::new();
        for part in body.split('&') {
            match part.split_once('=') {
                Some((name, value)) if pairs.is_empty() || is_name(name) => {
                    pairs.push((name.to_owned(), value.to_owned()));
                }
                _ => {
                    if let Some((_, value)) = pairs.last_mut() {
                        value.push('&');
                        value.push_str(part);
                    }
                }
            }
        }
        // An encoder leaves no such character behind, so nothing in the body is an escape.
        let plain = body
            .chars()
            .any(|c| !c.is_ascii_graphic() || matches!(c, '"' | '<' | '>' | '{' | '}'));
        if !plain {
            for (_, value) in &mut pairs {
                if value.contains('%')
                    && let Ok(decoded) = percent_decode_str(value).decode_utf8()
                {
                    *value = decoded.into_owned();
                }
            }
        }
        let pairs = pairs.into_iter();
        pairs
            .map(|(name, value)| (name, printable(value)))
            .collect()
    }

    /// Those of a frame: strings are decoded, numbers and booleans become their text, `null` is
    /// left out, objects and lists become JSON text with their strings decoded.
    pub fn of_frame(parameters: Map<String, Value>) -> Self {
        Self {
            decoded: true,
            ..Self::of_object(parameters, |text| b64::decode(&text).into_owned(), true)
        }
    }

    /// Those of a plain JSON object, where nothing is base64.
    pub fn of_json(object: Map<String, Value>) -> Self {
        Self::of_object(object, |text| text, false)
    }

    fn of_object(object: Map<String, Value>, text: fn(String) -> String, deep: bool) -> Self {
        let pairs = object.into_iter().filter_map(|(name, value)| {
            let value = match value {
                Value::Null => return None,
                Value::String(string) => text(string),
                mut other => {
                    if deep {
                        b64::decode_deep(&mut other);
                    }
                    other.to_string()
                }
            };
            Some((name, printable(value)))
        });
        pairs.collect()
    }

    /// Whether they came in a frame.
    pub fn are_of_frame(&self) -> bool {
        self.decoded
    }

    /// Adds those of another place; on a conflict the ones already here win.
    pub fn append(&mut self, mut other: Self) {
        self.pairs.append(&mut other.pairs);
    }

    /// Adds one.
    pub fn push(&mut self, name: impl Into<Cow<'a, str>>, value: impl Into<Cow<'a, str>>) {
        self.pairs.push((name.into(), value.into()));
    }

    /// Adds one that may be left out.
    pub fn push_given(&mut self, name: &'a str, value: Option<impl Into<Cow<'a, str>>>) {
        if let Some(value) = value {
            self.push(name, value);
        }
    }

    /// Adds a flag that may be left out.
    pub fn push_flag(&mut self, name: &'a str, flag: Option<bool>) {
        self.push_given(name, flag.map(|flag| if flag { "true" } else { "false" }));
    }

    /// A value as it stands.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.pairs
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_ref())
    }

    /// A value, unless it is empty or a literal `null` or `undefined`, as scripts write them.
    pub fn word(&self, name: &str) -> Option<&str> {
        self.get(name)
            .filter(|value| !matches!(value.trim(), "" | "null" | "undefined"))
    }

    /// A word of at most [`ID_LIMIT`] bytes.
    pub fn id(&self, name: &str) -> Option<&str> {
        self.within(name, ID_LIMIT)
    }

    /// A word of at most so many bytes.
    pub fn within(&self, name: &str, limit: usize) -> Option<&str> {
        let word = self.word(name)?;
        usable(name, Some(word).filter(|word| word.len() <= limit))
    }

    /// `true` or `false`; absent for any other word.
    pub fn flag(&self, name: &str) -> Option<bool> {
        let flag = match self.word(name)?.trim() {
            word if word.eq_ignore_ascii_case("true") => Some(true),
            word if word.eq_ignore_ascii_case("false") => Some(false),
            _ => None,
        };
        usable(name, flag)
    }

    /// A whole number.
    pub fn number(&self, name: &str) -> Option<i64> {
        usable(name, self.word(name)?.trim().parse().ok())
    }

    /// A value that is base64 although the request is not: `mode` and a typing `content` on REST.
    /// In a frame it has been decoded with everything else.
    pub fn coded(&self, name: &str) -> Option<Cow<'_, str>> {
        let value = self.get(name)?;
        Some(if self.decoded {
            Cow::Borrowed(value)
        } else {
            b64::decode(value)
        })
    }

    /// A value that is the JSON text of an object.
    pub fn object(&self, name: &str) -> Option<Map<String, Value>> {
        let mut object: Map<String, Value> =
            usable(name, serde_json::from_str(self.word(name)?).ok())?;
        object.values_mut().for_each(make_printable);
        Some(object)
    }

    /// A value that is the JSON text of an object of texts: at most [`VARIABLES_LIMIT`] of them,
    /// without those that are too long.
    pub fn texts(&self, name: &str) -> Option<BTreeMap<String, String>> {
        let object = self.object(name)?;
        let count = object.len();
        let texts: BTreeMap<String, String> = object
            .into_iter()
            .map(|(name, value)| (name, plain_text(value)))
            .filter(|(name, value)| is_variable(name, value))
            .take(VARIABLES_LIMIT)
            .collect();
        if texts.len() < count {
            tracing::debug!(parameter = name, count, "too many or too long, cut");
        }
        Some(texts)
    }

    /// The context id under any of its spellings.
    pub fn context(&self) -> Option<&str> {
        CONTEXT.iter().find_map(|name| self.id(name))
    }

    /// The bot id under any of its spellings.
    pub fn bot(&self) -> Option<&str> {
        BOT.iter().find_map(|name| self.id(name))
    }

    /// All names and values in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.pairs
            .iter()
            .map(|(name, value)| (name.as_ref(), value.as_ref()))
    }

    /// As the widget writes a form body or query.
    pub fn to_form(&self) -> String {
        let lengths = self
            .pairs
            .iter()
            .map(|(name, value)| name.len() + value.len());
        // Most of what is escaped is spaces between words.
        let mut form = String::with_capacity(lengths.sum::<usize>() * 3 / 2);
        for (name, value) in &self.pairs {
            if !form.is_empty() {
                form.push('&');
            }
            form.extend(percent(name));
            form.push('=');
            form.extend(percent(value));
        }
        form
    }
}

impl<'a, N: Into<Cow<'a, str>>, V: Into<Cow<'a, str>>> FromIterator<(N, V)> for Params<'a> {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(pairs: I) -> Self {
        Self {
            pairs: pairs
                .into_iter()
                .map(|(name, value)| (name.into(), value.into()))
                .collect(),
            decoded: false,
        }
    }
}

/// What can be used of a parameter; that nothing can is logged.
fn usable<T>(name: &str, value: Option<T>) -> Option<T> {
    if value.is_none() {
        tracing::debug!(parameter = name, "unusable, taken as absent");
    }
    value
}

/// Whether a context variable is of a size to keep.
pub fn is_variable(name: &str, value: &str) -> bool {
    let is_name = !name.is_empty() && !name.contains(char::is_control);
    is_name && name.len() <= ID_LIMIT && value.len() <= VARIABLE_LIMIT
}

/// A text without control characters other than line breaks and tabs.
pub fn printable<'a>(text: impl Into<Cow<'a, str>>) -> Cow<'a, str> {
    let is_control = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t');
    let text = text.into();
    if text.contains(is_control) {
        text.replace(is_control, "").into()
    } else {
        text
    }
}

/// The same for every text in a value. What was parsed is not too deep for this.
fn make_printable(value: &mut Value) {
    match value {
        Value::String(text) => {
            if let Cow::Owned(clean) = printable(text.as_str()) {
                *text = clean;
            }
        }
        Value::Array(items) => items.iter_mut().for_each(make_printable),
        Value::Object(fields) => fields.values_mut().for_each(make_printable),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Percent-encodes one part of a path or query.
pub fn percent(text: &str) -> PercentEncode<'_> {
    utf8_percent_encode(text, RESERVED)
}

/// A scalar as its text; anything else as JSON.
pub fn plain_text(value: Value) -> String {
    match value {
        Value::String(text) => text,
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// The names that an unencoded body of a poll or a survey may have:
/// `docs/protocols/dydu.md#33-endpoint-details`, 3.3.11 to 3.3.13.
pub fn is_survey_or_poll_name(name: &str) -> bool {
    const NAMES: [&str; 12] = [
        "solutionUsed",
        "format",
        "space",
        "contextUuid",
        "contextId",
        "ctx",
        "uuid",
        "language",
        "lastPoll",
        "surveyId",
        "interactionSurveyAnswer",
        "botUUID",
    ];
    NAMES.iter().any(|known| known.eq_ignore_ascii_case(name))
        || matches!(name, "saml2_info" | "fields" | "operator")
        || name
            .strip_prefix("field_")
            .is_some_and(|id| !id.is_empty() && id.bytes().all(|b| b.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn pairs<'a>(params: &'a Params<'_>) -> Vec<(&'a str, &'a str)> {
        params.iter().collect()
    }

    #[test]
    fn splits_unencoded_bodies_at_known_names_only() {
        let params = Params::unencoded(
            "ctx=c&uuid=77&field_1=Paris & Lyon=é&field_3=100%25",
            is_survey_or_poll_name,
        );
        assert_eq!(
            pairs(&params),
            [
                ("ctx", "c"),
                ("uuid", "77"),
                ("field_1", "Paris & Lyon=é"),
                ("field_3", "100%25"),
            ]
        );
        let encoded = Params::unencoded("space=R%26D&lastPoll=null", is_survey_or_poll_name);
        assert_eq!(encoded.get("space"), Some("R&D"));
        assert_eq!(encoded.number("lastPoll"), None);
        let bare = Params::unencoded("space=R&D&lastPoll=5", is_survey_or_poll_name);
        assert_eq!(bare.get("space"), Some("R&D"));
        assert_eq!(bare.number("lastPoll"), Some(5));
    }

    #[test]
    fn a_user_may_say_null() {
        let params = Params::form(b"userInput=null&space=null");
        assert_eq!(params.get("userInput"), Some("null"));
        assert_eq!(params.word("space"), None);
    }

    #[test]
    fn frames_read_like_forms() {
        let Value::Object(frame) = json!({
            "contextId": "Y3R4", "timestamp": 7, "alreadyCame": true, "saml2_info": null,
            "extraParameters": {"hide": "dHJ1ZQ=="},
        }) else {
            unreachable!()
        };
        let params = Params::of_frame(frame);
        assert_eq!(params.context(), Some("ctx"));
        assert_eq!(params.number("timestamp"), Some(7));
        assert_eq!(params.flag("alreadyCame"), Some(true));
        assert_eq!(params.get("saml2_info"), None);
        assert_eq!(
            params.object("extraParameters").unwrap().get("hide"),
            Some(&json!("true"))
        );
    }

    proptest! {
        #[test]
        fn form_round_trip(pairs in prop::collection::vec(("[a-zA-Z]{1,8}", "[^\\p{Cc}]*"), 0..6)) {
            let params: Params<'_> = pairs.into_iter().collect();
            let form = params.to_form();
            prop_assert_eq!(Params::form(form.as_bytes()), params);
        }

        #[test]
        fn unencoded_never_fails(body in ".*") {
            let _ = Params::unencoded(&body, is_survey_or_poll_name);
        }
    }
}
