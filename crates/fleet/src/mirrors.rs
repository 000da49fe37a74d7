//! The copies under way, and the account of each node that makes some. Who decides is `engine`; here its state is kept and found. It outlives
//! configurations, so that a reload does not give a day's money again.

use std::collections::HashMap;
use std::sync::Arc;

use domain::mirror::MirrorPolicy;
use domain::{Failure, ModelName, Money, RouteName, Target};
use engine::MirrorAccount;
use jiff::Timestamp;
use parking_lot::Mutex;
use telemetry::Telemetry;
use telemetry::events::{RequestEnded, RequestMirrored};
use tokio::sync::watch;

/// A node of a saved route.
type Place = (RouteName, String);

/// Every node's copies.
#[derive(Debug, Default)]
pub struct Mirrors {
    accounts: Mutex<HashMap<Place, MirrorAccount>>,
    under_way: watch::Sender<usize>,
}

/// A copy under way. Dropped untold, it has cost nothing.
pub struct Copying {
    mirrors: Arc<Mirrors>,
    place: Place,
    /// When it began, in days since 1970 (UTC).
    day: i64,
    cost: Money,
    /// The model that its target itself names.
    own_model: Option<ModelName>,
    failure: Option<Failure>,
}

impl Mirrors {
    /// Waits until no copy is under way.
    pub async fn idle(&self) {
        // The sender is this very value's, so it does not end.
        let _ = self.under_way.subscribe().wait_for(|count| *count == 0).await;
    }

    /// Whether a request is one of those that are copied.
    pub fn is_due(&self, route: &RouteName, path: &str, policy: &MirrorPolicy) -> bool {
        let mut accounts = self.accounts.lock();
        accounts.entry((route.clone(), path.to_owned())).or_default().is_due(policy)
    }

    /// Begins a copy at this time; none where too many are under way, or the day's money is spent.
    pub fn begin(
        self: &Arc<Self>,
        (route, path): (&RouteName, &str),
        policy: &MirrorPolicy,
        target: &Target,
        now: Timestamp,
    ) -> Option<Copying> {
        let (place, day) = ((route.clone(), path.to_owned()), day(now));
        if !self.accounts.lock().entry(place.clone()).or_default().begin(policy, day) {
            return None;
        }
        self.under_way.send_modify(|count| *count += 1);
        let (cost, own_model) = (Money::ZERO, target.model.clone());
        Some(Copying { mirrors: Arc::clone(self), place, day, cost, own_model, failure: None })
    }
}

impl Copying {
    /// Notes why it failed before it was answered.
    pub fn failed(&mut self, failure: Failure) {
        self.failure = Some(failure);
    }

    /// Tells its end, as that of a copy.
    pub fn ended(mut self, request: RequestEnded<'_>, telemetry: &Telemetry) {
        if let Some(Ok(cost)) = request.cost {
            self.cost = cost;
        }
        let own_model = self.own_model.as_ref().map(ModelName::as_str);
        let detail = self.failure.as_ref().map(|failure| failure.detail.as_str());
        RequestMirrored { request, own_model, detail }.emit(telemetry);
    }
}

impl Drop for Copying {
    fn drop(&mut self) {
        let Self { mirrors, place, day, cost, .. } = self;
        if let Some(account) = mirrors.accounts.lock().get_mut(place) {
            account.ended(*cost, *day);
        }
        mirrors.under_way.send_modify(|count| *count -= 1);
    }
}

/// The day of a time, in days since 1970 (UTC).
fn day(time: Timestamp) -> i64 {
    time.as_second().div_euclid(86_400)
}
