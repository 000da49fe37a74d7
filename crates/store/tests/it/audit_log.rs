//! What `AuditLog` promises, for every implementation.

use std::sync::Arc;

use domain::audit::{AuditEntry, AuditFilter, AuditedResource, Head, Outcome, Who};
use domain::ports::audit_log::{AuditLog, AuditPage, Extent, LOOKED_AT_MAX};
use store::{MemoryAudit, PostgresDatabase, SqliteStore};
use tempfile::TempDir;
use testkit::{DatabaseServer, Pooled, unique_name};

use crate::shared_state::PATIENCE;
use crate::sqlite_file;

/// A log that keeps so many records, as two processes have it, and what has to live as long.
struct Backend {
    logs: [Arc<dyn AuditLog>; 2],
    #[expect(dead_code, reason = "dropping it deletes the file")]
    folder: Option<TempDir>,
}

async fn memory(records_max: u64) -> Backend {
    let log: Arc<dyn AuditLog> = Arc::new(MemoryAudit::new(records_max));
    Backend { logs: [Arc::clone(&log), log], folder: None }
}

async fn sqlite(records_max: u64) -> Backend {
    let folder = tempfile::tempdir().unwrap();
    let mut logs = Vec::new();
    for _ in 0..2 {
        let store = SqliteStore::open(sqlite_file(folder.path())).await.unwrap();
        logs.push(Arc::new(store.audit_log(records_max)) as Arc<dyn AuditLog>);
    }
    Backend { logs: logs.try_into().unwrap(), folder: Some(folder) }
}

fn postgres(server: &DatabaseServer, records_max: u64) -> Backend {
    let name = unique_name();
    let log = || PostgresDatabase::new(server.url(), &name, PATIENCE).unwrap().audit_log(records_max);
    Backend { logs: [Arc::new(log()), Arc::new(log())], folder: None }
}

/// Runs each law against each implementation; those of a server are one test, since to start it takes longer than all of them.
macro_rules! every_backend {
    ($($law:ident($records_max:expr))*) => {
        every_backend! { @of memory $($law($records_max))* }
        every_backend! { @of sqlite $($law($records_max))* }
        every_backend! { @on in_postgres DatabaseServer::postgres() => $($law($records_max))* }
        every_backend! {
            @on behind_pgbouncer DatabaseServer::postgres_behind_pooler(Pooled::Sessions) => $($law($records_max))*
        }
    };
    (@on $name:ident $server:expr => $($law:ident($records_max:expr))*) => {
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() {
            let server = $server;
            $(
                println!("{}", stringify!($law));
                $law(postgres(&server, $records_max)).await;
            )*
        }
    };
    (@of $backend:ident $($law:ident($records_max:expr))*) => {
        mod $backend {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $law() {
                super::$law(super::$backend($records_max).await).await;
            })*
        }
    };
}

every_backend! {
    records_are_a_chain_in_their_order(1_000)
    an_empty_log_begins_and_ends_nowhere(1_000)
    a_page_has_what_the_filter_wants_and_says_where_to_go_on(1_000)
    a_filter_that_nothing_matches_ends(1_000_000)
    the_oldest_are_forgotten_and_the_rest_stays_a_chain(10)
    two_processes_write_one_chain(1_000)
}

pub(crate) fn entry(number: u64) -> AuditEntry {
    let name = if number.is_multiple_of(2) { "even" } else { "odd" };
    AuditEntry {
        at_milliseconds: number,
        who: Who::ControlKey(name.into()),
        act: "update".into(),
        resource: Some(AuditedResource { kind: "Key".into(), name: "k".into(), workspace: None }),
        before: None,
        after: Some(serde_json::json!({"number": number})),
        from: None,
        request_id: None,
        outcome: Outcome::Done,
        times: 1,
    }
}

pub(crate) async fn fill(log: &dyn AuditLog, numbers: std::ops::RangeInclusive<u64>) -> Head {
    log.append(numbers.map(entry).collect()).await.unwrap()
}

fn by(name: &str) -> AuditFilter {
    AuditFilter { who: Some(name.into()), ..AuditFilter::default() }
}

