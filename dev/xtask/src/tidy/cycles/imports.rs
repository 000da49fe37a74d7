//! Reads from source which top-level module of a crate imports which. Paths are resolved by their first words only, as far
//! as an author writes them: `crate::x`, `super::x`, and names that the root re-exports.

use std::collections::BTreeMap;

use syn::visit::{self, Visit};
use syn::{Item, ItemMod, ItemUse, Path, UseTree};

use super::Graph;
use crate::tidy::source::Source;
use crate::tidy::tokens::{Kind, Token};

/// The graph of one crate from its production files. Programs under `src/bin` are crates of their own.
pub(super) fn graph(sources: &[&Source]) -> Graph {
    let mut graph = Graph::default();
    let files: Vec<(Vec<String>, &Source)> =
        sources.iter().filter_map(|source| Some((module_path(source)?, *source))).collect();
    for (path, source) in &files {
        if let Some(top) = path.first() {
            *graph.lines_of.entry(top.clone()).or_default() += source.production_lines();
        }
    }
    let exports: BTreeMap<String, String> =
        files.iter().filter(|(path, _)| path.is_empty()).flat_map(|(_, root)| root_exports(root)).collect();
    for (path, source) in &files {
        let Some(top) = path.first() else { continue };
        for name in imported_names(path, source) {
            let module = if graph.lines_of.contains_key(&name) { Some(&name) } else { exports.get(&name) };
            if let Some(module) =
                module.filter(|module| *module != top && graph.lines_of.contains_key(*module))
            {
                graph.edges.insert((top.clone(), module.clone()));
            }
        }
    }
    graph
}

/// The module that a production file is: empty for the root of the crate, `None` for what is not part of it.
fn module_path(source: &Source) -> Option<Vec<String>> {
    let inside = source.path.strip_prefix(source.package())?.strip_prefix("/src/")?.strip_suffix(".rs")?;
    if !source.is_production() || inside.starts_with("bin/") {
        return None;
    }
    let mut parts: Vec<String> = inside.split('/').map(str::to_owned).collect();
    let is_root = parts.len() == 1 && (inside == "lib" || inside == "main");
    if is_root || parts.last().is_some_and(|part| part == "mod") {
        parts.pop();
    }
    Some(parts)
}

/// Names that the root takes from its modules, so that `crate::Name` leads to one: name to module.
fn root_exports(root: &Source) -> Vec<(String, String)> {
    let mut exports = Vec::new();
    for item in &root.syntax.items {
        if let Item::Use(import) = item {
            for words in used_paths(&import.tree) {
                let own = words.iter().skip_while(|word| *word == "crate" || *word == "self");
                let own: Vec<&String> = own.collect();
                if let [module, .., name] = own.as_slice() {
                    exports.push(((*name).clone(), (*module).clone()));
                }
            }
        }
    }
    exports
}

/// The first word below the root of everything that a file mentions by `crate::` or `super::`.
fn imported_names(path: &[String], source: &Source) -> Vec<String> {
    let mut reader = Reader { source, module: path.to_vec(), names: Vec::new() };
    reader.visit_file(&source.syntax);
    reader.names.extend(names_in_macros(source));
    reader.names
}

struct Reader<'a> {
    source: &'a Source,
    module: Vec<String>,
    names: Vec<String>,
}

impl Reader<'_> {
    fn record(&mut self, words: &[String], line: usize) {
        if self.source.is_test_line(line) {
            return;
        }
        let supers = words.iter().take_while(|word| *word == "super").count();
        let name = match words.first().map(String::as_str) {
            Some("crate") => words.get(1),
            Some("super") if supers >= self.module.len() => words.get(supers),
            _ => None,
        };
        self.names.extend(name.cloned());
    }
}

impl<'ast> Visit<'ast> for Reader<'_> {
    fn visit_item_mod(&mut self, module: &'ast ItemMod) {
        self.module.push(module.ident.to_string());
        visit::visit_item_mod(self, module);
        self.module.pop();
    }

    fn visit_item_use(&mut self, import: &'ast ItemUse) {
        let line = import.use_token.span.start().line;
        for words in used_paths(&import.tree) {
            self.record(&words, line);
        }
    }

    fn visit_path(&mut self, path: &'ast Path) {
        let words: Vec<String> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        if let Some(first) = path.segments.first() {
            self.record(&words, first.ident.span().start().line);
        }
        visit::visit_path(self, path);
    }
}

