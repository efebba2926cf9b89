//! dydu over REST: `docs/protocols/dydu.md#10-errors-retry-failover`.
//!
//! The vendor documents no error format. What the unmodified chatbox needs is known: never a 401,
//! CORS headers on everything, and strict base64.

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::clients::dydu::{BOT, b64, decode};
use crate::process::Gateway;
use crate::upstream::front::{Dydu, Got, send};
use crate::{PRIVATE_WORDS, absurdly_deep, assert_discreet, refused, start};

const FRONTEND: &str = "main-dydu";

async fn open() -> (Gateway, Dydu) {
    let gateway = start().await;
    let mut client = Dydu::new(&gateway.url("/dydu"));
    client.say("#welcome#").await.unwrap();
    (gateway, client)
}

async fn goes_on(client: &mut Dydu) {
    let context = client.context.clone();
    let answer = client.say("hello").await.unwrap();
    assert!(answer.to_lowercase().contains("hello"), "{answer}");
    assert_eq!(client.context, context, "the dialog was lost");
}

/// Nothing that harms the chatbox, and nothing that it should not tell.
#[track_caller]
fn assert_harmless(got: &Got) {
    assert_ne!(
        got.status, 401,
        "the chatbox would repeat it for ever: {got:?}"
    );
    assert!(got.has_cors(), "a network error for the chatbox: {got:?}");
    if !got.body.is_empty() {
        decode(&got.json()["values"]);
    }
    assert!(!got.body.contains(PRIVATE_WORDS), "{got:?}");
}

/// Endpoints that the chatbox may reach with parameters that make no sense. It repeats and fails
/// over for anything but success, so that success is the answer.
#[tokio::test]
async fn nonsense_in_side_calls_does_no_harm() {
    let (gateway, mut client) = open().await;
    let context = client.context.clone().unwrap();
    let typing = format!("chat/typing/{BOT}");
    let reading = format!("chat/reading/{BOT}");
    let poll = format!("chat/poll/last/{BOT}");
    let variable = format!("chat/variable/{BOT}");
    let history = format!("chat/history/{BOT}");
    let feedback = format!("chat/feedback/{BOT}");
    let cases = [
        (
            "malformed base64",
            &typing,
            format!("typing=true&content=%25%25%25&contextId={context}"),
        ),
        (
            "no content",
            &typing,
            format!("typing=perhaps&contextId={context}"),
        ),
        (
            "malformed mode",
            &reading,
            format!("reading=true&mode=%2A&contextId={context}"),
        ),
        (
            "unknown context",
            &typing,
            "typing=true&content=&contextId=nobody".into(),
        ),
        ("no parameters", &history, String::new()),
        ("unknown context", &history, "contextUuid=nobody".into()),
        (
            "lastPoll of letters",
            &poll,
            format!("contextUuid={context}&lastPoll=yesterday"),
        ),
        (
            "the word null",
            &poll,
            format!("contextUuid={context}&lastPoll=null&space=null"),
        ),
        (
            "nothing to set it to",
            &variable,
            format!("contextUuid={context}&name=basket"),
        ),
        (
            "unfinished escape",
            &feedback,
            format!("contextUUID={context}&feedBack=positive&x=%E9%"),
        ),
    ];
    for (label, path, body) in cases {
        let got = client.post_body(path, body).await;
        assert_harmless(&got);
        assert_eq!(got.status, 200, "{label}: {got:?}");
        goes_on(&mut client).await;
    }
    assert_discreet(&gateway, &["yesterday"]);
}

#[tokio::test]
async fn nonsense_around_a_question_does_not_stop_it() {
    let (_gateway, mut client) = open().await;
    let question = Dydu::question("hello");
    for (label, body) in [
        (
            "extraParameters is no JSON",
            format!("{question}&extraParameters=%7Boops"),
        ),
        (
            "extraParameters is a list",
            format!("{question}&extraParameters=%5B1%5D"),
        ),
        (
            "variables is no JSON",
            question.replace("variables=%7B%7D", "variables=%7Boops"),
        ),
        (
            "variables is a number",
            question.replace("variables=%7B%7D", "variables=3"),
        ),
        (
            "variables is absurdly deep",
            question.replace(
                "variables=%7B%7D",
                &format!("variables={}", absurdly_deep(9000)),
            ),
        ),
        ("mode is no base64", format!("{question}&mode=%25")),
        (
            "booleans are words",
            question.replace("alreadyCame=false", "alreadyCame=perhaps"),
        ),
        (
            "language is unknown",
            question.replace("language=en", "language=en&language=%00"),
        ),
        ("twice the same", format!("{question}&userInput=hello")),
    ] {
        let got = client.post_body(&client.talk_path(), body).await;
        assert_harmless(&got);
        assert_eq!(got.status, 200, "{label}: {got:?}");
        let values = decode(&got.json()["values"]);
        assert!(values["text"].is_string(), "{label}: {values}");
        assert_eq!(
            values["contextId"].as_str(),
            client.context.as_deref(),
            "{label}"
        );
    }
    goes_on(&mut client).await;
}

