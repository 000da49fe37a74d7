//! Reading, replacing and listing.

use std::sync::Arc;

use bytes::Bytes;
use domain::ports::shared_state::{
    KEY_BYTES_MAX, Replaced, SharedState, StateError, VALUE_BYTES_MAX, Versioned,
};
use futures_util::FutureExt;

use super::backends::Backend;
use super::{change, every_backend, keys, list, read, replace, replaced};

every_backend! {
    values_are_read_in_the_order_of_their_keys
    whoever_has_not_seen_a_value_does_not_replace_it
    changes_are_made_in_their_order_and_each_by_itself
    many_who_change_a_value_at_once_lose_nothing
    many_who_make_a_value_at_once_make_one
    those_who_change_the_same_values_in_different_orders_do_not_block_each_other
    what_is_too_large_is_refused_and_nothing_is_changed
    keys_and_values_may_hold_every_byte
    keys_are_listed_in_the_order_of_their_bytes
    a_list_goes_on_after_any_key
    a_prefix_is_no_pattern
    a_thousand_values_are_changed_read_and_listed_at_once
    whoever_stops_waiting_leaves_nothing_half_done
}

async fn values_are_read_in_the_order_of_their_keys(backend: Backend) {
    let [one, other] = &backend.replicas;
    let first = replaced(&**one, change("a", None, "of a")).await;
    let second = replaced(&**other, change("b", None, "of b")).await;
    assert_ne!(first, second);
    let wanted = ["b", "none", "a", "b"].map(Box::from);
    let found = one.read(&wanted).await.unwrap().what;
    let (a, b) = (
        Versioned { version: first, value: Bytes::from_static(b"of a") },
        Versioned { version: second, value: Bytes::from_static(b"of b") },
    );
    assert_eq!(found, [Some(b.clone()), None, Some(a), Some(b)]);
    assert_eq!(one.read(&[]).await.unwrap().what, []);
    assert_eq!(one.replace(&[]).await.unwrap().what, []);
}

async fn whoever_has_not_seen_a_value_does_not_replace_it(backend: Backend) {
    let [one, other] = &backend.replicas;
    let first = replaced(&**one, change("k", None, "first")).await;
    let second = replaced(&**other, change("k", Some(first), "second")).await;
    let now = Some(Versioned { version: second, value: Bytes::from_static(b"second") });
    for unseen in [None, Some(first), Some(second + 1_000_000), Some(0), Some(u64::MAX)] {
        assert_eq!(replace(&**one, change("k", unseen, "third")).await, Replaced::Overtaken(now.clone()));
    }
    assert_eq!(read(&**one, "k").await, now);
    assert_eq!(replace(&**one, change("never", Some(first), "x")).await, Replaced::Overtaken(None));
    assert_eq!(read(&**one, "never").await, None);
}

async fn changes_are_made_in_their_order_and_each_by_itself(backend: Backend) {
    let store = backend.store();
    let old = replaced(store, change("old", None, "before")).await;
    let changes = [
        change("z", None, "one"),
        change("old", Some(old + 1_000_000), "not this"),
        change("z", None, "two"),
        change("a", None, "three"),
        change("old", Some(old), "this"),
    ];
    let became = store.replace(&changes).await.unwrap().what;
    let z = read(store, "z").await.unwrap();
    let before = Versioned { version: old, value: Bytes::from_static(b"before") };
    assert_eq!(became.len(), 5);
    assert_eq!(became[0], Replaced::Done(z.version));
    assert_eq!(became[1], Replaced::Overtaken(Some(before)));
    assert_eq!(became[2], Replaced::Overtaken(Some(z.clone())));
    let versions = [&became[3], &became[4]].map(|made| match made {
        Replaced::Done(version) => Some(*version),
        Replaced::Overtaken(_) => None,
    });
    assert_eq!(versions, [read(store, "a").await, read(store, "old").await].map(|now| Some(now?.version)));
    assert_eq!((z.value, read(store, "old").await.unwrap().value), ("one".into(), "this".into()));
}

/// Adds one to a number, as often as it takes.
async fn increment(store: &dyn SharedState, key: &str) {
    let mut seen = read(store, key).await;
    loop {
        let number: u64 = seen.as_ref().map_or(0, |now| str::from_utf8(&now.value).unwrap().parse().unwrap());
        let version = seen.map(|now| now.version);
        match replace(store, change(key, version, (number + 1).to_string())).await {
            Replaced::Done(_) => return,
            Replaced::Overtaken(now) => seen = now,
        }
    }
}

