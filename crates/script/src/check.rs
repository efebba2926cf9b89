//! What only the whole script can tell: whether the languages and the names fit together.

mod content;
mod questions;

use toml::Spanned;
use toml::de::DeTable;

use crate::error::Mistake;
use crate::format::{Intent, Operator, PerLanguage, ScriptFile, WordList};
use crate::locate::{At, line_and_column};
use crate::matching::Spoken;

/// Everything that is wrong with a script, in the order of the file.
pub(crate) fn check(
    file: &ScriptFile,
    text: &str,
    document: &Spanned<DeTable<'_>>,
) -> Vec<Mistake> {
    let mut checker = Checker {
        file,
        text,
        document,
        mistakes: Vec::new(),
    };
    checker.script();
    checker
        .mistakes
        .sort_by_key(|mistake| (mistake.line, mistake.column));
    checker.mistakes
}

struct Checker<'a> {
    file: &'a ScriptFile,
    text: &'a str,
    document: &'a Spanned<DeTable<'a>>,
    mistakes: Vec<Mistake>,
}

/// The question that an item belongs to: its answer has somewhere to go by itself.
#[derive(Clone, Copy)]
enum Role {
    Answer,
    Question,
}

impl Checker<'_> {
    fn script(&mut self) {
        let file = self.file;
        let root = At::ROOT;
        let languages = root.key("languages");
        if file.languages.is_empty() {
            self.blame(&languages, "name at least one language, such as \"en\"");
        }
        for (index, language) in file.languages.iter().enumerate() {
            let earlier = file.languages.get(..index).unwrap_or_default();
            if language.trim().is_empty() || language == "any" || earlier.contains(language) {
                self.blame(
                    &languages.index(index),
                    format!("`{language}` is no language, or stands here twice"),
                );
            }
        }
        self.intent_exists(&root.key("greeting"), &file.greeting);
        self.intent_exists(&root.key("unknown"), &file.unknown);
        self.maybe_intent(&root.key("file"), file.file.as_deref());
        let feedback = root.key("feedback");
        self.maybe_intent(&feedback.key("positive"), file.feedback.positive.as_deref());
        self.maybe_intent(&feedback.key("negative"), file.feedback.negative.as_deref());
        self.maybe_intent(&feedback.key("comment"), file.feedback.comment.as_deref());
        self.top(&root.key("top"), &file.top);
        self.tags(&root.key("tags"), &file.tags);
        self.push(&root.key("push"), &file.push);
        let operators = root.key("operators");
        for (id, operator) in &file.operators {
            self.operator(&operators.key(id), operator);
        }
        let intents = root.key("intents");
        for (id, intent) in &file.intents {
            self.intent(&intents.key(id), id, intent);
        }
    }

    fn intent(&mut self, at: &At<'_>, id: &str, intent: &Intent) {
        if id.trim().is_empty() || id.contains('~') {
            self.blame(at, "the id of an intent is not empty and has no `~`");
        }
        if let Some(label) = &intent.label {
            self.words(&at.key("label"), label);
        }
        self.keywords(&at.key("keywords"), &intent.keywords);
        self.languages(&at.key("patterns"), &intent.patterns);
        let asks = at.key("ask");
        for (index, ask) in intent.ask.iter().enumerate() {
            let at = asks.index(index);
            let earlier = intent.ask.get(..index).unwrap_or_default();
            if ask.name.trim().is_empty() || earlier.iter().any(|other| other.name == ask.name) {
                self.blame(
                    &at.key("name"),
                    "each question of an intent has a name of its own",
                );
            }
            if ask.question.is_empty() {
                self.blame(&at.key("question"), "a question says something");
            }
            if ask.tries == 0 {
                self.blame(&at.key("tries"), "there is at least one try");
            }
            self.answer(&at.key("question"), &ask.question, Role::Question);
            if let Some(again) = &ask.again {
                self.answer(&at.key("again"), again, Role::Question);
            }
        }
        self.answer(&at.key("answer"), &intent.answer, Role::Answer);
        if let Some(language) = &intent.language
            && !self.file.languages.contains(language)
        {
            self.unknown_language(&at.key("language"), language);
        }
        if let Some(operator) = &intent.handover
            && !self.file.operators.contains_key(operator)
        {
            let known: Vec<&str> = self.file.operators.keys().map(String::as_str).collect();
            self.blame(
                &at.key("handover"),
                format!(
                    "there is no operator `{operator}`; there is {}",
                    listed(&known)
                ),
            );
        }
        if intent.end && intent.handover.is_some() {
            self.blame(
                &at.key("end"),
                "an intent either hands over or ends the conversation",
            );
        }
    }

    fn operator(&mut self, at: &At<'_>, operator: &Operator) {
        if operator.steps.is_empty() {
            self.blame(&at.key("steps"), "something must happen in a handover");
        }
        self.answer(&at.key("steps"), &operator.steps, Role::Answer);
        self.answer(
            &at.key("while_waiting"),
            &operator.while_waiting,
            Role::Answer,
        );
        let replies = at.key("replies");
        for (index, reply) in operator.replies.iter().enumerate() {
            self.answer(&replies.index(index), reply, Role::Answer);
        }
        self.keywords(&at.key("goodbye"), &operator.goodbye);
        self.answer(&at.key("farewell"), &operator.farewell, Role::Answer);
        self.answer(&at.key("lost"), &operator.lost, Role::Answer);
        self.answer(&at.key("back"), &operator.back, Role::Answer);
        self.languages(&at.key("ended"), &operator.ended);
        if let Some(left) = &operator.left {
            self.languages(&at.key("left"), left);
        }
        self.maybe_intent(&at.key("afterwards"), operator.afterwards.as_deref());
    }

    fn maybe_intent(&mut self, at: &At<'_>, id: Option<&str>) {
        if let Some(id) = id {
            self.intent_exists(at, id);
        }
    }

    fn intent_exists(&mut self, at: &At<'_>, id: &str) {
        if !self.file.intents.contains_key(id) {
            self.blame(at, format!("there is no intent `{id}`; add [intents.{id}]"));
        }
    }

    /// Words must be said in the default language, and only in languages that there are.
    fn words<T>(&mut self, at: &At<'_>, words: &PerLanguage<T>) {
        self.languages(at, words);
        let default = self.file.languages.first().map_or("", String::as_str);
        if words.any.is_none() && !words.each.contains_key(default) {
            self.blame(at, format!("the words in `{default}` are missing"));
        }
    }

    fn keywords(&mut self, at: &At<'_>, keywords: &WordList) {
        self.languages(at, keywords);
        let lists = keywords.each.iter().map(|(key, list)| (key.as_str(), list));
        let any = keywords.any.iter().map(|list| ("any", list));
        for (key, list) in lists.chain(any) {
            let nested = at.key(key);
            // A list for all languages may be written without a table around it.
            let at = if at.is_list(self.document) {
                at
            } else {
                &nested
            };
            for (index, keyword) in list.iter().enumerate() {
                if Spoken::new(keyword).is_empty() {
                    self.blame(
                        &at.index(index),
                        format!("the keyword `{keyword}` has no letters; use `patterns` for it"),
                    );
                }
            }
        }
    }

    fn languages<T>(&mut self, at: &At<'_>, lists: &PerLanguage<T>) {
        for language in lists.each.keys() {
            if !self.file.languages.contains(language) {
                self.unknown_language(&at.key(language), language);
            }
        }
    }

    fn unknown_language(&mut self, at: &At<'_>, language: &str) {
        let known: Vec<&str> = self.file.languages.iter().map(String::as_str).collect();
        self.blame(
            at,
            format!(
                "`{language}` is not one of the script's languages: {}",
                listed(&known)
            ),
        );
    }

    fn blame(&mut self, at: &At<'_>, message: impl Into<String>) {
        let (line, column) = line_and_column(self.text, at.span(self.document).start);
        self.mistakes.push(Mistake {
            line,
            column,
            key: at.to_string(),
            message: message.into(),
        });
    }
}

fn listed(words: &[&str]) -> String {
    if words.is_empty() {
        return "none".to_owned();
    }
    let words: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    words.join(", ")
}
