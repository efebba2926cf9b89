//! Links that open the chat, from the request for them to the page.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, Response, header};
use serde_json::{Value, json};
use switchboard_core::Fault;
use switchboard_core::dialect::{Call, Find, Frontend, Handled, KeptValue, LookUp, Operation};
use switchboard_core::model::Profile;

use crate::support::{cx, fixture, frontend, handle, json, outcome, refused, view};

const LEGACY: &str = "/api/generate-webchat-deeplink";
const PUBLIC: &str = "/public/api/generate-webchat-deep-link";
const TOKENS: [&str; 2] = ["USER_TOKEN", "API_TOKEN"];

fn links(more: Value) -> Arc<dyn Frontend> {
    let mut options = json!({
        "api": {"tokens": TOKENS},
        "scenarios": [{"id": "0x420", "alias": "shop"}],
        "public_url": "https://chat.example/od/",
    });
    let more = more.as_object().unwrap().clone();
    options.as_object_mut().unwrap().extend(more);
    frontend(options)
}

fn ask(path: &str, body: impl Into<Bytes>) -> Request<Bytes> {
    Request::post(path)
        .header("Authorization", "Bearer API_TOKEN")
        .header("Host", "host.example")
        .body(body.into())
        .unwrap()
}

fn body(dataset: &Value) -> String {
    json!({"scenario_id": "0x420", "dataset": dataset}).to_string()
}

/// What is kept, and the answer once it is.
#[track_caller]
fn made(frontend: &dyn Frontend, request: Request<Bytes>) -> (Vec<KeptValue>, Value) {
    match handle(frontend, request) {
        Handled::Keep(keep) => {
            let answer = (keep.finish)(Ok(()), &cx());
            assert_eq!(answer.status(), 200);
            (keep.values, json(&answer))
        }
        Handled::Refuse(fault, response) => panic!("{fault} {}", json(&response)),
        other => panic!("nothing to keep: {other:?}"),
    }
}

#[track_caller]
fn open(frontend: &dyn Frontend, method: Method, path: &str) -> LookUp {
    let request = Request::builder().method(method).uri(path);
    match handle(frontend, request.body(Bytes::new()).unwrap()) {
        Handled::LookUp(look_up) => look_up,
        other => panic!("nothing is looked up: {other:?}"),
    }
}

fn code(link: &Value) -> &str {
    link["url"].as_str().unwrap().rsplit_once("/l/").unwrap().1
}

/// Opens the first link of a data set of one.
fn opened(options: Value, user: Value, method: Method) -> Handled {
    let (mut kept, links_made) = made(&*links(json!({})), ask(PUBLIC, body(&json!([user]))));
    let frontend = links(options);
    let path = format!("/l/{}", code(&links_made[0]));
    let look_up = open(&*frontend, method, &path);
    let kept = kept.remove(0);
    assert_eq!(look_up.key, kept.key);
    (look_up.then)(Ok(Some(kept.value)), &cx())
}

#[track_caller]
fn assert_is_page(response: &Response<Bytes>, status: u16) {
    assert_eq!(response.status(), status);
    let header = |name| response.headers()[name].to_str().unwrap();
    assert_eq!(header(header::CACHE_CONTROL), "no-store");
    assert_eq!(header(header::REFERRER_POLICY), "no-referrer");
    assert_eq!(header(header::CONTENT_TYPE), "text/html; charset=utf-8");
}

