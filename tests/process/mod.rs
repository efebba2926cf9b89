//! Runs the real binary.

#![allow(dead_code, reason = "each test binary uses its part")]

use std::io::Write;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// The repository's root.
pub fn root() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

/// A running `switchboard serve`, killed on drop.
pub struct Gateway {
    child: Child,
    pub address: String,
    config: PathBuf,
}

impl Gateway {
    /// Starts the binary with this configuration, on a free port, and waits until it is ready.
    pub async fn start(config: &str) -> Self {
        let level = std::env::var("RUST_LOG").unwrap_or_else(|_| "warn".to_owned());
        Self::spawn(config, &level, |_| Stdio::inherit()).await
    }

    /// Like [`Self::start`], but logs all that it has to say, for [`Self::log`].
    pub async fn start_logged(config: &str) -> Self {
        Self::spawn(config, "debug,switchboard=trace", |path| {
            std::fs::File::create(path).unwrap().into()
        })
        .await
    }

    async fn spawn(config: &str, level: &str, log: impl Fn(&Path) -> Stdio) -> Self {
        // The tests' own HTTP client wants to know how it would do TLS.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let address = format!("127.0.0.1:{port}");
        let path =
            std::env::temp_dir().join(format!("switchboard-{}-{port}.toml", std::process::id()));
        std::fs::File::create(&path)
            .unwrap()
            .write_all(config.as_bytes())
            .unwrap();
        let child = Command::new(env!("CARGO_BIN_EXE_switchboard"))
            .args(["serve", "--config"])
            .arg(&path)
            .args(["--listen", &address])
            .env("RUST_LOG", level)
            .stdout(Stdio::null())
            .stderr(log(&path.with_extension("log")))
            .current_dir(root())
            .spawn()
            .unwrap();
        let gateway = Self {
            child,
            address,
            config: path,
        };
        let begun = Instant::now();
        loop {
            match reqwest::get(gateway.url("/readyz")).await {
                Ok(response) if response.status().is_success() => return gateway,
                _ if begun.elapsed() > Duration::from_secs(20) => panic!("not ready"),
                _ => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    pub async fn metrics(&self) -> String {
        reqwest::get(self.url("/metrics"))
            .await
            .unwrap()
            .text()
            .await
            .unwrap()
    }

    /// What it has logged so far, if it was started with [`Self::start_logged`].
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.config.with_extension("log")).unwrap()
    }

    /// A counter's value, summed over all lines that have these labels.
    pub async fn count(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        let metrics = self.metrics().await;
        let lines = metrics.lines().filter(|line| {
            line.strip_prefix(name)
                .is_some_and(|rest| rest.starts_with(['{', ' ']))
                && labels
                    .iter()
                    .all(|(key, value)| line.contains(&format!("{key}=\"{value}\"")))
        });
        lines
            .map(|line| line.rsplit(' ').next().unwrap().parse::<f64>().unwrap())
            .sum()
    }

    /// Asks it to stop, and waits until it has.
    pub fn stop(&mut self) -> std::process::ExitStatus {
        let pid = self.child.id().to_string();
        Command::new("kill").args(["-TERM", &pid]).status().unwrap();
        self.child.wait().unwrap()
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_file(&self.config);
        let _ = std::fs::remove_file(self.config.with_extension("log"));
    }
}

/// The `[[frontends]]` of the three dialects under a path prefix, all on one route.
pub fn frontends(prefix: &str, route: &str) -> String {
    let mut text = String::new();
    for (dialect, keys) in [
        (
            "kare",
            r#"apps = [{ app_id = "00000000-0000-4000-8000-00000000cafe", name = "demo" }]"#,
        ),
        (
            "dydu",
            r#"bots = [{ bot_id = "00000000-0000-4000-8000-0000000d7d00", languages = ["en", "fr"] }]"#,
        ),
        (
            "opendialog",
            "app_keys = [\"demo-app-key\"]\nscenarios = [{ id = \"demo\", alias = \"demo\" }]",
        ),
    ] {
        text += &format!(
            "[[frontends]]\nname = \"{route}-{dialect}\"\ndialect = \"{dialect}\"\n\
             path = \"{prefix}/{dialect}\"\nroute = \"{route}\"\n{keys}\n\n"
        );
    }
    text
}

/// A gateway whose script engine sits behind all three frontends, at `/kare` and so on.
pub fn engine_config() -> String {
    engine_config_of(&root().join("config/demo-bot.toml"))
}

/// The same with another script.
pub fn engine_config_of(script: &Path) -> String {
    frontends("", "main")
        + &format!(
            "[[backends]]\nname = \"demo\"\ndialect = \"script\"\nscript = \"{}\"\n\n\
             [[routes]]\nname = \"main\"\nbackend = \"demo\"\n",
            script.display()
        )
}

/// Every client side that can be configured towards a gateway with [`engine_config`], by name.
pub fn backends(engine: &str) -> Vec<(&'static str, String)> {
    let kare = format!(
        "dialect = \"kare\"\nurl = \"{engine}/kare\"\n\
         app_id = \"00000000-0000-4000-8000-00000000cafe\"\n"
    );
    let dydu = format!(
        "dialect = \"dydu\"\nurl = \"{engine}/dydu\"\n\
         bot_id = \"00000000-0000-4000-8000-0000000d7d00\"\n"
    );
    let opendialog = format!(
        "dialect = \"opendialog\"\nurl = \"{engine}/opendialog\"\n\
         app_key = \"demo-app-key\"\nscenario = \"demo\"\n"
    );
    vec![
        ("kare", kare.clone()),
        ("kare-rest", kare + "transport = \"rest\"\n"),
        ("dydu", dydu.clone()),
        ("dydu-ws", dydu + "transport = \"websocket\"\n"),
        ("opendialog", opendialog),
    ]
}

/// A gateway with three frontends for each of the [`backends`], at `/NAME/DIALECT`.
pub fn gateway_config(engine: &str) -> String {
    backends(engine)
        .into_iter()
        .map(|(name, keys)| {
            frontends(&format!("/{name}"), name)
                + &format!(
                    "[[backends]]\nname = \"{name}\"\n{keys}\n\
                     [[routes]]\nname = \"{name}\"\nbackend = \"{name}\"\n\n"
                )
        })
        .collect()
}
