//! Parameters that a program may get wrong. Where a wrong value would change what is asked for,
//! the client is told which one it is: `docs/protocols/dydu.md#4-parameter-dictionary`.

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

/// `true` or `false`, if there is a value.
///
/// # Errors
/// It is another word.
pub fn flag(params: &Params<'_>, name: &str) -> Result<Option<bool>, Fault> {
    match (params.flag(name), params.word(name)) {
        (Some(flag), _) => Ok(Some(flag)),
        (None, None) => Ok(None),
        (None, Some(_)) => Err(Fault::bad_field(name, "neither true nor false")),
    }
}

/// A number of things, if there is a value.
///
/// # Errors
/// It is no whole number, or a negative one.
pub fn count(params: &Params<'_>, name: &str) -> Result<Option<u32>, Fault> {
    let Some(word) = params.word(name) else {
        return Ok(None);
    };
    word.trim()
        .parse()
        .map(Some)
        .map_err(|_| Fault::bad_field(name, "not a number of things"))
}
