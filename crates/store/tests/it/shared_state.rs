//! What `SharedState` promises, for every implementation: two replicas, each with connections of its own, before one store.

mod backends;
mod equivalence;
mod laws;
mod lifetimes;
mod outages;

use std::time::Duration;

use bytes::Bytes;
use domain::ports::shared_state::{Change, Listed, Replaced, SharedState, Versioned};

/// Runs each law against each implementation. Those of a server are one test, since to start it takes longer than all of them.
macro_rules! every_backend {
    ($($law:ident)*) => {
        every_backend! { @each memory $($law)* }
        every_backend! { @each sqlite $($law)* }
        every_backend! { @together postgres $($law)* }
        every_backend! { @together pgbouncer $($law)* }
        every_backend! { @together redis $($law)* }
        every_backend! { @together valkey $($law)* }
    };
    (@each $backend:ident $($law:ident)*) => {
        mod $backend {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $law() {
                let home = $crate::shared_state::backends::$backend();
                super::$law(home.empty().await).await;
            })*
        }
    };
    (@together $backend:ident $($law:ident)*) => {
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $backend() {
            let home = $crate::shared_state::backends::$backend();
            $(
                println!("{}", stringify!($law));
                $law(home.empty().await).await;
            )*
        }
    };
}
use every_backend;

/// More than any answer takes.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// A change of a key whose value is kept for ever.
pub(crate) fn change(key: &str, replaces: Option<u64>, value: impl Into<Bytes>) -> Change {
    Change { key: key.into(), replaces, value: value.into(), expires_in: None }
}

/// The same for a time only.
pub(crate) fn for_a_time(change: Change, lifetime: Duration) -> Change {
    Change { expires_in: Some(lifetime), ..change }
}

/// What became of one change.
pub(crate) async fn replace(store: &dyn SharedState, change: Change) -> Replaced {
    store.replace(&[change]).await.unwrap().what.remove(0)
}

/// The version that one change made.
pub(crate) async fn replaced(store: &dyn SharedState, change: Change) -> u64 {
    let became = match replace(store, change).await {
        Replaced::Done(version) => Ok(version),
        Replaced::Overtaken(by) => Err(by),
    };
    became.unwrap()
}

pub(crate) async fn read(store: &dyn SharedState, key: &str) -> Option<Versioned> {
    store.read(&[key.into()]).await.unwrap().what.remove(0)
}

pub(crate) async fn list(
    store: &dyn SharedState,
    prefix: &str,
    after: Option<&str>,
    keys_max: usize,
) -> Vec<Listed> {
    store.list(prefix, after, keys_max).await.unwrap().what
}

/// All keys that begin so.
pub(crate) async fn keys(store: &dyn SharedState, prefix: &str) -> Vec<String> {
    list(store, prefix, None, 1_000).await.into_iter().map(|listed| listed.key.into()).collect()
}
