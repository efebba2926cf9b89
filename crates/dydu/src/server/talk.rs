//! `chat/talk`: `docs/protocols/dydu.md#33-endpoint-details`, 3.3.3 and 3.3.4.

use switchboard_core::Fault;
use switchboard_core::dialect::{
    Collect, Cx, Entry, Find, Item, Operation, Outcome, UnknownChoice, Wait,
};
use switchboard_core::model::{Content, EndReason, HandoverPhase, UserEvent, UserInput};

use super::plan::{Plan, Reply, forgiven};
use super::{Ask, Channel};
use crate::convert::compose::{Occasion, Scene, compose};
use crate::convert::input::{self, Said};
use crate::convert::push;
use crate::wire::talk::Mode;
use crate::wire::{Envelope, TalkRequest, TalkValues, envelope, words};

/// Hands the words over and, on REST, waits for the answer.
///
/// During a livechat the widget does not show the answer of a talk request; what the operator
/// says is pushed or polled. There nothing is waited for.
pub(super) fn talk(ask: &Ask<'_>, cx: &Cx<'_>) -> Result<Plan, Fault> {
    if ask.params.get("userInput").is_none() {
        return Err(Fault::bad_field("userInput", "missing"));
    }
    let request = TalkRequest::of(&ask.params);
    let (input, occasion) = match input::said(&request, &ask.options.welcome) {
        Said::Input(input, occasion) => (input, occasion),
        Said::Reset => return Ok(reset(ask)),
        // A turn without content: it ends after the one that took the file, and brings its answer.
        Said::Uploaded => (UserInput::Variables, Occasion::Typed),
    };
    let mut event = UserEvent::new(cx.message_id(), cx.now, input);
    event.unrecorded =
        request.do_not_register.unwrap_or(false) || request.extra_flag("doNotRegisterInteraction");
    event.hidden = request.extra_flag("hide");
    event.origin = Some(request.origin())
        .filter(|origin| words::is_origin(origin))
        .map(str::to_owned);
    event.extras = input::extras(&request);
    if let UserInput::Choice(choice) = &event.input {
        event.parent = choice.message;
    }
    let is_livechat = matches!(request.mode, Some(Mode::Polling | Mode::WebSocket));
    let leaves = event.input == UserInput::LeaveHandover;
    let wait = if ask.channel == Channel::Socket && leaves {
        Wait::Turn(Collect::Turn)
    } else if ask.channel == Channel::Socket || is_livechat {
        Wait::Accepted
    } else {
        Wait::TurnOrLate(Collect::Undelivered)
    };
    let operation = Operation::Input {
        event: Box::new(event),
        wait,
        unknown_choice: UnknownChoice::Pass,
    };
    let manner = ask.manner();
    let channel = ask.channel;
    let profile = input::profile_of_talk(request, &ask.bot.bot_id);
    let find = Find::Renew(ask.context.clone());
    if ask.channel == Channel::Socket && leaves {
        return Ok(Plan::call(profile, find, operation, |result, _| {
            Ok(farewell(result.as_ref()))
        }));
    }
    Ok(Plan::call(profile, find, operation, move |result, cx| {
        let Outcome { view, answer } = result?;
        if channel == Channel::Socket {
            return Ok(Reply::Quiet(envelope::TALK));
        }
        let scene = Scene {
            turn: answer.turn,
            ..manner.scene(&view, occasion, cx)
        };
        if answer.late {
            return Ok(Reply::Text(late(&scene)));
        }
        let entries: &[std::sync::Arc<Entry>] = match wait {
            Wait::Accepted => &[],
            _ => &answer.entries,
        };
        Ok(Reply::Text(compose(entries, &scene).to_text()))
    }))
}

/// The answer to a client that leaves a livechat or its queue. It waits for an end, and gets it
/// pushed; where the engine has none, or fails, it must be let go for all that.
fn farewell(result: Result<&Outcome, &Fault>) -> Reply {
    let is_end = |entry: &Entry| match &entry.item {
        Item::Ended { .. } => true,
        Item::Message(published) => matches!(
            &published.message.content,
            Content::Handover(step)
                if matches!(step.phase, HandoverPhase::Ended | HandoverPhase::LeftByUser)
        ),
        _ => false,
    };
    let entries = result.map(|outcome| outcome.answer.entries.as_slice());
    if entries.is_ok_and(|entries| entries.iter().any(|entry| is_end(entry))) {
        Reply::Quiet(envelope::TALK)
    } else {
        Reply::Text(push::left().to_text())
    }
}

/// The answer to words whose answer is late: it comes with the next talk or poll. The widget shows
/// nothing of this one, while it would repeat the words after a failure, at other servers too.
fn late(scene: &Scene<'_>) -> String {
    let values = TalkValues {
        context_id: Some(scene.context.into()),
        bot_id: Some(scene.bot.into()),
        language: Some(scene.language.into()),
        server_time: Some(scene.now),
        human: Some(false),
        text: Some("".into()),
        ..TalkValues::default()
    };
    Envelope::text(envelope::TALK, values)
}

/// The client forgets the context; so do we, and whoever answers in it is told. What is answered
/// is ignored, but carries no context that the client could take up again.
fn reset(ask: &Ask<'_>) -> Plan {
    let values = TalkValues {
        text: Some("".into()),
        ..TalkValues::default()
    };
    let text = Envelope::text(envelope::TALK, values);
    let Some(context) = ask.context.clone() else {
        return Plan::text(text);
    };
    let operation = Operation::End {
        reason: EndReason::Ended,
    };
    Plan::call(
        ask.profile(),
        Find::Existing(context),
        operation,
        |result, _| {
            forgiven(result)?;
            Ok(Reply::Text(text))
        },
    )
}
