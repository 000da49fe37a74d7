//! Reads conditions that are written in the Common Expression Language (<https://cel.dev>): `metadata.plan == "pro" && !stream`.
//!
//! An expression is a notation for a query and becomes one; nothing is interpreted when a request comes. So what it costs is
//! bounded as for queries, by the number of values that it compares, and an expression that is no query (arithmetic, lists made
//! on the way) is refused when it is loaded. It holds when CEL's own evaluation would give `true`: a value that is absent is an error
//! there, which makes a comparison fail, and its opposite as well.

mod atom;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use cel::IdedExpr;
use cel::common::ast::{CallExpr, ComprehensionExpr, Expr, LiteralValue, operators};
use cel::parser::Parser;
use serde_json::{Value, json};

/// Longest expression.
pub(super) const EXPRESSION_BYTES_MAX: usize = 1024;
/// So many bytes of an expression count as one value that is compared: reading takes time as well.
pub(super) const BYTES_PER_TEST: usize = 16;
/// Deepest nesting of brackets and choices. The parser's own bound is one that a small stack does not survive.
const NESTING_MAX: usize = 24;

/// The query that an expression stands for.
///
/// # Errors
/// When it is no expression, or one that no query says.
pub(super) fn query(text: &str) -> Result<Value, String> {
    if text.len() > EXPRESSION_BYTES_MAX {
        return Err(format!(
            "an expression has at most {EXPRESSION_BYTES_MAX} bytes, this one {}",
            text.len()
        ));
    }
    if nesting(text) > NESTING_MAX {
        return Err(format!("an expression is at most {NESTING_MAX} levels deep"));
    }
    let parsed = Parser::new().parse(text).map_err(|errors| syntax(&errors.to_string()))?;
    Translation::default().truth(&parsed, true)
}

/// The first of the parser's messages, each of which is followed by a drawing of its place.
fn syntax(message: &str) -> String {
    let first = message.lines().next().unwrap_or_default();
    let first = first.strip_prefix("ERROR: <input>:").unwrap_or(first).replacen("Syntax error: ", "", 1);
    format!("it is no expression: {first}")
}

