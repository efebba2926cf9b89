use std::sync::Arc;

use bytes::Bytes;
use http::{Method, Response, StatusCode};
use percent_encoding::percent_decode_str;
use serde_json::Value;
use switchboard_core::Fault;
use switchboard_core::dialect::{Amended, Cx, Handled};

use super::Asked;
use super::apps::{App, Registry};
use super::rest::json;
use super::rights::Right;
use crate::error::{DialectError, response};
use crate::wire::application::{ApplicationChange, ApplicationsResponse, DEFAULT_LIMIT, MAX_LIMIT};
use crate::wire::encode;
use crate::wire::id::normalise;

/// How many applications there may be.
pub(crate) const MAX_APPLICATIONS: usize = 10_000;

/// How many bytes an application may come to, as JSON.
const MAX_BYTES: usize = 4096;

impl Asked<'_> {
    /// `docs/protocols/kare.md#23-post-settingsapplication-create-an-application`
    pub(super) fn applications(&self, body: &Bytes, cx: &Cx<'_>) -> Result<Handled, DialectError> {
        match self.parts.method {
            Method::POST => self.create_application(body, cx),
            Method::GET => self.list_applications(cx),
            _ => Err(DialectError::WrongMethod { allow: "GET, POST" }),
        }
    }

    /// One application, by its id as it stands in the path.
    pub(super) fn application(
        &self,
        app_id: &str,
        body: &Bytes,
        cx: &Cx<'_>,
    ) -> Result<Handled, DialectError> {
        let app_id = normalise(&percent_decode_str(app_id).decode_utf8_lossy());
        match self.parts.method {
            Method::GET => self.read_application(&app_id, cx),
            Method::PUT => self.change_application(app_id, body, cx),
            Method::DELETE => self.delete_application(app_id, cx),
            _ => Err(DialectError::WrongMethod {
                allow: "GET, PUT, DELETE",
            }),
        }
    }

    fn create_application(&self, body: &Bytes, cx: &Cx<'_>) -> Result<Handled, DialectError> {
        self.caller(Right::WriteSettings, cx)?;
        let change = ApplicationChange::from_map(self.object(body)?)?;
        if change.app_id.is_some() {
            return Err(names_another("The server chooses the id."));
        }
        let name = change.name.ok_or(DialectError::MissingParameter("name"))?;
        let new = App {
            app_id: String::new(),
            name,
            enabled: change.enabled.unwrap_or(true),
            created_at: None,
            shut_off: 0,
            extra: change.extra,
        };
        check_size(&new)?;
        Ok(self.amend(move |registry, cx| {
            if registry.len() >= MAX_APPLICATIONS {
                return Err(DialectError::TooManyApplications);
            }
            let app = App {
                app_id: cx.ids.fresh().hyphenated().to_string(),
                created_at: Some(cx.now.to_rfc3339()),
                ..new.clone()
            };
            let response = json(StatusCode::CREATED, &app.to_wire());
            registry.put(app);
            Ok(response)
        }))
    }

    fn list_applications(&self, cx: &Cx<'_>) -> Result<Handled, DialectError> {
        self.caller(Right::WriteSettings, cx)?;
        let limit = self.limit(DEFAULT_LIMIT, MAX_LIMIT)?;
        let after = self.params.get("cursor").unwrap_or_default();
        // One more than is wanted tells whether another page follows.
        let mut apps = self.shared.apps.page(after, limit + 1);
        let is_last = apps.len() <= limit;
        apps.truncate(limit);
        let next_cursor = apps.last().filter(|_| !is_last);
        let page = ApplicationsResponse {
            next_cursor: next_cursor.map(|app| app.app_id.clone()),
            entries: apps.iter().map(|app| app.to_wire()).collect(),
        };
        Ok(Handled::Reply(json(StatusCode::OK, &page)))
    }

    fn read_application(&self, app_id: &str, cx: &Cx<'_>) -> Result<Handled, DialectError> {
        self.caller(Right::WriteSettings, cx)?;
        let app = self.shared.apps.get(app_id).ok_or(Fault::NotFound)?;
        Ok(Handled::Reply(json(StatusCode::OK, &app.to_wire())))
    }

    fn change_application(
        &self,
        app_id: String,
        body: &Bytes,
        cx: &Cx<'_>,
    ) -> Result<Handled, DialectError> {
        self.caller(Right::WriteSettings, cx)?;
        let change = ApplicationChange::from_map(self.object(body)?)?;
        let named = change.app_id.as_deref().map(normalise);
        if named.is_some_and(|named| named != app_id) {
            return Err(names_another("The path and the body name different ids."));
        }
        Ok(self.amend(move |registry, _| {
            let app = registry.get(&app_id).ok_or(Fault::NotFound)?;
            let app = changed(app, &change);
            // One of the configuration may be larger, and is shut off all the same.
            if change.name.is_some() || !change.extra.is_empty() {
                check_size(&app)?;
            }
            let response = json(StatusCode::OK, &app.to_wire());
            registry.put(app);
            Ok(response)
        }))
    }

    fn delete_application(&self, app_id: String, cx: &Cx<'_>) -> Result<Handled, DialectError> {
        self.caller(Right::WriteSettings, cx)?;
        Ok(self.amend(move |registry, _| {
            if !registry.remove(&app_id) {
                return Err(Fault::NotFound.into());
            }
            let mut response = Response::new(Bytes::new());
            *response.status_mut() = StatusCode::NO_CONTENT;
            Ok(response)
        }))
    }

    /// Changes what is kept of the applications.
    fn amend(
        &self,
        change: impl Fn(&mut Registry, &Cx<'_>) -> Result<Response<Bytes>, DialectError>
        + Send
        + 'static,
    ) -> Handled {
        let shared = Arc::clone(self.shared);
        let amended = move |kept: Option<Value>, cx: &Cx<'_>| {
            let mut registry = shared.apps.registry(kept.as_ref())?;
            let response = change(&mut registry, cx)?;
            let document = registry.to_document()?;
            Ok(Amended { document, response })
        };
        Handled::Amend(Box::new(move |kept, cx| {
            amended(kept, cx).map_err(|error: DialectError| (Fault::from(&error), response(&error)))
        }))
    }
}

fn names_another(message: &str) -> DialectError {
    DialectError::Contradiction {
        field: "app_id",
        message: message.to_owned(),
    }
}

fn check_size(app: &App) -> Result<(), DialectError> {
    if encode(&app.to_wire()).len() > MAX_BYTES {
        return Err(Fault::TooLarge { limit: MAX_BYTES }.into());
    }
    Ok(())
}

fn changed(app: &App, change: &ApplicationChange) -> App {
    let mut app = app.clone();
    if let Some(name) = &change.name {
        app.name.clone_from(name);
    }
    if let Some(enabled) = change.enabled {
        app.shut_off += u64::from(app.enabled && !enabled);
        app.enabled = enabled;
    }
    let extra = change.extra.iter();
    app.extra
        .extend(extra.map(|(name, value)| (name.clone(), value.clone())));
    app
}
