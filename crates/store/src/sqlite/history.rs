//! What a request goes on from: a chain of responses, a conversation, or the one after the other.

use domain::kept::{Continued, ConversationId, KeptItem, ResponseId, ResponseStatus, Tenant};
use sqlx::sqlite::SqliteRow;
use sqlx::{FromRow, Row, SqliteConnection, SqlitePool, query_as, query_scalar};

use super::conversations;
use super::rows::{ItemRow, items, status};
use crate::LINKS_MAX;
use crate::shared::count;

/// A history that was asked for.
#[derive(Debug)]
pub(super) enum History {
    /// All of it, oldest first.
    Whole(Vec<KeptItem>),
    /// Not all of it is there.
    Gone,
    /// It has more bytes than it may.
    TooLarge,
}

/// A response of a chain.
#[derive(Debug)]
struct Link {
    number: i64,
    status: ResponseStatus,
    earlier: Option<String>,
    conversation: Option<String>,
    until: Option<i64>,
    /// Of this and those that went on from it.
    bytes: i64,
}

/// How much of a conversation belongs to a history.
#[derive(Debug, Clone, Copy)]
struct Extent {
    /// The last item, by its number.
    until: i64,
    bytes_max: i64,
}

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
    let links: Vec<Link> = chain.bind(bytes_max).bind(count(LINKS_MAX)).fetch_all(&mut *view).await?;
    let Some(first) = links.last() else { return Ok(History::Gone) };
    if first.status != ResponseStatus::Answered {
        return Ok(History::Gone);
    }
    if first.bytes > bytes_max {
        return Ok(History::TooLarge);
    }
    let before = match (&first.earlier, &first.conversation) {
        (Some(_), _) => return Ok(History::Gone),
        (None, None) => History::Whole(Vec::new()),
        (None, Some(id)) => {
            let extent =
                Extent { until: first.until.unwrap_or(i64::MAX), bytes_max: bytes_max - first.bytes };
            conversation(view, tenant, &id.as_str().into(), extent).await?
        }
    };
    let History::Whole(mut history) = before else { return Ok(before) };
    history.extend(exchanges(view, &links).await?);
    Ok(History::Whole(history))
}

async fn exchanges(view: &mut SqliteConnection, links: &[Link]) -> Result<Vec<KeptItem>, sqlx::Error> {
    let oldest_first: Vec<_> = links.iter().rev().map(|link| link.number).collect();
    let numbers = serde_json::to_string(&oldest_first).map_err(|error| sqlx::Error::Encode(error.into()))?;
    let rows = query_as(include_str!("history/exchanges.sql")).bind(numbers).fetch_all(view).await?;
    Ok(items(rows))
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

impl FromRow<'_, SqliteRow> for Link {
    fn from_row(row: &SqliteRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            number: row.try_get("number")?,
            status: status(row.try_get("status")?)?,
            earlier: row.try_get("earlier")?,
            conversation: row.try_get("conversation")?,
            until: row.try_get("until")?,
            bytes: row.try_get("bytes")?,
        })
    }
}
