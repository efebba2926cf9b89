//! What a dydu client says with its requests, and where it arrives.
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
use http::Request;
use serde_json::json;
use switchboard_core::Fault;
use switchboard_core::dialect::{
    Call, Dialect, Effect, Handled, Leg, LegInput, LegOutput, Operation, SessionAction,
};
use switchboard_core::model::{
    BotEvent, ConversationId, Feedback, MessageId, Profile, Rating, Timestamp, UserEvent, UserInput,
};
use switchboard_dydu::Dydu;
use switchboard_dydu::convert::input::{self, Said};
use switchboard_dydu::wire::{Frame, Params, TalkRequest, b64};
use uuid::Uuid;

/// Every parameter of a talk that is not an id of its bot or context.
fn everything() -> Vec<(&'static str, &'static str)> {
    vec![
        ("alreadyCame", "true"),
        ("browser", "Chrome 141.0.0.0"),
        ("clientId", "4be0c1d2a97f336"),
        ("doNotRegisterInteraction", "true"),
        ("language", "fr"),
        ("os", "Linux undefined"),
        ("qualificationMode", "true"),
        ("space", "R&D"),
        ("userInput", "opening hours"),
        ("userUrl", "https://www.example.org/help?a=1&b=2#c"),
        ("solutionUsed", "STATICFAQ"),
        (
            "extraParameters",
            "{\"type\":\"reword_auto\",\"personality_id\":\"7\"}",
        ),
        ("variables", "{\"a b\":\"é&=\"}"),
        ("mode", "U3luY2hyb24="),
        ("enableLanguageDetection", "false"),
        ("disableLanguageDetection", "true"),
        ("contextType", "Android"),
        ("pureLiveChat", "true"),
        ("competency", "bills"),
        ("timestamp", "1760000009000"),
        ("templateFormats", "carousel"),
        ("userId", "u-1"),
        ("unheardOf", "x y"),
    ]
}

fn talk(params: &[(&'static str, &'static str)]) -> Call<http::Response<Bytes>> {
    let body: Params<'_> = params.iter().copied().collect();
    let (request, path) = post(&format!("/api/chat/talk/{BOT}/{CONTEXT}"), &body.to_form());
    call(frontend().handle(request, &path, &cx(&Ids::default())))
}

fn event_of(operation: Operation) -> UserEvent {
    match operation {
        Operation::Input { event, .. } => *event,
        other => panic!("{other:?}"),
    }
}

struct Engine {
    leg: Box<dyn Leg>,
    ids: Ids,
}

impl Engine {
    fn new(transport: &str) -> Self {
        let options = json!({"url": "https://a.example", "bot_id": BOT, "transport": transport,
            "poll_after": []});
        let backend = Dydu.backend(options, &build()).unwrap();
        let ids = Ids::default();
        let leg = backend.open(ConversationId(Uuid::from_u128(42)), &cx(&ids));
        Self { leg, ids }
    }

    fn give(&mut self, input: LegInput<'_>) -> LegOutput {
        let mut output = LegOutput::default();
        self.leg.handle(input, &cx(&self.ids), &mut output);
        output
    }

    fn event(&mut self, event: &UserEvent, profile: &Profile) -> LegOutput {
        self.give(LegInput::Event { event, profile })
    }

    /// The talk that reaches the engine over REST; it is answered.
    fn hears(&mut self, event: &UserEvent, profile: &Profile) -> Params<'static> {
        let output = self.event(event, profile);
        let [Effect::Http { call, request, .. }] = &output.effects[..] else {
            panic!("{output:?}");
        };
        let form = request.body().to_vec();
        let answer = fixture("09-talk-plain")["response"]["body"].to_string();
        self.give(LegInput::Response {
            call: *call,
            result: Ok(http::Response::new(Bytes::from(answer))),
        });
        Params::form(&form)
            .iter()
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect()
    }
}

#[test]
fn a_dydu_engine_gets_what_a_dydu_client_said() {
    let call = talk(&everything());
    let event = event_of(call.operation);
    assert!(event.unrecorded);
    let heard = Engine::new("rest").hears(&event, &call.profile);
    for (name, value) in everything() {
        assert_eq!(heard.get(name), Some(value), "{name}");
    }
    assert_eq!(heard.iter().count(), everything().len());
}

