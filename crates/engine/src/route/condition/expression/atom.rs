//! The parts of an expression that ask one fact.

use cel::IdedExpr;
use cel::common::ast::{CallExpr, Expr, LiteralValue, operators};
use serde_json::{Value, json};

use super::{Translation, not_read};

/// Facts that have names below them.
pub(super) const FAMILIES: [&str; 3] = ["metadata", "params", "headers"];

impl<'a> Translation<'a> {
    /// A comparison, a membership, or a question to a text.
    pub(super) fn atom(&self, call: &'a CallExpr, wanted: bool) -> Result<Value, String> {
        match (call.func_name.as_str(), &call.target, call.args.as_slice()) {
            (operators::INDEX, ..) => Ok(json!({ self.index_name(call)?: {"$eq": wanted} })),
            (operators::IN, _, [part, whole]) => self.is_in(part, whole, wanted),
            (name @ ("matches" | "startsWith" | "endsWith" | "contains"), Some(text), [asked]) => {
                self.question(name, text, asked, wanted)
            }
            ("matches", None, [text, pattern]) => self.question("matches", text, pattern, wanted),
            (name, _, [one, other]) => match literal(other) {
                Some(value) => self.compare(name, one, &value, wanted, call),
                None => match literal(one) {
                    Some(value) => self.compare(turned(name), other, &value, wanted, call),
                    None => Err(format!(
                        "`{}` compares a fact with a value, and here is no value",
                        sign(name).unwrap_or(name)
                    )),
                },
            },
            _ => Err(not_read(call)),
        }
    }

    fn index_name(&self, call: &'a CallExpr) -> Result<String, String> {
        match call.args.as_slice() {
            [whole, part] => Ok(format!("{}{}", self.name(whole)?, super::index(part)?)),
            _ => Err(not_read(call)),
        }
    }

    fn compare(
        &self,
        operator: &str,
        fact: &'a IdedExpr,
        value: &Value,
        wanted: bool,
        call: &CallExpr,
    ) -> Result<Value, String> {
        let name = self.name(fact)?;
        let asked = match (operator, wanted) {
            (operators::EQUALS, wanted) if value.is_null() => json!({"$exists": !wanted}),
            (operators::NOT_EQUALS, wanted) if value.is_null() => json!({"$exists": wanted}),
            (operators::EQUALS, true) | (operators::NOT_EQUALS, false) => json!({"$eq": value}),
            (operators::EQUALS, false) | (operators::NOT_EQUALS, true) => {
                self.positive()?;
                json!({"$exists": true, "$ne": value})
            }
            (operators::LESS, true) | (operators::GREATER_EQUALS, false) => json!({"$lt": value}),
            (operators::LESS_EQUALS, true) | (operators::GREATER, false) => json!({"$lte": value}),
            (operators::GREATER, true) | (operators::LESS_EQUALS, false) => json!({"$gt": value}),
            (operators::GREATER_EQUALS, true) | (operators::LESS, false) => json!({"$gte": value}),
            _ => return Err(not_read(call)),
        };
        Ok(json!({ name: asked }))
    }

    /// A fact in a list of values, a value in a list of the request, or a member of an object.
    fn is_in(&self, part: &'a IdedExpr, whole: &'a IdedExpr, wanted: bool) -> Result<Value, String> {
        if let Expr::List(list) = &whole.expr {
            let values: Option<Vec<_>> = list.elements.iter().map(literal).collect();
            let values = values.ok_or("the list after `in` has values only")?;
            if !wanted {
                self.positive()?;
            }
            let asked =
                if wanted { json!({"$in": values}) } else { json!({"$exists": true, "$nin": values}) };
            return Ok(json!({ self.name(part)?: asked }));
        }
        let name = self.name(whole)?;
        let value = literal(part).ok_or("`in` has a value on one side, or a list of values on the other")?;
        match &value {
            Value::String(member) if FAMILIES.contains(&name.as_str()) => {
                Ok(json!({ format!("{name}.{member}"): {"$exists": wanted} }))
            }
            _ if wanted => Ok(json!({ format!("{name}[*]"): {"$eq": value} })),
            _ => Ok(
                json!({ name.clone(): {"$exists": true}, "$not": { format!("{name}[*]"): {"$eq": value} } }),
            ),
        }
    }

    fn question(
        &self,
        question: &str,
        fact: &'a IdedExpr,
        asked: &IdedExpr,
        wanted: bool,
    ) -> Result<Value, String> {
        let Some(Value::String(text)) = literal(asked) else {
            return Err(format!("`{question}` asks for a text in quotes"));
        };
        let pattern = match question {
            "startsWith" => format!("^{}", escaped(&text)),
            "endsWith" => format!("{}$", escaped(&text)),
            "contains" => escaped(&text),
            _ => text,
        };
        if wanted {
            return Ok(json!({ self.name(fact)?: {"$regex": pattern} }));
        }
        self.positive()?;
        Ok(json!({ self.name(fact)?: {"$exists": true, "$not": {"$regex": pattern}} }))
    }

    /// An element for which something does not hold is another question than none for which it holds.
    fn positive(&self) -> Result<(), String> {
        match self.element {
            None => Ok(()),
            Some(_) => Err("within `exists` only what holds is asked, and no opposite".to_owned()),
        }
    }
}

/// A value that is written out, a negative number included.
fn literal(expression: &IdedExpr) -> Option<Value> {
    match &expression.expr {
        Expr::Literal(LiteralValue::Boolean(flag)) => Some(json!(flag.inner())),
        Expr::Literal(LiteralValue::Double(number)) => Some(json!(number.inner())),
        Expr::Literal(LiteralValue::Int(number)) => Some(json!(number.inner())),
        Expr::Literal(LiteralValue::UInt(number)) => Some(json!(number.inner())),
        Expr::Literal(LiteralValue::String(text)) => Some(json!(text.inner())),
        Expr::Literal(LiteralValue::Null) => Some(Value::Null),
        Expr::Call(call) if call.func_name == operators::NEGATE => match literal(call.args.first()?)? {
            Value::Number(number) => serde_json::from_str(&format!("-{number}")).ok(),
            _ => None,
        },
        _ => None,
    }
}

/// The comparison with its sides exchanged.
fn turned(operator: &str) -> &str {
    match operator {
        operators::LESS => operators::GREATER,
        operators::LESS_EQUALS => operators::GREATER_EQUALS,
        operators::GREATER => operators::LESS,
        operators::GREATER_EQUALS => operators::LESS_EQUALS,
        same => same,
    }
}

/// How an operator is written.
fn sign(operator: &str) -> Option<&str> {
    operator.strip_prefix('_')?.strip_suffix('_')
}

/// A text as a pattern that is found where the text is.
fn escaped(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len());
    for letter in text.chars() {
        if r"\.+*?()|[]{}^$#&-~".contains(letter) {
            pattern.push('\\');
        }
        pattern.push(letter);
    }
    pattern
}
