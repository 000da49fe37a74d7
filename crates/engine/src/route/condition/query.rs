//! Reads `{"metadata.plan": {"$in": ["pro", "team"]}, "$or": […]}`. Everything that is wrong is reported, with its path.

use domain::condition::{Condition, Fact, Order, Test, TextPattern};
use serde_json::{Map, Value};

use super::super::compile::ROUTE_TESTS_MAX;
use super::super::{RouteProblem, member, near};
use super::operand::{bound, may_be_text, scalar};
use super::{expression, fact};

/// Deepest nesting of `$and`, `$or` and `$not`.
const DEPTH_MAX: usize = 16;

const LOGICAL: [&str; 3] = ["$and", "$or", "$not"];
const COMPARING: [&str; 11] =
    ["$eq", "$ne", "$gt", "$gte", "$lt", "$lte", "$in", "$nin", "$regex", "$exists", "$not"];

/// The reading of one query.
pub(crate) struct Reader<'r> {
    /// What was found wrong so far.
    pub(crate) problems: &'r mut Vec<RouteProblem>,
    /// How many values were compared so far.
    pub(crate) tests: usize,
}

impl Reader<'_> {
    /// `None` when it is wrong, which has been reported then.
    pub(crate) fn query(&mut self, query: &Value, path: &str) -> Option<Condition> {
        match query {
            Value::String(text) => self.expression(text, path),
            query => self.object(query, path, 1),
        }
    }

    /// A condition in CEL. What is wrong with the query that it stands for is told of the expression.
    fn expression(&mut self, text: &str, path: &str) -> Option<Condition> {
        self.tests += text.len().div_ceil(expression::BYTES_PER_TEST);
        if self.tests > ROUTE_TESTS_MAX {
            // Told for the route as a whole; no more time is spent on it.
            return self.report(path, "with this expression the conditions of the route are too many");
        }
        let query = match expression::query(text) {
            Ok(query) => query,
            Err(message) => return self.report(path, message),
        };
        let mut problems = Vec::new();
        let condition = Reader { problems: &mut problems, tests: 0 }.object(&query, "", 1);
        let told = problems.into_iter().map(|problem| RouteProblem { path: path.to_owned(), ..problem });
        self.problems.extend(told);
        condition
    }

    fn report<T>(&mut self, path: impl Into<String>, message: impl Into<String>) -> Option<T> {
        self.problems.push(RouteProblem { path: path.into(), message: message.into() });
        None
    }

    fn object(&mut self, query: &Value, path: &str, depth: usize) -> Option<Condition> {
        if depth > DEPTH_MAX {
            return self.report(path, format!("a query is at most {DEPTH_MAX} levels deep"));
        }
        let Some(members) = query.as_object() else {
            return self.report(path, "expected an object such as {\"metadata.plan\": {\"$eq\": \"pro\"}}, or an expression: `metadata.plan == \"pro\"`");
        };
        if members.is_empty() {
            return self
                .report(path, "a query without keys holds for everything; for that there is `default`");
        }
        self.all(members, |reader, key, value| {
            let path = member(path, key);
            match key.strip_prefix('$') {
                Some(_) => reader.logical(key, value, &path, depth),
                None => reader.fact(key, value, &path),
            }
        })
    }

    /// All members of an object together; each is read, even if one before it is wrong.
    fn all(
        &mut self,
        members: &Map<String, Value>,
        mut read: impl FnMut(&mut Self, &str, &Value) -> Option<Condition>,
    ) -> Option<Condition> {
        let parts: Vec<_> = members.iter().map(|(key, value)| read(self, key, value)).collect();
        let mut parts = parts.into_iter().collect::<Option<Vec<_>>>()?;
        if parts.len() == 1 { parts.pop() } else { Some(Condition::All(parts)) }
    }

    fn logical(&mut self, operator: &str, value: &Value, path: &str, depth: usize) -> Option<Condition> {
        match operator {
            "$and" => self.list(value, path, depth).map(Condition::All),
            "$or" => self.list(value, path, depth).map(Condition::Any),
            "$not" => self.object(value, path, depth + 1).map(|opposite| Condition::Not(Box::new(opposite))),
            _ if COMPARING.contains(&operator) => {
                let message =
                    format!("`{operator}` stands below a fact: {{\"metadata.plan\": {{\"{operator}\": …}}}}");
                self.report(path, message)
            }
            _ => {
                self.report(path, format!("there is no `{operator}`{}", near::suggestion(operator, LOGICAL)))
            }
        }
    }

    fn list(&mut self, value: &Value, path: &str, depth: usize) -> Option<Vec<Condition>> {
        let Some(queries) = value.as_array().filter(|queries| !queries.is_empty()) else {
            return self.report(path, "expected a list of at least one query");
        };
        let parts: Vec<_> = queries
            .iter()
            .enumerate()
            .map(|(place, query)| self.object(query, &format!("{path}[{place}]"), depth + 1))
            .collect();
        parts.into_iter().collect()
    }

    fn fact(&mut self, name: &str, value: &Value, path: &str) -> Option<Condition> {
        let fact = match fact::parse(name) {
            Ok(fact) => fact,
            Err(message) => return self.report(path, message),
        };
        match value {
            Value::Object(operators) => self.operators(&fact, operators, path),
            value => self.operator(&fact, "$eq", value, path),
        }
    }

    fn operators(&mut self, fact: &Fact, operators: &Map<String, Value>, path: &str) -> Option<Condition> {
        if operators.is_empty() {
            return self.report(path, "expected an operator such as `$eq`");
        }
        self.all(operators, |reader, operator, operand| {
            reader.operator(fact, operator, operand, &member(path, operator))
        })
    }

    fn operator(&mut self, fact: &Fact, operator: &str, operand: &Value, path: &str) -> Option<Condition> {
        self.tests += 1;
        let test = match operator {
            "$eq" | "$ne" if operand.is_null() => return Some(present(fact, operator == "$ne")),
            "$exists" => return self.exists(fact, operand, path),
            "$not" => return self.opposite(fact, operand, path),
            "$eq" | "$ne" => scalar(fact, operand).map(|scalar| Test::OneOf(vec![scalar])),
            "$in" | "$nin" => {
                return self.one_of(fact, operand, path).map(|test| sign(fact, test, operator == "$in"));
            }
            "$gt" => bound(fact, operand).map(|bound| Test::Compares(Order::Above, bound)),
            "$gte" => bound(fact, operand).map(|bound| Test::Compares(Order::AtLeast, bound)),
            "$lt" => bound(fact, operand).map(|bound| Test::Compares(Order::Below, bound)),
            "$lte" => bound(fact, operand).map(|bound| Test::Compares(Order::AtMost, bound)),
            "$regex" => pattern(fact, operand).map(Test::Matches),
            _ => Err(unknown(operator)),
        };
        match test {
            Ok(test) => Some(sign(fact, test, operator != "$ne")),
            Err(message) => self.report(path, message),
        }
    }

    fn exists(&mut self, fact: &Fact, operand: &Value, path: &str) -> Option<Condition> {
        match operand.as_bool() {
            Some(wanted) => Some(present(fact, wanted)),
            None => self.report(path, "expected true or false"),
        }
    }

    fn opposite(&mut self, fact: &Fact, operand: &Value, path: &str) -> Option<Condition> {
        let Some(operators) = operand.as_object() else {
            return self.report(path, "expected an operator such as {\"$regex\": \"…\"}");
        };
        self.operators(fact, operators, path).map(|opposite| Condition::Not(Box::new(opposite)))
    }

    fn one_of(&mut self, fact: &Fact, operand: &Value, path: &str) -> Option<Test> {
        let Some(values) = operand.as_array().filter(|values| !values.is_empty()) else {
            return self.report(path, "expected a list of at least one value");
        };
        let mut scalars = Vec::with_capacity(values.len());
        for (place, value) in values.iter().enumerate() {
            match scalar(fact, value) {
                Ok(scalar) => scalars.push(scalar),
                Err(message) => return self.report(format!("{path}[{place}]"), message),
            }
        }
        Some(Test::OneOf(scalars))
    }
}

fn present(fact: &Fact, wanted: bool) -> Condition {
    sign(fact, Test::Present, wanted)
}

/// The test, or its opposite.
fn sign(fact: &Fact, test: Test, wanted: bool) -> Condition {
    let holds = Condition::Holds { fact: fact.clone(), test };
    if wanted { holds } else { Condition::Not(Box::new(holds)) }
}

fn pattern(fact: &Fact, operand: &Value) -> Result<TextPattern, String> {
    let text = operand.as_str().ok_or("expected a pattern as a text")?;
    if !may_be_text(fact) {
        return Err("only texts have patterns, and this fact is none".to_owned());
    }
    TextPattern::parse(text).map_err(|problem| format!("`{text}` is no pattern: {problem}"))
}

fn unknown(operator: &str) -> String {
    if LOGICAL.contains(&operator) {
        return format!("`{operator}` stands above facts: {{\"{operator}\": [{{\"metadata.plan\": …}}]}}");
    }
    format!("there is no operator `{operator}`{}", near::suggestion(operator, COMPARING))
}
