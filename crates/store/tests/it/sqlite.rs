//! What is particular to a file: it outlives the process, and is found in every state.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use domain::kept::{KeptEvent, KeptResponse, ResponseStatus};
use domain::ports::registry::Registry;
use domain::ports::response_store::{ResponseStore, StoreError};
use domain::ports::shared_state::SharedState;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection, SqliteConnection};
use store::{OpenError, OpenProblem, SqliteFile, SqliteStore};
use tempfile::tempdir;

use crate::audit_log::verified;
use crate::{
    ENOUGH, after_response, answered, at, conversation, everything, ids, in_conversation, item, sqlite_file,
    tenant, unfinished,
};

async fn open(folder: &Path) -> SqliteStore {
    SqliteStore::open(sqlite_file(folder)).await.unwrap()
}

/// A connection to the same file that knows nothing of ours.
async fn stranger(folder: &Path) -> SqliteConnection {
    let file = SqliteConnectOptions::new().filename(sqlite_file(folder).path).create_if_missing(true);
    file.connect().await.unwrap()
}

async fn problem(file: SqliteFile) -> OpenProblem {
    let OpenError { problem, .. } = SqliteStore::open(file).await.unwrap_err();
    problem
}

/// One of everything.
async fn fill(store: &SqliteStore) {
    store.begin_conversation(conversation(), vec![item("first")]).await.unwrap();
    store.begin(answered("a", in_conversation())).await.unwrap();
    store.begin(answered("b", after_response("a"))).await.unwrap();
    store.begin(unfinished("u")).await.unwrap();
    let event = KeptEvent { sequence: 7, frame: Bytes::from_static(b"event: x\n\n") };
    store.append_events(&tenant(), &"u".into(), vec![event]).await.unwrap();
    let given_up = KeptResponse { status: ResponseStatus::GivenUp, ..unfinished("g") };
    store.begin(given_up).await.unwrap();
}

async fn assert_filled(store: &SqliteStore) {
    let found = store.conversation(&tenant(), &"c".into()).await.unwrap().unwrap();
    assert_eq!(found, conversation());
    let items = store.conversation_items(&tenant(), &"c".into(), &everything()).await.unwrap().unwrap();
    assert_eq!(ids(&items), ["first", "a-in", "a-out"]);
    let history = store.history(&tenant(), &after_response("b").unwrap(), ENOUGH).await.unwrap().unwrap();
    assert_eq!(ids(&history), ["first", "a-in", "a-out", "b-in", "b-out"]);
    for (name, status) in
        [("b", ResponseStatus::Answered), ("u", ResponseStatus::Unfinished), ("g", ResponseStatus::GivenUp)]
    {
        let head = store.response(&tenant(), &name.into()).await.unwrap().unwrap();
        assert_eq!((head.status, head.touched), (status, at(10)));
        assert_eq!(head.body, format!("body of {name}"));
    }
    let events = store.events(&tenant(), &"u".into(), None, 10).await.unwrap();
    assert_eq!(events, [KeptEvent { sequence: 7, frame: Bytes::from_static(b"event: x\n\n") }]);
    assert!(store.finish(answered("u", None)).await.unwrap());
    assert_eq!(store.sweep(at(99)).await.unwrap(), 0);
    assert_eq!(store.sweep(at(100)).await.unwrap(), 4);
}

#[tokio::test]
async fn what_was_kept_is_there_after_a_restart() {
    let folder = tempdir().unwrap();
    let store = open(folder.path()).await;
    fill(&store).await;
    store.close().await;
    let names: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|file| file.unwrap().file_name()).collect();
    assert_eq!(names, ["tollgate.db"], "everything was worked into the file");
    assert_filled(&open(folder.path()).await).await;
}

#[tokio::test]
async fn what_was_kept_is_there_after_a_kill() {
    let (folder, found) = (tempdir().unwrap(), tempdir().unwrap());
    let store = open(folder.path()).await;
    fill(&store).await;
    // What a killed process leaves is what is on the disk now.
    for name in ["tollgate.db", "tollgate.db-wal"] {
        fs::copy(folder.path().join(name), found.path().join(name)).unwrap();
    }
    assert_filled(&open(found.path()).await).await;
}

