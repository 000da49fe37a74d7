//! What binds requests to one of several targets, checked, and what each target is known by.

use std::collections::BTreeMap;
use std::time::Duration;

use domain::condition::Fact;
use domain::route::{RouteNode, Stickiness, StickyChild};

use super::super::condition::parse_fact;
use super::super::spec::{RouteSpec, StickySpec};
use super::super::sticky::identity;
use super::Compiler;

/// A binding that is known to be right.
pub(super) struct Binding {
    pub(super) facts: Vec<Fact>,
    pub(super) ttl: Option<Duration>,
    /// The targets' own names.
    names: Vec<Option<String>>,
}

impl Compiler<'_> {
    /// `None` when it is not in force, and when it is wrong, which has been reported then.
    pub(super) fn binding(
        &mut self,
        spec: &StickySpec,
        targets: &[RouteSpec],
        path: &str,
    ) -> Option<Binding> {
        if spec.hash_fields.is_empty() {
            self.report(format!("{path}.hash_fields"), "name at least one fact, such as `metadata.user`");
            return None;
        }
        let facts: Vec<_> = spec
            .hash_fields
            .iter()
            .enumerate()
            .map(|(index, name)| {
                let problem = |message| self.report(format!("{path}.hash_fields[{index}]"), message);
                parse_fact(name).map_err(problem).ok()
            })
            .collect();
        let facts = facts.into_iter().collect::<Option<_>>()?;
        let names = targets.iter().map(|target| target.name.clone()).collect();
        let binding = Binding { facts, ttl: spec.ttl.map(|ttl| ttl.0), names };
        spec.enabled.unwrap_or(true).then_some(binding)
    }
}

impl Binding {
    /// The node over these children with their weights.
    pub(super) fn over(self, children: impl Iterator<Item = (u32, RouteNode)>) -> Stickiness {
        let mut seen = BTreeMap::<String, usize>::new();
        let children = children
            .zip(self.names)
            .map(|((weight, node), name)| {
                let label = name.unwrap_or_else(|| label(&node));
                let occurrence = seen.entry(label.clone()).or_default();
                let identity = identity(&format!("{label}#{occurrence}"));
                *occurrence += 1;
                StickyChild { weight, identity, node }
            })
            .collect();
        Stickiness { facts: self.facts, ttl: self.ttl, children }
    }
}

/// What a node without a name is known by: whom it calls.
fn label(node: &RouteNode) -> String {
    let mut label = String::new();
    node.for_each_target(&mut |target| {
        let model = target.model.as_ref().map_or("*", |model| model.as_str());
        label.push_str(&format!("{}/{model},", target.provider.name));
    });
    label
}
