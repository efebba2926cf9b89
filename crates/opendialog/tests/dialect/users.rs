//! Who may speak for a user, and what is said elsewhere.

use bytes::Bytes;
use http::{Request, Response, header};
use serde_json::{Value, json};
use switchboard_core::Fault;
use switchboard_core::dialect::{Call, Find, Frontend, Handled, Item, Noted, Operation};
use switchboard_core::fault::AuthProblem;
use switchboard_core::model::{Author, Profile};

use crate::support::{
    at, call, cx, did, finish, frontend, get, handle, json, outcome, post, refused, said, view,
};

const COOKIE: &str = "opendialog_anonymous_authentication_token";

type Served = std::sync::Arc<dyn Frontend>;

fn with(users: Value) -> Served {
    frontend(json!({"app_keys": ["APP_KEY"], "users": users}))
}

fn message(user: &str) -> Value {
    json!({"notification": "message", "user_id": user, "author": user,
           "content": {"type": "text", "data": {"text": "hi"}, "user": {}}})
}

fn third(mut request: Request<Bytes>, user: &str) -> Request<Bytes> {
    for (name, value) in [
        ("authorization", "Bearer APP_KEY"),
        ("opendialog-user-id", user),
        ("opendialog-scenario-id", "demo"),
    ] {
        request.headers_mut().insert(name, value.parse().unwrap());
    }
    request
}

fn say(user: &str) -> Request<Bytes> {
    third(post("/chat-api/message", &message(user)), user)
}

fn ask(path: &str, user: &str) -> Request<Bytes> {
    third(get(path), user)
}

fn given(mut request: Request<Bytes>, name: &'static str, value: &str) -> Request<Bytes> {
    request.headers_mut().append(name, value.parse().unwrap());
    request
}

fn ended(call: Call<Response<Bytes>>, result: Result<(), Fault>) -> Response<Bytes> {
    let known = || outcome(view("u-1", Profile::default()), Vec::new());
    (call.finish)(result.map(|()| known()), &cx())
}

/// The value and the rest of a cookie that an answer sets.
fn cookie(response: &Response<Bytes>, name: &str) -> Option<(String, String)> {
    let set = response.headers().get_all(header::SET_COOKIE).iter();
    set.filter_map(|value| {
        value
            .to_str()
            .unwrap()
            .strip_prefix(name)?
            .strip_prefix('=')
    })
    .map(|rest| rest.split_once("; ").unwrap())
    .map(|(value, rest)| (value.to_owned(), rest.to_owned()))
    .next()
}

/// The cookie pair that a user gets with the first answer.
fn introduced(frontend: &dyn Frontend, user: &str) -> String {
    let response = finish(*call(frontend, say(user)), Vec::new());
    let (token, _) = cookie(&response, COOKIE).unwrap();
    format!("{COOKIE}={token}")
}

#[test]
fn the_first_answer_of_generation_three_offers_a_cookie() {
    let frontend = with(json!({}));
    for request in [say("u-1"), ask("/chat-api/configuration", "u-1")] {
        let response = ended(*call(&*frontend, request), Ok(()));
        let (token, rest) = cookie(&response, COOKIE).unwrap();
        assert_eq!(token.matches('.').count(), 2, "a JWT");
        for part in ["HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=34560000"] {
            assert!(rest.contains(part), "{rest}");
        }
        assert!(!rest.contains("Secure"), "{rest}");
        assert_eq!(response.headers()[header::CACHE_CONTROL], "no-store");
    }
    // Who does not send it is let in all the same, and who does gets no other.
    let known = introduced(&*frontend, "u-1");
    let again = call(&*frontend, given(say("u-1"), "cookie", &known));
    assert!(matches!(again.target.find, Find::Continue(_)));
    assert_eq!(cookie(&ended(*again, Ok(())), COOKIE), None);
    // A failure proves nothing, and the older generations know no cookie.
    let failed = ended(
        *call(&*frontend, say("u-1")),
        Err(Fault::BackendUnavailable),
    );
    assert_eq!(cookie(&failed, COOKIE), None);
    let older = ended(
        *call(&*frontend, post("/incoming/webchat", &message("u-1"))),
        Ok(()),
    );
    assert_eq!(cookie(&older, COOKIE), None);
    let off = with(json!({"anonymous": "off"}));
    assert_eq!(
        cookie(&ended(*call(&*off, say("u-1")), Ok(())), COOKIE),
        None
    );
}

