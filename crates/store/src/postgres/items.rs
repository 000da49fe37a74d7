//! Items: adding, finding, turning their pages.

use domain::kept::{ItemId, ItemPage, KeptItem, Tenant};
use sqlx::postgres::PgRow;
use sqlx::{FromRow, PgConnection, Row, query, query_as};

use crate::kept::List;
use crate::shared::{count, text};

/// An item from its `id` and `json`.
pub(super) struct ItemRow(pub(super) KeptItem);

impl FromRow<'_, PgRow> for ItemRow {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        let (id, json): (Vec<u8>, Vec<u8>) = (row.try_get("id")?, row.try_get("json")?);
        Ok(Self(KeptItem { id: text(id)?.into_string().into(), json: json.into() }))
    }
}

/// The items of rows.
pub(super) fn items(rows: Vec<ItemRow>) -> Vec<KeptItem> {
    rows.into_iter().map(|row| row.0).collect()
}

pub(super) async fn add(
    step: &mut PgConnection,
    tenant: &Tenant,
    list: List,
    items: &[KeptItem],
) -> Result<(), sqlx::Error> {
    if items.is_empty() {
        return Ok(());
    }
    let (response, is_output, conversation) = list.columns();
    let ids: Vec<&[u8]> = items.iter().map(|item| item.id.as_str().as_bytes()).collect();
    let contents: Vec<&[u8]> = items.iter().map(|item| &*item.json).collect();
    let add = query(include_str!("items/add.sql")).bind(tenant.as_str().as_bytes());
    let add = add.bind(response).bind(is_output).bind(conversation).bind(ids).bind(contents);
    add.execute(step).await?;
    Ok(())
}

/// The latest of each id, in the order of the ids.
pub(super) async fn find(
    reader: &mut PgConnection,
    tenant: &Tenant,
    ids: &[ItemId],
) -> Result<Vec<KeptItem>, sqlx::Error> {
    let ids: Vec<&[u8]> = ids.iter().map(|id| id.as_str().as_bytes()).collect();
    let find = query_as(include_str!("items/find.sql")).bind(tenant.as_str().as_bytes()).bind(ids);
    find.fetch_all(reader).await.map(items)
}

/// A page of what a response's request brought.
pub(super) async fn input_page(
    reader: &mut PgConnection,
    tenant: &Tenant,
    response: i64,
    page: &ItemPage,
) -> Result<Vec<KeptItem>, sqlx::Error> {
    let sql = if page.newest_first {
        include_str!("items/response_newest_first.sql")
    } else {
        include_str!("items/response_oldest_first.sql")
    };
    turn(reader, sql, tenant, response, page).await
}

/// A page of a conversation.
pub(super) async fn conversation_page(
    reader: &mut PgConnection,
    tenant: &Tenant,
    conversation: i64,
    page: &ItemPage,
) -> Result<Vec<KeptItem>, sqlx::Error> {
    let sql = if page.newest_first {
        include_str!("items/conversation_newest_first.sql")
    } else {
        include_str!("items/conversation_oldest_first.sql")
    };
    turn(reader, sql, tenant, conversation, page).await
}

async fn turn(
    reader: &mut PgConnection,
    sql: &'static str,
    tenant: &Tenant,
    owner: i64,
    page: &ItemPage,
) -> Result<Vec<KeptItem>, sqlx::Error> {
    let after = page.after.as_ref().map(|id| id.as_str().as_bytes());
    let turn = query_as(sql).bind(owner).bind(tenant.as_str().as_bytes());
    turn.bind(after).bind(count(page.items_max)).fetch_all(reader).await.map(items)
}
