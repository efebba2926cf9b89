//! `chat/gdpr` and `chat/dialogs`: `docs/protocols/dydu.md#33-endpoint-details`, 3.3.8 and 3.3.27.
//!
//! Neither request proves who sends it: whoever knows a `clientId` is that client. The widget's own
//! ids are random and known to one browser only, so that is proof enough for what that browser
//! said. But with OIDC the widget takes the user's e-mail address for the id
//! (`docs/protocols/dydu.md#4-parameter-dictionary`), which anybody may know, and other clients may
//! take a customer's number, which anybody can count up. For such an id nothing of ours is given
//! out or deleted, or a stranger could read and destroy other people's dialogs; the engine, which
//! may ask back by mail, is told, and the operator is warned.

use std::sync::Arc;

use switchboard_core::Fault;
use switchboard_core::dialect::{Cx, Find, Operation, Outcome, Record, View};
use switchboard_core::model::{DataRequest, PersonalData, Query, UserEvent, UserInput};

use super::plan::{Plan, Reply, accepted};
use super::{Ask, Manner};
use crate::convert::compose::{Occasion, Scene};
use crate::convert::history::{day, interactions};
use crate::wire::personal::{Dialog, DialogsValues, GdprRequest, GdprValues, Object};
use crate::wire::{Envelope, envelope, strict};

/// Gives out or deletes what is kept of a user, and has the engine do the same.
pub(super) fn gdpr(ask: &Ask<'_>, cx: &Cx<'_>) -> Result<Plan, Fault> {
    let request = GdprRequest::of(&ask.params)?;
    let object = request.object;
    let query = Query::PersonalData(PersonalData {
        request: match object {
            Object::Get => DataRequest::Get,
            Object::Delete => DataRequest::Delete,
        },
        user_id: Some(request.client_id.clone()),
        mail: request.mail,
    });
    let event = UserEvent::new(cx.message_id(), cx.now, UserInput::Query(query));
    if can_be_guessed(&request.client_id) {
        tracing::warn!(
            object = object.as_str(),
            "a request about the data of a client whose id can be guessed goes to the engine only"
        );
        let answer = GdprValues {
            object: Some(object.as_str().into()),
            ..GdprValues::default()
        };
        let told = move |result: Result<Outcome, Fault>, _: &Cx<'_>| {
            result?;
            Ok(Reply::Text(Envelope::text(envelope::GDPR, answer)))
        };
        return Ok(Plan::call(
            ask.profile(),
            Find::Detached,
            accepted(event),
            told,
        ));
    }
    let event = Some(Box::new(event));
    let user_id = request.client_id;
    let operation = match object {
        Object::Get => Operation::Records {
            user_id,
            limit: ask.options.history_limit,
            event,
        },
        Object::Delete => Operation::Erase { user_id, event },
    };
    let manner = ask.manner();
    Ok(Plan::call(
        ask.profile(),
        Find::Detached,
        operation,
        move |result, cx| {
            let Outcome { view, answer } = result?;
            let records = answer.records.iter();
            let dialogs = records.map(|record| dialog(record, &view, &manner, cx));
            let values = GdprValues {
                object: Some(object.as_str().into()),
                dialogs_count: Some(answer.records.len()),
                dialogs: (object == Object::Get).then(|| dialogs.collect()),
            };
            Ok(Reply::Text(Envelope::text(envelope::GDPR, values)))
        },
    ))
}

/// The dialogs of a user.
pub(super) fn dialogs(ask: &Ask<'_>) -> Result<Plan, Fault> {
    let user_id = strict::required(&ask.params, "clientId")?.to_owned();
    let encode = |dialogs| Envelope::text(envelope::DIALOGS, DialogsValues { dialogs });
    if can_be_guessed(&user_id) {
        tracing::warn!("the dialogs of a client whose id can be guessed are not given out");
        return Ok(Plan::text(encode(Vec::new())));
    }
    let operation = Operation::Records {
        user_id,
        limit: ask.options.history_limit,
        event: None,
    };
    let manner = ask.manner();
    Ok(Plan::call(
        ask.profile(),
        Find::Detached,
        operation,
        move |result, cx| {
            let Outcome { view, answer } = result?;
            let records = answer.records.iter();
            let dialogs = records.map(|record| Dialog {
                interactions: None,
                ..dialog(record, &view, &manner, cx)
            });
            Ok(Reply::Text(encode(dialogs.collect())))
        },
    ))
}

/// Whether somebody else than the client itself may know its id. See the [module](self).
fn can_be_guessed(client_id: &str) -> bool {
    client_id.contains('@') || client_id.bytes().all(|byte| byte.is_ascii_digit())
}

/// A dialog with what was said in it.
fn dialog(record: &Record, view: &View, manner: &Manner, cx: &Cx<'_>) -> Dialog {
    // The records are looked for without a conversation; each is shown as its own.
    let view = View {
        key: Arc::clone(&record.key),
        ended: record.ended,
        ..view.clone()
    };
    let scene: Scene<'_> = manner.scene(&view, Occasion::Typed, cx);
    let said = interactions(&record.entries, &scene);
    Dialog {
        context_id: (&*record.key).into(),
        date: Some(day(record.begun).into()),
        begin_time: Some(record.begun.as_millis()),
        last_time: Some(record.last_used.as_millis()),
        interactions_count: Some(said.len()),
        interactions: Some(said),
        ended: Some(record.ended),
        ..Dialog::default()
    }
}
