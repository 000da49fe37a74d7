//! The style guide as a failing test: one rule per file, one list of findings, and exceptions that may only shrink.

mod allowances;
mod budgets;
mod cycles;
mod error_pages;
mod finding;
mod fragments;
mod headers;
mod house;
mod layers;
mod links;
mod markers;
mod names;
mod readmes;
mod sizes;
mod sleeps;
mod source;
mod tokens;
mod tree;
mod workspace;

use std::path::Path;

use anyhow::Result;

pub(crate) use finding::Finding;
use source::Source;
use tree::Tree;

/// Where exceptions are written down, from the root of the repository.
const ALLOWANCES_PATH: &str = "dev/xtask/tidy.allow";

/// What tidy has to say.
#[derive(Debug)]
pub(crate) struct Report {
    /// Breaches that no exception covers, by path and line. None: the repository is tidy.
    pub(crate) findings: Vec<Finding>,
    /// Sizes against the guide, for one line of output.
    pub(crate) summary: String,
}

/// Checks every rule against the repository at `root`. An error means that tidy itself could not do its work.
pub(crate) fn check(root: &Path) -> Result<Report> {
    let tree = Tree::read(root)?;
    let (sources, mut findings) = read_sources(&tree)?;
    findings.extend(layers::check(&tree, &workspace::read(root)?)?);
    findings.extend(budgets::check(&sources));
    findings.extend(sizes::check(&sources));
    findings.extend(headers::check(&sources));
    findings.extend(names::check(&tree, &sources));
    findings.extend(cycles::check(&sources));
    findings.extend(markers::check(&tree, &sources)?);
    findings.extend(sleeps::check(&sources));
    findings.extend(readmes::check(&tree)?);
    findings.extend(error_pages::check(&tree, &sources));
    findings.extend(fragments::check(&tree)?);
    findings.extend(links::check(&tree)?);
    let allowances = if tree.has_file(ALLOWANCES_PATH) { tree.text(ALLOWANCES_PATH)? } else { String::new() };
    let mut findings = allowances::apply(ALLOWANCES_PATH, &allowances, findings);
    findings.sort_by(|a, b| (&a.path, a.line, a.rule).cmp(&(&b.path, b.line, b.rule)));
    Ok(Report { findings, summary: sizes::summary(&sources) })
}

fn read_sources(tree: &Tree) -> Result<(Vec<Source>, Vec<Finding>)> {
    let mut sources = Vec::new();
    let mut findings = Vec::new();
    for path in tree.files().filter(|path| house::is_rust_of_a_crate(path)) {
        match Source::parse(path, &tree.text(path)?) {
            Ok(source) => sources.push(source),
            Err(error) => {
                let line = error.span().start().line;
                findings.push(Finding::new("syntax", path, line, &error.to_string(), "make it compile"));
            }
        }
    }
    source::mark_test_modules(&mut sources);
    Ok((sources, findings))
}

#[cfg(test)]
mod tests;
