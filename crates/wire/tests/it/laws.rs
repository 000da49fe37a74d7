//! The laws of the codecs, as assertions over any input. Property tests and fuzz targets call the same functions.

use bytes::Bytes;
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use wire::framing::{Framing, Splitter, Tail};
use wire::json::{ChunkedBytes, Document, Edit, EditError, Kind, Outline, ScanError, ScanLimits, Scanner};

/// Limits that no generated document reaches, as the oracle has none either.
const WIDE: ScanLimits = ScanLimits { depth_max: u16::MAX, members_max: usize::MAX };

/// How the edits of [`an_edit_changes_nothing_else`] change a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    Set,
    Default,
    Remove,
}

/// However a stream is cut into chunks, it has the same frames and the same tail, and no byte is lost or added.
pub(crate) fn frames_do_not_depend_on_chunks(stream: &[u8], cuts: &[usize], frame_bytes_max: usize) {
    let splitter = || Splitter::new(Framing::ServerSentEvents, frame_bytes_max);
    let whole = split(splitter(), [stream]);
    let in_chunks = split(splitter(), chunks(stream, cuts));
    assert_eq!(in_chunks.frames, whole.frames);
    assert_eq!(in_chunks.failed, whole.failed);
    if !whole.failed {
        assert_eq!(in_chunks.tail, whole.tail);
        assert_eq!([whole.frames.concat(), whole.tail.bytes.to_vec()].concat(), stream);
    }
    assert!(whole.frames.iter().all(|frame| frame.len() <= frame_bytes_max));
}

/// However an array is cut into chunks, it has the same elements, each an event of one line; and if it is JSON, it has those
/// that serde_json reads.
pub(crate) fn elements_do_not_depend_on_chunks(array: &[u8], cuts: &[usize], frame_bytes_max: usize) {
    let whole = split(Splitter::of_array(frame_bytes_max), [array]);
    let in_chunks = split(Splitter::of_array(frame_bytes_max), chunks(array, cuts));
    assert_eq!((in_chunks.frames, in_chunks.failed), (whole.frames.clone(), whole.failed));
    let data = |frame: &Vec<u8>| {
        let data = frame.strip_prefix(b"data: ").and_then(|data| data.strip_suffix(b"\n\n"));
        data.expect("an element is one line of data").to_vec()
    };
    let elements: Vec<Vec<u8>> = whole.frames.iter().map(data).collect();
    assert!(elements.iter().all(|data| data.len() <= frame_bytes_max && !data.contains(&b'\n')));
    let objects = serde_json::from_slice::<Vec<Map<String, Value>>>(array);
    if let (Ok(objects), false) = (objects, whole.failed) {
        let read = elements.iter().map(|data| serde_json::from_slice::<Map<String, Value>>(data));
        assert_eq!(read.collect::<Result<Vec<_>, _>>().expect("what is in JSON is JSON"), objects);
    }
}

/// The scanner accepts what serde_json accepts, and both see the same members.
pub(crate) fn the_scanner_agrees_with_serde_json(text: &[u8]) {
    let outline = scan([text], WIDE);
    let oracle = serde_json::from_slice::<&RawValue>(text);
    assert_eq!(outline.is_ok(), oracle.is_ok(), "{outline:?} but {oracle:?}");
    let (Ok(outline), Ok(oracle)) = (outline, oracle) else {
        return;
    };
    assert_eq!(&text[outline.root], oracle.get().as_bytes());
    if let Ok(Value::Object(object)) = serde_json::from_slice::<Value>(text) {
        let document = document(text);
        for member in document.members() {
            let key = member.key().expect("serde_json read this key");
            assert!(object.contains_key(&*key), "{key}");
        }
        for (key, value) in &object {
            if let Ok(member) = document.member(key) {
                let member = member.expect("serde_json found this key");
                assert_eq!(&serde_json::from_slice::<Value>(&member.raw()).expect("a member is JSON"), value);
            }
        }
    }
}

