//! The command line: one noun per folder, one verb per file.

mod admin;
mod audit;
mod budget;
mod catalog;
mod check;
mod columns;
mod dry_run;
mod entry;
mod explain;
mod export;
mod gateway;
mod journal;
mod key;
mod key_entry;
mod models;
mod objects;
mod plan;
mod provider;
mod route_tests;
mod schema;
mod secrets;
mod serve;
mod simulate;
mod surroundings;
mod webhook;

use std::process::ExitCode;

use clap::Subcommand;
use control::objects::ObjectKind;

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
    /// People who sign in with a password and a code.
    #[command(subcommand)]
    Admin(admin::Admin),
    /// Model providers.
    #[command(subcommand)]
    Provider(provider::Provider),
    /// Workspaces of a running gateway, with their teams.
    #[command(subcommand)]
    Workspace(objects::Made),
    /// Users of a running gateway.
    #[command(subcommand)]
    User(objects::Made),
    /// Groups of users of a running gateway.
    #[command(subcommand)]
    Group(objects::Made),
    /// Routes of a running gateway.
    #[command(subcommand)]
    Route(objects::Made),
    /// Rate limits of a running gateway.
    #[command(subcommand)]
    RateLimit(objects::Made),
    /// Budgets of a running gateway.
    #[command(subcommand)]
    Budget(budget::Budget),
    /// Whom budgets tell.
    #[command(subcommand)]
    Webhook(webhook::Webhook),
    /// Says what `apply` would do to a running gateway, and has it judged there.
    Plan(plan::Plan),
    /// Makes the objects of a running gateway those of a file: all of it, or nothing.
    Apply(plan::Apply),
    /// Prints the objects of a running gateway as a configuration file.
    Export(export::Export),
    /// Searches the catalogue of models: what they take, give and cost.
    Models(models::Models),
    /// The catalogue of models and prices.
    #[command(subcommand)]
    Catalog(catalog::Catalog),
    /// Says where a request would go, and why.
    Explain(explain::Explain),
    /// Says what a configuration would do with traffic and outages.
    Simulate(simulate::Simulate),
    /// What was done to the gateway, and what was refused.
    #[command(subcommand)]
    Audit(audit::Audit),
    /// The requests that were written down, and why they went where they went.
    #[command(subcommand)]
    Journal(journal::Journal),
    /// The secrets that objects of a running gateway have.
    #[command(subcommand)]
    Secrets(secrets::Secrets),
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
            Self::Admin(command) => command.run(),
            Self::Provider(command) => command.run(),
            Self::Workspace(command) => command.run(ObjectKind::Workspace),
            Self::User(command) => command.run(ObjectKind::User),
            Self::Group(command) => command.run(ObjectKind::Group),
            Self::Route(command) => command.run(ObjectKind::Route),
            Self::RateLimit(command) => command.run(ObjectKind::RateLimit),
            Self::Budget(command) => command.run(),
            Self::Webhook(command) => command.run(),
            Self::Plan(command) => command.run(),
            Self::Apply(command) => command.run(),
            Self::Export(command) => command.run(),
            Self::Models(command) => command.run(),
            Self::Catalog(command) => command.run(),
            Self::Explain(command) => command.run(),
            Self::Simulate(command) => command.run(),
            Self::Audit(command) => command.run(),
            Self::Journal(command) => command.run(),
            Self::Secrets(command) => command.run(),
            Self::Schema(command) => command.run(),
        };
        match result {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                surroundings::complain(&format!("{error:#}"));
                if error.is::<BadInput>() { ExitCode::from(BadInput::EXIT_CODE) } else { ExitCode::FAILURE }
            }
        }
    }
}

/// What was given to a command cannot be worked with; told apart, by its exit code, from what came of the work.
#[derive(Debug)]
struct BadInput(String);

impl BadInput {
    /// As for arguments that are wrong.
    const EXIT_CODE: u8 = 2;

    fn of(error: &anyhow::Error) -> Self {
        Self(format!("{error:#}"))
    }
}

impl std::fmt::Display for BadInput {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl std::error::Error for BadInput {}
