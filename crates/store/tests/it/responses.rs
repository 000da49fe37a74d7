//! What `ResponseStore` promises, a test for each sentence of its documentation, for every implementation.

use std::sync::Arc;

use bytes::Bytes;
use domain::kept::{
    Continued, ItemPage, KeptEvent, KeptItem, KeptResponse, ResponseId, ResponseStatus, Tenant,
};
use domain::ports::response_store::{ResponseStore, StoreError};
use futures_util::FutureExt;
use store::{MemoryStore, PostgresDatabase, SqliteStore};
use tempfile::TempDir;
use testkit::{DatabaseServer, Pooled, unique_name};

use crate::shared_state::PATIENCE;

use crate::{
    ENOUGH, after_response, answered, at, conversation, everything, ids, in_conversation, item, sqlite_file,
    tenant, unfinished,
};

/// A store, and what has to live as long.
struct Backend(
    Arc<dyn ResponseStore>,
    #[expect(dead_code, reason = "dropping it deletes the file")] Option<TempDir>,
);

async fn memory() -> Backend {
    Backend(Arc::new(MemoryStore::new(ENOUGH)), None)
}

async fn sqlite() -> Backend {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(sqlite_file(folder.path())).await.unwrap();
    Backend(Arc::new(store), Some(folder))
}

fn postgres(server: &DatabaseServer) -> Backend {
    let database = PostgresDatabase::new(server.url(), &unique_name(), PATIENCE).unwrap();
    Backend(Arc::new(database.responses(64 << 20)), None)
}

/// Runs each law against each implementation; those of a server are one test, since to start it takes longer than all of them.
macro_rules! every_backend {
    ($($test:ident)*) => {
        every_backend! { @of memory $($test)* }
        every_backend! { @of sqlite $($test)* }
        every_backend! { @on in_postgres DatabaseServer::postgres() => $($test)* }
        every_backend! { @on behind_pgbouncer DatabaseServer::postgres_behind_pooler(Pooled::Sessions) => $($test)* }
    };
    (@on $name:ident $server:expr => $($test:ident)*) => {
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() {
            let server = $server;
            $(
                println!("{}", stringify!($test));
                $test(postgres(&server)).await;
            )*
        }
    };
    (@of $backend:ident $($test:ident)*) => {
        mod $backend {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() {
                super::$test(super::$backend().await).await;
            })*
        }
    };
}

every_backend! {
    a_response_is_kept_for_its_tenant_only
    what_is_gone_on_from_comes_oldest_first
    a_chain_with_a_link_that_is_gone_or_was_never_answered_has_no_history
    a_history_that_is_too_large_is_not_read
    an_answered_response_adds_its_items_to_its_conversation_once
    a_response_outlives_the_conversation_that_it_goes_on_from
    a_response_of_a_conversation_is_gone_on_from_with_what_was_there_before_it
    what_is_finished_or_gone_is_not_finished_again
    of_cancelling_and_answering_at_once_one_happens
    a_sign_of_life_is_noted_while_there_is_work
    events_are_given_from_any_of_them_on
    a_page_follows_its_item_in_its_order
    an_item_is_found_wherever_it_is_kept_and_of_several_the_latest
    a_conversation_is_read_annotated_and_forgotten
    items_are_added_to_a_conversation_and_taken_out
    many_add_to_a_conversation_at_once_and_nothing_is_lost
    what_has_expired_is_swept
    a_sweep_is_done_in_steps
    a_response_that_is_swept_is_gone_with_its_items_and_events
    a_chain_that_is_broken_beyond_what_may_be_read_is_too_large
    an_unfinished_response_has_its_items_once_it_is_answered
    whoever_stops_waiting_leaves_nothing_half_done
}

impl Backend {
    async fn history(&self, continued: Option<Continued>) -> Option<Vec<KeptItem>> {
        self.0.history(&tenant(), &continued.unwrap(), ENOUGH).await.unwrap()
    }

