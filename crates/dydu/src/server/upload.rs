//! `^/fileupload`: `docs/protocols/dydu.md#33-endpoint-details`, 3.3.22.

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Request, Response};
use switchboard_core::Fault;
use switchboard_core::dialect::{Call, Cx, Find, Handled, Target};
use switchboard_core::model::{UploadedFile, UserEvent, UserInput};

use super::Ask;
use super::plan::accepted;
use crate::wire::upload::{FilePart, UploadError, UploadResult, files};

/// Takes a file and hands it to the engine. The answer is always a page, because the widget reads
/// nothing else; its `status` says whether it worked.
///
/// What the engine makes of the file comes with the sentence that the widget says next.
pub(super) fn file(ask: &Ask<'_>, request: &Request<Bytes>, cx: &Cx<'_>) -> Handled {
    let callback = ask.params.word("cb").map(str::to_owned);
    let refuse = |fault| Handled::Refuse(fault, refused(callback.as_deref()));
    let file = match one_file(ask, request) {
        Ok(file) => file,
        Err(fault) => return refuse(fault),
    };
    let Some(context) = ask.context.clone() else {
        return refuse(Fault::bad_field("ctx", "missing"));
    };
    let taken = UploadResult::taken(vec![file.name.clone()]);
    let input = UserInput::File(UploadedFile {
        name: file.name,
        url: None,
        size_bytes: u64::try_from(file.content.len()).ok(),
        media_type: file.media_type,
        callback: None,
        content: file.content,
    });
    let event = UserEvent::new(cx.message_id(), cx.now, input);
    let find = Find::Existing(context);
    Handled::Call(Box::new(Call {
        target: Target::new(find.clone(), ask.scope(&find)),
        profile: ask.profile(),
        operation: accepted(event),
        finish: Box::new(move |result, _| match result {
            Ok(_) => page(taken.to_page(callback.as_deref())),
            Err(_) => refused(callback.as_deref()),
        }),
    }))
}

/// The file of a request. A turn has one file, so of several the one that the query names is
/// taken, else the first; the answer names what was taken.
fn one_file(ask: &Ask<'_>, request: &Request<Bytes>) -> Result<FilePart, Fault> {
    let content_type = request
        .headers()
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let named = ask.params.word("fin");
    let unreadable = |error: UploadError| Fault::bad_field("body", error.to_string());
    let files = files(content_type, request.body().clone(), named).map_err(unreadable)?;
    let wanted = files
        .iter()
        .position(|file| named == Some(file.part.as_str()))
        .unwrap_or_default();
    if files.len() > 1 {
        tracing::debug!(files = files.len(), "one of several files is taken");
    }
    let file = files
        .into_iter()
        .nth(wanted)
        .ok_or_else(|| unreadable(UploadError::NoFile))?;
    let limit = ask.options.upload_limit;
    if file.content.len() > limit {
        return Err(Fault::TooLarge { limit });
    }
    Ok(file)
}

/// The page which says that no file was taken.
pub(super) fn refused(callback: Option<&str>) -> Response<Bytes> {
    page(UploadResult::failed().to_page(callback))
}

/// An HTML answer.
pub(super) fn page(html: String) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(html));
    response.headers_mut().insert(
        CONTENT_TYPE,
        HeaderValue::from_static("text/html; charset=utf-8"),
    );
    response
}
