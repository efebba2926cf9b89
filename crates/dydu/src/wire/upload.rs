//! File uploads: `docs/protocols/dydu.md#33-endpoint-details`, 3.3.22.

use bytes::{Bytes, BytesMut};
use futures_util::{FutureExt as _, future, stream};
use memchr::memmem;
use multer::{Field, Multipart};
use serde::{Deserialize, Serialize};

use super::Params;
use crate::digest::Digest;

/// The name that the widget gives its callback.
pub const CALLBACK: &str = "dyduUploadCallBack_0PW";
/// The name that the widget gives the part which is the file.
pub const PART: &str = "dydu-upload-file";
/// The origin that the widget names, whatever page it is on.
pub const ORIGIN: &str = "http://0.0.0.0:9999";

/// Longest name of a file that is kept, in characters.
const NAME_LIMIT: usize = 255;
/// Stands for a name that cannot be read.
const NAMELESS: &str = "file";
const ANY_TYPE: &str = "application/octet-stream";

/// A file on its way.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FilePart {
    /// The name of its part.
    pub part: String,
    /// The file's name, without a path.
    pub name: String,
    /// Media type, where the client tells.
    pub media_type: Option<String>,
    /// What is in it.
    pub content: Bytes,
}

/// Why a body brings no file.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum UploadError {
    /// It is no multipart body, or is cut short.
    #[error("not a whole multipart body: {0}")]
    Broken(#[from] multer::Error),
    /// It has no part that is a file.
    #[error("no file in it")]
    NoFile,
}

/// Reads the files of a multipart body (RFC 7578). Parts without a file name are fields and left
/// out, but for the one called `named`: a client may write the file's name in a way that cannot
/// be read.
///
/// # Errors
/// The body is broken, or brings no file.
pub fn files(
    content_type: &str,
    body: Bytes,
    named: Option<&str>,
) -> Result<Vec<FilePart>, UploadError> {
    let boundary = multer::parse_boundary(content_type)?;
    let whole = stream::once(future::ready(Ok::<_, multer::Error>(body)));
    let mut parts = Multipart::new(whole, boundary);
    let mut files = Vec::new();
    // All of the body is there, so nothing is ever waited for.
    while let Some(next) = parts.next_field().now_or_never() {
        let Some(mut field) = next? else {
            break;
        };
        let part = field.name().unwrap_or_default().to_owned();
        let name = match field.file_name() {
            // A form in which no file was picked.
            Some("") => continue,
            Some(name) => plain_name(name),
            None if named == Some(part.as_str()) => NAMELESS.to_owned(),
            None => continue,
        };
        files.push(FilePart {
            media_type: field.content_type().map(ToString::to_string),
            content: content(&mut field)?,
            part,
            name,
        });
    }
    if files.is_empty() {
        return Err(UploadError::NoFile);
    }
    Ok(files)
}

fn content(field: &mut Field<'_>) -> Result<Bytes, multer::Error> {
    let mut whole = Bytes::new();
    while let Some(chunk) = field.chunk().now_or_never() {
        let Some(chunk) = chunk? else {
            break;
        };
        // There is only one where the body is there at once.
        whole = if whole.is_empty() {
            chunk
        } else {
            let mut joined = BytesMut::from(whole);
            joined.extend_from_slice(&chunk);
            joined.freeze()
        };
    }
    Ok(whole)
}

/// A file's name without a path and control characters. Browsers write a quote in it as `%22`.
fn plain_name(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    // Nor may a name be shown in another order than it is written in.
    let is_odd =
        |c: char| c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let plain: String = last
        .replace("%22", "\"")
        .chars()
        .filter(|c| !is_odd(*c))
        .take(NAME_LIMIT)
        .collect();
    if plain.trim().is_empty() {
        NAMELESS.to_owned()
    } else {
        plain
    }
}

impl FilePart {
    /// The query of the request that sends it, as the widget writes it.
    pub fn query(&self, context: &str) -> String {
        let query: Params<'_> = [
            ("ctx", context),
            ("fin", PART),
            ("cb", CALLBACK),
            ("origin", ORIGIN),
        ]
        .into_iter()
        .collect();
        query.to_form()
    }

    /// The request's content type and body. `seed` makes the boundary differ from one request to
    /// the next; in any case it occurs nowhere in the file.
    pub fn to_multipart(&self, seed: &[u8]) -> (String, Bytes) {
        let header = self.part_header();
        let boundary = boundary(seed, &[header.as_bytes(), &self.content]);
        let mut body = BytesMut::with_capacity(self.content.len() + header.len() + 128);
        body.extend_from_slice(format!("--{boundary}\r\n{header}\r\n\r\n").as_bytes());
        body.extend_from_slice(&self.content);
        body.extend_from_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
        (
            format!("multipart/form-data; boundary={boundary}"),
            body.freeze(),
        )
    }

    /// As browsers write it: https://html.spec.whatwg.org/#multipart-form-data.
    fn part_header(&self) -> String {
        let name = self
            .name
            .replace('"', "%22")
            .replace('\r', "%0D")
            .replace('\n', "%0A");
        let media_type = self
            .media_type
            .as_deref()
            .filter(|kind| kind.bytes().all(|byte| (b' '..=b'~').contains(&byte)))
            .unwrap_or(ANY_TYPE);
        format!(
            "Content-Disposition: form-data; name=\"{PART}\"; filename=\"{name}\"\r\n\
             Content-Type: {media_type}"
        )
    }
}

