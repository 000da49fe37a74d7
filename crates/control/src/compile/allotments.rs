//! Rate limits and budgets, each name once.

mod budget;
mod selector;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use domain::allotment::{Allotment, AtLimit, RateLimit, StoreDown, Terms};
use domain::name::check_name;
use domain::quota::{Allowance, Counted};
use domain::{Route, RouteName};
use engine::route::time::TimeSpan;

use super::Problems;
use crate::file::{AtLimitName, ConfigFile, PaceSection, RateLimitSection, StoreDownName};
use crate::path::Path;

/// Most rate limits and budgets together.
const ALLOTMENTS_MAX: usize = 10_000;
/// How long a request waits where nobody says.
const QUEUE_WAIT_DEFAULT: Duration = Duration::from_secs(10);
const SPANS: [Duration; 4] = [
    Duration::from_secs(1),
    Duration::from_secs(60),
    Duration::from_secs(3_600),
    Duration::from_secs(86_400),
];

pub(super) fn compile(
    file: &ConfigFile,
    routes: &BTreeMap<RouteName, Arc<Route>>,
    problems: &mut Problems,
) -> Vec<Arc<Allotment>> {
    let mut allotments = Vec::new();
    let mut names = BTreeSet::new();
    let mut check = |name: &str, path: &Path, problems: &mut Problems| {
        if let Err(problem) = check_name(name) {
            problems.push((path.key("name"), problem.to_string()));
        }
        if !names.insert(name.to_owned()) {
            problems.push((path.key("name"), format!("another limit or budget is named `{name}` already")));
        }
    };
    for (index, section) in file.rate_limits.iter().enumerate() {
        let path = Path::root().key("rate_limits").index(index);
        check(&section.name, &path, problems);
        allotments.push(Arc::new(rate_limit(section, routes, &path, problems)));
    }
    for (index, section) in file.budgets.iter().enumerate() {
        let path = Path::root().key("budgets").index(index);
        check(&section.name, &path, problems);
        allotments.extend(budget::compile(section, routes, &path, problems).map(Arc::new));
    }
    if allotments.len() > ALLOTMENTS_MAX {
        let message = format!("there are at most {ALLOTMENTS_MAX} rate limits and budgets");
        problems.push((Path::root().key("budgets"), message));
    }
    allotments
}

fn rate_limit(
    section: &RateLimitSection,
    routes: &BTreeMap<RouteName, Arc<Route>>,
    path: &Path,
    problems: &mut Problems,
) -> Allotment {
    let counted = [
        (Counted::Requests, section.requests),
        (Counted::Tokens, section.tokens),
        (Counted::InputTokens, section.input_tokens),
        (Counted::OutputTokens, section.output_tokens),
    ];
    let allowances: Vec<_> =
        counted.into_iter().flat_map(|(counted, pace)| allowances(counted, pace)).collect();
    if allowances.is_empty() && section.concurrency.is_none() {
        let message = "it limits nothing; give it `requests`, `tokens`, `input_tokens`, `output_tokens` or `concurrency`";
        problems.push((path.clone(), message.to_owned()));
    }
    let asked = selector::Asked {
        matching: &section.matching,
        group_by: &section.group_by,
        groups_max: section.groups_max,
    };
    let at_limit = AtLimitParts {
        name: section.at_limit,
        queue_wait_max: section.queue_wait_max,
        downgrade_to: section.downgrade_to.as_deref(),
    };
    let on_store_down = store_down(section.on_store_down);
    Allotment {
        name: section.name.as_str().into(),
        selector: selector::compile(&asked, path, problems),
        terms: Terms::Rate(RateLimit { allowances, concurrency: section.concurrency, on_store_down }),
        at_limit: at_limit.compile(routes, path, problems),
    }
}

fn allowances(counted: Counted, pace: PaceSection) -> impl Iterator<Item = Allowance> {
    let counts = [pace.per_second, pace.per_minute, pace.per_hour, pace.per_day];
    let spans = counts.into_iter().zip(SPANS);
    spans.filter_map(move |(count, per)| Some(Allowance { counted, count: count?, per }))
}

fn store_down(name: Option<StoreDownName>) -> StoreDown {
    match name {
        Some(StoreDownName::LastLease) | None => StoreDown::LastLease,
        Some(StoreDownName::Closed) => StoreDown::Closed,
        Some(StoreDownName::Open) => StoreDown::Open,
    }
}

/// What is written of the end of an allotment.
struct AtLimitParts<'s> {
    name: Option<AtLimitName>,
    queue_wait_max: Option<TimeSpan>,
    downgrade_to: Option<&'s str>,
}

impl AtLimitParts<'_> {
    fn compile(
        &self,
        routes: &BTreeMap<RouteName, Arc<Route>>,
        path: &Path,
        problems: &mut Problems,
    ) -> AtLimit {
        let name = self.name.unwrap_or_default();
        if self.queue_wait_max.is_some() && name != AtLimitName::Queue {
            problems.push((path.key("queue_wait_max"), "it needs `at_limit: queue`".to_owned()));
        }
        if self.downgrade_to.is_some() && name != AtLimitName::Downgrade {
            problems.push((path.key("downgrade_to"), "it needs `at_limit: downgrade`".to_owned()));
        }
        match name {
            AtLimitName::Refuse => AtLimit::Refuse,
            AtLimitName::Warn => AtLimit::Warn,
            AtLimitName::Queue => {
                AtLimit::Queue(self.queue_wait_max.map_or(QUEUE_WAIT_DEFAULT, |span| span.0))
            }
            AtLimitName::Downgrade => {
                let route = self.downgrade_to.unwrap_or_default();
                if !routes.contains_key(route) {
                    let message = match self.downgrade_to {
                        Some(route) => format!("there is no route `{route}`"),
                        None => "`at_limit: downgrade` needs a route".to_owned(),
                    };
                    problems.push((path.key("downgrade_to"), message));
                }
                AtLimit::Downgrade(route.into())
            }
        }
    }
}
