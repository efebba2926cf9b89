//! What a link ends in: nobody can guess it, and whoever has it can open the link.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use switchboard_core::dialect::Cx;

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

/// What the link is kept under.
pub(super) fn key(code: &str) -> String {
    format!("deep link {code}")
}

#[cfg(test)]
mod tests {
    use super::*;

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
