//! File uploads: `docs/protocols/dydu.md#33-endpoint-details`, 3.3.22.

use serde::{Deserialize, Serialize};

/// Name of the part, and its size and type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilePart {
    /// The file's name, without a path.
    pub name: String,
    /// Size in bytes.
    pub size: u64,
    /// Media type, where the client tells.
    pub media_type: Option<String>,
}

/// Reads the files of a multipart body (RFC 7578). Parts without a file name are fields and left
/// out.
pub fn files(content_type: &str, body: &[u8]) -> Vec<FilePart> {
    let Some(boundary) = parameter(content_type, "boundary") else {
        return Vec::new();
    };
    let mut delimiter = b"--".to_vec();
    delimiter.extend_from_slice(boundary.as_bytes());
    let mut files = Vec::new();
    let mut rest = after(body, &delimiter);
    while let Some(part) = rest {
        let (content, next) = match find(part, &delimiter) {
            Some(at) => part.split_at(at),
            None => break,
        };
        files.extend(file(content));
        rest = next.get(delimiter.len()..);
    }
    files
}

fn file(part: &[u8]) -> Option<FilePart> {
    let headers_end = find(part, b"\r\n\r\n")?;
    let (headers, content) = part.split_at(headers_end);
    let headers = String::from_utf8_lossy(headers);
    let header = |name: &str| {
        headers.lines().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.trim().eq_ignore_ascii_case(name).then(|| value.trim())
        })
    };
    let name = parameter(header("content-disposition")?, "filename")?;
    let name = name.rsplit(['/', '\\']).next().unwrap_or_default();
    Some(FilePart {
        name: name.to_owned(),
        // Less the blank line before the content and the line break before the delimiter.
        size: content.len().saturating_sub(6) as u64,
        media_type: header("content-type").map(str::to_owned),
    })
}

/// The value of `; name=value` or `; name="value"`.
fn parameter(header: &str, name: &str) -> Option<String> {
    let mut rest = header.split_once(';')?.1;
    loop {
        let (key, after) = rest.split_once('=')?;
        // Browsers write a quote within a quoted value as %22.
        let (value, after) = match after.trim_start().strip_prefix('"') {
            Some(quoted) => quoted.split_once('"')?,
            None => match after.split_once(';') {
                Some((value, _)) => (value, after.get(value.len()..).unwrap_or_default()),
                None => (after, ""),
            },
        };
        if key.trim().eq_ignore_ascii_case(name) {
            return Some(value.trim().to_owned()).filter(|value| !value.is_empty());
        }
        rest = after.split_once(';')?.1;
    }
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack
        .windows(needle.len())
        .position(|window| window == needle)
}

fn after<'a>(haystack: &'a [u8], needle: &[u8]) -> Option<&'a [u8]> {
    haystack.get(find(haystack, needle)? + needle.len()..)
}

/// What became of an upload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UploadResult {
    /// Names of the files.
    #[serde(default)]
    pub files_uploaded: Vec<String>,
    /// `success` or `fail`.
    pub status: String,
}

/// The name that the widget gives its callback.
pub const CALLBACK: &str = "dyduUploadCallBack_0PW";

impl UploadResult {
    /// The page that tells the widget. The widget reads everything from its first to its last
    /// brace, so there are no others in it.
    pub fn to_page(&self, callback: Option<&str>) -> String {
        let callback = callback
            .filter(|name| {
                name.bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'.')
            })
            .unwrap_or(CALLBACK);
        let names: Vec<String> = self
            .files_uploaded
            .iter()
            .map(|name| {
                // All strings can be written as JSON.
                serde_json::to_string(name)
                    .unwrap_or_default()
                    .replace('{', "\\u007b")
                    .replace('}', "\\u007d")
                    .replace('<', "\\u003c")
                    .replace('>', "\\u003e")
                    .replace('&', "\\u0026")
            })
            .collect();
        format!(
            "<html><body><script>parent.postMessage({{api:'{callback}',params:\
             {{\"filesUploaded\":[{}],\"status\":\"{}\"}}}},\"*\");</script></body></html>",
            names.join(","),
            self.status
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &[u8] = b"------X\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nfield\r\n\
        ------X\r\nContent-Disposition: form-data; name=\"dydu-upload-file\"; \
        filename=\"C:\\x\\a; b.txt\"\r\nContent-Type: text/plain\r\n\r\nhello\r\n------X--\r\n";

    #[test]
    fn finds_the_files() {
        let files = files("multipart/form-data; boundary=----X", BODY);
        assert_eq!(
            files,
            [FilePart {
                name: "a; b.txt".into(),
                size: 5,
                media_type: Some("text/plain".into()),
            }]
        );
        assert_eq!(super::files("multipart/form-data; boundary=Y", BODY), []);
        assert_eq!(super::files("text/plain", BODY), []);
    }

    #[test]
    fn the_page_has_one_object_only() {
        let page = UploadResult {
            files_uploaded: vec!["{</script>}.txt".into()],
            status: "success".into(),
        }
        .to_page(Some("x{}"));
        assert_eq!(page.matches(['{', '}']).count(), 4);
        assert_eq!(page.matches("</script>").count(), 1);
        assert!(page.contains(CALLBACK));
    }
}
