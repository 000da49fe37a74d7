//! How a node with several targets chooses: its mode, statuses, weights and stickiness, checked.

use std::collections::BTreeSet;
use std::sync::Arc;

use domain::mirror::Mirror;
use domain::race::{Patience, Race};
use domain::route::{Balance, Branches, RouteNode, Turns};

use super::super::member;
use super::super::spec::{BalanceSpec, RouteSpec, StrategyMode, StrategySpec};
use super::canary::Trying;
use super::conditional::Choice;
use super::sticky::Binding;
use super::{Compiler, Place};

/// Weights are kept as whole numbers; this many make up a weight of 1 where any weight has decimals.
const WEIGHT_SCALE: f64 = 1000.0;
const WEIGHT_MAX: f64 = 10_000.0;

/// Most second calls of a race that says nothing else, in percent.
const RACE_SHARE_PERCENT: u32 = 10;

/// A strategy that is known to fit its targets.
pub(super) enum Strategy {
    Single,
    Fallback { on_status_codes: Option<BTreeSet<u16>> },
    LoadBalance { by: Balance, weights: Vec<u32> },
    Conditional(Choice),
    Sticky { weights: Vec<u32>, binding: Binding },
    Race(Race),
    Mirror(Mirror),
    Canary(Trying),
}

impl Strategy {
    /// The node over these children, which are as many as the targets that the strategy was made for.
    pub(super) fn node(self, children: Vec<RouteNode>) -> Option<RouteNode> {
        match self {
            Self::Single => children.into_iter().next().map(|child| RouteNode::Single(Box::new(child))),
            Self::Fallback { on_status_codes } => Some(RouteNode::Fallback { on_status_codes, children }),
            Self::LoadBalance { by, weights } => {
                Some(RouteNode::LoadBalance { by, children: weights.into_iter().zip(children).collect() })
            }
            Self::Conditional(Choice { conditions, likeness, default }) => {
                Some(RouteNode::Conditional(Branches { conditions, likeness, default, children }))
            }
            Self::Race(race) => Some(RouteNode::Race { race, children }),
            Self::Mirror(mirror) => {
                let mut children = children.into_iter();
                let child = Box::new(children.next()?);
                let copies = children.filter_map(|copy| match copy {
                    RouteNode::Target(target) => Some(target),
                    _ => None,
                });
                Some(RouteNode::Mirror { mirror, child, copies: copies.collect() })
            }
            Self::Canary(trying) => trying.over(children),
            Self::Sticky { weights, binding } => {
                Some(RouteNode::Sticky(binding.over(weights.into_iter().zip(children))))
            }
        }
    }
}

