//! Changes of objects. A change is judged with everything that it would be part of, written down by who has seen all of that, and in force
//! before it is answered.

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use domain::ports::audit_log;
use domain::ports::registry::{Registry, RegistryError};
use parking_lot::Mutex;
use tokio::sync::{Mutex as Turns, watch};
use tokio::time::MissedTickBehavior;

use crate::load::Loaded;
use crate::objects::{NotOpened, Object, ObjectId, Objects};
use crate::problem::ConfigErrors;
use crate::sealing::{KeyRing, NotSealed, Sealing};
use crate::watch::{Reload, Reloader, Reloads};

/// How often a process asks whether another has changed something. With the time to compile it is in force within two seconds.
pub const POLL_INTERVAL: Duration = Duration::from_secs(1);
/// How often a change is judged anew because another process was faster.
const ROUNDS_MAX: usize = 8;

/// Changes objects, for all who may.
pub struct Registrar {
    registry: Arc<dyn Registry>,
    reloader: Arc<Reloader>,
    /// Tells what is in force.
    reloads: watch::Receiver<Reloads>,
    /// Seals what the registry keeps, and opens it.
    sealing: Sealing,
    /// Changes of one process follow one another; of two that compile at once, one would have to do it again.
    turn: Turns<()>,
    /// What could not be put in force, so that it is told and tried once.
    stuck: Mutex<Option<Stuck>>,
    fails: AtomicBool,
    observer: Observer,
}

/// Hears of a registry that does not answer any more, and with nothing of one that does again.
type Observer = Box<dyn Fn(Option<&RegistryError>) + Send + Sync>;

/// What a witness writes down, on its way.
pub type Testimony<'a> = audit_log::Pending<'a, ()>;

/// Whoever has to have written down a change before it is made.
pub trait Witness: Send + Sync {
    /// Writes down what there will be after what there is.
    fn ahead<'a>(&'a self, before: &'a Loaded, after: &'a Loaded) -> Testimony<'a>;

    /// Writes down that it did not come about.
    fn undone<'a>(&'a self, before: &'a Loaded) -> Testimony<'a>;
}

/// What becomes of objects: each changed, or removed.
pub type Decided = Vec<(ObjectId, Option<Object>)>;

/// Why a change is not made.
#[derive(Debug)]
pub enum NotChanged<R> {
    /// Whoever decides does not want it.
    Refused(R),
    /// The configuration would have mistakes.
    Invalid(ConfigErrors),
    /// It could not be written down. The text is for people.
    Unwitnessed(String),
    /// Its secrets could not be sealed. The text is for people.
    Unsealed(NotSealed),
    /// The registry does not work, or not together with this process's file. The text is for people.
    Unavailable(String),
}

#[derive(Debug, PartialEq, Eq)]
struct Stuck {
    revision: u64,
    generation: u64,
    why: String,
}

