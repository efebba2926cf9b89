use std::sync::Arc;

use switchboard_core::Fault;
use switchboard_core::dialect::{
    Call, Cx, Entry, Find, Finish, Item, Operation, Outcome, ServerSession, SessionAction, Target,
    UnknownChoice, View, Wait,
};
use switchboard_core::model::{EndReason, MessageId, Profile, UserEvent, UserInput};

use super::forest::{Forest, Kind};
use super::{Shared, profile};
use crate::convert::event;
use crate::error::{DialectError, frame};
use crate::wire::hello::Hello;
use crate::wire::{Body, Envelope, EnvelopeError, Uri, WireId, decode_frame, encode_text};

/// How many unreadable frames in a row close the socket.
const MAX_INVALID: u32 = 10;
/// RFC 6455: normal.
const NORMAL: u16 = 1000;
/// RFC 6455: policy violation.
const POLICY: u16 = 1008;
/// Longest reason of a close frame in bytes.
const MAX_REASON: usize = 123;

/// One widget's socket: `docs/protocols/kare.md#3-websocket`. It is attached to its conversation
/// by the handshake.
pub(super) struct Session {
    shared: Arc<Shared>,
    scope: String,
    /// The response that the address asks to be welcomed with.
    welcome: Option<String>,
    forest: Forest,
    conversation: Option<Conversation>,
    /// Something has happened before, so that nobody is greeted.
    spoken: bool,
    greeted: bool,
    invalid: u32,
}

/// The conversation as it was when the socket was attached.
struct Conversation {
    key: Arc<str>,
    profile: Arc<Profile>,
}

impl Session {
    pub(super) fn new(shared: Arc<Shared>, scope: String, welcome: Option<String>) -> Self {
        Self {
            forest: Forest::new(Arc::clone(&shared)),
            shared,
            scope,
            welcome,
            conversation: None,
            spoken: false,
            greeted: false,
            invalid: 0,
        }
    }

    fn key(&self) -> Option<&str> {
        self.conversation.as_ref().map(|it| &*it.key)
    }

    fn handle(&mut self, data: &[u8], cx: &Cx<'_>) -> Vec<SessionAction> {
        let mut actions = Vec::with_capacity(2);
        match decode_frame(data) {
            Err(_) => self.unreadable(&DialectError::InvalidJson, None, &mut actions, cx),
            Ok(envelopes) => {
                for envelope in envelopes {
                    match envelope {
                        Ok(envelope) => {
                            self.invalid = 0;
                            self.envelope(envelope, &mut actions, cx);
                        }
                        Err(error) => {
                            let about = match &error {
                                EnvelopeError::MissingUri { id } => id.clone(),
                                EnvelopeError::NotAnObject => None,
                            };
                            self.unreadable(&error.into(), about, &mut actions, cx);
                        }
                    }
                }
            }
        }
        actions
    }

    fn unreadable(
        &mut self,
        error: &DialectError,
        about: Option<WireId>,
        actions: &mut Vec<SessionAction>,
        cx: &Cx<'_>,
    ) {
        self.invalid += 1;
        self.refuse(error, about, actions, cx);
        if self.invalid == MAX_INVALID {
            actions.push(close(POLICY, "too many unreadable messages"));
        }
    }

    fn refuse(
        &self,
        error: &DialectError,
        about: Option<WireId>,
        actions: &mut Vec<SessionAction>,
        cx: &Cx<'_>,
    ) {
        actions.push(SessionAction::Refused(Fault::from(error)));
        let envelope = frame(error, about, self.key(), cx);
        actions.push(SessionAction::Send(encode_text(&envelope)));
    }

    fn envelope(&mut self, envelope: Envelope, actions: &mut Vec<SessionAction>, cx: &Cx<'_>) {
        match (&envelope.uri, &envelope.body) {
            (Uri::InHi, _) => self.hi(envelope, actions, cx),
            (Uri::InQuery | Uri::InText, _) => {
                self.input(envelope, Kind::Answer, actions, cx);
            }
            (Uri::InClick, Body::Click(click)) => {
                let kind = Kind::of_click(click.target.aspect.as_ref());
                self.input(envelope, kind, actions, cx);
            }
            (Uri::InBye, _) => {
                let operation = Operation::End {
                    reason: EndReason::Ended,
                };
                actions.extend(self.call(envelope.id, Profile::default(), operation));
            }
            (uri, _) => {
                let error = DialectError::UnknownUri(uri.as_str().to_owned());
                self.refuse(&error, envelope.id, actions, cx);
            }
        }
    }

    /// `docs/protocols/kare.md#52-hello`
    fn hi(&mut self, envelope: Envelope, actions: &mut Vec<SessionAction>, cx: &Cx<'_>) {
        let id = envelope.id.and_then(|id| id.uuid());
        let id = id.unwrap_or_else(|| cx.message_id());
        let hello = match envelope.body {
            Body::Hello(hello) => hello,
            _ => Hello::default(),
        };
        let mut change = profile::of_about(&hello.about);
        let bound = self.conversation.as_ref().map(|it| &it.profile.tags);
        if bound.is_some_and(|tags| !tags.is_empty()) {
            change.tags.clear();
        }
        let again = std::mem::replace(&mut self.greeted, true);
        let welcome = hello.welcome_message_id.or_else(|| self.welcome.clone());
        let event = UserEvent::new(
            id,
            cx.now,
            UserInput::Open {
                welcome,
                query: None,
            },
        );
        if !again && !self.spoken {
            self.forest.open(id, Kind::of(&event));
        }
        let locale = self.locale(&change);
        let key = self.key().unwrap_or_default().to_owned();
        let reply = self
            .forest
            .hello(id, again || self.spoken, &key, locale, cx.now);
        actions.push(SessionAction::Send(encode_text(&reply)));
        if again {
            return;
        }
        let greet = Operation::Greet {
            event: Box::new(event),
            wait: Wait::Accepted,
        };
        actions.extend(self.call(Some(id.into()), change, greet));
        // The server asks it on the user's behalf: a tree of its own.
        if let Some(text) = hello.query
            && !self.spoken
        {
            let id = cx.message_id();
            self.forest.open(id, Kind::Answer);
            let operation = input(UserEvent::new(id, cx.now, UserInput::Text { text }));
            actions.extend(self.call(Some(id.into()), Profile::default(), operation));
        }
    }

