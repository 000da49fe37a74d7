//! The files of a journal, in the order in which they were begun.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// What names begin and end with.
const BEGINNING: &str = "journal-";
const ENDING: &str = ".jsonl";
/// Nobody but us reads what we wrote.
const MODE: u32 = 0o600;
/// Longer lines are none of ours.
const LINE_BYTES_MAX: u64 = 1 << 20;

/// The name of a file that is begun at a time by a process: names are in the order of their times.
pub(super) fn name(milliseconds: u64, process: u32) -> String {
    format!("{BEGINNING}{milliseconds:015}-{process:08x}{ENDING}")
}

fn is_name(name: &str) -> bool {
    let Some(middle) = name.strip_prefix(BEGINNING).and_then(|rest| rest.strip_suffix(ENDING)) else {
        return false;
    };
    let Some((time, process)) = middle.split_once('-') else { return false };
    let is_time = time.len() == 15 && time.bytes().all(|byte| byte.is_ascii_digit());
    is_time && process.len() == 8 && process.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// A new file, or one of the same millisecond and process to go on with.
pub(super) fn create(path: &Path) -> io::Result<File> {
    OpenOptions::new().append(true).create(true).mode(MODE).open(path)
}

/// The files of a journal.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct JournalFiles {
    /// Each with its bytes, the oldest first.
    files: Vec<(PathBuf, u64)>,
}

impl JournalFiles {
    /// Those in a folder; other files are none of the journal's.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn in_folder(folder: &Path) -> io::Result<Self> {
        let mut files = Vec::new();
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            if entry.file_name().to_str().is_some_and(is_name) {
                // One that another process deletes meanwhile is gone.
                let Ok(metadata) = entry.metadata() else { continue };
                files.push((entry.path(), metadata.len()));
            }
        }
        files.sort_unstable();
        Ok(Self { files })
    }

    /// Deletes the oldest, until the others have at most so many bytes.
    pub(super) fn keep(&self, bytes_max: u64) {
        let mut bytes: u64 = self.files.iter().map(|(_, bytes)| bytes).sum();
        for (path, its) in &self.files {
            if bytes <= bytes_max {
                return;
            }
            bytes -= its;
            // One that cannot be deleted is tried again with the next file.
            let _ = fs::remove_file(path);
        }
    }

    /// All lines, the oldest first; from a file that is deleted meanwhile there are none.
    pub fn lines(&self) -> impl Iterator<Item = io::Result<String>> {
        self.files.iter().flat_map(|(path, _)| Lines::of(path).into_iter().flatten())
    }
}

/// The lines of a file. One that a process was about to write when it was killed is left out.
#[derive(Debug)]
pub(super) struct Lines(BufReader<File>);

impl Lines {
    /// Those of a file; none when it is not there any more.
    pub(super) fn of(path: &Path) -> Option<Self> {
        File::open(path).ok().map(|file| Self(BufReader::new(file)))
    }
}

impl Iterator for Lines {
    type Item = io::Result<String>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut line = Vec::new();
        if let Err(error) = io::Read::take(&mut self.0, LINE_BYTES_MAX).read_until(b'\n', &mut line) {
            return Some(Err(error));
        }
        if line.pop() != Some(b'\n') {
            return None;
        }
        Some(String::from_utf8(line).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error)))
    }
}
