//! The state of a gateway that is not there: what the data plane keeps of targets, providers and credentials, on virtual time.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use domain::price::Tier;
use domain::provider::Provider;
use domain::{
    BreakerPolicy, CatalogModel, CredentialId, Limits, Money, RegionName, RetryBudgetPolicy, Route,
    RouteName, Snapshot, Target,
};
use engine::breaker::{Stage, Turn};
use engine::credentials::{Bench, Tried};
use engine::quota::is_shaped;
use engine::{Guards, Load, Outlook, RetryBudget, Seen};
use jiff::Timestamp;
use telemetry::cost::{Service, cost};

use crate::behaviour::{Account, Behaviour};
use crate::canaries::Canaries;
use crate::fault::Fault;
use crate::luck::Luck;
use crate::quotas::Shape;
use crate::scenario::{Scenario, model_at, provider_of};
use crate::traffic::Request;

/// What a provider answers beyond a quota.
const TOO_MANY_REQUESTS: u16 = 429;

/// Everything that is kept.
#[derive(Debug)]
pub(crate) struct Gateway {
    now: Cell<Duration>,
    /// What the clock said at the beginning.
    start: Timestamp,
    /// Whether any provider ever answers 429.
    pub(crate) may_be_limited: bool,
    pub(crate) limits: Limits,
    policy: BreakerPolicy,
    budget_policy: RetryBudgetPolicy,
    /// The retry budget of each saved route, and of all others together.
    budgets: RefCell<HashMap<Option<RouteName>, RetryBudget>>,
    pub(crate) canaries: Canaries,
    pub(crate) targets: Vec<TargetState>,
    providers: Vec<ProviderState>,
    regions: Vec<RegionState>,
    /// The place of each target, by provider and model.
    places: HashMap<String, HashMap<String, usize>>,
}

/// What is kept of a model at a provider.
#[derive(Debug)]
pub(crate) struct TargetState {
    /// `provider/model`.
    pub(crate) name: String,
    pub(crate) known: Option<Arc<CatalogModel>>,
    pub(crate) behaviour: Behaviour,
    /// Those that befall it.
    pub(crate) faults: Vec<Fault>,
    /// What its provider has left for each credential.
    pub(crate) accounts: RefCell<Vec<Account>>,
    /// What it would have, had every request been sent at once.
    pub(crate) foreseen_accounts: RefCell<Vec<Account>>,
    /// What the gateway knows of that, and who waits for it.
    pub(crate) shape: Shape,
    /// How often its breaker opened.
    pub(crate) openings: Cell<u64>,
    provider: usize,
    region: Option<usize>,
    seen: RefCell<Seen>,
}

/// What is kept of a provider, whatever the model.
#[derive(Debug)]
struct ProviderState {
    provider: Arc<Provider>,
    bench: Bench,
    seen: RefCell<Seen>,
    openings: Cell<u64>,
}

/// What is kept of a region, whatever the provider.
#[derive(Debug)]
struct RegionState {
    name: RegionName,
    seen: RefCell<Seen>,
    openings: Cell<u64>,
}

impl Gateway {
    /// A gateway that has only just started.
    pub(crate) fn new(snapshot: &Snapshot, scenario: &Scenario) -> Self {
        let mut gateway = Self {
            now: Cell::new(Duration::ZERO),
            start: scenario.traffic.start,
            may_be_limited: false,
            limits: snapshot.limits.clone(),
            policy: snapshot.route_defaults.breaker.clone(),
            budget_policy: snapshot.route_defaults.retry_budget.clone(),
            budgets: RefCell::default(),
            canaries: Canaries::default(),
            targets: Vec::new(),
            providers: Vec::new(),
            regions: Vec::new(),
            places: HashMap::new(),
        };
        for shape in scenario.traffic.shapes() {
            gateway.canaries.add(&shape.route);
            shape.route.root.for_each_target(&mut |target| {
                gateway.add(target, model_at(target, &shape.model), snapshot, scenario);
            });
        }
        gateway
    }