#[test]
fn a_dydu_engine_gets_it_on_the_websocket_too() {
    let call = talk(&everything());
    let event = event_of(call.operation);
    let mut engine = Engine::new("websocket");
    engine.event(&event, &call.profile);
    let output = engine.give(LegInput::SocketOpened);
    let Some(Effect::SendText(text)) = output.effects.last() else {
        panic!("{output:?}");
    };
    let frame: Frame = serde_json::from_str(text).unwrap();
    assert_eq!(frame.parameters["timestamp"], json!(1_760_000_009_000_i64));
    assert_eq!(frame.parameters["pureLivechat"], json!(true));
    assert_eq!(
        frame.parameters["extraParameters"]["personality_id"],
        b64::encode("7")
    );
    let heard = TalkRequest::of(&Params::of_frame(frame.parameters));
    let said: Params<'_> = everything().into_iter().collect();
    let expected = TalkRequest {
        // Only a REST request says how its answer is wanted.
        mode: None,
        use_server_cookie: Some(false),
        ..TalkRequest::of(&said)
    };
    let ids = ["saml2_info", "contextId", "botId"];
    assert!(
        !heard
            .rest
            .iter()
            .any(|(name, _)| ids.contains(&name.as_str()))
    );
    assert_eq!(heard, expected);
}

#[test]
fn what_has_a_place_in_the_model_is_seen_by_every_engine() {
    let profile = talk(&everything()).profile;
    assert_eq!(profile.user_id.as_deref(), Some("4be0c1d2a97f336"));
    assert_eq!(profile.locales.selected.as_deref(), Some("fr"));
    assert_eq!(profile.keep_language, Some(true));
    assert_eq!(profile.qualification, Some(true));
    assert_eq!(profile.returning, Some(true));
    assert_eq!(profile.space.as_deref(), Some("R&D"));
    assert_eq!(profile.variables["a b"], "é&=");
    assert_eq!(profile.attributes["competency"], "bills");
    assert_eq!(profile.attributes["context_type"], "Android");
    let of_app = talk(&[("userInput", "hi"), ("userId", "u-1")]).profile;
    assert_eq!(of_app.user_id.as_deref(), Some("u-1"));
}

#[test]
fn whether_the_language_is_kept_is_told_in_any_way() {
    for (params, expected) in [
        (vec![], None),
        (vec![("disableLanguageDetection", "true")], Some(true)),
        (vec![("disableLanguageDetection", "false")], Some(false)),
        (vec![("enableLanguageDetection", "false")], Some(true)),
        (vec![("EnableLanguageDetection", "TRUE")], Some(false)),
        (vec![("enableLanguageDetection", "perhaps")], None),
    ] {
        let mut all = vec![("userInput", "hi")];
        all.extend(params.clone());
        assert_eq!(talk(&all).profile.keep_language, expected, "{params:?}");
    }
    let body = "space=Defaut&language=en&disableLanguageDetection=true&ContextType=Vocal";
    let (request, path) = post(&format!("/api/chat/context/{BOT}"), body);
    let opened = call(frontend().handle(request, &path, &cx(&Ids::default())));
    assert_eq!(opened.profile.keep_language, Some(true));
    // A client of another dialect has no such words.
    let mut profile = Profile {
        keep_language: Some(true),
        ..Profile::default()
    };
    let event = UserEvent::new(
        MessageId(Uuid::from_u128(7)),
        Timestamp(NOW),
        UserInput::text("hi"),
    );
    let heard = Engine::new("rest").hears(&event, &profile);
    assert_eq!(heard.flag("enableLanguageDetection"), Some(false));
    assert_eq!(heard.flag("disableLanguageDetection"), Some(true));
    // What the context was opened with goes with every talk.
    profile.merge(opened.profile);
    profile.merge(talk(&[("userInput", "hi"), ("competency", "bills")]).profile);
    let heard = Engine::new("rest").hears(&event, &profile);
    assert_eq!(heard.get("contextType"), Some("Vocal"));
    assert_eq!(heard.get("competency"), Some("bills"));
    assert_eq!(heard.get("enableLanguageDetection"), None);
}

