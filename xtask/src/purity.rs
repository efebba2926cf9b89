//! `cargo xtask purity`: the crates that hold all that is worth thinking about do no IO, not even
//! through something they depend on.

use std::collections::BTreeSet;

use anyhow::{Result, bail};

use crate::tools::{cargo, output};

/// The crates that must stay pure.
const PURE: [&str; 5] = [
    "switchboard-core",
    "switchboard-kare",
    "switchboard-dydu",
    "switchboard-opendialog",
    "switchboard-script",
];

/// What does IO, or waits.
const IMPURE: [&str; 14] = [
    "async-std",
    "axum",
    "hyper",
    "hyper-util",
    "mio",
    "redis",
    "reqwest",
    "rusqlite",
    "smol",
    "socket2",
    "sqlx",
    "tokio",
    "tokio-tungstenite",
    "tungstenite",
];

/// Walks what each pure crate depends on.
///
/// # Errors
/// One of them depends on something that does IO.
pub fn run() -> Result<()> {
    let mut wrong = Vec::new();
    for package in PURE {
        let mut tree = cargo();
        tree.args(["tree", "--locked", "--package", package]);
        tree.args(["--edges", "normal", "--prefix", "none", "--format", "{p}"]);
        let text = output(&mut tree)?;
        let names = names(&text);
        let found: Vec<_> = IMPURE
            .into_iter()
            .filter(|name| names.contains(name))
            .collect();
        if !found.is_empty() {
            wrong.push(format!("{package} depends on {}", found.join(", ")));
        }
        eprintln!(
            "{package}: {} packages below it",
            names.len().saturating_sub(1)
        );
    }
    if wrong.is_empty() {
        return Ok(());
    }
    bail!(
        "{}; `cargo tree --invert NAME --package PACKAGE` shows why",
        wrong.join("; ")
    )
}

/// The names in the output of `cargo tree`, which begins each line with one.
fn names(tree: &str) -> BTreeSet<&str> {
    tree.lines()
        .filter_map(|line| line.split_whitespace().next())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_the_first_words() {
        let tree = "a v0.1.0 (/x)\nb v1.0.0\nb v1.0.0 (*)\n\n";
        assert_eq!(names(tree), BTreeSet::from(["a", "b"]));
    }
}
