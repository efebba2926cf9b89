//! What is asked for, in which order, and what is done about refusals.

use super::*;

#[test]
fn an_export_is_asked_for_with_the_token_and_the_period() {
    let period = RecordedPeriod {
        from: Some(moment("2023-03-01T00:00:00Z")),
        to: Some(moment("2023-03-01T23:59:59Z")),
        user_id: None,
    };
    let mut source = source_of(options("export"), period);
    let request = steps(&mut *source).fetch.unwrap();
    let expected = fixture(57).request();
    assert_eq!(request.method(), "GET");
    assert_eq!(request.uri().path(), expected.uri().path());
    assert_eq!(request.uri().host(), Some("my.cloud.example"));
    let sorted = |request| {
        let mut query = query(request);
        query.sort();
        query
    };
    assert_eq!(sorted(&request), sorted(&expected));
    for header in ["authorization", "accept"] {
        assert_eq!(request.headers()[header], expected.headers()[header]);
    }
    assert!(!format!("{request:?}").contains("API_TOKEN"));
}

#[test]
fn interactions_of_a_long_time_are_asked_for_in_parts() {
    let period = RecordedPeriod {
        from: Some(moment("2022-01-01T00:00:00Z")),
        to: Some(moment("2022-03-01T00:00:00Z")),
        user_id: None,
    };
    let mut source = source_of(options("interactions"), period);
    let mut asked = Vec::new();
    let (steps, _) = served(&mut *source, |request, _| {
        let bound = |name| parameter(request, name).unwrap();
        asked.push((bound("from"), bound("to")));
        // The line at the bound comes with both answers.
        Ok(ok(&json!({"data": [{"u-1": {"interactions": [
            {"type": "text", "date": format!("{}Z", bound("to").replace(' ', "T")), "text": "x"},
        ]}}]})))
    });
    let bounds = [
        "2022-01-01 00:00:00",
        "2022-02-01 00:00:00",
        "2022-03-01 00:00:00",
    ];
    let expected: Vec<_> = bounds
        .iter()
        .zip(&bounds[1..])
        .map(|(a, b)| ((*a).to_owned(), (*b).to_owned()))
        .collect();
    assert_eq!(asked, expected);
    assert_eq!(users(&steps), ["u-1"]);
    // Without a period it is everything until now.
    let mut source = source_of(options("interactions"), RecordedPeriod::default());
    let request = steps_fetch(&mut *source);
    assert_eq!(parameter(&request, "from").unwrap(), "2015-01-01 00:00:00");
}

#[test]
fn pages_are_asked_for_until_the_last() {
    let mut source = export();
    let (steps, asked) = served(&mut *source, |request, _| {
        Ok(page(
            parameter(request, "page").unwrap().parse().unwrap(),
            3,
        ))
    });
    assert_eq!(asked, 3);
    assert_eq!(users(&steps), ["u-1", "u-2", "u-3"]);
    assert!(steps.failed.is_none() && steps.notes.is_empty());
}

#[test]
fn pages_end_where_the_server_does_not_keep_to_its_word() {
    let of =
        |request: &Request<Bytes>| -> u64 { parameter(request, "page").unwrap().parse().unwrap() };
    // No number of pages is told: until one is empty.
    let (steps, asked) = served(&mut *export(), |request, _| {
        Ok(match of(request) {
            3 => ok(&json!({"data": []})),
            number => ok(&json!({"data": {format!("u-{number}"): []}})),
        })
    });
    assert_eq!((asked, users(&steps)), (3, vec!["u-1", "u-2"]));
    // A server without pages gives everything again.
    let (steps, asked) = served(&mut *export(), |_, _| {
        Ok(ok(&json!({"data": [{"u-1": []}]})))
    });
    assert_eq!((asked, steps.notes.len()), (2, 1));
    // One that should have pages loses users.
    let (steps, asked) = served(&mut *export(), |_, _| Ok(page(1, 9)));
    assert_eq!(asked, 2);
    assert!(
        matches!(steps.failed, Some(SourceError::Unreadable { place, .. }) if place == "page 2")
    );
    // The last page moves on, as users come, until there are no more.
    let (steps, asked) = served(&mut *export(), |request, _| {
        let number = of(request);
        Ok(page(number, 5.min(number + 1)))
    });
    assert_eq!((asked, steps.recorded.len()), (5, 5));
    // It lies.
    let (steps, asked) = served(&mut *export(), |request, _| {
        Ok(match of(request) {
            1 => page(1, u64::MAX),
            _ => ok(&json!({"data": [], "meta": {"pagination": {"lastPage": u64::MAX}}})),
        })
    });
    assert_eq!((asked, steps.notes.len()), (2, 1));
}

