//! Which accounts a request is charged to.

use std::collections::HashMap;

use domain::Allotment;
use domain::allotment::{Attribute, Selector};
use smallvec::SmallVec;

/// The longest name of a group that is kept as it is; of a longer one a hash is.
const GROUP_BYTES_MAX: usize = 256;
/// Between the values of a group's attributes.
const SEPARATOR: char = '\u{1f}';

/// What a request is known by.
pub trait Described {
    /// The value of an attribute that does not depend on the target.
    fn value(&self, attribute: &Attribute) -> Option<&str>;
}

/// A target, by the names that allotments know it by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Named<'a> {
    /// Its provider.
    pub provider: &'a str,
    /// `provider/model`; none where no model is asked for.
    pub model: Option<&'a str>,
    /// The id of the credential that it is called with; none where nobody asks for it.
    pub credential: Option<&'a str>,
}

/// The accounts that a request is charged to, each by the place of its allotment and its group.
pub type Claims = SmallVec<[(usize, Box<str>); 8]>;

/// The group that a request is of, when it goes to a target; none when the allotment is not for it.
pub(super) fn group(
    selector: &Selector,
    request: &dyn Described,
    target: Option<&Named<'_>>,
) -> Option<Box<str>> {
    let value = |attribute: &Attribute| match attribute {
        Attribute::Provider => target.map(|target| target.provider),
        Attribute::Model => target?.model,
        Attribute::Credential => target?.credential,
        other => request.value(other),
    };
    if !selector.matches(value) {
        return None;
    }
    Some(written(selector.group_by.iter().map(|attribute| value(attribute).unwrap_or_default())))
}

/// The name of the group of these values, one for each attribute.
pub(super) fn written<'v>(values: impl IntoIterator<Item = &'v str>) -> Box<str> {
    let mut group = String::new();
    for (place, value) in values.into_iter().enumerate() {
        if place > 0 {
            group.push(SEPARATOR);
        }
        group.push_str(value);
    }
    if group.len() > GROUP_BYTES_MAX {
        return format!("blake3:{}", blake3::hash(group.as_bytes()).to_hex()).into();
    }
    group.into()
}

/// The values of a group, or its hash where that is all there is; none where all share.
pub(super) fn parts(group: &str, selector: &Selector) -> Vec<Box<str>> {
    if selector.group_by.is_empty() {
        return Vec::new();
    }
    group.split(SEPARATOR).map(Box::from).collect()
}

/// A group for people: its values, or `-` for one that a request does not have; empty where all share.
#[must_use]
pub(super) fn shown(group: &str, selector: &Selector) -> String {
    if selector.group_by.is_empty() {
        return String::new();
    }
    let values = group.split(SEPARATOR).map(|value| if value.is_empty() { "-" } else { value });
    values.collect::<Vec<_>>().join(", ")
}

/// The places of allotments, by a value that requests have.
type Places = HashMap<Box<str>, Vec<usize>>;

/// Finds the allotments that may be for a request without looking at all of them: most are for one key, team or customer.
#[derive(Debug, Default)]
pub(super) struct Index {
    /// By the value of an attribute, those that are only for requests with that value.
    by_value: Vec<(Attribute, Places)>,
    /// The others.
    rest: Vec<usize>,
}

impl Index {
    pub(super) fn of<'a>(allotments: impl Iterator<Item = &'a Allotment>) -> Self {
        let mut index = Self::default();
        for (place, allotment) in allotments.enumerate() {
            let tests = allotment.selector.tests.iter();
            let exact = tests.filter(|(attribute, patterns)| {
                !attribute.is_of_target() && patterns.iter().all(domain::Pattern::is_exact)
            });
            match exact.min_by_key(|(attribute, _)| std::cmp::Reverse(attribute.clone())) {
                Some((attribute, patterns)) => {
                    let values = index.values_of(attribute);
                    for pattern in patterns {
                        let places = values.entry(pattern.as_str().into()).or_default();
                        if places.last() != Some(&place) {
                            places.push(place);
                        }
                    }
                }
                None => index.rest.push(place),
            }
        }
        index
    }

    /// The places of the allotments that may be for a request.
    pub(super) fn candidates<'i>(&'i self, request: &'i dyn Described) -> impl Iterator<Item = usize> + 'i {
        let found =
            self.by_value.iter().filter_map(|(attribute, places)| places.get(request.value(attribute)?));
        found.flatten().chain(&self.rest).copied()
    }

    fn values_of(&mut self, attribute: &Attribute) -> &mut Places {
        let known = self.by_value.iter().position(|(known, _)| known == attribute);
        let place = known.unwrap_or(self.by_value.len());
        if known.is_none() {
            self.by_value.push((attribute.clone(), HashMap::new()));
        }
        &mut self.by_value[place].1
    }
}
