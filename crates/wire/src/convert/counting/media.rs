//! What documents, sound and films count as. Nobody can know without their tokenizer and often without the file; these are
//! the figures that providers name for an ordinary one.

use std::io::Read;

use base64::engine::general_purpose::STANDARD;
use base64::read::DecoderReader;

use crate::convert::form::{Media, Source};

/// A page of a PDF: the middle of the 1,500 to 3,000 tokens of Anthropic's "PDF support".
const PAGE: u64 = 2_250;
/// Bytes of a page in a PDF that does not show its pages, because they are compressed.
const PAGE_BYTES: u64 = 100_000;
/// A second of sound, and a second of a film with sound (Gemini API docs, "Understand and count tokens").
const SOUND_SECOND: u64 = 32;
const FILM_SECOND: u64 = 263;
/// Bytes of a second: 128 kbit/s for compressed sound, 2 Mbit/s for a film.
const SOUND_SECOND_BYTES: u64 = 16_000;
const FILM_SECOND_BYTES: u64 = 250_000;
/// How long something is taken to be that is at an address or was uploaded.
const UNSEEN_SECONDS: u64 = 60;

/// The tokens of a document that is not plain text: by its pages, and one for what cannot be seen.
pub(super) fn document_tokens(source: &Source<'_>) -> u64 {
    match source {
        Source::Inline(base64) => PAGE * pages(&base64.plain()),
        Source::Url(_) | Source::Upload(_) | Source::Plain(_) => PAGE,
    }
}

/// The tokens of a sound.
pub(super) fn audio_tokens(audio: &Media<'_>) -> u64 {
    SOUND_SECOND * seconds(&audio.source, |head| bytes_per_second(head).unwrap_or(SOUND_SECOND_BYTES))
}

/// The tokens of a film.
pub(super) fn video_tokens(video: &Media<'_>) -> u64 {
    FILM_SECOND * seconds(&video.source, |_| FILM_SECOND_BYTES)
}

fn seconds(source: &Source<'_>, bytes_per_second: impl FnOnce(&[u8]) -> u64) -> u64 {
    let Source::Inline(base64) = source else { return UNSEEN_SECONDS };
    let base64 = base64.plain();
    let mut head = [0; 48];
    let read = DecoderReader::new(base64.as_bytes(), &STANDARD).read(&mut head).unwrap_or(0);
    let bytes = base64.trim_end_matches('=').len() as u64 * 3 / 4;
    bytes.div_ceil(bytes_per_second(head.get(..read).unwrap_or_default()).max(1))
}

/// What a WAV file says of itself (`nAvgBytesPerSec` of its first chunk).
fn bytes_per_second(head: &[u8]) -> Option<u64> {
    let is_wav = head.starts_with(b"RIFF") && head.get(8..16)? == b"WAVEfmt ";
    let rate = u32::from_le_bytes(head.get(28..32)?.try_into().ok()?);
    is_wav.then_some(u64::from(rate))
}

/// How much of a file is read at a time, and the most bytes of a page's mark.
const WINDOW_BYTES: usize = 8 << 10;
const MARK_BYTES_MAX: usize = 16;

/// The pages of a PDF: its page objects (ISO 32000-2, 7.7.3.3) where they can be seen, else by its size.
fn pages(base64: &str) -> u64 {
    let mut reader = DecoderReader::new(base64.as_bytes(), &STANDARD);
    let mut chunk = [0; WINDOW_BYTES];
    let mut window = Vec::with_capacity(WINDOW_BYTES + MARK_BYTES_MAX);
    let (mut pages, mut bytes) = (0, 0);
    while let Ok(read @ 1..) = reader.read(&mut chunk) {
        bytes += read as u64;
        window.extend_from_slice(chunk.get(..read).unwrap_or_default());
        // A mark that begins in the last bytes is counted when the rest of it is there.
        let sure = window.len().saturating_sub(MARK_BYTES_MAX);
        pages += marks(&window, sure);
        window.drain(..sure);
    }
    pages += marks(&window, window.len());
    if pages > 0 { pages } else { u64::max(bytes / PAGE_BYTES, 1) }
}

/// The pages whose mark begins before a place.
fn marks(bytes: &[u8], before: usize) -> u64 {
    let is_mark = |at: &usize| *at < before && bytes.get(*at..).is_some_and(is_page);
    memchr::memmem::find_iter(bytes, b"/Type").filter(is_mark).count() as u64
}

/// `/Type /Page`, and not `/Type /Pages`.
fn is_page(bytes: &[u8]) -> bool {
    let Some(rest) = bytes.strip_prefix(b"/Type") else { return false };
    let rest = rest.trim_ascii_start();
    rest.strip_prefix(b"/Page").is_some_and(|after| after.first() != Some(&b's'))
}

#[cfg(test)]
mod tests {
    use base64::Engine;

    use super::*;
    use crate::json::Text;

    fn inline(bytes: &[u8]) -> Source<'static> {
        Source::Inline(Text::from(STANDARD.encode(bytes)))
    }

    fn sound(source: Source<'static>) -> Media<'static> {
        Media { source, media_type: None, detail: None, cache: None }
    }

    #[test]
    fn the_pages_of_a_document_are_counted_wherever_they_lie() {
        for before in [0, WINDOW_BYTES - 7, WINDOW_BYTES, 2 * WINDOW_BYTES - 1] {
            let file =
                [&vec![b' '; before], b"<</Type/Pages>> <</Type /Page /x 1>>".as_slice(), b"<</Type/Page>>"];
            assert_eq!(document_tokens(&inline(&file.concat())), 2 * PAGE, "{before}");
        }
    }

    #[test]
    fn a_document_that_hides_its_pages_counts_by_its_size() {
        assert_eq!(document_tokens(&inline(&vec![b'x'; 350_000])), 3 * PAGE);
        for source in [inline(b"x"), inline(b""), Source::Url(Text::from("https://example.com/a.pdf"))] {
            assert_eq!(document_tokens(&source), PAGE);
        }
    }

    #[test]
    fn sounds_and_films_count_by_their_seconds() {
        let head = b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\x40\x1f\0\0\x80\x3e\0\0";
        let wav = [head.as_slice(), &vec![0; 32_000 - head.len()]].concat();
        assert_eq!(audio_tokens(&sound(inline(&wav))), 2 * SOUND_SECOND);
        assert_eq!(audio_tokens(&sound(inline(&vec![0; 160_000]))), 10 * SOUND_SECOND);
        let unseen = sound(Source::Upload(Text::from("file_1")));
        assert_eq!(audio_tokens(&unseen), 60 * SOUND_SECOND);
        assert_eq!(video_tokens(&unseen), 60 * FILM_SECOND);
    }
}
