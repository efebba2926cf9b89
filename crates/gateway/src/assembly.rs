//! From a configuration to the parts of a gateway: dialects read their own keys here.

use std::path::PathBuf;
use std::sync::Arc;

use switchboard_core::dialect::{Backend, Build, Dialect, Frontend, OptionsError};
use switchboard_core::model::{Capabilities, DialectName};
use switchboard_net::tls::{ClientTls, ServerTls};

use crate::config::mistake::{choose, did_you_mean};
use crate::config::reader::{At, join};
use crate::config::tree::{Node, Place};
use crate::config::{BackendTable, Config, FrontendTable, Mistakes, Source};

/// The parts that a configuration describes.
pub struct Assembly {
    /// The frontends, in the order of the configuration.
    pub frontends: Vec<BuiltFrontend>,
    /// The backends, in the order of the configuration.
    pub backends: Vec<BuiltBackend>,
    /// The public listener's certificate.
    pub tls: Option<Arc<ServerTls>>,
}

/// A frontend's server side.
pub struct BuiltFrontend {
    /// Its place in [`Config::frontends`].
    pub index: usize,
    /// Its dialect.
    pub dialect: DialectName,
    /// The server side.
    pub frontend: Arc<dyn Frontend>,
    /// What its clients can show.
    pub capabilities: Capabilities,
}

/// A backend's client side.
pub struct BuiltBackend {
    /// Its place in [`Config::backends`].
    pub index: usize,
    /// Its dialect.
    pub dialect: DialectName,
    /// The client side.
    pub backend: Arc<dyn Backend>,
    /// How its certificate is checked, if not in the usual way.
    pub tls: Option<ClientTls>,
}

/// Builds everything that can be built, and notes why the rest cannot.
pub fn assemble(
    config: &Config,
    source: &Source,
    dialects: &[Box<dyn Dialect>],
    signing_key: [u8; 32],
    mistakes: &mut Mistakes,
) -> Assembly {
    let read_file = |path: &str| source.files.read(path);
    let read_folder = |path: &str| source.files.read_folder(path);
    let build = Build {
        signing_key,
        read_file: &read_file,
        read_folder: &read_folder,
    };
    let frontends = config
        .frontends
        .iter()
        .enumerate()
        .filter_map(|(index, table)| frontend(index, table, dialects, &build, mistakes))
        .collect();
    let backends = config
        .backends
        .iter()
        .enumerate()
        .filter_map(|(index, table)| backend(index, table, source, dialects, &build, mistakes))
        .collect();
    let tls = config.server.tls.as_ref().and_then(|files| {
        let cert = source.files.locate(&files.value.cert);
        let key = source.files.locate(&files.value.key);
        let is_complete = !files.value.cert.is_empty() && !files.value.key.is_empty();
        is_complete
            .then(|| ServerTls::from_files(&cert, &key))?
            .map_err(|error| reject_tls(files, &error, mistakes))
            .ok()
            .map(Arc::new)
    });
    Assembly {
        frontends,
        backends,
        tls,
    }
}

fn reject_tls<T>(at: &At<T>, error: &dyn std::error::Error, mistakes: &mut Mistakes) {
    let message = match error.source() {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    };
    let fix = "name PEM files that this user may read";
    mistakes.add(at.place.clone(), at.key.clone(), message, fix);
}

fn frontend(
    index: usize,
    table: &FrontendTable,
    dialects: &[Box<dyn Dialect>],
    build: &Build<'_>,
    mistakes: &mut Mistakes,
) -> Option<BuiltFrontend> {
    let dialect = find(dialects, &table.dialect, mistakes)?;
    let make = |options| dialect.frontend(options, build);
    let frontend = make_of(&table.options, make, mistakes)?;
    Some(BuiltFrontend {
        index,
        dialect: dialect.name(),
        frontend,
        capabilities: dialect.capabilities().clone(),
    })
}

