//! One Rust file, parsed once for all rules, with what is production and what is test told apart.

use std::ops::RangeInclusive;

use proc_macro2::TokenStream;
use syn::spanned::Spanned;
use syn::{Attribute, Item, Meta};

use super::tokens::{self, Token};

/// A parsed file of a workspace member.
pub(crate) struct Source {
    /// From the root of the repository.
    pub(crate) path: String,
    /// The text, for the lines of comments that no parser keeps.
    pub(crate) text: String,
    /// The syntax tree.
    pub(crate) syntax: syn::File,
    /// The tokens, macro calls opened.
    pub(crate) tokens: Vec<Token>,
    /// The whole file is compiled for tests only.
    is_test_file: bool,
    /// The lines of items that are compiled for tests only.
    test_lines: Vec<RangeInclusive<usize>>,
}

impl Source {
    /// Parses a file. Modules of test code in other files are told apart by [`mark_test_modules`].
    pub(crate) fn parse(path: &str, text: &str) -> syn::Result<Self> {
        let syntax = syn::parse_file(text)?;
        let tokens = tokens::flatten(text.parse::<TokenStream>()?);
        let mut test_lines = Vec::new();
        collect_test_lines(&syntax.items, &mut test_lines);
        let (path, text) = (path.to_owned(), text.to_owned());
        Ok(Self { is_test_file: is_test_path(&path), path, text, syntax, tokens, test_lines })
    }

    /// The folder of its crate: `crates/wire`.
    pub(crate) fn package(&self) -> &str {
        let end = self.path.match_indices('/').nth(1).map_or(self.path.len(), |(at, _)| at);
        self.path.get(..end).unwrap_or_default()
    }

    /// The name of its crate's folder: `wire`.
    pub(crate) fn package_name(&self) -> &str {
        self.package().rsplit('/').next().unwrap_or_default()
    }

    /// Whether it is compiled into something that is delivered.
    pub(crate) fn is_production(&self) -> bool {
        !self.is_test_file
    }

    /// Whether the line, counted from 1, is compiled for tests only.
    pub(crate) fn is_test_line(&self, line: usize) -> bool {
        self.is_test_file || self.test_lines.iter().any(|range| range.contains(&line))
    }

    /// Lines outside test items, comments and blank lines included; 0 for a test file.
    pub(crate) fn production_lines(&self) -> usize {
        (1..=self.text.lines().count()).filter(|&line| !self.is_test_line(line)).count()
    }
}

/// Marks the files of modules that are declared as `#[cfg(test)] mod name;`, with everything below them.
pub(crate) fn mark_test_modules(sources: &mut [Source]) {
    let stems: Vec<String> = sources.iter().flat_map(test_module_stems).collect();
    for source in sources {
        let is_below = |stem: &String| {
            source.path.strip_prefix(stem).is_some_and(|rest| rest == ".rs" || rest.starts_with('/'))
        };
        source.is_test_file |= stems.iter().any(is_below);
    }
}

/// The folder that holds a file's child modules: `a/b` for `a/b.rs`, `a` for `a/mod.rs`, `a/lib.rs` and `a/main.rs`.
pub(crate) fn module_folder(path: &str) -> &str {
    let stem = path.strip_suffix(".rs").unwrap_or(path);
    match stem.rsplit_once('/') {
        Some((folder, "lib" | "main" | "mod")) => folder,
        _ => stem,
    }
}

/// Whether the attributes say that the item is compiled for tests only.
pub(crate) fn is_test_only(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| match &attribute.meta {
        Meta::List(list) if list.path.is_ident("cfg") => {
            list.parse_args::<Meta>().is_ok_and(|condition| needs_test(&condition))
        }
        meta => meta.path().segments.last().is_some_and(|segment| segment.ident == "test"),
    })
}

fn needs_test(condition: &Meta) -> bool {
    match condition {
        Meta::Path(path) => path.is_ident("test"),
        Meta::List(list) if list.path.is_ident("all") => {
            let parts =
                list.parse_args_with(syn::punctuated::Punctuated::<Meta, syn::Token![,]>::parse_terminated);
            parts.is_ok_and(|parts| parts.iter().any(needs_test))
        }
        _ => false,
    }
}

fn is_test_path(path: &str) -> bool {
    let inside = path.splitn(3, '/').nth(2).unwrap_or_default();
    inside.starts_with("tests/")
        || inside.starts_with("benches/")
        || inside.split('/').any(|part| part == "tests.rs" || part == "tests")
}

fn test_module_stems(source: &Source) -> Vec<String> {
    let folder = module_folder(&source.path);
    let modules = source.syntax.items.iter().filter_map(|item| match item {
        Item::Mod(module) if module.content.is_none() && is_test_only(&module.attrs) => Some(&module.ident),
        _ => None,
    });
    modules.map(|name| format!("{folder}/{name}")).collect()
}

fn collect_test_lines(items: &[Item], test_lines: &mut Vec<RangeInclusive<usize>>) {
    for item in items {
        let span = item.span();
        if is_test_only(attributes_of(item)) {
            test_lines.push(span.start().line..=span.end().line);
        } else if let Item::Mod(module) = item
            && let Some((_, inside)) = &module.content
        {
            collect_test_lines(inside, test_lines);
        }
    }
}

fn attributes_of(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(path: &str, text: &str) -> Source {
        Source::parse(path, text).unwrap()
    }

    #[test]
    fn test_items_are_not_production_lines() {
        let text =
            "fn a() {}\n\n#[cfg(test)]\nuse x::y;\n\n/// Doc.\n#[cfg(all(test, unix))]\nmod tests {\n}\n";
        let source = source("crates/a/src/b.rs", text);
        assert_eq!(source.production_lines(), 3);
        assert!(source.is_test_line(4) && source.is_test_line(8) && !source.is_test_line(1));
    }

    #[test]
    fn code_without_tests_is_not_test_code() {
        let source =
            source("crates/a/src/b.rs", "#[cfg(not(test))]\nfn a() {}\n#[cfg(any(test, unix))]\nfn b() {}\n");
        assert_eq!(source.production_lines(), 4);
    }

    #[test]
    fn tests_beside_the_code_and_beside_src_are_test_files() {
        for path in ["crates/a/src/b/tests.rs", "crates/a/tests/it/main.rs", "crates/a/src/tests/c.rs"] {
            assert_eq!(source(path, "fn a() {}\n").production_lines(), 0, "{path}");
        }
        assert!(source("crates/tests/src/lib.rs", "fn a() {}\n").is_production());
    }

    #[test]
    fn a_module_declared_for_tests_is_a_test_file_with_all_below_it() {
        let mut sources = vec![
            source("crates/a/src/lib.rs", "#[cfg(test)]\nmod laws;\nmod lawsuit;\n"),
            source("crates/a/src/laws.rs", ""),
            source("crates/a/src/laws/deep.rs", ""),
            source("crates/a/src/lawsuit.rs", ""),
        ];
        mark_test_modules(&mut sources);
        let production: Vec<bool> = sources.iter().map(Source::is_production).collect();
        assert_eq!(production, [true, false, false, true]);
    }

    #[test]
    fn a_source_knows_its_crate_and_its_child_folder() {
        assert_eq!(source("dev/bench/src/main.rs", "").package(), "dev/bench");
        assert_eq!(source("dev/bench/src/main.rs", "").package_name(), "bench");
        assert_eq!(module_folder("crates/a/src/lib.rs"), "crates/a/src");
        assert_eq!(module_folder("crates/a/src/b.rs"), "crates/a/src/b");
    }
}
