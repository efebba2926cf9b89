//! The sections of a configuration and their keys.

use std::time::Duration;

use switchboard_core::dialect::Secret;
use switchboard_net::tls::ClientTls;

use super::Config;
use super::reader::{At, Reader};
use super::tree::Node;

/// Where the gateway listens if nothing else is said.
pub const LISTEN: &str = "127.0.0.1:8080";

/// The shortest signing key.
const KEY_LENGTH: usize = 32;

/// `[server]`
#[derive(Debug)]
pub struct Server {
    /// The address of the listener for clients. Default `127.0.0.1:8080`.
    pub listen: String,
    /// Its certificate; plain HTTP without.
    pub tls: Option<At<TlsFiles>>,
    /// What tokens are signed with; made anew at each start if absent.
    pub signing_key: Option<Secret>,
    /// How long turns under way may take when the gateway ends. Default 30 s.
    pub shutdown_grace: Duration,
    /// Threads that serve connections; as many as there are processors if it is not said.
    pub threads: Option<usize>,
}

/// A certificate and its key.
#[derive(Debug, Clone)]
pub struct TlsFiles {
    /// The certificate chain, PEM.
    pub cert: String,
    /// The private key, PEM.
    pub key: String,
}

/// `[admin]`
#[derive(Debug, Default)]
pub struct Admin {
    /// A listener of its own for `/healthz`, `/readyz` and `/metrics`.
    pub listen: Option<At<String>>,
}

/// `[store]`
#[derive(Debug)]
pub struct Store {
    /// Where what is changed at runtime is kept: `sqlite:FILE` or `postgres://…`, perhaps with a
    /// password in it. In memory if it is absent.
    pub url: Option<Secret>,
    /// How often it is looked for what other processes have changed in it. Default 2 s.
    pub follow: Duration,
}

impl Default for Store {
    fn default() -> Self {
        Self {
            url: None,
            follow: Duration::from_secs(2),
        }
    }
}

/// `[transcripts]`
#[derive(Debug)]
pub struct Transcripts {
    /// Whether what is said is recorded. Default yes.
    pub record: bool,
    /// How long it is kept. Default 30 days.
    pub keep: Duration,
    /// How many lines are kept where there is no store but memory. Default 20,000.
    pub memory_lines: usize,
}

impl Default for Transcripts {
    fn default() -> Self {
        Self {
            record: true,
            keep: Duration::from_secs(30 * 24 * 3600),
            memory_lines: 20_000,
        }
    }
}

/// `[log]`
#[derive(Debug)]
pub struct Log {
    /// How lines look. Default text.
    pub format: LogFormat,
    /// What is logged, in the words of `RUST_LOG`. Default `info`.
    pub filter: String,
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// For programs.
    Json,
}

/// `[[frontends]]`
#[derive(Debug)]
pub struct FrontendTable {
    /// Its name, in metrics and logs.
    pub name: At<String>,
    /// Its dialect.
    pub dialect: At<String>,
    /// Where it is mounted.
    pub path: At<String>,
    /// The host name under which alone it is reached.
    pub host: Option<String>,
    /// The route of its conversations.
    pub route: At<String>,
    /// The origins whose pages may use it; none means any.
    pub origins: Vec<String>,
    /// The dialect's own keys.
    pub options: At<Node>,
}

/// `[[backends]]`
#[derive(Debug)]
pub struct BackendTable {
    /// Its name, in routes, metrics and logs.
    pub name: At<String>,
    /// Its dialect.
    pub dialect: At<String>,
    /// How the engine's certificate is checked, if not in the usual way.
    pub tls: Option<At<ClientTls>>,
    /// The dialect's own keys.
    pub options: At<Node>,
}

/// `[[routes]]`
#[derive(Debug)]
pub struct RouteTable {
    /// Its name.
    pub name: At<String>,
    /// The backend it leads to.
    pub backend: At<String>,
}

/// Reads all sections.
pub(super) fn read(root: &mut Reader<'_>) -> Config {
    let mut config = Config {
        server: root
            .table("server", server)
            .map_or_else(default_server, |at| at.value),
        admin: root
            .table("admin", |reader| Admin {
                listen: address(reader, "listen", "\"127.0.0.1:9090\""),
            })
            .map(|at| at.value)
            .unwrap_or_default(),
        host_limits: switchboard_net::host::Limits::default(),
        exchange_limits: switchboard_exchange::Limits::default(),
        store: root
            .table("store", store)
            .map(|at| at.value)
            .unwrap_or_default(),
        transcripts: root
            .table("transcripts", transcripts)
            .map(|at| at.value)
            .unwrap_or_default(),
        log: root
            .table("log", log)
            .map_or_else(default_log, |at| at.value),
        frontends: Vec::new(),
        backends: Vec::new(),
        routes: Vec::new(),
    };
    root.table("limits", |reader| limits(reader, &mut config));
    config.frontends = root.tables("frontends", frontend);
    config.backends = root.tables("backends", backend);
    config.routes = root.tables("routes", route);
    config
}

