//! A register as bytes: numbers in eight of them, big-endian, and before each text and value its length.

use domain::ports::registry::{Register, Registered};

/// A register as bytes.
pub(super) fn written(register: &Register) -> Vec<u8> {
    let mut bytes = register.revision.to_be_bytes().to_vec();
    put_number(&mut bytes, register.objects.len());
    for Registered { kind, name, revision, value } in &register.objects {
        bytes.extend(revision.to_be_bytes());
        for part in [kind.as_bytes(), name.as_bytes(), value] {
            put_number(&mut bytes, part.len());
            bytes.extend(part);
        }
    }
    bytes
}

/// The register that they are; none when they are none.
pub(super) fn read(mut bytes: &[u8]) -> Option<Register> {
    let revision = number(&mut bytes)?;
    let count = number(&mut bytes)?;
    // Each object takes some bytes, so this ends with them.
    let objects = (0..count).map(|_| object(&mut bytes)).collect::<Option<_>>()?;
    bytes.is_empty().then_some(Register { revision, objects })
}

fn object(bytes: &mut &[u8]) -> Option<Registered> {
    let revision = number(bytes)?;
    let (kind, name, value) = (text(bytes)?, text(bytes)?, part(bytes)?.to_vec().into());
    Some(Registered { kind, name, revision, value })
}

fn put_number(bytes: &mut Vec<u8>, number: usize) {
    bytes.extend(u64::try_from(number).unwrap_or(u64::MAX).to_be_bytes());
}

fn number(bytes: &mut &[u8]) -> Option<u64> {
    let (number, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(u64::from_be_bytes(*number))
}

fn part<'b>(bytes: &mut &'b [u8]) -> Option<&'b [u8]> {
    let length = usize::try_from(number(bytes)?).ok()?;
    let (part, rest) = bytes.split_at_checked(length)?;
    *bytes = rest;
    Some(part)
}

fn text(bytes: &mut &[u8]) -> Option<Box<str>> {
    std::str::from_utf8(part(bytes)?).ok().map(Into::into)
}
