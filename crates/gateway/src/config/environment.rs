//! What the environment changes: overrides, and `${NAME}` in strings.

use std::collections::BTreeMap;

use super::mistake::Mistakes;
use super::tree::{Entry, Node, Place, Value, parse_value};

/// Environment variables by name.
pub type Environment = BTreeMap<String, String>;

const PREFIX: &str = "SWITCHBOARD__";

/// Sets what `SWITCHBOARD__SECTION__KEY` variables say. A table in a list is named by its `name`
/// or its number: `SWITCHBOARD__BACKENDS__LEGACY__URL`, `SWITCHBOARD__BACKENDS__0__URL`.
pub fn override_values(root: &mut Node, environment: &Environment, mistakes: &mut Mistakes) {
    for (name, value) in environment {
        let Some(path) = name.strip_prefix(PREFIX) else {
            continue;
        };
        mistakes.hide(value);
        let place = Place::Variable(name.clone());
        let segments: Vec<_> = path.split("__").map(str::to_lowercase).collect();
        if !set(root, &segments, value, &place) {
            let fix = "name a section, an entry by its name or number, and a key, joined by `__`";
            mistakes.add(
                place,
                "",
                "the variable names no place in the configuration",
                fix,
            );
        }
    }
}

fn set(node: &mut Node, segments: &[String], text: &str, place: &Place) -> bool {
    let Some((segment, rest)) = segments.split_first() else {
        return put(node, text, place);
    };
    match &mut node.value {
        Value::Table(entries) => {
            if let Some(entry) = entries.iter_mut().find(|entry| same(&entry.key, segment)) {
                entry.place = place.clone();
                return set(&mut entry.node, rest, text, place);
            }
            let mut node = Node {
                place: place.clone(),
                value: Value::Table(Vec::new()),
            };
            let is_set = if rest.is_empty() {
                node = parsed(text, place);
                true
            } else {
                set(&mut node, rest, text, place)
            };
            entries.push(Entry {
                key: segment.clone(),
                place: place.clone(),
                node,
            });
            is_set
        }
        Value::Array(nodes) => {
            let index = segment.parse().ok().or_else(|| {
                nodes.iter().position(|node| match node.get("name") {
                    Some(Entry {
                        node:
                            Node {
                                value: Value::String(name),
                                ..
                            },
                        ..
                    }) => same(name, segment),
                    _ => false,
                })
            });
            index
                .and_then(|index: usize| nodes.get_mut(index))
                .is_some_and(|node| set(node, rest, text, place))
        }
        _ => false,
    }
}

/// A string stays a string, whatever it looks like.
fn put(node: &mut Node, text: &str, place: &Place) -> bool {
    *node = match node.value {
        Value::String(_) => Node {
            place: place.clone(),
            value: Value::String(text.to_owned()),
        },
        _ => parsed(text, place),
    };
    true
}

/// As TOML where it is TOML, else as a string.
fn parsed(text: &str, place: &Place) -> Node {
    parse_value(text, place).unwrap_or_else(|| Node {
        place: place.clone(),
        value: Value::String(text.to_owned()),
    })
}

/// Whether a variable's segment stands for a key or a name. Variables cannot hold every character
/// of a name.
fn same(name: &str, segment: &str) -> bool {
    name.len() == segment.len()
        && name.chars().zip(segment.chars()).all(|(one, other)| {
            let one = one.to_ascii_lowercase();
            one == other || (other == '_' && !one.is_alphanumeric())
        })
}

/// Replaces `${NAME}` in every string; `$${` stands for `${`.
pub fn interpolate(node: &mut Node, environment: &Environment, mistakes: &mut Mistakes) {
    interpolate_at(node, "", environment, mistakes);
}

