//! The client side of what is no talk: requests to a dydu server, and what becomes of its answers.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on fails"
)]

mod common;

use std::time::Duration;

use bytes::Bytes;
use common::*;
use http::{Method, Request, Response, StatusCode};
use serde_json::{Value, json};
use switchboard_core::dialect::{
    CallId, Dialect, Effect, Leg, LegInput, LegOutput, TransportFault,
};
use switchboard_core::model::{
    BotEvent, ClientError, ConversationId, DataRequest, Extras, MessageId, PersonalData, Profile,
    Query, QueryAnswer, Suggestions, Timestamp, TopQuestions, TurnOutcome, UserEvent, UserInput,
};
use switchboard_dydu::Dydu;
use switchboard_dydu::convert::DYDU;
use switchboard_dydu::wire::{Params, b64};
use uuid::Uuid;

const TURN: MessageId = MessageId(Uuid::from_u128(7));

struct Asking {
    leg: Box<dyn Leg>,
    profile: Profile,
    ids: Ids,
}

fn asking(options: Value) -> Asking {
    let mut all = json!({"url": "https://a.example", "bot_id": BOT});
    for (name, value) in options.as_object().unwrap() {
        all[name] = value.clone();
    }
    let ids = Ids::default();
    let backend = Dydu.backend(all, &build()).unwrap();
    let leg = backend.open(ConversationId(Uuid::from_u128(42)), &cx(&ids));
    let mut profile = Profile::default();
    profile.locales.selected = Some("en-GB".into());
    Asking { leg, profile, ids }
}

impl Asking {
    fn give(&mut self, input: UserInput) -> LegOutput {
        let event = UserEvent::new(TURN, Timestamp(NOW), input);
        let mut output = LegOutput::default();
        let input = LegInput::Event {
            event: &event,
            profile: &self.profile,
        };
        self.leg.handle(input, &cx(&self.ids), &mut output);
        output
    }

    fn hear(&mut self, call: CallId, result: Result<(u16, &str), TransportFault>) -> LegOutput {
        let mut output = LegOutput::default();
        let result = result.map(|(status, body)| {
            let body = Bytes::from(body.to_owned());
            Response::builder().status(status).body(body).unwrap()
        });
        let input = LegInput::Response { call, result };
        self.leg.handle(input, &cx(&self.ids), &mut output);
        output
    }

    /// Asks, and hears this body: the request, and what is answered before the turn ends.
    fn answered(&mut self, query: Query, body: &Value) -> (Request<Bytes>, Option<QueryAnswer>) {
        let (call, request, _) = sent(self.give(UserInput::Query(query)));
        let output = self.hear(call, Ok((200, &body.to_string())));
        (request, done(&output))
    }

    /// Has the leg learn its context.
    fn talk(&mut self) {
        let (call, ..) = sent(self.give(UserInput::text("hi")));
        let body = fixture("09-talk-plain")["response"]["body"].to_string();
        self.hear(call, Ok((200, &body)));
    }
}

fn sent(output: LegOutput) -> (CallId, Request<Bytes>, Duration) {
    let mut effects = output.effects.into_iter();
    let (
        Some(Effect::Http {
            call,
            request,
            timeout,
        }),
        None,
    ) = (effects.next(), effects.next())
    else {
        panic!("not one request");
    };
    (call, request, timeout)
}

/// The answer of a turn that ended well.
#[track_caller]
fn done(output: &LegOutput) -> Option<QueryAnswer> {
    ended(output, TurnOutcome::Done)
}

#[track_caller]
fn ended(output: &LegOutput, outcome: TurnOutcome) -> Option<QueryAnswer> {
    let (last, before) = output.events.split_last().unwrap();
    assert_eq!(last.event, BotEvent::TurnEnded(outcome));
    assert_eq!(last.turn, Some(TURN));
    match before {
        [] => None,
        [one] => match &one.event {
            BotEvent::Answered(answer) => Some(answer.clone()),
            other => panic!("{other:?}"),
        },
        more => panic!("{more:?}"),
    }
}

