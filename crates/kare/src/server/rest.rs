use std::sync::Arc;

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderValue, Response, StatusCode};
use serde::Serialize;
use switchboard_core::Fault;
use switchboard_core::dialect::{
    Call, Collect, Cx, Find, Handled, Item, Operation, Outcome, Target, UnknownChoice, Wait,
};
use switchboard_core::fault::AuthProblem;
use switchboard_core::json;
use switchboard_core::model::{Profile, UserInput};

use super::apps::App;
use super::forest::Forest;
use super::rights::Right;
use super::{Asked, Shared, profile};
use crate::convert::event;
use crate::error::{DialectError, response};
use crate::wire::conversation::{StartRequest, StartResponse};
use crate::wire::events::{DEFAULT_LIMIT, EventsResponse, MAX_LIMIT};
use crate::wire::post::{Post, UriMismatch};
use crate::wire::token::TokenResponse;
use crate::wire::{Envelope, Fields, encode, id};

/// How many recorded entries a page of history is cut from.
const HISTORY_WINDOW: usize = 10_000;

impl Asked<'_> {
    /// `docs/protocols/kare.md#24-get-appstoken-get-an-app-token`
    pub(super) fn token(&self, cx: &Cx<'_>) -> Result<Handled, DialectError> {
        let id = self
            .app_id()
            .ok_or(DialectError::MissingParameter("app_id"))?;
        let app = self.shared.apps.named(id)?;
        let (token, lifetime) = self.shared.tokens.for_app(&app, cx.now)?;
        let mut response = json(StatusCode::OK, &TokenResponse::new(token, lifetime));
        response
            .headers_mut()
            .insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        Ok(Handled::Reply(response))
    }

    /// `docs/protocols/kare.md#25-get-appsconfig-default-application-settings`
    pub(super) fn config(&self, cx: &Cx<'_>) -> Result<Handled, DialectError> {
        let app = self.app_or_id(Right::ReadConfig, cx)?;
        Ok(Handled::Reply(json(
            StatusCode::OK,
            &self.shared.settings.for_app(&app),
        )))
    }

    /// `docs/protocols/kare.md#26-post-dialogconversation-start-a-conversation`
    pub(super) fn start(&self, body: &Bytes, cx: &Cx<'_>) -> Result<Handled, DialectError> {
        let app = self.app(Right::StartConversation, cx)?;
        let request = StartRequest::from_map(self.object(body)?);
        let mut profile = profile::of_call(&self.params, &self.parts.headers, &request.about);
        profile.app = Some(app.app_id.clone());
        Ok(self.call(
            Find::New,
            app,
            profile,
            Operation::Touch,
            |outcome, cx| match outcome {
                Ok(outcome) => json(
                    StatusCode::CREATED,
                    &StartResponse {
                        id: outcome.view.key.to_string(),
                        conversation_id: outcome.view.key.to_string(),
                        created_at: cx.now.to_rfc3339(),
                    },
                ),
                Err(fault) => response(&fault.into()),
            },
        ))
    }

    /// `docs/protocols/kare.md#27-post-dialogquery-ask-synchronously`
    pub(super) fn query(&self, body: &Bytes, cx: &Cx<'_>) -> Result<Handled, DialectError> {
        let app = self.app(Right::PostQuery, cx)?;
        let post = Post::query(self.object(body)?).map_err(mismatch)?;
        self.input(post, app, cx)
    }

    /// `docs/protocols/kare.md#28-post-dialogclick-click-or-custom-event-synchronously`
    pub(super) fn click(&self, body: &Bytes, cx: &Cx<'_>) -> Result<Handled, DialectError> {
        let app = self.app(Right::PostClick, cx)?;
        let post = Post::click(self.object(body)?).map_err(mismatch)?;
        self.input(post, app, cx)
    }

    fn input(&self, post: Post, app: Arc<App>, cx: &Cx<'_>) -> Result<Handled, DialectError> {
        let conversation = self.conversation(post.conversation_id.as_deref())?;
        let event = event::to_model(post.envelope, cx.message_id(), cx.now)?;
        let shared = Arc::clone(self.shared);
        let mut profile = profile::of_headers(&self.parts.headers);
        profile.merge(profile::of_url(&self.params));
        // Tags are bound when the conversation starts.
        profile.tags.clear();
        let operation = Operation::Input {
            event: Box::new(event),
            wait: Wait::Turn(Collect::WholeTurn),
            unknown_choice: UnknownChoice::Ignore,
        };
        Ok(self.call(
            Find::Existing(conversation),
            app,
            profile,
            operation,
            move |outcome, _| match outcome {
                Ok(outcome) => json(StatusCode::OK, &answer(Forest::new(shared), &outcome)),
                Err(fault) => response(&fault.into()),
            },
        ))
    }

    /// `docs/protocols/kare.md#29-get-activityconversationsconversation_idevents-history`
    pub(super) fn history(&self, conversation: &str, cx: &Cx<'_>) -> Result<Handled, DialectError> {
        // Decided before the conversation is looked up, so that nobody learns which exist.
        self.caller(Right::ReadKnowledge, cx)?;
        let page = Page {
            after: self.number("cursor")?.unwrap_or(0),
            limit: self.limit(DEFAULT_LIMIT, MAX_LIMIT)?,
        };
        // Who may read the knowledge may read it of every application, revoked ones too, and need
        // not say which.
        let scope = self.app_id().map(id::normalise).unwrap_or_default();
        let shared = Arc::clone(self.shared);
        Ok(Handled::Call(Box::new(Call {
            target: Target::new(Find::Existing(id::normalise(conversation)), scope),
            profile: Profile::default(),
            operation: Operation::History {
                limit: HISTORY_WINDOW,
            },
            finish: Box::new(move |outcome, _| match outcome {
                Ok(outcome) => json(StatusCode::OK, &page.cut(&shared, &outcome)),
                Err(fault) => response(&fault.into()),
            }),
        })))
    }

    /// A call for an application. If it is revoked meanwhile, that is what the caller is told.
    fn call(
        &self,
        find: Find,
        app: Arc<App>,
        profile: Profile,
        operation: Operation,
        finish: impl FnOnce(Result<Outcome, Fault>, &Cx<'_>) -> Response<Bytes> + Send + 'static,
    ) -> Handled {
        let target = Target::new(find, app.app_id.as_str());
        let shared = Arc::clone(self.shared);
        Handled::Call(Box::new(Call {
            target,
            profile,
            operation,
            finish: Box::new(move |outcome, cx| {
                if shared.apps.is_still(&app.app_id, app.shut_off) {
                    finish(outcome, cx)
                } else {
                    response(&Fault::Unauthorised(AuthProblem::Invalid).into())
                }
            }),
        }))
    }

    /// The conversation that a call is about, where body and address agree.
    fn conversation(&self, in_body: Option<&str>) -> Result<String, DialectError> {
        let in_url = self
            .params
            .first(&["conversation_id", "conversationId"])
            .map(id::normalise);
        match (in_body.map(id::normalise), in_url) {
            (Some(body), Some(url)) if body != url => Err(DialectError::InvalidMessage {
                field: Some("conversation_id"),
                message: "The body and the address name different conversations.",
            }),
            (Some(id), _) | (None, Some(id)) => Ok(id),
            (None, None) => Err(DialectError::MissingParameter("conversation_id")),
        }
    }

    /// How many entries a page may have.
    pub(super) fn limit(&self, default: usize, most: usize) -> Result<usize, DialectError> {
        let limit = self.number("limit")?;
        let limit = limit.map_or(default, |limit| usize::try_from(limit).unwrap_or(most));
        Ok(limit.clamp(1, most))
    }

    fn number(&self, name: &'static str) -> Result<Option<u64>, DialectError> {
        self.params
            .get(name)
            .map(|text| {
                text.parse().map_err(|_| DialectError::InvalidMessage {
                    field: Some(name),
                    message: "This parameter must be a number.",
                })
            })
            .transpose()
    }

    /// The body as a JSON object; none at all is as good as an empty one.
    pub(super) fn object<'a>(&self, body: &'a Bytes) -> Result<Fields<'a>, DialectError> {
        if body.trim_ascii().is_empty() {
            return Ok(Fields::default());
        }
        let media_type = self.parts.headers.get(CONTENT_TYPE);
        if !media_type.is_none_or(is_json) {
            return Err(Fault::UnsupportedMedia.into());
        }
        json::read(body).map_err(|_| DialectError::InvalidJson)
    }
}

