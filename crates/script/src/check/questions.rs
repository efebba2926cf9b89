//! The questions that are asked most, their tags, and push rules.

use std::collections::BTreeMap;

use switchboard_core::model::push_rule::ConditionKind;

use super::{Checker, listed};
use crate::format::push::{Condition, Push};
use crate::format::{PerLanguage, Tag, TopQuestion};
use crate::locate::At;

impl Checker<'_> {
    pub(super) fn top(&mut self, at: &At<'_>, top: &PerLanguage<Vec<TopQuestion>>) {
        self.languages(at, top);
        let lists = top.each.iter().map(|(key, list)| (key.as_str(), list));
        let any = top.any.iter().map(|list| ("any", list));
        for (key, list) in lists.chain(any) {
            let nested = at.key(key);
            // A list for all languages may be written without a table around it.
            let at = if at.is_list(self.document) {
                at
            } else {
                &nested
            };
            for (index, question) in list.iter().enumerate() {
                self.question(&at.index(index), question);
            }
        }
    }

    fn question(&mut self, at: &At<'_>, question: &TopQuestion) {
        if question.question.trim().is_empty() {
            self.blame(&at.key("question"), "a question says something");
        }
        let tags = at.key("tags");
        for (index, tag) in question.tags.iter().enumerate() {
            self.tag_exists(&tags.index(index), tag);
        }
    }

    pub(super) fn tags(&mut self, at: &At<'_>, tags: &BTreeMap<String, Tag>) {
        for (id, tag) in tags {
            let at = at.key(id);
            let Some(parent) = &tag.parent else { continue };
            let at = at.key("parent");
            self.tag_exists(&at, parent);
            let mut above = Some(parent);
            // A chain that is longer than there are tags has no end.
            for _ in tags {
                above = above.and_then(|above| tags.get(above)?.parent.as_ref());
            }
            if above.is_some() {
                self.blame(&at, format!("`{id}` would be below itself"));
            }
        }
    }

    fn tag_exists(&mut self, at: &At<'_>, tag: &str) {
        if !self.file.tags.contains_key(tag) {
            let known: Vec<&str> = self.file.tags.keys().map(String::as_str).collect();
            self.blame(
                at,
                format!(
                    "there is no tag `{tag}`; add [tags.{tag}], there is {}",
                    listed(&known)
                ),
            );
        }
    }

    pub(super) fn push(&mut self, at: &At<'_>, rules: &[Push]) {
        for (index, rule) in rules.iter().enumerate() {
            let at = at.index(index);
            match (&rule.to, rule.goal) {
                (Some(to), None) => {
                    self.intent_exists(&at.key("to"), to);
                    if !rule.pages.is_empty() {
                        self.blame(&at.key("pages"), "only a goal has pages");
                    }
                    if rule.when.is_empty() {
                        self.blame(&at.key("when"), "say when the intent should speak");
                    }
                    let earlier = rules.get(..index).unwrap_or_default();
                    if earlier
                        .iter()
                        .any(|other| other.id() == rule.id() && other.to != rule.to)
                    {
                        self.blame(&at.key("id"), "another rule with this id leads elsewhere");
                    }
                }
                (None, Some(_)) => {
                    if rule.pages.is_empty() {
                        self.blame(&at.key("pages"), "name at least one page");
                    }
                    if !rule.when.is_empty() || rule.id.is_some() {
                        self.blame(&at.key("goal"), "a goal has `pages` and nothing else");
                    }
                }
                _ => self.blame(
                    &at,
                    "a rule has either `to`, the intent that speaks, or `goal`, a number",
                ),
            }
            self.conditions(&at.key("when"), &rule.when);
        }
    }

    fn conditions(&mut self, at: &At<'_>, conditions: &[Condition]) {
        for (index, condition) in conditions.iter().enumerate() {
            let at = at.index(index);
            self.condition(&at, condition);
            self.conditions(&at.key("children"), &condition.children);
        }
    }

    fn condition(&mut self, at: &At<'_>, condition: &Condition) {
        let number = condition.kind.is_number();
        let value = condition.value.as_deref().map(str::trim);
        if condition.kind == ConditionKind::Container {
            if condition.operator.is_some() || value.is_some() {
                self.blame(at, "a Container compares nothing");
            }
            if condition.children.is_empty() {
                self.blame(&at.key("children"), "a Container has children");
            }
            return;
        }
        match condition.operator {
            None => self.blame(&at.key("operator"), "say how it is compared"),
            Some(operator) if !operator.suits(number) => {
                self.blame(&at.key("operator"), "it does not go with this type");
            }
            Some(_) => {}
        }
        match value {
            None | Some("") => self.blame(&at.key("value"), "say what it is compared with"),
            Some(value) if number && value.parse::<f64>().is_err() => {
                self.blame(&at.key("value"), "it is compared with a number");
            }
            Some(_) => {}
        }
    }
}
