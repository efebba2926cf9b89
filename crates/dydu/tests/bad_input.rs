//! Whatever comes in, what goes out is well-formed: `docs/protocols/dydu.md#10-errors-retry-failover`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on fails"
)]

mod common;

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use common::*;
use http::{Method, Request, Response, StatusCode};
use proptest::prelude::*;
use serde_json::{Value, json};
use switchboard_core::Fault;
use switchboard_core::dialect::{Frontend, Handled, ServerSession, SessionAction};

const FORM: &str = "application/x-www-form-urlencoded; charset=UTF-8";
const HTML: &str = "text/html; charset=utf-8";

/// Every endpoint, with parameters that are right, and which of them must be.
fn endpoints() -> Vec<(String, String, &'static [&'static str])> {
    let context = format!("contextUUID={CONTEXT}");
    let bot = |path: &str| format!("/servlet/api/{path}/{BOT}");
    let rows: Vec<(String, String, &'static [&'static str])> = vec![
        ("/servlet/api/serverstatus".into(), String::new(), &[]),
        ("/servlet/api/whoami".into(), String::new(), &[]),
        (bot("chat/context"), "space=Defaut&language=en".into(), &[]),
        (
            bot("chat/talk"),
            "userInput=hi&language=en&space=Defaut&alreadyCame=true&clientId=u&\
             extraParameters=%7B%7D&variables=%7B%7D&mode=U3luY2hyb24%3D&timestamp=5"
                .into(),
            &["userInput"],
        ),
        (
            format!("{}/{CONTEXT}", bot("chat/talk")),
            "userInput=hi&language=en&space=Defaut".into(),
            &["userInput"],
        ),
        (
            bot("chat/feedback"),
            format!("{context}&feedBack=positive"),
            &["feedBack"],
        ),
        (
            bot("chat/feedback/comment"),
            format!("{context}&comment=no"),
            &["comment"],
        ),
        (
            bot("chat/feedback/insatisfaction"),
            format!("{context}&choiceKey=1"),
            &["choiceKey"],
        ),
        (
            bot("chat/history"),
            format!("{context}&dialog={CONTEXT}"),
            &[],
        ),
        (
            bot("chat/survey"),
            format!("ctx={CONTEXT}&uuid=77&field_1=x"),
            &["uuid"],
        ),
        (
            bot("chat/survey/configuration"),
            format!("contextUuid={CONTEXT}&solutionUsed=ASSISTANT&language=en&surveyId=77"),
            // An unknown survey is answered as one.
            &[],
        ),
        (
            bot("chat/poll/last"),
            format!(
                "solutionUsed=LIVECHAT&format=JSon&space=Defaut&contextUuid={CONTEXT}&\
                 language=en&lastPoll=5"
            ),
            // Without a context there is nothing new.
            &[],
        ),
        (
            bot("chat/typing"),
            format!("typing=true&content=aGk%3D&contextId={CONTEXT}"),
            &[],
        ),
        (
            bot("chat/reading"),
            format!("reading=true&mode=cG9sbGluZw%3D%3D&contextId={CONTEXT}"),
            &[],
        ),
        (
            bot("chat/variable"),
            format!("contextUuid={CONTEXT}&name=a&value=1"),
            &["name", "value"],
        ),
        (
            format!("{}/{CONTEXT}", bot("chat/availablecontext")),
            String::new(),
            &[],
        ),
        (
            format!("{}/{CONTEXT}", bot("chat/status")),
            String::new(),
            &[],
        ),
        (
            "/servlet/history".into(),
            format!("context={CONTEXT}&format=html&userLabel=Moi"),
            &["context"],
        ),
        (
            "/servlet/fileupload".into(),
            format!("ctx={CONTEXT}&fin=f&cb=x"),
            &[],
        ),
    ];
    rows
}

fn handle(frontend: &Arc<dyn Frontend>, request: Request<Bytes>) -> Handled {
    let path = request.uri().path().to_owned();
    frontend.handle(request, &path, &cx(&Ids::default()))
}

