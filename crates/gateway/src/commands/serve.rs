//! `switchboard serve`: runs the gateway.

use std::io::{self, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::num::NonZero;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use anyhow::{Context, bail};
use switchboard_exchange::{BackendSpec, Exchange, FrontendSpec, Parts, RouteSpec};
use switchboard_net::clock::SystemClock;
use switchboard_net::dial::NetDialer;
use switchboard_net::host::{self, Host, Listener, Mount, Running, Serves};
use switchboard_net::tls::ServerTls;
use switchboard_net::workers::Workers;
use switchboard_store::MemoryStore;
use tokio::net::TcpListener;
use tokio::select;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tracing::{error, info, warn};

use crate::assembly::{Assembly, assemble};
use crate::cli::ServeArgs;
use crate::config::{self, Config, Environment};
use crate::stores::Stores;
use crate::{Exit, registry, telemetry};

/// How long connections may take to end after the last turn.
const CLOSE_GRACE: Duration = Duration::from_secs(5);

/// Runs the command.
///
/// # Errors
/// The configuration is wrong, or an address cannot be listened on.
pub fn run(arguments: &ServeArgs, environment: &Environment) -> anyhow::Result<Exit> {
    let source = super::source(arguments.config.as_deref())?;
    let (mut config, mut mistakes) = config::read(&source, environment);
    let signing_key = super::signing_key(config.server.signing_key.as_ref())?;
    let dialects = registry::dialects();
    let assembly = assemble(&config, &source, &dialects, signing_key, &mut mistakes);
    if !mistakes.is_empty() {
        bail!("the configuration has mistakes\n{mistakes}");
    }
    if config.frontends.is_empty() {
        bail!(
            "{} has no [[frontends]]: there is nothing to serve",
            source.name
        );
    }
    if let Some(listen) = &arguments.listen {
        config::check_address(listen)
            .map_err(|message| anyhow::anyhow!("--listen {listen}: {message}"))?;
        config.server.listen.clone_from(listen);
    }
    telemetry::start_logs(&config.log)?;
    raise_file_limit();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("cannot start")?;
    runtime.block_on(serve(config, assembly, arguments.dev_tls))?;
    Ok(Exit::Done)
}

/// Every connection is an open file, and the usual soft limit is a thousand.
fn raise_file_limit() {
    match rlimit::increase_nofile_limit(u64::MAX) {
        Ok(limit) => tracing::debug!(limit, "open files"),
        Err(error) => warn!(%error, "cannot raise the limit of open files"),
    }
}

async fn serve(config: Config, assembly: Assembly, dev_tls: bool) -> anyhow::Result<()> {
    let render_metrics = telemetry::start_metrics()?;
    let tls = match &assembly.tls {
        Some(tls) => Some(Arc::clone(tls)),
        None if dev_tls => Some(Arc::new(ServerTls::self_signed()?)),
        None => None,
    };
    let public = bind(&config.server.listen).await?;
    let admin = match &config.admin.listen {
        Some(listen) => Some(bind(&listen.value).await?),
        None => None,
    };
    let address = public.local_addr()?;
    let admin_address = admin.as_ref().map(TcpListener::local_addr).transpose()?;

    let tls_options = assembly.backends.iter().filter_map(|built| {
        let name = &config.backends.get(built.index)?.name.value;
        Some((name.clone(), built.tls.clone()?))
    });
    let dialer = Arc::new(NetDialer::new(tls_options)?);
    let clock = Arc::new(SystemClock);
    let threads = match config.server.threads {
        Some(threads) => threads,
        None => thread::available_parallelism().map_or(1, NonZero::get),
    };
    let stores = Stores::open(&config).await?;
    let exchange = Exchange::new(Parts {
        frontends: frontends(&config, &assembly),
        backends: backends(&config, &assembly),
        routes: routes(&config),
        dialer,
        clock: clock.clone(),
        store: Arc::new(MemoryStore::new()),
        transcripts: stores.transcripts(&config),
        limits: config.exchange_limits.clone(),
    })?;
    let host = Host::new(host::Parts {
        mounts: mounts(&config, &assembly, &exchange),
        exchange: exchange.clone(),
        documents: stores.documents,
        // Nobody else sees what is in memory.
        follow: config.store.url.as_ref().map(|_| config.store.follow),
        clock,
        limits: config.host_limits,
        workers: Workers::start(threads)?,
        render_metrics: Box::new(render_metrics),
    });
    host.take_over().await?;
    // The handlers are in place before anybody is told that the gateway runs.
    let signals = Signals::new()?;
    let mut listeners = vec![Listener {
        tcp: public,
        tls: tls.clone(),
        serves: match admin {
            None => Serves::Everything,
            Some(_) => Serves::Frontends,
        },
    }];
    listeners.extend(admin.map(|tcp| Listener {
        tcp,
        tls: None,
        serves: Serves::Operations,
    }));
    let running = host.serve(listeners);
    let is_encrypted = config.server.tls.is_some();
    let hello = announce(
        &config,
        &assembly,
        address,
        admin_address,
        is_encrypted,
        dev_tls,
    );
    // Whoever started the gateway may have stopped listening to it.
    let _ = io::stdout().write_all(hello.as_bytes());
    info!(%address, "serving");
    wait_and_end(&config, &exchange, &running, tls.as_deref(), signals).await;
    Ok(())
}

async fn bind(address: &str) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address)
        .await
        .with_context(|| format!("cannot listen on {address}: choose another with --listen"))
}

