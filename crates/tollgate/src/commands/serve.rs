//! `tollgate serve`.

mod starter;

use std::io::{IsTerminal, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Args;
use control::settings::LogFormat;
use domain::KeyText;
use tokio::runtime::Runtime;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

use super::surroundings::{environment, now, random_bits, random_key, say, variable};
use crate::serve::{Prepared, Server, ServerParts};

/// Serves requests.
#[derive(Debug, Args)]
pub struct Serve {
    /// The configuration file; made with a first key when it does not exist.
    #[arg(long, default_value = "tollgate.yaml")]
    config: PathBuf,
    /// Where to listen, instead of where the configuration says: `127.0.0.1:8080`; port 0 takes a free one.
    #[arg(long, value_parser = control::listen_address)]
    listen: Option<SocketAddr>,
    /// Where to listen for the control plane alone, instead of where the configuration says.
    #[arg(long, value_name = "LISTEN", value_parser = control::listen_address)]
    control_listen: Option<SocketAddr>,
    /// Adds the built-in scripted provider although others are live.
    #[arg(long)]
    scripted: bool,
}

impl Serve {
    pub(super) fn run(self) -> anyhow::Result<()> {
        let first_key = first_start(&self.config)?;
        let prepared = Prepared::load(ServerParts {
            file: self.config,
            environment: environment(),
            listen: self.listen,
            control_listen: self.control_listen,
            scripted: self.scripted,
            random: random_bits,
            random_key: || random_key().ok(),
            wall_clock: now,
        })?;
        start_log(prepared.loaded().log.format);
        runtime()?.block_on(async {
            // Before anybody can know that there is something to stop or to reload.
            let (stop, stop_now) = (stop_signal(1)?, stop_signal(2)?);
            let mut hangups = signal(SignalKind::hangup())?;
            let server = Server::start(prepared).await?;
            introduce(&server, first_key.as_ref());
            let reload = server.reload_requests();
            tokio::spawn(async move {
                while hangups.recv().await.is_some() {
                    // A full channel means that a reload is due already.
                    let _ = reload.try_send(());
                }
            });
            // Who asks twice does not want to wait for the drain.
            tokio::select! {
                () = server.run_until(stop) => {}
                () = stop_now => say("stopped without waiting for open requests"),
            }
            Ok(())
        })
    }
}

/// Writes the configuration of a first start, with a key that is shown this once.
fn first_start(file: &Path) -> anyhow::Result<Option<KeyText>> {
    if file.exists() {
        return Ok(None);
    }
    let key = KeyText::from_random(random_key()?);
    let text = starter::starter("first", key.hash());
    let cannot = || format!("{} does not exist and cannot be made", file.display());
    let mut new = std::fs::File::create_new(file).with_context(cannot)?;
    new.write_all(text.as_bytes()).with_context(cannot)?;
    Ok(Some(key))
}

/// Log lines go to standard error, in the form that the configuration asks for; `RUST_LOG` chooses which.
fn start_log(format: LogFormat) {
    let filter = EnvFilter::new(variable("RUST_LOG").as_deref().unwrap_or("info"));
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal());
    match format {
        LogFormat::Json => lines.json().flatten_event(true).init(),
        LogFormat::Text => lines.init(),
    }
}

/// One core is served best without a scheduler for many.
fn runtime() -> anyhow::Result<Runtime> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let mut builder = if cores == 1 {
        tokio::runtime::Builder::new_current_thread()
    } else {
        tokio::runtime::Builder::new_multi_thread()
    };
    Ok(builder.enable_all().build()?)
}

/// SIGTERM from an orchestrator or SIGINT from a terminal, for the `times`th time.
fn stop_signal(times: u32) -> std::io::Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        for _ in 0..times {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
        }
    })
}

/// Tells whoever started the process what to do next.
fn introduce(server: &Server, first_key: Option<&KeyText>) {
    let url = server.url();
    say(&format!("listening on {url}"));
    let loaded = server.loaded();
    let mut warnings = loaded.warnings.clone();
    if let Some(control) = server.control() {
        say(&format!("control plane on {}", control.url()));
        // The address may be that of the command line.
        let exposed = loaded.server.exposes_control(control.address.ip());
        warnings.extend(exposed.filter(|warning| !loaded.warnings.contains(warning)));
    }
    warnings.iter().for_each(|warning| say(&format!("warning: {warning}")));
    let providers: Vec<_> = server.loaded().snapshot.provider_names().map(ToString::to_string).collect();
    say(&format!("live providers: {}", providers.join(", ")));
    if server.loaded().snapshot.keys.is_empty() && server.loaded().callers.is_empty() {
        say("warning: there are no keys, so every request is refused; `tollgate key new` makes one");
    }
    let Some(key) = first_key else { return };
    let key = key.reveal();
    let model = example_model(server);
    say("");
    say(&format!("key {key}"));
    say("This first key is shown once; its hash is in the configuration file. Try it:");
    say("");
    say(&format!(
        "curl {url}/v1/chat/completions -H 'authorization: Bearer {key}' -H 'content-type: application/json' \\\n  \
         -d '{{\"model\":\"{model}\",\"messages\":[{{\"role\":\"user\",\"content\":\"Hello!\"}}]}}'"
    ));
}

/// A model that answers a chat: the first that is known of the first live provider.
fn example_model(server: &Server) -> String {
    let snapshot = &server.loaded().snapshot;
    let known = snapshot.providers.iter().find_map(|provider| {
        let model = provider.models.iter().find(|model| model.is_exact())?;
        Some(format!("{}/{}", provider.name, model.as_str()))
    });
    known.unwrap_or_else(|| "provider/model".to_owned())
}
