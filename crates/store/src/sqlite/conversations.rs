//! Conversations and what is in them.

use bytes::Bytes;
use domain::kept::{ConversationId, ItemId, ItemPage, KeptConversation, KeptItem, Tenant};
use sqlx::{SqliteConnection, SqlitePool, query, query_as, query_scalar};

use super::WRITE;
use super::items;
use super::rows::ItemRow;
use crate::kept::{List, micros, time};

pub(super) async fn begin(
    writer: &SqlitePool,
    conversation: &KeptConversation,
    items: &[KeptItem],
) -> Result<(), sqlx::Error> {
    let KeptConversation { tenant, id, metadata, created } = conversation;
    let mut step = writer.begin_with(WRITE).await?;
    delete(&mut step, tenant, id).await?;
    let begin = query_scalar(include_str!("conversations/begin.sql")).bind(tenant.as_str());
    let begin = begin.bind(id.as_str()).bind(&**metadata).bind(micros(*created));
    let number: i64 = begin.fetch_one(&mut *step).await?;
    items::add(&mut step, tenant, List::Conversation(number), items).await?;
    step.commit().await
}

pub(super) async fn read(
    readers: &SqlitePool,
    tenant: &Tenant,
    id: &ConversationId,
) -> Result<Option<KeptConversation>, sqlx::Error> {
    let read = query_as(include_str!("conversations/read.sql")).bind(tenant.as_str()).bind(id.as_str());
    let read: Option<(Vec<u8>, i64)> = read.fetch_optional(readers).await?;
    Ok(read.map(|(metadata, created)| KeptConversation {
        tenant: tenant.clone(),
        id: id.clone(),
        metadata: metadata.into(),
        created: time(created),
    }))
}

pub(super) async fn annotate(
    writer: &SqlitePool,
    tenant: &Tenant,
    id: &ConversationId,
    metadata: &Bytes,
) -> Result<bool, sqlx::Error> {
    let annotate = query(include_str!("conversations/annotate.sql")).bind(tenant.as_str()).bind(id.as_str());
    Ok(annotate.bind(&**metadata).execute(writer).await?.rows_affected() > 0)
}

pub(super) async fn forget(
    writer: &SqlitePool,
    tenant: &Tenant,
    id: &ConversationId,
) -> Result<bool, sqlx::Error> {
    delete(&mut *writer.acquire().await?, tenant, id).await
}

pub(super) async fn append(
    writer: &SqlitePool,
    tenant: &Tenant,
    id: &ConversationId,
    items: &[KeptItem],
) -> Result<bool, sqlx::Error> {
    let mut step = writer.begin_with(WRITE).await?;
    let Some(number) = find(&mut step, tenant, id).await? else { return Ok(false) };
    items::add(&mut step, tenant, List::Conversation(number), items).await?;
    step.commit().await?;
    Ok(true)
}

pub(super) async fn page(
    readers: &SqlitePool,
    tenant: &Tenant,
    id: &ConversationId,
    page: &ItemPage,
) -> Result<Option<Vec<KeptItem>>, sqlx::Error> {
    let mut view = readers.begin().await?;
    let Some(number) = find(&mut view, tenant, id).await? else { return Ok(None) };
    items::conversation_page(&mut view, tenant, number, page).await.map(Some)
}

pub(super) async fn item(
    readers: &SqlitePool,
    tenant: &Tenant,
    id: &ConversationId,
    item: &ItemId,
) -> Result<Option<KeptItem>, sqlx::Error> {
    let item = query_as(include_str!("conversations/item.sql"))
        .bind(tenant.as_str())
        .bind(id.as_str())
        .bind(item.as_str());
    let row: Option<ItemRow> = item.fetch_optional(readers).await?;
    Ok(row.map(|row| row.0))
}

pub(super) async fn forget_item(
    writer: &SqlitePool,
    tenant: &Tenant,
    id: &ConversationId,
    item: &ItemId,
) -> Result<bool, sqlx::Error> {
    let forget = query(include_str!("conversations/forget_item.sql"))
        .bind(tenant.as_str())
        .bind(id.as_str())
        .bind(item.as_str());
    Ok(forget.execute(writer).await?.rows_affected() > 0)
}

/// The number of a conversation.
pub(super) async fn find(
    connection: &mut SqliteConnection,
    tenant: &Tenant,
    id: &ConversationId,
) -> Result<Option<i64>, sqlx::Error> {
    let find = query_scalar(include_str!("conversations/find.sql")).bind(tenant.as_str()).bind(id.as_str());
    find.fetch_optional(connection).await
}

/// The number of a conversation's last item; 0 without any.
pub(super) async fn last_item(
    connection: &mut SqliteConnection,
    conversation: i64,
) -> Result<i64, sqlx::Error> {
    query_scalar(include_str!("conversations/last_item.sql")).bind(conversation).fetch_one(connection).await
}

async fn delete(
    connection: &mut SqliteConnection,
    tenant: &Tenant,
    id: &ConversationId,
) -> Result<bool, sqlx::Error> {
    let forget = query(include_str!("conversations/forget.sql")).bind(tenant.as_str()).bind(id.as_str());
    Ok(forget.execute(connection).await?.rows_affected() > 0)
}
