//! From what is written in a script to messages of the model.

mod content;
mod option;

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::Value;
use switchboard_core::model::{ConversationId, Profile, RichText};

use crate::bot::Bot;
use crate::format::{Operator, Words};
use crate::template::{Setting, Template};

pub(crate) use content::Rendered;

/// Everything that the words of an answer depend on.
#[derive(Clone, Copy)]
pub(crate) struct Scope<'a> {
    /// The script.
    pub bot: &'a Bot,
    /// The language to speak.
    pub language: &'a str,
    /// What is known of the user.
    pub profile: &'a Profile,
    /// Stands for the user where no user id is known.
    pub conversation: ConversationId,
    /// What the user said earlier: captures, answers, form values.
    pub variables: &'a BTreeMap<String, String>,
    /// Who takes over or has taken over.
    pub operator: Option<&'a Operator>,
    /// The operator, not the bot, says it.
    pub operator_speaks: bool,
    /// The intent whose question is asked, and the variable that receives the answer.
    pub asking: Option<(&'a str, &'a str)>,
}

impl<'a> Scope<'a> {
    /// Markdown in the user's language.
    pub(crate) fn rich(&self, words: &Words) -> RichText {
        RichText::markdown(self.say(words, Setting::Markdown))
    }

    /// Plain words in the user's language.
    pub(crate) fn plain(&self, words: &Words) -> String {
        self.say(words, Setting::Plain)
    }

    fn maybe_plain(&self, words: Option<&Words>) -> Option<String> {
        words.map(|words| self.plain(words))
    }

    /// Words in the user's language, or in the default one where it has none.
    pub(crate) fn say(&self, words: &Words, setting: Setting) -> String {
        words
            .get(self.language, self.bot.default_language())
            .map(|template| self.fill(template, setting))
            .unwrap_or_default()
    }

    /// A template with what is known.
    pub(crate) fn fill(&self, template: &Template, setting: Setting) -> String {
        template.fill(setting, |name| self.lookup(name))
    }

    /// The value of a variable. What the engine itself knows cannot be hidden by a user's answer.
    fn lookup(&self, name: &str) -> Option<Cow<'a, str>> {
        let profile = self.profile;
        let known = match name {
            "bot" => Some(self.bot.file().name.as_str()),
            "language" => Some(self.language),
            "locale" => return Some(profile.locales.effective().unwrap_or(self.language).into()),
            "user_id" => {
                return Some(
                    profile
                        .user_id
                        .as_deref()
                        .map_or_else(|| Cow::Owned(self.conversation.to_string()), Cow::Borrowed),
                );
            }
            "operator" => self.operator.map(|operator| operator.name.as_str()),
            "variables" => return Some(pairs(text_pairs(&profile.variables))),
            "metadata" => return Some(pairs(text_pairs(&profile.metadata))),
            "attributes" => {
                return Some(pairs(
                    profile
                        .attributes
                        .iter()
                        .map(|(name, value)| (name.as_str(), value_text(value))),
                ));
            }
            "tags" => return Some(profile.tags.join(", ").into()),
            "page_url" => profile.page_url.as_deref(),
            "browser" => profile.browser.as_deref(),
            "os" => profile.os.as_deref(),
            "timezone" => profile.timezone.as_deref(),
            "country" => profile.country.as_deref(),
            "space" => profile.space.as_deref(),
            "app" => profile.app.as_deref(),
            "scenario" => profile.scenario.as_deref(),
            _ => return self.lookup_given(name),
        };
        known.map(Cow::Borrowed)
    }

    /// What the user or the site has given: `name` wherever it is, or `variables.name`,
    /// `metadata.name`, `attributes.name`.
    fn lookup_given(&self, name: &str) -> Option<Cow<'a, str>> {
        let profile = self.profile;
        if let Some(value) = self.variables.get(name) {
            return Some(value.into());
        }
        let (of, key) = name.split_once('.').unwrap_or(("", name));
        let all = of.is_empty();
        if (all || of == "variables")
            && let Some(value) = profile.variables.get(key)
        {
            return Some(value.into());
        }
        if (all || of == "attributes")
            && let Some(value) = profile.attributes.get(key)
        {
            return Some(value_text(value));
        }
        if all || of == "metadata" {
            return profile.metadata.get(key).map(Cow::from);
        }
        None
    }
}

fn text_pairs(map: &BTreeMap<String, String>) -> impl Iterator<Item = (&str, Cow<'_, str>)> {
    map.iter()
        .map(|(name, value)| (name.as_str(), Cow::Borrowed(value.as_str())))
}

/// `a: 1, b: 2`
pub(crate) fn pairs<'p>(pairs: impl Iterator<Item = (&'p str, Cow<'p, str>)>) -> Cow<'static, str> {
    let pairs: Vec<String> = pairs
        .map(|(name, value)| format!("{name}: {value}"))
        .collect();
    Cow::Owned(pairs.join(", "))
}

fn value_text(value: &Value) -> Cow<'_, str> {
    match value {
        Value::String(text) => Cow::Borrowed(text),
        other => Cow::Owned(other.to_string()),
    }
}
