//! What an operator can set.

mod backend;
mod frontend;

pub use backend::{AppIdPlace, BackendOptions, BodyStyle, Engine, TransportKind};
pub use frontend::{AppOptions, EscalationOptions, FrontendOptions, SettingsOptions};

use std::time::Duration;

use serde::de::{Deserialize, Deserializer, Error as _};

/// Reads a duration written as a number of seconds, such as `1.5`.
fn seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let seconds = f64::deserialize(deserializer)?;
    Duration::try_from_secs_f64(seconds)
        .map_err(|_| D::Error::custom("must be a number of seconds, not negative"))
}
