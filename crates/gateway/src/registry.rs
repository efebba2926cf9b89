//! The one list of dialects. A new dialect is a line here and a dependency in `Cargo.toml`.

use switchboard_core::dialect::Dialect;

/// Every dialect, in the order of messages and documentation.
pub fn dialects() -> Vec<Box<dyn Dialect>> {
    vec![
        Box::new(switchboard_kare::dialect()),
        Box::new(switchboard_dydu::dialect()),
        Box::new(switchboard_opendialog::dialect()),
        Box::new(switchboard_script::dialect()),
    ]
}
