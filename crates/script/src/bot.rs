use std::collections::HashMap;

use toml::de::DeTable;

use crate::check::check;
use crate::error::{Mistake, ScriptError};
use crate::format::{Intent, Operator, PerLanguage, ScriptFile, push};
use crate::locate::{At, line_and_column};
use crate::matching::{Matcher, Spoken, Tongue};

/// A script that has been read and checked.
#[derive(Debug)]
pub struct Bot {
    file: ScriptFile,
    /// The intents' ids in the order of the file.
    order: Vec<String>,
    matcher: Matcher,
    /// Every language, by its place in the list; never empty.
    languages: HashMap<String, usize>,
}

impl Bot {
    /// Reads a script.
    ///
    /// # Errors
    /// The text is no TOML, a key is unknown, missing or wrong, or names do not fit together.
    pub fn parse(text: &str) -> Result<Self, ScriptError> {
        let syntax = |error: &toml::de::Error, key: String| {
            let (line, column) = line_and_column(text, error.span().map_or(0, |span| span.start));
            ScriptError {
                mistakes: vec![Mistake {
                    line,
                    column,
                    key,
                    message: error.message().to_owned(),
                }],
            }
        };
        let document = DeTable::parse(text).map_err(|error| syntax(&error, String::new()))?;
        let file: ScriptFile = serde_path_to_error::deserialize(toml::Deserializer::from(
            document.clone(),
        ))
        .map_err(|error| {
            let key = error.path().to_string();
            let key = if key == "." { String::new() } else { key };
            syntax(error.inner(), key)
        })?;
        let mistakes = check(&file, text, &document);
        if !mistakes.is_empty() {
            return Err(ScriptError { mistakes });
        }

        let intents = At::ROOT;
        let intents = intents.key("intents");
        let mut order: Vec<String> = file.intents.keys().cloned().collect();
        order.sort_by_key(|id| intents.key(id).span(&document).start);
        let languages: HashMap<String, usize> = file
            .languages
            .iter()
            .enumerate()
            .map(|(place, language)| (language.clone(), place))
            .collect();
        let mut matcher = Matcher::default();
        for (place, id) in order.iter().enumerate() {
            let Some(intent) = file.intents.get(id) else {
                continue;
            };
            for (tongue, words) in by_tongue(&intent.keywords, &languages) {
                for word in words {
                    matcher.add_keyword(place, word, tongue.clone());
                }
            }
            for (tongue, patterns) in by_tongue(&intent.patterns, &languages) {
                for pattern in patterns {
                    matcher.add_pattern(place, pattern.0.clone(), tongue.clone());
                }
            }
        }
        Ok(Self {
            file,
            order,
            matcher,
            languages,
        })
    }

    /// The languages that the bot speaks, the default one first.
    pub fn languages(&self) -> &[String] {
        &self.file.languages
    }

    /// The ids of the intents, in the order of the file.
    pub fn intents(&self) -> &[String] {
        &self.order
    }

    pub(crate) fn file(&self) -> &ScriptFile {
        &self.file
    }

    /// The push rules as the JSON text that widgets read, if there are any.
    pub(crate) fn push_rules(&self) -> Option<String> {
        (!self.file.push.is_empty()).then(|| push::text(&self.file.push))
    }

    /// The intent that a push rule lets speak. A rule that somebody else wrote may name one.
    pub(crate) fn pushed(&self, id: &str) -> Option<&str> {
        let rules = self.file.push.iter();
        let own = rules.filter(|rule| rule.id() == Some(id));
        let own = own.filter_map(|rule| rule.to.as_deref()).next();
        own.or_else(|| Some(self.file.intents.get_key_value(id)?.0.as_str()))
    }

    /// Whether a tag is what is asked for, by its id or its name.
    pub(crate) fn is_tag(&self, id: &str, asked: &Spoken) -> bool {
        let name = self.file.tags.get(id).and_then(|tag| tag.name.as_deref());
        Spoken::new(id) == *asked || name.is_some_and(|name| Spoken::new(name) == *asked)
    }

    /// Whether a tag is below the one that is asked for. The script was checked, so this ends.
    pub(crate) fn is_below(&self, id: &str, asked: &Spoken) -> bool {
        let parent = self.file.tags.get(id).and_then(|tag| tag.parent.as_deref());
        parent.is_some_and(|parent| self.is_tag(parent, asked) || self.is_below(parent, asked))
    }

    pub(crate) fn matcher(&self) -> &Matcher {
        &self.matcher
    }

    pub(crate) fn intent(&self, id: &str) -> Option<&Intent> {
        self.file.intents.get(id)
    }

    pub(crate) fn operator(&self, id: &str) -> Option<&Operator> {
        self.file.operators.get(id)
    }

    /// The language to speak where no other is asked for.
    pub(crate) fn default_language(&self) -> &str {
        self.file.languages.first().map_or("", String::as_str)
    }

    /// The place of a language in the script's list.
    pub(crate) fn language_place(&self, language: &str) -> usize {
        self.languages.get(language).copied().unwrap_or(0)
    }

    /// The script's language for a BCP 47 tag: the tag itself, or its language alone.
    pub(crate) fn language_for(&self, tag: &str) -> Option<&str> {
        let languages = &self.file.languages;
        let of = |wanted: &str| {
            languages
                .iter()
                .find(|language| language.eq_ignore_ascii_case(wanted))
                .map(String::as_str)
        };
        of(tag).or_else(|| of(tag.split(['-', '_']).next().unwrap_or(tag)))
    }
}

fn by_tongue<'f, T>(
    lists: &'f PerLanguage<Vec<T>>,
    languages: &HashMap<String, usize>,
) -> Vec<(Tongue, &'f [T])> {
    let any = lists.any.iter().map(|list| (Tongue::Any, list.as_slice()));
    let each = lists.each.iter().filter_map(|(language, list)| {
        let place = languages.get(language).copied()?;
        Some((Tongue::Only(vec![place]), list.as_slice()))
    });
    any.chain(each).collect()
}
