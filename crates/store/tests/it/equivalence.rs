//! Whatever is done to them, the file, the database on a server and the memory keep the same.

use std::fmt::Write;

use bytes::Bytes;
use domain::kept::{
    Continued, ConversationId, ItemId, ItemPage, KeptConversation, KeptEvent, KeptItem, KeptResponse,
    ResponseId, ResponseStatus, Tenant,
};
use domain::ports::response_store::ResponseStore;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use store::{MemoryStore, PostgresDatabase, SqliteStore};
use testkit::{DatabaseServer, unique_name};

use crate::shared_state::PATIENCE;
use crate::{ENOUGH, at, sqlite_file};

const TENANTS: [&str; 2] = ["t", "u"];
const RESPONSES: [&str; 4] = ["r1", "r2", "r3", "r4"];
const CONVERSATIONS: [&str; 2] = ["c1", "c2"];
const ITEMS: [&str; 6] = ["i1", "i2", "i3", "i4", "i5", "i6"];

#[derive(Debug, Clone)]
enum Act {
    Begin(KeptResponse),
    Finish(KeptResponse),
    Touch(ResponseId, u64),
    ForgetResponse(ResponseId),
    AppendEvents(ResponseId, Vec<KeptEvent>),
    BeginConversation(ConversationId, Vec<KeptItem>),
    Annotate(ConversationId, Bytes),
    ForgetConversation(ConversationId),
    Append(ConversationId, Vec<KeptItem>),
    ForgetItem(ConversationId, ItemId),
    Sweep(u64),
}

fn name<N: for<'n> From<&'n str> + std::fmt::Debug + Clone + 'static>(
    names: &'static [&'static str],
) -> impl Strategy<Value = N> {
    prop::sample::select(names).prop_map(N::from)
}

fn text() -> impl Strategy<Value = Bytes> {
    "[a-z]{0,6}".prop_map(Bytes::from)
}

fn kept_items() -> impl Strategy<Value = Vec<KeptItem>> {
    vec((name(&ITEMS), text()).prop_map(|(id, json)| KeptItem { id, json }), 0..4)
}

fn kept_events() -> impl Strategy<Value = Vec<KeptEvent>> {
    vec((0..9_u64, text()).prop_map(|(sequence, frame)| KeptEvent { sequence, frame }), 0..4)
}

fn continued() -> impl Strategy<Value = Option<Continued>> {
    option::of(prop_oneof![
        name(&RESPONSES).prop_map(Continued::Response),
        name(&CONVERSATIONS).prop_map(Continued::Conversation),
    ])
}

fn response() -> impl Strategy<Value = KeptResponse> {
    let status = prop_oneof![
        3 => Just(ResponseStatus::Answered),
        2 => Just(ResponseStatus::Unfinished),
        1 => Just(ResponseStatus::GivenUp),
    ];
    let parts =
        (name(&RESPONSES), status, text(), continued(), kept_items(), kept_items(), 0..9_u64, 0..9_u64);
    parts.prop_map(|(id, status, body, continued, input, output, touched, expires)| KeptResponse {
        tenant: "t".into(),
        id,
        status,
        body,
        continued,
        input,
        output,
        touched: at(touched),
        expires: at(expires),
    })
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        6 => response().prop_map(Act::Begin),
        3 => response().prop_map(Act::Finish),
        1 => (name(&RESPONSES), 0..9_u64).prop_map(|(id, now)| Act::Touch(id, now)),
        1 => name(&RESPONSES).prop_map(Act::ForgetResponse),
        2 => (name(&RESPONSES), kept_events()).prop_map(|(id, events)| Act::AppendEvents(id, events)),
        2 => (name(&CONVERSATIONS), kept_items()).prop_map(|(id, items)| Act::BeginConversation(id, items)),
        1 => (name(&CONVERSATIONS), text()).prop_map(|(id, notes)| Act::Annotate(id, notes)),
        1 => name(&CONVERSATIONS).prop_map(Act::ForgetConversation),
        2 => (name(&CONVERSATIONS), kept_items()).prop_map(|(id, items)| Act::Append(id, items)),
        2 => (name(&CONVERSATIONS), name(&ITEMS)).prop_map(|(id, item)| Act::ForgetItem(id, item)),
        1 => (0..9_u64).prop_map(Act::Sweep),
    ]
}

