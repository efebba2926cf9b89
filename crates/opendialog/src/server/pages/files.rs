//! The vendor's static files.

use std::collections::BTreeMap;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use percent_encoding::percent_decode_str;
use switchboard_core::dialect::{Build, FolderFile, OptionsError};
use uuid::Uuid;

/// Where the vendor's client expects its files.
pub(super) const VENDOR: &str = "vendor/webchat/";
/// What else it fetches from the root of a site.
const ALSO: [&str; 2] = ["images/", "favicon.ico"];

/// The script of the chat itself.
pub(super) const APP: &str = "js/app.js";
/// The script of the full page.
pub(super) const FULL: &str = "js/opendialog-bot-full.js";
/// The looks of the chat.
pub(super) const MAIN: &str = "css/main.css";
/// The fonts; a build may do without.
pub(super) const FONTS: &str = "fonts/fonts.css";

/// Without these the webchat does not come up.
const NEEDED: [&str; 4] = [APP, "js/opendialog-bot.js", MAIN, "css/app-iframe.css"];

/// How long a browser need not ask again. The files keep their names from one version to the next.
const CACHE: HeaderValue = HeaderValue::from_static("public, max-age=3600");

/// The files by their paths below the frontend's base. What is not in here does not exist.
pub(super) struct Files(BTreeMap<String, File>);

struct File {
    content: Bytes,
    content_type: HeaderValue,
    /// A digest of the content, in quotes.
    etag: HeaderValue,
}

impl Files {
    /// Reads the folder. It is either the root of a site, with `vendor/webchat/js/app.js` in it, of
    /// which what is below `vendor/webchat/` and `images/` is served; or it is the vendor's
    /// `webchat` folder itself, with `js/app.js` in it, of which everything is served below
    /// `vendor/webchat/`.
    ///
    /// # Errors
    /// It cannot be read, or a file is missing that the webchat needs.
    pub(super) fn read(
        folder: &str,
        full_page: bool,
        build: &Build<'_>,
    ) -> Result<Self, OptionsError> {
        let mistake = |message: String| OptionsError::new("pages.files", message);
        let found = (build.read_folder)(folder).map_err(mistake)?;
        let is_site = found.iter().any(|file| file.path.starts_with(VENDOR));
        let mut files = BTreeMap::new();
        for file in found {
            let path = if !is_site {
                format!("{VENDOR}{}", file.path)
            } else if file.path.starts_with(VENDOR)
                || ALSO.iter().any(|also| file.path.starts_with(also))
            {
                file.path.clone()
            } else {
                continue;
            };
            files.insert(path, File::new(file));
        }
        let full = full_page.then_some(FULL);
        let missing: Vec<String> = NEEDED
            .into_iter()
            .chain(full)
            .map(|name| format!("{VENDOR}{name}"))
            .filter(|path| !files.contains_key(path))
            .collect();
        if !missing.is_empty() {
            let problem = format!("the folder {folder} lacks {}", missing.join(", "));
            let fix =
                "name the vendor's `webchat` folder, or the folder that `vendor/webchat` is in";
            return Err(mistake(problem).fix(fix));
        }
        Ok(Self(files))
    }

    /// The answer to a request for a file, if there is such a file.
    pub(super) fn answer(&self, path: &str, asked: &HeaderMap) -> Option<Response<Bytes>> {
        let path = percent_decode_str(path).decode_utf8().ok()?;
        let file = self.0.get(&*path)?;
        let is_known = asked
            .get_all(header::IF_NONE_MATCH)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .any(|known| names(known, &file.etag));
        let mut response = if is_known {
            let mut response = Response::new(Bytes::new());
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            response
        } else {
            Response::new(file.content.clone())
        };
        let headers = response.headers_mut();
        if !is_known {
            headers.insert(header::CONTENT_TYPE, file.content_type.clone());
        }
        headers.insert(header::ETAG, file.etag.clone());
        headers.insert(header::CACHE_CONTROL, CACHE);
        let nosniff = HeaderValue::from_static("nosniff");
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, nosniff);
        Some(response)
    }

    /// The address of one of the vendor's files, which changes with its content; none if there is
    /// no such file.
    pub(super) fn address(&self, name: &str) -> Option<String> {
        let file = self.0.get(&format!("{VENDOR}{name}"))?;
        let version: String = file.etag.to_str().ok()?.chars().skip(1).take(8).collect();
        Some(format!("/{VENDOR}{name}?{version}"))
    }
}

/// Whether `If-None-Match` names a version.
fn names(known: &str, etag: &HeaderValue) -> bool {
    known.split(',').map(str::trim).any(|known| {
        let known = known.strip_prefix("W/").unwrap_or(known);
        known == "*" || known.as_bytes() == etag.as_bytes()
    })
}

impl File {
    fn new(file: FolderFile) -> Self {
        let guess = mime_guess::from_path(&file.path).first_or_octet_stream();
        let content_type = if guess.type_() == mime_guess::mime::TEXT {
            format!("{guess}; charset=utf-8")
        } else {
            guess.to_string()
        };
        let digest = Uuid::new_v5(&Uuid::NAMESPACE_OID, &file.content).simple();
        let value = |text: String, or: &'static str| {
            HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static(or))
        };
        Self {
            content: file.content,
            content_type: value(content_type, "application/octet-stream"),
            etag: value(format!("\"{digest}\""), "\"\""),
        }
    }
}
