use serde::Serialize;
use serde::ser::SerializeMap;
use serde_json::{Map, Value};

/// A JSON object that is taken apart field by field; what nobody takes is left over and kept.
#[derive(Debug, Default)]
pub(crate) struct Fields(Map<String, Value>);

impl Fields {
    pub(crate) fn new(map: Map<String, Value>) -> Self {
        Self(map)
    }

    /// What nobody took.
    pub(crate) fn rest(self) -> Map<String, Value> {
        self.0
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    pub(crate) fn peek(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// Takes the first of the names whose value `usable` accepts. A null is as good as absent, and
    /// so is an unusable value under the canonical name, the first, once another name serves.
    fn take_if(&mut self, names: &[&str], usable: impl Fn(&Value) -> bool) -> Option<Value> {
        for (at, name) in names.iter().enumerate() {
            match self.0.get(*name) {
                None => {}
                Some(Value::Null) => {
                    self.0.shift_remove(*name);
                }
                Some(value) if usable(value) => {
                    let value = self.0.shift_remove(*name);
                    if let ([canonical, ..], 1..) = (names, at) {
                        self.discard(canonical);
                    }
                    return value;
                }
                Some(_) => {}
            }
        }
        None
    }

    /// Drops an unusable value in whose stead another serves.
    pub(crate) fn discard(&mut self, name: &str) {
        self.0.shift_remove(name);
    }

    /// Takes the first of the names, whatever its value.
    pub(crate) fn value(&mut self, names: &[&str]) -> Option<Value> {
        self.take_if(names, |_| true)
    }

    /// Takes the first of the names that holds text, a number or a bool, as text.
    pub(crate) fn text(&mut self, names: &[&str]) -> Option<String> {
        self.take_if(names, is_text).map(into_text)
    }

    /// Like [`Fields::text`]; blank text is as good as absent.
    pub(crate) fn words(&mut self, names: &[&str]) -> Option<String> {
        let is_blank = |value: &Value| value.as_str().is_some_and(|text| text.trim().is_empty());
        self.take_if(names, |value| is_text(value) && !is_blank(value))
            .map(into_text)
    }

    pub(crate) fn object(&mut self, names: &[&str]) -> Option<Map<String, Value>> {
        match self.take_if(names, Value::is_object) {
            Some(Value::Object(map)) => Some(map),
            _ => None,
        }
    }

    pub(crate) fn boolean(&mut self, name: &str) -> Option<bool> {
        self.take_if(&[name], Value::is_boolean)?.as_bool()
    }

    pub(crate) fn number(&mut self, name: &str) -> Option<u64> {
        self.take_if(&[name], Value::is_u64)?.as_u64()
    }

    /// Takes a list of texts; a single text is split at commas.
    pub(crate) fn texts(&mut self, names: &[&str]) -> Vec<String> {
        let list = match self.take_if(names, |value| value.is_array() || value.is_string()) {
            Some(Value::Array(values)) => values
                .into_iter()
                .filter_map(|value| match value {
                    Value::String(text) => Some(text),
                    Value::Number(number) => Some(number.to_string()),
                    _ => None,
                })
                .collect(),
            Some(Value::String(text)) => text.split(',').map(str::to_owned).collect(),
            _ => Vec::new(),
        };
        list.into_iter()
            .map(|text| text.trim().to_owned())
            .filter(|text| !text.is_empty())
            .collect()
    }
}

fn is_text(value: &Value) -> bool {
    value.is_string() || value.is_number() || value.is_boolean()
}

fn into_text(value: Value) -> String {
    match value {
        Value::String(text) => text,
        other => other.to_string(),
    }
}

/// Writes a known field, unless an unreadable value of the same name was kept.
pub(crate) fn put<S, T>(
    map: &mut S,
    kept: &Map<String, Value>,
    name: &'static str,
    value: &T,
) -> Result<(), S::Error>
where
    S: SerializeMap,
    T: Serialize + ?Sized,
{
    if !kept.is_empty() && kept.contains_key(name) {
        return Ok(());
    }
    map.serialize_entry(name, value)
}

/// Like [`put`] for a field that may be absent.
pub(crate) fn put_some<S, T>(
    map: &mut S,
    kept: &Map<String, Value>,
    name: &'static str,
    value: Option<&T>,
) -> Result<(), S::Error>
where
    S: SerializeMap,
    T: Serialize + ?Sized,
{
    match value {
        Some(value) => put(map, kept, name, value),
        None => Ok(()),
    }
}

/// Writes what was kept.
pub(crate) fn put_kept<S: SerializeMap>(
    map: &mut S,
    kept: &Map<String, Value>,
) -> Result<(), S::Error> {
    for (name, value) in kept {
        map.serialize_entry(name, value)?;
    }
    Ok(())
}
