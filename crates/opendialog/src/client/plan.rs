//! What the engine is told of what the user did.

use std::borrow::Cow;
use std::collections::HashSet;

use serde_json::{Map, Value, json};
use switchboard_core::model::{
    ChoiceMade, Command, Feedback, FeedbackRequest, FormSubmission, MessageId, Profile, Rating,
    SendBody, Timestamp, TurnOutcome, UploadedFile, UserEvent, UserInput,
};
use url::Url;

use super::memory::{Asked, Memory};
use crate::NAME;
use crate::convert::forms::RESERVED;
use crate::convert::input::{self, Sent};
use crate::convert::pickers::LONG_TEXT_FIELD;
use crate::options::{BackendOptions, Generation, OpenWith};
use crate::wire::callback::{END_CHAT, value_for};
use crate::wire::feedback::{self, Verdict};
use crate::wire::fields::Fields;
use crate::wire::message::{Content, Kind};
use crate::wire::scalar::trimmed;
use crate::wire::time;

/// What to do about an event.
pub(super) enum Plan<'a> {
    /// Post it to the chat.
    Say(Content<'a>),
    /// Post it as a rating.
    Rate(feedback::Request),
    /// Nothing; the turn ends at once.
    Nothing(TurnOutcome),
}

/// Decides on an event. The content has no user yet.
pub(super) fn plan<'a>(
    event: &'a UserEvent,
    profile: &Profile,
    memory: &'a Memory,
    options: &'a BackendOptions,
) -> Plan<'a> {
    let sent = input::sent(event);
    let draft = Draft { event, sent };
    match &event.input {
        UserInput::Open {
            query: Some(query), ..
        } if !query.trim().is_empty() => draft.words(query.as_str(), memory),
        UserInput::Open { welcome, .. } => draft.open(welcome.as_deref(), profile, options),
        UserInput::Text { text } => draft.words(text.as_str(), memory),
        UserInput::Choice(choice) => draft.choice(choice, memory),
        UserInput::Form(form) | UserInput::Survey(form) => draft.form(form, memory),
        UserInput::Feedback(rating) => draft.feedback(rating, memory, options),
        UserInput::LinkClick { url, .. } => {
            draft.content(Kind::UrlClick, None, [("url", url.into())])
        }
        UserInput::File(file) => draft.file(file, memory),
        UserInput::End => {
            let words = [("text", "End chat".into()), ("value", "".into())];
            draft.content(Kind::ButtonResponse, Some(END_CHAT), words)
        }
        UserInput::LeaveHandover => draft.leave(),
        UserInput::Query(_)
        | UserInput::ClientError(_)
        | UserInput::Connection { .. }
        | UserInput::Custom { .. }
        | UserInput::Variables
        | UserInput::Typing { .. }
        | UserInput::Read => Plan::Nothing(TurnOutcome::Done),
    }
}

/// An event on its way to the wire.
struct Draft<'a> {
    event: &'a UserEvent,
    /// What an OpenDialog client sent, which is passed on as far as it still holds.
    sent: Option<Sent<'a>>,
}

