//! A server that is killed while replicas write to it: what was confirmed is there, and nothing is half there.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use domain::kept::{ItemPage, KeptItem};
use domain::ports::audit_log::AuditLog;
use domain::ports::registry::{Change, Registry};
use domain::ports::response_store::ResponseStore;
use store::PostgresDatabase;
use testkit::{DatabaseServer, within};

use crate::audit_log::{fill, verified};
use crate::shared_state::PATIENCE;
use crate::{answered, conversation, everything, in_conversation, item, tenant};

/// More bytes than are written.
const ENOUGH: u64 = 64 << 20;
/// How often the server is killed.
const KILLS: usize = 3;
/// Confirmed steps of each writer between two of them.
const STEPS: u64 = 20;

fn database(server: &DatabaseServer) -> PostgresDatabase {
    PostgresDatabase::new(server.url(), "tollgate", PATIENCE).unwrap()
}

/// Writes until it is told to stop; how often that was confirmed is counted up to then.
async fn write(database: PostgresDatabase, writer: usize, written: Arc<Written>) -> Vec<String> {
    let (registry, audit) = (database.registry(), database.audit_log(u64::MAX));
    let store = database.responses(ENOUGH);
    let mut confirmed = Vec::new();
    let mut number = 0_u64;
    while !written.is_over.load(Ordering::Relaxed) {
        number += 1;
        let name = format!("w{writer}n{number}");
        let pair = ["a", "b"].map(|kind| Change {
            kind: kind.into(),
            name: name.as_str().into(),
            value: Some(name.clone().into()),
        });
        let is_changed = match registry.revision().await {
            Ok(seen) => registry.change(seen, &pair).await == Ok(true),
            Err(_) => false,
        };
        let entries = audit.append((1..=3).map(crate::audit_log::entry).collect()).await;
        let is_kept = store.begin(answered(&name, in_conversation())).await.is_ok();
        for (is_confirmed, what) in [(is_changed, "object"), (is_kept, "response")] {
            confirmed.extend(is_confirmed.then(|| format!("{what} {name}")));
        }
        confirmed.extend(entries.map(|head| format!("record {}", head.sequence)));
        written.steps.send_modify(|steps| steps[writer] += u64::from(is_changed && is_kept));
    }
    confirmed
}

struct Written {
    is_over: AtomicBool,
    /// By writer.
    steps: tokio::sync::watch::Sender<[u64; 2]>,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_killed_while_it_writes_leaves_nothing_half_done() {
    let mut server = DatabaseServer::postgres_on_socket();
    let store = database(&server).responses(ENOUGH);
    store.begin_conversation(conversation(), Vec::new()).await.unwrap();
    let (steps, mut watched) = tokio::sync::watch::channel([0; 2]);
    let written = Arc::new(Written { is_over: AtomicBool::new(false), steps });
    let writers = [0, 1].map(|writer| tokio::spawn(write(database(&server), writer, Arc::clone(&written))));
    for _ in 0..KILLS {
        let wanted = written.steps.borrow().map(|steps| steps + STEPS);
        let enough = |steps: &[u64; 2]| steps.iter().zip(&wanted).all(|(steps, wanted)| steps >= wanted);
        within("some steps", watched.wait_for(enough)).await.unwrap();
        server.kill();
        server.start_again();
    }
    written.is_over.store(true, Ordering::Relaxed);
    let mut confirmed = Vec::new();
    for writer in writers {
        confirmed.extend(writer.await.unwrap());
    }
    assert_whole(&database(&server), &confirmed).await;
}

async fn assert_whole(database: &PostgresDatabase, confirmed: &[String]) {
    let register = database.registry().read().await.unwrap();
    let (a, b): (Vec<_>, Vec<_>) = register.objects.iter().partition(|object| &*object.kind == "a");
    let pairs = a.iter().zip(&b);
    assert!(pairs.clone().all(|(a, b)| (&a.name, a.revision) == (&b.name, b.revision)) && a.len() == b.len());
    assert_eq!(register.revision, u64::try_from(a.len()).unwrap(), "each revision made its two objects");

    let log = database.audit_log(u64::MAX);
    let head = verified(&log).await.head;
    assert_eq!(head.sequence % 3, 0, "records were appended by threes");
    fill(&log, 1..=1).await;

    let store = database.responses(ENOUGH);
    let page = ItemPage { items_max: 1_000_000, ..everything() };
    let items = store.conversation_items(&tenant(), &"c".into(), &page).await.unwrap().unwrap();
    let whole = |pair: &[KeptItem]| {
        let name = pair[0].id.as_str().strip_suffix("-in");
        name.is_some_and(|name| pair.get(1) == Some(&item(&format!("{name}-out"))))
    };
    assert!(items.chunks(2).all(whole), "a response's items come together: {items:?}");

    for what in confirmed {
        let is_there = match what.split_once(' ').unwrap() {
            ("object", name) => a.iter().any(|object| &*object.name == name),
            ("record", number) => number.parse::<u64>().unwrap() <= head.sequence,
            (_, name) => {
                let kept = store.response(&tenant(), &name.into()).await.unwrap();
                kept.is_some() && items.contains(&item(&format!("{name}-in")))
            }
        };
        assert!(is_there, "{what} was confirmed");
    }
}
