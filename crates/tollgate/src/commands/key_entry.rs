//! A key as an entry of the configuration, ready to be pasted: a client's below `keys:`, one for the control plane below
//! `control.keys`; and a person who administers it, below `control.local_admins`.

use control::yaml::quote;
use domain::KeyHash;

/// The entry of a key that may do everything but what must be asked for, indented by two spaces.
pub(super) fn key_entry(name: &str, hash: KeyHash) -> String {
    format!("  - name: {}\n    hash: {hash}\n", quote(name))
}

/// What the holder of a control key may do, and where.
#[derive(Debug, Clone, Copy)]
pub(super) struct HeldRoleEntry<'a> {
    /// The role.
    pub(super) role: &'a str,
    /// The only workspace that it is held for.
    pub(super) workspace: Option<&'a str>,
    /// The only environment that it is held for.
    pub(super) environment: Option<&'a str>,
}

/// The whole section `control:` with the entry of a control key, of which all but the first two lines are the entry.
pub(super) fn control_section(name: &str, hash: KeyHash, held: HeldRoleEntry<'_>) -> String {
    format!(
        "control:\n  keys:\n    - name: {}\n      hash: {hash}\n      roles: [{}]\n",
        quote(name),
        role(held)
    )
}

/// The whole section `control:` with the entry of a local administrator, by the hash of their password and the secret of their
/// authenticator.
pub(super) fn local_admin_section(
    name: &str,
    (hash, secret): (&str, &str),
    held: HeldRoleEntry<'_>,
) -> String {
    format!(
        "control:\n  local_admins:\n    - name: {}\n      password_hash: {}\n      totp_secret: {}\n      roles: [{}]\n",
        quote(name),
        quote(hash),
        quote(secret),
        role(held)
    )
}

fn role(held: HeldRoleEntry<'_>) -> String {
    let place = [("workspace", held.workspace), ("environment", held.environment)];
    let place = place.into_iter().filter_map(|(key, name)| Some(format!(", {key}: {}", quote(name?))));
    format!("{{ role: {}{} }}", quote(held.role), place.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::{HeldRoleEntry, control_section, key_entry, local_admin_section};
    use control::Document;
    use control::file::ConfigFile;
    use domain::KeyHash;

    fn read(text: &str) -> ConfigFile {
        Document::read("tollgate.yaml", text).unwrap_or_else(|errors| panic!("{errors}")).value
    }

    #[test]
    fn an_entry_is_a_key_of_the_configuration() {
        let hash = KeyHash::of("tg-x");
        let file = read(&format!("keys:\n{}", key_entry("team: \"a\"", hash)));
        assert_eq!(file.keys[0].name, "team: \"a\"");
        assert_eq!(file.keys[0].hash.as_deref(), Some(&*hash.to_string()));
    }

    #[test]
    fn a_local_administrator_is_an_entry_of_the_configuration() {
        let hash = "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
        let held = HeldRoleEntry { role: "owner", workspace: None, environment: None };
        let file = read(&local_admin_section("ada", (hash, "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"), held));
        let admin = &file.control.local_admins[0];
        assert_eq!((admin.name.as_str(), admin.password_hash.expose()), ("ada", hash));
    }

    #[test]
    fn a_control_section_is_one_of_the_configuration() {
        let held = HeldRoleEntry { role: "admin", workspace: Some("a"), environment: Some("prod") };
        let file = read(&control_section("ops", KeyHash::of("tga-x"), held));
        let role = &file.control.keys[0].roles[0];
        assert_eq!(role.role, "admin");
        assert_eq!((role.workspace.as_deref(), role.environment.as_deref()), (Some("a"), Some("prod")));
    }
}