/// A boundary that occurs in none of the pieces.
fn boundary(seed: &[u8], pieces: &[&[u8]]) -> String {
    let mut digest = Digest::new().add(seed);
    loop {
        let boundary = format!("----switchboard{:016x}", digest.value());
        let finder = memmem::Finder::new(&boundary);
        if pieces.iter().all(|piece| finder.find(piece).is_none()) {
            return boundary;
        }
        digest = digest.add(boundary.as_bytes());
    }
}

/// What became of an upload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UploadResult {
    /// Names of the files.
    #[serde(default)]
    pub files_uploaded: Vec<String>,
    /// `success` or `fail`.
    #[serde(default)]
    pub status: String,
}

impl UploadResult {
    /// These files were taken.
    pub fn taken(names: Vec<String>) -> Self {
        Self {
            files_uploaded: names,
            status: "success".to_owned(),
        }
    }

    /// None was.
    pub fn failed() -> Self {
        Self {
            files_uploaded: Vec::new(),
            status: "fail".to_owned(),
        }
    }

    /// The widget takes anything but the word `fail` for a success.
    pub fn is_failure(&self) -> bool {
        self.status == "fail"
    }

    /// The page that tells the widget. The widget reads everything from its first to its last
    /// brace, so there are no others in it; and it puts quotes around `api:` and `params:`
    /// wherever they stand, so that there is no colon in a name either.
    pub fn to_page(&self, callback: Option<&str>) -> String {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'.';
        let callback = callback
            .filter(|name| name.len() <= NAME_LIMIT && name.bytes().all(is_plain))
            .unwrap_or(CALLBACK);
        let names: Vec<String> = self
            .files_uploaded
            .iter()
            .map(|name| {
                // All strings can be written as JSON.
                let mut json = serde_json::to_string(name).unwrap_or_default();
                for sign in ['{', '}', '<', '>', '&', ':', '\''] {
                    json = json.replace(sign, &format!("\\u{:04x}", u32::from(sign)));
                }
                json
            })
            .collect();
        format!(
            "<html><body><script>parent.postMessage({{api:'{callback}',params:\
             {{\"filesUploaded\":[{}],\"status\":\"{}\"}}}},\"*\");</script></body></html>",
            names.join(","),
            self.status
        )
    }

