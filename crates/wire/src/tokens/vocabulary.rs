//! The tokens of a vocabulary by their bytes, in two arrays: a hash table of owned strings would take three times the
//! memory.

use std::io::{self, Read};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::read::GzDecoder;

/// Tokens and their ranks; the lower rank is merged first.
#[derive(Debug)]
pub(super) struct Vocabulary {
    /// The bytes of all tokens, in the order of their ranks.
    bytes: Vec<u8>,
    /// Where the token of each rank ends in `bytes`.
    ends: Vec<u32>,
    /// Ranks plus one by hash, with open addressing; 0 is free. A power of two long, at most half full.
    slots: Vec<u32>,
}

impl Vocabulary {
    /// Reads a file of `tiktoken`: lines of base64 and rank, ranks rising from 0, compressed.
    pub(super) fn read(file: &[u8]) -> io::Result<Self> {
        let mut text = String::new();
        GzDecoder::new(file).read_to_string(&mut text)?;
        let mut vocabulary = Self { bytes: Vec::new(), ends: Vec::new(), slots: Vec::new() };
        for line in text.lines() {
            let token = line.split(' ').next().unwrap_or_default();
            STANDARD.decode_vec(token, &mut vocabulary.bytes).map_err(io::Error::other)?;
            vocabulary.ends.push(u32::try_from(vocabulary.bytes.len()).map_err(io::Error::other)?);
        }
        vocabulary.index();
        Ok(vocabulary)
    }

    fn index(&mut self) {
        self.slots = vec![0; (self.ends.len() * 2).next_power_of_two()];
        for rank in 0..self.ends.len() {
            let mut slot = self.first_slot(self.token(rank));
            while self.slots[slot] != 0 {
                slot = self.next_slot(slot);
            }
            self.slots[slot] = u32::try_from(rank + 1).unwrap_or(0);
        }
    }

    /// The rank of a token; `None` when these bytes are none.
    pub(super) fn rank(&self, token: &[u8]) -> Option<u32> {
        let mut slot = self.first_slot(token);
        loop {
            let rank = self.slots.get(slot)?.checked_sub(1)?;
            if self.token(rank as usize) == token {
                return Some(rank);
            }
            slot = self.next_slot(slot);
        }
    }

    fn token(&self, rank: usize) -> &[u8] {
        let start = rank.checked_sub(1).map_or(0, |before| self.ends[before] as usize);
        &self.bytes[start..self.ends[rank] as usize]
    }

    /// FNV-1a, whose upper bits are folded in, since few bytes reach all of the lower ones.
    fn first_slot(&self, token: &[u8]) -> usize {
        let hash = token.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
        });
        let folded = hash ^ (hash >> 32);
        usize::try_from(folded & (self.slots.len() as u64 - 1)).unwrap_or(0)
    }

    fn next_slot(&self, slot: usize) -> usize {
        (slot + 1) & (self.slots.len() - 1)
    }
}
