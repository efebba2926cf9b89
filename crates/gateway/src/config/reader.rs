//! Reads a table key by key, and notes everything that is wrong with it.

use std::time::Duration;

use switchboard_core::dialect::read_duration;

use super::mistake::{Mistakes, did_you_mean};
use super::tree::{Entry, Node, Place, Value};

/// A table that is being read. Keys are taken out of it; what is left at the end is unknown.
pub struct Reader<'a> {
    path: String,
    place: Place,
    entries: Vec<Entry>,
    known: Vec<&'static str>,
    mistakes: &'a mut Mistakes,
}

/// A value with its key's full path and its place.
#[derive(Debug, Clone)]
pub struct At<T> {
    /// The value.
    pub value: T,
    /// The key, dotted.
    pub key: String,
    /// Where it was written.
    pub place: Place,
}

/// A path with one more key.
pub fn join(path: &str, key: &str) -> String {
    if path.is_empty() {
        key.to_owned()
    } else {
        format!("{path}.{key}")
    }
}

impl<'a> Reader<'a> {
    /// Reads a node that should be a table.
    pub fn new(node: Node, path: impl Into<String>, mistakes: &'a mut Mistakes) -> Self {
        let path = path.into();
        let entries = match node.value {
            Value::Table(entries) => entries,
            _ => {
                let message = format!("this is {}, not a table", node.kind());
                let fix = format!("write `[{path}]` and its keys below");
                mistakes.add(node.place.clone(), path.clone(), message, fix);
                Vec::new()
            }
        };
        Self {
            path,
            place: node.place,
            entries,
            known: Vec::new(),
            mistakes,
        }
    }

    /// Where the table was written.
    pub fn place(&self) -> &Place {
        &self.place
    }

    fn take(&mut self, key: &'static str) -> Option<At<Node>> {
        self.known.push(key);
        let index = self.entries.iter().position(|entry| entry.key == key)?;
        let entry = self.entries.remove(index);
        Some(At {
            value: entry.node,
            key: join(&self.path, key),
            place: entry.place,
        })
    }

    fn wrong<T>(&mut self, at: &At<T>, message: impl Into<String>, fix: impl Into<String>) {
        self.mistakes
            .add(at.place.clone(), at.key.clone(), message, fix);
    }

    fn wrong_kind(&mut self, at: &At<Node>, expected: &str, example: &str) {
        let message = format!("this is {}, not {expected}", at.value.kind());
        self.wrong(at, message, format!("write {expected}, such as {example}"));
    }

    /// Takes a string.
    pub fn string(&mut self, key: &'static str, example: &str) -> Option<At<String>> {
        let at = self.take(key)?;
        match at.value.value {
            Value::String(value) => Some(At {
                value,
                key: at.key,
                place: at.place,
            }),
            _ => {
                self.wrong_kind(&at, "a string", example);
                None
            }
        }
    }

    /// Takes a string that must be there and not be empty. Where it is wrong it comes back empty,
    /// so that the rest of the table can still be checked.
    pub fn required(&mut self, key: &'static str, example: &str) -> At<String> {
        let is_there = self.entries.iter().any(|entry| entry.key == key);
        let found = self.string(key, example);
        let at = found.unwrap_or_else(|| At {
            value: String::new(),
            key: join(&self.path, key),
            place: self.place.clone(),
        });
        if !is_there {
            let fix = format!("add `{key} = {example}`");
            self.wrong(&at, "this key is missing", fix);
        } else if at.value.is_empty() && at.place != self.place {
            let fix = format!("write a value, such as {example}");
            self.wrong(&at, "this is empty", fix);
        }
        at
    }

    /// Takes a list of strings; none if the key is absent.
    pub fn strings(&mut self, key: &'static str, example: &str) -> Vec<At<String>> {
        let Some(at) = self.take(key) else {
            return Vec::new();
        };
        let Value::Array(nodes) = &at.value.value else {
            self.wrong_kind(&at, "a list of strings", example);
            return Vec::new();
        };
        let mut strings = Vec::with_capacity(nodes.len());
        for (index, node) in nodes.iter().enumerate() {
            let key = format!("{}[{index}]", at.key);
            let place = node.place.clone();
            if let Value::String(value) = &node.value {
                let value = value.clone();
                strings.push(At { value, key, place });
            } else {
                let value = node.clone();
                self.wrong_kind(&At { value, key, place }, "a string", "\"…\"");
            }
        }
        strings
    }