/// Does it, and says what came of it.
async fn play(store: &dyn ResponseStore, tenant: &Tenant, act: Act) -> String {
    let whose = |response: KeptResponse| KeptResponse { tenant: tenant.clone(), ..response };
    match act {
        Act::Begin(response) => format!("{:?}", store.begin(whose(response)).await),
        Act::Finish(response) => format!("{:?}", store.finish(whose(response)).await),
        Act::Touch(id, now) => format!("{:?}", store.touch(tenant, &id, at(now)).await),
        Act::ForgetResponse(id) => format!("{:?}", store.forget_response(tenant, &id).await),
        Act::AppendEvents(id, events) => format!("{:?}", store.append_events(tenant, &id, events).await),
        Act::BeginConversation(id, items) => {
            let metadata = Bytes::from_static(b"{}");
            let conversation = KeptConversation { tenant: tenant.clone(), id, metadata, created: at(1) };
            format!("{:?}", store.begin_conversation(conversation, items).await)
        }
        Act::Annotate(id, notes) => format!("{:?}", store.annotate(tenant, &id, notes).await),
        Act::ForgetConversation(id) => format!("{:?}", store.forget_conversation(tenant, &id).await),
        Act::Append(id, items) => format!("{:?}", store.append(tenant, &id, items).await),
        Act::ForgetItem(id, item) => format!("{:?}", store.forget_item(tenant, &id, &item).await),
        Act::Sweep(now) => format!("{:?}", store.sweep(at(now)).await),
    }
}

/// All that can be seen of a tenant's.
async fn look(store: &dyn ResponseStore, tenant: &Tenant) -> String {
    let mut seen = String::new();
    let all_items = ITEMS.map(ItemId::from);
    writeln!(seen, "items {:?}", store.items(tenant, &all_items).await).unwrap();
    for id in RESPONSES.map(ResponseId::from) {
        writeln!(seen, "{id} {:?}", store.response(tenant, &id).await).unwrap();
        writeln!(seen, "events {:?}", store.events(tenant, &id, Some(2), 3).await).unwrap();
        for page in pages() {
            writeln!(seen, "{page:?} {:?}", store.input_items(tenant, &id, &page).await).unwrap();
        }
        for bytes_max in [6, 40, ENOUGH] {
            let continued = Continued::Response(id.clone());
            writeln!(seen, "history {:?}", store.history(tenant, &continued, bytes_max).await).unwrap();
        }
    }
    for id in CONVERSATIONS.map(ConversationId::from) {
        writeln!(seen, "{id} {:?}", store.conversation(tenant, &id).await).unwrap();
        for page in pages() {
            writeln!(seen, "{page:?} {:?}", store.conversation_items(tenant, &id, &page).await).unwrap();
        }
        for item in &all_items {
            writeln!(seen, "{item} {:?}", store.conversation_item(tenant, &id, item).await).unwrap();
        }
        let continued = Continued::Conversation(id.clone());
        writeln!(seen, "history {:?}", store.history(tenant, &continued, 12).await).unwrap();
    }
    seen
}

fn pages() -> impl Iterator<Item = ItemPage> {
    let page = |(after, newest_first): (Option<&str>, bool)| ItemPage {
        after: after.map(ItemId::from),
        newest_first,
        items_max: 3,
    };
    [None, Some("i1"), Some("i2")].into_iter().flat_map(|after| [(after, false), (after, true)]).map(page)
}

/// Does the same to a store and to the memory.
async fn compare(store: &dyn ResponseStore, acts: Vec<(Tenant, Act)>) -> Result<(), TestCaseError> {
    let memory = MemoryStore::new(ENOUGH);
    for (tenant, act) in acts {
        let what = format!("{act:?}");
        let kept = play(&memory, &tenant, act.clone()).await;
        prop_assert_eq!(play(store, &tenant, act).await, kept, "{}", what);
    }
    for tenant in TENANTS.map(Tenant::from) {
        prop_assert_eq!(look(store, &tenant).await, look(&memory, &tenant).await);
    }
    Ok(())
}

fn for_any_acts(check: impl AsyncFn(Vec<(Tenant, Act)>) -> Result<(), TestCaseError>) {
    let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(24) };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let acts = vec((name::<Tenant>(&TENANTS), act()), 1..40);
    TestRunner::new(config).run(&acts, |acts| runtime.block_on(check(acts))).unwrap();
}

#[test]
fn a_file_and_the_memory_keep_the_same() {
    for_any_acts(async |acts| {
        let folder = tempfile::tempdir().unwrap();
        let file = SqliteStore::open(sqlite_file(folder.path())).await.unwrap();
        compare(&file, acts).await?;
        file.close().await;
        Ok(())
    });
}

#[test]
fn a_database_on_a_server_and_the_memory_keep_the_same() {
    let server = DatabaseServer::postgres();
    for_any_acts(async |acts| {
        let database = PostgresDatabase::new(server.url(), &unique_name(), PATIENCE).unwrap();
        compare(&database.responses(64 << 20), acts).await
    });
}
