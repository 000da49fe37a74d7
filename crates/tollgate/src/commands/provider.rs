//! `tollgate provider …`.

mod check;
mod known;
mod rotate;
mod secrets;
mod set;

use clap::Subcommand;
use control::objects::ObjectKind;

use super::objects::{Delete, Get, List};

/// Model providers.
#[derive(Debug, Subcommand)]
pub enum Provider {
    /// Calls a provider and says what works.
    Check(check::Check),
    /// Lists the providers that Tollgate brings along or a configuration adds, and which of them are live; asks no gateway.
    Known(known::Known),
    /// Gives a provider of a running gateway another credential in the place of one, from now on.
    Rotate(rotate::Rotate),
    /// Lists those of a running gateway.
    List(List),
    /// Shows one, without its secrets.
    Get(Get),
    /// Makes one, or changes it.
    Set(set::Set),
    /// Takes one away.
    Delete(Delete),
}

impl Provider {
    pub(super) fn run(self) -> anyhow::Result<()> {
        match self {
            Self::Check(command) => command.run(),
            Self::Known(command) => command.run(),
            Self::Rotate(command) => command.run(),
            Self::List(command) => command.run(ObjectKind::Provider),
            Self::Get(command) => command.run(ObjectKind::Provider),
            Self::Set(command) => command.run(),
            Self::Delete(command) => command.run(ObjectKind::Provider),
        }
    }
}
