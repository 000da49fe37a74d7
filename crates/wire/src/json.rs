//! JSON as bytes with addresses: scan once, look members up by span, splice edits between untouched bytes.

mod chunked_bytes;
mod document;
mod edit;
mod outline;
mod path;
mod scan_error;
mod scanner;
mod segments;
mod text;
mod value;
mod writer;

pub use chunked_bytes::ChunkedBytes;
pub use document::{Document, DuplicateKey, MemberRef};
pub use edit::{Edit, EditError};
pub use outline::{Kind, Member, Outline};
pub use path::{Path, PathError};
pub use scan_error::{Problem, ScanError};
pub use scanner::{ScanLimits, Scanner};
pub use segments::Segments;
pub use text::Text;
pub use value::{NotJson, Value};
pub use writer::{ArrayWriter, ObjectWriter, array, object};
