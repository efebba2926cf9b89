//! Each fixture with the side of ours that has to do with it: our server side takes the request
//! and gives an answer of the same type, our client side writes the request as the widget does and
//! reads the answer.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on fails"
)]

mod common;

use std::collections::BTreeSet;

use bytes::Bytes;
use common::*;
use http::Response;
use serde_json::{Value, json};
use switchboard_core::dialect::{Dialect, Effect, Handled, Leg, LegInput, LegOutput, Operation};
use switchboard_core::model::{
    ChoiceMade, ConversationId, Feedback, FormSubmission, MessageId, Profile, Query, QueryAnswer,
    Rating, Timestamp, TopQuestions, UploadedFile, UserEvent, UserInput,
};
use switchboard_dydu::Dydu;
use switchboard_dydu::convert::input;
use switchboard_dydu::wire::{Params, TalkRequest};
use uuid::Uuid;

/// The answers that are bare JSON or no JSON at all.
fn is_bare(name: &str) -> bool {
    matches!(
        name,
        "01-serverstatus" | "05-bot-languages" | "19-fileupload" | "38-whoami"
    )
}

/// What is answered elsewhere: a server of ours never sends it, or it needs what was published
/// before.
const OTHERS: [&str; 2] = [
    // We ask nobody to log in through SAML.
    "39-saml-redirect",
    // Which survey it is must have been announced.
    "25-survey-configuration",
];

#[test]
fn the_server_side_answers_each_request_in_its_kind() {
    let ids = Ids::default();
    let mut answered = 0;
    for (name, fixture) in fixtures() {
        if fixture["request"].get("url").is_none() {
            continue;
        }
        let (request, path) = request(&fixture);
        let response = match frontend().handle(request, &path, &cx(&ids)) {
            Handled::Reply(response) => response,
            Handled::Call(call) => {
                let mut outcome = outcome(Vec::new());
                outcome.answer.queried = match &call.operation {
                    Operation::Input { event, .. } => match &event.input {
                        UserInput::Query(Query::TopQuestions(_) | Query::Suggestions(_)) => {
                            Some(QueryAnswer::Questions(vec!["Opening hours".into()]))
                        }
                        UserInput::Query(Query::Languages) => {
                            Some(QueryAnswer::Languages(vec!["en".into()]))
                        }
                        UserInput::Query(Query::PushRules) => {
                            Some(QueryAnswer::PushRules("[]".into()))
                        }
                        UserInput::Query(_) => Some(QueryAnswer::Done),
                        _ => None,
                    },
                    _ => None,
                };
                (call.finish)(Ok(outcome), &cx(&ids))
            }
            other => panic!("{name}: {other:?}"),
        };
        assert!(response.status().is_success(), "{name}");
        answered += 1;
        let expected = &fixture["response"]["body"];
        if is_bare(&name) || OTHERS.contains(&name.as_str()) || !expected["type"].is_string() {
            assert!(!response.body().is_empty(), "{name}");
            continue;
        }
        let answer = json_of(&response);
        // Without anything published a poll brings nothing, whatever it brought the vendor's.
        if !path.contains("/poll/") {
            assert_eq!(answer["type"], expected["type"], "{name}");
        }
        let known = |answer: &Value| -> BTreeSet<String> {
            let values = answer["values"].as_object();
            values
                .into_iter()
                .flatten()
                .map(|(key, _)| key.clone())
                .collect()
        };
        if !path.contains("/talk/") && !path.contains("/poll/") {
            let (ours, theirs) = (known(&answer), known(expected));
            assert!(ours.is_superset(&theirs), "{name}: {ours:?} of {theirs:?}");
        }
    }
    assert_eq!(answered, 41);
}

struct Drive {
    leg: Box<dyn Leg>,
    ids: Ids,
    profile: Profile,
}

impl Drive {
    /// In the fixtures' conversation, after this answer.
    fn after(name: &str) -> Self {
        let options =
            json!({"url": "https://chat.example.org", "bot_id": BOT, "poll_after": ["1s"]});
        let backend = Dydu.backend(options, &build()).unwrap();
        let ids = Ids::default();
        let leg = backend.open(ConversationId(Uuid::from_u128(42)), &cx(&ids));
        let told = fixture("09-talk-plain")["request"]["body"].clone();
        let told = Params::form(told.as_str().unwrap().as_bytes());
        let mut drive = Self {
            leg,
            ids,
            profile: input::profile_of_talk(TalkRequest::of(&told), BOT),
        };
        let output = drive.does(UserInput::text("hi"), json!(null));
        let body = fixture(name)["response"]["body"].to_string();
        drive.answer(&output, body);
        drive
    }

    fn does(&mut self, input: UserInput, extra: Value) -> LegOutput {
        let mut event = UserEvent::new(MessageId(Uuid::from_u128(7)), Timestamp(NOW), input);
        let request = TalkRequest {
            extra: extra.as_object().cloned(),
            ..TalkRequest::default()
        };
        event.hidden = request.extra_flag("hide");
        event.extras = input::extras(&request);
        let profile = self.profile.clone();
        self.give(LegInput::Event {
            event: &event,
            profile: &profile,
        })
    }

    fn give(&mut self, input: LegInput<'_>) -> LegOutput {
        let mut output = LegOutput::default();
        self.leg.handle(input, &cx(&self.ids), &mut output);
        output
    }

    fn answer(&mut self, output: &LegOutput, body: String) -> LegOutput {
        let Some(Effect::Http { call, .. }) = output.effects.first() else {
            panic!("{output:?}");
        };
        self.give(LegInput::Response {
            call: *call,
            result: Ok(Response::new(Bytes::from(body))),
        })
    }