fn interpolate_at(node: &mut Node, path: &str, environment: &Environment, mistakes: &mut Mistakes) {
    // What a variable sets is taken as it is.
    if matches!(node.place, Place::Variable(_)) {
        return;
    }
    match &mut node.value {
        Value::String(text) if text.contains("${") => {
            *text = replaced(text, environment, mistakes, |mistakes, message, fix| {
                mistakes.add(node.place.clone(), path, message, fix);
            });
        }
        Value::Array(nodes) => {
            for (index, node) in nodes.iter_mut().enumerate() {
                interpolate_at(node, &format!("{path}[{index}]"), environment, mistakes);
            }
        }
        Value::Table(entries) => {
            for entry in entries {
                let path = super::reader::join(path, &entry.key);
                interpolate_at(&mut entry.node, &path, environment, mistakes);
            }
        }
        _ => {}
    }
}

fn replaced(
    text: &str,
    environment: &Environment,
    mistakes: &mut Mistakes,
    wrong: impl Fn(&mut Mistakes, String, String),
) -> String {
    let mut done = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        if let Some(before) = before.strip_suffix('$') {
            done.push_str(before);
            done.push_str("${");
            rest = after;
            continue;
        }
        done.push_str(before);
        let Some((name, after)) = after.split_once('}') else {
            let fix = "close it with `}`, or write `$${` for the two characters themselves";
            wrong(mistakes, "`${` is not closed".to_owned(), fix.to_owned());
            return done;
        };
        match environment.get(name) {
            Some(value) => {
                mistakes.hide(value);
                done.push_str(value);
            }
            None => wrong(
                mistakes,
                format!("the environment variable {name} is not set"),
                format!("set {name} before you start switchboard"),
            ),
        }
        rest = after;
    }
    done.push_str(rest);
    done
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::tree::parse;

    fn environment(pairs: &[(&str, &str)]) -> Environment {
        pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect()
    }

    fn changed(text: &str, pairs: &[(&str, &str)]) -> (serde_json::Value, Mistakes) {
        let mut mistakes = Mistakes::default();
        let mut node = parse(text, &mut mistakes);
        let environment = environment(pairs);
        override_values(&mut node, &environment, &mut mistakes);
        interpolate(&mut node, &environment, &mut mistakes);
        (node.to_json(), mistakes)
    }

    #[test]
    fn variables_override_keys() {
        let text = "[server]\nlisten = \"a\"\n[[backends]]\nname = \"my-bot\"\nkey = \"1\"\n";
        let (value, mistakes) = changed(
            text,
            &[
                ("SWITCHBOARD__SERVER__LISTEN", "b"),
                ("SWITCHBOARD__BACKENDS__MY_BOT__KEY", "2"),
                ("SWITCHBOARD__BACKENDS__0__URLS", "[\"x\"]"),
                ("SWITCHBOARD__LIMITS__WEBSOCKETS", "5"),
                ("OTHER__SERVER__LISTEN", "c"),
            ],
        );
        assert!(mistakes.is_empty(), "{mistakes}");
        assert_eq!(
            value,
            serde_json::json!({
                "server": { "listen": "b" },
                "backends": [{ "name": "my-bot", "key": "2", "urls": ["x"] }],
                "limits": { "websockets": 5 },
            })
        );
    }

    #[test]
    fn a_variable_that_fits_nowhere_is_a_mistake() {
        let (_, mistakes) = changed(
            "[[backends]]\nname = \"a\"\n",
            &[("SWITCHBOARD__BACKENDS__B__URL", "x")],
        );
        assert_eq!(mistakes.list.len(), 1);
    }

    #[test]
    fn strings_hold_variables() {
        let (value, mistakes) = changed(
            "a = \"x${ONE}y${ONE}\"\nb = \"$${ONE}\"\nc = [\"${TWO}\"]\n",
            &[("ONE", "1")],
        );
        assert_eq!(value["a"], "x1y1");
        assert_eq!(value["b"], "${ONE}");
        assert_eq!(mistakes.list.len(), 1);
        assert_eq!(mistakes.list[0].key, "c[0]");
        assert_eq!(mistakes.list[0].place, Place::Line(3));
    }
}
