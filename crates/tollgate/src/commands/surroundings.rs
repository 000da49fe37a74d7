//! What the process is surrounded by, taken in at this one place: environment, clocks, randomness, standard output.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use anyhow::anyhow;
use control::{DiskEnvironment, Environment, Loaded, Loader};
use jiff::Timestamp;
use providers::scripted;

use crate::serve::VaultReader;

/// The process's environment and disk.
pub(crate) fn environment() -> Arc<dyn Environment> {
    Arc::new(DiskEnvironment(variable))
}

/// A variable of the process's environment; one that is not UTF-8 counts as not set.
#[expect(clippy::disallowed_methods, reason = "the one place where the process's environment is read")]
pub(crate) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// A loader of a configuration file with the process's surroundings.
pub(crate) fn loader(path: &Path) -> Loader {
    let vaults = VaultReader { environment: environment(), wall_clock: now, random: random_bits };
    Loader::new(path, environment()).with_vaults(Arc::new(vaults))
}

/// A configuration as `tollgate serve` would load it: a route may name the scripted provider.
///
/// # Errors
/// With everything that is wrong, by line.
pub(crate) fn loaded(file: &Path) -> anyhow::Result<Loaded> {
    let loader = loader(file);
    let scripted = scripted::definition(std::net::SocketAddr::from(([127, 0, 0, 1], 1)));
    let loaded = loader.load(1).or_else(|_| loader.with_provider(scripted::NAME, scripted).load(1));
    loaded.map_err(|errors| anyhow!("{errors}"))
}

/// The configuration that a command was given, else `tollgate.yaml` if there is one, else what the environment makes live.
///
/// # Errors
/// With everything that is wrong, by line.
pub(crate) fn loaded_or_default(config: Option<&Path>) -> anyhow::Result<Loaded> {
    let usual = Path::new("tollgate.yaml");
    match config {
        Some(file) => loaded(file),
        None if usual.exists() => loaded(usual),
        None => loader(usual).load_text("", 1).map_err(|errors| anyhow!("{errors}")),
    }
}

/// 64 random bits from the thread's generator, which the system seeded.
#[expect(clippy::disallowed_methods, reason = "the one place where randomness of the process is taken in")]
pub(crate) fn random_bits() -> u64 {
    rand::random()
}

/// 256 random bits from the system, for keys.
///
/// # Errors
/// When the system has no randomness to give.
pub(crate) fn random_key() -> anyhow::Result<[u8; 32]> {
    let mut bytes = [0; 32];
    let mut source = rand::rngs::SysRng;
    rand::TryRng::try_fill_bytes(&mut source, &mut bytes)?;
    Ok(bytes)
}

/// The time of day.
pub(crate) fn now() -> Timestamp {
    Timestamp::now()
}

/// A line for whoever runs the command.
pub(crate) fn say(line: &str) {
    // Whoever started the command may have heard enough (`tollgate serve | head`); that is no reason to end.
    let _ = writeln!(std::io::stdout(), "{line}");
}

/// A line about what is probably not meant.
pub(crate) fn warn(line: &str) {
    let _ = writeln!(std::io::stderr(), "warning: {line}");
}

/// A line about what went wrong.
pub(crate) fn complain(line: &str) {
    let _ = writeln!(std::io::stderr(), "error: {line}");
}
