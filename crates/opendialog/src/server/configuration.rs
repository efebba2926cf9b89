//! How the webchat looks and begins: `docs/protocols/opendialog.md#41-webchat-config`.

use std::sync::Arc;

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use serde_json::{Map, Value, json};
use switchboard_core::Fault;
use switchboard_core::dialect::{Call, Find, Handled, Operation, Outcome};
use switchboard_core::model::Profile;

use super::access::Caller;
use super::deep_links::code;
use super::{Handling, Server, call};
use crate::error;
use crate::options::FrontendOptions;
use crate::wire::Slot;
use crate::wire::config::{self, History, Query, UserType};

impl Server {
    pub(super) fn configuration(&self, request: &Request<Bytes>, caller: Caller) -> Handling {
        let refuse = |words: &str| {
            let response = error::text(StatusCode::BAD_REQUEST, words.to_owned());
            (Fault::bad_input(words), response)
        };
        let query = Query::decode(request.uri().query().unwrap_or_default()).map_err(refuse)?;
        // The body comes as text/plain, so that no pre-flight is needed.
        let body = request.body().trim_ascii();
        if request.method() == Method::POST
            && !body.is_empty()
            && serde_json::from_slice::<config::Request>(body).is_err()
        {
            return Err(refuse("The body must be a JSON object."));
        }
        let options = Arc::clone(&self.options);
        let Some(user_id) = caller.user_id.or(query.user_id) else {
            let config = configure(&options, UserType::New, query.callback_id);
            return Ok(Handled::Reply(answer(&config, &options)));
        };
        let callback = query.callback_id;
        Ok(call(Call {
            target: self.target(Find::Existing(user_id)),
            profile: Profile {
                page_url: query.url.map(code::without),
                ..Profile::default()
            },
            operation: Operation::Touch,
            finish: Box::new(move |result, _| match user_type(result) {
                Ok(user_type) => answer(&configure(&options, user_type, callback), &options),
                Err(fault) => error::encode_fault(&fault),
            }),
        }))
    }
}

/// The answer, with the operator's further keys over our own.
fn answer(config: &config::Response, options: &FrontendOptions) -> Response<Bytes> {
    let mut config = match serde_json::to_value(config) {
        Ok(Value::Object(config)) => config,
        _ => Map::new(),
    };
    let extra = options.webchat.extra.iter();
    config.extend(extra.map(|(key, value)| (key.clone(), value.clone())));
    error::json(StatusCode::OK, &config)
}

fn user_type(result: Result<Outcome, Fault>) -> Result<UserType, Fault> {
    match result {
        Ok(outcome) if outcome.view.ended => Ok(UserType::Returning),
        Ok(outcome) if outcome.view.used => Ok(UserType::Ongoing),
        Ok(_) | Err(Fault::UnknownConversation) => Ok(UserType::New),
        Err(Fault::ConversationEnded) => Ok(UserType::Returning),
        Err(fault) => Err(fault),
    }
}

fn configure(
    options: &FrontendOptions,
    user_type: UserType,
    callback: Option<String>,
) -> config::Response {
    let webchat = &options.webchat;
    let own = match user_type {
        UserType::New | UserType::Returning => &webchat.open_intent,
        UserType::Ongoing => &webchat.ongoing_open_intent,
    };
    let mut comments = Map::new();
    comments.insert("commentsEnabled".to_owned(), Value::Bool(false));
    config::Response {
        general: general(options),
        colours: webchat.colour_map(),
        webchat_history: Slot::Given(History {
            show_history: webchat.show_history,
            number_of_messages: webchat.history_rows,
            rest: Map::new(),
        }),
        comments: Slot::Given(comments),
        user_type,
        show_minimized: webchat.show_minimized,
        // The page's own callback has an effect only if the server gives it back.
        open_intent: Some(callback.unwrap_or_else(|| own.clone())),
        rest: Map::new(),
    }
}

fn general(options: &FrontendOptions) -> Map<String, Value> {
    let webchat = &options.webchat;
    let general = json!({
        "open": true,
        "teamName": webchat.team_name,
        "messageDelay": webchat.message_delay_ms,
        "collectUserIp": false,
        "useBotName": webchat.bot_name.is_some(),
        "useBotAvatar": webchat.bot_avatar.is_some(),
        "showRestartButton": webchat.restart_button,
        "restartButtonCallback": webchat.restart_callback,
        "showEndChatButton": webchat.end_chat_button,
        "showDownloadButton": webchat.download_button,
        "newUserStartMinimized": webchat.show_minimized,
        "returningUserStartMinimized": webchat.show_minimized,
        "ongoingUserStartMinimized": webchat.show_minimized,
        "newUserOpenCallback": webchat.open_intent,
        "returningUserOpenCallback": webchat.open_intent,
        "ongoingUserOpenCallback": webchat.ongoing_open_intent,
        "hideMessageTime": true,
        "hideDatetimeMessage": true,
        "validPath": webchat.valid_path,
    });
    let mut general = match general {
        Value::Object(general) => general,
        _ => Map::new(),
    };
    // A null overrides the widget's default, so what is not set is left out.
    for (key, value) in [
        ("logo", &webchat.logo),
        ("chatbotName", &webchat.bot_name),
        ("chatbotAvatarPath", &webchat.bot_avatar),
    ] {
        if let Some(value) = value {
            general.insert(key.to_owned(), Value::from(value.as_str()));
        }
    }
    let more = webchat.general.iter();
    general.extend(more.map(|(key, value)| (key.clone(), value.clone())));
    general
}
