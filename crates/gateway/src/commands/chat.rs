//! `switchboard chat`: talk to an engine from the terminal.
//!
//! The conversation takes the same way as a widget's, through an exchange, so that what is seen
//! here is what a widget would be sent.

use std::io::{self, BufRead, IsTerminal, Write};
use std::sync::Arc;

use anyhow::{Context, bail};
use futures_util::FutureExt;
use serde_json::{Map, Value};
use switchboard_core::Fault;
use switchboard_core::dialect::{
    Attach, Backend, Build, Call, Collect, Dialect, Find, IdSource, Item, Operation, Target,
    UnknownChoice, Wait,
};
use switchboard_core::model::{DialectName, EndReason, MessageId, Profile, UserEvent, UserInput};
use switchboard_exchange::{
    Attachment, BackendSpec, Clock, Delivery, Exchange, FrontendHandle, FrontendSpec, Limits,
    Parts, RouteSpec,
};
use switchboard_net::clock::SystemClock;
use switchboard_net::dial::NetDialer;
use switchboard_net::tls::ClientTls;
use switchboard_store::{MemoryStore, Transcripts};
use tokio::select;
use tokio::sync::mpsc;

use crate::assembly::assemble;
use crate::cli::ChatArgs;
use crate::config::mistake::choose;
use crate::config::{self, Environment, Files, Log, LogFormat};
use crate::terminal::form::{Filling, Step};
use crate::terminal::frontend::{CAPABILITIES, DIALECT, NAME, Terminal};
use crate::terminal::show::{self, Choices};
use crate::{Exit, registry, telemetry};

/// An engine to talk to.
struct Engine {
    name: String,
    dialect: DialectName,
    backend: Arc<dyn Backend>,
    tls: Option<ClientTls>,
}

/// Runs the command.
///
/// # Errors
/// The engine's configuration is wrong.
pub fn run(arguments: &ChatArgs, environment: &Environment) -> anyhow::Result<Exit> {
    let engine = match (&arguments.url, &arguments.dialect) {
        (Some(url), Some(dialect)) => ad_hoc(url, dialect, arguments)?,
        _ => configured(arguments, environment)?,
    };
    // Only what goes wrong, so that it does not get between the lines of the chat.
    telemetry::start_logs(&Log {
        format: LogFormat::Text,
        filter: "warn".to_owned(),
    })?;
    let profile = profile(arguments);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("cannot start")?;
    runtime.block_on(chat(engine, profile))
}

/// A backend of a configuration.
fn configured(arguments: &ChatArgs, environment: &Environment) -> anyhow::Result<Engine> {
    let source = super::source(arguments.config.as_deref())?;
    let (config, mut mistakes) = config::read(&source, environment);
    let dialects = registry::dialects();
    let assembly = assemble(&config, &source, &dialects, [0; 32], &mut mistakes);
    if !mistakes.is_empty() {
        bail!("the configuration has mistakes\n{mistakes}");
    }
    let wanted = arguments.backend.as_deref().unwrap_or_default();
    let name_of = |index: usize| config.backends.get(index).map(|table| &table.name.value);
    let found = assembly
        .backends
        .into_iter()
        .find(|built| name_of(built.index).is_some_and(|name| name == wanted));
    let Some(built) = found else {
        let known: Vec<_> = config
            .backends
            .iter()
            .map(|it| it.name.value.as_str())
            .collect();
        let fix = choose(wanted, "backends", &known);
        bail!("{} has no backend \"{wanted}\": {fix}", source.name);
    };
    Ok(Engine {
        name: wanted.to_owned(),
        dialect: built.dialect,
        backend: built.backend,
        tls: built.tls,
    })
}

/// An engine that is described on the command line.
fn ad_hoc(url: &str, dialect: &str, arguments: &ChatArgs) -> anyhow::Result<Engine> {
    let dialects = registry::dialects();
    let found = super::find_dialect(&dialects, dialect)?;
    Ok(Engine {
        name: "engine".to_owned(),
        dialect: found.name(),
        backend: make(found, url, arguments)?,
        tls: None,
    })
}

