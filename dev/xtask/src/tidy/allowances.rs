//! Exceptions, one line each: `rule path[:item] limit # reason`. A limit is the largest size, or the number of breaches for
//! a rule without sizes. An exception that is outgrown, no longer needed or without a reason is itself a finding.

use super::Finding;

/// Removes what the exceptions in `text` cover and adds what is wrong with the exceptions. `path` is where they are kept.
pub(crate) fn apply(path: &str, text: &str, findings: Vec<Finding>) -> Vec<Finding> {
    let mut kept = findings;
    let mut complaints = Vec::new();
    for (index, line) in text.lines().enumerate() {
        if line.trim().is_empty() || line.starts_with('#') {
            continue;
        }
        let complain = |problem: &str, remedy: &str| Finding::new("allow", path, index + 1, problem, remedy);
        match Allowance::parse(line) {
            Ok(allowance) => {
                let (covered, rest): (Vec<_>, Vec<_>) =
                    kept.into_iter().partition(|finding| allowance.is_about(finding));
                kept = rest;
                let verdict = allowance.judge(&covered);
                if let Some((problem, remedy)) = &verdict {
                    complaints.push(complain(problem, remedy));
                }
            }
            Err(problem) => complaints.push(complain(problem, "write `rule path[:item] limit # reason`")),
        }
    }
    kept.extend(complaints);
    kept
}

struct Allowance<'a> {
    rule: &'a str,
    path: &'a str,
    item: Option<&'a str>,
    limit: usize,
}

impl<'a> Allowance<'a> {
    fn parse(line: &'a str) -> Result<Self, &'static str> {
        let (rest, reason) = line.split_once(" # ").ok_or("the exception has no reason")?;
        if reason.trim().is_empty() {
            return Err("the exception has no reason");
        }
        let words: Vec<&str> = rest.split_whitespace().collect();
        let [rule, place, limit] = words.as_slice() else {
            return Err("the exception is not three words and a reason");
        };
        let limit = limit.parse().map_err(|_| "the limit is not a number")?;
        let (path, item) = place.split_once(':').map_or((*place, None), |(path, item)| (path, Some(item)));
        Ok(Self { rule, path, item, limit })
    }

    fn is_about(&self, finding: &Finding) -> bool {
        let same_item = self.item.is_none() || self.item == finding.item.as_deref();
        self.rule == finding.rule && self.path == finding.path && same_item
    }

    /// What is wrong with the exception, given all that it covers.
    fn judge(&self, covered: &[Finding]) -> Option<(String, &'static str)> {
        let size = covered.iter().filter_map(|finding| finding.measure).max().unwrap_or(covered.len());
        let place = self.item.map_or_else(|| self.path.to_owned(), |item| format!("{}:{item}", self.path));
        if covered.is_empty() {
            return Some((
                format!("{place} no longer needs its exception from {}", self.rule),
                "delete the line",
            ));
        }
        (size > self.limit).then(|| {
            let problem = format!("{place} grew to {size}, beyond its exception of {}", self.limit);
            (problem, "shrink it; an exception is never raised")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn long(item: &str, lines: usize) -> Finding {
        Finding::new("function-lines", "crates/a/src/b.rs", 1, "too long", "split it")
            .of_item(item)
            .of_size(lines)
    }

    fn problems(text: &str, findings: Vec<Finding>) -> Vec<String> {
        apply("tidy.allow", text, findings).into_iter().map(|finding| finding.problem).collect()
    }

    #[test]
    fn an_exception_covers_its_item_and_no_other() {
        let text = "# comment\n\nfunction-lines crates/a/src/b.rs:T::f 80 # a table\n";
        assert_eq!(apply("tidy.allow", text, vec![long("T::f", 80), long("T::g", 75)]), [long("T::g", 75)]);
    }

    #[test]
    fn an_outgrown_exception_is_a_finding() {
        let text = "function-lines crates/a/src/b.rs:f 80 # a table";
        assert_eq!(
            problems(text, vec![long("f", 81)]),
            ["crates/a/src/b.rs:f grew to 81, beyond its exception of 80"]
        );
    }

    #[test]
    fn an_exception_that_is_not_needed_is_a_finding() {
        let text = "function-lines crates/a/src/b.rs:f 80 # a table";
        assert_eq!(
            problems(text, vec![]),
            ["crates/a/src/b.rs:f no longer needs its exception from function-lines"]
        );
    }

    #[test]
    fn an_exception_without_a_reason_covers_nothing() {
        let text = "function-lines crates/a/src/b.rs:f 80";
        assert_eq!(problems(text, vec![long("f", 75)]), ["too long", "the exception has no reason"]);
        assert_eq!(problems("function-lines a 80 #  ", vec![]), ["the exception has no reason"]);
        assert_eq!(
            problems("function-lines a # why", vec![]),
            ["the exception is not three words and a reason"]
        );
        assert_eq!(problems("function-lines a x # why", vec![]), ["the limit is not a number"]);
    }

    #[test]
    fn breaches_without_a_size_are_counted() {
        let breach = || Finding::new("sleep", "crates/a/tests/it.rs", 1, "sleeps", "wait");
        let text = "sleep crates/a/tests/it.rs 1 # measures time";
        assert!(problems(text, vec![breach()]).is_empty());
        assert_eq!(
            problems(text, vec![breach(), breach()]),
            ["crates/a/tests/it.rs grew to 2, beyond its exception of 1"]
        );
    }
}