#[test]
fn users_that_the_server_counts_but_does_not_give_are_told_of() {
    let notes = |total: u64| {
        let (steps, asked) = served(&mut *export(), |_, _| {
            Ok(ok(&json!({
                "data": [{"u-1": []}, {"u-2": []}],
                "meta": {"pagination": {"lastPage": 1, "total": total}},
            })))
        });
        assert_eq!((asked, steps.recorded.len()), (1, 2));
        steps.notes
    };
    assert_eq!(notes(2).len(), 0);
    let told = notes(45);
    assert_eq!(told.len(), 1);
    assert!(told[0].contains("of 45 users only 2 came"), "{told:?}");
}

#[test]
fn a_vendor_that_wants_to_be_asked_less_often_is() {
    let limited = |after: Option<&str>| {
        let mut response = fixture(59).response();
        if let Some(after) = after {
            response
                .headers_mut()
                .insert("retry-after", after.parse().unwrap());
        }
        Ok(response)
    };
    let (steps, asked) = served(&mut *export(), |_, asked| match asked {
        0 => limited(Some("7")),
        1 | 2 => limited(None),
        _ => Ok(page(1, 1)),
    });
    assert_eq!((steps.waits.as_slice(), asked), (&[7, 10, 15][..], 4));
    assert_eq!(users(&steps), ["u-1"]);
    // Without end it is a refusal, as it is if the wait is one of hours.
    for (after, most) in [(None, 12), (Some("86400"), 1)] {
        let (steps, asked) = served(&mut *export(), |_, _| limited(after));
        assert_eq!(asked, most);
        assert!(steps.waits.iter().all(|wait| *wait <= 60));
        assert_eq!(
            steps.failed,
            Some(SourceError::Refused {
                status: 429,
                problem: "Too many export requests. Please try again later.".to_owned(),
            })
        );
    }
    // The last answer that is allowed for now says so.
    let (steps, _) = served(&mut *export(), |_, asked| {
        let mut page = page(asked as u64 + 1, 2);
        page.headers_mut()
            .insert("x-ratelimit-remaining", "0".parse().unwrap());
        Ok(page)
    });
    assert_eq!(
        (steps.waits.as_slice(), steps.recorded.len()),
        (&[60][..], 2)
    );
}

#[test]
fn refusals_say_what_the_vendor_says_without_the_token() {
    let check = |response: Response<Bytes>, status: u16, expected: &str| {
        let (steps, asked) = served(&mut *export(), |_, _| Ok(response.clone()));
        assert_eq!(asked, 1);
        match steps.failed {
            Some(SourceError::Refused { status: s, problem }) => {
                assert_eq!((s, problem.as_str()), (status, expected));
            }
            other => panic!("{other:?}"),
        }
    };
    check(fixture(60).response(), 401, "Unauthenticated.");
    check(
        fixture(55).response(),
        422,
        "The given data was invalid. The from field is required. The to field is required.",
    );
    check(
        fixture(56).response(),
        422,
        "The filter 'shoe_size' is not allowed.",
    );
    check(
        status(400, &json!({"message": "no API_TOKEN\n\u{7} here"})),
        400,
        "no ***   here",
    );
    check(status(403, &Value::Null), 403, "no words, 4 bytes");
    let redirect = status(302, &json!({"message": "x"}));
    check(
        redirect,
        302,
        "the answer is a redirection; is the address right?",
    );
    let long = "x".repeat(100_000);
    check(status(400, &json!({ "message": long })), 400, &long[..500]);
}

#[test]
fn failures_are_tried_again_a_few_times() {
    let error = json!({"error": "An error occurred while processing your export request."});
    let (steps, asked) = served(&mut *export(), |_, asked| match asked {
        0 => Ok(status(500, &error)),
        1 => Err(TransportFault::Timeout),
        _ => Ok(page(1, 1)),
    });
    assert_eq!((asked, steps.waits.as_slice()), (3, &[5, 10][..]));
    assert_eq!(users(&steps), ["u-1"]);
    let (steps, asked) = served(&mut *export(), |_, _| Ok(status(500, &error)));
    assert_eq!(asked, 4);
    assert!(
        steps
            .failed
            .unwrap()
            .to_string()
            .contains("An error occurred")
    );
    let (steps, asked) = served(&mut *export(), |_, _| Err(TransportFault::Connect));
    assert_eq!(asked, 4);
    assert!(matches!(steps.failed, Some(SourceError::Unreachable(_))));
}

