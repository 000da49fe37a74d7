//! What the audit log is told: every change before it is made, so that one that cannot be written down is not made, and every refusal to
//! somebody who is known.

use domain::ErrorCode;
use domain::audit::{AuditEntry, AuditedResource, Outcome};
use domain::ports::audit_log::AuditLog;
use serde_json::{Map, Value as Json};

use super::Admitted;
use super::operation::Asked;
use super::resource::resource;
use super::shown::{Hashes, find};
use super::wanted::{Act, Wanted};
use crate::authority::{Action, Kind};
use crate::load::Loaded;
use crate::objects::ObjectId;
use crate::registrar::{Testimony, Witness};

/// Writes down what somebody changes.
pub(super) struct Record<'a> {
    pub(super) log: &'a dyn AuditLog,
    pub(super) admitted: &'a Admitted,
    pub(super) wanted: &'a [Wanted],
}

impl Record<'_> {
    /// An entry for each object, with what `told` says of it beside who changes it.
    fn write<'a>(
        &'a self,
        before: &'a Loaded,
        told: impl Fn(&ObjectId, AuditEntry) -> AuditEntry,
    ) -> Testimony<'a> {
        let entries = self.wanted.iter().map(|Wanted { id, act, .. }| {
            let was = said(before, id);
            let resource = audited(id, was.as_ref());
            let entry = entry(self.admitted, action(act, was.is_some()), Some(resource), Outcome::Done);
            told(id, AuditEntry { before: was.map(Json::Object), ..entry })
        });
        let entries = entries.collect();
        Box::pin(async { self.log.append(entries).await.map(drop) })
    }
}

impl Witness for Record<'_> {
    fn ahead<'a>(&'a self, before: &'a Loaded, after: &'a Loaded) -> Testimony<'a> {
        self.write(before, |id, entry| {
            let is = said(after, id);
            let resource =
                if entry.before.is_none() { Some(audited(id, is.as_ref())) } else { entry.resource };
            AuditEntry { resource, after: is.map(Json::Object), ..entry }
        })
    }

    fn undone<'a>(&'a self, before: &'a Loaded) -> Testimony<'a> {
        let outcome = || Outcome::Failed(ErrorCode::RegistryUnavailable.code().into());
        self.write(before, |_, entry| AuditEntry { before: None, outcome: outcome(), ..entry })
    }
}

/// Writes down that somebody was refused something; the refusal stands, also when it cannot be written down.
pub(super) async fn refused(log: &dyn AuditLog, admitted: &Admitted, asked: Asked<'_>, code: ErrorCode) {
    let resource = AuditedResource {
        kind: asked.kind.name().into(),
        name: asked.name.unwrap_or_default().into(),
        // To whoever is refused, and in the log of whoever looks after another workspace, it may be that there is no such thing.
        workspace: None,
    };
    let refusal = entry(admitted, asked.action, Some(resource), Outcome::Denied(code.code().into()));
    if let Err(error) = log.append(vec![refusal]).await {
        tracing::error!(error = %error, "a refusal was not written down");
    }
}

fn entry(
    admitted: &Admitted,
    action: Action,
    resource: Option<AuditedResource>,
    outcome: Outcome,
) -> AuditEntry {
    AuditEntry {
        at_milliseconds: admitted.now.as_millisecond().try_into().unwrap_or(0),
        who: admitted.principal.who.clone(),
        act: action.name().into(),
        resource,
        before: None,
        after: None,
        from: admitted.client,
        request_id: None,
        outcome,
        times: 1,
    }
}

/// What an object says, without the hashes of keys.
fn said(loaded: &Loaded, id: &ObjectId) -> Option<Map<String, Json>> {
    match find(loaded, id)?.shown(id, Hashes::Masked)["body"].take() {
        Json::Object(body) => Some(body),
        _ => None,
    }
}

fn audited(id: &ObjectId, body: Option<&Map<String, Json>>) -> AuditedResource {
    let workspace = body.and_then(|body| resource(id, body).workspace.map(Into::into));
    AuditedResource { kind: Kind::from(id.kind()).name().into(), name: id.name().into(), workspace }
}

fn action(act: &Act, exists: bool) -> Action {
    match act {
        Act::Put(_) if !exists => Action::Create,
        Act::Put(_) | Act::Patch(_) | Act::Rewrap => Action::Update,
        Act::Delete => Action::Delete,
        Act::Rotate(_) => Action::Rotate,
    }
}
