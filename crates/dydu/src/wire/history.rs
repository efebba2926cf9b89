//! What was said before: `docs/protocols/dydu.md#33-endpoint-details`, 3.3.9.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::answer::Sidebar;
use super::{B64, lenient};

/// Values of `historyResponse`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct HistoryValues {
    /// The context.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub context_id: Option<B64>,
    /// The context whose history this is; the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dialog: Option<B64>,
    /// Milliseconds since 1970.
    #[serde(
        skip_serializing_if = "Option::is_none",
        deserialize_with = "lenient::number"
    )]
    pub server_time: Option<i64>,
    /// The bot. Not read by the widget.
    #[serde(rename = "botUUID", skip_serializing_if = "Option::is_none")]
    pub bot: Option<B64>,
    /// When the last interaction was. Not read by the widget.
    #[serde(
        skip_serializing_if = "Option::is_none",
        deserialize_with = "lenient::number"
    )]
    pub poll_updated_interaction_date: Option<i64>,
    /// A human is involved. Not read by the widget.
    #[serde(
        skip_serializing_if = "Option::is_none",
        deserialize_with = "lenient::flag"
    )]
    pub livechat_enabled: Option<bool>,
    /// Oldest first.
    pub interactions: Vec<Interaction>,
    /// Everything else, as on the wire.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

/// A sentence of the user and its answer. There is neither `guiAction` nor `urlRedirect`: the
/// widget would execute them again at each reload.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Interaction {
    /// What the user said.
    pub user: B64,
    /// The answer, HTML.
    pub text: B64,
    /// `typeResponse` of the answer.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<B64>,
    /// `true` hides the user's bubble.
    #[serde(
        skip_serializing_if = "Option::is_none",
        deserialize_with = "lenient::flag"
    )]
    pub hide_request: Option<bool>,
    /// Not read by the widget.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<B64>,
    /// `DD/MM/YYYY hh:mm`, not read by the widget.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub date: Option<B64>,
    /// Milliseconds since 1970.
    #[serde(
        skip_serializing_if = "Option::is_none",
        deserialize_with = "lenient::number"
    )]
    pub timestamp: Option<i64>,
    /// The first `lastPoll` after a reload.
    #[serde(
        skip_serializing_if = "Option::is_none",
        deserialize_with = "lenient::number"
    )]
    pub poll_updated_interaction_date: Option<i64>,
    /// As in a talk answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub template_name: Option<B64>,
    /// As in a talk answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub template_data: Option<B64>,
    /// As in a talk answer.
    #[serde(
        skip_serializing_if = "Option::is_none",
        deserialize_with = "lenient::shape"
    )]
    pub sidebar: Option<Sidebar>,
    /// `withoutAnswer` shows the vote buttons again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub feedback: Option<B64>,
    /// The declared spelling of the same, which the widget does not read.
    #[serde(rename = "feedBack", skip_serializing_if = "Option::is_none")]
    pub feed_back: Option<B64>,
    /// The number of the picked reason. Not read by the widget.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub feedback_choice_key: Option<B64>,
    /// The user's own words about the answer. Not read by the widget.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub feedback_comment: Option<B64>,
    /// Where the answer led. Not read by the widget, which would go there with `urlRedirect`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub redirect_url: Option<B64>,
    /// The operator's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operator_external_id: Option<B64>,
    /// The operator's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operator_name: Option<B64>,
    /// Everything else, as on the wire.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}
