//! What a request says, member by member: what a format has a place for is taken, and what is left is lost.

use std::borrow::Cow;

use crate::convert::codec::Objection;
use crate::convert::losses::Loss;
use crate::convert::translation::Strictness;
use crate::json::{Kind, Value};

/// The member that is sent in each provider's own way, wherever that is.
const MODEL: &str = "model";

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

    /// Takes a number, as JSON; forms write it as text.
    pub(super) fn number(&mut self, name: &str) -> Result<Option<Cow<'a, str>>, Objection> {
        let Some(value) = self.take(name) else { return Ok(None) };
        let is_number =
            |label: &str| Value::parse(label.as_bytes()).is_ok_and(|label| label.kind() == Kind::Number);
        let label = value.as_label().filter(|label| is_number(label));
        label.map(Some).ok_or_else(|| Objection::wanted(name, "a number", value))
    }

    /// Takes a whole number.
    pub(super) fn whole(&mut self, name: &str) -> Result<Option<u64>, Objection> {
        let Some(value) = self.take(name) else { return Ok(None) };
        let whole = value.as_label().and_then(|label| label.parse().ok());
        whole.map(Some).ok_or_else(|| Objection::wanted(name, "a whole number from 0", value))
    }

    /// Takes a text, a number, a truth, or a list of them, which forms write as `name[]`.
    pub(super) fn labels(&mut self, name: &str) -> Vec<Cow<'a, str>> {
        fn label<'a>(value: &Value<'a>) -> Option<Cow<'a, str>> {
            value.as_label().or_else(|| value.as_bool().map(|_| Cow::Borrowed(value.raw())))
        }
        let mut labels = Vec::new();
        if let Some(value) = self.take(name) {
            labels.extend(value.elements().iter().filter_map(label).chain(label(value)));
        }
        while let Some(value) = self.take(&format!("{name}[]")) {
            labels.extend(value.elements().iter().filter_map(label).chain(label(value)));
        }
        labels
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
        let is_own = |name: &str| !foreign.contains(&name) && name != MODEL;
        let (own, rest) = std::mem::take(&mut self.rest).into_iter().partition(|(name, _)| is_own(name));
        self.rest = rest;
        own
    }

    /// What was not taken, and what was noted.
    ///
    /// # Errors
    /// When nothing may be lost.
    pub(super) fn losses(self, strictness: Strictness) -> Result<Vec<Loss>, Objection> {
        let left = self.rest.into_iter().filter(|(name, _)| *name != MODEL);
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
