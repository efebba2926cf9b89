use std::borrow::Cow;
use std::collections::BTreeMap;

use switchboard_core::model::{BotEvent, EndReason, Profile};

use super::ScriptLeg;
use super::state::Asking;
use super::turn::{Part, Turn};
use crate::format::Intent;
use crate::render::Scope;
use crate::template::Setting;

/// What comes with a step to an intent.
#[derive(Debug, Default)]
pub(super) struct Given {
    /// Named values: captures and form fields.
    pub values: Vec<(String, String)>,
    /// One value for the first question that is open.
    pub value: Option<String>,
}

impl ScriptLeg {
    /// Deals with an intent: asks what is not known yet, else answers.
    pub(super) fn run(&mut self, turn: &mut Turn<'_>, id: &str, given: Given) {
        let bot = self.bot.clone();
        let Some(intent) = bot.intent(id) else {
            return;
        };
        if let Some(language) = &intent.language {
            self.go_over_to(turn, language);
        }
        self.state.filling = None;
        let mut answered = match self.state.asking.take() {
            Some(asking) if asking.intent == id => asking.answered,
            _ => BTreeMap::new(),
        };
        let Given { values, value } = given;
        if let Some(value) = value {
            let open = intent
                .ask
                .iter()
                .find(|ask| {
                    !answered.contains_key(&ask.name)
                        && !values.iter().any(|(name, _)| *name == ask.name)
                })
                .map(|ask| ask.name.as_str());
            let value = bare(&value, &[open.unwrap_or(id), id]).into_owned();
            if let Some(name) = open {
                answered.insert(name.to_owned(), value.clone());
            }
            self.state.keep("value", value);
        }
        for (name, value) in values {
            if intent.ask.iter().any(|ask| ask.name == name) {
                answered.insert(name.clone(), value.clone());
            }
            self.state.keep(&name, value);
        }
        self.proceed(turn, id, intent, answered);
    }

    fn proceed(
        &mut self,
        turn: &mut Turn<'_>,
        id: &str,
        intent: &Intent,
        answered: BTreeMap<String, String>,
    ) {
        let bot = self.bot.clone();
        let open = intent
            .ask
            .iter()
            .find(|ask| !answered.contains_key(&ask.name));
        for (name, value) in &answered {
            self.state.keep(name, value.clone());
        }
        if let Some(ask) = open {
            let scope = Scope {
                asking: Some((id, &ask.name)),
                ..Self::scope(&bot, &self.state, turn.profile)
            };
            turn.say(&ask.question, scope, Part::Dialog);
            self.state.asking = Some(Box::new(Asking {
                intent: id.to_owned(),
                name: ask.name.clone(),
                misses: 0,
                answered,
            }));
            return;
        }
        let scope = Self::scope(&bot, &self.state, turn.profile);
        if !intent.set.is_empty() {
            let variables = intent
                .set
                .iter()
                .map(|(name, value)| (name.clone(), scope.fill(value, Setting::Plain)))
                .collect();
            let change = Profile {
                variables,
                ..Profile::default()
            };
            turn.plan(None, BotEvent::Profile(Box::new(change)), Part::Dialog);
        }
        let late = turn.say(&intent.answer, scope, Part::Dialog);
        if let Some(operator) = &intent.handover {
            self.hand_over(turn, operator);
        }
        if intent.end {
            let reason = EndReason::Ended;
            turn.plan(late, BotEvent::ConversationEnded { reason }, Part::Dialog);
        }
    }

    /// Says the open question again.
    pub(super) fn ask_again(&mut self, turn: &mut Turn<'_>, asking: Box<Asking>) {
        let bot = self.bot.clone();
        let ask = bot
            .intent(&asking.intent)
            .and_then(|intent| intent.ask.iter().find(|ask| ask.name == asking.name));
        if let Some(ask) = ask {
            let scope = Scope {
                asking: Some((&asking.intent, &ask.name)),
                ..Self::scope(&bot, &self.state, turn.profile)
            };
            let again = ask.again.as_ref().unwrap_or(&ask.question);
            turn.say(again, scope, Part::Dialog);
        }
        self.state.asking = Some(asking);
    }

    /// Speaks another language from here on, and lets everybody know.
    pub(super) fn go_over_to(&mut self, turn: &mut Turn<'_>, language: &str) {
        if self.state.language(&self.bot, turn.profile) == language {
            return;
        }
        self.state.switch_language(language, turn.profile);
        let mut change = Profile::default();
        change.locales.selected = Some(language.to_owned());
        turn.plan(None, BotEvent::Profile(Box::new(change)), Part::Dialog);
    }
}

/// A value without the name of what it is for. OpenDialog's widgets answer a date picker with
/// `attribute.2021-10-05`, and escape dots in what was typed.
/// See `docs/protocols/opendialog.md#autocomplete-source-code`.
fn bare<'v>(value: &'v str, names: &[&str]) -> Cow<'v, str> {
    let stripped = names
        .iter()
        .find_map(|name| value.strip_prefix(name)?.strip_prefix('.'));
    match stripped {
        Some(value) if value.contains("\\.") => Cow::Owned(value.replace("\\.", ".")),
        Some(value) => Cow::Borrowed(value),
        None => Cow::Borrowed(value),
    }
}