    async fn conversation(&self, items: &[&str]) {
        self.0.begin_conversation(conversation(), items.iter().map(|id| item(id)).collect()).await.unwrap();
    }

    async fn items(&self) -> Option<Vec<KeptItem>> {
        self.0.conversation_items(&tenant(), &"c".into(), &everything()).await.unwrap()
    }
}

async fn a_response_is_kept_for_its_tenant_only(backend: Backend) {
    let store = &backend.0;
    store.begin(answered("r", None)).await.unwrap();
    let head = store.response(&tenant(), &"r".into()).await.unwrap().unwrap();
    assert_eq!(
        (head.status, &*head.body, head.touched),
        (ResponseStatus::Answered, &b"body of r"[..], at(10))
    );
    let (other, id): (Tenant, ResponseId) = ("other".into(), "r".into());
    assert_eq!(store.response(&other, &id).await.unwrap(), None);
    assert_eq!(store.input_items(&other, &id, &everything()).await.unwrap(), None);
    assert_eq!(store.history(&other, &Continued::Response("r".into()), ENOUGH).await.unwrap(), None);
    assert!(store.items(&other, &["r-in".into()]).await.unwrap().is_empty());
    assert!(!store.forget_response(&other, &id).await.unwrap());
    let theirs =
        KeptResponse { tenant: other.clone(), body: Bytes::from_static(b"theirs"), ..answered("r", None) };
    store.begin(theirs).await.unwrap();
    assert_eq!(&*store.response(&tenant(), &id).await.unwrap().unwrap().body, b"body of r");
    assert!(store.forget_response(&tenant(), &id).await.unwrap());
    assert!(!store.forget_response(&tenant(), &id).await.unwrap());
    assert_eq!(store.response(&tenant(), &id).await.unwrap(), None);
    assert_eq!(&*store.response(&other, &id).await.unwrap().unwrap().body, b"theirs");
}

