//! Parameters without which a request means nothing: the client is told which one it is
//! (`docs/protocols/dydu.md#4-parameter-dictionary`).

use switchboard_core::Fault;

use super::Params;

/// A value that must be there.
///
/// # Errors
/// It is missing or empty.
pub fn required<'p>(params: &'p Params<'_>, name: &str) -> Result<&'p str, Fault> {
    params
        .word(name)
        .ok_or_else(|| Fault::bad_field(name, "missing"))
}
