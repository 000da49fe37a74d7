//! Reads policies that are written in Cedar (<https://docs.cedarpolicy.com/policies/syntax-policy.html>):
//!
//! ```cedar
//! permit (principal, action in [Action::"read", Action::"rotate"], resource is Key) when { context.own };
//! ```
//!
//! A policy is a notation for a set of questions and becomes one; nothing is interpreted when somebody asks. So it may
//! depend only on what questions are made of, and one that asks for more is refused when it is loaded. What it may ask is
//! always there and has one type, so that nothing can fail on the way, and the set is the one that Cedar's own authoriser
//! would answer with `Allow`: a test says so on random policies (`tests/cedar`).

mod expression;
#[cfg(test)]
mod tests;
mod token;

use super::permissions::Permissions;
use super::vocabulary::{Action, Kind};
use expression::Reader;
use token::Token;

/// Longest text of policies.
const POLICY_BYTES_MAX: usize = 16 << 10;

/// Policies as far as they were read.
#[derive(Debug, Clone, Copy, Default)]
pub struct Policies {
    permitted: Permissions,
    forbidden: Permissions,
}

/// Why a text is no policy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct PolicyProblem(String);

impl PolicyProblem {
    fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }
}

impl Policies {
    /// Reads some more.
    ///
    /// # Errors
    /// When the text is no policy, or one that cannot be decided beforehand.
    pub fn read(&mut self, text: &str) -> Result<(), PolicyProblem> {
        if text.len() > POLICY_BYTES_MAX {
            return Err(PolicyProblem::new(format!("policies have at most {POLICY_BYTES_MAX} bytes")));
        }
        let mut reader = Reader::new(text);
        if reader.peek()?.is_none() {
            return Err(PolicyProblem::new("there is no policy in it"));
        }
        while reader.peek()?.is_some() {
            self.statement(&mut reader)?;
        }
        Ok(())
    }

    /// What all of them together permit: what one permits and none forbids.
    #[must_use]
    pub fn permissions(self) -> Permissions {
        let asked = Permissions::of(|question| question.action.applies_to(question.kind));
        self.permitted & !self.forbidden & asked
    }

    fn statement(&mut self, reader: &mut Reader<'_>) -> Result<(), PolicyProblem> {
        let set = match reader.next()? {
            Token::Word("permit") => &mut self.permitted,
            Token::Word("forbid") => &mut self.forbidden,
            other => return Err(PolicyProblem::new(format!("expected `permit` or `forbid`, found {other}"))),
        };
        let mut questions = scope(reader)?;
        loop {
            match reader.next()? {
                Token::Sign(";") => break,
                Token::Word("when") => questions = questions & condition(reader)?,
                Token::Word("unless") => questions = questions & !condition(reader)?,
                other => {
                    let message = format!("expected `when`, `unless` or `;`, found {other}");
                    return Err(PolicyProblem::new(message));
                }
            }
        }
        *set = *set | questions;
        Ok(())
    }
}

/// `(principal, action …, resource …)`. Whom a policy is for is said where its role is given to somebody.
fn scope(reader: &mut Reader<'_>) -> Result<Permissions, PolicyProblem> {
    reader.expect(Token::Sign("("))?;
    reader.expect(Token::Word("principal"))?;
    if !reader.takes(Token::Sign(","))? {
        return Err(PolicyProblem::new("a policy is for whoever has its role; write `principal` alone"));
    }
    reader.expect(Token::Word("action"))?;
    let actions = match reader.next()? {
        Token::Sign(",") => Permissions::of(|_| true),
        Token::Sign("==") => {
            let action = reader.action()?;
            reader.expect(Token::Sign(","))?;
            of_actions(&[action])
        }
        Token::Word("in") => {
            let actions = reader.actions()?;
            reader.expect(Token::Sign(","))?;
            of_actions(&actions)
        }
        other => return Err(PolicyProblem::new(format!("expected `==`, `in` or `,`, found {other}"))),
    };
    reader.expect(Token::Word("resource"))?;
    let resources = match reader.next()? {
        Token::Sign(")") => return Ok(actions),
        Token::Word("is") => of_kind(reader.kind()?),
        other => return Err(PolicyProblem::new(format!("expected `is` or `)`, found {other}; {NAMELESS}"))),
    };
    reader.expect(Token::Sign(")"))?;
    Ok(actions & resources)
}

/// Why a policy cannot name a thing.
const NAMELESS: &str = "a policy speaks of kinds of things; a role is given for one workspace or environment";

fn condition(reader: &mut Reader<'_>) -> Result<Permissions, PolicyProblem> {
    reader.expect(Token::Sign("{"))?;
    let questions = reader.truth()?;
    reader.expect(Token::Sign("}"))?;
    Ok(questions)
}

fn of_actions(actions: &[Action]) -> Permissions {
    Permissions::of(|question| actions.contains(&question.action))
}

fn of_kind(kind: Kind) -> Permissions {
    Permissions::of(|question| question.kind == kind)
}
