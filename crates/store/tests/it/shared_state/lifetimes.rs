//! Values that expire, by the clock of the store.

use std::collections::HashSet;
use std::time::Duration;

use domain::ports::shared_state::{Replaced, SharedState, Versioned};

use super::backends::Backend;
use super::{change, every_backend, for_a_time, keys, list, read, replace, replaced};

/// The finest that a store counts.
const TICK: Duration = Duration::from_millis(1);

every_backend! {
    a_value_is_there_until_it_expires_by_the_clock_of_the_store
    both_replicas_see_the_same_clock
    what_has_expired_counts_as_never_written
    a_value_that_is_replaced_has_the_lifetime_of_the_new_one
    what_is_kept_for_longer_than_can_be_counted_is_kept
    no_version_comes_again
    what_has_expired_is_swept
}

async fn a_value_is_there_until_it_expires_by_the_clock_of_the_store(backend: Backend) {
    let store = backend.store();
    let lifetime = Duration::from_millis(60);
    let before = store.read(&[]).await.unwrap().at;
    let made = store.replace(&[for_a_time(change("k", None, "x"), lifetime)]).await.unwrap();
    assert!(before <= made.at + TICK);
    // It is kept from when it was written, which is some time between these two.
    let written = store.read(&[]).await.unwrap().at;
    loop {
        let seen = store.read(&["k".into()]).await.unwrap();
        if seen.what == [None] {
            assert!(seen.at + TICK >= made.at + lifetime, "{seen:?} {made:?}");
            break;
        }
        assert!(seen.at <= written + lifetime + TICK, "{seen:?} {made:?}");
    }
    assert!(keys(store, "").await.is_empty());
}

async fn both_replicas_see_the_same_clock(backend: Backend) {
    let mut last = Duration::ZERO;
    for turn in 0..10 {
        let at = backend.replicas[turn % 2].read(&["k".into()]).await.unwrap().at;
        assert!(at >= last, "{at:?} is before {last:?}");
        last = at;
    }
    // Some time after this was written.
    assert!(last > Duration::from_secs(1_700_000_000));
}

/// A value that has expired already.
async fn expired(store: &dyn SharedState, key: &str) -> u64 {
    let version = replaced(store, for_a_time(change(key, None, "old"), Duration::ZERO)).await;
    assert_eq!(read(store, key).await, None);
    version
}

async fn what_has_expired_counts_as_never_written(backend: Backend) {
    let store = backend.store();
    let version = expired(store, "k").await;
    replaced(store, change("other", None, "x")).await;
    assert_eq!(keys(store, "").await, ["other"]);
    assert_eq!(list(store, "k", None, 1).await, []);
    assert_eq!(replace(store, change("k", Some(version), "new")).await, Replaced::Overtaken(None));
    let anew = replaced(store, change("k", None, "new")).await;
    assert_eq!(read(store, "k").await, Some(Versioned { version: anew, value: "new".into() }));
    assert_eq!(keys(store, "").await, ["k", "other"]);
}

async fn a_value_that_is_replaced_has_the_lifetime_of_the_new_one(backend: Backend) {
    let store = backend.store();
    let short = Duration::from_millis(1);
    let version = replaced(store, for_a_time(change("k", None, "x"), Duration::from_secs(3_600))).await;
    let version = replaced(store, change("k", Some(version), "for ever")).await;
    let until = store.replace(&[for_a_time(change("short", None, ""), short)]).await.unwrap().at + short;
    while store.read(&["short".into()]).await.unwrap().at <= until + TICK {}
    assert_eq!(read(store, "k").await.map(|now| now.version), Some(version));
    replaced(store, for_a_time(change("k", Some(version), "short"), Duration::ZERO)).await;
    assert_eq!(read(store, "k").await, None);
}

async fn what_is_kept_for_longer_than_can_be_counted_is_kept(backend: Backend) {
    let store = backend.store();
    for (key, lifetime) in [("max", Duration::MAX), ("long", Duration::from_secs(u64::from(u32::MAX)))] {
        replaced(store, for_a_time(change(key, None, "x"), lifetime)).await;
        assert!(read(store, key).await.is_some(), "{key}");
    }
    assert_eq!(store.sweep().await.unwrap(), 0);
}

async fn no_version_comes_again(backend: Backend) {
    let store = backend.store();
    let mut seen = HashSet::new();
    let mut version = replaced(store, change("kept", None, "x")).await;
    seen.insert(version);
    for turn in 0..20 {
        assert!(seen.insert(expired(store, "gone").await));
        version = replaced(store, change("kept", Some(version), "x")).await;
        assert!(seen.insert(version));
        if turn % 3 == 0 {
            while store.sweep().await.unwrap() > 0 {}
        }
    }
}

async fn what_has_expired_is_swept(backend: Backend) {
    let store = backend.store();
    replaced(store, change("kept", None, "x")).await;
    for number in 0..5 {
        expired(store, &format!("gone {number}")).await;
    }
    let mut swept = 0;
    loop {
        match store.sweep().await.unwrap() {
            0 => break,
            some => swept += some,
        }
    }
    // A store may remove it by itself.
    assert!(swept <= 5, "{swept}");
    assert_eq!(keys(store, "").await, ["kept"]);
}
