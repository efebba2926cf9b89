//! Health, readiness and metrics.

use bytes::Bytes;
use http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderValue, Method, Response, StatusCode};

use super::Shared;

/// The answer to a request for one of the paths that operators use; `None` for any other path.
pub(super) async fn answer(
    shared: &Shared,
    method: &Method,
    path: &str,
) -> Option<Response<Bytes>> {
    // Almost every request is for a frontend: one comparison of lengths lets it pass.
    if !matches!(path, "/healthz" | "/readyz" | "/metrics") {
        return None;
    }
    if method != Method::GET && method != Method::HEAD {
        let mut response = text(StatusCode::METHOD_NOT_ALLOWED, "method not allowed\n");
        let allowed = HeaderValue::from_static("GET, HEAD");
        response.headers_mut().insert(ALLOW, allowed);
        return Some(response);
    }
    Some(match path {
        "/healthz" => text(StatusCode::OK, "ok\n"),
        "/readyz" if is_ready(shared).await => text(StatusCode::OK, "ready\n"),
        "/readyz" => text(StatusCode::SERVICE_UNAVAILABLE, "not ready\n"),
        _ => {
            let mut response = text(StatusCode::OK, (shared.render_metrics)());
            let kind = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
            response.headers_mut().insert(CONTENT_TYPE, kind);
            response
        }
    })
}

async fn is_ready(shared: &Shared) -> bool {
    if !shared.exchange.is_ready().await {
        return false;
    }
    let reached = shared.documents.ping().await;
    reached
        .inspect_err(|error| tracing::warn!(%error, "not ready"))
        .is_ok()
}

/// The answer where no frontend is.
pub(super) fn not_found() -> Response<Bytes> {
    text(StatusCode::NOT_FOUND, "no frontend is mounted here\n")
}

fn text(status: StatusCode, body: impl Into<Bytes>) -> Response<Bytes> {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    let headers = response.headers_mut();
    let kind = HeaderValue::from_static("text/plain; charset=utf-8");
    headers.insert(CONTENT_TYPE, kind);
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