fn make(
    dialect: &dyn Dialect,
    url: &str,
    arguments: &ChatArgs,
) -> anyhow::Result<Arc<dyn Backend>> {
    // The scripted engine has no address, but a file.
    let place = if dialect.name().as_str() == "script" {
        "script"
    } else {
        "url"
    };
    let given = [
        ("app_id", &arguments.app_id),
        ("bot_id", &arguments.bot_id),
        ("app_key", &arguments.app_key),
        ("scenario", &arguments.scenario),
    ];
    let options: Map<String, Value> = [(place.to_owned(), url.into())]
        .into_iter()
        .chain(
            given
                .into_iter()
                .filter_map(|(key, value)| Some((key.to_owned(), value.clone()?.into()))),
        )
        .collect();
    let files = Files::Folder(".".into());
    let read_file = |path: &str| files.read(path);
    let read_folder = |path: &str| files.read_folder(path);
    let build = Build {
        signing_key: [0; 32],
        read_file: &read_file,
        read_folder: &read_folder,
    };
    let backend = dialect.backend(options.into(), &build);
    backend.map_err(|error| super::wrong_option(error, &[]))
}

fn profile(arguments: &ChatArgs) -> Profile {
    let mut profile = Profile {
        scenario: arguments.scenario.clone(),
        ..Profile::default()
    };
    profile.locales.selected.clone_from(&arguments.language);
    profile
}

async fn chat(engine: Engine, profile: Profile) -> anyhow::Result<Exit> {
    let clock = Arc::new(SystemClock);
    let tls = engine.tls.map(|tls| (engine.name.clone(), tls));
    let exchange = Exchange::new(Parts {
        frontends: vec![FrontendSpec {
            name: NAME.to_owned(),
            dialect: DIALECT,
            frontend: Arc::new(Terminal),
            capabilities: CAPABILITIES,
            route: NAME.to_owned(),
        }],
        routes: vec![RouteSpec {
            name: NAME.to_owned(),
            backend: engine.name.clone(),
        }],
        backends: vec![BackendSpec {
            name: engine.name,
            dialect: engine.dialect,
            backend: engine.backend,
        }],
        dialer: Arc::new(NetDialer::new(tls)?),
        clock: clock.clone(),
        store: Arc::new(MemoryStore::new()),
        transcripts: Transcripts::none(),
        limits: Limits::default(),
    })?;
    let handle = exchange
        .frontend(NAME)
        .context("the terminal has no frontend")?;
    let attach = Attach {
        target: target(Find::New),
        profile,
    };
    let (view, attachment) = handle.attach(attach).await?;
    let mut chat = Chat {
        clock,
        handle,
        key: view.key.to_string(),
        attachment,
        choices: Choices::default(),
        form: None,
        is_ended: false,
        has_failed: false,
    };
    chat.run(lines()).await?;
    Ok(if chat.has_failed {
        Exit::No
    } else {
        Exit::Done
    })
}

fn target(find: Find) -> Target {
    Target {
        find,
        scope: NAME.to_owned(),
        retry: None,
        client: None,
    }
}

/// The lines of standard input. They are read by a thread of their own, which ends with the
/// process.
fn lines() -> mpsc::Receiver<String> {
    let (sender, receiver) = mpsc::channel(1);
    std::thread::spawn(move || {
        for line in io::stdin().lock().lines() {
            let is_taken = line.is_ok_and(|line| sender.blocking_send(line).is_ok());
            if !is_taken {
                return;
            }
        }
    });
    receiver
}

/// A conversation from the terminal.
struct Chat {
    clock: Arc<SystemClock>,
    handle: FrontendHandle,
    key: String,
    attachment: Attachment,
    choices: Choices,
    form: Option<Filling>,
    is_ended: bool,
    has_failed: bool,
}

