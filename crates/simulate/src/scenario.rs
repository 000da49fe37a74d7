//! A world for one configuration to be in: traffic, providers, and what goes wrong.

use std::borrow::Cow;

use domain::{ModelName, Target};

use crate::behaviour::{BehaviourSpec, Behaviours};
use crate::fault::{Fault, FaultsSpec};
use crate::problem::Problem;
use crate::traffic::Traffic;

/// A world, compiled for one configuration.
#[derive(Debug, Clone)]
pub struct Scenario {
    pub(crate) traffic: Traffic,
    pub(crate) behaviours: Behaviours,
    pub(crate) faults: Vec<Fault>,
}

/// The problems of each description.
#[derive(Debug, Default)]
pub struct ScenarioProblems {
    /// Of the providers that stand with the traffic.
    pub traffic: Vec<Problem>,
    /// Of the faults.
    pub faults: Vec<Problem>,
}

impl Scenario {
    /// Traffic that meets providers, and faults.
    ///
    /// # Errors
    /// With everything that is wrong, such as a fault of a target that the traffic does not reach.
    pub fn new(
        traffic: Traffic,
        providers: &[BehaviourSpec],
        faults: &FaultsSpec,
    ) -> Result<Self, ScenarioProblems> {
        let targets = targets(&traffic);
        let mut problems = ScenarioProblems::default();
        let mut behaviours = Behaviours::default();
        behaviours.add(&faults.providers, &targets, &mut problems.faults);
        behaviours.add(providers, &targets, &mut problems.traffic);
        behaviours.extend(&traffic.behaviours());
        let compile =
            |(place, spec)| Fault::compile(spec, &format!("faults[{place}]"), &targets, &mut problems.faults);
        let faults = faults.faults.iter().enumerate().filter_map(compile).collect();
        if problems.traffic.is_empty() && problems.faults.is_empty() {
            Ok(Self { traffic, behaviours, faults })
        } else {
            Err(problems)
        }
    }

    /// The same world in which nothing goes wrong.
    #[must_use]
    pub fn without_faults(&self) -> Self {
        Self { faults: Vec::new(), ..self.clone() }
    }

    /// Whether anything goes wrong in it.
    #[must_use]
    pub fn has_faults(&self) -> bool {
        !self.faults.is_empty()
    }
}

/// Everything that the traffic may reach, as `provider/model`, in alphabetical order.
fn targets(traffic: &Traffic) -> Vec<String> {
    let mut names = Vec::new();
    for shape in traffic.shapes() {
        shape.route.root.for_each_target(&mut |target| {
            names.push(format!("{}/{}", provider_of(target), model_at(target, &shape.model)));
        });
    }
    names.sort();
    names.dedup();
    names
}

/// Whom a target calls: its provider, and the host where that is another than the provider's.
pub(crate) fn provider_of(target: &Target) -> Cow<'_, str> {
    match &target.custom_host {
        Some(custom) => format!("{}@{}", target.provider.name, custom.base.authority).into(),
        None => target.provider.name.as_str().into(),
    }
}

/// The model that a target is asked for.
pub(crate) fn model_at<'m>(target: &'m Target, asked: &'m str) -> &'m str {
    target.model.as_ref().map_or(asked, ModelName::as_str)
}
