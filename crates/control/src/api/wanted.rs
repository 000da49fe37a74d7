//! What somebody wants of an object, against what there is and what they may: the objects as they become. Pure, since it is decided
//! again when another process was faster.

use domain::ErrorCode;
use jiff::Timestamp;
use serde_json::{Map, Value as Json};

use super::merge_patch::merge_patch;
use super::precondition::Precondition;
use super::problem::Problem;
use super::resource::resource;
use super::shown::{find, unmask};
use crate::authority::{Action, Denied, Principal};
use crate::load::Loaded;
use crate::objects::{Object, ObjectId, ObjectKind};
use crate::registrar::Decided;

/// Most objects of the API.
const OBJECTS_MAX: usize = 100_000;

/// What is to become of an object.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    pub(super) id: ObjectId,
    /// What has to hold of it before.
    pub(super) precondition: Precondition,
    pub(super) act: Act,
}

/// What is done to an object.
#[derive(Debug, Clone)]
pub(super) enum Act {
    /// It says this from now on, whether or not it exists.
    Put(Map<String, Json>),
    /// It exists, and this changes of it.
    Patch(Map<String, Json>),
    /// It exists, and goes.
    Delete,
    /// It exists, and its secrets are sealed with the key of now.
    Rewrap,
    /// It is a key, and gets another text.
    Rotate(Rotation),
}

/// Another text for a key.
#[derive(Debug, Clone)]
pub(super) struct Rotation {
    /// The hash of the new one.
    pub(super) hash: String,
    /// Until when those before are good as well; not any more when absent.
    pub(super) until: Option<Timestamp>,
}

/// Who wants something, and when.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asking<'a> {
    pub(super) principal: &'a Principal,
    pub(super) now: Timestamp,
    /// The file that it is applied from.
    pub(super) applied_from: Option<&'a str>,
}

/// The objects as they become.
pub(super) fn decide(wanted: &[Wanted], loaded: &Loaded, asking: Asking<'_>) -> Result<Decided, Problem> {
    let decided: Decided =
        wanted.iter().map(|wanted| become_of(wanted, loaded, asking)).collect::<Result<_, _>>()?;
    let added = decided.iter().filter(|(id, object)| object.is_some() && loaded.objects.get(id).is_none());
    if loaded.objects.iter().count() + added.count() > OBJECTS_MAX {
        let detail = format!("there are {OBJECTS_MAX} objects, which is the most that are kept");
        return Err(Problem::new(ErrorCode::ObjectInvalid, detail));
    }
    Ok(decided)
}

fn become_of(
    Wanted { id, precondition, act }: &Wanted,
    loaded: &Loaded,
    asking: Asking<'_>,
) -> Result<(ObjectId, Option<Object>), Problem> {
    let Some(found) = find(loaded, id) else {
        let Act::Put(body) = act else { return Err(not_found(id)) };
        let body = named(id, body.clone())?;
        permit(asking.principal, Action::Create, id, &body)?;
        precondition.check(id, None, false)?;
        return Ok((id.clone(), Some(object(id, &body, None, asking)?)));
    };
    let before = found.body();
    permit(asking.principal, action(act), id, &before)?;
    let existing = found.changeable(id)?;
    precondition.check(id, Some(&existing), matches!(act, Act::Put(_) | Act::Delete))?;
    let mut after = match act {
        Act::Delete => return Ok((id.clone(), None)),
        Act::Rewrap => return Ok((id.clone(), Some(existing))),
        Act::Put(body) => body.clone(),
        Act::Patch(patch) => {
            let mut patched = before.clone();
            merge_patch(&mut patched, patch.clone());
            patched
        }
        Act::Rotate(rotation) => rotated(before.clone(), rotation),
    };
    if id.kind() == ObjectKind::Key {
        unmask(&mut after, &before);
    }
    let after = named(id, after)?;
    permit(asking.principal, action(act), id, &after)?;
    Ok((id.clone(), Some(object(id, &after, Some(&existing), asking)?)))
}

fn action(act: &Act) -> Action {
    match act {
        Act::Put(_) | Act::Patch(_) | Act::Rewrap => Action::Update,
        Act::Delete => Action::Delete,
        Act::Rotate(_) => Action::Rotate,
    }
}

/// Lets somebody do something to an object that says `body`. What they may not see does not exist.
pub(super) fn permit(
    principal: &Principal,
    action: Action,
    id: &ObjectId,
    body: &Map<String, Json>,
) -> Result<(), Problem> {
    principal.authorize(action, &resource(id, body)).map_err(|denied| match denied {
        Denied::Forbidden(..) => Problem::new(ErrorCode::NotPermitted, denied.to_string()).denied(),
        Denied::Hidden(_) => not_found(id).denied(),
    })
}

/// Lets somebody list the objects of a kind. Which of them they see is another question.
pub(super) fn permit_reading(principal: &Principal, kind: ObjectKind) -> Result<(), Problem> {
    if principal.permits_some(Action::Read, kind.into()) {
        return Ok(());
    }
    let detail = format!("no role that you hold permits to read a {}", kind.noun());
    Err(Problem::new(ErrorCode::NotPermitted, detail).denied())
}

pub(super) fn not_found(id: &ObjectId) -> Problem {
    Problem::new(
        ErrorCode::ObjectNotFound,
        format!("there is no {} called `{}`", id.kind().noun(), id.name()),
    )
}

/// A body with its name, where an entry of the file says it itself.
fn named(id: &ObjectId, mut body: Map<String, Json>) -> Result<Map<String, Json>, Problem> {
    if !id.kind().is_listed() {
        return Ok(body);
    }
    match body.entry("name").or_insert_with(|| id.name().into()).as_str() == Some(id.name()) {
        true => Ok(body),
        false => {
            let detail =
                format!("`name` says another name than the path, `{}`; an object keeps its name", id.name());
            Err(Problem::new(ErrorCode::ObjectInvalid, detail))
        }
    }
}

fn object(
    id: &ObjectId,
    body: &Map<String, Json>,
    before: Option<&Object>,
    asking: Asking<'_>,
) -> Result<Object, Problem> {
    let object = Object::new(id, body, before, asking.now);
    let object = object.map_err(|not_kept| Problem::new(ErrorCode::ObjectInvalid, not_kept.to_string()))?;
    Ok(Object { applied_from: asking.applied_from.map(str::to_owned), ..object })
}

/// A key with a new text. What was good before is good until the overlap ends, and no longer than it would have been.
fn rotated(mut body: Map<String, Json>, rotation: &Rotation) -> Map<String, Json> {
    let mut hashes = Vec::new();
    let before = body.remove("hash").map(|hash| serde_json::json!({ "hash": hash }));
    let listed = body.remove("hashes");
    let listed = listed.as_ref().and_then(Json::as_array).cloned().unwrap_or_default();
    if let Some(overlap) = rotation.until {
        for mut entry in before.into_iter().chain(listed) {
            let earlier =
                entry.get("until").and_then(Json::as_str).and_then(|until| until.parse::<Timestamp>().ok());
            entry["until"] = earlier.map_or(overlap, |earlier| earlier.min(overlap)).to_string().into();
            hashes.push(entry);
        }
    }
    if hashes.is_empty() {
        body.insert("hash".to_owned(), rotation.hash.as_str().into());
    } else {
        hashes.push(serde_json::json!({ "hash": rotation.hash }));
        body.insert("hashes".to_owned(), hashes.into());
    }
    body
}