    fn add(&mut self, target: &Target, model: &str, snapshot: &Snapshot, scenario: &Scenario) {
        let whom = provider_of(target);
        let places = self.places.entry(whom.clone().into_owned()).or_default();
        let provider = match places.values().next() {
            Some(_) if places.contains_key(model) => return,
            Some(place) => self.targets[*place].provider,
            None => {
                self.providers.push(ProviderState::of(&target.provider));
                self.providers.len() - 1
            }
        };
        places.insert(model.to_owned(), self.targets.len());
        let region = target.region.as_ref().map(|region| self.region(region));
        let quota = target.provider.quota(model);
        let name = format!("{whom}/{model}");
        let behaviour = scenario.behaviours.of(&name);
        let account = behaviour.quota.map(Account::full);
        let accounts =
            account.map_or_else(Vec::new, |account| vec![account; target.credentials.len().max(1)]);
        let faults: Vec<_> = scenario.faults.iter().filter(|fault| fault.befalls(&name)).cloned().collect();
        self.may_be_limited |= !accounts.is_empty()
            || behaviour.error_status == TOO_MANY_REQUESTS
            || faults
                .iter()
                .any(|fault| fault.effect.limited.0 > 0.0 || fault.effect.errors.1 == TOO_MANY_REQUESTS);
        self.targets.push(TargetState {
            known: snapshot.catalog.find(target.provider.name.as_str(), model),
            faults,
            foreseen_accounts: RefCell::new(accounts.clone()),
            accounts: RefCell::new(accounts),
            shape: Shape::of(quota),
            openings: Cell::new(0),
            provider,
            region,
            seen: RefCell::default(),
            name,
            behaviour,
        });
    }

    /// The place of a region, which is kept from now on.
    fn region(&mut self, name: &RegionName) -> usize {
        self.regions.iter().position(|region| region.name == *name).unwrap_or_else(|| {
            let (name, seen, openings) = (name.clone(), RefCell::default(), Cell::new(0));
            self.regions.push(RegionState { name, seen, openings });
            self.regions.len() - 1
        })
    }

    /// The first attempt of a request on a route has an answer, or failed.
    pub(crate) fn earn(&self, route: &Route) {
        let mut budgets = self.budgets.borrow_mut();
        budgets.entry(route.name.clone()).or_default().earn(&self.budget_policy, self.now());
    }

    /// Whether the budget of a route has room for a further attempt, which is taken out of it.
    pub(crate) fn spend(&self, route: &Route) -> bool {
        let mut budgets = self.budgets.borrow_mut();
        budgets.entry(route.name.clone()).or_default().spend(&self.budget_policy, self.now())
    }

    pub(crate) fn now(&self) -> Duration {
        self.now.get()
    }

    /// What the clock says.
    pub(crate) fn clock(&self) -> Timestamp {
        self.start + self.now()
    }

    /// Time goes on.
    pub(crate) fn at(&self, now: Duration) {
        self.now.set(now);
    }

    /// What a request sees of its targets.
    pub(crate) fn view<'v>(&'v self, request: &'v Request, luck: &'v mut Luck) -> View<'v> {
        View { gateway: self, request, luck, is_blind: false }
    }

    /// The place of a target among [`Self::targets`].
    pub(crate) fn place(&self, target: &Target, asked: &str) -> usize {
        let models = self.places.get(&*provider_of(target));
        models.and_then(|models| models.get(model_at(target, asked))).copied().unwrap_or(0)
    }

    /// Where the health of a target's credentials is kept; nowhere for one that is written into the route.
    pub(crate) fn bench(&self, target: &Target, place: usize) -> Option<&Bench> {
        let provider = &self.providers[self.targets[place].provider];
        target.uses_credentials_of(&provider.provider).then_some(&provider.bench)
    }

    /// What is known of a target's quota, where a request is shaped by it.
    pub(crate) fn shape(&self, target: &Target, place: usize, request: &Request) -> Option<&Shape> {
        let state = &self.targets[place];
        let provider = &self.providers[state.provider].provider;
        is_shaped(request.shape.endpoint, target, provider).then_some(&state.shape)
    }

    /// The credentials that a request may be sent with to a target that is shaped: the preferred one, then those that it has not tried and
    /// that do not rest.
    pub(crate) fn credentials(
        &self,
        target: &Target,
        place: usize,
        chosen: (usize, Tried),
    ) -> Vec<CredentialId> {
        let bench = self.bench(target, place);
        bench
            .map(|bench| bench.in_turn(&target.credentials, chosen, self.now()).into_vec())
            .unwrap_or_default()
    }

    /// The time within which so many percent of a target's calls were answered of late; none while too few are known.
    pub(crate) fn quantile(&self, place: usize, percent: u32) -> Option<Duration> {
        self.targets[place].seen.borrow().times.quantile(percent)
    }

    /// How much of a target's quota is used, by what a request would take of it.
    fn used(&self, target: &Target, place: usize, request: &Request) -> u32 {
        let Some(shape) = self.shape(target, place, request).filter(|shape| shape.is_known()) else {
            return 0;
        };
        let rests =
            |index: &usize| self.bench(target, place).is_some_and(|bench| bench.rests(*index, self.now()));
        let awake = (0..target.credentials.len()).find(|index| !rests(index));
        let credentials = self.credentials(target, place, (awake.unwrap_or_default(), Tried::default()));
        let claim = &request.shape.claim;
        let cost = claim.cost(request.body_bytes);
        let used = shape.with(|shaper| shaper.used(&cost, claim.priority, &credentials, self.now()));
        used.unwrap_or(0)
    }

    /// How often breakers of whole providers and regions opened.
    pub(crate) fn wide_openings(&self) -> u64 {
        let of_providers = self.providers.iter().map(|provider| provider.openings.get());
        of_providers.chain(self.regions.iter().map(|region| region.openings.get())).sum()
    }

    /// Whether a breaker keeps calls from a target.
    fn is_shut(&self, target: &TargetState) -> bool {
        let is_shut = |seen: &RefCell<Seen>| seen.borrow().breaker.is_shut(self.now());
        let region = target.region.map(|place| &self.regions[place].seen);
        self.policy.enabled
            && [&target.seen, &self.providers[target.provider].seen].into_iter().chain(region).any(is_shut)
    }
}

