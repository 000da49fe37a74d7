//! Objects: parts of the configuration that are made over the control API, beside those that the file has.
//!
//! An object is an entry of a section of the file, in exactly the form that it has there, so there is one form, one check and one
//! compiler for both. What the file says goes first: an object of the same name stays out of force until the file lets go of it.

mod body;
mod id;
mod merge;
mod of_file;
mod outside;
mod secrets;
mod set;

pub use body::{BodyProblem, read_body};
pub use id::{NameRefused, ObjectId, ObjectKind};
pub use of_file::{FileObject, FileObjects, read_entry, read_file};
pub use secrets::{NotKept, Secrets};
pub use set::{NotOpened, Object, Objects, UnreadableObject};

pub(crate) use merge::Merged;
pub(crate) use of_file::objects_of;
