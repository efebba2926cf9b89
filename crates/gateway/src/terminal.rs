//! A chat in a terminal: what [`crate::commands::chat`] shows and reads. Nothing here reads or
//! writes by itself.

pub(crate) mod form;
pub(crate) mod frontend;
pub(crate) mod show;
