//! A process starts with what the registry said last, since it does not answer.

/// The start.
#[derive(Debug)]
pub struct RegistryRemembered {
    /// Which of the registry's revisions that was.
    pub revision: u64,
}

impl RegistryRemembered {
    /// Logs it. That the registry fails is shown by [`RegistryTurned`](super::RegistryTurned).
    pub fn emit(&self) {
        tracing::warn!(
            target: "tollgate::store",
            revision = self.revision,
            "the registry does not answer; what it said last is in force until it does"
        );
    }
}
