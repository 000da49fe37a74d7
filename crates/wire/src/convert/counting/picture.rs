//! What a picture counts as: OpenAI's rule by its size, which is read from the first bytes of the file.

use std::io::Read;

use base64::engine::general_purpose::STANDARD;
use base64::read::DecoderReader;

use crate::convert::form::{Media, Source};

/// OpenAI's guide "Images and vision", for GPT-4o: a picture is made to fit 2,048 pixels, then its shorter side 768; each
/// square of 512 pixels that it touches counts.
const BASE: u64 = 85;
const SQUARE: u64 = 170;
/// What is taken for a picture that cannot be seen, since it is at an address or of an unknown kind.
const USUAL_PIXELS: (u64, u64) = (1_024, 1_024);
/// How much of a file is looked at. Photographs have some data of the camera before their size.
const HEAD_BYTES: u64 = 96 << 10;

/// The tokens of a picture.
pub(super) fn picture_tokens(picture: &Media<'_>) -> u64 {
    if picture.detail.as_ref().is_some_and(|detail| detail.plain() == "low") {
        return BASE;
    }
    let (width, height) = match &picture.source {
        Source::Inline(base64) => pixels(&head(&base64.plain())).unwrap_or(USUAL_PIXELS),
        Source::Url(_) | Source::Upload(_) | Source::Plain(_) => USUAL_PIXELS,
    };
    BASE + SQUARE * squares(width.max(1), height.max(1))
}

fn squares(width: u64, height: u64) -> u64 {
    let (long, short) = (width.max(height), width.min(height));
    let (long, short) = fit(long, short, 2_048, long);
    let (short, long) = fit(short, long, 768, short);
    long.div_ceil(512) * short.div_ceil(512)
}

/// Both sides made smaller in proportion, where `now` is above `most`.
fn fit(first: u64, second: u64, most: u64, now: u64) -> (u64, u64) {
    if now <= most {
        return (first, second);
    }
    let scaled = u128::from(second) * u128::from(most) / u128::from(now);
    (most, u64::try_from(scaled).unwrap_or(most).max(1))
}

fn head(base64: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    // What is no base64 any more is no picture any more; its head may be one.
    let _ = DecoderReader::new(base64.as_bytes(), &STANDARD).take(HEAD_BYTES).read_to_end(&mut bytes);
    bytes
}

/// The width and height that a file says it has.
fn pixels(file: &[u8]) -> Option<(u64, u64)> {
    match file {
        [0x89, b'P', b'N', b'G', ..] => Some((big(file.get(16..20)?), big(file.get(20..24)?))),
        [b'G', b'I', b'F', ..] => Some((little(file.get(6..8)?), little(file.get(8..10)?))),
        [0xff, 0xd8, rest @ ..] => jpeg(rest),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', rest @ ..] => webp(rest),
        _ => None,
    }
}

/// The first frame header among the segments (ITU T.81, B.1.1.3 and B.2.2).
fn jpeg(mut rest: &[u8]) -> Option<(u64, u64)> {
    loop {
        let [0xff, marker, tail @ ..] = rest else { return None };
        let length = usize::try_from(big(tail.get(..2)?)).ok()?;
        if matches!(marker, 0xc0..=0xcf) && !matches!(marker, 0xc4 | 0xc8 | 0xcc) {
            return Some((big(tail.get(5..7)?), big(tail.get(3..5)?)));
        }
        rest = tail.get(length..)?;
    }
}

/// The first chunk (RFC 9649, section 2).
fn webp(chunk: &[u8]) -> Option<(u64, u64)> {
    match chunk.get(..4)? {
        b"VP8X" => Some((little(chunk.get(12..15)?) + 1, little(chunk.get(15..18)?) + 1)),
        b"VP8L" => {
            let packed = little(chunk.get(9..13)?);
            Some(((packed & 0x3fff) + 1, ((packed >> 14) & 0x3fff) + 1))
        }
        b"VP8 " => Some((little(chunk.get(14..16)?) & 0x3fff, little(chunk.get(16..18)?) & 0x3fff)),
        _ => None,
    }
}

fn big(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |number, byte| (number << 8) | u64::from(*byte))
}

fn little(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |number, byte| (number << 8) | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_size_of_a_picture_is_read_from_its_head() {
        let png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x01\x02\0\0\x03\x04";
        let gif = b"GIF89a\x02\x01\x04\x03";
        let jpeg = b"\xff\xd8\xff\xe0\x00\x04..\xff\xc4\x00\x03.\xff\xc2\x00\x11\x08\x03\x04\x01\x02\x03";
        for file in [png.as_slice(), gif, jpeg] {
            assert_eq!(pixels(file), Some((0x102, 0x304)), "{file:?}");
        }
        let extended = b"RIFF\0\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0\x01\x01\0\x03\x03\0";
        let lossy = b"RIFF\0\0\0\0WEBPVP8 \0\0\0\0\0\0\0\x9d\x01\x2a\x02\x01\x04\x03";
        let lossless = b"RIFF\0\0\0\0WEBPVP8L\0\0\0\0\x2f\x01\xc1\xc0\0";
        for file in [extended.as_slice(), lossy, lossless] {
            assert_eq!(pixels(file), Some((0x102, 0x304)), "{file:?}");
        }
    }

    #[test]
    fn a_file_that_breaks_off_or_is_none_has_no_size() {
        let whole = b"\xff\xd8\xff\xe0\x00\x04..\xff\xc2\x00\x11\x08\x03\x04\x01\x02";
        for end in 0..whole.len() {
            assert_eq!(pixels(&whole[..end]), None, "{end}");
        }
        assert_eq!(pixels(b"%PDF-1.7 and more"), None);
    }

    #[test]
    fn pictures_count_as_openai_says() {
        // The examples of the guide: 1,024 squared is 765 tokens, 2,048 by 4,096 is 1,105.
        assert_eq!(BASE + SQUARE * squares(1_024, 1_024), 765);
        assert_eq!(BASE + SQUARE * squares(2_048, 4_096), 1_105);
        assert_eq!(squares(1, 1), 1);
        assert_eq!(squares(u64::from(u32::MAX), 1), 4);
    }
}