fn frontends(config: &Config, assembly: &Assembly) -> Vec<FrontendSpec> {
    let spec = |built: &crate::assembly::BuiltFrontend| {
        let table = config.frontends.get(built.index)?;
        Some(FrontendSpec {
            name: table.name.value.clone(),
            dialect: built.dialect.clone(),
            frontend: Arc::clone(&built.frontend),
            capabilities: built.capabilities.clone(),
            route: table.route.value.clone(),
        })
    };
    assembly.frontends.iter().filter_map(spec).collect()
}

fn backends(config: &Config, assembly: &Assembly) -> Vec<BackendSpec> {
    let spec = |built: &crate::assembly::BuiltBackend| {
        let table = config.backends.get(built.index)?;
        Some(BackendSpec {
            name: table.name.value.clone(),
            dialect: built.dialect.clone(),
            backend: Arc::clone(&built.backend),
        })
    };
    assembly.backends.iter().filter_map(spec).collect()
}

fn routes(config: &Config) -> Vec<RouteSpec> {
    let routes = config.routes.iter();
    routes
        .map(|table| RouteSpec {
            name: table.name.value.clone(),
            backend: table.backend.value.clone(),
        })
        .collect()
}

fn mounts(config: &Config, assembly: &Assembly, exchange: &Exchange) -> Vec<Mount> {
    let mount = |built: &crate::assembly::BuiltFrontend| {
        let table = config.frontends.get(built.index)?;
        Some(Mount {
            name: table.name.value.clone(),
            path: table.path.value.clone(),
            host: table.host.clone(),
            origins: table.origins.clone(),
            frontend: Arc::clone(&built.frontend),
            handle: exchange.frontend(&table.name.value)?,
        })
    };
    assembly.frontends.iter().filter_map(mount).collect()
}

/// What is printed at the start: where everything is, and how to try it.
fn announce(
    config: &Config,
    assembly: &Assembly,
    address: SocketAddr,
    admin: Option<SocketAddr>,
    is_encrypted: bool,
    dev_tls: bool,
) -> String {
    let scheme = if is_encrypted { "https" } else { "http" };
    let base = format!("{scheme}://{}", reachable(address));
    let operations = admin.map_or_else(
        || base.clone(),
        |admin| format!("http://{}", reachable(admin)),
    );
    let mut lines = vec![
        format!(
            "switchboard {} listens on {base}",
            env!("CARGO_PKG_VERSION")
        ),
        format!(
            "health and metrics: {operations}/healthz {operations}/readyz {operations}/metrics"
        ),
    ];
    if dev_tls && !is_encrypted {
        let url = format!("https://{}", reachable(address));
        lines.push(format!(
            "also {url}, with a self-signed certificate (curl -k)"
        ));
    }
    for built in &assembly.frontends {
        let Some(table) = config.frontends.get(built.index) else {
            continue;
        };
        let origin = match &table.host {
            Some(host) => format!("{scheme}://{host}:{}", address.port()),
            None => base.clone(),
        };
        let url = format!("{origin}{}", table.path.value.trim_end_matches('/'));
        lines.push(format!(
            "\n{} ({}): {url}",
            table.name.value, table.dialect.value
        ));
        if let Some(example) = built.frontend.examples(&url).into_iter().next() {
            lines.push(format!("  {example}"));
        }
    }
    let mut text = lines.join("\n");
    text.push_str("\n\n");
    text
}

/// The address under which this machine reaches a listener.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

/// What the system tells a process.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hang_up: Signal,
}

impl Signals {
    fn new() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hang_up: signal(SignalKind::hangup())?,
        })
    }

    /// Waits for the wish to end. Reads the certificate again when asked to.
    async fn end(&mut self, tls: Option<&ServerTls>) {
        loop {
            select! {
                _ = self.terminate.recv() => return,
                _ = self.interrupt.recv() => return,
                _ = self.hang_up.recv() => match tls.map(ServerTls::reload) {
                    None => {}
                    Some(Ok(())) => info!("the TLS certificate was read again"),
                    Some(Err(error)) => error!(%error, "the TLS certificate stays as it was"),
                },
            }
        }
    }
}

/// Serves until a signal, then lets everything under way end. A second signal ends at once.
async fn wait_and_end(
    config: &Config,
    exchange: &Exchange,
    running: &Running,
    tls: Option<&ServerTls>,
    mut signals: Signals,
) {
    signals.end(tls).await;
    info!("ending: no new connections, turns under way are finished");
    let peace = async {
        running.drain();
        exchange.shut_down(config.server.shutdown_grace).await;
        if running.close(CLOSE_GRACE).await {
            info!("ended");
        } else {
            warn!("ended with connections still open");
        }
    };
    select! {
        () = peace => {}
        () = signals.end(None) => warn!("ended at once"),
    }
}
