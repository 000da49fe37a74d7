//! Answers that Tollgate keeps itself: what binds a request to what is kept, and how its answer is written down.

mod answer;
mod pointer;
mod relay;

use domain::kept::{Continued, KeptItem, Tenant};
use wire::convert::responses::Item;
use wire::json::Document;

use crate::ending::Origin;

pub(crate) use answer::{Keeping, new_entry};
pub(crate) use pointer::{PREVIOUS, pointer, points_elsewhere, unknown_item, unreadable};
pub(crate) use relay::KeptRelay;

/// What binds a request to what Tollgate keeps: its answer is kept here, whatever its target speaks.
pub(crate) struct Kept {
    /// The request as the client sent it, with nothing put before it.
    pub(crate) own: Document,
    /// What it goes on from.
    pub(crate) continued: Option<Continued>,
    /// When it was asked for, in seconds since 1970, if it works in the background.
    pub(crate) in_background_since: Option<u64>,
}

/// Whose the things are that a request may see.
pub(crate) fn tenant(origin: &Origin) -> Tenant {
    Tenant::from(origin.key.name.as_str())
}

/// Items as the store has them.
pub(crate) fn kept(items: Vec<Item>) -> Vec<KeptItem> {
    items.into_iter().map(|item| KeptItem { id: item.id.into(), json: item.json.into() }).collect()
}
