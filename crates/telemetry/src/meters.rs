//! The metrics, prepared so that a request only touches atomics.

mod canaries;
mod keeping;
mod records;
mod region;
mod spending;

use std::collections::HashMap;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, OnceLock};

use domain::{Endpoint, FailureClass, Money, Priority, ProviderName, RegionName, Usage};
use parking_lot::{Mutex, RwLock};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

use crate::cost::Unpriced;
use crate::events::{HedgeOutcome, ResumeOutcome};
use records::RecordMeters;
use region::RegionFamilies;

pub use canaries::CanaryMeters;
pub use region::RegionMeters;
pub use spending::{BudgetMeters, BudgetSpending, SpendingMeters, WebhookMeters};

/// Most models of one provider with series of their own; later ones count as `other`, so that a client that invents
/// names cannot fill the memory.
const MODELS_MAX: usize = 500;

/// From a fast cache to a long reasoning run.
const DURATION_BUCKETS: [f64; 14] =
    [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 120.0, 600.0];

/// Tollgate's own share of a request.
const OVERHEAD_BUCKETS: [f64; 10] =
    [0.000_01, 0.000_025, 0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.005, 0.025, 0.1];

/// How a request ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(usize)]
pub enum Outcome {
    /// The client has a whole answer, be it the provider's refusal of a wrong request.
    Done = 0,
    /// No target could answer, or a stream broke off.
    Failed = 1,
    /// The client left.
    Cancelled = 2,
}

/// How many outcomes there are; `outcome as usize` indexes as many places.
const OUTCOMES: usize = 3;

impl Outcome {
    /// The label value.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }
}

/// The operation's label: an endpoint's name, or `passthrough`.
#[must_use]
pub fn operation_name(endpoint: Option<Endpoint>) -> &'static str {
    endpoint.map_or("passthrough", Endpoint::name)
}

const OPERATIONS: usize = Endpoint::ALL.len() + 1;