#[test]
fn variables_are_set_and_deleted() {
    let mut engine = Engine::new("rest");
    let mut profile = talk(&[("userInput", "hi"), ("variables", "{\"a\":\"1\",\"b\":2}")]).profile;
    let event = UserEvent::new(
        MessageId(Uuid::from_u128(7)),
        Timestamp(NOW),
        UserInput::text("hi"),
    );
    let heard = engine.hears(&event, &profile);
    assert_eq!(heard.get("variables"), Some("{\"a\":\"1\",\"b\":\"2\"}"));
    let change = talk(&[
        ("userInput", "hi"),
        ("contextVariables", "{\"a\":\"\",\"c\":null}"),
    ]);
    profile.merge(change.profile);
    assert_eq!(profile.variables, [("b".to_owned(), "2".to_owned())].into());
    let heard = engine.hears(&event, &profile);
    assert_eq!(heard.get("variables"), Some("{\"a\":\"\",\"b\":\"2\"}"));
    let heard = engine.hears(&event, &profile);
    assert_eq!(heard.get("variables"), Some("{\"b\":\"2\"}"));

    for (body, expected) in [
        ("name=x&value=1", Ok(("x", "1"))),
        ("name=x&value=", Ok(("x", ""))),
        ("name=x", Ok(("x", ""))),
        ("name=x&value=a&value=b", Ok(("x", "a"))),
        ("name=x&value=%26lt%3Bb%26gt%3B", Ok(("x", "<b>"))),
        ("value=1", Err("name")),
        ("name=&value=1", Err("name")),
        ("name=a%0Ab&value=1", Err("name")),
    ] {
        let params = Params::form(body.as_bytes());
        let variables = input::variable(&params);
        match expected {
            Ok((name, value)) => assert_eq!(variables.unwrap()[name], value, "{body}"),
            Err(field) => is_about(&variables.unwrap_err(), field),
        }
    }
    let long = "x".repeat(5_000);
    for (name, value, field) in [(long.as_str(), "1", "name"), ("x", &long, "value")] {
        let params: Params<'_> = [("name", name), ("value", value)].into_iter().collect();
        is_about(&input::variable(&params).unwrap_err(), field);
    }
}

#[track_caller]
fn is_about(fault: &Fault, expected: &str) {
    match fault {
        Fault::BadInput { field, .. } => assert_eq!(field.as_deref(), Some(expected)),
        other => panic!("{other}"),
    }
}

#[test]
fn every_spelling_of_the_default_space_is_none() {
    for space in [
        "Defaut",
        "defaut",
        "DEFAULT",
        "Default",
        "",
        "null",
        "undefined",
    ] {
        let space: &'static str = space;
        let change = talk(&[("userInput", "hi"), ("space", space)]).profile;
        let mut profile = Profile::default();
        profile.merge(change.clone());
        assert_eq!(profile.space, None, "{space}");
        // Who names it leaves any other space; who names none stays.
        profile.space = Some("Pro".to_owned());
        profile.merge(change);
        let is_named = space.to_lowercase().starts_with("defau");
        assert_eq!(profile.space.is_none(), is_named, "{space}");
    }
}

/// `docs/protocols/dydu.md#4-parameter-dictionary`
#[test]
fn every_kind_of_question_is_kept_and_given_on() {
    for kind in [
        "reword_auto",
        "redirection",
        "redirection_newpage",
        "redirection_javascript",
        "redirection_knowledge",
        "redirection_consultation_space",
        "redirection_personnality",
        "before_close_dialog",
        "reword_teaser",
        "exportable_faq",
        "reword_feedback",
        "redirection_invalidlink",
        "of_next_year",
    ] {
        let extra = json!({"type": kind, "botsource": 3, "hide": true}).to_string();
        let body: Params<'_> = [
            ("userInput", "https://x.example/"),
            ("extraParameters", &extra),
        ]
        .into_iter()
        .collect();
        let (request, path) = post(&format!("/api/chat/talk/{BOT}/{CONTEXT}"), &body.to_form());
        let call = call(frontend().handle(request, &path, &cx(&Ids::default())));
        let event = event_of(call.operation);
        assert!(event.hidden);
        let origin = Some(kind).filter(|kind| *kind != "of_next_year");
        assert_eq!(event.origin.as_deref(), origin);
        let is_link = matches!(
            kind,
            "redirection"
                | "redirection_newpage"
                | "redirection_javascript"
                | "redirection_invalidlink"
        );
        assert_eq!(matches!(event.input, UserInput::LinkClick { .. }), is_link);
        let heard = Engine::new("rest").hears(&event, &call.profile);
        assert_eq!(heard.get("extraParameters"), Some(&*extra), "{kind}");
        assert_eq!(heard.get("userInput"), Some("https://x.example/"));
    }
}

