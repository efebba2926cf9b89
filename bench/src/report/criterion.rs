//! Collects what Criterion measured.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use crate::measure::median;
use crate::translation::{Case, Part, Route, STAGES, Turn};
use crate::vendor::Vendor;

/// Every case.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Translation {
    /// In the order of [`Case::all`].
    pub cases: Vec<Translated>,
}

/// One route with one text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Translated {
    /// The text's name.
    pub sample: String,
    /// Whose client asks.
    pub frontend: Vendor,
    /// Whose engine answers.
    pub backend: Vendor,
    /// Bytes of the client's body, of the engine's body, of the engine's answer, of the client's.
    pub bytes: [usize; 4],
    /// Microseconds of each of the [`STAGES`], medians of their own: they add up to about the
    /// translation's.
    pub stages_us: [f64; STAGES.len()],
    /// Microseconds of the translation.
    pub translate_us: f64,
    /// Microseconds of [`Part::Echo`].
    pub echo_us: f64,
    /// Microseconds of [`Part::Generic`].
    pub generic_us: f64,
}

impl Translated {
    /// The translation's cost, where reading and writing back the JSON input costs 1.
    pub fn ratio(&self) -> f64 {
        self.translate_us / self.echo_us
    }

    /// The translation's cost, where generic reading and writing of the turn's bodies costs 1.
    pub fn generic_ratio(&self) -> f64 {
        self.translate_us / self.generic_us
    }
}

/// Reads Criterion's estimates below its directory.
///
/// # Errors
/// The benchmark has not been run to its end.
pub fn collect(home: &Path) -> Result<Translation> {
    let cases = Case::all();
    let cases: Result<Vec<Translated>> = cases
        .iter()
        .map(|case| {
            let (turn, stages_us) = stages(case)?;
            let took = |part| microseconds(home, case, part);
            Ok(Translated {
                sample: case.sample.name.to_owned(),
                frontend: case.frontend,
                backend: case.backend,
                bytes: [
                    turn.client_request.len(),
                    turn.engine_request.len(),
                    turn.engine_answer.len(),
                    turn.client_answer.len(),
                ],
                stages_us,
                translate_us: took(Part::Translate)?,
                echo_us: took(Part::Echo)?,
                generic_us: took(Part::Generic)?,
            })
        })
        .collect();
    Ok(Translation { cases: cases? })
}

/// How many turns the medians of the stages are of.
const TURNS: usize = 2_000;

/// Goes through many turns; the last one's bodies stand for all.
fn stages(case: &Case) -> Result<(Turn, [f64; STAGES.len()])> {
    let mut route = Route::open(case).with_context(|| case.id())?;
    let mut last = route.turn().with_context(|| case.id())?;
    let mut turns = Vec::with_capacity(TURNS);
    for _ in 0..TURNS {
        last = route.turn()?;
        turns.push(last.stages);
    }
    let medians = std::array::from_fn(|stage| {
        let took = turns.iter().filter_map(|stages| stages.get(stage));
        median(took.map(|took| took.as_secs_f64() * 1e6))
    });
    Ok((last, medians))
}

#[derive(Deserialize)]
struct Estimates {
    median: Estimate,
}

#[derive(Deserialize)]
struct Estimate {
    point_estimate: f64,
}

fn microseconds(home: &Path, case: &Case, part: Part) -> Result<f64> {
    let file = home
        .join(case.id())
        .join(part.name())
        .join("new/estimates.json");
    let bytes = fs::read(&file).with_context(|| file.display().to_string())?;
    let estimates: Estimates = serde_json::from_slice(&bytes)?;
    Ok(estimates.median.point_estimate / 1_000.0)
}
