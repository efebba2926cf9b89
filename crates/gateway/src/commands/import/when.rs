//! Moments on the command line.

use switchboard_core::model::Timestamp;

/// A moment; of a day its beginning.
///
/// # Errors
/// It is written in no way that is known.
pub fn beginning(text: &str) -> Result<Timestamp, String> {
    read(text, "00:00:00")
}

/// A moment; of a day its end.
///
/// # Errors
/// It is written in no way that is known.
pub fn end(text: &str) -> Result<Timestamp, String> {
    read(text, "23:59:59.999")
}

fn read(text: &str, time_of_day: &str) -> Result<Timestamp, String> {
    let text = text.trim();
    let (date, time) = text.split_once(['T', ' ']).unwrap_or((text, time_of_day));
    [format!("{date}T{time}"), format!("{date}T{time}Z")]
        .iter()
        .find_map(|text| Timestamp::from_rfc3339(text))
        .ok_or_else(|| {
            "expected YYYY-MM-DD, \"YYYY-MM-DD HH:MM:SS\" or RFC 3339, such as 2025-01-31T12:00:00Z"
                .to_owned()
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_begin_and_end() {
        let read = |when: Result<Timestamp, String>| when.map(Timestamp::to_rfc3339).ok();
        let day = "2025-01-31";
        assert_eq!(
            read(beginning(day)).as_deref(),
            Some("2025-01-31T00:00:00.000Z")
        );
        assert_eq!(read(end(day)).as_deref(), Some("2025-01-31T23:59:59.999Z"));
        for text in ["2025-01-31 12:00:00", "2025-01-31T14:00:00+02:00"] {
            assert_eq!(read(end(text)).as_deref(), Some("2025-01-31T12:00:00.000Z"));
        }
        for wrong in ["", "today", "31.1.2025", "2025-02-30"] {
            assert!(beginning(wrong).is_err(), "{wrong}");
        }
    }
}
