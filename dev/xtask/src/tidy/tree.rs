//! The repository's files as the rules see them: sorted paths from the root, read as text on demand.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::repository;

/// The files under one root.
pub(crate) struct Tree {
    root: PathBuf,
    files: BTreeSet<String>,
    folders: BTreeSet<String>,
}

impl Tree {
    /// Lists the files under `root`.
    pub(crate) fn read(root: &Path) -> Result<Self> {
        let files: BTreeSet<String> = repository::list_files(root)
            .with_context(|| format!("cannot list {}", root.display()))?
            .into_iter()
            .collect();
        let folders = files.iter().flat_map(|path| folders_of(path)).collect();
        Ok(Self { root: root.to_path_buf(), files, folders })
    }

    /// Every path, sorted.
    pub(crate) fn files(&self) -> impl Iterator<Item = &str> {
        self.files.iter().map(String::as_str)
    }

    /// The names of the folders directly inside `folder`, sorted. A folder without files does not exist.
    pub(crate) fn folders_in(&self, folder: &str) -> Vec<&str> {
        let prefix = format!("{folder}/");
        let inside = self.folders.iter().filter_map(|path| path.strip_prefix(&prefix));
        inside.filter(|name| !name.contains('/')).collect()
    }

    /// Every folder that holds a file, however deep, sorted.
    pub(crate) fn folders(&self) -> impl Iterator<Item = &str> {
        self.folders.iter().map(String::as_str)
    }

    /// Whether there is a file of this path.
    pub(crate) fn has_file(&self, path: &str) -> bool {
        self.files.contains(path)
    }

    /// Whether there is a file or folder of this path. The root is the empty path.
    pub(crate) fn has(&self, path: &str) -> bool {
        path.is_empty() || self.has_file(path) || self.folders.contains(path)
    }

    /// The text of a file.
    pub(crate) fn text(&self, path: &str) -> Result<String> {
        std::fs::read_to_string(self.root.join(path)).with_context(|| format!("cannot read {path} as text"))
    }
}

/// Every folder above a path.
fn folders_of(path: &str) -> Vec<String> {
    path.match_indices('/').filter_map(|(at, _)| path.get(..at)).map(str::to_owned).collect()
}

/// A tree in a temporary folder, for the tests of the rules.
#[cfg(test)]
pub(crate) mod planted {
    use super::Tree;

    /// The folder lives as long as the tree is used.
    pub(crate) struct Planted {
        /// Where the files are.
        pub(crate) folder: tempfile::TempDir,
        /// The tree as read.
        pub(crate) tree: Tree,
    }

    /// Writes the files and reads the tree.
    pub(crate) fn plant(files: &[(&str, &str)]) -> Planted {
        let folder = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = folder.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        let tree = Tree::read(folder.path()).unwrap();
        Planted { folder, tree }
    }
}

#[cfg(test)]
mod tests {
    use super::planted::plant;

    #[test]
    fn a_folder_exists_by_its_files() {
        let planted = plant(&[("docs/guide/a.md", "x"), ("docs/b.md", "")]);
        assert_eq!(planted.tree.folders_in("docs"), ["guide"]);
        assert!(planted.tree.has("docs/guide") && planted.tree.has("docs/b.md") && planted.tree.has(""));
        assert!(!planted.tree.has("guide") && !planted.tree.has_file("docs"));
        assert_eq!(planted.tree.text("docs/guide/a.md").unwrap(), "x");
    }
}