/// The request is the one of a fixture.
#[track_caller]
fn is_fixture(request: &Request<Bytes>, name: &str) {
    let expected = fixture(name)["request"].clone();
    let url = expected["url"].as_str().unwrap();
    assert_eq!(
        request.uri().to_string(),
        url.replace("chat.example.org", "a.example")
    );
    assert_eq!(request.method().as_str(), expected["method"]);
    let body = std::str::from_utf8(request.body()).unwrap();
    assert_eq!(body, expected["body"].as_str().unwrap_or_default());
    for (header, value) in expected["headers"].as_object().unwrap() {
        assert_eq!(request.headers()[header], value.as_str().unwrap());
    }
    assert_eq!(
        request.headers().contains_key("content-type"),
        expected["headers"].get("Content-Type").is_some()
    );
}

fn body(request: &Request<Bytes>) -> Params<'static> {
    let form = Params::form(request.body());
    form.iter()
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

fn questions(words: &[&str]) -> Option<QueryAnswer> {
    let words = words.iter().map(|word| (*word).to_owned());
    Some(QueryAnswer::Questions(words.collect()))
}

#[test]
fn top_knowledge_is_asked_for_with_every_parameter() {
    let mut asking = asking(json!({}));
    let asked = TopQuestions {
        limit: 3,
        ..TopQuestions::default()
    };
    let answer = fixture("06-topknowledge")["response"]["body"].clone();
    let (request, answer) = asking.answered(Query::TopQuestions(asked), &answer);
    is_fixture(&request, "06-topknowledge");
    assert_eq!(
        answer,
        questions(&["Opening hours", "How do I return an item?"])
    );
    asking.profile.qualification = Some(true);
    asking.profile.space = Some("Shop".into());
    let all = TopQuestions {
        limit: 7,
        period: Some("LastMonth".into()),
        tag: Some("6671".into()),
        include_child_tags: Some(true),
        exclude_gallery: Some(false),
        ignore_picked: Some(true),
    };
    let (request, answer) = asking.answered(Query::TopQuestions(all), &json!({}));
    assert_eq!(
        body(&request).iter().collect::<Vec<_>>(),
        [
            ("language", "en"),
            ("maxKnowledge", "7"),
            ("period", "LastMonth"),
            ("space", "Shop"),
            ("solutionUsed", "ASSISTANT"),
            ("qualificationMode", "true"),
            ("tag", "6671"),
            ("includeTagChildren", "true"),
            ("excludeGalleryContent", "false"),
            ("ignoreManualTopKnowledge", "true"),
        ]
    );
    assert_eq!(answer, questions(&[]));
}

fn typed(text: &str) -> Query {
    Query::Suggestions(Suggestions {
        text: text.into(),
        only_rewordable: Some(true),
        in_personalities: None,
    })
}

#[test]
fn suggestions_are_read_in_both_forms() {
    let mut asking = asking(json!({}));
    let enveloped = fixture("24-search")["response"]["body"].clone();
    let (request, answer) = asking.answered(typed("open"), &enveloped);
    is_fixture(&request, "24-search");
    let found = questions(&["Opening hours", "Opening an account"]);
    assert_eq!(answer, found);
    let bare = json!([
        {"rootConditionReword": "Opening hours", "knowledgeId": 7},
        {"rootConditionReword": "Opening an account"},
    ]);
    assert_eq!(asking.answered(typed("open"), &bare).1, found);
    let everywhere = Query::Suggestions(Suggestions {
        text: "open".into(),
        only_rewordable: None,
        in_personalities: Some(true),
    });
    let (request, answer) = asking.answered(everywhere, &json!("nonsense"));
    assert_eq!(body(&request).get("searchInPersonalities"), Some("true"));
    assert_eq!(body(&request).get("onlyShowRewordables"), None);
    assert_eq!(answer, questions(&[]));
}

