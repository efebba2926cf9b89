//! `switchboard import` against a server that plays OpenDialog.

#![allow(
    missing_docs,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests"
)]

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use switchboard_core::dialect::Recorded;
use switchboard_core::model::UserInput;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
const TOKEN: &str = "a-secret-token";

/// An answer: status, further headers, body.
type Played = (u16, &'static str, Value);

/// A server that gives these answers one after the other, and the last of them for ever.
struct Server {
    url: String,
    /// The heads of the requests that came.
    requests: Arc<Mutex<Vec<String>>>,
}

impl Server {
    fn start(answers: Vec<Played>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&requests);
        std::thread::spawn(move || {
            for (number, tcp) in listener.incoming().enumerate() {
                let tcp = tcp.unwrap();
                let head: Vec<String> = BufReader::new(&tcp)
                    .lines()
                    .map_while(Result::ok)
                    .take_while(|line| !line.is_empty())
                    .collect();
                seen.lock().unwrap().push(head.join("\n"));
                let (status, headers, body) = &answers[number.min(answers.len() - 1)];
                let body = body.to_string();
                let _ = write!(
                    &tcp,
                    "HTTP/1.1 {status} Any\r\ncontent-length: {}\r\nconnection: close\r\n{headers}\r\n{body}",
                    body.len()
                );
            }
        });
        Self { url, requests }
    }

    fn targets(&self) -> Vec<String> {
        let requests = self.requests.lock().unwrap();
        let target = |head: &String| head.split(' ').nth(1).unwrap().to_owned();
        requests.iter().map(target).collect()
    }
}

/// The answer of a fixture.
fn fixture(name: &str) -> Value {
    let path = format!("{ROOT}/tests/fixtures/opendialog/{name}.json");
    let fixture: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    fixture["response"]["body"].clone()
}

/// A page of the export with another user on each.
fn page(number: u64, last: u64) -> Played {
    let mut body = fixture("57-public-user-data-export");
    let ada = body["data"][0]["u-1"].take();
    let user_id = format!("u-{number}");
    let text = ada.to_string().replace("u-1", &user_id);
    body["data"] = json!([{ user_id: serde_json::from_str::<Value>(&text).unwrap() }]);
    body["meta"]["pagination"]["currentPage"] = number.into();
    body["meta"]["pagination"]["lastPage"] = last.into();
    (200, "", body)
}

/// An empty folder of one test's own.
fn folder(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("switchboard-{name}-{}", std::process::id()));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

fn import(arguments: &[&str]) -> (i32, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_switchboard"))
        .current_dir(ROOT)
        .args(["import", "--dialect", "opendialog"])
        .args(arguments)
        .env("SWITCHBOARD_IMPORT_TOKEN", TOKEN)
        .env("OTHER_TOKEN", "another-one")
        .env_remove("RUST_LOG")
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    let (out, error) = (text(output.stdout), text(output.stderr));
    assert!(!out.contains(TOKEN) && !error.contains(TOKEN));
    (output.status.code().unwrap(), out, error)
}

fn files(folder: &Path) -> usize {
    fs::read_dir(folder).unwrap().count()
}

