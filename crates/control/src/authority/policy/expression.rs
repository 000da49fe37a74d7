//! What stands between the braces of `when` and `unless`, and the tokens of which all of a policy is read.

use super::super::permissions::Permissions;
use super::super::vocabulary::{Action, Kind, Level};
use super::token::Token;
use super::{NAMELESS, PolicyProblem, of_actions, of_kind};

/// Deepest nesting of brackets.
const NESTING_MAX: usize = 24;
/// Most `!` in a row, as in Cedar.
const NEGATIONS_MAX: usize = 4;

/// What remains of a text.
pub(super) struct Reader<'a> {
    rest: &'a str,
    depth: usize,
}

/// What a part of an expression stands for.
#[derive(Clone, Copy)]
enum Value<'a> {
    /// Something that holds for some questions.
    Truth(Permissions),
    /// `action`.
    Action,
    /// `Action::"read"`.
    OneAction(Action),
    /// `resource`.
    Resource,
    /// `context.level`.
    Level,
    /// `"workspace"`.
    Text(&'a str),
}

impl<'a> Reader<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { rest: text, depth: 0 }
    }

    /// The next token, if there is one.
    pub(super) fn peek(&self) -> Result<Option<Token<'a>>, PolicyProblem> {
        Ok(Token::first(self.rest)?.map(|(token, _)| token))
    }

    /// The next token.
    pub(super) fn next(&mut self) -> Result<Token<'a>, PolicyProblem> {
        let first = Token::first(self.rest)?;
        let (token, rest) =
            first.ok_or_else(|| PolicyProblem::new("it ends too early; a policy ends with `;`"))?;
        self.rest = rest;
        Ok(token)
    }

    /// Whether the next token is this one, which then is read.
    pub(super) fn takes(&mut self, token: Token<'_>) -> Result<bool, PolicyProblem> {
        let is_next = self.peek()? == Some(token);
        if is_next {
            self.next()?;
        }
        Ok(is_next)
    }

    pub(super) fn expect(&mut self, token: Token<'_>) -> Result<(), PolicyProblem> {
        match self.next()? {
            next if next == token => Ok(()),
            other => Err(PolicyProblem::new(format!("expected {token}, found {other}"))),
        }
    }

    /// `Action::"read"`.
    pub(super) fn action(&mut self) -> Result<Action, PolicyProblem> {
        self.expect(Token::Word("Action"))?;
        self.named_action()
    }

    /// What follows `Action`.
    fn named_action(&mut self) -> Result<Action, PolicyProblem> {
        self.expect(Token::Sign("::"))?;
        match self.next()? {
            Token::Text(name) => {
                Action::named(name).ok_or_else(|| unknown("action", name, Action::ALL.map(Action::name)))
            }
            other => {
                Err(PolicyProblem::new(format!("expected the name of an action in `\"`, found {other}")))
            }
        }
    }

    /// `Action::"read"` or `[Action::"read", Action::"rotate"]`.
    pub(super) fn actions(&mut self) -> Result<Vec<Action>, PolicyProblem> {
        if !self.takes(Token::Sign("["))? {
            return Ok(vec![self.action()?]);
        }
        let mut actions = vec![self.action()?];
        while self.takes(Token::Sign(","))? {
            actions.push(self.action()?);
        }
        self.expect(Token::Sign("]"))?;
        Ok(actions)
    }

    /// `Key`.
    pub(super) fn kind(&mut self) -> Result<Kind, PolicyProblem> {
        match self.next()? {
            Token::Word(name) => {
                Kind::named(name).ok_or_else(|| unknown("kind of thing", name, Kind::ALL.map(Kind::name)))
            }
            other => {
                Err(PolicyProblem::new(format!("expected a kind of thing such as `Key`, found {other}")))
            }
        }
    }

    /// An expression that is true or false.
    pub(super) fn truth(&mut self) -> Result<Permissions, PolicyProblem> {
        truth(self.either()?)
    }

    /// `… || …`.
    fn either(&mut self) -> Result<Value<'a>, PolicyProblem> {
        let mut value = self.both()?;
        while self.takes(Token::Sign("||"))? {
            value = Value::Truth(truth(value)? | truth(self.both()?)?);
        }
        Ok(value)
    }

    /// `… && …`.
    fn both(&mut self) -> Result<Value<'a>, PolicyProblem> {
        let mut value = self.relation()?;
        while self.takes(Token::Sign("&&"))? {
            value = Value::Truth(truth(value)? & truth(self.relation()?)?);
        }
        Ok(value)
    }

    /// `… == …`, `… is …`, `… in …`.
    fn relation(&mut self) -> Result<Value<'a>, PolicyProblem> {
        let value = self.negated()?;
        if self.takes(Token::Sign("=="))? {
            return Ok(Value::Truth(equal(value, self.negated()?)?));
        }
        if self.takes(Token::Sign("!="))? {
            return Ok(Value::Truth(!equal(value, self.negated()?)?));
        }
        match (value, self.peek()?) {
            (Value::Resource, Some(Token::Word("is"))) => {
                self.next()?;
                Ok(Value::Truth(of_kind(self.kind()?)))
            }
            (Value::Action, Some(Token::Word("in"))) => {
                self.next()?;
                Ok(Value::Truth(of_actions(&self.actions()?)))
            }
            (value, _) => Ok(value),
        }
    }

    /// `!…`.
    fn negated(&mut self) -> Result<Value<'a>, PolicyProblem> {
        let mut negations = 0;
        while self.takes(Token::Sign("!"))? {
            negations += 1;
        }
        let value = self.primary()?;
        if negations > NEGATIONS_MAX {
            return Err(PolicyProblem::new(format!("at most {NEGATIONS_MAX} `!` may follow each other")));
        }
        match negations {
            0 => Ok(value),
            _ if negations % 2 == 0 => truth(value).map(Value::Truth),
            _ => truth(value).map(|questions| Value::Truth(!questions)),
        }
    }

    fn primary(&mut self) -> Result<Value<'a>, PolicyProblem> {
        match self.next()? {
            Token::Word("true") => Ok(Value::Truth(Permissions::of(|_| true))),
            Token::Word("false") => Ok(Value::Truth(Permissions::of(|_| false))),
            Token::Word("action") => Ok(Value::Action),
            Token::Word("Action") => Ok(Value::OneAction(self.named_action()?)),
            Token::Word("resource") => Ok(Value::Resource),
            Token::Word("context") => self.of_context(),
            Token::Text(text) => Ok(Value::Text(text)),
            Token::Sign("(") => self.nested(),
            other => Err(PolicyProblem::new(format!(
                "{other} cannot be asked for; `action`, `resource`, `context.level` and `context.own` can"
            ))),
        }
    }

    fn nested(&mut self) -> Result<Value<'a>, PolicyProblem> {
        self.depth += 1;
        if self.depth > NESTING_MAX {
            return Err(PolicyProblem::new(format!("brackets are at most {NESTING_MAX} levels deep")));
        }
        let value = self.either()?;
        self.depth -= 1;
        self.expect(Token::Sign(")"))?;
        Ok(value)
    }

    fn of_context(&mut self) -> Result<Value<'a>, PolicyProblem> {
        self.expect(Token::Sign("."))?;
        match self.next()? {
            Token::Word("level") => Ok(Value::Level),
            Token::Word("own") => Ok(Value::Truth(Permissions::of(|question| question.own))),
            other => Err(PolicyProblem::new(format!("`context` has `level` and `own`, not {other}"))),
        }
    }
}

