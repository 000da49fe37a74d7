//! `tollgate KIND list`.

use clap::Args;
use control::objects::ObjectKind;
use serde_json::Value as Json;

use crate::commands::columns::columns;
use crate::commands::gateway::{Hashes, Server, Shown};
use crate::commands::surroundings::say;

/// Lists objects.
#[derive(Debug, Args)]
pub struct List {
    #[command(flatten)]
    server: Server,
    /// Prints one JSON array.
    #[arg(long)]
    json: bool,
}

impl List {
    pub(in crate::commands) fn run(self, kind: ObjectKind) -> anyhow::Result<()> {
        let objects = self.server.gateway()?.all(kind, Hashes::Masked)?;
        if self.json {
            say(&Json::from_iter(objects.into_iter().map(|shown| shown.0)).to_string());
        } else {
            lines(&objects).iter().for_each(|line| say(line));
        }
        Ok(())
    }
}

/// A line for each object under a heading, in columns; what it says comes last, as long as it is.
fn lines(objects: &[Shown]) -> Vec<String> {
    let row = |shown: &Shown| {
        let version =
            shown.0["version"].as_u64().map_or_else(|| "-".to_owned(), |version| version.to_string());
        [shown.name().to_owned(), shown.managed_by().to_owned(), version, shown.body().to_string()]
    };
    let mut rows = vec![["NAME", "MANAGED BY", "VERSION", "SAYS"].map(str::to_owned)];
    rows.extend(objects.iter().map(row));
    columns(&rows, &(2..3))
}

#[cfg(test)]
mod tests {
    use super::{Shown, lines};
    use serde_json::json;

    #[test]
    fn objects_stand_in_columns() {
        let objects = [
            Shown(json!({"name": "a", "managed_by": "file", "line": 3, "body": {"target": "p/m"}})),
            Shown(json!({"name": "reporting", "managed_by": "api", "version": 12, "body": {}})),
        ];
        let table = "\
NAME       MANAGED BY  VERSION  SAYS
a          file              -  {\"target\":\"p/m\"}
reporting  api              12  {}";
        assert_eq!(lines(&objects).join("\n"), table);
    }
}
