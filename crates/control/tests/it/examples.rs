//! Every example loads without anything in the environment.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use control::{DiskEnvironment, Loader};

fn examples() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> =
        files.filter(|path| path.extension().is_some_and(|name| name == "yaml")).collect();
    files.sort();
    files
}

#[test]
fn every_example_loads_without_any_variable_and_without_a_warning() {
    let examples = examples();
    assert!(examples.len() >= 7, "{examples:?}");
    for path in examples {
        let loader = Loader::new(&path, Arc::new(DiskEnvironment(|_: &str| None)));
        let loaded = loader.load(1).unwrap_or_else(|errors| panic!("{errors}"));
        assert_eq!(loaded.warnings, Vec::<String>::new(), "{}", path.display());
        assert!(!loaded.snapshot.providers.is_empty(), "{}", path.display());
        let lets_in = !loaded.snapshot.keys.is_empty() || !loaded.callers.is_empty();
        assert!(lets_in, "{}", path.display());
    }
}