#[test]
fn push_rules_are_read_in_every_verified_form() {
    let mut asking = asking(json!({}));
    let enveloped = fixture("03-pushrules")["response"]["body"].clone();
    let (request, answer) = asking.answered(Query::PushRules, &enveloped);
    is_fixture(&request, "03-pushrules");
    assert!(request.body().is_empty());
    let Some(QueryAnswer::PushRules(rules)) = answer else {
        panic!("{answer:?}");
    };
    assert_eq!(
        serde_json::from_str::<Value>(&rules).unwrap(),
        fixture("03-pushrules")["decoded"]["response"]["values"]
    );
    let text = Value::from(rules.as_str());
    assert_eq!(
        asking.answered(Query::PushRules, &text).1,
        Some(QueryAnswer::PushRules(rules.clone()))
    );
    let bare: Value = serde_json::from_str(&rules).unwrap();
    for none in [json!({}), bare, json!({"values": b64::encode("[]")})] {
        assert_eq!(asking.answered(Query::PushRules, &none).1, None, "{none}");
    }
}

#[test]
fn languages_are_those_that_are_available() {
    let mut asking = asking(json!({}));
    let answer = fixture("05-bot-languages")["response"]["body"].clone();
    let (request, answer) = asking.answered(Query::Languages, &answer);
    is_fixture(&request, "05-bot-languages");
    assert_eq!(request.method(), Method::GET);
    let spoken = vec!["en".to_owned(), "fr".to_owned()];
    assert_eq!(answer, Some(QueryAnswer::Languages(spoken)));
    assert_eq!(asking.answered(Query::Languages, &json!({})).1, None);
}

/// The widget waits for them for 3 s only.
#[test]
fn what_somebody_waits_for_is_asked_once() {
    for query in [
        Query::TopQuestions(TopQuestions::default()),
        typed("open"),
        Query::PushRules,
        Query::Languages,
    ] {
        let mut asking = asking(json!({"urls": ["https://b.example/"], "rounds": 3}));
        let (call, _, timeout) = sent(asking.give(UserInput::Query(query.clone())));
        assert_eq!(timeout, Duration::from_millis(2_500), "{query:?}");
        let output = asking.hear(call, Err(TransportFault::Timeout));
        assert!(output.effects.is_empty(), "{query:?}");
        assert_eq!(ended(&output, TurnOutcome::TimedOut), None);
        let (call, ..) = sent(asking.give(UserInput::Query(query.clone())));
        let output = asking.hear(call, Ok((StatusCode::NOT_FOUND.as_u16(), "")));
        assert_eq!(ended(&output, TurnOutcome::Unavailable), None, "{query:?}");
    }
}

#[test]
fn a_visit_is_told_with_all_that_is_known() {
    let mut asking = asking(json!({}));
    let output = asking.give(UserInput::Query(Query::Visit));
    // Talk does not wait for it.
    assert_eq!(done(&output), Some(QueryAnswer::Done));
    let (call, request, timeout) = sent(output);
    is_fixture(&request, "02-welcomecall");
    assert_eq!(timeout, Duration::from_secs(5));
    assert!(asking.hear(call, Ok((200, "{}"))).events.is_empty());
    asking.talk();
    asking
        .profile
        .variables
        .insert("plan".into(), "gold".into());
    asking.profile.qualification = Some(true);
    let (_, request, _) = sent(asking.give(UserInput::Query(Query::Visit)));
    let body = body(&request);
    assert_eq!(body.get("contextUuid"), Some(CONTEXT));
    assert_eq!(body.get("variables"), Some("{\"plan\":\"gold\"}"));
    assert_eq!(body.get("qualificationMode"), Some("true"));
}

