//! What a link ends in: nobody can guess it, and whoever has it can open the link.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use switchboard_core::dialect::Cx;
use url::Url;
use uuid::Uuid;

/// Characters of a code: the 16 bytes of a UUID, of which 122 bits are random.
const LENGTH: usize = 22;

/// A fresh code.
pub(super) fn fresh(cx: &Cx<'_>) -> String {
    URL_SAFE_NO_PAD.encode(cx.ids.fresh().as_bytes())
}

/// Whether this may be a code. For what may not the store is not asked.
pub(super) fn is_well_formed(code: &str) -> bool {
    code.len() == LENGTH
        && code
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

/// What the link is kept under: whoever reads the store, or a copy of it, learns no code.
pub(super) fn key(code: &str) -> String {
    let digest = Uuid::new_v5(&Uuid::NAMESPACE_OID, code.as_bytes());
    format!("deep link {digest}")
}

/// The address of a page without the code, where a link led to it. Whoever is told where a user is,
/// engines and readers of transcripts among them, could open the link otherwise.
pub(in crate::server) fn without(url: String) -> String {
    let Ok(mut page) = Url::parse(&url) else {
        return url;
    };
    let mut segments = page.path_segments().into_iter().flatten().rev();
    let is_link = segments.next().is_some_and(is_well_formed) && segments.next() == Some("l");
    if !is_link {
        return url;
    }
    if let Ok(mut segments) = page.path_segments_mut() {
        segments.pop();
    }
    page.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_named_without_the_code_that_led_to_it() {
        let code = URL_SAFE_NO_PAD.encode([7; 16]);
        for (url, named) in [
            (
                format!("https://a.example/od/l/{code}"),
                "https://a.example/od/l",
            ),
            (
                format!("https://a.example/l/{code}?a=1"),
                "https://a.example/l?a=1",
            ),
        ] {
            assert_eq!(without(url), named);
        }
        for other in [
            "https://a.example/l/short",
            "https://a.example",
            "/pricing",
            "mailto:a",
        ] {
            assert_eq!(without(other.to_owned()), other);
        }
    }

    #[test]
    fn what_is_kept_tells_no_code() {
        let (code, other) = (
            URL_SAFE_NO_PAD.encode([7; 16]),
            URL_SAFE_NO_PAD.encode([8; 16]),
        );
        assert!(!key(&code).contains(&code));
        assert_eq!(key(&code), key(&code));
        assert_ne!(key(&code), key(&other));
    }

    #[test]
    fn codes_are_short_and_safe_in_an_address() {
        let good = URL_SAFE_NO_PAD.encode([0xff; 16]);
        assert!(is_well_formed(&good), "{good}");
        for bad in [
            "",
            "abc",
            "../../../../etc/passwd",
            "aaaaaaaaaaaaaaaaaaaaa=",
            "aaaaaaaaaaaaaaaaaaaaaaa",
        ] {
            assert!(!is_well_formed(bad), "{bad}");
        }
    }
}
