//! What a visible message or a click is about:
//! `docs/protocols/kare.md#62-catalogue-names-and-meanings-doc-json-assumed`.

use std::borrow::Cow;

use serde::{Serialize, Serializer};

/// An aspect.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Aspect {
    /// `text/plain`: conversational text. Markdown in spite of the name.
    #[default]
    Plain,
    /// `resolution/missing`: no suitable answer.
    Missing,
    /// `resolution/answer`: the node that holds an answer's parts.
    Answer,
    /// `resolution/answer/text`
    AnswerText,
    /// `resolution/answer/quote`
    Quote,
    /// `resolution/answer/choice`
    Choice,
    /// `resolution/answer/image`
    Image,
    /// `resolution/answer/video`
    Video,
    /// `resolution/answer/feedback`
    Feedback,
    /// `resolution/answer/handover`
    Handover,
    /// `resolution/disambiguation`
    Disambiguation,
    /// `language/unsupported`
    LanguageUnsupported,
    /// `language/unknown`
    LanguageUnknown,
    /// `titlebar`: only in clicks.
    Titlebar,
    /// `open/link`: only in clicks.
    OpenLink,
    /// Any other, in lower case without a leading slash.
    Other(String),
}

const KNOWN: [Aspect; 15] = [
    Aspect::AnswerText,
    Aspect::Answer,
    Aspect::Choice,
    Aspect::Plain,
    Aspect::Feedback,
    Aspect::Missing,
    Aspect::Quote,
    Aspect::Image,
    Aspect::Video,
    Aspect::Handover,
    Aspect::Disambiguation,
    Aspect::OpenLink,
    Aspect::LanguageUnsupported,
    Aspect::LanguageUnknown,
    Aspect::Titlebar,
];

impl Aspect {
    /// Reads an aspect by rule 7 of the tolerant parser; blank text is none.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text
            .trim_start_matches(|c: char| c == '/' || c.is_whitespace())
            .trim_end();
        if text.is_empty() {
            return None;
        }
        KNOWN
            .iter()
            .find(|aspect| aspect.as_str().eq_ignore_ascii_case(text))
            .cloned()
            .or_else(|| Some(Self::Other(text.to_lowercase())))
    }

    /// The aspect as text.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Plain => "text/plain",
            Self::Missing => "resolution/missing",
            Self::Answer => "resolution/answer",
            Self::AnswerText => "resolution/answer/text",
            Self::Quote => "resolution/answer/quote",
            Self::Choice => "resolution/answer/choice",
            Self::Image => "resolution/answer/image",
            Self::Video => "resolution/answer/video",
            Self::Feedback => "resolution/answer/feedback",
            Self::Handover => "resolution/answer/handover",
            Self::Disambiguation => "resolution/disambiguation",
            Self::LanguageUnsupported => "language/unsupported",
            Self::LanguageUnknown => "language/unknown",
            Self::Titlebar => "titlebar",
            Self::OpenLink => "open/link",
            Self::Other(text) => text,
        }
    }

    /// The aspect that an unknown one is shown as (rule 14): the longest known one that it
    /// extends, where an unknown part of an answer is a text of it; else `text/plain`.
    pub fn shown_as(&self) -> Cow<'_, Self> {
        let Self::Other(text) = self else {
            return Cow::Borrowed(self);
        };
        let mut prefix = text.as_str();
        while let Some((shorter, _)) = prefix.rsplit_once('/') {
            match Self::parse(shorter) {
                Some(Self::Answer) => return Cow::Owned(Self::AnswerText),
                Some(Self::Other(_)) | None => prefix = shorter,
                Some(known) => return Cow::Owned(known),
            }
        }
        Cow::Owned(Self::Plain)
    }

    /// A click with it is an answer to something that the engine offered, not an event that only
    /// gets logged: `docs/protocols/kare.md#81-custom-events`.
    pub fn is_offered(&self) -> bool {
        let text = self.as_str();
        ["resolution/", "text/", "language/"]
            .iter()
            .any(|root| text.starts_with(root))
    }
}

impl Serialize for Aspect {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}
