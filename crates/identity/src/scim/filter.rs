//! Filters (RFC 7644 section 3.4.2.2), as identity providers send them: which of some resources are wanted, and which value of a list a
//! change is about.

use serde_json::{Map, Value as Json};

use super::attribute;

/// The longest filter that is read.
const FILTER_BYTES_MAX: usize = 4096;
/// How deep parentheses may be.
const DEPTH_MAX: usize = 16;

/// What has to hold of a resource.
#[derive(Debug, Clone, PartialEq)]
pub enum Filter {
    /// An attribute compares so with a value.
    Is(Vec<Box<str>>, Comparison, Json),
    /// An attribute has a value.
    Present(Vec<Box<str>>),
    /// One value of a list fulfils a filter.
    HasItem(Box<str>, Box<Filter>),
    /// Both hold.
    And(Box<Filter>, Box<Filter>),
    /// One of them holds.
    Or(Box<Filter>, Box<Filter>),
    /// It does not hold.
    Not(Box<Filter>),
}

/// How values are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// Equal.
    Equal,
    /// Not equal.
    NotEqual,
    /// The one has the other in it.
    Contains,
    /// The one begins with the other.
    StartsWith,
    /// The one ends with the other.
    EndsWith,
}

/// Why a text is no filter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the filter is not understood; there are `eq`, `ne`, `co`, `sw`, `ew`, `pr`, `and`, `or`, `not` and parentheses"
)]
pub struct FilterProblem;

impl Filter {
    /// Reads a filter.
    ///
    /// # Errors
    /// When it is none, or longer or deeper than any that is sent.
    pub fn read(text: &str) -> Result<Self, FilterProblem> {
        if text.len() > FILTER_BYTES_MAX {
            return Err(FilterProblem);
        }
        let mut reader = Reader { rest: text, depth: 0 };
        let filter = reader.either()?;
        reader.skip_spaces();
        if reader.rest.is_empty() { Ok(filter) } else { Err(FilterProblem) }
    }

    /// Whether it holds.
    #[must_use]
    pub fn holds(&self, resource: &Map<String, Json>) -> bool {
        match self {
            Self::Is(path, comparison, wanted) => {
                let found = values(resource, path);
                let is = |found: &&Json| compare(path, found, *comparison, wanted);
                match comparison {
                    Comparison::NotEqual => found.iter().all(is),
                    _ => found.iter().any(is),
                }
            }
            Self::Present(path) => values(resource, path).iter().any(|value| !is_empty(value)),
            Self::HasItem(list, filter) => {
                let items = resource.get(&**list).and_then(Json::as_array).into_iter().flatten();
                items.filter_map(Json::as_object).any(|item| filter.holds(item))
            }
            Self::And(one, other) => one.holds(resource) && other.holds(resource),
            Self::Or(one, other) => one.holds(resource) || other.holds(resource),
            Self::Not(filter) => !filter.holds(resource),
        }
    }

    /// The value that fulfils it, where it only says what attributes are: what is added where none does.
    #[must_use]
    pub fn example(&self) -> Option<Map<String, Json>> {
        match self {
            Self::Is(path, Comparison::Equal, value) => match path.as_slice() {
                [name] => Some([(name.to_string(), value.clone())].into_iter().collect()),
                _ => None,
            },
            Self::And(one, other) => {
                let mut example = one.example()?;
                example.extend(other.example()?);
                Some(example)
            }
            _ => None,
        }
    }
}

/// What an attribute has: of a list, each of its values.
fn values<'r>(resource: &'r Map<String, Json>, path: &[Box<str>]) -> Vec<&'r Json> {
    let Some((first, rest)) = path.split_first() else { return Vec::new() };
    let Some(value) = resource.get(&**first) else { return Vec::new() };
    let items = match value {
        Json::Array(items) => items.iter().collect(),
        one => vec![one],
    };
    let below = |item: &'r Json| match (item, rest) {
        // A list of complex values is compared by their values.
        (Json::Object(members), []) => members.get("value").into_iter().collect(),
        (Json::Object(members), rest) => values(members, rest),
        (simple, []) => vec![simple],
        _ => Vec::new(),
    };
    items.into_iter().flat_map(below).collect()
}

