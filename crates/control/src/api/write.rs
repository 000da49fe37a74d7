//! What is changed: an object, a key's text, many objects at once. An answer comes when it is in force.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use domain::{ErrorCode, KeyText};
use engine::route::time::TimeSpan;
use http::{Response, StatusCode};
use jiff::Timestamp;
use serde_json::{Map, Value as Json, json};

use super::batch::Batch;
use super::precondition::Precondition;
use super::problem::Problem;
use super::shown::{Hashes, find};
use super::wanted::{Act, Asking, Rotation, Wanted, decide, not_found};
use super::witness::Record;
use super::{Admitted, ControlApi, answer};
use crate::authority::{Action, Kind};
use crate::load::Loaded;
use crate::objects::{Object, ObjectId, ObjectKind};
use crate::registrar::{NotChanged, POLL_INTERVAL};

/// How often it is asked whether the registry works again.
const RETRY_AFTER: Duration = POLL_INTERVAL;

/// Most objects whose secrets are sealed anew in one change: each may be a call of whoever has the key.
const REWRAPPED_TOGETHER_MAX: usize = 100;

impl ControlApi {
    /// Makes, changes or takes away an object.
    pub(super) async fn write(
        &self,
        admitted: &Admitted,
        (id, precondition): (ObjectId, Precondition),
        act: Act,
    ) -> Result<Response<Bytes>, Problem> {
        let is_new = admitted.loaded.objects.get(&id).is_none();
        let wanted = [Wanted { id, precondition, act }];
        let loaded = self.change(admitted, &wanted).await?;
        let [Wanted { id, .. }] = &wanted;
        let Some(found) = find(&loaded, id) else { return Ok(answer::nothing()) };
        let status = if is_new { StatusCode::CREATED } else { StatusCode::OK };
        let mut response = answer::object(status, id, found, Hashes::Masked);
        if is_new {
            answer::locate(&mut response, id);
        }
        Ok(response)
    }

    /// Makes a key, and its text.
    pub(super) async fn create_key(
        &self,
        admitted: &Admitted,
        mut body: Map<String, Json>,
    ) -> Result<Response<Bytes>, Problem> {
        let name = body.get("name").and_then(Json::as_str);
        let id = name.and_then(|name| ObjectId::new(ObjectKind::Key, name).ok());
        let id = id.ok_or_else(|| Problem::new(ErrorCode::ObjectInvalid, "a key needs a `name`"))?;
        if body.contains_key("hash") || body.contains_key("hashes") {
            let detail = "the text of the key is made here; to bring a hash of your own, use PUT";
            return Err(Problem::new(ErrorCode::ObjectInvalid, detail));
        }
        let text = self.new_text()?;
        body.insert("hash".to_owned(), text.hash().to_string().into());
        let wanted = [Wanted { id, precondition: Precondition::Absent, act: Act::Put(body) }];
        let loaded = self.change(admitted, &wanted).await?;
        let [Wanted { id, .. }] = &wanted;
        let found = find(&loaded, id).ok_or_else(|| not_found(id))?;
        let mut response = answer::key(StatusCode::CREATED, id, found, text.reveal());
        answer::locate(&mut response, id);
        Ok(response)
    }

    /// Gives a key another text.
    pub(super) async fn rotate(
        &self,
        admitted: &Admitted,
        (id, precondition): (ObjectId, Precondition),
        body: &Map<String, Json>,
    ) -> Result<Response<Bytes>, Problem> {
        let until = overlap(body)?.map(|overlap| admitted.now.checked_add(overlap).unwrap_or(Timestamp::MAX));
        let text = self.new_text()?;
        let act = Act::Rotate(Rotation { hash: text.hash().to_string(), until });
        let wanted = [Wanted { id, precondition, act }];
        let loaded = self.change(admitted, &wanted).await?;
        let [Wanted { id, .. }] = &wanted;
        let found = find(&loaded, id).ok_or_else(|| not_found(id))?;
        Ok(answer::key(StatusCode::OK, id, found, text.reveal()))
    }

    fn new_text(&self) -> Result<KeyText, Problem> {
        let random = (self.random_key)();
        let none = || Problem::new(ErrorCode::Internal, "the system has no randomness to make a key of");
        random.map(KeyText::from_random).ok_or_else(none)
    }

