//! What was refused to clients is told to the audit log, a minute at a time.

use std::sync::Arc;
use std::time::Duration;

use domain::audit::AuditEntry;
use domain::ports::audit_log::AuditLog;
use engine::Denials;
use telemetry::Telemetry;
use telemetry::events::StoreFailed;
use tokio::sync::Mutex;
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;

/// What is alike within this time is one record.
const TOLD_EVERY: Duration = Duration::from_secs(60);
/// Most records that wait for a log that does not work: those of some ten minutes.
const UNTOLD_MAX: usize = 640;

/// Takes the denials of both planes to the log.
pub(super) struct DenialTeller {
    denials: Arc<Denials>,
    log: Arc<dyn AuditLog>,
    telemetry: Telemetry,
    untold: Mutex<Vec<AuditEntry>>,
}

impl DenialTeller {
    /// Begins to tell, each minute.
    pub(super) fn start(
        denials: &Arc<Denials>,
        log: Arc<dyn AuditLog>,
        telemetry: &Telemetry,
        background: &mut JoinSet<()>,
    ) -> Arc<Self> {
        let (denials, telemetry) = (Arc::clone(denials), telemetry.clone());
        let teller = Arc::new(Self { denials, log, telemetry, untold: Mutex::default() });
        background.spawn(Arc::clone(&teller).run());
        teller
    }

    async fn run(self: Arc<Self>) {
        let mut interval = tokio::time::interval(TOLD_EVERY);
        interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            interval.tick().await;
            self.tell().await;
        }
    }

    /// Tells what there is now.
    pub(super) async fn tell(&self) {
        let mut untold = self.untold.lock().await;
        untold.extend(self.denials.take());
        if untold.is_empty() {
            return;
        }
        match self.log.append(untold.clone()).await {
            Ok(_) => untold.clear(),
            Err(error) => {
                StoreFailed { detail: &error.to_string() }.emit(&self.telemetry);
                let surplus = untold.len().saturating_sub(UNTOLD_MAX);
                untold.drain(..surplus);
            }
        }
    }
}
