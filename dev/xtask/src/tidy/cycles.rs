//! The modules of a crate can be read in some order: a cycle of modules is one large module with walls in it.

mod imports;

use std::collections::{BTreeMap, BTreeSet};

use super::Finding;
use super::house;
use super::source::Source;

/// The largest cycle of each crate against its limit: none in wire, domain and engine, 3,000 production lines elsewhere.
pub(crate) fn check(sources: &[Source]) -> Vec<Finding> {
    let packages: BTreeSet<&str> = sources.iter().map(Source::package).collect();
    packages.into_iter().filter_map(|package| check_package(package, sources)).collect()
}

fn check_package(package: &str, sources: &[Source]) -> Option<Finding> {
    let own: Vec<&Source> = sources.iter().filter(|source| source.package() == package).collect();
    let graph = imports::graph(&own);
    let (lines, modules) = graph.cycles().into_iter().map(|cycle| (graph.lines(&cycle), cycle)).max()?;
    let name = package.rsplit('/').next().unwrap_or_default();
    let planned = house::find(name).filter(|_| package.starts_with("crates/"));
    let lines_max = planned.map_or(house::CYCLE_LINES_MAX, |row| row.cycle_lines_max);
    (lines > lines_max).then(|| {
        let problem = format!(
            "{} import each other, a cycle of {lines} production lines of at most {lines_max}",
            modules.join(", ")
        );
        let remedy = "move what both need into a module of its own";
        Finding::new("cycle", &format!("{package}/Cargo.toml"), 1, &problem, remedy).of_size(lines)
    })
}

/// Which top-level module of a crate imports which.
#[derive(Debug, Default)]
struct Graph {
    lines_of: BTreeMap<String, usize>,
    edges: BTreeSet<(String, String)>,
}

impl Graph {
    /// Groups of two modules or more that all reach each other, each sorted.
    fn cycles(&self) -> Vec<Vec<String>> {
        let reach: BTreeMap<&str, BTreeSet<&str>> =
            self.lines_of.keys().map(|module| (module.as_str(), self.reachable(module))).collect();
        let reaches = |from: &str, to: &str| reach.get(from).is_some_and(|found| found.contains(to));
        let groups: BTreeSet<Vec<String>> = reach
            .keys()
            .map(|module| {
                let mutual = reach.keys().filter(|other| reaches(module, other) && reaches(other, module));
                mutual.map(|&other| other.to_owned()).collect::<Vec<_>>()
            })
            .filter(|group| group.len() > 1)
            .collect();
        groups.into_iter().collect()
    }

    fn lines(&self, modules: &[String]) -> usize {
        modules.iter().filter_map(|module| self.lines_of.get(module)).sum()
    }

    fn reachable(&self, start: &str) -> BTreeSet<&str> {
        let mut found = BTreeSet::new();
        let mut waiting = vec![start];
        while let Some(module) = waiting.pop() {
            for (_, next) in self.edges.iter().filter(|(from, _)| from == module) {
                if found.insert(next.as_str()) {
                    waiting.push(next);
                }
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(files: &[(&str, &str)]) -> Vec<String> {
        let sources: Vec<Source> =
            files.iter().map(|(path, text)| Source::parse(path, text).unwrap()).collect();
        check(&sources).into_iter().map(|finding| finding.problem).collect()
    }

    #[test]
    fn engine_may_have_no_cycle_at_all() {
        let files = [
            ("crates/engine/src/lib.rs", "mod a; mod b; mod c;"),
            ("crates/engine/src/a.rs", "use crate::b::B;\n"),
            ("crates/engine/src/b/deep.rs", "use super::super::c;\n"),
            ("crates/engine/src/c.rs", "fn f() { crate::a::g() }\n"),
        ];
        assert_eq!(
            problems(&files),
            ["a, b, c import each other, a cycle of 3 production lines of at most 0"]
        );
    }

    #[test]
    fn imports_in_one_direction_are_no_cycle() {
        let files = [
            ("crates/engine/src/lib.rs", "mod a; mod b; pub use a::A;"),
            ("crates/engine/src/a.rs", "use crate::b::B;\n"),
            (
                "crates/engine/src/b.rs",
                "mod inner { use super::B; }\n#[cfg(test)]\nmod tests { use crate::a::A; }\n",
            ),
        ];
        assert_eq!(problems(&files), [""; 0]);
    }

    #[test]
    fn elsewhere_a_cycle_is_bounded_by_its_lines() {
        let large = format!("use crate::b;\n{}", "// line\n".repeat(2_999));
        let small = "use crate::a;\n";
        let files = |large| {
            [
                ("dev/bench/src/main.rs", "mod a; mod b;"),
                ("dev/bench/src/a.rs", large),
                ("dev/bench/src/b.rs", small),
            ]
        };
        assert_eq!(problems(&files("use crate::b;\n")), [""; 0]);
        assert_eq!(
            problems(&files(&large)),
            ["a, b import each other, a cycle of 3001 production lines of at most 3000"]
        );
    }
}
