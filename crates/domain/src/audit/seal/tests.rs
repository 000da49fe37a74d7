//! A chain shows whatever happens to it.

use proptest::prelude::*;
use serde_json::json;

use super::super::{AuditEntry, AuditFilter, AuditedResource, Outcome, Who};
use super::{AuditHash, BrokenChain, Head, SealedRecord};

fn entry(number: u64) -> AuditEntry {
    AuditEntry {
        at_milliseconds: number,
        who: Who::ControlKey("ops".into()),
        act: "update".into(),
        resource: Some(AuditedResource {
            kind: "Key".into(),
            name: format!("k{number}").into(),
            workspace: Some("research".into()),
        }),
        before: Some(json!({"models": ["a"], "disabled": false})),
        after: None,
        from: Some([192, 0, 2, 1].into()),
        request_id: Some("req_1".into()),
        outcome: Outcome::Denied("TG2031".into()),
        times: 1,
    }
}

fn chain(length: u64) -> Vec<SealedRecord> {
    let mut head = Head::EMPTY;
    let seal = |number| {
        let record = head.seal(&entry(number)).unwrap();
        head = record.head;
        record
    };
    (1..=length).map(seal).collect()
}

/// The end of a chain that is whole and ends as it is known to.
fn verify(records: &[SealedRecord], known: AuditHash) -> Result<Head, BrokenChain> {
    let mut head = Head::EMPTY;
    records.iter().try_for_each(|record| head.follow(record))?;
    head.expect(known).map(|()| head)
}

/// What somebody does to a log.
#[derive(Debug, Clone)]
enum Tampering {
    Text(usize, usize),
    Hash(usize),
    Removal(usize),
    Exchange(usize, usize),
    Doubling(usize, usize),
    Truncation(usize),
    Forgery(usize),
}

fn tampering() -> impl Strategy<Value = Tampering> {
    let place = || 0..20_usize;
    prop_oneof![
        (place(), 0..400_usize).prop_map(|(place, byte)| Tampering::Text(place, byte)),
        place().prop_map(Tampering::Hash),
        place().prop_map(Tampering::Removal),
        (place(), place()).prop_map(|(one, other)| Tampering::Exchange(one, other)),
        (place(), place()).prop_map(|(from, to)| Tampering::Doubling(from, to)),
        place().prop_map(Tampering::Truncation),
        place().prop_map(Tampering::Forgery),
    ]
}

fn tamper(records: &mut Vec<SealedRecord>, tampering: &Tampering) {
    let at = |place: usize| place % records.len();
    match *tampering {
        Tampering::Text(place, byte) => {
            let place = at(place);
            let mut text = records[place].text.to_string().into_bytes();
            let byte = byte % text.len();
            text[byte] = if text[byte] == b'x' { b'y' } else { b'x' };
            records[place].text = String::from_utf8(text).unwrap().into();
        }
        Tampering::Hash(place) => {
            let place = at(place);
            records[place].head.hash.0[7] ^= 1;
        }
        Tampering::Removal(place) => drop(records.remove(at(place))),
        Tampering::Exchange(one, other) => {
            let (one, other) = (at(one), at(other));
            records.swap(one, other);
        }
        Tampering::Doubling(from, to) => {
            let (from, to) = (at(from), at(to));
            records.insert(to, records[from].clone());
        }
        Tampering::Truncation(place) => records.truncate(at(place)),
        // Somebody seals everything anew from there on, which only the head that is known from elsewhere tells.
        Tampering::Forgery(place) => {
            let place = at(place);
            let mut head = place.checked_sub(1).map_or(Head::EMPTY, |before| records[before].head);
            for record in &mut records[place..] {
                *record = head
                    .seal(&AuditEntry { times: 7, ..record.entry().unwrap_or_else(|_| entry(0)) })
                    .unwrap();
                head = record.head;
            }
        }
    }
}

