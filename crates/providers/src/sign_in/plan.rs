//! From settings and environment to everything a sign-in needs, checked: before anything is fetched.

use std::sync::Arc;

use super::outside::Outside;
use super::register::Startable;
use super::{aws, entra, google, ibm, oauth, oracle, snowflake};
use crate::definition::{Secret, SignIn};
use crate::problem::Problems;

/// A sign-in with everything it needs. Two that are equal prove the same.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Plan {
    Aws(aws::Plan),
    Google(google::Plan),
    Entra(entra::Plan),
    OAuth(oauth::Plan),
    Ibm(ibm::Plan),
    Snowflake(snowflake::Plan),
    Oracle(oracle::Plan),
}

/// What became of settings without mistakes.
pub(crate) enum Planned {
    Ready(Box<Plan>),
    /// Something is neither written nor in the environment; any of these variables would help. None are named when only a
    /// variable of the definition has no value, which is told elsewhere.
    Missing(Vec<String>),
}

impl Planned {
    pub(crate) fn ready(plan: Plan) -> Self {
        Self::Ready(Box::new(plan))
    }

    /// The plan, else the variables that would help; none, too, when there are mistakes, which are told elsewhere.
    pub(crate) fn plan(planned: Option<Self>) -> Result<Plan, Vec<String>> {
        match planned {
            Some(Self::Ready(plan)) => Ok(*plan),
            Some(Self::Missing(variables)) => Err(variables),
            None => Err(Vec::new()),
        }
    }

    /// Only a variable of the definition has no value.
    pub(crate) fn waiting() -> Self {
        Self::Missing(Vec::new())
    }

    pub(crate) fn missing(variables: &[&str]) -> Self {
        Self::Missing(variables.iter().map(|name| (*name).to_owned()).collect())
    }
}

impl Plan {
    /// A sign-in that has begun, once it is known whether it works. It ends when it is dropped.
    pub(crate) async fn begun(&self, outside: &Outside) -> Arc<dyn Startable> {
        let sign_in = self.build();
        sign_in.start(outside);
        if let Some(pending) = sign_in.pending() {
            pending.await;
        }
        sign_in
    }

    pub(crate) fn build(&self) -> Arc<dyn Startable> {
        match self {
            Self::Aws(plan) => plan.build(),
            Self::Google(plan) => plan.build(),
            Self::Entra(plan) => plan.build(),
            Self::OAuth(plan) => plan.build(),
            Self::Ibm(plan) => plan.build(),
            Self::Snowflake(plan) => plan.build(),
            Self::Oracle(plan) => plan.build(),
        }
    }
}

/// Plans a sign-in; `None` when there are no settings, or after a problem.
pub(crate) fn plan(settings: &SignIn, reader: &mut Reader<'_>) -> Option<Planned> {
    let SignIn { aws, google, entra, oauth, ibm, snowflake, oracle } = settings;
    let kinds = [
        aws.is_some(),
        google.is_some(),
        entra.is_some(),
        oauth.is_some(),
        ibm.is_some(),
        snowflake.is_some(),
        oracle.is_some(),
    ];
    if kinds.into_iter().filter(|is_set| *is_set).count() > 1 {
        reader.wrong("", "only one kind of sign-in is possible; remove the others");
        return None;
    }
    None.or_else(|| aws::plan(aws.as_ref()?, &mut reader.below("aws")))
        .or_else(|| google::plan(google.as_ref()?, &mut reader.below("google")))
        .or_else(|| entra::plan(entra.as_ref()?, &mut reader.below("entra")))
        .or_else(|| oauth::plan(oauth.as_ref()?, &mut reader.below("oauth")))
        .or_else(|| ibm::plan(ibm.as_ref()?, &mut reader.below("ibm")))
        .or_else(|| snowflake::plan(snowflake.as_ref()?, &mut reader.below("snowflake")))
        .or_else(|| oracle::plan(oracle.as_ref()?, &mut reader.below("oracle")))
}

/// For settings that no variable stands in for.
pub(crate) const NO_VARIABLE: &[&str] = &[];

