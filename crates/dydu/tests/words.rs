//! Every word of `docs/protocols/dydu.md#51-typeresponse-values`, 5.2 and 7.4, and what an engine
//! means by it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on fails"
)]

mod common;

use common::*;
use serde_json::{Value, json};
use switchboard_core::dialect::HandoverState::{self, Active, None as Bot, Waiting};
use switchboard_core::model::{Author, BotEvent, ChoicesKind, Content, HandoverPhase};
use switchboard_dydu::convert::answer::Heard;
use switchboard_dydu::wire::b64;

fn heard(kind: &str, mut values: Value, state: HandoverState) -> Heard {
    b64::encode_deep(&mut values);
    let envelope = json!({"type": kind, "values": values});
    hear(&envelope, None, state, &cx(&Ids::default()))
}

/// What an answer is, in a word.
fn what(heard: &Heard) -> Vec<String> {
    let events = heard.events.iter().map(|event| match event {
        BotEvent::Message(message) => {
            let author = match &message.author {
                Author::Operator { .. } => "operator",
                Author::Bot => "bot",
                Author::System => "system",
                _ => "other",
            };
            match &message.content {
                Content::Text { .. } => format!("{author} says"),
                Content::NoAnswer { .. } => format!("{author} has no answer"),
                Content::Choices(choices) => match choices.kind {
                    ChoicesKind::Disambiguation => format!("{author} asks which"),
                    _ => format!("{author} offers"),
                },
                Content::Upload(_) => format!("{author} wants a file"),
                Content::Survey(_) => format!("{author} wants answers"),
                Content::Handover(step) => match step.phase {
                    HandoverPhase::Joined => "joined".to_owned(),
                    HandoverPhase::Transferred => "transferred".to_owned(),
                    HandoverPhase::Waiting { .. } => "waiting".to_owned(),
                    HandoverPhase::LeftByUser => "left".to_owned(),
                    HandoverPhase::Ended => "ended".to_owned(),
                    HandoverPhase::Offered => "offered".to_owned(),
                },
                other => format!("{other:?}"),
            }
        }
        BotEvent::Typing(typing) if typing.active => "types".to_owned(),
        BotEvent::Typing(_) => "stops typing".to_owned(),
        BotEvent::Notice(notice) => format!("notice {}", notice.code),
        other => format!("{other:?}"),
    });
    events.collect()
}

#[track_caller]
fn check(heard: Heard, expected: &[&str], state: HandoverState, label: &str) {
    assert_eq!(what(&heard), expected, "{label}");
    assert_eq!(heard.state, state, "{label}");
}

#[test]
fn every_type_of_answer_is_understood() {
    let reword =
        "<a href=\"#\" onclick=\"reword('Hours',{type:'reword_auto'});return false;\">H</a>";
    for (word, before, expected, after) in [
        ("DMUnderstoodQuestion", Bot, "bot says", Bot),
        ("DMRewordClickedAuto", Bot, "bot says", Bot),
        ("DMRewordClicked", Bot, "bot says", Bot),
        ("DMPushReplace", Bot, "bot says", Bot),
        ("DMMetaUnderstoodQuestion", Bot, "bot says", Bot),
        ("DMContextualGarbage", Bot, "bot says", Bot),
        ("DMClientPush", Bot, "bot says", Bot),
        ("DMSocial", Bot, "bot says", Bot),
        ("DMDisabledKnowledge", Bot, "bot says", Bot),
        ("ERRInvalidRequest", Bot, "bot says", Bot),
        ("NeverHeardOf", Bot, "bot says", Bot),
        ("GBMisunderstoodQuestion", Bot, "bot has no answer", Bot),
        (
            "GBTooManyMisunderstoodQuestions",
            Bot,
            "bot has no answer",
            Bot,
        ),
        ("GBContextualGarbage", Bot, "bot has no answer", Bot),
        ("GBKnowledge", Bot, "bot has no answer", Bot),
        ("GBPushReplace", Bot, "bot has no answer", Bot),
        ("OPRegularOperatorAnswer", Active, "operator says", Active),
        ("OPRegularManagerAnswer", Active, "operator says", Active),
        (
            "OPAutoReengageOperatorAnswer",
            Active,
            "operator says",
            Active,
        ),
        ("OPAutoHelloOperatorAnswer", Active, "operator says", Active),
        ("OPAutoOperatorAnswer", Active, "operator says", Active),
        ("NAWaitingForOperator", Waiting, "system says", Waiting),
        ("NANotificationFromOperator", Active, "system says", Active),
        ("DMLiveChatConnectionSucceed", Bot, "joined", Active),
        ("DMLiveChatConnectionSucceed", Waiting, "joined", Active),
        ("DMLiveChatConnectionInQueue", Bot, "waiting", Waiting),
        ("DMLiveChatLeaveQueue", Waiting, "left", Bot),
        ("NAAutoCloseDialog", Active, "ended", Bot),
        ("NAAutoCloseDialogBecauseUserLeft", Active, "left", Bot),
        ("OPLiveChatEndByOperator", Active, "ended", Bot),
        (
            "OPSendSurveySentence",
            Active,
            "notice OPSendSurveySentence",
            Active,
        ),
    ] {
        let answer = heard(
            "talkResponse",
            json!({"text": "Words", "typeResponse": word}),
            before,
        );
        check(answer, &[expected], after, word);
    }
    for word in ["RWOneReword", "RWManyRewords", "RWFewReword"] {
        let answer = heard(
            "talkResponse",
            json!({"text": reword, "typeResponse": word}),
            Bot,
        );
        check(answer, &["bot asks which"], Bot, word);
    }
}

