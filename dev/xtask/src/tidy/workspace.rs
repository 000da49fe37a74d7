//! The workspace as cargo sees it: members and what they depend on.

use std::path::Path;

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::process;

/// What `cargo metadata` says, as far as tidy asks.
#[derive(Debug, Deserialize)]
pub(crate) struct Workspace {
    /// The members.
    pub(crate) packages: Vec<Package>,
}

/// A member.
#[derive(Debug, Deserialize)]
pub(crate) struct Package {
    /// Its name in its manifest.
    pub(crate) name: String,
    /// The absolute path of its `Cargo.toml`.
    pub(crate) manifest_path: String,
    /// What it depends on, of every kind.
    pub(crate) dependencies: Vec<Dependency>,
}

/// One dependency of a member.
#[derive(Debug, Deserialize)]
pub(crate) struct Dependency {
    /// The package that is depended on, whatever it is renamed to.
    pub(crate) name: String,
    /// `None`: normal; else `dev` or `build`.
    pub(crate) kind: Option<String>,
    /// The folder, for a dependency inside the workspace.
    pub(crate) path: Option<String>,
}

impl Package {
    /// The folder from the root of the repository, as `crates/wire`.
    pub(crate) fn folder(&self) -> String {
        let parts: Vec<&str> = self.manifest_path.rsplit('/').skip(1).take(2).collect();
        parts.into_iter().rev().collect::<Vec<_>>().join("/")
    }

    /// Whether it belongs to the product, and not to its tools.
    pub(crate) fn is_product(&self) -> bool {
        self.folder().starts_with("crates/")
    }
}

impl Dependency {
    /// Whether it reaches what is delivered.
    pub(crate) fn is_delivered(&self) -> bool {
        self.kind.as_deref() != Some("dev")
    }
}

/// Asks cargo. Needs no network: dependencies are not resolved.
pub(crate) fn read(root: &Path) -> Result<Workspace> {
    let mut command = process::cargo(root);
    command.args(["metadata", "--format-version", "1", "--no-deps", "--offline"]);
    serde_json::from_str(&process::output(&mut command)?).context("cannot read what cargo metadata says")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_knows_its_folder() {
        let package = Package {
            name: "wire".to_owned(),
            manifest_path: "/anywhere/crates/wire/Cargo.toml".to_owned(),
            dependencies: Vec::new(),
        };
        assert_eq!(package.folder(), "crates/wire");
        assert!(package.is_product());
    }
}
