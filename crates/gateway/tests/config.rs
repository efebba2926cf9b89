//! Mistakes in a configuration: each names file, line, key and a fix, and all are found at once.

#![allow(
    missing_docs,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests"
)]

use switchboard_gateway::commands::check::check;
use switchboard_gateway::config::{Environment, Files, Source};

fn source(text: &str) -> Source {
    Source {
        name: "gateway.toml".to_owned(),
        text: text.to_owned(),
        files: Files::Folder(concat!(env!("CARGO_MANIFEST_DIR"), "/../..").into()),
    }
}

fn environment(pairs: &[(&str, &str)]) -> Environment {
    pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

/// What is wrong with a configuration, as it is printed.
fn mistakes(text: &str, variables: &[(&str, &str)]) -> String {
    check(&source(text), &environment(variables))
        .expect_err("a mistake")
        .to_string()
}

/// A configuration in which nothing is wrong, up to where the tests add something.
const GOOD: &str = r#"[[backends]]
name = "demo"
dialect = "script"
script = "config/demo-bot.toml"

[[routes]]
name = "main"
backend = "demo"
"#;

#[test]
fn the_shipped_configurations_are_good() {
    assert!(check(&Source::demo(), &Environment::new()).is_ok());
    let production = source(include_str!("../../../config/production.toml"));
    let key = "0123456789abcdef0123456789abcdef";
    let variables = [
        ("SWITCHBOARD_SIGNING_KEY", key),
        ("OPENDIALOG_APP_KEY", "secret-key"),
    ];
    let text = check(&production, &environment(&variables))
        .map_err(|mistakes| mistakes.to_string())
        .unwrap();
    assert!(
        !text.contains(key) && !text.contains("secret-key"),
        "{text}"
    );
}

#[test]
fn every_key_of_the_production_example_is_known() {
    let text: String = include_str!("../../../config/production.toml")
        .lines()
        .map(|line| match line.strip_prefix("# ") {
            Some(rest) if is_key(rest) => format!("{rest}\n"),
            _ => format!("{line}\n"),
        })
        .collect();
    let key = "0123456789abcdef0123456789abcdef";
    let variables = [
        ("SWITCHBOARD_SIGNING_KEY", key),
        ("OPENDIALOG_APP_KEY", "secret-key"),
        ("OPENDIALOG_API_TOKEN", "api-token"),
        ("SHOP_API_TOKEN", "other-token"),
        ("KARE_ADMIN_KEY", key),
        ("KARE_CLIENT_SECRET", key),
        ("KARE_ENGINE_SECRET", "engine-secret"),
    ];
    let told = check(&source(&text), &environment(&variables)).expect_err("files are missing");
    for mistake in told.list.iter() {
        assert!(mistake.message.contains("No such file"), "{told}");
    }
}

fn is_key(line: &str) -> bool {
    let is_name = |c: char| c.is_ascii_lowercase() || c == '_';
    line.starts_with('[')
        || line
            .split_once(" = ")
            .is_some_and(|(key, _)| key.chars().all(is_name))
}

#[test]
fn all_mistakes_are_told_at_once_with_their_lines() {
    let text = r#"[server]
lisen = "127.0.0.1:8080"
listen = "8080"
shutdown_grace = "soon"
signing_key = "short"

[limits]
websockets = 0

[[frontends]]
name = "a"
dialect = "kar"
path = "kare"
route = "mian"
origins = ["https://www.example.com/", 5]

[[frontends]]
name = "a"
dialect = "opendialog"
path = "/od"
colour = "red"
app_keys = ["demo-app-key"]

[[backends]]
name = "demo"
dialect = "script"
script = "config/demo-bot.toml"

[[routes]]
name = "main"
backend = "dmeo"
"#;
    let expected = r#"gateway.toml:2: server.lisen: unknown key
  fix: did you mean `listen`?
gateway.toml:3: server.listen: the port is missing
  fix: write a host and a port, such as "127.0.0.1:8080"
gateway.toml:4: server.shutdown_grace: this is no duration
  fix: write seconds, or a string such as "30s"
gateway.toml:5: server.signing_key: a signing key needs at least 32 characters
  fix: make one with `openssl rand -hex 32`
gateway.toml:8: limits.websockets: 0 is too small
  fix: write a number above zero, such as 50000
gateway.toml:12: frontends[0].dialect: there is no dialect "kar"
  fix: did you mean "kare"?
gateway.toml:13: frontends[0].path: this is no path
  fix: write a path that begins with a slash, such as "/kare"
gateway.toml:14: frontends[0].route: there is no route "mian"
  fix: did you mean "main"?
gateway.toml:15: frontends[0].origins[0]: this is no origin
  fix: write "https://www.example.com", without a path
gateway.toml:15: frontends[0].origins[1]: this is a whole number, not a string
  fix: write a string, such as "…"
gateway.toml:17: frontends[1].route: this key is missing
  fix: add `route = "main"`
gateway.toml:18: frontends[1].name: there is a frontend "a" already, at 11
  fix: give it another name
gateway.toml:21: frontends[1].colour: unknown key"#;
    let told = mistakes(text, &[]);
    assert!(told.starts_with(expected), "{told}");
    assert!(told.contains("gateway.toml:31: routes[0].backend: there is no backend \"dmeo\"\n  fix: did you mean \"demo\"?"), "{told}");
}

#[test]
fn a_store_has_an_address_and_its_password_is_not_shown() {
    let shown = |url: &str| {
        let text = format!("[store]\nurl = \"{url}\"\n{GOOD}");
        check(&source(&text), &Environment::new()).unwrap()
    };
    let memory = check(&source(GOOD), &Environment::new()).unwrap();
    assert!(memory.contains("store     in memory"), "{memory}");
    let text = shown("sqlite:/var/lib/x.db?mode=rw");
    assert!(text.contains("store     sqlite:/var/lib/x.db\n"), "{text}");
    let text = shown("postgres://me:hunter2@db.example.com/x?password=hunter2");
    assert!(
        text.contains("store     postgres://db.example.com/x\n"),
        "{text}"
    );
    assert!(!text.contains("hunter2"), "{text}");

    let variable = [("SWITCHBOARD__STORE__URL", "sqlite:elsewhere.db")];
    let text = check(&source(GOOD), &environment(&variable)).unwrap();
    assert!(text.contains("sqlite:elsewhere.db"), "{text}");
    let told = mistakes("[store]\nurl = \"mysql://me:hunter2@h/x\"\npath = 1\n", &[]);
    let expected = "gateway.toml:2: store.url: this is neither SQLite nor PostgreSQL\n  fix: write";
    assert!(
        told.starts_with(expected) && !told.contains("hunter2"),
        "{told}"
    );
    assert!(
        told.contains("gateway.toml:3: store.path: unknown key"),
        "{told}"
    );
}

#[test]
fn transcripts_are_kept_as_long_as_is_said() {
    let shown = |section: &str| {
        let text = format!("{section}\n{GOOD}");
        check(&source(&text), &Environment::new()).unwrap()
    };
    for (section, said) in [
        (
            "",
            "recorded in memory, the latest 20000 lines, until the process ends, for 30 days",
        ),
        (
            "[transcripts]\nmemory_lines = 500\nkeep = \"36h\"",
            "recorded in memory, the latest 500 lines, until the process ends, for 36 h",
        ),
        (
            "[store]\nurl = \"sqlite:x.db\"\n[transcripts]\nkeep = \"90d\"",
            "recorded in the store, for 90 days",
        ),
        ("[transcripts]\nrecord = false", "not recorded"),
    ] {
        let text = shown(section);
        assert!(text.contains(&format!("said      {said}\n")), "{text}");
    }
    let told = mistakes(
        "[transcripts]\nkeep = 0\nmemory_lines = 0\nrecord = 1\nkept = 1\n",
        &[],
    );
    for expected in [
        "gateway.toml:2: transcripts.keep: this is no time at all\n  fix: write a longer one",
        "gateway.toml:3: transcripts.memory_lines: 0 is too small",
        "gateway.toml:4: transcripts.record: this is a whole number, not true or false",
        "gateway.toml:5: transcripts.kept: unknown key\n  fix: did you mean `keep`?",
    ] {
        assert!(told.contains(expected), "{told}");
    }
}

#[test]
fn syntax_errors_have_a_line() {
    let told = mistakes("[server]\nlisten = \n", &[]);
    assert!(told.starts_with("gateway.toml:2: "), "{told}");
    assert!(told.contains("fix: write valid TOML"), "{told}");
}

#[test]
fn a_dialects_mistakes_are_led_back_to_their_lines() {
    let frontend = r#"[[frontends]]
name = "a"
dialect = "kare"
path = "/kare"
route = "main"
apps = [
  { app_id = "00000000-0000-4000-8000-00000000cafe", name = "demo" },
  { app_id = "", nmae = "other" },
]
"#;
    let told = mistakes(&format!("{frontend}{GOOD}"), &[]);
    assert!(
        told.contains(
            "gateway.toml:8: frontends[0].apps[1].nmae: unknown key\n  fix: did you mean `name`?"
        ),
        "{told}"
    );
    assert!(
        told.contains("gateway.toml:8: frontends[0].apps[1].app_id: "),
        "{told}"
    );
}

#[test]
fn files_that_are_not_there_are_mistakes() {
    let tls = "[server]\ntls = { cert = \"nowhere.crt\", key = \"nowhere.key\" }\n";
    let backend = "[[backends]]\nname = \"b\"\ndialect = \"script\"\nscript = \"nowhere.toml\"\ntls = { ca = \"nowhere.pem\" }\n";
    let told = mistakes(&format!("{tls}{backend}"), &[]);
    for line in [
        "gateway.toml:2: server.tls: ",
        "gateway.toml:6: backends[0].script: ",
        "gateway.toml:7: backends[0].tls: ",
    ] {
        assert!(told.contains(line), "{told}");
    }
}

#[test]
fn frontends_do_not_share_a_place() {
    let frontend = |name: &str, path: &str, more: &str| {
        format!(
            "[[frontends]]\nname = \"{name}\"\ndialect = \"opendialog\"\npath = \"{path}\"\nroute = \"main\"\n{more}\n"
        )
    };
    let text = [
        frontend("a", "/x", ""),
        frontend("b", "/x/", ""),
        frontend("c", "/x", "host = \"c.example.com\""),
        frontend("d", "/metrics", ""),
    ]
    .concat();
    let told = mistakes(&format!("{text}{GOOD}"), &[]);
    assert!(
        told.contains("frontends[1].path: frontend \"a\" is at this path already"),
        "{told}"
    );
    assert!(
        told.contains("frontends[3].path: the gateway itself answers at this path"),
        "{told}"
    );
    assert!(!told.contains("frontends[2]"), "{told}");
}

#[test]
fn the_environment_overrides_and_is_named_in_its_mistakes() {
    let good = [("SWITCHBOARD__SERVER__LISTEN", "0.0.0.0:81")];
    let text = check(&source(GOOD), &environment(&good)).unwrap();
    assert!(text.contains("listen    http://0.0.0.0:81"), "{text}");
    let told = mistakes(GOOD, &[("SWITCHBOARD__SERVER__LISTEN", "nowhere")]);
    assert_eq!(
        told,
        "gateway.toml:SWITCHBOARD__SERVER__LISTEN: server.listen: the port is missing\n  \
         fix: write a host and a port, such as \"127.0.0.1:8080\""
    );
}

#[test]
fn missing_variables_are_mistakes_and_set_ones_are_secret() {
    let backend =
        "[[backends]]\nname = \"b\"\ndialect = \"kare\"\nurl = \"${ENGINE}\"\napp_id = \"x\"\n";
    let told = mistakes(backend, &[]);
    assert!(told.starts_with("gateway.toml:4: backends[0].url: the environment variable ENGINE is not set\n  fix: set ENGINE"), "{told}");
    let bad = backend.replace(
        "app_id = \"x\"",
        "app_id = \"x\"\ntransport = \"${ENGINE}\"",
    );
    let told = mistakes(&bad, &[("ENGINE", "my-secret")]);
    assert!(
        !told.contains("my-secret") && told.contains("***"),
        "{told}"
    );
}
