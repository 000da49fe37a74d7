//! Each crate of the product has a ceiling: what does not fit belongs elsewhere or is not needed.

use std::collections::BTreeMap;

use super::Finding;
use super::house;
use super::source::Source;

const RULE: &str = "crate-lines";

/// Compares the production lines of each crate with its ceiling.
pub(crate) fn check(sources: &[Source]) -> Vec<Finding> {
    let mut lines_of: BTreeMap<&str, usize> = BTreeMap::new();
    for source in sources.iter().filter(|source| source.package().starts_with("crates/")) {
        *lines_of.entry(source.package_name()).or_default() += source.production_lines();
    }
    let planned = lines_of.into_iter().filter_map(|(name, lines)| Some((house::find(name)?, lines)));
    planned
        .filter(|(row, lines)| *lines > row.lines_max)
        .map(|(row, lines)| {
            let path = format!("crates/{}/Cargo.toml", row.name);
            let problem = format!("{} has {lines} production lines of at most {}", row.name, row.lines_max);
            Finding::new(RULE, &path, 1, &problem, "remove or move code; a ceiling is a decision")
                .of_size(lines)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(path: &str, lines: usize) -> Source {
        Source::parse(path, &"// line\n".repeat(lines)).unwrap()
    }

    #[test]
    fn a_crate_is_the_sum_of_its_files_without_tests() {
        let sources = [
            source("crates/domain/src/lib.rs", 2_500),
            source("crates/domain/src/key.rs", 2_500),
            source("crates/domain/src/key/tests.rs", 9_000),
            source("dev/bench/src/main.rs", 99_000),
        ];
        assert!(check(&sources).is_empty());
    }

    #[test]
    fn a_crate_above_its_ceiling_is_refused() {
        let findings = check(&[source("crates/domain/src/lib.rs", 6_251)]);
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].measure, Some(6_251));
        assert_eq!(findings[0].problem, "domain has 6251 production lines of at most 6250");
    }
}
