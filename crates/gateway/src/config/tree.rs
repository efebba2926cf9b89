//! A configuration as it was written: values that know where they come from.

use std::fmt;

use serde_json::{Map, Number};
use toml::de::{DeTable, DeValue};

use super::mistake::Mistakes;

/// Where a value was written.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// A line of the file, counted from 1.
    Line(usize),
    /// An environment variable.
    Variable(String),
}

/// A value and where it was written.
#[derive(Debug, Clone)]
pub struct Node {
    /// Where.
    pub place: Place,
    /// What.
    pub value: Value,
}

/// A TOML value. A date is kept as its text.
#[derive(Debug, Clone)]
pub enum Value {
    /// A string.
    String(String),
    /// A whole number.
    Integer(i64),
    /// Any other number.
    Float(f64),
    /// `true` or `false`.
    Bool(bool),
    /// Values in order.
    Array(Vec<Node>),
    /// Keys and values.
    Table(Vec<Entry>),
}

/// A key with its value.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The key.
    pub key: String,
    /// Where the key was written.
    pub place: Place,
    /// The value.
    pub node: Node,
}

impl Node {
    /// The value of a key, if this is a table that has it.
    pub fn get(&self, key: &str) -> Option<&Entry> {
        match &self.value {
            Value::Table(entries) => entries.iter().find(|entry| entry.key == key),
            _ => None,
        }
    }

    /// Where the value at a path such as `apps[0].app_id` was written, or as much of the path as
    /// there is.
    pub fn place_of(&self, path: &str) -> &Place {
        let mut node = self;
        let mut place = &self.place;
        let segments = path
            .split(['.', '['])
            .map(|segment| segment.trim_end_matches(']'))
            .filter(|segment| !segment.is_empty());
        for segment in segments {
            let next = match &node.value {
                Value::Table(entries) => entries
                    .iter()
                    .find(|entry| entry.key == segment)
                    .map(|entry| (&entry.place, &entry.node)),
                Value::Array(nodes) => segment
                    .parse::<usize>()
                    .ok()
                    .and_then(|index| nodes.get(index))
                    .map(|node| (&node.place, node)),
                _ => None,
            };
            match next {
                Some((found, inner)) => (place, node) = (found, inner),
                None => break,
            }
        }
        place
    }

    /// Takes the value at a path away. Whether there was one.
    pub fn remove(&mut self, path: &str) -> bool {
        let (parent, key) = match path.rsplit_once('.') {
            Some((parent, key)) => (self.get_path_mut(parent), key),
            None => (Some(self), path),
        };
        let Some(Value::Table(entries)) = parent.map(|node| &mut node.value) else {
            return false;
        };
        let count = entries.len();
        entries.retain(|entry| entry.key != key);
        entries.len() < count
    }

    fn get_path_mut(&mut self, path: &str) -> Option<&mut Self> {
        let mut node = self;
        for segment in path.split(['.', '[']) {
            let segment = segment.trim_end_matches(']');
            node = match &mut node.value {
                Value::Table(entries) => entries
                    .iter_mut()
                    .find(|entry| entry.key == segment)
                    .map(|entry| &mut entry.node)?,
                Value::Array(nodes) => nodes.get_mut(segment.parse::<usize>().ok()?)?,
                _ => return None,
            };
        }
        Some(node)
    }

    /// The value as a dialect reads its options.
    pub fn to_json(&self) -> serde_json::Value {
        match &self.value {
            Value::String(text) => text.clone().into(),
            Value::Integer(number) => (*number).into(),
            Value::Float(number) => Number::from_f64(*number)
                .map_or_else(|| number.to_string().into(), serde_json::Value::Number),
            Value::Bool(yes) => (*yes).into(),
            Value::Array(nodes) => nodes.iter().map(Self::to_json).collect(),
            Value::Table(entries) => entries
                .iter()
                .map(|entry| (entry.key.clone(), entry.node.to_json()))
                .collect::<Map<_, _>>()
                .into(),
        }
    }

