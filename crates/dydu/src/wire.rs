//! dydu's wire types, one file per group of endpoints, written once for both sides.
//!
//! A request arrives in one of three spellings: a form body or query (REST), a frame on the
//! websocket, and the same frame over HTTP. All three become [`Params`], from which each
//! endpoint's request type is read, so that no endpoint knows how it was called.

pub mod answer;
pub mod b64;
pub mod context;
pub mod envelope;
pub mod feedback;
pub mod frame;
pub mod history;
pub mod knowledge;
pub mod lenient;
pub mod livechat;
pub mod mode;
pub mod params;
pub mod path;
pub mod personal;
pub mod push_rule;
pub mod report;
pub mod site;
pub mod strict;
pub mod survey;
pub mod talk;
pub mod template;
pub mod upload;
pub mod words;

pub use answer::TalkValues;
pub use b64::B64;
pub use envelope::Envelope;
pub use frame::Frame;
pub use params::Params;
pub use talk::TalkRequest;
