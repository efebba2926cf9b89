//! Lines exchanged elsewhere: `docs/protocols/opendialog.md#43-post-useruser_idhistory`.

use bytes::Bytes;
use http::{Request, Response};
use serde_json::{Map, Value};
use switchboard_core::dialect::{Call, Cx, Entry, Find, Item, Noted, Operation};
use switchboard_core::model::{
    Author, Content, Extras, Message, Profile, RichText, UserEvent, UserInput,
};

use super::access::{bearer, generation};
use super::{Handling, Server, call};
use crate::wire::Slot;
use crate::wire::external::{self, External, ME, TEXT_EXTERNAL};
use crate::wire::outbound::THEM;
use crate::{NAME, error};

/// Marks what was exchanged elsewhere.
const MARK: &str = "external";

impl Server {
    /// Writes a line into a user's history. The line comes from a plug-in in the page, which shows
    /// the page's token, or from a program with a key or a token of its own. Whose cookie is asked
    /// for is asked for it here too, except by a program with a token.
    pub(super) fn write_external(
        &self,
        request: &Request<Bytes>,
        path: &str,
        user_id: String,
        cx: &Cx<'_>,
    ) -> Handling {
        let is_program = self.api_token(request, cx).is_ok();
        let has_key = bearer(request).is_ok_and(|key| self.is_app_key(key));
        if !is_program && !has_key {
            let place = self.place(request, path);
            self.check_forgery(request.headers(), &place, &user_id, cx)?;
            self.admit(request, generation(path))?;
        }
        let line =
            external::decode(request.body()).map_err(|mistakes| error::invalid(&mistakes))?;
        let handled = call(Call {
            target: self.target(Find::Continue(user_id.clone())),
            profile: Profile {
                user_id: Some(user_id.clone()),
                ..Profile::default()
            },
            operation: Operation::Note(noted(line, &user_id, cx)),
            finish: Box::new(|result, _| match result {
                Ok(_) => Response::new(Bytes::new()),
                Err(fault) => error::encode_fault(&fault),
            }),
        });
        if is_program {
            return Ok(handled);
        }
        self.guard(request, path, handled, cx)
    }
}

fn noted(line: External, user_id: &str, cx: &Cx<'_>) -> Noted {
    let mut kept = Map::new();
    let said_at = [("date", &line.date), ("time", &line.time)];
    for (key, value) in said_at {
        if let Some(value) = value.get() {
            kept.insert(key.to_owned(), Value::from(value.as_str()));
        }
    }
    let mut mark = Map::new();
    mark.insert(MARK.to_owned(), Value::Object(kept));
    let extras = Extras::new(NAME, mark);
    if line.author == ME || line.author == user_id {
        let said = UserInput::text(line.text);
        return Noted::User(Box::new(UserEvent {
            extras,
            ..UserEvent::new(cx.message_id(), cx.now, said)
        }));
    }
    let content = Content::text(RichText::plain(line.text));
    let mut message = Message::bot(cx.message_id(), None, cx.now, content);
    if line.author != THEM {
        message.author = Author::Operator {
            id: None,
            name: Some(line.author),
        };
    }
    message.extras = extras;
    Noted::Message(Box::new(message))
}

/// The type that an entry has in lists, if it was exchanged elsewhere.
pub(super) fn kind_of(entry: &Entry) -> Option<&'static str> {
    mark_of(entry).map(|_| TEXT_EXTERNAL)
}

/// What an entry is marked with, if it was exchanged elsewhere: words, and when they were said.
fn mark_of(entry: &Entry) -> Option<&Map<String, Value>> {
    let extras = match &entry.item {
        Item::User(event) if matches!(event.input, UserInput::Text { .. }) => &event.extras,
        Item::Message(published) if matches!(published.message.content, Content::Text { .. }) => {
            &published.message.extras
        }
        _ => return None,
    };
    extras.get(&NAME, MARK)?.as_object()
}

/// The line that an entry records, if it was exchanged elsewhere. Its author is absent if it is the
/// user.
pub(super) fn line_of(entry: &Entry) -> Option<(Option<String>, External)> {
    let mark = mark_of(entry)?;
    let (author, text) = match &entry.item {
        Item::User(event) => match &event.input {
            UserInput::Text { text } => (None, text.clone()),
            _ => return None,
        },
        Item::Message(published) => {
            let message = &published.message;
            let author = match &message.author {
                Author::Operator {
                    name: Some(name), ..
                } => name,
                _ => THEM,
            };
            let Content::Text { text } = &message.content else {
                return None;
            };
            (Some(author.to_owned()), text.to_plain().into_owned())
        }
        _ => return None,
    };
    let said_at = |key: &str| mark.get(key).and_then(Value::as_str).map(str::to_owned);
    let line = External {
        author: author.clone().unwrap_or_else(|| ME.to_owned()),
        text,
        date: Slot::or_absent(said_at("date")),
        time: Slot::or_absent(said_at("time")),
    };
    Some((author, line))
}
