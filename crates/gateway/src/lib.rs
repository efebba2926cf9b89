//! The `switchboard` binary: commands, configuration, the list of dialects, telemetry.
//!
//! A command reads the [`config`], lets the dialects of the [`registry`] read their part of it
//! ([`assembly`]), and puts an exchange and a host together.

pub mod assembly;
pub mod cli;
pub mod commands;
pub mod config;
pub mod registry;

mod stores;
mod telemetry;
mod terminal;

use std::process::ExitCode;

use clap::Parser;

/// How a command ended, as the process tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Done.
    Done,
    /// It ran, and the answer is no.
    No,
    /// It could not run.
    Failed,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        match exit {
            Exit::Done => Self::SUCCESS,
            Exit::No => Self::from(1),
            Exit::Failed => Self::from(2),
        }
    }
}

/// Runs the command that the process was started with.
pub fn run() -> ExitCode {
    let environment = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect();
    let result = match cli::Cli::parse().command {
        cli::Command::Serve(arguments) => commands::serve::run(&arguments, &environment),
        cli::Command::Check(arguments) => commands::check::run(&arguments, &environment),
        cli::Command::Chat(arguments) => commands::chat::run(&arguments, &environment),
        cli::Command::Import(arguments) => commands::import::run(&arguments, &environment),
    };
    let exit = result.unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        Exit::Failed
    });
    exit.into()
}
