//! The control plane on a listener of its own: neither shows that there is the other, and each does all that listeners do.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use http::{HeaderMap, Method};
use serde_json::{Value, json};
use testkit::{Answer, Authority, Client, EventStream, FakeProvider, RawConnection, scripts, within};

use crate::cli::{Serving, after, blocking, complaint, out, run, tollgate, write};
use crate::configuration::{key, key_entry, one};
use crate::control_api::{Control, assert_refused, chat, control_key, held};
use crate::denials::{Operation, operations};
use crate::gateway::{Setup, TestGateway};
use crate::sign_in::{Browser, PASSWORD, admin, code};

/// What each listener answers.
const PROBES: [&str; 2] = ["/healthz", "/readyz"];

/// Before a provider `p` that always answers, with the control key 1 of an owner and a key 1 that may do everything.
async fn configuration() -> (Value, FakeProvider) {
    let fake = FakeProvider::always(scripts::json(&scripts::answer(EventStream::Chat, "Hello."))).await;
    let mut configuration = one(&fake);
    configuration["control"] = json!({"keys": [held(1, "owner", None)]});
    configuration["keys"] =
        json!([key_entry(1, json!({"passthrough": true, "inline_config": true, "explain": true}))]);
    (configuration, fake)
}

/// One whose control plane has a listener of its own, with what the configuration says of that.
async fn apart(server: Value) -> (TestGateway, FakeProvider) {
    let (mut configuration, fake) = configuration().await;
    configuration["server"] = server;
    (Setup::new().apart().start(configuration).await, fake)
}

/// A process that serves both planes, each at an address.
async fn process(
    folder: &Path,
    arguments: &'static [&'static str],
) -> (Serving, Vec<String>, SocketAddr, SocketAddr) {
    let folder = folder.to_owned();
    let started = move || Serving::start_with(&folder, arguments, "live providers");
    let (serving, said) = blocking(started).await;
    let at = |start: &str| after(&said, start).parse().unwrap();
    let (data, control) = (at("listening on http://"), at("control plane on http://"));
    (serving, said, data, control)
}

/// What an answer says to everybody alike: all but the request's own id and time, and the path that was asked for.
fn alike(answer: &Answer, path: &str) -> (u16, HeaderMap, String) {
    let mut headers = answer.headers.clone();
    for own in ["date", "x-request-id", "x-tollgate-request-id", "x-tollgate-overhead-us", "content-length"] {
        headers.remove(own);
    }
    let id = answer.header("x-tollgate-request-id");
    (answer.status.as_u16(), headers, answer.text().replace(path, "PATH").replace(id, "ID"))
}

/// Everybody who could ask at an address, with what they would be let in by.
fn askers(address: SocketAddr) -> [Client; 3] {
    let client = Client::new(address);
    let with_key = client.clone().with_key(key(1).reveal());
    [client.clone(), with_key, client.with_key(control_key(1).reveal())]
}

/// Asks for an operation, and for something that nobody has in the same way.
async fn beside_nothing(client: &Client, operation: &Operation) -> [(u16, HeaderMap, String); 2] {
    let asked = operation.ask(client, "n", &json!({})).await;
    let path = operation.named("n");
    let unknown =
        Operation::of(operation.method.as_str(), "/nothing-at-all").ask(client, "n", &json!({})).await;
    [alike(&asked, &path), alike(&unknown, "/nothing-at-all")]
}

#[tokio::test]
async fn neither_listener_shows_that_there_is_the_other_plane() {
    let (configuration, fake) = configuration().await;
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), &configuration);
    let (serving, _, data, control) = process(folder.path(), &["--control-listen", "127.0.0.1:0"]).await;
    let mut of_control = operations("control.json");
    of_control.extend(["GET", "POST"].map(|method| Operation::of(method, "/scim/v2/Users")));
    of_control.push(Operation::of("GET", "/metrics"));
    for client in askers(data) {
        for operation in &of_control {
            let [asked, unknown] = beside_nothing(&client, operation).await;
            assert_eq!(asked, unknown, "{}", operation.title());
            assert_eq!(asked.0, 404, "{}", operation.title());
        }
    }
    for client in askers(control) {
        for operation in operations("gateway.json") {
            let path = operation.path.as_str();
            if PROBES.contains(&path) || path == "/metrics" {
                assert_eq!(client.get(path).answer().await.status, 200, "{path}");
                continue;
            }
            let [asked, unknown] = beside_nothing(&client, &operation).await;
            assert_eq!(asked, unknown, "{}", operation.title());
            assert_eq!(asked.0, 404, "{}", operation.title());
        }
    }
    for path in PROBES {
        assert_eq!(Client::new(data).get(path).answer().await.status, 200, "{path}");
    }
    assert_eq!(fake.asked(), 0);
    assert_eq!(blocking(|| serving.stop()).await.0, Some(0));
}