    /// Takes `true` or `false`.
    pub fn flag(&mut self, key: &'static str) -> Option<bool> {
        let at = self.take(key)?;
        match at.value.value {
            Value::Bool(value) => Some(value),
            _ => {
                self.wrong_kind(&at, "true or false", "`true`");
                None
            }
        }
    }

    /// Takes a whole number above zero.
    pub fn count(&mut self, key: &'static str, example: &str) -> Option<usize> {
        let at = self.take(key)?;
        let Value::Integer(number) = at.value.value else {
            self.wrong_kind(&at, "a whole number", example);
            return None;
        };
        let count = usize::try_from(number).ok().filter(|count| *count > 0);
        if count.is_none() {
            let message = format!("{number} is too small");
            self.wrong(
                &at,
                message,
                format!("write a number above zero, such as {example}"),
            );
        }
        count
    }

    /// Takes a duration that is not zero.
    pub fn positive_duration(&mut self, key: &'static str, example: &str) -> Option<Duration> {
        let place = self.entries.iter().find(|entry| entry.key == key);
        let place = place.map(|entry| entry.place.clone());
        let duration = self.duration(key, example)?;
        if duration.is_zero() {
            let at = At {
                value: (),
                key: join(&self.path, key),
                place: place.unwrap_or_else(|| self.place.clone()),
            };
            let fix = format!("write a longer one, such as {example}");
            self.wrong(&at, "this is no time at all", fix);
            return None;
        }
        Some(duration)
    }

    /// Takes a duration: a number of seconds, or a string such as `"500ms"`, `"30s"`, `"5m"`.
    pub fn duration(&mut self, key: &'static str, example: &str) -> Option<Duration> {
        let at = self.take(key)?;
        let duration = match &at.value.value {
            Value::Integer(seconds) => u64::try_from(*seconds).ok().map(Duration::from_secs),
            Value::Float(seconds) => Duration::try_from_secs_f64(*seconds).ok(),
            Value::String(text) => read_duration(text),
            _ => None,
        };
        if duration.is_none() {
            let message = "this is no duration";
            let fix = format!("write seconds, or a string such as {example}");
            self.wrong(&at, message, fix);
        }
        duration
    }

    /// Takes a table, if it is there, and reads it with `read`.
    pub fn table<T>(
        &mut self,
        key: &'static str,
        read: impl FnOnce(&mut Reader<'_>) -> T,
    ) -> Option<At<T>> {
        let at = self.take(key)?;
        let mut reader = Reader::new(at.value, at.key.clone(), self.mistakes);
        let value = read(&mut reader);
        reader.finish();
        Some(At {
            value,
            key: at.key,
            place: at.place,
        })
    }

    /// Takes a list of tables and reads each with `read`, which decides about unknown keys.
    pub fn tables<T>(
        &mut self,
        key: &'static str,
        mut read: impl FnMut(Reader<'_>) -> T,
    ) -> Vec<T> {
        let Some(at) = self.take(key) else {
            return Vec::new();
        };
        let path = at.key.clone();
        let Value::Array(nodes) = at.value.value else {
            self.wrong_kind(&at, "a list of tables", &format!("`[[{path}]]`"));
            return Vec::new();
        };
        nodes
            .into_iter()
            .enumerate()
            .map(|(index, node)| read(Reader::new(node, format!("{path}[{index}]"), self.mistakes)))
            .collect()
    }

    /// Notes a mistake in a value that was read, and empties it.
    pub fn reject(
        &mut self,
        at: &mut At<String>,
        message: impl Into<String>,
        fix: impl Into<String>,
    ) {
        self.wrong(at, message, fix);
        at.value.clear();
    }

    /// What nobody took, as a table of its own: a dialect's options.
    pub fn rest(self) -> At<Node> {
        At {
            value: Node {
                place: self.place.clone(),
                value: Value::Table(self.entries),
            },
            key: self.path,
            place: self.place,
        }
    }

    /// What nobody took is unknown.
    pub fn finish(self) {
        for entry in &self.entries {
            let fix = match did_you_mean(&entry.key, self.known.iter().copied()) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => format!("remove it; the keys here are {}", self.known.join(", ")),
            };
            let key = join(&self.path, &entry.key);
            self.mistakes
                .add(entry.place.clone(), key, "unknown key", fix);
        }
    }
}
