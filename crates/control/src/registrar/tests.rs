//! Changes against registries that are shared, slow, or broken.

use std::future::ready;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use domain::ports::registry::{Change, Pending, Register, Registered, Registry, RegistryError};
use jiff::Timestamp;
use providers::sign_in::{Outside, OutsideParts};
use providers::transport::{Transport, TransportSettings};
use serde_json::{Value as Json, json};
use tempfile::TempDir;
use tokio::sync::watch;

use super::{Mutex, NotChanged, Registrar, Testimony, Witness};
use crate::environment::DiskEnvironment;
use crate::load::{Loaded, Loader};
use crate::objects::{Object, ObjectId, ObjectKind};
use crate::sealing::Sealing;
use crate::watch::{Reloader, Reloads};

/// A witness of changes that nobody asks about.
struct Silent;

impl Witness for Silent {
    fn ahead<'a>(&'a self, _: &'a Loaded, _: &'a Loaded) -> Testimony<'a> {
        Box::pin(ready(Ok(())))
    }

    fn undone<'a>(&'a self, _: &'a Loaded) -> Testimony<'a> {
        Box::pin(ready(Ok(())))
    }
}

/// A registry that a test looks into.
#[derive(Debug, Default)]
struct Shelf {
    register: Mutex<Register>,
    /// How many more changes another process makes first.
    overtakers: AtomicU64,
    is_broken: Mutex<bool>,
}

impl Shelf {
    fn unless_broken<T>(&self, value: T) -> Result<T, RegistryError> {
        if *self.is_broken.lock() { Err(RegistryError("it is down".to_owned())) } else { Ok(value) }
    }

    /// What another process does.
    fn put(&self, kind: &str, name: &str, body: &Json) {
        let mut register = self.register.lock();
        register.revision += 1;
        let value = json!({"body": body, "changed_at": "2026-01-01T00:00:00Z"}).to_string().into();
        let revision = register.revision;
        register.objects.push(Registered { kind: kind.into(), name: name.into(), revision, value });
    }
}

impl Registry for Shelf {
    fn revision(&self) -> Pending<'_, u64> {
        let revision = self.register.lock().revision;
        Box::pin(ready(self.unless_broken(revision)))
    }

    fn read(&self) -> Pending<'_, Register> {
        let register = self.register.lock().clone();
        Box::pin(ready(self.unless_broken(register)))
    }

    fn change<'a>(&'a self, seen: u64, changes: &'a [Change]) -> Pending<'a, bool> {
        let left = self.overtakers.load(Ordering::Relaxed);
        if left > 0 {
            self.overtakers.store(left - 1, Ordering::Relaxed);
            self.put("users", &format!("other{left}"), &json!({}));
        }
        let mut register = self.register.lock();
        let is_first = register.revision == seen;
        if is_first {
            register.revision += 1;
            let revision = register.revision;
            register.objects.extend(changes.iter().filter_map(|change| {
                let (kind, name, value) = (change.kind.clone(), change.name.clone(), change.value.clone()?);
                Some(Registered { kind, name, revision, value })
            }));
        }
        drop(register);
        Box::pin(ready(self.unless_broken(is_first)))
    }
}

struct Process {
    _folder: TempDir,
    shelf: Arc<Shelf>,
    reloader: Arc<Reloader>,
    registrar: Registrar,
}

/// An outside that nothing is asked of.
fn nowhere() -> Outside {
    Outside::new(OutsideParts {
        transport: Transport::new(TransportSettings::default()).unwrap(),
        read_file: Box::new(|_, _| Err(std::io::ErrorKind::NotFound.into())),
        wall_clock: Box::new(|| std::time::UNIX_EPOCH),
        random: Box::new(|| 0),
    })
    .unwrap()
}

fn process() -> Process {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tollgate.yaml");
    std::fs::write(&path, "server: {}\n").unwrap();
    let loader = Loader::new(path, Arc::new(DiskEnvironment(|_: &str| None)));
    let first = loader.load(1).unwrap();
    let (reloader, _) = Reloader::new(loader, first, |_| {});
    let reloader = Arc::new(reloader);
    let shelf = Arc::new(Shelf::default());
    // Whatever is published is in force at once.
    let (_, reloads) = watch::channel(Reloads { generation: u64::MAX, refused: 0 });
    let sealing = Sealing::new(|| Some([7; 32]), nowhere()).unwrap();
    let registrar = Registrar::new(Arc::clone(&shelf) as _, Arc::clone(&reloader), reloads, sealing, |_| {});
    Process { _folder: folder, shelf, reloader, registrar }
}

