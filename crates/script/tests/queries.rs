//! Questions beside the dialog: most asked questions, suggestions, push rules, languages.

#![cfg(test)]

mod support;

use serde_json::{Value, json};
use switchboard_core::model::{
    BotEvent, DataRequest, PersonalData, Query, QueryAnswer, Suggestions, TopQuestions,
    TurnOutcome, UserInput,
};
use switchboard_script::Bot;

use support::{Talk, kinds, messages, turn_ends, words};

const SCRIPT: &str = r#"
languages = ["en", "fr"]
greeting = "hello"
unknown = "sorry"

[top]
any = [
  "Where is my parcel?",
  { question = "When are you open?", tags = ["opening"], picked = true },
  { question = "What about August?", tags = ["summer"] },
  { question = "Who makes this?", gallery = true },
]

[tags.opening]
name = "Opening hours"
[tags.summer]
parent = "opening"

[[push]]
to = "offer"
id = "42"
when = [
  { type = "CurrentPage", operator = "Contains", value = "/shop", children = [
    { type = "Container", children = [
      { type = "IdleDuration", operator = "GreaterThan", value = "30" },
      { type = "City", operator = "Equals", value = "Lyon" },
    ] },
  ] },
]

[[push]]
goal = 7
pages = ["https://www.example.com/thanks%"]

[intents.hello]
keywords = { en = ["hello"], fr = ["bonjour"] }
answer = "Hello"

[intents.hours]
label = { en = "Opening hours", fr = "Horaires d'été" }
keywords = { en = ["hours", "open"], fr = ["horaires", "été"] }
answer = "Nine to five"

[intents.track]
label = { en = "Find an order", fr = "Suivi" }
keywords = { en = ["parcel"], fr = ["suivi"] }
answer = "Soon"

[intents.offer]
label = "Offer"
answer = "An offer"

[intents.human]
keywords = ["human"]
handover = "sam"

[operators.sam]
name = "Sam"
steps = [{ handover.step = "joined", handover.text = "Sam is here" }]

[intents.sorry]
answer = [{ no_answer = "Sorry" }]
"#;

/// The answer to a question; the turn ends with it.
fn answer(talk: &mut Talk, query: Query) -> Option<QueryAnswer> {
    let said = talk.does(UserInput::Query(query));
    assert_eq!(
        said.last().unwrap().event,
        BotEvent::TurnEnded(TurnOutcome::Done)
    );
    assert!(said.len() <= 2, "{said:?}");
    said.into_iter().find_map(|said| match said.event {
        BotEvent::Answered(answer) => Some(answer),
        _ => None,
    })
}

fn top(change: impl FnOnce(&mut TopQuestions)) -> Vec<String> {
    let mut asked = TopQuestions {
        limit: 10,
        ..TopQuestions::default()
    };
    change(&mut asked);
    let found = answer(&mut Talk::new(SCRIPT), Query::TopQuestions(asked));
    found.unwrap().into_questions()
}

#[test]
fn top_questions_are_chosen_as_asked() {
    let all = [
        "Where is my parcel?",
        "When are you open?",
        "What about August?",
        "Who makes this?",
    ];
    assert_eq!(top(|_| {}), all);
    assert_eq!(top(|asked| asked.limit = 2), all[..2]);
    assert_eq!(top(|asked| asked.period = Some("Today".into())), all);
    let tagged = |tag: &str, children| {
        top(|asked| {
            asked.tag = Some(tag.to_owned());
            asked.include_child_tags = children;
        })
    };
    assert_eq!(tagged("opening", None), all[1..2]);
    assert_eq!(tagged("OPENING hours", Some(false)), all[1..2]);
    assert_eq!(tagged("opening", Some(true)), all[1..3]);
    assert_eq!(tagged("summer", Some(true)), all[2..3]);
    assert!(tagged("winter", Some(true)).is_empty());
    assert_eq!(top(|asked| asked.exclude_gallery = Some(true)), all[..3]);
    let counted = [all[0], all[2], all[3]];
    assert_eq!(top(|asked| asked.ignore_picked = Some(true)), counted);
}

fn suggested(language: &str, text: &str, only_rewordable: Option<bool>) -> Vec<String> {
    let mut talk = Talk::new(SCRIPT).in_language(language);
    let typed = Suggestions {
        text: text.to_owned(),
        only_rewordable,
        in_personalities: None,
    };
    let found = answer(&mut talk, Query::Suggestions(typed));
    found.unwrap().into_questions()
}

