//! What the model promises to everyone who uses it.

use std::time::Duration;

use serde_json::json;
use switchboard_core::model::{
    ATTRIBUTES_LIMIT, Action, Capabilities, Command, ContentKind, DialectName, EXTRAS_LIMIT,
    Extras, KindSet, Locales, METADATA_LIMIT, MessageId, OpenTarget, Profile, SendBody, TextFormat,
    Timestamp, VARIABLES_LIMIT,
};

#[test]
fn timestamps_keep_milliseconds() {
    let moment = Timestamp(1_625_220_920_007);
    assert_eq!(moment.to_rfc3339(), "2021-07-02T10:15:20.007Z");
    assert_eq!(
        Timestamp::from_rfc3339("2021-07-02T10:15:20.007Z"),
        Some(moment)
    );
    assert_eq!(
        Timestamp::from_rfc3339("2021-07-02T12:15:20.007+02:00"),
        Some(moment)
    );
    assert_eq!(Timestamp::from_utc(moment.to_utc()), moment);
    for wrong in ["", "yesterday", "2021-07-02", "2021-07-02T10:15:20"] {
        assert_eq!(Timestamp::from_rfc3339(wrong), None, "{wrong:?}");
    }
}

#[test]
fn timestamps_do_not_overflow() {
    let latest = Timestamp(i64::MAX);
    assert_eq!(latest.after(Duration::from_secs(1)), latest);
    assert_eq!(Timestamp(0).after(Duration::MAX), latest);
    assert_eq!(Timestamp(5).since(Timestamp(2)), Duration::from_millis(3));
    assert_eq!(Timestamp(2).since(Timestamp(5)), Duration::ZERO);
    assert_eq!(Timestamp(i64::MIN).since(latest), Duration::ZERO);
    // Beyond the calendar.
    assert_eq!(latest.to_rfc3339(), "1970-01-01T00:00:00.000Z");
}

#[test]
fn vendor_fields_of_a_profile_are_merged_one_by_one() {
    let extras = |name: &'static str, fields: serde_json::Value| {
        Extras::new(DialectName::new(name), fields.as_object().unwrap().clone())
    };
    let mut known = Profile {
        extras: extras("dydu", json!({"a": 1, "b": 1})),
        ..Profile::default()
    };
    for (change, expected) in [
        (Extras::none(), extras("dydu", json!({"a": 1, "b": 1}))),
        (
            extras("dydu", json!({"b": 2, "c": 2})),
            extras("dydu", json!({"a": 1, "b": 2, "c": 2})),
        ),
        (
            extras("kare", json!({"d": 3})),
            extras("kare", json!({"d": 3})),
        ),
    ] {
        known.merge(Profile {
            extras: change,
            ..Profile::default()
        });
        assert_eq!(known.extras, expected);
    }
}

#[test]
fn there_is_an_end_to_variables() {
    let mut known = Profile::default();
    let many = |from: usize, value: &str| Profile {
        variables: (from..from + VARIABLES_LIMIT)
            .map(|n| (format!("v{n:06}"), value.to_owned()))
            .collect(),
        ..Profile::default()
    };
    known.merge(many(0, "1"));
    known.merge(many(VARIABLES_LIMIT / 2, "2"));
    assert_eq!(known.variables.len(), VARIABLES_LIMIT);
    assert_eq!(known.variables["v000000"], "1");
    assert_eq!(
        known.variables[&format!("v{:06}", VARIABLES_LIMIT - 1)],
        "2"
    );
    known.merge(many(0, ""));
    assert_eq!(known.variables.len(), 0);
}

#[test]
fn there_is_an_end_to_what_else_clients_tell_of_a_user() {
    const OPENDIALOG: DialectName = DialectName::new("opendialog");
    let mut known = Profile::default();
    for call in 0..4 {
        let facts =
            |limit: usize| (0..limit / 2).map(move |n| (format!("{call}-{n}"), json!(call)));
        known.merge(Profile {
            attributes: facts(ATTRIBUTES_LIMIT).collect(),
            extras: Extras::new(OPENDIALOG, facts(EXTRAS_LIMIT).collect()),
            ..Profile::default()
        });
    }
    let extras = known.extras.of(&OPENDIALOG).unwrap();
    assert_eq!(known.attributes.len(), ATTRIBUTES_LIMIT);
    assert_eq!(extras.len(), EXTRAS_LIMIT);
    assert_eq!(extras["1-0"], 1);
    let change = Extras::new(
        OPENDIALOG,
        [("1-0".to_owned(), json!("x"))].into_iter().collect(),
    );
    known.extras.merge(change);
    assert_eq!(known.extras.get(&OPENDIALOG, "1-0"), Some(&json!("x")));
}

