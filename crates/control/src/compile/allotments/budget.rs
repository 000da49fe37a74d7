//! Budgets: how much of what, within which time, and what is done where too little is left.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use domain::allotment::{Allotment, Budget, CutOff, Raise, Reserve, Span, Terms, Unit, UnknownCost};
use domain::{Route, RouteName};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::super::Problems;
use super::{AtLimitParts, selector, store_down};
use crate::file::{
    BudgetSection, CutOffName, Dollars, RaiseSection, ReserveName, UnknownCostName, WindowName,
};
use crate::path::Path;

pub(super) fn compile(
    section: &BudgetSection,
    routes: &BTreeMap<RouteName, Arc<Route>>,
    path: &Path,
    problems: &mut Problems,
) -> Option<Allotment> {
    let asked = selector::Asked {
        matching: &section.matching,
        group_by: &section.group_by,
        groups_max: section.groups_max,
    };
    let selector = selector::compile(&asked, path, problems);
    let at_limit = AtLimitParts {
        name: section.at_limit,
        queue_wait_max: section.queue_wait_max,
        downgrade_to: section.downgrade_to.as_deref(),
    };
    let at_limit = at_limit.compile(routes, path, problems);
    let amount = amount(section, path, problems);
    let span = span(section, path, problems);
    let time_zone = time_zone(section, span, path, problems);
    let (unit, amount) = amount?;
    let budget = Budget {
        unit,
        amount,
        span: span?,
        time_zone,
        raises: raises(&section.raises, unit, path, problems),
        warn_at: warn_at(section),
        notify: section.notify.iter().map(|name| name.as_str().into()).collect(),
        reserve: match section.reserve {
            Some(ReserveName::Clamp) | None => Reserve::Clamp,
            Some(ReserveName::Most) => Reserve::Most,
            Some(ReserveName::Expected) => Reserve::Expected,
        },
        unknown_cost: unknown_cost(section, unit, path, problems),
        cut_off: match section.cut_off {
            Some(CutOffName::Held) | None => CutOff::Held,
            Some(CutOffName::Free) => CutOff::Free,
        },
        on_store_down: store_down(section.on_store_down),
    };
    Some(Allotment { name: section.name.as_str().into(), selector, terms: Terms::Budget(budget), at_limit })
}

fn amount(section: &BudgetSection, path: &Path, problems: &mut Problems) -> Option<(Unit, i128)> {
    let amounts = [
        (Unit::Money, section.usd.map(|usd| usd.0.pico_usd())),
        (Unit::Tokens, section.tokens.map(i128::from)),
        (Unit::InputTokens, section.input_tokens.map(i128::from)),
        (Unit::OutputTokens, section.output_tokens.map(i128::from)),
    ];
    let mut given = amounts.into_iter().filter_map(|(unit, amount)| Some((unit, amount?)));
    match (given.next(), given.next()) {
        (Some(amount), None) => Some(amount),
        _ => {
            let message = "expected one of `usd`, `tokens`, `input_tokens` and `output_tokens`";
            problems.push((path.clone(), message.to_owned()));
            None
        }
    }
}

fn span(section: &BudgetSection, path: &Path, problems: &mut Problems) -> Option<Span> {
    match (section.window, section.rolling) {
        (Some(window), None) => Some(match window {
            WindowName::Hour => Span::Hour,
            WindowName::Day => Span::Day,
            WindowName::Week => Span::Week,
            WindowName::Month => Span::Month,
            WindowName::Quarter => Span::Quarter,
            WindowName::Once => Span::Once,
        }),
        (None, Some(rolling)) if rolling.0 < Duration::from_secs(1) => {
            problems.push((path.key("rolling"), "expected a time of at least a second".to_owned()));
            None
        }
        (None, Some(rolling)) => Some(Span::Rolling(rolling.0)),
        _ => {
            problems.push((path.clone(), "expected one of `window` and `rolling`".to_owned()));
            None
        }
    }
}

fn time_zone(section: &BudgetSection, span: Option<Span>, path: &Path, problems: &mut Problems) -> Box<str> {
    let Some(name) = &section.time_zone else { return "UTC".into() };
    if matches!(span, Some(Span::Rolling(_) | Span::Once)) {
        problems.push((path.key("time_zone"), "only spans of the calendar have one".to_owned()));
    }
    if TimeZone::get(name).is_err() {
        let message = format!("there is no time zone `{name}`; one is `Europe/Zurich`");
        problems.push((path.key("time_zone"), message));
    }
    name.as_str().into()
}

fn raises(sections: &[RaiseSection], unit: Unit, path: &Path, problems: &mut Problems) -> Vec<Raise> {
    let mut raises = Vec::new();
    for (index, section) in sections.iter().enumerate() {
        let path = path.key("raises").index(index);
        let by = in_unit(section.usd, section.tokens, unit);
        if by.is_none() {
            let name = if unit == Unit::Money { "usd" } else { "tokens" };
            problems
                .push((path.clone(), format!("expected `{name}`, as the budget has it, and nothing else")));
        }
        match section.until.parse::<Timestamp>() {
            Ok(until) => {
                raises.extend(by.map(|by| Raise { by, until_unix_seconds: until.as_second() }));
            }
            Err(_) => {
                let message = "expected a time such as `2026-12-24T00:00:00Z`";
                problems.push((path.key("until"), message.to_owned()));
            }
        }
    }
    raises
}

fn in_unit(usd: Option<Dollars>, tokens: Option<u64>, unit: Unit) -> Option<i128> {
    match (usd, tokens) {
        (Some(usd), None) if unit == Unit::Money => Some(usd.0.pico_usd()),
        (None, Some(tokens)) if unit != Unit::Money => Some(tokens.into()),
        _ => None,
    }
}

fn warn_at(section: &BudgetSection) -> Vec<u8> {
    let mut percents: Vec<u8> =
        section.warn_at.iter().filter_map(|share| u8::try_from(share.percent).ok()).collect();
    percents.sort_unstable();
    percents.dedup();
    percents
}

fn unknown_cost(section: &BudgetSection, unit: Unit, path: &Path, problems: &mut Problems) -> UnknownCost {
    let flat = [section.flat_usd.map(|_| "flat_usd"), section.flat_tokens.map(|_| "flat_tokens")];
    let is_flat = section.unknown_cost == Some(UnknownCostName::Flat);
    for name in flat.into_iter().flatten().filter(|_| !is_flat) {
        problems.push((path.key(name), "it needs `unknown_cost: flat`".to_owned()));
    }
    match section.unknown_cost {
        None | Some(UnknownCostName::Refuse) => UnknownCost::Refuse,
        Some(UnknownCostName::Free) => UnknownCost::Free,
        Some(UnknownCostName::Flat) => match in_unit(section.flat_usd, section.flat_tokens, unit) {
            Some(amount) => UnknownCost::Amount(amount),
            None => {
                let name = if unit == Unit::Money { "flat_usd" } else { "flat_tokens" };
                problems.push((path.key("unknown_cost"), format!("it needs `{name}`, and nothing else")));
                UnknownCost::Refuse
            }
        },
    }
}
