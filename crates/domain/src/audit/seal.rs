//! The chain: how a record is sealed, how it is written as a line, and how a chain is found to be whole.

#[cfg(test)]
mod tests;

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::value::RawValue;

use super::AuditEntry;

/// BLAKE3 over the hash before, the number of the record and its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AuditHash([u8; 32]);

/// A place in the chain: so many records, and the hash of the last of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Head {
    /// The number of the last record; 0 where there is none.
    pub sequence: u64,
    /// Its hash.
    pub hash: AuditHash,
}

/// A record as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedRecord {
    /// Where the chain is with it.
    pub head: Head,
    /// The entry as JSON, as it was hashed.
    pub text: Box<str>,
}

/// Why records are not the chain that they should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BrokenChain {
    /// A record is not where it belongs.
    #[error("record {expected} is missing; record {found} stands in its place")]
    Missing {
        /// The number that should come.
        expected: u64,
        /// The number that comes.
        found: u64,
    },
    /// A record, or one before it, is not what was sealed.
    #[error("record {0} does not fit its hash; it, or what stood before it, was changed")]
    Changed(u64),
    /// The chain ends elsewhere.
    #[error("the chain ends with record {} and the hash {}, and not with {} as expected", found.sequence, found.hash, expected)]
    OtherHead {
        /// Where it should end.
        expected: AuditHash,
        /// Where it ends.
        found: Head,
    },
}

/// Why a line is no record.
#[derive(Debug, thiserror::Error)]
#[error("it is no line of an audit log: {0}")]
pub struct LineProblem(#[from] serde_json::Error);

impl Head {
    /// That of a chain without records.
    pub const EMPTY: Self = Self { sequence: 0, hash: AuditHash([0; 32]) };

    /// The next record.
    ///
    /// # Errors
    /// When the entry cannot be written as JSON.
    pub fn seal(&self, entry: &AuditEntry) -> Result<SealedRecord, serde_json::Error> {
        let text = serde_json::to_string(entry)?.into_boxed_str();
        Ok(SealedRecord { head: self.followed_by(&text), text })
    }

    fn followed_by(&self, text: &str) -> Self {
        let sequence = self.sequence + 1;
        let mut hasher = blake3::Hasher::new();
        hasher.update(&self.hash.0).update(&sequence.to_be_bytes()).update(text.as_bytes());
        Self { sequence, hash: AuditHash(*hasher.finalize().as_bytes()) }
    }

    /// Goes on to the next record.
    ///
    /// # Errors
    /// When it is not the next, or not what was sealed.
    pub fn follow(&mut self, record: &SealedRecord) -> Result<(), BrokenChain> {
        let next = self.followed_by(&record.text);
        if record.head.sequence != next.sequence {
            return Err(BrokenChain::Missing { expected: next.sequence, found: record.head.sequence });
        }
        if record.head.hash != next.hash {
            return Err(BrokenChain::Changed(next.sequence));
        }
        *self = next;
        Ok(())
    }

    /// Compares the end of a chain with what it is known to be.
    ///
    /// # Errors
    /// When it is another.
    pub fn expect(&self, expected: AuditHash) -> Result<(), BrokenChain> {
        if self.hash == expected { Ok(()) } else { Err(BrokenChain::OtherHead { expected, found: *self }) }
    }
}

/// A line of an exported log.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line<'a> {
    sequence: u64,
    hash: AuditHash,
    #[serde(borrow)]
    entry: &'a RawValue,
}

impl SealedRecord {
    /// What was done.
    ///
    /// # Errors
    /// When the text is none that was sealed here.
    pub fn entry(&self) -> Result<AuditEntry, LineProblem> {
        Ok(serde_json::from_str(&self.text)?)
    }

    /// The record as one line of JSON: `sequence`, `hash` and `entry`.
    ///
    /// # Errors
    /// When the text is no JSON.
    pub fn to_line(&self) -> Result<String, LineProblem> {
        let Head { sequence, hash } = self.head;
        Ok(serde_json::to_string(&Line { sequence, hash, entry: serde_json::from_str(&self.text)? })?)
    }

    /// Reads a line.
    ///
    /// # Errors
    /// When it is none.
    pub fn from_line(line: &str) -> Result<Self, LineProblem> {
        let Line { sequence, hash, entry } = serde_json::from_str(line)?;
        Ok(Self { head: Head { sequence, hash }, text: entry.get().into() })
    }
}

impl AuditHash {
    /// The hash that was kept as these bytes.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Its bytes, to be kept.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for AuditHash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "blake3:{}", blake3::Hash::from_bytes(self.0).to_hex())
    }
}

/// A text that is no hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a hash of the audit log is `blake3:` and 64 hexadecimal digits")]
pub struct HashProblem;

impl std::str::FromStr for AuditHash {
    type Err = HashProblem;

    fn from_str(text: &str) -> Result<Self, HashProblem> {
        let digits = text.strip_prefix("blake3:").ok_or(HashProblem)?;
        blake3::Hash::from_hex(digits).map(|hash| Self(*hash.as_bytes())).map_err(|_| HashProblem)
    }
}

impl Serialize for AuditHash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for AuditHash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <&str>::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}
