//! What tests of several files make use of.

use std::collections::BTreeMap;
use std::future::ready;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use domain::allotment::{
    Allotment, AtLimit, Budget, CutOff, Reserve, Selector, Span, StoreDown, Terms, Unit, UnknownCost,
};
use domain::notice::{BudgetNews, BudgetNotice, NoticePeriod};
use domain::ports::shared_state::{
    Change, Listed, Pending, Replaced, Seen, SharedState, StateError, Versioned,
};
use parking_lot::Mutex;
use tokio::time::Instant;

/// A budget of tokens that tells the webhook `w`.
pub(crate) fn budget() -> Budget {
    Budget {
        unit: Unit::Tokens,
        amount: 100,
        span: Span::Month,
        time_zone: "UTC".into(),
        raises: Vec::new(),
        warn_at: vec![50, 80],
        notify: vec!["w".into()],
        reserve: Reserve::Clamp,
        unknown_cost: UnknownCost::Refuse,
        cut_off: CutOff::Held,
        on_store_down: StoreDown::LastLease,
    }
}

/// A notice of the tenth of December 2025.
pub(crate) fn notice(budget: Budget, news: BudgetNews) -> BudgetNotice {
    let (selector, at_limit) = (Selector::default(), AtLimit::Refuse);
    let allotment = Allotment { name: "b".into(), selector, terms: Terms::Budget(budget), at_limit };
    BudgetNotice {
        allotment: Arc::new(allotment),
        group: "".into(),
        account: "b/0".into(),
        news,
        limit: 100,
        spent: 85,
        period: NoticePeriod { begins: Some(1_764_547_200), ends: Some(1_767_225_600) },
        at_milliseconds: 1_765_324_800_000,
        request_id: None,
    }
}

/// Values with their versions, which expire only when they are removed.
#[derive(Debug, Default)]
pub(crate) struct Values {
    pub(crate) by_key: BTreeMap<Box<str>, Versioned>,
    versions: u64,
}

impl Values {
    pub(crate) fn read(&self, keys: &[Box<str>]) -> Vec<Option<Versioned>> {
        keys.iter().map(|key| self.by_key.get(key).cloned()).collect()
    }

    pub(crate) fn replace(&mut self, changes: &[Change]) -> Vec<Replaced> {
        changes.iter().map(|change| self.replace_one(change)).collect()
    }

    fn replace_one(&mut self, change: &Change) -> Replaced {
        let current = self.by_key.get(&change.key);
        if current.map(|current| current.version) != change.replaces {
            return Replaced::Overtaken(current.cloned());
        }
        self.versions += 1;
        let (version, value) = (self.versions, change.value.clone());
        if change.expires_in == Some(Duration::ZERO) {
            self.by_key.remove(&change.key);
        } else {
            self.by_key.insert(change.key.clone(), Versioned { version, value });
        }
        Replaced::Done(version)
    }

    pub(crate) fn list(&self, prefix: &str, keys_max: usize) -> Vec<Listed> {
        let found = self.by_key.iter().filter(|(key, _)| key.starts_with(prefix));
        let listed = found.map(|(key, versioned)| Listed { key: key.clone(), versioned: versioned.clone() });
        listed.take(keys_max).collect()
    }
}

/// A store that answers at once, by the clock of the test, unless it is down.
#[derive(Debug)]
pub(crate) struct Memory {
    values: Mutex<Values>,
    begun: Instant,
    is_down: AtomicBool,
}

impl Memory {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self { values: Mutex::default(), begun: Instant::now(), is_down: AtomicBool::new(false) })
    }

    pub(crate) fn stop(&self) {
        self.is_down.store(true, Ordering::Relaxed);
    }

    fn answer<'a, T: Send + 'a>(&self, act: impl FnOnce(&mut Values) -> T) -> Pending<'a, Seen<T>> {
        if self.is_down.load(Ordering::Relaxed) {
            return Box::pin(ready(Err(StateError::Unavailable("down".to_owned()))));
        }
        let at = Duration::from_secs(1_000_000) + self.begun.elapsed();
        Box::pin(ready(Ok(Seen { at, what: act(&mut self.values.lock()) })))
    }
}

impl SharedState for Memory {
    fn read<'a>(&'a self, keys: &'a [Box<str>]) -> Pending<'a, Seen<Vec<Option<Versioned>>>> {
        self.answer(|values| values.read(keys))
    }

    fn replace<'a>(&'a self, changes: &'a [Change]) -> Pending<'a, Seen<Vec<Replaced>>> {
        self.answer(|values| values.replace(changes))
    }

    fn list<'a>(
        &'a self,
        prefix: &'a str,
        _: Option<&'a str>,
        keys_max: usize,
    ) -> Pending<'a, Seen<Vec<Listed>>> {
        self.answer(|values| values.list(prefix, keys_max))
    }

    fn sweep(&self) -> Pending<'_, usize> {
        Box::pin(ready(Ok(0)))
    }
}
