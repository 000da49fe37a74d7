//! What somebody wants of an object, against what there is and what they may: the objects as they become. Pure, since it is decided
//! again when another process was faster.

use domain::ErrorCode;
use jiff::Timestamp;
use serde_json::{Map, Value as Json};

use super::merge_patch::merge_patch;
use super::precondition::Precondition;
use super::problem::Problem;
use super::resource::resource;
use super::shown::{Found, find, unmask};
use crate::authority::{Action, Denied, Principal};
use crate::load::Loaded;
use crate::objects::{Object, ObjectId, ObjectKind};
use crate::path::Path;
use crate::problem::ConfigProblem;
use crate::registrar::Decided;

/// What ends the part's name in names of what is made there. What is behind it has none, so that no name is in two parts.
const PART_ENDS: char = '.';
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
        wanted.iter().map(|one| become_of(one, wanted, loaded, asking)).collect::<Result<_, _>>()?;
    let added = decided.iter().filter(|(id, object)| object.is_some() && loaded.objects.get(id).is_none());
    if loaded.objects.iter().count() + added.count() > OBJECTS_MAX {
        let detail = format!("there are {OBJECTS_MAX} objects, which is the most that are kept");
        return Err(Problem::new(ErrorCode::ObjectInvalid, detail));
    }
    Ok(decided)
}

