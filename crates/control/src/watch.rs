//! Reads the configuration again when it changes, and keeps the last good one when the new one is wrong.

#[cfg(test)]
mod tests;

use std::ffi::{OsStr, OsString};
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use domain::Snapshot;
use notify::event::{AccessKind, AccessMode};
use notify::{Event, EventKind, RecursiveMode, Watcher};
use parking_lot::Mutex;
use tokio::sync::{mpsc, watch};

use crate::load::{Loaded, Loader};
use crate::objects::Objects;
use crate::problem::ConfigErrors;

/// How long changes are collected before the file is read: editors write in several steps.
pub const DEBOUNCE: Duration = Duration::from_millis(200);

/// What came of reading the configuration again.
#[derive(Debug)]
pub enum Reload {
    /// It is in force, as this generation.
    Published {
        /// The new snapshot's generation.
        generation: u64,
    },
    /// It is wrong; the one before stays in force.
    Refused(ConfigErrors),
}

/// How the configurations of a process fared so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reloads {
    /// The generation that new requests are served with.
    pub generation: u64,
    /// How many new versions were wrong, so that the one before stayed.
    pub refused: u64,
}

/// What is in force, for everybody who needs it.
#[derive(Debug, Clone)]
pub struct Published {
    /// For requests: load it once for each.
    pub snapshot: Arc<ArcSwap<Snapshot>>,
    /// For those who wait for changes.
    pub changes: watch::Receiver<Arc<Loaded>>,
}

/// Reads again on demand and publishes what is good.
pub struct Reloader {
    loader: Loader,
    snapshot: Arc<ArcSwap<Snapshot>>,
    sender: watch::Sender<Arc<Loaded>>,
    /// Held by whoever publishes, so that nothing is published over what was not looked at.
    publishing: Mutex<()>,
    observer: Box<dyn Fn(&Reload) + Send + Sync>,
}

/// Why a configuration cannot be watched.
#[derive(Debug, thiserror::Error)]
#[error("the folder `{folder}` of the configuration cannot be watched: {source}")]
pub struct WatchProblem {
    /// The folder.
    pub folder: String,
    /// What the system says.
    pub source: notify::Error,
}

impl Reloader {
    /// Starts from a configuration that `loader` has loaded. `observer` hears of every reload, to count them.
    #[must_use]
    pub fn new(
        loader: Loader,
        first: Loaded,
        observer: impl Fn(&Reload) + Send + Sync + 'static,
    ) -> (Self, Published) {
        let snapshot = Arc::new(ArcSwap::new(Arc::clone(&first.snapshot)));
        let (sender, changes) = watch::channel(Arc::new(first));
        let published = Published { snapshot: Arc::clone(&snapshot), changes };
        let publishing = Mutex::new(());
        (Self { loader, snapshot, sender, publishing, observer: Box::new(observer) }, published)
    }

    /// What is published now.
    #[must_use]
    pub fn loaded(&self) -> Arc<Loaded> {
        Arc::clone(&self.sender.borrow())
    }

    /// Reads the configuration now and publishes it if it is good.
    pub fn reload(&self) -> Reload {
        let _publishing = self.publishing.lock();
        let current = self.loaded();
        let next = self.loader.load_with(Arc::clone(&current.objects), current.snapshot.generation + 1);
        self.put_in_force(&current, next)
    }

    /// The file as it is now with other objects, not published yet.
    ///
    /// # Errors
    /// With everything that is wrong with the whole.
    pub fn try_with(&self, objects: Objects) -> Result<Loaded, ConfigErrors> {
        self.loader.load_with(Arc::new(objects), self.loaded().snapshot.generation + 1)
    }

    /// Publishes what was tried, read once more where the file was published in the meantime.
    pub fn publish(&self, tried: Loaded) -> Reload {
        let _publishing = self.publishing.lock();
        let current = self.loaded();
        let generation = current.snapshot.generation + 1;
        let next = match tried.snapshot.generation == generation {
            true => Ok(tried),
            false => self.loader.load_with(tried.objects, generation),
        };
        self.put_in_force(&current, next)
    }

