//! Every example configuration is one that Tollgate accepts.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::process;

/// Runs `tollgate check` on each file of `examples`.
pub(super) fn run(root: &Path) -> Result<()> {
    for path in files_ending(&root.join("examples"), &[".yaml", ".yml"])? {
        process::run(
            Command::new(root.join("target/debug/tollgate")).current_dir(root).arg("check").arg(&path),
        )?;
    }
    Ok(())
}

/// The files directly in a folder whose names end so, sorted; an error if there is none, since a step that checks nothing
/// must not pass.
pub(super) fn files_ending(folder: &Path, endings: &[&str]) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_file() && endings.iter().any(|ending| name.ends_with(ending)) {
            files.push(path);
        }
    }
    files.sort();
    if files.is_empty() {
        bail!("{} has no file that ends in {}", folder.display(), endings.join(" or "));
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_sorted_and_others_left_out() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["b.yaml", "a.yml", "c.txt"] {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        let files = files_ending(folder.path(), &[".yaml", ".yml"]).unwrap();
        assert_eq!(files, [folder.path().join("a.yml"), folder.path().join("b.yaml")]);
    }

    #[test]
    fn nothing_to_check_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let error = files_ending(folder.path(), &[".yaml"]).unwrap_err().to_string();
        assert!(error.ends_with("has no file that ends in .yaml"), "{error}");
        assert!(files_ending(&folder.path().join("missing"), &[".yaml"]).is_err());
    }
}
