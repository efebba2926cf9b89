//! What is measured, and what comes of it.

use std::time::Duration;

use bytes::Bytes;

use crate::sample::Sample;
use crate::vendor::Vendor;

/// One thing to measure: a route and a text.
#[derive(Debug, Clone)]
pub struct Case {
    /// Whose client asks.
    pub frontend: Vendor,
    /// Whose engine answers.
    pub backend: Vendor,
    /// What is said.
    pub sample: Sample,
}

impl Case {
    /// Every route with every text.
    pub fn all() -> Vec<Self> {
        let mut cases = Vec::new();
        for sample in Sample::all() {
            for frontend in Vendor::ALL {
                for backend in Vendor::ALL {
                    cases.push(Self {
                        frontend,
                        backend,
                        sample: sample.clone(),
                    });
                }
            }
        }
        cases
    }

    /// The name that the case has in Criterion's directory.
    pub fn id(&self) -> String {
        let sample = self.sample.name.replace(' ', "");
        format!("{sample}-{}-{}", self.frontend.name(), self.backend.name())
    }
}

/// What is timed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The translation, both halves.
    Translate,
    /// `serde_json` parses the JSON inputs (the client's body unless it is a form, the engine's
    /// answer) into `Value`s and writes these back.
    Echo,
    /// Generic tools do the turn's input and output: the inputs are parsed (`serde_json` into
    /// `Value`, `form_urlencoded` into pairs), and the outputs (the engine's request, the
    /// client's response) are written from `Value`s and pairs that are at hand.
    Generic,
}

impl Part {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Translate, Self::Echo, Self::Generic];

    /// The name that the part has in Criterion's directory.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Translate => "translate",
            Self::Echo => "serde_json_echo",
            Self::Generic => "generic_io",
        }
    }
}

/// What the translation consists of.
pub const STAGES: [&str; 5] = [
    "frontend decodes",
    "leg encodes",
    "leg decodes",
    "adapt and log",
    "frontend encodes",
];

/// One turn: its bodies, and how long each part took.
#[derive(Debug)]
pub struct Turn {
    /// The client's body.
    pub client_request: Bytes,
    /// The body that the engine gets.
    pub engine_request: Bytes,
    /// The engine's answer.
    pub engine_answer: Bytes,
    /// What the client is answered.
    pub client_answer: Bytes,
    /// How long each of the [`STAGES`] took.
    pub stages: [Duration; STAGES.len()],
    pub(super) echo: Duration,
    pub(super) generic: Duration,
}

impl Turn {
    /// How long this part took.
    pub fn took(&self, part: Part) -> Duration {
        match part {
            Part::Translate => self.stages.iter().sum(),
            Part::Echo => self.echo,
            Part::Generic => self.generic,
        }
    }
}
