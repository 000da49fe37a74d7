//! A key as an entry of the configuration, ready to be pasted: a client's below `keys:`, one for the control plane below
//! `control.keys`.

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
    let place = [("workspace", held.workspace), ("environment", held.environment)];
    let place = place.into_iter().filter_map(|(key, name)| Some(format!(", {key}: {}", quote(name?))));
    let role = format!("role: {}{}", quote(held.role), place.collect::<String>());
    format!(
        "control:\n  keys:\n    - name: {}\n      hash: {hash}\n      roles: [{{ {role} }}]\n",
        quote(name)
    )
}

#[cfg(test)]
mod tests {
    use super::{HeldRoleEntry, control_section, key_entry};
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
