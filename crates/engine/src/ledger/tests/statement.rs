//! What budgets have spent, as it is told.

use super::*;

fn by(attributes: &[Attribute]) -> Ledger {
    let selector = Selector { group_by: attributes.to_vec(), ..Selector::default() };
    ledger([Allotment { selector, ..of_budget("b", budget(100)) }])
}

fn told(ledger: &Ledger, group: Option<&[&str]>) -> Vec<(Vec<String>, i128, i128)> {
    let group = group.map(|values| values.iter().map(|value| (*value).to_owned()).collect::<Vec<_>>());
    let statement = ledger.statement("b", group.as_deref(), at(10)).unwrap();
    assert!(!statement.is_shared());
    let accounts = statement.accounts().into_iter();
    let mut told: Vec<_> = accounts
        .map(|account| (account.group.iter().map(ToString::to_string).collect(), account.spent, account.held))
        .collect();
    told.sort();
    told
}

#[test]
fn of_a_budget_that_all_share_there_is_one_account_before_anything_is_spent() {
    let ledger = by(&[]);
    assert_eq!(told(&ledger, None), [(Vec::new(), 0, 0)]);
    settle(reserve(&ledger, &A, 40, at(1)).unwrap(), &took(17), at(2));
    let _held = reserve(&ledger, &A, 5, at(3)).unwrap();
    assert_eq!(told(&ledger, None), [(Vec::new(), 17, 5)]);
    assert!(ledger.statement("c", None, at(4)).is_none());
    let period = ledger.statement("b", None, at(86_400)).unwrap();
    assert_eq!(period.period(), NoticePeriod { begins: Some(86_400), ends: Some(172_800) });
    assert_eq!(period.accounts()[0].spent, 0, "a day later nothing is spent");
}

#[test]
fn each_group_is_known_by_its_values_or_by_the_hash_of_long_ones() {
    let ledger = by(&[Attribute::Key, Attribute::Metadata("customer".into())]);
    let long = "x".repeat(300);
    for (customer, pico) in [(Some("acme"), 7), (None, 9), (Some(&*long), 11)] {
        let request = Request { key: "a", customer };
        let reservation = reserve(&ledger, &request, pico, at(1)).unwrap();
        let _ = reservation.settle(&took(pico), &request, Some(&TARGET), at(2));
    }
    let all = told(&ledger, None);
    let of = |customer: &str, spent| (vec!["a".to_owned(), customer.to_owned()], spent, 0);
    assert_eq!(all[..2], [of("", 9), of("acme", 7)]);
    let [hash] = &*all[2].0 else { panic!("{all:?}") };
    assert!(hash.starts_with("blake3:"), "{hash}");
    for (group, spent) in
        [(vec!["a", "acme"], 7), (vec!["a", ""], 9), (vec!["a", &*long], 11), (vec![&**hash], 11)]
    {
        let one = told(&ledger, Some(&group));
        assert_eq!(one.iter().map(|(_, spent, _)| *spent).collect::<Vec<_>>(), [spent], "{group:?}");
    }
    assert_eq!(told(&ledger, Some(&["b", "acme"])), []);
}
