//! Every fixture is read by the wire types, written again without loss, and says what its decoded
//! form says.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on fails"
)]

mod common;

use common::{Ids, cx, decoded, fixtures};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use switchboard_core::dialect::HandoverState;
use switchboard_core::model::push_rule::{self, PushRule};
use switchboard_core::model::{BotEvent, ChoicesKind, Content, HandoverPhase, Message, RichText};
use switchboard_dydu::convert::answer::Heard;
use switchboard_dydu::wire::context::{
    AvailabilityValues, ContextValues, ServerStatus, StatusValues,
};
use switchboard_dydu::wire::history::HistoryValues;
use switchboard_dydu::wire::knowledge::{Suggestion, TopKnowledgeValues};
use switchboard_dydu::wire::params::is_survey_or_poll_name;
use switchboard_dydu::wire::path::{self, Endpoint};
use switchboard_dydu::wire::personal::DialogsValues;
use switchboard_dydu::wire::site::{BotLanguage, WhoAmI};
use switchboard_dydu::wire::survey::{SurveyAnswer, SurveyConfiguration};
use switchboard_dydu::wire::{
    Envelope, Frame, Params, TalkRequest, TalkValues, b64, frame::FrameKind,
};

fn round_trip<T: Serialize + DeserializeOwned>(name: &str, wire: &Value) {
    let typed: T = serde_json::from_value(wire.clone())
        .unwrap_or_else(|error| panic!("{name}: {error} in {wire}"));
    assert_eq!(&serde_json::to_value(typed).unwrap(), wire, "{name}");
}

/// Reads and writes an envelope by the type that goes with its `type`.
fn envelope(name: &str, wire: &Value) {
    match wire["type"].as_str() {
        Some("talkResponse" | "notification" | "pollResponse") => {
            round_trip::<Envelope<'_, TalkValues>>(name, wire);
        }
        Some("historyResponse") => round_trip::<Envelope<'_, HistoryValues>>(name, wire),
        Some("topKnowledgeResponse") => round_trip::<Envelope<'_, TopKnowledgeValues>>(name, wire),
        Some("searchResponse") => round_trip::<Envelope<'_, Vec<Suggestion>>>(name, wire),
        Some("surveyConfigurationResponse") => {
            round_trip::<Envelope<'_, SurveyConfiguration>>(name, wire);
        }
        Some("checkContextAvailabilityResponse") => {
            round_trip::<Envelope<'_, AvailabilityValues>>(name, wire);
        }
        Some("getContextResponse") => round_trip::<Envelope<'_, ContextValues>>(name, wire),
        Some("statusResponse") => round_trip::<Envelope<'_, StatusValues>>(name, wire),
        Some("dialogsResponse") => round_trip::<Envelope<'_, DialogsValues>>(name, wire),
        Some("surveyResponse" | "SAML_redirection") => {
            round_trip::<Envelope<'_, Map<String, Value>>>(name, wire);
        }
        other => panic!("{name}: no type for {other:?}"),
    }
}

#[test]
fn every_answer_survives() {
    let mut read = 0;
    for (name, fixture) in fixtures() {
        let response = &fixture["response"];
        let frames = response["frames"].as_array().cloned().unwrap_or_default();
        let expected = &fixture["decoded"]["response"]["frames"];
        for (index, frame) in frames.iter().enumerate() {
            envelope(&name, frame);
            assert_eq!(decoded(frame.clone()), expected[index], "{name}");
            read += 1;
        }
        let body = &response["body"];
        if body.is_null() {
            continue;
        }
        read += 1;
        match name.as_str() {
            "01-serverstatus" => round_trip::<ServerStatus>(&name, body),
            "05-bot-languages" => round_trip::<Vec<BotLanguage>>(&name, body),
            "38-whoami" => round_trip::<WhoAmI>(&name, body),
            "03-pushrules" => {
                let text =
                    switchboard_dydu::wire::push_rule::read(body.to_string().as_bytes()).unwrap();
                let rules: Vec<PushRule> = serde_json::from_str(&text).unwrap();
                for rule in &rules {
                    assert_eq!(rule.check(), Ok(()));
                }
                let rules: Value = serde_json::from_str(&push_rule::text(&rules)).unwrap();
                assert_eq!(rules, fixture["decoded"]["response"]["values"]);
            }
            _ if *body == json!({}) => {}
            _ => {
                envelope(&name, body);
                assert_eq!(
                    decoded(body.clone()),
                    fixture["decoded"]["response"],
                    "{name}"
                );
            }
        }
    }
    assert_eq!(read, 57);
}