    /// Makes many changes as one, or says whether they could be made.
    pub(super) async fn change_many(
        &self,
        admitted: &Admitted,
        body: Map<String, Json>,
    ) -> Result<Response<Bytes>, Problem> {
        let Batch { wanted, dry_run } = Batch::of(body)?;
        if dry_run {
            let rehearsed = self.registrar.rehearse(|loaded| decide(&wanted, loaded, asking(admitted))).await;
            rehearsed.map_err(|not_changed| refused(not_changed, admitted, &wanted))?;
        } else {
            self.change(admitted, &wanted).await?;
        }
        Ok(answer::told(StatusCode::OK, &json!({"changed": wanted.len(), "dry_run": dry_run})))
    }

    /// Seals the secrets of all objects with the key of now, where they are sealed with another, or not at all.
    pub(super) async fn rewrap(&self, admitted: &Admitted) -> Result<Response<Bytes>, Problem> {
        if !admitted.principal.is_of_organization()
            || !admitted.principal.permits_some(Action::Update, Kind::Provider)
        {
            let detail = "no role that you hold permits to change a provider of the organisation";
            return Err(Problem::new(ErrorCode::NotPermitted, detail).denied());
        }
        let key = self.registrar.sealing_key();
        let loaded = self.registrar.loaded();
        let is_sealed =
            |object: &Object| object.secrets.is_empty() || object.sealed_by.as_deref() == key.as_deref();
        let stale = loaded.objects.iter().filter(|(_, object)| !is_sealed(object));
        let wanted: Vec<_> = stale
            .map(|(id, object)| Wanted {
                id: id.clone(),
                precondition: Precondition::Version(object.version),
                act: Act::Rewrap,
            })
            .collect();
        for some in wanted.chunks(REWRAPPED_TOGETHER_MAX) {
            self.change(admitted, some).await?;
        }
        Ok(answer::told(StatusCode::OK, &json!({"rewrapped": wanted.len(), "key": key})))
    }

    pub(super) async fn change(
        &self,
        admitted: &Admitted,
        wanted: &[Wanted],
    ) -> Result<Arc<Loaded>, Problem> {
        let record = Record { log: &*self.audit_log, admitted, wanted };
        let changed = self.registrar.change(|loaded| decide(wanted, loaded, asking(admitted)), &record).await;
        changed.map_err(|not_changed| refused(not_changed, admitted, wanted))
    }
}

fn asking(admitted: &Admitted) -> Asking<'_> {
    Asking {
        principal: &admitted.principal,
        now: admitted.now,
        applied_from: admitted.query.applied_from.as_deref(),
    }
}

fn refused(not_changed: NotChanged<Problem>, admitted: &Admitted, wanted: &[Wanted]) -> Problem {
    match not_changed {
        NotChanged::Refused(problem) => problem,
        NotChanged::Invalid(errors) if !admitted.principal.is_of_organization() => {
            Problem::invalid_for_part(&errors, wanted)
        }
        NotChanged::Invalid(errors) => Problem::invalid(&errors),
        NotChanged::Unwitnessed(why) => {
            tracing::error!(error = why, "an object is not changed");
            Problem::new(
                ErrorCode::AuditUnavailable,
                "nothing is changed that cannot be written down; try again",
            )
        }
        NotChanged::Unsealed(why) => {
            tracing::error!(error = %why, "the secrets of an object could not be sealed");
            Problem::new(
                ErrorCode::SecretsUnavailable,
                "secrets cannot be sealed now, and are not kept otherwise; try again",
            )
        }
        NotChanged::Unavailable(why) => {
            tracing::error!(error = why, "an object could not be changed");
            let detail = "the registry does not answer, so objects cannot be changed now; what it said last stays in force; try again";
            Problem::new(ErrorCode::RegistryUnavailable, detail).with_retry_after(RETRY_AFTER)
        }
    }
}

/// For how long the text of a key is good beside the next one.
fn overlap(body: &Map<String, Json>) -> Result<Option<Duration>, Problem> {
    let wrong =
        || Problem::new(ErrorCode::InvalidMember, "expected nothing but `overlap`, a time such as \"1h\"");
    if body.keys().any(|name| name != "overlap") {
        return Err(wrong());
    }
    let Some(written) = body.get("overlap") else { return Ok(None) };
    let span: TimeSpan = written.as_str().and_then(|text| text.parse().ok()).ok_or_else(wrong)?;
    Ok((!span.0.is_zero()).then_some(span.0))
}
