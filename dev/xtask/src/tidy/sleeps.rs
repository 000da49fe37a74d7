//! A test that sleeps is slow when it passes and wrong when the machine is busy.

use proc_macro2::Delimiter;

use super::Finding;
use super::source::Source;
use super::tokens::{Kind, Token};

const SLEEPS: &[&str] = &["sleep", "sleep_until", "sleep_ms"];

/// Their trade is time: scripted servers that are slow on purpose, and measurements.
const FREE_CRATES: &[&str] = &["dev/testkit", "dev/bench"];

/// On the line or the line above, with a reason after it.
const EXCUSE: &str = "// tidy: sleep, ";

/// Refuses calls of a free function `sleep` in test code. A method of an injected clock is no such call.
pub(crate) fn check(sources: &[Source]) -> Vec<Finding> {
    sources
        .iter()
        .filter(|source| !FREE_CRATES.contains(&source.package()))
        .flat_map(|source| {
            let lines = sleep_lines(&source.tokens).into_iter();
            lines.filter(|&line| source.is_test_line(line) && !is_excused(&source.text, line)).map(|line| {
                let remedy = "wait for the event itself, or say `// tidy: sleep, <reason>`";
                Finding::new("sleep", &source.path, line, "a test sleeps", remedy)
            })
        })
        .collect()
}

fn sleep_lines(tokens: &[Token]) -> Vec<usize> {
    let mut lines = Vec::new();
    for (index, token) in tokens.iter().enumerate() {
        let is_named = matches!(&token.kind, Kind::Word(word) if SLEEPS.contains(&word.as_str()));
        let is_called = tokens.get(index + 1).is_some_and(|next| next.opens(Delimiter::Parenthesis));
        let before = index.checked_sub(1).and_then(|before| tokens.get(before));
        let is_own = before.is_some_and(|before| before.is_mark('.') || before.is_word("fn"));
        if is_named && is_called && !is_own {
            lines.push(token.line);
        }
    }
    lines
}

fn is_excused(text: &str, line: usize) -> bool {
    let has_excuse =
        |line: &str| line.split_once(EXCUSE).is_some_and(|(_, reason)| !reason.trim().is_empty());
    text.lines().skip(line.saturating_sub(2)).take(if line > 1 { 2 } else { 1 }).any(has_excuse)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(path: &str, text: &str) -> Vec<usize> {
        check(&[Source::parse(path, text).unwrap()]).iter().map(|finding| finding.line).collect()
    }

    #[test]
    fn sleeps_in_tests_are_refused_even_inside_macros() {
        let text =
            "fn a() {\n    tokio::time::sleep(d).await;\n    select! { _ = sleep_until(t) => {} }\n}\n";
        assert_eq!(lines("crates/a/tests/it/main.rs", text), [2, 3]);
        assert_eq!(lines("crates/a/src/b/tests.rs", text), [2, 3]);
    }

    #[test]
    fn production_strings_clocks_and_definitions_are_free() {
        let text = "fn a() { sleep(d) }\n#[cfg(test)]\nmod tests {\n    fn sleep(d: D) { clock.sleep(d); f(\"sleep(d)\") }\n}\n";
        assert_eq!(lines("crates/a/src/b.rs", text), [0; 0]);
    }

    #[test]
    fn the_crates_whose_trade_is_time_are_free() {
        assert_eq!(lines("dev/testkit/tests/it.rs", "fn a() { sleep(d) }"), [0; 0]);
    }

    #[test]
    fn a_reason_excuses_its_own_line_and_the_next() {
        let text = "fn a() {\n    // tidy: sleep, the kernel gives no event\n    sleep(d);\n    sleep(d); // tidy: sleep, so too\n    sleep(d);\n    sleep(d);\n    sleep(d); // tidy: sleep, \n}\n";
        assert_eq!(lines("crates/a/tests/it.rs", text), [6, 7]);
    }
}
