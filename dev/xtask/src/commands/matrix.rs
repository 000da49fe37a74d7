//! `cargo xtask matrix`: every vendor's client before a provider of every format, and the page that tells what each had.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;

use super::test;
use crate::background::Leash;

/// The page, from the root.
pub(crate) const PAGE: &str = "docs/reference/matrix.md";

/// Runs the matrix and writes its page, whatever came out.
pub(crate) fn run(root: &Path) -> Result<ExitCode> {
    let log = root.join("target/xtask/sdk.log");
    test::build(root)?;
    let environments = test::sdk::prepare(root, &Leash::new(&log)?)?;
    test::sdk::matrix(root, &environments, &root.join(PAGE))?;
    Ok(ExitCode::SUCCESS)
}
