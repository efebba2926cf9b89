//! What a user can do about a message: `docs/protocols/kare.md#71-action`.

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

use super::Aspect;
use super::fields::{Fields, put, put_kept, put_some};
use super::node::Node;

/// An action.
#[derive(Debug, Clone, PartialEq)]
pub struct Action {
    /// The words on it.
    pub text: String,
    /// The name of its drawing; `empty` for none.
    pub icon: String,
    /// Its look; `default` for the ordinary one.
    pub context: String,
    /// Can be clicked.
    pub enabled: bool,
    /// What the engine recognises the choice by.
    pub choice_id: Option<String>,
    /// What a click is about, where that is not the message's aspect.
    pub aspect: Option<Aspect>,
    /// Commands to run when it is shown.
    pub on_load: Option<String>,
    /// Commands to run when it is clicked.
    pub on_click: Option<String>,
    /// Unknown fields, and unreadable values of known ones.
    pub extra: Map<String, Value>,
}

impl Default for Action {
    fn default() -> Self {
        Self {
            text: String::new(),
            icon: "empty".to_owned(),
            context: "default".to_owned(),
            enabled: true,
            choice_id: None,
            aspect: None,
            on_load: None,
            on_click: None,
            extra: Map::new(),
        }
    }
}

impl Action {
    fn from_node(node: Node<'_>) -> Option<Self> {
        match node {
            Node::Object(object) => Some(Self::from_map(Fields::new(object))),
            Node::Text(text) => Some(Self {
                text: text.into_owned(),
                ..Self::default()
            }),
            _ => None,
        }
    }

    /// Reads an action by the tolerant rules.
    pub fn from_map<'a>(map: impl Into<Fields<'a>>) -> Self {
        let mut fields = map.into();
        let text = fields.text(&["text", "label", "title"]).unwrap_or_default();
        // A boolean icon is drawn as `empty` and written back as it came.
        let icon = match fields.peek("icon") {
            Some(Node::Text(_)) => fields.words(&["icon"]),
            _ => None,
        };
        let context = fields.words(&["context"]);
        let enabled = match fields.boolean("enabled") {
            Some(enabled) => enabled,
            None => !fields.boolean("disabled").unwrap_or(false),
        };
        let choice_id = fields.words(&["choice_id", "choiceId"]);
        let aspect = fields.words_ref(&["aspect"]);
        let on_load = take_trigger(&mut fields, "on_load");
        let on_click = take_trigger(&mut fields, "on_click");
        Self {
            text,
            icon: icon.unwrap_or_else(|| "empty".to_owned()),
            context: context.unwrap_or_else(|| "default".to_owned()),
            enabled,
            choice_id,
            aspect: aspect.as_deref().and_then(Aspect::parse),
            on_load,
            on_click,
            extra: fields.rest(),
        }
    }
}

/// Takes a message's actions: a list, a single one, or nothing.
pub(crate) fn take_actions(fields: &mut Fields<'_>, names: &[&str]) -> Option<Vec<Action>> {
    Some(match fields.value(names)? {
        Node::Array(nodes) => nodes.into_iter().filter_map(Action::from_node).collect(),
        node => Action::from_node(node).into_iter().collect(),
    })
}

/// Takes a trigger's commands in whichever form they come, as one script.
fn take_trigger(fields: &mut Fields<'_>, name: &str) -> Option<String> {
    if let Some(value) = fields.value(&[name]) {
        return script(&value);
    }
    match fields.peek("triggers")? {
        Node::Object(triggers) => script(triggers.get(name)?),
        Node::Array(triggers) => {
            let scripts: Vec<String> = triggers
                .iter()
                .filter(|trigger| trigger.get("trigger").and_then(Node::as_str) == Some(name))
                .filter_map(script)
                .collect();
            (!scripts.is_empty()).then(|| scripts.join("; "))
        }
        _ => None,
    }
}

fn script(node: &Node<'_>) -> Option<String> {
    match node {
        Node::Text(text) => Some(text.clone().into_owned()),
        Node::Array(nodes) => {
            let scripts: Vec<String> = nodes.iter().filter_map(script).collect();
            Some(scripts.join("; "))
        }
        Node::Object(object) => script(object.get("command")?),
        _ => None,
    }
}

impl Serialize for Action {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let kept = &self.extra;
        let mut map = serializer.serialize_map(None)?;
        put(&mut map, kept, "text", &self.text)?;
        put(&mut map, kept, "icon", &self.icon)?;
        put(&mut map, kept, "context", &self.context)?;
        put(&mut map, kept, "enabled", &self.enabled)?;
        put_some(&mut map, kept, "choice_id", self.choice_id.as_ref())?;
        put_some(&mut map, kept, "aspect", self.aspect.as_ref())?;
        put_some(&mut map, kept, "on_load", self.on_load.as_ref())?;
        put_some(&mut map, kept, "on_click", self.on_click.as_ref())?;
        put_kept(&mut map, kept)?;
        map.end()
    }
}