#[test]
fn a_profile_takes_over_what_a_change_states() {
    let mut known = Profile {
        user_id: Some("u-1".into()),
        locales: Locales {
            browser: Some("fr-FR".into()),
            ..Locales::default()
        },
        metadata: [("a".into(), "1".into()), ("b".into(), "2".into())].into(),
        variables: [("x".into(), "1".into()), ("y".into(), "2".into())].into(),
        attributes: [("email".into(), json!("a@x.example"))].into(),
        tags: vec!["old".into()],
        returning: Some(true),
        ..Profile::default()
    };
    let before = known.clone();
    known.merge(Profile::default());
    assert_eq!(known, before, "an empty change changes nothing");
    assert!(known.holds(&Profile::default()) && known.holds(&before));

    let change = Profile {
        locales: Locales {
            selected: Some("en-GB".into()),
            ..Locales::default()
        },
        metadata: [("b".into(), "3".into())].into(),
        variables: [("x".into(), String::new()), ("z".into(), "3".into())].into(),
        attributes: [("first_name".into(), json!("Ada"))].into(),
        tags: vec!["new".into()],
        returning: Some(false),
        ..Profile::default()
    };
    assert!(!known.holds(&change));
    known.merge(change.clone());
    assert!(known.holds(&change), "what was merged is known");
    assert_eq!(known.user_id.as_deref(), Some("u-1"));
    assert_eq!(known.locales.effective(), Some("en-GB"));
    assert_eq!(known.locales.language(), Some("en"));
    assert_eq!(known.locales.browser.as_deref(), Some("fr-FR"));
    assert_eq!(
        known.metadata,
        [("a".to_owned(), "1".to_owned()), ("b".into(), "3".into())].into()
    );
    assert_eq!(
        known.variables,
        [("y".to_owned(), "2".to_owned()), ("z".into(), "3".into())].into(),
        "an empty variable is deleted"
    );
    assert_eq!(known.attributes.len(), 2);
    assert_eq!(known.tags, ["new"]);
    assert_eq!(known.returning, Some(false));
}

#[test]
fn a_profile_does_not_hold_what_differs() {
    let known = Profile::default();
    let text = || Some("x".to_owned());
    let extras = Extras::new(
        DialectName::new("kare"),
        json!({"a": 1}).as_object().unwrap().clone(),
    );
    let locales =
        |selected: Option<String>, host: Option<String>, browser: Option<String>| Locales {
            selected,
            host,
            browser,
        };
    let changes = [
        json!({"user_id": "x"}),
        json!({"locales": locales(text(), None, None)}),
        json!({"locales": locales(None, text(), None)}),
        json!({"locales": locales(None, None, text())}),
        json!({"metadata": {"a": "x"}}),
        json!({"variables": {"a": "x"}}),
        json!({"attributes": {"a": 1}}),
        json!({"tags": ["x"]}),
        json!({"page_url": "x"}),
        json!({"browser": "x"}),
        json!({"os": "x"}),
        json!({"timezone": "x"}),
        json!({"country": "x"}),
        json!({"returning": false}),
        json!({"space": "x"}),
        json!({"app": "x"}),
        json!({"scenario": "x"}),
        json!({"qualification": false}),
        json!({"keep_language": false}),
        json!({"extras": extras}),
    ];
    for change in changes {
        let told: Profile = serde_json::from_value(change.clone()).unwrap();
        assert!(!known.holds(&told), "{change}");
        let mut merged = known.clone();
        merged.merge(told.clone());
        assert!(merged.holds(&told), "{change}");
        assert!(merged.holds(&known), "{change}");
    }
    let mut elsewhere = Profile {
        space: text(),
        ..Profile::default()
    };
    let back = Profile {
        space: Some(String::new()),
        ..Profile::default()
    };
    assert!(!elsewhere.holds(&back));
    elsewhere.merge(back.clone());
    assert!(elsewhere.holds(&back));
}

