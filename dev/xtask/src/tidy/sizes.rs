//! Files, functions and parameter lists stay small enough to be read at once.

use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{Block, FnArg, ImplItemFn, ItemFn, ItemImpl, ItemTrait, Signature, TraitItemFn, Type};

use super::Finding;
use super::source::Source;

const FILE_LINES_MAX: usize = 600;
const FUNCTION_LINES_MAX: usize = 70;
const PARAMETERS_MAX: usize = 6;

/// Measures production code. Test code may be as long as its tables.
pub(crate) fn check(sources: &[Source]) -> Vec<Finding> {
    sources.iter().filter(|source| source.is_production()).flat_map(check_source).collect()
}

/// Median and 90th percentile beside what the guide hopes for.
pub(crate) fn summary(sources: &[Source]) -> String {
    let production = || sources.iter().filter(|source| source.is_production());
    let mut files: Vec<usize> = production().map(Source::production_lines).collect();
    let mut functions: Vec<usize> =
        production().flat_map(functions_of).map(|function| function.lines).collect();
    files.sort_unstable();
    functions.sort_unstable();
    format!(
        "{} files, lines p50 {} p90 {} (guide 130, 350); {} functions, lines p50 {} p90 {} (guide 8, 28)",
        files.len(),
        percentile(&files, 50),
        percentile(&files, 90),
        functions.len(),
        percentile(&functions, 50),
        percentile(&functions, 90),
    )
}

fn check_source(source: &Source) -> Vec<Finding> {
    let mut findings = Vec::new();
    let lines = source.production_lines();
    if lines > FILE_LINES_MAX {
        let problem = format!("{lines} production lines of at most {FILE_LINES_MAX}");
        let finding = Finding::new("file-lines", &source.path, 1, &problem, "split it by subject");
        findings.push(finding.of_size(lines));
    }
    for function in functions_of(source) {
        findings.extend(check_function(&source.path, &function));
    }
    findings
}

fn check_function(path: &str, function: &Function) -> Vec<Finding> {
    let Function { name, line, lines, parameters } = function;
    let mut findings = Vec::new();
    if *lines > FUNCTION_LINES_MAX {
        let problem = format!("{name} has {lines} lines of at most {FUNCTION_LINES_MAX}");
        let finding = Finding::new("function-lines", path, *line, &problem, "split it into named steps");
        findings.push(finding.of_item(name).of_size(*lines));
    }
    if *parameters > PARAMETERS_MAX {
        let problem = format!("{name} has {parameters} parameters of at most {PARAMETERS_MAX} beside self");
        let remedy = "group what belongs together in a struct with a name";
        let finding = Finding::new("parameters", path, *line, &problem, remedy);
        findings.push(finding.of_item(name).of_size(*parameters));
    }
    findings
}

/// The smallest value that at least `percent` of the sorted values do not exceed; 0 of none.
fn percentile(sorted: &[usize], percent: usize) -> usize {
    let rank = (sorted.len() * percent).div_ceil(100);
    sorted.get(rank.saturating_sub(1)).copied().unwrap_or(0)
}

struct Function {
    name: String,
    line: usize,
    lines: usize,
    parameters: usize,
}

fn functions_of(source: &Source) -> Vec<Function> {
    let mut survey = Survey { owner: None, functions: Vec::new() };
    survey.visit_file(&source.syntax);
    survey.functions.retain(|function| !source.is_test_line(function.line));
    survey.functions
}

/// Walks a file and measures each function with a body, under the name `Type::function`.
struct Survey {
    owner: Option<String>,
    functions: Vec<Function>,
}

impl Survey {
    fn measure(&mut self, signature: &Signature, body: &Block) {
        let line = signature.span().start().line;
        let own = signature.ident.to_string();
        let name = self.owner.as_ref().map_or(own.clone(), |owner| format!("{owner}::{own}"));
        let is_counted = |input: &&FnArg| matches!(input, FnArg::Typed(_));
        let parameters = signature.inputs.iter().filter(is_counted).count();
        let lines = body.span().end().line + 1 - line;
        self.functions.push(Function { name, line, lines, parameters });
    }