#[test]
fn a_cookie_of_another_user_or_a_broken_one_is_replaced() {
    let frontend = with(json!({}));
    let other = introduced(&*frontend, "u-2");
    for wrong in [
        other.as_str(),
        &format!("{COOKIE}=x.y.z"),
        "nonsense",
        "a=b; =; ;",
    ] {
        let answer = ended(
            *call(&*frontend, given(say("u-1"), "cookie", wrong)),
            Ok(()),
        );
        assert!(cookie(&answer, COOKIE).is_some(), "{wrong}");
    }
}

#[test]
fn a_cookie_for_pages_of_other_sites_needs_https() {
    let secure = |request: Request<Bytes>, frontend: &Served| {
        let Handled::Call(call) = frontend.handle(request, "/chat-api/message", &cx()) else {
            panic!("not a call");
        };
        let (_, rest) = cookie(&ended(*call, Ok(())), COOKIE).unwrap();
        rest
    };
    let mounted = third(post("/od/chat-api/message", &message("u-1")), "u-1");
    let rest = secure(
        given(mounted, "x-forwarded-proto", "https"),
        &with(json!({})),
    );
    for part in ["SameSite=None", "Secure", "Partitioned", "Path=/od"] {
        assert!(rest.contains(part), "{rest}");
    }
    let public =
        frontend(json!({"app_keys": ["APP_KEY"], "public_url": "https://chat.example.com/bot/"}));
    let rest = secure(say("u-1"), &public);
    assert!(
        rest.contains("Secure") && rest.contains("Path=/bot"),
        "{rest}"
    );
}

#[test]
fn where_the_cookie_is_asked_for_a_stranger_only_gets_an_id_that_is_free() {
    let frontend = with(json!({"anonymous": "require"}));
    for request in [say("u-1"), post("/incoming/webchat", &message("u-1"))] {
        let asked = call(&*frontend, request);
        assert_eq!(asked.target.find, Find::Unclaimed("u-1".to_owned()));
        let answer = ended(*asked, Ok(()));
        assert!(cookie(&answer, COOKIE).is_some());
    }
    let known = introduced(&*frontend, "u-1");
    let asked = call(&*frontend, given(say("u-1"), "cookie", &known));
    assert_eq!(asked.target.find, Find::Continue("u-1".to_owned()));
    // Neither another user's cookie nor one of another frontend will do.
    for wrong in [
        introduced(&*frontend, "u-2"),
        introduced(&*with(json!({})), "u-1").replace("eyJ", "eyK"),
    ] {
        let asked = call(&*frontend, given(say("u-1"), "cookie", &wrong));
        assert_eq!(asked.target.find, Find::Unclaimed("u-1".to_owned()));
    }
    let elsewhere = given(
        given(say("u-1"), "cookie", &known),
        "host",
        "other.example.com",
    );
    assert_eq!(
        call(&*frontend, elsewhere).target.find,
        Find::Unclaimed("u-1".to_owned())
    );
}

