//! Secrets that a command is given to send to a gateway: from an environment variable, a file or standard input, since arguments are seen by
//! everybody on the machine.

use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use clap::Args;
use serde_json::Value as Json;

use crate::commands::surroundings::{environment, variable};

/// The longest secret: a key pair or a service account in JSON fits well.
const SECRET_BYTES_MAX: u64 = 64 << 10;

/// Where secrets come from.
#[derive(Debug, Args)]
pub(super) struct Secrets {
    /// An environment variable of this command that holds a credential. May be given several times.
    #[arg(long, value_name = "NAME", group = "given")]
    credential_env: Vec<String>,
    /// A file that holds a credential. May be given several times.
    #[arg(long, value_name = "FILE", group = "given")]
    credential_file: Vec<PathBuf>,
    /// Reads a credential from standard input.
    #[arg(long, group = "given")]
    credential_stdin: bool,
}

impl Secrets {
    /// All of them, as they can stand in an object: those from variables, from files, and from standard input.
    ///
    /// # Errors
    /// When one cannot be read, or is none. What was read is not repeated.
    pub(super) fn read(&self) -> anyhow::Result<Vec<Json>> {
        let from_variables = self.credential_env.iter().map(|name| from_variable(name));
        let from_files = self.credential_file.iter().map(|file| from_file(file));
        let from_input = self.credential_stdin.then(from_input);
        from_variables.chain(from_files).chain(from_input).collect()
    }

    /// Whether there is one.
    pub(super) fn are_given(&self) -> bool {
        self.credential_stdin || !(self.credential_env.is_empty() && self.credential_file.is_empty())
    }

    /// Whether standard input is one.
    pub(super) fn take_input(&self) -> bool {
        self.credential_stdin
    }
}

fn from_variable(name: &str) -> anyhow::Result<Json> {
    let text = variable(name).with_context(|| format!("the environment variable {name} is not set"))?;
    secret(&text, &format!("the environment variable {name}"))
}

fn from_file(file: &Path) -> anyhow::Result<Json> {
    let name = file.display();
    let text =
        environment().file(file, SECRET_BYTES_MAX).with_context(|| format!("{name} cannot be read"))?;
    secret(&text, &name.to_string())
}

fn from_input() -> anyhow::Result<Json> {
    let mut text = String::new();
    let read = std::io::stdin().take(SECRET_BYTES_MAX + 1).read_to_string(&mut text);
    read.context("standard input cannot be read")?;
    secret(&text, "standard input")
}

/// A secret as it is written in an object, where `${` would begin a reference.
fn secret(text: &str, from: &str) -> anyhow::Result<Json> {
    ensure!(text.len() as u64 <= SECRET_BYTES_MAX, "{from} is longer than {SECRET_BYTES_MAX} bytes");
    let text = text.trim_end_matches(['\r', '\n']);
    ensure!(!text.trim().is_empty(), "{from} is empty");
    Ok(text.replace("${", "$${").into())
}

#[cfg(test)]
mod tests {
    use super::{SECRET_BYTES_MAX, secret};

    #[test]
    fn a_secret_is_a_text_without_the_end_of_its_line() {
        for (text, expected) in [
            ("sk-x", "sk-x"),
            ("sk-x\n", "sk-x"),
            ("sk-x\r\n", "sk-x"),
            (" sk x ", " sk x "),
            ("${env:HOME}", "$${env:HOME}"),
            ("a$${b", "a$$${b"),
        ] {
            assert_eq!(secret(text, "it").unwrap(), expected, "{text:?}");
        }
    }

    #[test]
    fn what_is_no_secret_is_said_by_where_it_came_from() {
        let long = "x".repeat(usize::try_from(SECRET_BYTES_MAX).unwrap() + 1);
        for (text, problem) in
            [("", "it is empty"), (" \n", "it is empty"), (&long, "it is longer than 65536 bytes")]
        {
            assert_eq!(secret(text, "it").unwrap_err().to_string(), problem);
        }
    }
}