fn default_server() -> Server {
    Server {
        listen: LISTEN.to_owned(),
        tls: None,
        signing_key: None,
        shutdown_grace: Duration::from_secs(30),
        threads: None,
    }
}

fn server(reader: &mut Reader<'_>) -> Server {
    let default = default_server();
    Server {
        listen: address(reader, "listen", "\"127.0.0.1:8080\"")
            .map_or(default.listen, |at| at.value),
        tls: reader.table("tls", tls_files),
        signing_key: signing_key(reader),
        shutdown_grace: reader
            .duration("shutdown_grace", "\"30s\"")
            .unwrap_or(default.shutdown_grace),
        threads: reader.count("threads", "4"),
    }
}

fn tls_files(reader: &mut Reader<'_>) -> TlsFiles {
    TlsFiles {
        cert: reader
            .required("cert", "\"/etc/switchboard/tls.crt\"")
            .value,
        key: reader.required("key", "\"/etc/switchboard/tls.key\"").value,
    }
}

fn signing_key(reader: &mut Reader<'_>) -> Option<Secret> {
    let mut key = reader.string("signing_key", "\"${SWITCHBOARD_SIGNING_KEY}\"")?;
    if key.value.len() < KEY_LENGTH {
        let message = format!("a signing key needs at least {KEY_LENGTH} characters");
        reader.reject(&mut key, message, "make one with `openssl rand -hex 32`");
        return None;
    }
    Some(Secret::new(key.value))
}

/// Takes an address to listen on.
fn address(
    reader: &mut Reader<'_>,
    key: &'static str,
    example: &'static str,
) -> Option<At<String>> {
    let mut address = reader.string(key, example)?;
    if let Err(message) = check_address(&address.value) {
        let fix = format!("write a host and a port, such as {example}");
        reader.reject(&mut address, message, fix);
        return None;
    }
    Some(address)
}

/// Whether an address can be listened on: `127.0.0.1:8080`, `[::]:8080`, `localhost:8080`.
///
/// # Errors
/// It cannot; the words say why.
pub fn check_address(address: &str) -> Result<(), String> {
    let Some((host, port)) = address.rsplit_once(':') else {
        return Err("the port is missing".to_owned());
    };
    if host.is_empty() {
        return Err("the host is missing".to_owned());
    }
    match port.parse::<u16>() {
        Ok(_) => Ok(()),
        Err(_) => Err(format!("\"{port}\" is no port")),
    }
}

fn store(reader: &mut Reader<'_>) -> Store {
    const EXAMPLE: &str = "\"sqlite:switchboard.db\"";
    let url = reader.string("url", EXAMPLE).and_then(|mut url| {
        if let Err(message) = switchboard_store::check_url(&url.value) {
            let fix = format!("write a file or a database, such as {EXAMPLE} or \"postgres://user:password@host/database\"");
            reader.reject(&mut url, message, fix);
            return None;
        }
        Some(Secret::new(url.value))
    });
    let follow = reader.duration("follow", "\"2s\"");
    Store {
        url,
        follow: follow.unwrap_or(Store::default().follow),
    }
}

fn transcripts(reader: &mut Reader<'_>) -> Transcripts {
    let default = Transcripts::default();
    Transcripts {
        record: reader.flag("record").unwrap_or(default.record),
        keep: reader
            .positive_duration("keep", "\"30d\"")
            .unwrap_or(default.keep),
        memory_lines: reader
            .count("memory_lines", "20000")
            .unwrap_or(default.memory_lines),
    }
}

fn default_log() -> Log {
    Log {
        format: LogFormat::Text,
        filter: "info".to_owned(),
    }
}

fn log(reader: &mut Reader<'_>) -> Log {
    let mut log = default_log();
    if let Some(mut format) = reader.string("format", "\"json\"") {
        match format.value.as_str() {
            "text" => log.format = LogFormat::Text,
            "json" => log.format = LogFormat::Json,
            other => {
                let message = format!("there is no log format \"{other}\"");
                reader.reject(&mut format, message, "write \"text\" or \"json\"");
            }
        }
    }
    if let Some(mut filter) = reader.string("filter", "\"info\"") {
        match filter.value.parse::<tracing_subscriber::filter::Targets>() {
            Ok(_) => log.filter = filter.value,
            Err(error) => {
                let fix = "write a level such as \"info\", or \"info,switchboard_net=debug\"";
                reader.reject(&mut filter, error.to_string(), fix);
            }
        }
    }
    log
}

