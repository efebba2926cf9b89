use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{
    Action, Autocomplete, DatePicker, Extras, FeedbackRequest, Form, SignatureRequest, Survey,
    UploadRequest,
};
use crate::text::RichText;

/// What a message says. Each kind has a row in `docs/fidelity.md`.
///
/// What is rare and large is boxed, so that a text is small.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Content {
    /// Holds the messages that have it as their parent; usually without text of its own.
    Group {
        /// Shown before the children, if there is any.
        text: Option<RichText>,
    },
    /// Words.
    Text {
        /// The words.
        text: RichText,
    },
    /// A passage quoted from a document.
    Quote(Quote),
    /// A picture.
    Image(Media),
    /// A film: a file or the page of a video site.
    Video(Media),
    /// A sound.
    Audio(Media),
    /// A document to download.
    File(Media),
    /// A question whose answers are the message's actions.
    Choices(Choices),
    /// A picture, words and actions that belong together.
    Card(Box<Card>),
    /// Cards side by side.
    Carousel {
        /// A heading, where there is one.
        title: Option<String>,
        /// The cards in order.
        cards: Vec<Card>,
    },
    /// Items one below the other or side by side.
    List(List),
    /// Questions that are answered together.
    Form(Box<Form>),
    /// Asks for a date.
    DatePicker(Box<DatePicker>),
    /// Asks for one of many values, suggested while the user types.
    Autocomplete(Box<Autocomplete>),
    /// Asks for a postal address.
    Address(Box<Autocomplete>),
    /// Asks where the user is.
    Location {
        /// The question.
        text: RichText,
        /// What the answer is sent back by.
        callback: String,
        /// The attribute that receives the answer.
        attribute: Option<String>,
    },
    /// Asks for an electronic signature.
    Signature(Box<SignatureRequest>),
    /// Asks for a file.
    Upload(Box<UploadRequest>),
    /// Asks what the user thinks of an answer. The actions are the ratings.
    FeedbackRequest(FeedbackRequest),
    /// Asks the questions of a survey.
    Survey(Box<Survey>),
    /// A step of a handover to a human operator.
    Handover(Handover),
    /// How far a process has come.
    Progress(Progress),
    /// The engine has no answer.
    NoAnswer {
        /// What the engine says about it.
        text: RichText,
    },
    /// The engine cannot deal with the user's language.
    LanguageProblem {
        /// Which problem.
        problem: LanguageProblem,
        /// What the engine says about it.
        text: RichText,
    },
    /// Settings for the client that are not shown as a message.
    Attributes {
        /// Names and values.
        values: Map<String, Value>,
    },
    /// A vendor's kind that the model has no word for, with what of it can be read.
    Other {
        /// The vendor's name of the kind.
        name: String,
        /// Its text, if it has one.
        text: Option<RichText>,
    },
}

/// [`Content`] without what it holds: for capabilities, metrics and the fidelity table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum ContentKind {
    /// [`Content::Group`]
    Group,
    /// [`Content::Text`]
    Text,
    /// [`Content::Quote`]
    Quote,
    /// [`Content::Image`]
    Image,
    /// [`Content::Video`]
    Video,
    /// [`Content::Audio`]
    Audio,
    /// [`Content::File`]
    File,
    /// [`Content::Choices`]
    Choices,
    /// [`Content::Card`]
    Card,
    /// [`Content::Carousel`]
    Carousel,
    /// [`Content::List`]
    List,
    /// [`Content::Form`]
    Form,
    /// [`Content::DatePicker`]
    DatePicker,
    /// [`Content::Autocomplete`]
    Autocomplete,
    /// [`Content::Address`]
    Address,
    /// [`Content::Location`]
    Location,
    /// [`Content::Signature`]
    Signature,
    /// [`Content::Upload`]
    Upload,
    /// [`Content::FeedbackRequest`]
    FeedbackRequest,
    /// [`Content::Survey`]
    Survey,
    /// [`Content::Handover`]
    Handover,
    /// [`Content::Progress`]
    Progress,
    /// [`Content::NoAnswer`]
    NoAnswer,
    /// [`Content::LanguageProblem`]
    LanguageProblem,
    /// [`Content::Attributes`]
    Attributes,
    /// [`Content::Other`]
    Other,
}

impl ContentKind {
    /// Every kind, in the order of the fidelity table.
    pub const ALL: [Self; 26] = [
        Self::Group,
        Self::Text,
        Self::Quote,
        Self::Image,
        Self::Video,
        Self::Audio,
        Self::File,
        Self::Choices,
        Self::Card,
        Self::Carousel,
        Self::List,
        Self::Form,
        Self::DatePicker,
        Self::Autocomplete,
        Self::Address,
        Self::Location,
        Self::Signature,
        Self::Upload,
        Self::FeedbackRequest,
        Self::Survey,
        Self::Handover,
        Self::Progress,
        Self::NoAnswer,
        Self::LanguageProblem,
        Self::Attributes,
        Self::Other,
    ];

    /// The word used in metrics and files.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Group => "group",
            Self::Text => "text",
            Self::Quote => "quote",
            Self::Image => "image",
            Self::Video => "video",
            Self::Audio => "audio",
            Self::File => "file",
            Self::Choices => "choices",
            Self::Card => "card",
            Self::Carousel => "carousel",
            Self::List => "list",
            Self::Form => "form",
            Self::DatePicker => "date_picker",
            Self::Autocomplete => "autocomplete",
            Self::Address => "address",
            Self::Location => "location",
            Self::Signature => "signature",
            Self::Upload => "upload",
            Self::FeedbackRequest => "feedback_request",
            Self::Survey => "survey",
            Self::Handover => "handover",
            Self::Progress => "progress",
            Self::NoAnswer => "no_answer",
            Self::LanguageProblem => "language_problem",
            Self::Attributes => "attributes",
            Self::Other => "other",
        }
    }
}