    /// Reads a server's page: the object within the object that the page has; absent where there
    /// is none.
    pub fn of_page(page: &str) -> Option<Self> {
        let (_, outer) = page.split_once('{')?;
        let inner = outer.get(outer.find('{')?..)?;
        // What follows the inner object is script.
        let mut values = serde_json::Deserializer::from_str(inner).into_iter();
        values.next()?.ok()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(boundary: &str, body: impl Into<Bytes>) -> Result<Vec<FilePart>, UploadError> {
        let content_type = format!("multipart/form-data; boundary={boundary}");
        files(&content_type, body.into(), Some(PART))
    }

    /// One file, with this said of it.
    fn of_disposition(disposition: &str) -> Result<Vec<FilePart>, UploadError> {
        read(
            "X",
            format!(
                "--X\r\nContent-Disposition: form-data; {disposition}\r\n\r\nhello\r\n--X--\r\n"
            ),
        )
    }

    #[test]
    fn finds_the_files_among_the_fields() {
        let body = "------X\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nfield\r\n\
            ------X\r\nContent-Disposition: form-data; name=\"dydu-upload-file\"; \
            filename=\"C:\\x\\a; b.txt\"\r\nContent-Type: text/plain\r\n\r\nhel\0\r\nlo\r\n\
            ------X\r\nContent-Disposition: form-data; name=\"b\"; filename=\"b.bin\"\r\n\r\n\r\n\
            ------X--\r\n";
        let files = read("----X", body).unwrap();
        assert_eq!(
            files,
            [
                FilePart {
                    part: PART.into(),
                    name: "a; b.txt".into(),
                    media_type: Some("text/plain".into()),
                    content: Bytes::from_static(b"hel\0\r\nlo"),
                },
                FilePart {
                    part: "b".into(),
                    name: "b.bin".into(),
                    ..FilePart::default()
                }
            ]
        );
    }

    #[test]
    fn names_are_read_as_browsers_write_them() {
        for (disposition, name) in [
            ("name=\"f\"; filename=\"note.txt\"", "note.txt"),
            ("filename=note.txt; name=f", "note.txt"),
            ("name=\"f\"; filename=\"a\\\"b.txt\"", "a\"b.txt"),
            ("name=\"f\"; filename=\"a%22b.txt\"", "a\"b.txt"),
            ("name=\"f\"; filename=\"été 日本.txt\"", "été 日本.txt"),
            ("name=\"f\"; filename=\"/etc/../passwd\"", "passwd"),
            // A name that ends in a backslash has no end for the library.
            ("name=\"dydu-upload-file\"; filename=\"a\\\"", NAMELESS),
            ("name=\"f\"; filename=\"a\u{85}\u{202e}b\"", "ab"),
            ("name=\"dydu-upload-file\"", NAMELESS),
        ] {
            assert_eq!(
                of_disposition(disposition).unwrap()[0].name,
                name,
                "{disposition}"
            );
        }
        let long = of_disposition(&format!("name=f; filename=\"{}\"", "é".repeat(999)));
        assert_eq!(long.unwrap()[0].name.chars().count(), NAME_LIMIT);
    }

    #[test]
    fn bodies_without_a_file_are_refused() {
        let part = "--X\r\nContent-Disposition: form-data; name=\"f\"; filename=\"a\"\r\n\r\nx";
        for (body, is_broken) in [
            (String::new(), true),
            ("nonsense".into(), true),
            ("--X--\r\n".into(), false),
            ("--X\r\n".into(), true),
            (part.into(), true),
            (format!("{part}\r\n--Y--\r\n"), true),
            (format!("{part}\r\n--X"), true),
            (
                part.replace("; filename=\"a\"", "") + "\r\n--X--\r\n",
                false,
            ),
            (part.replace("\"a\"", "\"\"") + "\r\n--X--\r\n", false),
        ] {
            let error = read("X", body.clone()).unwrap_err();
            assert_eq!(error != UploadError::NoFile, is_broken, "{body}: {error}");
        }
        for content_type in [
            "",
            "text/plain",
            "multipart/form-data",
            "multipart/mixed; boundary=X",
        ] {
            let error = files(content_type, Bytes::new(), None).unwrap_err();
            assert!(matches!(error, UploadError::Broken(_)), "{content_type}");
        }
    }

    #[test]
    fn the_page_has_one_object_only() {
        let result = UploadResult::taken(vec!["{</script>}'api:'params:.txt".into()]);
        let page = result.to_page(Some("x{}"));
        assert_eq!(page.matches(['{', '}']).count(), 4);
        assert_eq!(page.matches("</script>").count(), 1);
        assert_eq!(page.matches("api:").count(), 1);
        assert_eq!(page.matches("params:").count(), 1);
        assert!(page.contains(CALLBACK));
        assert_eq!(UploadResult::of_page(&page), Some(result));
        let real = "<script>\n var params={\n api:'x',\n params:{\"filesUploaded\":[\"a.svg\"],\
            \"status\":\"fail\"}\n };\n parent.postMessage(params,\"*\");</script>";
        assert!(UploadResult::of_page(real).unwrap().is_failure());
        for nonsense in ["", "{", "{}", "{{", "<html>", "{\"values\":{\"status\":7}}"] {
            assert_eq!(UploadResult::of_page(nonsense), None, "{nonsense}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(
            name in "[^\\p{C}/\\\\]{0,12}[a-z\"é]",
            media_type in prop::option::of(Just("text/plain".to_owned())),
            content in prop::collection::vec(any::<u8>(), 0..300),
            seed in any::<u64>(),
        ) {
            let seed = seed.to_be_bytes();
            // The worst file holds the boundary that it would get.
            let worst = [content.as_slice(), b"\r\n--", boundary(&seed, &[]).as_bytes()].concat();
            for content in [content, worst] {
                let file = FilePart {
                    part: PART.into(),
                    name: name.clone(),
                    media_type: media_type.clone(),
                    content: content.into(),
                };
                let (content_type, body) = file.to_multipart(&seed);
                let read = files(&content_type, body, None).unwrap();
                let media_type = media_type.clone().or(Some(ANY_TYPE.into()));
                let name = name.replace("%22", "\"");
                prop_assert_eq!(read, [FilePart { media_type, name, ..file }]);
            }
        }

        #[test]
        fn any_bytes_are_taken_apart(
            content_type in "(multipart/form-data; boundary=X|.{0,40})",
            body in prop::collection::vec(
                prop_oneof![
                    Just(b"--X".to_vec()), Just(b"\r\n".to_vec()), Just(b"--".to_vec()),
                    Just(b"Content-Disposition: form-data; filename=\"a\"".to_vec()),
                    prop::collection::vec(any::<u8>(), 0..8),
                ],
                0..12,
            ),
        ) {
            let body = body.concat();
            let length = body.len();
            if let Ok(files) = files(&content_type, body.into(), Some(PART)) {
                prop_assert!(files.iter().map(|file| file.content.len()).sum::<usize>() <= length);
                prop_assert!(files.iter().all(|file| !file.name.is_empty()));
            }
        }
    }
}
