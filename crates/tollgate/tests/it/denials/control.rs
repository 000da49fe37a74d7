//! What administrators may ask for: each operation needs exactly the permission that its description names.

use std::collections::BTreeMap;

use domain::KeyText;
use serde_json::{Map, Value, json};
use testkit::{Answer, Client, FakeProvider};

use super::{Operation, guarded, many_wrong_keys};
use crate::configuration::{key, one};
use crate::gateway::TestGateway;

const FILE: &str = "control.json";

/// What names no permission of its own: it needs that of each object that it changes, or is about the session of whoever asks.
const WITHOUT_A_PERMISSION: [&str; 3] = ["GET /auth/session", "POST /api/v1/changes", "POST /auth/logout"];

fn control_key(number: u8) -> KeyText {
    KeyText::control_from_random([number; 32])
}

/// Action and kind of thing.
type Permission = (String, String);

/// What each operation needs where there is such an object, or where there is none yet.
fn permission(operation: &Operation, is_there: bool) -> Option<Permission> {
    let needed = &operation.described["x-tollgate-permission"];
    let actions = needed["actions"].as_array()?;
    let action = if is_there { actions.last() } else { actions.first() };
    Some((action?.as_str()?.to_owned(), needed["resource"].as_str()?.to_owned()))
}

/// A gateway whose control key 1 is an owner's, and two keys for each permission: one that has nothing else, and one that has
/// everything else.
struct Office {
    gateway: TestGateway,
    keys: BTreeMap<Permission, u8>,
}

impl Office {
    async fn open(operations: &[Operation]) -> Self {
        let needed =
            operations.iter().flat_map(|operation| [true, false].map(|is| permission(operation, is)));
        let mut keys = BTreeMap::new();
        let mut roles = Map::new();
        let mut entries = vec![entry(1, "owner")];
        for (action, kind) in needed.flatten() {
            let next = u8::try_from(2 + 2 * keys.len()).unwrap();
            if keys.contains_key(&(action.clone(), kind.clone())) {
                continue;
            }
            let of = format!("(principal, action == Action::\"{action}\", resource is {kind})");
            let (only, all_but) = (format!("only-{action}-{kind}"), format!("all-but-{action}-{kind}"));
            roles.insert(only.clone(), json!({"policies": [format!("permit {of};")]}));
            let everything = "permit (principal, action, resource);";
            roles.insert(all_but.clone(), json!({"policies": [everything, format!("forbid {of};")]}));
            entries.extend([entry(next, &only), entry(next + 1, &all_but)]);
            keys.insert((action, kind), next);
        }
        let mut configuration = one(&FakeProvider::start().await);
        configuration["control"] = json!({"keys": entries});
        configuration["roles"] = roles.into();
        configuration["workspaces"] = json!({"default": {}});
        configuration["limits"] = many_wrong_keys();
        Self { gateway: TestGateway::start(configuration).await, keys }
    }

    fn client(&self, number: u8) -> Client {
        let client = self.gateway.anybody().with_key(control_key(number).reveal());
        client.with_header("content-type", "application/json")
    }

    fn only(&self, permission: &Permission) -> Client {
        self.client(self.keys[permission])
    }

    fn all_but(&self, permission: &Permission) -> Client {
        self.client(self.keys[permission] + 1)
    }

    /// The name of an object of the operation's kind, which there is.
    async fn prepared(&self, operation: &Operation) -> String {
        let kind = kind(operation);
        // Budgets and rate limits share their names.
        let name = format!("some-{kind}");
        if operation.path.contains("{name}") {
            let path = format!("/api/v1/{kind}/{name}");
            let made = self.client(1).send(http::Method::PUT, &path, body(kind).to_string()).answer().await;
            let is_there = made.status.is_success() || made.status == 428;
            assert!(is_there, "{path}: {}", made.text());
        }
        name
    }
}

fn entry(number: u8, role: &str) -> Value {
    let hash = control_key(number).hash().to_string();
    json!({"name": format!("control-{number}"), "hash": hash, "roles": [{"role": role}]})
}

/// The section of the file for what an operation is about.
fn kind(operation: &Operation) -> &str {
    operation.path.split('/').nth(3).unwrap_or_default()
}