impl Chat {
    /// Talks until the conversation or the input ends.
    async fn run(&mut self, mut lines: mpsc::Receiver<String>) -> io::Result<()> {
        let open = UserInput::Open {
            welcome: None,
            query: None,
        };
        self.say(open).await?;
        while !self.is_ended {
            self.ask()?;
            let line = loop {
                select! {
                    line = lines.recv() => break line,
                    delivery = self.attachment.next() => self.show(delivery)?,
                }
                if self.is_ended {
                    return Ok(());
                }
            };
            let Some(line) = line else {
                return Ok(());
            };
            if let Some(input) = self.understand(line.trim())? {
                self.say(input).await?;
            }
        }
        Ok(())
    }

    /// What a line means. `None`: nothing that is to be said.
    fn understand(&mut self, line: &str) -> io::Result<Option<UserInput>> {
        if line == "/end" {
            return Ok(Some(UserInput::End));
        }
        if let Some(form) = &mut self.form {
            return Ok(match form.answer(line) {
                Step::Done(input) => {
                    self.form = None;
                    Some(input)
                }
                Step::Next => None,
                Step::Again(why) => {
                    print(&[why])?;
                    None
                }
            });
        }
        Ok(match self.choices.pick(line) {
            _ if line.is_empty() => None,
            Some(choice) => Some(UserInput::Choice(choice)),
            None => Some(UserInput::text(line)),
        })
    }

    /// Says something and shows what comes of it, until the turn ends.
    async fn say(&mut self, input: UserInput) -> io::Result<()> {
        self.choices.clear();
        let id = MessageId(self.clock.fresh());
        let is_end = input == UserInput::End;
        let event = UserEvent::new(id, self.clock.now(), input);
        let call: Call<Result<(), Fault>> = Call {
            target: target(Find::Existing(self.key.clone())),
            profile: Profile::default(),
            operation: Operation::Input {
                event: Box::new(event),
                wait: Wait::Turn(Collect::Turn),
                unknown_choice: UnknownChoice::AsText,
            },
            finish: Box::new(|result, _| result.map(|_| ())),
        };
        let handle = self.handle.clone();
        let mut turn = Box::pin(handle.call(call));
        let result = loop {
            select! {
                biased;
                delivery = self.attachment.next(), if !self.is_ended => self.show(delivery)?,
                result = turn.as_mut() => break result,
            }
        };
        while !self.is_ended
            && let Some(delivery) = self.attachment.next().now_or_never()
        {
            self.show(delivery)?;
        }
        if let Err(fault) = result {
            self.has_failed = true;
            eprintln!("! {fault}");
        }
        self.is_ended |= is_end;
        Ok(())
    }

    fn show(&mut self, delivery: Delivery) -> io::Result<()> {
        let entry = match delivery {
            Delivery::Entry(entry, _) => entry,
            Delivery::Recalled(..) => return Ok(()),
            Delivery::TurnFailed { fault, .. } => {
                self.has_failed = true;
                eprintln!("! {fault}");
                return Ok(());
            }
            Delivery::Gone => {
                self.is_ended = true;
                return Ok(());
            }
        };
        match &entry.item {
            Item::Message(published) => {
                for message in published.shown() {
                    print(&show::lines(message, &mut self.choices))?;
                    if let Some(form) = Filling::of(message) {
                        self.form = Some(form);
                    }
                }
            }
            Item::Notice(notice) if !notice.text.is_empty() => {
                print(&[format!("system: {}", notice.text.to_plain().trim())])?;
            }
            Item::Ended { reason } => {
                self.is_ended = true;
                let why = match reason {
                    EndReason::Ended => String::new(),
                    reason => format!(": {}", reason.as_str()),
                };
                print(&[format!("(the conversation has ended{why})")])?;
            }
            Item::Notice(_) | Item::Typing(_) | Item::User(_) => {}
        }
        self.attachment.delivered(entry.seq);
        Ok(())
    }

    /// Shows the open question of a form, and a prompt where somebody sits at the terminal.
    fn ask(&self) -> io::Result<()> {
        if let Some(form) = &self.form {
            print(&form.question())?;
        }
        if io::stdin().is_terminal() {
            let mut out = io::stdout().lock();
            write!(out, "> ")?;
            out.flush()?;
        }
        Ok(())
    }
}

fn print(lines: &[String]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    for line in lines {
        writeln!(out, "{line}")?;
    }
    out.flush()
}