#[test]
fn every_user_gets_a_link_in_the_order_of_the_dataset() {
    for number in [53, 61] {
        let fixture = fixture(number);
        let (kept, answer) = made(&*links(json!({})), fixture.request());
        let asked = fixture.body()["dataset"].as_array().unwrap();
        let answers = answer.as_array().unwrap();
        assert_eq!((answers.len(), kept.len()), (asked.len(), asked.len()));
        assert_eq!(answers[0]["user_id"], "u-1");
        let made_up = answers[1]["user_id"].as_str().unwrap();
        assert!(uuid::Uuid::try_parse(made_up).is_ok(), "{made_up}");
        for ((link, kept), asked) in answers.iter().zip(&kept).zip(asked) {
            let url = link["url"].as_str().unwrap();
            let code = url.strip_prefix("https://chat.example/od/l/").unwrap();
            assert_eq!(code.len(), 22, "{url}");
            assert!(!kept.key.contains(code));
            assert!(!format!("{kept:?}").contains(code));
            assert_eq!(kept.until, cx().now.after(Duration::from_secs(30 * 86_400)));
            assert_eq!(
                kept.value,
                json!({"user_id": link["user_id"], "scenario": "0x420",
                       "attributes": asked["attributes"]})
            );
        }
    }
}

#[test]
fn the_same_user_twice_has_two_links() {
    let frontend = links(json!({"deep_links": {"lifetime": 60}}));
    let user = json!({"user_id": "u-1", "attributes": {}});
    let dataset: Vec<_> = (0..100).map(|_| user.clone()).collect();
    let (kept, answer) = made(&*frontend, ask(PUBLIC, body(&json!(dataset))));
    let codes: HashSet<_> = answer.as_array().unwrap().iter().map(code).collect();
    assert_eq!(codes.len(), 100);
    assert!(
        kept.iter()
            .all(|it| it.until == cx().now.after(Duration::from_secs(60)))
    );
}

#[test]
fn links_lead_to_where_the_request_was_sent() {
    let frontend = frontend(json!({"api": {"tokens": ["API_TOKEN"]}}));
    let url = |request: Request<Bytes>, path: &str| {
        let Handled::Keep(keep) = frontend.handle(request, path, &cx()) else {
            panic!("nothing to keep");
        };
        let answer = json(&(keep.finish)(Ok(()), &cx()));
        let url = answer[0]["url"].as_str().unwrap().to_owned();
        url.rsplit_once('/').unwrap().0.to_owned()
    };
    let dataset = body(&json!([{"attributes": {}}]));
    for (uri, base) in [
        (PUBLIC.to_owned(), "http://host.example/l"),
        (format!("/od{PUBLIC}"), "http://host.example/od/l"),
        (format!("//od/{PUBLIC}/"), "http://host.example/od/l"),
    ] {
        assert_eq!(url(ask(&uri, dataset.clone()), PUBLIC), base, "{uri}");
    }
    let mut request = ask(PUBLIC, dataset);
    request.headers_mut().remove("host");
    let (fault, response) = refused(&*frontend, request);
    assert!(matches!(fault, Fault::BadInput { .. }));
    assert_eq!(response.status(), 422);
}

#[test]
fn a_scenario_may_be_named_by_its_alias() {
    let frontend = links(json!({}));
    for (path, key, name) in [
        (PUBLIC, "scenario_id", "shop"),
        (LEGACY, "scenario_id", "shop"),
        (LEGACY, "scenarioId", "0x420"),
        (LEGACY, "scenario_alias", "shop"),
        (LEGACY, "scenarioAlias", "shop"),
        (LEGACY, "scenarioAlias", "0x420"),
    ] {
        let asked = json!({key: name, "dataset": [{"attributes": {}}]}).to_string();
        let (kept, _) = made(&*frontend, ask(path, asked));
        assert_eq!(kept[0].value["scenario"], "0x420", "{path} {key} {name}");
    }
    // Where none is configured, any will do.
    let any = frontend_without_scenarios();
    let asked = json!({"scenario_id": "new", "dataset": [{"attributes": {}}]}).to_string();
    assert_eq!(
        made(&*any, ask(PUBLIC, asked)).0[0].value["scenario"],
        "new"
    );
}

fn frontend_without_scenarios() -> Arc<dyn Frontend> {
    links(json!({"scenarios": []}))
}

