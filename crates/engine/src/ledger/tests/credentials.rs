//! Limits and budgets of single credentials: a request passes over those that have too little left, goes on with any that has enough, and in the
//! end only those are charged that it was really sent with.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

const MODELS: [&str; 2] = ["p/m", "p/n"];
const CREDENTIALS: [&str; 3] = ["p#1", "p#2", "p#lab"];

/// Two targets, each with all credentials that are not passed over.
fn candidates(passed_over: &PassedOver) -> Vec<Candidate<'static>> {
    let left = |model: &'static str| {
        let passed = passed_over.credentials_at(model);
        CREDENTIALS.into_iter().enumerate().filter(|(index, _)| !passed.has(*index)).collect()
    };
    let of = |model: &&'static str| Candidate {
        place: model,
        provider: "p",
        model: (*model).to_owned(),
        credentials: left(model),
    };
    MODELS.iter().map(of).filter(|candidate| !candidate.credentials.is_empty()).collect()
}

/// Holds what a request takes at most wherever it may go, as the data plane does.
fn admit(
    ledger: &Ledger,
    request: &Request<'_>,
    asked: &Asked,
    now: Moment,
) -> Result<(Reservation, PassedOver), Denials> {
    let mut passed_over = PassedOver::default();
    loop {
        let left = candidates(&passed_over);
        let named: Vec<_> = left.iter().flat_map(Candidate::named).map(|(_, named)| named).collect();
        let denials = match ledger.reserve_or_tell(&ledger.claims(request, &named), asked, now) {
            Ok(held) => return Ok((held, passed_over)),
            Err(denials) => denials,
        };
        let lost = passed_over.pass(&left, &denials, request);
        if !denials.are_by_target() || lost.is_none_or(|lost| lost.len() == left.len()) {
            return Err(denials);
        }
    }
}

fn by(tests: &[(Attribute, &str)], group_by: &[Attribute]) -> Selector {
    let tests = tests.iter().map(|(attribute, pattern)| (attribute.clone(), vec![Pattern::from(*pattern)]));
    Selector { tests: tests.collect(), group_by: group_by.to_vec(), ..Selector::default() }
}

/// Allotments by everything that a credential can be combined with.
fn selectors() -> [Selector; 6] {
    [
        by(&[], &[]),
        by(&[], &[Attribute::Key]),
        by(&[(Attribute::Credential, "p#1")], &[]),
        by(&[], &[Attribute::Credential]),
        by(&[(Attribute::Model, "n")], &[Attribute::Credential, Attribute::Key]),
        by(&[(Attribute::Credential, "p#l*"), (Attribute::Key, "a")], &[Attribute::Model]),
    ]
}

#[derive(Debug, Clone)]
enum Step {
    Ask {
        key: usize,
        most: i128,
    },
    /// A call is lost, where it was sent.
    Lose {
        which: usize,
        to: usize,
    },
    End {
        which: usize,
        to: usize,
        took: Option<i128>,
    },
}

fn step() -> impl Strategy<Value = Step> {
    let index = any::<usize>;
    prop_oneof![
        4 => (0_usize..2, 0_i128..40).prop_map(|(key, most)| Step::Ask { key, most }),
        1 => (index(), index()).prop_map(|(which, to)| Step::Lose { which, to }),
        3 => (index(), index(), prop::option::weighted(0.8, 0_i128..=100))
            .prop_map(|(which, to, took)| Step::End { which, to, took }),
    ]
}

/// An account, by its allotment and its group.
type Name = (usize, String);
/// To which model, and with which credential.
type To = (usize, usize);

/// What a request has of an account.
#[derive(Debug, Clone, Copy, Default)]
struct Part {
    calls: i128,
    lost: i128,
    is_forgone: bool,
}

/// A request under way, as the model knows it.
struct Known {
    key: &'static str,
    unit: i128,
    held: Reservation,
    passed_over: PassedOver,
    parts: BTreeMap<Name, Part>,
}

impl Known {
    fn request(&self) -> Request<'static> {
        Request { key: self.key, customer: None }
    }

    /// Where it may go.
    fn left(&self) -> Vec<To> {
        all().filter(|to| !is_passed(&self.passed_over, *to)).collect()
    }
}

fn all() -> impl Iterator<Item = To> {
    (0..MODELS.len()).flat_map(|model| (0..CREDENTIALS.len()).map(move |credential| (model, credential)))
}

fn is_passed(passed_over: &PassedOver, (model, credential): To) -> bool {
    passed_over.credentials_at(MODELS[model]).has(credential)
}

