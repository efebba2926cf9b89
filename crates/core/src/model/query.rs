use serde::{Deserialize, Serialize};

/// A question to the engine that is no part of a dialog.
///
/// Answered by [`super::BotEvent::Answered`]. An engine that does not know such questions ends
/// the turn without an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "query", rename_all = "snake_case")]
pub enum Query {
    /// Which questions are asked most. Answered by [`QueryAnswer::Questions`].
    TopQuestions(TopQuestions),
    /// Which questions begin like what is being typed. Answered by [`QueryAnswer::Questions`].
    Suggestions(Suggestions),
    /// Under which conditions the page should speak first. Answered by [`QueryAnswer::PushRules`].
    PushRules,
    /// Which languages the engine speaks. Answered by [`QueryAnswer::Languages`].
    Languages,
    /// Somebody opened the page; the engine may count it. Answered by [`QueryAnswer::Done`].
    Visit,
    /// A user wants to see or to delete what is kept about them. Answered by
    /// [`QueryAnswer::Done`].
    PersonalData(PersonalData),
}

impl Query {
    /// The word used in metrics.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::TopQuestions(_) => "top_questions",
            Self::Suggestions(_) => "suggestions",
            Self::PushRules => "push_rules",
            Self::Languages => "languages",
            Self::Visit => "visit",
            Self::PersonalData(_) => "personal_data",
        }
    }
}

/// Which of the most asked questions are wanted.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct TopQuestions {
    /// How many at the most.
    pub limit: u32,
    /// The period to count over, in dydu's words (`Last30Days`).
    pub period: Option<String>,
    /// Only those with this tag, named or by its id.
    pub tag: Option<String>,
    /// Those with a tag below it, too.
    #[serde(default)]
    pub include_child_tags: Option<bool>,
    /// Not those of a linked gallery.
    #[serde(default)]
    pub exclude_gallery: Option<bool>,
    /// Only those that were counted, not those that an editor picked.
    #[serde(default)]
    pub ignore_picked: Option<bool>,
}

/// What a user is typing.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Suggestions {
    /// What has been typed so far.
    pub text: String,
    /// Only questions that can be asked in the words they are suggested with.
    #[serde(default)]
    pub only_rewordable: Option<bool>,
    /// Questions of the bot's other personalities, too.
    #[serde(default)]
    pub in_personalities: Option<bool>,
}

/// What a user wants done with what is kept about them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonalData {
    /// What.
    pub request: DataRequest,
    /// The site's id of the user.
    pub user_id: Option<String>,
    /// Where the answer is to be sent.
    pub mail: Option<String>,
}

/// What a user wants done with what is kept about them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DataRequest {
    /// To get a copy.
    Get,
    /// To have it deleted.
    Delete,
}

/// What an engine answers to a [`Query`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "answer", content = "value", rename_all = "snake_case")]
pub enum QueryAnswer {
    /// Questions, the best first.
    Questions(Vec<String>),
    /// Push rules as dydu writes them, the text of a JSON array:
    /// `docs/protocols/dydu.md#33-endpoint-details`, 3.3.23.
    PushRules(String),
    /// Languages as BCP 47 tags.
    Languages(Vec<String>),
    /// It was taken; what comes of it does not come this way.
    Done,
}

impl QueryAnswer {
    /// The questions, if it is some.
    pub fn into_questions(self) -> Vec<String> {
        match self {
            Self::Questions(questions) => questions,
            _ => Vec::new(),
        }
    }
}

/// Something a client reports about itself.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ClientError {
    /// The kind of mistake, such as `TypeError`.
    pub error: String,
    /// What the client says about it.
    pub message: String,
    /// Where in the client's program it happened.
    #[serde(default)]
    pub stack: Option<String>,
    /// When the client's program was made.
    #[serde(default)]
    pub built: Option<String>,
}
