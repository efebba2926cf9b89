//! Questions, good and bad.

use super::*;

#[test]
fn bad_questions_get_the_documented_answers() {
    for number in [55, 56, 58] {
        let fixture = fixture(number);
        let (_, response) = refused(ask(&*demo(), fixture.request()));
        assert_eq!(response.status(), fixture.status, "{number}");
        assert_eq!(json(&response), fixture.answer, "{number}");
    }
}

#[test]
fn each_mistake_in_a_question_has_its_words() {
    let format = |name: &str| format!("The {name} does not match the format Y-m-d H:i:s.");
    let from_to = |from: &str, to: &str| format!("from={from}&to={to}");
    let good = "2024-01-01%2000:00:00";
    let backwards = json!({"to": ["The to must be a date after or equal to from."]});
    for path in [LEGACY, INTERACTIONS] {
        let check = |query: &str, errors: Value| check_refusal(path, query, 422, &invalid(errors));
        let missing = json!({"from": ["The from field is required."],
            "to": ["The to field is required."]});
        check("", missing.clone());
        check("from=&to=%20", missing.clone());
        check("&&=&", missing.clone());
        check(
            &format!("from={good}"),
            json!({"to": ["The to field is required."]}),
        );
        // A missing date comes before a filter that is not allowed.
        check("shoe_size=9", missing);
        for bad in [
            "today",
            "2024-01-01",
            "2024-13-01%2000:00:00",
            "2024-02-31%2000:00:00",
            "2024-01-01%2025:00:00",
            "99999-01-01%2000:00:00",
            "-1",
            "%00",
            "%FF",
        ] {
            check(&from_to(bad, good), json!({"from": [format("from")]}));
            check(&from_to(good, bad), json!({"to": [format("to")]}));
            check(
                &from_to(bad, bad),
                json!({"from": [format("from")], "to": [format("to")]}),
            );
        }
        check(
            &format!("from[]={good}&to={good}"),
            json!({"from": [format("from")]}),
        );
        check(&from_to(good, "2023-12-31%2023:59:59"), backwards.clone());
        check(
            &format!("{PERIOD}&user_id[]=u-1"),
            json!({"user_id": ["The user id must be a string."]}),
        );
        check(
            &format!("{PERIOD}&user_id=a%00b"),
            json!({"user_id": ["The user id format is invalid."]}),
        );
    }
    let check = |query: &str, errors: Value| {
        check_refusal(EXPORT, query, 422, &invalid(errors));
    };
    let required = json!({"exportType": ["The export type field is required."]});
    check("", required.clone());
    check("exportType=", required);
    for bad in ["exportType=csv", "exportType=JSON", "exportType[]=json"] {
        check(
            bad,
            json!({"exportType": ["The export type must be json."]}),
        );
    }
    let and = |more: &str| format!("exportType=json&{more}");
    for (bad, problem) in [
        ("abc", "an integer"),
        ("1.5", "an integer"),
        ("99999999999999999999", "an integer"),
        ("0x10", "an integer"),
        ("0", "at least 1"),
        ("-1", "at least 1"),
    ] {
        check(
            &and(&format!("perPage={bad}")),
            json!({"perPage": [format!("The per page must be {problem}.")]}),
        );
        check(
            &and(&format!("page={bad}")),
            json!({"page": [format!("The page must be {problem}.")]}),
        );
    }
    check(
        &and("perPage[]=1"),
        json!({"perPage": ["The per page must be an integer."]}),
    );
    check(
        &and(&format!("to={good}")),
        json!({"from": ["The from field is required when to is present."]}),
    );
    check(&and(&from_to(good, "2023-12-31%2023:59:59")), backwards);
    let bad_date = |name: &str| json!({"message": format!("The {name} is in a bad date format. Use Y-m-d H:i:s.")});
    check_refusal(
        EXPORT,
        &and(&from_to("today", good)),
        400,
        &bad_date("from"),
    );
    check_refusal(
        EXPORT,
        &and(&from_to(good, "2024-02-31%2000:00:00")),
        400,
        &bad_date("to"),
    );
    check_refusal(
        EXPORT,
        &and(&format!("from[]={good}&to={good}")),
        400,
        &bad_date("from"),
    );
}

