//! Where recorded conversations are written to: a file that is whole or not there, or what takes
//! them as they come, such as the standard output.

use std::collections::HashSet;
use std::fs::{self, File};
use std::hash::{BuildHasher, RandomState};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use serde::Serialize;
use switchboard_core::dialect::{Item, Recorded};
use switchboard_core::model::DialectName;
use tempfile::NamedTempFile;

/// The lines' destination.
pub(super) enum Output {
    /// The standard output, or a pipe or device.
    Stream(BufWriter<Box<dyn Write>>),
    /// A file beside the one to be, which takes its place at the end. Given up, it is removed.
    File {
        file: BufWriter<NamedTempFile>,
        path: PathBuf,
    },
}

/// One line: whose recording, and what is recorded.
#[derive(Serialize)]
struct Line<'a> {
    dialect: &'a DialectName,
    source: &'a str,
    #[serde(flatten)]
    recorded: &'a Recorded,
}

impl Output {
    pub(super) fn open(path: &Path) -> anyhow::Result<Self> {
        if path == Path::new("-") {
            return Ok(Self::Stream(BufWriter::new(Box::new(io::stdout()))));
        }
        let cannot = || format!("cannot write {}", path.display());
        match fs::metadata(path) {
            Ok(facts) if facts.is_dir() => bail!("{} is a folder", path.display()),
            // No file may take the place of /dev/null.
            Ok(facts) if !facts.is_file() => {
                let stream = File::options().write(true).open(path);
                let stream = stream.with_context(cannot)?;
                return Ok(Self::Stream(BufWriter::new(Box::new(stream))));
            }
            _ => {}
        }
        let folder = match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        let file = NamedTempFile::new_in(folder)
            .with_context(|| format!("cannot write in {}", folder.display()))?;
        Ok(Self::File {
            file: BufWriter::new(file),
            path: path.to_owned(),
        })
    }

    pub(super) fn write(
        &mut self,
        dialect: &DialectName,
        source: &str,
        recorded: &Recorded,
    ) -> anyhow::Result<()> {
        let out: &mut dyn Write = match self {
            Self::Stream(out) => out,
            Self::File { file, .. } => file,
        };
        let line = Line {
            dialect,
            source,
            recorded,
        };
        serde_json::to_writer(&mut *out, &line)
            .map_err(io::Error::from)
            .and_then(|()| out.write_all(b"\n"))
            .context("cannot write the output")
    }

    /// Puts the file in its place.
    pub(super) fn finish(self) -> anyhow::Result<()> {
        match self {
            Self::Stream(mut out) => out.flush().context("cannot write the output"),
            Self::File { file, path } => {
                let cannot = || format!("cannot write {}", path.display());
                let file = file.into_inner().map_err(io::IntoInnerError::into_error);
                let file = file.with_context(cannot)?;
                file.as_file().sync_all().with_context(cannot)?;
                file.persist(&path)
                    .map_err(|error| error.error)
                    .with_context(cannot)?;
                Ok(())
            }
        }
    }
}

/// What was imported.
#[derive(Default)]
pub(super) struct Summary {
    /// Digests of the users' ids: a user may come more than once.
    users: HashSet<u64>,
    hasher: RandomState,
    turns: usize,
    entries: usize,
    notes: usize,
}

impl Summary {
    pub(super) fn count(&mut self, recorded: &Recorded) {
        self.users.insert(self.hasher.hash_one(&recorded.user_id));
        let is_turn = |item: &Item| matches!(item, Item::User(event) if event.input.opens_turn());
        let entries = &recorded.entries;
        self.turns += entries.iter().filter(|entry| is_turn(&entry.item)).count();
        self.entries += entries.len();
        self.notes += recorded.notes.len();
    }

    pub(super) const fn note(&mut self) {
        self.notes += 1;
    }
}

impl std::fmt::Display for Summary {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let count = |number: usize, one: &str, many: &str| {
            format!("{number} {}", if number == 1 { one } else { many })
        };
        let parts = [
            count(self.users.len(), "user", "users"),
            count(self.turns, "turn", "turns"),
            count(self.entries, "entry", "entries"),
            count(self.notes, "note", "notes"),
        ];
        f.write_str(&parts.join(", "))
    }
}
