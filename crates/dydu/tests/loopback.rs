//! The client side talks to the server side in memory: what goes in at one end comes out at the
//! other.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on fails"
)]

mod common;

use bytes::Bytes;
use common::*;
use http::Response;
use proptest::prelude::*;
use serde_json::json;
use switchboard_core::dialect::{
    Dialect, Effect, Handled, Leg, LegInput, LegOutput, Operation, SessionAction,
};
use switchboard_core::model::{
    Action, BotEvent, Card, ChoiceMade, Choices, ChoicesKind, Content, ConversationId, Feedback,
    FeedbackRequest, Handover, HandoverPhase, Media, Message, MessageId, Profile, Rating, RichText,
    Timestamp, UserEvent, UserInput,
};
use switchboard_dydu::Dydu;
use uuid::Uuid;

fn leg(transport: &str) -> Box<dyn Leg> {
    let options =
        json!({"url": "http://gateway.example/dydu/", "bot_id": BOT, "transport": transport});
    let backend = Dydu.backend(options, &build()).unwrap();
    backend.open(ConversationId(Uuid::from_u128(42)), &cx(&Ids::default()))
}

fn give(leg: &mut Box<dyn Leg>, ids: &Ids, input: LegInput<'_>) -> LegOutput {
    let mut output = LegOutput::default();
    leg.handle(input, &cx(ids), &mut output);
    output
}

fn event(input: UserInput) -> UserEvent {
    UserEvent::new(MessageId(Uuid::from_u128(99)), Timestamp(NOW), input)
}

/// Sends an event through, answers it with these messages, and gives what arrived at both ends.
fn exchange(
    input: UserInput,
    profile: &Profile,
    answers: Vec<Message>,
) -> (UserEvent, Vec<Message>) {
    let ids = Ids::default();
    let mut leg = leg("rest");
    let event = event(input);
    let output = give(
        &mut leg,
        &ids,
        LegInput::Event {
            event: &event,
            profile,
        },
    );
    let Some(Effect::Http { call, request, .. }) = output.effects.into_iter().next() else {
        panic!("nothing sent");
    };
    let (arrived, response) = serve(request, answers);
    let output = give(
        &mut leg,
        &ids,
        LegInput::Response {
            call,
            result: Ok(response),
        },
    );
    (arrived, messages(output))
}

fn messages(output: LegOutput) -> Vec<Message> {
    output
        .events
        .into_iter()
        .filter_map(|event| match event.event {
            BotEvent::Message(message) => Some(message),
            _ => None,
        })
        .collect()
}

fn serve(request: http::Request<Bytes>, answers: Vec<Message>) -> (UserEvent, Response<Bytes>) {
    let path = request
        .uri()
        .path()
        .strip_prefix("/dydu")
        .unwrap()
        .to_owned();
    let Handled::Call(call) = frontend().handle(request, &path, &cx(&Ids::default())) else {
        panic!("no call");
    };
    let Operation::Input { event, .. } = call.operation else {
        panic!("no input");
    };
    let turn = Some(MessageId(Uuid::from_u128(99)));
    let entries = (1..)
        .zip(answers)
        .map(|(seq, message)| published(seq, turn, message))
        .collect();
    let response = (call.finish)(Ok(outcome(entries)), &cx(&Ids::default()));
    (*event, response)
}

fn bot(n: u128, content: Content) -> Message {
    Message::bot(MessageId(Uuid::from_u128(n)), None, Timestamp(NOW), content)
}

fn html(text: &str) -> RichText {
    RichText::html(text)
}

#[test]
fn content_comes_through() {
    let card = Card {
        title: Some("Lamp".into()),
        subtitle: Some(html("warm & cosy")),
        figure: Some("25 EUR".into()),
        image: Some(Media::new(
            "https://x.example/l.png?a=1&b=2",
            Some("lamp".into()),
        )),
        actions: vec![
            Action::choice("buy", "Buy \"it\""),
            Action::link("See", "https://x.example/?a=1&b=2"),
        ],
        ..Card::default()
    };
    let contents = [
        Content::text(html("<p>One &amp; only</p>")),
        Content::Image(Media::new(
            "https://x.example/a.png?x=1&y=2",
            Some("A".into()),
        )),
        Content::FeedbackRequest(FeedbackRequest {
            reasons: vec!["wrong".into()],
            ..FeedbackRequest::default()
        }),
        Content::NoAnswer {
            text: html("Sorry"),
        },
        Content::Carousel {
            title: None,
            cards: vec![card.clone(), card.clone()],
        },
        Content::Card(Box::new(card)),
        Content::Handover(Handover {
            phase: HandoverPhase::Waiting {
                position: Some(2),
                wait_seconds: Some(60),
            },
            ..Handover::default()
        }),
        Content::Handover(Handover {
            phase: HandoverPhase::Joined,
            text: html("<p>Ana</p>"),
            ..Handover::default()
        }),
    ];
    for content in contents {
        let (_, arrived) = exchange(
            UserInput::text("x"),
            &Profile::default(),
            vec![bot(1, content.clone())],
        );
        assert_eq!(arrived.len(), 1, "{content:?} became {arrived:?}");
        assert_eq!(plain(&arrived[0].content), plain(&content));
    }
}