/// Whatever the context's id is, a talk is answered and brings a context that works.
#[tokio::test]
async fn an_unknown_context_is_replaced_silently() {
    let (_gateway, mut client) = open().await;
    let known = client.context.clone().unwrap();
    for wrong in [
        "nobody",
        "11111111-2222-3333-4444-555555555555",
        "%00",
        "a%2Fb",
        "null",
    ] {
        client.context = Some(wrong.to_owned());
        let answer = client.say("hello").await.unwrap();
        assert!(answer.to_lowercase().contains("hello"), "{wrong}: {answer}");
        let new = client.context.clone().unwrap();
        assert!(new != wrong && new != known, "{wrong}: {new}");
        goes_on(&mut client).await;
    }
    let path = format!("chat/availablecontext/{BOT}/nobody");
    let got = client.post_body(&path, "").await;
    assert_eq!(
        (got.status, &got.json()["values"]["isContextStillAvailable"]),
        (200, &json!(false))
    );
}

#[tokio::test]
async fn a_dialog_that_has_ended_begins_anew() {
    let (_gateway, mut client) = open().await;
    let old = client.context.clone();
    client.say("bye").await.unwrap();
    let answer = client.say("hello").await.unwrap();
    assert!(answer.to_lowercase().contains("hello"), "{answer}");
    assert_ne!(client.context, old);
    goes_on(&mut client).await;
}

/// A click on something that no answer offered reaches the engine as it is.
#[tokio::test]
async fn a_click_on_an_unknown_reword_is_a_question() {
    let (_gateway, mut client) = open().await;
    let body = format!(
        "{}&extraParameters={}",
        Dydu::question("No such suggestion"),
        "%7B%22type%22%3A%22reword_auto%22%7D"
    );
    let got = client.post_body(&client.talk_path(), body).await;
    assert_harmless(&got);
    assert_eq!(got.json()["type"], "talkResponse");
    goes_on(&mut client).await;
}

#[tokio::test]
async fn what_only_a_program_sends_is_refused() {
    let (gateway, mut client) = open().await;
    let api = format!("{}/servlet/api", client.base);
    let http = reqwest::Client::new();
    let origin = "https://www.example.org";
    let post = |path: &str| http.post(format!("{api}/{path}")).header("origin", origin);
    let form = |path: &str, body: String| {
        post(path)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body)
    };
    let talk = client.talk_path();
    let stranger = "11111111-2222-3333-4444-555555555555";

    let unknown = form(&format!("chat/talk/{stranger}"), Dydu::question("hello"));
    let got = send(unknown).await;
    assert_eq!(got.status, 404, "an unknown bot: {got:?}");
    assert_harmless(&got);

    let cases = [
        (
            "unknown path",
            "not_found",
            404,
            form(&format!("chat/nothing/{BOT}"), String::new()),
        ),
        (
            "wrong method",
            "method_not_allowed",
            405,
            http.put(format!("{api}/{talk}")),
        ),
    ];
    for (label, reason, status, request) in cases {
        let got = refused(&gateway, label, (FRONTEND, reason), status, request).await;
        assert_harmless(&got);
    }
    over_the_limit(&gateway, &talk).await;
    let context = client.context.clone().unwrap();
    let feedback = format!("contextUUID={context}&feedBack=perhaps");
    for (path, body) in [
        ("feedback", feedback),
        ("variable", format!("contextUuid={context}")),
    ] {
        let request = form(&format!("chat/{path}/{BOT}"), body);
        let got = refused(&gateway, path, (FRONTEND, "bad_input"), 400, request).await;
        assert_harmless(&got);
    }
    let nothing = client.post_body(&talk, "language=en&space=Defaut").await;
    assert_harmless(&nothing);
    assert!(
        matches!(nothing.status, 200 | 400),
        "no question: {nothing:?}"
    );
    let not_utf8 = client
        .post_body(&talk, b"userInput=\xff\xfe&language=en".to_vec())
        .await;
    assert_harmless(&not_utf8);
    assert!(
        matches!(not_utf8.status, 200 | 400),
        "not UTF-8: {not_utf8:?}"
    );
    goes_on(&mut client).await;
}

