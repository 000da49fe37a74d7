//! Responses and their events. Whoever writes locks the response before its conversation, so that no two wait for each other.

use std::time::SystemTime;

use domain::kept::{
    Continued, ItemPage, KeptEvent, KeptItem, KeptResponse, ResponseHead, ResponseId, ResponseStatus, Tenant,
};
use sqlx::{PgConnection, query, query_as, query_scalar};

use super::conversations;
use super::items;
use crate::kept::{List, continued, event, event_number, item_bytes, micros, status, status_number, time};
use crate::shared::count;

/// A response's status, body and last sign of life.
type HeadRow = (i16, Vec<u8>, i64);

pub(super) async fn begin(step: &mut PgConnection, response: &KeptResponse) -> Result<(), sqlx::Error> {
    forget(step, &response.tenant, &response.id).await?;
    let until = add_to_conversation(step, response).await?;
    let (earlier, conversation) = continued(response);
    let begin = query_scalar(include_str!("responses/begin.sql"))
        .bind(response.tenant.as_str().as_bytes())
        .bind(response.id.as_str().as_bytes())
        .bind(status_number(response.status))
        .bind(&*response.body)
        .bind(earlier.map(str::as_bytes))
        .bind(conversation.map(str::as_bytes))
        .bind(until)
        .bind(item_bytes(response))
        .bind(micros(response.touched))
        .bind(micros(response.expires));
    let number: i64 = begin.fetch_one(&mut *step).await?;
    add_items(step, number, response).await
}

pub(super) async fn finish(step: &mut PgConnection, response: &KeptResponse) -> Result<bool, sqlx::Error> {
    let lock = include_str!("responses/lock_unfinished.sql");
    let Some(number) = named(step, lock, &response.tenant, &response.id).await? else { return Ok(false) };
    query(include_str!("responses/forget_items.sql")).bind(number).execute(&mut *step).await?;
    let until = add_to_conversation(step, response).await?;
    let (earlier, conversation) = continued(response);
    let finish = query(include_str!("responses/finish.sql"))
        .bind(number)
        .bind(status_number(response.status))
        .bind(&*response.body)
        .bind(earlier.map(str::as_bytes))
        .bind(conversation.map(str::as_bytes))
        .bind(until)
        .bind(item_bytes(response))
        .bind(micros(response.touched))
        .bind(micros(response.expires));
    finish.execute(&mut *step).await?;
    add_items(step, number, response).await?;
    Ok(true)
}

pub(super) async fn touch(
    step: &mut PgConnection,
    tenant: &Tenant,
    id: &ResponseId,
    now: SystemTime,
) -> Result<bool, sqlx::Error> {
    let touch = query(include_str!("responses/touch.sql"))
        .bind(tenant.as_str().as_bytes())
        .bind(id.as_str().as_bytes())
        .bind(micros(now));
    Ok(touch.execute(step).await?.rows_affected() > 0)
}

pub(super) async fn head(
    reader: &mut PgConnection,
    tenant: &Tenant,
    id: &ResponseId,
) -> Result<Option<ResponseHead>, sqlx::Error> {
    let head = query_as(include_str!("responses/head.sql"))
        .bind(tenant.as_str().as_bytes())
        .bind(id.as_str().as_bytes());
    let head: Option<HeadRow> = head.fetch_optional(reader).await?;
    let head = head.map(|(number, body, touched)| {
        Ok(ResponseHead { status: status(number.into())?, body: body.into(), touched: time(touched) })
    });
    head.transpose()
}

pub(super) async fn input_items(
    view: &mut PgConnection,
    tenant: &Tenant,
    id: &ResponseId,
    page: &ItemPage,
) -> Result<Option<Vec<KeptItem>>, sqlx::Error> {
    let find = include_str!("responses/find.sql");
    let Some(response) = named(view, find, tenant, id).await? else { return Ok(None) };
    items::input_page(view, tenant, response, page).await.map(Some)
}

pub(super) async fn forget(
    step: &mut PgConnection,
    tenant: &Tenant,
    id: &ResponseId,
) -> Result<bool, sqlx::Error> {
    let forget = query(include_str!("responses/forget.sql"))
        .bind(tenant.as_str().as_bytes())
        .bind(id.as_str().as_bytes());
    Ok(forget.execute(step).await?.rows_affected() > 0)
}

pub(super) async fn append_events(
    step: &mut PgConnection,
    tenant: &Tenant,
    id: &ResponseId,
    events: &[KeptEvent],
) -> Result<(), sqlx::Error> {
    let lock = include_str!("responses/lock.sql");
    let Some(response) = named(step, lock, tenant, id).await? else { return Ok(()) };
    let last = query_scalar(include_str!("responses/last_event.sql")).bind(response);
    let mut last: i64 = last.fetch_one(&mut *step).await?;
    let (mut numbers, mut frames): (Vec<_>, Vec<&[u8]>) = (Vec::new(), Vec::new());
    for event in events {
        let number = event_number(event.sequence);
        if number > last {
            last = number;
            numbers.push(number);
            frames.push(&event.frame);
        }
    }
    let add = query(include_str!("responses/add_events.sql")).bind(response).bind(numbers).bind(frames);
    add.execute(step).await?;
    Ok(())
}

pub(super) async fn events(
    reader: &mut PgConnection,
    (tenant, id): (&Tenant, &ResponseId),
    after: Option<u64>,
    events_max: usize,
) -> Result<Vec<KeptEvent>, sqlx::Error> {
    let events = query_as(include_str!("responses/events.sql"))
        .bind(tenant.as_str().as_bytes())
        .bind(id.as_str().as_bytes())
        .bind(after.map_or(-1, event_number))
        .bind(count(events_max));
    let rows: Vec<(i64, Vec<u8>)> = events.fetch_all(reader).await?;
    Ok(rows.into_iter().map(event).collect())
}

/// The number of a response, by one of the statements that look for it.
async fn named(
    connection: &mut PgConnection,
    sql: &'static str,
    tenant: &Tenant,
    id: &ResponseId,
) -> Result<Option<i64>, sqlx::Error> {
    let named = query_scalar(sql).bind(tenant.as_str().as_bytes()).bind(id.as_str().as_bytes());
    named.fetch_optional(connection).await
}

/// Appends the items of an answered response to the conversation that it goes on from, if there still is one; the number of
/// the last item before them.
async fn add_to_conversation(
    step: &mut PgConnection,
    response: &KeptResponse,
) -> Result<Option<i64>, sqlx::Error> {
    let (ResponseStatus::Answered, Some(Continued::Conversation(id))) =
        (response.status, &response.continued)
    else {
        return Ok(None);
    };
    let Some(conversation) = conversations::lock(step, &response.tenant, id).await? else { return Ok(None) };
    let until = conversations::last_item(step, conversation).await?;
    for items in [&response.input, &response.output] {
        items::add(step, &response.tenant, List::Conversation(conversation), items).await?;
    }
    Ok(Some(until))
}

async fn add_items(step: &mut PgConnection, number: i64, response: &KeptResponse) -> Result<(), sqlx::Error> {
    items::add(step, &response.tenant, List::Input(number), &response.input).await?;
    items::add(step, &response.tenant, List::Output(number), &response.output).await
}