fn named((model, credential): To) -> Named<'static> {
    Named { provider: "p", model: Some(MODELS[model]), credential: Some(CREDENTIALS[credential]) }
}

/// The accounts that a call is charged to.
fn accounts(key: &str, (model, credential): To) -> Vec<Name> {
    let (model, credential) = (MODELS[model], CREDENTIALS[credential]);
    let candidates = [
        (true, String::new()),
        (true, key.to_owned()),
        (credential == "p#1", String::new()),
        (true, credential.to_owned()),
        (model == "p/n", format!("{credential}\u{1f}{key}")),
        (credential == "p#lab" && key == "a", model.to_owned()),
    ];
    let meant = candidates.into_iter().enumerate().filter(|(_, (is_meant, _))| *is_meant);
    meant.map(|(place, (_, group))| (place, group)).collect()
}

/// Everything that was let through, added up: what is spent and held of each account.
struct Model {
    limits: [i128; 6],
    used: BTreeMap<Name, (i128, i128)>,
}

impl Model {
    fn fits(&self, account: &Name, amount: i128) -> bool {
        let (spent, held) = self.used.get(account).copied().unwrap_or_default();
        amount == 0 || spent + held + amount <= self.limits[account.0]
    }

    fn has_room(&self, key: &str, to: To, amount: i128) -> bool {
        accounts(key, to).iter().all(|account| self.fits(account, amount))
    }

    fn ask(
        &mut self,
        key: &'static str,
        unit: i128,
        (held, passed_over): (Reservation, PassedOver),
    ) -> Known {
        let mut known = Known { key, unit, held, passed_over, parts: BTreeMap::new() };
        for account in known.left().into_iter().flat_map(|to| accounts(key, to)) {
            if known.parts.insert(account.clone(), Part { calls: 1, ..Part::default() }).is_none() {
                self.used.entry(account).or_default().1 += unit;
            }
        }
        known
    }

    /// A call is lost. Says whether there may be another: budgets that do not pay for one do without, unless they are for everything.
    fn lose(&mut self, known: &mut Known, to: To) -> bool {
        for account in accounts(known.key, to) {
            known.parts.get_mut(&account).unwrap().lost += 1;
        }
        let missing = |part: &Part| (part.lost + 1 - part.calls).max(0);
        let unpaid = |(account, part): (&Name, &Part)| {
            let is_short = !part.is_forgone && !self.fits(account, missing(part) * known.unit);
            is_short.then(|| account.clone())
        };
        let unpaid: Vec<_> = known.parts.iter().filter_map(unpaid).collect();
        if unpaid.iter().any(|(place, _)| *place < 2) {
            return false;
        }
        for account in unpaid {
            known.parts.get_mut(&account).unwrap().is_forgone = true;
        }
        for (account, part) in known.parts.iter_mut().filter(|(_, part)| !part.is_forgone) {
            let more = missing(part);
            part.calls += more;
            self.used.get_mut(account).unwrap().1 += more * known.unit;
        }
        true
    }

    /// The last call was sent there, and took so much.
    fn end(&mut self, known: &Known, sent: Option<(To, i128)>) {
        let charged = sent.map(|(to, took)| (accounts(known.key, to), took));
        for (account, part) in &known.parts {
            let last =
                charged.as_ref().filter(|(meant, _)| meant.contains(account)).map_or(0, |(_, took)| *took);
            let used = self.used.get_mut(account).unwrap();
            used.0 += last + part.lost * known.unit;
            used.1 -= part.calls * known.unit;
        }
    }
}

