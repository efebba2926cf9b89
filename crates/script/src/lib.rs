//! The script engine: a bot in a TOML file, embedded in Switchboard.
//!
//! It is a dialect without a wire: a backend only. The format of a script is described in
//! `docs/script-engine.md`, a large example is `config/demo-bot.toml`.
//!
//! - [`Bot`] is a script that has been read and checked.
//! - A leg is a state machine over it. Delays are entries of its state with a due time, so that
//!   another process can go on in the middle of them.

mod bot;
mod check;
mod error;
mod format;
mod leg;
mod locate;
mod matching;
mod render;
mod template;

use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value;
use switchboard_core::Fault;
use switchboard_core::dialect::{
    Backend, Build, Cx, Dialect, Frontend, Leg, OptionsError, parse_options,
};
use switchboard_core::model::{Capabilities, ConversationId, DialectName, KindSet, TextFormat};

pub use bot::Bot;
pub use error::{Mistake, ScriptError};

use crate::leg::ScriptLeg;

/// The dialect of scripted bots.
pub fn dialect() -> impl Dialect {
    Script
}

/// The script engine as a dialect.
#[derive(Debug, Clone, Copy, Default)]
pub struct Script;

const NAME: DialectName = DialectName::new("script");

/// A script can say everything that the model has a word for.
const CAPABILITIES: Capabilities = Capabilities {
    kinds: KindSet::all(),
    text: TextFormat::Markdown,
    actions_anywhere: true,
    choices: true,
    push: true,
};

/// The keys of a `[[backends]]` table with `dialect = "script"`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Options {
    /// The script's file, relative to where Switchboard was started.
    script: String,
}

impl Dialect for Script {
    fn name(&self) -> DialectName {
        NAME
    }

    fn capabilities(&self) -> &Capabilities {
        &CAPABILITIES
    }

    fn frontend(&self, _: Value, _: &Build<'_>) -> Result<Arc<dyn Frontend>, OptionsError> {
        Err(OptionsError::new("", "the script engine is backend only")
            .fix("use it in [[backends]], and one of the vendors' dialects here"))
    }

    fn backend(&self, options: Value, build: &Build<'_>) -> Result<Arc<dyn Backend>, OptionsError> {
        let options: Options = parse_options(options)?;
        let text = (build.read_file)(&options.script).map_err(|reason| {
            OptionsError::new("script", format!("{}: {reason}", options.script))
        })?;
        let bot = Bot::parse(&text).map_err(|error| {
            let mistakes: Vec<String> = error
                .mistakes
                .iter()
                .map(|mistake| format!("{}:{mistake}", options.script))
                .collect();
            OptionsError::new("script", mistakes.join("\n"))
                .fix("the format is described in docs/script-engine.md")
        })?;
        Ok(Arc::new(ScriptBackend {
            file: options.script,
            bot: Arc::new(bot),
        }))
    }
}

/// A script as a configured engine.
struct ScriptBackend {
    file: String,
    bot: Arc<Bot>,
}

impl Backend for ScriptBackend {
    fn open(&self, conversation: ConversationId, _cx: &Cx<'_>) -> Box<dyn Leg> {
        Box::new(ScriptLeg::new(Arc::clone(&self.bot), conversation))
    }

    fn resume(&self, state: Value, _cx: &Cx<'_>) -> Result<Box<dyn Leg>, Fault> {
        Ok(Box::new(ScriptLeg::resume(Arc::clone(&self.bot), state)?))
    }

    fn describe(&self) -> String {
        self.file.clone()
    }
}
