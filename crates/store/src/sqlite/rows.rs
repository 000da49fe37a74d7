//! Between the values of the port and what SQLite holds.

use std::time::{Duration, SystemTime};

use domain::kept::{KeptItem, ResponseStatus};
use sqlx::sqlite::SqliteRow;
use sqlx::{FromRow, Row};

/// Microseconds since 1970.
pub(super) fn micros(time: SystemTime) -> i64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}

/// The time so many microseconds after 1970.
pub(super) fn time(micros: i64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_micros(micros.try_into().unwrap_or_default())
}

pub(super) fn status_number(status: ResponseStatus) -> i64 {
    match status {
        ResponseStatus::Unfinished => 0,
        ResponseStatus::Answered => 1,
        ResponseStatus::GivenUp => 2,
    }
}

pub(super) fn status(number: i64) -> Result<ResponseStatus, sqlx::Error> {
    match number {
        0 => Ok(ResponseStatus::Unfinished),
        1 => Ok(ResponseStatus::Answered),
        2 => Ok(ResponseStatus::GivenUp),
        other => Err(sqlx::Error::Decode(format!("{other} is no status of a response").into())),
    }
}

/// An item from its `id` and `json`.
pub(super) struct ItemRow(pub(super) KeptItem);

impl FromRow<'_, SqliteRow> for ItemRow {
    fn from_row(row: &SqliteRow) -> Result<Self, sqlx::Error> {
        let (id, json): (String, Vec<u8>) = (row.try_get("id")?, row.try_get("json")?);
        Ok(Self(KeptItem { id: id.into(), json: json.into() }))
    }
}

/// The items of rows.
pub(super) fn items(rows: Vec<ItemRow>) -> Vec<KeptItem> {
    rows.into_iter().map(|row| row.0).collect()
}