/// The limit is that of uploads. A client that waits for `100 Continue` is refused at once.
async fn over_the_limit(gateway: &Gateway, talk: &str) {
    let labels = [("frontend", FRONTEND), ("reason", "too_large")];
    let mut stream = TcpStream::connect(&gateway.address).await.unwrap();
    let head = format!(
        "POST /dydu/servlet/api/{talk} HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\n\
         content-length: 20000000\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = vec![0; 4096];
    let length = stream.read(&mut answer).await.unwrap();
    let answer = String::from_utf8_lossy(&answer[..length]).to_lowercase();
    assert!(answer.starts_with("http/1.1 413"), "{answer}");
    assert!(
        answer.contains("access-control-allow-origin: *"),
        "{answer}"
    );
    assert_eq!(
        gateway.count("switchboard_rejected_total", &labels).await,
        1.0
    );
}

/// Of an upload the chatbox reads nothing but the page, whatever went wrong.
#[tokio::test]
async fn an_upload_that_fails_says_so_on_its_page() {
    let (gateway, mut client) = open().await;
    let context = client.context.clone().unwrap();
    let http = reqwest::Client::new();
    let form = "multipart/form-data; boundary=X";
    let part = |content: &str| {
        format!(
            "--X\r\nContent-Disposition: form-data; name=\"f\"; filename=\"a.txt\"\r\n\r\n\
             {content}\r\n--X--\r\n"
        )
    };
    let large = part(&"x".repeat(10_000 * 1024 + 1));
    let huge = part(&"x".repeat(12_000 * 1024));
    for (label, ctx, content_type, body, status) in [
        ("taken", &*context, form, part("x"), "success"),
        ("no file", &context, form, "--X--\r\n".to_owned(), "fail"),
        ("no multipart", &context, "text/plain", part("x"), "fail"),
        (
            "cut short",
            &context,
            form,
            part("x").replace("--X--", ""),
            "fail",
        ),
        ("unknown context", "nobody", form, part("x"), "fail"),
        ("no context", "", form, part("x"), "fail"),
        ("too large", &context, form, large, "fail"),
        ("far too large", &context, form, huge, "fail"),
    ] {
        let url = format!("{}/servlet/fileupload?ctx={ctx}&fin=f", client.base);
        let request = http
            .post(url)
            .header("content-type", content_type)
            .body(body);
        let got = send(request).await;
        assert!(got.has_cors(), "{label}: {got:?}");
        assert_eq!(got.status, 200, "{label}: {got:?}");
        assert_eq!(got.header("content-type"), Some("text/html; charset=utf-8"));
        assert_eq!(got.body.matches(['{', '}']).count(), 4, "{label}: {got:?}");
        let expected = format!("\"status\":\"{status}\"");
        assert!(got.body.contains(&expected), "{label}: {got:?}");
        goes_on(&mut client).await;
    }
    let labels = [("frontend", FRONTEND), ("reason", "too_large")];
    let counted = gateway.count("switchboard_rejected_total", &labels).await;
    assert_eq!(counted, 2.0);
}

/// As browsers and proxies ask: for the head alone, by escapes, in other capitals.
#[tokio::test]
async fn paths_are_read_leniently() {
    let (_gateway, client) = open().await;
    let http = reqwest::Client::new();
    for path in [
        "/servlet/api/serverstatus",
        "/API//ServerStatus/",
        "/serverstatus",
    ] {
        for method in [reqwest::Method::GET, reqwest::Method::HEAD] {
            let got = send(http.request(method, format!("{}{path}", client.base))).await;
            assert_eq!(got.status, 200, "{path}: {got:?}");
            assert!(got.has_cors());
        }
    }
    let escaped = BOT.replace('-', "%2D");
    let url = format!("{}/servlet/api/chat/talk/{escaped}", client.base);
    let form = "application/x-www-form-urlencoded";
    let request = http.post(url).header("content-type", form);
    let got = send(request.body(Dydu::question("hello"))).await;
    assert_harmless(&got);
    assert_eq!(got.json()["type"], "talkResponse");
}

#[tokio::test]
async fn only_the_first_600_characters_count() {
    let (_gateway, mut client) = open().await;
    let long = format!("hello {}", " ".repeat(594)) + &"goodbye ".repeat(500);
    let answer = client.say(&long).await.unwrap();
    assert!(answer.to_lowercase().contains("hello"), "{answer}");
    goes_on(&mut client).await;
}

#[tokio::test]
async fn words_are_not_logged() {
    let (gateway, mut client) = open().await;
    client.say(PRIVATE_WORDS).await.unwrap();
    let path = format!("chat/typing/{BOT}");
    client
        .post(
            &path,
            &[("content", &b64(PRIVATE_WORDS)), ("typing", "true")],
        )
        .await;
    assert_discreet(&gateway, &[PRIVATE_WORDS, &b64(PRIVATE_WORDS)]);
}
