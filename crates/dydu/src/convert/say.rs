//! User events → what is sent to an engine.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use switchboard_core::dialect::HandoverState;
use switchboard_core::model::{
    ChoiceMade, ClientError, Feedback, Profile, Query, Rating, UploadedFile, UserEvent, UserInput,
};

use super::input::{EXTRA_PARAMETERS, PARAMETERS};
use super::{DYDU, actions, reword, survey};
use crate::wire::feedback::Verdict;
use crate::wire::path::Endpoint;
use crate::wire::survey::SurveyAnswer;
use crate::wire::upload::{self, FilePart};
use crate::wire::{Params, TalkRequest, words};

/// What a leg says about itself where the profile is silent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Voice {
    /// Consultation space.
    pub space: String,
    /// ISO code.
    pub language: String,
    /// All conversations are tests.
    pub qualification: bool,
    /// The reserved value that asks for the greeting.
    pub welcome: String,
    /// What an operator is told when the user's connection is lost; may be empty.
    pub lost_notice: String,
    /// What the operator is told when the user is back; may be empty.
    pub back_notice: String,
}

/// What an event becomes.
#[derive(Debug, Clone, PartialEq)]
pub enum Saying<'a> {
    /// Talk requests, one after the other.
    Talk(Vec<TalkRequest>),
    /// A file, and what is said after it; its words may be left to whoever sends it.
    Upload(FilePart, Box<TalkRequest>),
    /// Talk that nobody waits for: it brings nothing to show.
    Report(Box<TalkRequest>),
    /// Parts of a feedback: where they go, and their parameter.
    Feedback(Vec<(Endpoint, &'static str, String)>),
    /// Answers to one of the engine's surveys, and the request, without words yet, by which the
    /// survey's own sentence is said after them.
    Survey(SurveyAnswer, Box<TalkRequest>),
    /// Variables changed.
    Variables,
    /// A question that is no part of the dialog.
    Query(&'a Query),
    /// The client's own program failed.
    ClientError(&'a ClientError),
    /// The user's connection is lost: what an operator is to be told.
    Lost(Option<Box<TalkRequest>>),
    /// The user is back: what an operator is to be told who was told of the loss.
    Back(Option<Box<TalkRequest>>),
    /// A sign of life.
    Typing(bool, Option<String>),
    /// The user has read everything.
    Read,
    /// The engine takes no notice of such events.
    Nothing,
}

/// What an event becomes.
pub fn saying<'a>(
    event: &'a UserEvent,
    profile: &Profile,
    voice: &Voice,
    user: &str,
    state: HandoverState,
) -> Saying<'a> {
    let talk = |input: String, extra: Option<Map<String, Value>>| {
        let mut request = base(profile, voice, user);
        request.user_input = input;
        request.extra = extra;
        request.do_not_register = event.unrecorded.then_some(true);
        if event.hidden {
            let extra = request.extra.get_or_insert_default();
            extra.entry("hide").or_insert(Value::Bool(true));
        }
        request.overlay(parameters(event));
        request
    };
    let one = |input: String, extra| Saying::Talk(vec![talk(input, extra)]);
    match &event.input {
        UserInput::Open { welcome, query } => {
            let welcome = welcome
                .as_deref()
                .filter(|word| word.starts_with('#') && word.ends_with('#'));
            let mut greeting = talk(welcome.unwrap_or(&voice.welcome).to_owned(), None);
            greeting.do_not_register = Some(true);
            let query = query.as_deref().filter(|query| !query.trim().is_empty());
            let query = query.map(|query| talk(typed(query), None));
            Saying::Talk([greeting].into_iter().chain(query).collect())
        }
        UserInput::Text { text } => match own_extra(event) {
            // Only typed words are escaped.
            Some(extra) => one(text.clone(), Some(extra)),
            None => one(typed(text), None),
        },
        UserInput::Choice(choice) => {
            let (text, extra) = clicked(choice, own_extra(event));
            one(text, Some(extra))
        }
        UserInput::Feedback(feedback) => Saying::Feedback(parts(feedback)),
        UserInput::Form(submission) => one(typed(&survey::sentence(submission)), None),
        UserInput::Survey(submission) => match survey::answer_from_model(submission) {
            Some(answer) => Saying::Survey(answer, Box::new(talk(String::new(), Some(hide())))),
            None => one(typed(&survey::sentence(submission)), None),
        },
        UserInput::Custom { name, value, .. } => match custom(name, value.as_deref()) {
            Some((input, answered)) => {
                let extra = own_extra(event).unwrap_or_else(hide);
                let request = talk(input, Some(extra));
                if answered {
                    Saying::Talk(vec![request])
                } else {
                    Saying::Report(Box::new(request))
                }
            }
            None => Saying::Nothing,
        },
        UserInput::LinkClick { url, .. } => {
            let extra = own_extra(event).unwrap_or_else(|| {
                let kind = Value::from("redirection_newpage");
                [("type".to_owned(), kind)].into_iter().collect()
            });
            Saying::Report(Box::new(talk(url.clone(), Some(extra))))
        }
        UserInput::File(file) => {
            let mut extra = hide();
            extra.insert("doNotRegisterInteraction".into(), true.into());
            let sentence = upload_sentence(file).unwrap_or_default();
            let mut request = talk(sentence.to_owned(), Some(extra));
            request.do_not_register = Some(true);
            if file.content.is_empty() {
                if request.user_input.is_empty() {
                    request.user_input = typed(&file.name);
                }
                return Saying::Talk(vec![request]);
            }
            let file = FilePart {
                part: upload::PART.to_owned(),
                name: file.name.clone(),
                media_type: file.media_type.clone(),
                content: file.content.clone(),
            };
            Saying::Upload(file, Box::new(request))
        }
        UserInput::LeaveHandover => {
            let input = match state {
                HandoverState::Waiting => words::INPUT_LEAVE_QUEUE,
                HandoverState::None | HandoverState::Active => words::INPUT_END_LIVECHAT,
            };
            if state == HandoverState::None {
                return Saying::Nothing;
            }
            one(input.to_owned(), Some(hide()))
        }
        UserInput::Variables => Saying::Variables,
        UserInput::Query(query) => Saying::Query(query),
        UserInput::ClientError(error) => Saying::ClientError(error),
        UserInput::Connection { lost } => {
            let notice = |text: &str| {
                let is_said = !text.trim().is_empty();
                is_said.then(|| Box::new(talk(typed(text), None)))
            };
            if *lost {
                Saying::Lost(notice(&voice.lost_notice))
            } else {
                Saying::Back(notice(&voice.back_notice))
            }
        }
        UserInput::Typing { active, text } => Saying::Typing(*active, text.clone()),
        UserInput::Read => Saying::Read,
        UserInput::End => Saying::Nothing,
    }
}

/// A talk request without words, from what is known of the user.
pub fn base(profile: &Profile, voice: &Voice, user: &str) -> TalkRequest {
    let mut request = TalkRequest {
        already_came: Some(profile.returning.unwrap_or(false)),
        browser: profile.browser.clone(),
        client_id: Some(profile.user_id.clone().unwrap_or_else(|| user.to_owned())),
        language: Some(language(profile, voice).to_owned()),
        os: profile.os.clone(),
        qualification: Some(qualification(profile, voice)),
        space: Some(space(profile, voice).to_owned()),
        user_url: profile.page_url.clone(),
        solution_used: Some("ASSISTANT".to_owned()),
        variables: Some(variables(profile)),
        ..TalkRequest::default()
    };
    request.overlay(told(profile.extras.of(&DYDU)));
    if request.keeps_language().is_none() {
        // Servers know the one on talk, the other on the websocket.
        request.enable_language_detection = profile.keep_language.map(|keep| !keep);
        request.disable_language_detection = profile.keep_language;
    }
    request
}

/// Whether it is a test.
pub fn qualification(profile: &Profile, voice: &Voice) -> bool {
    voice.qualification || profile.qualification.unwrap_or(false)
}

/// The language to ask for.
pub fn language<'a>(profile: &'a Profile, voice: &'a Voice) -> &'a str {
    profile.locales.language().unwrap_or(&voice.language)
}

/// The space to ask in.
pub fn space<'a>(profile: &'a Profile, voice: &'a Voice) -> &'a str {
    let space = profile.space.as_deref();
    space
        .filter(|space| !space.is_empty())
        .unwrap_or(&voice.space)
}

/// Context variables as the widget sends them: the metadata, and over them the variables, their
/// angle brackets replaced.
pub fn variables(profile: &Profile) -> BTreeMap<String, String> {
    let mut variables = profile.metadata.clone();
    variables.extend(profile.variables.clone());
    for value in variables
        .values_mut()
        .filter(|value| value.contains(['<', '>']))
    {
        *value = value.replace('<', "&lt;").replace('>', "&gt;");
    }
    variables
}

/// Typed words as the widget sends them.
pub fn typed(text: &str) -> String {
    if !text.contains(['&', '<', '>']) {
        return text.to_owned();
    }
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

fn hide() -> Map<String, Value> {
    [("hide".to_owned(), Value::Bool(true))]
        .into_iter()
        .collect()
}

/// Where a dydu client said that the question comes from, without our own keys.
fn own_extra(event: &UserEvent) -> Option<Map<String, Value>> {
    let mut extra = event
        .extras
        .get(&DYDU, EXTRA_PARAMETERS)?
        .as_object()?
        .clone();
    extra.retain(|name, _| name != reword::CHOICE && name != reword::MESSAGE);
    (!extra.is_empty()).then_some(extra)
}

/// What else a dydu client said with the event.
fn parameters(event: &UserEvent) -> TalkRequest {
    let parameters = event.extras.get(&DYDU, PARAMETERS);
    told(parameters.and_then(Value::as_object))
}

/// A request that says what a dydu client said under these names.
fn told(parameters: Option<&Map<String, Value>>) -> TalkRequest {
    parameters
        .map(|parameters| TalkRequest::of(&Params::of_json(parameters.clone())))
        .unwrap_or_default()
}

/// What a click on one of the engine's own anchors sends; for any other choice its words.
fn clicked(choice: &ChoiceMade, extra: Option<Map<String, Value>>) -> (String, Map<String, Value>) {
    let action = choice.action.as_deref();
    if let Some((text, options)) = action.and_then(actions::original) {
        return (text.to_owned(), options.clone());
    }
    let extra = extra.unwrap_or_else(|| {
        let kind = Value::from("reword_auto");
        [("type".to_owned(), kind)].into_iter().collect()
    });
    (choice.words().unwrap_or_default().to_owned(), extra)
}

fn parts(feedback: &Feedback) -> Vec<(Endpoint, &'static str, String)> {
    let verdict = feedback.rating.map(|rating| {
        let verdict = match rating {
            Rating::Positive => Verdict::Positive,
            Rating::Negative => Verdict::Negative,
            Rating::None => Verdict::WithoutAnswer,
        };
        (Endpoint::Feedback, "feedBack", verdict.as_str().to_owned())
    });
    let reason = feedback
        .reason
        .map(|reason| (Endpoint::FeedbackReason, "choiceKey", reason.to_string()));
    let comment = feedback
        .comment
        .clone()
        .map(|comment| (Endpoint::FeedbackComment, "comment", comment));
    [verdict, reason, comment].into_iter().flatten().collect()
}

/// The reserved value of an event that dydu knows, and whether it is answered.
fn custom(name: &str, value: Option<&str>) -> Option<(String, bool)> {
    let value = value.unwrap_or_default();
    let known = |prefix: &str| prefix.trim_end_matches(':') == name;
    if known(words::INPUT_PUSH) {
        Some((format!("{}{value}", words::INPUT_PUSH), true))
    } else if known(words::INPUT_GOAL) {
        Some((format!("{}{value}", words::INPUT_GOAL), false))
    } else if known(words::INPUT_MAIL) {
        Some((format!("{}{value}#", words::INPUT_MAIL), false))
    } else {
        None
    }
}

/// The sentence that the engine asked to be sent after an upload, where the client knows it.
fn upload_sentence(file: &UploadedFile) -> Option<&str> {
    let sentence = file.callback.as_deref()?;
    (!sentence.is_empty() && sentence != words::INPUT_UPLOADED).then_some(sentence)
}
