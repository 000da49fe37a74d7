//! Items: adding, finding, turning their pages.

use domain::kept::{ItemId, ItemPage, KeptItem, Tenant};
use sqlx::{SqliteConnection, query, query_as};

use super::rows::items;
use crate::kept::List;
use crate::shared::count;

pub(super) async fn add(
    step: &mut SqliteConnection,
    tenant: &Tenant,
    list: List,
    items: &[KeptItem],
) -> Result<(), sqlx::Error> {
    let (response, is_output, conversation) = list.columns();
    for item in items {
        let add = query(include_str!("items/add.sql")).bind(tenant.as_str()).bind(item.id.as_str());
        let add = add.bind(response).bind(is_output).bind(conversation).bind(&*item.json);
        add.execute(&mut *step).await?;
    }
    Ok(())
}

/// The latest of each id, in the order of the ids.
pub(super) async fn find(
    reader: &mut SqliteConnection,
    tenant: &Tenant,
    ids: &[ItemId],
) -> Result<Vec<KeptItem>, sqlx::Error> {
    let ids: Vec<_> = ids.iter().map(ItemId::as_str).collect();
    let ids = serde_json::to_string(&ids).map_err(|error| sqlx::Error::Encode(error.into()))?;
    let find = query_as(include_str!("items/find.sql")).bind(tenant.as_str()).bind(ids);
    find.fetch_all(reader).await.map(items)
}

/// A page of what a response's request brought.
pub(super) async fn input_page(
    reader: &mut SqliteConnection,
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
    reader: &mut SqliteConnection,
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
    reader: &mut SqliteConnection,
    sql: &'static str,
    tenant: &Tenant,
    owner: i64,
    page: &ItemPage,
) -> Result<Vec<KeptItem>, sqlx::Error> {
    let after = page.after.as_ref().map(ItemId::as_str);
    let turn = query_as(sql).bind(owner).bind(tenant.as_str()).bind(after).bind(count(page.items_max));
    turn.fetch_all(reader).await.map(items)
}
