//! `chat/history` and the printable page: `docs/protocols/dydu.md#33-endpoint-details`, 3.3.9.

use http::HeaderValue;
use switchboard_core::Fault;
use switchboard_core::dialect::{
    Call, Find, Handled, HandoverState, Item, Operation, Outcome, Target,
};
use switchboard_core::model::Author;
use switchboard_core::text::escape_html;

use super::Ask;
use super::plan::{Plan, Reply, forgiven};
use super::upload::page as html_answer;
use crate::convert::compose::Occasion;
use crate::convert::history::{interactions, words};
use crate::convert::render;
use crate::error;
use crate::wire::history::HistoryValues;
use crate::wire::{Envelope, envelope};

/// What was said, for the widget. A context that is gone has no history.
pub(super) fn history(ask: &Ask<'_>) -> Plan {
    let asked = ask.params.word("dialog").map(str::to_owned);
    let Some(context) = asked.or_else(|| ask.context.clone()) else {
        return Plan::text(Envelope::text(envelope::HISTORY, HistoryValues::default()));
    };
    let manner = ask.manner();
    let operation = Operation::Restore {
        limit: ask.options.history_limit,
    };
    Plan::call(
        ask.profile(),
        Find::Existing(context),
        operation,
        move |result, cx| {
            let Some(Outcome { view, answer }) = forgiven(result)? else {
                let none = HistoryValues {
                    server_time: Some(cx.now.as_millis()),
                    ..HistoryValues::default()
                };
                return Ok(Reply::Text(Envelope::text(envelope::HISTORY, none)));
            };
            let scene = manner.scene(&view, Occasion::Typed, cx);
            let interactions = interactions(&answer.entries, &scene);
            let last = interactions.last();
            let values = HistoryValues {
                context_id: Some((&*view.key).into()),
                dialog: Some((&*view.key).into()),
                server_time: Some(cx.now.as_millis()),
                bot: Some(scene.bot.into()),
                poll_updated_interaction_date: last
                    .and_then(|last| last.poll_updated_interaction_date),
                livechat_enabled: Some(view.handover != HandoverState::None),
                interactions,
                rest: serde_json::Map::new(),
            };
            Ok(Reply::Text(Envelope::text(envelope::HISTORY, values)))
        },
    )
}

/// What was said, as a page to print.
pub(super) fn page(ask: &Ask<'_>) -> Result<Handled, Fault> {
    let context = ask
        .context
        .clone()
        .ok_or_else(|| Fault::bad_field("context", "missing"))?;
    let label = |name: &str, default: &str| {
        escape_html(ask.params.word(name).unwrap_or(default)).into_owned()
    };
    let (user, bot) = (label("userLabel", "User"), label("botLabel", "Bot"));
    let find = Find::Existing(context);
    Ok(Handled::Call(Box::new(Call {
        target: Target {
            scope: ask.scope(&find),
            find,
            retry: None,
            client: None,
        },
        profile: ask.profile(),
        operation: Operation::History {
            limit: ask.options.history_limit,
        },
        finish: Box::new(move |result, _| match result {
            Ok(outcome) => {
                let mut response = html_answer(printable(&outcome, &user, &bot));
                response.headers_mut().insert(
                    http::header::CONTENT_SECURITY_POLICY,
                    HeaderValue::from_static("default-src 'none'; img-src http: https:; sandbox"),
                );
                response
            }
            Err(fault) => error::encode_fault(&fault),
        }),
    })))
}

fn printable(outcome: &Outcome, user: &str, bot: &str) -> String {
    let mut rows = String::new();
    for entry in outcome
        .answer
        .entries
        .iter()
        .filter(|entry| !entry.unrecorded)
    {
        match &entry.item {
            Item::User(event) => {
                if let Some(words) = words(event) {
                    rows.push_str(&format!("<dt>{user}</dt><dd>{words}</dd>"));
                }
            }
            Item::Message(published) => {
                for message in published.shown() {
                    let name = match &message.author {
                        Author::Operator {
                            name: Some(name), ..
                        } => escape_html(name),
                        _ => bot.into(),
                    };
                    let html = render::content(&message.content, message.id);
                    if !html.is_empty() {
                        rows.push_str(&format!("<dt>{name}</dt><dd>{html}</dd>"));
                    }
                }
            }
            Item::Notice(_) | Item::Typing(_) | Item::Ended { .. } => {}
        }
    }
    format!(
        "<!DOCTYPE html><html><head><meta charset=\"utf-8\"><title>{bot}</title></head>\
         <body><dl>{rows}</dl></body></html>"
    )
}
