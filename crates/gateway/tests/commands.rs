//! The commands as an operator runs them.

#![allow(
    missing_docs,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests"
)]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

fn switchboard(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_switchboard"));
    command.current_dir(ROOT).args(arguments);
    command.env_remove("RUST_LOG");
    command
}

fn run(arguments: &[&str]) -> (i32, String, String) {
    ended(&switchboard(arguments).output().unwrap())
}

fn ended(output: &Output) -> (i32, String, String) {
    (
        output.status.code().unwrap(),
        String::from_utf8(output.stdout.clone()).unwrap(),
        String::from_utf8(output.stderr.clone()).unwrap(),
    )
}

#[test]
fn every_command_shows_an_example() {
    for arguments in [
        &["--help"][..],
        &["serve", "--help"],
        &["check", "--help"],
        &["chat", "--help"],
        &["import", "--help"],
    ] {
        let (code, out, _) = run(arguments);
        assert_eq!(code, 0);
        assert!(
            out.contains("Example") && out.contains("  switchboard "),
            "{out}"
        );
    }
}

#[test]
fn exit_codes_tell_apart_no_and_could_not_run() {
    let (code, out, _) = run(&["check", "--config", "config/demo.toml"]);
    assert_eq!(code, 0);
    assert!(out.contains("main -> demo (script, "), "{out}");
    let bad = std::env::temp_dir().join(format!("switchboard-bad-{}.toml", std::process::id()));
    std::fs::write(&bad, "[sever]\n").unwrap();
    let bad = bad.to_str().unwrap();
    let (code, out, error) = run(&["check", "--config", bad]);
    assert_eq!((code, out.as_str()), (1, ""));
    assert!(
        error.contains(":1: sever: unknown key\n  fix: did you mean `server`?"),
        "{error}"
    );
    assert_eq!(run(&["serve", "--config", bad]).0, 2);
    assert_eq!(run(&["check", "--config", "nowhere.toml"]).0, 2);
    assert_eq!(run(&["check"]).0, 2);
    assert_eq!(run(&["fly"]).0, 2);
    assert_eq!(run(&["chat", "--backend", "nobody"]).0, 2);
    assert_eq!(
        run(&["chat", "--url", "nonsense", "--dialect", "kare"]).0,
        2
    );
    std::fs::remove_file(bad).unwrap();
}

#[test]
fn a_chat_reads_its_lines_from_a_pipe() {
    let mut chat = switchboard(&["chat", "--backend", "demo"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = chat.stdin.take().unwrap();
    input.write_all(b"menu\n1\n").unwrap();
    drop(input);
    let (code, out, error) = ended(&chat.wait_with_output().unwrap());
    assert_eq!((code, error.as_str()), (0, ""));
    assert!(out.contains("1) ") && out.contains("3) "), "{out}");
    assert!(out.matches("bot: ").count() >= 3, "{out}");
}

/// A running gateway, ended when the test ends.
struct Gateway {
    child: Child,
    address: String,
    hello: String,
}

impl Gateway {
    fn start(arguments: &[&str]) -> Self {
        let arguments = [&["serve", "--listen", "127.0.0.1:0"], arguments].concat();
        let mut child = switchboard(&arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut hello = String::new();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut address = None;
        while let Some(Ok(line)) = lines.next() {
            if let Some((_, url)) = line.split_once("listens on http://") {
                address = Some(url.to_owned());
            }
            let is_last = line.contains("(opendialog)");
            hello.push_str(&line);
            hello.push('\n');
            if is_last {
                break;
            }
        }
        Self {
            child,
            address: address.unwrap(),
            hello,
        }
    }

    fn ask(&self, request: &str) -> String {
        let mut tcp = TcpStream::connect(&self.address).unwrap();
        tcp.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        tcp.read_to_string(&mut answer).unwrap();
        answer
    }

    fn get(&self, path: &str) -> String {
        self.ask(&format!(
            "GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"
        ))
    }

    fn terminate(&self) {
        let id = self.child.id().to_string();
        assert!(
            Command::new("kill")
                .args(["-TERM", &id])
                .status()
                .unwrap()
                .success()
        );
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn the_demo_is_served_counted_and_ended_in_peace() {
    let mut gateway = Gateway::start(&[]);
    for mount in ["/kare", "/dydu", "/opendialog"] {
        let url = format!("http://{}{mount}", gateway.address);
        assert!(gateway.hello.contains(&url), "{}", gateway.hello);
    }
    assert!(gateway.get("/healthz").starts_with("HTTP/1.1 200 "));
    assert!(gateway.get("/readyz").starts_with("HTTP/1.1 200 "));
    let body = r#"{"notification":"message","user_id":"me","author":"me","content":{"type":"text","author":"me","data":{"text":"hello"},"user":{}}}"#;
    let answer = gateway.ask(&format!(
        "POST /opendialog//incoming/webchat/ HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    ));
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    let metrics = gateway.get("/metrics");
    for line in [
        "switchboard_turns_total{frontend=\"webchat\",backend=\"demo\",outcome=\"done\"} 1",
        "switchboard_conversations_active{frontend=\"webchat\"} 1",
        "switchboard_turn_seconds_bucket{",
        "switchboard_websockets{side=\"frontend\"} 0",
        "switchboard_messages_total{frontend=\"webchat\",backend=\"demo\",direction=\"in\",kind=\"text\"} 1",
        "process_resident_memory_bytes ",
    ] {
        assert!(metrics.contains(line), "{line}\n{metrics}");
    }
    gateway.terminate();
    let began = Instant::now();
    assert_eq!(gateway.child.wait().unwrap().code(), Some(0));
    assert!(began.elapsed() < Duration::from_secs(10));
}

#[test]
fn a_taken_address_is_told() {
    let gateway = Gateway::start(&[]);
    let (code, _, error) = run(&["serve", "--listen", &gateway.address]);
    assert_eq!(code, 2);
    assert!(
        error.contains(&gateway.address) && error.contains("--listen"),
        "{error}"
    );
}

#[test]
fn development_tls_is_on_the_same_port() {
    let gateway = Gateway::start(&["--dev-tls"]);
    assert!(
        gateway
            .hello
            .contains(&format!("https://{}", gateway.address)),
        "{}",
        gateway.hello
    );
    assert!(gateway.get("/healthz").starts_with("HTTP/1.1 200 "));
    // The first bytes of a TLS handshake, and then nothing: the server waits for the rest.
    let mut tcp = TcpStream::connect(&gateway.address).unwrap();
    tcp.write_all(&[0x16, 3, 1]).unwrap();
    tcp.set_read_timeout(Some(Duration::from_millis(300)))
        .unwrap();
    assert!(tcp.read(&mut [0; 16]).is_err());
}
