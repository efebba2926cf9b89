//! From an HTTP request to a websocket: RFC 6455, section 4.2.

use std::sync::Arc;

use bytes::Bytes;
use http::header::{
    CONNECTION, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL,
    SEC_WEBSOCKET_VERSION, UPGRADE,
};
use http::request::Parts;
use http::{HeaderValue, Method, Response, StatusCode, Version};
use hyper::upgrade::OnUpgrade;
use switchboard_core::Fault;
use switchboard_core::dialect::Upgrade;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::Role;
use tracing::debug;

use super::http::refuse;
use super::mount::Mounted;
use super::serve::Connection;
use super::session::Session;
use crate::ws;

const VERSION: HeaderValue = HeaderValue::from_static("13");

/// What a client offers.
pub(super) struct Handshake {
    /// The answer to its key; absent if the handshake is not a valid one.
    accept: Option<HeaderValue>,
    /// Whether the page that it comes from may use the frontend.
    is_allowed: bool,
    on_upgrade: OnUpgrade,
}

impl Handshake {
    /// Reads the request's head.
    pub(super) fn new(mount: &Mounted, parts: &Parts, on_upgrade: OnUpgrade) -> Self {
        Self {
            accept: accept(parts),
            is_allowed: mount.cors.allows_socket(&parts.headers),
            on_upgrade,
        }
    }
}

fn accept(parts: &Parts) -> Option<HeaderValue> {
    let is_websocket = parts.method == Method::GET
        && parts.version >= Version::HTTP_11
        && parts.headers.get(SEC_WEBSOCKET_VERSION) == Some(&VERSION);
    let key = parts.headers.get(SEC_WEBSOCKET_KEY)?.as_bytes();
    // Sixteen bytes in base64.
    (is_websocket && key.len() == 24)
        .then(|| HeaderValue::try_from(derive_accept_key(key)).ok())
        .flatten()
}

/// Attaches the socket to its conversation, starts its session and confirms the upgrade; or says
/// why not, as HTTP.
pub(super) async fn answer(
    connection: &Arc<Connection>,
    mount: &Arc<Mounted>,
    handshake: Option<Handshake>,
    accepted: Upgrade,
) -> Response<Bytes> {
    let Some((accept, handshake)) =
        handshake.and_then(|handshake| Some((handshake.accept.clone()?, handshake)))
    else {
        let fault = Fault::bad_input("a websocket handshake (RFC 6455) is expected here");
        let mut response = refuse(mount, &fault);
        response
            .headers_mut()
            .insert(SEC_WEBSOCKET_VERSION, VERSION);
        return response;
    };
    if !handshake.is_allowed {
        return refuse(mount, &Fault::Forbidden);
    }
    let websockets = Arc::clone(&connection.shared.websockets);
    let Ok(permit) = websockets.try_acquire_owned() else {
        return refuse(mount, &Fault::RateLimited { retry_after: None });
    };
    let attached = match accepted.attach {
        None => None,
        Some(attach) => match mount.handle.attach(attach).await {
            Ok(attached) => Some(attached),
            Err(fault) => return refuse(mount, &fault),
        },
    };

    let mut response = Response::new(Bytes::new());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(SEC_WEBSOCKET_ACCEPT, accept);
    if let Some(protocol) = accepted.subprotocol
        && let Ok(protocol) = HeaderValue::try_from(protocol)
    {
        headers.insert(SEC_WEBSOCKET_PROTOCOL, protocol);
    }
    let connection = Arc::clone(connection);
    let mount = Arc::clone(mount);
    tokio::spawn(async move {
        let Some(socket) = open(handshake.on_upgrade, &mount).await else {
            return;
        };
        let mut session = Session::new(socket, connection, mount, accepted.session, permit);
        if let Some((view, attachment)) = attached {
            session.attach(&view, attachment);
        }
        // A task of its own, so that the room for the handshake is given back.
        tokio::spawn(session.run());
    });
    response
}

async fn open(on_upgrade: OnUpgrade, mount: &Mounted) -> Option<ws::Socket> {
    let upgraded = match on_upgrade.await {
        Ok(upgraded) => upgraded,
        Err(error) => {
            debug!(frontend = mount.meters.frontend(), %error, "an upgrade failed");
            return None;
        }
    };
    ws::socket(upgraded, Role::Server, mount.frontend.frame_limit()).await
}
