//! What a request goes on from: a chain of responses, a conversation, or the one after the other.

use domain::kept::{Continued, ConversationId, ResponseId, Tenant};
use sqlx::postgres::PgRow;
use sqlx::{FromRow, PgConnection, Row, query_as, query_scalar};

use super::conversations;
use super::items::{ItemRow, items};
use crate::kept::{Before, Extent, History, LINKS_MAX, Link, before, oldest_first, status};
use crate::shared::{count, text};

pub(super) async fn read(
    view: &mut PgConnection,
    tenant: &Tenant,
    continued: &Continued,
    bytes_max: usize,
) -> Result<History, sqlx::Error> {
    let bytes_max = count(bytes_max);
    match continued {
        Continued::Response(id) => chain(view, tenant, id, bytes_max).await,
        Continued::Conversation(id) => {
            conversation(view, tenant, id, Extent { until: i64::MAX, bytes_max }).await
        }
    }
}

async fn chain(
    view: &mut PgConnection,
    tenant: &Tenant,
    id: &ResponseId,
    bytes_max: i64,
) -> Result<History, sqlx::Error> {
    let chain = query_as(include_str!("history/chain.sql"))
        .bind(tenant.as_str().as_bytes())
        .bind(id.as_str().as_bytes())
        .bind(bytes_max)
        .bind(count(LINKS_MAX));
    let links: Vec<Link<ConversationId>> = chain.fetch_all(&mut *view).await?;
    let earlier = match before(&links, bytes_max) {
        Before::Nothing => History::Whole(Vec::new()),
        Before::Conversation(id, extent) => conversation(view, tenant, id, extent).await?,
        Before::End(history) => history,
    };
    let History::Whole(mut history) = earlier else { return Ok(earlier) };
    let exchanges = query_as(include_str!("history/exchanges.sql")).bind(oldest_first(&links));
    history.extend(items(exchanges.fetch_all(view).await?));
    Ok(History::Whole(history))
}

async fn conversation(
    view: &mut PgConnection,
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
    let conversation = query_as(include_str!("history/conversation.sql")).bind(number).bind(extent.until);
    let rows: Vec<ItemRow> = conversation.fetch_all(view).await?;
    Ok(History::Whole(items(rows)))
}

impl FromRow<'_, PgRow> for Link<ConversationId> {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        let name = |column: &str| -> Result<Option<ConversationId>, sqlx::Error> {
            let bytes: Option<Vec<u8>> = row.try_get(column)?;
            bytes.map(|bytes| Ok(text(bytes)?.into_string().into())).transpose()
        };
        Ok(Self {
            number: row.try_get("number")?,
            status: status(row.try_get::<i16, _>("status")?.into())?,
            earlier: name("earlier")?,
            conversation: name("conversation")?,
            until: row.try_get("until")?,
            bytes: row.try_get("bytes")?,
        })
    }
}