#[tokio::test]
async fn what_is_changed_at_one_listener_is_in_force_at_the_other() {
    let (mut configuration, _fake) = configuration().await;
    configuration["server"] = json!({"control": {"listen": "127.0.0.1:0"}});
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), &configuration);
    let (serving, said, data, control) = process(folder.path(), &[]).await;
    assert_ne!(data, control);
    assert_eq!(said.iter().filter(|line| line.starts_with("listening on ")).count(), 1, "{said:?}");
    let create = async |at: SocketAddr| {
        let mut command = tollgate(folder.path(), &["key", "create", "k"]);
        command.env("TOLLGATE_URL", format!("http://{at}"));
        command.env("TOLLGATE_CONTROL_KEY", control_key(1).reveal());
        blocking(move || command.output().unwrap()).await
    };
    let elsewhere = create(data).await;
    assert!(complaint(&elsewhere).contains("404 Not Found, and not as"), "{}", complaint(&elsewhere));
    let made = create(control).await;
    let text = out(&made).lines().next().unwrap().strip_prefix("key ").unwrap();
    let client = Client::new(data).with_key(text);
    let body = scripts::request(EventStream::Chat, "p/m", false).to_string();
    assert_eq!(client.post("/v1/chat/completions", body).answer().await.status, 200);
    let question = json!({"body": {"model": "p/m"}}).to_string();
    let asking = Client::new(data).with_key(key(1).reveal()).post("/api/v1/routes/explain", question);
    assert_eq!(asking.answer().await.status, 200, "it is the data plane's");
    assert_eq!(blocking(|| serving.stop()).await.0, Some(0));
}

#[tokio::test]
async fn without_a_listener_of_its_own_all_is_as_it_was() {
    let (configuration, _fake) = configuration().await;
    let gateway = TestGateway::start(configuration).await;
    assert_eq!(Control::of(&gateway, 1).get("keys").await.status, 200);
    for path in ["/healthz", "/readyz", "/metrics", "/api/v1/openapi.json"] {
        assert_eq!(gateway.anybody().get(path).answer().await.status, 200, "{path}");
    }
    assert_eq!(gateway.chat("p/m").await.status, 200);
}

#[test]
fn two_listeners_want_two_addresses() {
    let folder = tempfile::tempdir().unwrap();
    write(
        folder.path(),
        &json!({"server": {"control": {"listen": "127.0.0.1:8080"}}, "keys": [key_entry(1, json!({}))]}),
    );
    let checked = run(folder.path(), &["check"]);
    assert_eq!(checked.status.code(), Some(1));
    assert!(complaint(&checked).contains("server.control.listen: "), "{}", complaint(&checked));
}

#[tokio::test]
async fn a_control_plane_in_clear_text_that_others_reach_is_warned_of() {
    const WARNING: &str = "warning: the control plane is served in clear text at 0.0.0.0: ";
    let (mut configuration, _fake) = configuration().await;
    let folder = tempfile::tempdir().unwrap();
    let given: &[&str] = &["--control-listen", "0.0.0.0:0"];
    for (server, arguments, times) in [
        (json!({}), given, 1),
        (json!({"control": {"listen": "0.0.0.0:0"}}), &[], 1),
        (json!({"control": {"listen": "0.0.0.0:0"}}), given, 1),
        (json!({"control": {"listen": "127.0.0.1:0"}}), &[], 0),
    ] {
        configuration["server"] = server.clone();
        write(folder.path(), &configuration);
        let (serving, said, ..) = process(folder.path(), arguments).await;
        let warned = said.iter().filter(|line| line.starts_with(WARNING)).count();
        assert_eq!(warned, times, "{server} {arguments:?}: {said:?}");
        assert_eq!(blocking(|| serving.stop()).await.0, Some(0));
        let checked = run(folder.path(), &["check"]);
        let is_of_file = times == 1 && server != json!({});
        assert_eq!(complaint(&checked).contains(WARNING), is_of_file, "{}", complaint(&checked));
    }
}

