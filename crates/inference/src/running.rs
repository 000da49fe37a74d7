//! The responses that work in the background in this process.

use std::collections::HashMap;
use std::sync::Arc;

use domain::kept::{ResponseId, Tenant};
use parking_lot::Mutex;
use tokio::sync::{Notify, watch};

type Name = (Tenant, ResponseId);

/// Who works on what.
#[derive(Debug, Default)]
pub(crate) struct Running {
    workers: Mutex<HashMap<Name, Watched>>,
    count: watch::Sender<usize>,
}

/// A worker, as others see it.
#[derive(Debug, Clone)]
struct Watched {
    /// Changes with each event that is kept, and is closed when the worker is done.
    progress: watch::Receiver<()>,
    unwanted: Arc<Notify>,
}

/// A worker's own side. Dropping it says that the work is over.
#[derive(Debug)]
pub(crate) struct Worker {
    running: Arc<Running>,
    name: Name,
    progress: watch::Sender<()>,
    unwanted: Arc<Notify>,
}

impl Running {
    /// Waits until nobody works on anything.
    pub(crate) async fn idle(&self) {
        // The sender is this very value's, so it does not end.
        let _ = self.count.subscribe().wait_for(|count| *count == 0).await;
    }

    /// Begins work on a response.
    pub(crate) fn begin(self: &Arc<Self>, tenant: Tenant, id: ResponseId) -> Worker {
        let (progress, watched) = watch::channel(());
        let unwanted = Arc::new(Notify::new());
        let name = (tenant, id);
        let watched = Watched { progress: watched, unwanted: Arc::clone(&unwanted) };
        self.change(|workers| workers.insert(name.clone(), watched));
        Worker { running: Arc::clone(self), name, progress, unwanted }
    }

    /// Follows the work on a response; none when nobody here works on it.
    pub(crate) fn follow(&self, tenant: &Tenant, id: &ResponseId) -> Option<watch::Receiver<()>> {
        self.find(tenant, id).map(|watched| watched.progress)
    }

    /// Tells whoever works on a response that it is not wanted any more.
    pub(crate) fn give_up(&self, tenant: &Tenant, id: &ResponseId) {
        if let Some(watched) = self.find(tenant, id) {
            watched.unwanted.notify_one();
        }
    }

    fn find(&self, tenant: &Tenant, id: &ResponseId) -> Option<Watched> {
        self.workers.lock().get(&(tenant.clone(), id.clone())).cloned()
    }

    fn change(&self, change: impl FnOnce(&mut HashMap<Name, Watched>) -> Option<Watched>) {
        let mut workers = self.workers.lock();
        change(&mut workers);
        self.count.send_replace(workers.len());
    }
}

impl Worker {
    /// Tells whoever follows that there is something new.
    pub(crate) fn progressed(&self) {
        self.progress.send_modify(|()| {});
    }

    /// Waits until the work is not wanted any more.
    pub(crate) async fn unwanted(&self) {
        self.unwanted.notified().await;
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.running.change(|workers| workers.remove(&self.name));
    }
}

#[cfg(test)]
mod tests {
    use super::{Arc, Running};
    use futures_util::FutureExt;

    #[tokio::test]
    async fn work_is_followed_until_its_end_and_can_be_given_up() {
        let running = Arc::new(Running::default());
        let (tenant, id) = ("t".into(), "resp_1".into());
        let worker = running.begin("t".into(), "resp_1".into());
        let mut followed = running.follow(&tenant, &id).unwrap();
        worker.progressed();
        assert!(followed.changed().await.is_ok());
        running.give_up(&tenant, &id);
        worker.unwanted().await;
        assert!(running.idle().now_or_never().is_none());
        assert!(running.follow(&"other".into(), &id).is_none());
        drop(worker);
        assert!(followed.changed().await.is_err());
        assert!(running.follow(&tenant, &id).is_none());
        running.idle().await;
    }
}
