//! A UTF-8 sequence that the end of a chunk has cut.

/// Up to three bytes of an unfinished sequence.
#[derive(Debug, Default)]
pub(super) struct CutSequence {
    bytes: [u8; 4],
    length: usize,
    /// Where the sequence begins in the document.
    offset: usize,
}

/// What a check of UTF-8 found wrong: the sequence that begins here.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct BadSequence {
    pub(super) offset: usize,
}

impl CutSequence {
    /// Whether a sequence waits for more bytes.
    pub(super) fn is_open(&self) -> bool {
        self.length > 0
    }

    /// Completes the waiting sequence from the front of `bytes`, and says how many of them it took.
    pub(super) fn resume(&mut self, bytes: &[u8]) -> Result<usize, BadSequence> {
        let mut taken = 0;
        while self.is_open() {
            let (Some(&byte), Some(slot)) = (bytes.get(taken), self.bytes.get_mut(self.length)) else {
                break;
            };
            *slot = byte;
            self.length += 1;
            taken += 1;
            match std::str::from_utf8(&self.bytes[..self.length]) {
                Ok(_) => self.length = 0,
                Err(error) if error.error_len().is_none() => {}
                Err(_) => return Err(BadSequence { offset: self.offset }),
            }
        }
        Ok(taken)
    }

    /// Checks `bytes`, which begin at `base` in the document. Where `goes_on`, a sequence cut at their end is kept
    /// for the next chunk; else it is wrong.
    pub(super) fn check(&mut self, bytes: &[u8], base: usize, goes_on: bool) -> Result<(), BadSequence> {
        let Err(error) = simdutf8::compat::from_utf8(bytes) else {
            return Ok(());
        };
        let offset = base + error.valid_up_to();
        if error.error_len().is_some() || !goes_on {
            return Err(BadSequence { offset });
        }
        let cut = &bytes[error.valid_up_to()..];
        self.bytes[..cut.len()].copy_from_slice(cut);
        self.length = cut.len();
        self.offset = offset;
        Ok(())
    }
}