#[tokio::test]
async fn people_sign_in_where_the_control_plane_is() {
    let (mut configuration, _fake) = configuration().await;
    configuration["control"]["local_admins"] = json!([admin("ada", json!({}))]);
    let gateway = Setup::new().apart().start(configuration).await;
    let browser = Browser::of(&gateway, "ada", &code(0)).await;
    assert_eq!(browser.get("/auth/session").await.status, 200);
    let made = browser.of_own_page("PUT", "/api/v1/users/grace", "{}").answer().await;
    assert_eq!(made.status, 201, "{}", made.text());
    let body = json!({"name": "ada", "password": "x", "code": "1"}).to_string();
    assert_eq!(gateway.anybody().post("/auth/login", body).answer().await.status, 404);
    let page_of_the_other = format!("http://{}", gateway.address());
    let refused = browser.of_own_page("PUT", "/api/v1/users/eve", "{}").header("origin", &page_of_the_other);
    assert_refused(&refused.answer().await, 403, "TG2027");
}

/// A setup with the certificate of an authority in files of a name.
fn with_certificate(setup: Setup, name: &str, authority: &Authority) -> Setup {
    let certificate = authority.certificate();
    let setup = setup.file(&format!("{name}.crt"), &certificate.chain_pem);
    setup.file(&format!("{name}.key"), &certificate.key_pem)
}

fn tls(name: &str) -> Value {
    json!({"certificate": format!("{name}.crt"), "private_key": format!("{name}.key")})
}

/// Asks over TLS; an answer shows that the certificate is of the authority.
async fn is_answered(address: SocketAddr, authority: &Arc<Authority>) {
    let client = Client::new(address).with_tls(authority);
    assert_eq!(client.get("/healthz").answer().await.status, 200);
}

#[tokio::test]
async fn each_listener_has_its_certificate_and_renews_it() {
    let [main, control, renewed] = [(); 3].map(|()| Arc::new(Authority::new()));
    let setup = with_certificate(Setup::new(), "main", &main);
    let setup = with_certificate(setup, "control", &control);
    let (mut configuration, _fake) = configuration().await;
    configuration["server"] =
        json!({"tls": tls("main"), "control": {"listen": "127.0.0.1:0", "tls": tls("control")}});
    let mut gateway = setup.start(configuration).await;
    let (data, administration) = (gateway.address(), gateway.control_address());
    is_answered(data, &main).await;
    is_answered(administration, &control).await;
    let certificate = renewed.certificate();
    gateway.write_file("control.crt", &certificate.chain_pem);
    gateway.write_file("control.key", &certificate.key_pem);
    gateway.reload().await;
    is_answered(administration, &renewed).await;
    is_answered(data, &main).await;
    // A pair that cannot be used is not, and keeps the other from nothing.
    gateway.write_file("control.crt", "");
    let certificate = renewed.certificate();
    gateway.write_file("main.crt", &certificate.chain_pem);
    gateway.write_file("main.key", &certificate.key_pem);
    gateway.reload().await;
    is_answered(administration, &renewed).await;
    is_answered(data, &renewed).await;
}

#[tokio::test]
async fn the_control_plane_is_never_in_clear_text_where_requests_are_not() {
    let main = Arc::new(Authority::new());
    let (mut configuration, _fake) = configuration().await;
    configuration["server"] = json!({"tls": tls("main"), "control": {"listen": "127.0.0.1:0"}});
    configuration["control"]["local_admins"] = json!([admin("ada", json!({}))]);
    let gateway = with_certificate(Setup::new(), "main", &main).start(configuration).await;
    is_answered(gateway.control_address(), &main).await;
    assert!(gateway.at_control().get("/healthz").try_open().await.is_err());
    let client = gateway.at_control().with_tls(&main);
    let body = json!({"name": "ada", "password": PASSWORD, "code": code(0)}).to_string();
    let answer = client.post("/auth/login", body).answer().await;
    assert!(answer.header("set-cookie").starts_with("__Host-tollgate="), "{}", answer.text());
}

