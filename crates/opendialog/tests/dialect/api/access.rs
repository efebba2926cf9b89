//! Tokens and budgets.

use super::*;

#[test]
fn only_a_token_of_the_configuration_that_is_still_good_lets_a_program_in() {
    let options = json!({"tokens": [
        "OLD_TOKEN",
        {"token": "TEMPORARY", "expires": "2026-01-01T00:00:00Z"},
        {"token": "LIMITED", "frontends": ["shop", "help"]},
    ]});
    let frontend = api(options);
    let with = |header: Option<&str>| {
        let mut request = Request::get(format!("{INTERACTIONS}?{PERIOD}"));
        if let Some(header) = header {
            request = request.header("Authorization", header);
        }
        request.body(Bytes::new()).unwrap()
    };
    let check = |header: Option<&str>, now: &str, expected: Option<AuthProblem>| match (
        ask_at(&*frontend, with(header), now),
        expected,
    ) {
        (Handled::Refuse(fault, response), Some(problem)) => {
            assert_eq!(fault, Fault::Unauthorised(problem), "{header:?}");
            assert_eq!(response.status(), 401);
            assert_eq!(json(&response), fixture(60).answer);
            assert!(response.headers().get("x-ratelimit-limit").is_none());
        }
        (Handled::Consult(_), None) => {}
        (other, _) => panic!("{header:?}: {other:?}"),
    };
    let (before, then) = ("2025-12-31T23:59:59Z", "2026-01-01T00:00:00Z");
    check(Some("Bearer OLD_TOKEN"), then, None);
    check(Some("bearer  OLD_TOKEN "), then, None);
    check(Some("Bearer TEMPORARY"), before, None);
    check(Some("Bearer TEMPORARY"), then, Some(AuthProblem::Expired));
    check(None, then, Some(AuthProblem::Missing));
    check(Some("Bearer "), then, Some(AuthProblem::Invalid));
    check(Some("Basic OLD_TOKEN"), then, Some(AuthProblem::Invalid));
    check(Some("Bearer APP_KEY"), then, Some(AuthProblem::Invalid));
    check(Some("Bearer REVOKED"), then, Some(AuthProblem::Invalid));
    check(Some("Bearer OLD_TOKE"), then, Some(AuthProblem::Invalid));
    // Without tokens nobody gets in, whatever the path.
    for path in [LEGACY, INTERACTIONS, EXPORT, "/public/api/nothing"] {
        let (_, response) = refused(ask(&*api(json!({})), request(path, PERIOD)));
        assert_eq!(response.status(), 401, "{path}");
    }
    let (_, response) = refused(ask(&*frontend, fixture(60).request()));
    assert_eq!(json(&response), fixture(60).answer);
    let query = consult(ask(&*frontend, with(Some("Bearer LIMITED")))).query;
    assert_eq!(
        query.frontends.as_deref(),
        Some(&["shop".to_owned(), "help".to_owned()][..])
    );
    let query = consult(ask(&*frontend, with(Some("Bearer OLD_TOKEN")))).query;
    assert_eq!(query.frontends, None);
}

fn rate(response: &Response<Bytes>) -> [Option<u64>; 4] {
    [
        "x-ratelimit-limit",
        "x-ratelimit-remaining",
        "retry-after",
        "x-ratelimit-reset",
    ]
    .map(|name| {
        let value = response.headers().get(name)?;
        Some(value.to_str().unwrap().parse().unwrap())
    })
}

