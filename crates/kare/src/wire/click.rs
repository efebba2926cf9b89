//! A click on an action, or an event to log: `docs/protocols/kare.md#53-query-and-click`.

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

use super::Aspect;
use super::fields::{Fields, put, put_kept, put_some};

/// The body of `in/click`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Click {
    /// What was clicked.
    pub target: Target,
    /// Unknown fields.
    pub extra: Map<String, Value>,
}

/// What was clicked.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Target {
    /// What it is about.
    pub aspect: Option<Aspect>,
    /// Which option; for `open/link` the address.
    pub choice_id: Option<String>,
    /// Its label.
    pub text: Option<String>,
    /// Unknown fields.
    pub extra: Map<String, Value>,
}

impl Click {
    /// A click on a target.
    pub fn on(target: Target) -> Self {
        Self {
            target,
            extra: Map::new(),
        }
    }

    pub(crate) fn from_fields(mut body: Fields<'_>, top: &mut Fields<'_>) -> Self {
        if let Some(target) = body.object(&["target"]) {
            return Self {
                target: Target::from_map(target),
                extra: body.rest(),
            };
        }
        if let Some(target) = top.object(&["target"]) {
            body.discard("target");
            return Self {
                target: Target::from_map(target),
                extra: body.rest(),
            };
        }
        let mut target = Target::take_from(&mut body);
        if target.is_empty() {
            target = Target::take_from(top);
        }
        if !target.is_empty() {
            body.discard("target");
        }
        Self {
            target,
            extra: body.rest(),
        }
    }
}

impl Target {
    /// Reads a target object.
    pub fn from_map<'a>(map: impl Into<Fields<'a>>) -> Self {
        let mut fields = map.into();
        let aspect = fields.words_ref(&["aspect"]);
        let choice_id = fields.words(&["choice_id", "choiceId", "choice", "id", "value"]);
        let text = fields.text(&["text", "label"]);
        Self {
            aspect: aspect.as_deref().and_then(Aspect::parse),
            choice_id,
            text,
            extra: fields.rest(),
        }
    }

    /// Reads a target whose fields lie flat among others; `id` is then the message's.
    fn take_from(fields: &mut Fields<'_>) -> Self {
        let aspect = fields.words_ref(&["aspect"]);
        let choice_id = fields.words(&["choice_id", "choiceId", "choice", "value"]);
        let text = fields.text(&["text", "label"]);
        Self {
            aspect: aspect.as_deref().and_then(Aspect::parse),
            choice_id,
            text,
            extra: Map::new(),
        }
    }

    /// Says nothing.
    pub fn is_empty(&self) -> bool {
        self.aspect.is_none() && self.choice_id.is_none() && self.text.is_none()
    }
}

impl Serialize for Click {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        put(&mut map, &self.extra, "target", &self.target)?;
        put_kept(&mut map, &self.extra)?;
        map.end()
    }
}

impl Serialize for Target {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let kept = &self.extra;
        let mut map = serializer.serialize_map(None)?;
        put_some(&mut map, kept, "aspect", self.aspect.as_ref())?;
        put_some(&mut map, kept, "choice_id", self.choice_id.as_ref())?;
        put_some(&mut map, kept, "text", self.text.as_ref())?;
        put_kept(&mut map, kept)?;
        map.end()
    }
}
