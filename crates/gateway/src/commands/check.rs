//! `switchboard check`: validates a configuration and shows what it means.

use std::io::{self, Write};

use crate::assembly::{Assembly, assemble};
use crate::cli::CheckArgs;
use crate::config::{self, Config, Environment, Source};
use crate::{Exit, registry};

/// Runs the command.
///
/// # Errors
/// The configuration cannot be read at all.
pub fn run(arguments: &CheckArgs, environment: &Environment) -> anyhow::Result<Exit> {
    let source = super::source(Some(&arguments.config))?;
    match check(&source, environment) {
        Ok(text) => {
            io::stdout().write_all(text.as_bytes())?;
            Ok(Exit::Done)
        }
        Err(mistakes) => {
            eprintln!("{mistakes}");
            Ok(Exit::No)
        }
    }
}

/// What a configuration means.
///
/// # Errors
/// Everything that is wrong with it.
pub fn check(source: &Source, environment: &Environment) -> Result<String, config::Mistakes> {
    let (config, mut mistakes) = config::read(source, environment);
    // Nothing is signed here.
    let key = [0; 32];
    let assembly = assemble(&config, source, &registry::dialects(), key, &mut mistakes);
    if mistakes.is_empty() {
        Ok(describe(source, &config, &assembly))
    } else {
        Err(mistakes)
    }
}

fn describe(source: &Source, config: &Config, assembly: &Assembly) -> String {
    let mut lines = vec![format!("{} is good", source.name), String::new()];
    let scheme = if assembly.tls.is_some() {
        "https"
    } else {
        "http"
    };
    lines.push(format!("listen    {scheme}://{}", config.server.listen));
    if let Some(admin) = &config.admin.listen {
        lines.push(format!("admin     http://{}", admin.value));
    }
    let key = match config.server.signing_key {
        Some(_) => "configured",
        None => "random at each start: tokens end with the process",
    };
    lines.push(format!("signing   {key}"));
    let store = match &config.store.url {
        Some(url) => super::shown(url),
        None => "in memory: what is changed at runtime ends with the process".to_owned(),
    };
    lines.push(format!("store     {store}"));
    lines.push(format!("said      {}", transcripts(config)));

    lines.push("\nfrontends".to_owned());
    for built in &assembly.frontends {
        let Some(table) = config.frontends.get(built.index) else {
            continue;
        };
        let host = table.host.as_deref().unwrap_or_default();
        lines.push(format!(
            "  {}  {}  {host}{}",
            table.name.value, table.dialect.value, table.path.value
        ));
        lines.push(format!("    {}", way(config, assembly, &table.route.value)));
        lines.push(match table.origins.as_slice() {
            [] => "    any origin".to_owned(),
            origins => format!("    origins {}", origins.join(", ")),
        });
        let ids = built.frontend.describe();
        lines.extend(ids.iter().map(|id| format!("    {id}")));
    }
    lines.push("\nbackends".to_owned());
    for built in &assembly.backends {
        let Some(table) = config.backends.get(built.index) else {
            continue;
        };
        lines.push(format!(
            "  {}  {}  {}",
            table.name.value,
            table.dialect.value,
            built.backend.describe()
        ));
        if built.tls.as_ref().is_some_and(|tls| tls.insecure) {
            lines.push("    any certificate is accepted: for development only".to_owned());
        }
    }
    lines.push("\nroutes".to_owned());
    for route in &config.routes {
        lines.push(format!("  {}", way(config, assembly, &route.name.value)));
    }
    let mut text = lines.join("\n");
    text.push('\n');
    text
}

/// What becomes of what is said.
fn transcripts(config: &Config) -> String {
    let transcripts = &config.transcripts;
    if !transcripts.record {
        return "not recorded".to_owned();
    }
    let place = match &config.store.url {
        Some(_) => "in the store".to_owned(),
        None => format!(
            "in memory, the latest {} lines, until the process ends",
            transcripts.memory_lines
        ),
    };
    let hours = transcripts.keep.as_secs() / 3600;
    match (hours / 24, hours) {
        (0, 0) => format!("recorded {place}, for less than an hour"),
        (0 | 1, hours) => format!("recorded {place}, for {hours} h"),
        (days, _) => format!("recorded {place}, for {days} days"),
    }
}

/// A route with what it leads to: `main -> demo (script, config/demo-bot.toml)`.
fn way(config: &Config, assembly: &Assembly, route: &str) -> String {
    let backend = config
        .routes
        .iter()
        .find(|it| it.name.value == route)
        .map(|it| it.backend.value.as_str())
        .unwrap_or_default();
    let engine = assembly.backends.iter().find_map(|built| {
        let table = config.backends.get(built.index)?;
        (table.name.value == backend)
            .then(|| format!(" ({}, {})", table.dialect.value, built.backend.describe()))
    });
    format!("{route} -> {backend}{}", engine.unwrap_or_default())
}
