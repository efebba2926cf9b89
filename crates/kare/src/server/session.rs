use std::sync::Arc;

use switchboard_core::Fault;
use switchboard_core::dialect::{
    Call, Cx, Entry, Find, Finish, Item, Operation, Outcome, ServerSession, SessionAction, Target,
    UnknownChoice, View, Wait,
};
use switchboard_core::model::{EndReason, MessageId, Profile, UserEvent, UserInput};

use super::apps::App;
use super::forest::{self, Forest, hello_id};
use super::{Shared, profile};
use crate::convert::event;
use crate::error::{DialectError, frame};
use crate::wire::bye::Bye;
use crate::wire::hello::Hello;
use crate::wire::query::Query;
use crate::wire::{Body, Envelope, EnvelopeError, Uri, WireId, decode_frame, encode_text};

/// How many unreadable frames in a row close the socket.
const MAX_INVALID: u32 = 10;
/// How many messages of one frame are taken.
const MAX_IN_FRAME: usize = 256;
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
    /// The application, and how often it had been shut off when it opened the socket.
    scope: String,
    shut_off: u64,
    /// The response that the address asks to be welcomed with.
    welcome: Option<String>,
    forest: Forest,
    conversation: Option<Conversation>,
    /// Something has happened before, so that nobody is greeted.
    spoken: bool,
    /// The hello of this socket.
    hello: Option<MessageId>,
    /// All that has happened so far is a greeting, of which this is what other sockets have got.
    greeting: Option<Greeting>,
    invalid: u32,
}

/// The conversation as far as the socket must know it.
struct Conversation {
    key: Arc<str>,
    profile: Arc<Profile>,
    /// The newest place in its log when the socket was attached.
    joined: u64,
}

/// A greeting from before the socket was attached.
struct Greeting {
    /// The `in/hi` that it answered.
    hello: MessageId,
    frames: Vec<String>,
}

