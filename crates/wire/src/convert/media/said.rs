//! What a request says, member by member: what a format has a place for is taken, and what is left is lost.

use std::borrow::Cow;

use crate::convert::codec::Objection;
use crate::convert::losses::Loss;
use crate::convert::translation::Strictness;
use crate::json::{Kind, Value};

/// Members that are nowhere lost: the model is sent in its own way, and who asks decides nothing about the answer.
const NEVER_LOST: [&str; 3] = ["model", "user", "safety_identifier"];

/// The members of a request that were not taken yet.
pub(super) struct Said<'r, 'a> {
    rest: Vec<(&'r str, &'r Value<'a>)>,
    losses: Vec<Loss>,
}

impl<'r, 'a> Said<'r, 'a> {
    /// All members of a request; `null` says nothing.
    pub(super) fn of(request: &'r Value<'a>) -> Self {
        let members = request.members().iter().filter(|(_, value)| value.kind() != Kind::Null);
        Self { rest: members.map(|(name, value)| (name.as_ref(), value)).collect(), losses: Vec::new() }
    }

    /// Takes a member.
    pub(super) fn take(&mut self, name: &str) -> Option<&'r Value<'a>> {
        let place = self.rest.iter().position(|(member, _)| *member == name)?;
        Some(self.rest.remove(place).1)
    }

    /// Takes a text.
    pub(super) fn text(&mut self, name: &str) -> Result<Option<Cow<'a, str>>, Objection> {
        let Some(value) = self.take(name) else { return Ok(None) };
        value.as_str().map(Some).ok_or_else(|| Objection::wanted(name, "a text", value))
    }

    /// Takes a text that must be there.
    pub(super) fn needed(&mut self, name: &str) -> Result<Cow<'a, str>, Objection> {
        let text = self.text(name)?.filter(|text| !text.is_empty());
        text.ok_or_else(|| Objection::new(name, format!("`{name}` is missing")))
    }

    /// Takes a number; forms write it as text.
    pub(super) fn number(&mut self, name: &str) -> Result<Option<Cow<'a, str>>, Objection> {
        let Some(value) = self.take(name) else { return Ok(None) };
        let label = value.as_label().filter(|label| label.parse::<f64>().is_ok_and(f64::is_finite));
        label.map(Some).ok_or_else(|| Objection::wanted(name, "a number", value))
    }

    /// Takes a list of texts, which forms write as `name[]`.
    pub(super) fn texts(&mut self, name: &str) -> Vec<Cow<'a, str>> {
        let mut texts = Vec::new();
        if let Some(list) = self.take(name) {
            texts.extend(list.elements().iter().filter_map(Value::as_str).chain(list.as_str()));
        }
        while let Some(text) = self.take(&format!("{name}[]")) {
            texts.extend(text.as_str());
        }
        texts
    }

    /// Takes a member that may be left out where it says what happens anyway.
    pub(super) fn usual(&mut self, name: &str, usual: &[&str]) {
        let said =
            self.rest.iter().find(|(member, _)| *member == name).and_then(|(_, value)| value.as_label());
        if said.is_some_and(|said| usual.contains(&said.as_ref())) {
            self.take(name);
        }
    }

    /// Refuses what cannot be done without.
    pub(super) fn refuse(&mut self, name: &str, what: &str) -> Result<(), Objection> {
        match self.take(name) {
            Some(value) if value.as_label().as_deref() != Some("false") && value.as_bool() != Some(false) => {
                let message =
                    format!("{what} (`{name}`) cannot be had of this provider; name a model of another one");
                Err(Objection::new(name, message))
            }
            _ => Ok(()),
        }
    }

    /// Notes that something of a member is lost.
    pub(super) fn lose(&mut self, name: &'static str, what: &'static str) {
        self.losses.push(Loss { member: Cow::Borrowed(name), what: Cow::Borrowed(what) });
    }

    /// Whether a member that was not taken is this text.
    pub(super) fn is(&self, name: &str, text: &str) -> bool {
        let member = self.rest.iter().find(|(member, _)| *member == name);
        member.and_then(|(_, value)| value.as_str()).as_deref() == Some(text)
    }

    /// Takes all that is left but these, as members of the provider's own.
    pub(super) fn take_all_but(&mut self, foreign: &[&str]) -> Vec<(&'r str, &'r Value<'a>)> {
        let is_own = |name: &str| !foreign.contains(&name) && !NEVER_LOST.contains(&name);
        let (own, rest) = std::mem::take(&mut self.rest).into_iter().partition(|(name, _)| is_own(name));
        self.rest = rest;
        own
    }

    /// What was not taken, and what was noted.
    ///
    /// # Errors
    /// When nothing may be lost.
    pub(super) fn losses(self, strictness: Strictness) -> Result<Vec<Loss>, Objection> {
        let left = self.rest.into_iter().filter(|(name, _)| !NEVER_LOST.contains(name));
        let left = left.map(|(name, _)| Loss {
            member: Cow::Owned(name.trim_end_matches("[]").to_owned()),
            what: Cow::Borrowed("it is left out"),
        });
        let losses: Vec<Loss> = self.losses.into_iter().chain(left).collect();
        match losses.first() {
            Some(first) if strictness == Strictness::Strict => {
                let message = format!(
                    "`{}` would not reach the provider as it was said ({}), and the route is strict",
                    first.member, first.what
                );
                Err(Objection::new(first.member.clone(), message))
            }
            _ => Ok(losses),
        }
    }
}
