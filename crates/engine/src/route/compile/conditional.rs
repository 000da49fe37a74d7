//! The branches of a `conditional` node: what its conditions ask, and which targets they name.

use std::collections::{BTreeMap, BTreeSet};

use domain::condition::Condition;
use domain::likeness::Likeness;

use super::super::condition::Reader;
use super::super::near;
use super::super::spec::{RouteSpec, StrategySpec};
use super::{Compiler, Place};

/// Most values that all conditions of a route compare.
pub const ROUTE_TESTS_MAX: usize = 200;

/// Which of the targets is taken when.
pub(super) struct Choice {
    /// Condition and place of a target.
    pub(super) conditions: Vec<(Condition, usize)>,
    /// What is asked when no condition holds.
    pub(super) likeness: Option<Likeness>,
    /// The place of the target that is taken otherwise.
    pub(super) default: Option<usize>,
}

impl Compiler<'_> {
    pub(super) fn choice(
        &mut self,
        spec: &StrategySpec,
        targets: &[RouteSpec],
        place: &Place,
    ) -> Option<Choice> {
        let found = self.problems.len();
        let names = self.branch_names(targets, place);
        let written = spec.conditions.as_deref().unwrap_or_default();
        let path = place.member("strategy.conditions");
        if written.is_empty() {
            self.report(
                &*path,
                "a `conditional` strategy needs at least one condition: {query: {…}, then: NAME}",
            );
        }
        let conditions: Vec<_> = written
            .iter()
            .enumerate()
            .map(|(index, condition)| {
                let path = format!("{path}[{index}]");
                if let Some(first) =
                    written[..index].iter().position(|earlier| earlier.query == condition.query)
                {
                    let message = format!("conditions[{first}] asks the same, so this one never decides");
                    self.report(format!("{path}.query"), message);
                }
                let query = self.query(&condition.query, &format!("{path}.query"));
                let then = self.named(&condition.then, &names, &format!("{path}.then"));
                Some((query?, then?))
            })
            .collect();
        let default =
            spec.default.as_ref().map(|name| self.named(name, &names, &place.member("strategy.default")));
        if self.problems.len() == found {
            let taken = conditions.iter().flatten().map(|(_, target)| *target).chain(default.flatten());
            self.refuse_dead_ends(targets, &taken.collect(), place);
        }
        let conditions = conditions.into_iter().collect::<Option<_>>()?;
        let choice = Choice { conditions, likeness: None, default: default.flatten() };
        (self.problems.len() == found).then_some(choice)
    }

    fn query(&mut self, query: &serde_json::Value, path: &str) -> Option<Condition> {
        let mut reader = Reader { problems: &mut self.problems, tests: self.tests };
        let condition = reader.query(query, path);
        self.tests = reader.tests;
        condition
    }

    /// The targets by name.
    pub(super) fn branch_names<'s>(
        &mut self,
        targets: &'s [RouteSpec],
        place: &Place,
    ) -> BTreeMap<&'s str, usize> {
        let mut names = BTreeMap::new();
        for (index, target) in targets.iter().enumerate() {
            let Some(name) = target.name.as_deref() else { continue };
            if let Some(first) = names.get(name) {
                let message = format!("`{name}` is the name of targets[{first}] already");
                self.report(place.child(index).member("name"), message);
            } else {
                names.insert(name, index);
            }
        }
        names
    }

    pub(super) fn named(&mut self, name: &str, names: &BTreeMap<&str, usize>, path: &str) -> Option<usize> {
        let found = names.get(name).copied();
        if found.is_none() {
            let suggestion = near::suggestion(name, names.keys().copied());
            self.report(
                path,
                format!("none of the targets beside this strategy has the name `{name}`{suggestion}"),
            );
        }
        found
    }

    /// A target that nothing leads to would be mistaken for a fallback.
    pub(super) fn refuse_dead_ends(&mut self, targets: &[RouteSpec], taken: &BTreeSet<usize>, place: &Place) {
        for index in (0..targets.len()).filter(|index| !taken.contains(index)) {
            let message =
                "nothing leads here, nor does `default`; give it a `name` and name it there, or remove it";
            self.report(place.child(index).path, message);
        }
    }
}
