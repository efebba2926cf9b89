//! One request, from its head to its answer.

use std::sync::Arc;

use bytes::Bytes;
use http::header::{CONNECTION, EXPECT};
use http::request::Parts;
use http::{HeaderValue, Request, Response, StatusCode};
use hyper::body::Incoming;
use hyper::upgrade::OnUpgrade;
use switchboard_core::Fault;
use switchboard_core::dialect::Handled;
use switchboard_store::StoreError;
use tracing::error;

use super::body::BodyError;
use super::mount::Mounted;
use super::serve::Connection;
use super::{Serves, amend, body, consult, cors, keep, ops, path, upgrade};
use crate::ws;

/// Answers a request.
pub(super) async fn answer(
    connection: &Arc<Connection>,
    mut request: Request<Incoming>,
) -> Response<Bytes> {
    let shared = &connection.shared;
    let on_upgrade = ws::is_upgrade(request.headers()).then(|| hyper::upgrade::on(&mut request));
    let (parts, body) = request.into_parts();
    // The address is needed after the request is given away. A clone of it copies nothing.
    let uri = parts.uri.clone();
    let path = path::normalise(uri.path());

    if connection.serves != Serves::Frontends
        && let Some(response) = ops::answer(shared, &parts.method, &path).await
    {
        return response;
    }
    let found = match connection.serves {
        Serves::Operations => None,
        _ => shared.mounts.find(&uri, &parts.headers, &path),
    };
    let Some((mount, path)) = found else {
        return ops::not_found();
    };

    let grant = mount.cors.grant(&parts.headers);
    let mut response = if cors::is_preflight(&parts.method, &parts.headers) {
        cors::preflight(&grant, &parts.headers, mount.frontend.cors_headers())
    } else {
        dispatch(connection, mount, path, parts, body, on_upgrade).await
    };
    grant.apply(response.headers_mut());
    response
}

async fn dispatch(
    connection: &Arc<Connection>,
    mount: &Arc<Mounted>,
    path: &str,
    parts: Parts,
    body: Incoming,
    on_upgrade: Option<OnUpgrade>,
) -> Response<Bytes> {
    let shared = &connection.shared;
    // Who waits for `100 Continue` has sent nothing yet, and is answered at once.
    let can_drain = !parts.headers.contains_key(EXPECT);
    let limit = mount.frontend.body_limit_of(path);
    let body = match body::read(body, limit, shared.limits.body_timeout, can_drain).await {
        Ok(body) => body,
        Err(error) => return refuse_body(mount, path, limit, &error),
    };
    let handshake = on_upgrade.map(|on_upgrade| upgrade::Handshake::new(mount, &parts, on_upgrade));

    let mut request = Request::from_parts(parts, body);
    request.extensions_mut().insert(connection.peer);
    let mut handled = mount.frontend.handle(request, path, &shared.cx());
    if matches!(handled, Handled::LookUp(_)) {
        handled = Box::pin(keep::looked_up(shared, mount, handled)).await;
    }
    match handled {
        Handled::Reply(response) => response,
        Handled::Refuse(fault, response) => {
            mount.meters.rejected(&fault);
            response
        }
        Handled::Call(call) => mount.handle.call(*call).await,
        Handled::Upgrade(accepted) => {
            // Boxed: a request should not carry the room that only a handshake needs.
            Box::pin(upgrade::answer(connection, mount, handshake, accepted)).await
        }
        Handled::Amend(change) => Box::pin(amend::answer(shared, mount, change)).await,
        Handled::Consult(question) => Box::pin(consult::answer(shared, mount, *question)).await,
        Handled::Keep(keep) => Box::pin(keep::answer(shared, mount, *keep)).await,
        // It has been looked up above.
        Handled::LookUp(_) => refuse(mount, &Fault::Internal),
    }
}

fn refuse_body(mount: &Mounted, path: &str, limit: usize, error: &BodyError) -> Response<Bytes> {
    let fault = match error {
        BodyError::TooLarge => Fault::TooLarge { limit },
        BodyError::Slow => Fault::bad_input("the body did not arrive in time"),
        BodyError::Broken => Fault::bad_input("the body is incomplete"),
    };
    mount.meters.rejected(&fault);
    let mut response = mount.frontend.encode_refusal(path, &fault);
    if *error == BodyError::Slow {
        *response.status_mut() = StatusCode::REQUEST_TIMEOUT;
    }
    // What is left of the body is not worth reading.
    let close = HeaderValue::from_static("close");
    response.headers_mut().insert(CONNECTION, close);
    response
}

/// Logs that the store failed; `what` says at what.
pub(super) fn store_failed(mount: &Mounted, failed: &StoreError, what: &str) -> Fault {
    let frontend = mount.meters.frontend();
    let reason = std::error::Error::source(failed).map(tracing::field::display);
    error!(frontend, error = %failed, reason, "{what}");
    Fault::StoreUnavailable
}

/// Counts a fault and encodes it.
pub(super) fn refuse(mount: &Mounted, fault: &Fault) -> Response<Bytes> {
    mount.meters.rejected(fault);
    mount.frontend.encode_fault(fault)
}
