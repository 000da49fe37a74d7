//! Which targets of a route can do what a request needs, as far as the catalogue knows.

use std::cell::OnceCell;
use std::collections::BTreeSet;

use domain::{ErrorCode, Need, Route, Target};
use engine::fitness::{Demand, Lack, lack, may_lack};
use telemetry::events::TargetPassedOver;
use wire::convert::{self, Needs, embeddings};
use wire::json::Value;

use super::Call;
use super::failed::FailedAttempt;
use super::give_up::Attempts;
use crate::dialect::{embedding_client, format_of};

/// Judges targets for one request, which is read for it at most once, and only when a model is known to lack something
/// that it could need.
pub(super) struct Fitness<'c> {
    call: &'c Call,
    demand: OnceCell<Option<Demand>>,
}

impl<'c> Fitness<'c> {
    pub(super) fn of(call: &'c Call) -> Self {
        Self { call, demand: OnceCell::new() }
    }

    /// What the target's model is known to lack of what the request needs.
    pub(super) fn lack(&self, target: &Target) -> Option<Lack> {
        let known = self.call.pinned.models.find(&target.provider.name, self.call.model_at(target))?;
        let size = u64::try_from(self.call.document.body().len()).unwrap_or(u64::MAX);
        if !may_lack(&known, size) {
            return None;
        }
        let demand = self.demand.get_or_init(|| self.read());
        lack(&known, demand.as_ref()?)
    }

    /// Records the targets that the walk passes over.
    pub(super) fn record(&self, route: &Route, attempts: &mut Attempts) {
        route.root.for_each_target(&mut |target| {
            let Some(lack) = self.lack(target) else { return };
            let model = self.call.model_at(target);
            attempts.pass_over(target, model, lack);
            let event = TargetPassedOver {
                request_id: self.call.origin.id.as_str(),
                provider: &self.call.pinned.state(&target.provider).meters,
                target: &target.path,
                model,
                lack: lack.name(),
                detail: &lack.to_string(),
            };
            event.emit(&self.call.origin.gateway.telemetry);
        });
    }

    /// The objection of a strict target whose model lacks something.
    pub(super) fn objection(&self, target: &Target) -> Option<FailedAttempt> {
        let lack = Some(target).filter(|target| target.strict).and_then(|target| self.lack(target))?;
        let message = format!(
            "{}/{} {lack}, and the route is strict",
            target.provider.name,
            self.call.model_at(target)
        );
        Some(FailedAttempt::objection(ErrorCode::NotTranslatable, message))
    }

    /// What the request needs; nothing where it cannot be read, which is for the target to say.
    fn read(&self) -> Option<Demand> {
        let body = self.call.document.body();
        let request = body.contiguous(0..body.len());
        let value = Value::parse(&request).ok()?;
        let needs = match (format_of(self.call.endpoint), embedding_client(self.call.endpoint)) {
            (Some(format), _) => convert::needs(&convert::read_prompt(&value, format).ok()?, format),
            (None, Some(client)) => embeddings::needs(&value, client).ok()?,
            (None, None) => return None,
        };
        Some(demand(&needs))
    }
}

fn demand(needs: &Needs) -> Demand {
    let all = [
        (needs.tools, Need::Tools),
        (needs.schema, Need::Schema),
        (needs.vision, Need::Vision),
        (needs.audio, Need::Hearing),
        (needs.video, Need::Video),
        (needs.documents, Need::Documents),
    ];
    let needed: BTreeSet<Need> =
        all.into_iter().filter(|(is_needed, _)| *is_needed).map(|(_, need)| need).collect();
    Demand { needs: needed, text_bytes: u64::try_from(needs.text_bytes).unwrap_or(u64::MAX) }
}
