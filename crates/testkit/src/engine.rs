use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use parking_lot::Mutex;
use serde_json::{Value, json};
use switchboard_core::Fault;
use switchboard_core::dialect::{
    Backend, CallId, Cx, Effect, Leg, LegInput, LegOutput, TransportFault,
};
use switchboard_core::model::{
    BotEvent, Content, ConversationId, Handover, HandoverPhase, Message, MessageId, RichText,
    Timestamp, TurnOutcome, UserEvent, UserInput,
};
use switchboard_exchange::{BoxFuture, Dialer, SocketCommand, SocketEvent};
use tokio::sync::mpsc;

/// What [`FakeBackend`] answers a text with, by the first word of the text:
///
/// - `echo REST`: says REST at once and ends the turn.
/// - `ask REST`: sends REST over HTTP and says what comes back.
/// - `twice A`: says A twice.
/// - `later MS A`: ends the turn; says A unasked after MS milliseconds.
/// - `hang`: never ends the turn.
/// - `fail`: ends the turn as unavailable.
/// - `flaky REST`: ends the leg's first turn as unreachable, and says REST in later ones.
/// - `human`: a human takes over; `bot`: the human leaves.
/// - `bye`: ends the conversation.
/// - `offer A B`: offers the choices A and B.
/// - anything else: says the text and how many inputs the leg has had.
#[derive(Debug, Default)]
pub struct FakeBackend {
    seen: Arc<Mutex<Vec<UserInput>>>,
}

impl FakeBackend {
    /// Every input that reached a leg.
    pub fn seen(&self) -> Arc<Mutex<Vec<UserInput>>> {
        self.seen.clone()
    }
}

/// One thing that a leg still has to say.
#[derive(Debug, Clone)]
pub struct Say {
    at: Timestamp,
    text: String,
}

struct FakeLeg {
    seen: Arc<Mutex<Vec<UserInput>>>,
    inputs: u64,
    calls: Vec<(CallId, MessageId)>,
    later: Vec<Say>,
}

impl Backend for FakeBackend {
    fn open(&self, _: ConversationId, _: &Cx<'_>) -> Box<dyn Leg> {
        let seen = self.seen.clone();
        Box::new(FakeLeg {
            seen,
            inputs: 0,
            calls: Vec::new(),
            later: Vec::new(),
        })
    }

    fn resume(&self, state: Value, _: &Cx<'_>) -> Result<Box<dyn Leg>, Fault> {
        let inputs = state["inputs"].as_u64().ok_or(Fault::Internal)?;
        let seen = self.seen.clone();
        Ok(Box::new(FakeLeg {
            seen,
            inputs,
            calls: Vec::new(),
            later: Vec::new(),
        }))
    }

    fn describe(&self) -> String {
        "fake".to_owned()
    }
}

impl FakeLeg {
    fn say(&self, turn: Option<MessageId>, text: &str, cx: &Cx<'_>, output: &mut LegOutput) {
        let content = Content::text(RichText::plain(text));
        let message = Message::bot(cx.message_id(), turn, cx.now, content);
        output.publish(turn, BotEvent::Message(message));
    }

    fn hand_over(
        &self,
        turn: Option<MessageId>,
        phase: HandoverPhase,
        cx: &Cx<'_>,
        output: &mut LegOutput,
    ) {
        let content = Content::Handover(Handover {
            phase,
            text: RichText::default(),
            system: None,
            operator: None,
        });
        let message = Message::bot(cx.message_id(), turn, cx.now, content);
        output.publish(turn, BotEvent::Message(message));
    }