/// However a document is cut into chunks, it has the same outline or the same error.
pub(crate) fn the_outline_does_not_depend_on_chunks(text: &[u8], cuts: &[usize], limits: ScanLimits) {
    assert_eq!(scan(chunks(text, cuts), limits), scan([text], limits));
}

/// An edit of the bytes is the edit of the value, and every member but the edited one keeps its bytes.
pub(crate) fn an_edit_changes_nothing_else(
    text: &[u8],
    cuts: &[usize],
    change: Change,
    key: &str,
    raw: &[u8],
) {
    let Ok(outline) = scan(chunks(text, cuts), WIDE) else {
        return;
    };
    let body: ChunkedBytes = chunks(text, cuts).map(Bytes::copy_from_slice).collect();
    let before = Document::from_parts(body, outline);
    let occurrences = before.members().filter(|member| member.key().is_some_and(|name| name == key)).count();
    let mut edit = Edit::new(&before);
    let edited = match change {
        Change::Set => edit.set(key, raw),
        Change::Default => edit.default(key, raw),
        Change::Remove => edit.remove(key),
    };
    if let Err(error) = edited {
        match error {
            EditError::Duplicate(_) => assert!(occurrences > 1),
            EditError::NotAnObject { .. } => assert_ne!(before.outline().kind, Kind::Object),
            EditError::InvalidValue { .. } => assert!(serde_json::from_slice::<&RawValue>(raw).is_err()),
            error @ (EditError::Mismatch(_) | EditError::UnpairedSurrogate) => panic!("{error}"),
        }
        return;
    }
    let after = document(&edit.apply().into_bytes());
    others_keep_their_bytes(&before, &after, key);
    value_is_edited(text, &after, change, key, raw);
    if occurrences == 0 && change == Change::Remove {
        assert_eq!(&*after.body().range(0..after.body().len()), text);
    }
    if occurrences == 1 && change == Change::Set {
        replaces_only_the_value(text, &before, &after, key, raw);
    }
}

/// A merge into the bytes is the merge into the value: objects member by member, anything else replaced.
pub(crate) fn a_merge_is_the_merge_of_the_values(text: &[u8], key: &str, patch: &[u8]) {
    let Ok(mut expected) = serde_json::from_slice::<Value>(text) else {
        return;
    };
    let Ok(patch_value) = serde_json::from_slice::<Value>(patch) else {
        return;
    };
    let before = document(text);
    let mut edit = Edit::new(&before);
    match edit.merge(key, patch) {
        Ok(_) => {}
        Err(EditError::Duplicate(_) | EditError::NotAnObject { .. }) => return,
        Err(error) => panic!("{error}"),
    }
    merge_values(&mut expected, serde_json::json!({ key: patch_value }));
    let after: Value = serde_json::from_slice(&edit.apply().into_bytes()).expect("a merge leaves JSON");
    assert_eq!(after, expected);
}

fn merge_values(target: &mut Value, patch: Value) {
    match (target, patch) {
        (Value::Object(target), Value::Object(patch)) => {
            for (key, value) in patch {
                match target.get_mut(&key) {
                    Some(slot) => merge_values(slot, value),
                    None => drop(target.insert(key, value)),
                }
            }
        }
        (target, patch) => *target = patch,
    }
}

/// What a path leads to is gone, and nothing else is.
pub(crate) fn a_dropped_path_is_gone_from_the_value(text: &[u8], path: &str) {
    let Ok(mut expected) = serde_json::from_slice(text) else {
        return;
    };
    let before = document(text);
    let mut edit = Edit::new(&before);
    match edit.remove_path(&path.parse().expect("the path is well formed")) {
        Ok(_) => {}
        Err(EditError::Duplicate(_) | EditError::NotAnObject { .. }) => return,
        Err(error) => panic!("{error}"),
    }
    let steps: Vec<&str> = path.split(['.', '[']).map(|step| step.trim_end_matches(']')).collect();
    drop_from(&mut expected, &steps);
    let after: Value = serde_json::from_slice(&edit.apply().into_bytes()).expect("a removal leaves JSON");
    assert_eq!(after, expected);
}