fn nesting(text: &str) -> usize {
    let (mut depth, mut deepest, mut choices) = (0_usize, 0, 0);
    for byte in text.bytes() {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            b'?' => choices += 1,
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest + choices
}

/// What a name within `exists` stands for.
#[derive(Default)]
struct Translation<'a> {
    element: Option<(&'a str, String)>,
}

impl<'a> Translation<'a> {
    /// The query that holds where the expression evaluates to `wanted`.
    fn truth(&self, expression: &'a IdedExpr, wanted: bool) -> Result<Value, String> {
        match &expression.expr {
            Expr::Call(call) => self.call(call, wanted),
            Expr::Comprehension(every) => self.exists(every, wanted),
            Expr::Literal(_) => Err("a value on its own decides nothing; compare a fact with it".to_owned()),
            _ => self.is(expression, wanted),
        }
    }

    fn call(&self, call: &'a CallExpr, wanted: bool) -> Result<Value, String> {
        match (call.func_name.as_str(), call.args.as_slice()) {
            (operators::LOGICAL_AND, [one, other]) => self.both(one, other, wanted, wanted),
            (operators::LOGICAL_OR, [one, other]) => self.both(one, other, !wanted, wanted),
            (operators::LOGICAL_NOT, [opposite]) => self.truth(opposite, !wanted),
            (operators::CONDITIONAL, [asked, then, otherwise]) => {
                let branch = |holds, branch| {
                    Ok::<_, String>(json!([self.truth(asked, holds)?, self.truth(branch, wanted)?]))
                };
                Ok(json!({"$or": [{"$and": branch(true, then)?}, {"$and": branch(false, otherwise)?}]}))
            }
            _ => self.atom(call, wanted),
        }
    }

    /// Both parts, or at least one of them. Chains become one list, whatever their brackets.
    fn both(&self, one: &'a IdedExpr, other: &'a IdedExpr, all: bool, wanted: bool) -> Result<Value, String> {
        let operator = if all { "$and" } else { "$or" };
        let mut parts = Vec::new();
        for part in [one, other] {
            match self.truth(part, wanted)? {
                Value::Object(mut chain)
                    if chain.len() == 1 && chain.get(operator).is_some_and(Value::is_array) =>
                {
                    let chain = chain.get_mut(operator).and_then(Value::as_array_mut).map(std::mem::take);
                    parts.extend(chain.unwrap_or_default());
                }
                part => parts.push(part),
            }
        }
        if self.element.is_some() && all {
            return Err("within `exists`, `&&` is not read; write a second `exists`, if it need not be the same element".to_owned());
        }
        Ok(json!({ operator: parts }))
    }

    /// A fact that is true or false itself.
    fn is(&self, fact: &'a IdedExpr, wanted: bool) -> Result<Value, String> {
        if let Expr::Select(select) = &fact.expr
            && select.test
        {
            let whole = self.name(&select.operand)?;
            let part = format!("{whole}.{}", select.field);
            // What is absent has no members that could be absent.
            let is_there = !wanted && !atom::FAMILIES.contains(&whole.as_str());
            return Ok(match is_there {
                true => json!({ whole: {"$exists": true}, part: {"$exists": false} }),
                false => json!({ part: {"$exists": wanted} }),
            });
        }
        Ok(json!({ self.name(fact)?: {"$eq": wanted} }))
    }

    /// `list.exists(element, …)`, which the parser has written out as a loop.
    fn exists(&self, every: &'a ComprehensionExpr, wanted: bool) -> Result<Value, String> {
        let refused = || Err("of the loops only `exists` is read".to_owned());
        let begins_false =
            matches!(&every.accu_init.expr, Expr::Literal(LiteralValue::Boolean(begin)) if !*begin.inner());
        let Expr::Call(step) = &every.loop_step.expr else { return refused() };
        let (operators::LOGICAL_OR, [found, asked]) = (step.func_name.as_str(), step.args.as_slice()) else {
            return refused();
        };
        let is_exists = begins_false && matches!(&found.expr, Expr::Ident(name) if *name == every.accu_var);
        if !is_exists || every.iter_var2.is_some() || self.element.is_some() {
            return refused();
        }
        let list = self.name(&every.iter_range)?;
        let within = Translation { element: Some((&every.iter_var, format!("{list}[*]"))) };
        let found = within.truth(asked, true)?;
        Ok(if wanted { found } else { json!({ list: {"$exists": true}, "$not": found }) })
    }

    /// The name of a fact, as queries write it: `params.messages[0].role`.
    fn name(&self, expression: &'a IdedExpr) -> Result<String, String> {
        match &expression.expr {
            Expr::Ident(name) => Ok(match &self.element {
                Some((element, stands_for)) if element == name => stands_for.clone(),
                _ => name.clone(),
            }),
            Expr::Select(select) if !select.test => {
                Ok(format!("{}.{}", self.name(&select.operand)?, select.field))
            }
            Expr::Call(call) if call.func_name == operators::INDEX => match call.args.as_slice() {
                [whole, part] => Ok(format!("{}{}", self.name(whole)?, index(part)?)),
                _ => Err("it is no expression".to_owned()),
            },
            Expr::Call(call) => Err(not_read(call)),
            _ => Err("expected a fact, such as `metadata.plan`".to_owned()),
        }
    }
}

/// `["member"]` or `[3]`.
fn index(part: &IdedExpr) -> Result<String, String> {
    match &part.expr {
        Expr::Literal(LiteralValue::String(member)) => {
            let member = member.inner();
            if member.is_empty() || member.contains(['.', '[', ']']) {
                return Err(format!("`{member}` cannot be the name of a member here"));
            }
            Ok(format!(".{member}"))
        }
        Expr::Literal(LiteralValue::Int(place)) if *place.inner() >= 0 => Ok(format!("[{}]", place.inner())),
        _ => Err("between brackets is a name in quotes, or the number of an element".to_owned()),
    }
}

fn not_read(call: &CallExpr) -> String {
    let sign = match call.func_name.as_str() {
        "_+_" | "_-_" | "_*_" | "_/_" | "_%_" | "-_" => Cow::Borrowed("arithmetic"),
        name => Cow::Owned(format!("`{name}`")),
    };
    format!(
        "{sign} is not read in conditions; there are `&&`, `||`, `!`, `?:`, `==`, `!=`, `<`, `<=`, `>`, `>=`, `in`, `has`, `exists`, `matches`, \
         `startsWith`, `endsWith` and `contains`"
    )
}