#[test]
fn feedback_is_read_part_by_part() {
    let part = |rating, reason, comment: Option<&str>| {
        Some(Feedback {
            message: None,
            rating,
            reason,
            comment: comment.map(str::to_owned),
        })
    };
    for (body, expected) in [
        (
            "feedBack=positive",
            Ok(part(Some(Rating::Positive), None, None)),
        ),
        (
            "feedback=NEGATIVE",
            Ok(part(Some(Rating::Negative), None, None)),
        ),
        (
            "feedBack=withoutAnswer",
            Ok(part(Some(Rating::None), None, None)),
        ),
        ("choiceKey=0", Ok(part(None, Some(0), None))),
        ("choiceKey=3", Ok(part(None, Some(3), None))),
        ("comment=too+short", Ok(part(None, None, Some("too short")))),
        ("comment=", Ok(None)),
        ("feedBack=perhaps", Err("feedBack")),
        ("feedBack=", Err("feedBack")),
        ("choiceKey=4", Err("choiceKey")),
        ("choiceKey=-1", Err("choiceKey")),
        ("choiceKey=two", Err("choiceKey")),
        ("contextUUID=c", Err("feedBack")),
    ] {
        match (
            input::feedback(&Params::form(body.as_bytes()), "feedBack"),
            expected,
        ) {
            (Ok(feedback), Ok(expected)) => assert_eq!(feedback, expected, "{body}"),
            (Err(fault), Err(field)) => is_about(&fault, field),
            (other, _) => panic!("{body}: {other:?}"),
        }
    }
    let long: Params<'_> = [("comment", "é".repeat(5_000))].into_iter().collect();
    let comment = input::feedback(&long, "comment")
        .unwrap()
        .unwrap()
        .comment
        .unwrap();
    assert_eq!(comment.chars().count(), 1_000);
}

#[test]
fn an_exchange_is_kept_out_of_the_history_in_any_spelling() {
    for (name, value) in [
        ("doNotRegisterInteraction", "true"),
        ("DoNotRegisterInteraction", "true"),
        ("donotregisterinteraction", "True"),
        ("extraParameters", "{\"doNotRegisterInteraction\":true}"),
        ("extraParameters", "{\"doNotRegisterInteraction\":\"true\"}"),
    ] {
        let event = event_of(talk(&[("userInput", "hi"), (name, value)]).operation);
        assert!(event.unrecorded, "{name}={value}");
    }
    let event =
        event_of(talk(&[("userInput", "hi"), ("doNotRegisterInteraction", "no")]).operation);
    assert!(!event.unrecorded);
}

/// Frames say the same as requests.
#[test]
fn a_frame_says_what_a_request_says() {
    let said: Params<'_> = everything().into_iter().collect();
    let talk_of_rest = TalkRequest::of(&said);
    let mut parameters = talk_of_rest.to_frame();
    parameters.insert("botId".into(), b64::encode(BOT).into());
    parameters.insert("contextId".into(), b64::encode(CONTEXT).into());
    let frame = Frame {
        kind: "talk".into(),
        parameters,
    };
    let request = Request::get("/servlet/chatWs")
        .header("upgrade", "websocket")
        .body(Bytes::new())
        .unwrap();
    let ids = Ids::default();
    let Handled::Upgrade(upgrade) = frontend().handle(request, "/servlet/chatWs", &cx(&ids)) else {
        panic!("no upgrade");
    };
    let mut session = upgrade.session;
    session.handle_text(&frame.to_text(), &cx(&ids));
    let mut actions = session.attached(&view(), &cx(&ids));
    let Some(SessionAction::Call(by_frame)) = actions.pop() else {
        panic!("{actions:?}");
    };
    let by_rest = talk(&everything());
    assert_eq!(by_frame.profile, by_rest.profile);
    let (by_frame, by_rest) = (event_of(by_frame.operation), event_of(by_rest.operation));
    assert_eq!(by_frame.input, by_rest.input);
    assert_eq!(by_frame.extras, by_rest.extras);
    assert!(by_frame.unrecorded);
}

#[test]
fn a_space_that_an_answer_leads_to_is_kept() {
    let mut body = fixture("09-talk-plain")["response"]["body"].clone();
    body["values"]["guiCSName"] = b64::encode("Invoices").into();
    let mut engine = Engine::new("rest");
    let call = talk(&[("userInput", "hi")]);
    let event = event_of(call.operation);
    let output = engine.event(&event, &call.profile);
    let [Effect::Http { call, .. }] = &output.effects[..] else {
        panic!("{output:?}");
    };
    let output = engine.give(LegInput::Response {
        call: *call,
        result: Ok(http::Response::new(Bytes::from(body.to_string()))),
    });
    let BotEvent::Profile(change) = &output.events[0].event else {
        panic!("{output:?}");
    };
    assert_eq!(change.space.as_deref(), Some("Invoices"));
    let heard = engine.hears(&event, change);
    assert_eq!(heard.get("space"), Some("Invoices"));
}

/// Only the first 600 characters count, and the reserved words are recognised among them.
#[test]
fn words_are_cut_where_the_vendor_cuts_them() {
    let request = TalkRequest {
        user_input: "é".repeat(700),
        ..TalkRequest::default()
    };
    let Said::Input(UserInput::Text { text }, _) = input::said(&request, "#welcome#") else {
        panic!("no text");
    };
    assert_eq!(text.chars().count(), 600);
    let event = event_of(talk(&[("userInput", "a\u{0}b")]).operation);
    assert_eq!(event.input, UserInput::text("ab"));
}
