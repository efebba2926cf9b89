//! Push rules in dydu's words: `docs/protocols/dydu.md#33-endpoint-details`, 3.3.23. A widget
//! evaluates them.

use serde::{Deserialize, Serialize};

/// A rule: when an intent should speak first, or which pages are a goal.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Push {
    /// The intent that speaks.
    pub to: Option<String>,
    /// What the widget calls the rule; the intent's id if absent.
    pub id: Option<String>,
    /// When: one of the conditions is enough.
    #[serde(default)]
    pub when: Vec<Condition>,
    /// The number of a goal page.
    pub goal: Option<i64>,
    /// The goal's addresses; `%` at the end stands for any rest.
    #[serde(default)]
    pub pages: Vec<String>,
}

/// A condition of a push rule.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Condition {
    /// What is looked at.
    #[serde(rename = "type")]
    pub kind: Kind,
    /// How it is compared.
    pub operator: Option<Operator>,
    /// With what.
    pub value: Option<String>,
    /// Conditions that must hold, too; one of them is enough.
    #[serde(default)]
    pub children: Vec<Condition>,
}

/// What a condition looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
pub(crate) enum Kind {
    Container,
    CurrentPage,
    PastPage,
    PreviousPage,
    City,
    Country,
    Language,
    UsedKeyWords,
    PageVisitCount,
    PageVisitDuration,
    IdleDuration,
    GlobalVisitCount,
    GlobalVisitDuration,
    PagesViewedCount,
    NumberOfPreviousChat,
    DurationSinceLastVisit,
}

impl Kind {
    /// Whether it is compared with a number.
    pub(crate) fn is_number(self) -> bool {
        !matches!(
            self,
            Self::Container
                | Self::CurrentPage
                | Self::PastPage
                | Self::PreviousPage
                | Self::City
                | Self::Country
                | Self::Language
                | Self::UsedKeyWords
        )
    }
}

/// How a condition compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
pub(crate) enum Operator {
    Equals,
    NotEquals,
    StartsWith,
    DoesNotStartWith,
    Contains,
    IsContained,
    GreaterThan,
    LesserThan,
}

impl Operator {
    /// Whether it compares numbers, or texts.
    pub(crate) fn suits(self, number: bool) -> bool {
        match self {
            Self::Equals | Self::NotEquals => true,
            Self::GreaterThan | Self::LesserThan => number,
            _ => !number,
        }
    }
}

impl Push {
    /// The name that the widget asks with.
    pub(crate) fn id(&self) -> Option<&str> {
        self.id.as_deref().or(self.to.as_deref())
    }
}

#[derive(Serialize)]
#[serde(untagged)]
enum Rule<'a> {
    Speaks {
        #[serde(rename = "kId")]
        id: &'a str,
        conditions: Vec<Placed<'a>>,
    },
    Goal {
        #[serde(rename = "bgpId")]
        goal: i64,
        conditions: Vec<Page<'a>>,
    },
}

/// A condition with its place among its siblings.
#[derive(Serialize)]
struct Placed<'a> {
    #[serde(rename = "type")]
    kind: Kind,
    #[serde(skip_serializing_if = "Option::is_none")]
    operator: Option<Operator>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<&'a str>,
    index: usize,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    children: Vec<Placed<'a>>,
}

#[derive(Serialize)]
struct Page<'a> {
    param_1: &'a str,
}

fn placed(conditions: &[Condition]) -> Vec<Placed<'_>> {
    let each = conditions.iter().enumerate();
    each.map(|(index, condition)| Placed {
        kind: condition.kind,
        operator: condition.operator,
        value: condition.value.as_deref(),
        index,
        children: placed(&condition.children),
    })
    .collect()
}

/// Rules as the JSON text that widgets read.
pub(crate) fn text(rules: &[Push]) -> String {
    let rules: Vec<Rule<'_>> = rules
        .iter()
        .filter_map(|rule| match (rule.id(), rule.goal) {
            (_, Some(goal)) => Some(Rule::Goal {
                goal,
                conditions: rule
                    .pages
                    .iter()
                    .map(|page| Page { param_1: page })
                    .collect(),
            }),
            (Some(id), None) => Some(Rule::Speaks {
                id,
                conditions: placed(&rule.when),
            }),
            (None, None) => None,
        })
        .collect();
    // All keys are strings, so this cannot fail.
    serde_json::to_string(&rules).unwrap_or_default()
}
