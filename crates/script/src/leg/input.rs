//! What the user does, other than speaking.

use switchboard_core::model::{
    BotEvent, ChoiceMade, EndReason, Feedback, FormSubmission, HandoverPhase, Rating, UploadedFile,
    UserEvent, UserInput,
};

use super::ScriptLeg;
use super::intent::Given;
use super::offer::{rating, said_by};
use super::turn::{Part, Turn};
use super::words::asks_for_file;
use crate::format::{Ask, What};

/// The event by which dydu's widget says that a push rule holds.
const PUSH: &str = "_pushcondition_";

impl ScriptLeg {
    /// Plans what an event brings. The caller ends the turn.
    pub(super) fn event(&mut self, turn: &mut Turn<'_>, event: &UserEvent) {
        match &event.input {
            UserInput::Open { welcome, query } => {
                self.open(turn, welcome.as_deref(), query.as_deref());
            }
            UserInput::Text { text } => self.words(turn, text),
            UserInput::Choice(choice) => self.choice(turn, choice),
            UserInput::Form(form) => {
                let shown = self.state.form.clone();
                self.form(turn, form, shown);
            }
            UserInput::Survey(survey) => {
                let shown = self.state.survey.clone();
                self.form(turn, survey, shown);
            }
            UserInput::Feedback(feedback) => self.feedback(turn, feedback),
            UserInput::File(file) => self.file(turn, file),
            UserInput::Query(query) => self.query(turn, query),
            UserInput::Custom { name, value, .. } if name == PUSH => {
                self.push(turn, value.as_deref().unwrap_or_default());
            }
            UserInput::LeaveHandover => self.leave(turn, HandoverPhase::LeftByUser),
            UserInput::End => {
                let reason = EndReason::Ended;
                turn.plan(None, BotEvent::ConversationEnded { reason }, Part::Dialog);
            }
            // Somebody else's to count; a script has nothing to say to them.
            UserInput::ClientError(_)
            | UserInput::Connection { .. }
            | UserInput::Custom { .. }
            | UserInput::LinkClick { .. }
            | UserInput::Variables
            | UserInput::Typing { .. }
            | UserInput::Read => {}
        }
    }

    fn open(&mut self, turn: &mut Turn<'_>, welcome: Option<&str>, query: Option<&str>) {
        // A page that is loaded again must not make the bot talk over an operator.
        if self.state.handover.is_none() {
            let intent = welcome
                .filter(|id| self.bot.intent(id).is_some())
                .unwrap_or(&self.bot.file().greeting)
                .to_owned();
            self.run(turn, &intent, Given::default());
        }
        if let Some(query) = query.filter(|query| !query.trim().is_empty()) {
            self.words(turn, query);
        }
    }

    /// A push rule holds. Like a page that is loaded again, it must not talk over an operator.
    fn push(&mut self, turn: &mut Turn<'_>, rule: &str) {
        if self.state.handover.is_none()
            && let Some(intent) = self.bot.pushed(rule).map(str::to_owned)
        {
            self.run(turn, &intent, Given::default());
        }
    }

    fn choice(&mut self, turn: &mut Turn<'_>, choice: &ChoiceMade) {
        let action = choice.action.as_deref();
        let id = action
            .map(|action| action.id.as_str())
            .or(choice.id.as_deref())
            .filter(|id| !id.is_empty());
        if self.state.handover.is_some() {
            let words = choice.words().unwrap_or_default();
            self.state.keep("text", words.to_owned());
            if self.tell_operator(turn, words) {
                return;
            }
        }
        if let Some(words) = action.and_then(said_by) {
            return self.understand(turn, words);
        }
        if let Some(id) = id {
            if let Some(rating) = rating(id) {
                return self.rate(turn, rating);
            }
            if self.bot.intent(id).is_some() {
                if let Some(label) = choice.words() {
                    self.state.keep("text", label.to_owned());
                }
                let value = choice
                    .value
                    .clone()
                    .or_else(|| action.and_then(|action| action.value.clone()));
                let given = Given {
                    value: value
                        .filter(|value| !value.is_empty())
                        .or_else(|| self.picked_words(id, choice)),
                    ..Given::default()
                };
                return self.run(turn, id, given);
            }
        }
        if let Some(words) = choice.words() {
            self.understand(turn, words);
        }
    }

    /// What a picker without a value picked: the words it shows. A click on an option that leads
    /// to the same intent shows the intent's own words, and picks nothing.
    fn picked_words(&self, intent: &str, choice: &ChoiceMade) -> Option<String> {
        let has_picker = self.is_asking(intent) && self.open_question().is_some_and(has_picker);
        let words = choice.label.as_deref().filter(|_| has_picker)?;
        let label = self.bot.intent(intent)?.label.as_ref();
        let is_label = label.is_some_and(|label| {
            let mut labels = label.any.iter().chain(label.each.values());
            labels.any(|label| *label == *words)
        });
        (!is_label && choice.action.is_none()).then(|| words.to_owned())
    }

    pub(super) fn is_asking(&self, intent: &str) -> bool {
        self.state
            .asking
            .as_ref()
            .is_some_and(|asking| asking.intent == intent)
    }

