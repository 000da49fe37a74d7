//! The parser's events become a tree. Nesting and size are bounded, aliases are copies, `<<` merges, and a key that
//! occurs twice is reported with both of its lines.

use std::collections::{BTreeMap, HashMap};

use serde_saphyr::granit_parser::{self, Event, Marker, Parser, ScalarStyle, ScanError, Tag};

use super::{DEPTH_MAX, Entry, NODES_MAX, Node, Position, Scalar, Style, Value, YamlProblem};

/// The tree of a text, `None` when there is no usable one, and everything that was found wrong. A text without any
/// value is an empty mapping.
#[must_use]
pub fn read(text: &str) -> (Option<Node>, Vec<YamlProblem>) {
    let mut builder = Builder::default();
    let root = match builder.run(text) {
        Ok(()) if builder.open.is_empty() => Some(builder.root.unwrap_or_else(empty)),
        Ok(()) => None,
        Err(problem) => {
            builder.problems.push(problem);
            None
        }
    };
    (root, builder.problems)
}

fn empty() -> Node {
    Node { position: Position::START, value: Value::Mapping(Vec::new()) }
}

#[derive(Default)]
struct Builder {
    root: Option<Node>,
    open: Vec<Open>,
    anchors: HashMap<usize, Node>,
    nodes: usize,
    problems: Vec<YamlProblem>,
}

/// A collection that has begun.
struct Open {
    position: Position,
    anchor: usize,
    collection: Collection,
}

enum Collection {
    Sequence(Vec<Node>),
    Mapping { entries: Vec<Entry>, places: BTreeMap<String, Position>, key: Option<(String, Position)> },
}

impl Builder {
    fn run(&mut self, text: &str) -> Result<(), YamlProblem> {
        let options = granit_parser::options! {
            disallow_directives: true,
            emit_comments: false,
            flow_nesting_limit: DEPTH_MAX,
            block_nesting_limit: DEPTH_MAX,
        };
        for next in Parser::new_from_str_with_options(text, options) {
            let (event, span) = next.map_err(|error| syntax(&error))?;
            self.event(event, position(span.start))?;
        }
        Ok(())
    }