    fn inside(&mut self, owner: Option<String>, walk: impl FnOnce(&mut Self)) {
        let outer = std::mem::replace(&mut self.owner, owner);
        walk(self);
        self.owner = outer;
    }
}

impl<'ast> Visit<'ast> for Survey {
    fn visit_item_fn(&mut self, function: &'ast ItemFn) {
        self.measure(&function.sig, &function.block);
        self.inside(None, |survey| visit::visit_item_fn(survey, function));
    }

    fn visit_impl_item_fn(&mut self, function: &'ast ImplItemFn) {
        self.measure(&function.sig, &function.block);
        visit::visit_impl_item_fn(self, function);
    }

    fn visit_trait_item_fn(&mut self, function: &'ast TraitItemFn) {
        if let Some(body) = &function.default {
            self.measure(&function.sig, body);
        }
        visit::visit_trait_item_fn(self, function);
    }

    fn visit_item_impl(&mut self, block: &'ast ItemImpl) {
        let owner = match &*block.self_ty {
            Type::Path(path) => path.path.segments.last().map(|segment| segment.ident.to_string()),
            _ => None,
        };
        self.inside(owner, |survey| visit::visit_item_impl(survey, block));
    }

    fn visit_item_trait(&mut self, definition: &'ast ItemTrait) {
        let owner = Some(definition.ident.to_string());
        self.inside(owner, |survey| visit::visit_item_trait(survey, definition));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(text: &str) -> Source {
        Source::parse("crates/a/src/b.rs", text).unwrap()
    }

    fn problems(text: &str) -> Vec<String> {
        check(&[source(text)])
            .iter()
            .map(|finding| format!("{}: {}", finding.line, finding.problem))
            .collect()
    }

    fn function(lines: usize) -> String {
        format!("fn f() {{\n{}}}\n", "    g();\n".repeat(lines - 2))
    }

    #[test]
    fn a_function_ends_at_seventy_lines() {
        assert_eq!(problems(&function(70)), [""; 0]);
        assert_eq!(problems(&function(71)), ["1: f has 71 lines of at most 70"]);
    }

    #[test]
    fn documentation_does_not_count_and_methods_carry_their_type() {
        let text = format!("impl<T> x::Y<T> {{\n/// Long.\n/// Longer.\npub {}}}\n", function(71));
        assert_eq!(problems(&text), ["4: Y::f has 71 lines of at most 70"]);
        let text = format!("trait Z {{ {} }}\n", function(71));
        assert_eq!(problems(&text), ["1: Z::f has 71 lines of at most 70"]);
    }

    #[test]
    fn self_is_not_a_parameter_but_a_seventh_is_too_many() {
        let six = "a: A, b: A, c: A, d: A, e: A, f: A";
        assert_eq!(problems(&format!("impl T {{ fn m(&self, {six}) {{}} }}")), [""; 0]);
        assert_eq!(
            problems(&format!("fn m({six}, g: A) {{}}")),
            ["1: m has 7 parameters of at most 6 beside self"]
        );
    }

    #[test]
    fn a_file_ends_at_six_hundred_lines_without_its_tests() {
        let tests = format!("#[cfg(test)]\nmod tests {{\n{}}}\n", function(900));
        assert_eq!(problems(&format!("{}{tests}", "// line\n".repeat(600))), [""; 0]);
        assert_eq!(
            problems(&format!("{}{tests}", "// line\n".repeat(601))),
            ["1: 601 production lines of at most 600"]
        );
    }

    #[test]
    fn the_summary_counts_production_only() {
        let text = format!("{}#[cfg(test)]\nmod tests {{\n{}}}\n", function(10), function(30));
        assert_eq!(
            summary(&[source(&text)]),
            "1 files, lines p50 10 p90 10 (guide 130, 350); 1 functions, lines p50 10 p90 10 (guide 8, 28)"
        );
    }

    #[test]
    fn a_percentile_is_a_value_of_the_list() {
        assert_eq!(percentile(&[], 50), 0);
        assert_eq!(percentile(&[1, 2, 3, 4], 50), 2);
        assert_eq!(percentile(&[1, 2, 3, 4], 90), 4);
    }
}
