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
        assert!(!loaded.snapshot.keys.is_empty(), "{}", path.display());
    }
}

#[test]
fn rendering_an_example_and_reading_it_again_changes_nothing() {
    for path in examples() {
        let text = std::fs::read_to_string(&path).unwrap();
        let once = control::yaml::render(&control::yaml::read(&text).0.unwrap());
        let twice = control::yaml::render(&control::yaml::read(&once).0.unwrap());
        assert_eq!(once, twice, "{}", path.display());
        let loader = Loader::new(&path, Arc::new(DiskEnvironment(|_: &str| None)));
        let (first, second) = (loader.load(1).unwrap(), loader.load_text(&once, 1).unwrap());
        let routes = |loaded: &control::Loaded| format!("{:?}", loaded.snapshot.routes);
        assert_eq!(routes(&first), routes(&second), "{}", path.display());
    }
}