/// Without what the wire keeps apart: an action's extras and the format of texts.
fn plain(content: &Content) -> String {
    let strip = |actions: &[Action]| -> Vec<(String, String, Option<String>)> {
        actions
            .iter()
            .map(|action| {
                (
                    action.id.clone(),
                    action.label.clone(),
                    action.url().map(str::to_owned),
                )
            })
            .collect()
    };
    let card = |card: &Card| {
        let subtitle = card
            .subtitle
            .as_ref()
            .map(|text| text.to_plain().into_owned());
        format!(
            "{:?} {subtitle:?} {:?} {:?} {:?}",
            card.title,
            card.figure,
            card.image,
            strip(&card.actions)
        )
    };
    match content {
        Content::Card(one) => card(one),
        Content::Carousel { cards, .. } => cards.iter().map(card).collect(),
        Content::Text { text } | Content::NoAnswer { text } => {
            format!("{:?} {}", content.kind(), text.to_plain())
        }
        Content::Handover(step) => format!("{:?} {}", step.phase, step.text.to_plain()),
        other => format!("{other:?}"),
    }
}

#[test]
fn choices_come_through_and_back() {
    let actions = vec![
        Action {
            value: Some("7".into()),
            ..Action::choice("track", "Track \"a\" & <b>")
        },
        Action::choice("", "Menu"),
    ];
    let choices = |kind| {
        bot(
            5,
            Content::Choices(Choices {
                text: RichText::plain("Pick"),
                kind,
                ..Choices::default()
            }),
        )
        .with_actions(actions.clone())
    };
    for answers in [
        vec![choices(ChoicesKind::Dialog)],
        vec![
            choices(ChoicesKind::Disambiguation),
            bot(6, Content::text(RichText::plain("or type"))),
        ],
    ] {
        let (_, arrived) = exchange(UserInput::text("menu"), &Profile::default(), answers);
        let labels: Vec<&str> = arrived[0]
            .actions
            .iter()
            .map(|action| action.label.as_str())
            .collect();
        assert_eq!(labels, ["Track \"a\" & <b>", "Menu"]);
        let clicked = UserInput::Choice(ChoiceMade {
            label: Some(labels[0].into()),
            action: Some(Box::new(arrived[0].actions[0].clone())),
            ..ChoiceMade::default()
        });
        let (event, _) = exchange(clicked, &Profile::default(), Vec::new());
        let UserInput::Choice(choice) = event.input else {
            panic!("no choice");
        };
        // The engine behind the gateway recognises its own action.
        assert_eq!(choice.id.as_deref(), Some("track~7"));
        assert_eq!(choice.message, Some(MessageId(Uuid::from_u128(5))));
        assert_eq!(choice.label.as_deref(), Some("Track \"a\" & <b>"));
    }
}

#[test]
fn what_is_known_of_the_user_comes_through() {
    let mut profile = Profile {
        user_id: Some("u".into()),
        ..Profile::default()
    };
    profile.locales.selected = Some("fr".into());
    profile.space = Some("R&D".into());
    profile.variables.insert("a b".into(), "é&=".into());
    profile.page_url = Some("https://x.example/?q=1&r=2#top".into());
    profile.browser = Some("Firefox".into());
    profile.os = Some("Linux".into());
    profile.returning = Some(true);
    profile.qualification = Some(true);
    let ids = Ids::default();
    let mut leg = leg("rest");
    let event = event(UserInput::text("x"));
    let output = give(
        &mut leg,
        &ids,
        LegInput::Event {
            event: &event,
            profile: &profile,
        },
    );
    let Some(Effect::Http { request, .. }) = output.effects.into_iter().next() else {
        panic!("nothing sent");
    };
    let path = request
        .uri()
        .path()
        .strip_prefix("/dydu")
        .unwrap()
        .to_owned();
    let Handled::Call(call) = frontend().handle(request, &path, &cx(&ids)) else {
        panic!("no call");
    };
    profile.app = Some(BOT.into());
    assert_eq!(call.profile, profile);
}