#[test]
fn a_real_export_is_fetched_page_by_page() {
    let limited = fixture("59-public-user-data-export-rate-limited");
    let server = Server::start(vec![
        page(1, 3),
        (429, "Retry-After: 0\r\n", limited),
        page(2, 3),
        page(3, 3),
    ]);
    let folder = folder("import-pages");
    let file = folder.join("out.jsonl");
    fs::write(&file, "of the last time").unwrap();
    let (code, out, error) = import(&[
        "--url",
        &server.url,
        "--from",
        "2023-03-01",
        "--to",
        "2023-03-01",
        "--output",
        file.to_str().unwrap(),
    ]);
    assert_eq!((code, out.as_str()), (0, ""), "{error}");
    assert_eq!(
        error,
        "waiting 0 s\nimported 3 users, 3 turns, 6 entries, 0 notes\n"
    );
    let query = "from=2023-03-01%2000%3A00%3A00&to=2023-03-02%2000%3A00%3A00\
                 &exportType=json&perPage=20";
    let expected =
        [1, 2, 2, 3].map(|page| format!("/public/api/user-data-export?{query}&page={page}"));
    assert_eq!(server.targets(), expected);
    for head in server.requests.lock().unwrap().iter() {
        assert!(head.contains(&format!("authorization: Bearer {TOKEN}")));
        assert!(head.contains("accept: application/json"));
    }
    let written = fs::read_to_string(&file).unwrap();
    let lines: Vec<Value> = written
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), 3);
    for (line, user) in lines.into_iter().zip(["u-1", "u-2", "u-3"]) {
        assert_eq!(line["dialect"], "opendialog");
        assert_eq!(line["source"], server.url.as_str());
        let recorded: Recorded = serde_json::from_value(line).unwrap();
        assert_eq!(recorded.user_id, user);
        assert_eq!(recorded.entries.len(), 2);
    }
    assert_eq!(files(&folder), 1);
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn an_import_that_fails_leaves_nothing_behind() {
    let server = Server::start(vec![
        page(1, 2),
        (401, "", fixture("60-public-unauthenticated")),
    ]);
    let folder = folder("import-refused");
    let file = folder.join("out.jsonl");
    let (code, out, error) = import(&[
        "--url",
        &server.url,
        "--token-env",
        "OTHER_TOKEN",
        "--output",
        file.to_str().unwrap(),
    ]);
    assert_eq!((code, out.as_str()), (2, ""));
    assert!(
        error.contains("the vendor answered with 401: Unauthenticated."),
        "{error}"
    );
    assert!(!error.contains("another-one"));
    assert!(server.requests.lock().unwrap()[0].contains("authorization: Bearer another-one"));
    assert_eq!(files(&folder), 0);
    // What was there before stays.
    fs::write(&file, "of the last time").unwrap();
    let nonsense = Server::start(vec![(200, "", json!("<html>"))]);
    let (code, _, error) = import(&["--url", &nonsense.url, "--output", file.to_str().unwrap()]);
    assert_eq!(code, 2);
    assert!(error.contains("page 1: data cannot be read"), "{error}");
    assert_eq!(fs::read_to_string(&file).unwrap(), "of the last time");
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn saved_recordings_are_imported_without_a_server() {
    let folder = folder("import-files");
    let saved = |name: &str| {
        let path = folder.join(name);
        fs::write(&path, fixture(name).to_string()).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let legacy = saved("52-legacy-interaction-api");
    let export = saved("57-public-user-data-export");
    let (code, out, error) = import(&["--file", &legacy, &export, "--output", "-"]);
    assert_eq!(code, 0, "{error}");
    // It is the same user in both.
    assert_eq!(error, "imported 1 user, 2 turns, 3 entries, 0 notes\n");
    let lines: Vec<Value> = out
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), 2);
    assert_eq!(lines[0]["source"], legacy.as_str());
    let recorded: Recorded = serde_json::from_value(lines[0].clone()).unwrap();
    let chosen = serde_json::to_value(&recorded.entries[0].item).unwrap();
    let Ok(UserInput::Choice(choice)) = serde_json::from_value(chosen["input"].clone()) else {
        panic!("{chosen}");
    };
    assert_eq!(choice.label.as_deref(), Some("Gold"));
    // The same import gives the same lines.
    let (_, again, _) = import(&["--file", &legacy, "--file", &export, "--output", "-"]);
    assert_eq!(out, again);
    let broken = folder.join("broken.json");
    fs::write(&broken, "{\"data\": [").unwrap();
    let (code, _, error) = import(&["--file", broken.to_str().unwrap(), "--output", "-"]);
    assert_eq!(code, 2);
    assert!(
        error.contains("broken.json: value 1 of the file cannot be read"),
        "{error}"
    );
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn an_import_that_cannot_begin_says_why() {
    let check = |arguments: &[&str], expected: &str| {
        let (code, out, error) = import(arguments);
        assert_eq!((code, out.as_str()), (2, ""), "{error}");
        assert!(error.contains(expected), "{error}");
    };
    let to = |arguments: &[&'static str]| [arguments, &["--output", "-"]].concat();
    let url = ["--url", "http://127.0.0.1:1"];
    check(&to(&[]), "--url <URL>");
    check(&url, "--output <FILE>");
    check(&to(&["--url", "x", "--file", "y"]), "cannot be used with");
    check(
        &to(&[
            "--url",
            "http://127.0.0.1:1",
            "--token-env",
            "NO_SUCH_TOKEN",
        ]),
        "the environment variable NO_SUCH_TOKEN has no API token",
    );
    check(&to(&["--url", "nowhere"]), "--url: ");
    check(&to(&["--url", "http://x", "--api", "soap"]), "--api: ");
    check(
        &to(&["--url", "http://x", "--from", "today"]),
        "expected YYYY-MM-DD",
    );
    check(
        &to(&["--file", "x", "--from", "2023-01-02", "--to", "2023-01-01"]),
        "--from: is later than the end",
    );
    check(&to(&["--file", "nowhere.json"]), "cannot read nowhere.json");
    check(
        &[
            "--file",
            "README.md",
            "--output",
            "no/such/folder/out.jsonl",
        ],
        "cannot write in no/such/folder",
    );
    check(
        &["--file", "README.md", "--output", "crates"],
        "crates is a folder",
    );
    let (_, _, error) = import(&["--dialect", "kare"]);
    assert!(error.contains("cannot be used multiple times"), "{error}");
    let other = |dialect: &str| {
        let output = Command::new(env!("CARGO_BIN_EXE_switchboard"))
            .args([
                "import",
                "--dialect",
                dialect,
                "--file",
                "x",
                "--output",
                "-",
            ])
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(2));
        String::from_utf8(output.stderr).unwrap()
    };
    assert!(other("kare").contains("kare has no recorded conversations to fetch"));
    assert!(other("opendialogue").contains("did you mean \"opendialog\"?"));
}

/// A pipe with a name.
fn pipe(folder: &Path) -> PathBuf {
    let pipe = folder.join("pipe");
    assert!(
        Command::new("mkfifo")
            .arg(&pipe)
            .status()
            .unwrap()
            .success()
    );
    pipe
}

#[test]
fn an_interrupted_import_ends_and_leaves_nothing_behind() {
    for signal in ["INT", "TERM"] {
        let folder = folder(&format!("import-{signal}"));
        let pipe = pipe(&folder);
        let child = Command::new(env!("CARGO_BIN_EXE_switchboard"))
            .args(["import", "--dialect", "opendialog", "--file"])
            .arg(&pipe)
            .arg("--output")
            .arg(folder.join("out.jsonl"))
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // As soon as it reads, and then for ever.
        let writer = fs::File::options().write(true).open(&pipe).unwrap();
        let kill = Command::new("kill")
            .args(["-s", signal, &child.id().to_string()])
            .status();
        assert!(kill.unwrap().success());
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{signal}");
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(error, "error: interrupted\n");
        assert_eq!(files(&folder), 1, "nothing but the pipe");
        drop(writer);
        fs::remove_dir_all(folder).unwrap();
    }
}

#[test]
fn a_pipe_or_device_is_written_into_and_not_replaced() {
    let folder = folder("import-pipe");
    let export = folder.join("export.json");
    fs::write(&export, fixture("57-public-user-data-export").to_string()).unwrap();
    let pipe = pipe(&folder);
    let reader = std::thread::spawn({
        let pipe = pipe.clone();
        move || fs::read_to_string(pipe).unwrap()
    });
    let (from, to) = (export.to_str().unwrap(), pipe.to_str().unwrap());
    let (code, _, error) = import(&["--file", from, "--output", to]);
    assert_eq!(code, 0, "{error}");
    assert!(fs::metadata(&pipe).unwrap().file_type().is_fifo());
    assert_eq!(reader.join().unwrap().lines().count(), 1);
    fs::remove_dir_all(folder).unwrap();
}