fn request(path: &str, content_type: &str, body: impl Into<Bytes>) -> Request<Bytes> {
    Request::post(path)
        .header("content-type", content_type)
        .body(body.into())
        .unwrap()
}

/// The answers that a request may get: at once, or whatever comes of its operation.
fn answers(frontend: &Arc<dyn Frontend>, request: &Request<Bytes>) -> Vec<Response<Bytes>> {
    let faults = [
        Fault::UnknownConversation,
        Fault::ConversationEnded,
        Fault::BackendUnavailable,
        Fault::TimedOut,
        Fault::bad_input("no"),
        Fault::Internal,
        Fault::RateLimited { retry_after: None },
    ];
    let results = std::iter::once(Ok(outcome(Vec::new()))).chain(faults.map(Err));
    let mut all = Vec::new();
    for result in results {
        match handle(frontend, request.clone()) {
            Handled::Reply(response) | Handled::Refuse(_, response) => return vec![response],
            Handled::Call(call) => all.push((call.finish)(result, &cx(&Ids::default()))),
            _ => return Vec::new(),
        }
    }
    all
}

/// Strings at any depth are strict base64 of UTF-8.
fn is_strict(value: &Value) -> bool {
    match value {
        Value::String(text) => STANDARD
            .decode(text)
            .is_ok_and(|bytes| String::from_utf8(bytes).is_ok()),
        Value::Array(items) => items.iter().all(is_strict),
        Value::Object(fields) => fields.values().all(is_strict),
        _ => true,
    }
}

/// Nothing that breaks the widget, or that it would repeat for ever.
#[track_caller]
fn is_well_formed(response: &Response<Bytes>, what: &str) {
    let status = response.status();
    assert_ne!(status, StatusCode::UNAUTHORIZED, "{what}");
    assert!(!response.body().is_empty(), "{what}: {status} and nothing");
    if response.headers()["content-type"] == HTML {
        return;
    }
    let answer: Value =
        serde_json::from_slice(response.body()).unwrap_or_else(|error| panic!("{what}: {error}"));
    if !status.is_success() {
        assert_eq!(answer["type"], "errorResponse", "{what}");
        assert!(answer["values"]["text"].is_null(), "{what}");
    }
    assert!(is_strict(&answer["values"]), "{what}: {answer}");
}

/// The field that a refusal names.
fn refused(handled: &Handled) -> Option<(Option<String>, StatusCode)> {
    match handled {
        Handled::Refuse(Fault::BadInput { field, .. }, response) => {
            Some((field.as_deref().map(str::to_owned), response.status()))
        }
        Handled::Refuse(fault, _) => panic!("{fault}"),
        _ => None,
    }
}

/// Takes a form apart and puts it together again with one parameter changed.
fn with(form: &str, name: &str, change: impl Fn(&str) -> Option<String>) -> String {
    let parts = form
        .split('&')
        .filter_map(|part| match part.split_once('=') {
            Some((known, value)) if known == name => change(value),
            _ => Some(part.to_owned()),
        });
    parts.collect::<Vec<_>>().join("&")
}

fn names(form: &str) -> Vec<&str> {
    form.split('&')
        .filter_map(|part| part.split_once('='))
        .map(|(name, _)| name)
        .collect()
}