#[test]
fn the_locale_in_use() {
    let mut locales = Locales::default();
    assert_eq!(locales.effective(), None);
    assert_eq!(locales.language(), None);
    locales.browser = Some("pt_BR".into());
    assert_eq!(locales.language(), Some("pt"));
    locales.host = Some("de".into());
    assert_eq!(locales.effective(), Some("de"));
    locales.selected = Some(" ".into());
    assert_eq!(locales.effective(), Some("de"), "blank is not a choice");
}

#[test]
fn foreign_ids_always_become_the_same_id() {
    let uuid = "01907c3e-2f4b-4c1a-9d5e-6f708192a3b4";
    assert_eq!(MessageId::from_foreign(uuid).to_string(), uuid);
    let id = MessageId::from_foreign("message-17");
    assert_eq!(id, MessageId::from_foreign("message-17"));
    assert_ne!(id, MessageId::from_foreign("message-18"));
    assert_eq!(id.0.get_version_num(), 5);
    assert_eq!(
        format!(" {uuid} ").parse::<MessageId>(),
        Ok(MessageId::from_foreign(uuid))
    );
    assert!("message-17".parse::<MessageId>().is_err());
}

#[test]
fn sets_of_kinds() {
    let some = KindSet::of(&[ContentKind::Text, ContentKind::Other]);
    assert!(some.contains(ContentKind::Text));
    assert!(some.contains(ContentKind::Other));
    assert!(!some.contains(ContentKind::Group));
    for (index, kind) in ContentKind::ALL.into_iter().enumerate() {
        assert_eq!(
            kind as usize, index,
            "the order of `ALL` is that of the bits"
        );
        assert!(KindSet::all().contains(kind));
        assert!(!KindSet::default().contains(kind));
        assert_eq!(json!(kind), json!(kind.as_str()));
    }
    let capabilities = Capabilities {
        kinds: some,
        text: TextFormat::Plain,
        actions_anywhere: false,
        choices: true,
        push: false,
    };
    assert_eq!(capabilities.kinds, some);
}

#[test]
fn actions_have_a_key_and_a_target() {
    let mut choice = Action::choice("pay", "Pay");
    assert_eq!(choice.key(), "pay");
    assert!(choice.sends());
    assert_eq!(choice.url(), None);
    choice.value = Some(String::new());
    assert_eq!(choice.key(), "pay", "an empty value is none");
    choice.value = Some("card".into());
    assert_eq!(choice.key(), "pay~card");

    let mut link = Action::link("More", "https://x.example");
    assert_eq!(link.url(), Some("https://x.example"));
    assert!(!link.sends());
    link.on_click.push(Command::Send(SendBody::Choice));
    assert!(link.sends());
    link.on_click = vec![Command::Open(OpenTarget::Escalate)];
    assert_eq!(link.url(), None);
}

#[test]
fn extras_belong_to_one_dialect() {
    let kare = DialectName::new("kare");
    let dydu = DialectName::new("dydu");
    assert!(Extras::new(kare.clone(), serde_json::Map::new()).is_empty());
    let mut extras = Extras::none();
    extras.insert(&kare, "a", json!(1));
    extras.insert(&kare, "b", json!(2));
    assert_eq!(extras.get(&kare, "a"), Some(&json!(1)));
    assert_eq!(extras.get(&dydu, "a"), None);
    extras.insert(&dydu, "c", json!(3));
    assert_eq!(extras.of(&kare), None);
    assert_eq!(extras.get(&dydu, "c"), Some(&json!(3)));
}

#[test]
fn an_address_is_printed_without_its_credentials() {
    use switchboard_core::dialect::without_credentials;
    for (address, printed) in [
        ("https://bot.example.com/x", "https://bot.example.com/x"),
        (
            "https://me:secret@bot.example.com/x@y",
            "https://bot.example.com/x@y",
        ),
        ("wss://me:p@ss@bot.example.com", "wss://bot.example.com"),
        ("no address", "no address"),
    ] {
        assert_eq!(without_credentials(address), printed);
    }
}

#[test]
fn metadata_of_many_calls_has_an_end() {
    let mut profile = Profile::default();
    let change = |name: String, value: &str| Profile {
        metadata: [(name, value.to_owned())].into(),
        ..Profile::default()
    };
    for n in 0..METADATA_LIMIT + 9 {
        profile.merge(change(format!("name{n}"), "old"));
    }
    profile.merge(change("name0".to_owned(), "new"));
    assert_eq!(profile.metadata.len(), METADATA_LIMIT);
    assert_eq!(profile.metadata["name0"], "new");
}
