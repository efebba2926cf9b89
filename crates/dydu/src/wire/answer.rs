//! The values of a talk answer and of a notification: `docs/protocols/dydu.md#5-talkresponse-values`.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{B64, lenient};

/// Values of `talkResponse`, `notification` and of what a poll brings. Everything may be absent.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct TalkValues {
    /// Becomes the context of all later requests.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub context_id: Option<B64>,
    /// Switches the widget's language.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<B64>,
    /// Not read by the widget.
    #[serde(
        skip_serializing_if = "Option::is_none",
        deserialize_with = "lenient::flag"
    )]
    pub has_profile_picture: Option<bool>,
    /// Not read by the widget.
    #[serde(
        skip_serializing_if = "Option::is_none",
        deserialize_with = "lenient::flag"
    )]
    pub keep_popin_minimized: Option<bool>,
    /// Shows the vote buttons.
    #[serde(
        skip_serializing_if = "Option::is_none",
        deserialize_with = "lenient::flag"
    )]
    pub ask_feedback: Option<bool>,
    /// The answer's knowledge; must be present for a survey to open.
    #[serde(
        skip_serializing_if = "Option::is_none",
        deserialize_with = "lenient::number"
    )]
    pub knowledge_id: Option<i64>,
    /// What kind of answer it is, see [`super::words`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub type_response: Option<B64>,
    /// Not read by the widget.
    #[serde(
        skip_serializing_if = "Option::is_none",
        deserialize_with = "lenient::number"
    )]
    pub action_id: Option<i64>,
    /// The server's time in milliseconds since 1970; the first `lastPoll`.
    #[serde(
        skip_serializing_if = "Option::is_none",
        deserialize_with = "lenient::number"
    )]
    pub server_time: Option<i64>,
    /// The real bot id: the widget copies it into every frame.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bot_id: Option<B64>,
    /// HTML; `<hr>` begins another bubble.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<B64>,
    /// Does not start a livechat; `true` keeps the widget from announcing a sent file.
    #[serde(
        skip_serializing_if = "Option::is_none",
        deserialize_with = "lenient::flag"
    )]
    pub start_livechat: Option<bool>,
    /// An operator wrote it. Must be exactly `false` for a survey to open.
    #[serde(
        skip_serializing_if = "Option::is_none",
        deserialize_with = "lenient::flag"
    )]
    pub human: Option<bool>,
    /// `false` switches suggestions off while the user types.
    #[serde(
        skip_serializing_if = "Option::is_none",
        deserialize_with = "lenient::flag"
    )]
    pub enable_auto_suggestion: Option<bool>,
    /// Starts or ends queue and livechat, see [`super::words`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub special_action: Option<B64>,
    /// Place in the queue, 1 is next.
    #[serde(
        skip_serializing_if = "Option::is_none",
        deserialize_with = "lenient::number"
    )]
    pub queue_position: Option<i64>,
    /// Expected wait in seconds.
    #[serde(
        skip_serializing_if = "Option::is_none",
        deserialize_with = "lenient::number"
    )]
    pub estimated_waiting_duration: Option<i64>,
    /// The operator's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operator_external_id: Option<B64>,
    /// The operator's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operator_name: Option<B64>,
    /// Words of the vote dialogue.
    #[serde(
        skip_serializing_if = "Option::is_none",
        deserialize_with = "lenient::shape"
    )]
    pub feedback_wording: Option<FeedbackWording>,
    /// `withoutAnswer` shows the vote buttons too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub feedback: Option<B64>,
    /// Which rich template the data are for, see [`super::template`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub template_name: Option<B64>,
    /// JSON text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub template_data: Option<B64>,
    /// A survey's id: opens the survey.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub survey: Option<B64>,
    /// Navigates in the same tab.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url_redirect: Option<B64>,
    /// `javascript:...`, executed by the widget.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gui_action: Option<B64>,
    /// Another consultation space, kept for later requests.
    #[serde(rename = "guiCSName", skip_serializing_if = "Option::is_none")]
    pub gui_cs_name: Option<B64>,
    /// A panel beside the answer.
    #[serde(
        skip_serializing_if = "Option::is_none",
        deserialize_with = "lenient::shape"
    )]
    pub sidebar: Option<Sidebar>,
    /// The next step of an explanation.
    #[serde(
        skip_serializing_if = "Option::is_none",
        deserialize_with = "lenient::shape"
    )]
    pub next_step_response: Option<Box<NextStep>>,
    /// The next `lastPoll`.
    #[serde(
        skip_serializing_if = "Option::is_none",
        deserialize_with = "lenient::number"
    )]
    pub poll_updated_interaction_date: Option<i64>,
    /// Polls only: must be present for the text to be shown as a message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from_detail: Option<B64>,
    /// Notifications: what happened, see [`super::words`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<B64>,
    /// Everything else, as on the wire.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

