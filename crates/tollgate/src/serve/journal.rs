//! Where requests are written down, if they are.

use std::sync::Arc;

use anyhow::Context;
use control::JournalSettings;
use jiff::Timestamp;
use store::{FolderJournal, JournalFolder, JournalParts};
use telemetry::Telemetry;

/// A journal is in so many files at least, so that little is lost with the oldest.
const FILES_MIN: u64 = 16;
/// Larger files are slow to look through.
const FILE_BYTES_MAX: u64 = 64 << 20;

/// Begins to write requests down.
///
/// # Errors
/// When nothing can be written where the configuration says.
pub(super) fn begin(
    settings: &JournalSettings,
    telemetry: &Telemetry,
    wall_clock: fn() -> Timestamp,
    random: fn() -> u64,
) -> anyhow::Result<Arc<FolderJournal>> {
    let folder = JournalFolder {
        path: settings.path.clone(),
        file_bytes_max: (settings.bytes_max / FILES_MIN).min(FILE_BYTES_MAX),
        bytes_max: settings.bytes_max,
    };
    let observed = telemetry.clone();
    let parts = JournalParts {
        wall_clock: Box::new(move || wall_clock().as_millisecond().try_into().unwrap_or(0)),
        random: (random() >> 32) as u32,
        observer: Box::new(move |news| observed.hear_of_journal(news)),
    };
    let journal = FolderJournal::open(folder, parts).with_context(|| {
        format!("{}: no journal can be kept there (`journal.path`)", settings.path.display())
    })?;
    let journal = Arc::new(journal);
    telemetry.keep_journal(Arc::clone(&journal) as _, wall_clock);
    Ok(journal)
}

/// Waits until everything is written.
pub(super) async fn end(journal: Arc<FolderJournal>) {
    // A thread that does not end is not waited for by anybody else.
    let _ = tokio::task::spawn_blocking(move || journal.close()).await;
}
