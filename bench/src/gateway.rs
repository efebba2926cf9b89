//! The gateway as users run it: the release binary with a configuration file.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::{Map, Value, json};

use crate::process::{Directory, Server, free_address};
use crate::vendor::Vendor;

/// The repository's root.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .map(Path::to_path_buf)
        .unwrap_or_default()
}

/// As many threads as nginx has workers, and the upstream: one.
const THREADS: usize = 1;

/// The release binary: `SWITCHBOARD_BIN`, else where `cargo build --release` puts it.
///
/// # Errors
/// It has not been built.
pub fn binary() -> Result<PathBuf> {
    let path = match (
        std::env::var_os("SWITCHBOARD_BIN"),
        std::env::var_os("CARGO_TARGET_DIR"),
    ) {
        (Some(binary), _) => PathBuf::from(binary),
        (None, Some(target)) => PathBuf::from(target).join("release/switchboard"),
        (None, None) => root().join("target/release/switchboard"),
    };
    ensure!(
        path.is_file(),
        "{} is missing: cargo build --release",
        path.display()
    );
    Ok(path)
}

/// Starts a gateway in which each of these frontends, mounted at `/DIALECT`, leads to the engine
/// of the other vendor at `upstream`.
///
/// # Errors
/// It does not start.
pub fn start(pairs: &[(Vendor, Vendor)], upstream: SocketAddr) -> Result<Server> {
    let mut config = Config::default();
    for (frontend, backend) in pairs {
        let name = format!("{}-{}", frontend.name(), backend.name());
        let url = format!("http://{upstream}/{}", backend.name());
        config.backend(&name, backend.name(), backend.backend_options(&url));
        config.frontend(*frontend, &name);
    }
    config.start()
}

/// Starts a gateway in which this frontend leads to the embedded engine.
///
/// # Errors
/// It does not start.
pub fn start_scripted(frontend: Vendor) -> Result<Server> {
    let mut config = Config::default();
    config.backend(
        "script",
        "script",
        json!({ "script": root().join("config/demo-bot.toml") }),
    );
    config.frontend(frontend, "script");
    config.start()
}

/// The path that a frontend is mounted at.
pub fn mount(frontend: Vendor) -> String {
    format!("/{}", frontend.name())
}

#[derive(Default)]
struct Config {
    frontends: Vec<Value>,
    backends: Vec<Value>,
    routes: Vec<Value>,
}

impl Config {
    fn frontend(&mut self, vendor: Vendor, route: &str) {
        let common = json!({ "name": vendor.name(), "dialect": vendor.name(),
            "path": mount(vendor), "route": route });
        self.frontends
            .push(merge(common, vendor.frontend_options()));
    }

    fn backend(&mut self, name: &str, dialect: &str, options: Value) {
        self.backends
            .push(merge(json!({ "name": name, "dialect": dialect }), options));
        self.routes.push(json!({ "name": name, "backend": name }));
    }

    fn start(self) -> Result<Server> {
        let directory = Directory::new("gateway")?;
        let address = free_address()?;
        let file = directory.path().join("switchboard.toml");
        let config = json!({ "frontends": self.frontends, "backends": self.backends,
            "routes": self.routes, "server": { "threads": THREADS } });
        fs::write(&file, toml::to_string(&config).context("configuration")?)?;
        let mut command = Command::new(binary()?);
        command
            .args(["serve", "--listen", &address.to_string(), "--config"])
            .arg(&file);
        command.env("RUST_LOG", "warn").current_dir(root());
        Server::start(command, address, directory)
    }
}

fn merge(table: Value, more: Value) -> Value {
    match (table, more) {
        (Value::Object(table), Value::Object(more)) => {
            Value::Object(table.into_iter().chain(more).collect::<Map<_, _>>())
        }
        (table, _) => table,
    }
}