#[test]
fn every_request_survives() {
    for (name, fixture) in fixtures() {
        let request = &fixture["request"];
        let expected = &fixture["decoded"]["request"];
        if let Some(frame) = request.get("frame") {
            round_trip::<Frame>(&name, frame);
            check_frame(
                &name,
                serde_json::from_value(frame.clone()).unwrap(),
                expected,
            );
        }
        let Some(url) = request["url"].as_str() else {
            continue;
        };
        let url = url.strip_prefix("https://chat.example.org").unwrap();
        let (path, query) = url.split_once('?').unwrap_or((url, ""));
        let route = path::parse(path).unwrap_or_else(|| panic!("{name}: {path}"));
        if route.endpoint == Endpoint::ChatHttp {
            let query = Params::form(query.as_bytes());
            let frame: Frame = serde_json::from_str(query.get("data").unwrap()).unwrap();
            check_frame(&name, frame, expected);
        }
        let Some(body) = request["body"].as_str() else {
            continue;
        };
        if route.endpoint.is_unencoded() {
            let params = Params::unencoded(body, is_survey_or_poll_name);
            let again: Vec<String> = params
                .iter()
                .map(|(name, value)| format!("{name}={value}"))
                .collect();
            assert_eq!(again.join("&"), body, "{name}");
        } else if route.endpoint != Endpoint::FileUpload {
            let params = Params::form(body.as_bytes());
            assert_eq!(params.to_form(), body, "{name}");
            if route.endpoint == Endpoint::Talk {
                let talk = TalkRequest::of(&params);
                assert_eq!(talk.to_params().to_form(), body, "{name}");
                let mode = talk.mode.unwrap();
                assert_eq!(mode.as_str(), expected["mode"].as_str().unwrap(), "{name}");
                assert_eq!(talk.rest, [], "{name}");
            }
        }
    }
}

fn check_frame(name: &str, mut frame: Frame, expected: &Value) {
    let kind = FrameKind::of(&frame.kind);
    assert!(kind.is_some(), "{name}: {}", frame.kind);
    let params = Params::of_frame(frame.parameters.clone());
    if kind == Some(FrameKind::Survey) {
        let answer = SurveyAnswer::of(&params);
        assert_eq!(answer.survey, "77", "{name}");
        assert_eq!(answer.fields.len(), 1, "{name}");
    }
    frame.parameters.values_mut().for_each(b64::decode_deep);
    assert_eq!(&serde_json::to_value(frame).unwrap(), expected, "{name}");
}

fn hear(name: &str, state: HandoverState) -> Vec<Heard> {
    let fixture = common::fixture(name);
    let response = &fixture["response"];
    let frames = match response["frames"].as_array() {
        Some(frames) => frames.clone(),
        None => vec![response["body"].clone()],
    };
    let ids = Ids::default();
    let mut state = state;
    frames
        .into_iter()
        .map(|frame| {
            let heard = common::hear(&frame, None, state, &cx(&ids));
            state = heard.state;
            heard
        })
        .collect()
}

fn messages(name: &str, state: HandoverState) -> Vec<Message> {
    hear(name, state)
        .into_iter()
        .flat_map(|heard| heard.events)
        .map(|event| match event {
            BotEvent::Message(message) => message,
            other => panic!("{name}: {other:?}"),
        })
        .collect()
}

fn html(text: &str) -> RichText {
    RichText::html(text)
}