#[test]
fn feedback_comes_through_in_parts() {
    let ids = Ids::default();
    let mut leg = leg("rest");
    let profile = Profile::default();
    let opened = event(UserInput::text("x"));
    let output = give(
        &mut leg,
        &ids,
        LegInput::Event {
            event: &opened,
            profile: &profile,
        },
    );
    let Some(Effect::Http { call, request, .. }) = output.effects.into_iter().next() else {
        panic!("nothing sent");
    };
    let (_, response) = serve(request, Vec::new());
    give(
        &mut leg,
        &ids,
        LegInput::Response {
            call,
            result: Ok(response),
        },
    );
    let feedback = Feedback {
        message: None,
        rating: Some(Rating::Negative),
        reason: Some(2),
        comment: Some("no & no".into()),
    };
    let rated = event(UserInput::Feedback(feedback.clone()));
    let mut output = give(
        &mut leg,
        &ids,
        LegInput::Event {
            event: &rated,
            profile: &profile,
        },
    );
    let mut whole = Feedback::default();
    for _ in 0..3 {
        let Some(Effect::Http { call, request, .. }) = output.effects.into_iter().next() else {
            panic!("nothing sent");
        };
        let (arrived, response) = serve(request, Vec::new());
        let UserInput::Feedback(part) = arrived.input else {
            panic!("no feedback");
        };
        whole.rating = whole.rating.or(part.rating);
        whole.reason = whole.reason.or(part.reason);
        whole.comment = whole.comment.or(part.comment);
        output = give(
            &mut leg,
            &ids,
            LegInput::Response {
                call,
                result: Ok(response),
            },
        );
    }
    assert_eq!(whole, feedback);
}

/// The same over the websocket: one frame for each message, and the turn ends in silence.
#[test]
fn the_websocket_carries_the_same() {
    let ids = Ids::default();
    let mut leg = leg("websocket");
    let profile = Profile::default();
    let asked = event(UserInput::text("a < b & \"c\""));
    let output = give(
        &mut leg,
        &ids,
        LegInput::Event {
            event: &asked,
            profile: &profile,
        },
    );
    let Some(Effect::OpenSocket(request)) = output.effects.into_iter().next() else {
        panic!("no socket");
    };
    assert_eq!(request.uri(), "ws://gateway.example/dydu/servlet/chatWs");
    let request = http::Request::get("/servlet/chatWs")
        .header("upgrade", "websocket")
        .header(
            "sec-websocket-protocol",
            &request.headers()["sec-websocket-protocol"],
        )
        .body(Bytes::new())
        .unwrap();
    let Handled::Upgrade(upgrade) = frontend().handle(request, "/servlet/chatWs", &cx(&ids)) else {
        panic!("no upgrade");
    };
    assert_eq!(upgrade.subprotocol.as_deref(), Some("dyduchat"));
    let mut session = upgrade.session;
    let output = give(&mut leg, &ids, LegInput::SocketOpened);
    let mut arrived = None;
    for effect in output.effects {
        let Effect::SendText(text) = effect else {
            panic!("{effect:?}");
        };
        let mut actions = session.handle_text(&text, &cx(&ids));
        if matches!(&actions[..], [SessionAction::Attach(_)]) {
            actions = session.attached(&view(), &cx(&ids));
        }
        for action in actions {
            let SessionAction::Call(call) = action else {
                panic!("{action:?}");
            };
            let Operation::Input { event, .. } = call.operation else {
                panic!("no input");
            };
            arrived = Some(event.input);
        }
    }
    assert_eq!(arrived, Some(asked.input));
    for (seq, words) in (1..).zip(["one", "two"]) {
        let message = bot(seq, Content::text(RichText::plain(words)));
        let entry = published(u64::try_from(seq).unwrap(), Some(asked.id), message);
        for action in session.deliver(&entry, &view(), &cx(&ids)) {
            let SessionAction::Send(text) = action else {
                panic!("{action:?}");
            };
            let arrived = messages(give(&mut leg, &ids, LegInput::SocketText(&text)));
            assert_eq!(arrived[0].content, Content::text(html(words)));
        }
    }
}

proptest! {
    #[test]
    fn words_come_through(words in "[^\\p{C}]{1,60}") {
        prop_assume!(words.trim() == words);
        prop_assume!(!words.starts_with(['#', '_']));
        let (event, _) = exchange(UserInput::text(&words), &Profile::default(), Vec::new());
        prop_assert_eq!(event.input, UserInput::text(&words));
    }

    #[test]
    fn answers_come_through(words in "[a-zA-Z0-9éß&<>\"';#/= ]{1,40}") {
        let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
        prop_assume!(!words.is_empty());
        let answer = bot(1, Content::text(RichText::plain(&words)));
        let (_, arrived) = exchange(UserInput::text("x"), &Profile::default(), vec![answer]);
        let Content::Text { text } = &arrived[0].content else {
            panic!("{arrived:?}");
        };
        prop_assert_eq!(text.to_plain(), words);
    }
}
