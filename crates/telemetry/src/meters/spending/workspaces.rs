//! What requests cost by whose they are.

use std::collections::HashMap;

use domain::{Money, Subject, TeamName};
use parking_lot::RwLock;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::{Registry, Unit};

use crate::meters::{Dollars, dollars};

/// Most workspaces and teams with series of their own; later ones count as `other`, since the claims of tokens may name teams.
const SERIES_MAX: usize = 500;
const OTHER: &str = "other";

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct WorkspaceLabels {
    workspace: String,
    team: String,
}

/// The costs of workspaces and their teams.
#[derive(Debug, Default)]
pub(super) struct WorkspaceMeters {
    family: Family<WorkspaceLabels, Dollars>,
    known: RwLock<Known>,
}

#[derive(Debug, Default)]
struct Known {
    /// By workspace, then by team; an empty one for what is of none.
    counters: HashMap<String, HashMap<String, Dollars>>,
    series: usize,
}

impl WorkspaceMeters {
    pub(super) fn register(&self, registry: &mut Registry) {
        let cost = "What requests cost, by workspace and team, as far as the catalogue has prices";
        registry.register_with_unit(
            "workspace_cost",
            cost,
            Unit::Other("usd".to_owned()),
            self.family.clone(),
        );
    }

    pub(super) fn cost(&self, subject: &Subject, cost: Money) {
        let workspace = subject.workspace.name.as_str();
        let team = subject.team.as_ref().map_or("", TeamName::as_str);
        let found = |known: &Known| known.counters.get(workspace)?.get(team).cloned();
        let counter = found(&self.known.read());
        counter.unwrap_or_else(|| self.make(workspace, team)).inc_by(dollars(cost));
    }

    fn make(&self, workspace: &str, team: &str) -> Dollars {
        let mut known = self.known.write();
        let (workspace, team) = if known.series < SERIES_MAX { (workspace, team) } else { (OTHER, OTHER) };
        let teams = known.counters.entry(workspace.to_owned()).or_default();
        if let Some(counter) = teams.get(team) {
            return counter.clone();
        }
        let labels = WorkspaceLabels { workspace: workspace.to_owned(), team: team.to_owned() };
        let counter = self.family.get_or_create_owned(&labels);
        teams.insert(team.to_owned(), counter.clone());
        known.series += 1;
        counter
    }
}
