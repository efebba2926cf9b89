//! Dates and times as the vendor writes them, always in UTC:
//! `docs/protocols/opendialog.md#31-envelope-and-common-data`.

use switchboard_core::model::Timestamp;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;

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
}