#[test]
fn a_token_has_a_budget_of_requests_a_minute() {
    let frontend = api(json!({"tokens": ["API_TOKEN", "OTHER"], "rate": 2}));
    let with = |token: &str| {
        let mut request = request(INTERACTIONS, PERIOD);
        let value = format!("Bearer {token}").parse().unwrap();
        request.headers_mut().insert("authorization", value);
        request
    };
    let allowed = |token: &str, now: &str| {
        let consult = consult(ask_at(&*frontend, with(token), now));
        rate(&(consult.finish)(Ok(page(Vec::new())), &at(now)))
    };
    let too_many = |now: &str| {
        let (fault, response) = refused(ask_at(&*frontend, with("API_TOKEN"), now));
        assert!(matches!(fault, Fault::RateLimited { .. }));
        assert_eq!(response.status(), 429);
        assert_eq!(json(&response), json!({"message": "Too Many Attempts."}));
        rate(&response)
    };
    assert_eq!(
        allowed("API_TOKEN", "2026-01-01T00:00:30Z"),
        [Some(2), Some(1), None, None]
    );
    assert_eq!(
        allowed("API_TOKEN", "2026-01-01T00:01:00Z"),
        [Some(2), Some(0), None, None]
    );
    let end = u64::try_from(moment("2026-01-01T00:01:30Z").as_millis() / 1000).unwrap();
    assert_eq!(
        too_many("2026-01-01T00:01:00Z"),
        [Some(2), Some(0), Some(30), Some(end)]
    );
    // Asking on and on makes the wait no longer, and the last part of a second counts as one.
    assert_eq!(too_many("2026-01-01T00:01:29.500Z")[2], Some(1));
    assert_eq!(
        allowed("OTHER", "2026-01-01T00:01:29Z")[1],
        Some(1),
        "a budget of its own"
    );
    assert_eq!(
        allowed("API_TOKEN", "2026-01-01T00:01:30Z"),
        [Some(2), Some(1), None, None]
    );
    // A clock that is set back locks nobody out.
    assert_eq!(
        allowed("API_TOKEN", "2025-06-01T00:00:00Z"),
        [Some(2), Some(1), None, None]
    );
}

#[test]
fn every_answer_to_a_known_token_counts_and_tells_what_is_left() {
    let frontend = api(json!({"tokens": ["API_TOKEN"], "rate": 10}));
    for (place, (path, query)) in [
        (INTERACTIONS, ""),
        (EXPORT, "exportType=csv"),
        ("/public/api/nothing", ""),
        ("/api/nothing", ""),
    ]
    .into_iter()
    .enumerate()
    {
        let (_, response) = refused(ask(&*frontend, request(path, query)));
        assert_eq!(
            rate(&response)[..2],
            [Some(10), Some(9 - place as u64)],
            "{path}"
        );
    }
    let mut post = request(EXPORT, "exportType=json");
    *post.method_mut() = Method::POST;
    let (fault, response) = refused(ask(&*frontend, post));
    assert_eq!(fault, Fault::MethodNotAllowed);
    assert_eq!(rate(&response)[..2], [Some(10), Some(5)]);
    let mut head = request(EXPORT, "exportType=json");
    *head.method_mut() = Method::HEAD;
    consult(ask(&*frontend, head));
}

#[test]
fn exports_have_a_budget_of_their_own_within_the_other() {
    let frontend = api(json!({"tokens": ["API_TOKEN"], "rate": 3, "export_rate": 1}));
    let export = || ask(&*frontend, request(EXPORT, "exportType=json"));
    let first = consult(export());
    let response = (first.finish)(Err(Fault::StoreUnavailable), &cx());
    assert_eq!(rate(&response), [Some(1), Some(0), None, None]);
    for _ in 0..3 {
        let fixture = fixture(59);
        let (_, response) = refused(ask(&*frontend, fixture.request()));
        assert_eq!(response.status(), fixture.status);
        assert_eq!(json(&response), fixture.answer);
        assert_eq!(rate(&response)[2], Some(60));
    }
    // Refused exports have used up nothing.
    for _ in 0..2 {
        consult(ask(&*frontend, request(INTERACTIONS, PERIOD)));
    }
    let (_, response) = refused(export());
    assert_eq!(json(&response), json!({"message": "Too Many Attempts."}));
}

#[test]
fn no_limit_is_no_header() {
    let frontend = api(json!({"tokens": ["API_TOKEN"], "rate": 0, "export_rate": 0}));
    for _ in 0..100 {
        let consult = consult(ask(&*frontend, request(EXPORT, "exportType=json")));
        let response = (consult.finish)(Ok(page(Vec::new())), &cx());
        assert_eq!(rate(&response), [None; 4]);
    }
}
