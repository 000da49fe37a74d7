//! What is published, what is kept, and that a change of the file is noticed.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use notify::event::{AccessKind, AccessMode, CreateKind, ModifyKind};
use notify::{Event, EventKind};
use tempfile::TempDir;
use tokio::sync::{mpsc, oneshot};

use super::{Published, Reload, Reloader, concerns, settings_that_wait};
use crate::environment::DiskEnvironment;
use crate::load::Loader;

const GOOD: &str = "limits: {headers_max: 50}\n";
const BETTER: &str = "limits: {headers_max: 60}\n";
const WRONG: &str = "limits: {headers_max: many}\n";

struct Watched {
    folder: TempDir,
    refusals: Arc<AtomicUsize>,
}

impl Watched {
    fn new() -> (Self, Reloader, Published) {
        let folder = tempfile::tempdir().unwrap();
        let watched = Self { folder, refusals: Arc::default() };
        watched.write(GOOD);
        let loader = Loader::new(watched.path(), Arc::new(DiskEnvironment(|_: &str| None)));
        let first = loader.load(1).unwrap();
        let refusals = Arc::clone(&watched.refusals);
        let (reloader, published) = Reloader::new(loader, first, move |outcome| {
            if matches!(outcome, Reload::Refused(_)) {
                refusals.fetch_add(1, Ordering::Relaxed);
            }
        });
        (watched, reloader, published)
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("tollgate.yaml")
    }

    fn write(&self, text: &str) {
        std::fs::write(self.path(), text).unwrap();
    }
}

fn in_force(published: &Published) -> (u64, usize) {
    let snapshot = published.snapshot.load();
    (snapshot.generation, snapshot.limits.headers_max)
}

#[test]
fn a_good_configuration_is_published_to_requests_and_to_those_who_wait() {
    let (watched, reloader, mut published) = Watched::new();
    assert_eq!(in_force(&published), (1, 50));
    watched.write(BETTER);
    assert!(matches!(reloader.reload(), Reload::Published { generation: 2 }));
    assert_eq!(in_force(&published), (2, 60));
    assert!(published.changes.has_changed().unwrap());
    assert_eq!(published.changes.borrow_and_update().snapshot.generation, 2);
}

#[test]
fn a_wrong_configuration_is_counted_and_the_last_good_one_stays() {
    let (watched, reloader, published) = Watched::new();
    watched.write(WRONG);
    let Reload::Refused(errors) = reloader.reload() else { panic!("it is wrong") };
    assert!(errors.to_string().contains("limits.headers_max"));
    assert_eq!(in_force(&published), (1, 50));
    assert!(!published.changes.has_changed().unwrap());
    assert_eq!(watched.refusals.load(Ordering::Relaxed), 1);

    std::fs::remove_file(watched.path()).unwrap();
    assert!(matches!(reloader.reload(), Reload::Refused(_)));
    assert_eq!(in_force(&published), (1, 50));

    watched.write(BETTER);
    assert!(
        matches!(reloader.reload(), Reload::Published { generation: 2 }),
        "a refused load takes no generation"
    );
}

#[test]
fn only_changes_of_what_is_read_cause_a_reload() {
    let event = |kind, name: &str| Event::new(kind).add_path(PathBuf::from("/etc/tollgate").join(name));
    let config = OsString::from("tollgate.yaml");
    let concerns = |event: &Event| concerns(event, &config, [OsStr::new("groq.secret")].into_iter());
    let modified = EventKind::Modify(ModifyKind::Any);
    assert!(concerns(&event(modified, "tollgate.yaml")));
    assert!(concerns(&event(modified, "groq.secret")));
    assert!(concerns(&event(EventKind::Create(CreateKind::Folder), "..data")));
    assert!(concerns(&event(EventKind::Access(AccessKind::Close(AccessMode::Write)), "tollgate.yaml")));
    assert!(!concerns(&event(modified, "access.log")));
    assert!(!concerns(&event(EventKind::Access(AccessKind::Open(AccessMode::Any)), "tollgate.yaml")));
    assert!(!concerns(&event(EventKind::Access(AccessKind::Close(AccessMode::Read)), "tollgate.yaml")));
}

/// Longer than any machine takes to notice a change; only a failing test waits for it.
const PATIENCE: Duration = Duration::from_secs(20);

#[tokio::test]
async fn a_replaced_file_and_a_request_are_noticed_until_told_to_stop() {
    let (watched, reloader, mut published) = Watched::new();
    let (request, requests) = mpsc::channel(1);
    let (stop, stopped) = oneshot::channel::<()>();
    let watch = Arc::new(reloader).watch(requests, async {
        let _ = stopped.await;
    });
    let watching = tokio::spawn(watch.unwrap());

    request.send(()).await.unwrap();
    tokio::time::timeout(PATIENCE, published.changes.changed()).await.unwrap().unwrap();
    assert_eq!(published.changes.borrow_and_update().snapshot.generation, 2);

    // As editors do: a new file beside the old one, then a rename over it.
    let beside = watched.folder.path().join("tollgate.yaml.new");
    std::fs::write(&beside, BETTER).unwrap();
    std::fs::rename(&beside, watched.path()).unwrap();
    tokio::time::timeout(PATIENCE, published.changes.changed()).await.unwrap().unwrap();
    assert_eq!(in_force(&published), (3, 60));

    stop.send(()).unwrap();
    tokio::time::timeout(PATIENCE, watching).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_folder_that_is_not_there_cannot_be_watched() {
    let (watched, reloader, _published) = Watched::new();
    drop(watched);
    let (_request, requests) = mpsc::channel(1);
    let Err(problem) = Arc::new(reloader).watch(requests, std::future::pending()) else {
        panic!("a folder that is gone was watched");
    };
    assert!(problem.to_string().contains("cannot be watched"));
}

#[test]
fn only_what_is_read_at_start_waits_for_the_next_one() {
    let loader = Loader::new("tollgate.yaml", Arc::new(DiskEnvironment(|_: &str| None)));
    let load = |text| loader.load_text(text, 1).unwrap();
    let waiting = |text| settings_that_wait(&load(""), &load(text)).collect::<Vec<_>>();
    assert_eq!(
        waiting(
            "log: {requests: all}\nupstream: {custom_host_from_requests: true}\nstate: {responses: {keep: 1d}}\n"
        ),
        [""; 0]
    );
    assert_eq!(
        waiting(
            "log: {format: json}\nserver: {http2: false}\nupstream: {dns_ttl: 1s}\nstate: {kind: sqlite}\n"
        ),
        ["server", "upstream", "state", "log.format"]
    );
}
