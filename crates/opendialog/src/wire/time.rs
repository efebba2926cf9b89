//! Dates and times as the vendor writes them, always in UTC:
//! `docs/protocols/opendialog.md#31-envelope-and-common-data`.

use switchboard_core::model::Timestamp;
use time::format_description::BorrowedFormatItem;
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;
use time::{OffsetDateTime, PrimitiveDateTime};

type Format = &'static [BorrowedFormatItem<'static>];

const DATE: Format =
    format_description!("[weekday repr:short] [day padding:none] [month repr:short]");
const TIME: Format = format_description!("[hour repr:12]:[minute] [period]");
const TIME_WITH_SECONDS: Format = format_description!("[hour repr:12]:[minute]:[second] [period]");
const COLUMN: Format =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:6]Z");
const MICROTIME: Format =
    format_description!("[year]-[month]-[day] [hour]:[minute]:[second].[subsecond digits:6]");
const TO_THE_MINUTE: Format = format_description!("[year]-[month]-[day] [hour]:[minute]");
const TO_THE_SECOND: Format = format_description!("[year]-[month]-[day] [hour]:[minute]:[second]");

/// `data.date`: `Tue 20 Jul`.
pub fn date(at: Timestamp) -> String {
    write(at, DATE)
}

/// `data.time` of the bot: `09:15 AM`.
pub fn time(at: Timestamp) -> String {
    write(at, TIME)
}

/// `data.time` of the user: `09:15:02 AM`.
pub fn time_with_seconds(at: Timestamp) -> String {
    write(at, TIME_WITH_SECONDS)
}

/// A history row's `created_at`: `2021-07-20T09:15:02.000000Z`.
pub fn column(at: Timestamp) -> String {
    write(at, COLUMN)
}

/// A history row's `microtime`: `2021-07-20 09:15:02.123000`.
pub fn microtime(at: Timestamp) -> String {
    write(at, MICROTIME)
}

/// The start of a transcript's line: `2021-07-20 09:15`.
pub fn to_the_minute(at: Timestamp) -> String {
    write(at, TO_THE_MINUTE)
}

/// In a transcript's file name: `2021-07-20 09:15:02`.
pub fn to_the_second(at: Timestamp) -> String {
    write(at, TO_THE_SECOND)
}

/// A moment as a program writes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Written {
    /// The moment.
    pub at: Timestamp,
    /// It was written to less than a second.
    pub has_fraction: bool,
}

/// Reads `2021-07-20 09:15:02`, which is in UTC, or ISO 8601 such as `2021-07-20T09:15:02.123Z` and
/// `2021-07-20T11:15:02+02:00`, with or without the part after the seconds. The `+` may have become
/// a space on its way through a query. Years from 0 to 9999 can be written.
pub fn read(text: &str) -> Option<Written> {
    if !text.starts_with(|first: char| first.is_ascii_digit()) {
        return None;
    }
    let (date_time, has_fraction) = match text.split_once(['T', 't']) {
        None => (
            PrimitiveDateTime::parse(text, TO_THE_SECOND)
                .ok()?
                .assume_utc(),
            false,
        ),
        Some((_, time)) => {
            let mut text = text.replace(' ', "+");
            if !time.contains(['Z', 'z', '+', '-', ' ']) {
                text.push('Z');
            }
            let date_time = OffsetDateTime::parse(&text, &Rfc3339).ok()?;
            (date_time, time.contains('.'))
        }
    };
    let at = Timestamp::from_utc(date_time);
    // An offset may lead out of the calendar.
    let can_be_written = Timestamp::from_utc(at.to_utc()) == at && at.to_utc().year() >= 0;
    can_be_written.then_some(Written { at, has_fraction })
}

fn write(at: Timestamp, format: Format) -> String {
    at.to_utc().format(format).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_formats_are_the_vendors() {
        let at = |text| Timestamp::from_rfc3339(text).unwrap();
        let morning = at("2021-07-20T09:15:02.123Z");
        assert_eq!(date(morning), "Tue 20 Jul");
        assert_eq!(time(morning), "09:15 AM");
        assert_eq!(time_with_seconds(morning), "09:15:02 AM");
        assert_eq!(column(morning), "2021-07-20T09:15:02.123000Z");
        assert_eq!(microtime(morning), "2021-07-20 09:15:02.123000");
        assert_eq!(to_the_minute(morning), "2021-07-20 09:15");
        let night = at("2026-11-01T00:05:00Z");
        assert_eq!(date(night), "Sun 1 Nov");
        assert_eq!(time(night), "12:05 AM");
        assert_eq!(time(at("2026-11-01T12:05:00Z")), "12:05 PM");
    }

    #[test]
    fn moments_are_read_as_programs_write_them() {
        let check = |text: &str, expected: Option<(&str, bool)>| {
            let expected = expected.map(|(at, has_fraction)| Written {
                at: Timestamp::from_rfc3339(at).unwrap(),
                has_fraction,
            });
            assert_eq!(read(text), expected, "{text}");
        };
        let evening = "2025-12-31T22:00:00Z";
        check("2025-12-31 22:00:00", Some((evening, false)));
        check("2025-12-31T22:00:00", Some((evening, false)));
        check("2025-12-31T22:00:00Z", Some((evening, false)));
        check("2026-01-01T00:00:00+02:00", Some((evening, false)));
        check("2026-01-01T00:00:00 02:00", Some((evening, false)));
        check("2025-12-31T20:00:00-02:00", Some((evening, false)));
        check("2025-12-31T22:00:00.000000Z", Some((evening, true)));
        check("2024-02-29 00:00:00", Some(("2024-02-29T00:00:00Z", false)));
        check("0000-01-01 00:00:00", Some(("0000-01-01T00:00:00Z", false)));
        check("9999-12-31 23:59:59", Some(("9999-12-31T23:59:59Z", false)));
        for unreadable in [
            "",
            "yesterday",
            "2025-12-31",
            "2025-12-31 22:00",
            "2025-13-01 00:00:00",
            "2026-02-31 00:00:00",
            "2026-02-29 00:00:00",
            "2026-01-01 24:00:00",
            "2026-01-01 00:60:00",
            "+2026-01-01 00:00:00",
            "-0001-01-01 00:00:00",
            "12026-01-01 00:00:00",
            "2026-1-1 0:0:0",
            "2026-01-01 00:00:00 or so",
            "1760000000",
            "T",
            "0000-01-01T00:00:00+02:00",
            "9999-12-31T23:59:59-02:00",
            "２026-01-01 00:00:00",
        ] {
            check(unreadable, None);
        }
    }
}