fn compare(path: &[Box<str>], found: &Json, comparison: Comparison, wanted: &Json) -> bool {
    // Identifiers are told apart by case, everything else is not (RFC 7643 section 8.7.1).
    let is_exact = matches!(path.last().map(AsRef::as_ref), Some("id" | "externalId"));
    let (Some(found), Some(wanted)) = (found.as_str(), wanted.as_str()) else {
        return (found == wanted) == (comparison == Comparison::Equal)
            && matches!(comparison, Comparison::Equal | Comparison::NotEqual);
    };
    let folded = |text: &str| if is_exact { text.to_owned() } else { text.to_lowercase() };
    let (found, wanted) = (folded(found), folded(wanted));
    match comparison {
        Comparison::Equal => found == wanted,
        Comparison::NotEqual => found != wanted,
        Comparison::Contains => found.contains(&wanted),
        Comparison::StartsWith => found.starts_with(&wanted),
        Comparison::EndsWith => found.ends_with(&wanted),
    }
}

fn is_empty(value: &Json) -> bool {
    match value {
        Json::Null => true,
        Json::String(text) => text.is_empty(),
        _ => false,
    }
}

struct Reader<'t> {
    rest: &'t str,
    depth: usize,
}

impl Reader<'_> {
    fn either(&mut self) -> Result<Filter, FilterProblem> {
        let mut filter = self.both()?;
        while self.word("or") {
            filter = Filter::Or(Box::new(filter), Box::new(self.both()?));
        }
        Ok(filter)
    }

    fn both(&mut self) -> Result<Filter, FilterProblem> {
        let mut filter = self.one()?;
        while self.word("and") {
            filter = Filter::And(Box::new(filter), Box::new(self.one()?));
        }
        Ok(filter)
    }

    fn one(&mut self) -> Result<Filter, FilterProblem> {
        if self.word("not") {
            return Ok(Filter::Not(Box::new(self.within('(', ')')?)));
        }
        self.skip_spaces();
        if self.rest.starts_with('(') {
            return self.within('(', ')');
        }
        let path = self.attribute()?;
        if self.rest.starts_with('[') {
            let [list] = path.as_slice() else { return Err(FilterProblem) };
            let list = list.clone();
            return Ok(Filter::HasItem(list, Box::new(self.within('[', ']')?)));
        }
        if self.word("pr") {
            return Ok(Filter::Present(path));
        }
        let operators = [
            ("eq", Comparison::Equal),
            ("ne", Comparison::NotEqual),
            ("co", Comparison::Contains),
            ("sw", Comparison::StartsWith),
            ("ew", Comparison::EndsWith),
        ];
        let found = operators.into_iter().find(|(word, _)| self.word(word));
        let (_, comparison) = found.ok_or(FilterProblem)?;
        Ok(Filter::Is(path, comparison, self.value()?))
    }

    fn within(&mut self, open: char, close: char) -> Result<Filter, FilterProblem> {
        self.skip_spaces();
        self.rest = self.rest.strip_prefix(open).ok_or(FilterProblem)?;
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(FilterProblem);
        }
        let filter = self.either()?;
        self.skip_spaces();
        self.rest = self.rest.strip_prefix(close).ok_or(FilterProblem)?;
        self.depth -= 1;
        Ok(filter)
    }

    fn attribute(&mut self) -> Result<Vec<Box<str>>, FilterProblem> {
        let is_part =
            |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '.' | ':' | '-' | '_' | '$');
        let end = self.rest.find(|letter| !is_part(letter)).unwrap_or(self.rest.len());
        let (name, rest) = self.rest.split_at(end);
        self.rest = rest;
        attribute::path(name).ok_or(FilterProblem)
    }

    /// A word without regard to case, if it comes next.
    fn word(&mut self, word: &str) -> bool {
        self.skip_spaces();
        let Some((next, rest)) = self.rest.split_at_checked(word.len()) else { return false };
        let ends = rest.chars().next().is_none_or(|letter| !letter.is_ascii_alphanumeric());
        let is_next = next.eq_ignore_ascii_case(word) && ends;
        if is_next {
            self.rest = rest;
        }
        is_next
    }

    fn value(&mut self) -> Result<Json, FilterProblem> {
        self.skip_spaces();
        // A text ends with its quotation mark, anything else where a word does.
        let end = match self.rest.starts_with('"') {
            true => {
                let mut texts = serde_json::Deserializer::from_str(self.rest).into_iter::<String>();
                texts.next().and_then(Result::ok).ok_or(FilterProblem)?;
                texts.byte_offset()
            }
            false => self.rest.find([' ', ')', ']']).unwrap_or(self.rest.len()),
        };
        let (value, rest) = self.rest.split_at_checked(end).ok_or(FilterProblem)?;
        let value = serde_json::from_str(value).map_err(|_| FilterProblem)?;
        self.rest = rest;
        match value {
            Json::Array(_) | Json::Object(_) => Err(FilterProblem),
            simple => Ok(simple),
        }
    }

    fn skip_spaces(&mut self) {
        self.rest = self.rest.trim_start_matches(' ');
    }
}