    fn answer(&mut self, event: &UserEvent, cx: &Cx<'_>, output: &mut LegOutput) {
        if !event.input.opens_turn() {
            return;
        }
        let turn = Some(event.id);
        let UserInput::Text { text } = &event.input else {
            self.say(turn, &format!("{:?}", event.input), cx, output);
            output.publish(turn, BotEvent::TurnEnded(TurnOutcome::Done));
            return;
        };
        let (word, rest) = text.split_once(' ').unwrap_or((text, ""));
        match word {
            "echo" => self.say(turn, rest, cx, output),
            "twice" => {
                self.say(turn, rest, cx, output);
                self.say(turn, rest, cx, output);
            }
            "ask" => {
                let call = CallId(u32::try_from(self.inputs).unwrap_or_default());
                self.calls.push((call, event.id));
                let request = Request::new(Bytes::from(rest.to_owned()));
                let timeout = Duration::from_secs(60);
                output.effects.push(Effect::Http {
                    call,
                    request,
                    timeout,
                });
                return;
            }
            "later" => {
                let (ms, text) = rest.split_once(' ').expect("later MS TEXT");
                let at = cx
                    .now
                    .after(Duration::from_millis(ms.parse().expect("a number")));
                self.later.push(Say {
                    at,
                    text: text.to_owned(),
                });
            }
            "hang" => return,
            "fail" => {
                output.publish(turn, BotEvent::TurnEnded(TurnOutcome::Unavailable));
                return;
            }
            "flaky" if self.inputs == 1 => {
                output.publish(turn, BotEvent::TurnEnded(TurnOutcome::Unreachable));
                return;
            }
            "flaky" => self.say(turn, rest, cx, output),
            "human" => self.hand_over(turn, HandoverPhase::Joined, cx, output),
            "bot" => self.hand_over(turn, HandoverPhase::Ended, cx, output),
            "bye" => {
                let reason = switchboard_core::model::EndReason::Ended;
                output.publish(turn, BotEvent::ConversationEnded { reason });
            }
            "offer" => {
                let actions = rest
                    .split(' ')
                    .map(|word| switchboard_core::model::Action::choice(word, word.to_uppercase()))
                    .collect();
                let content = Content::Choices(Default::default());
                let message = Message::bot(cx.message_id(), turn, cx.now, content);
                output.publish(turn, BotEvent::Message(message.with_actions(actions)));
            }
            _ => self.say(turn, &format!("{text} #{}", self.inputs), cx, output),
        }
        output.publish(turn, BotEvent::TurnEnded(TurnOutcome::Done));
    }
}

impl Leg for FakeLeg {
    fn handle(&mut self, input: LegInput<'_>, cx: &Cx<'_>, output: &mut LegOutput) {
        match input {
            LegInput::Event { event, .. } => {
                self.inputs += 1;
                self.seen.lock().push(event.input.clone());
                self.answer(event, cx, output);
            }
            LegInput::Response { call, result } => {
                let Some(at) = self.calls.iter().position(|(known, _)| *known == call) else {
                    return;
                };
                let (_, turn) = self.calls.remove(at);
                let outcome = match result {
                    Ok(response) => {
                        let text = String::from_utf8_lossy(response.body()).into_owned();
                        self.say(Some(turn), &text, cx, output);
                        TurnOutcome::Done
                    }
                    Err(_) => TurnOutcome::Unavailable,
                };
                output.publish(Some(turn), BotEvent::TurnEnded(outcome));
            }
            LegInput::Timer => {
                let (due, later) = std::mem::take(&mut self.later)
                    .into_iter()
                    .partition(|say| say.at <= cx.now);
                self.later = later;
                let due: Vec<Say> = due;
                for say in due {
                    self.say(None, &say.text, cx, output);
                }
            }
            LegInput::Abandon { turn } => self.calls.retain(|(_, known)| *known != turn),
            _ => {}
        }
    }

    fn wake_at(&self) -> Option<Timestamp> {
        self.later.iter().map(|say| say.at).min()
    }

    fn state(&self) -> Value {
        json!({ "inputs": self.inputs })
    }

    fn is_quiet(&self) -> bool {
        self.calls.is_empty()
    }
}

/// Answers every request after a fixed time with the request's own body.
#[derive(Debug, Clone, Copy)]
pub struct FakeEngine {
    /// How long an answer takes.
    pub takes: Duration,
}

impl Dialer for FakeEngine {
    fn http(
        &self,
        _: &Arc<str>,
        request: Request<Bytes>,
        timeout: Duration,
    ) -> BoxFuture<Result<Response<Bytes>, TransportFault>> {
        let takes = self.takes;
        Box::pin(async move {
            tokio::time::sleep(takes.min(timeout)).await;
            if takes > timeout {
                return Err(TransportFault::Timeout);
            }
            Ok(Response::new(request.into_body()))
        })
    }

    fn open_socket(
        &self,
        _: &Arc<str>,
        _: Request<()>,
        events: mpsc::Sender<SocketEvent>,
        _: mpsc::Receiver<SocketCommand>,
    ) {
        let reason = "no sockets here".to_owned();
        let _ = events.try_send(SocketEvent::Closed {
            code: 404,
            reason,
            retry_after: None,
        });
    }
}
