//! Most asked questions and suggestions: `docs/protocols/dydu.md#33-endpoint-details`, 3.3.10 and
//! 3.3.14.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use switchboard_core::Fault;

use super::envelope::Envelope;
use super::{B64, Params};

/// The period to count questions over: `docs/protocols/dydu.md#4-parameter-dictionary`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Period {
    /// Since midnight.
    Today,
    /// The day before.
    Yesterday,
    /// A week.
    Last7Days,
    /// Since the first of the month.
    CurrentMonth,
    /// The month before.
    LastMonth,
    /// What the vendor's widget asks for.
    #[default]
    Last30Days,
    /// Three months.
    Last3Months,
    /// Half a year.
    Last6Months,
    /// A year.
    Last12Months,
}

impl Period {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Today,
        Self::Yesterday,
        Self::Last7Days,
        Self::CurrentMonth,
        Self::LastMonth,
        Self::Last30Days,
        Self::Last3Months,
        Self::Last6Months,
        Self::Last12Months,
    ];

    /// Reads a word; its case does not matter.
    pub fn of(word: &str) -> Option<Self> {
        let word = word.trim();
        let mut all = Self::ALL.into_iter();
        all.find(|period| period.as_str().eq_ignore_ascii_case(word))
    }

    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Today => "Today",
            Self::Yesterday => "Yesterday",
            Self::Last7Days => "Last7Days",
            Self::CurrentMonth => "CurrentMonth",
            Self::LastMonth => "LastMonth",
            Self::Last30Days => "Last30Days",
            Self::Last3Months => "Last3Months",
            Self::Last6Months => "Last6Months",
            Self::Last12Months => "Last12Months",
        }
    }
}

/// A request for the most asked questions. Bot, `solutionUsed` and what every request tells of
/// the user are not part of it when it is read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TopKnowledgeRequest {
    /// ISO code.
    pub language: Option<String>,
    /// How many at the most.
    pub max: Option<u32>,
    /// The period to count over.
    pub period: Option<Period>,
    /// Consultation space.
    pub space: Option<String>,
    /// Unpublished knowledge, too.
    pub qualification: Option<bool>,
    /// Tag name or id.
    pub tag: Option<String>,
    /// Those with a tag below it, too.
    pub include_tag_children: Option<bool>,
    /// Not those of the linked gallery.
    pub exclude_gallery_content: Option<bool>,
    /// Not those that an editor picked.
    pub ignore_manual: Option<bool>,
}

impl TopKnowledgeRequest {
    /// Reads a request. A value that a parameter cannot have is taken as absent: the widget does
    /// not open without an answer, whatever its page has configured.
    pub fn of(params: &Params<'_>) -> Self {
        let text = |name: &str| params.word(name).map(str::to_owned);
        let max = params.number("maxKnowledge");
        Self {
            language: text("language"),
            max: max.and_then(|max| u32::try_from(max).ok()),
            period: params.word("period").and_then(Period::of),
            space: text("space"),
            qualification: params.flag("qualificationMode"),
            tag: text("tag"),
            include_tag_children: params.flag("includeTagChildren"),
            exclude_gallery_content: params.flag("excludeGalleryContent"),
            ignore_manual: params.flag("ignoreManualTopKnowledge"),
        }
    }

    /// The form body of a REST request.
    pub fn to_params(&self) -> Params<'_> {
        let mut params = Params::new();
        params.push_given("language", self.language.as_deref());
        params.push_given("maxKnowledge", self.max.map(|max| max.to_string()));
        params.push_given("period", self.period.map(Period::as_str));
        params.push_given("space", self.space.as_deref());
        params.push("solutionUsed", "ASSISTANT");
        params.push_flag("qualificationMode", self.qualification);
        params.push_given("tag", self.tag.as_deref());
        params.push_flag("includeTagChildren", self.include_tag_children);
        let exclude = self.exclude_gallery_content;
        params.push_flag("excludeGalleryContent", exclude);
        params.push_flag("ignoreManualTopKnowledge", self.ignore_manual);
        params
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

/// A request for suggestions while the user types.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SearchRequest {
    /// ISO code.
    pub language: Option<String>,
    /// What has been typed so far.
    pub search: String,
    /// Consultation space.
    pub space: Option<String>,
    /// Only what can be asked in the words that are suggested. The widget says `true`.
    pub only_rewordables: Option<bool>,
    /// In the bot's other personalities, too.
    pub in_personalities: Option<bool>,
}

impl SearchRequest {
    /// Reads a request.
    ///
    /// # Errors
    /// `search` is missing.
    pub fn of(params: &Params<'_>) -> Result<Self, Fault> {
        // What is typed may be the word `null`, or nothing any more.
        let search = params.get("search");
        let search = search.ok_or_else(|| Fault::bad_field("search", "missing"))?;
        let text = |name: &str| params.word(name).map(str::to_owned);
        Ok(Self {
            language: text("language"),
            search: search.to_owned(),
            space: text("space"),
            only_rewordables: params.flag("onlyShowRewordables"),
            in_personalities: params.flag("searchInPersonalities"),
        })
    }