#[test]
fn each_parameter_missing_doubled_or_of_the_wrong_kind() {
    let frontend = frontend();
    let huge = "x".repeat(20_000);
    let values = [
        None,
        Some(""),
        Some("null"),
        Some("undefined"),
        Some("%FF%FE"),
        Some("%"),
        Some("%00%07"),
        Some("%7B%22a%22%3A%5B1%5D%7D"),
        Some("-1"),
        Some("99999999999999999999999"),
        Some("*not*base64*"),
        Some(&*huge),
    ];
    let mut tried = 0;
    for (path, form, mandatory) in endpoints() {
        let is_query = path.ends_with("/history") && !path.contains("/api/");
        for name in names(&form) {
            for value in values {
                for how in ["only", "before", "after"] {
                    if value.is_none() && how != "only" {
                        continue;
                    }
                    let changed = with(&form, name, |right| {
                        let wrong = value.map(|value| format!("{name}={value}"));
                        match how {
                            "only" => wrong,
                            "before" => Some(format!("{}&{name}={right}", wrong?)),
                            _ => Some(format!("{name}={right}&{}", wrong?)),
                        }
                    });
                    let what = format!("{path}: {name} {how} {value:?}");
                    let what = what.chars().take(200).collect::<String>();
                    let request = if is_query || path.ends_with("fileupload") {
                        request(&format!("{path}?{changed}"), FORM, Bytes::new())
                    } else {
                        request(&path, FORM, changed)
                    };
                    tried += 1;
                    for response in answers(&frontend, &request) {
                        is_well_formed(&response, &what);
                    }
                    let refusal = refused(&handle(&frontend, request));
                    // A variable without a value is deleted.
                    let may_be_missing = value.is_some() || name == "value";
                    let must_be = mandatory.contains(&name) && !may_be_missing;
                    assert!(!must_be || refusal.is_some(), "{what}");
                    let Some((field, status)) = refusal else {
                        continue;
                    };
                    if path.ends_with("fileupload") {
                        continue;
                    }
                    // Only what must be there is worth a refusal, and only by its name.
                    assert!(mandatory.contains(&name), "{what}");
                    assert_eq!(status, StatusCode::BAD_REQUEST, "{what}");
                    assert_eq!(field.as_deref(), Some(name), "{what}");
                    // Of a doubled one the first counts.
                    assert_ne!(how, "after", "{what}");
                }
            }
        }
    }
    assert!(tried > 1_500, "{tried}");
}

#[test]
fn a_question_is_never_lost_for_what_comes_along() {
    let frontend = frontend();
    let deep = format!("{}1{}", "[".repeat(9_000), "]".repeat(9_000));
    for along in [
        "alreadyCame=perhaps",
        "qualificationMode=2",
        "extraParameters=%7Boops",
        "extraParameters=[]",
        &format!("extraParameters={deep}"),
        &format!("variables={deep}"),
        "variables=3",
        "mode=%25",
        "mode=%FF",
        "timestamp=yesterday",
        "language=%00",
        &format!("clientId={}", "x".repeat(30_000)),
        &format!("{}=1", "x".repeat(30_000)),
        "userUrl=%FF",
        "=",
        "&&&",
    ] {
        let path = format!("/api/chat/talk/{BOT}/{CONTEXT}");
        let call = call(handle(
            &frontend,
            request(&path, FORM, format!("userInput=hello&{along}")),
        ));
        let switchboard_core::dialect::Operation::Input { event, .. } = call.operation else {
            panic!("{along}");
        };
        let text = switchboard_core::model::UserInput::text("hello");
        assert_eq!(event.input, text, "{along}");
        assert!(call.profile.user_id.is_none_or(|id| id.len() < 300));
    }
}