    /// What it is, in the words of an error message.
    pub fn kind(&self) -> &'static str {
        match self.value {
            Value::String(_) => "a string",
            Value::Integer(_) => "a whole number",
            Value::Float(_) => "a number",
            Value::Bool(_) => "true or false",
            Value::Array(_) => "a list",
            Value::Table(_) => "a table",
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(line) => line.fmt(f),
            Self::Variable(name) => name.fmt(f),
        }
    }
}

/// Reads TOML. What cannot be read is a mistake, and left out.
pub fn parse(text: &str, mistakes: &mut Mistakes) -> Node {
    let lines = Lines::new(text);
    let (table, errors) = DeTable::parse_recoverable(text);
    for error in errors {
        let offset = error.span().map_or(0, |span| span.start);
        mistakes.add(
            Place::Line(lines.at(offset)),
            "",
            error.message(),
            "write valid TOML: https://toml.io",
        );
    }
    Node {
        place: Place::Line(1),
        value: read_table(table.get_ref(), &lines),
    }
}

/// Reads one TOML value, such as `true` or `["a"]`.
pub fn parse_value(text: &str, place: &Place) -> Option<Node> {
    let value = DeValue::parse(text).ok()?;
    let mut node = read(value.get_ref(), &Lines::new(""), 1);
    node.move_to(place);
    Some(node)
}

impl Node {
    fn move_to(&mut self, place: &Place) {
        self.place = place.clone();
        match &mut self.value {
            Value::Array(nodes) => nodes.iter_mut().for_each(|node| node.move_to(place)),
            Value::Table(entries) => {
                for entry in entries {
                    entry.place = place.clone();
                    entry.node.move_to(place);
                }
            }
            _ => {}
        }
    }
}

/// Where the lines of a text begin.
struct Lines(Vec<usize>);

impl Lines {
    fn new(text: &str) -> Self {
        Self(text.match_indices('\n').map(|(offset, _)| offset).collect())
    }

    fn at(&self, offset: usize) -> usize {
        self.0.partition_point(|end| *end < offset) + 1
    }
}

fn read_table(table: &DeTable<'_>, lines: &Lines) -> Value {
    let mut entries: Vec<_> = table
        .iter()
        .map(|(key, value)| {
            let line = lines.at(key.span().start);
            let at = lines.at(value.span().start);
            Entry {
                key: key.get_ref().to_string(),
                place: Place::Line(line),
                node: read(value.get_ref(), lines, at.max(line)),
            }
        })
        .collect();
    entries.sort_by(|one, other| one.place.cmp(&other.place));
    Value::Table(entries)
}

fn read(value: &DeValue<'_>, lines: &Lines, line: usize) -> Node {
    let value = match value {
        DeValue::String(text) => Value::String(text.to_string()),
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
            .map_or_else(
                |_| Value::String(number.as_str().to_owned()),
                Value::Integer,
            ),
        DeValue::Float(number) => number
            .as_str()
            .parse()
            .map_or_else(|_| Value::String(number.as_str().to_owned()), Value::Float),
        DeValue::Boolean(yes) => Value::Bool(*yes),
        DeValue::Datetime(date) => Value::String(date.to_string()),
        DeValue::Array(nodes) => Value::Array(
            nodes
                .iter()
                .map(|node| read(node.get_ref(), lines, lines.at(node.span().start)))
                .collect(),
        ),
        DeValue::Table(table) => read_table(table, lines),
    };
    Node {
        place: Place::Line(line),
        value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_know_their_lines() {
        let text = "a = 1\n[[list]]\nname = \"x\"\n\n[[list]]\nname = \"y\"\nitems = [\n  { id = 1 },\n]\n";
        let node = parse(text, &mut Mistakes::default());
        for (path, line) in [
            ("a", 1),
            ("list[0]", 2),
            ("list[0].name", 3),
            ("list[1]", 5),
            ("list[1].items[0].id", 8),
            ("list[1].nowhere", 5),
        ] {
            assert_eq!(*node.place_of(path), Place::Line(line), "{path}");
        }
    }
}