    fn locale(&self, change: &Profile) -> String {
        match &self.conversation {
            Some(conversation) if change.locales == Profile::default().locales => {
                self.shared.settings.locale(&conversation.profile)
            }
            Some(conversation) => {
                let mut profile = Profile {
                    locales: conversation.profile.locales.clone(),
                    ..Profile::default()
                };
                profile.merge(Profile {
                    locales: change.locales.clone(),
                    ..Profile::default()
                });
                self.shared.settings.locale(&profile)
            }
            None => self.shared.settings.locale(change),
        }
    }

    /// `docs/protocols/kare.md#53-query-and-click`
    fn input(
        &mut self,
        envelope: Envelope,
        kind: Kind,
        actions: &mut Vec<SessionAction>,
        cx: &Cx<'_>,
    ) {
        let about = envelope.id.clone();
        match event::to_model(envelope, cx.message_id(), cx.now) {
            Ok(event) => {
                self.spoken = true;
                self.forest.open(event.id, kind);
                let about = Some(event.id.into());
                actions.extend(self.call(about, Profile::default(), input(event)));
            }
            Err(error) => self.refuse(&error, about, actions, cx),
        }
    }

    /// A call on the conversation; what goes wrong with it is told in a frame about `about`.
    fn call(
        &self,
        about: Option<WireId>,
        profile: Profile,
        operation: Operation,
    ) -> Option<SessionAction> {
        let key = self.key()?.to_owned();
        let finish: Finish<Vec<SessionAction>> = {
            let key = key.clone();
            Box::new(
                move |outcome: Result<Outcome, Fault>, cx: &Cx<'_>| match outcome {
                    Ok(_) => Vec::new(),
                    Err(fault) => failed(fault, about, &key, cx),
                },
            )
        };
        Some(SessionAction::Call(Box::new(Call {
            target: Target {
                find: Find::Existing(key),
                scope: self.scope.clone(),
                retry: None,
                client: None,
            },
            profile,
            operation,
            finish,
        })))
    }
}

fn input(event: UserEvent) -> Operation {
    Operation::Input {
        event: Box::new(event),
        wait: Wait::Accepted,
        unknown_choice: UnknownChoice::Ignore,
    }
}

fn failed(fault: Fault, about: Option<WireId>, key: &str, cx: &Cx<'_>) -> Vec<SessionAction> {
    let code = match fault {
        Fault::ConversationEnded | Fault::UnknownConversation => Some(NORMAL),
        Fault::Disabled | Fault::Unauthorised(_) => Some(POLICY),
        _ => None,
    };
    let reason = fault.reason();
    let error = DialectError::Fault(fault.clone());
    let envelope = frame(&error, about, Some(key), cx);
    let mut actions = vec![
        SessionAction::Refused(fault),
        SessionAction::Send(encode_text(&envelope)),
    ];
    actions.extend(code.map(|code| close(code, reason)));
    actions
}

fn close(code: u16, reason: &str) -> SessionAction {
    let mut end = reason.len().min(MAX_REASON);
    while !reason.is_char_boundary(end) {
        end -= 1;
    }
    SessionAction::Close {
        code,
        reason: reason.get(..end).unwrap_or_default().to_owned(),
    }
}

impl ServerSession for Session {
    fn attached(&mut self, view: &View, _cx: &Cx<'_>) -> Vec<SessionAction> {
        self.spoken |= view.used;
        self.conversation = Some(Conversation {
            key: view.key.clone(),
            profile: Arc::clone(&view.profile),
        });
        Vec::new()
    }

    fn attach_failed(&mut self, fault: &Fault, cx: &Cx<'_>) -> Vec<SessionAction> {
        let error = DialectError::Fault(fault.clone());
        let envelope = frame(&error, None, None, cx);
        vec![
            SessionAction::Send(encode_text(&envelope)),
            close(POLICY, fault.reason()),
        ]
    }

    fn handle_text(&mut self, text: &str, cx: &Cx<'_>) -> Vec<SessionAction> {
        self.handle(text.as_bytes(), cx)
    }

    fn handle_binary(&mut self, data: &[u8], cx: &Cx<'_>) -> Vec<SessionAction> {
        self.handle(data, cx)
    }

    fn deliver(&mut self, entry: &Entry, view: &View, _cx: &Cx<'_>) -> Vec<SessionAction> {
        let mut actions: Vec<SessionAction> = self
            .forest
            .place(entry, view)
            .iter()
            .map(|envelope| SessionAction::Send(encode_text(envelope)))
            .collect();
        if let Item::Ended { reason } = &entry.item {
            actions.push(close(NORMAL, reason.as_str()));
        }
        actions
    }

    fn turn_failed(&mut self, turn: MessageId, fault: &Fault, cx: &Cx<'_>) -> Vec<SessionAction> {
        let error = DialectError::Fault(fault.clone());
        let envelope = frame(&error, Some(turn.into()), self.key(), cx);
        vec![SessionAction::Send(encode_text(&envelope))]
    }
}