impl<'a> Draft<'a> {
    fn open(
        &self,
        welcome: Option<&'a str>,
        profile: &Profile,
        options: &'a BackendOptions,
    ) -> Plan<'a> {
        let kind = match (options.open_with, self.sent.map(|sent| sent.kind)) {
            (Some(OpenWith::Trigger), _) | (None, Some(Kind::Trigger)) => Kind::Trigger,
            _ => Kind::ChatOpen,
        };
        let page = profile.page_url.as_deref().and_then(|url| {
            if url.starts_with('/') {
                return Some(("value", url.to_owned().into()));
            }
            let path = Url::parse(url).ok()?.path().to_owned();
            Some(("value", path.into()))
        });
        let page = page.filter(|_| kind == Kind::ChatOpen && self.sent.is_none());
        let callback = welcome.unwrap_or(&options.welcome);
        self.content(kind, Some(callback), page)
    }

    /// An OpenDialog client leaves with a button, which its engine is told of; there is no other
    /// way to say it.
    fn leave(&self) -> Plan<'a> {
        match self.sent {
            Some(Sent {
                kind: kind @ Kind::ButtonResponse,
                callback_id,
                ..
            }) => self.content(kind, callback_id, []),
            _ => Plan::Nothing(TurnOutcome::Done),
        }
    }

    fn words(&self, text: impl Into<Cow<'a, str>>, memory: &'a Memory) -> Plan<'a> {
        let text = trimmed(text.into());
        if text.is_empty() {
            // The widget never sends an empty text, and the vendor's server fails on one.
            return Plan::Nothing(TurnOutcome::Refused);
        }
        let words = |text| [("text", text)];
        match &memory.asked {
            Some(Asked::LongText { callback }) => {
                self.content(Kind::LongtextResponse, Some(callback), words(text))
            }
            Some(Asked::Date {
                callback,
                attribute,
            }) => match date(&text) {
                Some(date) => self.picked(callback, value_for(attribute, &date), text),
                None => self.content(Kind::Text, None, words(text)),
            },
            Some(Asked::Search {
                callback,
                attribute,
            }) => self.picked(callback, value_for(attribute, &text), text),
            Some(Asked::Place {
                callback,
                attribute,
            }) => self.place(callback, attribute, text),
            None => match self.sent {
                Some(Sent {
                    kind: kind @ Kind::LongtextResponse,
                    callback_id,
                    ..
                }) => self.content(kind, callback_id, words(text)),
                _ => self.content(Kind::Text, None, words(text)),
            },
        }
    }

    /// Words that were typed where the vendor's client has a control.
    fn picked(&self, callback: &'a str, value: String, words: Cow<'a, str>) -> Plan<'a> {
        let data = [("text", words), ("value", value.into())];
        self.content(Kind::ButtonResponse, Some(callback), data)
    }

    /// A place in words. What carries it is assumed; that an attribute of these parts comes of it
    /// is known (`docs/protocols/opendialog.md#34-newer-types-authoring-options-are-doc-the-json-shown-is-assumed-unless-marked`).
    fn place(&self, callback: &'a str, attribute: &'a str, words: Cow<'a, str>) -> Plan<'a> {
        let place = json!({"formatted_address": words});
        let mut plan = self.content(Kind::FormResponse, Some(callback), [("text", words)]);
        if let Plan::Say(content) = &mut plan {
            content.data.insert(attribute, place);
        }
        plan
    }

    fn choice(&self, choice: &'a ChoiceMade, memory: &'a Memory) -> Plan<'a> {
        let action = choice.action.as_deref();
        let commands = action.map_or(&[][..], |action| action.on_click.as_slice());
        let said = commands.iter().find_map(|command| match command {
            Command::Send(SendBody::Text(text)) => Some(text),
            _ => None,
        });
        if let Some(text) = said {
            return self.words(text.as_str(), memory);
        }
        let id = action
            .map(|action| action.id.as_str())
            .or(choice.id.as_deref())
            .unwrap_or_default();
        let words = choice.words().unwrap_or_default();
        if id.is_empty() {
            return self.words(words, memory);
        }
        let words = if words.trim().is_empty() { id } else { words };
        let value = action.map_or(choice.value.as_deref(), |action| action.value.as_deref());
        let mut data = vec![("text", Cow::Borrowed(words))];
        // An OpenDialog client's own value stays where the model has none.
        if value.is_some() || self.sent.is_none() {
            data.push(("value", value.unwrap_or_default().into()));
        }
        self.content(Kind::ButtonResponse, Some(id), data)
    }

    fn form(&self, form: &'a FormSubmission, memory: &'a Memory) -> Plan<'a> {
        let known = memory.form(&form.id);
        if form.id.is_empty() {
            return self.words(form.summary.as_deref().unwrap_or_default(), memory);
        }
        let answer = |name: &str| {
            let given = form.values.iter().find(|(known, _)| known == name);
            given.map(|(_, answer)| answer.as_str())
        };
        if let Some(known) = known.filter(|known| known.long_text) {
            let text = answer(LONG_TEXT_FIELD)
                .or(form.values.first().map(|(_, answer)| answer.as_str()))
                .or(form.summary.as_deref())
                .unwrap_or_default();
            let words = [("text", text.into())];
            return self.content(Kind::LongtextResponse, Some(&known.id), words);
        }
        let leads_out = known.and_then(|known| known.cancel.as_ref());
        if form.cancelled || leads_out.is_some_and(|(id, _)| *id == form.id) {
            let id = leads_out.map_or(form.id.as_str(), |(id, _)| id);
            let words = form.summary.as_ref();
            let words = words.or(leads_out.map(|(_, label)| label));
            return self.content(
                Kind::FormResponse,
                Some(id),
                words.map(|words| ("text", words.into())),
            );
        }
        // The engine expects every element, and shows the summary as the user's words.
        let mut data: Vec<(&str, Cow<'_, str>)> = Vec::new();
        let mut lines = Vec::new();
        for field in known.map_or(&[][..], |known| known.fields.as_slice()) {
            let answer = answer(&field.name).unwrap_or_default();
            let shown = field.shown(answer);
            lines.push(match field.label.as_str() {
                "" => shown,
                label => format!("{label}: {shown}"),
            });
            data.push((&field.name, answer.into()));
        }
        let mut answered: HashSet<&str> = data.iter().map(|(name, _)| *name).collect();
        for (name, answer) in &form.values {
            if answered.insert(name) {
                lines.push(format!("{name}: {answer}"));
                data.push((name, answer.into()));
            }
        }
        data.retain(|(name, _)| !RESERVED.contains(name));
        let summary = form.summary.as_ref().map(Cow::from);
        data.push(("text", summary.unwrap_or_else(|| lines.join("\n").into())));
        self.content(Kind::FormResponse, Some(&form.id), data)
    }

    fn feedback(
        &self,
        feedback: &Feedback,
        memory: &'a Memory,
        options: &BackendOptions,
    ) -> Plan<'a> {
        let (verdict, button) = match feedback.rating {
            Some(Rating::Positive) => (Verdict::Positive, FeedbackRequest::POSITIVE),
            Some(Rating::Negative) => (Verdict::Negative, FeedbackRequest::NEGATIVE),
            Some(Rating::None) | None => return Plan::Nothing(TurnOutcome::Done),
        };
        let known = feedback.message.and_then(|message| memory.ratable(message));
        let own = |key| self.event.extras.get(&NAME, key).and_then(Value::as_str);
        let rated = known.and_then(|known| known.template.clone());
        let named = own("message_template_id").map(|template| {
            let request = own("request_id").map(str::to_owned);
            (template.to_owned(), request)
        });
        // An engine's template that the client names need not be that of the newest answer.
        let template = match (rated, named) {
            (Some(rated), Some(named)) if is_ours(&named.0) || named.0 == rated.0 => Some(rated),
            (rated, named) => named.or(rated),
        };
        if let Some((message_template_id, request_id)) = template
            && options.generation == Generation::Three
        {
            return Plan::Rate(feedback::Request {
                message_template_id,
                feedback: verdict,
                request_id,
                rest: Map::new(),
            });
        }
        let buttons = known.map_or(&[][..], |known| known.buttons.as_slice());
        let Some((id, value, label)) = buttons.iter().find(|(id, ..)| id == button) else {
            return Plan::Nothing(TurnOutcome::Done);
        };
        let data = [
            ("text", label.into()),
            ("value", value.as_deref().unwrap_or_default().into()),
        ];
        self.content(Kind::ButtonResponse, Some(id), data)
    }

    fn file(&self, file: &'a UploadedFile, memory: &'a Memory) -> Plan<'a> {
        let url = file.url.as_deref().unwrap_or_default();
        let Some(callback) = &file.callback else {
            return self.words(format!("{} {url}", file.name), memory);
        };
        let attribute = memory.upload.as_deref().unwrap_or("file_upload");
        let files = json!([{
            "name": file.name, "size": file.size_bytes, "type": file.media_type, "url": url,
        }]);
        let mut plan = self.content(
            Kind::FormResponse,
            Some(callback),
            [("text", file.name.as_str().into())],
        );
        if let Plan::Say(content) = &mut plan {
            content.data.insert(attribute, files);
        }
        plan
    }

    fn content(
        &self,
        kind: Kind,
        callback: Option<&'a str>,
        data: impl IntoIterator<Item = (&'a str, Cow<'a, str>)>,
    ) -> Plan<'a> {
        // What another kind of content carried beside the words does not belong here.
        let sent = self.sent.filter(|sent| {
            let opening = |kind| matches!(kind, Kind::ChatOpen | Kind::Trigger);
            sent.kind == kind || opening(sent.kind) && opening(kind)
        });
        let given = sent.and_then(|sent| sent.data);
        let mut all = given.map(Fields::from).unwrap_or_default();
        all.set_all(data);
        let now: Timestamp = self.event.at;
        for (key, write) in [
            ("date", time::date as fn(Timestamp) -> String),
            ("time", time::time_with_seconds),
        ] {
            if all.get(key).is_none() {
                all.push(key, write(now));
            }
        }
        let rest = match sent.and_then(|sent| sent.rest) {
            Some(rest) => rest.into(),
            None => {
                let mut rest = Fields::with_capacity(8);
                rest.push("mode", "webchat");
                rest.push("modeInstance", Value::from(0));
                if callback == Some(END_CHAT) {
                    rest.push("escalating", true);
                }
                rest
            }
        };
        Plan::Say(Content {
            kind,
            callback_id: callback.map(Cow::Borrowed),
            data: all,
            user: None,
            rest,
        })
    }
}

