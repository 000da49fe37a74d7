//! What a request goes on from, put before its own items.

use domain::kept::{Continued, KeptItem, ResponseStatus};
use domain::{Endpoint, ErrorCode};
use wire::convert::responses::{Item, references, with_history};
use wire::json::{Document, ScanLimits};

use super::failure;
use crate::attempt::Call;
use crate::ingress::shed;
use crate::keeping::{Kept, PREVIOUS, pointer, tenant, unknown_item, unreadable};
use crate::refusal::Refusal;

/// Puts the items that a request goes on from before its own, when they are kept here. A request that goes on from nothing,
/// or from what a provider keeps, stays as it is.
///
/// # Errors
/// 400 when it goes on from two things or from what has no answer, 404 when a part of the history is gone, 413 when the
/// history is too large, 503 when the store does not work.
pub(crate) async fn resume(call: &mut Call) -> Result<(), Refusal> {
    if call.endpoint != Endpoint::Responses {
        return Ok(());
    }
    let Some(continued) = pointer(&call.document)? else { return refer(call).await };
    if is_a_providers(call, &continued) {
        return Ok(());
    }
    let Some(history) = history(call, &continued).await? else { return refer(call).await };
    let referred = items_referred_to(call).await?;
    splice(call, &history, &referred.found, Some(continued))
}

/// Whether a provider is known to have made the response, so that nothing is asked of the store.
fn is_a_providers(call: &Call, continued: &Continued) -> bool {
    match continued {
        Continued::Response(id) => {
            call.origin.gateway.owners.find(id.as_str(), &call.origin.key.name).is_some()
        }
        Continued::Conversation(_) => false,
    }
}

/// The items of what is gone on from; none when it is not kept here.
async fn history(call: &Call, continued: &Continued) -> Result<Option<Vec<KeptItem>>, Refusal> {
    let gateway = &call.origin.gateway;
    let tenant = tenant(&call.origin);
    let bytes_max = call.pinned.snapshot.keep_rules.history_bytes_max;
    let kept = gateway.store.history(&tenant, continued, bytes_max).await;
    match (kept.map_err(|error| failure::refusal(gateway, error))?, continued) {
        (Some(items), _) => Ok(Some(items)),
        (None, Continued::Conversation(_)) => Ok(None),
        (None, Continued::Response(id)) => {
            let head = gateway.store.response(&tenant, id).await;
            match head.map_err(|error| failure::refusal(gateway, error))? {
                None => Ok(None),
                Some(head) => Err(without_history(id.as_str(), head.status)),
            }
        }
    }
}

/// Why a response that is kept has no history.
fn without_history(id: &str, status: ResponseStatus) -> Refusal {
    let (code, why) = match status {
        ResponseStatus::Unfinished => {
            (ErrorCode::InvalidMember, "has no answer yet; wait until it is completed")
        }
        ResponseStatus::GivenUp => (ErrorCode::InvalidMember, "has no answer: it failed or was cancelled"),
        ResponseStatus::Answered => (ErrorCode::ResponseNotFound, "goes on from a response that was deleted"),
    };
    Refusal::new(code, format!("the response `{id}` {why}")).with_param(PREVIOUS)
}

/// The items that a request refers to by id.
#[derive(Default)]
struct Referred {
    found: Vec<KeptItem>,
    missing: Option<String>,
}

async fn items_referred_to(call: &Call) -> Result<Referred, Refusal> {
    let ids = references(&call.document).map_err(|error| unreadable(&error))?;
    if ids.is_empty() {
        return Ok(Referred::default());
    }
    let gateway = &call.origin.gateway;
    let wanted: Vec<_> = ids.iter().map(|id| id.as_str().into()).collect();
    let tenant = tenant(&call.origin);
    let found = gateway.store.items(&tenant, &wanted).await;
    let found = found.map_err(|error| failure::refusal(gateway, error))?;
    let missing = ids.into_iter().find(|id| !found.iter().any(|item| item.id.as_str() == id));
    Ok(Referred { found, missing })
}

/// A request that goes on from nothing may still refer to items that are kept here; to all of them, or the provider knows
/// them.
async fn refer(call: &mut Call) -> Result<(), Refusal> {
    let referred = items_referred_to(call).await?;
    match (referred.found.is_empty(), &referred.missing) {
        (true, _) => Ok(()),
        (false, Some(id)) => Err(unknown_item(id)),
        (false, None) => splice(call, &[], &referred.found, None),
    }
}

/// Replaces the request by one with its history, which needs its share of the byte budget too.
fn splice(
    call: &mut Call,
    history: &[KeptItem],
    referred: &[KeptItem],
    continued: Option<Continued>,
) -> Result<(), Refusal> {
    let limits = &call.pinned.snapshot.limits;
    let bytes = history.iter().chain(referred).map(|item| item.json.len()).sum();
    call.hold.grow(bytes, limits.in_flight_bytes_max).map_err(|_| shed())?;
    let (history, referred) = (items(history), items(referred));
    let whole = with_history(&call.document, &history, &referred).map_err(|error| unreadable(&error))?;
    let scan = ScanLimits { depth_max: u16::MAX, ..ScanLimits::default() };
    let whole = Document::parse(whole.into_bytes(), scan)
        .map_err(|error| Refusal::new(ErrorCode::Internal, format!("the history cannot be read: {error}")))?;
    let own = std::mem::replace(&mut call.document, whole);
    call.facts.previous_response_id = None;
    call.kept = Some(Kept { own, continued, in_background_since: None });
    Ok(())
}

fn items(kept: &[KeptItem]) -> Vec<Item> {
    let text = |item: &KeptItem| String::from_utf8_lossy(&item.json).into_owned();
    kept.iter().map(|item| Item { id: item.id.as_str().to_owned(), json: text(item) }).collect()
}
