//! The server side of what is no talk: questions to the engine, a user's data, reports.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on fails"
)]

mod common;

use std::sync::Arc;

use bytes::Bytes;
use common::*;
use http::{Request, Response, StatusCode};
use serde_json::{Value, json};
use switchboard_core::Fault;
use switchboard_core::dialect::{
    Answer, Call, Collect, Find, Frontend, Handled, Operation, Outcome, Record, Wait,
};
use switchboard_core::model::{
    ClientError, Content, DataRequest, Message, MessageId, PersonalData, Query, QueryAnswer,
    RichText, Suggestions, Timestamp, TopQuestions, UserEvent, UserInput,
};
use uuid::Uuid;

fn handle(frontend: &Arc<dyn Frontend>, (request, path): (Request<Bytes>, String)) -> Handled {
    frontend.handle(request, &path, &cx(&Ids::default()))
}

fn of_fixture(name: &str) -> Call<Response<Bytes>> {
    call(handle(&frontend(), request(&fixture(name))))
}

fn ask(path: &str, body: &str) -> Handled {
    handle(
        &frontend(),
        post(&format!("/servlet/api/chat/{path}"), body),
    )
}

/// The question that a call asks, for whose answer it waits.
#[track_caller]
fn asks(call: &Call<Response<Bytes>>) -> Query {
    assert_eq!(call.target.find, Find::Detached);
    match &call.operation {
        Operation::Input { event, wait, .. } => {
            assert_eq!(*wait, Wait::Turn(Collect::Turn));
            match &event.input {
                UserInput::Query(query) => query.clone(),
                other => panic!("{other:?}"),
            }
        }
        other => panic!("{other:?}"),
    }
}

/// What a client gets when the engine answers so.
fn answered(call: Call<Response<Bytes>>, queried: Option<QueryAnswer>) -> Value {
    let mut outcome = outcome(Vec::new());
    outcome.answer.queried = queried;
    finished(call, Ok(outcome))
}

fn finished(call: Call<Response<Bytes>>, result: Result<Outcome, Fault>) -> Value {
    let response = (call.finish)(result, &cx(&Ids::default()));
    assert_eq!(response.status(), StatusCode::OK);
    json_of(&response)
}

/// A program's mistake is named, in dydu's envelope.
#[track_caller]
fn refused(handled: Handled, field: &str) {
    let Handled::Refuse(Fault::BadInput { field: named, .. }, response) = handled else {
        panic!("{field}: {handled:?}");
    };
    assert_eq!(named.as_deref(), Some(field));
    assert_eq!(response.status(), StatusCode::BAD_REQUEST);
    let answer = decoded(json_of(&response));
    assert_eq!(answer["type"], "errorResponse");
    assert_eq!(answer["values"]["field"], field);
    let error = answer["values"]["error"].as_str().unwrap();
    assert!(error.starts_with(field), "{error}");
}