fn numbers(page: &AuditPage) -> Vec<u64> {
    page.records.iter().map(|record| record.head.sequence).collect()
}

/// Everything that is kept, found to be a chain from its beginning to its end.
pub(crate) async fn verified(log: &dyn AuditLog) -> Extent {
    let extent = log.extent().await.unwrap();
    let mut head = extent.base;
    let mut next = Some(head.sequence);
    while let Some(after) = next {
        let page = log.page(after, &AuditFilter::default(), 7).await.unwrap();
        for record in &page.records {
            head.follow(record).unwrap();
        }
        next = page.next;
    }
    assert_eq!(head, extent.head);
    extent
}

async fn records_are_a_chain_in_their_order(backend: Backend) {
    let log = &*backend.logs[0];
    let first = fill(log, 1..=3).await;
    let second = fill(log, 4..=20).await;
    assert_eq!((first.sequence, second.sequence), (3, 20));
    assert_eq!(verified(log).await, Extent { base: Head::EMPTY, head: second });
    let page = log.page(4, &AuditFilter::default(), 2).await.unwrap();
    assert_eq!((numbers(&page), page.next), (vec![5, 6], Some(6)));
    assert_eq!(page.records[0].entry().unwrap(), entry(5));
}

async fn an_empty_log_begins_and_ends_nowhere(backend: Backend) {
    let log = &*backend.logs[0];
    assert_eq!(log.append(Vec::new()).await.unwrap(), Head::EMPTY);
    assert_eq!(verified(log).await, Extent { base: Head::EMPTY, head: Head::EMPTY });
    assert_eq!(log.page(0, &AuditFilter::default(), 10).await.unwrap(), AuditPage::default());
}

async fn a_page_has_what_the_filter_wants_and_says_where_to_go_on(backend: Backend) {
    let log = &*backend.logs[0];
    fill(log, 1..=9).await;
    let page = log.page(0, &by("odd"), 3).await.unwrap();
    assert_eq!((numbers(&page), page.next), (vec![1, 3, 5], Some(5)));
    let page = log.page(5, &by("odd"), 2).await.unwrap();
    assert_eq!((numbers(&page), page.next), (vec![7, 9], None), "nothing is left");
    let page = log.page(0, &by("nobody"), 3).await.unwrap();
    assert_eq!(page, AuditPage::default());
    assert_eq!(log.page(9, &AuditFilter::default(), 3).await.unwrap(), AuditPage::default());
    assert_eq!(log.page(99, &AuditFilter::default(), 3).await.unwrap(), AuditPage::default());
}

async fn a_filter_that_nothing_matches_ends(backend: Backend) {
    let log = &*backend.logs[0];
    let count = u64::try_from(LOOKED_AT_MAX).unwrap();
    fill(log, 1..=count + 1).await;
    let page = log.page(0, &by("nobody"), 3).await.unwrap();
    assert_eq!((numbers(&page), page.next), (Vec::new(), Some(count)));
    assert_eq!(log.page(count, &by("nobody"), 3).await.unwrap(), AuditPage::default());
}

async fn the_oldest_are_forgotten_and_the_rest_stays_a_chain(backend: Backend) {
    let log = &*backend.logs[0];
    let third = fill(log, 1..=3).await;
    fill(log, 4..=10).await;
    assert_eq!(verified(log).await.base, Head::EMPTY, "as many as are kept");
    let head = fill(log, 11..=13).await;
    assert_eq!(verified(log).await, Extent { base: third, head });
    let page = log.page(0, &AuditFilter::default(), 1).await.unwrap();
    assert_eq!(numbers(&page), [4]);
    // More at once than are kept.
    fill(log, 14..=40).await;
    assert_eq!(verified(log).await.base.sequence, 30);
}

async fn two_processes_write_one_chain(backend: Backend) {
    let writers = backend.logs.clone().map(|log| {
        tokio::spawn(async move {
            for number in 1..=40 {
                fill(&*log, number..=number).await;
            }
        })
    });
    for writer in writers {
        writer.await.unwrap();
    }
    assert_eq!(verified(&*backend.logs[0]).await.head.sequence, 80);
}
