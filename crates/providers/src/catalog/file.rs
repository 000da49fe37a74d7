//! A catalogue's bytes. The packed form is gzip with a member for the header and one for each provider; together they are
//! one gzip file of JSON Lines, so every form is the same text.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::sync::OnceLock;

use flate2::bufread::{GzDecoder, MultiGzDecoder};
use flate2::write::GzEncoder;
use flate2::{Compression, GzBuilder};

use super::header::{CatalogHeader, FORMAT};
use super::line::{self, LineProblem};
use super::section::Section;

/// The largest catalogue, unpacked.
pub const CATALOG_BYTES_MAX: u64 = 64 << 20;

/// How gzip begins (RFC 1952 section 2.3.1).
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// Why bytes are no catalogue.
#[derive(Debug, thiserror::Error)]
pub enum CatalogProblem {
    /// It is not gzip, not UTF-8, or has no header.
    #[error("it is no catalogue: {0}")]
    Form(String),
    /// It was made for another version.
    #[error("it has form {0}, and this version of Tollgate reads form {FORMAT}")]
    Version(u32),
    /// It is larger than any catalogue.
    #[error("it is larger than {CATALOG_BYTES_MAX} bytes")]
    TooLarge,
    /// A line is wrong; the header is line 1.
    #[error("line {number}: {problem}")]
    Line {
        /// Which one.
        number: usize,
        /// What is wrong.
        problem: LineProblem,
    },
    /// Two models of a provider have the same name.
    #[error("`{provider}/{name}` is in it twice")]
    Twice {
        /// The provider.
        provider: String,
        /// The name.
        name: String,
    },
    /// The header counts differently.
    #[error("it says that it has {said} models and has {found}")]
    Count {
        /// What the header says.
        said: usize,
        /// How many there are.
        found: usize,
    },
}

/// A catalogue in its packed form, with what was unpacked so far.
pub(super) struct Packed {
    header: CatalogHeader,
    /// The members of the providers, without the header's.
    bytes: Cow<'static, [u8]>,
    sections: BTreeMap<String, OnceLock<Option<Section>>>,
}

impl Packed {
    /// Takes bytes in any form; those in packed form are not looked into.
    pub(super) fn of(bytes: &[u8]) -> Result<Self, CatalogProblem> {
        if bytes.starts_with(&GZIP) {
            let mut decoder = GzDecoder::new(bytes);
            let first = unpacked(&mut decoder)?;
            let rest = decoder.into_inner();
            return match read_header(first.trim_end()) {
                Ok(header) if fits(&header, rest.len()) => Ok(Self::new(header, rest.to_vec().into())),
                _ => pack(&unpacked(MultiGzDecoder::new(bytes))?),
            };
        }
        let text = std::str::from_utf8(bytes).map_err(|error| CatalogProblem::Form(error.to_string()))?;
        pack(text)
    }

    /// Takes bytes in packed form that live as long as the process.
    pub(super) fn of_static(bytes: &'static [u8]) -> Result<Self, CatalogProblem> {
        let mut decoder = GzDecoder::new(bytes);
        let header = read_header(&unpacked(&mut decoder)?)?;
        Ok(Self::new(header, decoder.into_inner().into()))
    }

    fn new(header: CatalogHeader, bytes: Cow<'static, [u8]>) -> Self {
        let sections = header.members.keys().map(|provider| (provider.clone(), OnceLock::new())).collect();
        Self { header, bytes, sections }
    }

    pub(super) fn header(&self) -> &CatalogHeader {
        &self.header
    }

    pub(super) fn providers(&self) -> impl Iterator<Item = &str> {
        self.sections.keys().map(String::as_str)
    }

    /// The part of a provider, unpacked the first time.
    pub(super) fn section(&self, provider: &str) -> Option<&Section> {
        let section = self.sections.get(provider)?;
        section.get_or_init(|| Some(Section::new(self.member(provider).ok()?))).as_ref()
    }

    /// Every line, the header first.
    pub(super) fn text(&self) -> String {
        let header = CatalogHeader { members: BTreeMap::new(), ..self.header.clone() };
        let mut text = serde_json::to_string(&header).unwrap_or_default();
        text.push('\n');
        for provider in self.providers() {
            text.push_str(&self.member(provider).unwrap_or_default());
        }
        text
    }