/// A typed date as the date picker sends it: `1981-10-05`, or a year.
fn date(text: &str) -> Option<String> {
    let parts: Vec<&str> = text.trim().split(['-', '/', '.']).collect();
    let number = |part: &str| part.parse::<u16>().ok();
    let (year, month, day) = match *parts.as_slice() {
        [year] if year.len() == 4 => return number(year).map(|year| format!("{year:04}")),
        [year, month, day] if year.len() == 4 => (number(year)?, number(month)?, number(day)?),
        [day, month, year] if year.len() == 4 => (number(year)?, number(month)?, number(day)?),
        [year, month] if year.len() == 4 => (number(year)?, number(month)?, 1),
        _ => return None,
    };
    let month = ::time::Month::try_from(u8::try_from(month).ok()?).ok()?;
    let date =
        ::time::Date::from_calendar_date(i32::from(year), month, u8::try_from(day).ok()?).ok()?;
    Some(date.to_string())
}

/// Whether a template is a message of ours: those are their own templates.
fn is_ours(template: &str) -> bool {
    template.parse::<MessageId>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_understood_as_people_type_them() {
        assert_eq!(date("1981-10-05").as_deref(), Some("1981-10-05"));
        assert_eq!(date("5/10/1981").as_deref(), Some("1981-10-05"));
        assert_eq!(date("05.10.1981").as_deref(), Some("1981-10-05"));
        assert_eq!(date("1981-10").as_deref(), Some("1981-10-01"));
        assert_eq!(date("1981").as_deref(), Some("1981"));
        assert_eq!(date("1981-13-05"), None);
        assert_eq!(date("tomorrow"), None);
    }
}