/// The same with a request of the ledger. Says whether it may go on, and that it does where the model says so.
fn lose(model: &mut Model, known: &mut Known, to: To) -> bool {
    let request = known.request();
    known.held.lose_call(&request, Some(&named(to)));
    let goes_on = model.lose(known, to);
    while let Err(denied) = known.held.extend(1, at(0)) {
        let candidates = candidates(&known.passed_over);
        let _lost = known.passed_over.pass(&candidates, &Denials::one(denied.clone()), &request);
        if !known.held.forgo(&denied) {
            assert!(!goes_on);
            return false;
        }
    }
    assert!(goes_on);
    !known.left().is_empty()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, ..ProptestConfig::default() })]
    #[test]
    fn a_request_is_served_where_any_credential_has_room_and_no_budget_is_ever_exceeded(
        limits in prop::array::uniform6(0_i128..200),
        steps in prop::collection::vec(step(), 1..100),
    ) {
        let allotments = selectors().into_iter().zip(limits).enumerate().map(|(number, (selector, limit))| {
            Allotment { selector, ..of_budget(&number.to_string(), budget(limit)) }
        });
        let ledger = ledger(allotments);
        let (mut model, mut open) = (Model { limits, used: BTreeMap::new() }, Vec::<Known>::new());
        for step in steps {
            match step {
                Step::Ask { key, most } => {
                    let key = ["a", "b"][key];
                    let admitted = admit(&ledger, &Request { key, customer: None }, &asked(most), at(0));
                    prop_assert_eq!(admitted.is_ok(), all().any(|to| model.has_room(key, to, most)));
                    let Ok(admitted) = admitted else { continue };
                    for to in all() {
                        prop_assert_eq!(!is_passed(&admitted.1, to), model.has_room(key, to, most));
                    }
                    open.push(model.ask(key, most, admitted));
                }
                Step::Lose { which, to } if !open.is_empty() => {
                    let mut known = open.swap_remove(which % open.len());
                    let left = known.left();
                    let to = left[to % left.len()];
                    if lose(&mut model, &mut known, to) {
                        open.push(known);
                    } else {
                        let held = std::mem::replace(&mut known.held, Reservation::empty());
                        held.settle(&Actual::NOTHING, &known.request(), Some(&named(to)), at(0));
                        model.end(&known, None);
                    }
                }
                Step::End { which, to, took: percent } if !open.is_empty() => {
                    let mut known = open.swap_remove(which % open.len());
                    let left = known.left();
                    let to = left[to % left.len()];
                    let last = percent.map_or(known.unit, |percent| known.unit * percent / 100);
                    let told = percent.map_or_else(Actual::default, |_| took(last));
                    let held = std::mem::replace(&mut known.held, Reservation::empty());
                    held.settle(&told, &known.request(), Some(&named(to)), at(0));
                    model.end(&known, Some((to, last)));
                }
                _ => {}
            }
            for (account, (spent, held)) in &model.used {
                let standings = ledger.standings(&account.0.to_string(), &account.1, at(0));
                let stands = standings.first().map_or((0, 0), |standing| (standing.used, standing.held));
                prop_assert_eq!(stands, (*spent, *held), "{:?}", account);
                prop_assert!(spent + held <= limits[account.0]);
            }
        }
    }
}

#[test]
fn a_limit_of_one_credential_takes_back_what_was_served_with_another() {
    let each = by(&[], &[Attribute::Credential]);
    let limit = of_rate(vec![per(2, 86_400 * SECOND, Counted::Requests)], Some(1));
    let ledger = ledger([Allotment { selector: each, ..limit }]);
    let left = |credential: &str| {
        let standings = ledger.standings("r", credential, at(0));
        [standings[0].left(), standings[1].left()]
    };
    let (mut held, passed_over) = admit(&ledger, &A, &asked(0), at(0)).unwrap();
    assert!(passed_over.is_nothing());
    assert!(admit(&ledger, &A, &asked(0), at(0)).is_err(), "each may serve it, and no further one");
    held.lose_call(&A, Some(&named((0, 1))));
    held.settle(&took(0), &A, Some(&named((1, 2))), at(0));
    assert_eq!(CREDENTIALS.map(left), [[2, 1], [1, 1], [1, 1]], "the one that served, and one that may have");
}

#[test]
fn all_that_is_denied_is_told_at_once_and_what_is_for_everything_decides_alone() {
    let of_p1 =
        Allotment { selector: by(&[(Attribute::Credential, "p#1")], &[]), ..of_budget("one", budget(5)) };
    let each = Allotment { selector: by(&[], &[Attribute::Credential]), ..of_budget("each", budget(9)) };
    let all = of_budget("all", budget(20));
    let ledger = ledger([of_p1, each, all]);
    let denied = |most| {
        let denials = admit(&ledger, &A, &asked(most), at(0)).unwrap_err();
        denials.iter().map(Denied::whose).collect::<Vec<_>>()
    };
    let (held, passed_over) = admit(&ledger, &A, &asked(9), at(0)).unwrap();
    let reasons: Vec<_> =
        passed_over.reasons_at("p/n").map(|(index, denied)| (index, denied.whose())).collect();
    assert_eq!(reasons, [(0, "budget `one`".to_owned())]);
    assert_eq!(passed_over.reasons().len(), 1, "told once for both targets");
    settle(held, &Actual::NOTHING, at(0));
    let of_each = |credential| format!("budget `each` for `{credential}`");
    assert_eq!(denied(10), ["budget `one`".to_owned(), of_each("p#1"), of_each("p#2"), of_each("p#lab")]);
    assert_eq!(denied(21), ["budget `all`"]);
}
