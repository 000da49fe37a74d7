//! Saved routes, each compiled against the providers that are there.

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::name::check_name;
use domain::{Route, RouteName};
use engine::route::spec::DefaultsSpec;
use engine::route::{CompileContext, Defaults, Origin, ProviderDirectory, RouteProblem, defaults};

use super::Problems;
use super::directory::Directory;
use crate::file::ConfigFile;
use crate::path::Path;

pub(super) fn starting_point(spec: &DefaultsSpec, problems: &mut Problems) -> Defaults {
    defaults(spec).unwrap_or_else(|found| {
        report(found, &Path::root().key("defaults"), problems);
        Defaults::default()
    })
}

pub(super) fn compile(
    file: &ConfigFile,
    directory: &Directory,
    defaults: &Defaults,
    problems: &mut Problems,
) -> BTreeMap<RouteName, Arc<Route>> {
    let context = CompileContext { providers: directory, defaults, origin: Origin::Operator };
    let mut routes = BTreeMap::new();
    for (text, spec) in &file.routes {
        let path = Path::root().key("routes").key(text);
        check_route_name(text, directory, &path, problems);
        match engine::route::compile(spec, &context) {
            Ok(root) => {
                let name = RouteName::from(text.as_str());
                routes.insert(name.clone(), Arc::new(Route { name: Some(name), root }));
            }
            Err(found) => report(found, &path, problems),
        }
    }
    routes
}

/// A request says `model: NAME` for a route and `model: PROVIDER/MODEL` otherwise, so a route may not look like either.
fn check_route_name(name: &str, directory: &Directory, path: &Path, problems: &mut Problems) {
    if let Err(problem) = check_name(name) {
        problems.push((path.clone(), problem.to_string()));
    } else if directory.live(name).is_some() || directory.absence(name).is_some() {
        problems.push((path.clone(), format!("`{name}` is a provider's name; give the route another")));
    }
}

fn report(found: Vec<RouteProblem>, path: &Path, problems: &mut Problems) {
    problems.extend(found.into_iter().map(|problem| (path.below(&problem.path), problem.message)));
}
