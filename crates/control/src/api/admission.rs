//! Who asks: the holder of a control key, or a person with a session. Keys go first: whoever sends one means it.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use domain::{ErrorCode, Limits};
use http::request::Parts;
use jiff::Timestamp;

use super::ControlApi;
use super::operation::Operation;
use super::problem::Problem;
use super::request::{Query, bearer};
use super::sign_in::check_intent;
use crate::authority::{Principal, Stranger};
use crate::load::Loaded;

/// Somebody who was let in, with what they asked for beside the body.
pub(super) struct Admitted {
    pub(super) principal: Arc<Principal>,
    pub(super) loaded: Arc<Loaded>,
    pub(super) query: Query,
    pub(super) now: Timestamp,
    /// From where they asked.
    pub(super) client: Option<IpAddr>,
}

impl ControlApi {
    /// Whose a request of the API is.
    pub(super) async fn admit(
        &self,
        head: &Parts,
        operation: &Operation,
        client: Option<IpAddr>,
    ) -> Result<Admitted, Problem> {
        let loaded = self.registrar.loaded();
        let people = loaded.authority.people();
        let is_person = bearer(&head.headers).is_none() && self.desk.sent(head, people).is_some();
        let principal = if is_person {
            let (session, principal) = self.person(head, people).await.map_err(|problem| {
                let is_stranger = problem.code() == ErrorCode::ControlKeyRefused;
                if is_stranger { self.refuse(Stranger::SessionOver, &loaded, client) } else { problem }
            })?;
            let meant = check_intent(head, &session, people);
            meant.map_err(|problem| self.refuse_unseen(problem, client))?;
            principal
        } else {
            self.holder(head, &loaded, client)?
        };
        let query = match operation {
            Operation::Audit | Operation::Spend(_) | Operation::AllSpend => Query::default(),
            _ => Query::of(head.uri.query())?,
        };
        Ok(Admitted { principal, loaded, query, now: (self.wall_clock)(), client })
    }

    /// The holder of the control key that a head has.
    pub(super) fn holder(
        &self,
        head: &Parts,
        loaded: &Loaded,
        client: Option<IpAddr>,
    ) -> Result<Arc<Principal>, Problem> {
        let admitted = loaded.authority.admit(bearer(&head.headers), (self.wall_clock)().into());
        admitted.cloned().map_err(|stranger| self.refuse(stranger, loaded, client))
    }

    /// Refuses somebody. Keys and sessions that are not known are counted, as on the data plane.
    fn refuse(&self, stranger: Stranger, loaded: &Loaded, client: Option<IpAddr>) -> Problem {
        let counted = match stranger {
            Stranger::Unknown | Stranger::Client | Stranger::SessionOver => {
                self.count(&loaded.snapshot.limits, client)
            }
            _ => Ok(()),
        };
        let problem = counted.map_or_else(
            |wait| {
                let detail = "too many keys that are not known came from this network (limits.wrong_keys_per_minute_max)";
                Problem::new(ErrorCode::TooManyWrongKeys, detail).with_retry_after(wait)
            },
            |()| Problem::new(stranger.code(), stranger.to_string()),
        );
        self.refuse_unseen(problem, client)
    }

    fn count(&self, limits: &Limits, client: Option<IpAddr>) -> Result<(), Duration> {
        self.wrong_keys.count(client, limits.wrong_keys_per_minute_max, self.started.elapsed())
    }
}
