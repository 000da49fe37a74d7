//! Servers over TLS: who is believed, who is let in, and what is said to whoever is not.

use std::path::{Path, PathBuf};

use domain::ports::shared_state::SharedState;
use store::{ClientCertificate, PostgresState, RedisState, RedisTls};
use tempfile::TempDir;
use testkit::{Authority, Certificate, DatabaseServer, ServerTls};

use crate::shared_state::{PATIENCE, change, replaced};

const NAME: &str = "tollgate";

/// What it says instead of an answer, which never has the URL's password.
async fn refusal(store: &dyn SharedState) -> String {
    let error = store.read(&["k".into()]).await.unwrap_err().to_string();
    assert!(!error.contains("hunter2") && !format!("{store:?}").contains("hunter2"), "{error}");
    error
}

async fn is_used(store: &dyn SharedState) {
    replaced(store, change("k", None, "x")).await;
    store.sweep().await.unwrap();
}

/// What both kinds of servers are tested with.
struct Stage {
    authority: Authority,
    stranger: Authority,
    folder: TempDir,
}

impl Stage {
    fn new() -> Self {
        Self { authority: Authority::new(), stranger: Authority::new(), folder: tempfile::tempdir().unwrap() }
    }

    fn tls(&self) -> ServerTls {
        ServerTls::new(self.authority.certificate())
    }

    /// Of a host that has another name.
    fn elsewhere(&self) -> ServerTls {
        ServerTls::new(self.authority.certificate_for(&["elsewhere.example"]))
    }

    fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    /// An authority as Redis is told of it.
    fn trusting(authority: &Authority) -> RedisTls {
        RedisTls { authorities: Some(authority.pem().into()), client: None }
    }
}

fn postgres(server: &DatabaseServer, parameters: &str) -> PostgresState {
    let url = server.url().replacen("tollgate@", "tollgate:hunter2@", 1);
    PostgresState::new(&format!("{url}?{parameters}"), NAME, PATIENCE).unwrap()
}

fn verified(mode: &str, authority: &Path) -> String {
    format!("sslmode={mode}&sslrootcert={}", authority.display())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_postgres_is_believed_by_its_authority_and_its_name_and_nothing_is_said_in_clear_text() {
    let stage = Stage::new();
    let server = DatabaseServer::postgres_over_tls(stage.tls());
    let own = stage.file("ca.pem", stage.authority.pem());
    is_used(&postgres(&server, &verified("verify-full", &own))).await;
    let other = stage.file("other.pem", stage.stranger.pem());
    for refused in [verified("verify-full", &other), "sslmode=verify-full".to_owned()] {
        let refusal = refusal(&postgres(&server, &refused)).await;
        assert!(refusal.contains("invalid peer certificate: UnknownIssuer"), "{refusal}");
    }
    let refusal = refusal(&postgres(&server, "sslmode=disable")).await;
    assert!(refusal.contains("no encryption"), "{refusal}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_postgres_with_the_certificate_of_another_host_is_refused_where_the_name_counts() {
    let stage = Stage::new();
    let server = DatabaseServer::postgres_over_tls(stage.elsewhere());
    let own = stage.file("ca.pem", stage.authority.pem());
    let refusal = refusal(&postgres(&server, &verified("verify-full", &own))).await;
    assert!(refusal.contains("certificate not valid for name \"127.0.0.1\""), "{refusal}");
    is_used(&postgres(&server, &verified("verify-ca", &own))).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_postgres_lets_in_who_shows_a_certificate_where_it_asks_for_one() {
    let stage = Stage::new();
    let server = DatabaseServer::postgres_over_tls(stage.tls().for_clients_of(stage.authority.pem()));
    let own = stage.file("ca.pem", stage.authority.pem());
    let trusted = verified("verify-full", &own);
    let showing = |name: &str, client: Certificate| {
        let certificate = stage.file(&format!("{name}.crt"), &client.chain_pem);
        let key = stage.file(&format!("{name}.key"), &client.key_pem);
        format!("{trusted}&sslcert={}&sslkey={}", certificate.display(), key.display())
    };
    is_used(&postgres(&server, &showing("own", stage.authority.certificate_for(&["client"])))).await;
    let refused = showing("stranger", stage.stranger.certificate_for(&["client"]));
    for refused in [refused, trusted] {
        let refusal = refusal(&postgres(&server, &refused)).await;
        assert!(refusal.contains("certificate") || refusal.contains("alert"), "{refusal}");
    }
}

fn redis(server: &DatabaseServer, tls: RedisTls) -> RedisState {
    RedisState::new_with_tls(&with_password(server), NAME, PATIENCE, tls).unwrap()
}

/// The default user needs none, and takes any.
fn with_password(server: &DatabaseServer) -> String {
    server.url().replacen("://", "://default:hunter2@", 1)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redis_is_believed_by_its_authority_and_nothing_is_said_in_clear_text() {
    let stage = Stage::new();
    let server = DatabaseServer::redis_over_tls(stage.tls());
    is_used(&redis(&server, Stage::trusting(&stage.authority))).await;
    let by_system = RedisState::new(&with_password(&server), NAME, PATIENCE).unwrap();
    for refused in [redis(&server, Stage::trusting(&stage.stranger)), by_system] {
        let refusal = refusal(&refused).await;
        assert!(refusal.contains("invalid peer certificate: UnknownIssuer"), "{refusal}");
    }
    let in_clear_text = with_password(&server).replacen("rediss://", "redis://", 1);
    let refusal = refusal(&RedisState::new(&in_clear_text, NAME, PATIENCE).unwrap()).await;
    assert!(refusal.contains("Redis at 127.0.0.1:"), "{refusal}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redis_with_the_certificate_of_another_host_is_refused() {
    let stage = Stage::new();
    let server = DatabaseServer::redis_over_tls(stage.elsewhere());
    let refusal = refusal(&redis(&server, Stage::trusting(&stage.authority))).await;
    assert!(refusal.contains("certificate not valid for name \"127.0.0.1\""), "{refusal}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redis_lets_in_who_shows_a_certificate_where_it_asks_for_one() {
    let stage = Stage::new();
    let server = DatabaseServer::redis_over_tls(stage.tls().for_clients_of(stage.authority.pem()));
    let showing = |client: Certificate| {
        let client = ClientCertificate { chain: client.chain_pem.into(), private_key: client.key_pem.into() };
        RedisTls { client: Some(client), ..Stage::trusting(&stage.authority) }
    };
    is_used(&redis(&server, showing(stage.authority.certificate_for(&["client"])))).await;
    let stranger = showing(stage.stranger.certificate_for(&["client"]));
    for refused in [stranger, Stage::trusting(&stage.authority)] {
        let refusal = refusal(&redis(&server, refused)).await;
        assert!(refusal.contains("certificate") || refusal.contains("alert"), "{refusal}");
    }
}
