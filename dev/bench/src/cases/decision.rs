//! What it costs to choose among ten targets: the decision alone, in this process, with state behind locks as the data plane has it.

use std::collections::HashMap;
use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::anyhow;
use control::{DiskEnvironment, Loader};
use domain::{Failure, FailureClass, ProviderName, Route, Snapshot, Target};
use engine::breaker::{Stage, Turn};
use engine::credentials::{Bench, Tried};
use engine::{Guards, Load, Outlook, Seen, Walk, Watch};
use parking_lot::Mutex;

use super::{Compare, Measured, Unit};
use crate::report::median;
use crate::rig::{Rig, Subject};

const TARGETS: usize = 10;
/// A batch takes long enough for the clock, and there are enough of them for one that was disturbed not to count.
const BATCHES: usize = 50;
const DECISIONS_PER_BATCH: u32 = 2_000;
const STRATEGIES: [(&str, &str); 4] = [
    ("fallback", "mode: fallback"),
    ("by weight", "mode: loadbalance"),
    ("least busy", "mode: loadbalance, by: least_busy"),
    ("by latency", "mode: loadbalance, by: latency"),
];

pub(super) fn measure(_rig: &Rig, subject: &Subject<'_>) -> anyhow::Result<Measured> {
    let mut measured = Measured::default();
    if subject.contender.name() != "tollgate" {
        return Ok(measured);
    }
    for (name, strategy) in STRATEGIES {
        let snapshot = snapshot(strategy)?;
        let route = snapshot.routes.get("r").ok_or_else(|| anyhow!("the route is missing"))?;
        let world = World::of(&snapshot);
        measured.add(format!("{name} of ten"), micros_each(route, &world), Unit::Micros, Compare::Alone);
        world.shut_all_but_the_last(&snapshot);
        let resting = micros_each(route, &world);
        measured.add(format!("{name} of ten, nine of which rest"), resting, Unit::Micros, Compare::Alone);
    }
    Ok(measured)
}

fn micros_each(route: &Arc<Route>, world: &World) -> f64 {
    let batch = || {
        let began = Instant::now();
        for number in 0..DECISIONS_PER_BATCH {
            let mut view = View { world, random: u64::from(number) };
            let walk = Walk::start(Arc::clone(route), &mut |_| true, &mut view);
            black_box(walk.target());
        }
        began.elapsed().as_secs_f64() * 1e6 / f64::from(DECISIONS_PER_BATCH)
    };
    let batches: Vec<f64> = (0..BATCHES).map(|_| batch()).collect();
    median(&batches).unwrap_or_default()
}

fn snapshot(strategy: &str) -> anyhow::Result<Arc<Snapshot>> {
    let mut text = String::from("providers:\n");
    for number in 0..TARGETS {
        text += &format!(
            "  p{number}: {{base_url: 'http://127.0.0.1:1/v1', credentials: [a, b], endpoints: {{chat_completions: /c}}}}\n"
        );
    }
    text += &format!("routes: {{r: {{strategy: {{{strategy}}}, targets: [");
    for number in 0..TARGETS {
        text += &format!("{{target: p{number}/m}},");
    }
    text += "]}}\n";
    let loader = Loader::new("decision.yaml", Arc::new(DiskEnvironment(|_: &str| None)));
    Ok(loader.load_text(&text, 1)?.snapshot)
}

/// What is kept of every target.
struct World {
    snapshot: Arc<Snapshot>,
    targets: HashMap<ProviderName, Kept>,
}

struct Kept {
    target: Mutex<Seen>,
    provider: Mutex<Seen>,
    bench: Bench,
}

impl World {
    fn of(snapshot: &Arc<Snapshot>) -> Self {
        let kept = |bench| Kept { target: Mutex::default(), provider: Mutex::default(), bench };
        let providers = snapshot.providers.iter();
        let targets =
            providers.map(|provider| (provider.name.clone(), kept(Bench::new(provider.credentials.len()))));
        Self { snapshot: Arc::clone(snapshot), targets: targets.collect() }
    }

    fn shut_all_but_the_last(&self, snapshot: &Snapshot) {
        let failure = Failure::without_status(FailureClass::Provider, "");
        for provider in snapshot.providers.iter().take(TARGETS - 1) {
            let Some(kept) = self.targets.get(&provider.name) else { continue };
            for _ in 0..snapshot.route_defaults.breaker.consecutive_failures {
                Watch::begin(Guarding { world: self, kept }, false).failed(&failure);
            }
        }
    }
}

struct Guarding<'w> {
    world: &'w World,
    kept: &'w Kept,
}

impl Guards for Guarding<'_> {
    fn now(&self) -> Duration {
        NOW
    }

    fn policy(&self) -> &domain::BreakerPolicy {
        &self.world.snapshot.route_defaults.breaker
    }

    fn provider(&self) -> &str {
        ""
    }

    fn seen<R>(&self, stage: Stage, act: impl FnOnce(&mut Seen) -> R) -> Option<R> {
        let seen = match stage {
            Stage::Target => &self.kept.target,
            Stage::Provider => &self.kept.provider,
            // Nobody said where they are.
            Stage::Region => return None,
        };
        Some(act(&mut seen.lock()))
    }

    fn turned(&self, _stage: Stage, _was_closed: bool, _turn: Turn) {}
}

/// When everything happens.
const NOW: Duration = Duration::from_secs(1_000);

struct View<'w> {
    world: &'w World,
    random: u64,
}

impl Outlook for View<'_> {
    fn random(&mut self) -> u64 {
        self.random = self.random.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1);
        self.random
    }

    fn load(&mut self, target: &Target) -> Option<Load> {
        let kept = self.world.targets.get(&target.provider.name)?;
        let is_shut = |seen: &Mutex<Seen>| seen.lock().breaker.is_shut(NOW);
        let rests =
            is_shut(&kept.target) || is_shut(&kept.provider) || !kept.bench.has_fresh(Tried::default(), NOW);
        (!rests).then(|| kept.target.lock().load.at(NOW))
    }
}

#[cfg(test)]
mod tests {
    use super::{Arc, STRATEGIES, View, Walk, World, snapshot};

    #[test]
    fn what_is_measured_is_a_choice_of_one_that_is_well() {
        for (name, strategy) in STRATEGIES {
            let snapshot = snapshot(strategy).unwrap();
            let (route, world) = (&snapshot.routes["r"], World::of(&snapshot));
            world.shut_all_but_the_last(&snapshot);
            let mut view = View { world: &world, random: 1 };
            let walk = Walk::start(Arc::clone(route), &mut |_| true, &mut view);
            assert_eq!(walk.target().unwrap().provider.name.as_str(), "p9", "{name}");
        }
    }
}
