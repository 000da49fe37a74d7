//! `cargo xtask tidy`: prints what breaches the style guide, one finding per line.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;

use crate::tidy;

/// Prints the findings to standard error and the sizes to standard output; fails if there is a finding.
pub(crate) fn run(root: &Path) -> Result<ExitCode> {
    let report = tidy::check(root)?;
    for finding in &report.findings {
        eprintln!("{finding}");
    }
    println!("tidy: {}", report.summary);
    if report.findings.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    eprintln!(
        "tidy: {} findings; exceptions go to dev/xtask/tidy.allow with a reason",
        report.findings.len()
    );
    Ok(ExitCode::FAILURE)
}