    fn poll(&mut self) -> LegOutput {
        let at = self.leg.wake_at().unwrap();
        let mut output = LegOutput::default();
        let cx = common::at(&self.ids, at.as_millis());
        self.leg.handle(LegInput::Timer, &cx, &mut output);
        output
    }
}

/// The fixtures whose requests the client side makes, and what makes it.
#[test]
fn the_client_side_writes_what_the_widget_writes() {
    let none = json!(null);
    let text = UserInput::text;
    let feedback = |feedback: Feedback| UserInput::Feedback(feedback);
    let choice = |label: &str| {
        UserInput::Choice(ChoiceMade {
            label: Some(label.to_owned()),
            ..ChoiceMade::default()
        })
    };
    let survey = UserInput::Survey(FormSubmission {
        id: "77".into(),
        values: vec![
            ("1".into(), "Paris & Lyon=é".into()),
            ("3".into(), "Good".into()),
        ],
        ..FormSubmission::default()
    });
    let typing = UserInput::Typing {
        active: true,
        text: Some("I would like".into()),
    };
    let open = UserInput::Open {
        welcome: None,
        query: None,
    };
    let top = UserInput::Query(Query::TopQuestions(TopQuestions {
        limit: 3,
        ..TopQuestions::default()
    }));
    let file = UserInput::File(UploadedFile {
        name: "note.txt".into(),
        media_type: Some("text/plain".into()),
        content: Bytes::from_static(b"hello"),
        ..UploadedFile::default()
    });
    let plain = "09-talk-plain";
    let livechat = "31-talk-livechat-start";
    let clicked = json!({"type": "reword_auto"});
    let mut written = 0;
    for (name, after, input, extra) in [
        ("06-topknowledge", plain, top, &none),
        ("07-talk-welcome-new-context", plain, open, &none),
        (plain, plain, text("what time do you open & close?"), &none),
        ("10-talk-reword", plain, text("@"), &none),
        (
            "11-talk-reword-clicked",
            plain,
            choice("Opening hours"),
            &clicked,
        ),
        ("17-talk-survey", plain, text("@"), &none),
        ("19-fileupload", plain, file, &none),
        (
            "20-feedback",
            plain,
            feedback(Feedback {
                rating: Some(Rating::Negative),
                ..Feedback::default()
            }),
            &none,
        ),
        (
            "21-feedback-insatisfaction",
            plain,
            feedback(Feedback {
                reason: Some(1),
                ..Feedback::default()
            }),
            &none,
        ),
        (
            "22-feedback-comment",
            plain,
            feedback(Feedback {
                comment: Some("too short".into()),
                ..Feedback::default()
            }),
            &none,
        ),
        ("26-survey-answer", plain, survey, &none),
        ("27-typing", livechat, typing, &none),
        ("28-reading", livechat, UserInput::Read, &none),
        (livechat, plain, text("@"), &none),
        ("32-talk-livechat-queue", plain, text("@"), &none),
    ] {
        let expected = fixture(name);
        let mut drive = Drive::after(after);
        let said = &expected["decoded"]["request"]["userInput"];
        let input = match (&input, said.as_str()) {
            (UserInput::Text { text }, Some(words)) if text == "@" => UserInput::text(words),
            _ => input,
        };
        let output = drive.does(input, extra.clone());
        check(name, &expected, &output);
        written += 1;
    }
    assert_eq!(written, 15);

    let output = Drive::after(plain).poll();
    check(
        "34-poll-nothing-new",
        &fixture("34-poll-nothing-new"),
        &output,
    );
    let mut drive = Drive::after(plain);
    drive
        .profile
        .variables
        .insert("customerType".into(), "gold".into());
    let output = drive.does(UserInput::Variables, none.clone());
    check("29-variable", &fixture("29-variable"), &output);
    let mut drive = Drive::after(plain);
    let output = drive.does(text("give my opinion"), none);
    let announced = fixture("17-talk-survey")["response"]["body"].to_string();
    let output = drive.answer(&output, announced);
    let name = "25-survey-configuration";
    check(name, &fixture(name), &output);
}

/// The same address, and the same parameters with the same values.
#[track_caller]
fn check(name: &str, fixture: &Value, output: &LegOutput) {
    let Some(Effect::Http { request, .. }) = output.effects.first() else {
        panic!("{name}: {output:?}");
    };
    let url = fixture["request"]["url"].as_str().unwrap();
    // A leg is in its conversation already.
    let ours = request
        .uri()
        .to_string()
        .replace(&format!("/{CONTEXT}"), "");
    assert_eq!(ours, url.replace(&format!("/{CONTEXT}"), ""), "{name}");
    assert_eq!(
        request.method(),
        fixture["request"]["method"].as_str().unwrap()
    );
    let body = std::str::from_utf8(request.body()).unwrap();
    let expected = fixture["request"]["body"].as_str().unwrap();
    if name == "19-fileupload" {
        // But for the boundary.
        let boundary = body.lines().next().unwrap();
        assert_eq!(body.replace(boundary, "------X"), expected);
    } else if name == "26-survey-answer" {
        assert_eq!(body, expected);
    } else {
        let ours = Params::form(body.as_bytes());
        for (parameter, value) in Params::form(expected.as_bytes()).iter() {
            // Whether the user has been here before is the site's to say.
            if parameter != "alreadyCame" {
                assert_eq!(ours.get(parameter), Some(value), "{name}: {parameter}");
            }
        }
    }
}
