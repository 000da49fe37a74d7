//! The same for a request whose body nobody reads. What it costs is not known, not even in the end.

use std::sync::Arc;

use domain::Provider;
use engine::Bench;
use engine::credentials::Tried;
use engine::ledger::{Asked, Claims, Denials, Denied, Ledger, Named, Reservation};
use fleet::allotted::{Admitted, Description, Leasing, Told, Turn};
use http::HeaderMap;
use telemetry::events::Decided;

use super::waiting::Waiting;
use super::{decided, described, refused, unreachable};
use crate::attempt::untried;
use crate::ending::Origin;
use crate::pinned::Pinned;
use crate::refusal::Refusal;

/// Chooses a credential that limits and budgets leave enough for, by its place, and holds what is held for the request.
///
/// # Errors
/// When not enough is left.
pub(crate) async fn admit_unread(
    origin: &Origin,
    pinned: &Pinned,
    provider: &Arc<Provider>,
    headers: &HeaderMap,
) -> Result<(usize, Option<Box<Admitted>>), Refusal> {
    let bench = Arc::clone(&pinned.state(provider).bench);
    let (ledger, passed_over) = (&pinned.ledger, Tried::default());
    let mut sending = Sending { origin, ledger, provider, bench, passed_over, credential: 0 };
    sending.credential = sending.next().unwrap_or(0);
    if ledger.is_empty() {
        return Ok((sending.credential, None));
    }
    let description = described(origin, ledger, headers, None)?;
    if sending.claims(&description).is_empty() {
        return Ok((sending.credential, None));
    }
    let reservation = sending.hold(&description).await?;
    let told = Told::of(&reservation, &origin.key);
    let clearing = &origin.gateway.clearing;
    let admitted = Admitted::new(clearing, &origin.id, description, reservation, told);
    Ok((sending.credential, Some(Box::new(admitted))))
}

/// A request on its way to one of its provider's credentials.
struct Sending<'a> {
    origin: &'a Origin,
    ledger: &'a Ledger,
    provider: &'a Provider,
    bench: Arc<Bench>,
    /// The credentials that too little is left for.
    passed_over: Tried,
    credential: usize,
}

impl Sending<'_> {
    /// Holds what the request counts as. Where that is too much for a credential, it takes another.
    async fn hold(&mut self, description: &Description) -> Result<Reservation, Refusal> {
        let (origin, ledger) = (self.origin, self.ledger);
        let clearing = &origin.gateway.clearing;
        let (mut waiting, mut leasing) = (Waiting::default(), Leasing::default());
        let mut elsewhere: Vec<Denied> = Vec::new();
        loop {
            let settled = clearing.settled();
            let claims = self.claims(description);
            let denials = match ledger.reserve_or_tell(&claims, &Asked::default(), clearing.moment()) {
                Ok(reservation) => return Ok(reservation),
                Err(denials) => denials,
            };
            let (denials, is_known) =
                match leasing.turn(clearing, denials, |now| ledger.short(&claims, now)).await {
                    Turn::Again => continue,
                    Turn::Denied(denials) => (denials, true),
                    Turn::Unreachable(denials) => (denials, false),
                };
            leasing = Leasing::default();
            let denied = denials.soonest();
            if self.pass_over(&denials) {
                elsewhere.push(denied.clone());
                continue;
            }
            if !is_known {
                return Err(unreachable(origin, denied));
            }
            let soonest = Denials::of(denied.clone(), std::mem::take(&mut elsewhere));
            if !waiting.turn(origin, soonest.soonest(), settled).await {
                return Err(refused(origin, soonest.soonest(), &soonest.iter().collect::<Vec<_>>()));
            }
            self.passed_over = Tried::default();
        }
    }

    /// Takes another credential, where it was denied for this one only.
    fn pass_over(&mut self, denials: &Denials) -> bool {
        if !denials.iter().all(|denied| denied.allotment.selector.is_by_credential()) {
            return false;
        }
        self.passed_over.add(self.credential);
        let Some(next) = self.next() else { return false };
        self.credential = next;
        denials.iter().for_each(|denied| decided(self.origin, denied, Decided::PassedOver));
        true
    }

    /// The credential whose turn it is.
    fn next(&self) -> Option<usize> {
        let Self { origin, provider, bench, passed_over, .. } = self;
        let barred = untried(provider.name.as_str(), &origin.key).with(*passed_over);
        Some(bench.choose(barred, origin.gateway.uptime())?.index)
    }

    fn claims(&self, description: &Description) -> Claims {
        let Self { ledger, provider, credential, .. } = self;
        let credential = provider.credentials.get(*credential).map(|credential| credential.id.as_str());
        ledger.claims(description, &[Named { provider: provider.name.as_str(), model: None, credential }])
    }
}