fn strings(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

#[test]
fn top_knowledge_asks_with_every_parameter() {
    let call = of_fixture("06-topknowledge");
    assert_eq!(call.profile.locales.selected.as_deref(), Some("en"));
    let plain = TopQuestions {
        limit: 3,
        period: Some("Last30Days".into()),
        ..TopQuestions::default()
    };
    assert_eq!(asks(&call), Query::TopQuestions(plain.clone()));
    let with = |more: &str| {
        let body = format!("language=fr&space=Shop&maxKnowledge=3&period=Last30Days{more}");
        common::call(ask(&format!("topknowledge/{BOT}"), &body))
    };
    let call = with("&qualificationMode=true");
    assert_eq!(call.profile.qualification, Some(true));
    assert_eq!(call.profile.space.as_deref(), Some("Shop"));
    assert_eq!(call.profile.locales.selected.as_deref(), Some("fr"));
    for (more, expected) in [
        (
            "&tag=6671",
            TopQuestions {
                tag: Some("6671".into()),
                ..plain.clone()
            },
        ),
        (
            "&includeTagChildren=true",
            TopQuestions {
                include_child_tags: Some(true),
                ..plain.clone()
            },
        ),
        (
            "&excludeGalleryContent=true",
            TopQuestions {
                exclude_gallery: Some(true),
                ..plain.clone()
            },
        ),
        (
            "&ignoreManualTopKnowledge=false",
            TopQuestions {
                ignore_picked: Some(false),
                ..plain.clone()
            },
        ),
    ] {
        assert_eq!(asks(&with(more)), Query::TopQuestions(expected), "{more}");
    }
    let body = "period=today";
    let query = asks(&common::call(ask(&format!("topknowledge/{BOT}"), body)));
    let expected = TopQuestions {
        limit: 5,
        period: Some("Today".into()),
        ..TopQuestions::default()
    };
    assert_eq!(query, Query::TopQuestions(expected));
    // The widget does not open without an answer, whatever its page has configured.
    for body in [
        "period=Sometimes",
        "maxKnowledge=many",
        "includeTagChildren=2",
    ] {
        let query = asks(&common::call(ask(&format!("topknowledge/{BOT}"), body)));
        let expected = TopQuestions {
            limit: 5,
            ..TopQuestions::default()
        };
        assert_eq!(query, Query::TopQuestions(expected), "{body}");
    }
}

#[test]
fn a_search_is_answered_with_the_engines_suggestions() {
    let call = of_fixture("24-search");
    assert_eq!(call.profile.locales.selected.as_deref(), Some("en"));
    let expected = Suggestions {
        text: "open".into(),
        only_rewordable: Some(true),
        in_personalities: None,
    };
    assert_eq!(asks(&call), Query::Suggestions(expected));
    let found = QueryAnswer::Questions(strings(&["Opening hours", "Opening an account"]));
    assert_eq!(
        answered(call, Some(found)),
        fixture("24-search")["response"]["body"]
    );
    let none = json!({"type": "searchResponse", "values": []});
    assert_eq!(answered(of_fixture("24-search"), None), none);
    for fault in [Fault::TimedOut, Fault::BackendUnavailable] {
        assert_eq!(finished(of_fixture("24-search"), Err(fault)), none);
    }
    let path = format!("search/{BOT}");
    let call = common::call(ask(&path, "search=null&searchInPersonalities=true"));
    let expected = Suggestions {
        text: "null".into(),
        only_rewordable: None,
        in_personalities: Some(true),
    };
    assert_eq!(asks(&call), Query::Suggestions(expected));
    assert_eq!(json_of(&reply(ask(&path, "search=%20"))), none);
    refused(ask(&path, "language=en"), "search");
    let call = common::call(ask(&path, "search=a&onlyShowRewordables=1"));
    let Query::Suggestions(asked) = asks(&call) else {
        panic!("no suggestions");
    };
    assert_eq!(asked.only_rewordable, None);
}

#[test]
fn push_rules_are_the_configured_or_the_engines() {
    assert_eq!(asks(&of_fixture("03-pushrules")), Query::PushRules);
    let rules = |answer| answered(of_fixture("03-pushrules"), answer);
    assert_eq!(rules(None), json!({}));
    assert_eq!(rules(Some(QueryAnswer::PushRules("[]".into()))), json!({}));
    assert_eq!(rules(Some(QueryAnswer::PushRules("{".into()))), json!({}));
    let expected = &fixture("03-pushrules")["response"]["body"];
    let given = fixture("03-pushrules")["decoded"]["response"]["values"].clone();
    let wire: Value = rules(Some(QueryAnswer::PushRules(given.to_string())));
    assert_eq!(
        serde_json::from_str::<Value>(decoded(wire)["values"].as_str().unwrap()).unwrap(),
        given
    );
    let configured = frontend_with(json!({"bots": [{"bot_id": BOT}], "push_rules": given}));
    let answer = handle(&configured, request(&fixture("03-pushrules")));
    assert_eq!(json_of(&reply(answer)), *expected);
    let none = frontend_with(json!({"bots": [{"bot_id": BOT}], "push_rules": []}));
    let answer = handle(&none, request(&fixture("03-pushrules")));
    assert_eq!(json_of(&reply(answer)), json!({}));
}

/// The language that a talk answer tells when the conversation is in this one.
fn told(frontend: &Arc<dyn Frontend>, language: &str) -> Value {
    let call = call(handle(frontend, request(&fixture("09-talk-plain"))));
    let mut outcome = outcome(Vec::new());
    let mut profile = (*outcome.view.profile).clone();
    profile.locales.selected = Some(language.into());
    outcome.view.profile = Arc::new(profile);
    decoded(finished(call, Ok(outcome)))["values"]["language"].take()
}

#[test]
fn languages_are_the_configured_or_the_engines() {
    let list = |ids: &[&str]| -> Value {
        ids.iter()
            .map(|id| json!({"id": id, "isAvailable": true}))
            .collect()
    };
    let request = || request(&fixture("05-bot-languages"));
    assert_eq!(
        json_of(&reply(handle(&frontend(), request()))),
        list(&["en", "fr"])
    );
    let open = frontend_with(json!({"bots": [{"bot_id": BOT}]}));
    let asked = || call(handle(&open, request()));
    assert_eq!(asks(&asked()), Query::Languages);
    // Until the engine has said, only the fallback is told.
    assert_eq!(answered(asked(), None), list(&["en", "fr"]));
    assert_eq!(
        (told(&open, "fr"), told(&open, "nl")),
        (json!("fr"), json!("en"))
    );
    let spoken = QueryAnswer::Languages(strings(&["nl", "en"]));
    assert_eq!(answered(asked(), Some(spoken)), list(&["nl", "en"]));
    assert_eq!(
        (told(&open, "nl"), told(&open, "fr")),
        (json!("nl"), json!("en"))
    );
    let failed = finished(asked(), Err(Fault::BackendUnavailable));
    assert_eq!(failed, list(&["en", "fr"]));
    assert_eq!(told(&open, "nl"), "nl");
}

#[test]
fn a_visit_is_told_and_not_waited_for() {
    let check = |call: &Call<Response<Bytes>>, find: Find| {
        assert_eq!(call.target.find, find);
        let Operation::Input { event, wait, .. } = &call.operation else {
            panic!("{call:?}");
        };
        assert_eq!(event.input, UserInput::Query(Query::Visit));
        assert_eq!(*wait, Wait::Accepted);
        assert!(event.hidden && event.unrecorded);
    };
    let call = of_fixture("02-welcomecall");
    check(&call, Find::Detached);
    assert_eq!(answered(call, None)["values"], json!({}));
    let path = format!("welcomecall/{BOT}");
    let body = format!("contextUuid={CONTEXT}&language=en&variables=%7B%22plan%22%3A%22gold%22%7D");
    let call = common::call(ask(&path, &body));
    check(&call, Find::Existing(CONTEXT.into()));
    assert_eq!(call.profile.variables["plan"], "gold");
    let gone = finished(call, Err(Fault::UnknownConversation));
    assert_eq!(gone["type"], "welcomeCallResponse");
}

#[test]
fn a_context_keeps_every_parameter() {
    let call = of_fixture("30-context");
    assert_eq!(call.profile.returning, Some(true));
    assert_eq!(call.profile.user_id.as_deref(), Some("4be0c1d2a97f336"));
    assert_eq!(call.profile.qualification, Some(false));
    assert!(call.profile.extras.is_empty());
    let call = common::call(ask(
        &format!("context/{BOT}"),
        "language=fr&space=Shop&alreadyCame=false&clientId=c&os=iOS&browser=Safari\
         &ContextType=iOS&qualificationMode=true&solutionUsed=ASSISTANT&pureLiveChat=true\
         &disableLanguageDetection=true",
    ));
    assert_eq!(call.target.find, Find::Renew(None));
    let profile = &call.profile;
    assert_eq!(
        (profile.os.as_deref(), profile.browser.as_deref()),
        (Some("iOS"), Some("Safari"))
    );
    assert_eq!(profile.space.as_deref(), Some("Shop"));
    assert_eq!(profile.returning, Some(false));
    assert_eq!(profile.qualification, Some(true));
    assert_eq!(
        serde_json::to_value(&profile.extras).unwrap()["fields"],
        json!({"contextType": "iOS", "pureLiveChat": true, "disableLanguageDetection": true})
    );
}

fn id(n: u128) -> MessageId {
    MessageId(Uuid::from_u128(n))
}

/// What is kept: a dialog with one interaction, and an older one without a word.
fn records() -> Vec<Record> {
    let said_event = UserEvent::new(id(1), Timestamp(NOW), UserInput::text("hi"));
    let answer = Message::bot(
        id(2),
        Some(id(1)),
        Timestamp(NOW),
        Content::text(RichText::plain("Hello")),
    );
    let record = |key: &str, begun: i64, ended: bool, entries: Vec<_>| Record {
        key: key.into(),
        begun: Timestamp(begun),
        last_used: Timestamp(begun + 5_000),
        ended,
        entries,
    };
    vec![
        record(
            CONTEXT,
            NOW,
            false,
            vec![
                Arc::new(said(1, said_event)),
                Arc::new(published(2, Some(id(1)), answer)),
            ],
        ),
        record("older", NOW - 86_400_000, true, Vec::new()),
    ]
}

fn kept(records: Vec<Record>) -> Result<Outcome, Fault> {
    Ok(Outcome {
        view: view(),
        answer: Answer {
            records,
            ..Answer::default()
        },
    })
}

fn personal(request: DataRequest, user: &str, mail: Option<&str>) -> UserInput {
    UserInput::Query(Query::PersonalData(PersonalData {
        request,
        user_id: Some(user.into()),
        mail: mail.map(str::to_owned),
    }))
}

#[test]
fn a_user_gets_what_is_kept() {
    let call = of_fixture("23-gdpr");
    assert_eq!(call.target.find, Find::Detached);
    let Operation::Records {
        user_id,
        limit,
        event: Some(event),
    } = &call.operation
    else {
        panic!("{call:?}");
    };
    assert_eq!((user_id.as_str(), *limit), ("4be0c1d2a97f336", 200));
    let told = personal(
        DataRequest::Get,
        "4be0c1d2a97f336",
        Some("jane@example.org"),
    );
    assert_eq!(event.input, told);
    let answer = decoded(finished(call, kept(records())));
    assert_eq!(answer["type"], "gdprResponse");
    let values = &answer["values"];
    assert_eq!(values["object"], "Get");
    assert_eq!(values["dialogsCount"], 2);
    let first = &values["dialogs"][0];
    assert_eq!(first["contextId"], CONTEXT);
    assert_eq!(first["interactions"][0]["user"], "hi");
    assert_eq!(first["interactions"][0]["text"], "Hello");
    assert_eq!(values["dialogs"][1]["interactions"], json!([]));
}

#[test]
fn a_user_has_what_is_kept_deleted() {
    let path = format!("/servlet/api/chat/gdpr/{BOT}?clientId=4be0c1d2a97f336&object=Delete");
    let get = Request::get(&path).body(Bytes::new()).unwrap();
    let by_get = get.uri().path().to_owned();
    for request in [
        (get, by_get),
        post(&path, "language=fr&mail="),
        post(
            &format!("/api/chat/gdpr/{BOT}"),
            "clientId=4be0c1d2a97f336&object=delete",
        ),
    ] {
        let call = call(handle(&frontend(), request));
        let Operation::Erase {
            user_id,
            event: Some(event),
        } = &call.operation
        else {
            panic!("{call:?}");
        };
        assert_eq!(user_id, "4be0c1d2a97f336");
        let told = personal(DataRequest::Delete, "4be0c1d2a97f336", None);
        assert_eq!(event.input, told);
        let answer = decoded(finished(call, kept(records())));
        assert_eq!(
            answer["values"],
            json!({"object": "Delete", "dialogsCount": 2})
        );
    }
    for (body, field) in [
        ("object=Get", "clientId"),
        ("clientId=c", "object"),
        ("clientId=c&object=Burn", "object"),
    ] {
        refused(ask(&format!("gdpr/{BOT}"), body), field);
    }
}

#[test]
fn an_id_that_can_be_guessed_opens_nothing() {
    for (object, request) in [("Get", DataRequest::Get), ("Delete", DataRequest::Delete)] {
        let body = format!("clientId=jane%40example.org&object={object}");
        let call = call(ask(&format!("gdpr/{BOT}"), &body));
        assert_eq!(call.target.find, Find::Detached);
        let Operation::Input { event, wait, .. } = &call.operation else {
            panic!("{call:?}");
        };
        assert_eq!(*wait, Wait::Accepted);
        assert_eq!(event.input, personal(request, "jane@example.org", None));
        let answer = decoded(finished(call, kept(records())));
        assert_eq!(answer["values"], json!({"object": object}));
    }
    let dialogs = ask(&format!("dialogs/{BOT}"), "clientId=jane%40example.org");
    assert_eq!(json_of(&reply(dialogs))["values"], json!({"dialogs": []}));
}

#[test]
fn previous_dialogs_are_listed() {
    let call = of_fixture("81-previous-dialogs");
    assert_eq!(
        call.operation,
        Operation::Records {
            user_id: "4be0c1d2a97f336".into(),
            limit: 200,
            event: None,
        }
    );
    let answer = decoded(finished(call, kept(records())));
    assert_eq!(answer["type"], "dialogsResponse");
    assert_eq!(
        answer["values"]["dialogs"],
        json!([
            {"contextId": CONTEXT, "date": "09/10/2025", "beginTime": NOW,
             "lastTime": NOW + 5_000, "interactionsCount": 1, "ended": false},
            {"contextId": "older", "date": "08/10/2025", "beginTime": NOW - 86_400_000,
             "lastTime": NOW - 86_395_000, "interactionsCount": 0, "ended": true},
        ])
    );
    refused(
        ask(&format!("dialogs/{BOT}"), "solutionUsed=ASSISTANT"),
        "clientId",
    );
}

#[test]
fn an_error_report_reaches_the_engine() {
    let call = of_fixture("80-error-report");
    assert_eq!(call.target.find, Find::Existing(CONTEXT.into()));
    assert_eq!(call.profile.browser.as_deref(), Some("Chrome 141"));
    assert_eq!(call.profile.os.as_deref(), Some("Windows"));
    assert_eq!(
        call.profile.page_url.as_deref(),
        Some("https://www.example.org/help")
    );
    let Operation::Input { event, wait, .. } = &call.operation else {
        panic!("{call:?}");
    };
    assert_eq!(*wait, Wait::Accepted);
    assert_eq!(
        event.input,
        UserInput::ClientError(ClientError {
            error: "TypeError".into(),
            message: "x is undefined".into(),
            stack: Some("at f (a.js:1)".into()),
            built: Some("2025-10-09".into()),
        })
    );
    let gone = finished(call, Err(Fault::ConversationEnded));
    assert_eq!(gone["type"], "errorReportResponse");
    let path = format!("error/{BOT}");
    let call = common::call(ask(&path, "error=TypeError&message=x"));
    assert_eq!(call.target.find, Find::Detached);
    refused(ask(&path, "message=x"), "error");
    refused(ask(&path, "error=TypeError"), "message");
}

#[test]
fn credentials_are_not_kept() {
    let secret = "s3cr3t";
    let body = |name: &str| format!("userInput=hi&language=en&{name}={secret}");
    for name in ["saml2_info", "SAML2_INFO", "tokenUserData"] {
        for path in [
            "talk",
            "topknowledge",
            "search",
            "context",
            "welcomecall",
            "dialogs",
        ] {
            let body = format!("{}&search=a&clientId=c", body(name));
            let call = call(ask(&format!("{path}/{BOT}"), &body));
            assert!(
                !format!("{call:?}").contains(secret),
                "{path} {name}: {call:?}"
            );
        }
    }
    for path in ["saml2/status", "saml2/userinfo"] {
        let url = format!("/servlet/api/{path}?saml2_info={secret}&botUUID={BOT}");
        let get = Request::get(&url)
            .header("authorization", format!("Bearer {secret}"))
            .header("oidcaccesstoken", secret)
            .body(Bytes::new())
            .unwrap();
        let path = get.uri().path().to_owned();
        assert_eq!(json_of(&reply(handle(&frontend(), (get, path)))), json!({}));
    }
    // A history request with a SAML token is a history request.
    let call = of_fixture("39-saml-redirect");
    assert!(matches!(call.operation, Operation::Restore { .. }));
    assert!(!format!("{call:?}").contains("opaque-token"));
}

/// The widget repeats what fails for ever, so nothing that it sends may.
#[test]
fn what_the_widget_asks_is_never_refused() {
    for name in [
        "02-welcomecall",
        "03-pushrules",
        "06-topknowledge",
        "23-gdpr",
        "24-search",
        "80-error-report",
        "81-previous-dialogs",
    ] {
        let call = of_fixture(name);
        let response = (call.finish)(Ok(outcome(Vec::new())), &cx(&Ids::default()));
        assert_eq!(response.status(), StatusCode::OK, "{name}");
    }
}