fn backend(
    index: usize,
    table: &BackendTable,
    source: &Source,
    dialects: &[Box<dyn Dialect>],
    build: &Build<'_>,
    mistakes: &mut Mistakes,
) -> Option<BuiltBackend> {
    let tls = table.tls.as_ref().map(|at| {
        let locate = |path: &PathBuf| source.files.locate(&path.to_string_lossy());
        let tls = ClientTls {
            ca: at.value.ca.as_ref().map(locate),
            ..at.value.clone()
        };
        if let Err(error) = tls.check() {
            reject_tls(at, &error, mistakes);
        }
        tls
    });
    let dialect = find(dialects, &table.dialect, mistakes)?;
    let make = |options| dialect.backend(options, build);
    let backend = make_of(&table.options, make, mistakes)?;
    Some(BuiltBackend {
        index,
        dialect: dialect.name(),
        backend,
        tls,
    })
}

fn find<'a>(
    dialects: &'a [Box<dyn Dialect>],
    wanted: &At<String>,
    mistakes: &mut Mistakes,
) -> Option<&'a dyn Dialect> {
    if wanted.value.is_empty() {
        return None;
    }
    let found = dialects
        .iter()
        .find(|dialect| dialect.name().as_str() == wanted.value);
    if found.is_none() {
        let names: Vec<_> = dialects.iter().map(|dialect| dialect.name()).collect();
        let names: Vec<_> = names.iter().map(|name| name.as_str()).collect();
        let message = format!("there is no dialect \"{}\"", wanted.value);
        let fix = choose(&wanted.value, "dialects", &names);
        mistakes.add(wanted.place.clone(), wanted.key.clone(), message, fix);
    }
    found.map(|dialect| &**dialect)
}

/// Hands a table to its dialect. Unknown keys are taken away one after the other, so that all of
/// them are found, and what else is wrong.
fn make_of<T>(
    table: &At<Node>,
    make: impl Fn(serde_json::Value) -> Result<T, OptionsError>,
    mistakes: &mut Mistakes,
) -> Option<T> {
    let mut options = table.value.clone();
    let mut is_good = true;
    loop {
        let error = match make(options.to_json()) {
            Ok(made) => return is_good.then_some(made),
            Err(error) => error,
        };
        is_good = false;
        let unknown = unknown_key(&error, &options);
        let path = unknown.as_ref().unwrap_or(&error.path);
        let place: Place = options.place_of(path).clone();
        let (message, fix) = explain(&error);
        mistakes.add(place, join(&table.key, path), message, fix);
        if !unknown.is_some_and(|path| options.remove(&path)) {
            return None;
        }
    }
}

/// The full path of the key that a dialect does not know, if that is what it complains about.
fn unknown_key(error: &OptionsError, options: &Node) -> Option<String> {
    let key = quoted(error.message.strip_prefix("unknown field ")?)?;
    // Some paths name the unknown key itself, some only its table.
    let last = error.path.rsplit('.').next().unwrap_or_default();
    if last == key {
        return Some(error.path.clone());
    }
    let path = join(&error.path, key);
    (options.place_of(&path) != options.place_of("") || error.path.is_empty()).then_some(path)
}

/// The first word in backquotes.
fn quoted(text: &str) -> Option<&str> {
    text.split('`').nth(1)
}

/// What is wrong and what to do about it, in words for an operator.
fn explain(error: &OptionsError) -> (String, String) {
    let message = error.message.as_str();
    if let Some(fix) = &error.fix {
        return (message.to_owned(), fix.clone());
    }
    if let Some(rest) = message.strip_prefix("unknown field ") {
        let mut words = rest.split('`').skip(1).step_by(2);
        let key = words.next().unwrap_or_default();
        let known: Vec<_> = words.collect();
        let fix = match did_you_mean(key, known.iter().copied()) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => format!("remove it; the keys here are {}", known.join(", ")),
        };
        return ("unknown key".to_owned(), fix);
    }
    if let Some(rest) = message.strip_prefix("missing field ") {
        let key = quoted(rest).unwrap_or_default();
        let message = format!("the key `{key}` is missing");
        return (message, format!("add `{key} = …`"));
    }
    let fix = match message.split_once("expected ") {
        Some((_, expected)) => format!("write {expected}"),
        None => "correct the value".to_owned(),
    };
    (message.to_owned(), fix)
}