fn drop_from(value: &mut Value, steps: &[&str]) {
    let Some((step, rest)) = steps.split_first() else {
        return;
    };
    match (value, rest.is_empty()) {
        (Value::Object(object), true) => drop(object.remove(*step)),
        (Value::Object(object), false) => {
            object.get_mut(*step).into_iter().for_each(|child| drop_from(child, rest))
        }
        (Value::Array(array), true) if *step == "*" => array.clear(),
        (Value::Array(array), false) if *step == "*" => {
            array.iter_mut().for_each(|child| drop_from(child, rest))
        }
        (Value::Array(array), is_last) => {
            let Some(index) = step.parse().ok().filter(|&index: &usize| index < array.len()) else {
                return;
            };
            if is_last { drop(array.remove(index)) } else { drop_from(&mut array[index], rest) }
        }
        _ => {}
    }
}

fn others_keep_their_bytes(before: &Document, after: &Document, key: &str) {
    let others = |document: &Document| -> Vec<(Vec<u8>, Vec<u8>)> {
        let others = document.members().filter(|member| member.key().is_none_or(|name| name != key));
        others
            .map(|other| {
                (document.body().range(other.member().key.clone()).into_owned(), other.raw().into_owned())
            })
            .collect()
    };
    assert_eq!(others(after), others(before));
}

fn replaces_only_the_value(text: &[u8], before: &Document, after: &Document, key: &str, raw: &[u8]) {
    let member = before.member(key).expect("it occurs once").expect("it occurs once");
    let span = member.member().value.clone();
    let expected = [&text[..span.start], raw, &text[span.end..]].concat();
    assert_eq!(&*after.body().range(0..after.body().len()), expected);
}

/// Compares with the same edit of a `Value`, where serde_json can read one (it refuses unpaired surrogates and
/// numbers beyond its range).
fn value_is_edited(text: &[u8], after: &Document, change: Change, key: &str, raw: &[u8]) {
    let after: Result<Value, _> = serde_json::from_slice(&after.body().range(0..after.body().len()));
    let (Ok(mut expected), Ok(raw)) =
        (serde_json::from_slice::<Value>(text), serde_json::from_slice::<Value>(raw))
    else {
        return;
    };
    let object = expected.as_object_mut().expect("only objects are edited");
    match change {
        Change::Set => drop(object.insert(key.to_owned(), raw)),
        Change::Default => drop(object.entry(key).or_insert(raw)),
        Change::Remove => drop(object.remove(key)),
    }
    assert_eq!(after.expect("an edit leaves JSON"), expected);
}

struct Split {
    frames: Vec<Vec<u8>>,
    tail: Tail,
    failed: bool,
}

fn split<'a>(mut splitter: Splitter, chunks: impl IntoIterator<Item = &'a [u8]>) -> Split {
    let (mut frames, mut failed) = (Vec::new(), false);
    for chunk in chunks {
        let batch = splitter.push(Bytes::copy_from_slice(chunk)).unwrap_or_else(|error| {
            failed = true;
            *error.before
        });
        frames.extend(batch.frames().map(|frame| frame.bytes().to_vec()));
    }
    Split { frames, tail: splitter.finish(), failed }
}

fn scan<'a>(chunks: impl IntoIterator<Item = &'a [u8]>, limits: ScanLimits) -> Result<Outline, ScanError> {
    let mut scanner = Scanner::new(limits);
    for chunk in chunks {
        scanner.feed(chunk)?;
    }
    scanner.finish()
}

fn document(text: &[u8]) -> Document {
    Document::parse(Bytes::copy_from_slice(text), WIDE).expect("the document was scanned before")
}

/// Cuts bytes at these positions, taken modulo their length.
pub(crate) fn chunks<'a>(bytes: &'a [u8], cuts: &[usize]) -> impl Iterator<Item = &'a [u8]> {
    let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut % (bytes.len() + 1)).collect();
    cuts.push(bytes.len());
    cuts.sort_unstable();
    let mut start = 0;
    cuts.into_iter().map(move |end| &bytes[std::mem::replace(&mut start, end)..end])
}
