//! Where in the document the scanner stands, for the path of an error.
//!
//! The hot path stores only the span of each open key. Their text is copied when a chunk ends, because the chunk may
//! be gone when an error has to name them; a body that arrives in one chunk copies nothing.

use std::ops::Range;

use super::Container;

/// Longest key text that is kept for a path.
const KEY_BYTES_MAX: usize = 64;

/// Longest path that is written.
const PATH_BYTES_MAX: usize = 512;

/// The open containers and the current position in each.
#[derive(Debug, Default)]
pub(super) struct Place {
    levels: Vec<Level>,
    names: Vec<Name>,
    /// How many levels, from the outermost, have an up-to-date entry in `names`.
    named: usize,
}

#[derive(Debug)]
struct Level {
    container: Container,
    /// In an array, the index of the current element.
    index: usize,
    /// In an object, the span of the current key's text; none before a key has been read.
    key: Option<Range<usize>>,
}

/// The text of a key, or of its part that has arrived, from a chunk that is over.
#[derive(Debug, Default)]
struct Name {
    start: usize,
    text: Vec<u8>,
}

impl Place {
    pub(super) fn depth(&self) -> usize {
        self.levels.len()
    }

    /// The innermost open container.
    pub(super) fn container(&self) -> Option<Container> {
        self.levels.last().map(|level| level.container)
    }

    pub(super) fn enter(&mut self, container: Container) {
        self.levels.push(Level { container, index: 0, key: None });
    }

    pub(super) fn leave(&mut self) {
        self.levels.pop();
        self.named = self.named.min(self.levels.len());
    }

    /// A key has been read in the innermost object.
    pub(super) fn at_key(&mut self, key: Range<usize>) {
        self.set_key(Some(key));
    }

    /// A comma has been read in the innermost container.
    pub(super) fn next_child(&mut self) {
        match self.levels.last_mut() {
            Some(level) if level.container == Container::Array => level.index += 1,
            _ => self.set_key(None),
        }
    }

    fn set_key(&mut self, key: Option<Range<usize>>) {
        if let Some(level) = self.levels.last_mut() {
            level.key = key;
            self.named = self.named.min(self.levels.len() - 1);
        }
    }

    /// Copies the text of the open keys, before the chunk that begins at `base` goes away. `unfinished` is the span so
    /// far of a key that the chunk's end cuts.
    pub(super) fn remember(&mut self, chunk: &[u8], base: usize, unfinished: Option<&Range<usize>>) {
        if unfinished.is_some() {
            // What is kept of the innermost level is of its previous key, or an earlier part of this one.
            self.named = self.named.min(self.levels.len().saturating_sub(1));
        }
        for depth in self.named..self.levels.len() {
            let is_innermost = depth + 1 == self.levels.len();
            let key = unfinished.filter(|_| is_innermost).or(self.levels[depth].key.as_ref());
            let name = match key {
                Some(key) => Name { start: key.start, text: self.key_text(depth, key, chunk, base) },
                None => Name::default(),
            };
            self.names.truncate(depth);
            self.names.push(name);
        }
        self.named =
            if unfinished.is_some() { self.levels.len().saturating_sub(1) } else { self.levels.len() };
    }

    /// The path of the current position, such as `messages[3].content`.
    pub(super) fn path(&self, chunk: &[u8], base: usize) -> String {
        let mut path = String::new();
        for (depth, level) in self.levels.iter().enumerate() {
            if path.len() >= PATH_BYTES_MAX {
                path.push('…');
                break;
            }
            match (level.container, &level.key) {
                (Container::Array, _) => path.push_str(&format!("[{}]", level.index)),
                (Container::Object, Some(key)) => {
                    if !path.is_empty() {
                        path.push('.');
                    }
                    path.push_str(&String::from_utf8_lossy(&self.key_text(depth, key, chunk, base)));
                }
                (Container::Object, None) => {}
            }
        }
        path
    }

    /// The key's text from what was remembered of it and what lies in the chunk.
    fn key_text(&self, depth: usize, key: &Range<usize>, chunk: &[u8], base: usize) -> Vec<u8> {
        let mut text = match self.names.get(depth) {
            Some(name) if name.start == key.start => name.text.clone(),
            _ => Vec::new(),
        };
        let from = (key.start + text.len()).saturating_sub(base);
        let to = key.end.saturating_sub(base).min(from + KEY_BYTES_MAX.saturating_sub(text.len()));
        text.extend_from_slice(chunk.get(from..to).unwrap_or_default());
        text
    }
}