#[test]
fn where_the_cookie_is_asked_for_a_stranger_reads_nothing() {
    let frontend = with(json!({"anonymous": "require"}));
    let known = introduced(&*frontend, "u-1");
    for request in [
        || ask("/chat-api/history", "u-1"),
        || ask("/chat-api/transcript", "u-1"),
        || ask("/chat-api/configuration", "u-1"),
        || get("/user/u-1/history"),
        || get("/user/u-1/history/file"),
    ] {
        let path = request().uri().path().to_owned();
        let asked = call(&*frontend, request());
        assert_eq!(asked.operation, Operation::Touch, "{path}");
        let refused = ended(*asked, Ok(()));
        assert_eq!(refused.status(), 401, "{path}");
        assert_eq!(json(&refused), json!({"message": "Unauthenticated."}));
        assert_eq!(cookie(&refused, COOKIE), None, "{path}");
        let answered = ended(
            *call(&*frontend, given(request(), "cookie", &known)),
            Ok(()),
        );
        assert_eq!(answered.status(), 200, "{path}");
    }
    // Of nobody there is nothing to hide.
    let unknown = || Err(Fault::UnknownConversation);
    let empty = ended(*call(&*frontend, get("/user/u-1/history")), unknown());
    assert_eq!(json(&empty), json!([]));
    // Nor is there anything to give: a cookie for an id that is still free would open the
    // conversation of whoever takes it later.
    for path in ["/chat-api/configuration", "/chat-api/history"] {
        let fresh = ended(*call(&*frontend, ask(path, "u-1")), unknown());
        assert_eq!(fresh.status(), 200, "{path}");
        assert_eq!(cookie(&fresh, COOKIE), None, "{path}");
    }
    // The host page of the older webchat is on another site and has no cookie.
    let open = ended(
        *call(&*frontend, get("/webchat-config?user_id=u-1")),
        Ok(()),
    );
    assert_eq!(open.status(), 200);
}

#[test]
fn a_stranger_changes_nothing_of_whom_the_cookie_is_asked_for() {
    let frontend = with(json!({"anonymous": "require"}));
    let configuration = || get("/webchat-config?user_id=u-1&url=https%3A%2F%2Fa.example%2F");
    let asked = call(&*frontend, configuration());
    assert_eq!(asked.profile, Profile::default());
    let known = introduced(&*frontend, "u-1");
    let asked = call(&*frontend, given(configuration(), "cookie", &known));
    let page = asked.profile.page_url.as_deref();
    assert_eq!(page, Some("https://a.example/"));
}

#[test]
fn an_id_that_was_taken_while_the_engine_failed_is_its_takers_all_the_same() {
    let frontend = with(json!({"anonymous": "require"}));
    for fault in [
        Fault::BackendUnavailable,
        Fault::TimedOut,
        Fault::bad_input("the engine refused the input"),
    ] {
        let failed = ended(*call(&*frontend, say("u-1")), Err(fault.clone()));
        assert!(!failed.status().is_success());
        assert!(cookie(&failed, COOKIE).is_some(), "{fault}");
    }
    for fault in [
        Fault::Unauthorised(AuthProblem::Missing),
        Fault::StoreUnavailable,
        Fault::Internal,
        Fault::RateLimited { retry_after: None },
    ] {
        let failed = ended(*call(&*frontend, say("u-1")), Err(fault.clone()));
        assert_eq!(cookie(&failed, COOKIE), None, "{fault}");
    }
}

#[test]
fn what_cannot_be_a_key_is_refused_as_a_user_id() {
    let frontend = with(json!({}));
    let long = "u".repeat(256);
    for (request, status) in [
        (say(&long), 422),
        (post("/incoming/webchat", &message("a\0b")), 422),
        (get("/user/a%00b/history"), 422),
        (get(&format!("/user/{long}/history/file")), 422),
        (get("/webchat-config?user_id=a%00"), 422),
    ] {
        let (_, refusal) = refused(&*frontend, request);
        assert_eq!(refusal.status(), status);
        assert!(json(&refusal)["errors"]["user_id"].is_array());
    }
}

#[test]
fn a_cookie_ends() {
    let frontend = with(json!({"anonymous": "require"}));
    let request = given(say("u-1"), "cookie", &introduced(&*frontend, "u-1"));
    let later = frontend.handle(request, "/chat-api/message", &at("2022-08-25T09:15:02Z"));
    let Handled::Call(asked) = later else {
        panic!("not a call");
    };
    assert_eq!(asked.target.find, Find::Unclaimed("u-1".to_owned()));
}

