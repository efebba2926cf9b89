//! What a livechat needs, from its queue to its end: `docs/protocols/dydu.md#8-livechat-life-cycle`.
//!
//! While a human is there or awaited, the leg keeps a websocket open, like the vendor's widget,
//! and polls as long as there is none. What the user says goes out in order and once: by frames
//! while the socket is open, else by REST requests one after the other.

use switchboard_core::dialect::{Cx, HandoverState, LegOutput};
use switchboard_core::model::{
    Author, BotEvent, Content, Handover, HandoverPhase, Message, MessageId, TurnOutcome,
};

use super::flight::Purpose;
use super::leg::DyduLeg;
use super::state::Absence;
use crate::options::{Livechat, Transport};
use crate::wire::TalkRequest;
use crate::wire::envelope::Received;
use crate::wire::talk::Mode;

/// Something to be said in a livechat.
#[derive(Debug)]
pub(super) struct Spoken {
    /// The turn that ends with it.
    pub(super) turn: Option<MessageId>,
    /// It leaves the operator or the queue, which the engine answers.
    pub(super) leaves: bool,
    pub(super) request: TalkRequest,
}

/// What an answer answers.
#[derive(Debug)]
pub(super) enum Asked {
    /// A request in this context.
    Request(Option<String>),
    /// Whatever was said on the socket.
    Frames,
}

impl DyduLeg {
    /// After every input: sees that the livechat has what it needs, or that nothing is left of it.
    pub(super) fn settle(&mut self, cx: &Cx<'_>, output: &mut LegOutput) {
        let is_livechat = self.is_livechat();
        if is_livechat && !self.was_livechat {
            self.socket.livechat_begins();
            self.polls.clear();
        }
        let is_over = self.was_livechat && !is_livechat;
        self.was_livechat = is_livechat;
        if is_livechat {
            self.tell_absence();
            let is_wanted = self.settings.transport == Transport::Websocket
                || self.settings.livechat == Livechat::Websocket;
            if is_wanted {
                self.keep_socket(output);
            }
            self.keep_polling(cx);
        } else if is_over {
            self.state.absence = Absence::Present;
            self.notice = None;
            if self.settings.transport == Transport::Rest {
                self.socket.linger(cx.now.after(self.settings.silence));
            }
            self.schedule_polls(cx);
        }
        self.speak(cx, output);
    }

    /// Says what waits to be said.
    fn speak(&mut self, cx: &Cx<'_>, output: &mut LegOutput) {
        loop {
            let is_speaking =
                |purpose: &Purpose| matches!(purpose, Purpose::Livechat(_) | Purpose::Late(_));
            // Two requests at once could overtake each other.
            if self.is_under_way(is_speaking) {
                return;
            }
            let Some(Spoken {
                turn,
                leaves,
                mut request,
            }) = self.speech.pop_front()
            else {
                return;
            };
            let is_livechat = self.is_livechat();
            match turn {
                Some(turn) if is_livechat && self.socket.is_open() && leaves => {
                    self.say_in_turn(turn, [request].into(), cx, output);
                }
                _ if is_livechat && self.socket.is_open() => {
                    self.say(&request, cx, output);
                    if let Some(turn) = turn {
                        self.end_turn(turn, TurnOutcome::Done, cx, output);
                    }
                }
                // Whoever was left has left in the meantime.
                Some(turn) if leaves && !is_livechat => {
                    self.end_turn(turn, TurnOutcome::Done, cx, output);
                }
                _ => {
                    let (mode, purpose) = if is_livechat {
                        (Mode::Polling, Purpose::Livechat(turn))
                    } else {
                        (Mode::Synchron, Purpose::Late(turn))
                    };
                    request.mode = Some(mode);
                    let request = self.talk_request(request);
                    self.send(request, purpose, cx, output);
                }
            }
        }
    }

    /// The client's connection is lost: the operator is told, now or when there is one.
    pub(super) fn lost(
        &mut self,
        notice: Option<TalkRequest>,
        cx: &Cx<'_>,
        output: &mut LegOutput,
    ) {
        if self.is_livechat() && self.state.absence == Absence::Present {
            self.typing(false, None, cx, output);
            self.state.absence = Absence::Lost;
            self.notice = notice;
        }
    }

    /// The client is back: an operator who was told of the loss is told of that.
    pub(super) fn back(&mut self, notice: Option<TalkRequest>) {
        self.notice = None;
        let was_told = std::mem::take(&mut self.state.absence) == Absence::Told;
        if let Some(request) = notice.filter(|_| was_told && self.is_livechat()) {
            self.tell(request);
        }
    }

    fn tell_absence(&mut self) {
        if self.state.absence == Absence::Lost
            && self.state.handover == HandoverState::Active
            && let Some(request) = self.notice.take()
        {
            self.state.absence = Absence::Told;
            self.tell(request);
        }
    }

    fn tell(&mut self, request: TalkRequest) {
        self.speech.push_back(Spoken {
            turn: None,
            leaves: false,
            request,
        });
    }

    /// Any answer may bring another context: the engine has given the old one up.
    pub(super) fn adopt_context(
        &mut self,
        answer: &Received<'_>,
        asked: &Asked,
        cx: &Cx<'_>,
        output: &mut LegOutput,
    ) {
        let new = answer.context.as_ref().filter(|new| !new.is_empty());
        let Some(new) = new.filter(|new| self.state.context.as_ref() != Some(*new)) else {
            return;
        };
        // A late answer in a context that was given up since.
        if matches!(asked, Asked::Request(Some(old)) if old == new) {
            return;
        }
        if self.state.context.is_some() {
            self.revoke(cx, output);
        }
        self.state.context = Some(new.clone());
        // A request for talk carries the variables; frames may carry them in vain.
        let needs_variables = std::mem::take(&mut self.is_revoked);
        if needs_variables && matches!(asked, Asked::Frames) {
            let variables = std::mem::take(&mut self.state.variables);
            for request in self.changed_variables(variables) {
                self.send(request, Purpose::Report, cx, output);
            }
        }
    }

    /// The engine has forgotten the conversation, and with it any human who was involved. The user
    /// goes on as before.
    pub(super) fn revoke(&mut self, cx: &Cx<'_>, output: &mut LegOutput) {
        tracing::debug!("the engine has given up the context");
        self.state.context = None;
        self.state.operator = None;
        self.state.surveys.clear();
        self.is_revoked = true;
        if std::mem::take(&mut self.state.handover) == HandoverState::None {
            return;
        }
        let step = Handover {
            phase: HandoverPhase::Ended,
            ..Handover::default()
        };
        let message = Message {
            author: Author::System,
            ..Message::bot(cx.message_id(), None, cx.now, Content::Handover(step))
        };
        output.publish(None, BotEvent::Message(message));
    }
}
