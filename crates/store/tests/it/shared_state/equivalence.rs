//! Whatever is done to them, all stores keep the same as the memory does.

use std::time::Duration;

use bytes::Bytes;
use domain::ports::shared_state::{Change, Replaced, SharedState, Versioned};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use super::backends::{self, Home};

const KEYS: [&str; 5] = ["", "a", "a/1", "a/2", "b"];

#[derive(Debug, Clone)]
enum Act {
    Read(Vec<usize>),
    Replace(Vec<Wish>),
    List(usize, Option<usize>, usize),
    Sweep,
}

/// A change whose maker has seen some of what was there.
#[derive(Debug, Clone)]
struct Wish {
    key: usize,
    replaces: Sight,
    value: Bytes,
    lives: bool,
}

#[derive(Debug, Clone, Copy)]
enum Sight {
    Nothing,
    /// The latest version of the key that a change made.
    Latest,
    /// The one before it.
    Earlier,
}

/// A store, and the versions that it gave each key, in their order.
struct Subject<'a> {
    store: &'a dyn SharedState,
    versions: [Vec<u64>; KEYS.len()],
}

fn wish() -> impl Strategy<Value = Wish> {
    let sight = prop_oneof![
        2 => Just(Sight::Nothing),
        4 => Just(Sight::Latest),
        1 => Just(Sight::Earlier),
    ];
    let parts = (0..KEYS.len(), sight, "[a-z]{0,3}".prop_map(Bytes::from), prop::bool::weighted(0.8));
    parts.prop_map(|(key, replaces, value, lives)| Wish { key, replaces, value, lives })
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        2 => vec(0..KEYS.len(), 0..4).prop_map(Act::Read),
        6 => vec(wish(), 0..5).prop_map(Act::Replace),
        2 => (0..KEYS.len(), option::of(0..KEYS.len()), 0..5_usize)
            .prop_map(|(prefix, after, keys_max)| Act::List(prefix, after, keys_max)),
        1 => Just(Act::Sweep),
    ]
}

impl<'a> Subject<'a> {
    fn new(store: &'a dyn SharedState) -> Self {
        Self { store, versions: Default::default() }
    }

    /// Does it, and says what came of it, with versions by their order instead of their number.
    async fn play(&mut self, act: &Act) -> String {
        match act {
            Act::Read(keys) => {
                let wanted: Vec<Box<str>> = keys.iter().map(|key| KEYS[*key].into()).collect();
                let found = self.store.read(&wanted).await.unwrap().what;
                let found = keys.iter().zip(found).map(|(key, found)| self.seen(*key, found));
                format!("{:?}", found.collect::<Vec<_>>())
            }
            Act::Replace(wishes) => {
                let changes: Vec<Change> = wishes.iter().map(|wish| self.change(wish)).collect();
                let became = self.store.replace(&changes).await.unwrap().what;
                let became = wishes.iter().zip(became).map(|(wish, became)| self.became(wish.key, became));
                format!("{:?}", became.collect::<Vec<_>>())
            }
            Act::List(prefix, after, keys_max) => {
                let listed = self.store.list(KEYS[*prefix], after.map(|key| KEYS[key]), *keys_max).await;
                let listed = listed.unwrap().what.into_iter().map(|listed| {
                    let key = KEYS.iter().position(|key| **key == *listed.key).unwrap();
                    (key, self.seen(key, Some(listed.versioned)))
                });
                format!("{:?}", listed.collect::<Vec<_>>())
            }
            Act::Sweep => {
                self.store.sweep().await.unwrap();
                String::new()
            }
        }
    }

    fn change(&self, wish: &Wish) -> Change {
        let mut known = self.versions[wish.key].iter().rev().copied();
        Change {
            key: KEYS[wish.key].into(),
            replaces: match wish.replaces {
                Sight::Nothing => None,
                Sight::Latest => known.next(),
                Sight::Earlier => known.nth(1),
            },
            value: wish.value.clone(),
            expires_in: (!wish.lives).then_some(Duration::ZERO),
        }
    }

    fn became(&mut self, key: usize, became: Replaced) -> Result<usize, Option<(usize, Bytes)>> {
        match became {
            Replaced::Done(version) => {
                assert!(!self.versions[key].contains(&version), "version {version} came twice");
                self.versions[key].push(version);
                Ok(self.versions[key].len() - 1)
            }
            Replaced::Overtaken(now) => Err(self.seen(key, now)),
        }
    }

    fn seen(&self, key: usize, now: Option<Versioned>) -> Option<(usize, Bytes)> {
        let now = now?;
        let known = &self.versions[key];
        Some((known.iter().position(|known| *known == now.version).unwrap(), now.value))
    }
}

/// Does the same to a store and to the memory.
async fn compare(home: &Home, acts: &[Act]) -> Result<(), TestCaseError> {
    let (store, model) = (home.empty().await, Home::Memory.empty().await);
    let (mut subject, mut model) = (Subject::new(store.store()), Subject::new(model.store()));
    let look = [Act::Read((0..KEYS.len()).collect()), Act::List(0, None, 100)];
    for act in acts.iter().chain(&look) {
        let expected = model.play(act).await;
        prop_assert_eq!(subject.play(act).await, expected, "{:?}", act);
    }
    Ok(())
}

fn keeps_the_same_as_the_memory(home: &Home) {
    let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(24) };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    TestRunner::new(config).run(&vec(act(), 1..40), |acts| runtime.block_on(compare(home, &acts))).unwrap();
}

#[test]
fn a_file_keeps_the_same_as_the_memory() {
    keeps_the_same_as_the_memory(&backends::sqlite());
}

#[test]
fn postgres_keeps_the_same_as_the_memory() {
    keeps_the_same_as_the_memory(&backends::postgres());
}

#[test]
fn redis_keeps_the_same_as_the_memory() {
    keeps_the_same_as_the_memory(&backends::redis());
}

#[test]
fn valkey_keeps_the_same_as_the_memory() {
    keeps_the_same_as_the_memory(&backends::valkey());
}
