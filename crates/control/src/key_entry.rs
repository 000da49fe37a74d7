//! A client key as an entry of the configuration, ready to be pasted below `keys:`.

use domain::KeyHash;

use crate::yaml::quote;

/// The entry of a key that may do everything but what must be asked for, indented by two spaces.
#[must_use]
pub fn key_entry(name: &str, hash: KeyHash) -> String {
    format!("  - name: {}\n    hash: {hash}\n", quote(name))
}

#[cfg(test)]
mod tests {
    use super::key_entry;
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
}
