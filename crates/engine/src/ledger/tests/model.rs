//! Random requests against a model that keeps a list of all of them and adds up: what is let through, and how accounts stand.

use proptest::prelude::*;

use super::*;

const DAY: i64 = 86_400;

#[derive(Debug, Clone)]
enum Step {
    Ask { key: usize, most: i128 },
    Lose { which: usize },
    Extend { which: usize, calls: u32 },
    End { which: usize, took: Option<i128> },
    Wait { seconds: i64 },
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0_usize..3, 0_i128..40).prop_map(|(key, most)| Step::Ask { key, most }),
        1 => any::<usize>().prop_map(|which| Step::Lose { which }),
        1 => (any::<usize>(), 1_u32..3).prop_map(|(which, calls)| Step::Extend { which, calls }),
        4 => (any::<usize>(), prop::option::weighted(0.8, 0_i128..=100))
            .prop_map(|(which, took)| Step::End { which, took }),
        1 => (0_i64..DAY).prop_map(|seconds| Step::Wait { seconds }),
    ]
}

const KEYS: [&str; 3] = ["a", "b", "c"];
/// One for all, one for each key, and one for `a` alone that is spent once.
const BUDGETS: [(&str, i128); 3] = [("all", 150), ("each", 60), ("a", 100)];

/// A request, as the model knows it.
#[derive(Debug)]
struct Known {
    key: usize,
    unit: i128,
    calls: i128,
    lost: i128,
    /// The day on which it began.
    day: i64,
    spent: Option<i128>,
}

impl Known {
    fn is_charged_to(&self, budget: usize, key: usize) -> bool {
        match budget {
            0 => true,
            1 => self.key == key,
            _ => self.key == 0,
        }
    }
}

/// What is spent and held of a budget on a day, by adding up.
fn added_up(all: &[Known], budget: usize, key: usize, day: i64) -> (i128, i128) {
    let counts = |known: &&Known| known.is_charged_to(budget, key) && (budget == 2 || known.day == day);
    let counted = all.iter().filter(counts);
    counted.fold((0, 0), |(spent, held), known| match known.spent {
        Some(took) => (spent + took, held),
        None => (spent, held + known.unit * known.calls),
    })
}

/// Whether so much more of a request fits.
fn fits(all: &[Known], key: usize, amount: i128, day: i64) -> bool {
    (0..3).filter(|budget| *budget != 2 || key == 0).all(|budget| {
        let (spent, held) = added_up(all, budget, key, day);
        amount == 0 || spent + held + amount <= BUDGETS[budget].1
    })
}

fn model_ledger() -> Ledger {
    let each = Selector { group_by: vec![Attribute::Key], ..Selector::default() };
    let only_a = Selector { tests: vec![(Attribute::Key, vec![Pattern::from("a")])], ..Selector::default() };
    ledger([
        of_budget("all", budget(BUDGETS[0].1)),
        Allotment { selector: each, ..of_budget("each", budget(BUDGETS[1].1)) },
        Allotment { selector: only_a, ..of_budget("a", Budget { span: Span::Once, ..budget(BUDGETS[2].1) }) },
    ])
}

fn stands(ledger: &Ledger, budget: usize, key: usize, now: Moment) -> (i128, i128) {
    let group = if budget == 1 { KEYS[key] } else { "" };
    let standings = ledger.standings(BUDGETS[budget].0, group, now);
    standings.first().map_or((0, 0), |standing| (standing.used, standing.held))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]
    #[test]
    fn the_ledger_decides_as_adding_up_all_requests_would(steps in prop::collection::vec(step(), 1..120)) {
        let ledger = model_ledger();
        let (mut all, mut open): (Vec<Known>, Vec<(usize, Reservation)>) = (Vec::new(), Vec::new());
        let mut seconds = 0;
        for step in steps {
            let (now, day) = (at(seconds), seconds / DAY);
            match step {
                // Requests that last into the next day have tests of their own.
                Step::Wait { seconds: more } if open.is_empty() || (seconds + more) / DAY == day => {
                    seconds += more;
                }
                Step::Ask { key, most } => {
                    let request = Request { key: KEYS[key], customer: None };
                    let held = reserve(&ledger, &request, most, now);
                    prop_assert_eq!(held.is_ok(), fits(&all, key, most, day));
                    if let Ok(held) = held {
                        open.push((all.len(), held));
                        all.push(Known { key, unit: most, calls: 1, lost: 0, day, spent: None });
                    }
                }
                Step::Lose { which } if !open.is_empty() => {
                    let which = which % open.len();
                    let (known, held) = &mut open[which];
                    held.lose_call(&A, Some(&TARGET));
                    all[*known].lost += 1;
                    // A lost call is followed by a further one that is held for, or the request ends with nothing more.
                    let Known { key, unit, .. } = all[*known];
                    if held.extend(1, now).is_ok() {
                        let missing = all[*known].lost + 1 - all[*known].calls;
                        prop_assert!(fits(&all, key, unit * missing.max(0), day));
                        all[*known].calls += missing.max(0);
                    } else {
                        let (known, held) = open.swap_remove(which);
                        held.settle(&Actual::NOTHING, &A, Some(&TARGET), now);
                        all[known].spent = Some(all[known].lost * unit);
                    }
                }
                Step::Extend { which, calls } if !open.is_empty() => {
                    let which = which % open.len();
                    let (known, held) = &mut open[which];
                    let Known { key, unit, lost, calls: has, .. } = all[*known];
                    let missing = (lost + i128::from(calls) - has).max(0);
                    let is_held = held.extend(calls, now).is_ok();
                    prop_assert_eq!(is_held, fits(&all, key, unit * missing, day));
                    all[*known].calls += if is_held { missing } else { 0 };
                }
                Step::End { which, took: actual } if !open.is_empty() => {
                    let (known, held) = open.swap_remove(which % open.len());
                    let known = &mut all[known];
                    // A call takes what is held for it at most, in percent.
                    let last = actual.map_or(known.unit, |percent| known.unit * percent / 100);
                    let told = actual.map_or_else(Actual::default, |_| took(last));
                    held.settle(&told, &A, Some(&TARGET), now);
                    known.spent = Some(last + known.lost * known.unit);
                }
                _ => {}
            }
            for (budget, key) in (0..3).flat_map(|budget| (0..3).map(move |key| (budget, key))) {
                let (spent, held) = added_up(&all, budget, key, seconds / DAY);
                prop_assert_eq!(stands(&ledger, budget, key, at(seconds)), (spent, held));
                prop_assert!(spent + held <= BUDGETS[budget].1);
            }
        }
    }
}
