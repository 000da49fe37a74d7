//! `cargo xtask audit`: known vulnerabilities in the dependency tree. Apart from `test`, because its answer depends on a
//! database that changes by the hour and must be fetched.

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Result, bail};

use crate::background::Leash;
use crate::cargo_deny;

/// What cargo-deny writes when it has no database.
const UNREACHABLE: &str = "failed to fetch advisory database";

/// Installs cargo-deny if needed, fetches the database and checks the tree.
pub(crate) fn run(root: &Path) -> Result<ExitCode> {
    println!("audit: looking for cargo-deny (building it takes some minutes the first time)");
    let program = cargo_deny::ensure(root, &Leash::new(&root.join("target/xtask/cargo-deny.log"))?)?;
    let output = cargo_deny::check(&program, root, &["advisories"]).output()?;
    let report = String::from_utf8_lossy(&output.stderr);
    print!("{}", String::from_utf8_lossy(&output.stdout));
    eprint!("{report}");
    if output.status.success() {
        return Ok(ExitCode::SUCCESS);
    }
    if report.contains(UNREACHABLE) {
        bail!(
            "nothing was audited: the advisory database at https://github.com/RustSec/advisory-db cannot be reached; \
             run this where GitHub can be reached"
        );
    }
    bail!(
        "the dependency tree has advisories: update the crates named above, or ignore one in deny.toml with a reason"
    )
}
