//! Objects over HTTP: made, used at once, changed, taken away, and refused, against the running gateway.

mod audit;
mod bad_input;
mod batches;
mod changes;
mod commands;
mod keys;
mod outages;
mod processes;
mod providers;
mod secrets;
mod spend;
mod webhooks;

use domain::KeyText;
use http::Method;
use serde_json::{Value, json};
use testkit::{Answer, Call, Client, EventStream, FakeProvider, scripts};

use crate::configuration::one;
use crate::gateway::{Setup, TestGateway};

/// The control key of a number.
pub(crate) fn control_key(number: u8) -> KeyText {
    KeyText::control_from_random([number; 32])
}

/// A control key with a role for everything, or for one workspace.
pub(crate) fn held(number: u8, role: &str, workspace: Option<&str>) -> Value {
    let mut role = json!({ "role": role });
    if let Some(workspace) = workspace {
        role["workspace"] = workspace.into();
    }
    json!({"name": format!("control-{number}"), "hash": control_key(number).hash().to_string(), "roles": [role]})
}

/// A gateway before a provider `p` that always answers, with control key 1 of an owner, and what else is configured.
async fn gateway(more: Value) -> (TestGateway, FakeProvider) {
    gateway_in(Setup::new(), more).await
}

async fn gateway_in(setup: Setup, more: Value) -> (TestGateway, FakeProvider) {
    let fake = FakeProvider::always(scripts::json(&scripts::answer(EventStream::Chat, "Hello."))).await;
    let mut configuration = one(&fake);
    configuration["control"] = json!({"keys": [held(1, "owner", None)]});
    if let (Value::Object(configuration), Value::Object(more)) = (&mut configuration, more) {
        configuration.extend(more);
    }
    (setup.start(configuration).await, fake)
}

/// Whoever holds a control key.
pub(crate) struct Control(Client);

impl Control {
    pub(crate) fn of(gateway: &TestGateway, number: u8) -> Self {
        Self(gateway.at_control().with_key(control_key(number).reveal()))
    }

    fn call(&self, method: &str, path: &str, body: &Value) -> Call {
        let method: Method = method.parse().unwrap();
        self.0.send(method, &format!("/api/v1/{path}"), body.to_string())
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.0.get(&format!("/api/v1/{path}")).answer().await
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> Answer {
        self.call("PUT", path, &body).answer().await
    }

    async fn patch(&self, path: &str, body: Value) -> Answer {
        self.call("PATCH", path, &body).answer().await
    }

    async fn delete(&self, path: &str) -> Answer {
        let method = Method::DELETE;
        self.0.request(method, &format!("/api/v1/{path}")).header("if-match", "*").answer().await
    }

    /// The text of a new key.
    pub(crate) async fn new_key(&self, body: Value) -> String {
        let made = self.call("POST", "keys", &body).answer().await;
        assert_eq!(made.status, 201, "{}", made.text());
        made.json()["key"].as_str().unwrap().to_owned()
    }
}

/// The status of a small chat with a key.
pub(crate) async fn chat(gateway: &TestGateway, key: &str) -> u16 {
    let body = scripts::request(EventStream::Chat, "p/m", false).to_string();
    let call = gateway.anybody().with_key(key).post(scripts::path(EventStream::Chat), body);
    call.answer().await.status.as_u16()
}

#[track_caller]
pub(crate) fn assert_refused(answer: &Answer, status: u16, code: &str) {
    assert_eq!(
        (answer.status.as_u16(), answer.header("x-tollgate-error")),
        (status, code),
        "{}",
        answer.text()
    );
    assert_eq!(answer.header("content-type"), "application/problem+json");
    assert_eq!(answer.json()["code"], code);
}
