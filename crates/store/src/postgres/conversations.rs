//! Conversations and what is in them.

use bytes::Bytes;
use domain::kept::{ConversationId, ItemId, ItemPage, KeptConversation, KeptItem, Tenant};
use sqlx::{PgConnection, query, query_as, query_scalar};

use super::items::{self, ItemRow};
use crate::kept::{List, micros, time};

pub(super) async fn begin(
    step: &mut PgConnection,
    conversation: &KeptConversation,
    items: &[KeptItem],
) -> Result<(), sqlx::Error> {
    let KeptConversation { tenant, id, metadata, created } = conversation;
    forget(step, tenant, id).await?;
    let begin = query_scalar(include_str!("conversations/begin.sql")).bind(tenant.as_str().as_bytes());
    let begin = begin.bind(id.as_str().as_bytes()).bind(&**metadata).bind(micros(*created));
    let number: i64 = begin.fetch_one(&mut *step).await?;
    items::add(step, tenant, List::Conversation(number), items).await
}

pub(super) async fn read(
    reader: &mut PgConnection,
    tenant: &Tenant,
    id: &ConversationId,
) -> Result<Option<KeptConversation>, sqlx::Error> {
    let read = query_as(include_str!("conversations/read.sql"))
        .bind(tenant.as_str().as_bytes())
        .bind(id.as_str().as_bytes());
    let read: Option<(Vec<u8>, i64)> = read.fetch_optional(reader).await?;
    Ok(read.map(|(metadata, created)| KeptConversation {
        tenant: tenant.clone(),
        id: id.clone(),
        metadata: metadata.into(),
        created: time(created),
    }))
}

pub(super) async fn annotate(
    step: &mut PgConnection,
    tenant: &Tenant,
    id: &ConversationId,
    metadata: &Bytes,
) -> Result<bool, sqlx::Error> {
    let annotate = query(include_str!("conversations/annotate.sql"))
        .bind(tenant.as_str().as_bytes())
        .bind(id.as_str().as_bytes())
        .bind(&**metadata);
    Ok(annotate.execute(step).await?.rows_affected() > 0)
}

pub(super) async fn forget(
    step: &mut PgConnection,
    tenant: &Tenant,
    id: &ConversationId,
) -> Result<bool, sqlx::Error> {
    let forget = query(include_str!("conversations/forget.sql"))
        .bind(tenant.as_str().as_bytes())
        .bind(id.as_str().as_bytes());
    Ok(forget.execute(step).await?.rows_affected() > 0)
}

pub(super) async fn append(
    step: &mut PgConnection,
    tenant: &Tenant,
    id: &ConversationId,
    items: &[KeptItem],
) -> Result<bool, sqlx::Error> {
    let Some(number) = lock(step, tenant, id).await? else { return Ok(false) };
    items::add(step, tenant, List::Conversation(number), items).await?;
    Ok(true)
}

pub(super) async fn page(
    view: &mut PgConnection,
    tenant: &Tenant,
    id: &ConversationId,
    page: &ItemPage,
) -> Result<Option<Vec<KeptItem>>, sqlx::Error> {
    let Some(number) = find(view, tenant, id).await? else { return Ok(None) };
    items::conversation_page(view, tenant, number, page).await.map(Some)
}

pub(super) async fn item(
    reader: &mut PgConnection,
    tenant: &Tenant,
    id: &ConversationId,
    item: &ItemId,
) -> Result<Option<KeptItem>, sqlx::Error> {
    let item = query_as(include_str!("conversations/item.sql"))
        .bind(tenant.as_str().as_bytes())
        .bind(id.as_str().as_bytes())
        .bind(item.as_str().as_bytes());
    let row: Option<ItemRow> = item.fetch_optional(reader).await?;
    Ok(row.map(|row| row.0))
}

pub(super) async fn forget_item(
    step: &mut PgConnection,
    tenant: &Tenant,
    id: &ConversationId,
    item: &ItemId,
) -> Result<bool, sqlx::Error> {
    let forget = query(include_str!("conversations/forget_item.sql"))
        .bind(tenant.as_str().as_bytes())
        .bind(id.as_str().as_bytes())
        .bind(item.as_str().as_bytes());
    Ok(forget.execute(step).await?.rows_affected() > 0)
}

/// The number of a conversation.
pub(super) async fn find(
    view: &mut PgConnection,
    tenant: &Tenant,
    id: &ConversationId,
) -> Result<Option<i64>, sqlx::Error> {
    let find = query_scalar(include_str!("conversations/find.sql"));
    find.bind(tenant.as_str().as_bytes()).bind(id.as_str().as_bytes()).fetch_optional(view).await
}

/// The same, and nobody else adds to it up to the end of the step, so that its items have their numbers in their order.
pub(super) async fn lock(
    step: &mut PgConnection,
    tenant: &Tenant,
    id: &ConversationId,
) -> Result<Option<i64>, sqlx::Error> {
    let lock = query_scalar(include_str!("conversations/lock.sql"));
    lock.bind(tenant.as_str().as_bytes()).bind(id.as_str().as_bytes()).fetch_optional(step).await
}

/// The number of a conversation's last item; 0 without any.
pub(super) async fn last_item(step: &mut PgConnection, conversation: i64) -> Result<i64, sqlx::Error> {
    query_scalar(include_str!("conversations/last_item.sql")).bind(conversation).fetch_one(step).await
}