#[test]
fn the_engine_is_told_what_a_user_wants_done() {
    let wanted = |request, user: Option<&str>| {
        Query::PersonalData(PersonalData {
            request,
            user_id: user.map(str::to_owned),
            mail: Some("jane@example.org".into()),
        })
    };
    let mut asking = asking(json!({"urls": ["https://b.example/"], "rounds": 1}));
    let get = wanted(DataRequest::Get, Some("4be0c1d2a97f336"));
    let (request, answer) = asking.answered(get, &json!({}));
    is_fixture(&request, "23-gdpr");
    assert_eq!(answer, Some(QueryAnswer::Done));
    let delete = wanted(DataRequest::Delete, Some("jane@example.org"));
    let (call, request, _) = sent(asking.give(UserInput::Query(delete)));
    assert_eq!(body(&request).get("object"), Some("Delete"));
    assert_eq!(body(&request).get("clientId"), Some("jane@example.org"));
    // Nobody waits, but it must not get lost.
    let (call, request, _) = sent(asking.hear(call, Err(TransportFault::Timeout)));
    assert!(request.uri().to_string().starts_with("https://b.example/"));
    let output = asking.hear(call, Err(TransportFault::Connect));
    assert_eq!(ended(&output, TurnOutcome::Unreachable), None);
    let nobody = asking.give(UserInput::Query(wanted(DataRequest::Delete, None)));
    assert!(nobody.effects.is_empty());
    assert_eq!(done(&nobody), None);
}

#[test]
fn a_clients_error_is_passed_on() {
    let mut asking = asking(json!({}));
    asking.profile.browser = Some("Chrome 141".into());
    asking.profile.os = Some("Windows".into());
    asking.profile.page_url = Some("https://www.example.org/help".into());
    let error = ClientError {
        error: "TypeError".into(),
        message: "x is undefined".into(),
        stack: Some("at f (a.js:1)".into()),
        built: Some("2025-10-09".into()),
    };
    let (_, request, _) = sent(asking.give(UserInput::ClientError(error.clone())));
    assert_eq!(body(&request).get("contextUUID"), Some(""));
    asking.talk();
    let output = asking.give(UserInput::ClientError(error.clone()));
    assert_eq!(done(&output), None);
    is_fixture(&sent(output).1, "80-error-report");
    asking.profile = Profile::default();
    let bare = ClientError {
        error: error.error,
        message: error.message,
        ..ClientError::default()
    };
    let (_, request, _) = sent(asking.give(UserInput::ClientError(bare)));
    let names: Vec<String> = body(&request)
        .iter()
        .map(|(name, _)| name.to_owned())
        .collect();
    assert_eq!(names, ["contextUUID", "solutionUsed", "error", "message"]);
}

#[test]
fn what_was_said_of_a_context_is_said_with_its_talk() {
    let mut asking = asking(json!({}));
    let settings = json!({
        "contextType": "iOS", "pureLiveChat": true, "disableLanguageDetection": true});
    asking.profile.extras = Extras::new(DYDU, settings.as_object().unwrap().clone());
    let (_, request, _) = sent(asking.give(UserInput::text("hi")));
    let talk = body(&request);
    assert_eq!(talk.get("contextType"), Some("iOS"));
    assert_eq!(talk.get("pureLiveChat"), Some("true"));
    assert_eq!(talk.get("disableLanguageDetection"), Some("true"));
    // What is said with the words themselves goes first.
    let mut event = UserEvent::new(TURN, Timestamp(NOW), UserInput::text("hi"));
    let own = json!({"parameters": {"contextType": "Web", "enableLanguageDetection": "true"}});
    event.extras = Extras::new(DYDU, own.as_object().unwrap().clone());
    let mut output = LegOutput::default();
    let input = LegInput::Event {
        event: &event,
        profile: &asking.profile,
    };
    asking.leg.handle(input, &cx(&asking.ids), &mut output);
    let talk = body(&sent(output).1);
    assert_eq!(talk.get("contextType"), Some("Web"));
    assert_eq!(talk.get("enableLanguageDetection"), Some("true"));
    assert_eq!(
        talk.iter()
            .filter(|(name, _)| *name == "contextType")
            .count(),
        1
    );
}