    /// A form or a survey. A vendor may have its own ids for them; then it is the one shown last.
    fn form(&mut self, turn: &mut Turn<'_>, form: &FormSubmission, shown: Option<String>) {
        if self.state.handover.is_some() {
            // An operator may have sent the survey, and knows what was answered.
            for (name, value) in self.keep_values(&form.values) {
                self.state.keep(&name, value);
            }
            if self.tell_operator(turn, form.summary.as_deref().unwrap_or("")) {
                return;
            }
        }
        let known = Some(form.id.as_str()).filter(|id| self.bot.intent(id).is_some());
        if form.cancelled && known.is_none() {
            self.state.asking = None;
            self.state.filling = None;
            return;
        }
        let Some(intent) = known.map(str::to_owned).or(shown) else {
            return;
        };
        self.fill_in(turn, &intent, &form.values, form.cancelled);
    }

    /// Takes the values of a form to the intent that they are for.
    pub(super) fn fill_in(
        &mut self,
        turn: &mut Turn<'_>,
        intent: &str,
        all: &[(String, String)],
        cancelled: bool,
    ) {
        let values = self.keep_values(all);
        let words: Vec<&str> = values.iter().map(|(_, value)| value.as_str()).collect();
        // A signature may be given without anything being said.
        let value = Some(words.join(", "))
            .filter(|value| !value.is_empty() || (self.is_asking(intent) && !cancelled));
        self.run(turn, intent, Given { values, value });
    }

    /// Keeps all the values of a form in one, and gives back those that were filled in.
    fn keep_values(&mut self, all: &[(String, String)]) -> Vec<(String, String)> {
        // What was left empty this time must not be answered from another time.
        for (name, _) in all {
            self.state.variables.remove(name);
        }
        let values: Vec<(String, String)> = all
            .iter()
            .filter(|(_, value)| !value.trim().is_empty())
            .cloned()
            .collect();
        let pairs = values
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str().into()));
        let pairs = crate::render::pairs(pairs).into_owned();
        self.state.keep("values", pairs);
        values
    }

    fn feedback(&mut self, turn: &mut Turn<'_>, feedback: &Feedback) {
        if self.state.handover.is_some() {
            return;
        }
        let reason = feedback.reason.map(|reason| reason.to_string());
        let told = [("reason", reason), ("comment", feedback.comment.clone())];
        for (name, value) in told {
            if let Some(value) = value {
                self.state.keep(name, value);
            }
        }
        match feedback.rating {
            Some(rating @ (Rating::Positive | Rating::Negative)) => self.rate(turn, rating),
            _ if feedback.reason.is_some() || feedback.comment.is_some() => {
                let intent = self.bot.file().feedback.comment.clone();
                self.thank(turn, intent);
            }
            _ => {}
        }
    }

    pub(super) fn rate(&mut self, turn: &mut Turn<'_>, rating: Rating) {
        let feedback = &self.bot.file().feedback;
        let intent = match rating {
            Rating::Positive => feedback.positive.clone(),
            Rating::Negative => feedback.negative.clone(),
            Rating::None => None,
        };
        self.thank(turn, intent);
    }

    /// An opinion is answered beside the dialog: what was open stays open.
    fn thank(&mut self, turn: &mut Turn<'_>, intent: Option<String>) {
        let (asking, filling) = (self.state.asking.clone(), self.state.filling.clone());
        if let Some(intent) = intent {
            self.run(turn, &intent, Given::default());
        }
        if self.state.asking.is_none() {
            self.state.asking = asking;
            self.state.filling = filling;
        }
    }

    fn file(&mut self, turn: &mut Turn<'_>, file: &UploadedFile) {
        self.keep_file(file);
        if self.state.handover.is_some() && self.tell_operator(turn, &file.name) {
            return;
        }
        let is_asked = self.open_question().is_some_and(asks_for_file);
        let asking = self.state.asking.as_ref().filter(|_| is_asked);
        let intent = file
            .callback
            .clone()
            .filter(|id| self.bot.intent(id).is_some())
            .or(asking.map(|asking| asking.intent.clone()))
            .or_else(|| self.bot.file().file.clone());
        let Some(intent) = intent else {
            return;
        };
        let given = Given {
            value: Some(file.name.clone()),
            ..Given::default()
        };
        self.run(turn, &intent, given);
        self.state.uploaded = Some(intent);
    }

    fn keep_file(&mut self, file: &UploadedFile) {
        let size = file
            .size_bytes
            .map(|size| size.to_string())
            .or_else(|| (!file.content.is_empty()).then(|| file.content.len().to_string()));
        let values = [
            ("file", Some(file.name.clone())),
            ("file_url", file.url.clone()),
            ("file_size", size),
            ("file_type", file.media_type.clone()),
        ];
        for (name, value) in values {
            self.state.keep(name, value.unwrap_or_default());
        }
    }
}

/// Whether clients show something else than the text box for the question.
fn has_picker(ask: &Ask) -> bool {
    ask.question.0.iter().any(|item| {
        matches!(
            item.what,
            What::Date(_)
                | What::Autocomplete(_)
                | What::Address(_)
                | What::Location(_)
                | What::Signature(_)
        )
    })
}
