//! `tollgate key …`.

mod create;
mod disable;
mod new;
mod pair;
mod rotate;

use clap::Subcommand;
use control::objects::ObjectKind;

use super::objects::Objects;

/// Client keys.
#[derive(Debug, Subcommand)]
pub enum Key {
    /// Makes a key: prints it once, with the entry for the configuration file.
    New(new::New),
    /// Shows the key pair with which Amazon's clients sign requests in the place of a key.
    Pair(pair::Pair),
    /// Makes a key in a running gateway, which tells its text this once.
    Create(create::Create),
    /// Gives a key of a running gateway another text, which is told this once.
    Rotate(rotate::Rotate),
    /// Switches a key of a running gateway off.
    Disable(disable::Disable),
    /// Switches a key of a running gateway on again.
    Enable(disable::Disable),
    #[command(flatten)]
    Objects(Objects),
}

impl Key {
    pub(super) fn run(self) -> anyhow::Result<()> {
        match self {
            Self::New(command) => command.run(),
            Self::Pair(command) => command.run(),
            Self::Create(command) => command.run(),
            Self::Rotate(command) => command.run(),
            Self::Disable(command) => command.run(true),
            Self::Enable(command) => command.run(false),
            Self::Objects(command) => command.run(ObjectKind::Key),
        }
    }
}