/// `text/plain` too: it is what a page sends that wants to do without a preflight.
fn is_json(value: &HeaderValue) -> bool {
    let Ok(text) = value.to_str() else {
        return false;
    };
    let essence = text.split(';').next().unwrap_or_default().trim();
    let essence = essence.to_ascii_lowercase();
    matches!(
        essence.as_str(),
        "" | "application/json" | "text/json" | "text/plain"
    ) || essence.ends_with("+json")
}

fn mismatch(error: UriMismatch) -> DialectError {
    DialectError::Contradiction {
        field: "uri",
        message: error.to_string(),
    }
}

/// The messages of a complete turn, so that the last one is known to be the last.
fn answer(mut forest: Forest, outcome: &Outcome) -> Vec<Envelope> {
    if let Some(input) = &outcome.answer.input {
        forest.open(input);
    }
    let mut envelopes = Vec::new();
    for entry in &outcome.answer.entries {
        envelopes.extend(forest.place(entry, &outcome.view));
    }
    envelopes.extend(forest.flush());
    let last = envelopes.len().saturating_sub(1);
    for (at, envelope) in envelopes.iter_mut().enumerate() {
        if envelope.header.in_reply_to.is_some() {
            envelope.header.is_final = Some(at == last);
        }
    }
    envelopes
}

/// Which part of a history is wanted.
struct Page {
    after: u64,
    limit: usize,
}

impl Page {
    fn cut(&self, shared: &Arc<Shared>, outcome: &Outcome) -> EventsResponse {
        let mut forest = Forest::new(Arc::clone(shared));
        let mut entries = Vec::new();
        let mut seen = self.after;
        let mut next_cursor = None;
        for entry in &outcome.answer.entries {
            // Earlier entries are placed too: later ones hang below them.
            let mut placed = forest.place(entry, &outcome.view);
            if let Item::User(event) = &entry.item {
                if let Some(mut envelope) = event::from_model(event) {
                    envelope.conversation_id = Some(outcome.view.key.to_string());
                    envelope.created_at = Some(event.at.to_rfc3339());
                    placed.push(envelope);
                }
                if let UserInput::Open { .. } = event.input {
                    placed.push(forest.greeting_hello(event, &outcome.view));
                }
            }
            if entry.seq <= self.after || placed.is_empty() {
                continue;
            }
            if entries.len() + placed.len() > self.limit && !entries.is_empty() {
                next_cursor = Some(seen.to_string());
                break;
            }
            seen = entry.seq;
            entries.extend(placed);
        }
        EventsResponse {
            entries,
            next_cursor,
        }
    }
}

pub(super) fn json<T: Serialize>(status: StatusCode, value: &T) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(encode(value)));
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
