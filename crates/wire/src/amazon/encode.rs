//! Writing messages: the events and the exceptions of a streamed answer.

use super::{PRELUDE_BYTES, STRING, TRAILER_BYTES};

/// Appends an event: `kind` names it (`contentBlockDelta`), `payload` is its JSON.
pub fn event(out: &mut Vec<u8>, kind: &str, payload: &[u8]) {
    message(
        out,
        [(":event-type", kind), (":content-type", "application/json"), (":message-type", "event")],
        payload,
    );
}

/// Appends an exception, which ends a stream: `kind` names it (`throttlingException`), `payload` is its JSON.
pub fn exception(out: &mut Vec<u8>, kind: &str, payload: &[u8]) {
    let headers =
        [(":exception-type", kind), (":content-type", "application/json"), (":message-type", "exception")];
    message(out, headers, payload);
}

fn message(out: &mut Vec<u8>, headers: [(&str, &str); 3], payload: &[u8]) {
    let start = out.len();
    out.extend_from_slice(&[0; PRELUDE_BYTES]);
    for (name, value) in headers {
        header(out, name, value);
    }
    let headers_bytes = out.len() - start - PRELUDE_BYTES;
    out.extend_from_slice(payload);
    let total = out.len() - start + TRAILER_BYTES;
    let Some(whole) = out.get_mut(start..) else { return };
    write_number(whole, 0, total);
    write_number(whole, 4, headers_bytes);
    let checksum = crc32fast::hash(whole.get(..8).unwrap_or_default());
    write_checksum(whole, 8, checksum);
    let checksum = crc32fast::hash(whole);
    out.extend_from_slice(&checksum.to_be_bytes());
}

/// Names and values of this program are short; a longer one is cut, so that the lengths stay true.
fn header(out: &mut Vec<u8>, name: &str, value: &str) {
    let name = name.as_bytes().get(..name.len().min(usize::from(u8::MAX))).unwrap_or_default();
    let value = value.as_bytes().get(..value.len().min(usize::from(u16::MAX))).unwrap_or_default();
    out.push(u8::try_from(name.len()).unwrap_or(u8::MAX));
    out.extend_from_slice(name);
    out.push(STRING);
    out.extend_from_slice(&u16::try_from(value.len()).unwrap_or(u16::MAX).to_be_bytes());
    out.extend_from_slice(value);
}

fn write_number(message: &mut [u8], at: usize, number: usize) {
    write_checksum(message, at, u32::try_from(number).unwrap_or(u32::MAX));
}

fn write_checksum(message: &mut [u8], at: usize, number: u32) {
    if let Some(place) = message.get_mut(at..at + 4) {
        place.copy_from_slice(&number.to_be_bytes());
    }
}
