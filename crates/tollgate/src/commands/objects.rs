//! The objects of a running gateway: the same verbs for every kind.

mod create;
mod delete;
mod get;
mod list;
mod set;

use clap::Subcommand;
use control::objects::ObjectKind;

pub(super) use self::delete::Delete;
pub(super) use self::get::Get;
pub(super) use self::list::List;
pub(super) use self::set::{Writing, write};

/// What can be done to objects of a kind.
#[derive(Debug, Subcommand)]
pub enum Objects {
    /// Lists those of a running gateway.
    List(List),
    /// Shows one.
    Get(Get),
    /// Makes one, or changes it.
    Set(set::Set),
    /// Takes one away.
    Delete(Delete),
}

/// The same, and one is made by what it says.
#[derive(Debug, Subcommand)]
pub enum Made {
    /// Makes one that is not there yet.
    Create(create::Create),
    /// What can be done to all objects.
    #[command(flatten)]
    Objects(Objects),
}

impl Made {
    pub(super) fn run(self, kind: ObjectKind) -> anyhow::Result<()> {
        match self {
            Self::Create(command) => command.run(kind),
            Self::Objects(command) => command.run(kind),
        }
    }
}

impl Objects {
    pub(super) fn run(self, kind: ObjectKind) -> anyhow::Result<()> {
        match self {
            Self::List(command) => command.run(kind),
            Self::Get(command) => command.run(kind),
            Self::Set(command) => command.run(kind),
            Self::Delete(command) => command.run(kind),
        }
    }
}
