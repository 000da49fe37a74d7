//! People who sign in: sessions, what they open, how they end, and what others try with them.

mod local;
mod oidc;
mod sessions;

use std::time::SystemTime;

use http::Method;
use identity::{OneTimeSecret, PasswordHash, step_at};
use jiff::Timestamp;
use serde_json::{Value, json};
use testkit::{Answer, Call};

use crate::gateway::TestGateway;

pub(crate) const PASSWORD: &str = "correct horse battery";

fn secret() -> OneTimeSecret {
    OneTimeSecret::from_random([9; 20])
}

/// The code of so many steps after now. Each is good once, and one that comes after another has to be later.
pub(crate) fn code(steps: u64) -> String {
    secret().code(step_at(SystemTime::from(Timestamp::now())) + steps)
}

/// An entry of `control.local_admins`.
pub(crate) fn admin(name: &str, more: Value) -> Value {
    let hash = PasswordHash::new(PASSWORD, [7; 16]).unwrap().reveal();
    let mut entry = json!({
        "name": name, "password_hash": hash, "totp_secret": secret().reveal(), "roles": [{"role": "owner"}],
    });
    if let (Value::Object(entry), Value::Object(more)) = (&mut entry, more) {
        entry.extend(more);
    }
    entry
}

/// Signs in.
async fn log_in(gateway: &TestGateway, name: &str, password: &str, code: &str) -> Answer {
    let body = json!({"name": name, "password": password, "code": code});
    gateway.at_control().post("/auth/login", body.to_string()).answer().await
}

/// A browser in which somebody has signed in.
pub(crate) struct Browser<'g> {
    gateway: &'g TestGateway,
    cookie: String,
    token: String,
}

impl<'g> Browser<'g> {
    pub(crate) async fn of(gateway: &'g TestGateway, name: &str, code: &str) -> Self {
        let answer = log_in(gateway, name, PASSWORD, code).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        Self::with(gateway, &answer)
    }

    /// One that has the cookie of an answer.
    fn with(gateway: &'g TestGateway, answer: &Answer) -> Self {
        let cookie = answer.header("set-cookie").split(';').next().unwrap().to_owned();
        let token = answer.json()["csrf_token"].as_str().unwrap().to_owned();
        Self { gateway, cookie, token }
    }

    /// A request as any page may have the browser make it.
    fn send(&self, method: &str, path: &str, body: &str) -> Call {
        let method: Method = method.parse().unwrap();
        let call = self.gateway.at_control().send(method, path, body.to_owned());
        call.header("cookie", &self.cookie)
    }

    /// One that a page of the gateway makes.
    pub(crate) fn of_own_page(&self, method: &str, path: &str, body: &str) -> Call {
        let origin = format!("http://{}", self.gateway.control_address());
        self.send(method, path, body).header("origin", &origin).header("x-csrf-token", &self.token)
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, "").answer().await
    }
}
