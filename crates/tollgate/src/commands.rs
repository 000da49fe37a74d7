//! The command line: one noun per folder, one verb per file.

mod catalog;
mod check;
mod key;
mod models;
mod provider;
mod schema;
mod serve;
mod surroundings;

use std::process::ExitCode;

use clap::Subcommand;

/// What Tollgate can be told to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serves requests.
    Serve(serve::Serve),
    /// Says whether a configuration file is right, and everything that is wrong with it.
    Check(check::Check),
    /// Client keys.
    #[command(subcommand)]
    Key(key::Key),
    /// Model providers.
    #[command(subcommand)]
    Provider(provider::Provider),
    /// Searches the catalogue of models: what they take, give and cost.
    Models(models::Models),
    /// The catalogue of models and prices.
    #[command(subcommand)]
    Catalog(catalog::Catalog),
    /// Machine-readable descriptions.
    #[command(subcommand)]
    Schema(schema::Schema),
}

impl Command {
    /// Runs it.
    #[must_use]
    pub fn run(self) -> ExitCode {
        let result = match self {
            Self::Serve(command) => command.run(),
            Self::Check(command) => command.run(),
            Self::Key(command) => command.run(),
            Self::Provider(command) => command.run(),
            Self::Models(command) => command.run(),
            Self::Catalog(command) => command.run(),
            Self::Schema(command) => command.run(),
        };
        match result {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                surroundings::complain(&format!("{error:#}"));
                ExitCode::FAILURE
            }
        }
    }
}
