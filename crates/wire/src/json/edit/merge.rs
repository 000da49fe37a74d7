//! The deep merge of an operator's override into a value of the client.

use bytes::Bytes;

use super::{Edit, EditError};
use crate::json::{Document, Kind};

/// The target with the patch merged in. Both are valid JSON; the recursion is as deep as the patch, which is bounded.
pub(super) fn merged(target: Option<Bytes>, patch: Bytes) -> Result<Bytes, EditError> {
    let Some(target) = target else { return Ok(patch) };
    let (target, changes) = (Document::of_value(target)?, Document::of_value(patch.clone())?);
    if target.outline().kind != Kind::Object || changes.outline().kind != Kind::Object {
        return Ok(patch);
    }
    let mut edit = Edit::new(&target);
    for member in changes.members() {
        let key = member.key().ok_or(EditError::UnpairedSurrogate)?;
        // Of two members with one key it would be open which one counts.
        changes.member(&key)?;
        let value = merged(edit.current(&key)?, member.raw_bytes()).map_err(|error| error.within(&key))?;
        edit.put(&key, value)?;
    }
    Ok(edit.apply().into_bytes())
}