    /// The form body of a REST request, in the widget's order.
    pub fn to_params(&self) -> Params<'_> {
        let mut params = Params::new();
        params.push_given("language", self.language.as_deref());
        params.push("search", self.search.as_str());
        params.push_given("space", self.space.as_deref());
        params.push_flag("onlyShowRewordables", self.only_rewordables);
        params.push_flag("searchInPersonalities", self.in_personalities);
        params
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

/// A suggestion in a bare list, where nothing is base64.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct PlainSuggestion {
    #[serde(default)]
    root_condition_reword: String,
}

/// The sentences of an answer: an envelope with a base64 list, or a bare list of plain ones. The
/// widget takes both, and which of them a real server sends is unknown. None for anything else.
pub fn suggestions(body: &[u8]) -> Vec<String> {
    let enveloped = |body| {
        let answer = serde_json::from_slice::<Envelope<'_, Vec<Suggestion>>>(body).ok()?;
        let each = answer.values.into_iter();
        Some(
            each.map(|suggestion| suggestion.root_condition_reword.0)
                .collect(),
        )
    };
    let bare = |body| {
        let list = serde_json::from_slice::<Vec<PlainSuggestion>>(body).ok()?;
        let each = list.into_iter();
        Some(
            each.map(|suggestion| suggestion.root_condition_reword)
                .collect(),
        )
    };
    let mut sentences: Vec<String> = bare(body).or_else(|| enveloped(body)).unwrap_or_default();
    sentences.retain(|sentence| !sentence.trim().is_empty());
    sentences
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn top(form: &str) -> TopKnowledgeRequest {
        TopKnowledgeRequest::of(&Params::form(form.as_bytes()))
    }

    #[test]
    fn every_parameter_of_top_knowledge_is_read() {
        let all = top(
            "language=en&maxKnowledge=3&period=last7days&space=Shop&solutionUsed=ASSISTANT\
             &qualificationMode=true&tag=6671&includeTagChildren=true\
             &excludeGalleryContent=false&ignoreManualTopKnowledge=TRUE",
        );
        let expected = TopKnowledgeRequest {
            language: Some("en".into()),
            max: Some(3),
            period: Some(Period::Last7Days),
            space: Some("Shop".into()),
            qualification: Some(true),
            tag: Some("6671".into()),
            include_tag_children: Some(true),
            exclude_gallery_content: Some(false),
            ignore_manual: Some(true),
        };
        assert_eq!(all, expected.clone());
        assert_eq!(TopKnowledgeRequest::of(&expected.to_params()), expected);
        assert_eq!(top("period=&tag=null&maxKnowledge=undefined"), top(""));
    }

    #[test]
    fn a_wrong_value_is_taken_as_absent() {
        for form in [
            "period=Fortnight",
            "maxKnowledge=-1",
            "maxKnowledge=some",
            "qualificationMode=1",
            "includeTagChildren=maybe",
            "excludeGalleryContent=x",
            "ignoreManualTopKnowledge=x",
        ] {
            assert_eq!(top(form), TopKnowledgeRequest::default(), "{form}");
        }
    }

    #[test]
    fn every_period_has_its_word() {
        for period in Period::ALL {
            assert_eq!(Period::of(period.as_str()), Some(period));
        }
        assert_eq!(Period::of("Last 7 Days"), None);
    }

    #[test]
    fn both_forms_of_suggestions_are_read() {
        let read = |body: &str| suggestions(body.as_bytes());
        let enveloped = r#"{"type":"x","more":1,"values":[
            {"rootConditionReword":"T3BlbmluZyBob3Vycw==","id":7},{"id":8},
            {"rootConditionReword":""}]}"#;
        assert_eq!(read(enveloped), ["Opening hours"]);
        // `OK` and `open` happen to be base64.
        let bare = r#"[{"rootConditionReword":"open","x":{}},{"rootConditionReword":"OK"}]"#;
        assert_eq!(read(bare), ["open", "OK"]);
        let none: [&str; 0] = [];
        for body in ["{}", "[]", "", "null", r#"{"values":{}}"#, r#"["x"]"#] {
            assert_eq!(read(body), none, "{body}");
        }
    }

    proptest! {
        #[test]
        fn search_round_trip(search in "\\PC*", flag in prop::option::of(any::<bool>())) {
            let request = SearchRequest {
                language: Some("en".into()),
                search,
                space: Some("Defaut".into()),
                only_rewordables: flag,
                in_personalities: flag,
            };
            let form = request.to_params().to_form();
            let again = SearchRequest::of(&Params::form(form.as_bytes()));
            prop_assert_eq!(again, Ok(request));
        }
    }
}
