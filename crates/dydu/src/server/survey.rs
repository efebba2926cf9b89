//! `chat/survey` and `chat/survey/configuration`: `docs/protocols/dydu.md#68-surveys`.

use std::sync::Arc;

use serde::Serialize;
use switchboard_core::Fault;
use switchboard_core::dialect::{Cx, Entry, Find, Operation};
use switchboard_core::model::{Content, Message, UserEvent};

use super::Ask;
use super::plan::{Plan, Reply, accepted, forgiven};
use crate::convert::survey;
use crate::wire::survey::SurveyAnswer;
use crate::wire::{B64, Envelope, envelope};

#[derive(Serialize)]
struct Unknown {
    error: B64,
}

/// The questions of a survey that was announced in the conversation.
pub(super) fn configuration(ask: &Ask<'_>) -> Result<Plan, Fault> {
    let named = ask.params.word("surveyId");
    let key = named.or_else(|| ask.params.word("uuid")).map(str::to_owned);
    let unknown = || {
        let values = Unknown {
            error: "unknown survey".into(),
        };
        Envelope::text(envelope::SURVEY_CONFIGURATION_ERROR, values)
    };
    // The widget writes `null` where it has none.
    let (Some(key), Some(context)) = (key, ask.context.clone()) else {
        return Ok(Plan::text(unknown()));
    };
    let operation = Operation::History {
        limit: ask.options.history_limit,
    };
    Ok(Plan::call(
        ask.profile(),
        Find::Existing(context),
        operation,
        move |result, _| {
            let configuration = forgiven(result)?.and_then(|outcome| {
                let message = announced(&outcome.answer.entries, &key)?;
                survey::configuration(message, &key)
            });
            Ok(Reply::Text(match configuration {
                Some(values) => Envelope::text(envelope::SURVEY_CONFIGURATION, values),
                None => unknown(),
            }))
        },
    ))
}

/// The latest message that announced this survey. An engine that is a gateway like this one has
/// ids that look like ours.
fn announced<'a>(entries: &'a [Arc<Entry>], key: &str) -> Option<&'a Message> {
    let own = survey::message_of(key);
    entries
        .iter()
        .rev()
        .filter_map(|entry| entry.message())
        .flat_map(|published| published.shown())
        .find(|message| {
            own == Some(message.id)
                || matches!(&message.content, Content::Survey(survey) if survey.id == key)
        })
}

/// The answers. The widget reads nothing of what comes back; the answer of the engine, if there
/// is one, is pushed, polled or comes with the next talk.
pub(super) fn answer(ask: &Ask<'_>, cx: &Cx<'_>) -> Result<Plan, Fault> {
    let answer = SurveyAnswer::of(&ask.params);
    if answer.survey.is_empty() {
        return Err(Fault::bad_field("uuid", "missing"));
    }
    let input = survey::answer_to_model(answer);
    let receipt = || Envelope::text(envelope::SURVEY, serde_json::Map::new());
    let Some(context) = ask.context.clone() else {
        return Ok(Plan::text(receipt()));
    };
    let event = UserEvent::new(cx.message_id(), cx.now, input);
    let find = Find::Existing(context);
    Ok(Plan::call(
        ask.profile(),
        find,
        accepted(event),
        move |result, _| {
            forgiven(result)?;
            Ok(Reply::Text(receipt()))
        },
    ))
}