#[test]
fn what_is_wrong_with_a_request_for_links_is_said_at_once() {
    let fixture62 = fixture(62);
    let (_, response) = refused(&*links(json!({})), fixture62.request());
    assert_eq!(response.status(), 422);
    assert_eq!(json(&response), fixture62.answer);

    let (fault, response) = refused(
        &*links(json!({"pages": {"full_page": false}})),
        fixture(63).request(),
    );
    assert_eq!((fault, response.status().as_u16()), (Fault::NotFound, 404));
    assert_eq!(json(&response), fixture(63).answer);

    let frontend = links(json!({"deep_links": {"most_users": 3}}));
    let dataset: Vec<_> = (0..10_000).map(|_| json!({"attributes": {}})).collect();
    let errors = |asked: String| {
        let (fault, response) = refused(&*frontend, ask(LEGACY, asked));
        assert!(matches!(fault, Fault::BadInput { .. }), "{fault}");
        assert_eq!(response.status(), 422);
        json(&response)["errors"].clone()
    };
    assert_eq!(
        errors(body(&json!(dataset))),
        json!({"dataset": ["Maximum number of users is 3"]})
    );
    assert_eq!(
        errors(json!({"scenario_id": "bank", "dataset": [{}]}).to_string()),
        json!({"scenario_id": ["The selected scenario does not exist."],
               "dataset.0.attributes": ["The attributes field is required."]})
    );
    assert_eq!(errors("{".to_owned()).as_object().unwrap().len(), 2);
}

#[test]
fn links_that_cannot_be_kept_are_not_given_out() {
    let asked = ask(PUBLIC, body(&json!([{"attributes": {}}])));
    let Handled::Keep(keep) = handle(&*links(json!({})), asked) else {
        panic!("nothing to keep");
    };
    let answer = (keep.finish)(Err(Fault::StoreUnavailable), &cx());
    assert_eq!(answer.status(), 500);
    let error = "An error occurred while generating the deep link.";
    assert_eq!(json(&answer), json!({ "error": error }));
}

#[test]
fn a_token_makes_links_and_nothing_else_does() {
    let frontend = links(json!({"app_keys": ["APP_KEY"]}));
    for token in ["", "APP_KEY", "API_TOKE", "API_TOKENS"] {
        let mut request = ask(PUBLIC, body(&json!([{"attributes": {}}])));
        let value = format!("Bearer {token}").parse().unwrap();
        request.headers_mut().insert("authorization", value);
        let (fault, response) = refused(&*frontend, request);
        assert!(matches!(fault, Fault::Unauthorised(_)), "{token}");
        assert_eq!(response.status(), 401);
    }
    for path in [PUBLIC, LEGACY] {
        let mut request = ask(path, "");
        *request.method_mut() = Method::GET;
        assert_eq!(refused(&*frontend, request).0, Fault::MethodNotAllowed);
    }
}

fn ada() -> Value {
    json!({"user_id": "u-1", "attributes": {
        "first_name": "Ada", "interests": ["maths", "poetry"], "age": 36, "member": true,
    }})
}

#[test]
fn a_link_opens_the_page_once_its_attributes_are_known() {
    let Handled::Call(call) = opened(json!({}), ada(), Method::GET) else {
        panic!("not a call");
    };
    let Call {
        target,
        profile,
        operation,
        finish,
    } = *call;
    assert_eq!(target.find, Find::Continue("u-1".to_owned()));
    assert_eq!(target.scope, "opendialog");
    assert_eq!(operation, Operation::Touch);
    assert_eq!(profile.user_id.as_deref(), Some("u-1"));
    assert_eq!(profile.scenario.as_deref(), Some("0x420"));
    assert_eq!(profile.attributes["first_name"], "Ada");
    for (name, value) in [
        ("interests", "maths, poetry"),
        ("age", "36"),
        ("member", "true"),
    ] {
        assert_eq!(profile.variables[name], value);
    }
    let page = finish(Ok(outcome(view("u-1", profile), Vec::new())), &cx());
    assert_eq!(page.headers()[header::CACHE_CONTROL], "no-store");
    assert_eq!(page.headers()[header::REFERRER_POLICY], "no-referrer");
    let page = String::from_utf8_lossy(page.body());
    assert!(!page.contains("Ada") && !page.contains("poetry"), "{page}");
}

