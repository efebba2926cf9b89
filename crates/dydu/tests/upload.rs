//! Files: from a widget to the engine, and from us to a dydu server.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on fails"
)]

mod common;

use std::time::Duration;

use bytes::Bytes;
use common::*;
use http::{Request, Response, StatusCode};
use serde_json::{Value, json};
use switchboard_core::Fault;
use switchboard_core::dialect::{
    CallId, Collect, Dialect, Effect, Handled, Leg, LegInput, LegOutput, Operation, TransportFault,
    Wait,
};
use switchboard_core::model::{
    Author, BotEvent, Content, ConversationId, MessageId, Profile, RichText, Timestamp,
    TurnOutcome, UploadedFile, UserEvent, UserInput,
};
use switchboard_dydu::Dydu;
use switchboard_dydu::wire::Params;
use switchboard_dydu::wire::upload::{FilePart, UploadResult};
use uuid::Uuid;

const TEXT: &[u8] = b"hel\0lo\r\n--not the end";

fn note(content: &'static [u8]) -> UploadedFile {
    UploadedFile {
        name: "a \"note\" é.txt".into(),
        media_type: Some("text/plain".into()),
        content: Bytes::from_static(content),
        ..UploadedFile::default()
    }
}

/// The request of a widget whose server is below `/servlet`.
fn request(query: &str, content_type: &str, body: impl Into<Bytes>) -> (Request<Bytes>, String) {
    let request = Request::post(format!("/servlet/fileupload?{query}"))
        .header("content-type", content_type)
        .body(body.into())
        .unwrap();
    (request, "/servlet/fileupload".to_owned())
}

fn of_part(part: &str, content: &'static [u8]) -> String {
    let text = std::str::from_utf8(content).unwrap();
    format!(
        "--X\r\nContent-Disposition: form-data; name=\"{part}\"; filename=\"{part}.txt\"\r\n\r\n{text}\r\n"
    )
}

#[track_caller]
fn is_page(response: &Response<Bytes>, status: &str) -> UploadResult {
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(
        response.headers()["content-type"],
        "text/html; charset=utf-8"
    );
    let page = std::str::from_utf8(response.body()).unwrap();
    assert_eq!(page.matches(['{', '}']).count(), 4, "{page}");
    let result = UploadResult::of_page(page).unwrap();
    assert_eq!(result.status, status);
    result
}