impl ProviderState {
    fn of(provider: &Arc<Provider>) -> Self {
        Self {
            provider: Arc::clone(provider),
            bench: Bench::new(provider.credentials.len()),
            seen: RefCell::default(),
            openings: Cell::new(0),
        }
    }
}

/// What guards one target.
#[derive(Debug)]
pub(crate) struct Guarding {
    pub(crate) gateway: Rc<Gateway>,
    pub(crate) target: usize,
}

impl Guarding {
    fn at(&self, stage: Stage) -> Option<(&RefCell<Seen>, &Cell<u64>)> {
        let target = &self.gateway.targets[self.target];
        match stage {
            Stage::Target => Some((&target.seen, &target.openings)),
            Stage::Provider => {
                let provider = &self.gateway.providers[target.provider];
                Some((&provider.seen, &provider.openings))
            }
            Stage::Region => {
                let region = &self.gateway.regions[target.region?];
                Some((&region.seen, &region.openings))
            }
        }
    }
}

impl Guards for Guarding {
    fn now(&self) -> Duration {
        self.gateway.now()
    }

    fn policy(&self) -> &BreakerPolicy {
        &self.gateway.policy
    }

    fn provider(&self) -> &str {
        self.gateway.providers[self.gateway.targets[self.target].provider].provider.name.as_str()
    }

    fn seen<R>(&self, stage: Stage, act: impl FnOnce(&mut Seen) -> R) -> Option<R> {
        let (seen, _) = self.at(stage)?;
        Some(act(&mut seen.borrow_mut()))
    }

    fn turned(&self, stage: Stage, was_closed: bool, turn: Turn) {
        if let (true, Turn::Opened { .. }, Some((_, openings))) = (was_closed, turn, self.at(stage)) {
            openings.set(openings.get() + 1);
        }
    }
}

/// What the walk of a request sees of its targets.
pub(crate) struct View<'v> {
    pub(crate) gateway: &'v Gateway,
    pub(crate) request: &'v Request,
    pub(crate) luck: &'v mut Luck,
    /// Whether it sees nothing of quotas, as if every target had room.
    pub(crate) is_blind: bool,
}

impl View<'_> {
    /// What it sees of quotas at a target: how much is used; none where all of its credentials rest.
    fn used(&self, target: &Target, place: usize) -> Option<u32> {
        if self.is_blind {
            return Some(0);
        }
        let bench = self.gateway.bench(target, place).filter(|_| !target.credentials.is_empty());
        let rests = bench.is_some_and(|bench| !bench.has_fresh(Tried::default(), self.gateway.now()));
        (!rests).then(|| self.gateway.used(target, place, self.request))
    }
}

impl Outlook for View<'_> {
    fn random(&mut self) -> u64 {
        self.luck.bits()
    }

    fn load(&mut self, target: &Target) -> Option<Load> {
        let place = self.gateway.place(target, &self.request.shape.model);
        let state = &self.gateway.targets[place];
        if self.gateway.is_shut(state) {
            return None;
        }
        let used = self.used(target, place)?;
        Some(state.seen.borrow().load.at(self.gateway.now()).with_used(used))
    }

    fn cost(&mut self, target: &Target) -> Option<Money> {
        let state = &self.gateway.targets[self.gateway.place(target, &self.request.shape.model)];
        let usage = state.seen.borrow().habit.foretold(self.request.input_tokens);
        let service = Service { tier: Tier::Standard, unix_seconds: self.gateway.clock().as_second() };
        cost(&usage, &state.known.as_ref()?.prices, service).ok().map(|cost| cost.total)
    }
}
