//! Push rules: when the page should speak first. `docs/protocols/dydu.md#33-endpoint-details`,
//! 3.3.23. The widget evaluates them; only dydu's does, so they are in its words everywhere.

use serde::{Deserialize, Serialize};

/// A rule: either a knowledge to push, or a goal page to count.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct PushRule {
    /// The knowledge that the widget asks for with `_pushcondition_:<kId>`.
    #[serde(rename = "kId", default, skip_serializing_if = "Option::is_none")]
    pub knowledge: Option<String>,
    /// The goal page that the widget reports with `_goalpage_:<bgpId>`.
    #[serde(rename = "bgpId", default, skip_serializing_if = "Option::is_none")]
    pub goal_page: Option<i64>,
    /// When: one of them is enough.
    pub conditions: Vec<Condition>,
}

/// A condition. Nested ones must hold, too; of several siblings one is enough.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Condition {
    /// What is looked at.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<ConditionKind>,
    /// How it is compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operator: Option<Comparison>,
    /// With what; numbers are texts, too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// Its place among its siblings, from 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub index: Option<u32>,
    /// Conditions that must hold beside it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub children: Vec<Condition>,
    /// The address of a goal page; `%` at its end stands for any rest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub param_1: Option<String>,
}

/// What a condition looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
pub enum ConditionKind {
    /// Nothing itself: holds its children together.
    Container,
    /// Address of the page.
    CurrentPage,
    /// Address of a page seen before.
    PastPage,
    /// How often this page was seen.
    PageVisitCount,
    /// How long this page has been open.
    PageVisitDuration,
    /// How long nothing has been done.
    IdleDuration,
    /// How often the site was visited.
    GlobalVisitCount,
    /// How long the site has been visited.
    GlobalVisitDuration,
    /// Address of the page before.
    PreviousPage,
    /// How many pages were seen.
    PagesViewedCount,
    /// Where the user is.
    City,
    /// Where the user is.
    Country,
    /// What the user speaks.
    Language,
    /// How many dialogs the user had.
    NumberOfPreviousChat,
    /// What the user searched for.
    UsedKeyWords,
    /// How long ago the user was here.
    DurationSinceLastVisit,
}

impl ConditionKind {
    /// Whether it is a number. Which operators go with which type is told nowhere, but a count
    /// cannot start with anything.
    pub const fn is_number(self) -> bool {
        matches!(
            self,
            Self::PageVisitCount
                | Self::PageVisitDuration
                | Self::IdleDuration
                | Self::GlobalVisitCount
                | Self::GlobalVisitDuration
                | Self::PagesViewedCount
                | Self::NumberOfPreviousChat
                | Self::DurationSinceLastVisit
        )
    }
}

/// How a condition compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
pub enum Comparison {
    /// The same.
    Equals,
    /// Another.
    NotEquals,
    /// Texts only.
    StartsWith,
    /// Texts only.
    DoesNotStartWith,
    /// Texts only.
    Contains,
    /// Texts only.
    IsContained,
    /// Numbers only.
    GreaterThan,
    /// Numbers only.
    LesserThan,
}

impl Comparison {
    /// Whether it compares numbers or texts.
    pub const fn suits(self, number: bool) -> bool {
        match self {
            Self::Equals | Self::NotEquals => true,
            Self::GreaterThan | Self::LesserThan => number,
            Self::StartsWith | Self::DoesNotStartWith | Self::Contains | Self::IsContained => {
                !number
            }
        }
    }
}