async fn what_is_gone_on_from_comes_oldest_first(backend: Backend) {
    for (name, continued) in [("a", None), ("b", after_response("a")), ("c", after_response("b"))] {
        backend.0.begin(answered(name, continued)).await.unwrap();
    }
    let history = backend.history(after_response("c")).await.unwrap();
    assert_eq!(ids(&history), ["a-in", "a-out", "b-in", "b-out", "c-in", "c-out"]);
    assert_eq!(&*history[0].json, br#"{"id":"a-in"}"#);
}

async fn a_chain_with_a_link_that_is_gone_or_was_never_answered_has_no_history(backend: Backend) {
    let store = &backend.0;
    assert_eq!(backend.history(after_response("unheard-of")).await, None);
    store.begin(unfinished("u")).await.unwrap();
    assert_eq!(backend.history(after_response("u")).await, None);
    store.begin(answered("a", None)).await.unwrap();
    store.begin(answered("b", after_response("a"))).await.unwrap();
    store.forget_response(&tenant(), &"a".into()).await.unwrap();
    assert_eq!(backend.history(after_response("b")).await, None);
}

async fn a_history_that_is_too_large_is_not_read(backend: Backend) {
    let store = &backend.0;
    store.begin(answered("a", None)).await.unwrap();
    let continued = Continued::Response("a".into());
    let bytes = backend.history(after_response("a")).await.unwrap().iter().map(|item| item.json.len()).sum();
    assert!(store.history(&tenant(), &continued, bytes).await.unwrap().is_some());
    let refused = store.history(&tenant(), &continued, bytes - 1).await;
    assert_eq!(refused, Err(StoreError::TooLarge { what: "the conversation", bytes_max: bytes - 1 }));
}

async fn an_answered_response_adds_its_items_to_its_conversation_once(backend: Backend) {
    let store = &backend.0;
    backend.conversation(&["first"]).await;
    store.begin(answered("a", in_conversation())).await.unwrap();
    store.begin(KeptResponse { continued: in_conversation(), ..unfinished("b") }).await.unwrap();
    assert_eq!(ids(&backend.items().await.unwrap()), ["first", "a-in", "a-out"]);
    assert!(store.finish(answered("b", in_conversation())).await.unwrap());
    assert!(!store.finish(answered("b", in_conversation())).await.unwrap());
    store.begin(KeptResponse { continued: in_conversation(), ..unfinished("g") }).await.unwrap();
    let given_up = KeptResponse { status: ResponseStatus::GivenUp, ..answered("g", in_conversation()) };
    assert!(store.finish(given_up).await.unwrap());
    assert_eq!(ids(&backend.items().await.unwrap()), ["first", "a-in", "a-out", "b-in", "b-out"]);
    let history = backend.history(in_conversation()).await.unwrap();
    assert_eq!(history, backend.items().await.unwrap());
    store.forget_response(&tenant(), &"a".into()).await.unwrap();
    assert_eq!(backend.items().await.unwrap().len(), 5, "what was appended stays");
}

async fn a_response_outlives_the_conversation_that_it_goes_on_from(backend: Backend) {
    let store = &backend.0;
    backend.conversation(&[]).await;
    assert!(store.forget_conversation(&tenant(), &"c".into()).await.unwrap());
    store.begin(answered("a", in_conversation())).await.unwrap();
    assert!(store.response(&tenant(), &"a".into()).await.unwrap().is_some());
    assert_eq!(backend.items().await, None);
    assert_eq!(backend.history(after_response("a")).await, None);
}

async fn a_response_of_a_conversation_is_gone_on_from_with_what_was_there_before_it(backend: Backend) {
    backend.conversation(&["first"]).await;
    for name in ["a", "b"] {
        backend.0.begin(answered(name, in_conversation())).await.unwrap();
    }
    let history = backend.history(after_response("a")).await.unwrap();
    assert_eq!(ids(&history), ["first", "a-in", "a-out"]);
}

async fn what_is_finished_or_gone_is_not_finished_again(backend: Backend) {
    let store = &backend.0;
    assert!(!store.finish(answered("unheard-of", None)).await.unwrap());
    assert_eq!(store.response(&tenant(), &"unheard-of".into()).await.unwrap(), None);
    store.begin(unfinished("r")).await.unwrap();
    let cancelled = KeptResponse {
        status: ResponseStatus::GivenUp,
        body: Bytes::from_static(b"cancelled"),
        ..unfinished("r")
    };
    assert!(store.finish(cancelled).await.unwrap());
    assert!(!store.finish(answered("r", None)).await.unwrap());
    let head = store.response(&tenant(), &"r".into()).await.unwrap().unwrap();
    assert_eq!((head.status, &*head.body), (ResponseStatus::GivenUp, &b"cancelled"[..]));
}

async fn of_cancelling_and_answering_at_once_one_happens(backend: Backend) {
    for round in 0..20 {
        let name = format!("r{round}");
        backend.0.begin(unfinished(&name)).await.unwrap();
        let finishing = |response: KeptResponse| {
            let store = Arc::clone(&backend.0);
            tokio::spawn(async move { store.finish(response).await.unwrap() })
        };
        let answering = finishing(answered(&name, None));
        let cancelling = finishing(KeptResponse { status: ResponseStatus::GivenUp, ..unfinished(&name) });
        let (answered, cancelled) = (answering.await.unwrap(), cancelling.await.unwrap());
        assert!(answered != cancelled);
        let head = backend.0.response(&tenant(), &name.as_str().into()).await.unwrap().unwrap();
        assert_eq!(head.status == ResponseStatus::Answered, answered);
    }
}

async fn a_sign_of_life_is_noted_while_there_is_work(backend: Backend) {
    let store = &backend.0;
    let id: ResponseId = "r".into();
    assert!(!store.touch(&tenant(), &id, at(20)).await.unwrap());
    store.begin(unfinished("r")).await.unwrap();
    assert!(store.touch(&tenant(), &id, at(20)).await.unwrap());
    assert_eq!(store.response(&tenant(), &id).await.unwrap().unwrap().touched, at(20));
    store.finish(answered("r", None)).await.unwrap();
    assert!(!store.touch(&tenant(), &id, at(30)).await.unwrap());
}

async fn events_are_given_from_any_of_them_on(backend: Backend) {
    let store = &backend.0;
    let id: ResponseId = "r".into();
    let event = |sequence| KeptEvent { sequence, frame: Bytes::from(format!("event {sequence}")) };
    store.begin(unfinished("r")).await.unwrap();
    store.append_events(&tenant(), &id, (0..3).map(event).collect()).await.unwrap();
    store.append_events(&tenant(), &id, (3..5).map(event).collect()).await.unwrap();
    store.finish(answered("r", None)).await.unwrap();
    store.append_events(&tenant(), &id, vec![event(5)]).await.unwrap();
    let events =
        |after, most| async move { store.events(&tenant(), &"r".into(), after, most).await.unwrap() };
    assert_eq!(events(None, 100).await, (0..6).map(event).collect::<Vec<_>>());
    assert_eq!(events(Some(3), 100).await, [event(4), event(5)]);
    assert_eq!(events(None, 2).await, [event(0), event(1)]);
    assert!(events(Some(5), 100).await.is_empty());
    assert!(store.events(&"other".into(), &id, None, 100).await.unwrap().is_empty());
    store.forget_response(&tenant(), &id).await.unwrap();
    assert!(events(None, 100).await.is_empty());
}

async fn a_page_follows_its_item_in_its_order(backend: Backend) {
    let store = &backend.0;
    let input = ["1", "2", "3", "4"].map(item).to_vec();
    store.begin(KeptResponse { input: input.clone(), ..answered("r", None) }).await.unwrap();
    backend.conversation(&["1", "2", "3", "4"]).await;
    for (after, newest_first, items_max, wanted) in [
        (None, false, 10, &["1", "2", "3", "4"][..]),
        (None, true, 2, &["4", "3"]),
        (Some("3"), true, 10, &["2", "1"]),
        (Some("2"), false, 1, &["3"]),
        (Some("4"), false, 10, &[]),
        (Some("unheard-of"), false, 10, &[]),
    ] {
        let page = ItemPage { after: after.map(Into::into), newest_first, items_max };
        let of_response = store.input_items(&tenant(), &"r".into(), &page).await.unwrap().unwrap();
        let of_conversation = store.conversation_items(&tenant(), &"c".into(), &page).await.unwrap().unwrap();
        assert_eq!(
            (ids(&of_response), ids(&of_conversation)),
            (wanted.to_vec(), wanted.to_vec()),
            "{page:?}"
        );
    }
    assert_eq!(store.input_items(&tenant(), &"x".into(), &everything()).await.unwrap(), None);
}

async fn an_item_is_found_wherever_it_is_kept_and_of_several_the_latest(backend: Backend) {
    let store = &backend.0;
    store.begin(answered("r", None)).await.unwrap();
    backend.conversation(&["said"]).await;
    let found = store.items(&tenant(), &["r-out".into(), "unheard-of".into(), "said".into()]).await.unwrap();
    let mut found = ids(&found);
    found.sort_unstable();
    assert_eq!(found, ["r-out", "said"]);
    let newer = KeptItem { id: "r-out".into(), json: Bytes::from_static(b"newer") };
    store.append(&tenant(), &"c".into(), vec![newer.clone()]).await.unwrap();
    assert_eq!(store.items(&tenant(), &["r-out".into()]).await.unwrap(), [newer]);
    store.forget_conversation(&tenant(), &"c".into()).await.unwrap();
    assert_eq!(store.items(&tenant(), &["r-out".into(), "said".into()]).await.unwrap(), [item("r-out")]);
}

async fn a_conversation_is_read_annotated_and_forgotten(backend: Backend) {
    let store = &backend.0;
    backend.conversation(&[]).await;
    let id = "c".into();
    let found = store.conversation(&tenant(), &id).await.unwrap().unwrap();
    assert_eq!((&*found.metadata, found.created), (&b"{}"[..], at(1)));
    assert!(store.annotate(&tenant(), &id, Bytes::from_static(b"{\"a\":\"b\"}")).await.unwrap());
    assert_eq!(&*store.conversation(&tenant(), &id).await.unwrap().unwrap().metadata, b"{\"a\":\"b\"}");
    let other = "other".into();
    assert_eq!(store.conversation(&other, &id).await.unwrap(), None);
    assert!(!store.annotate(&other, &id, Bytes::new()).await.unwrap());
    assert!(!store.append(&other, &id, vec![item("x")]).await.unwrap());
    assert!(!store.forget_conversation(&other, &id).await.unwrap());
    assert!(store.forget_conversation(&tenant(), &id).await.unwrap());
    assert!(!store.annotate(&tenant(), &id, Bytes::new()).await.unwrap());
    assert_eq!(backend.history(in_conversation()).await, None);
}

async fn items_are_added_to_a_conversation_and_taken_out(backend: Backend) {
    let store = &backend.0;
    let id = "c".into();
    assert!(!store.append(&tenant(), &id, vec![item("x")]).await.unwrap());
    backend.conversation(&["a"]).await;
    assert!(store.append(&tenant(), &id, vec![item("b"), item("c")]).await.unwrap());
    assert_eq!(store.conversation_item(&tenant(), &id, &"b".into()).await.unwrap(), Some(item("b")));
    assert!(store.forget_item(&tenant(), &id, &"b".into()).await.unwrap());
    assert!(!store.forget_item(&tenant(), &id, &"b".into()).await.unwrap());
    assert_eq!(store.conversation_item(&tenant(), &id, &"b".into()).await.unwrap(), None);
    assert_eq!(ids(&backend.items().await.unwrap()), ["a", "c"]);
}

async fn many_add_to_a_conversation_at_once_and_nothing_is_lost(backend: Backend) {
    backend.conversation(&[]).await;
    let add = |number: usize| {
        let store = Arc::clone(&backend.0);
        let pair = vec![item(&format!("{number}-first")), item(&format!("{number}-second"))];
        tokio::spawn(async move { store.append(&tenant(), &"c".into(), pair).await.unwrap() })
    };
    let adding: Vec<_> = (0..50).map(add).collect();
    for added in adding {
        assert!(added.await.unwrap());
    }
    let items = backend.items().await.unwrap();
    assert_eq!(items.len(), 100);
    for pair in items.chunks(2) {
        let (first, second) = (pair[0].id.as_str(), pair[1].id.as_str());
        assert_eq!(
            first.split('-').next(),
            second.split('-').next(),
            "what was added together stays together"
        );
    }
}

async fn what_has_expired_is_swept(backend: Backend) {
    let store = &backend.0;
    for (name, expires) in [("early", 50), ("late", 150)] {
        store.begin(KeptResponse { expires: at(expires), ..answered(name, None) }).await.unwrap();
    }
    assert_eq!(store.sweep(at(49)).await.unwrap(), 0);
    assert_eq!(store.sweep(at(50)).await.unwrap(), 1);
    assert_eq!(store.response(&tenant(), &"early".into()).await.unwrap(), None);
    assert!(store.response(&tenant(), &"late".into()).await.unwrap().is_some());
}

async fn a_sweep_is_done_in_steps(backend: Backend) {
    let store = &backend.0;
    for number in 0..250 {
        store.begin(unfinished(&format!("r{number}"))).await.unwrap();
    }
    let mut forgotten = 0;
    loop {
        match store.sweep(at(100)).await.unwrap() {
            0 => break,
            some => forgotten += some,
        }
    }
    assert_eq!(forgotten, 250);
}

async fn a_response_that_is_swept_is_gone_with_its_items_and_events(backend: Backend) {
    let store = &backend.0;
    store.begin(answered("r", None)).await.unwrap();
    let event = KeptEvent { sequence: 0, frame: Bytes::from_static(b"event") };
    store.append_events(&tenant(), &"r".into(), vec![event]).await.unwrap();
    store.sweep(at(100)).await.unwrap();
    assert!(store.items(&tenant(), &["r-in".into(), "r-out".into()]).await.unwrap().is_empty());
    store.begin(unfinished("r")).await.unwrap();
    assert!(store.events(&tenant(), &"r".into(), None, 100).await.unwrap().is_empty());
}

async fn a_chain_that_is_broken_beyond_what_may_be_read_is_too_large(backend: Backend) {
    let store = &backend.0;
    store.begin(answered("b", after_response("gone"))).await.unwrap();
    let continued = Continued::Response("b".into());
    assert_eq!(store.history(&tenant(), &continued, ENOUGH).await, Ok(None));
    assert!(matches!(
        store.history(&tenant(), &continued, 1).await,
        Err(StoreError::TooLarge { bytes_max: 1, .. })
    ));
    backend.conversation(&["first"]).await;
    store.begin(answered("c", in_conversation())).await.unwrap();
    let whole = backend.history(after_response("c")).await.unwrap();
    let bytes: usize = whole.iter().map(|item| item.json.len()).sum();
    let continued = Continued::Response("c".into());
    assert_eq!(store.history(&tenant(), &continued, bytes).await, Ok(Some(whole)));
    assert!(matches!(
        store.history(&tenant(), &continued, bytes - 1).await,
        Err(StoreError::TooLarge { .. })
    ));
}

async fn an_unfinished_response_has_its_items_once_it_is_answered(backend: Backend) {
    let store = &backend.0;
    let waiting = KeptResponse { input: vec![item("early")], ..unfinished("r") };
    store.begin(waiting).await.unwrap();
    assert_eq!(ids(&store.items(&tenant(), &["early".into()]).await.unwrap()), ["early"]);
    let late = KeptResponse { touched: at(20), expires: at(200), ..answered("r", None) };
    assert!(store.finish(late).await.unwrap());
    assert!(store.items(&tenant(), &["early".into()]).await.unwrap().is_empty());
    assert_eq!(ids(&backend.history(after_response("r")).await.unwrap()), ["r-in", "r-out"]);
    assert_eq!(store.response(&tenant(), &"r".into()).await.unwrap().unwrap().touched, at(20));
    assert_eq!(store.sweep(at(199)).await.unwrap(), 0);
}

async fn whoever_stops_waiting_leaves_nothing_half_done(backend: Backend) {
    let store = &backend.0;
    backend.conversation(&[]).await;
    let names: Vec<String> = (0..40).map(|turns| format!("r{turns}")).collect();
    for (turns, name) in names.iter().enumerate() {
        let mut keeping = store.begin(answered(name, in_conversation()));
        // A client that leaves drops the future wherever it is.
        for _ in 0..turns {
            if (&mut keeping).now_or_never().is_some() {
                break;
            }
            tokio::task::yield_now().await;
        }
    }
    // Written after all that was still being written when its client left.
    store.begin(answered("last", in_conversation())).await.unwrap();
    let mut expected = Vec::new();
    for name in names.iter().map(String::as_str).chain(["last"]) {
        if store.response(&tenant(), &name.into()).await.unwrap().is_some() {
            expected.extend([format!("{name}-in"), format!("{name}-out")]);
        }
    }
    assert_eq!(ids(&backend.items().await.unwrap()), expected);
}
