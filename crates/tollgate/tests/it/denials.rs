//! Every operation that is described refuses whoever may not ask for it. The operations are those of the committed descriptions, so that
//! one that is added is refused too, or stands among the exceptions here, which only become fewer.

mod control;
mod gateway;

use std::fs;
use std::path::Path;

use http::Method;
use serde_json::Value;
use testkit::{Answer, Client};

/// What anybody may ask for.
const OPEN: [&str; 7] = [
    "GET /api/v1/openapi.json",
    "GET /auth/oidc/callback",
    "GET /auth/oidc/login",
    "GET /healthz",
    "GET /metrics",
    "GET /readyz",
    "POST /auth/login",
];

/// An operation of a description.
pub(crate) struct Operation {
    pub(crate) method: Method,
    /// Its path, with what stands for names in braces.
    pub(crate) path: String,
    described: Value,
}

impl Operation {
    /// One that is not described.
    pub(crate) fn of(method: &str, path: &str) -> Self {
        Self { method: method.parse().unwrap(), path: path.to_owned(), described: Value::Null }
    }

    /// Its path for an object of a name.
    pub(crate) fn named(&self, name: &str) -> String {
        let mut path = String::new();
        for (index, piece) in self.path.split(['{', '}']).enumerate() {
            path.push_str(if index % 2 == 0 { piece } else { name });
        }
        path
    }

    pub(crate) fn title(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    /// Asks for it with an empty object, or with nothing where it takes none.
    pub(crate) async fn ask(&self, client: &Client, name: &str, body: &Value) -> Answer {
        let path = self.named(name);
        match self.method {
            Method::GET | Method::DELETE => client.request(self.method.clone(), &path).answer().await,
            _ => client.send(self.method.clone(), &path, body.to_string()).answer().await,
        }
    }
}

/// The operations of a committed description that need a key.
fn guarded(file: &str) -> Vec<Operation> {
    let (open, guarded): (Vec<_>, Vec<_>) = operations(file)
        .into_iter()
        .partition(|operation| operation.described["security"] == serde_json::json!([]));
    for operation in open {
        assert!(OPEN.contains(&operation.title().as_str()), "{} is open to everybody", operation.title());
    }
    guarded
}

/// All operations of a committed description.
pub(crate) fn operations(file: &str) -> Vec<Operation> {
    let description: Value = serde_json::from_str(&fs::read_to_string(committed(file)).unwrap()).unwrap();
    let mut operations = Vec::new();
    for (path, item) in description["paths"].as_object().unwrap() {
        for (method, described) in item.as_object().unwrap() {
            // Parameters of all operations of a path stand beside them.
            if let Ok(method) = method.to_ascii_uppercase().parse::<Method>()
                && described.is_object()
            {
                operations.push(Operation { method, path: path.clone(), described: described.clone() });
            }
        }
    }
    assert!(operations.len() > 20, "{file}");
    operations
}

/// Limits by which all operations can be asked for in one minute with keys that nobody has.
fn many_wrong_keys() -> Value {
    serde_json::json!({"wrong_keys_per_minute_max": 10_000})
}

fn committed(file: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../openapi").join(file)
}
