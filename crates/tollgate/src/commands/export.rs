//! `tollgate export`.

use clap::Args;
use control::objects::ObjectKind;
use control::yaml::quote;

use super::gateway::{Hashes, Server, Shown};
use super::surroundings::say;

/// Prints the objects of a running gateway as a configuration file; those of the gateway's own file are left out.
#[derive(Debug, Args)]
pub struct Export {
    #[command(flatten)]
    server: Server,
}

impl Export {
    pub(super) fn run(self) -> anyhow::Result<()> {
        let gateway = self.server.gateway()?;
        for kind in ObjectKind::ALL {
            let mut objects = gateway.all(kind, Hashes::Whole)?;
            objects.retain(|shown| shown.managed_by() == "api");
            section(kind, &objects).iter().for_each(|line| say(line));
        }
        Ok(())
    }
}

/// A section of the file: an entry on each line, in JSON, which is YAML as well.
fn section(kind: ObjectKind, objects: &[Shown]) -> Vec<String> {
    if objects.is_empty() {
        return Vec::new();
    }
    let entry = |shown: &Shown| match kind.is_listed() {
        true => format!("  - {}", shown.body()),
        false => format!("  {}: {}", quote(shown.name()), shown.body()),
    };
    std::iter::once(format!("{}:", kind.section())).chain(objects.iter().map(entry)).collect()
}

#[cfg(test)]
mod tests {
    use super::{ObjectKind, Shown, section};
    use control::objects::read_file;
    use serde_json::json;

    #[test]
    fn what_is_exported_reads_as_it_was() {
        let user = Shown(json!({"name": "a:b@c", "body": {"teams": ["w/t"]}}));
        let key = Shown(json!({"name": "k", "body": {"name": "k", "hash": "blake3:aa", "weight": 3}}));
        let users = section(ObjectKind::User, std::slice::from_ref(&user));
        let keys = section(ObjectKind::Key, std::slice::from_ref(&key));
        let text = [users, keys].concat().join("\n");
        let read: Vec<_> =
            read_file("t.yaml", &text).unwrap().into_values().map(|entry| entry.body.to_string()).collect();
        assert_eq!(read, [user.body().to_string(), key.body().to_string()], "{text}");
        assert!(section(ObjectKind::Route, &[]).is_empty());
    }
}
