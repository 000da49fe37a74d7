//! The first line of a catalogue: its form, and where its figures come from.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The version of the form that this code reads and writes.
pub(super) const FORMAT: u32 = 1;

/// What the first line says.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CatalogHeader {
    /// The version of the form.
    pub tollgate_catalog: u32,
    /// The day of the newest figure, as `2026-11-20`.
    pub date: String,
    /// Where the figures come from.
    #[serde(default)]
    pub sources: Vec<CatalogSource>,
    /// How many models follow.
    pub models: usize,
    /// In the packed form: where the part of each provider begins behind the header's, and how long it is, in bytes.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) members: BTreeMap<String, (usize, usize)>,
}

/// A publication that figures were taken from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CatalogSource {
    /// Its name.
    pub name: String,
    /// Its version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The day on which it was published, as `2026-11-20`.
    pub published: String,
    /// The licence that it was published under.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub licence: Option<String>,
    /// Its page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}
