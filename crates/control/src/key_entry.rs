//! A key as an entry of the configuration, ready to be pasted: a client's below `keys:`, one for the control plane below
//! `control.keys`; and a person who administers it, below `control.local_admins`.

use domain::KeyHash;

use crate::yaml::quote;

/// The entry of a key that may do everything but what must be asked for, indented by two spaces.
#[must_use]
pub fn key_entry(name: &str, hash: KeyHash) -> String {
    format!("  - name: {}\n    hash: {hash}\n", quote(name))
}

/// What the holder of a control key may do, and where.
#[derive(Debug, Clone, Copy)]
pub struct HeldRoleEntry<'a> {
    /// The role.
    pub role: &'a str,
    /// The only workspace that it is held for.
    pub workspace: Option<&'a str>,
    /// The only environment that it is held for.
    pub environment: Option<&'a str>,
}

/// The whole section `control:` with the entry of a control key, of which all but the first two lines are the entry.
#[must_use]
pub fn control_section(name: &str, hash: KeyHash, held: HeldRoleEntry<'_>) -> String {
    format!(
        "control:\n  keys:\n    - name: {}\n      hash: {hash}\n      roles: [{}]\n",
        quote(name),
        role(held)
    )
}

/// The whole section `control:` with the entry of a local administrator, by the hash of their password and the secret of their
/// authenticator.
#[must_use]
pub fn local_admin_section(name: &str, (hash, secret): (&str, &str), held: HeldRoleEntry<'_>) -> String {
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
    use domain::KeyHash;

    #[test]
    fn an_entry_is_a_key_of_the_configuration() {
        let hash = KeyHash::of("tg-x");
        let text = format!("keys:\n{}", key_entry("team: \"a\"", hash));
        let root = crate::yaml::read(&text).0.unwrap();
        let checked = crate::structure::check(&root, &crate::schema::config_schema());
        assert_eq!(checked.problems, []);
        let json = checked.json.unwrap();
        assert_eq!(json["keys"][0]["name"], "team: \"a\"");
        assert_eq!(json["keys"][0]["hash"], hash.to_string());
    }

    #[test]
    fn a_local_administrator_is_an_entry_of_the_configuration() {
        let hash = "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
        let held = HeldRoleEntry { role: "owner", workspace: None, environment: None };
        let text = local_admin_section("ada", (hash, "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"), held);
        let root = crate::yaml::read(&text).0.unwrap();
        let checked = crate::structure::check(&root, &crate::schema::config_schema());
        assert_eq!(checked.problems, []);
        let admin = &checked.json.unwrap()["control"]["local_admins"][0];
        assert_eq!((&admin["name"], &admin["password_hash"]), (&"ada".into(), &hash.into()));
    }

    #[test]
    fn a_control_section_is_one_of_the_configuration() {
        let held = HeldRoleEntry { role: "admin", workspace: Some("a"), environment: Some("prod") };
        let text = control_section("ops", KeyHash::of("tga-x"), held);
        let root = crate::yaml::read(&text).0.unwrap();
        let checked = crate::structure::check(&root, &crate::schema::config_schema());
        assert_eq!(checked.problems, []);
        let role = &checked.json.unwrap()["control"]["keys"][0]["roles"][0];
        assert_eq!(*role, serde_json::json!({"role": "admin", "workspace": "a", "environment": "prod"}));
    }
}