/// Reads settings: what was written, else the environment. Blank texts count as nothing.
pub(crate) struct Reader<'a> {
    place: String,
    environment: &'a dyn Fn(&str) -> Option<String>,
    /// Puts in the variables of the definition.
    fill: &'a dyn Fn(&str, &str, &mut Problems) -> Option<String>,
    problems: &'a mut Problems,
    /// Where nobody wrote an account, what the environment lacks is no mistake: it only may have been meant for something
    /// else. These variables would complete it.
    lacking: Option<&'a mut Vec<String>>,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(
        place: &str,
        environment: &'a dyn Fn(&str) -> Option<String>,
        fill: &'a dyn Fn(&str, &str, &mut Problems) -> Option<String>,
        problems: &'a mut Problems,
    ) -> Self {
        Self { place: place.to_owned(), environment, fill, problems, lacking: None }
    }

    /// Collects what the environment lacks in place of reporting it.
    pub(crate) fn lenient(self, lacking: &'a mut Vec<String>) -> Self {
        Self { lacking: Some(lacking), ..self }
    }

    pub(crate) fn below(&mut self, kind: &str) -> Reader<'_> {
        let place = format!("{}.{kind}", self.place);
        let lacking = self.lacking.as_deref_mut();
        Reader { place, environment: self.environment, fill: self.fill, problems: self.problems, lacking }
    }

    /// Something that the environment should have had, or has in a form that cannot be used.
    pub(crate) fn lacks(&mut self, field: &str, message: impl Into<String>, variable: &str) {
        match &mut self.lacking {
            Some(lacking) => lacking.push(variable.to_owned()),
            None => self.wrong(field, message),
        }
    }

    /// A mistake in a field, or in all of them.
    pub(crate) fn wrong(&mut self, field: &str, message: impl Into<String>) {
        let separator = if field.is_empty() { "" } else { "." };
        self.problems.add(format!("{}{separator}{field}", self.place), message);
    }

    /// The first of these variables that is set.
    pub(crate) fn variable(&self, names: &[impl AsRef<str>]) -> Option<String> {
        names.iter().find_map(|name| present((self.environment)(name.as_ref())?))
    }

    /// A text that was written, else the first of these variables that is set.
    pub(crate) fn text(&self, written: Option<&String>, names: &[impl AsRef<str>]) -> Option<String> {
        written.cloned().and_then(present).or_else(|| self.variable(names))
    }

    /// A secret that was written, else the first of these variables that is set.
    pub(crate) fn secret(&self, written: Option<&Secret>, names: &[impl AsRef<str>]) -> Option<Secret> {
        let written = written.map(|secret| secret.expose().to_owned()).and_then(present);
        written.or_else(|| self.variable(names)).map(Secret::from)
    }

    /// A text of a data file with its variables put in; `None` when there is none, or one has no value yet.
    pub(crate) fn filled(&mut self, field: &str, written: Option<&String>) -> Option<String> {
        let place = format!("{}.{field}", self.place);
        present((self.fill)(&place, written?, self.problems)?)
    }

    /// The path of a file, with `~` for the home folder.
    pub(crate) fn path(&self, written: Option<&String>, names: &[impl AsRef<str>]) -> Option<String> {
        let path = self.text(written, names)?;
        match path.strip_prefix("~/") {
            Some(below) => self.at_home(below).or(Some(path.clone())),
            None => Some(path),
        }
    }

    /// A file below the home folder.
    pub(crate) fn at_home(&self, below: &str) -> Option<String> {
        Some(format!("{}/{below}", self.variable(&["HOME"])?.trim_end_matches('/')))
    }

    /// A URL, without closing slashes.
    pub(crate) fn url(
        &mut self,
        field: &str,
        written: Option<&String>,
        names: &[impl AsRef<str>],
        otherwise: &str,
    ) -> String {
        let url = self.text(written, names).unwrap_or_else(|| otherwise.to_owned());
        if !url.starts_with("https://") && !url.starts_with("http://") {
            let variable = names.first().map_or("", |name| name.as_ref()).to_owned();
            self.lacks(field, "it must start with https:// or http://", &variable);
        }
        url.trim_end_matches('/').to_owned()
    }
}

fn present(text: String) -> Option<String> {
    let trimmed = text.trim();
    match trimmed.len() {
        0 => None,
        length if length == text.len() => Some(text),
        _ => Some(trimmed.to_owned()),
    }
}
