//! A registry on a server, and what it said last in a file beside the process.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use domain::ports::registry::{Change, Changes, Pending, Register, Registered, Registry};
use parking_lot::Mutex;

use crate::snapshot::{SnapshotFile, SnapshotProblem};

/// Hears of a file that cannot be written, and with nothing of one that can be again.
type Observer = Box<dyn Fn(Option<&SnapshotProblem>) + Send + Sync>;

/// Asks a registry, and remembers what it says.
pub struct RememberedRegistry {
    registry: Arc<dyn Registry>,
    file: Arc<SnapshotFile>,
    /// What the file has, or should have.
    last: Mutex<Option<Arc<Register>>>,
    /// Held by whoever writes the file, so that what is newer is written later.
    writing: tokio::sync::Mutex<()>,
    observer: Observer,
}

impl RememberedRegistry {
    /// One that remembers in `file` what `registry` says. `observer` hears of each write of the file.
    #[must_use]
    pub fn new(
        registry: Arc<dyn Registry>,
        file: SnapshotFile,
        observer: impl Fn(Option<&SnapshotProblem>) + Send + Sync + 'static,
    ) -> Self {
        let (file, observer) = (Arc::new(file), Box::new(observer));
        Self { registry, file, last: Mutex::default(), writing: tokio::sync::Mutex::default(), observer }
    }

    /// Where it remembers.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.file.path()
    }

    /// What it said to this process or an earlier one; none where nobody has ever asked.
    ///
    /// # Errors
    /// When there is a file that is of no use.
    pub async fn remembered(&self) -> Result<Option<Register>, SnapshotProblem> {
        let file = Arc::clone(&self.file);
        on_a_thread_of_its_own(move || file.read()).await
    }

    /// Remembers what is there now, unless something newer was said meanwhile.
    async fn remember(&self, register: Arc<Register>) {
        *self.last.lock() = Some(register);
        let _writing = self.writing.lock().await;
        let (file, Some(register)) = (Arc::clone(&self.file), self.last.lock().clone()) else { return };
        let written = on_a_thread_of_its_own(move || file.write(&register)).await;
        (self.observer)(written.err().as_ref());
    }
}

impl Registry for RememberedRegistry {
    fn revision(&self) -> Pending<'_, u64> {
        self.registry.revision()
    }

    fn read(&self) -> Pending<'_, Register> {
        Box::pin(async {
            let register = self.registry.read().await?;
            self.remember(Arc::new(register.clone())).await;
            Ok(register)
        })
    }

    fn change<'a>(&'a self, seen: u64, changes: &'a [Change]) -> Pending<'a, bool> {
        Box::pin(async move {
            let is_made = self.registry.change(seen, changes).await?;
            let last = self.last.lock().clone().filter(|last| is_made && last.revision == seen);
            if let Some(last) = last {
                self.remember(Arc::new(changed(&last, changes))).await;
            }
            Ok(is_made)
        })
    }

    fn changes(&self) -> Box<dyn Changes> {
        self.registry.changes()
    }
}

/// What a registry says after changes of what it said.
fn changed(register: &Register, changes: &[Change]) -> Register {
    let revision = register.revision + 1;
    let mut objects: std::collections::BTreeMap<_, _> =
        register.objects.iter().map(|object| ((&object.kind, &object.name), object.clone())).collect();
    for Change { kind, name, value } in changes {
        match value {
            Some(value) => {
                let (kind_now, name_now, value) = (kind.clone(), name.clone(), value.clone());
                let object = Registered { kind: kind_now, name: name_now, revision, value };
                objects.insert((kind, name), object);
            }
            None => {
                objects.remove(&(kind, name));
            }
        }
    }
    Register { revision, objects: objects.into_values().collect() }
}

async fn on_a_thread_of_its_own<T: Send + 'static>(act: impl FnOnce() -> T + Send + 'static) -> T {
    match tokio::task::spawn_blocking(act).await {
        Ok(done) => done,
        // It panicked there, so it does here; nothing cancels it.
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    }
}

impl fmt::Debug for RememberedRegistry {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = formatter.debug_struct("RememberedRegistry");
        text.field("registry", &self.registry).field("file", &self.file).finish_non_exhaustive()
    }
}
