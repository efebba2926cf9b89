//! Push rules in dydu's words: `docs/protocols/dydu.md#33-endpoint-details`, 3.3.23. A widget
//! evaluates them.

use serde::Deserialize;
use switchboard_core::model::push_rule::{self, Comparison, ConditionKind, PushRule};

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
    pub kind: ConditionKind,
    /// How it is compared.
    pub operator: Option<Comparison>,
    /// With what.
    pub value: Option<String>,
    /// Conditions that must hold, too; one of them is enough.
    #[serde(default)]
    pub children: Vec<Condition>,
}

impl Push {
    /// The name that the widget asks with.
    pub(crate) fn id(&self) -> Option<&str> {
        self.id.as_deref().or(self.to.as_deref())
    }

    fn to_rule(&self) -> PushRule {
        let page = |page: &String| push_rule::Condition {
            param_1: Some(page.clone()),
            ..push_rule::Condition::default()
        };
        PushRule {
            knowledge: self.id().filter(|_| self.goal.is_none()).map(str::to_owned),
            goal_page: self.goal,
            conditions: match self.goal {
                Some(_) => self.pages.iter().map(page).collect(),
                None => self.when.iter().map(Condition::to_rule).collect(),
            },
        }
    }
}

/// Rules as the JSON text that widgets read.
pub(crate) fn text(rules: &[Push]) -> String {
    let rules: Vec<PushRule> = rules.iter().map(Push::to_rule).collect();
    push_rule::text(&rules)
}

impl Condition {
    fn to_rule(&self) -> push_rule::Condition {
        push_rule::Condition {
            kind: Some(self.kind),
            operator: self.operator,
            value: self.value.clone(),
            children: self.children.iter().map(Self::to_rule).collect(),
            ..push_rule::Condition::default()
        }
    }
}