fn input(operation: Operation) -> (UserEvent, Wait) {
    match operation {
        Operation::Input { event, wait, .. } => (*event, wait),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_content_of_a_file_reaches_the_engine() {
    let (request, path) = common::request(&fixture("19-fileupload"));
    let call = call(frontend().handle(request, &path, &cx(&Ids::default())));
    let (event, wait) = input(call.operation.clone());
    let expected = UploadedFile {
        name: "note.txt".into(),
        size_bytes: Some(5),
        media_type: Some("text/plain".into()),
        content: Bytes::from_static(b"hello"),
        ..UploadedFile::default()
    };
    assert_eq!(event.input, UserInput::File(expected));
    assert_eq!(wait, Wait::Accepted);
    let answer = (call.finish)(Ok(outcome(Vec::new())), &cx(&Ids::default()));
    let page = fixture("19-fileupload")["response"]["body_text"].clone();
    assert_eq!(answer.body(), page.as_str().unwrap());
}

#[test]
fn of_several_files_the_named_one_is_taken() {
    for (fin, expected) in [("dydu-upload-file", "dydu-upload-file"), ("other", "first")] {
        let body = of_part("first", b"1") + &of_part("dydu-upload-file", b"2") + "--X--\r\n";
        let query = format!("ctx={CONTEXT}&fin={fin}");
        let (request, path) = request(&query, "multipart/form-data; boundary=X", body);
        let call = call(frontend().handle(request, &path, &cx(&Ids::default())));
        let (event, _) = input(call.operation.clone());
        let UserInput::File(file) = event.input else {
            panic!("no file");
        };
        let name = format!("{expected}.txt");
        assert_eq!(file.name, name);
        let answer = (call.finish)(Ok(outcome(Vec::new())), &cx(&Ids::default()));
        assert_eq!(is_page(&answer, "success").files_uploaded, [name]);
    }
}

#[test]
fn what_cannot_be_taken_is_said_on_the_page() {
    let frontend = frontend_with(json!({"bots": [{"bot_id": BOT}], "upload_limit": 4}));
    let ids = Ids::default();
    let form = "multipart/form-data; boundary=X";
    let good = of_part("dydu-upload-file", b"1234") + "--X--\r\n";
    let large = of_part("dydu-upload-file", b"12345") + "--X--\r\n";
    let named = format!("ctx={CONTEXT}&fin=dydu-upload-file");
    for (what, query, content_type, body) in [
        ("no multipart", &*named, "text/plain", good.as_bytes()),
        ("no body", &named, form, b""),
        (
            "cut short",
            &named,
            form,
            &good.as_bytes()[..good.len() - 7],
        ),
        ("too large", &named, form, large.as_bytes()),
        ("no context", "fin=dydu-upload-file", form, good.as_bytes()),
        ("not UTF-8", &named, form, b"--X\r\n\xff\xfe\r\n--X--\r\n"),
    ] {
        let (request, path) = request(query, content_type, body.to_vec());
        match frontend.handle(request, &path, &cx(&ids)) {
            Handled::Refuse(fault, response) => {
                is_page(&response, "fail");
                let is_large = matches!(fault, Fault::TooLarge { limit: 4 });
                assert_eq!(is_large, what == "too large", "{what}: {fault}");
            }
            other => panic!("{what}: {other:?}"),
        }
    }
    for fault in [Fault::UnknownConversation, Fault::ConversationEnded] {
        let (request, path) = request(&named, form, good.clone());
        let call = call(frontend.handle(request, &path, &cx(&ids)));
        is_page(&(call.finish)(Err(fault), &cx(&ids)), "fail");
    }
    // A body that is refused before it is read.
    let fault = Fault::TooLarge { limit: 4 };
    is_page(&frontend.encode_refusal("/fileupload", &fault), "fail");
    let talk = frontend.encode_refusal("/api/chat/talk/b", &fault);
    assert_eq!(talk.status(), StatusCode::PAYLOAD_TOO_LARGE);
}

#[test]
fn the_sentence_after_an_upload_brings_what_came_of_it() {
    let extra = "extraParameters=%7B%22hide%22%3Atrue%2C%22doNotRegisterInteraction%22%3Atrue%7D";
    for words in ["%23uploaded%23", ""] {
        let body = format!("userInput={words}&{extra}");
        let path = format!("/api/chat/talk/{BOT}/{CONTEXT}");
        let (request, path) = post(&path, &body);
        let call = call(frontend().handle(request, &path, &cx(&Ids::default())));
        let (event, wait) = input(call.operation);
        assert_eq!(event.input, UserInput::Variables);
        assert!(event.hidden && event.unrecorded);
        assert_eq!(wait, Wait::TurnOrLate(Collect::Undelivered));
    }
}

/// A leg, and what it does.
struct Drive {
    leg: Box<dyn Leg>,
    ids: Ids,
    next: u128,
}

impl Drive {
    fn new(more: Value) -> Self {
        let mut options = json!({"urls": ["https://a.example", "https://b.example"],
            "bot_id": BOT, "poll_after": [], "upload_timeout": "7s", "upload_failed": "No file."});
        for (name, value) in more.as_object().unwrap() {
            options[name] = value.clone();
        }
        let backend = Dydu.backend(options, &build()).unwrap();
        let ids = Ids::default();
        let leg = backend.open(ConversationId(Uuid::from_u128(42)), &cx(&ids));
        Self {
            leg,
            ids,
            next: 100,
        }
    }

    /// In a conversation that was just asked for a file by this fixture.
    fn asked(name: &str) -> Self {
        let mut drive = Self::new(json!({}));
        let (_, output) = drive.says("hi", false);
        let answer = fixture(name)["response"].clone();
        let body = match answer["frames"][0].clone() {
            Value::Null => answer["body"].clone(),
            frame => frame,
        };
        drive.answer(sent(&output).0, body.to_string());
        drive
    }

    fn give(&mut self, input: LegInput<'_>) -> LegOutput {
        let mut output = LegOutput::default();
        self.leg.handle(input, &cx(&self.ids), &mut output);
        output
    }

    fn event(&mut self, input: UserInput, hidden: bool) -> (MessageId, LegOutput) {
        self.next += 1;
        let id = MessageId(Uuid::from_u128(self.next));
        let mut event = UserEvent::new(id, Timestamp(NOW), input);
        event.hidden = hidden;
        let profile = Profile::default();
        let output = self.give(LegInput::Event {
            event: &event,
            profile: &profile,
        });
        (id, output)
    }

    fn says(&mut self, words: &str, hidden: bool) -> (MessageId, LegOutput) {
        self.event(UserInput::text(words), hidden)
    }

    fn answer(&mut self, call: CallId, body: String) -> LegOutput {
        self.give(LegInput::Response {
            call,
            result: Ok(Response::new(Bytes::from(body))),
        })
    }
}

fn sent(output: &LegOutput) -> (CallId, &Request<Bytes>, Duration) {
    match &output.effects[..] {
        [
            Effect::Http {
                call,
                request,
                timeout,
            },
        ] => (*call, request, *timeout),
        other => panic!("{other:?}"),
    }
}

fn outcomes(output: &LegOutput) -> Vec<(Option<MessageId>, TurnOutcome)> {
    let events = output.events.iter();
    events
        .filter_map(|event| match event.event {
            BotEvent::TurnEnded(outcome) => Some((event.turn, outcome)),
            _ => None,
        })
        .collect()
}

/// What our own server side makes of an upload.
fn serve(request: &Request<Bytes>) -> (UploadedFile, String) {
    let path = request.uri().path().to_owned();
    let request = request.clone();
    let call = call(frontend().handle(request, &path, &cx(&Ids::default())));
    assert_eq!(
        call.target.find,
        switchboard_core::dialect::Find::Existing(CONTEXT.into())
    );
    let (event, _) = input(call.operation);
    let UserInput::File(file) = event.input else {
        panic!("no file");
    };
    let answer = (call.finish)(Ok(outcome(Vec::new())), &cx(&Ids::default()));
    let page = String::from_utf8(answer.body().to_vec()).unwrap();
    (file, page)
}

#[test]
fn a_file_is_sent_and_then_the_sentence_is_said_once() {
    let mut drive = Drive::asked("18-talk-upload-request");
    let (turn, output) = drive.event(UserInput::File(note(TEXT)), false);
    let (call, request, timeout) = sent(&output);
    assert_eq!(timeout, Duration::from_secs(7));
    let url = fixture("19-fileupload")["request"]["url"].clone();
    let expected = url
        .as_str()
        .unwrap()
        .replace("chat.example.org", "a.example");
    assert_eq!(request.uri().to_string(), expected);
    let (arrived, page) = serve(request);
    let expected = UploadedFile {
        size_bytes: Some(TEXT.len() as u64),
        ..note(TEXT)
    };
    assert_eq!(arrived, expected);

    let output = drive.answer(call, page);
    let (call, request, _) = sent(&output);
    assert!(request.uri().path().contains("/chat/talk/"));
    let params = Params::form(request.body());
    assert_eq!(params.get("userInput"), Some("file was sent"));
    assert_eq!(params.get("doNotRegisterInteraction"), Some("true"));
    let extra = json!({"hide": true, "doNotRegisterInteraction": true});
    assert_eq!(
        Value::Object(params.object("extraParameters").unwrap()),
        extra
    );
    let thanks = fixture("09-talk-plain")["response"]["body"].to_string();
    let output = drive.answer(call, thanks);
    assert_eq!(outcomes(&output), [(Some(turn), TurnOutcome::Done)]);

    // A widget says the sentence too, and gets what is there.
    let (turn, output) = drive.says("file was sent", true);
    assert!(output.effects.is_empty());
    assert_eq!(outcomes(&output), [(Some(turn), TurnOutcome::Done)]);
    let (_, output) = drive.says("file was sent", true);
    assert!(sent(&output).1.uri().path().contains("/chat/talk/"));
}

#[test]
fn a_file_that_does_not_arrive_is_told() {
    let fail = UploadResult::failed().to_page(None);
    let cases = [
        (Ok((200, fail)), TurnOutcome::Refused),
        (Ok((200, "{}".into())), TurnOutcome::Unavailable),
        (Ok((200, String::new())), TurnOutcome::Unavailable),
        (Ok((413, String::new())), TurnOutcome::Refused),
        (Ok((500, String::new())), TurnOutcome::Unavailable),
        (Err(TransportFault::Connect), TurnOutcome::Unreachable),
        (Err(TransportFault::Timeout), TurnOutcome::TimedOut),
    ];
    for (answer, expected) in cases {
        let what = format!("{answer:?}");
        let mut drive = Drive::asked("18-talk-upload-request");
        let (turn, output) = drive.event(UserInput::File(note(TEXT)), false);
        let result = answer.map(|(status, body)| {
            Response::builder()
                .status(status)
                .body(Bytes::from(body))
                .unwrap()
        });
        let call = sent(&output).0;
        let output = drive.give(LegInput::Response { call, result });
        // There is one attempt, however many servers there are.
        assert!(output.effects.is_empty(), "{what}");
        assert_eq!(outcomes(&output), [(Some(turn), expected)], "{what}");
        let BotEvent::Message(message) = &output.events[0].event else {
            panic!("{what}: {output:?}");
        };
        assert_eq!(message.author, Author::System);
        let words = RichText::plain("No file.");
        assert_eq!(message.content, Content::text(words));
        // The engine is not made to believe that there is a file.
        let (turn, output) = drive.says("file was sent", true);
        assert!(output.effects.is_empty(), "{what}");
        assert_eq!(outcomes(&output), [(Some(turn), TurnOutcome::Done)]);
    }
    let mut drive = Drive::asked("18-talk-upload-request");
    let (turn, _) = drive.event(UserInput::File(note(TEXT)), false);
    let output = drive.give(LegInput::Abandon { turn });
    assert!(matches!(output.events[0].event, BotEvent::Message(_)));
}

#[test]
fn a_file_that_comes_first_gets_a_context() {
    let mut drive = Drive::new(json!({}));
    let (_, output) = drive.event(UserInput::File(note(TEXT)), false);
    let (call, request, _) = sent(&output);
    assert!(request.uri().path().contains("/api/chat/context/"));
    let params = Params::form(request.body());
    assert_eq!(
        (params.get("userInput"), params.word("space")),
        (None, Some("Defaut"))
    );
    let context = fixture("30-context")["response"]["body"].to_string();
    let output = drive.answer(call, context);
    let (call, request, _) = sent(&output);
    let (_, page) = serve(request);
    let output = drive.answer(call, page);
    // Nobody asked for a sentence, so it is the file's name that is said.
    let params = Params::form(sent(&output).1.body());
    assert_eq!(params.get("userInput"), Some("a \"note\" é.txt"));
}

#[test]
fn a_file_that_lies_elsewhere_is_only_named() {
    for (callback, expected) in [(None, "a.txt"), (Some("thanks for it"), "thanks for it")] {
        let mut drive = Drive::new(json!({}));
        let file = UploadedFile {
            name: "a.txt".into(),
            url: Some("https://files.example/a.txt".into()),
            callback: callback.map(str::to_owned),
            ..UploadedFile::default()
        };
        let (_, output) = drive.event(UserInput::File(file), false);
        let params = Params::form(sent(&output).1.body());
        assert_eq!(params.get("userInput"), Some(expected));
    }
}

#[test]
fn an_operator_gets_the_file_without_a_sentence() {
    let mut drive = Drive::asked("31-talk-livechat-start");
    let poll = drive.leg.wake_at().expect("a livechat is polled");
    let mut output = LegOutput::default();
    drive.leg.handle(
        LegInput::Timer,
        &at(&drive.ids, poll.as_millis()),
        &mut output,
    );
    let mut frame = fixture("59-ws-upload-request")["response"]["frames"][0].clone();
    frame["values"]["pollUpdatedInteractionDate"] = json!(NOW + 5);
    let asked = drive.answer(sent(&output).0, frame.to_string());
    let is_request = |event: &BotEvent| matches!(event, BotEvent::Message(message) if matches!(message.content, Content::Upload(_)));
    assert!(asked.events.iter().any(|event| is_request(&event.event)));

    let (turn, output) = drive.event(UserInput::File(note(TEXT)), false);
    let upload = output.effects.iter().find_map(|effect| match effect {
        Effect::Http { call, request, .. } if request.uri().path().ends_with("fileupload") => {
            Some((*call, serve(request).1))
        }
        _ => None,
    });
    let (call, page) = upload.unwrap();
    let output = drive.answer(call, page);
    assert!(output.effects.is_empty());
    assert_eq!(outcomes(&output), [(Some(turn), TurnOutcome::Done)]);
}

#[test]
fn requests_for_a_file_keep_their_sentence_between_dydu_and_dydu() {
    let ids = Ids::default();
    for (name, own) in [
        ("18-talk-upload-request", true),
        ("59-ws-upload-request", false),
    ] {
        let answer = fixture(name)["response"].clone();
        let envelope = match answer["frames"][0].clone() {
            Value::Null => answer["body"].clone(),
            frame => frame,
        };
        let heard = hear(
            &envelope,
            None,
            switchboard_core::dialect::HandoverState::None,
            &cx(&ids),
        );
        let uploads: Vec<&str> = heard
            .events
            .iter()
            .filter_map(|event| match event {
                BotEvent::Message(message) => match &message.content {
                    Content::Upload(request) => Some(request.callback.as_str()),
                    _ => None,
                },
                _ => None,
            })
            .collect();
        assert_eq!(uploads, [if own { "file was sent" } else { "" }], "{name}");
        // As the answer to talk it makes the widget ask for a file, whatever it came as.
        let turn = Some(MessageId(Uuid::from_u128(3)));
        let entries = (1..).zip(heard.events).map(|(seq, event)| match event {
            BotEvent::Message(message) => published(seq, turn, message),
            other => panic!("{name}: {other:?}"),
        });
        let (request, path) = common::request(&fixture("09-talk-plain"));
        let call = call(frontend().handle(request, &path, &cx(&ids)));
        let answer = (call.finish)(Ok(outcome(entries.collect())), &cx(&ids));
        let answer = decoded(json_of(&answer));
        let sentence = if own { "file was sent" } else { "#uploaded#" };
        assert_eq!(
            answer["values"]["guiAction"],
            format!("javascript:dyduKnowledgeUploadFile('{sentence}')"),
            "{name}"
        );
    }
}

#[test]
fn a_boundary_is_in_no_file() {
    let seed = [7; 16];
    let first = FilePart::default().to_multipart(&seed).0;
    let boundary = first.split_once('=').unwrap().1.to_owned();
    let file = FilePart {
        content: Bytes::from(format!("x\r\n--{boundary}--\r\n")),
        ..FilePart::default()
    };
    assert_ne!(file.to_multipart(&seed).0, first);
}