#[test]
fn answers_mean_what_they_say() {
    let none = HandoverState::None;
    let contents = |name: &str| -> Vec<Content> {
        messages(name, none)
            .into_iter()
            .map(|message| message.content)
            .collect()
    };
    assert_eq!(
        contents("07-talk-welcome-new-context"),
        [Content::text(html("<p>Hello! How can I help?</p>"))]
    );
    let plain = contents("09-talk-plain");
    assert_eq!(
        plain[0],
        Content::text(html("<p>We open at 9:00 and close at 18:00.</p>"))
    );
    let Content::FeedbackRequest(request) = &plain[1] else {
        panic!("{plain:?}");
    };
    assert_eq!(
        request.reasons,
        ["Wrong answer", "Incomplete", "Something else"]
    );

    let rewords = messages("10-talk-reword", none);
    let Content::Choices(choices) = &rewords[0].content else {
        panic!("{rewords:?}");
    };
    assert_eq!(choices.kind, ChoicesKind::Disambiguation);
    assert_eq!(choices.text, html("Did you mean:"));
    assert_eq!(rewords[0].actions[0].label, "Opening hours");
    assert_eq!(rewords[0].actions[0].id, "Opening hours");

    for name in ["12-talk-carousel", "13-talk-carousel-array"] {
        let carousel = contents(name);
        assert_eq!(carousel[0], Content::text(html("Our offers")));
        let Content::Carousel { cards, .. } = &carousel[1] else {
            panic!("{carousel:?}");
        };
        assert_eq!(cards.len(), 2);
        assert_eq!(cards[0].actions[0].id, "Small offer");
        assert_eq!(
            cards[0].image.as_ref().unwrap().url,
            "https://img.example.org/s.png"
        );
    }
    let product = contents("14-talk-product");
    let Content::Card(card) = &product[1] else {
        panic!("{product:?}");
    };
    assert_eq!(card.figure.as_deref(), Some("25 EUR"));
    assert_eq!(card.actions.len(), 1);

    let quick = messages("15-talk-quick-reply", none);
    assert!(
        matches!(&quick[0].content, Content::Choices(choices) if choices.text == html("Shall we go on?"))
    );
    let labels: Vec<&str> = quick[0]
        .actions
        .iter()
        .map(|action| action.label.as_str())
        .collect();
    assert_eq!(labels, ["Yes", "No"]);

    let steps = contents("16-talk-steps-sidebar");
    assert_eq!(steps[0], Content::text(html("Step 1: unpack")));
    assert_eq!(steps[2], Content::text(html("Step 3: switch on")));
    assert!(matches!(&steps[3], Content::Card(card) if card.title.as_deref() == Some("Unpacking")));

    let survey = hear("17-talk-survey", none).remove(0);
    assert_eq!(survey.survey.as_deref(), Some("77"));
    let upload = contents("18-talk-upload-request");
    assert!(matches!(&upload[1], Content::Upload(upload) if upload.callback == "file was sent"));
}

#[test]
fn a_livechat_takes_its_steps_once() {
    let steps = |name: &str, state| -> (Vec<HandoverPhase>, HandoverState) {
        let heard = hear(name, state);
        let last = heard.last().unwrap().state;
        let steps = heard
            .into_iter()
            .flat_map(|heard| heard.events)
            .filter_map(|event| match event {
                BotEvent::Message(message) => match message.content {
                    Content::Handover(step) => Some(step.phase),
                    _ => None,
                },
                _ => None,
            })
            .collect();
        (steps, last)
    };
    use HandoverPhase::{Ended, Joined, LeftByUser, Waiting};
    use HandoverState as State;
    let queue = Waiting {
        position: Some(3),
        wait_seconds: Some(130),
    };
    for (name, before, phases, after) in [
        (
            "31-talk-livechat-start",
            State::None,
            vec![Joined],
            State::Active,
        ),
        (
            "31-talk-livechat-start",
            State::Active,
            vec![],
            State::Active,
        ),
        (
            "32-talk-livechat-queue",
            State::None,
            vec![queue],
            State::Waiting,
        ),
        (
            "35-poll-operator-message",
            State::Active,
            vec![],
            State::Active,
        ),
        (
            "35-poll-operator-message",
            State::Waiting,
            vec![Joined],
            State::Active,
        ),
        ("36-poll-end", State::Active, vec![Ended], State::None),
        ("36-poll-end", State::None, vec![], State::None),
        (
            "55-ws-notification-connected",
            State::Waiting,
            vec![Joined],
            State::Active,
        ),
        (
            "56-ws-notification-writing",
            State::Active,
            vec![],
            State::Active,
        ),
        (
            "57-ws-leave-queue-on-operator",
            State::Waiting,
            vec![Joined],
            State::Active,
        ),
        (
            "58-ws-user-leaves-queue",
            State::Waiting,
            vec![LeftByUser],
            State::None,
        ),
        (
            "65-ws-end-by-operator",
            State::Active,
            vec![Ended],
            State::None,
        ),
        (
            "66-ws-user-ends",
            State::Active,
            vec![LeftByUser],
            State::None,
        ),
    ] {
        assert_eq!(
            steps(name, before),
            (phases, after),
            "{name} from {before:?}"
        );
    }
    let writing = hear("56-ws-notification-writing", State::Active);
    let active: Vec<bool> = writing
        .iter()
        .flat_map(|heard| &heard.events)
        .map(|event| matches!(event, BotEvent::Typing(typing) if typing.active))
        .collect();
    assert_eq!(active, [true, false]);
    let announced = hear("60-ws-survey-announce", State::Active).remove(0);
    assert_eq!(announced.survey.as_deref(), Some("77"));
}
