//! Questions that are no part of the dialog.

use switchboard_core::model::{BotEvent, Query, QueryAnswer, Suggestions, TopQuestions};

use super::ScriptLeg;
use super::turn::{Part, Turn};
use crate::format::TopQuestion;
use crate::matching::Spoken;

/// Suggestions at the most.
const MOST_SUGGESTIONS: usize = 10;

impl ScriptLeg {
    /// Answers a question. A script keeps nothing of its users beside their conversations, and
    /// counts nobody, so that there is nothing more to do where only that is wanted.
    pub(super) fn query(&self, turn: &mut Turn<'_>, query: &Query) {
        let answer = match query {
            Query::TopQuestions(asked) => QueryAnswer::Questions(self.top_questions(turn, asked)),
            Query::Suggestions(typed) => QueryAnswer::Questions(self.suggestions(turn, typed)),
            Query::PushRules => match self.bot.push_rules() {
                Some(rules) => QueryAnswer::PushRules(rules),
                None => return,
            },
            Query::Languages => QueryAnswer::Languages(self.bot.languages().to_vec()),
            Query::Visit | Query::PersonalData(_) => QueryAnswer::Done,
        };
        turn.plan(None, BotEvent::Answered(answer), Part::Dialog);
    }

    /// The script's questions in the user's language.
    fn top<'a>(&'a self, turn: &Turn<'_>) -> impl Iterator<Item = &'a TopQuestion> {
        let language = self.state.language(&self.bot, turn.profile);
        let top = &self.bot.file().top;
        top.get(language, self.bot.default_language())
            .into_iter()
            .flatten()
    }

    fn top_questions(&self, turn: &Turn<'_>, asked: &TopQuestions) -> Vec<String> {
        let tag = asked.tag.as_deref().map(Spoken::new);
        let with_children = asked.include_child_tags == Some(true);
        let has_tag = |question: &TopQuestion| {
            let Some(asked) = &tag else { return true };
            question.tags.iter().any(|tag| {
                self.bot.is_tag(tag, asked) || (with_children && self.bot.is_below(tag, asked))
            })
        };
        let without_gallery = asked.exclude_gallery == Some(true);
        let without_picked = asked.ignore_picked == Some(true);
        self.top(turn)
            .filter(|question| has_tag(question))
            .filter(|question| !(without_gallery && question.gallery))
            .filter(|question| !(without_picked && question.picked))
            .take(usize::try_from(asked.limit).unwrap_or(usize::MAX))
            .map(|question| question.question.clone())
            .collect()
    }

    /// What can be asked that begins like what was typed: first what goes on from it.
    fn suggestions(&self, turn: &Turn<'_>, typed: &Suggestions) -> Vec<String> {
        let spoken = Spoken::new(&typed.text);
        let mut found: Vec<(Spoken, String)> = Vec::new();
        if spoken.is_empty() {
            return Vec::new();
        }
        let only_understood = typed.only_rewordable == Some(true);
        for (place, id) in self.bot.intents().iter().enumerate() {
            let candidates = self.candidates(turn, id, &spoken);
            let mut usable = candidates
                .into_iter()
                .filter(|words| !only_understood || self.means(turn, words) == Some(place));
            if let Some(words) = usable.next() {
                found.push((Spoken::new(&words), words));
            }
        }
        for question in self.top(turn) {
            let words = &question.question;
            let question = Spoken::new(words);
            if question.is_begun_by(&spoken)
                && (!only_understood || self.means(turn, words).is_some())
            {
                found.push((question, words.clone()));
            }
        }
        // Stable: what is equally good keeps the order of the file.
        found.sort_by_key(|(words, _)| !words.goes_on_from(&spoken));
        let mut known: Vec<Spoken> = Vec::new();
        found.retain(|(words, _)| {
            let is_new = !known.contains(words);
            if is_new {
                known.push(words.clone());
            }
            is_new
        });
        found.truncate(MOST_SUGGESTIONS);
        found.into_iter().map(|(_, words)| words).collect()
    }

    /// In which words an intent could be suggested, the best first: by its label, and by the
    /// keyword that begins like what was typed.
    fn candidates(&self, turn: &Turn<'_>, id: &str, typed: &Spoken) -> Vec<String> {
        let Some(intent) = self.bot.intent(id) else {
            return Vec::new();
        };
        let scope = Self::scope(&self.bot, &self.state, turn.profile);
        let label = intent.label.as_ref().map(|label| scope.plain(label));
        let keywords = &intent.keywords;
        let own = keywords.each.get(scope.language).into_iter().flatten();
        let mut all = own.chain(keywords.any.iter().flatten());
        let keyword = all.find(|keyword| Spoken::new(keyword).is_begun_by(typed));
        let is_meant = |label: &String| Spoken::new(label).is_begun_by(typed);
        let label = label.filter(|label| keyword.is_some() || is_meant(label));
        let mut candidates: Vec<String> = label.into_iter().collect();
        candidates.extend(keyword.cloned());
        candidates
    }

    /// The place of the intent that words mean in the user's language.
    fn means(&self, turn: &Turn<'_>, words: &str) -> Option<usize> {
        let language = self.state.language(&self.bot, turn.profile);
        let place = self.bot.language_place(language);
        let found = self.bot.matcher().find(words, &Spoken::new(words), place)?;
        (found.language == place).then_some(found.intent)
    }
}
