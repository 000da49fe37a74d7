//! Saved routes, each compiled against the providers that are there.

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::name::check_name;
use domain::{Route, RouteName};
use engine::route::spec::DefaultsSpec;
use engine::route::{CompileContext, Defaults, Origin, ProviderDirectory, RouteProblem, defaults, near};

use super::Problems;
use super::directory::Directory;
use crate::file::ConfigFile;
use crate::path::Path;

/// Saved routes by name.
pub(super) type Routes = BTreeMap<RouteName, Arc<Route>>;

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
) -> Routes {
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

/// The route that requests take which name no model: each of its targets has to know by itself what to ask for.
pub(super) fn default_route(
    name: Option<&str>,
    routes: &Routes,
    path: &Path,
    problems: &mut Problems,
) -> Option<RouteName> {
    let name = name?;
    let path = path.key("default_route");
    let Some((known, route)) = routes.get_key_value(name) else {
        let suggestion = near::suggestion(name, routes.keys().map(RouteName::as_str));
        problems.push((path, format!("there is no route called `{name}`{suggestion}")));
        return None;
    };
    let mut all_have_models = true;
    route.root.for_each_target(&mut |target| all_have_models &= target.model.is_some());
    if !all_have_models {
        let message =
            format!("a target of `{name}` takes its model from the request, and here the request names none");
        problems.push((path, message));
    }
    Some(known.clone())
}

/// A probe of a provider that does not exist would never be made.
pub(super) fn check_probes(defaults: &Defaults, directory: &Directory, problems: &mut Problems) {
    for (place, probed) in defaults.probes.targets.iter().enumerate() {
        let name = probed.provider.as_str();
        if directory.live(name).is_none() && directory.absence(name).is_none() {
            let names = directory.names();
            let suggestion = near::suggestion(name, names.iter().map(String::as_str));
            let path = Path::root().key("defaults").below(&format!("active_probes.targets[{place}]"));
            problems.push((path, format!("there is no provider `{name}`{suggestion}")));
        }
    }
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