#[test]
fn suggestions_begin_like_what_is_typed() {
    let all = |language, text| suggested(language, text, None);
    assert_eq!(all("en", "OPE"), ["Opening hours", "When are you open?"]);
    // By its keyword; first what goes on from it.
    assert_eq!(all("en", "par"), ["Find an order", "Where is my parcel?"]);
    assert_eq!(all("en", "hours op"), ["Opening hours"]);
    assert_eq!(all("fr", "ét"), ["Horaires d'été"]);
    assert_eq!(all("fr", "ET"), ["Horaires d'été"]);
    assert_eq!(all("en", "hel"), ["hello"]);
    let none: [&str; 0] = [];
    for nothing in ["", " ?", "pening", "xyzzy", "hours x"] {
        assert_eq!(all("en", nothing), none, "{nothing}");
    }
    assert_eq!(all("fr", "hel"), none);
}

#[test]
fn only_what_is_understood_is_suggested_if_asked() {
    let only = |text| suggested("en", text, Some(true));
    // Neither the label nor the question would be understood as it stands.
    assert_eq!(suggested("en", "offe", None), ["Offer"]);
    assert!(only("offe").is_empty());
    assert_eq!(only("par"), ["parcel", "Where is my parcel?"]);
    assert!(only("august").is_empty());
    for typed in ["o", "h", "p", "w"] {
        for words in only(typed) {
            let mut talk = Talk::new(SCRIPT);
            assert_ne!(kinds(&talk.says(&words)), ["no_answer"], "{words}");
        }
    }
}

#[test]
fn suggestions_are_few() {
    let mut script = SCRIPT.to_owned();
    for n in 0..40 {
        script += &format!("[intents.many{n}]\nlabel = 'Question {n}'\nanswer = 'x'\n");
    }
    let typed = Suggestions {
        text: "q".into(),
        ..Suggestions::default()
    };
    let found = answer(&mut Talk::new(&script), Query::Suggestions(typed));
    assert_eq!(found.unwrap().into_questions().len(), 10);
}

#[test]
fn push_rules_are_written_for_the_widget() {
    let found = answer(&mut Talk::new(SCRIPT), Query::PushRules);
    let Some(QueryAnswer::PushRules(rules)) = found else {
        panic!("{found:?}");
    };
    let expected = json!([
        {"kId": "42", "conditions": [
            {"type": "CurrentPage", "operator": "Contains", "value": "/shop", "index": 0,
             "children": [{"type": "Container", "index": 0, "children": [
                {"type": "IdleDuration", "operator": "GreaterThan", "value": "30", "index": 0},
                {"type": "City", "operator": "Equals", "value": "Lyon", "index": 1},
             ]}]},
        ]},
        {"bgpId": 7, "conditions": [{"param_1": "https://www.example.com/thanks%"}]},
    ]);
    assert_eq!(serde_json::from_str::<Value>(&rules).unwrap(), expected);
    let none = "languages = ['en']\ngreeting = 'a'\nunknown = 'a'\n[intents.a]\nanswer = 'x'";
    assert_eq!(answer(&mut Talk::new(none), Query::PushRules), None);
}

fn custom(name: &str, value: &str) -> UserInput {
    UserInput::Custom {
        name: name.into(),
        value: Some(value.into()),
        label: None,
    }
}

#[test]
fn a_push_rule_lets_its_intent_speak() {
    let mut talk = Talk::new(SCRIPT);
    assert_eq!(
        words(&talk.does(custom("_pushcondition_", "42"))),
        "An offer"
    );
    // A rule of somebody else's may name an intent.
    let said = talk.does(custom("_pushcondition_", "hours"));
    assert_eq!(words(&said), "Nine to five");
    for (name, value) in [
        ("_pushcondition_", "43"),
        ("_pushcondition_", ""),
        ("_goalpage_", "7"),
        ("_goalpage_", "offer"),
        ("open/document", "42"),
    ] {
        let said = talk.does(custom(name, value));
        assert!(messages(&said).is_empty(), "{name} {value}: {said:?}");
        assert_eq!(turn_ends(&said), 1);
    }
    talk.says("human");
    let said = talk.does(custom("_pushcondition_", "42"));
    assert!(messages(&said).is_empty(), "{said:?}");
}

#[test]
fn languages_are_told_and_the_rest_is_taken() {
    let mut talk = Talk::new(SCRIPT);
    let spoken = vec!["en".to_owned(), "fr".to_owned()];
    assert_eq!(
        answer(&mut talk, Query::Languages),
        Some(QueryAnswer::Languages(spoken))
    );
    let wanted = PersonalData {
        request: DataRequest::Delete,
        user_id: Some("ada".into()),
        mail: None,
    };
    for query in [Query::Visit, Query::PersonalData(wanted)] {
        assert_eq!(answer(&mut talk, query), Some(QueryAnswer::Done));
    }
}

