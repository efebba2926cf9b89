//! Most asked questions and suggestions: `docs/protocols/dydu.md#33-endpoint-details`, 3.3.10 and
//! 3.3.14.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{B64, Params};

/// A request for the most asked questions.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TopKnowledgeRequest {
    /// How many at the most.
    pub max: Option<u32>,
    /// The period to count over, such as `Last30Days`.
    pub period: Option<String>,
    /// Tag name or id.
    pub tag: Option<String>,
}

impl TopKnowledgeRequest {
    /// Reads a request.
    pub fn of(params: &Params<'_>) -> Self {
        Self {
            max: params
                .number("maxKnowledge")
                .and_then(|max| u32::try_from(max).ok()),
            period: params.word("period").map(str::to_owned),
            tag: params.word("tag").map(str::to_owned),
        }
    }
}

/// Values of `topKnowledgeResponse`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct TopKnowledgeValues {
    /// JSON text of a list of [`Article`]s, or of a single one.
    pub knowledge_articles: B64,
    /// Everything else, as on the wire.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

/// One knowledge; strings are plain here.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Article {
    /// The question to show and to ask.
    #[serde(default)]
    pub reword: String,
}

impl TopKnowledgeValues {
    /// From questions.
    pub fn of(questions: &[String]) -> Self {
        let articles: Vec<Article> = questions
            .iter()
            .map(|reword| Article {
                reword: reword.clone(),
            })
            .collect();
        Self {
            // All keys are strings, so this cannot fail.
            knowledge_articles: serde_json::to_string(&articles).unwrap_or_default().into(),
            rest: Map::new(),
        }
    }

    /// The questions; none if the text is no JSON.
    pub fn questions(&self) -> Vec<String> {
        let text = self.knowledge_articles.as_str();
        let articles = serde_json::from_str::<Vec<Article>>(text)
            .or_else(|_| serde_json::from_str::<Article>(text).map(|article| vec![article]))
            .unwrap_or_default();
        articles
            .into_iter()
            .map(|article| article.reword)
            .filter(|reword| !reword.is_empty())
            .collect()
    }
}

/// A suggestion while the user types.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Suggestion {
    /// The sentence.
    #[serde(default)]
    pub root_condition_reword: B64,
    /// Everything else, as on the wire.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}
