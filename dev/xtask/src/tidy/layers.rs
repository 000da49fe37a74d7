//! Imports go down a layer and siblings never meet: each edge between crates of the product is one of the plan.

use anyhow::Result;

use super::Finding;
use super::house::{self, ProductCrate};
use super::tree::Tree;
use super::workspace::{Dependency, Package, Workspace};

const RULE: &str = "layers";

/// Checks every edge inside the workspace. Development dependencies are free: tests may reach across.
pub(crate) fn check(tree: &Tree, workspace: &Workspace) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for package in &workspace.packages {
        let manifest = format!("{}/Cargo.toml", package.folder());
        let text = tree.text(&manifest)?;
        findings.extend(check_name(package, &manifest));
        for dependency in package.dependencies.iter().filter(|edge| edge.path.is_some()) {
            if let Some((problem, remedy)) = breach(package, dependency, workspace) {
                let line = line_of(&text, &dependency.name);
                findings
                    .push(Finding::new(RULE, &manifest, line, &problem, remedy).of_item(&dependency.name));
            }
        }
    }
    Ok(findings)
}

fn check_name(package: &Package, manifest: &str) -> Option<Finding> {
    let folder = package.folder();
    let name = &package.name;
    if !folder.ends_with(&format!("/{name}")) {
        let problem = format!("the package is called {name}, but its folder is {folder}");
        return Some(Finding::new(RULE, manifest, 1, &problem, "give both the same name"));
    }
    let is_unplanned = package.is_product() && house::find(name).is_none();
    is_unplanned.then(|| {
        let problem = format!("{name} is not in the plan of the house");
        let remedy = "give it a row in dev/xtask/src/tidy/house.rs and a decision record under docs/adr";
        Finding::new(RULE, manifest, 1, &problem, remedy)
    })
}

fn breach(package: &Package, edge: &Dependency, workspace: &Workspace) -> Option<(String, &'static str)> {
    if !edge.is_delivered() {
        return None;
    }
    let (from, to) = (&package.name, &edge.name);
    let to_product = workspace.packages.iter().any(|member| member.name == *to && member.is_product());
    if !package.is_product() {
        let is_bound = from == "xtask" && to_product;
        return is_bound.then(|| {
            (
                format!("xtask imports {to} of the product"),
                "run the tollgate binary instead, so that xtask builds alone",
            )
        });
    }
    if !to_product {
        let problem = format!("{from} imports {to}, a tool of dev/");
        return Some((
            problem,
            "make it a development dependency, or move what is needed into a crate of the product",
        ));
    }
    let (from, to) = (house::find(from)?, house::find(to)?);
    unplanned_import(from, to)
}

fn unplanned_import(from: &ProductCrate, to: &ProductCrate) -> Option<(String, &'static str)> {
    if to.layer >= from.layer {
        let problem =
            format!("{} (layer {}) imports {} (layer {})", from.name, from.layer, to.name, to.layer);
        return Some((problem, "imports go down a layer: pass it in through a port of domain"));
    }
    (!from.imports.contains(&to.name)).then(|| {
        let problem = format!("{} imports {}, which the plan does not say", from.name, to.name);
        (
            problem,
            "pass it in, or add it to dev/xtask/src/tidy/house.rs with a decision record under docs/adr",
        )
    })
}

fn line_of(manifest: &str, dependency: &str) -> usize {
    let is_entry =
        |line: &str| line.strip_prefix(dependency).is_some_and(|rest| rest.starts_with(['.', ' ', '=']));
    manifest.lines().position(is_entry).map_or(1, |index| index + 1)
}

#[cfg(test)]
mod tests {
    use super::super::tree::planted::plant;
    use super::*;

    /// Members by folder, with edges as `name` or `dev:name`.
    fn problems(members: &[(&str, &[&str])]) -> Vec<String> {
        let folder_of = |name: &str| members.iter().find(|(folder, _)| folder.ends_with(&format!("/{name}")));
        let packages = members.iter().map(|(folder, edges)| Package {
            name: folder.rsplit('/').next().unwrap().to_owned(),
            manifest_path: format!("/root/{folder}/Cargo.toml"),
            dependencies: edges.iter().map(|edge| dependency(edge, folder_of)).collect(),
        });
        let workspace = Workspace { packages: packages.collect() };
        let manifests: Vec<(String, String)> =
            members.iter().map(|(folder, edges)| (format!("{folder}/Cargo.toml"), manifest(edges))).collect();
        let files: Vec<(&str, &str)> =
            manifests.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
        let findings = check(&plant(&files).tree, &workspace).unwrap();
        findings.iter().map(|finding| format!("{}: {}", finding.line, finding.problem)).collect()
    }

    fn manifest(edges: &[&str]) -> String {
        let names = edges.iter().map(|edge| edge.trim_start_matches("dev:"));
        format!(
            "[dependencies]\n{}",
            names.map(|name| format!("{name}.workspace = true\n")).collect::<String>()
        )
    }

    fn dependency<'a>(
        edge: &str,
        folder_of: impl Fn(&str) -> Option<&'a (&'a str, &'a [&'a str])>,
    ) -> Dependency {
        let (kind, name) =
            edge.split_once(':').map_or((None, edge), |(kind, name)| (Some(kind.to_owned()), name));
        let path = folder_of(name).map(|(folder, _)| format!("/root/{folder}"));
        Dependency { name: name.to_owned(), kind, path }
    }

    #[test]
    fn edges_of_the_plan_pass() {
        let members: &[(&str, &[&str])] = &[
            ("crates/wire", &[]),
            ("crates/domain", &[]),
            ("crates/engine", &["domain", "serde"]),
            ("crates/inference", &["wire", "engine", "dev:testkit"]),
            ("dev/testkit", &["wire"]),
        ];
        assert_eq!(problems(members), [""; 0]);
    }

    #[test]
    fn siblings_and_upward_imports_are_refused_at_their_line() {
        let members: &[(&str, &[&str])] =
            &[("crates/wire", &[]), ("crates/domain", &["wire"]), ("crates/engine", &["domain", "wire"])];
        assert_eq!(
            problems(members),
            [
                "2: domain (layer 0) imports wire (layer 0)",
                "3: engine imports wire, which the plan does not say"
            ]
        );
    }

    #[test]
    fn the_product_never_needs_a_tool_and_xtask_never_the_product() {
        let members: &[(&str, &[&str])] = &[
            ("crates/domain", &["testkit"]),
            ("crates/engine", &["build:testkit"]),
            ("dev/testkit", &[]),
            ("dev/xtask", &["domain"]),
        ];
        assert_eq!(
            problems(members),
            [
                "2: domain imports testkit, a tool of dev/",
                "1: engine imports testkit, a tool of dev/",
                "2: xtask imports domain of the product"
            ]
        );
    }

    #[test]
    fn a_crate_outside_the_plan_is_refused() {
        assert_eq!(problems(&[("crates/plugins", &[])]), ["1: plugins is not in the plan of the house"]);
    }
}