/// Questions come while something else is open, and leave it open.
#[test]
fn a_question_beside_the_dialog_changes_nothing() {
    let mut talk = Talk::demo();
    talk.says("track");
    let before = talk.leg.state();
    for query in [
        Query::TopQuestions(TopQuestions::default()),
        Query::Suggestions(Suggestions {
            text: "op".into(),
            ..Suggestions::default()
        }),
        Query::PushRules,
        Query::Languages,
        Query::Visit,
    ] {
        answer(&mut talk, query);
        assert_eq!(talk.leg.state(), before);
    }
}

#[test]
fn the_demo_suggests_what_it_understands() {
    for (language, text) in [
        ("en", "open"),
        ("en", "del"),
        ("fr", "hor"),
        ("fr", "colis"),
    ] {
        let typed = Suggestions {
            text: text.into(),
            only_rewordable: Some(true),
            in_personalities: None,
        };
        let mut talk = Talk::demo().in_language(language);
        let found = answer(&mut talk, Query::Suggestions(typed)).unwrap();
        let found = found.into_questions();
        assert!(!found.is_empty(), "{text}");
        for words in found {
            let mut talk = Talk::demo().in_language(language);
            assert_ne!(kinds(&talk.says(&words))[0], "no_answer", "{words}");
        }
    }
}

/// The first mistake of what follows a script that has none.
fn check(rest: &str, place: &str, message: &str) {
    let head = "languages = ['en']\ngreeting = 'a'\nunknown = 'a'\n[intents.a]\nanswer = 'A'\n";
    let error = Bot::parse(&format!("{head}{rest}")).expect_err(rest);
    let first = error.mistakes[0].to_string();
    assert!(first.starts_with(place), "{first}\n  in {rest}");
    assert!(first.contains(message), "{first}\n  in {rest}");
}

#[test]
fn mistakes_are_named() {
    check("[top]\nde = ['x']", "7:1: top.de", "not one of");
    check(
        "[top]\nen = ['x', { question = ' ' }]",
        "7:14: top.en[1].question",
        "says something",
    );
    check(
        "[top]\nen = [{ question = 'x', tags = ['t'] }]",
        "7:33: top.en[0].tags[0]",
        "there is no tag `t`; add [tags.t], there is none",
    );
    check(
        "[top]\nen = [{ question = 'x', tag = 't' }]",
        "7:25: top.en[0].tag",
        "unknown field `tag`",
    );
    check("[top]\nen = [7]", "7:7: top.en[0]", "a question");
    check(
        "[tags.x]\nparent = 'y'",
        "7:1: tags.x.parent",
        "there is no tag `y`; add [tags.y], there is `x`",
    );
    check(
        "[tags.x]\nparent = 'y'\n[tags.y]\nparent = 'x'",
        "7:1: tags.x.parent",
        "`x` would be below itself",
    );
    let rule = |keys: &str| format!("[[push]]\n{keys}");
    for (keys, place, message) in [
        (
            "to = 'b'\nwhen = [{ type = 'City', operator = 'Equals', value = 'x' }]",
            "7:1: push[0].to",
            "there is no intent `b`",
        ),
        ("to = 'a'", "6:1: push[0].when", "say when"),
        ("when = []", "6:1: push[0]", "either `to`"),
        ("goal = 1", "6:1: push[0]", "at least one page"),
        (
            "goal = 1\npages = ['x']\nid = 'y'",
            "7:1: push[0].goal",
            "nothing else",
        ),
        (
            "to = 'a'\nwhen = [{ type = 'Weather' }]",
            "8:18: push[0].when[0].type",
            "unknown variant `Weather`",
        ),
        (
            "to = 'a'\nwhen = [{ type = 'City', value = 'x' }]",
            "8:9: push[0].when[0].operator",
            "how it is compared",
        ),
        (
            "to = 'a'\nwhen = [{ type = 'City', operator = 'LesserThan', value = '1' }]",
            "8:26: push[0].when[0].operator",
            "does not go with",
        ),
        (
            "to = 'a'\nwhen = [{ type = 'IdleDuration', operator = 'Equals', value = 'x' }]",
            "8:55: push[0].when[0].value",
            "with a number",
        ),
        (
            "to = 'a'\nwhen = [{ type = 'Container', children = [{ type = 'Container' }] }]",
            "8:43: push[0].when[0].children[0].children",
            "has children",
        ),
    ] {
        check(&rule(keys), place, message);
    }
    let twice = "[[push]]\nid = '1'\nto = 'a'\nwhen = [{ type = 'City', operator = 'Equals', \
                 value = 'x' }]\n[intents.b]\n[[push]]\nid = '1'\nto = 'b'\nwhen = [{ type = \
                 'City', operator = 'Equals', value = 'x' }]";
    check(twice, "12:1: push[1].id", "leads elsewhere");
}