#[test]
fn answers_that_are_too_large_are_asked_for_in_smaller_parts() {
    // A page of 20 users from the third on: 41 to 45 come in pages of 5.
    let mut pages = Vec::new();
    let (steps, _) = served(&mut *export(), |request, asked| {
        let size: u64 = parameter(request, "perPage").unwrap().parse().unwrap();
        let number: u64 = parameter(request, "page").unwrap().parse().unwrap();
        pages.push((number, size));
        match (asked, size) {
            (0 | 1, _) => Ok(page(number, 4)),
            (_, 6..) => Err(TransportFault::TooLarge),
            _ => Ok(page(number, 10)),
        }
    });
    assert_eq!(pages[2..6], [(3, 20), (5, 10), (9, 5), (10, 5)]);
    assert_eq!(users(&steps), ["u-1", "u-2", "u-9", "u-10"]);
    // There is an end to it, with pages and with periods.
    for api in ["export", "interactions"] {
        let mut source = source_of(
            options(api),
            RecordedPeriod {
                from: Some(moment("2022-01-01T00:00:00Z")),
                to: Some(moment("2022-02-01T00:00:00Z")),
                user_id: None,
            },
        );
        let (steps, asked) = served(&mut *source, |_, _| Err(TransportFault::TooLarge));
        assert!(asked < 20, "{asked}");
        assert!(steps.failed.unwrap().to_string().contains("too large"));
    }
}

#[test]
fn a_server_with_bounds_of_its_own_is_followed() {
    let mut source = source_of(
        json!({"url": URL, "token": "API_TOKEN", "per_page": 1000}),
        RecordedPeriod::default(),
    );
    let mut pages = Vec::new();
    let (steps, _) = served(&mut *source, |request, asked| {
        let of = |name| parameter(request, name).unwrap().parse::<u64>().unwrap();
        let (number, size) = (of("page"), of("perPage"));
        pages.push((number, size));
        if asked == 1 {
            let problem = "The page has too many interactions. Ask for fewer users.";
            let errors = json!({"perPage": [problem]});
            return Ok(status(422, &json!({"message": "x", "errors": errors})));
        }
        let mut page: Value = serde_json::from_slice(page(number, 3).body()).unwrap();
        page["meta"]["pagination"]["perPage"] = size.min(100).into();
        Ok(ok(&page))
    });
    assert_eq!(steps.failed, None);
    assert_eq!(pages, [(1, 1000), (2, 100), (3, 50)]);
    let (steps, asked) = served(
        &mut *source_of(options("legacy"), RecordedPeriod::default()),
        |_, _| {
            Ok(status(
                422,
                &json!({"message": "x", "errors": {"to": ["no"]}}),
            ))
        },
    );
    assert!(asked < 20 && steps.failed.is_some());
}

#[test]
fn mistakes_in_what_to_import_are_named() {
    let check = |options: Value, expected: &str| {
        let made = switchboard_opendialog::dialect().recordings(options, RecordedPeriod::default());
        let error = made.err().unwrap();
        assert_eq!(error.path, expected, "{error}");
        assert!(!error.to_string().contains("API_TOKEN"));
    };
    let with = |url: &str| json!({"url": url, "token": "API_TOKEN"});
    for url in [
        "",
        "my.cloud",
        "ftp://x",
        "https://a:b@x",
        "https://x/?a=b",
        "https://x/#a",
    ] {
        check(with(url), "url");
    }
    check(json!({ "url": URL }), "token");
    check(json!({"url": URL, "token": " "}), "token");
    check(json!({"url": URL, "token": "API_TOKEN\n!"}), "token");
    check(json!({"per_page": 0}), "per_page");
    check(json!({"api": "soap"}), "api");
    check(json!({"tokken": "API_TOKEN"}), "tokken");
    let backwards = RecordedPeriod {
        from: Some(Timestamp(2)),
        to: Some(Timestamp(1)),
        user_id: None,
    };
    let made = switchboard_opendialog::dialect().recordings(json!({}), backwards);
    assert_eq!(made.err().unwrap().path, "from");
    // The address may be that of the API.
    let mut source = source_of(with("https://x/public/api/"), RecordedPeriod::default());
    assert_eq!(
        steps_fetch(&mut *source).uri().path(),
        "/public/api/user-data-export"
    );
}