#[test]
fn every_special_action_is_taken() {
    for (word, before, expected, after) in [
        ("StartPolling", Bot, "joined", Active),
        ("StartPolling", Waiting, "joined", Active),
        ("StartWaitingQueue", Bot, "waiting", Waiting),
        ("LeaveWaitingQueue", Waiting, "left", Bot),
        ("EndPolling", Active, "ended", Bot),
    ] {
        for kind in ["talkResponse", "notification"] {
            let answer = heard(
                kind,
                json!({"text": "Words", "specialAction": word}),
                before,
            );
            check(answer, &[expected], after, word);
        }
    }
    let queue = heard(
        "talkResponse",
        json!({"specialAction": "StartWaitingQueue", "queuePosition": 3,
            "estimatedWaitingDuration": 130}),
        Bot,
    );
    assert!(matches!(
        &queue.events[0],
        BotEvent::Message(message) if matches!(
            &message.content,
            Content::Handover(step) if step.phase == HandoverPhase::Waiting {
                position: Some(3),
                wait_seconds: Some(130),
            }
        )
    ));
    // What is over already is not announced again; if something is said about it, that is shown.
    for word in ["EndPolling", "LeaveWaitingQueue"] {
        let values = json!({"text": "", "specialAction": word});
        check(heard("notification", values, Bot), &[], Bot, word);
        let values = json!({"text": "Over.", "specialAction": word});
        check(heard("talkResponse", values, Bot), &["bot says"], Bot, word);
    }
}

#[test]
fn every_code_of_a_notification_is_understood() {
    for (code, text, before, expected, after) in [
        ("OperatorWritingStatus", "Ana", Active, "types", Active),
        ("OperatorWritingStatus", "", Active, "stops typing", Active),
        (
            "OperatorConnected",
            "Ana is here",
            Waiting,
            "joined",
            Active,
        ),
        (
            "OperatorConnected",
            "Ana is here",
            Active,
            "notice OperatorConnected",
            Active,
        ),
        (
            "OperatorDisconnected",
            "Ana is away",
            Active,
            "notice OperatorDisconnected",
            Active,
        ),
        (
            "OperatorBusy",
            "Wait",
            Waiting,
            "notice OperatorBusy",
            Waiting,
        ),
        (
            "DialogTransferredManually",
            "Bob is here",
            Active,
            "transferred",
            Active,
        ),
        (
            "DialogTransferredAutomatically",
            "Bob is here",
            Active,
            "transferred",
            Active,
        ),
        (
            "DialogTransferredManually",
            "Bob",
            Bot,
            "notice DialogTransferredManually",
            Bot,
        ),
        ("DialogAddedOperatorPanel", "", Waiting, "joined", Active),
        (
            "DialogAddedOperatorPanel",
            "",
            Active,
            "notice DialogAddedOperatorPanel",
            Active,
        ),
        (
            "UploadRequest",
            "A file, please",
            Active,
            "bot wants a file",
            Active,
        ),
        (
            "AlmostTimedOut",
            "Still there?",
            Active,
            "notice AlmostTimedOut",
            Active,
        ),
        (
            "OnOperatorCloseDialog",
            "Bye",
            Active,
            "notice OnOperatorCloseDialog",
            Active,
        ),
        ("NeverHeardOf", "News", Bot, "notice NeverHeardOf", Bot),
    ] {
        let answer = heard("notification", json!({"code": code, "text": text}), before);
        check(answer, &[expected], after, code);
    }
    let values = json!({"code": "OperatorSendSurvey", "text": "A survey", "survey": "77"});
    let survey = heard("notification", values, Active);
    assert_eq!(survey.survey.as_deref(), Some("77"));
    check(survey, &["bot wants answers"], Active, "OperatorSendSurvey");
    // Without a survey there is nothing to ask for.
    let values = json!({"code": "OperatorSendSurvey", "text": "A survey"});
    let announced = heard("notification", values, Active);
    assert_eq!(announced.survey, None);
    check(
        announced,
        &["notice OperatorSendSurvey"],
        Active,
        "no survey",
    );
    // The text of this one is never shown.
    let values = json!({"code": "DialogAddedOperatorPanel", "text": "taken"});
    let taken = heard("notification", values, Active);
    assert!(matches!(&taken.events[0], BotEvent::Notice(notice) if notice.text.is_empty()));
    // The kind of envelope does not matter for a file.
    let values = json!({"code": "UploadRequest", "text": "A file, please", "human": true});
    let upload = heard("talkResponse", values, Active);
    check(upload, &["operator wants a file"], Active, "UploadRequest");
}
