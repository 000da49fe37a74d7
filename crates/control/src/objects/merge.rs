//! The objects of the API in the tree of the file, as if they stood there; and whose a mistake is that was found in the whole.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use super::body::{entry, node};
use super::id::{ObjectId, ObjectKind};
use super::of_file::{FileObjects, name_of};
use super::outside::Outside;
use super::set::Objects;
use crate::path::{Path, Segment};
use crate::problem::ConfigProblem;
use crate::structure::{check, is_nothing};
use crate::yaml::{Node, Position, Value};

/// What was put into a tree.
#[derive(Debug, Default)]
pub(crate) struct Merged {
    /// Of each section that is a list: how many entries the file has, and the names of those behind them.
    listed: BTreeMap<ObjectKind, (usize, Vec<Box<str>>)>,
    /// Of the other sections.
    keyed: BTreeSet<ObjectId>,
    /// What stays out of force because the file has an entry of its name.
    pub(crate) shadowed: Vec<ObjectId>,
    /// What the objects read although they may not.
    pub(crate) problems: Vec<ConfigProblem>,
}

impl Merged {
    /// Puts objects into the tree of a file that has `in_file`.
    pub(crate) fn into_tree(
        root: &mut Node,
        objects: &Objects,
        in_file: &FileObjects,
        schema: &Json,
    ) -> Self {
        let mut merged = Self::default();
        if objects.iter().next().is_none() {
            return merged;
        }
        let outside = Outside::permitted_by(root);
        for (id, object) in objects.iter() {
            if in_file.contains_key(id) {
                merged.shadowed.push(id.clone());
                continue;
            }
            let node = node(&object.whole());
            merged.ask(&outside, id, &node, schema);
            merged.put(root, id, node);
        }
        merged
    }

    /// What the path of a value in the whole tree is called when it belongs to an object: by its name instead of by its place in a list.
    pub(crate) fn path_in_object(&self, path: &Path) -> Option<Path> {
        let kind = ObjectKind::of_section(path.section()?)?;
        let name = match path.segments().get(1)? {
            Segment::Key(name) => {
                let id = ObjectId::new(kind, name).ok()?;
                self.keyed.contains(&id).then_some(name.as_str())?
            }
            Segment::Index(index) => {
                let (in_file, names) = self.listed.get(&kind)?;
                names.get(index.checked_sub(*in_file)?)?
            }
        };
        Some(Path::root().key(kind.section()).key(name).join(path.without(2)))
    }

    /// A problem with the place that it has for people.
    pub(crate) fn placed(&self, problem: ConfigProblem) -> ConfigProblem {
        match self.path_in_object(&problem.path) {
            Some(path) => ConfigProblem { position: None, path, ..problem },
            None => problem,
        }
    }

    fn ask(&mut self, outside: &Outside, id: &ObjectId, node: &Node, schema: &Json) {
        let path = Path::root().key(id.kind().section()).key(id.name());
        let secrets = secrets(id, node, schema);
        let problem = |(below, message)| ConfigProblem { position: None, path: path.join(below), message };
        self.problems.extend(outside.refused(id.kind(), node, &secrets).into_iter().map(problem));
    }

    fn put(&mut self, root: &mut Node, id: &ObjectId, node: Node) {
        let Some(section) = section(root, id.kind()) else { return };
        match &mut section.value {
            Value::Sequence(items) if id.kind().is_listed() => {
                let (_, names) = self.listed.entry(id.kind()).or_insert_with(|| (items.len(), Vec::new()));
                names.push(id.name().into());
                items.push(named(node, id.name()));
            }
            Value::Mapping(entries) if !id.kind().is_listed() => {
                self.keyed.insert(id.clone());
                entries.push(entry(id.name(), node));
            }
            // The file is wrong here, which is reported anyway.
            _ => {}
        }
    }
}

/// Where the secrets of an object are that says `body`.
pub(super) fn secret_places(id: &ObjectId, body: &Json, schema: &Json) -> Vec<Path> {
    secrets(id, &node(body), schema)
}

/// The same, of its tree.
fn secrets(id: &ObjectId, body: &Node, schema: &Json) -> Vec<Path> {
    let mapping =
        |key: &str, node| Node { position: Position::START, value: Value::Mapping(vec![entry(key, node)]) };
    let section = match id.kind().is_listed() {
        true => Node { position: Position::START, value: Value::Sequence(vec![body.clone()]) },
        false => mapping(id.name(), body.clone()),
    };
    let alone = mapping(id.kind().section(), section);
    check(&alone, schema).secret_places.iter().map(|path| path.without(2)).collect()
}

/// The section of a kind, made where the file says nothing of it.
fn section(root: &mut Node, kind: ObjectKind) -> Option<&mut Node> {
    let Value::Mapping(entries) = &mut root.value else { return None };
    let empty = || {
        let value = if kind.is_listed() { Value::Sequence(Vec::new()) } else { Value::Mapping(Vec::new()) };
        Node { position: Position::START, value }
    };
    let place = entries.iter().position(|entry| entry.key == kind.section()).unwrap_or_else(|| {
        entries.push(entry(kind.section(), empty()));
        entries.len() - 1
    });
    let section = &mut entries.get_mut(place)?.node;
    if is_nothing(section) {
        *section = empty();
    }
    Some(section)
}

/// An entry of a list, with its name whatever the body says.
fn named(mut item: Node, name: &str) -> Node {
    if name_of(&item) != Some(name)
        && let Value::Mapping(entries) = &mut item.value
    {
        entries.retain(|entry| entry.key != "name");
        entries.push(entry("name", node(&Json::from(name))));
    }
    item
}