#[cfg(test)]
mod tests {
    use super::Filter;
    use proptest::prelude::*;
    use serde_json::{Map, Value as Json, json};

    fn ada() -> Map<String, Json> {
        let Json::Object(ada) = json!({
            "userName": "Ada@example.com", "externalId": "X1", "active": true, "displayName": "",
            "name": {"familyName": "Lovelace"},
            "emails": [{"type": "work", "value": "ada@work.example"}, {"type": "home", "value": "a@home.example"}],
        }) else {
            panic!("an object")
        };
        ada
    }

    #[test]
    fn a_filter_holds_as_the_standard_says() {
        for (text, holds) in [
            (r#"userName eq "ada@EXAMPLE.com""#, true),
            (r#"username EQ "ada@example.com""#, true),
            (r#"urn:ietf:params:scim:schemas:core:2.0:User:userName sw "ada""#, true),
            (r#"externalId eq "x1""#, false),
            (r#"externalId eq "X1""#, true),
            ("active eq true", true),
            ("active eq false", false),
            ("displayName pr", false),
            ("name.familyName pr", true),
            ("title pr", false),
            (r#"emails co "home.example""#, true),
            (r#"emails.type eq "work""#, true),
            (r#"emails[type eq "work" and value ew "home.example"]"#, false),
            (r#"emails[type eq "home" and value ew "home.example"]"#, true),
            (r#"userName eq "b" or active eq true and externalId eq "X1""#, true),
            (r#"(userName eq "b" or active eq true) and not (externalId eq "X1")"#, false),
            (r#"userName ne "b""#, true),
            (r#"userName eq "a\"b""#, false),
        ] {
            assert_eq!(Filter::read(text).unwrap().holds(&ada()), holds, "{text}");
        }
    }

    #[test]
    fn what_is_no_filter_is_refused() {
        for text in [
            "",
            "userName",
            "userName eq",
            "userName eq b",
            r#"userName gt "a""#,
            r#"eq "a""#,
            r#"userName eq "a" and"#,
            r#"(userName eq "a""#,
            r#"userName eq "a")"#,
            r#"userName eq ["a"]"#,
            r#"a.b.c eq "x""#,
            "not active eq true",
            &"(".repeat(100),
            &"x".repeat(5_000),
        ] {
            assert!(Filter::read(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in ".{0,60}", like in "[a-z.\\[\\]() \"]{0,40}(eq|pr|and|not)?[a-z\" ()\\[\\]]{0,20}") {
            let _ = (Filter::read(&text).map(|filter| filter.holds(&ada())), Filter::read(&like).map(|filter| filter.holds(&ada())));
        }
    }
}
