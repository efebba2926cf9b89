//! `^/chatHttp`, the frames of the websocket over HTTP: `docs/protocols/dydu.md#76-chathttp`.

use std::sync::Arc;

use bytes::Bytes;
use http::Request;
use switchboard_core::Fault;
use switchboard_core::dialect::{Cx, Handled};

use super::client_mark::client_mark;
use super::{Ask, Channel, find_bot, is_sure, session};
use crate::error;
use crate::options::FrontendOptions;
use crate::wire::Params;
use crate::wire::frame::FrameKind;

/// One frame in, at most one frame out.
pub(super) fn handle(
    options: &Arc<FrontendOptions>,
    request: &Request<Bytes>,
    params: &Params<'_>,
    cx: &Cx<'_>,
) -> Result<Handled, Fault> {
    let frame = match params.get("data") {
        Some(data) => session::read_frame(data)?,
        None => session::read_frame(&String::from_utf8_lossy(request.body()))?,
    };
    let kind = FrameKind::of(&frame.kind)
        .ok_or_else(|| Fault::bad_field("type", "unknown type of frame"))?;
    let params = Params::of_frame(frame.parameters);
    let bot = find_bot(options, params.bot(), false)?;
    let ask = Ask {
        options,
        bot,
        is_sure: is_sure(options, params.bot()),
        context: params.context().map(str::to_owned),
        params,
        // The widget sends such a request once.
        retry: None,
        client: client_mark(request).filter(|_| options.overhear),
        channel: Channel::Rest,
    };
    match session::plan(kind, &ask, cx) {
        Ok(plan) => Ok(plan.into_handled(&ask)),
        Err(fault) => {
            let response = error::encode_fault(&fault);
            Ok(Handled::Refuse(fault, response))
        }
    }
}