#[test]
fn each_filter_that_is_not_allowed_is_named() {
    let query = format!("{PERIOD}&shoe_size=9&email=a&hat[]=1");
    let problem = |name: &str| format!("The filter '{name}' is not allowed.");
    let body = json!({"message": problem("shoe_size"), "errors": {
        "filters.shoe_size": [problem("shoe_size")], "filters.hat": [problem("hat")]}});
    check_refusal(INTERACTIONS, &query, 422, &body);
    check_refusal(
        INTERACTIONS,
        &format!("{PERIOD}&email[]=a"),
        422,
        &invalid(json!({"email": ["The email must be a string."]})),
    );
    // The older API has no filters.
    assert!(asked(LEGACY, &query).query.matches.is_none());
}

#[test]
fn a_period_is_read_in_utc_and_includes_its_last_second() {
    let check = |query: &str, from: &str, until: &str, echo: (&str, &str)| {
        for (path, query) in [
            (LEGACY, query.to_owned()),
            (INTERACTIONS, query.to_owned()),
            (EXPORT, format!("{query}&exportType=json")),
        ] {
            let consult = asked(path, &query);
            assert_eq!(consult.query.from, Some(moment(from)), "{query}");
            assert_eq!(consult.query.to, Some(moment(until)), "{query}");
            let lines = vec![line("2026-01-01T00:00:00Z", did(UserInput::text("hi")))];
            let got = answer(consult, page(vec![user(Profile::default(), lines)]));
            let place = if path == EXPORT {
                &got["meta"]["filters"]
            } else {
                &got["data"][0]["u-1"]
            };
            assert_eq!(
                (&place["from"], &place["to"]),
                (&json!(echo.0), &json!(echo.1))
            );
        }
    };
    check(
        "from=2026-01-01%2000:00:00&to=2026-01-31+23:59:59",
        "2026-01-01T00:00:00Z",
        "2026-01-31T23:59:59.999Z",
        ("2026-01-01T00:00:00.000000Z", "2026-01-31T23:59:59.000000Z"),
    );
    // An offset arrives well or badly encoded.
    for offset in ["%2B02:00", "+02:00"] {
        check(
            &format!("from=2026-01-01T00:00:00{offset}&to=2026-01-01T12:00:00.250Z"),
            "2025-12-31T22:00:00Z",
            "2026-01-01T12:00:00.250Z",
            ("2025-12-31T22:00:00.000000Z", "2026-01-01T12:00:00.250000Z"),
        );
    }
    // The last of several counts.
    check(
        "from=nonsense&from=0000-01-01%2000:00:00&to=9999-12-31%2023:59:59",
        "0000-01-01T00:00:00Z",
        "9999-12-31T23:59:59.999Z",
        ("0000-01-01T00:00:00.000000Z", "9999-12-31T23:59:59.000000Z"),
    );
}

#[test]
fn filters_are_met_by_a_part_in_any_case_and_all_of_them() {
    let ada = ada();
    let check = |filters: &str, expected: Option<bool>| {
        let query = asked(INTERACTIONS, &format!("{PERIOD}&{filters}")).query;
        let got = query.matches.map(|matches| matches(&ada));
        assert_eq!(got, expected, "{filters}");
    };
    for (name, part) in [
        ("selected_scenario", "X42"),
        ("ip_address", "192.0"),
        ("country", "kingdom"),
        ("browser_language", "EN-gb"),
        ("os", "linux"),
        ("browser", "Chrome"),
        ("timezone", "europe/"),
        ("email", "ADA@"),
        ("platform", "WebChat"),
    ] {
        check(&format!("{name}={part}"), Some(true));
        check(&format!("{name}=something%20else"), Some(false));
        check(&format!("{name}="), None);
    }
    check("os=linux&browser=chrome", Some(true));
    check("os=linux&browser=firefox", Some(false));
    // What a database would read as any characters is read as itself.
    check("browser=%25", Some(false));
    check("user_id=u-1", None);
    let on_a_phone = Profile {
        variables: [("platform".to_owned(), "whatsapp".to_owned())].into(),
        ..Profile::default()
    };
    let query = asked(INTERACTIONS, &format!("{PERIOD}&platform=webchat")).query;
    assert!(!query.matches.unwrap()(&on_a_phone));
}