    /// Reads every line and looks for names that are there twice.
    pub(super) fn check(&self) -> Result<(), CatalogProblem> {
        let mut number = 1;
        for provider in self.providers() {
            let text = self.member(provider)?;
            let mut names = BTreeMap::new();
            for line in text.lines() {
                number += 1;
                let problem = |problem| CatalogProblem::Line { number, problem };
                let model = line::parse(line).map_err(problem)?;
                if model.provider.as_str() != provider {
                    return Err(problem(LineProblem::Provider(model.provider.to_string())));
                }
                let name = model.name.as_str();
                if names.insert(name.to_ascii_lowercase(), number).is_some() {
                    return Err(CatalogProblem::Twice {
                        provider: provider.to_owned(),
                        name: name.to_owned(),
                    });
                }
            }
        }
        let (said, found) = (self.header.models, number - 1);
        if said == found { Ok(()) } else { Err(CatalogProblem::Count { said, found }) }
    }

    /// How many parts were asked for so far.
    #[cfg(test)]
    pub(super) fn unpacked_sections(&self) -> usize {
        self.sections.values().filter(|section| section.get().is_some()).count()
    }

    fn member(&self, provider: &str) -> Result<String, CatalogProblem> {
        let (start, length) = self.header.members.get(provider).copied().unwrap_or_default();
        let bytes = start.checked_add(length).and_then(|end| self.bytes.get(start..end)).unwrap_or_default();
        unpacked(GzDecoder::new(bytes))
    }
}

/// Whether the header is that of the packed form, and the members are where it says.
fn fits(header: &CatalogHeader, length: usize) -> bool {
    let ends = header.members.values().map(|(start, length)| start.saturating_add(*length));
    ends.max().is_some_and(|end| end == length)
}

fn unpacked(packed: impl Read) -> Result<String, CatalogProblem> {
    let mut text = String::new();
    // One byte more than allowed tells what is too long from what just fits.
    let read = packed.take(CATALOG_BYTES_MAX + 1).read_to_string(&mut text);
    let read = read.map_err(|error| CatalogProblem::Form(error.to_string()))?;
    if read as u64 > CATALOG_BYTES_MAX { Err(CatalogProblem::TooLarge) } else { Ok(text) }
}

fn read_header(line: &str) -> Result<CatalogHeader, CatalogProblem> {
    #[derive(serde::Deserialize)]
    struct Version {
        tollgate_catalog: u32,
    }
    let form =
        |error: serde_json::Error| CatalogProblem::Form(format!("its first line is no header: {error}"));
    let version: Version = serde_json::from_str(line).map_err(form)?;
    if version.tollgate_catalog != FORMAT {
        return Err(CatalogProblem::Version(version.tollgate_catalog));
    }
    serde_json::from_str(line).map_err(form)
}

/// Sorts lines by provider and packs them.
fn pack(text: &str) -> Result<Packed, CatalogProblem> {
    let (first, rest) = text.split_once('\n').unwrap_or((text, ""));
    let mut header = read_header(first)?;
    let mut parts: BTreeMap<String, String> = BTreeMap::new();
    for (at, line) in rest.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let provider =
            line::provider(line).map_err(|problem| CatalogProblem::Line { number: at + 2, problem })?;
        let part = parts.entry(provider).or_default();
        part.push_str(line);
        part.push('\n');
    }
    let mut bytes = Vec::new();
    header.members.clear();
    for (provider, part) in parts {
        let start = bytes.len();
        bytes = packed_behind(bytes, &part)?;
        header.members.insert(provider, (start, bytes.len() - start));
    }
    Ok(Packed::new(header, bytes.into()))
}

fn packed_behind(bytes: Vec<u8>, text: &str) -> Result<Vec<u8>, CatalogProblem> {
    let mut encoder: GzEncoder<Vec<u8>> = GzBuilder::new().write(bytes, Compression::fast());
    let written = encoder.write_all(text.as_bytes()).and_then(|()| encoder.finish());
    written.map_err(|error| CatalogProblem::Form(error.to_string()))
}
