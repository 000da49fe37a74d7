//! A journal in a folder: files of lines, each written to its end and never changed. Together they take no more than they may; the oldest go first.

mod files;
mod queue;
#[cfg(test)]
mod tests;
mod writer;

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use domain::ports::journal::{Journal, JournalNews};
use parking_lot::Mutex;

pub use files::JournalFiles;

use queue::Queue;
use writer::Writer;

/// Where a journal is, and how much of it is kept.
#[derive(Debug, Clone)]
pub struct JournalFolder {
    /// The folder, which is made when it does not exist. Processes may share one: each writes files of its own.
    pub path: PathBuf,
    /// A file with so many bytes is followed by another.
    pub file_bytes_max: u64,
    /// Most bytes of all files together; of more, the oldest are deleted.
    pub bytes_max: u64,
}

/// What a process brings along.
pub struct JournalParts {
    /// Milliseconds since 1970.
    pub wall_clock: Box<dyn Fn() -> u64 + Send>,
    /// Told apart from those of other processes by this.
    pub random: u32,
    /// Who hears how the journal does, on the thread that finds out.
    pub observer: Box<dyn Fn(JournalNews<'_>) + Send>,
}

/// A journal in a folder. A thread of its own writes, so that no request waits for a disk; what is appended is in its file 20 ms later, and on the disk
/// 100 ms after that.
#[derive(Debug)]
pub struct FolderJournal {
    queue: Arc<Queue>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl FolderJournal {
    /// Begins a file in the folder.
    ///
    /// # Errors
    /// When no file can be made there.
    pub fn open(folder: JournalFolder, parts: JournalParts) -> io::Result<Self> {
        let queue = Arc::new(Queue::default());
        let writer = Writer::open(folder, parts)?;
        let thread = thread::Builder::new().name("journal".to_owned()).spawn({
            let queue = Arc::clone(&queue);
            move || writer.run(&queue)
        })?;
        Ok(Self { queue, thread: Mutex::new(Some(thread)) })
    }

    /// Writes what there is, and ends. Blocks until it is on the disk.
    pub fn close(&self) {
        self.queue.close();
        if let Some(thread) = self.thread.lock().take() {
            // A writer that panicked has nothing more to say.
            let _ = thread.join();
        }
    }
}

impl Journal for FolderJournal {
    fn append(&self, record: &[u8]) {
        self.queue.append(record);
    }
}

impl Drop for FolderJournal {
    fn drop(&mut self) {
        self.queue.close();
    }
}
