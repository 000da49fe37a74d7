//! `tollgate key disable` and `tollgate key enable`.

use clap::Args;
use control::objects::ObjectKind;
use http::Method;
use serde_json::{Value as Json, json};

use crate::commands::gateway::{Call, Server, path_of};
use crate::commands::surroundings::say;

/// Switches a key of a running gateway off, or on again.
#[derive(Debug, Args)]
pub struct Disable {
    /// Its name.
    name: String,
    #[command(flatten)]
    server: Server,
}

impl Disable {
    pub(super) fn run(self, is_disabled: bool) -> anyhow::Result<()> {
        let body = json!({"disabled": if is_disabled { Json::Bool(true) } else { Json::Null }});
        let path = path_of(ObjectKind::Key, &self.name);
        let call = Call { method: Method::PATCH, path: &path, body: Some(&body), ..Call::default() };
        self.server.gateway()?.call(&call)?;
        let done = if is_disabled { "disabled" } else { "enabled" };
        say(&format!("{done} keys/{}", self.name));
        Ok(())
    }
}
