//! What a request goes on from: a chain of responses, a conversation, or the one after the other.

use domain::kept::{Continued, ConversationId, ResponseId, Tenant};
use sqlx::sqlite::SqliteRow;
use sqlx::{FromRow, Row, SqliteConnection, SqlitePool, query_as, query_scalar};

use super::conversations;
use super::rows::{ItemRow, items};
use crate::kept::{Before, Extent, History, LINKS_MAX, Link, before, oldest_first, status};
use crate::shared::count;

pub(super) async fn read(
    readers: &SqlitePool,
    tenant: &Tenant,
    continued: &Continued,
    bytes_max: usize,
) -> Result<History, sqlx::Error> {
    let mut view = readers.begin().await?;
    let bytes_max = count(bytes_max);
    match continued {
        Continued::Response(id) => chain(&mut view, tenant, id, bytes_max).await,
        Continued::Conversation(id) => {
            conversation(&mut view, tenant, id, Extent { until: i64::MAX, bytes_max }).await
        }
    }
}

async fn chain(
    view: &mut SqliteConnection,
    tenant: &Tenant,
    id: &ResponseId,
    bytes_max: i64,
) -> Result<History, sqlx::Error> {
    let chain = query_as(include_str!("history/chain.sql")).bind(tenant.as_str()).bind(id.as_str());
    let links: Vec<Link<ConversationId>> =
        chain.bind(bytes_max).bind(count(LINKS_MAX)).fetch_all(&mut *view).await?;
    let earlier = match before(&links, bytes_max) {
        Before::Nothing => History::Whole(Vec::new()),
        Before::Conversation(id, extent) => conversation(view, tenant, id, extent).await?,
        Before::End(history) => history,
    };
    let History::Whole(mut history) = earlier else { return Ok(earlier) };
    let numbers = serde_json::to_string(&oldest_first(&links));
    let numbers = numbers.map_err(|error| sqlx::Error::Encode(error.into()))?;
    let exchanges = query_as(include_str!("history/exchanges.sql")).bind(numbers);
    history.extend(items(exchanges.fetch_all(view).await?));
    Ok(History::Whole(history))
}

async fn conversation(
    view: &mut SqliteConnection,
    tenant: &Tenant,
    id: &ConversationId,
    extent: Extent,
) -> Result<History, sqlx::Error> {
    let Some(number) = conversations::find(view, tenant, id).await? else { return Ok(History::Gone) };
    let bytes = query_scalar(include_str!("history/conversation_bytes.sql")).bind(number).bind(extent.until);
    let bytes: i64 = bytes.fetch_one(&mut *view).await?;
    if bytes > extent.bytes_max {
        return Ok(History::TooLarge);
    }
    let rows: Vec<ItemRow> = query_as(include_str!("history/conversation.sql"))
        .bind(number)
        .bind(extent.until)
        .fetch_all(view)
        .await?;
    Ok(History::Whole(items(rows)))
}

impl FromRow<'_, SqliteRow> for Link<ConversationId> {
    fn from_row(row: &SqliteRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            number: row.try_get("number")?,
            status: status(row.try_get("status")?)?,
            earlier: row.try_get::<Option<String>, _>("earlier")?.map(Into::into),
            conversation: row.try_get::<Option<String>, _>("conversation")?.map(Into::into),
            until: row.try_get("until")?,
            bytes: row.try_get("bytes")?,
        })
    }
}
