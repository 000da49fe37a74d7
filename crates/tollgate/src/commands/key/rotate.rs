//! `tollgate key rotate`.

use clap::Args;
use control::objects::ObjectKind;
use http::Method;
use serde_json::json;

use crate::commands::gateway::{Call, Server, path_of};
use crate::commands::surroundings::say;

/// Gives a key of a running gateway another text, which is told this once.
#[derive(Debug, Args)]
pub struct Rotate {
    /// Its name.
    name: String,
    /// How long the text before is good as well, such as `1h`; not any more when left out.
    #[arg(long)]
    overlap: Option<String>,
    #[command(flatten)]
    server: Server,
    /// Prints one JSON object, with the text as `key`.
    #[arg(long)]
    json: bool,
}

impl Rotate {
    pub(super) fn run(self) -> anyhow::Result<()> {
        let body = self.overlap.map_or_else(|| json!({}), |overlap| json!({ "overlap": overlap }));
        let path = format!("{}/rotate", path_of(ObjectKind::Key, &self.name));
        let call = Call { method: Method::POST, path: &path, body: Some(&body), ..Call::default() };
        let rotated = self.server.gateway()?.call(&call)?;
        if self.json {
            say(&rotated.to_string());
        } else {
            say(&format!("key {}", rotated["key"].as_str().unwrap_or_default()));
            say("It is shown this once, and good from now on.");
        }
        Ok(())
    }
}