impl Session {
    pub(super) fn new(shared: Arc<Shared>, app: &App, welcome: Option<String>) -> Self {
        Self {
            forest: Forest::new(Arc::clone(&shared)),
            shared,
            scope: app.app_id.clone(),
            shut_off: app.shut_off,
            welcome,
            conversation: None,
            spoken: false,
            hello: None,
            greeting: None,
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
                for (at, envelope) in envelopes.into_iter().enumerate() {
                    if at == MAX_IN_FRAME {
                        self.refuse(&too_many(), None, &mut actions, cx);
                        break;
                    }
                    if self.invalid >= MAX_INVALID {
                        break;
                    }
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
        match &envelope.uri {
            Uri::InHi => self.hi(envelope, actions, cx),
            Uri::InQuery | Uri::InText | Uri::InClick => {
                self.input(envelope, actions, cx);
            }
            Uri::InBye => {
                let operation = Operation::End {
                    reason: EndReason::Ended,
                };
                actions.extend(self.call(envelope.id, Profile::default(), operation));
            }
            uri => {
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
        let again = self.hello.replace(id).is_some();
        let greeting = self.greeting.take();
        let is_first = !again && (greeting.is_some() || !self.spoken);
        let welcome = hello.welcome_message_id.or_else(|| self.welcome.clone());
        let event = UserEvent::new(
            id,
            cx.now,
            UserInput::Open {
                welcome,
                query: None,
            },
        );
        let locale = self.locale(&change);
        // What was greeted with hangs below the reply to the hello that it answered.
        let greeted = greeting.as_ref().map_or(id, |greeting| greeting.hello);
        let key = self.key().unwrap_or_default();
        let mut reply = forest::hello(id, hello_id(greeted), key, locale, cx.now);
        reply.header.is_final = Some(!is_first);
        actions.push(SessionAction::Send(encode_text(&reply)));
        if again {
            return;
        }
        let frames = greeting.map(|greeting| greeting.frames);
        actions.extend(frames.into_iter().flatten().map(SessionAction::Send));
        let greet = Operation::Greet {
            event: Box::new(event),
            wait: Wait::Accepted,
        };
        actions.extend(self.call(Some(id.into()), change, greet));
        // The server asks it on the user's behalf: a tree of its own.
        if let Some(text) = hello.query
            && is_first
        {
            let query = Body::Query(Query::new(text));
            self.input(
                Envelope::new(cx.message_id(), Uri::InQuery, query),
                actions,
                cx,
            );
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
    fn input(&mut self, envelope: Envelope, actions: &mut Vec<SessionAction>, cx: &Cx<'_>) {
        let about = envelope.id.clone();
        match event::to_model(envelope, cx.message_id(), cx.now) {
            Ok(event) => {
                self.spoken = true;
                let about = Some(event.id.into());
                actions.extend(self.call(about, Profile::default(), input(event)));
            }
            Err(error) => self.refuse(&error, about, actions, cx),
        }
    }

    /// Something happened in the conversation before the socket was attached to it.
    fn before(&mut self, entry: &Entry, placed: &[Envelope]) {
        match &entry.item {
            Item::User(event) => {
                let is_hello = matches!(event.input, UserInput::Open { .. });
                self.greeting = is_hello.then(|| Greeting {
                    hello: event.id,
                    frames: Vec::new(),
                });
            }
            _ => {
                self.heard(entry);
                if let Some(greeting) = &mut self.greeting {
                    greeting.frames.extend(placed.iter().map(encode_text));
                }
            }
        }
    }

    /// Whatever does not belong to the greeting ends its being all there is.
    fn heard(&mut self, entry: &Entry) {
        if !entry.is_transient() {
            self.greeting
                .take_if(|greeting| entry.turn != Some(greeting.hello));
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
            target: Target::new(Find::Existing(key), self.scope.clone()),
            profile,
            operation,
            finish,
        })))
    }
}

fn too_many() -> DialectError {
    DialectError::InvalidMessage {
        field: None,
        message: "A frame holds at most 256 messages; the rest of them was not taken.",
    }
}

fn send(envelopes: &[Envelope]) -> Vec<SessionAction> {
    let texts = envelopes.iter().map(encode_text);
    texts.map(SessionAction::Send).collect()
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
            joined: view.last_seq,
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

    fn recall(&mut self, entry: &Entry, view: &View, _cx: &Cx<'_>) -> Vec<SessionAction> {
        let mut placed = self.forest.place(entry, view);
        let is_old = (self.conversation.as_ref()).is_some_and(|it| entry.seq <= it.joined);
        match &entry.item {
            // Whoever comes after the end is told of it too.
            Item::Ended { reason } => {
                let mut actions = send(&placed);
                actions.push(close(NORMAL, reason.as_str()));
                actions
            }
            _ if is_old => {
                self.before(entry, &placed);
                Vec::new()
            }
            Item::User(event) => {
                self.spoken = true;
                self.greeting = None;
                if let Some(conversation) = &mut self.conversation {
                    conversation.profile = Arc::clone(&view.profile);
                }
                // Another socket's hello: what answers it hangs below this.
                let is_hello = matches!(event.input, UserInput::Open { .. });
                if is_hello && self.hello != Some(event.id) {
                    placed.push(self.forest.greeting_hello(event, view));
                }
                send(&placed)
            }
            _ => Vec::new(),
        }
    }

    fn deliver(&mut self, entry: &Entry, view: &View, _cx: &Cx<'_>) -> Vec<SessionAction> {
        self.heard(entry);
        let mut actions = send(&self.forest.place(entry, view));
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

    fn settings_changed(&mut self, cx: &Cx<'_>) -> Vec<SessionAction> {
        if self.shared.apps.is_still(&self.scope, self.shut_off) {
            return Vec::new();
        }
        let bye = Bye {
            reason: Some("revoked".to_owned()),
            ..Bye::default()
        };
        let mut envelope = Envelope::new(cx.message_id(), Uri::OutBye, Body::Bye(bye));
        envelope.conversation_id = self.key().map(str::to_owned);
        envelope.created_at = Some(cx.now.to_rfc3339());
        vec![
            SessionAction::Send(encode_text(&envelope)),
            close(POLICY, "revoked"),
        ]
    }
}