#[test]
fn forged_requests_are_refused_where_that_is_asked_for() {
    let frontend = with(json!({"csrf": true}));
    let (_, refusal) = refused(&*frontend, say("u-1"));
    assert_eq!(refusal.status(), 419);
    assert_eq!(json(&refusal), json!({"message": "CSRF token mismatch."}));
    // The configuration changes nothing and brings the token.
    let configuration = ended(
        *call(&*frontend, ask("/chat-api/configuration", "u-1")),
        Ok(()),
    );
    let (token, rest) = cookie(&configuration, "XSRF-TOKEN").unwrap();
    assert!(!rest.contains("HttpOnly"), "the page reads it");
    let pair = format!("XSRF-TOKEN={token}");
    let both = |user: &str| given(given(say(user), "cookie", &pair), "x-xsrf-token", &token);
    call(&*frontend, both("u-1"));
    for wrong in [
        given(say("u-1"), "x-xsrf-token", &token),
        given(say("u-1"), "cookie", &pair),
        given(
            given(say("u-1"), "cookie", "XSRF-TOKEN=a"),
            "x-xsrf-token",
            "a",
        ),
        both("u-2"),
    ] {
        assert_eq!(refused(&*frontend, wrong).1.status(), 419);
    }
    // The webchat repeats the page's own token.
    let page = page_token(&*frontend);
    let own = || {
        given(
            post("/incoming/webchat", &message("u-1")),
            "x-csrf-token",
            &page,
        )
    };
    call(&*frontend, own());
    call(&*frontend, given(own(), "sec-fetch-site", "same-origin"));
    assert_eq!(
        refused(&*frontend, given(own(), "sec-fetch-site", "cross-site"))
            .1
            .status(),
        419
    );
    // Without the option nobody is asked.
    call(&*with(json!({})), say("u-1"));
}

fn page_token(frontend: &dyn Frontend) -> String {
    let Handled::Reply(page) = handle(frontend, get("/web-chat")) else {
        panic!("no page");
    };
    let page = String::from_utf8(page.body().to_vec()).unwrap();
    let (_, rest) = page.split_once("\"pageToken\":\"").unwrap();
    rest.split_once('"').unwrap().0.to_owned()
}

fn line(author: &str) -> Value {
    json!({"author": author, "text": "I was here", "date": "Tue 20 Jul", "time": "9:15:02 AM"})
}

fn write(author: &str) -> Request<Bytes> {
    post("/user/u-1/history", &line(author))
}

#[test]
fn a_stranger_writes_nothing_into_a_history() {
    let frontend = frontend(json!({"app_keys": ["APP_KEY"], "api": {"tokens": ["API_TOKEN"]}}));
    let (_, refusal) = refused(&*frontend, write("me"));
    assert_eq!(refusal.status(), 419);
    for wrong in ["Bearer OTHER", "Bearer "] {
        let request = given(write("me"), "authorization", wrong);
        assert_eq!(refused(&*frontend, request).1.status(), 419);
    }
    let token = page_token(&*frontend);
    for (name, value) in [
        ("authorization", "Bearer APP_KEY"),
        ("authorization", "Bearer API_TOKEN"),
        ("x-csrf-token", token.as_str()),
    ] {
        let asked = call(&*frontend, given(write("me"), name, value));
        assert!(matches!(asked.operation, Operation::Note(Noted::User(_))));
        let answer = ended(*asked, Ok(()));
        assert_eq!((answer.status().as_u16(), answer.body().len()), (200, 0));
    }
}

#[test]
fn a_key_that_everybody_has_does_not_replace_the_cookie_but_a_token_does() {
    let frontend = frontend(json!({
        "app_keys": ["APP_KEY"], "api": {"tokens": ["API_TOKEN"]}, "users": {"anonymous": "require"},
    }));
    for (bearer, find) in [
        ("Bearer APP_KEY", Find::Unclaimed("u-1".to_owned())),
        ("Bearer API_TOKEN", Find::Continue("u-1".to_owned())),
    ] {
        let asked = call(&*frontend, given(write("me"), "authorization", bearer));
        assert_eq!(asked.target.find, find);
    }
}