    fn put_in_force(&self, current: &Loaded, next: Result<Loaded, ConfigErrors>) -> Reload {
        let outcome = match next {
            Ok(loaded) => {
                warn(current, &loaded);
                let generation = loaded.snapshot.generation;
                self.snapshot.store(Arc::clone(&loaded.snapshot));
                self.sender.send_replace(Arc::new(loaded));
                Reload::Published { generation }
            }
            Err(errors) => Reload::Refused(errors),
        };
        (self.observer)(&outcome);
        outcome
    }

    /// Reloads whenever the file changes from now on, or anything asks for it through `requests`, until `stop` is done.
    /// The watch begins with the call; the future that is returned has to be run for reloads to happen.
    ///
    /// The folder is watched and not the file, because editors replace files and Kubernetes swaps a symbolic link.
    ///
    /// # Errors
    /// When the folder cannot be watched.
    pub fn watch<S>(
        self: &Arc<Self>,
        mut requests: mpsc::Receiver<()>,
        stop: S,
    ) -> Result<impl Future<Output = ()> + use<S>, WatchProblem>
    where
        S: Future<Output = ()>,
    {
        // One place is enough: a change that finds it taken is seen by the reload that is due anyway.
        let (changed, mut changes) = mpsc::channel(1);
        let watcher = self.watcher(changed)?;
        let reloader = Arc::clone(self);
        Ok(async move {
            tokio::pin!(stop);
            loop {
                tokio::select! {
                    () = &mut stop => break,
                    Some(()) = changes.recv() => {}
                    Some(()) = requests.recv() => {}
                }
                tokio::time::sleep(DEBOUNCE).await;
                while changes.try_recv().is_ok() {}
                let reloader = Arc::clone(&reloader);
                // Reading and compiling take milliseconds, in which a runtime of one thread would serve nobody.
                let reloaded = tokio::task::spawn_blocking(move || reloader.reload()).await;
                if let Err(error) = reloaded {
                    tracing::error!(%error, "the configuration could not be read again");
                }
            }
            drop(watcher);
        })
    }

    fn watcher(&self, changed: mpsc::Sender<()>) -> Result<notify::RecommendedWatcher, WatchProblem> {
        let folder = self.loader.folder().to_owned();
        let problem = |source| WatchProblem { folder: folder.display().to_string(), source };
        let config = self.loader.path().file_name().map(OsStr::to_owned).unwrap_or_default();
        let loaded = self.sender.subscribe();
        let concerned = move |event: &Event| {
            let loaded = loaded.borrow();
            let files = loaded.files.iter().chain([&loaded.catalog_file]);
            let names = files.filter_map(|file| file.file_name());
            concerns(event, &config, names)
        };
        let mut watcher = notify::recommended_watcher(move |event: notify::Result<Event>| match event {
            Ok(event) if !concerned(&event) => {}
            // A full channel means that a reload is due already; an error may have swallowed a change.
            Ok(_) | Err(_) => drop(changed.try_send(())),
        })
        .map_err(problem)?;
        watcher.watch(&folder, RecursiveMode::NonRecursive).map_err(problem)?;
        Ok(watcher)
    }
}

/// Whether an event may have changed what a reload would read. Reading is no change, or every reload would cause the
/// next; names that begin with `..` are how Kubernetes swaps a whole folder.
fn concerns<'n>(event: &Event, config: &OsString, files: impl Iterator<Item = &'n OsStr>) -> bool {
    let changes = match event.kind {
        EventKind::Access(access) => access == AccessKind::Close(AccessMode::Write),
        _ => true,
    };
    let mut names = event.paths.iter().filter_map(|path| path.file_name());
    let files: Vec<_> = files.collect();
    let named =
        names.any(|name| name == config || files.contains(&name) || name.to_string_lossy().starts_with(".."));
    changes && (named || event.need_rescan())
}

fn warn(current: &Loaded, new: &Loaded) {
    for setting in settings_that_wait(current, new) {
        tracing::warn!(setting, "this part of the configuration changed and takes effect at the next start");
    }
    for warning in &new.warnings {
        tracing::warn!("{warning}");
    }
}

/// What changed although the process reads it at start only.
fn settings_that_wait(current: &Loaded, new: &Loaded) -> impl Iterator<Item = &'static str> {
    let settings = [
        ("server", current.server != new.server),
        ("upstream", current.upstream != new.upstream),
        ("state", current.state != new.state),
        ("log.format", current.log.format != new.log.format),
    ];
    settings.into_iter().filter(|(_, changed)| *changed).map(|(setting, _)| setting)
}
