//! What is read: one object, or those of a kind. What somebody may not see is not there.

use bytes::Bytes;
use http::{Response, StatusCode};
use serde_json::{Map, Value as Json};

use super::problem::Problem;
use super::request::LIMIT_MAX;
use super::resource::resource;
use super::shown::{Hashes, behind, find};
use super::wanted::{not_found, permit, permit_reading};
use super::{Admitted, answer};
use crate::authority::Action;
use crate::objects::{ObjectId, ObjectKind};

/// The objects of a kind, a page of them.
pub(super) fn list(admitted: &Admitted, kind: ObjectKind) -> Result<Response<Bytes>, Problem> {
    let Admitted { principal, loaded, query, .. } = admitted;
    permit_reading(principal, kind)?;
    let limit = query.limit.unwrap_or(LIMIT_MAX);
    let mut shown = Vec::new();
    let mut last = None;
    for (id, found) in behind(loaded, kind, query.after.as_deref()) {
        let body = found.body();
        if !principal.visible(&resource(id, &body)) {
            continue;
        }
        if shown.len() == limit {
            return Ok(answer::list(&shown, last));
        }
        shown.push(found.shown(id, hashes(admitted, id, &body)?));
        last = Some(id.name());
    }
    Ok(answer::list(&shown, None))
}

/// An object.
pub(super) fn get(admitted: &Admitted, id: &ObjectId) -> Result<Response<Bytes>, Problem> {
    let found = find(&admitted.loaded, id).ok_or_else(|| not_found(id))?;
    let body = found.body();
    permit(&admitted.principal, Action::Read, id, &body)?;
    Ok(answer::object(StatusCode::OK, id, found, hashes(admitted, id, &body)?))
}

/// How the hashes of a key are shown: whole to whoever could replace them, when they ask for it.
fn hashes(admitted: &Admitted, id: &ObjectId, body: &Map<String, Json>) -> Result<Hashes, Problem> {
    if !admitted.query.whole_hashes || id.kind() != ObjectKind::Key {
        return Ok(Hashes::Masked);
    }
    permit(&admitted.principal, Action::Update, id, body).map(|()| Hashes::Whole)
}
