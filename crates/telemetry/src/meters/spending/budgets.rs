//! What is spent of budgets, for whoever watches over money. The figures stay exact up to here; a metric is a float.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use domain::allotment::Unit;
use parking_lot::Mutex;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeLabelSet, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::gauge::ConstGauge;

/// Most budgets with series of their own. Later ones are added up, those of each unit, as `other`.
const BUDGETS_MAX: usize = 1_000;
/// How long figures are as good as new: whoever scrapes more often gets the same.
const FRESH_FOR: Duration = Duration::from_secs(1);
/// The name that stands for all beyond those.
const OTHER: &str = "other";

/// What is spent of a budget by all of its accounts together: pico-dollars or tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BudgetSpending {
    /// Its name.
    pub budget: Box<str>,
    /// What it is in.
    pub unit: Unit,
    /// How much each account has.
    pub limit: i128,
    /// How many accounts there are.
    pub accounts: usize,
    /// What they have spent together.
    pub spent: i128,
    /// What is held of them.
    pub held: i128,
    /// What the account has spent that has spent most.
    pub highest: i128,
}

/// The metrics of budgets.
#[derive(Debug, Clone, Default)]
pub struct BudgetMeters(Arc<Mutex<Figures>>);

#[derive(Debug, Default)]
struct Figures {
    taken: Option<Duration>,
    budgets: Vec<BudgetSpending>,
}

impl BudgetMeters {
    /// Takes figures that are asked for only when those that are there are old; `now` is the time since the start.
    pub fn refresh<F: IntoIterator<Item = BudgetSpending>>(
        &self,
        now: Duration,
        figures: impl FnOnce() -> F,
    ) {
        let mut kept = self.0.lock();
        if kept.taken.is_some_and(|taken| now.saturating_sub(taken) < FRESH_FOR) {
            return;
        }
        kept.taken = Some(now);
        kept.budgets = bounded(figures().into_iter());
    }
}

/// The first of them, and the sums of the others.
fn bounded(mut figures: impl Iterator<Item = BudgetSpending>) -> Vec<BudgetSpending> {
    let mut kept: Vec<_> = figures.by_ref().take(BUDGETS_MAX).collect();
    let mut others: Vec<BudgetSpending> = Vec::new();
    for next in figures {
        match others.iter_mut().find(|sum| sum.unit == next.unit) {
            Some(sum) => {
                sum.limit = sum.limit.saturating_add(next.limit);
                sum.accounts += next.accounts;
                sum.spent = sum.spent.saturating_add(next.spent);
                sum.held = sum.held.saturating_add(next.held);
                sum.highest = sum.highest.max(next.highest);
            }
            None => others.push(BudgetSpending { budget: OTHER.into(), ..next }),
        }
    }
    kept.append(&mut others);
    kept
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct BudgetLabels {
    budget: String,
    unit: &'static str,
}

/// A family of series: its name, what it says, and where its value comes from.
type Series = (&'static str, &'static str, fn(&BudgetSpending) -> f64);

const SERIES: [Series; 5] = [
    ("budget_limit", "How much each account of a budget has", |of| amount(of.unit, of.limit)),
    ("budget_spent", "What all accounts of a budget have spent together", |of| amount(of.unit, of.spent)),
    ("budget_held", "What is held of a budget for requests under way, or granted to other processes", |of| {
        amount(of.unit, of.held)
    }),
    ("budget_highest_spent", "What the account of a budget has spent that has spent most", |of| {
        amount(of.unit, of.highest)
    }),
    ("budget_accounts", "Accounts of a budget, one for each group of requests", |of| of.accounts as f64),
];

impl Collector for BudgetMeters {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let kept = self.0.lock();
        for (name, help, value) in SERIES {
            let mut family = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
            for of in &kept.budgets {
                let labels = BudgetLabels { budget: of.budget.to_string(), unit: of.unit.name() };
                ConstGauge::new(value(of)).encode(family.encode_family(&labels)?)?;
            }
        }
        Ok(())
    }
}

/// The nearest floating-point number of dollars or tokens.
fn amount(unit: Unit, amount: i128) -> f64 {
    match unit {
        Unit::Money => amount as f64 / 1e12,
        Unit::Tokens | Unit::InputTokens | Unit::OutputTokens => amount as f64,
    }
}

#[cfg(test)]
mod tests {
    use super::{BUDGETS_MAX, BudgetSpending, Duration, Unit};
    use crate::Telemetry;

    fn spending(budget: &str, unit: Unit, spent: i128) -> BudgetSpending {
        let budget = budget.into();
        BudgetSpending {
            budget,
            unit,
            limit: 3_000_000_000_000,
            accounts: 2,
            spent,
            held: 7,
            highest: spent / 2,
        }
    }

    #[test]
    fn money_becomes_a_float_where_it_is_shown_and_what_is_gone_is_shown_no_more() {
        let telemetry = Telemetry::new();
        let budgets = &telemetry.meters().spending.budgets;
        budgets.refresh(Duration::ZERO, || {
            [spending("a", Unit::Money, 2_500_000_000_000), spending("t", Unit::Tokens, 12)]
        });
        let text = telemetry.exposition();
        for line in [
            r#"tollgate_budget_limit{budget="a",unit="usd"} 3.0"#,
            r#"tollgate_budget_spent{budget="a",unit="usd"} 2.5"#,
            r#"tollgate_budget_highest_spent{budget="a",unit="usd"} 1.25"#,
            r#"tollgate_budget_spent{budget="t",unit="tokens"} 12.0"#,
            r#"tollgate_budget_held{budget="t",unit="tokens"} 7.0"#,
            r#"tollgate_budget_accounts{budget="t",unit="tokens"} 2.0"#,
        ] {
            assert!(text.contains(line), "{line} not in\n{text}");
        }
        budgets
            .refresh(Duration::from_millis(999), || -> [BudgetSpending; 0] { unreachable!("it is fresh") });
        budgets.refresh(Duration::from_secs(1), || [spending("b", Unit::Money, 0)]);
        let text = telemetry.exposition();
        assert!(text.contains(r#"budget="b""#) && !text.contains(r#"budget="a""#), "{text}");
    }

    #[test]
    fn series_are_bounded_and_the_rest_is_added_up_by_unit() {
        let telemetry = Telemetry::new();
        let many = (0..BUDGETS_MAX).map(|number| spending(&number.to_string(), Unit::Money, 1));
        let more = [(Unit::Money, 2), (Unit::Tokens, 3), (Unit::Money, 4)]
            .map(|(unit, spent)| spending("more", unit, spent * 1_000_000_000_000));
        telemetry.meters().spending.budgets.refresh(Duration::ZERO, || many.chain(more));
        let text = telemetry.exposition();
        let series = text.lines().filter(|line| line.starts_with("tollgate_budget_spent{")).count();
        assert_eq!(series, BUDGETS_MAX + 2);
        assert!(text.contains(r#"tollgate_budget_spent{budget="other",unit="usd"} 6.0"#), "{text}");
        assert!(!text.contains(r#"budget="more""#));
    }
}