    fn event(&mut self, event: Event<'_>, position: Position) -> Result<(), YamlProblem> {
        match event {
            Event::DocumentStart(..) if self.root.is_some() => {
                Err(problem(position, "there is a second document; a configuration is one document"))
            }
            Event::Scalar(text, style, anchor, tag) => {
                let scalar = self.scalar(&text, style, tag.as_deref(), position);
                self.add(Node { position, value: Value::Scalar(scalar) }, anchor)
            }
            Event::SequenceStart(_, anchor, tag) => {
                self.check_tag(tag.as_deref(), "seq", position);
                self.begin(position, anchor, Collection::Sequence(Vec::new()))
            }
            Event::MappingStart(_, anchor, tag) => {
                self.check_tag(tag.as_deref(), "map", position);
                let places = BTreeMap::new();
                self.begin(position, anchor, Collection::Mapping { entries: Vec::new(), places, key: None })
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(),
            Event::Alias(anchor) => match self.anchors.get(&anchor).cloned() {
                Some(node) => {
                    self.count(node.size(), position)?;
                    self.add(Node { position, ..node }, 0)
                }
                None => Err(problem(position, "an alias cannot stand within what it repeats")),
            },
            _ => Ok(()),
        }
    }

    fn begin(
        &mut self,
        position: Position,
        anchor: usize,
        collection: Collection,
    ) -> Result<(), YamlProblem> {
        if matches!(self.open.last(), Some(Open { collection: Collection::Mapping { key: None, .. }, .. })) {
            return Err(problem(position, "a key must be a text"));
        }
        if self.open.len() >= DEPTH_MAX {
            return Err(problem(position, format!("values are nested more than {DEPTH_MAX} deep")));
        }
        self.open.push(Open { position, anchor, collection });
        Ok(())
    }

    fn end(&mut self) -> Result<(), YamlProblem> {
        let Some(Open { position, anchor, collection }) = self.open.pop() else {
            return Ok(());
        };
        let value = match collection {
            Collection::Sequence(items) => Value::Sequence(items),
            Collection::Mapping { entries, .. } => Value::Mapping(entries),
        };
        self.add(Node { position, value }, anchor)
    }

    /// Puts a finished node where it belongs: into the innermost open collection, or at the root.
    fn add(&mut self, node: Node, anchor: usize) -> Result<(), YamlProblem> {
        self.count(1, node.position)?;
        if anchor != 0 {
            self.count(node.size(), node.position)?;
            self.anchors.insert(anchor, node.clone());
        }
        match self.open.last_mut().map(|open| &mut open.collection) {
            None => self.root = Some(node),
            Some(Collection::Sequence(items)) => items.push(node),
            Some(Collection::Mapping { entries, places, key }) => match key.take() {
                None => *key = Some(key_of(node)?),
                Some((name, at)) if name == "<<" => merge(entries, places, node, at)?,
                Some((name, at)) => {
                    insert(entries, places, Entry { key: name, position: at, node }, &mut self.problems)
                }
            },
        }
        Ok(())
    }

    /// Counts every value that is kept, copies included.
    fn count(&mut self, nodes: usize, position: Position) -> Result<(), YamlProblem> {
        self.nodes += nodes;
        if self.nodes > NODES_MAX {
            return Err(problem(position, format!("there are more than {NODES_MAX} values")));
        }
        Ok(())
    }

    fn scalar(&mut self, text: &str, style: ScalarStyle, tag: Option<&Tag>, position: Position) -> Scalar {
        let text_tag = tag.and_then(Tag::core_suffix) == Some("str");
        if !text_tag {
            self.check_tag(tag, "", position);
        }
        let plain = style == ScalarStyle::Plain && !text_tag;
        Scalar { text: text.to_owned(), style: if plain { Style::Plain } else { Style::Quoted } }
    }

    /// Tags say nothing that the schema does not; one that contradicts would be ignored silently, so it is refused.
    fn check_tag(&mut self, tag: Option<&Tag>, fitting: &str, position: Position) {
        if let Some(tag) = tag.filter(|tag| tag.core_suffix() != Some(fitting)) {
            self.problems
                .push(problem(position, format!("the tag `{}` is not supported; remove it", tag.original())));
        }
    }
}

fn insert(
    entries: &mut Vec<Entry>,
    places: &mut BTreeMap<String, Position>,
    entry: Entry,
    problems: &mut Vec<YamlProblem>,
) {
    match places.get(&entry.key) {
        Some(first) => problems.push(problem(
            entry.position,
            format!("the key `{}` occurs twice; it stands in line {} already", entry.key, first.line),
        )),
        None => {
            places.insert(entry.key.clone(), entry.position);
            // What was written here wins over what was merged in, wherever `<<` stands.
            entries.retain(|merged| merged.key != entry.key);
            entries.push(entry);
        }
    }
}

/// `<<`: the entries of another mapping, or of several, where there are none of the same key (the first one wins).
fn merge(
    entries: &mut Vec<Entry>,
    places: &BTreeMap<String, Position>,
    node: Node,
    at: Position,
) -> Result<(), YamlProblem> {
    let sources = match node.value {
        Value::Sequence(items) => items,
        _ => vec![node],
    };
    for source in sources {
        let Value::Mapping(merged) = source.value else {
            return Err(problem(at, "`<<` merges a mapping, or a list of mappings"));
        };
        for entry in merged {
            if !places.contains_key(&entry.key) && !entries.iter().any(|known| known.key == entry.key) {
                entries.push(entry);
            }
        }
    }
    Ok(())
}

fn key_of(node: Node) -> Result<(String, Position), YamlProblem> {
    match node.value {
        Value::Scalar(scalar) => Ok((scalar.text, node.position)),
        _ => Err(problem(node.position, "a key must be a text")),
    }
}

fn position(marker: Marker) -> Position {
    Position { line: marker.line(), column: marker.col() + 1 }
}

fn syntax(error: &ScanError) -> YamlProblem {
    problem(position(*error.marker()), format!("not valid YAML: {}", error.info()))
}

fn problem(position: Position, message: impl Into<String>) -> YamlProblem {
    YamlProblem { position, message: message.into() }
}
