//! What the page around the widget asks; none of it belongs to a conversation.

use bytes::Bytes;
use http::{Request, header};
use serde_json::{Map, Value};
use switchboard_core::dialect::Handled;

use super::Ask;
use super::plan::Plan;
use crate::error;
use crate::wire::context::ServerStatus;
use crate::wire::path::Endpoint;
use crate::wire::site::{BotLanguage, HostHeader, WhoAmI};
use crate::wire::{Envelope, envelope};

/// `serverstatus`
pub(super) fn server_status() -> Plan {
    let status = ServerStatus {
        status: "OK".to_owned(),
    };
    Plan::text(serde_json::to_string(&status).unwrap_or_default())
}

/// `account/dydubox/bots/language`
pub(super) fn languages(ask: &Ask<'_>) -> Plan {
    let languages: Vec<BotLanguage> = ask
        .bot
        .languages
        .iter()
        .map(|id| BotLanguage {
            id: id.clone(),
            is_available: true,
        })
        .collect();
    Plan::text(serde_json::to_string(&languages).unwrap_or_default())
}

/// `whoami`
pub(super) fn who_am_i(request: &Request<Bytes>) -> Handled {
    let host = request
        .headers()
        .get(header::HOST)
        .and_then(|host| host.to_str().ok())
        .or_else(|| {
            request
                .uri()
                .authority()
                .map(|authority| authority.as_str())
        })
        .unwrap_or_default()
        .to_owned();
    let answer = WhoAmI {
        headers: vec![HostHeader { host }],
    };
    Handled::Reply(error::json(
        serde_json::to_string(&answer).unwrap_or_default(),
    ))
}

/// Endpoints that have nothing to say here, but must answer: the widget takes a 404 on any of
/// them for a failure of the whole server.
pub(super) fn nothing(endpoint: Endpoint) -> Plan {
    Plan::text(match endpoint {
        // For these the widget takes `{}` for "no rule" and "connected".
        Endpoint::PushRules | Endpoint::SamlStatus | Endpoint::SamlUserInfo => "{}".to_owned(),
        Endpoint::Gdpr => envelope::empty("gdprResponse"),
        Endpoint::Dialogs => {
            let dialogs = Value::Array(Vec::new());
            let values: Map<String, Value> =
                [("dialogs".to_owned(), dialogs)].into_iter().collect();
            Envelope::text("dialogsResponse", values)
        }
        _ => {
            tracing::warn!("a chatbox reported an error of its own");
            envelope::empty("errorReportResponse")
        }
    })
}
