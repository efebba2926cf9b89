//! The canonical conversation model.
//!
//! A conversation is a forest of [`Message`]s. Users act on it by [`UserEvent`]s, engines by
//! [`BotEvent`]s. The shape follows the richest of the dialects (Kare's forest of messages with
//! parents and actions); flat dialects make one tree a turn.

mod action;
mod capabilities;
mod content;
mod event;
mod extras;
mod id;
mod message;
mod profile;
pub mod push_rule;
mod query;
mod request;
mod time;

pub use action::{Action, ActionStyle, Command, Icon, OpenTarget, SendBody};
pub use capabilities::{Capabilities, KindSet};
pub use content::{
    Card, Choices, ChoicesKind, Content, ContentKind, Handover, HandoverPhase, LanguageProblem,
    List, ListItem, ListView, Media, Progress, Quote,
};
pub use event::{
    BotEvent, ChoiceMade, EndReason, Feedback, FormSubmission, Notice, Rating, TurnOutcome, Typing,
    UploadedFile, UserEvent, UserInput,
};
pub use extras::{DialectName, EXTRAS_LIMIT, Extras};
pub use id::{ConversationId, MessageId};
pub use message::{Author, Message};
pub use profile::{ATTRIBUTES_LIMIT, Locales, METADATA_LIMIT, Profile, VARIABLES_LIMIT};
pub use query::{
    ClientError, DataRequest, PersonalData, Query, QueryAnswer, Suggestions, TopQuestions,
};
pub use request::{
    Autocomplete, AutocompleteSource, DatePicker, DatePrecision, FeedbackRequest, Field, FieldKind,
    FieldOption, Form, SignatureRequest, Survey, UploadRequest,
};
pub use time::Timestamp;

pub use crate::text::{RichText, TextFormat};