fn limits(reader: &mut Reader<'_>, config: &mut Config) {
    fn set<T>(limit: &mut T, value: Option<T>) {
        if let Some(value) = value {
            *limit = value;
        }
    }
    let host = &mut config.host_limits;
    set(&mut host.connections, reader.count("connections", "50000"));
    set(&mut host.websockets, reader.count("websockets", "50000"));
    set(
        &mut host.idle_timeout,
        reader.duration("idle_timeout", "\"75s\""),
    );
    set(
        &mut host.body_timeout,
        reader.duration("body_timeout", "\"30s\""),
    );
    set(
        &mut host.websocket_silence,
        reader.duration("websocket_silence", "\"60s\""),
    );
    let exchange = &mut config.exchange_limits;
    set(
        &mut exchange.queued_events,
        reader.count("queued_events", "32"),
    );
    set(
        &mut exchange.log_entries,
        reader.count("log_entries", "256"),
    );
    set(
        &mut exchange.put_away_after,
        reader.duration("put_away_after", "\"60s\""),
    );
}

fn frontend(mut reader: Reader<'_>) -> FrontendTable {
    let name = name(&mut reader, "\"website\"");
    let dialect = reader.required("dialect", "\"kare\"");
    let mut path = reader.required("path", "\"/kare\"");
    let is_path = path.value.starts_with('/') && !path.value.contains(['?', '#', ' ']);
    if !is_path && !path.value.is_empty() {
        let fix = "write a path that begins with a slash, such as \"/kare\"";
        reader.reject(&mut path, "this is no path", fix);
    }
    let host = reader
        .string("host", "\"chat.example.com\"")
        .and_then(|mut host| {
            let is_host = !host.value.is_empty() && !host.value.contains(['/', ':', ' ']);
            if !is_host {
                let fix = "write a name without scheme and port, such as \"chat.example.com\"";
                reader.reject(&mut host, "this is no host name", fix);
            }
            is_host.then_some(host.value)
        });
    let route = reader.required("route", "\"main\"");
    let mut origins = Vec::new();
    for mut origin in reader.strings("origins", "[\"https://www.example.com\"]") {
        match check_origin(&origin.value) {
            Ok(()) => origins.push(origin.value),
            Err(fix) => reader.reject(&mut origin, "this is no origin", fix),
        }
    }
    FrontendTable {
        name,
        dialect,
        path,
        host,
        route,
        origins,
        options: reader.rest(),
    }
}

/// Whether browsers could send this origin. The error says what to write instead.
fn check_origin(origin: &str) -> Result<(), String> {
    const EXAMPLE: &str = "write scheme and host, such as \"https://www.example.com\"";
    if origin == "*" {
        return Ok(());
    }
    let rest = origin
        .strip_prefix("https://")
        .or_else(|| origin.strip_prefix("http://"))
        .ok_or(EXAMPLE)?;
    match rest.split_once('/') {
        None if rest.is_empty() => Err(EXAMPLE.to_owned()),
        None => Ok(()),
        Some((host, _)) => {
            let scheme = origin.strip_suffix(rest).unwrap_or_default();
            Err(format!("write \"{scheme}{host}\", without a path"))
        }
    }
}

fn backend(mut reader: Reader<'_>) -> BackendTable {
    let name = name(&mut reader, "\"main-bot\"");
    let dialect = reader.required("dialect", "\"kare\"");
    let tls = reader.table("tls", |reader| ClientTls {
        ca: reader
            .string("ca", "\"/etc/switchboard/engine-ca.pem\"")
            .map(|at| at.value.into()),
        insecure: reader.flag("insecure").unwrap_or_default(),
    });
    BackendTable {
        name,
        dialect,
        tls,
        options: reader.rest(),
    }
}

fn route(mut reader: Reader<'_>) -> RouteTable {
    let name = name(&mut reader, "\"main\"");
    let backend = reader.required("backend", "\"main-bot\"");
    reader.finish();
    RouteTable { name, backend }
}

fn name(reader: &mut Reader<'_>, example: &str) -> At<String> {
    let mut name = reader.required("name", example);
    let is_name = name
        .value
        .chars()
        .all(|character| character.is_alphanumeric() || "-_.".contains(character));
    if !is_name {
        let fix = "write a name of letters, digits, `-`, `_` and `.`";
        reader.reject(&mut name, "this cannot be a name", fix);
    }
    name
}
