//! The vendors' own clients, pinned, against a running Tollgate: what an unmodified program of a user would do.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::examples::files_ending;
use super::server::Server;
use crate::background::Leash;
use crate::commands::matrix::PAGE;
use crate::prerequisites::{self, Prerequisite};
use crate::process;

const PYTHON_TESTS: &str = "tests/sdk/python";
const MATRIX: &str = "tests/sdk/matrix";
const NODE_TESTS: &str = "tests/sdk/node";

/// Installed clients.
pub(crate) struct Environments {
    /// The interpreter that has them.
    python: PathBuf,
    /// The test files for node, whose packages lie beside them.
    node_tests: Vec<PathBuf>,
}

/// Installs the pinned clients under `target/sdk`; nothing is done for a list that is installed already.
pub(crate) fn prepare(root: &Path, leash: &Leash) -> Result<Environments> {
    let requirements = root.join(PYTHON_TESTS).join("requirements.txt");
    let wanted_python = read(&requirements)?;
    let lock = root.join(NODE_TESTS).join("package-lock.json");
    let wanted_node = read(&lock)?;
    let node_tests = files_ending(&root.join(NODE_TESTS), &[".test.js", ".test.mjs", ".test.cjs"])?;
    prerequisites::ensure(&[Prerequisite::Python, Prerequisite::Node], leash)?;
    let python = root.join("target/sdk/python");
    install_once(&python, &wanted_python, || install_python(&python, &requirements, leash))?;
    let node = root.join("target/sdk/node");
    install_once(&node, &wanted_node, || install_node(root, &node, leash))?;
    link_packages(&node, &root.join(NODE_TESTS))?;
    Ok(Environments { python: python.join("bin/python"), node_tests })
}

/// Runs both suites against one server.
pub(super) fn run(root: &Path, environments: &Environments) -> Result<()> {
    Server::start(root)?.during(|server| {
        let mut python = Command::new(&environments.python);
        // Nothing is left behind in the repository.
        python.args(["-B", "-m", "pytest", "-p", "no:cacheprovider", PYTHON_TESTS]).current_dir(root);
        server.lend(&mut python);
        process::run(&mut python)?;
        let mut node = Command::new("node");
        node.arg("--test").args(&environments.node_tests).current_dir(root);
        server.lend(&mut node);
        process::run(&mut node)
    })
}

/// Runs the matrix, all pairs against one Tollgate, and writes its page.
pub(crate) fn matrix(root: &Path, environments: &Environments, page: &Path) -> Result<()> {
    let mut python = Command::new(&environments.python);
    python.args(["-B", "-m", "pytest", "-p", "no:cacheprovider", MATRIX, "--matrix"]).arg(page);
    process::run(python.current_dir(root))
}

/// Runs the matrix and compares what came out with the page that is there.
pub(super) fn compare_matrix(root: &Path, environments: &Environments) -> Result<()> {
    let made = root.join("target/xtask/matrix.md");
    matrix(root, environments, &made)?;
    if read(&made)? != read(&root.join(PAGE))? {
        bail!("{PAGE} is not what came out; run `cargo xtask matrix`");
    }
    Ok(())
}

fn read(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

/// Installs into an empty folder, unless the same list was installed there to the end before.
fn install_once(folder: &Path, wanted: &str, install: impl FnOnce() -> Result<()>) -> Result<()> {
    let stamp = folder.join("installed.txt");
    if std::fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    if folder.exists() {
        std::fs::remove_dir_all(folder).with_context(|| format!("cannot empty {}", folder.display()))?;
    }
    std::fs::create_dir_all(folder)?;
    install()?;
    std::fs::write(&stamp, wanted).with_context(|| format!("cannot write {}", stamp.display()))
}

fn install_python(folder: &Path, requirements: &Path, leash: &Leash) -> Result<()> {
    leash.run(Command::new("python3").args(["-m", "venv"]).arg(folder))?;
    let mut pip = Command::new(folder.join("bin/python"));
    pip.args(["-m", "pip", "install", "--disable-pip-version-check", "--quiet", "--requirement"]);
    leash.run(pip.arg(requirements))
}

fn install_node(root: &Path, folder: &Path, leash: &Leash) -> Result<()> {
    for name in ["package.json", "package-lock.json"] {
        let from = root.join(NODE_TESTS).join(name);
        std::fs::copy(&from, folder.join(name)).with_context(|| format!("cannot copy {}", from.display()))?;
    }
    let mut npm = Command::new("npm");
    npm.args(["ci", "--no-audit", "--no-fund", "--ignore-scripts"]).current_dir(folder);
    leash.run(&mut npm)
}

/// Node looks for packages beside the importing file and nowhere else that could be told to it.
fn link_packages(installed: &Path, tests: &Path) -> Result<()> {
    let link = tests.join("node_modules");
    let packages = installed.join("node_modules");
    if std::fs::read_link(&link).is_ok_and(|target| target == packages) {
        return Ok(());
    }
    if link.is_symlink() {
        std::fs::remove_file(&link)?;
    }
    std::os::unix::fs::symlink(&packages, &link).with_context(|| {
        format!("cannot link {} to {}; remove what is there", link.display(), packages.display())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_installed_once_and_a_new_list_again() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("python");
        let mut installs = 0;
        for wanted in ["openai==1", "openai==1", "openai==2"] {
            install_once(&folder, wanted, || {
                installs += 1;
                std::fs::write(folder.join(wanted), "").map_err(Into::into)
            })
            .unwrap();
        }
        assert_eq!(installs, 2);
        assert!(!folder.join("openai==1").exists() && folder.join("openai==2").exists());
    }

    #[test]
    fn a_broken_install_is_tried_again() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("node");
        assert!(install_once(&folder, "a", || anyhow::bail!("no network")).is_err());
        let mut ran = false;
        install_once(&folder, "a", || {
            ran = true;
            Ok(())
        })
        .unwrap();
        assert!(ran);
    }

    #[test]
    fn packages_are_linked_beside_the_tests_and_a_stale_link_is_replaced() {
        let root = tempfile::tempdir().unwrap();
        let (tests, installed) = (root.path().join("tests"), root.path().join("installed"));
        std::fs::create_dir_all(&tests).unwrap();
        std::os::unix::fs::symlink("/nowhere/at/all", tests.join("node_modules")).unwrap();
        link_packages(&installed, &tests).unwrap();
        link_packages(&installed, &tests).unwrap();
        assert_eq!(std::fs::read_link(tests.join("node_modules")).unwrap(), installed.join("node_modules"));
    }

    #[test]
    fn missing_suites_are_an_error_that_names_the_file() {
        let root = tempfile::tempdir().unwrap();
        let leash = Leash::new(&root.path().join("log")).unwrap();
        let error = prepare(root.path(), &leash).err().unwrap().to_string();
        assert!(error.ends_with("tests/sdk/python/requirements.txt"), "{error}");
    }
}