impl Content {
    /// Text content.
    pub fn text(text: RichText) -> Self {
        Self::Text { text }
    }

    /// Which kind this is.
    pub fn kind(&self) -> ContentKind {
        match self {
            Self::Group { .. } => ContentKind::Group,
            Self::Text { .. } => ContentKind::Text,
            Self::Quote(_) => ContentKind::Quote,
            Self::Image(_) => ContentKind::Image,
            Self::Video(_) => ContentKind::Video,
            Self::Audio(_) => ContentKind::Audio,
            Self::File(_) => ContentKind::File,
            Self::Choices(_) => ContentKind::Choices,
            Self::Card(_) => ContentKind::Card,
            Self::Carousel { .. } => ContentKind::Carousel,
            Self::List(_) => ContentKind::List,
            Self::Form(_) => ContentKind::Form,
            Self::DatePicker(_) => ContentKind::DatePicker,
            Self::Autocomplete(_) => ContentKind::Autocomplete,
            Self::Address(_) => ContentKind::Address,
            Self::Location { .. } => ContentKind::Location,
            Self::Signature(_) => ContentKind::Signature,
            Self::Upload(_) => ContentKind::Upload,
            Self::FeedbackRequest(_) => ContentKind::FeedbackRequest,
            Self::Survey(_) => ContentKind::Survey,
            Self::Handover(_) => ContentKind::Handover,
            Self::Progress(_) => ContentKind::Progress,
            Self::NoAnswer { .. } => ContentKind::NoAnswer,
            Self::LanguageProblem { .. } => ContentKind::LanguageProblem,
            Self::Attributes { .. } => ContentKind::Attributes,
            Self::Other { .. } => ContentKind::Other,
        }
    }
}

/// A passage from a document, with where it comes from.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Quote {
    /// The passage.
    pub text: RichText,
    /// The document's title.
    pub title: Option<String>,
    /// The document's address.
    pub url: Option<String>,
}

/// A picture, film, sound or document by its address.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Media {
    /// Where it is.
    pub url: String,
    /// What it shows, in words: alternative text, caption or file name.
    pub alt: Option<String>,
    /// Where a click on it leads.
    pub link: Option<String>,
    /// The link opens in a new window.
    #[serde(default)]
    pub new_tab: bool,
}

impl Media {
    /// Media with an address and words.
    pub fn new(url: impl Into<String>, alt: Option<String>) -> Self {
        Self {
            url: url.into(),
            alt,
            ..Self::default()
        }
    }
}

/// A question with options; the options are the message's actions.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Choices {
    /// The question; may be empty.
    pub text: RichText,
    /// What the options are.
    #[serde(rename = "options_are")]
    pub kind: ChoicesKind,
    /// Shown in place of the text box rather than with the message.
    #[serde(default)]
    pub replaces_input: bool,
    /// Only one click is allowed; then the options go away.
    #[serde(default)]
    pub once: bool,
}

/// What a question's options are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChoicesKind {
    /// Steps of a dialog.
    #[default]
    Dialog,
    /// Candidates for what the user may have meant.
    Disambiguation,
}

/// A picture, words and actions that belong together.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Card {
    /// The heading.
    pub title: Option<String>,
    /// Smaller, below the heading.
    pub subtitle: Option<RichText>,
    /// The body.
    pub text: Option<RichText>,
    /// A figure such as a price, ready to show.
    pub figure: Option<String>,
    /// The picture.
    pub image: Option<Media>,
    /// What a click on the card as a whole does.
    pub tap: Option<Action>,
    /// The buttons. A card that is a message of its own keeps them here too.
    pub actions: Vec<Action>,
}

/// Items in an order.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct List {
    /// A heading.
    pub title: Option<String>,
    /// How it is laid out.
    pub view: ListView,
    /// The items.
    pub items: Vec<ListItem>,
}

/// One item of a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ListItem {
    /// Text, an image, choices or a card.
    pub content: Content,
    /// The item's actions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub actions: Vec<Action>,
    /// The vendor's fields that have no place above.
    #[serde(default, skip_serializing_if = "Extras::is_empty")]
    pub extras: Extras,
}

/// How a list is laid out.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ListView {
    /// One below the other, with the title.
    #[default]
    Titled,
    /// One below the other, without the title.
    Vertical,
    /// Side by side.
    Horizontal,
}

/// A step of a handover to a human operator.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Handover {
    /// Which step.
    pub phase: HandoverPhase,
    /// What the user is told.
    pub text: RichText,
    /// The system that takes over, if it has a name.
    pub system: Option<String>,
    /// The operator's name, once there is one.
    pub operator: Option<String>,
}

/// The steps of a handover.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "snake_case")]
pub enum HandoverPhase {
    /// The engine offers or asks for a human; nothing has happened yet.
    #[default]
    Offered,
    /// The user waits for an operator.
    Waiting {
        /// The place in the queue, 1 is next.
        position: Option<u32>,
        /// How long it will take, in seconds.
        wait_seconds: Option<u32>,
    },
    /// An operator has joined; from here on the bot is silent.
    Joined,
    /// The conversation went to another operator.
    Transferred,
    /// The user left the queue or the livechat.
    LeftByUser,
    /// The operator has left; the bot speaks again.
    Ended,
}

/// How far a process has come.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Progress {
    /// 0 to 100.
    pub percent: Option<u8>,
    /// What is shown beside the bar.
    pub label: Option<String>,
}

/// What is wrong with the user's language.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LanguageProblem {
    /// Known, but not supported.
    Unsupported,
    /// Could not be detected.
    Unknown,
}
