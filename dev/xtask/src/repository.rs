//! Where the repository is and which files of it count: build output, downloads and links are not the project's text.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// Folders that are never read, by path from the root. A folder that merely has such a name elsewhere is read.
const SKIPPED_PATHS: &[&str] = &["target", "fuzz/target", "fuzz/corpus", "fuzz/artifacts"];

/// Folders that are never read, wherever they are.
const SKIPPED_NAMES: &[&str] = &[".git", "node_modules", "__pycache__", ".pytest_cache", ".venv"];

/// The folder of the workspace's `Cargo.toml`, looked for from `start` upwards.
pub(crate) fn find_root(start: &Path) -> Result<PathBuf> {
    start
        .ancestors()
        .find(|folder| folder.join("dev/xtask/Cargo.toml").is_file())
        .map(Path::to_path_buf)
        .with_context(|| format!("{} is not inside the repository; change into it", start.display()))
}

/// Every file of the project, as sorted paths from `root` with forward slashes. Symbolic links are not followed.
pub(crate) fn list_files(root: &Path) -> io::Result<Vec<String>> {
    let mut files = Vec::new();
    let mut folders = vec![String::new()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(root.join(&folder))? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let path = if folder.is_empty() { name.clone() } else { format!("{folder}/{name}") };
            let kind = entry.file_type()?;
            if kind.is_file() {
                files.push(path);
            } else if kind.is_dir() && !is_skipped(&path, &name) {
                folders.push(path);
            }
        }
    }
    files.sort();
    Ok(files)
}

fn is_skipped(path: &str, name: &str) -> bool {
    SKIPPED_PATHS.contains(&path) || SKIPPED_NAMES.contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(root: &Path, path: &str) {
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "").unwrap();
    }

    #[test]
    fn the_root_is_found_from_any_folder_inside() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), "dev/xtask/Cargo.toml");
        write(folder.path(), "docs/guide/start.md");
        assert_eq!(find_root(&folder.path().join("docs/guide")).unwrap(), folder.path());
    }

    #[test]
    fn outside_the_repository_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let error = find_root(folder.path()).unwrap_err().to_string();
        assert!(error.contains("is not inside the repository"), "{error}");
    }

    #[test]
    fn build_output_is_skipped_but_a_module_named_target_is_not() {
        let folder = tempfile::tempdir().unwrap();
        for path in ["target/debug/a.rs", "crates/engine/src/target/plan.rs", "x/node_modules/a.md", "b.md"] {
            write(folder.path(), path);
        }
        assert_eq!(list_files(folder.path()).unwrap(), ["b.md", "crates/engine/src/target/plan.rs"]);
    }
}