fn user(name: &str) -> ObjectId {
    ObjectId::new(ObjectKind::User, name).unwrap()
}

fn saying(body: &Json) -> Object {
    Object::new(&user("any"), body.as_object().unwrap(), None, Timestamp::UNIX_EPOCH).unwrap()
}

impl Process {
    async fn put(&self, name: &str, body: Json) -> Result<(), NotChanged<()>> {
        let decide = |_: &_| Ok(vec![(user(name), Some(saying(&body)))]);
        self.registrar.change(decide, &Silent).await.map(drop)
    }

    fn users(&self) -> Vec<String> {
        self.reloader.loaded().objects.iter().map(|(id, _)| id.name().to_owned()).collect()
    }
}

#[tokio::test]
async fn a_change_is_judged_again_when_another_process_was_faster() {
    let process = process();
    process.shelf.overtakers.store(3, Ordering::Relaxed);
    process.put("mine", json!({})).await.unwrap();
    assert_eq!(process.users(), ["mine", "other1", "other2", "other3"]);
    assert_eq!(process.reloader.loaded().objects.revision(), 4);
}

#[tokio::test]
async fn who_is_always_overtaken_gives_up() {
    let process = process();
    process.shelf.overtakers.store(1_000, Ordering::Relaxed);
    assert!(matches!(process.put("mine", json!({})).await, Err(NotChanged::Unavailable(_))));
    assert!(!process.users().contains(&"mine".to_owned()));
}

#[tokio::test]
async fn what_would_be_a_mistake_is_not_written() {
    let process = process();
    let Err(NotChanged::Invalid(errors)) = process.put("u", json!({"teams": ["none/none"]})).await else {
        panic!("there is no such team")
    };
    assert!(errors.to_string().contains(" users.u.teams[0]: there is no team"), "{errors}");
    assert_eq!(process.shelf.register.lock().revision, 0);
    assert_eq!(process.reloader.loaded().snapshot.generation, 1);
}

#[tokio::test]
async fn while_the_registry_is_down_nothing_changes_and_everything_stays_in_force() {
    let process = process();
    process.put("a", json!({})).await.unwrap();
    *process.shelf.is_broken.lock() = true;
    assert!(matches!(process.put("b", json!({})).await, Err(NotChanged::Unavailable(_))));
    process.registrar.look().await;
    assert_eq!(process.users(), ["a"]);
    *process.shelf.is_broken.lock() = false;
    process.registrar.look().await;
    assert_eq!(process.users(), ["a", "b"], "it was written, although nobody heard of it");
}

#[tokio::test]
async fn what_does_not_go_with_this_file_is_tried_once_for_each_version() {
    let process = process();
    process.shelf.put("keys", "k", &json!({"name": "k", "workspace": "none"}));
    process.registrar.look().await;
    process.registrar.look().await;
    let stuck = process.registrar.stuck.lock().as_ref().map(|stuck| (stuck.revision, stuck.why.clone()));
    let (revision, why) = stuck.unwrap();
    assert!(revision == 1 && why.contains("keys.k.hash: it is missing"), "{why}");
    assert!(process.users().is_empty());
    process.shelf.register.lock().objects.clear();
    process.shelf.put("users", "u", &json!({}));
    process.registrar.look().await;
    assert_eq!(process.users(), ["u"]);
    assert_eq!(*process.registrar.stuck.lock(), None);
}

#[tokio::test]
async fn a_reload_of_the_file_keeps_the_objects() {
    let process = process();
    process.put("a", json!({})).await.unwrap();
    process.reloader.reload();
    assert_eq!(process.users(), ["a"]);
    let tried = process
        .reloader
        .try_with(process.reloader.loaded().objects.changed([(user("b"), Some(saying(&json!({}))))]));
    process.reloader.reload();
    process.reloader.publish(tried.unwrap());
    assert_eq!(
        (process.users(), process.reloader.loaded().snapshot.generation),
        (vec!["a".into(), "b".into()], 5)
    );
}
