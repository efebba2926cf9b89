//! Between dydu's wire and the model, one file per concept.

pub mod actions;
pub mod answer;
pub mod cards;
pub mod compose;
pub mod handover;
pub mod history;
pub mod html;
pub mod input;
pub mod push;
pub mod render;
pub mod reword;
pub mod say;
pub mod survey;
pub mod verbatim;

use switchboard_core::model::DialectName;

/// The name of this dialect, under which its extras are kept.
pub const DYDU: DialectName = DialectName::new("dydu");
