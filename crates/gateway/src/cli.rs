//! What can be written on the command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

/// A gateway between chat widgets and bot engines: any dialect in, any dialect out.
#[derive(Debug, Parser)]
#[command(
    name = "switchboard",
    version,
    after_help = "Example:\n  switchboard serve\n\n\
                  Exit codes: 0 done, 1 the answer is no, 2 could not run."
)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the gateway; without a configuration, the demo
    #[command(
        after_help = "Example:\n  switchboard serve --config production.toml\n\n\
                            Ctrl-C or SIGTERM ends it after the turns under way; \
                            SIGHUP reads the TLS certificate again."
    )]
    Serve(ServeArgs),
    /// Check a configuration and show what it means
    #[command(after_help = "Example:\n  switchboard check --config production.toml")]
    Check(CheckArgs),
    /// Talk to an engine from the terminal
    #[command(after_help = "Examples:\n  \
                  switchboard chat --backend demo\n  \
                  switchboard chat --config production.toml --backend main-bot\n  \
                  switchboard chat --url https://bot.example.com/ --dialect dydu --bot-id 1234\n  \
                  echo menu | switchboard chat --backend demo\n\n\
                  Choices are picked by their number. /end ends the conversation, \
                  /cancel leaves a form.")]
    Chat(ChatArgs),
}

/// Arguments of `serve`.
#[derive(Debug, Args)]
pub struct ServeArgs {
    /// The configuration; without it, the embedded demo
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Listen here instead of where the configuration says
    #[arg(long, value_name = "ADDR")]
    pub listen: Option<String>,
    /// Take TLS connections too, with a self-signed certificate made at start
    #[arg(long)]
    pub dev_tls: bool,
}

/// Arguments of `check`.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// The configuration
    #[arg(long, value_name = "FILE")]
    pub config: PathBuf,
}

/// Arguments of `chat`.
#[derive(Debug, Args)]
pub struct ChatArgs {
    /// The configuration that has the backend; without it, the embedded demo
    #[arg(long, value_name = "FILE", conflicts_with = "url")]
    pub config: Option<PathBuf>,
    /// The backend to talk to
    #[arg(long, value_name = "NAME", required_unless_present = "url")]
    pub backend: Option<String>,
    /// The engine to talk to, instead of a configured backend
    #[arg(
        long,
        value_name = "URL",
        requires = "dialect",
        conflicts_with = "backend"
    )]
    pub url: Option<String>,
    /// The engine's dialect
    #[arg(long, value_name = "DIALECT", requires = "url")]
    pub dialect: Option<String>,
    /// Kare: the application's id
    #[arg(long, value_name = "ID", requires = "url")]
    pub app_id: Option<String>,
    /// dydu: the bot's id
    #[arg(long, value_name = "ID", requires = "url")]
    pub bot_id: Option<String>,
    /// OpenDialog: the app key
    #[arg(long, value_name = "KEY", requires = "url")]
    pub app_key: Option<String>,
    /// OpenDialog: the scenario
    #[arg(long, value_name = "ID", requires = "url")]
    pub scenario: Option<String>,
    /// The language to speak
    #[arg(long, value_name = "TAG")]
    pub language: Option<String>,
}
