//! The leg as a state machine: whatever happens, each turn ends once, and putting the leg away in
//! between changes nothing.

#![cfg(test)]

mod support;

use std::collections::HashMap;

use proptest::prelude::*;
use switchboard_core::dialect::Cx;
use switchboard_core::model::{
    BotEvent, ChoiceMade, ConversationId, Feedback, FormSubmission, Query, Rating, TopQuestions,
    UploadedFile, UserInput,
};
use uuid::Uuid;

use support::{Said, Talk, messages};

#[derive(Debug, Clone)]
enum Step {
    Does(Box<UserInput>),
    Waits(u64),
}

fn words() -> impl Strategy<Value = String> {
    prop_oneof![
        8 => prop::sample::select(vec![
            "hello", "bonjour", "menu", "track", "CS123456", "1", "2", "form", "date", "upload",
            "feedback", "later", "slow", "human", "goodbye", "bye", "whoami", "yes", "never mind",
            "Track a parcel", "carousel", "xyzzy", "",
        ])
        .prop_map(str::to_owned),
        1 => ".{0,20}",
    ]
}

fn id() -> impl Strategy<Value = String> {
    prop::sample::select(vec![
        "track",
        "human",
        "date",
        "upload",
        "form-received",
        "survey-received",
        "helpful",
        "not_helpful",
        "never-mind",
        "bye",
        "nonsense",
        "",
    ])
    .prop_map(str::to_owned)
}

fn form() -> impl Strategy<Value = FormSubmission> {
    (
        id(),
        prop::collection::vec((id(), words()), 0..3),
        any::<bool>(),
    )
        .prop_map(|(id, values, cancelled)| FormSubmission {
            id,
            values,
            cancelled,
            ..FormSubmission::default()
        })
}

fn input() -> impl Strategy<Value = UserInput> {
    let rating = prop::option::of(prop::sample::select(vec![
        Rating::Positive,
        Rating::Negative,
        Rating::None,
    ]));
    prop_oneof![
        10 => words().prop_map(UserInput::text),
        2 => (prop::option::of(id()), prop::option::of(words())).prop_map(|(welcome, query)| {
            UserInput::Open { welcome, query }
        }),
        4 => (prop::option::of(id()), prop::option::of(words()), prop::option::of(words()))
            .prop_map(|(id, label, value)| UserInput::Choice(ChoiceMade {
                id,
                label,
                value,
                ..ChoiceMade::default()
            })),
        2 => form().prop_map(UserInput::Form),
        1 => form().prop_map(UserInput::Survey),
        1 => (rating, prop::option::of(0..4u8), prop::option::of(words())).prop_map(
            |(rating, reason, comment)| UserInput::Feedback(Feedback {
                rating,
                reason,
                comment,
                message: None,
            })
        ),
        1 => prop::option::of(id()).prop_map(|callback| UserInput::File(UploadedFile {
            name: "a.png".to_owned(),
            callback,
            ..UploadedFile::default()
        })),
        1 => Just(UserInput::LeaveHandover),
        1 => Just(UserInput::End),
        1 => Just(UserInput::Read),
        1 => Just(UserInput::Typing { active: true, text: None }),
        1 => Just(UserInput::Variables),
        1 => Just(UserInput::Query(Query::TopQuestions(TopQuestions { limit: 3, ..TopQuestions::default() }))),
    ]
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        3 => input().prop_map(|input| Step::Does(Box::new(input))),
        2 => (0..5_000u64).prop_map(Step::Waits),
    ];
    prop::collection::vec(step, 0..25)
}

/// Everything that is published, to the last delayed message.
fn run(steps: &[Step], restless: bool) -> (Vec<Said>, usize) {
    let mut talk = Talk::demo();
    talk.restless = restless;
    let mut opened = 0;
    for step in steps {
        match step {
            Step::Does(input) => {
                opened += usize::from(input.opens_turn());
                talk.does((**input).clone());
            }
            Step::Waits(ms) => {
                talk.waits(*ms);
            }
        }
    }
    talk.waits(3_600_000);
    assert!(talk.leg.is_quiet());
    assert_eq!(talk.leg.wake_at(), None);
    (talk.said, opened)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, ..ProptestConfig::default() })]

    #[test]
    fn every_turn_ends_once(steps in steps()) {
        let (said, opened) = run(&steps, false);
        let mut ends = HashMap::new();
        for said in &said {
            if let BotEvent::TurnEnded(_) = said.event {
                *ends.entry(said.turn).or_insert(0) += 1;
            } else if let Some(turn) = said.turn {
                // Nothing belongs to a turn that has ended.
                prop_assert!(!ends.contains_key(&Some(turn)));
            }
        }
        prop_assert_eq!(ends.len(), opened);
        prop_assert!(ends.iter().all(|(turn, count)| turn.is_some() && *count == 1));
        let mut ids: Vec<_> = messages(&said).iter().map(|message| message.id).collect();
        let count = ids.len();
        ids.sort_unstable();
        ids.dedup();
        prop_assert_eq!(ids.len(), count);
        for said in &said {
            if let BotEvent::Message(message) = &said.event {
                prop_assert_eq!(message.at.0, said.at);
            }
        }
    }

    #[test]
    fn a_resumed_leg_goes_on_as_before(steps in steps()) {
        prop_assert_eq!(run(&steps, false), run(&steps, true));
    }
}

#[test]
fn a_handover_survives_being_put_away() {
    let steps = [
        Step::Does(Box::new(UserInput::text("bonjour"))),
        Step::Does(Box::new(UserInput::text("later"))),
        Step::Does(Box::new(UserInput::text("humain"))),
        Step::Waits(1_500),
        Step::Does(Box::new(UserInput::text("vite"))),
        Step::Waits(700),
        Step::Does(Box::new(UserInput::text("menu"))),
        Step::Waits(5_000),
        Step::Does(Box::new(UserInput::text("au revoir"))),
    ];
    let (said, opened) = run(&steps, true);
    assert_eq!((said.clone(), opened), run(&steps, false));
    assert_eq!(opened, 6);
}

#[test]
fn a_foreign_state_is_refused() {
    let talk = Talk::demo();
    let cx = Cx {
        now: talk.now,
        ids: &talk.ids,
    };
    for state in [
        serde_json::Value::Null,
        serde_json::json!({ "token": "x" }),
        serde_json::json!([]),
    ] {
        assert!(talk.backend.resume(state, &cx).is_err());
    }
    // A state whose script has changed since is no reason to fail.
    let mut old = Talk::demo();
    old.says("track");
    old.says("human");
    let state = old.leg.state();
    let small = support::backend(
        "languages = ['en']\ngreeting = 'a'\nunknown = 'a'\n[intents.a]\nanswer = 'A'",
    )
    .unwrap();
    old.leg = small.resume(state, &cx).unwrap();
    let said = old.says("hello");
    assert_eq!(support::words(&said), "A");
    let conversation = ConversationId(Uuid::nil());
    assert!(small.open(conversation, &cx).is_quiet());
    assert_eq!(small.describe(), "bot.toml");
}
