//! Configuration in, [`domain::Snapshot`] out: reads `tollgate.yaml`, finds everything that is wrong with it at once and
//! says where, compiles it, and does so again whenever the file changes.
//!
//! The clock, the environment and the file system are handed in. The only requests served here are those of the control API, which changes
//! what is configured beside the file.

pub mod api;
pub mod authority;
pub mod document;
pub mod environment;
pub mod file;
pub mod interpolate;
pub mod load;
pub mod objects;
pub mod path;
pub mod problem;
pub mod reference;
pub mod registrar;
pub mod schema;
pub mod sealing;
pub mod settings;
pub mod structure;
pub mod vaulted;
pub mod watch;
pub mod yaml;

mod compile;

pub use authority::Authority;
pub use compile::{Directory, listen_address};
pub use document::Document;
pub use environment::{DiskEnvironment, Environment};
pub use load::{Loaded, Loader};
pub use problem::{ConfigErrors, ConfigProblem};
pub use settings::{JournalSettings, LogSettings, ServerSettings, UpstreamSettings};
