//! What was refused to clients, counted until it is told to the audit log.
//!
//! A flood of refused requests must not fill a disk, nor push what people did out of the log. So what is alike is told as one record
//! with its count, and of what is not alike there is a bound; the rest is one record together. A request that is not refused
//! never comes here.

use std::collections::BTreeMap;
use std::net::IpAddr;

use domain::audit::{AuditEntry, AuditedResource, Outcome, Who};
use domain::{ApiKey, ErrorCode};

use crate::mutex::Mutex;
use crate::wrong_keys::neighbourhood;

/// Most records that come of the denials between two times that they are taken.
const DENIALS_APART_MAX: usize = 64;

/// A request that was refused because of who asked, for what, or from where.
#[derive(Debug, Clone, Copy)]
pub struct Denial<'a> {
    /// Whose request it was, when that was known.
    pub key: Option<&'a ApiKey>,
    /// Where it came from, when that is known.
    pub address: Option<IpAddr>,
    /// Why it was refused.
    pub code: ErrorCode,
    /// The request.
    pub request_id: Option<&'a str>,
    /// When, in milliseconds since 1970.
    pub at_milliseconds: u64,
}

/// The denials that were not told yet.
#[derive(Debug, Default)]
pub struct Denials(Mutex<BTreeMap<(Who, &'static str), AuditEntry>>);

impl Denials {
    /// Counts one.
    pub fn count(&self, denial: &Denial<'_>) {
        let code = denial.code.code();
        let mut who = whose(denial);
        let mut apart = self.0.lock();
        if !apart.contains_key(&(who.clone(), code)) && apart.len() + 1 >= DENIALS_APART_MAX {
            who = Who::Others;
        }
        let place = match who {
            Who::Others => (Who::Others, ""),
            who => (who, code),
        };
        let entry = apart.entry(place).or_insert_with_key(|(who, _)| entry(denial, who.clone()));
        entry.times = entry.times.saturating_add(1);
    }

    /// Those that were counted since the last time, the oldest first.
    #[must_use]
    pub fn take(&self) -> Vec<AuditEntry> {
        let mut taken: Vec<_> = std::mem::take(&mut *self.0.lock()).into_values().collect();
        taken.sort_by_key(|entry| entry.at_milliseconds);
        taken
    }
}

fn whose(denial: &Denial<'_>) -> Who {
    match (denial.key, denial.address) {
        (Some(key), _) => Who::Key(key.name.as_str().into()),
        (None, Some(address)) => Who::Network(neighbourhood(address).to_string().into()),
        (None, None) => Who::Others,
    }
}

/// The first of those that are told as one.
fn entry(denial: &Denial<'_>, who: Who) -> AuditEntry {
    let key = denial.key.filter(|_| who != Who::Others);
    AuditEntry {
        at_milliseconds: denial.at_milliseconds,
        act: "request".into(),
        resource: key.map(|key| AuditedResource {
            kind: "Key".into(),
            name: key.name.as_str().into(),
            workspace: Some(key.subject.workspace.name.as_str().into()),
        }),
        before: None,
        after: None,
        from: denial.address,
        request_id: denial.request_id.map(Into::into),
        outcome: Outcome::Denied(denial.code.code().into()),
        who,
        times: 0,
    }
}

#[cfg(test)]
mod tests {
    use super::{ApiKey, DENIALS_APART_MAX, Denial, Denials, ErrorCode, Outcome, Who};
    use proptest::prelude::*;
    use std::sync::Arc;

    fn denial(code: ErrorCode, last: u8, at_milliseconds: u64) -> Denial<'static> {
        let address = Some([198, 51, last, 7].into());
        Denial { key: None, address, code, request_id: Some("req_1"), at_milliseconds }
    }

    #[test]
    fn what_is_alike_is_told_once_with_its_count_and_its_first() {
        let denials = Denials::default();
        let key = ApiKey::new("batch", Arc::default());
        for at in [5, 6, 7] {
            denials.count(&Denial { key: Some(&key), ..denial(ErrorCode::ModelNotAllowed, 1, at) });
        }
        denials.count(&denial(ErrorCode::KeyUnknown, 1, 3));
        denials.count(&denial(ErrorCode::KeyMissing, 1, 9));
        let told: Vec<_> = denials.take().into_iter().map(|entry| (entry.at_milliseconds, entry)).collect();
        let [(3, unknown), (5, refused), (9, missing)] = told.as_slice() else { panic!("{told:?}") };
        assert_eq!((unknown.times, refused.times, missing.times), (1, 3, 1));
        assert_eq!(unknown.who, Who::Network("198.51.1.0/24".into()));
        assert_eq!(refused.who, Who::Key("batch".into()));
        assert_eq!(refused.outcome, Outcome::Denied("TG2003".into()));
        let resource = refused.resource.as_ref().unwrap();
        assert_eq!((&*resource.name, resource.workspace.as_deref()), ("batch", Some("default")));
        assert!(denials.take().is_empty(), "each is told once");
    }

    proptest! {
        #[test]
        fn no_flood_makes_more_records_than_its_bound_and_none_is_lost(networks in prop::collection::vec(any::<u8>(), 0..500)) {
            let denials = Denials::default();
            for network in &networks {
                denials.count(&denial(ErrorCode::KeyUnknown, *network, 1));
            }
            let told = denials.take();
            prop_assert!(told.len() <= DENIALS_APART_MAX);
            prop_assert_eq!(told.iter().map(|entry| entry.times).sum::<u64>(), networks.len() as u64);
        }
    }
}
