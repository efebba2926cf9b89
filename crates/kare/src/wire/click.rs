//! A click on an action, or an event to log: `docs/protocols/kare.md#53-query-and-click`.

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

use super::fields::{Fields, put, put_kept, put_some};
use super::{Aspect, Header};

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

    pub(crate) fn from_fields(
        mut body: Fields<'_>,
        top: &mut Fields<'_>,
        header: &mut Header,
    ) -> Self {
        let target = body.object(&["target"]).or_else(|| top.object(&["target"]));
        let mut target = match target {
            Some(target) => Target::from_map(target),
            None => Target::take_from(&mut body).or(|| Target::take_from(top)),
        };
        if target.aspect.is_none() {
            target.aspect = take_aspect(&mut body, top, header);
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

/// The aspect of a click whose target has none, by rule 7 of the tolerant parser.
fn take_aspect(body: &mut Fields<'_>, top: &mut Fields<'_>, header: &mut Header) -> Option<Aspect> {
    let named = body.words_ref(&["aspect"]);
    if let Some(text) = named.or_else(|| top.words_ref(&["aspect"])) {
        return Aspect::parse(&text);
    }
    header.take_aspect()
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

    /// What this one leaves out, another says.
    fn or(self, other: impl FnOnce() -> Self) -> Self {
        if self.choice_id.is_some() && self.text.is_some() {
            return self;
        }
        let other = other();
        Self {
            aspect: self.aspect.or(other.aspect),
            choice_id: self.choice_id.or(other.choice_id),
            text: self.text.or(other.text),
            extra: self.extra,
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