async fn many_who_change_a_value_at_once_lose_nothing(backend: Backend) {
    let writers: Vec<_> = (0..16)
        .map(|number| {
            let store = Arc::clone(&backend.replicas[number % 2]);
            tokio::spawn(async move {
                for _ in 0..20 {
                    increment(&*store, "counter").await;
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    assert_eq!(read(backend.store(), "counter").await.unwrap().value, "320");
}

async fn many_who_make_a_value_at_once_make_one(backend: Backend) {
    let makers: Vec<_> = (0..16)
        .map(|number: usize| {
            let store = Arc::clone(&backend.replicas[number % 2]);
            tokio::spawn(async move { replace(&*store, change("k", None, number.to_string())).await })
        })
        .collect();
    let mut became = Vec::new();
    for maker in makers {
        became.push(maker.await.unwrap());
    }
    let now = read(backend.store(), "k").await.unwrap();
    became.retain(|one| *one != Replaced::Overtaken(Some(now.clone())));
    assert_eq!(became, [Replaced::Done(now.version)]);
}

async fn those_who_change_the_same_values_in_different_orders_do_not_block_each_other(backend: Backend) {
    let names: Vec<String> = (0..10).map(|number| format!("k{number}")).collect();
    let change_all = |store: Arc<dyn SharedState>, names: Vec<String>| {
        tokio::spawn(async move {
            let mut done = 0;
            while done < 200 {
                let wanted: Vec<Box<str>> = names.iter().map(|name| name.as_str().into()).collect();
                let seen = store.read(&wanted).await.unwrap().what;
                let changes = names.iter().zip(seen);
                let changes: Vec<_> =
                    changes.map(|(name, seen)| change(name, seen.map(|seen| seen.version), "x")).collect();
                let became = store.replace(&changes).await.unwrap().what;
                done += became.iter().filter(|one| matches!(one, Replaced::Done(_))).count();
            }
        })
    };
    let [one, other] = &backend.replicas;
    let reversed = names.iter().rev().cloned().collect();
    for changing in [change_all(Arc::clone(one), names), change_all(Arc::clone(other), reversed)] {
        changing.await.unwrap();
    }
}

async fn what_is_too_large_is_refused_and_nothing_is_changed(backend: Backend) {
    let store = backend.store();
    let (long, large) = ("k".repeat(KEY_BYTES_MAX), Bytes::from(vec![b'v'; VALUE_BYTES_MAX]));
    replaced(store, change(&long, None, large.clone())).await;
    assert_eq!(read(store, &long).await.unwrap().value, large);
    let longer = "k".repeat(KEY_BYTES_MAX + 1);
    let larger = Bytes::from(vec![b'v'; VALUE_BYTES_MAX + 1]);
    let key = StateError::TooLarge { what: "a key", bytes: 513, bytes_max: 512 };
    let value = StateError::TooLarge { what: "a value", bytes: 262_145, bytes_max: 262_144 };
    for (at_fault, error) in
        [(change(&longer, None, ""), &key), (change("value", None, larger.clone()), &value)]
    {
        assert_eq!(store.replace(&[change("first", None, "x"), at_fault]).await, Err(error.clone()));
    }
    assert_eq!(store.read(&[longer.into()]).await, Err(key));
    assert_eq!(keys(store, "").await, [long]);
}

async fn keys_and_values_may_hold_every_byte(backend: Backend) {
    let store = backend.store();
    let mut all: Vec<String> = (0..=0x7F_u8).map(|byte| format!("<{}>", char::from(byte))).collect();
    all.extend(["", "ä", "\u{7FF}\u{800}\u{FFFF}\u{10FFFF}", "\0", "\0\0", "'\"\\;--"].map(String::from));
    let every_byte: Bytes = (0..=255_u8).collect();
    for (number, key) in all.iter().enumerate() {
        let value = if number == 0 { Bytes::new() } else { [&every_byte, key.as_bytes()].concat().into() };
        replaced(store, change(key, None, value.clone())).await;
        assert_eq!(read(store, key).await.unwrap().value, value, "{key:?}");
    }
    all.sort_unstable();
    assert_eq!(keys(store, "").await, all);
}

async fn fill(store: &dyn SharedState, keys: &[&str]) {
    for key in keys {
        replaced(store, change(key, None, format!("of {key}"))).await;
    }
}

async fn keys_are_listed_in_the_order_of_their_bytes(backend: Backend) {
    let store = backend.store();
    fill(store, &["b/2", "b/10", "b/ä", "b/Z", "b", "b/z", "a", "c", "b/", "b0"]).await;
    assert_eq!(keys(store, "b/").await, ["b/", "b/10", "b/2", "b/Z", "b/z", "b/ä"]);
    assert!(keys(store, "none").await.is_empty());
    let listed = list(store, "b/2", None, 10).await;
    assert_eq!(listed.len(), 1);
    assert_eq!(Some(&listed[0].versioned), read(store, "b/2").await.as_ref());
}

async fn a_list_goes_on_after_any_key(backend: Backend) {
    let store = backend.store();
    let all: Vec<String> = (0..25).map(|number| format!("p/{number:02}")).collect();
    fill(store, &all.iter().map(String::as_str).collect::<Vec<_>>()).await;
    fill(store, &["o", "q"]).await;
    let (mut turned, mut after) = (Vec::new(), None::<Box<str>>);
    loop {
        let page = list(store, "p/", after.as_deref(), 4).await;
        let Some(last) = page.last() else { break };
        after = Some(last.key.clone());
        turned.extend(page.into_iter().map(|listed| String::from(listed.key)));
    }
    assert_eq!(turned, all);
    let first = |after: &'static str| async move {
        list(store, "p/", Some(after), 1).await.pop().map_or_else(String::new, |listed| listed.key.into())
    };
    assert_eq!(first("").await, "p/00");
    assert_eq!(first("p/").await, "p/00");
    assert_eq!(first("p/07x").await, "p/08");
    assert_eq!(first("q").await, "");
    assert_eq!(list(store, "p/", None, 0).await, []);
}

async fn a_prefix_is_no_pattern(backend: Backend) {
    let store = backend.store();
    let meant = ["%x", "_x", "*x", "[a]x", "?x", "\\x", "^x", "(x", "+x", "-x"];
    fill(store, &meant).await;
    fill(store, &["ax", "bx", "a]x"]).await;
    for key in meant {
        let prefix = key.strip_suffix('x').unwrap();
        assert_eq!(keys(store, prefix).await, [key]);
    }
}

async fn a_thousand_values_are_changed_read_and_listed_at_once(backend: Backend) {
    let store = backend.store();
    let names: Vec<Box<str>> = (0..1_000).map(|number| format!("k{number:03}").into()).collect();
    let changes: Vec<_> = names.iter().rev().map(|name| change(name, None, format!("of {name}"))).collect();
    let became = store.replace(&changes).await.unwrap().what;
    let found = store.read(&names).await.unwrap().what;
    for ((name, found), became) in names.iter().zip(&found).zip(became.iter().rev()) {
        let found = found.as_ref().unwrap();
        assert_eq!(
            (&*found.value, became),
            (format!("of {name}").as_bytes(), &Replaced::Done(found.version))
        );
    }
    let listed = list(store, "k", None, 1_000).await;
    assert!(
        listed
            .iter()
            .map(|listed| (&listed.key, Some(&listed.versioned)))
            .eq(names.iter().zip(found.iter().map(Option::as_ref)))
    );
}

async fn whoever_stops_waiting_leaves_nothing_half_done(backend: Backend) {
    let store = backend.store();
    let mut version = replaced(store, change("k", None, "before")).await;
    for polls in 0..40 {
        let (large, given_up) = (vec![b'x'; 10_000], format!("given up after {polls}"));
        let changes = [change("k", Some(version), given_up.clone()), change("other", None, large)];
        let mut changing = store.replace(&changes);
        // Whoever waits for it is cut off anywhere.
        for _ in 0..polls {
            if (&mut changing).now_or_never().is_some() {
                break;
            }
            tokio::task::yield_now().await;
        }
        drop(changing);
        let expected = |now: &Versioned| now.version == version || now.value == given_up;
        assert!(expected(&read(store, "k").await.unwrap()));
        // It may be made even now, but only as a whole.
        let mut seen = Some(version);
        version = loop {
            match replace(store, change("k", seen, "after")).await {
                Replaced::Done(version) => break version,
                Replaced::Overtaken(now) => {
                    assert!(now.as_ref().is_some_and(expected), "{now:?}");
                    seen = now.map(|now| now.version);
                }
            }
        };
        assert_eq!(read(store, "k").await, Some(Versioned { version, value: Bytes::from_static(b"after") }));
    }
}