#[test]
fn bodies_that_are_something_else() {
    let frontend = frontend();
    let talk = format!("/api/chat/talk/{BOT}");
    let deep = format!("{}1{}", "[".repeat(9_000), "]".repeat(9_000));
    for (body, is_taken) in [
        (
            json!({"userInput": "hi", "variables": {"a": 1}}).to_string(),
            true,
        ),
        (json!({"userInput": 17}).to_string(), true),
        (json!({"userInput": "hi", "x": deep}).to_string(), true),
        ("[]".into(), false),
        ("17".into(), false),
        ("null".into(), false),
        ("{".into(), false),
        ("{}".into(), false),
        (deep.clone(), false),
        (format!("{{\"userInput\":{deep}}}"), false),
    ] {
        let request = request(&talk, "application/json", body.clone());
        let what = body.chars().take(60).collect::<String>();
        for response in answers(&frontend, &request) {
            is_well_formed(&response, &what);
        }
        let refusal = refused(&handle(&frontend, request));
        assert_eq!(refusal.is_none(), is_taken, "{what}");
        if let Some((field, status)) = refusal {
            assert_eq!(status, StatusCode::BAD_REQUEST);
            let expected = if body == "{}" { "userInput" } else { "body" };
            assert_eq!(field.as_deref(), Some(expected), "{what}");
        }
    }
    let large = request(&talk, FORM, "x".repeat(65 * 1024));
    match handle(&frontend, large) {
        Handled::Refuse(Fault::TooLarge { .. }, response) => {
            assert_eq!(response.status(), StatusCode::PAYLOAD_TOO_LARGE);
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn methods_and_unknown_paths_and_bots() {
    let frontend = frontend();
    let talk = format!("/api/chat/talk/{BOT}?userInput=hi");
    let of = |method: Method, uri: &str| {
        Request::builder()
            .method(method)
            .uri(uri)
            .body(Bytes::new())
            .unwrap()
    };
    for (method, uri, expected) in [
        (Method::GET, &*talk, None),
        (Method::POST, &talk, None),
        (Method::HEAD, &talk, None),
        (Method::PUT, &talk, Some(StatusCode::METHOD_NOT_ALLOWED)),
        (Method::DELETE, &talk, Some(StatusCode::METHOD_NOT_ALLOWED)),
        (Method::PATCH, &talk, Some(StatusCode::METHOD_NOT_ALLOWED)),
        (Method::TRACE, &talk, Some(StatusCode::METHOD_NOT_ALLOWED)),
        (Method::HEAD, "/api/serverstatus", None),
        (
            Method::GET,
            "/api/chat/nothing/b",
            Some(StatusCode::NOT_FOUND),
        ),
        (
            Method::POST,
            "/api/chat/talk/11111111-2222-3333-4444-555555555555?userInput=hi",
            Some(StatusCode::NOT_FOUND),
        ),
        (
            Method::POST,
            "/api/chat/talk/%FF?userInput=hi",
            Some(StatusCode::NOT_FOUND),
        ),
        (
            Method::GET,
            "/servlet/chatWs",
            Some(StatusCode::BAD_REQUEST),
        ),
    ] {
        match handle(&frontend, of(method.clone(), uri)) {
            Handled::Refuse(_, response) => {
                is_well_formed(&response, uri);
                assert_eq!(Some(response.status()), expected, "{method} {uri}");
            }
            _ => assert_eq!(expected, None, "{method} {uri}"),
        }
    }
    let headers = frontend.cors_headers();
    for name in ["authorization", "oidcaccesstoken", "content-type"] {
        assert!(headers.contains(&name), "{name}");
    }
}

fn session(frontend: &Arc<dyn Frontend>) -> Box<dyn ServerSession> {
    let request = Request::get("/servlet/chatWs")
        .header("upgrade", "websocket")
        .body(Bytes::new())
        .unwrap();
    match handle(frontend, request) {
        Handled::Upgrade(upgrade) => upgrade.session,
        other => panic!("{other:?}"),
    }
}

/// Sends a frame, and checks every frame that comes back; how often it was refused.
fn send(session: &mut Box<dyn ServerSession>, text: &str) -> usize {
    let ids = Ids::default();
    let mut pending = session.handle_text(text, &cx(&ids));
    let mut refusals = 0;
    while let Some(action) = pending.pop() {
        match action {
            SessionAction::Send(frame) if frame == "pong" => assert_eq!(text.trim(), "ping"),
            SessionAction::Send(frame) => {
                let frame: Value = serde_json::from_str(&frame).unwrap();
                assert!(frame["values"].is_object(), "breaks the widget: {frame}");
                assert!(is_strict(&frame["values"]), "breaks the widget: {frame}");
            }
            SessionAction::Refused(_) => refusals += 1,
            SessionAction::Attach(_) => pending.extend(session.attached(&view(), &cx(&ids))),
            SessionAction::Call(call) => {
                pending.extend((call.finish)(Ok(outcome(Vec::new())), &cx(&ids)));
            }
            SessionAction::Close { code, .. } => panic!("closed with {code}"),
        }
    }
    refusals
}

#[test]
fn frames_with_each_parameter_missing_or_of_the_wrong_kind() {
    let frontend = frontend();
    let deep: Value = (0..100).fold(json!(1), |inner, _| json!([inner]));
    let values = [
        Value::Null,
        json!(""),
        json!("%%%"),
        json!("/w=="),
        json!("AA=="),
        json!(17),
        json!(-1.5),
        json!(true),
        json!([]),
        json!({"a": ["eA=="]}),
        json!("eA==".repeat(10_000)),
        deep,
    ];
    let mut tried = 0;
    for (name, fixture) in fixtures() {
        let Some(frame) = fixture["request"].get("frame") else {
            continue;
        };
        let parameters = frame["parameters"].as_object().unwrap().clone();
        for parameter in parameters.keys() {
            let mut missing = frame.clone();
            missing["parameters"]
                .as_object_mut()
                .unwrap()
                .shift_remove(parameter);
            let wrong = values.iter().map(|value| {
                let mut wrong = frame.clone();
                wrong["parameters"][parameter] = value.clone();
                wrong
            });
            for changed in wrong.chain([missing]) {
                tried += 1;
                let mut session = session(&frontend);
                let refusals = send(&mut session, &changed.to_string());
                // Without its bot or what it is about a frame means nothing.
                let must_be = [
                    "botId",
                    "userInput",
                    "surveyId",
                    "feedBack",
                    "name",
                    "value",
                    "contextId",
                ];
                assert!(
                    refusals == 0 || must_be.contains(&parameter.as_str()),
                    "{name}: {parameter} in {}",
                    changed.to_string().chars().take(300).collect::<String>()
                );
            }
        }
    }
    assert!(tried > 1_000, "{tried}");
}

/// Pieces that requests are made of, right and wrong.
fn value() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(CONTEXT.to_owned()),
        Just(BOT.to_owned()),
        Just("true".to_owned()),
        Just("{\"a\":1}".to_owned()),
        Just("#reset#".to_owned()),
        Just("#livechatend#".to_owned()),
        Just("#uploaded#".to_owned()),
        "_(pushcondition|goalpage)_:.{0,5}",
        any::<i64>().prop_map(|n| n.to_string()),
        ".{0,20}",
        "[A-Za-z0-9+/=]{0,12}",
    ]
}

fn name() -> impl Strategy<Value = String> {
    let known = [
        "userInput",
        "contextId",
        "ctx",
        "botUUID",
        "extraParameters",
        "variables",
        "mode",
        "content",
        "typing",
        "feedBack",
        "choiceKey",
        "comment",
        "name",
        "value",
        "surveyId",
        "uuid",
        "field_1",
        "fields",
        "lastPoll",
        "language",
        "space",
        "dialog",
        "data",
        "timestamp",
        "maxKnowledge",
        "search",
        "object",
        "mail",
        "clientId",
        "cb",
        "fin",
    ];
    prop_oneof![
        8 => prop::sample::select(known.to_vec()).prop_map(str::to_owned),
        1 => ".{0,6}",
    ]
}

fn path() -> impl Strategy<Value = String> {
    let known = [
        "serverstatus",
        "chat/context",
        "chat/talk",
        "chat/feedback",
        "chat/feedback/comment",
        "chat/feedback/insatisfaction",
        "chat/gdpr",
        "chat/history",
        "chat/search",
        "chat/survey",
        "chat/survey/configuration",
        "chat/poll/last",
        "chat/topknowledge",
        "chat/typing",
        "chat/reading",
        "chat/variable",
        "chat/welcomecall",
        "chat/availablecontext",
        "chat/status",
        "chat/pushrules",
        "chat/error",
        "chat/dialogs",
        "account/dydubox/bots/language",
        "saml2/status",
        "saml2/userinfo",
        "whoami",
    ];
    let api = (
        prop::sample::select(vec!["/api/", "/servlet/api/", "/", "//api//"]),
        prop::sample::select(known.to_vec()),
        prop::sample::select(vec!["", "/", &*format!("/{BOT}").leak(), "/nobody", "/%ff"]),
        prop::sample::select(vec![
            "",
            "/",
            &*format!("/{CONTEXT}").leak(),
            "/a%2Fb",
            "/x/y",
        ]),
    )
        .prop_map(|(base, path, bot, context)| format!("{base}{path}{bot}{context}"));
    prop_oneof![
        8 => api,
        1 => prop::sample::select(vec!["/fileupload", "/chatHttp", "/history", "/chatWs", "/chat"])
            .prop_map(str::to_owned),
        1 => "/[a-z/%.]{0,20}",
    ]
}

proptest! {
    #[test]
    fn any_request_is_answered(
        path in path(),
        pairs in prop::collection::vec((name(), value()), 0..8),
        content_type in prop_oneof![
            Just(FORM), Just("application/json"), Just("multipart/form-data; boundary=X"), Just("x"),
        ],
        in_query in any::<bool>(),
        raw in prop::option::of(prop::collection::vec(any::<u8>(), 0..60)),
        method in prop::sample::select(vec!["GET", "POST", "HEAD", "PUT", "FOO"]),
    ) {
        let params: switchboard_dydu::wire::Params<'_> = pairs.iter().cloned().collect();
        let (query, body) = match (in_query, raw) {
            (true, raw) => (format!("?{}", params.to_form()), raw.unwrap_or_default()),
            (false, Some(raw)) => (String::new(), raw),
            (false, None) if content_type == "application/json" => {
                let object: serde_json::Map<String, Value> =
                    pairs.into_iter().map(|(name, value)| (name, value.into())).collect();
                (String::new(), Value::Object(object).to_string().into_bytes())
            }
            (false, None) => (String::new(), params.to_form().into_bytes()),
        };
        let request = Request::builder()
            .method(method)
            .uri(format!("{path}{query}"))
            .header("content-type", content_type)
            .body(Bytes::from(body));
        // What is no address never gets here.
        if let Ok(request) = request {
            for response in answers(&frontend(), &request) {
                is_well_formed(&response, &path);
            }
        }
    }

    #[test]
    fn any_frame_is_answered(
        kind in prop_oneof![
            prop::sample::select(vec![
                "talk", "history", "topknowledge", "typing", "reading", "survey",
                "surveyConfiguration", "feedBack", "feedback", "feedbackComment", "getContext",
                "feedbackInsatisfactionChoice", "setOrDeleteVariable", "welcomecall", "poll",
                "addInternautEvent", "serverAccessibility", "checkContextAvailability",
            ]).prop_map(str::to_owned),
            ".{0,8}",
        ],
        pairs in prop::collection::vec((name(), value(), 0..4_u8), 0..8),
        cut in prop::option::of(0..200_usize),
    ) {
        let mut parameters = json!({"botId": STANDARD.encode(BOT)});
        for (name, value, shape) in pairs {
            parameters[name] = match shape {
                0 => STANDARD.encode(value).into(),
                1 => value.into(),
                2 => json!({"x": value}),
                _ => json!(value.len()),
            };
        }
        let frame = json!({"type": kind, "parameters": parameters}).to_string();
        let end = cut.unwrap_or(frame.len()).min(frame.len());
        let text = String::from_utf8_lossy(&frame.as_bytes()[..end]).into_owned();
        let frontend = frontend();
        let mut session = session(&frontend);
        send(&mut session, &text);
        send(&mut session, &text);
        session.handle_binary(&frame.as_bytes()[..end], &cx(&Ids::default()));
    }
}