#[test]
fn a_page_that_cannot_be_opened_says_so() {
    for (fault, status) in [
        (Fault::StoreUnavailable, 503),
        (Fault::RateLimited { retry_after: None }, 429),
    ] {
        let Handled::Call(call) = opened(json!({}), ada(), Method::GET) else {
            panic!("not a call");
        };
        assert_is_page(&(call.finish)(Err(fault), &cx()), status);
    }
    let look_up = open(&*links(json!({})), Method::GET, "/l/aaaaaaaaaaaaaaaaaaaaaa");
    match (look_up.then)(Err(Fault::StoreUnavailable), &cx()) {
        Handled::Refuse(fault, response) => {
            assert_eq!(fault, Fault::StoreUnavailable);
            assert_is_page(&response, 503);
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_link_that_is_only_looked_at_changes_no_conversation() {
    match opened(json!({}), ada(), Method::HEAD) {
        Handled::Reply(page) => {
            assert_eq!(page.headers()[header::CACHE_CONTROL], "no-store");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn links_that_do_not_work_all_look_the_same() {
    let frontend = links(json!({}));
    let refusal = |handled: Handled| match handled {
        Handled::Refuse(fault, response) => {
            assert_eq!(fault, Fault::NotFound);
            assert_is_page(&response, 404);
            response.into_body()
        }
        other => panic!("{other:?}"),
    };
    let ask = |path: &str| {
        let request = Request::get(path).body(Bytes::new()).unwrap();
        handle(&*frontend, request)
    };
    let unknown = open(&*frontend, Method::GET, "/l/aaaaaaaaaaaaaaaaaaaaaa");
    let unknown = refusal((unknown.then)(Ok(None), &cx()));
    // What cannot be a code is not looked for.
    for path in [
        "/l/",
        "/l/short",
        "/l/aaaaaaaaaaaaaaaaaaaaa%41",
        "/l/aaaaaaaaaa/aaaaaaaaaaa",
    ] {
        assert_eq!(refusal(ask(path)), unknown, "{path}");
    }
    let moved = json!({"scenarios": [{"id": "another"}]});
    assert_eq!(refusal(opened(moved, ada(), Method::GET)), unknown);
    let off = links(json!({"pages": {"full_page": false}}));
    let request = Request::get("/l/aaaaaaaaaaaaaaaaaaaaaa");
    let request = request.body(Bytes::new()).unwrap();
    assert_eq!(refusal(handle(&*off, request)), unknown);

    let request = Request::post("/l/aaaaaaaaaaaaaaaaaaaaaa");
    let request = request.body(Bytes::new()).unwrap();
    let (fault, response) = refused(&*frontend, request);
    assert_eq!(fault, Fault::MethodNotAllowed);
    assert_is_page(&response, 405);
}

#[test]
fn bodies_have_room_for_every_user() {
    let current = "/public/api/generate-webchat-deep-link";
    assert_eq!(links(json!({})).body_limit_of(current), 256 * 1024);
    let many = links(json!({"deep_links": {"most_users": 1_000}}));
    for path in [current, "/api/generate-webchat-deeplink"] {
        assert_eq!(many.body_limit_of(path), 2_000 * 1024, "{path}");
    }
}

#[test]
fn room_for_links_is_no_room_for_other_bodies() {
    let many = links(json!({"deep_links": {"most_users": 10_000}}));
    for path in ["/incoming/webchat", "/webchat-config", "/chat-api/message"] {
        assert_eq!(many.body_limit_of(path), 256 * 1024, "{path}");
    }
}

#[test]
fn attributes_of_a_link_replace_what_the_conversation_knew() {
    let Handled::Call(call) = opened(json!({}), ada(), Method::GET) else {
        panic!("not a call");
    };
    let mut known = Profile::default();
    known.variables.insert("age".to_owned(), "35".to_owned());
    known.merge(call.profile);
    assert_eq!(known.variables["age"], "36");
}
