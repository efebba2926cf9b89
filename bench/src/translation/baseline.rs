//! The same bytes through generic tools.

use std::borrow::Cow;
use std::hint::black_box;
use std::time::{Duration, Instant};

use anyhow::Result;
use bytes::Bytes;
use serde_json::Value;

/// Parses the JSON among the inputs into values and writes these back.
pub(super) fn echo(inputs: [&Bytes; 2]) -> Result<Duration> {
    let mut took = Duration::ZERO;
    for input in inputs.into_iter().filter(|input| is_json(input)) {
        let begun = Instant::now();
        let value: Value = serde_json::from_slice(input)?;
        let written = serde_json::to_vec(&value)?;
        drop(value);
        took += begun.elapsed();
        black_box(written);
    }
    Ok(took)
}

/// Parses the inputs, and writes the outputs from what is at hand.
pub(super) fn generic(inputs: [&Bytes; 2], outputs: [&Bytes; 2]) -> Result<Duration> {
    let mut took = Duration::ZERO;
    for input in inputs {
        let begun = Instant::now();
        if is_json(input) {
            let value: Value = serde_json::from_slice(input)?;
            drop(black_box(value));
        } else {
            drop(black_box(pairs(input)));
        }
        took += begun.elapsed();
    }
    for output in outputs {
        if is_json(output) {
            let value: Value = serde_json::from_slice(output)?;
            let begun = Instant::now();
            let written = serde_json::to_vec(&value)?;
            took += begun.elapsed();
            black_box(written);
        } else {
            let pairs = pairs(output);
            let begun = Instant::now();
            let form = form_urlencoded::Serializer::new(String::new())
                .extend_pairs(pairs)
                .finish();
            took += begun.elapsed();
            black_box(form);
        }
    }
    Ok(took)
}

fn pairs(form: &[u8]) -> Vec<(Cow<'_, str>, Cow<'_, str>)> {
    form_urlencoded::parse(form).collect()
}

fn is_json(body: &[u8]) -> bool {
    matches!(body.first(), Some(b'{' | b'['))
}