fn operation_number(endpoint: Option<Endpoint>) -> usize {
    endpoint.map_or(Endpoint::ALL.len(), |endpoint| endpoint as usize)
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    provider: String,
    operation: &'static str,
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OperationLabels {
    provider: String,
    operation: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct FailureLabels {
    provider: String,
    class: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct LackLabels {
    provider: String,
    lack: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ProviderLabels {
    provider: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct PriorityLabels {
    provider: String,
    priority: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct TokenLabels {
    provider: String,
    model: String,
    kind: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ModelLabels {
    provider: String,
    model: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct CodeLabels {
    pub(crate) code: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct ReloadLabels {
    pub(crate) outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct SecretFetchLabels {
    /// The kind of vault, as references begin.
    pub(crate) vault: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OutcomeLabels {
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct AllotmentLabels {
    pub(crate) allotment: String,
    pub(crate) decision: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct MirrorLabels {
    provider: String,
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ProbeLabels {
    provider: String,
    outcome: &'static str,
}

#[derive(Debug, Clone)]
struct Families {
    requests: Family<RequestLabels, Counter>,
    duration: Family<OperationLabels, Histogram, fn() -> Histogram>,
    first_token: Family<OperationLabels, Histogram, fn() -> Histogram>,
    failures: Family<FailureLabels, Counter>,
    passed_over: Family<LackLabels, Counter>,
    breakers_open: Family<ProviderLabels, Gauge>,
    breaker_openings: Family<ProviderLabels, Counter>,
    breaker_bypasses: Family<ProviderLabels, Counter>,
    active_probes: Family<ProbeLabels, Counter>,
    queue_length: Family<ProviderLabels, Gauge>,
    queue_wait: Family<PriorityLabels, Histogram, fn() -> Histogram>,
    over_quota: Family<PriorityLabels, Counter>,
    tokens: Family<TokenLabels, Counter>,
    cost: Family<ModelLabels, Dollars>,
    unpriced: Family<ModelLabels, Counter>,
    mirrored: Family<MirrorLabels, Counter>,
    mirrored_tokens: Family<TokenLabels, Counter>,
    mirrored_cost: Family<ModelLabels, Dollars>,
}

/// A sum of US dollars. Metrics are floating point; the exact amounts are in the answers' headers and in the log.
type Dollars = Counter<f64, AtomicU64>;

/// Every metric of the process.
#[derive(Debug)]
pub struct Meters {
    pub(crate) registry: Mutex<Registry>,
    families: Families,
    regions: RegionFamilies,
    providers: Mutex<HashMap<ProviderName, Arc<ProviderMeters>>>,
    pub(crate) refusals: Family<CodeLabels, Counter>,
    /// By the names of the configuration, which clients cannot choose.
    pub(crate) allotments: Family<AllotmentLabels, Counter>,
    /// Money.
    pub spending: SpendingMeters,
    pub(crate) reloads: Family<ReloadLabels, Counter>,
    pub(crate) overhead: Histogram,
    pub(crate) rescued: Counter,
    pub(crate) retries_stopped: Counter,
    hedges: Family<OutcomeLabels, Counter>,
    resumes: Family<OutcomeLabels, Counter>,
    /// How far canaries are.
    pub canaries: CanaryMeters,
    pub(crate) answers_not_kept: Counter,
    pub(crate) store_failures: Counter,
    pub(crate) shared_state_failing: Gauge,
    pub(crate) secret_fetch_failures: Family<SecretFetchLabels, Counter>,
    pub(crate) stale_secrets: Gauge,
    pub(crate) registry_failing: Gauge,
    pub(crate) registry_snapshot_failing: Gauge,
    pub(crate) records: RecordMeters,
    /// Requests being served.
    pub in_flight: Gauge,
    /// Bytes of request bodies and held answers in memory.
    pub in_flight_bytes: Gauge,
    /// Open client connections.
    pub connections: Gauge,
    /// The generation of the configuration in force.
    pub generation: Gauge,
}

fn duration_histogram() -> Histogram {
    Histogram::new(DURATION_BUCKETS)
}

impl Families {
    fn register_breakers(&self, registry: &mut Registry) {
        let open = "Circuit breakers that are open, or probe whether they may close";
        registry.register("breakers_open", open, self.breakers_open.clone());
        let openings = "Times that a circuit breaker opened";
        registry.register("breaker_openings", openings, self.breaker_openings.clone());
        let bypasses =
            "Calls that were made although a circuit breaker was open, since nothing better was left";
        registry.register("breaker_bypasses", bypasses, self.breaker_bypasses.clone());
        let probes = "Calls of Tollgate's own that were to find out whether a target is well";
        registry.register("active_probes", probes, self.active_probes.clone());
    }

    fn register_copies(&self, registry: &mut Registry) {
        let copies = "Copies of requests, by the provider that got them and what became of them";
        registry.register("mirrored_requests", copies, self.mirrored.clone());
        let tokens = "Tokens that providers reported for copies";
        registry.register("mirrored_tokens", tokens, self.mirrored_tokens.clone());
        let cost = "What copies cost, as far as the catalogue has prices";
        let usd = Unit::Other("usd".to_owned());
        registry.register_with_unit("mirrored_cost", cost, usd, self.mirrored_cost.clone());
    }
}

impl Meters {
    pub(crate) fn new() -> Self {
        let meters = Self {
            registry: Mutex::new(Registry::with_prefix("tollgate")),
            families: Families {
                duration: Family::new_with_constructor(duration_histogram),
                first_token: Family::new_with_constructor(duration_histogram),
                requests: Family::default(),
                failures: Family::default(),
                passed_over: Family::default(),
                breakers_open: Family::default(),
                breaker_openings: Family::default(),
                breaker_bypasses: Family::default(),
                active_probes: Family::default(),
                queue_length: Family::default(),
                queue_wait: Family::new_with_constructor(duration_histogram),
                over_quota: Family::default(),
                tokens: Family::default(),
                cost: Family::default(),
                unpriced: Family::default(),
                mirrored: Family::default(),
                mirrored_tokens: Family::default(),
                mirrored_cost: Family::default(),
            },
            regions: RegionFamilies::default(),
            providers: Mutex::default(),
            refusals: Family::default(),
            allotments: Family::default(),
            spending: SpendingMeters::default(),
            reloads: Family::default(),
            overhead: Histogram::new(OVERHEAD_BUCKETS),
            rescued: Counter::default(),
            retries_stopped: Counter::default(),
            hedges: Family::default(),
            resumes: Family::default(),
            canaries: CanaryMeters::default(),
            answers_not_kept: Counter::default(),
            store_failures: Counter::default(),
            shared_state_failing: Gauge::default(),
            secret_fetch_failures: Family::default(),
            stale_secrets: Gauge::default(),
            registry_failing: Gauge::default(),
            registry_snapshot_failing: Gauge::default(),
            records: RecordMeters::default(),
            in_flight: Gauge::default(),
            in_flight_bytes: Gauge::default(),
            connections: Gauge::default(),
            generation: Gauge::default(),
        };
        meters.register();
        meters
    }

    fn register(&self) {
        let mut registry = self.registry.lock();
        let families = &self.families;
        registry.register(
            "requests",
            "Requests by provider, operation and outcome",
            families.requests.clone(),
        );
        let duration = "Time from the request's head to the end of its answer";
        registry.register_with_unit("request_duration", duration, Unit::Seconds, families.duration.clone());
        let first_token = "Time from the request's head to the first content of a stream";
        registry.register_with_unit("first_token", first_token, Unit::Seconds, families.first_token.clone());
        registry.register(
            "attempt_failures",
            "Failed attempts by provider and class",
            families.failures.clone(),
        );
        registry.register(
            "targets_passed_over",
            "Targets that were not called, by provider and what they lack",
            families.passed_over.clone(),
        );
        families.register_breakers(&mut registry);
        self.regions.register(&mut registry);
        let length = "Requests that wait for a provider's quota";
        registry.register("queue_length", length, families.queue_length.clone());
        let wait = "Time that requests waited for a provider's quota";
        registry.register_with_unit("queue_wait", wait, Unit::Seconds, families.queue_wait.clone());
        let over = "Requests for which a provider's quota had no place in time";
        registry.register("over_quota_requests", over, families.over_quota.clone());
        registry.register("tokens", "Tokens that providers reported", families.tokens.clone());
        let cost = "What requests cost, as far as the catalogue has prices";
        registry.register_with_unit("cost", cost, Unit::Other("usd".to_owned()), families.cost.clone());
        let unpriced = "Requests whose cost is not known";
        registry.register("unpriced_requests", unpriced, families.unpriced.clone());
        families.register_copies(&mut registry);
        self.spending.register(&mut registry);
        registry.register("refusals", "Requests that Tollgate refused, by error code", self.refusals.clone());
        let allotments =
            "Requests for which a limit or a budget decided something, and thresholds that budgets passed";
        registry.register("allotment_decisions", allotments, self.allotments.clone());
        registry.register("config_reloads", "Configuration loads by outcome", self.reloads.clone());
        let overhead = "Tollgate's own share of a request, upstream waits taken off";
        registry.register_with_unit("overhead", overhead, Unit::Seconds, self.overhead.clone());
        registry.register(
            "rescued_requests",
            "Requests answered although an attempt failed",
            self.rescued.clone(),
        );
        let stopped = "Attempts that were not made because a retry budget was spent";
        registry.register("retries_stopped", stopped, self.retries_stopped.clone());
        let hedges = "Second calls beside slow ones, by what became of them";
        registry.register("hedges", hedges, self.hedges.clone());
        let resumes = "Streams that broke off and could be gone on with, by what became of them";
        registry.register("resumed_streams", resumes, self.resumes.clone());
        self.canaries.register(&mut registry);
        self.register_keeping(&mut registry);
        self.records.register(&mut registry);
        registry.register("requests_in_flight", "Requests being served", self.in_flight.clone());
        let bytes = "Request bodies and held answers in memory";
        registry.register_with_unit("in_flight", bytes, Unit::Bytes, self.in_flight_bytes.clone());
        registry.register("connections", "Open client connections", self.connections.clone());
        registry.register("config_generation", "Configuration in force", self.generation.clone());
    }

    /// Counts a second call that has ended, or was not allowed.
    pub fn hedge_ended(&self, outcome: HedgeOutcome) {
        self.hedges.get_or_create(&OutcomeLabels { outcome: outcome.name() }).inc();
    }

    /// Counts a stream that broke off and could be gone on with.
    pub(crate) fn stream_resumed(&self, outcome: ResumeOutcome) {
        self.resumes.get_or_create(&OutcomeLabels { outcome: outcome.name() }).inc();
    }

    pub(crate) fn region(&self, name: &RegionName) -> RegionMeters {
        self.regions.of(name)
    }

    pub(crate) fn provider(&self, name: &ProviderName) -> Arc<ProviderMeters> {
        let mut providers = self.providers.lock();
        let meters = providers
            .entry(name.clone())
            .or_insert_with(|| Arc::new(ProviderMeters::new(name.clone(), self.families.clone())));
        Arc::clone(meters)
    }
}

/// The counters of one provider, made when first needed and then found without a lookup.
#[derive(Debug)]
pub struct ProviderMeters {
    name: ProviderName,
    families: Families,
    requests: [[OnceLock<Counter>; OUTCOMES]; OPERATIONS],
    duration: [OnceLock<Histogram>; OPERATIONS],
    first_token: [OnceLock<Histogram>; OPERATIONS],
    models: RwLock<HashMap<String, Arc<ModelMeters>>>,
}

/// Counters of one model: tokens, dollars, and requests without a cost.
#[derive(Debug)]
struct ModelMeters {
    input: Counter,
    output: Counter,
    cached_input: Counter,
    reasoning: Counter,
    cost: Dollars,
    unpriced: Counter,
}

impl ProviderMeters {
    fn new(name: ProviderName, families: Families) -> Self {
        Self {
            name,
            families,
            requests: [const { [const { OnceLock::new() }; OUTCOMES] }; OPERATIONS],
            duration: [const { OnceLock::new() }; OPERATIONS],
            first_token: [const { OnceLock::new() }; OPERATIONS],
            models: RwLock::default(),
        }
    }

    /// The provider's name.
    #[must_use]
    pub fn name(&self) -> &ProviderName {
        &self.name
    }

    pub(crate) fn ended(&self, endpoint: Option<Endpoint>, outcome: Outcome, seconds: f64) {
        let number = operation_number(endpoint);
        let operation = operation_name(endpoint);
        let provider = || self.name.to_string();
        if let Some(slot) = self.requests.get(number).and_then(|outcomes| outcomes.get(outcome as usize)) {
            let labels = || RequestLabels { provider: provider(), operation, outcome: outcome.name() };
            slot.get_or_init(|| self.families.requests.get_or_create_owned(&labels())).inc();
        }
        if let Some(slot) = self.duration.get(number) {
            let labels = || OperationLabels { provider: provider(), operation };
            slot.get_or_init(|| self.families.duration.get_or_create_owned(&labels())).observe(seconds);
        }
    }

    pub(crate) fn first_token(&self, endpoint: Option<Endpoint>, seconds: f64) {
        if let Some(slot) = self.first_token.get(operation_number(endpoint)) {
            let labels =
                || OperationLabels { provider: self.name.to_string(), operation: operation_name(endpoint) };
            slot.get_or_init(|| self.families.first_token.get_or_create_owned(&labels())).observe(seconds);
        }
    }

    pub(crate) fn attempt_failed(&self, class: FailureClass) {
        let labels = FailureLabels { provider: self.name.to_string(), class: class.name() };
        self.families.failures.get_or_create(&labels).inc();
    }

    pub(crate) fn passed_over(&self, lack: &'static str) {
        let labels = LackLabels { provider: self.name.to_string(), lack };
        self.families.passed_over.get_or_create(&labels).inc();
    }

    pub(crate) fn breaker_turned(&self, was_closed: bool, is_open: bool) {
        let labels = ProviderLabels { provider: self.name.to_string() };
        if is_open {
            self.families.breaker_openings.get_or_create(&labels).inc();
        }
        let open = self.families.breakers_open.get_or_create(&labels);
        match (was_closed, is_open) {
            (true, true) => open.inc(),
            (false, false) => open.dec(),
            _ => return,
        };
    }

    pub(crate) fn probed(&self, outcome: &'static str) {
        let labels = ProbeLabels { provider: self.name.to_string(), outcome };
        self.families.active_probes.get_or_create(&labels).inc();
    }

    pub(crate) fn breaker_bypassed(&self) {
        let labels = ProviderLabels { provider: self.name.to_string() };
        self.families.breaker_bypasses.get_or_create(&labels).inc();
    }

    /// A breaker that is open is forgotten, for want of calls.
    pub fn breaker_forgotten(&self) {
        self.breaker_turned(false, false);
    }

    /// A request waits for a quota.
    pub fn queue_joined(&self) {
        self.queue_length().inc();
    }

    /// A request waits no more.
    pub fn queue_left(&self) {
        self.queue_length().dec();
    }

    fn queue_length(&self) -> Gauge {
        let labels = ProviderLabels { provider: self.name.to_string() };
        self.families.queue_length.get_or_create_owned(&labels)
    }

    pub(crate) fn queued(&self, priority: Priority, seconds: f64, is_refused: bool) {
        let labels = PriorityLabels { provider: self.name.to_string(), priority: priority.name() };
        if is_refused {
            self.families.over_quota.get_or_create(&labels).inc();
        } else {
            self.families.queue_wait.get_or_create(&labels).observe(seconds);
        }
    }

    /// Counts a copy of a request, or one that was not made.
    pub fn mirrored(&self, outcome: &'static str) {
        let labels = MirrorLabels { provider: self.name.to_string(), outcome };
        self.families.mirrored.get_or_create(&labels).inc();
    }

    pub(crate) fn mirror_used(&self, model: &str, usage: &Usage, cost: Option<Result<Money, Unpriced>>) {
        let (provider, model) = (self.name.to_string(), model.to_owned());
        for (kind, tokens) in [("input", usage.input_tokens), ("output", usage.output_tokens)] {
            if let Some(tokens) = tokens {
                let labels = TokenLabels { provider: provider.clone(), model: model.clone(), kind };
                self.families.mirrored_tokens.get_or_create(&labels).inc_by(tokens);
            }
        }
        if let Some(Ok(cost)) = cost {
            self.families.mirrored_cost.get_or_create(&ModelLabels { provider, model }).inc_by(dollars(cost));
        }
    }

    pub(crate) fn used(&self, model: &str, usage: &Usage, cost: Option<Result<Money, Unpriced>>) {
        let meters = self.model(model);
        let add = |counter: &Counter, tokens: Option<u64>| {
            if let Some(tokens) = tokens {
                counter.inc_by(tokens);
            }
        };
        add(&meters.input, usage.input_tokens);
        add(&meters.output, usage.output_tokens);
        add(&meters.cached_input, usage.cached_input_tokens);
        add(&meters.reasoning, usage.reasoning_tokens);
        match cost {
            Some(Ok(cost)) => {
                meters.cost.inc_by(dollars(cost));
            }
            Some(Err(_)) => {
                meters.unpriced.inc();
            }
            None => {}
        }
    }

    fn model(&self, model: &str) -> Arc<ModelMeters> {
        if let Some(meters) = self.models.read().get(model) {
            return Arc::clone(meters);
        }
        let mut models = self.models.write();
        let name = if models.len() < MODELS_MAX { model } else { "other" };
        let meters = models.entry(name.to_owned()).or_insert_with(|| Arc::new(self.model_meters(name)));
        Arc::clone(meters)
    }

    fn model_meters(&self, model: &str) -> ModelMeters {
        let counter = |kind| {
            let labels = TokenLabels { provider: self.name.to_string(), model: model.to_owned(), kind };
            self.families.tokens.get_or_create_owned(&labels)
        };
        let labels = ModelLabels { provider: self.name.to_string(), model: model.to_owned() };
        ModelMeters {
            input: counter("input"),
            output: counter("output"),
            cached_input: counter("cached_input"),
            reasoning: counter("reasoning"),
            cost: self.families.cost.get_or_create_owned(&labels),
            unpriced: self.families.unpriced.get_or_create_owned(&labels),
        }
    }
}

/// The nearest floating-point number.
fn dollars(cost: Money) -> f64 {
    cost.pico_usd() as f64 / 1e12
}
