//! `tollgate KIND delete`.

use clap::Args;
use control::objects::ObjectKind;
use http::Method;

use crate::commands::gateway::{Call, Server, path_of};
use crate::commands::surroundings::say;

/// Takes an object away.
#[derive(Debug, Args)]
pub struct Delete {
    /// Its name.
    name: String,
    #[command(flatten)]
    server: Server,
}

impl Delete {
    pub(in crate::commands) fn run(self, kind: ObjectKind) -> anyhow::Result<()> {
        let path = path_of(kind, &self.name);
        let call = Call { method: Method::DELETE, path: &path, if_match: Some("*"), ..Call::default() };
        self.server.gateway()?.call(&call)?;
        say(&format!("deleted {}/{}", kind.section(), self.name));
        Ok(())
    }
}
