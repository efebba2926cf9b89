//! What an operator can set.

mod backend;
mod frontend;

pub use backend::{AppIdPlace, BackendOptions, BodyStyle, Engine, TransportKind};
pub use frontend::{AppOptions, EscalationOptions, FrontendOptions, SettingsOptions};
