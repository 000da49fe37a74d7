//! Active probes: calls of Tollgate's own to targets that rest. Each goes the way of any other request, so that whoever keeps the
//! health and the quota of its target hears of it as of any other; it belongs to no client's key.

use std::collections::HashMap;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use domain::probe::ProbedTarget;
use domain::quota::Standing;
use domain::route::{RetryPolicy, RouteDefaults};
use domain::{ApiKey, Endpoint, ErrorCode, Priority, Provider, RequestId, Route};
use engine::route::direct;
use fleet::health::Resting;
use http::{HeaderMap, Response, Uri};
use http_body_util::BodyExt;
use serde_json::json;
use telemetry::events::ProbeEnded;
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::Instant;
use wire::json::{Document, ScanLimits};

use crate::answer::AnswerBody;
use crate::attempt::{Call, dispatch};
use crate::ending::Origin;
use crate::gateway::{Gateway, Readiness};
use crate::ingress::{ReadBody, client_shape};
use crate::pinned::Pinned;
use crate::refusal::Refusal;
use crate::stack::assemble;

/// What the requests of probes are logged under.
const KEY: &str = "active-probe";
/// What a probe asks for; the path says in which format.
const PATH: &str = "/v1/chat/completions";
/// Probes begin within this part of the time between two looks, so that not all begin at once.
const SPREAD: u32 = 10;

impl Gateway {
    /// Calls the targets that `defaults.active_probes` names, as long as they have to be, until the gateway drains.
    pub async fn probe_targets(self: Arc<Self>) {
        while self.readiness() == Readiness::Ready {
            let pinned = self.pin();
            let policy = &pinned.snapshot.route_defaults.probes;
            let mut probes = Probes::default();
            if policy.targets.is_empty() {
                self.changed().await;
                continue;
            }
            // What is under way ends with the configuration that asked for it.
            tokio::select! {
                () = self.changed() => {}
                () = probes.run(&self, &pinned, policy.every) => {}
            }
        }
    }
}

/// The probes under way, at most one of each target. Dropping them ends them.
#[derive(Default)]
struct Probes {
    calls: JoinSet<()>,
    latest: HashMap<usize, AbortHandle>,
}

impl Probes {
    async fn run(&mut self, gateway: &Arc<Gateway>, pinned: &Arc<Pinned>, every: Duration) {
        let policy = &pinned.snapshot.route_defaults.probes;
        loop {
            tokio::time::sleep(every).await;
            while self.calls.try_join_next().is_some() {}
            for (place, probed) in policy.targets.iter().enumerate() {
                let is_under_way = self.latest.get(&place).is_some_and(|call| !call.is_finished());
                if let Some(probe) = Probe::due(gateway, pinned, probed).filter(|_| !is_under_way) {
                    let share = u32::try_from(gateway.random() >> 32).unwrap_or(0);
                    let wait = (every / SPREAD).mul_f64(f64::from(share) / f64::from(u32::MAX));
                    let call = self.calls.spawn(async move {
                        tokio::time::sleep(wait).await;
                        probe.make().await;
                    });
                    self.latest.insert(place, call);
                }
            }
        }
    }
}

/// One call that has to be made.
struct Probe {
    gateway: Arc<Gateway>,
    pinned: Arc<Pinned>,
    provider: Arc<Provider>,
    model: String,
    route: Arc<Route>,
}

impl Probe {
    /// The probe of a target, when it is time for one and its provider is live.
    fn due(gateway: &Arc<Gateway>, pinned: &Arc<Pinned>, probed: &ProbedTarget) -> Option<Self> {
        let defaults = &pinned.snapshot.route_defaults;
        let provider = pinned.snapshot.provider(probed.provider.as_str())?;
        let once = RouteDefaults { retry: RetryPolicy::default(), ..defaults.clone() };
        let route = direct(provider, probed.model.clone(), &once);
        let mut is_due = false;
        route.root.for_each_target(&mut |target| {
            is_due = match gateway.health.resting(target, probed.model.as_str(), gateway.uptime()) {
                Resting::Not => defaults.probes.always,
                Resting::Still => false,
                Resting::Over => defaults.breaker.enabled,
            };
        });
        is_due.then(|| Self {
            gateway: Arc::clone(gateway),
            pinned: Arc::clone(pinned),
            provider: Arc::clone(provider),
            model: probed.model.as_str().to_owned(),
            route: Arc::new(route),
        })
    }

    async fn make(self) {
        let began = Instant::now();
        let answered = match self.call() {
            Ok(call) => dispatch(call, Arc::clone(&self.route)).await.ok(),
            Err(_) => None,
        };
        let is_answered = match answered {
            Some(response) => response.status().is_success() && is_whole(response).await,
            None => false,
        };
        let state = self.pinned.state(&self.provider);
        let (provider, model, took) = (&*state.meters, &*self.model, began.elapsed());
        ProbeEnded { provider, model, is_answered, took }.emit(&self.gateway.telemetry);
    }

    fn call(&self) -> Result<Box<Call>, Refusal> {
        let Self { gateway, pinned, provider, model, .. } = self;
        let limit = if provider.chat.of_openai { "max_completion_tokens" } else { "max_tokens" };
        let body = json!({"model": model, "messages": [{"role": "user", "content": "ping"}], limit: 1});
        let document = Document::parse(Bytes::from(body.to_string()), ScanLimits::default())
            .map_err(|error| Refusal::new(ErrorCode::Internal, error.to_string()))?;
        let (uri, headers) = (Uri::from_static(PATH), HeaderMap::new());
        let origin = Origin {
            gateway: Arc::clone(gateway),
            id: RequestId::from_random(gateway.random(), gateway.random()),
            key: Arc::new(key()),
            endpoint: Some(Endpoint::ChatCompletions),
            shape: client_shape(PATH, &headers),
            started: Instant::now(),
        };
        let read = ReadBody { document, form: None, hold: gateway.budget.hold(), waited: Duration::ZERO };
        assemble(origin, Arc::clone(pinned), (Endpoint::ChatCompletions, None), (uri, headers), read)
    }
}

/// Nobody's: it takes of a quota what everybody else leaves.
fn key() -> ApiKey {
    let standing = Standing { priority: Priority::Batch, ..Standing::default() };
    ApiKey { standing, ..ApiKey::new(KEY, Arc::default()) }
}

/// Reads an answer to its end, so that its end is told.
async fn is_whole(response: Response<AnswerBody>) -> bool {
    let mut body = pin!(response.into_body());
    loop {
        match body.frame().await {
            Some(Ok(_)) => {}
            Some(Err(_)) => return false,
            None => return true,
        }
    }
}