#[test]
fn filters_are_echoed() {
    let query = format!("{PERIOD}&email=ada&os=");
    let lines = vec![line("2024-01-15T10:00:00Z", did(UserInput::text("hi")))];
    let got = answer(asked(INTERACTIONS, &query), page(vec![user(ada(), lines)]));
    let got = &got["data"][0]["u-1"];
    includes(
        got,
        &json!({"email": "ada", "user_id": null, "selected_scenario": null,
        "browser": null}),
    );
    assert!(got.get("os").is_none());
}

#[test]
fn pages_of_an_export_are_counted_in_users() {
    let lines = || vec![line("2024-01-15T10:00:00Z", did(UserInput::text("hi")))];
    let check = |query: &str, (skip, users): (u64, u64), expected: Value| {
        let consult = asked(EXPORT, &format!("exportType=json&{query}"));
        assert_eq!(
            (consult.query.skip, consult.query.users),
            (skip, users),
            "{query}"
        );
        let here = 45_u64.saturating_sub(skip).min(users);
        let users = (0..here)
            .map(|_| user(Profile::default(), lines()))
            .collect();
        let page = TranscriptPage {
            users,
            total: 45,
            cut: false,
        };
        let got = answer(consult, page);
        assert_eq!(got["meta"]["pagination"], expected, "{query}");
        assert_eq!(got["data"].as_array().unwrap().len() as u64, here);
    };
    let pagination = |page: u64, from: Value, last: u64, per: u64, to: Value| {
        json!({"currentPage": page, "from": from, "lastPage": last, "perPage": per, "to": to,
            "total": 45})
    };
    check("", (0, 20), pagination(1, json!(1), 3, 20, json!(20)));
    check(
        "page=3",
        (40, 20),
        pagination(3, json!(41), 3, 20, json!(45)),
    );
    check(
        "page=4",
        (60, 20),
        pagination(4, Value::Null, 3, 20, Value::Null),
    );
    check(
        "perPage=7&page=2",
        (7, 7),
        pagination(2, json!(8), 7, 7, json!(14)),
    );
    check(
        "perPage=100000",
        (0, 100),
        pagination(1, json!(1), 1, 100, json!(45)),
    );
    let huge = i64::MAX.unsigned_abs();
    check(
        &format!("page={huge}&perPage=100"),
        ((huge - 1).saturating_mul(100), 100),
        pagination(huge, Value::Null, 1, 100, Value::Null),
    );
    let consult = asked(EXPORT, "exportType=json&perPage=500");
    let got = answer(consult, page(Vec::new()));
    assert_eq!(got["meta"]["filters"]["perPage"], "100");
}

#[test]
fn nobody_is_given_by_half() {
    let check = |path: &str, query: &str, field: &str, problem: &str| {
        let consult = asked(path, query);
        assert_eq!(consult.query.lines, 100_000);
        let page = TranscriptPage {
            cut: true,
            ..page(vec![user(ada(), Vec::new())])
        };
        let response = (consult.finish)(Ok(page), &cx());
        assert_eq!(response.status(), 422);
        assert_eq!(json(&response), invalid(json!({field: [problem]})));
    };
    let period = "The period has more than 100000 interactions. Ask for a shorter one.";
    check(LEGACY, PERIOD, "to", period);
    check(INTERACTIONS, PERIOD, "to", period);
    check(
        EXPORT,
        "exportType=json",
        "perPage",
        "The page has more than 100000 interactions. Ask for fewer users.",
    );
    check(
        EXPORT,
        "exportType=json&perPage=1",
        "to",
        "The user has more than 100000 interactions. Ask for a shorter period.",
    );
}

#[test]
fn transcripts_that_cannot_be_read_are_the_servers_fault() {
    for (path, query, body) in [
        (LEGACY, PERIOD, json!({"message": "Server Error"})),
        (INTERACTIONS, PERIOD, json!({"message": "Server Error"})),
        (
            EXPORT,
            "exportType=json",
            json!({"error": "An error occurred while processing your export request."}),
        ),
    ] {
        let response = (asked(path, query).finish)(Err(Fault::StoreUnavailable), &cx());
        assert_eq!(response.status(), 500);
        assert_eq!(json(&response), body);
    }
}