impl Compiler<'_> {
    pub(super) fn strategy(
        &mut self,
        spec: &RouteSpec,
        targets: &[RouteSpec],
        place: &Place,
    ) -> Option<Strategy> {
        if targets.is_empty() {
            self.report(place.member("targets"), "there must be at least one target");
            return None;
        }
        let lone = (targets.len() == 1).then_some(StrategyMode::Single);
        let Some(mode) = spec.strategy.as_ref().map(|strategy| strategy.mode).or(lone) else {
            let message = "say how to choose among the targets: `strategy: {mode: fallback}`, `race`, `loadbalance`, `conditional`, `classifier` or `canary`";
            self.report(place.member("strategy"), message);
            return None;
        };
        let statuses = self.fallback_statuses(spec, place);
        if statuses.is_some() && mode != StrategyMode::Fallback {
            let message = "statuses move on to the next target only with `mode: fallback`; for retries write `retry.on_status_codes`";
            self.report(statuses_path(spec, place), message);
        }
        self.refuse_members_of_others(spec.strategy.as_ref(), mode, place);
        match mode {
            StrategyMode::Single => self.single(targets, place),
            StrategyMode::Fallback => Some(Strategy::Fallback { on_status_codes: statuses }),
            StrategyMode::Loadbalance => self.balance(spec.strategy.as_ref(), targets, place),
            StrategyMode::Mirror => {
                self.mirror(spec.strategy.as_ref()?, targets, place).map(Strategy::Mirror)
            }
            StrategyMode::Race => self.race(spec.strategy.as_ref()?, targets, place).map(Strategy::Race),
            StrategyMode::Canary => {
                self.canary(spec, spec.strategy.as_ref()?, targets, place).map(Strategy::Canary)
            }
            StrategyMode::Conditional => {
                self.choice(spec.strategy.as_ref()?, targets, place).map(Strategy::Conditional)
            }
            StrategyMode::Classifier => {
                self.classes(spec.strategy.as_ref()?, targets, place).map(Strategy::Conditional)
            }
        }
    }

    /// Targets behind the first would be mistaken for a fallback.
    fn single(&mut self, targets: &[RouteSpec], place: &Place) -> Option<Strategy> {
        for index in 1..targets.len() {
            let message = "`mode: single` never comes here; remove it, or write `mode: fallback`";
            self.report(place.child(index).path, message);
        }
        (targets.len() == 1).then_some(Strategy::Single)
    }

    fn race(&mut self, strategy: &StrategySpec, targets: &[RouteSpec], place: &Place) -> Option<Race> {
        if targets.len() < 2 {
            self.report(place.member("targets"), "a race needs at least two targets");
            return None;
        }
        Some(Race {
            after: strategy.after.map_or(Patience::P95, |after| after.0),
            share_percent_max: strategy.share_max.map_or(RACE_SHARE_PERCENT, |share| share.percent),
            allowance: Arc::default(),
        })
    }

    fn balance(
        &mut self,
        strategy: Option<&StrategySpec>,
        targets: &[RouteSpec],
        place: &Place,
    ) -> Option<Strategy> {
        let weights = self.weights(targets, place);
        let sticky = strategy.and_then(|strategy| strategy.sticky.as_ref());
        let binding =
            sticky.and_then(|sticky| self.binding(sticky, targets, &place.member("strategy.sticky")));
        let by = strategy.and_then(|strategy| strategy.by);
        if sticky.is_some() && by.is_some_and(|by| by != BalanceSpec::Weight) {
            self.report(
                place.member("strategy.by"),
                "a `sticky` strategy shares by weight; write only one of them",
            );
        }
        let weights = weights?;
        Some(match binding {
            Some(binding) => Strategy::Sticky { weights, binding },
            None => Strategy::LoadBalance { by: by.map_or(Balance::Weight, balance), weights },
        })
    }

    /// A part of a strategy that its mode has no use for would be ignored.
    fn refuse_members_of_others(
        &mut self,
        strategy: Option<&StrategySpec>,
        mode: StrategyMode,
        place: &Place,
    ) {
        let Some(strategy) = strategy else { return };
        let [conditional, race] = [&[StrategyMode::Conditional][..], &[StrategyMode::Race]];
        let classifier = &[StrategyMode::Classifier][..];
        let by_facts = &[StrategyMode::Conditional, StrategyMode::Classifier][..];
        let [mirror, canary] = [&[StrategyMode::Mirror][..], &[StrategyMode::Canary]];
        let (balance, either) =
            (&[StrategyMode::Loadbalance][..], &[StrategyMode::Loadbalance, StrategyMode::Canary][..]);
        let members = [
            ("conditions", strategy.conditions.is_some(), conditional),
            ("default", strategy.default.is_some(), by_facts),
            ("classes", strategy.classes.is_some(), classifier),
            ("reads", strategy.reads.is_some(), classifier),
            ("threshold", strategy.threshold.is_some(), classifier),
            ("by", strategy.by.is_some(), balance),
            ("sticky", strategy.sticky.is_some(), either),
            ("after", strategy.after.is_some(), race),
            ("share_max", strategy.share_max.is_some(), race),
            ("steps", strategy.steps.is_some(), canary),
            ("hold", strategy.hold.is_some(), canary),
            ("minimum_requests", strategy.minimum_requests.is_some(), canary),
            ("guards", strategy.guards.is_some(), canary),
            ("alpha", strategy.alpha.is_some(), canary),
            ("share", strategy.share.is_some(), mirror),
            ("in_flight_max", strategy.in_flight_max.is_some(), mirror),
            ("usd_per_day_max", strategy.usd_per_day_max.is_some(), mirror),
        ];
        for (name, is_written, modes) in members {
            if is_written && !modes.contains(&mode) {
                let modes: Vec<_> = modes.iter().map(|mode| format!("`mode: {}`", mode.name())).collect();
                let message = format!("only {} has this", modes.join(" or "));
                self.report(place.member(&format!("strategy.{name}")), message);
            }
        }
    }

    /// A set of statuses, each 100 to 599.
    pub(super) fn statuses(&mut self, codes: &[u16], path: &str) -> BTreeSet<u16> {
        for (index, code) in codes.iter().enumerate() {
            if !(100..=599).contains(code) {
                self.report(
                    format!("{path}[{index}]"),
                    format!("{code} is not an HTTP status; expected 100 to 599"),
                );
            }
        }
        codes.iter().copied().collect()
    }

    fn fallback_statuses(&mut self, spec: &RouteSpec, place: &Place) -> Option<BTreeSet<u16>> {
        let inner = spec.strategy.as_ref().and_then(|strategy| strategy.on_status_codes.as_deref());
        if inner.is_some() && spec.on_status_codes.is_some() {
            let message = "`strategy.on_status_codes` says the same; write only one of them";
            self.report(place.member("on_status_codes"), message);
        }
        let path = statuses_path(spec, place);
        inner.or(spec.on_status_codes.as_deref()).map(|codes| self.statuses(codes, &path))
    }

    fn weights(&mut self, targets: &[RouteSpec], place: &Place) -> Option<Vec<u32>> {
        let found = self.problems.len();
        let weights: Vec<f64> = targets.iter().map(|target| target.weight.unwrap_or(1.0)).collect();
        for (index, weight) in weights.iter().enumerate() {
            self.check_weight(*weight, &member(&place.child(index).path, "weight"));
        }
        if weights.iter().all(|weight| *weight == 0.0) {
            self.report(place.member("targets"), "all weights are 0, so nothing can be chosen");
        }
        let scale = if weights.iter().all(|weight| weight.fract() == 0.0) { 1.0 } else { WEIGHT_SCALE };
        // In range after the checks above: at most 10,000 × 1000.
        (self.problems.len() == found)
            .then(|| weights.iter().map(|weight| (weight * scale).round() as u32).collect())
    }

    fn check_weight(&mut self, weight: f64, path: &str) {
        if !(0.0..=WEIGHT_MAX).contains(&weight) {
            self.report(path, "a weight is 0 to 10000");
        } else if weight > 0.0 && weight < 1.0 / WEIGHT_SCALE {
            self.report(path, "a weight above 0 is at least 0.001");
        }
    }
}

fn balance(spec: BalanceSpec) -> Balance {
    match spec {
        BalanceSpec::Weight => Balance::Weight,
        BalanceSpec::RoundRobin => Balance::RoundRobin(Arc::new(Turns::default())),
        BalanceSpec::LeastBusy => Balance::LeastBusy,
        BalanceSpec::Latency => Balance::Latency,
        BalanceSpec::Cost => Balance::Cost,
        BalanceSpec::Usage => Balance::Usage,
        BalanceSpec::PromptCache => Balance::PromptCache,
    }
}

fn statuses_path(spec: &RouteSpec, place: &Place) -> String {
    let inner = spec.strategy.as_ref().is_some_and(|strategy| strategy.on_status_codes.is_some());
    place.member(if inner { "strategy.on_status_codes" } else { "on_status_codes" })
}
