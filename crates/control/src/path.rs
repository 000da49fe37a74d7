//! Where in the configuration something is, apart from its line: `routes.fast.targets[1].retry`.

use std::fmt;

use crate::yaml::{Node, Position, Value};

/// Keys and list places from the root down. Two paths with the same text may differ, because keys may hold dots.
#[derive(Debug, Clone, PartialEq, Eq, Default, PartialOrd, Ord)]
pub struct Path(Vec<Segment>);

/// One step of a path.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Segment {
    /// The value of this key.
    Key(String),
    /// The item at this place of a list, from 0.
    Index(usize),
}

impl Path {
    /// The configuration as a whole.
    #[must_use]
    pub fn root() -> Self {
        Self::default()
    }

    /// The value of a key below this.
    #[must_use]
    pub fn key(&self, key: &str) -> Self {
        self.with(Segment::Key(key.to_owned()))
    }

    /// An item of the list at this path.
    #[must_use]
    pub fn index(&self, index: usize) -> Self {
        self.with(Segment::Index(index))
    }

    /// This path followed by one written as `targets[1].retry`, whose keys hold neither dots nor brackets.
    #[must_use]
    pub fn below(&self, text: &str) -> Self {
        let mut path = self.clone();
        for piece in text.split(['.', '[']).filter(|piece| !piece.is_empty()) {
            let index = piece.strip_suffix(']').and_then(|digits| digits.parse().ok());
            path.0.push(index.map_or_else(|| Segment::Key(piece.to_owned()), Segment::Index));
        }
        path
    }

    /// The first key, when there is one.
    #[must_use]
    pub fn section(&self) -> Option<&str> {
        match self.0.first() {
            Some(Segment::Key(key)) => Some(key),
            _ => None,
        }
    }

    /// Its steps from the root down.
    #[must_use]
    pub fn segments(&self) -> &[Segment] {
        &self.0
    }

    /// This path without its first steps.
    #[must_use]
    pub fn without(&self, steps: usize) -> Self {
        Self(self.0.iter().skip(steps).cloned().collect())
    }

    /// Where this is in the text: at a value without parts, else at its key, else at the nearest thing above that is
    /// written at all.
    #[must_use]
    pub fn locate(&self, root: &Node) -> Position {
        let mut node = root;
        let mut position = root.position;
        for segment in &self.0 {
            let step = match (segment, &node.value) {
                (Segment::Key(key), _) => node.get(key).map(|entry| (&entry.node, entry.position)),
                (Segment::Index(index), Value::Sequence(items)) => {
                    items.get(*index).map(|item| (item, item.position))
                }
                (Segment::Index(_), _) => None,
            };
            let Some((below, at)) = step else { return position };
            let has_parts = !matches!(below.value, Value::Scalar(_));
            position = if has_parts { at } else { below.position };
            node = below;
        }
        position
    }

    fn with(&self, segment: Segment) -> Self {
        let mut path = self.clone();
        path.0.push(segment);
        path
    }
}

impl fmt::Display for Path {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, segment) in self.0.iter().enumerate() {
            match segment {
                Segment::Key(key) if place == 0 => formatter.write_str(key)?,
                Segment::Key(key) => write!(formatter, ".{key}")?,
                Segment::Index(index) => write!(formatter, "[{index}]")?,
            }
        }
        Ok(())
    }
}

impl From<&serde_path_to_error::Path> for Path {
    fn from(path: &serde_path_to_error::Path) -> Self {
        use serde_path_to_error::Segment as Step;
        let segment = |step: &Step| match step {
            Step::Seq { index } => Some(Segment::Index(*index)),
            Step::Map { key } => Some(Segment::Key(key.clone())),
            Step::Enum { .. } | Step::Unknown => None,
        };
        Self(path.iter().filter_map(segment).collect())
    }
}

impl Path {
    /// This path followed by another.
    #[must_use]
    pub fn join(&self, other: Self) -> Self {
        let mut path = self.clone();
        path.0.extend(other.0);
        path
    }
}

#[cfg(test)]
mod tests {
    use super::Path;
    use crate::yaml::{Position, read};

    #[test]
    fn a_path_reads_as_it_is_written() {
        let path = Path::root().key("routes").key("v1.5").below("targets[1].retry.on_status_codes[0]");
        assert_eq!(path.to_string(), "routes.v1.5.targets[1].retry.on_status_codes[0]");
        assert_eq!(path.section(), Some("routes"));
        assert_eq!(Path::root().below("").to_string(), "");
    }

    #[test]
    fn a_path_is_located_at_the_value_or_the_nearest_thing_above() {
        let root =
            read("routes:\n  fast:\n    targets:\n      - provider: openai\n        retry: {attempts: 3}\n")
                .0
                .unwrap();
        let at = |path: &str| {
            let Position { line, column } = Path::root().below(path).locate(&root);
            (line, column)
        };
        assert_eq!(at("routes.fast"), (2, 3));
        assert_eq!(at("routes.fast.targets[0].provider"), (4, 19));
        assert_eq!(at("routes.fast.targets[0].retry.attempts"), (5, 27));
        assert_eq!(at("routes.fast.targets[0].retry.backoff_max"), (5, 9));
        assert_eq!(at("routes.fast.targets[7].model"), (3, 5));
        assert_eq!(at("keys[0]"), (1, 1));
    }
}