fn truth(value: Value<'_>) -> Result<Permissions, PolicyProblem> {
    match value {
        Value::Truth(questions) => Ok(questions),
        Value::Resource => Err(PolicyProblem::new(format!("`resource` can be followed by `is`; {NAMELESS}"))),
        _ => Err(PolicyProblem::new("a value on its own is not true or false; compare it with another")),
    }
}

fn equal(one: Value<'_>, other: Value<'_>) -> Result<Permissions, PolicyProblem> {
    match (one, other) {
        (Value::Truth(one), Value::Truth(other)) => Ok(one & other | !one & !other),
        (Value::Action, Value::OneAction(action)) | (Value::OneAction(action), Value::Action) => {
            Ok(of_actions(&[action]))
        }
        (Value::Level, Value::Text(name)) | (Value::Text(name), Value::Level) => {
            let level =
                Level::named(name).ok_or_else(|| unknown("level", name, Level::ALL.map(Level::name)))?;
            Ok(Permissions::of(|question| question.level == level))
        }
        (Value::Resource, _) | (_, Value::Resource) => {
            Err(PolicyProblem::new(format!("a resource is not compared; {NAMELESS}")))
        }
        _ => Err(PolicyProblem::new("these two are never equal, or always")),
    }
}

fn unknown<const COUNT: usize>(what: &str, name: &str, known: [&str; COUNT]) -> PolicyProblem {
    PolicyProblem::new(format!("there is no {what} `{name}`; there are `{}`", known.join("`, `")))
}
