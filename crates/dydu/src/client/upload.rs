//! Files: `docs/protocols/dydu.md#65-guiaction-and-file-upload`.
//!
//! A file is sent, and then the sentence that the engine asked for is said, which brings what the
//! engine made of the file. A client of the same dialect says that sentence itself a moment later;
//! then it has been said already.

use std::collections::VecDeque;

use http::HeaderValue;
use switchboard_core::dialect::{Cx, HandoverState, LegOutput};
use switchboard_core::model::{
    Author, BotEvent, Content, Message, MessageId, RichText, TurnOutcome, UserEvent, UserInput,
};

use super::flight::Purpose;
use super::leg::DyduLeg;
use super::livechat::Asked;
use super::request::{Multipart, Outgoing};
use crate::convert::say;
use crate::wire::path::Endpoint;
use crate::wire::upload::{FilePart, UploadResult};
use crate::wire::{Params, TalkRequest};

/// A file on its way, and what is said after it.
#[derive(Debug)]
pub(super) struct Upload {
    pub(super) turn: MessageId,
    /// Absent once it was sent.
    file: Option<FilePart>,
    request: TalkRequest,
}

impl DyduLeg {
    /// Sends a file. It needs a context: if there is none yet, that is asked for first.
    pub(super) fn upload(
        &mut self,
        turn: MessageId,
        file: FilePart,
        mut request: TalkRequest,
        cx: &Cx<'_>,
        output: &mut LegOutput,
    ) {
        if request.user_input.is_empty() {
            let asked = self.state.upload_sentence.clone();
            request.user_input = match asked {
                // Empty where an operator asked, who sees the file and waits for no sentence.
                Some(sentence) => sentence,
                None if self.state.handover == HandoverState::None => say::typed(&file.name),
                None => String::new(),
            };
        }
        let said = Some(request.user_input.clone());
        self.state.upload_said = said.filter(|sentence| !sentence.is_empty());
        let upload = Upload {
            turn,
            file: Some(file),
            request,
        };
        if self.state.context.is_some() {
            return self.send_file(upload, cx, output);
        }
        let who = TalkRequest {
            user_input: String::new(),
            extra: None,
            do_not_register: None,
            mode: None,
            ..upload.request.clone()
        };
        let params = who.to_params();
        let mut body = Params::new();
        for (name, value) in params.iter().filter(|(name, _)| *name != "userInput") {
            body.push(name, value);
        }
        let outgoing = self.side(Endpoint::Context, body.to_form());
        self.send(outgoing, Purpose::Upload(Box::new(upload)), cx, output);
    }

    fn send_file(&mut self, mut upload: Upload, cx: &Cx<'_>, output: &mut LegOutput) {
        let (Some(context), Some(file)) = (&self.state.context, upload.file.take()) else {
            return self.upload_failed(upload, TurnOutcome::Unavailable, cx, output);
        };
        let (content_type, body) = file.to_multipart(upload.turn.0.as_bytes());
        let Ok(content_type) = HeaderValue::try_from(content_type) else {
            return self.upload_failed(upload, TurnOutcome::Refused, cx, output);
        };
        let outgoing = Outgoing {
            endpoint: Endpoint::FileUpload,
            context: None,
            body,
            timeout: self.settings.upload_timeout,
            frame: None,
            file: Some(Multipart {
                query: file.query(context),
                content_type,
            }),
        };
        self.send(outgoing, Purpose::Upload(Box::new(upload)), cx, output);
    }

    /// The context is there, or the file has arrived.
    pub(super) fn upload_landed(
        &mut self,
        upload: Upload,
        body: &[u8],
        asked_in: &Asked,
        cx: &Cx<'_>,
        output: &mut LegOutput,
    ) {
        if upload.file.is_some() {
            return match self.read_answer(body, asked_in, cx, output) {
                Ok(_) => self.send_file(upload, cx, output),
                Err(failure) => self.upload_failed(upload, failure.outcome(), cx, output),
            };
        }
        let result = std::str::from_utf8(body)
            .ok()
            .and_then(UploadResult::of_page);
        match result {
            Some(result) if !result.is_failure() => self.say_after(upload, cx, output),
            Some(_) => self.upload_failed(upload, TurnOutcome::Refused, cx, output),
            None => self.upload_failed(upload, TurnOutcome::Unavailable, cx, output),
        }
    }

    fn say_after(&mut self, upload: Upload, cx: &Cx<'_>, output: &mut LegOutput) {
        let Upload { turn, request, .. } = upload;
        if request.user_input.is_empty() {
            return self.end_turn(turn, TurnOutcome::Done, cx, output);
        }
        let requests = VecDeque::from([request]);
        if self.state.handover == HandoverState::None {
            // By REST, as the widget does: on the websocket nothing might follow, because what the
            // engine made of the file was pushed when the file came.
            return self.next_talk(turn, requests, cx, output);
        }
        self.talk(turn, requests, false, cx, output);
    }

    /// Nothing is said to the engine, which would take it that there is a file.
    pub(super) fn upload_failed(
        &mut self,
        upload: Upload,
        outcome: TurnOutcome,
        cx: &Cx<'_>,
        output: &mut LegOutput,
    ) {
        self.tell_failed_upload(Some(upload.turn), outcome, cx, output);
        self.end_turn(upload.turn, outcome, cx, output);
    }

    /// The user is told, because whoever sent the file does not wait for the turn.
    pub(super) fn tell_failed_upload(
        &self,
        turn: Option<MessageId>,
        outcome: TurnOutcome,
        cx: &Cx<'_>,
        output: &mut LegOutput,
    ) {
        let words = &self.settings.upload_failed;
        tracing::warn!(outcome = outcome.as_str(), "the engine took no file");
        let content = Content::text(RichText::plain(words.as_str()));
        let message = Message {
            author: Author::System,
            ..Message::bot(cx.message_id(), turn, cx.now, content)
        };
        output.publish(turn, BotEvent::Message(message));
    }

    /// Remembers which sentence the engine wants to hear after an upload, if any.
    pub(super) fn remember_upload(&mut self, events: &[BotEvent]) {
        for event in events {
            if let BotEvent::Message(message) = event
                && let Content::Upload(request) = &message.content
            {
                self.state.upload_sentence = Some(request.callback.clone());
                self.state.upload_said = None;
            }
        }
    }

    /// Whether a client says what was said for it when its file was sent.
    pub(super) fn is_said_with_file(&mut self, event: &UserEvent) -> bool {
        let words = match &event.input {
            UserInput::Text { text } if event.hidden => text.trim(),
            _ => return false,
        };
        let is_said = self.state.upload_said.as_deref().map(str::trim) == Some(words);
        if is_said {
            self.state.upload_said = None;
        }
        is_said
    }
}
