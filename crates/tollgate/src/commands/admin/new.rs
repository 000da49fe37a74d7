//! `tollgate admin new`.

use std::io::Read;

use anyhow::Context;
use clap::Args;
use domain::KeyText;
use identity::{OneTimeSecret, PASSWORD_BYTES_MAX, PasswordHash};

use crate::commands::key_entry::{HeldRoleEntry, local_admin_section};
use crate::commands::surroundings::{random_key, say};

/// How many letters a password has that is made here: 119 bits.
const PASSWORD_LETTERS: usize = 20;

/// Makes a local administrator.
#[derive(Debug, Args)]
pub struct New {
    /// Their name to sign in with.
    name: String,
    /// Reads their password from standard input; one is made when this is absent.
    #[arg(long)]
    password_stdin: bool,
    /// What they may do: `owner`, `admin`, `developer`, `analyst`, `auditor`, `agent`, or a role of the configuration.
    #[arg(long, default_value = "owner")]
    role: String,
    /// The only workspace in which they may.
    #[arg(long)]
    workspace: Option<String>,
    /// The only environment in which they may.
    #[arg(long)]
    environment: Option<String>,
    /// Prints one JSON object: `name`, `password` where it was made here, `password_hash`, `totp_secret` and `otpauth`.
    #[arg(long)]
    json: bool,
}

impl New {
    pub(super) fn run(self) -> anyhow::Result<()> {
        domain::name::check_name(&self.name)?;
        let made = if self.password_stdin { None } else { Some(new_password()?) };
        let password = made.clone().map_or_else(read_password, Ok)?;
        let salt: [u8; 16] = first_of(random_key()?);
        let hash = PasswordHash::new(&password, salt)?.reveal();
        let secret = OneTimeSecret::from_random(first_of(random_key()?));
        let (link, secret) = (secret.link("Tollgate", &self.name), secret.reveal());
        if self.json {
            let mut object = serde_json::json!({
                "name": self.name, "password_hash": hash, "totp_secret": secret, "otpauth": link,
            });
            if let Some(password) = made {
                object["password"] = password.into();
            }
            say(&object.to_string());
            return Ok(());
        }
        if let Some(password) = made {
            say(&format!("password {password}"));
        }
        say(&format!("authenticator {link}"));
        let held = HeldRoleEntry {
            role: &self.role,
            workspace: self.workspace.as_deref(),
            environment: self.environment.as_deref(),
        };
        let section = local_admin_section(&self.name, (&hash, &secret), held);
        say("They are shown this once. The link can be shown as a QR code to an authenticator.");
        say(&format!(
            "Put the entry under `control.local_admins` in the configuration file:\n\n{}",
            section.trim_end()
        ));
        Ok(())
    }
}

/// Letters and digits of a random key.
fn new_password() -> anyhow::Result<String> {
    let text = KeyText::from_random(random_key()?);
    let letters = text.reveal().split_once('-').map_or(text.reveal(), |(_, letters)| letters);
    Ok(letters.chars().take(PASSWORD_LETTERS).collect())
}

fn read_password() -> anyhow::Result<String> {
    let mut text = String::new();
    let bytes_max = PASSWORD_BYTES_MAX as u64 + 2;
    std::io::stdin().take(bytes_max).read_to_string(&mut text).context("standard input cannot be read")?;
    let line = text.strip_suffix('\n').unwrap_or(&text);
    Ok(line.strip_suffix('\r').unwrap_or(line).to_owned())
}

fn first_of<const BYTES: usize>(random: [u8; 32]) -> [u8; BYTES] {
    std::array::from_fn(|place| random.get(place).copied().unwrap_or(0))
}
