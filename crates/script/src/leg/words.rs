//! What a text means: an option, an answer, an intent.

use super::ScriptLeg;
use super::intent::Given;
use super::offer::{Offer, Pick};
use super::turn::Turn;
use crate::format::{Ask, What};
use crate::matching::{Spoken, captures};

impl ScriptLeg {
    /// What the user typed, or said by a click.
    pub(super) fn words(&mut self, turn: &mut Turn<'_>, text: &str) {
        let text = text.trim();
        self.state.keep("text", text.to_owned());
        if !self.tell_operator(turn, text) {
            self.understand(turn, text);
        }
    }

    pub(super) fn understand(&mut self, turn: &mut Turn<'_>, text: &str) {
        self.state.keep("text", text.to_owned());
        if turn.hidden && self.follows_upload(turn, text) {
            return;
        }
        let spoken = Spoken::new(text);
        let named = |offer: &&Offer| offer.is_named(&spoken);
        if let Some(offer) = self.state.offered.options.iter().find(named).cloned() {
            return self.pick(turn, &offer);
        }
        if self.answer_question(turn, text, &spoken) {
            return;
        }
        if let Some(filling) = &self.state.filling
            && let Some(values) = filling.read(text)
            && !self.is_keyword(turn, &spoken)
        {
            let intent = filling.id.clone();
            return self.fill_in(turn, &intent, &values, false);
        }
        if let Some(offer) = self.numbered(text).cloned() {
            return self.pick(turn, &offer);
        }
        let bot = self.bot.clone();
        let language = self.state.language(&bot, turn.profile);
        let found = bot
            .matcher()
            .find(text, &spoken, bot.language_place(language));
        let Some(found) = found else {
            return self.run(turn, &bot.file().unknown, Given::default());
        };
        let may_switch = turn.profile.keep_language != Some(true);
        if let Some(language) = bot.languages().get(found.language).filter(|_| may_switch) {
            self.go_over_to(turn, language);
        }
        let given = Given {
            values: found.captures,
            value: None,
        };
        if let Some(intent) = bot.intents().get(found.intent) {
            self.run(turn, intent, given);
        }
    }

    /// A chatbox that says a sentence after an upload says it behind the user's back. Either the
    /// file itself has been answered, or the sentence is all that comes of it.
    /// See `docs/protocols/dydu.md#65-guiaction-and-file-upload`.
    fn follows_upload(&mut self, turn: &mut Turn<'_>, text: &str) -> bool {
        if self.state.uploaded.as_deref() == Some(text) {
            self.state.uploaded = None;
            return true;
        }
        let is_asked = self.open_question().is_some_and(asks_for_file);
        if !is_asked || !self.is_asking(text) {
            return false;
        }
        let given = Given {
            value: Some(String::new()),
            ..Given::default()
        };
        self.run(turn, text, given);
        true
    }

    /// The question that waits for an answer, if the script still has it.
    pub(super) fn open_question(&self) -> Option<&Ask> {
        let asking = self.state.asking.as_ref()?;
        let intent = self.bot.intent(&asking.intent)?;
        intent.ask.iter().find(|ask| ask.name == asking.name)
    }

    /// Takes a text as the answer to the open question. `false`: there is none, or the text is
    /// about something else.
    fn answer_question(&mut self, turn: &mut Turn<'_>, text: &str, spoken: &Spoken) -> bool {
        let is_keyword = self.is_keyword(turn, spoken);
        let (Some(mut asking), Some(ask)) = (self.state.asking.clone(), self.open_question())
        else {
            self.state.asking = None;
            return false;
        };
        // A keyword leaves a question that would take anything.
        let takes = ask.pattern.is_some() || !is_keyword;
        if let Some(values) = matched(ask, text).filter(|_| takes) {
            let given = Given {
                values,
                value: None,
            };
            self.run(turn, &asking.intent, given);
            return true;
        }
        asking.misses += 1;
        if is_keyword || asking.misses >= ask.tries {
            self.state.asking = None;
            return false;
        }
        self.ask_again(turn, asking);
        true
    }

    fn is_keyword(&self, turn: &Turn<'_>, spoken: &Spoken) -> bool {
        let language = self.state.language(&self.bot, turn.profile);
        let language = self.bot.language_place(language);
        self.bot.matcher().find_whole(spoken, language).is_some()
    }

    /// The option of the last message that had some, by its number from 1.
    fn numbered(&self, text: &str) -> Option<&Offer> {
        let number: usize = text.parse().ok()?;
        let offered = &self.state.offered;
        offered
            .options
            .get(offered.numbered_from..)?
            .get(number.checked_sub(1)?)
    }

    fn pick(&mut self, turn: &mut Turn<'_>, offer: &Offer) {
        match &offer.pick {
            Pick::Intent(value) => {
                let given = Given {
                    value: value.clone().filter(|value| !value.is_empty()),
                    ..Given::default()
                };
                self.run(turn, &offer.id, given);
            }
            // The words may be the option's own label, so they are not looked up there again.
            Pick::Say(words) => {
                self.state.offered.options.clear();
                self.understand(turn, words);
            }
            Pick::Rate(rating) => self.rate(turn, *rating),
        }
    }
}

/// Whether the question asks for a file.
pub(super) fn asks_for_file(ask: &Ask) -> bool {
    ask.question
        .0
        .iter()
        .any(|item| matches!(item.what, What::Upload(_)))
}

/// What a text says to a question: every named group, and under the question's own name the group
/// of that name or the whole match.
fn matched(ask: &Ask, text: &str) -> Option<Vec<(String, String)>> {
    let Some(pattern) = &ask.pattern else {
        return (!text.is_empty()).then(|| vec![(ask.name.clone(), text.to_owned())]);
    };
    let mut values = captures(&pattern.0, text)?;
    if !values.iter().any(|(name, _)| *name == ask.name) {
        let whole = pattern.0.find(text)?.as_str().trim().to_owned();
        values.push((ask.name.clone(), whole));
    }
    Some(values)
}
