//! Files of the form that the tools of Amazon and Oracle share: sections in brackets, and `name = value`.

use std::collections::BTreeMap;

/// The values of a section by their names; those of a later section of the same name add to them.
pub(super) fn section<'t>(text: &'t str, name: &str) -> Option<BTreeMap<&'t str, &'t str>> {
    let mut found: Option<BTreeMap<&str, &str>> = None;
    let mut inside = false;
    for line in text.lines().map(str::trim) {
        if line.is_empty() || line.starts_with(['#', ';']) {
            continue;
        }
        if let Some(heading) = line.strip_prefix('[') {
            inside = heading.split(']').next().map(str::trim) == Some(name);
            if inside {
                found.get_or_insert_default();
            }
        } else if let (true, Some(values), Some((key, value))) = (inside, &mut found, line.split_once('=')) {
            values.insert(key.trim(), value.trim());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::section;

    const FILE: &str = "\
        # comment\n[default]\na = 1\n  b=two words \n; c = 3\n\n[ other ]\na = x=y\nnot a value\n[default]\nd = 4\n";

    #[test]
    fn a_section_has_its_own_values_and_no_other() {
        let values = section(FILE, "default").unwrap();
        assert_eq!(values.into_iter().collect::<Vec<_>>(), [("a", "1"), ("b", "two words"), ("d", "4")]);
        assert_eq!(section(FILE, "other").unwrap()["a"], "x=y");
        assert!(section(FILE, "third").is_none());
    }
}
