//! The file that is embedded: JSON Lines in gzip, in a member for the header and one for each provider, so that a lookup
//! unpacks one provider. Together the members are one gzip file, which `zcat` reads.

use std::collections::BTreeMap;
use std::io::Write;

use anyhow::Result;
use flate2::{Compression, GzBuilder};
use serde::Serialize;

use super::entry::Entry;
use super::release::Release;

/// The version of the form.
const FORMAT: u32 = 1;

/// The first line.
#[derive(Serialize)]
struct Header<'r> {
    tollgate_catalog: u32,
    /// The day of the newest source.
    date: &'r str,
    sources: &'r [Release],
    models: usize,
    /// Where the member of each provider begins, counted from the end of the header's, and how long it is.
    members: BTreeMap<&'r str, (usize, usize)>,
}

/// The bytes of the file. The same entries make the same bytes.
pub(super) fn file(entries: &[Entry], sources: &[Release]) -> Result<Vec<u8>> {
    let mut lines: BTreeMap<&str, String> = BTreeMap::new();
    for entry in entries {
        let text = lines.entry(entry.provider).or_default();
        text.push_str(&serde_json::to_string(entry)?);
        text.push('\n');
    }
    let mut packed = Vec::new();
    let mut members = BTreeMap::new();
    for (provider, text) in &lines {
        let member = member(text)?;
        members.insert(*provider, (packed.len(), member.len()));
        packed.extend(member);
    }
    let date = sources.iter().map(|source| source.published).max().unwrap_or_default();
    let header = Header { tollgate_catalog: FORMAT, date, sources, models: entries.len(), members };
    let mut file = member(&format!("{}\n", serde_json::to_string(&header)?))?;
    file.extend(packed);
    Ok(file)
}

/// Without the time of packing and the system it was packed on.
fn member(text: &str) -> Result<Vec<u8>> {
    let mut encoder = GzBuilder::new().mtime(0).operating_system(255).write(Vec::new(), Compression::best());
    encoder.write_all(text.as_bytes())?;
    Ok(encoder.finish()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    fn entry(provider: &'static str, name: &str) -> Entry {
        Entry { provider, name: name.to_owned(), ..Entry::default() }
    }

    #[test]
    fn the_members_are_one_gzip_file_of_lines_and_each_is_found_by_the_header() {
        let entries = [entry("a", "one"), entry("b", "two"), entry("b", "three")];
        let bytes = file(&entries, &[]).unwrap();
        let mut text = String::new();
        flate2::read::MultiGzDecoder::new(bytes.as_slice()).read_to_string(&mut text).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(
            lines[1..],
            [
                r#"{"provider":"a","name":"one"}"#,
                r#"{"provider":"b","name":"two"}"#,
                r#"{"provider":"b","name":"three"}"#
            ]
        );
        let header: serde_json::Value = serde_json::from_str(lines[0]).unwrap();
        let (from, length) = (&header["members"]["b"][0], &header["members"]["b"][1]);
        let end = bytes.len();
        let start = end - usize::try_from(length.as_u64().unwrap()).unwrap();
        let mut member = String::new();
        flate2::read::GzDecoder::new(&bytes[start..]).read_to_string(&mut member).unwrap();
        assert_eq!(member.lines().count(), 2);
        assert!(from.as_u64().unwrap() > 0);
    }

    #[test]
    fn the_same_entries_make_the_same_bytes() {
        let entries = [entry("a", "one")];
        assert_eq!(file(&entries, &[]).unwrap(), file(&entries, &[]).unwrap());
    }
}
