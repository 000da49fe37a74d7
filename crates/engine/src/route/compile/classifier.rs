//! The branches of a `classifier` node: words, patterns and examples, and which targets they lead to.

use domain::condition::{Condition, Fact, Test, TextPattern};
use domain::likeness::Likeness;

use super::super::spec::{ClassSpec, ReadsSpec, RouteSpec, StrategySpec};
use super::conditional::{Choice, ROUTE_TESTS_MAX};
use super::{Compiler, Place};
use crate::likeness::{TEXT_BYTES_MAX, likeness};

/// What an example is like at least, where nothing is said.
const THRESHOLD: f64 = 0.2;

impl Compiler<'_> {
    pub(super) fn classes(
        &mut self,
        spec: &StrategySpec,
        targets: &[RouteSpec],
        place: &Place,
    ) -> Option<Choice> {
        let found = self.problems.len();
        let names = self.branch_names(targets, place);
        let fact = match spec.reads.unwrap_or_default() {
            ReadsSpec::LastMessage => Fact::LastMessage,
            ReadsSpec::Prompt => Fact::Prompt,
        };
        let path = place.member("strategy.classes");
        let classes = spec.classes.as_deref().unwrap_or_default();
        if classes.is_empty() {
            let message =
                "a `classifier` needs at least one class: {then: NAME, keywords: […], examples: […]}";
            self.report(&*path, message);
        }
        let (mut conditions, mut examples, mut taken) = (Vec::new(), Vec::new(), Vec::new());
        for (index, class) in classes.iter().enumerate() {
            let path = format!("{path}[{index}]");
            let Some(then) = self.named(&class.then, &names, &format!("{path}.then")) else { continue };
            taken.push(then);
            let tests = self.tests_of(class, &path);
            let holds = |pattern| Condition::Holds { fact: fact.clone(), test: Test::Matches(pattern) };
            if !tests.is_empty() {
                conditions.push((Condition::Any(tests.into_iter().map(holds).collect()), then));
            }
            examples.extend(self.examples_of(class, &path).map(|text| (text, then)));
        }
        let likeness = self.likeness(spec, fact, &examples, place);
        let default = spec
            .default
            .as_ref()
            .and_then(|name| self.named(name, &names, &place.member("strategy.default")));
        if self.problems.len() == found {
            self.refuse_dead_ends(targets, &taken.into_iter().chain(default).collect(), place);
        }
        (self.problems.len() == found).then_some(Choice { conditions, likeness, default })
    }

    /// The patterns of a class, its keywords among them.
    fn tests_of(&mut self, class: &ClassSpec, path: &str) -> Vec<TextPattern> {
        let keywords = class.keywords.iter().flatten().map(|word| keyword(word));
        let patterns = class.patterns.iter().flatten().map(|pattern| TextPattern::parse(pattern));
        let keywords = ("keywords", keywords.collect::<Vec<_>>());
        let patterns = ("patterns", patterns.collect::<Vec<_>>());
        let mut tests = Vec::new();
        for (name, parsed) in [keywords, patterns] {
            for (index, parsed) in parsed.into_iter().enumerate() {
                self.tests += 1;
                match parsed {
                    Ok(pattern) => tests.push(pattern),
                    Err(problem) => self.report(format!("{path}.{name}[{index}]"), problem),
                }
            }
        }
        if tests.is_empty() && class.examples.as_deref().unwrap_or_default().is_empty() {
            self.report(path, "a class needs `keywords`, `patterns` or `examples`");
        }
        tests
    }

    fn examples_of<'s>(
        &mut self,
        class: &'s ClassSpec,
        path: &str,
    ) -> impl Iterator<Item = &'s str> + use<'s> {
        let examples = class.examples.as_deref().unwrap_or_default();
        self.tests += examples.len();
        for (index, example) in examples.iter().enumerate() {
            if example.len() > TEXT_BYTES_MAX {
                let message =
                    format!("an example has at most {TEXT_BYTES_MAX} bytes, this one {}", example.len());
                self.report(format!("{path}.examples[{index}]"), message);
            } else if !example.contains(char::is_alphanumeric) {
                self.report(format!("{path}.examples[{index}]"), "there is no word in it to compare with");
            }
        }
        examples.iter().map(String::as_str)
    }

    fn likeness(
        &mut self,
        spec: &StrategySpec,
        fact: Fact,
        examples: &[(&str, usize)],
        place: &Place,
    ) -> Option<Likeness> {
        let threshold = spec.threshold.unwrap_or(THRESHOLD);
        if !(threshold > 0.0 && threshold <= 1.0) {
            self.report(place.member("strategy.threshold"), "a likeness is above 0 and at most 1");
        }
        if spec.threshold.is_some() && examples.is_empty() {
            self.report(place.member("strategy.threshold"), "no class has `examples` that it could be for");
        }
        // Too many are reported, and would be slow to prepare.
        if examples.len() > ROUTE_TESTS_MAX {
            return None;
        }
        #[expect(
            clippy::cast_possible_truncation,
            reason = "the last digits of a threshold are of no matter"
        )]
        likeness(fact, examples, threshold as f32)
    }
}