impl TalkValues {
    /// Reads values.
    ///
    /// # Errors
    /// A text is an object or a list.
    pub fn of(values: &Map<String, Value>) -> Result<Self, serde_json::Error> {
        Self::deserialize(values)
    }

    /// `typeResponse`, empty if absent.
    pub fn type_word(&self) -> &str {
        word(&self.type_response)
    }

    /// `specialAction`, empty if absent.
    pub fn action_word(&self) -> &str {
        word(&self.special_action)
    }

    /// `code`, empty if absent.
    pub fn code_word(&self) -> &str {
        word(&self.code)
    }

    /// `text`, empty if absent.
    pub fn text(&self) -> &str {
        word(&self.text)
    }
}

fn word(field: &Option<B64>) -> &str {
    field.as_ref().map_or("", B64::as_str)
}

/// Words of the vote dialogue. Must never be `null` where feedback is asked for.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct FeedbackWording {
    /// Above the reasons.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub choice_introduction: Option<B64>,
    /// First reason.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub choice0: Option<B64>,
    /// Second reason.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub choice1: Option<B64>,
    /// Third reason.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub choice2: Option<B64>,
    /// Everything else (`commentLabel`, ...), as on the wire.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

/// A panel beside an answer: `docs/protocols/dydu.md#66-sidebar`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Sidebar {
    /// Heading.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<B64>,
    /// HTML.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content: Option<B64>,
    /// A page shown in a frame.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<B64>,
    /// Everything else (`width`, `height`), as on the wire.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

/// A further step of an explanation: `docs/protocols/dydu.md#67-steps`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NextStep {
    /// HTML.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<B64>,
    /// A panel beside it.
    #[serde(
        skip_serializing_if = "Option::is_none",
        deserialize_with = "lenient::shape"
    )]
    pub sidebar: Option<Sidebar>,
    /// The step after it.
    #[serde(
        skip_serializing_if = "Option::is_none",
        deserialize_with = "lenient::shape"
    )]
    pub next_step_response: Option<Box<NextStep>>,
    /// Everything else, as on the wire.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn odd_spellings_do_not_cost_the_answer() {
        let Value::Object(values) = json!({
            "text": "T0s=", "human": "ZmFsc2U=", "knowledgeId": "12", "sidebar": true,
            "queuePosition": 2.0, "survey": 77, "feedbackWording": null, "askFeedback": null,
        }) else {
            unreachable!()
        };
        let read = TalkValues::of(&values).unwrap();
        assert_eq!(read.text(), "OK");
        assert_eq!(read.human, Some(false));
        assert_eq!(read.knowledge_id, Some(12));
        assert_eq!(read.queue_position, Some(2));
        assert_eq!(read.survey, Some("77".into()));
        assert_eq!(
            (read.sidebar, read.feedback_wording, read.ask_feedback),
            (None, None, None)
        );
    }

    #[test]
    fn unknown_fields_survive() {
        let wire = json!({"text": "T0s=", "gender": 1, "x": {"y": ["eg=="]}});
        let read: TalkValues = serde_json::from_value(wire.clone()).unwrap();
        assert_eq!(serde_json::to_value(read).unwrap(), wire);
    }
}