#[tokio::test]
async fn only_its_networks_reach_the_control_plane_and_only_a_trusted_proxy_says_otherwise() {
    let server = |networks: Value, proxies: Value| json!({"control": {"listen": "127.0.0.1:0", "networks": networks}, "trusted_proxies": proxies});
    let (mut gateway, fake) = apart(server(json!(["192.0.2.0/24"]), json!([]))).await;
    let ask = async |gateway: &TestGateway, path: &str, from: &str| {
        let client = gateway.at_control().with_key(control_key(1).reveal());
        client.get(path).header("x-forwarded-for", from).answer().await
    };
    for path in
        ["/api/v1/keys", "/api/v1/openapi.json", "/auth/session", "/scim/v2/Users", "/metrics", "/v1/models"]
    {
        assert_refused(&ask(&gateway, path, "192.0.2.1").await, 403, "TG2012");
    }
    for path in PROBES {
        assert_eq!(ask(&gateway, path, "198.51.100.1").await.status, 200, "{path}");
    }
    assert_eq!(gateway.chat("p/m").await.status, 200, "it is about the control plane");
    let (mut next, _) = configuration().await;
    next["providers"] = one(&fake)["providers"].take();
    next["server"] = server(json!(["192.0.2.0/24"]), json!(["127.0.0.0/8"]));
    gateway.reconfigure(next).await;
    for (from, status) in
        [("192.0.2.1", 200), ("198.51.100.1", 403), ("192.0.2.1, 198.51.100.1", 403), ("x", 403)]
    {
        for path in ["/api/v1/keys", "/metrics"] {
            assert_eq!(ask(&gateway, path, from).await.status, status, "{path} from {from}");
        }
    }
}

#[tokio::test]
async fn a_crowd_at_one_listener_keeps_nobody_from_the_other() {
    let (mut configuration, _fake) = configuration().await;
    configuration["limits"] = json!({"connections_max": 1});
    let gateway = Setup::new().apart().start(configuration).await;
    for (crowded, other) in
        [(gateway.anybody(), gateway.at_control()), (gateway.at_control(), gateway.anybody())]
    {
        let mut only = crowded.connect().await;
        assert_eq!(crowded.get("/healthz").answer_on(&mut only).await.status, 200);
        let waiting = tokio::spawn(crowded.get("/healthz").answer());
        for _ in 0..20 {
            assert_eq!(other.get("/healthz").answer().await.status, 200);
        }
        assert!(!waiting.is_finished());
        drop(only);
        assert_eq!(within("the place", waiting).await.unwrap().status, 200);
    }
}

#[tokio::test]
async fn a_head_that_stalls_closes_the_connection_to_the_control_plane_too() {
    let (mut configuration, _fake) = configuration().await;
    configuration["limits"] = json!({"head_read_timeout": "40ms"});
    let gateway = Setup::new().apart().start(configuration).await;
    let mut connection = RawConnection::open(gateway.control_address()).await;
    connection.send("GET /api/v1/keys HTTP/1.1\r\nhost:").await;
    let answer = connection.rest().await;
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 408"), "{answer}");
}

#[tokio::test]
async fn both_listeners_drain() {
    let (mut gateway, _fake) = apart(json!({})).await;
    let mut waiting = Vec::new();
    let mut late = RawConnection::open(gateway.control_address()).await;
    late.send("GET /readyz HTTP/1.1\r\nhost: x\r\n").await;
    for address in [gateway.address(), gateway.control_address()] {
        let mut idle = RawConnection::open(address).await;
        idle.send("GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n").await;
        idle.until("{\"status\":\"ok\"}").await;
        waiting.push(idle);
    }
    gateway.begin_to_stop();
    for idle in waiting {
        assert_eq!(idle.rest().await, "", "an idle connection is closed");
    }
    late.send("\r\n").await;
    let answer = late.rest().await;
    assert!(answer.starts_with("HTTP/1.1 503") && answer.contains("draining"), "{answer}");
    for address in [gateway.address(), gateway.control_address()] {
        assert!(tokio::net::TcpStream::connect(address).await.is_err(), "nobody listens any more");
    }
    gateway.stopped().await;
}

#[tokio::test]
async fn both_versions_of_http_are_spoken_to_the_control_plane() {
    let (gateway, _fake) = apart(json!({})).await;
    let client = gateway.at_control().with_key(control_key(1).reveal()).with_http2();
    let mut connection = client.connect().await;
    for _ in 0..3 {
        assert_eq!(client.get("/api/v1/keys").answer_on(&mut connection).await.status, 200);
    }
    let text = Control::of(&gateway, 1).new_key(json!({"name": "k"})).await;
    assert_eq!(chat(&gateway, &text).await, 200);
    let put = client.send(Method::PUT, "/api/v1/users/ada", "{}").answer().await;
    assert_eq!(put.status, 201, "{}", put.text());
}
