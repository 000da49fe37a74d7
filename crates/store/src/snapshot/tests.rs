//! What is written is read again by whoever may, and whatever else there is in the file is foreign.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use domain::ports::registry::{Register, Registered};
use proptest::collection::vec;
use proptest::prelude::*;
use tempfile::{TempDir, tempdir};

use super::{BEGINNING, SnapshotFile, SnapshotProblem, form};

fn file(folder: &TempDir, secret: &str, namespace: &str) -> SnapshotFile {
    SnapshotFile::new(folder.path().join("snapshot"), secret.as_bytes(), namespace).unwrap()
}

fn register(revision: u64) -> Register {
    let object = |name: &str| Registered {
        kind: "keys".into(),
        name: name.into(),
        revision,
        value: format!("value of {name}").into(),
    };
    Register { revision, objects: vec![object("a"), object("ä")] }
}

#[track_caller]
fn assert_foreign(file: &SnapshotFile) {
    let read = file.read();
    assert!(matches!(read, Err(SnapshotProblem::Foreign)), "{read:?}");
}

#[test]
fn what_is_written_is_read_by_whoever_knows_the_secret_and_nobody_else() {
    let folder = tempdir().unwrap();
    let written = file(&folder, "s", "tollgate");
    assert_eq!(written.read().unwrap(), None, "there is none yet");
    for revision in [1, 2] {
        written.write(&register(revision)).unwrap();
        assert_eq!(file(&folder, "s", "tollgate").read().unwrap(), Some(register(revision)));
    }
    assert_foreign(&file(&folder, "another", "tollgate"));
    assert_foreign(&file(&folder, "s", "another"));
    let bytes = fs::read(written.path()).unwrap();
    assert!(!bytes.windows(5).any(|window| window == b"value"), "nobody reads it on the disk");
    assert_eq!(fs::metadata(written.path()).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside it");
    assert!(!format!("{written:?}").contains("key"));
}

#[test]
fn one_byte_that_was_changed_or_is_missing_makes_it_foreign() {
    let folder = tempdir().unwrap();
    let written = file(&folder, "s", "tollgate");
    written.write(&register(1)).unwrap();
    let whole = fs::read(written.path()).unwrap();
    for place in 0..whole.len() {
        let mut damaged = whole.clone();
        damaged[place] ^= 1;
        fs::write(written.path(), &damaged).unwrap();
        assert_foreign(&written);
        fs::write(written.path(), &whole[..place]).unwrap();
        assert_foreign(&written);
    }
    fs::write(written.path(), [&whole[..], b"x"].concat()).unwrap();
    assert_foreign(&written);
}

#[test]
fn what_cannot_be_written_leaves_what_was_there() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("missing").join("snapshot");
    let nowhere = SnapshotFile::new(path, b"s", "tollgate").unwrap();
    assert!(matches!(nowhere.write(&register(1)), Err(SnapshotProblem::System(_))));
    let taken = folder.path().join("taken");
    fs::create_dir(&taken).unwrap();
    let taken = SnapshotFile::new(taken, b"s", "tollgate").unwrap();
    assert!(matches!(taken.write(&register(1)), Err(SnapshotProblem::System(_))));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside it");
}

proptest! {
    #[test]
    fn whatever_bytes_there_are_they_are_a_register_or_none(bytes in vec(any::<u8>(), 0..200)) {
        if let Some(register) = form::read(&bytes) {
            prop_assert_eq!(form::written(&register), bytes);
        }
    }

    #[test]
    fn whatever_file_there_is_it_is_foreign(bytes in vec(any::<u8>(), 0..200), is_alike in any::<bool>()) {
        let folder = tempdir().unwrap();
        let beginning = if is_alike { BEGINNING } else { b"" };
        fs::write(folder.path().join("snapshot"), [beginning, &bytes].concat()).unwrap();
        assert_foreign(&file(&folder, "s", "tollgate"));
    }
}
