//! Responses and their events.

use std::time::SystemTime;

use domain::kept::{
    Continued, ItemPage, KeptEvent, KeptItem, KeptResponse, ResponseHead, ResponseId, ResponseStatus, Tenant,
};
use sqlx::{SqliteConnection, SqlitePool, query, query_as, query_scalar};

use super::items;
use super::{WRITE, conversations};
use crate::kept::{List, continued, event, event_number, item_bytes, micros, status, status_number, time};
use crate::shared::count;

pub(super) async fn begin(writer: &SqlitePool, response: &KeptResponse) -> Result<(), sqlx::Error> {
    let mut step = writer.begin_with(WRITE).await?;
    delete(&mut step, &response.tenant, &response.id).await?;
    let until = add_to_conversation(&mut step, response).await?;
    let (earlier, conversation) = continued(response);
    let begin = query_scalar(include_str!("responses/begin.sql"))
        .bind(response.tenant.as_str())
        .bind(response.id.as_str())
        .bind(status_number(response.status))
        .bind(&*response.body)
        .bind(earlier)
        .bind(conversation)
        .bind(until)
        .bind(item_bytes(response))
        .bind(micros(response.touched))
        .bind(micros(response.expires));
    let number: i64 = begin.fetch_one(&mut *step).await?;
    add_items(&mut step, number, response).await?;
    step.commit().await
}

pub(super) async fn finish(writer: &SqlitePool, response: &KeptResponse) -> Result<bool, sqlx::Error> {
    let mut step = writer.begin_with(WRITE).await?;
    let unfinished = query_scalar(include_str!("responses/unfinished.sql"))
        .bind(response.tenant.as_str())
        .bind(response.id.as_str());
    let Some(number): Option<i64> = unfinished.fetch_optional(&mut *step).await? else { return Ok(false) };
    query(include_str!("responses/forget_items.sql")).bind(number).execute(&mut *step).await?;
    let until = add_to_conversation(&mut step, response).await?;
    let (earlier, conversation) = continued(response);
    let finish = query(include_str!("responses/finish.sql"))
        .bind(number)
        .bind(status_number(response.status))
        .bind(&*response.body)
        .bind(earlier)
        .bind(conversation)
        .bind(until)
        .bind(item_bytes(response))
        .bind(micros(response.touched))
        .bind(micros(response.expires));
    finish.execute(&mut *step).await?;
    add_items(&mut step, number, response).await?;
    step.commit().await?;
    Ok(true)
}

pub(super) async fn touch(
    writer: &SqlitePool,
    tenant: &Tenant,
    id: &ResponseId,
    now: SystemTime,
) -> Result<bool, sqlx::Error> {
    let touch = query(include_str!("responses/touch.sql")).bind(tenant.as_str()).bind(id.as_str());
    Ok(touch.bind(micros(now)).execute(writer).await?.rows_affected() > 0)
}

pub(super) async fn head(
    readers: &SqlitePool,
    tenant: &Tenant,
    id: &ResponseId,
) -> Result<Option<ResponseHead>, sqlx::Error> {
    let head = query_as(include_str!("responses/head.sql")).bind(tenant.as_str()).bind(id.as_str());
    let Some(head) = head.fetch_optional(readers).await? else { return Ok(None) };
    let (number, body, touched): (i64, Vec<u8>, i64) = head;
    Ok(Some(ResponseHead { status: status(number)?, body: body.into(), touched: time(touched) }))
}

pub(super) async fn input_items(
    readers: &SqlitePool,
    tenant: &Tenant,
    id: &ResponseId,
    page: &ItemPage,
) -> Result<Option<Vec<KeptItem>>, sqlx::Error> {
    let mut view = readers.begin().await?;
    let Some(response) = find(&mut view, tenant, id).await? else { return Ok(None) };
    items::input_page(&mut view, tenant, response, page).await.map(Some)
}

pub(super) async fn forget(
    writer: &SqlitePool,
    tenant: &Tenant,
    id: &ResponseId,
) -> Result<bool, sqlx::Error> {
    delete(&mut *writer.acquire().await?, tenant, id).await
}

pub(super) async fn append_events(
    writer: &SqlitePool,
    tenant: &Tenant,
    id: &ResponseId,
    events: &[KeptEvent],
) -> Result<(), sqlx::Error> {
    let mut step = writer.begin_with(WRITE).await?;
    let Some(response) = find(&mut step, tenant, id).await? else { return Ok(()) };
    for event in events {
        let add = query(include_str!("responses/add_event.sql")).bind(response);
        add.bind(event_number(event.sequence)).bind(&*event.frame).execute(&mut *step).await?;
    }
    step.commit().await
}

pub(super) async fn events(
    readers: &SqlitePool,
    tenant: &Tenant,
    id: &ResponseId,
    after: Option<u64>,
    events_max: usize,
) -> Result<Vec<KeptEvent>, sqlx::Error> {
    let events = query_as(include_str!("responses/events.sql")).bind(tenant.as_str()).bind(id.as_str());
    let events = events.bind(after.map_or(-1, event_number)).bind(count(events_max));
    let rows: Vec<(i64, Vec<u8>)> = events.fetch_all(readers).await?;
    Ok(rows.into_iter().map(event).collect())
}

async fn find(
    connection: &mut SqliteConnection,
    tenant: &Tenant,
    id: &ResponseId,
) -> Result<Option<i64>, sqlx::Error> {
    let find = query_scalar(include_str!("responses/find.sql")).bind(tenant.as_str()).bind(id.as_str());
    find.fetch_optional(connection).await
}

async fn delete(
    connection: &mut SqliteConnection,
    tenant: &Tenant,
    id: &ResponseId,
) -> Result<bool, sqlx::Error> {
    let forget = query(include_str!("responses/forget.sql")).bind(tenant.as_str()).bind(id.as_str());
    Ok(forget.execute(connection).await?.rows_affected() > 0)
}

/// Appends the items of an answered response to the conversation that it goes on from, if there still is one; the number of
/// the last item before them.
async fn add_to_conversation(
    step: &mut SqliteConnection,
    response: &KeptResponse,
) -> Result<Option<i64>, sqlx::Error> {
    let (ResponseStatus::Answered, Some(Continued::Conversation(id))) =
        (response.status, &response.continued)
    else {
        return Ok(None);
    };
    let Some(conversation) = conversations::find(step, &response.tenant, id).await? else { return Ok(None) };
    let until = conversations::last_item(step, conversation).await?;
    for items in [&response.input, &response.output] {
        items::add(step, &response.tenant, List::Conversation(conversation), items).await?;
    }
    Ok(Some(until))
}

async fn add_items(
    step: &mut SqliteConnection,
    number: i64,
    response: &KeptResponse,
) -> Result<(), sqlx::Error> {
    items::add(step, &response.tenant, List::Input(number), &response.input).await?;
    items::add(step, &response.tenant, List::Output(number), &response.output).await
}
