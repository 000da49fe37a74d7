//! Everything that is appended is in the files, in its order, or counted as lost; and the files stay within their bounds.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use domain::ports::journal::{Journal, JournalNews};
use proptest::prelude::*;
use tempfile::TempDir;

use super::files::Lines;
use super::queue::{Batch, QUEUED_BYTES_MAX, Queue};
use super::{FolderJournal, JournalFiles, JournalFolder, JournalParts};

/// More than anything takes.
const PATIENCE: Duration = Duration::from_secs(30);

#[derive(Debug, PartialEq, Eq)]
enum News {
    Lost(u64),
    Failing,
    Working,
}

fn parts(random: u32, news: Sender<News>) -> JournalParts {
    // Each file is begun a millisecond later.
    let time = AtomicU64::new(1_790_000_000_000);
    JournalParts {
        wall_clock: Box::new(move || time.fetch_add(1, Ordering::Relaxed)),
        random,
        observer: Box::new(move |told| {
            let told = match told {
                JournalNews::Lost(records) => News::Lost(records),
                JournalNews::Failing(_) => News::Failing,
                JournalNews::Working => News::Working,
            };
            let _ = news.send(told);
        }),
    }
}

fn journal(folder: &Path, file_bytes_max: u64, bytes_max: u64) -> (FolderJournal, Receiver<News>) {
    let (sender, news) = channel();
    let place = JournalFolder { path: folder.to_owned(), file_bytes_max, bytes_max };
    (FolderJournal::open(place, parts(7, sender)).unwrap(), news)
}

fn lines(folder: &Path) -> Vec<String> {
    JournalFiles::in_folder(folder).unwrap().lines().map(Result::unwrap).collect()
}

fn bytes(folder: &Path) -> u64 {
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().metadata().unwrap().len()).sum()
}

#[test]
fn what_is_appended_is_there_in_its_order_when_the_journal_has_ended() {
    let folder = TempDir::new().unwrap();
    let place = folder.path().join("made/for it");
    let (journal, news) = journal(&place, 1 << 20, 1 << 24);
    let records: Vec<String> = (0..1_000).map(|number| format!("{{\"number\":{number}}}")).collect();
    records.iter().for_each(|record| journal.append(record.as_bytes()));
    journal.close();
    assert_eq!(lines(&place), records);
    assert!(news.try_recv().is_err());
}

#[test]
fn what_comes_after_the_end_is_lost_and_nobody_waits() {
    let folder = TempDir::new().unwrap();
    let (journal, _news) = journal(folder.path(), 1 << 20, 1 << 24);
    journal.close();
    journal.append(b"late");
    journal.close();
    assert_eq!(lines(folder.path()), Vec::<String>::new());
}

#[test]
fn a_journal_that_is_begun_again_goes_on_behind_what_there_is() {
    let folder = TempDir::new().unwrap();
    for (random, record) in [(1, "first"), (2, "second")] {
        let place =
            JournalFolder { path: folder.path().to_owned(), file_bytes_max: 1 << 20, bytes_max: 1 << 24 };
        let clock = 1_790_000_000_000 + u64::from(random);
        let parts = JournalParts { wall_clock: Box::new(move || clock), ..parts(random, channel().0) };
        let journal = FolderJournal::open(place, parts).unwrap();
        journal.append(record.as_bytes());
        journal.close();
    }
    assert_eq!(lines(folder.path()), ["first", "second"]);
}

