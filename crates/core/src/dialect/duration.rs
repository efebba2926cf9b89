//! Durations as operators write them, the same in every table.

use std::time::Duration;

use serde::{Deserialize, Deserializer, de};

/// Reads `500ms`, `1.5s`, `5m` or `2h`.
pub fn read_duration(text: &str) -> Option<Duration> {
    let text = text.trim();
    let unit = text.find(|character: char| character.is_ascii_alphabetic())?;
    let (number, unit) = text.split_at(unit);
    let milliseconds = match unit {
        "ms" => 1.0,
        "s" => 1_000.0,
        "m" => 60_000.0,
        "h" => 3_600_000.0,
        "d" => 86_400_000.0,
        _ => return None,
    };
    let number: f64 = number.trim_end().parse().ok()?;
    // Milliseconds are what the clock counts in.
    Duration::try_from_secs_f64((number * milliseconds).round() / 1_000.0).ok()
}

#[derive(Deserialize)]
#[serde(
    untagged,
    expecting = "a duration is a number of seconds, or a string such as \"500ms\", \"30s\" or \"5m\""
)]
enum Written {
    Seconds(f64),
    Text(String),
}

impl Written {
    fn read<E: de::Error>(self) -> Result<Duration, E> {
        let duration = match &self {
            Self::Seconds(seconds) => Duration::try_from_secs_f64(*seconds).ok(),
            Self::Text(text) => read_duration(text),
        };
        duration
            .filter(|duration| !duration.is_zero())
            .ok_or_else(|| {
                E::custom(
                    "write seconds, more than 0, or a string such as \"500ms\", \"30s\" or \"5m\"",
                )
            })
    }
}

/// For options: a duration above zero, in seconds or with its unit (`deserialize_with`).
///
/// # Errors
/// It is neither.
pub fn duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    Written::deserialize(deserializer)?.read()
}

/// For options: a list of what [`duration`] reads.
///
/// # Errors
/// One of them is none.
pub fn durations<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Duration>, D::Error> {
    let written = Vec::<Written>::deserialize(deserializer)?;
    written.into_iter().map(Written::read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_units() {
        for (text, milliseconds) in [
            ("500ms", 500),
            ("30s", 30_000),
            ("1.5 s", 1_500),
            ("5m", 300_000),
            (" 2h ", 7_200_000),
            ("30d", 2_592_000_000),
        ] {
            let duration = Duration::from_millis(milliseconds);
            assert_eq!(read_duration(text), Some(duration), "{text}");
        }
        for text in ["", "5", "s", "-1s", "5 days", "1w", "NaNs", "1e400s"] {
            assert_eq!(read_duration(text), None, "{text}");
        }
    }

    #[test]
    fn options_take_both_forms() {
        let read = |value: serde_json::Value| durations(value).map_err(|error| error.to_string());
        let expected = [2_500, 30_000].map(Duration::from_millis);
        assert_eq!(read(serde_json::json!([2.5, "30s"])), Ok(expected.to_vec()));
        for wrong in [
            serde_json::json!([0]),
            serde_json::json!(["0s"]),
            serde_json::json!([true]),
        ] {
            let error = read(wrong).unwrap_err();
            assert!(error.contains("30s"), "{error}");
        }
    }
}