/// Why the objects of the registry are not in force.
#[derive(Debug, thiserror::Error)]
enum Behind {
    #[error(transparent)]
    Registry(#[from] RegistryError),
    #[error(transparent)]
    Unopened(#[from] NotOpened),
    #[error("the objects of the API do not go together with the configuration file: {0}")]
    Invalid(#[from] ConfigErrors),
}

impl Behind {
    /// Whether the same may go well a moment later.
    fn may_pass(&self) -> bool {
        matches!(self, Self::Registry(_) | Self::Unopened(NotOpened::Sealed(_, NotSealed::Failed(_))))
    }
}

impl Registrar {
    /// One for the objects of a registry, whose secrets are sealed. `reloads` tells what is in force of what `reloader` publishes; `observer` hears
    /// each time that the registry ceases to answer, and with nothing when it answers again.
    #[must_use]
    pub fn new(
        registry: Arc<dyn Registry>,
        reloader: Arc<Reloader>,
        reloads: watch::Receiver<Reloads>,
        sealing: Sealing,
        observer: impl Fn(Option<&RegistryError>) + Send + Sync + 'static,
    ) -> Self {
        let (turn, stuck, fails) = (Turns::new(()), Mutex::new(None), AtomicBool::new(false));
        Self { registry, reloader, reloads, sealing, turn, stuck, fails, observer: Box::new(observer) }
    }

    /// What there is now.
    #[must_use]
    pub fn loaded(&self) -> Arc<Loaded> {
        self.reloader.loaded()
    }

    /// Tells when something else is in force.
    #[must_use]
    pub fn reloads(&self) -> watch::Receiver<Reloads> {
        self.reloads.clone()
    }

    /// Makes the changes that `decide` makes of what there is, once `witness` has written them down; gives what there is then. Where another process was faster, it is decided
    /// again.
    ///
    /// # Errors
    /// When it is not to be changed, or cannot be. Nothing is changed then, unless the registry broke off while it was written.
    pub async fn change<R>(
        &self,
        decide: impl Fn(&Loaded) -> Result<Decided, R>,
        witness: &dyn Witness,
    ) -> Result<Arc<Loaded>, NotChanged<R>> {
        let unwitnessed = |error: audit_log::AuditError| NotChanged::Unwitnessed(error.to_string());
        if self.fails.load(Ordering::Relaxed) {
            return Err(NotChanged::Unavailable("the registry fails".to_owned()));
        }
        let _turn = self.turn.lock().await;
        for _ in 0..ROUNDS_MAX {
            let current = self.loaded();
            let decided = decide(&current).map_err(NotChanged::Refused)?;
            if decided.is_empty() {
                return Ok(current);
            }
            let ids: Vec<_> = decided.iter().map(|(id, _)| id.clone()).collect();
            let ring = self.ring(&current);
            let next = current.objects.changed(decided).sealed(&ids, &ring);
            let tried = self.try_with(next).await.map_err(NotChanged::Invalid)?;
            let changes = tried.objects.changes(&ids, &ring).await.map_err(NotChanged::Unsealed)?;
            witness.ahead(&current, &tried).await.map_err(unwitnessed)?;
            let changed = self.registry.change(current.objects.revision(), &changes).await;
            if matches!(changed, Ok(true)) {
                self.publish(tried).await.map_err(NotChanged::Invalid)?;
                return Ok(self.loaded());
            }
            witness.undone(&current).await.map_err(unwitnessed)?;
            changed.map_err(|error| NotChanged::Unavailable(error.to_string()))?;
            self.catch_up().await.map_err(|error| NotChanged::Unavailable(error.to_string()))?;
        }
        Err(NotChanged::Unavailable("other processes change objects all the time; try again".to_owned()))
    }

    fn ring(&self, loaded: &Loaded) -> KeyRing {
        loaded.key_ring(&self.sealing)
    }

    /// Which key secrets are sealed with now.
    #[must_use]
    pub fn sealing_key(&self) -> Option<String> {
        self.ring(&self.loaded()).sealing_key().map(str::to_owned)
    }

    /// What would come of changes, without making them.
    ///
    /// # Errors
    /// When they would not be made.
    pub async fn rehearse<R>(
        &self,
        decide: impl FnOnce(&Loaded) -> Result<Decided, R>,
    ) -> Result<(), NotChanged<R>> {
        let current = self.loaded();
        let decided = decide(&current).map_err(NotChanged::Refused)?;
        let ids: Vec<_> = decided.iter().map(|(id, _)| id.clone()).collect();
        let next = current.objects.changed(decided).sealed(&ids, &self.ring(&current));
        self.try_with(next).await.map(drop).map_err(NotChanged::Invalid)
    }

    /// Puts in force what other processes change, for ever.
    pub async fn follow(self: Arc<Self>) {
        let mut interval = tokio::time::interval(POLL_INTERVAL);
        interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut changes = self.registry.changes();
        loop {
            let mut change = changes.next();
            loop {
                tokio::select! {
                    () = &mut change => break,
                    _ = interval.tick() => self.look().await,
                }
            }
            drop(change);
            self.look().await;
        }
    }

    /// Looks once whether there is something new.
    async fn look(&self) {
        let revision = self.registry.revision().await;
        let failure = revision.as_ref().err();
        if self.fails.swap(failure.is_some(), Ordering::Relaxed) != failure.is_some() {
            (self.observer)(failure);
        }
        let Ok(revision) = revision else { return };
        let generation = self.loaded().snapshot.generation;
        if revision == self.loaded().objects.revision() {
            *self.stuck.lock() = None;
            return;
        }
        let was_tried = |stuck: &Stuck| (stuck.revision, stuck.generation) == (revision, generation);
        if self.stuck.lock().as_ref().is_some_and(was_tried) {
            return;
        }
        let _turn = self.turn.lock().await;
        if revision == self.loaded().objects.revision() {
            // It was this process that changed it.
            return;
        }
        match self.catch_up().await {
            Ok(()) => *self.stuck.lock() = None,
            // What has not been read may be read the next time, although nothing has changed.
            Err(error) if error.may_pass() => self.stuck_at(0, 0, error.to_string()),
            Err(error) => self.stuck_at(revision, generation, error.to_string()),
        }
    }

    fn stuck_at(&self, revision: u64, generation: u64, why: String) {
        let stuck = Stuck { revision, generation, why };
        let mut known = self.stuck.lock();
        if known.as_ref().is_none_or(|known| known.why != stuck.why) {
            tracing::error!(error = stuck.why, "the objects of the API stay as they were");
        }
        *known = Some(stuck);
    }

    /// Puts in force what the registry has. Only in turn.
    async fn catch_up(&self) -> Result<(), Behind> {
        let current = self.loaded();
        let register = self.registry.read().await?;
        let objects = Objects::open(&register, &current.objects, &self.ring(&current)).await?;
        let tried = self.try_with(objects).await?;
        Ok(self.publish(tried).await?)
    }

    /// Compiling takes milliseconds, in which a runtime of one thread would serve nobody.
    async fn try_with(&self, objects: Objects) -> Result<Loaded, ConfigErrors> {
        let reloader = Arc::clone(&self.reloader);
        on_a_thread_of_its_own(move || reloader.try_with(objects)).await
    }

    /// Publishes, and waits until it is in force.
    async fn publish(&self, tried: Loaded) -> Result<(), ConfigErrors> {
        let reloader = Arc::clone(&self.reloader);
        match on_a_thread_of_its_own(move || reloader.publish(tried)).await {
            Reload::Published { generation } => {
                // Whoever tells lives as long as the process.
                let _ = self.reloads.clone().wait_for(|reloads| reloads.generation >= generation).await;
                Ok(())
            }
            Reload::Refused(errors) => Err(errors),
        }
    }
}

async fn on_a_thread_of_its_own<T: Send + 'static>(act: impl FnOnce() -> T + Send + 'static) -> T {
    match tokio::task::spawn_blocking(act).await {
        Ok(done) => done,
        // It panicked there, so it does here; nothing cancels it.
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    }
}