#[test]
fn the_oldest_files_go_and_the_last_records_stay() {
    let folder = TempDir::new().unwrap();
    let (file_bytes_max, bytes_max) = (64, 512);
    for number in 0..100 {
        // Each of them begins a file.
        let (sender, _news) = channel();
        let place = JournalFolder { path: folder.path().to_owned(), file_bytes_max, bytes_max };
        let clock = 1_790_000_000_000 + number;
        let parts = JournalParts { wall_clock: Box::new(move || clock), ..parts(7, sender) };
        let journal = FolderJournal::open(place, parts).unwrap();
        journal.append(format!("{number:050}").as_bytes());
        journal.close();
        assert!(bytes(folder.path()) <= bytes_max, "{}", bytes(folder.path()));
    }
    let left = lines(folder.path());
    assert!(left.len() >= 8, "{left:?}");
    assert_eq!(*left.last().unwrap(), format!("{:050}", 99));
}

#[test]
fn a_line_that_was_not_written_to_its_end_and_files_of_others_are_left_out() {
    let folder = TempDir::new().unwrap();
    let path = |name: &str| folder.path().join(name);
    fs::write(path("journal-001790000000000-0000000a.jsonl"), "whole\ntor").unwrap();
    fs::write(path("journal-001790000000001-0000000a.jsonl"), "next\n").unwrap();
    for other in ["notes.jsonl", "journal-1-0000000a.jsonl", "journal-001790000000000-0000000a.jsonl.bak"] {
        fs::write(path(other), "no record\n").unwrap();
    }
    assert_eq!(lines(folder.path()), ["whole", "next"]);
    assert!(Lines::of(&path("none")).is_none());
}

#[test]
fn a_folder_that_cannot_be_written_is_told_and_used_again_when_it_can() {
    let folder = TempDir::new().unwrap();
    let place = folder.path().join("journal");
    // Every batch begins a file.
    let (journal, news) = journal(&place, 1, 1 << 20);
    let until = |wanted: &News| {
        let (mut appended, mut lost) = (0, 0);
        loop {
            journal.append(b"record");
            appended += 1;
            match news.recv_timeout(Duration::from_millis(50)) {
                Ok(told) if told == *wanted => return (appended, lost),
                Ok(News::Lost(records)) => lost += records,
                Ok(told) => panic!("{told:?}"),
                Err(_) => assert!(appended < 600, "nothing is told within {PATIENCE:?}"),
            }
        }
    };
    fs::remove_dir_all(&place).unwrap();
    let (_, lost) = until(&News::Failing);
    assert!(lost > 0);
    fs::create_dir(&place).unwrap();
    until(&News::Working);
    journal.append(b"at last");
    journal.close();
    assert_eq!(lines(&place).last().unwrap(), "at last");
}

#[test]
fn a_folder_that_cannot_be_made_is_refused_at_the_beginning() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("file"), "").unwrap();
    let place = JournalFolder { path: folder.path().join("file"), file_bytes_max: 1, bytes_max: 1 };
    assert!(FolderJournal::open(place, parts(1, channel().0)).is_err());
}

#[test]
fn a_disk_that_falls_behind_costs_records_and_no_memory() {
    let queue = Queue::default();
    let record = vec![b'x'; 1 << 20];
    (0..40).for_each(|_| queue.append(&record));
    queue.close();
    let mut batch = Batch::default();
    queue.take(&mut batch, None);
    assert!(batch.bytes.len() <= QUEUED_BYTES_MAX);
    assert_eq!((batch.records, batch.lost, batch.is_last), (15, 25, true));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn every_record_is_written_or_counted_as_lost(
        lengths in prop::collection::vec(0_usize..2_000, 0..200),
        file_bytes_max in 1_u64..10_000,
    ) {
        let folder = TempDir::new().unwrap();
        let (journal, news) = journal(folder.path(), file_bytes_max, 1 << 30);
        lengths.iter().for_each(|length| journal.append("x".repeat(*length).as_bytes()));
        journal.close();
        let lost: u64 = news.try_iter().map(|told| if let News::Lost(records) = told { records } else { 0 }).sum();
        let written = lines(folder.path());
        prop_assert_eq!(written.len() as u64 + lost, lengths.len() as u64);
        prop_assert_eq!(written.iter().map(String::len).collect::<Vec<_>>(), lengths);
    }
}
