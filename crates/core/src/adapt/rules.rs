//! The names of the rules.

/// Every rule, as in [`super::Note::rule`], with what it does.
pub const RULES: [(&str, &str); 22] = [
    (
        ACTIONS_AS_CHOICES,
        "The actions of a message become a question with the message's words, or a question of their own after it.",
    ),
    (
        CARD_SPLIT,
        "A card becomes its picture and its words, with its actions as choices.",
    ),
    (
        CAROUSEL_AS_CARDS,
        "The cards of a carousel follow each other.",
    ),
    (
        CAROUSEL_AS_LIST,
        "The cards of a carousel become the items of a list.",
    ),
    (
        CHOICES_NUMBERED,
        "Options become numbered lines of text; a link keeps its address.",
    ),
    (
        FEEDBACK_AS_CHOICES,
        "A request for feedback becomes a question with its ratings, or with thumbs where it has none.",
    ),
    (
        FORM_AS_TEXT,
        "A form becomes text with a line for each field: options, hint of the answer, `*` where required.",
    ),
    (
        GROUP_AS_TEXT,
        "A group that has text becomes that text; its children stay messages of their own.",
    ),
    (
        HANDOVER_AS_TEXT,
        "A step of a handover becomes its text, or else its place in the queue, waiting time or operator.",
    ),
    (
        LANGUAGE_PROBLEM_AS_TEXT,
        "A problem with the language becomes its text.",
    ),
    (
        LIST_AS_BULLETS,
        "A list of texts becomes one text with bullets.",
    ),
    (LIST_AS_MESSAGES, "The items of a list follow each other."),
    (
        LIST_ITEMS,
        "Items that the client's lists cannot hold become items that they can.",
    ),
    (
        MEDIA_AS_LINK,
        "A picture, film, sound or file becomes a link.",
    ),
    (
        NO_ANSWER_AS_TEXT,
        "The engine's lack of an answer becomes its text.",
    ),
    (NOT_SHOWN, "Settings for the client are not shown."),
    (
        OTHER_AS_NAME,
        "Content of an unknown kind without text becomes a text that names it.",
    ),
    (
        OTHER_AS_TEXT,
        "Content of an unknown kind becomes its text.",
    ),
    (
        PROGRESS_AS_TEXT,
        "Progress becomes its percentage and its label.",
    ),
    (
        QUESTION_AS_TEXT,
        "A special kind of question becomes text with a hint of the expected answer.",
    ),
    (
        QUOTE_AS_TEXT,
        "A quote becomes quoted text with a link to its source.",
    ),
    (
        SURVEY_AS_TEXT,
        "A survey becomes text with a line for each question.",
    ),
];

pub(super) const ACTIONS_AS_CHOICES: &str = "actions_as_choices";
pub(super) const CARD_SPLIT: &str = "card_split";
pub(super) const CAROUSEL_AS_CARDS: &str = "carousel_as_cards";
pub(super) const CAROUSEL_AS_LIST: &str = "carousel_as_list";
pub(super) const CHOICES_NUMBERED: &str = "choices_numbered";
pub(super) const FEEDBACK_AS_CHOICES: &str = "feedback_as_choices";
pub(super) const FORM_AS_TEXT: &str = "form_as_text";
pub(super) const GROUP_AS_TEXT: &str = "group_as_text";
pub(super) const HANDOVER_AS_TEXT: &str = "handover_as_text";
pub(super) const LANGUAGE_PROBLEM_AS_TEXT: &str = "language_problem_as_text";
pub(super) const LIST_AS_BULLETS: &str = "list_as_bullets";
pub(super) const LIST_AS_MESSAGES: &str = "list_as_messages";
pub(super) const LIST_ITEMS: &str = "list_items";
pub(super) const MEDIA_AS_LINK: &str = "media_as_link";
pub(super) const NO_ANSWER_AS_TEXT: &str = "no_answer_as_text";
pub(super) const NOT_SHOWN: &str = "not_shown";
pub(super) const OTHER_AS_NAME: &str = "other_as_name";
pub(super) const OTHER_AS_TEXT: &str = "other_as_text";
pub(super) const PROGRESS_AS_TEXT: &str = "progress_as_text";
pub(super) const QUESTION_AS_TEXT: &str = "question_as_text";
pub(super) const QUOTE_AS_TEXT: &str = "quote_as_text";
pub(super) const SURVEY_AS_TEXT: &str = "survey_as_text";
