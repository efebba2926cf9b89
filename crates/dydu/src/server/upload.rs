//! `^/fileupload`: `docs/protocols/dydu.md#33-endpoint-details`, 3.3.22.

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Request, Response, header};
use switchboard_core::dialect::{Call, Cx, Find, Handled, Target};
use switchboard_core::model::{UploadedFile, UserEvent, UserInput};

use super::Ask;
use super::plan::accepted;
use crate::wire::upload::{UploadResult, files};

/// Takes a file and tells the engine of it. The answer is always a page, because the widget reads
/// nothing else; its `status` says whether it worked.
pub(super) fn file(ask: &Ask<'_>, request: &Request<Bytes>, cx: &Cx<'_>) -> Handled {
    let callback = ask.params.word("cb").map(str::to_owned);
    let failed = UploadResult {
        files_uploaded: Vec::new(),
        status: "fail".to_owned(),
    };
    let content_type = request
        .headers()
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let file = files(content_type, request.body()).into_iter().next();
    let (Some(file), Some(context)) = (file, ask.context.clone()) else {
        return Handled::Reply(page(failed.to_page(callback.as_deref())));
    };
    let uploaded = UploadResult {
        files_uploaded: vec![file.name.clone()],
        status: "success".to_owned(),
    };
    let input = UserInput::File(UploadedFile {
        name: file.name,
        url: None,
        size_bytes: Some(file.size),
        media_type: file.media_type,
        ..UploadedFile::default()
    });
    let event = UserEvent::new(cx.message_id(), cx.now, input);
    let find = Find::Existing(context);
    Handled::Call(Box::new(Call {
        target: Target {
            scope: ask.scope(&find),
            find,
            retry: None,
            client: None,
        },
        profile: ask.profile(),
        operation: accepted(event),
        finish: Box::new(move |result, _| {
            let answer = if result.is_ok() { uploaded } else { failed };
            page(answer.to_page(callback.as_deref()))
        }),
    }))
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
