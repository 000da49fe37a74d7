//! The state of a gateway that is not there: what the data plane keeps of targets, providers and credentials, on virtual time.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use domain::price::Tier;
use domain::provider::Provider;
use domain::{
    BreakerPolicy, CatalogModel, Money, RegionName, RetryBudgetPolicy, Route, RouteName, Snapshot, Target,
};
use engine::breaker::{Stage, Turn};
use engine::credentials::{Bench, Tried};
use engine::{Guards, Load, Outlook, RetryBudget, Seen};
use telemetry::cost::{Service, cost};

use crate::behaviour::{Account, Behaviour};
use crate::canaries::Canaries;
use crate::fault::Fault;
use crate::luck::Luck;
use crate::scenario::{Scenario, model_at, provider_of};
use crate::traffic::Request;

/// Everything that is kept.
#[derive(Debug)]
pub(crate) struct Gateway {
    now: Cell<Duration>,
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
    /// What is left to each credential.
    pub(crate) accounts: RefCell<Vec<Account>>,
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
        let name = format!("{whom}/{model}");
        let behaviour = scenario.behaviours.of(&name);
        let account = behaviour.quota.map(Account::full);
        self.targets.push(TargetState {
            known: snapshot.catalog.find(target.provider.name.as_str(), model),
            faults: scenario.faults.iter().filter(|fault| fault.befalls(&name)).cloned().collect(),
            accounts: RefCell::new(
                account.map_or_else(Vec::new, |account| vec![account; target.credentials.len().max(1)]),
            ),
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

    /// Time goes on.
    pub(crate) fn at(&self, now: Duration) {
        self.now.set(now);
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
    /// What the clock said at the beginning, in seconds since 1970.
    pub(crate) start_seconds: i64,
    pub(crate) luck: &'v mut Luck,
    /// Whether a target was passed over whose credentials had all been told to wait.
    pub(crate) spared: &'v mut bool,
}

impl Outlook for View<'_> {
    fn random(&mut self) -> u64 {
        self.luck.bits()
    }

    fn load(&mut self, target: &Target) -> Option<Load> {
        let now = self.gateway.now();
        let place = self.gateway.place(target, &self.request.shape.model);
        let state = &self.gateway.targets[place];
        let bench = self.gateway.bench(target, place).filter(|_| !target.credentials.is_empty());
        if bench.is_some_and(|bench| !bench.has_fresh(Tried::default(), now)) {
            *self.spared = true;
            return None;
        }
        (!self.gateway.is_shut(state)).then(|| state.seen.borrow().load.at(now))
    }

    fn cost(&mut self, target: &Target) -> Option<Money> {
        let state = &self.gateway.targets[self.gateway.place(target, &self.request.shape.model)];
        let usage = state.seen.borrow().habit.foretold(self.request.input_tokens);
        let elapsed = i64::try_from(self.gateway.now().as_secs()).unwrap_or(i64::MAX);
        let unix_seconds = self.start_seconds.saturating_add(elapsed);
        let service = Service { tier: Tier::Standard, unix_seconds };
        cost(&usage, &state.known.as_ref()?.prices, service).ok().map(|cost| cost.total)
    }
}