/// A word, or several in a row, in any case; not as part of another word.
fn keyword(word: &str) -> Result<TextPattern, String> {
    let parts: Vec<String> = word.split_whitespace().map(literal).collect();
    if parts.is_empty() {
        return Err("a keyword has at least one letter".to_owned());
    }
    let is_letter = |letter: Option<char>| letter.is_some_and(char::is_alphabetic);
    let trimmed = word.trim();
    let before = if is_letter(trimmed.chars().next()) { r"(?:^|[^\pL])" } else { "" };
    let after = if is_letter(trimmed.chars().next_back()) { r"(?:$|[^\pL])" } else { "" };
    TextPattern::parse(&format!("(?i){before}{}{after}", parts.join(r"\s+")))
}

/// A text as a pattern that finds just this text.
fn literal(text: &str) -> String {
    let escape = |letter: char| {
        let is_special = letter.is_ascii_punctuation() && !matches!(letter, '_' | '<' | '>');
        is_special.then_some('\\').into_iter().chain([letter])
    };
    text.chars().flat_map(escape).collect()
}

#[cfg(test)]
mod tests {
    use super::keyword;
    use crate::route::compile::Origin;
    use crate::route::compile::tests::problems;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    /// What is wrong with a classifier over `a` and `b`.
    fn wrong(classes: &Value, more: &Value) -> Vec<String> {
        let mut strategy = json!({"mode": "classifier", "classes": classes});
        strategy.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let targets = ["a", "b"].map(|name| json!({"name": name, "provider": "openai"}));
        problems(&json!({"strategy": strategy, "targets": targets}), Origin::Operator)
    }

    #[test]
    fn what_is_wrong_with_a_class_is_told_with_its_path() {
        let (a, b) = (json!({"then": "a", "keywords": ["x"]}), json!({"then": "b", "examples": ["y z"]}));
        let long = "y".repeat(5_000);
        for (classes, more, problem) in [
            (json!([]), json!({}), "strategy.classes: a `classifier` needs at least one class"),
            (
                json!([a, {"then": "c", "keywords": ["x"]}]),
                json!({}),
                "strategy.classes[1].then: none of the targets",
            ),
            (json!([a, {"then": "b"}]), json!({}), "strategy.classes[1]: a class needs"),
            (
                json!([a, {"then": "b", "keywords": [" "]}]),
                json!({}),
                "strategy.classes[1].keywords[0]: a keyword",
            ),
            (json!([a, {"then": "b", "patterns": ["("]}]), json!({}), "strategy.classes[1].patterns[0]: "),
            (
                json!([a, {"then": "b", "examples": ["?"]}]),
                json!({}),
                "strategy.classes[1].examples[0]: there is no word",
            ),
            (
                json!([a, {"then": "b", "examples": [long]}]),
                json!({}),
                "strategy.classes[1].examples[0]: an example has",
            ),
            (json!([a, b]), json!({"threshold": 0}), "strategy.threshold: a likeness is above 0"),
            (json!([a, b]), json!({"threshold": 1.1}), "strategy.threshold: a likeness is above 0"),
            (json!([a]), json!({"threshold": 0.5}), "strategy.threshold: no class has `examples`"),
            (json!([a]), json!({}), "targets[1]: nothing leads here"),
            (
                json!([a, b]),
                json!({"conditions": []}),
                "strategy.conditions: only `mode: conditional` has this",
            ),
        ] {
            let found = wrong(&classes, &more);
            assert!(found.iter().any(|one| one.starts_with(problem)), "{problem} not in {found:?}");
        }
        let many: Vec<_> = (0..201).map(|number| format!("example {number}")).collect();
        let found = wrong(&json!([a, {"then": "b", "examples": many}]), &json!({}));
        assert!(found.iter().any(|one| one.contains("at most 200 values")), "{found:?}");
    }

    #[test]
    fn a_keyword_is_found_as_a_word_in_any_case() {
        let found = |word: &str, text: &str| keyword(word).unwrap().is_found_in(text);
        assert!(found("refund", "I want a REFUND!"));
        assert!(!found("refund", "nonrefundable"));
        assert!(found("stack trace", "the Stack\n  trace is below"));
        assert!(found("c++", "in C++, why"));
        assert!(found("```", "look: ```rust"));
        assert!(found("größe", "Welche GRÖSSE? Welche Größe?"));
        assert!(keyword("  ").is_err());
    }

    proptest! {
        #[test]
        fn any_keyword_is_found_in_itself(word in "\\PC{1,40}") {
            if let Ok(pattern) = keyword(&word) {
                prop_assert!(pattern.is_found_in(word.trim()), "{}", word);
            }
            prop_assert_eq!(keyword(&word).is_err(), word.trim().is_empty());
        }
    }
}