proptest! {
    #[test]
    fn whatever_is_done_to_a_log_is_found(length in 1..20_u64, tamperings in prop::collection::vec(tampering(), 1..3)) {
        let whole = chain(length);
        let known = whole.last().unwrap().head;
        let mut records = whole.clone();
        for tampering in &tamperings {
            if !records.is_empty() {
                tamper(&mut records, tampering);
            }
        }
        let verified = verify(&records, known.hash);
        prop_assert_eq!(verified.is_ok(), records == whole, "{:?}", verified);
    }

    #[test]
    fn a_log_goes_on_being_whole_after_its_beginning_was_sealed_off(length in 2..20_u64, kept in 1..20_u64) {
        let records = chain(length);
        let (gone, left) = records.split_at(usize::try_from(length - kept.min(length - 1)).unwrap());
        let mut head = gone.last().unwrap().head;
        for record in left {
            prop_assert_eq!(head.follow(record), Ok(()));
        }
        prop_assert_eq!(head, records.last().unwrap().head);
    }

    #[test]
    fn a_record_reads_back_from_its_line(number in 0..1_000_u64) {
        let record = Head::EMPTY.seal(&entry(number)).unwrap();
        let line = record.to_line().unwrap();
        prop_assert!(!line.contains('\n'));
        prop_assert_eq!(&SealedRecord::from_line(&line).unwrap(), &record);
        prop_assert_eq!(record.entry().unwrap(), entry(number));
    }
}

#[test]
fn a_broken_chain_is_told_with_the_record_at_fault() {
    let whole = chain(4);
    let known = whole[3].head.hash;
    let without = |place: usize| {
        let mut records = whole.clone();
        records.remove(place);
        records
    };
    assert_eq!(verify(&whole, known), Ok(whole[3].head));
    assert_eq!(verify(&without(1), known), Err(BrokenChain::Missing { expected: 2, found: 3 }));
    let shortened = BrokenChain::OtherHead { expected: known, found: whole[2].head };
    assert_eq!(verify(&without(3), known), Err(shortened));
    let mut changed = whole.clone();
    changed[2].text = changed[2].text.replace("update", "delete").into();
    assert_eq!(verify(&changed, known), Err(BrokenChain::Changed(3)));
}

#[test]
fn the_text_that_is_hashed_is_as_it_always_was() {
    let record = Head::EMPTY.seal(&entry(1)).unwrap();
    assert_eq!(
        &*record.text,
        r#"{"at_milliseconds":1,"who":{"control_key":"ops"},"act":"update","resource":{"kind":"Key","name":"k1","workspace":"research"},"before":{"disabled":false,"models":["a"]},"from":"192.0.2.1","request_id":"req_1","outcome":{"denied":"TG2031"},"times":1}"#
    );
    assert_eq!(record.head.hash.to_string().parse(), Ok(record.head.hash));
    for line in ["", "{}", r#"{"sequence":1,"hash":"x","entry":{}}"#, "[]"] {
        assert!(SealedRecord::from_line(line).is_err(), "{line}");
    }
}

#[test]
fn a_filter_wants_what_has_everything_that_it_asks_for() {
    let entry = entry(5);
    let some = |text: &str| Some(text.into());
    let all = AuditFilter {
        who: some("ops"),
        act: some("update"),
        kind: some("Key"),
        name: some("k5"),
        workspace: some("research"),
        since_milliseconds: Some(5),
        until_milliseconds: Some(6),
    };
    assert!(AuditFilter::default().matches(&entry) && all.matches(&entry));
    for other in [
        AuditFilter { who: some("eve"), ..all.clone() },
        AuditFilter { act: some("read"), ..all.clone() },
        AuditFilter { kind: some("Route"), ..all.clone() },
        AuditFilter { name: some("k6"), ..all.clone() },
        AuditFilter { workspace: some("sales"), ..all.clone() },
        AuditFilter { since_milliseconds: Some(6), ..all.clone() },
        AuditFilter { until_milliseconds: Some(5), ..all },
    ] {
        assert!(!other.matches(&entry), "{other:?}");
    }
}
