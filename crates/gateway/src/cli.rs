//! What can be written on the command line.

use std::path::PathBuf;

use clap::{ArgGroup, Args, Parser, Subcommand};
use switchboard_core::model::Timestamp;

use crate::commands::import::when;

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
    /// Take recorded conversations over from a vendor
    #[command(after_help = "Examples:\n  \
                  switchboard import --dialect opendialog --url https://my.cloud.opendialog.ai \\\n    \
                  --from 2025-01-01 --to 2025-01-31 --output january.jsonl\n  \
                  switchboard import --dialect opendialog --file export.json --output -\n\n\
                  The API token is read from the environment variable \
                  SWITCHBOARD_IMPORT_TOKEN, or the one that --token-env names.\n\
                  The output has a JSON line for each user, or several with later and later \
                  conversations. A file is complete or not there at all.")]
    Import(ImportArgs),
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

/// Arguments of `import`.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("place").required(true).args(["url", "files"]))]
pub struct ImportArgs {
    /// The vendor's dialect
    #[arg(long, value_name = "DIALECT")]
    pub dialect: String,
    /// Fetch from the server at this address
    #[arg(long, value_name = "URL")]
    pub url: Option<String>,
    /// Read what was fetched before, instead
    #[arg(long = "file", value_name = "FILE", num_args = 1.., conflicts_with = "url")]
    pub files: Vec<PathBuf>,
    /// The environment variable that has the API token
    #[arg(
        long,
        value_name = "NAME",
        default_value = "SWITCHBOARD_IMPORT_TOKEN",
        conflicts_with = "files"
    )]
    pub token_env: String,
    /// OpenDialog: the API to ask: export (both sides), interactions or legacy (users' side)
    #[arg(long, value_name = "API", conflicts_with = "files")]
    pub api: Option<String>,
    /// OpenDialog: how many users a page of the export has
    #[arg(long, value_name = "NUMBER", conflicts_with = "files")]
    pub per_page: Option<u32>,
    /// Only what was said from then on: a day, "YYYY-MM-DD HH:MM:SS" in UTC, or RFC 3339
    #[arg(long, value_name = "WHEN", value_parser = when::beginning)]
    pub from: Option<Timestamp>,
    /// Only what was said until then, a day's end included
    #[arg(long, value_name = "WHEN", value_parser = when::end)]
    pub to: Option<Timestamp>,
    /// Only this user
    #[arg(long, value_name = "ID")]
    pub user: Option<String>,
    /// Where to write to; - is the standard output
    #[arg(long, value_name = "FILE")]
    pub output: PathBuf,
}