/// Each path of an import as words, `self` at the end left out: `a::{b, c::d}` is `a::b` and `a::c::d`.
fn used_paths(tree: &UseTree) -> Vec<Vec<String>> {
    let with_first = |first: String, rest: Vec<Vec<String>>| {
        rest.into_iter().map(|words| std::iter::once(first.clone()).chain(words).collect()).collect()
    };
    match tree {
        UseTree::Path(path) => with_first(path.ident.to_string(), used_paths(&path.tree)),
        UseTree::Name(name) if name.ident == "self" => vec![Vec::new()],
        UseTree::Name(name) => vec![vec![name.ident.to_string()]],
        UseTree::Rename(rename) => vec![vec![rename.ident.to_string()]],
        UseTree::Glob(_) => vec![Vec::new()],
        UseTree::Group(group) => group.items.iter().flat_map(used_paths).collect(),
    }
}

/// `crate::x` among the tokens: a syntax tree does not look into macro calls.
fn names_in_macros(source: &Source) -> Vec<String> {
    let is_outside_tests =
        |window: &&[Token]| window.first().is_some_and(|first| !source.is_test_line(first.line));
    source
        .tokens
        .windows(4)
        .filter(is_outside_tests)
        .filter_map(|window| match window {
            [first, colon, other, Token { kind: Kind::Word(name), .. }]
                if first.is_word("crate") && colon.is_mark(':') && other.is_mark(':') =>
            {
                Some(name.clone())
            }
            _ => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edges(files: &[(&str, &str)]) -> Vec<String> {
        let sources: Vec<Source> =
            files.iter().map(|(path, text)| Source::parse(path, text).unwrap()).collect();
        let graph = graph(&sources.iter().collect::<Vec<_>>());
        graph.edges.iter().map(|(from, to)| format!("{from} {to}")).collect()
    }

    const ROOT: (&str, &str) =
        ("crates/x/src/lib.rs", "mod a; mod b; mod c;\npub use b::{Bee, inner::Deep};");
    const B: (&str, &str) = ("crates/x/src/b.rs", "");
    const C: (&str, &str) = ("crates/x/src/c/mod.rs", "");

    fn edges_from_a(text: &str) -> Vec<String> {
        edges(&[ROOT, B, C, ("crates/x/src/a.rs", text)])
    }

    #[test]
    fn groups_paths_and_macros_are_read() {
        assert_eq!(edges_from_a("use crate::{b::Bee, c};"), ["a b", "a c"]);
        assert_eq!(edges_from_a("fn f(x: crate::b::Bee) {}"), ["a b"]);
        assert_eq!(edges_from_a("fn f() { println!(\"{}\", crate::c::x()) }"), ["a c"]);
    }

    #[test]
    fn super_counts_the_walls_it_climbs() {
        assert_eq!(edges_from_a("use super::b;"), ["a b"]);
        assert_eq!(edges_from_a("mod inner { use super::b; use super::super::c; }"), ["a c"]);
        assert_eq!(
            edges(&[ROOT, B, C, ("crates/x/src/a/deep.rs", "use super::b; use super::super::c;")]),
            ["a c"]
        );
    }

    #[test]
    fn a_name_of_the_root_leads_to_its_module() {
        assert_eq!(edges_from_a("use crate::Bee;"), ["a b"]);
        assert_eq!(edges_from_a("use crate::Deep;"), ["a b"]);
        assert_eq!(edges_from_a("use crate::Shallow;"), [""; 0]);
    }

    #[test]
    fn tests_and_other_crates_make_no_edge() {
        assert_eq!(edges_from_a("use other::b;\n#[cfg(test)]\nmod tests { use crate::b; }"), [""; 0]);
        assert_eq!(edges(&[ROOT, B, ("crates/x/src/bin/a.rs", "use crate::b;")]), [""; 0]);
    }
}
