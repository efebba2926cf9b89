//! What can be seen to be wrong only when the sections are compared.

use super::mistake::{Mistakes, choose};
use super::reader::At;
use super::{Config, FrontendTable};

/// Paths that the gateway itself answers.
const RESERVED: [&str; 3] = ["/healthz", "/readyz", "/metrics"];

/// Notes names that are taken twice or lead nowhere.
pub(super) fn references(config: &Config, mistakes: &mut Mistakes) {
    unique(
        "frontend",
        config.frontends.iter().map(|it| &it.name),
        mistakes,
    );
    unique(
        "backend",
        config.backends.iter().map(|it| &it.name),
        mistakes,
    );
    unique("route", config.routes.iter().map(|it| &it.name), mistakes);

    let routes: Vec<_> = config
        .routes
        .iter()
        .map(|it| it.name.value.as_str())
        .collect();
    for frontend in &config.frontends {
        known("route", &frontend.route, &routes, mistakes);
    }
    let backends: Vec<_> = config
        .backends
        .iter()
        .map(|it| it.name.value.as_str())
        .collect();
    for route in &config.routes {
        known("backend", &route.backend, &backends, mistakes);
    }
    places(&config.frontends, mistakes);
    if let Some(admin) = &config.admin.listen
        && admin.value == config.server.listen
        && !admin.value.ends_with(":0")
    {
        let message = "this is the address of the public listener";
        reject(admin, message, "write another port", mistakes);
    }
}

fn reject(
    at: &At<String>,
    message: impl Into<String>,
    fix: impl Into<String>,
    mistakes: &mut Mistakes,
) {
    mistakes.add(at.place.clone(), at.key.clone(), message, fix);
}

fn unique<'a>(what: &str, names: impl Iterator<Item = &'a At<String>>, mistakes: &mut Mistakes) {
    let mut seen: Vec<&At<String>> = Vec::new();
    for name in names.filter(|name| !name.value.is_empty()) {
        match seen.iter().find(|other| other.value == name.value) {
            Some(other) => {
                let message = format!(
                    "there is a {what} \"{}\" already, at {}",
                    name.value, other.place
                );
                reject(name, message, "give it another name", mistakes);
            }
            None => seen.push(name),
        }
    }
}

fn known(what: &str, name: &At<String>, known: &[&str], mistakes: &mut Mistakes) {
    // An empty name has been complained about already.
    if !name.value.is_empty() && !known.contains(&name.value.as_str()) {
        let message = format!("there is no {what} \"{}\"", name.value);
        let fix = choose(&name.value, &format!("{what}s"), known);
        reject(name, message, fix, mistakes);
    }
}

fn places(frontends: &[FrontendTable], mistakes: &mut Mistakes) {
    let mut seen: Vec<&FrontendTable> = Vec::new();
    for frontend in frontends.iter().filter(|it| !it.path.value.is_empty()) {
        let path = frontend.path.value.trim_end_matches('/');
        if RESERVED.contains(&path) {
            let message = "the gateway itself answers at this path";
            reject(&frontend.path, message, "choose another path", mistakes);
        }
        let is_same = |other: &&&FrontendTable| {
            other.path.value.trim_end_matches('/') == path && other.host == frontend.host
        };
        match seen.iter().find(is_same) {
            Some(other) => {
                let message = format!("frontend \"{}\" is at this path already", other.name.value);
                let fix = "choose another path, or give one of them a `host`";
                reject(&frontend.path, message, fix, mistakes);
            }
            None => seen.push(frontend),
        }
    }
}
