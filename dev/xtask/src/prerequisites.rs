//! Programs that are not part of a Rust toolchain: found, installed where that is ours to do (root on Debian), or asked
//! for in one sentence.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Result, bail};

use crate::background::Leash;
use crate::process;

/// Asked by packages whether they may start a service; 101 means that they may not (Debian, `invoke-rc.d(8)`).
const SERVICE_POLICY: &str = "/usr/sbin/policy-rc.d";

/// Where Debian has what is not on everybody's path.
const PGBOUNCER: &str = "/usr/sbin/pgbouncer";

/// Something that must be present before a command can do its work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Prerequisite {
    /// `cc`, which the cryptography library (aws-lc-sys) is built with and which links every binary.
    CCompiler,
    /// `python3` with the modules that make a virtual environment.
    Python,
    /// `node` and `npm`.
    Node,
    /// `postgres`, which tests start for themselves.
    Postgres,
    /// `pgbouncer`, likewise.
    PgBouncer,
    /// `redis-server`, likewise.
    Redis,
}

impl Prerequisite {
    fn is_present(self) -> bool {
        match self {
            Self::CCompiler => process::is_on_path("cc"),
            // Debian leaves `ensurepip` out of python3, and `venv` then fails half way.
            Self::Python => succeeds("python3", &["-c", "import ensurepip, venv"]),
            Self::Node => process::is_on_path("node") && process::is_on_path("npm"),
            // Debian keeps the server off the path, in a folder for each version.
            Self::Postgres => {
                process::is_on_path("postgres")
                    || succeeds("sh", &["-c", "ls /usr/lib/postgresql/*/bin/postgres"])
            }
            Self::PgBouncer => process::is_on_path("pgbouncer") || Path::new(PGBOUNCER).exists(),
            Self::Redis => process::is_on_path("redis-server") || process::is_on_path("valkey-server"),
        }
    }

    fn debian_packages(self) -> &'static [&'static str] {
        match self {
            Self::CCompiler => &["gcc", "libc6-dev", "make"],
            Self::Python => &["python3", "python3-venv"],
            Self::Node => &["nodejs", "npm"],
            Self::Postgres => &["postgresql"],
            Self::PgBouncer => &["pgbouncer"],
            Self::Redis => &["redis-server"],
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::CCompiler => "a C compiler (cc)",
            Self::Python => "Python 3 with venv and ensurepip",
            Self::Node => "Node.js with npm",
            Self::Postgres => "PostgreSQL",
            Self::PgBouncer => "PgBouncer",
            Self::Redis => "Redis",
        }
    }
}

/// Makes sure that all of these are present. Installs what is missing through apt-get when run as root on Debian; else the
/// error says what to install.
pub(crate) fn ensure(needed: &[Prerequisite], leash: &Leash) -> Result<()> {
    let missing = absent(needed);
    if missing.is_empty() {
        return Ok(());
    }
    if !(is_debian() && is_root()) {
        bail!(sentence(&missing, is_debian()));
    }
    println!("installing {} through apt-get", names(&missing));
    leash.run(apt_get(&["update"]).env("DEBIAN_FRONTEND", "noninteractive"))?;
    let mut install = apt_get(&["install", "--yes", "--no-install-recommends"]);
    install.args(missing.iter().flat_map(|one| one.debian_packages()));
    without_services(|| leash.run(install.env("DEBIAN_FRONTEND", "noninteractive")))?;
    let missing = absent(needed);
    if missing.is_empty() {
        return Ok(());
    }
    bail!("apt-get installed its packages, but {} is still missing", names(&missing))
}

/// Installs packages and leaves their services alone, unless this machine has a policy of its own about them.
fn without_services(install: impl FnOnce() -> Result<()>) -> Result<()> {
    let policy = Path::new(SERVICE_POLICY);
    if policy.exists() {
        return install();
    }
    fs::write(policy, "#!/bin/sh\nexit 101\n")?;
    fs::set_permissions(policy, fs::Permissions::from_mode(0o755))?;
    let installed = install();
    fs::remove_file(policy)?;
    installed
}

fn absent(needed: &[Prerequisite]) -> Vec<Prerequisite> {
    needed.iter().copied().filter(|one| !one.is_present()).collect()
}

fn names(missing: &[Prerequisite]) -> String {
    missing.iter().map(|one| one.name()).collect::<Vec<_>>().join(" and ")
}

fn sentence(missing: &[Prerequisite], on_debian: bool) -> String {
    let packages = missing.iter().flat_map(|one| one.debian_packages()).copied().collect::<Vec<_>>();
    if on_debian {
        format!("missing {}: run `sudo apt-get install {}`", names(missing), packages.join(" "))
    } else {
        format!("missing {}: install it with this system's package manager", names(missing))
    }
}

fn is_debian() -> bool {
    Path::new("/usr/bin/apt-get").exists()
}

fn is_root() -> bool {
    process::output(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0")
}

fn apt_get(arguments: &[&str]) -> Command {
    let mut command = Command::new("apt-get");
    command.arg("--quiet").args(arguments);
    command
}

fn succeeds(program: &str, arguments: &[&str]) -> bool {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debian_is_told_the_command_to_run() {
        let text = sentence(&[Prerequisite::Python, Prerequisite::Node], true);
        assert_eq!(
            text,
            "missing Python 3 with venv and ensurepip and Node.js with npm: \
             run `sudo apt-get install python3 python3-venv nodejs npm`"
        );
    }

    #[test]
    fn other_systems_are_told_what_is_missing() {
        let text = sentence(&[Prerequisite::CCompiler], false);
        assert!(text.starts_with("missing a C compiler (cc): install it"), "{text}");
    }

    #[test]
    fn nothing_is_done_when_nothing_is_needed() {
        let folder = tempfile::tempdir().unwrap();
        ensure(&[], &Leash::new(&folder.path().join("log")).unwrap()).unwrap();
    }
}