/// What is wrong with a rule: the key within it, and why.
pub type Mistake = (String, &'static str);

impl PushRule {
    /// Checks what the types do not.
    ///
    /// # Errors
    /// Names the first key that does not fit.
    pub fn check(&self) -> Result<(), Mistake> {
        let is_goal = match (&self.knowledge, self.goal_page) {
            (Some(id), None) if id.trim().is_empty() => {
                return Err(("kId".to_owned(), "a knowledge id is not empty"));
            }
            (Some(_), None) => false,
            (None, Some(_)) => true,
            _ => {
                return Err((
                    "kId".to_owned(),
                    "a rule has either a kId (a knowledge to push) or a bgpId (a goal page)",
                ));
            }
        };
        if self.conditions.is_empty() {
            return Err(("conditions".to_owned(), "a rule has at least one condition"));
        }
        for (index, condition) in self.conditions.iter().enumerate() {
            let at = format!("conditions[{index}]");
            if is_goal {
                condition.check_goal(&at)?;
            } else {
                condition.check(&at)?;
            }
        }
        Ok(())
    }
}

impl Condition {
    fn check_goal(&self, at: &str) -> Result<(), Mistake> {
        let address = self.param_1.as_deref().unwrap_or_default();
        let only = Self {
            param_1: self.param_1.clone(),
            ..Self::default()
        };
        if address.trim().is_empty() || *self != only {
            let why = "a condition of a goal page has param_1, its address, and nothing else";
            return Err((format!("{at}.param_1"), why));
        }
        Ok(())
    }

    fn check(&self, at: &str) -> Result<(), Mistake> {
        let wrong = |key: &str, why| Err((format!("{at}.{key}"), why));
        let Some(kind) = self.kind else {
            return wrong("type", "a condition says what it looks at");
        };
        if self.param_1.is_some() {
            return wrong("param_1", "only goal pages have one");
        }
        if kind == ConditionKind::Container {
            if self.operator.is_some() || self.value.is_some() {
                return wrong("operator", "a Container compares nothing");
            }
            if self.children.is_empty() {
                return wrong("children", "a Container has children");
            }
        } else {
            match self.operator {
                None => return wrong("operator", "a condition says how it compares"),
                Some(operator) if !operator.suits(kind.is_number()) => {
                    return wrong("operator", "does not go with this type");
                }
                Some(_) => {}
            }
            let value = self.value.as_deref().unwrap_or_default().trim();
            if value.is_empty() {
                return wrong("value", "a condition says what it compares with");
            }
            if kind.is_number() && value.parse::<f64>().is_err() {
                return wrong("value", "this type is compared with a number");
            }
        }
        for (index, child) in self.children.iter().enumerate() {
            child.check(&format!("{at}.children[{index}]"))?;
        }
        Ok(())
    }

    /// Gives each condition that has none its place.
    fn number(conditions: &mut [Self]) {
        for (index, condition) in (0..).zip(conditions) {
            if condition.kind.is_some() {
                condition.index.get_or_insert(index);
            }
            Self::number(&mut condition.children);
        }
    }
}

/// Rules as the JSON text that travels.
pub fn text(rules: &[PushRule]) -> String {
    let mut rules = rules.to_vec();
    for rule in &mut rules {
        Condition::number(&mut rule.conditions);
    }
    // All keys are strings, so this cannot fail.
    serde_json::to_string(&rules).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn rule(value: Value) -> PushRule {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn rules_are_written_with_their_places() {
        let rules = [
            rule(json!({"kId": "42", "conditions": [
                {"type": "Container", "children": [
                    {"type": "CurrentPage", "operator": "Contains", "value": "/help"},
                    {"type": "IdleDuration", "operator": "GreaterThan", "value": "30", "index": 7},
                ]},
            ]})),
            rule(json!({"bgpId": 7, "conditions": [{"param_1": "https://x.example/thanks%"}]})),
        ];
        for rule in &rules {
            assert_eq!(rule.check(), Ok(()));
        }
        let expected = json!([
            {"kId": "42", "conditions": [{"type": "Container", "index": 0, "children": [
                {"type": "CurrentPage", "operator": "Contains", "value": "/help", "index": 0},
                {"type": "IdleDuration", "operator": "GreaterThan", "value": "30", "index": 7},
            ]}]},
            {"bgpId": 7, "conditions": [{"param_1": "https://x.example/thanks%"}]},
        ]);
        let written: Value = serde_json::from_str(&text(&rules)).unwrap();
        assert_eq!(written, expected);
    }

    #[test]
    fn mistakes_are_named() {
        let page = json!({"type": "CurrentPage", "operator": "Equals", "value": "x"});
        for (wrong, path) in [
            (json!({"conditions": [page]}), "kId"),
            (json!({"kId": "1", "bgpId": 1, "conditions": [page]}), "kId"),
            (json!({"kId": " ", "conditions": [page]}), "kId"),
            (json!({"kId": "1", "conditions": []}), "conditions"),
            (
                json!({"kId": "1", "conditions": [{}]}),
                "conditions[0].type",
            ),
            (
                json!({"kId": "1", "conditions": [{"param_1": "x", "type": "City"}]}),
                "conditions[0].param_1",
            ),
            (
                json!({"kId": "1", "conditions": [{"type": "City", "value": "x"}]}),
                "conditions[0].operator",
            ),
            (
                json!({"kId": "1", "conditions": [
                    {"type": "City", "operator": "GreaterThan", "value": "1"}]}),
                "conditions[0].operator",
            ),
            (
                json!({"kId": "1", "conditions": [{"type": "City", "operator": "Equals"}]}),
                "conditions[0].value",
            ),
            (
                json!({"kId": "1", "conditions": [
                    {"type": "IdleDuration", "operator": "Equals", "value": "long"}]}),
                "conditions[0].value",
            ),
            (
                json!({"kId": "1", "conditions": [{"type": "Container"}]}),
                "conditions[0].children",
            ),
            (
                json!({"kId": "1", "conditions": [page, {"type": "Container", "children": [{}]}]}),
                "conditions[1].children[0].type",
            ),
            (
                json!({"bgpId": 1, "conditions": [page]}),
                "conditions[0].param_1",
            ),
        ] {
            let mistake = rule(wrong.clone()).check().unwrap_err();
            assert_eq!(mistake.0, path, "{wrong}");
        }
        for unknown in [
            json!({"kId": "1", "conditions": [{"type": "Weather"}]}),
            json!({"kId": "1", "conditions": [{"operator": "Resembles"}]}),
            json!({"kId": "1", "conditions": [], "when": 1}),
        ] {
            assert!(serde_json::from_value::<PushRule>(unknown).is_err());
        }
    }
}
