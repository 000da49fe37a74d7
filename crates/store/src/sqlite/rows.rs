//! Rows of SQLite as values of the port.

use domain::kept::KeptItem;
use sqlx::sqlite::SqliteRow;
use sqlx::{FromRow, Row};

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
