//! Paths as frontends expect them.

use std::borrow::Cow;

/// The path with doubled slashes collapsed and without a trailing slash; at least `/`.
///
/// The real widgets send both: `//chatWs`, `/user/123/`.
pub(super) fn normalise(path: &str) -> Cow<'_, str> {
    let is_normal =
        path.starts_with('/') && (path.len() == 1 || !path.ends_with('/')) && !path.contains("//");
    if is_normal {
        return Cow::Borrowed(path);
    }
    let mut normal = String::with_capacity(path.len() + 1);
    for segment in path.split('/').filter(|segment| !segment.is_empty()) {
        normal.push('/');
        normal.push_str(segment);
    }
    if normal.is_empty() {
        normal.push('/');
    }
    Cow::Owned(normal)
}

/// What of a normalised `path` is below `mount`, which is normalised and empty for the root.
pub(super) fn below<'a>(mount: &str, path: &'a str) -> Option<&'a str> {
    let rest = path.strip_prefix(mount)?;
    if rest.is_empty() {
        Some("/")
    } else {
        rest.starts_with('/').then_some(rest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn collapses_and_strips_slashes() {
        let cases = [
            ("/", "/"),
            ("", "/"),
            ("*", "/*"),
            ("//", "/"),
            ("/kare", "/kare"),
            ("/kare/", "/kare"),
            ("//kare///dialog//query/", "/kare/dialog/query"),
            ("/dydu//chatWs", "/dydu/chatWs"),
        ];
        for (path, normal) in cases {
            assert_eq!(normalise(path), normal, "{path}");
        }
    }

    #[test]
    fn a_normal_path_is_not_copied() {
        assert!(matches!(normalise("/kare/ws"), Cow::Borrowed(_)));
    }

    #[test]
    fn mounts_end_at_a_segment() {
        assert_eq!(below("/kare", "/kare"), Some("/"));
        assert_eq!(below("/kare", "/kare/ws"), Some("/ws"));
        assert_eq!(below("/kare", "/kareem"), None);
        assert_eq!(below("", "/kareem"), Some("/kareem"));
        assert_eq!(below("", "/"), Some("/"));
    }
}