#[test]
fn what_is_wrong_with_a_line_for_the_history_is_named() {
    let frontend = with(json!({}));
    let body = json!({"author": 7});
    let request = given(
        post("/user/u-1/history", &body),
        "authorization",
        "Bearer APP_KEY",
    );
    let (_, refusal) = refused(&*frontend, request);
    assert_eq!(refusal.status(), 422);
    assert_eq!(
        json(&refusal)["errors"],
        json!({"author": ["The author must be a string."], "text": ["The text field is required."]})
    );
}

#[test]
fn lines_from_elsewhere_are_rows_of_their_own_type() {
    let frontend = with(json!({}));
    let noted = |author: &str| {
        let asked = call(
            &*frontend,
            given(write(author), "authorization", "Bearer APP_KEY"),
        );
        match asked.operation {
            Operation::Note(noted) => noted,
            other => panic!("{other:?}"),
        }
    };
    let entries = || {
        let Noted::User(event) = noted("me") else {
            panic!("not the user's");
        };
        let Noted::Message(message) = noted("Sam") else {
            panic!("not a message");
        };
        assert_eq!(
            message.author,
            Author::Operator {
                id: None,
                name: Some("Sam".to_owned())
            }
        );
        vec![did(1, *event), said(2, *message)]
    };
    let known = |entries| outcome(view("u-1", Profile::default()), entries);
    let history = call(&*frontend, get("/user/u-1/history"));
    let rows = json(&(history.finish)(Ok(known(entries())), &cx()));
    let row = |place: usize| {
        [
            &rows[place]["author"],
            &rows[place]["type"],
            &rows[place]["message"],
            &rows[place]["data"],
        ]
    };
    let data = json!({"text": "I was here", "date": "Tue 20 Jul", "time": "9:15:02 AM"});
    let of = |author: &str| {
        [
            json!(author),
            json!("text_external"),
            json!("I was here"),
            data.clone(),
        ]
    };
    assert_eq!(row(0).map(Value::clone), of("Sam"));
    assert_eq!(row(1).map(Value::clone), of("u-1"));
    let ignored = call(
        &*frontend,
        get("/user/u-1/history?ignore=chat_open,text_external"),
    );
    assert_eq!(
        json(&(ignored.finish)(Ok(known(entries())), &cx())),
        json!([])
    );
    let transcript = call(&*frontend, get("/user/u-1/history/file"));
    let transcript = (transcript.finish)(Ok(known(entries())), &cx());
    let transcript = std::str::from_utf8(transcript.body()).unwrap();
    assert!(transcript.contains("- You: I was here\n"), "{transcript}");
    assert!(transcript.contains("- Sam: I was here\n"), "{transcript}");
    assert!(matches!(entries()[0].item, Item::User(_)));
}

#[test]
fn what_is_known_of_a_user_does_not_fill_a_history_over_and_over() {
    let frontend = with(json!({}));
    let history = |fact: &str| {
        let profile = Profile {
            variables: [("fact".to_owned(), fact.to_owned())].into(),
            ..Profile::default()
        };
        let typed = |seq| {
            did(
                seq,
                crate::support::user_event(switchboard_core::model::UserInput::text("hi")),
            )
        };
        let known = outcome(view("u-1", profile), (1..=3).map(typed).collect());
        let asked = call(&*frontend, get("/user/u-1/history"));
        json(&(asked.finish)(Ok(known), &cx()))
    };
    for row in history("short").as_array().unwrap() {
        assert_eq!(row["user"]["custom"]["fact"], "short");
    }
    let long = "x".repeat(20_000);
    let rows = history(&long);
    assert_eq!(rows.as_array().unwrap().len(), 3);
    assert_eq!(rows[0]["user"]["custom"]["fact"], long.as_str());
    assert_eq!(rows[1]["user"], Value::Null);
}