#[tokio::test]
async fn the_file_of_an_earlier_version_is_read() {
    let committed = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/compat");
    let (second, third) = (Some("shared by version 2"), Some("shared by version 3"));
    for (version, shared, audited, object) in [
        ("1", None, 0, None),
        ("2", second, 0, None),
        ("3", third, 2, None),
        ("4", third, 2, Some("written by version 4")),
    ] {
        let folder = tempdir().unwrap();
        fs::copy(committed.join(version).join("tollgate.db"), folder.path().join("tollgate.db")).unwrap();
        let store = open(folder.path()).await;
        assert_filled(&store).await;
        let found = store.shared_state().read(&["k".into()]).await.unwrap().what.remove(0);
        assert_eq!(found.map(|found| found.value), shared.map(Bytes::from));
        assert_eq!(verified(&store.audit_log(u64::MAX)).await.head.sequence, audited);
        let found = store.registry().read().await.unwrap().objects.pop();
        assert_eq!(found.map(|found| found.value), object.map(Bytes::from));
    }
}

#[tokio::test]
async fn only_its_owner_reads_the_file() {
    let folder = tempdir().unwrap();
    let store = open(folder.path()).await;
    fill(&store).await;
    for name in ["tollgate.db", "tollgate.db-wal"] {
        let mode = fs::metadata(folder.path().join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
}

#[tokio::test]
async fn what_was_forgotten_is_not_in_the_file_any_more() {
    let folder = tempdir().unwrap();
    let store = open(folder.path()).await;
    let said = "the word that nobody may know";
    let secret = KeptResponse { body: Bytes::from(said.repeat(1_000)), ..answered("r", None) };
    store.begin(secret).await.unwrap();
    store.begin(answered("other", None)).await.unwrap();
    assert!(store.forget_response(&tenant(), &"r".into()).await.unwrap());
    store.close().await;
    let file = fs::read(sqlite_file(folder.path()).path).unwrap();
    let holds = |text: &str| file.windows(text.len()).any(|window| window == text.as_bytes());
    assert!(!holds(said) && holds("body of other"));
}

#[tokio::test]
async fn a_file_that_is_no_database_is_refused() {
    let folder = tempdir().unwrap();
    fs::write(sqlite_file(folder.path()).path, "no database, but longer than its head would be ".repeat(10))
        .unwrap();
    let error = SqliteStore::open(sqlite_file(folder.path())).await.unwrap_err();
    assert!(matches!(error.problem, OpenProblem::Damaged), "{error}");
    let path = sqlite_file(folder.path()).path;
    assert_eq!(
        error.to_string(),
        format!("the database `{}` is no SQLite database, or damaged", path.display())
    );
}

#[tokio::test]
async fn the_database_of_another_application_is_refused_and_left_alone() {
    let folder = tempdir().unwrap();
    let mut other = stranger(folder.path()).await;
    sqlx::raw_sql("CREATE TABLE theirs (x)").execute(&mut other).await.unwrap();
    other.close().await.unwrap();
    assert!(matches!(problem(sqlite_file(folder.path())).await, OpenProblem::Foreign));
    let tables = sqlx::query_scalar("SELECT name FROM sqlite_schema");
    let tables: Vec<String> = tables.fetch_all(&mut stranger(folder.path()).await).await.unwrap();
    assert_eq!(tables, ["theirs"]);
}

#[tokio::test]
async fn a_file_of_a_newer_version_is_refused() {
    let folder = tempdir().unwrap();
    open(folder.path()).await.close().await;
    let mut newer = stranger(folder.path()).await;
    sqlx::raw_sql("PRAGMA user_version = 99").execute(&mut newer).await.unwrap();
    newer.close().await.unwrap();
    assert!(matches!(problem(sqlite_file(folder.path())).await, OpenProblem::Newer { found: 99, known: 4 }));
}

#[tokio::test]
async fn a_file_that_another_process_has_locked_is_refused() {
    let folder = tempdir().unwrap();
    open(folder.path()).await.close().await;
    let mut other = stranger(folder.path()).await;
    sqlx::raw_sql("BEGIN IMMEDIATE").execute(&mut other).await.unwrap();
    let impatient = SqliteFile { lock_wait: Duration::ZERO, ..sqlite_file(folder.path()) };
    assert!(matches!(problem(impatient).await, OpenProblem::Locked));
}

#[tokio::test]
async fn a_folder_that_does_not_exist_is_not_made() {
    let folder = tempdir().unwrap();
    let file = sqlite_file(&folder.path().join("missing"));
    assert!(matches!(problem(file).await, OpenProblem::System(_)));
    assert!(!folder.path().join("missing").exists());
}

#[tokio::test]
async fn two_processes_share_a_file_and_neither_loses_anything() {
    let folder = tempdir().unwrap();
    let (one, other) = (open(folder.path()).await, open(folder.path()).await);
    one.begin_conversation(conversation(), Vec::new()).await.unwrap();
    let add = async |store: &SqliteStore, name: &str| {
        for number in 0..20 {
            let pair = vec![item(&format!("{name}{number}-first")), item(&format!("{name}{number}-second"))];
            assert!(store.append(&tenant(), &"c".into(), pair).await.unwrap());
        }
    };
    tokio::join!(add(&one, "one"), add(&other, "other"));
    let items = one.conversation_items(&tenant(), &"c".into(), &everything()).await.unwrap().unwrap();
    assert_eq!(items.len(), 80);
    for pair in ids(&items).chunks(2) {
        assert_eq!(pair[0].strip_suffix("-first"), pair[1].strip_suffix("-second"));
    }
    let seen = other.conversation_items(&tenant(), &"c".into(), &everything()).await.unwrap().unwrap();
    assert_eq!(seen, items);
}

#[tokio::test]
async fn while_another_process_writes_nothing_can_be_kept_but_everything_read() {
    let folder = tempdir().unwrap();
    let impatient = SqliteFile { lock_wait: Duration::ZERO, ..sqlite_file(folder.path()) };
    let store = SqliteStore::open(impatient).await.unwrap();
    store.begin(answered("a", None)).await.unwrap();
    let mut other = stranger(folder.path()).await;
    sqlx::raw_sql("BEGIN IMMEDIATE").execute(&mut other).await.unwrap();
    let Err(StoreError::Unavailable(why)) = store.begin(answered("b", None)).await else {
        panic!("a locked file was written")
    };
    assert!(why.contains("tollgate.db") && why.contains("locked"), "{why}");
    assert!(store.response(&tenant(), &"a".into()).await.unwrap().is_some());
    sqlx::raw_sql("ROLLBACK").execute(&mut other).await.unwrap();
    store.begin(answered("b", None)).await.unwrap();
}

#[tokio::test]
async fn a_full_file_keeps_nothing_more_until_a_sweep_has_made_room() {
    let folder = tempdir().unwrap();
    let small = SqliteFile { bytes_max: 1 << 20, ..sqlite_file(folder.path()) };
    let store = SqliteStore::open(small).await.unwrap();
    let large = |number: usize| KeptResponse {
        body: Bytes::from(vec![b'x'; 10_000]),
        ..answered(&format!("r{number}"), None)
    };
    let mut kept = 0;
    let refused = loop {
        match store.begin(large(kept)).await {
            Ok(()) => kept += 1,
            Err(error) => break error,
        }
    };
    assert!(matches!(&refused, StoreError::Unavailable(why) if why.contains("full")), "{refused}");
    assert_eq!(store.sweep(at(0)).await.unwrap(), 100.min(kept), "the oldest go, although none has expired");
    assert!(store.response(&tenant(), &"r0".into()).await.unwrap().is_none());
    store.begin(large(kept)).await.unwrap();
    assert!(fs::metadata(sqlite_file(folder.path()).path).unwrap().len() <= 1 << 20);
}

#[tokio::test]
async fn what_is_asked_of_a_closed_file_fails() {
    let folder = tempdir().unwrap();
    let store = open(folder.path()).await;
    store.close().await;
    assert!(matches!(store.begin(answered("a", None)).await, Err(StoreError::Unavailable(_))));
    assert!(matches!(store.response(&tenant(), &"a".into()).await, Err(StoreError::Unavailable(_))));
}
