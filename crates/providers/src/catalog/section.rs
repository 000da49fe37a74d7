//! One provider's models: the text of their lines, and an index of their names.

use std::sync::Arc;

use domain::{CatalogModel, Pattern};

use super::{line, names};

/// The models of one provider. A line is read when its model is asked for.
pub(super) struct Section {
    text: Box<str>,
    /// Names in small letters, sorted, each with the place of its line.
    names: Vec<(Box<str>, Place)>,
    /// Patterns in small letters, the longest first.
    patterns: Vec<(Pattern, Place)>,
}

/// Where a line begins and ends in the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Place {
    start: u32,
    end: u32,
}

impl Section {
    /// Indexes the lines of a provider; what is no line of a model has no name.
    pub(super) fn new(text: String) -> Self {
        let mut names = Vec::new();
        let mut patterns = Vec::new();
        let mut start = 0;
        for line in text.split_inclusive('\n') {
            let place = Place { start: offset(start), end: offset(start + line.len()) };
            start += line.len();
            for (rank, name) in line::names(line).enumerate() {
                if name.contains('*') {
                    patterns.push((Pattern::from(name.as_str()), place));
                } else {
                    names.push((name, rank, place));
                }
            }
        }
        // A model's own name goes before another name of another model.
        names
            .sort_unstable_by(|(one, rank, _), (other, other_rank, _)| (one, rank).cmp(&(other, other_rank)));
        names.dedup_by(|(later, ..), (earlier, ..)| later == earlier);
        patterns.sort_by_key(|(pattern, _)| std::cmp::Reverse(pattern.as_str().len()));
        let names = names.into_iter().map(|(name, _, place)| (name.into(), place)).collect();
        Self { text: text.into(), names, patterns }
    }

    /// The model that this provider is asked for by a name.
    pub(super) fn find(&self, model: &str) -> Option<Arc<CatalogModel>> {
        let model = model.to_ascii_lowercase();
        let forms = names::forms(&model);
        let place = forms.iter().find_map(|form| self.named(form)).or_else(|| {
            forms.iter().find_map(|form| {
                let fits = self.patterns.iter().find(|(pattern, _)| pattern.matches(form));
                fits.map(|(_, place)| *place)
            })
        })?;
        self.model(place)
    }

    /// Every model, in the order of the text.
    pub(super) fn models(&self) -> Vec<Arc<CatalogModel>> {
        self.text.lines().filter_map(|line| line::parse(line).ok()).map(Arc::new).collect()
    }

    fn named(&self, name: &str) -> Option<Place> {
        let at = self.names.binary_search_by(|(known, _)| (**known).cmp(name)).ok()?;
        self.names.get(at).map(|(_, place)| *place)
    }

    fn model(&self, place: Place) -> Option<Arc<CatalogModel>> {
        let (start, end) = (usize::try_from(place.start).ok()?, usize::try_from(place.end).ok()?);
        line::parse(self.text.get(start..end)?).ok().map(Arc::new)
    }
}

/// A catalogue is smaller than what 32 bits count ([`super::CATALOG_BYTES_MAX`]).
fn offset(bytes: usize) -> u32 {
    u32::try_from(bytes).unwrap_or(u32::MAX)
}
