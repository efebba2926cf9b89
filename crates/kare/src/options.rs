//! What an operator can set.

mod backend;
mod frontend;

pub use backend::{
    AppIdPlace, BackendOptions, BodyStyle, Engine, OAuth, SocketAuth, TokenPlace, TransportKind,
    TurnEnd,
};
pub use frontend::{
    AppOptions, EscalationOptions, FrontendOptions, OauthClientOptions, Permission, SettingsOptions,
};
