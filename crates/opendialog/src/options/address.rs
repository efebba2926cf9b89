//! The address under which browsers reach a frontend.

use switchboard_core::dialect::OptionsError;
use url::Url;

/// Checks `public_url`.
///
/// # Errors
/// Something cannot be put behind it, or browsers would not follow it.
pub(super) fn check(public_url: Option<&str>) -> Result<(), OptionsError> {
    let Some(text) = public_url else {
        return Ok(());
    };
    let problem = match Url::parse(text) {
        Ok(url) if !matches!(url.scheme(), "http" | "https") => {
            "must begin with https:// or http://"
        }
        Ok(url) if !url.username().is_empty() || url.password().is_some() => {
            "must not hold a name or a password"
        }
        Ok(url) if url.query().is_some() || url.fragment().is_some() => {
            "must end with a path: links are put behind it"
        }
        Ok(_) => return Ok(()),
        Err(_) => "must be a whole address",
    };
    let error = OptionsError::new("public_url", problem);
    Err(error.fix("public_url = \"https://chat.example.com/od\""))
}
