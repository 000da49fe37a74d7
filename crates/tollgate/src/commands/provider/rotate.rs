//! `tollgate provider rotate`.

use anyhow::{Context, bail};
use clap::{ArgGroup, Args};
use control::objects::ObjectKind;
use http::Method;
use serde_json::{Value as Json, json};

use super::secrets::Secrets;
use crate::commands::gateway::{Call, Server, path_of};
use crate::commands::surroundings::say;

/// Gives a provider of a running gateway another credential in the place of one; requests that are under way keep the old one.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("given").required(true))]
pub struct Rotate {
    /// Its name.
    name: String,
    /// Which of its credentials, where it has several: 2 for the one that the log calls `NAME#2`.
    #[arg(long)]
    number: Option<usize>,
    #[command(flatten)]
    secrets: Secrets,
    #[command(flatten)]
    server: Server,
    /// Prints one line of JSON.
    #[arg(long)]
    json: bool,
}

impl Rotate {
    pub(super) fn run(self) -> anyhow::Result<()> {
        let read = self.secrets.read()?;
        let [secret] = read.as_slice() else {
            bail!("one credential is given another secret, and there are {}", read.len());
        };
        let gateway = self.server.gateway()?;
        let path = path_of(ObjectKind::Provider, &self.name);
        let seen = gateway.call(&Call { path: &path, ..Call::default() })?;
        let (credentials, number) = rotated(&seen["body"]["credentials"], self.number, secret)
            .with_context(|| format!("the provider `{}` keeps its credentials", self.name))?;
        let tag = seen["version"].as_u64().map(|version| format!("\"{version}\""));
        let body = json!({ "credentials": credentials });
        let call = Call {
            method: Method::PATCH,
            path: &path,
            body: Some(&body),
            if_match: tag.as_deref(),
            ..Call::default()
        };
        let shown = gateway.call(&call)?;
        if self.json {
            say(&shown.to_string());
        } else {
            say(&format!("rotated {}#{number}, version {}", self.name, shown["version"]));
        }
        Ok(())
    }
}

/// The credentials of a provider with another secret in one place, and the number of that. The others stand for what they are.
fn rotated(credentials: &Json, number: Option<usize>, secret: &Json) -> anyhow::Result<(Vec<Json>, usize)> {
    let mut credentials = credentials.as_array().cloned().unwrap_or_default();
    let number = match (number, credentials.len()) {
        (_, 0) => bail!("it has none of its own; `tollgate provider set` gives it one"),
        (None, 1) => 1,
        (None, count) => bail!("it has {count}; say with --number which of them"),
        (Some(number), _) => number,
    };
    let count = credentials.len();
    let place = number.checked_sub(1).and_then(|index| credentials.get_mut(index));
    match place.with_context(|| format!("there is no number {number} of {count}"))? {
        Json::Object(members) if !members.contains_key("secret") => {
            bail!("number {number} is a sign-in; write its entry with `tollgate provider set --patch`")
        }
        Json::Object(members) => drop(members.insert("secret".to_owned(), secret.clone())),
        whole => *whole = secret.clone(),
    }
    Ok((credentials, number))
}

#[cfg(test)]
mod tests {
    use super::{Json, json, rotated};

    fn of(credentials: &Json, number: Option<usize>) -> Result<(Json, usize), String> {
        let done = rotated(credentials, number, &json!("new"));
        done.map(|(credentials, number)| (credentials.into(), number)).map_err(|error| error.to_string())
    }

    #[test]
    fn one_secret_is_replaced_and_the_others_stay_where_they_are() {
        let hidden = |index: usize| format!("(hidden /credentials/{index})");
        let shared = json!({"secret": "(hidden /credentials/1/secret)", "workspaces": ["a"]});
        assert_eq!(of(&json!([hidden(0)]), None), Ok((json!(["new"]), 1)));
        assert_eq!(of(&json!([hidden(0), shared]), Some(1)), Ok((json!(["new", shared]), 1)));
        let replaced = json!([hidden(0), {"secret": "new", "workspaces": ["a"]}]);
        assert_eq!(of(&json!([hidden(0), shared]), Some(2)), Ok((replaced, 2)));
    }

    #[test]
    fn what_is_no_single_secret_is_not_replaced() {
        let two = json!(["a", "b"]);
        for (credentials, number, problem) in [
            (json!(null), None, "has none of its own"),
            (json!([]), Some(1), "has none of its own"),
            (two.clone(), None, "it has 2; say with --number which"),
            (two.clone(), Some(0), "no number 0 of 2"),
            (two, Some(3), "no number 3 of 2"),
            (json!([{"aws": {}}]), None, "number 1 is a sign-in"),
        ] {
            let told = of(&credentials, number).unwrap_err();
            assert!(told.contains(problem), "{told}");
        }
    }
}
