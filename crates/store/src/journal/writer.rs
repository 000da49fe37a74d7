//! The thread that writes.

use std::fs::{self, File};
use std::io::{self, Write};
use std::time::Duration;

use domain::ports::journal::JournalNews;
use tokio::time::Instant;

use super::files::{self, JournalFiles};
use super::queue::{Batch, Queue};
use super::{JournalFolder, JournalParts};

/// What was written is on the disk after this time.
const SYNCED_WITHIN: Duration = Duration::from_millis(100);

/// Whoever writes into a folder.
pub(super) struct Writer {
    folder: JournalFolder,
    parts: JournalParts,
    /// None after something went wrong: what follows a torn line would not be read.
    file: Option<Growing>,
}

/// The file that is written to.
struct Growing {
    file: File,
    bytes: u64,
    /// Since when something of it is not on the disk.
    unsynced_since: Option<Instant>,
}

impl Writer {
    /// Begins a file.
    pub(super) fn open(folder: JournalFolder, parts: JournalParts) -> io::Result<Self> {
        fs::create_dir_all(&folder.path)?;
        let mut writer = Self { folder, parts, file: None };
        writer.file = Some(writer.begin()?);
        Ok(writer)
    }

    /// Writes what comes until nothing more does.
    pub(super) fn run(mut self, queue: &Queue) {
        let mut batch = Batch::default();
        let mut was_working = true;
        while !batch.is_last {
            batch.bytes.clear();
            (batch.records, batch.lost) = (0, 0);
            queue.take(&mut batch, self.patience());
            let written = self.write(&batch.bytes).and_then(|()| self.sync(batch.is_last));
            let lost = batch.lost + if written.is_ok() { 0 } else { batch.records };
            if lost > 0 {
                (self.parts.observer)(JournalNews::Lost(lost));
            }
            if written.is_ok() != was_working {
                was_working = written.is_ok();
                match &written {
                    Ok(()) => (self.parts.observer)(JournalNews::Working),
                    Err(error) => (self.parts.observer)(JournalNews::Failing(&error.to_string())),
                }
            }
            if written.is_err() {
                self.file = None;
            }
        }
    }

    /// How long nothing has to be done when no record comes.
    fn patience(&self) -> Option<Duration> {
        let since = self.file.as_ref()?.unsynced_since?;
        Some(SYNCED_WITHIN.saturating_sub(since.elapsed()))
    }

    fn write(&mut self, lines: &[u8]) -> io::Result<()> {
        if lines.is_empty() {
            return Ok(());
        }
        let mut growing = match self.file.take() {
            Some(growing) if growing.bytes < self.folder.file_bytes_max => growing,
            full => {
                if let Some(full) = full {
                    full.file.sync_data()?;
                }
                self.begin()?
            }
        };
        growing.file.write_all(lines)?;
        growing.bytes += lines.len() as u64;
        growing.unsynced_since.get_or_insert_with(Instant::now);
        self.file = Some(growing);
        Ok(())
    }

    fn sync(&mut self, is_last: bool) -> io::Result<()> {
        let Some(growing) = &mut self.file else { return Ok(()) };
        let is_due = growing.unsynced_since.is_some_and(|since| is_last || since.elapsed() >= SYNCED_WITHIN);
        if is_due {
            growing.file.sync_data()?;
            growing.unsynced_since = None;
        }
        Ok(())
    }

    /// A new file. For it the oldest ones go that are too many.
    fn begin(&self) -> io::Result<Growing> {
        let name = files::name((self.parts.wall_clock)(), self.parts.random);
        let file = files::create(&self.folder.path.join(name))?;
        let room = self.folder.bytes_max.saturating_sub(self.folder.file_bytes_max);
        JournalFiles::in_folder(&self.folder.path)?.keep(room);
        Ok(Growing { file, bytes: 0, unsynced_since: None })
    }
}