/// An object of a kind, by the section of the file.
fn body(kind: &str) -> Value {
    match kind {
        "providers" => json!({"base_url": "http://127.0.0.1:9", "endpoints": {"chat_completions": "/c"}}),
        "routes" => json!({"target": "p/m"}),
        "keys" => json!({"hash": key(200).hash().to_string()}),
        "budgets" => json!({"usd": "1", "window": "day"}),
        "rate_limits" => json!({"requests": {"per_minute": 60}}),
        "webhooks" => {
            json!({"url": "http://127.0.0.1:9/", "secret": "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"})
        }
        _ => json!({}),
    }
}

/// What is sent for an operation.
fn sent(operation: &Operation) -> Value {
    match (operation.method.as_str(), operation.path.as_str()) {
        ("PUT", _) => body(kind(operation)),
        ("POST", "/api/v1/keys") => json!({"name": "made"}),
        _ => json!({}),
    }
}

/// Whether nothing is told but that there is nothing to see.
fn is_empty_list(answer: &Answer, of: &str) -> bool {
    answer.status == 200 && answer.json()[of] == json!([])
}

#[tokio::test]
async fn nothing_is_done_without_a_control_key_that_is_good() {
    let operations = guarded(FILE);
    let office = Office::open(&operations).await;
    for operation in &operations {
        for (whose, client) in [
            ("nobody", office.gateway.anybody()),
            ("unknown", office.client(251)),
            ("a client", office.gateway.client()),
        ] {
            let refused = operation.ask(&client, "n", &sent(operation)).await;
            assert_eq!(refused.status, 401, "{} by {whose}: {}", operation.title(), refused.text());
        }
    }
}

#[tokio::test]
async fn each_operation_needs_the_permission_that_it_names_and_no_other() {
    let operations = guarded(FILE);
    let office = Office::open(&operations).await;
    for operation in &operations {
        let title = operation.title();
        let Some(needed) = permission(operation, true) else {
            assert!(WITHOUT_A_PERMISSION.contains(&title.as_str()), "{title} names no permission");
            continue;
        };
        let name = office.prepared(operation).await;
        let refused = operation.ask(&office.all_but(&needed), &name, &sent(operation)).await;
        let is_refused = refused.status == 403 && refused.header("x-tollgate-error") == "TG2031";
        // What may not be seen is not there.
        let is_hidden = needed.0 == "read" && (refused.status == 404 || is_empty_list(&refused, "objects"));
        // Whoever reads nothing of everything may still read what was done to workspaces.
        let is_of_others = needed.0 == "read_audit" && is_empty_list(&refused, "records");
        assert!(is_refused || is_hidden || is_of_others, "{title}: {} {}", refused.status, refused.text());
        let client = office.only(&needed);
        let is_of_one = operation.path.contains("{name}");
        let client = if is_of_one { client.with_header("if-match", "*") } else { client };
        let done = operation.ask(&client, &name, &sent(operation)).await;
        assert!(done.status.is_success(), "{title} with {needed:?}: {} {}", done.status, done.text());
    }
}

#[tokio::test]
async fn to_make_an_object_by_its_name_is_another_permission_than_to_change_it() {
    let operations = guarded(FILE);
    let office = Office::open(&operations).await;
    let puts = operations.iter().filter(|operation| operation.method == http::Method::PUT);
    for operation in puts {
        let needed = permission(operation, false).unwrap();
        assert_eq!(needed.0, "create", "{}", operation.title());
        let name = format!("new-{}", kind(operation));
        let refused = operation.ask(&office.all_but(&needed), &name, &sent(operation)).await;
        assert_eq!(refused.status, 403, "{}: {}", operation.title(), refused.text());
        let made = operation.ask(&office.only(&needed), &name, &sent(operation)).await;
        assert_eq!(made.status, 201, "{}: {}", operation.title(), made.text());
    }
}

#[tokio::test]
async fn a_batch_needs_for_each_change_what_it_would_need_alone() {
    let operations = guarded(FILE);
    let office = Office::open(&operations).await;
    for operation in operations.iter().filter(|operation| operation.method == http::Method::DELETE) {
        let (name, kind) = (office.prepared(operation).await, kind(operation));
        let needed = permission(operation, true).unwrap();
        let batch = json!({"changes": [{"kind": kind, "name": name, "body": null}]}).to_string();
        let ask = async |client: Client| client.post("/api/v1/changes", batch.clone()).answer().await;
        let refused = ask(office.all_but(&needed)).await;
        assert_eq!((refused.status.as_u16(), refused.header("x-tollgate-error")), (403, "TG2031"), "{kind}");
        let done = ask(office.only(&needed)).await;
        assert_eq!(done.status, 200, "{kind}: {}", done.text());
    }
}