fn become_of(
    Wanted { id, precondition, act }: &Wanted,
    all: &[Wanted],
    loaded: &Loaded,
    asking: Asking<'_>,
) -> Result<(ObjectId, Option<Object>), Problem> {
    let found = find(loaded, id).map(|found| (found.body(), found));
    if let Act::Put(body) = act {
        // So that the answer does not say whether there is one of this name elsewhere.
        within_reach(asking.principal, id, body)?;
        if !found.as_ref().is_some_and(|(before, _)| asking.principal.visible(&resource(id, before))) {
            called_after_its_place(asking.principal, id, body)?;
        }
    }
    let Some((before, found)) = found else {
        let Act::Put(body) = act else { return Err(not_found(id)) };
        let body = named(id, body.clone())?;
        permit(asking.principal, Action::Create, id, &body)?;
        precondition.check(id, None, false)?;
        meet(id, (None, &body), (all, loaded), asking.principal)?;
        return Ok((id.clone(), Some(object(id, &body, None, asking)?)));
    };
    permit(asking.principal, action(act), id, &before)?;
    let existing = found.changeable(id)?;
    precondition.check(id, Some(&existing), matches!(act, Act::Put(_) | Act::Delete))?;
    let mut after = match act {
        Act::Delete => {
            spare_wider(id, loaded, asking.principal)?;
            return Ok((id.clone(), None));
        }
        Act::Rewrap => return Ok((id.clone(), Some(existing))),
        Act::Put(body) => body.clone(),
        Act::Patch(patch) => {
            let mut patched = before.clone();
            merge_patch(&mut patched, patch.clone());
            patched
        }
        Act::Rotate(rotation) => rotated(before.clone(), rotation, asking.now),
    };
    if id.kind() == ObjectKind::Key {
        unmask(&mut after, &before);
    }
    let after = named(id, after)?;
    within_reach(asking.principal, id, &after)?;
    permit(asking.principal, action(act), id, &after)?;
    meet(id, (Some(&before), &after), (all, loaded), asking.principal)?;
    let is_disabled = |body: &Map<String, Json>| body.get("disabled") == Some(&Json::Bool(true));
    if is_disabled(&after) && !is_disabled(&before) {
        spare_wider(id, loaded, asking.principal)?;
    }
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

/// Holds that an object would be where somebody may do something at all. The answer is the same whether or not that place exists, and whether
/// or not there is such an object somewhere else.
fn within_reach(principal: &Principal, id: &ObjectId, body: &Map<String, Json>) -> Result<(), Problem> {
    let place = resource(id, body);
    let said_by = match id.kind() {
        ObjectKind::Key => "`workspace`, `environment` and `user`",
        ObjectKind::User => "`teams`",
        ObjectKind::RateLimit | ObjectKind::Budget => "`match`",
        _ => return Ok(()),
    };
    if Action::ALL.into_iter().any(|action| principal.permits(action, &place)) {
        return Ok(());
    }
    let detail = format!("`{id}` would be where no role that you hold reaches, by its {said_by}");
    Err(Problem::new(ErrorCode::ObjectNotFound, detail).denied())
}

/// Holds that what is made by whoever administers a part has a name that nobody else gives. Were it one of all names, they would
/// learn which of them are taken. Users are called as their identity provider calls them.
fn called_after_its_place(
    principal: &Principal,
    id: &ObjectId,
    body: &Map<String, Json>,
) -> Result<(), Problem> {
    let place = resource(id, body);
    let is_named_here = matches!(id.kind(), ObjectKind::Key | ObjectKind::RateLimit | ObjectKind::Budget);
    let Some(part) = place.workspace.or(place.environment).or(place.owner).filter(|_| is_named_here) else {
        return Ok(());
    };
    let (before, own) = id.name().rsplit_once(PART_ENDS).unwrap_or(("", id.name()));
    if before == part || principal.is_of_organization() {
        return Ok(());
    }
    let message =
        format!("what is made in a part of the organisation is called after it: `{part}{PART_ENDS}{own}`");
    Err(Problem::mistaken(vec![ConfigProblem { position: None, path: name_path(id), message }]))
}

fn name_path(id: &ObjectId) -> Path {
    Path::root().key(id.kind().section()).key(id.name())
}

/// Holds that whoever administers a part makes keys of nobody else's users: whoever is not there for them, and is not made with the key, is
/// not there.
fn meet(
    id: &ObjectId,
    (before, after): (Option<&Map<String, Json>>, &Map<String, Json>),
    (all, loaded): (&[Wanted], &Loaded),
    principal: &Principal,
) -> Result<(), Problem> {
    if id.kind() != ObjectKind::Key || principal.is_of_organization() {
        return Ok(());
    }
    let said = |body: &Map<String, Json>| body.get("user").and_then(Json::as_str).map(str::to_owned);
    let Some(name) = said(after).filter(|name| before.and_then(said).as_ref() != Some(name)) else {
        return Ok(());
    };
    let is_there = |user: &ObjectId| {
        let is_made = |wanted: &Wanted| wanted.id == *user && matches!(wanted.act, Act::Put(_));
        let is_seen = |found: Found<'_>| principal.visible(&resource(user, &found.body()));
        all.iter().any(is_made) || find(loaded, user).is_some_and(is_seen)
    };
    let is_own = principal.user.as_ref().is_some_and(|user| user.as_str() == name);
    if is_own || ObjectId::new(ObjectKind::User, &name).is_ok_and(|user| is_there(&user)) {
        return Ok(());
    }
    let path = name_path(id).key("user");
    let message = format!("there is no user called `{name}`");
    Err(Problem::mistaken(vec![ConfigProblem { position: None, path, message }]))
}

/// Holds that nobody shuts out a user who administers more than they do, such as an owner who is in a team of theirs.
fn spare_wider(id: &ObjectId, loaded: &Loaded, principal: &Principal) -> Result<(), Problem> {
    let is_user = id.kind() == ObjectKind::User;
    if !is_user || loaded.authority.roles_of(id.name()).all(|role| principal.reaches_as_far_as(role)) {
        return Ok(());
    }
    let detail = format!("`{id}` administers what no role that you hold is for, and is not shut out by you");
    Err(Problem::new(ErrorCode::NotPermitted, detail).denied())
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

/// A key with a new text. What was good before is good until the overlap ends, and no longer than it would have been; what is over goes.
fn rotated(mut body: Map<String, Json>, rotation: &Rotation, now: Timestamp) -> Map<String, Json> {
    let mut hashes = Vec::new();
    let before = body.remove("hash").map(|hash| serde_json::json!({ "hash": hash }));
    let listed = body.remove("hashes");
    let listed = listed.as_ref().and_then(Json::as_array).cloned().unwrap_or_default();
    if let Some(overlap) = rotation.until {
        for mut entry in before.into_iter().chain(listed) {
            let earlier =
                entry.get("until").and_then(Json::as_str).and_then(|until| until.parse::<Timestamp>().ok());
            if earlier.is_some_and(|end| end <= now) {
                continue;
            }
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
