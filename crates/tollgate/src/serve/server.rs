//! The server: everything wired together, started, and stopped in order.

use std::future::Future;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use control::api::{ControlApi, ControlParts};
use control::registrar::Registrar;
use control::sealing::Sealing;
use control::vaulted::VaultedSecrets;
use control::watch::{Published, Reload, Reloader, Reloads};
use control::{Environment, Loaded, Loader};
use domain::ports::audit_log::AuditLog;
use domain::ports::shared_state::SharedState;
use identity::Redeem;
use inference::{Configuration, Gateway, GatewayParts};
use jiff::Timestamp;
use providers::transport::Transport;
use store::FolderJournal;
use telemetry::events::{ConfigurationLoaded, RegistryTurned};
use telemetry::{LogRequests, Telemetry};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use webhooks::Courier;

use super::audit::DenialTeller;
use super::connection::Protocol;
use super::entrances::{Addresses, Entrance, Entrances, Hall};
use super::journal;
use super::prepared::Prepared;
use super::renewals::Renewals;
use super::scripted;
use super::state::State;
use super::tls::Certificates;
use super::upstream::{outside, transport};
use super::vaults::SecretRenewal;
use super::webhooks::courier;

/// How often unused connections to providers are looked through.
const REAP_INTERVAL: Duration = Duration::from_secs(5);

/// What a server is made of. Everything from outside comes in here.
pub struct ServerParts {
    /// The configuration file.
    pub file: PathBuf,
    /// The process's environment and disk.
    pub environment: Arc<dyn Environment>,
    /// Where to listen, instead of where the configuration says.
    pub listen: Option<SocketAddr>,
    /// Where to listen for the control plane alone, instead of where the configuration says.
    pub control_listen: Option<SocketAddr>,
    /// Whether the scripted provider is live although others are.
    pub scripted: bool,
    /// 64 random bits per call.
    pub random: fn() -> u64,
    /// 256 random bits for each key; none when the system has none to give.
    pub random_key: fn() -> Option<[u8; 32]>,
    /// The time of day.
    pub wall_clock: fn() -> Timestamp,
}

/// A server that listens.
pub struct Server {
    main: Entrance,
    control: Option<Entrance>,
    loaded: Arc<Loaded>,
    in_force: InForce,
    state: State,
    journal: Option<Arc<FolderJournal>>,
    denials: Arc<DenialTeller>,
    draining: watch::Sender<bool>,
    accepting: JoinSet<()>,
    reload_requests: mpsc::Sender<()>,
    reloads: watch::Receiver<Reloads>,
    /// The scripted provider, the watch on the configuration, the care for connections, for targets that rest and for what is kept: ended
    /// with the server.
    background: JoinSet<()>,
}

impl Server {
    /// Binds and begins to accept.
    ///
    /// # Errors
    /// When a certificate or the database cannot be used, or an address cannot be had.
    pub async fn start(prepared: Prepared) -> anyhow::Result<Self> {
        let Prepared { parts, loader, loaded, scripted } = prepared;
        let mut background = JoinSet::new();
        if let Some(listener) = scripted {
            scripted::serve(listener, &mut background)?;
        }
        let telemetry = telemetry(&loaded);
        let transport = transport(&loaded.upstream, parts.environment.as_ref())?;
        let outside =
            outside(transport.clone(), Arc::clone(&parts.environment), parts.wall_clock, parts.random)?;
        let state = State::open(&loaded.state, &telemetry, parts.wall_clock).await?;
        let sealing = Sealing::new(parts.random_key, outside.clone())?;
        let loaded = state.with_objects(&loader, loaded, &sealing).await?;
        let journal = loaded.journal.as_ref();
        let journal = journal
            .map(|settings| journal::begin(settings, &telemetry, parts.wall_clock, parts.random))
            .transpose()?;
        let (secrets, renewals) = (loader.secrets().clone(), Renewals::of(&loader, outside));
        renewals.start();
        background.spawn(state.clone().sweep(parts.wall_clock, telemetry.clone()));
        let in_force = InForce::begin(&parts, &state, (transport, &telemetry), &loaded, &mut background);
        let gateway = Arc::clone(&in_force.gateway);
        let denials = DenialTeller::start(gateway.denials(), state.audit_log(), &telemetry, &mut background);
        ConfigurationLoaded { result: Ok(loaded.snapshot.generation) }.emit(&telemetry);
        let certificates = Certificates::default();
        certificates.load(&loaded.server, parts.environment.as_ref())?;

        let (told, reloads) = told(&loaded);
        let (reloader, published) = reloader(loader, loaded, telemetry.clone(), Arc::clone(&told));
        let registrar = registrar(&state, &reloader, (&reloads, sealing), &telemetry);
        let watched = (state.audit_log(), Arc::clone(&gateway));
        let loaded = reloader.loaded();
        let addresses = Addresses::of(&loaded.server, (parts.listen, parts.control_listen));
        let is_plain = addresses.is_plain_loopback(&loaded.server);
        let people = (state.sessions(), renewals.way_to_providers(), is_plain);
        let control = control_api(registrar, watched, people, &parts, &mut background);
        let outside = (secrets, telemetry.clone(), parts.random);
        let reload_requests = watch_configuration(reloader, outside, &mut background)?;
        let (draining, drain) = watch::channel(false);
        let hall = Hall {
            gateway: Arc::clone(&gateway),
            control,
            telemetry: telemetry.clone(),
            protocol: Protocol::new(&loaded.snapshot.limits, loaded.server.http2),
            certificates: certificates.clone(),
            draining: drain,
        };
        let entrances = Entrances::bind(addresses, &loaded.server).await?;
        let (main, control) = (entrances.main, entrances.control);
        let accepting = entrances.open(&hall, &loaded.snapshot.limits);
        let follower = Follower { in_force: in_force.clone(), renewals, telemetry, certificates, told };
        background.spawn(follower.follow(published, parts.environment));
        Ok(Self {
            main,
            control,
            loaded,
            in_force,
            state,
            journal,
            denials,
            draining,
            accepting,
            reload_requests,
            reloads,
            background,
        })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.main.address
    }

    /// The address as a URL.
    #[must_use]
    pub fn url(&self) -> String {
        self.main.url()
    }

    /// Where it listens for the control plane, when not there.
    #[must_use]
    pub fn control(&self) -> Option<Entrance> {
        self.control
    }

    /// The configuration it started with.
    #[must_use]
    pub fn loaded(&self) -> &Loaded {
        &self.loaded
    }

    /// Asks for the configuration to be read again.
    #[must_use]
    pub fn reload_requests(&self) -> mpsc::Sender<()> {
        self.reload_requests.clone()
    }

    /// Tells of each configuration that was put in force or refused.
    #[must_use]
    pub fn reloads(&self) -> watch::Receiver<Reloads> {
        self.reloads.clone()
    }

    /// Serves until `shutdown`, then takes no more requests, lets those under way and responses in the background finish within
    /// the drain timeout, and ends.
    pub async fn run_until(mut self, shutdown: impl Future<Output = ()>) {
        shutdown.await;
        let InForce { gateway, courier } = self.in_force;
        gateway.drain();
        // The receivers live in the accepting task; if it is gone there is nothing left to drain.
        let _ = self.draining.send(true);
        let drain_timeout = self.loaded.snapshot.limits.drain_timeout;
        let until = tokio::time::Instant::now() + drain_timeout;
        // It is no longer than the drain timeout, and up to its end it may begin something in the background.
        while self.accepting.join_next().await.is_some() {}
        let _ = tokio::time::timeout_at(until, gateway.background_done()).await;
        self.background.shutdown().await;
        gateway.return_leases().await;
        courier.finish().await;
        self.denials.tell().await;
        self.state.close().await;
        if let Some(journal) = self.journal {
            journal::end(journal).await;
        }
    }
}

/// Has the configuration read again whenever its file, or a secret that it has from a vault, changes, or anybody asks for it.
fn watch_configuration(
    reloader: Arc<Reloader>,
    (secrets, telemetry, random): (VaultedSecrets, Telemetry, fn() -> u64),
    background: &mut JoinSet<()>,
) -> anyhow::Result<mpsc::Sender<()>> {
    let (reload, requests) = mpsc::channel(1);
    background.spawn(reloader.watch(requests, std::future::pending())?);
    let renewal = SecretRenewal { secrets, reloader, reload: reload.clone(), telemetry, random };
    background.spawn(renewal.run());
    Ok(reload)
}

/// Tells how configurations fare, beginning with the first.
fn told(first: &Loaded) -> (Arc<watch::Sender<Reloads>>, watch::Receiver<Reloads>) {
    let (told, reloads) = watch::channel(Reloads { generation: first.snapshot.generation, refused: 0 });
    (Arc::new(told), reloads)
}

/// Changes objects, and tells when their registry turns.
fn registrar(
    state: &State,
    reloader: &Arc<Reloader>,
    (reloads, sealing): (&watch::Receiver<Reloads>, Sealing),
    telemetry: &Telemetry,
) -> Registrar {
    let telemetry = telemetry.clone();
    Registrar::new(state.registry(), Arc::clone(reloader), reloads.clone(), sealing, move |failure| {
        let failure = failure.map(ToString::to_string);
        RegistryTurned { failure: failure.as_deref() }.emit(&telemetry);
    })
}

/// The control API, which follows what other processes change from now on.
fn control_api(
    registrar: Registrar,
    (audit_log, gateway): (Arc<dyn AuditLog>, Arc<Gateway>),
    (shared_state, way, plain_loopback): (Arc<dyn SharedState>, Arc<dyn Redeem>, bool),
    parts: &ServerParts,
    background: &mut JoinSet<()>,
) -> Arc<ControlApi> {
    let registrar = Arc::new(registrar);
    background.spawn(Arc::clone(&registrar).follow());
    let ServerParts { random_key, random, wall_clock, .. } = *parts;
    let control = Arc::new(ControlApi::new(ControlParts {
        registrar,
        audit_log,
        shared_state,
        way,
        plain_loopback,
        denials: Arc::clone(gateway.denials()),
        spend: gateway,
        random_key,
        random,
        wall_clock,
    }));
    background.spawn(Arc::clone(&control).end_sessions());
    control
}

fn configuration(loaded: &Loaded) -> Configuration {
    Configuration {
        snapshot: Arc::clone(&loaded.snapshot),
        directory: Arc::clone(&loaded.directory) as _,
        callers: Arc::clone(&loaded.callers),
    }
}

fn telemetry(loaded: &Loaded) -> Telemetry {
    let telemetry = Telemetry::new();
    set_log(&telemetry, loaded);
    telemetry
}

fn set_log(telemetry: &Telemetry, loaded: &Loaded) {
    let requests = match loaded.log.requests {
        control::settings::LogRequests::None => LogRequests::None,
        control::settings::LogRequests::Failures => LogRequests::Failures,
        control::settings::LogRequests::All => LogRequests::All,
    };
    telemetry.set_log_requests(requests, loaded.log.decisions);
}

fn reloader(
    loader: Loader,
    loaded: Loaded,
    telemetry: Telemetry,
    told: Arc<watch::Sender<Reloads>>,
) -> (Arc<Reloader>, Published) {
    let (reloader, published) = Reloader::new(loader, loaded, move |reload| {
        // What is published is told by the follower, once it is in force.
        if let Reload::Refused(errors) = reload {
            ConfigurationLoaded { result: Err(&errors.to_string()) }.emit(&telemetry);
            told.send_modify(|reloads| reloads.refused += 1);
        }
    });
    (Arc::new(reloader), published)
}

/// The data plane, and who tells of its budgets: both go by the configuration in force.
#[derive(Clone)]
struct InForce {
    gateway: Arc<Gateway>,
    courier: Arc<Courier>,
}

impl InForce {
    /// Begins with a configuration, and cares for targets that rest, for what is granted of shared budgets, and for connections to providers.
    fn begin(
        parts: &ServerParts,
        state: &State,
        (transport, telemetry): (Transport, &Telemetry),
        loaded: &Loaded,
        background: &mut JoinSet<()>,
    ) -> Self {
        let ServerParts { random, wall_clock, .. } = *parts;
        let courier = courier(state, transport.clone(), telemetry.clone(), random, wall_clock);
        courier.install(&loaded.webhooks);
        background.spawn(Arc::clone(&courier).run());
        let gateway_parts = GatewayParts {
            transport: transport.clone(),
            telemetry: telemetry.clone(),
            store: state.store(),
            shared_state: state.shared(),
            notices: Arc::clone(&courier) as _,
            random: Box::new(random),
            wall_clock: Box::new(wall_clock),
        };
        let gateway = Gateway::new(gateway_parts, configuration(loaded));
        background.spawn(Arc::clone(&gateway).probe_targets());
        background.spawn(Arc::clone(&gateway).keep_leases());
        background.spawn(reap(transport));
        Self { gateway, courier }
    }

    /// Goes by another one from now on.
    fn install(&self, loaded: &Loaded) {
        self.courier.install(&loaded.webhooks);
        self.gateway.install(configuration(loaded));
    }
}

/// Puts each new configuration in force.
struct Follower {
    in_force: InForce,
    renewals: Renewals,
    telemetry: Telemetry,
    certificates: Certificates,
    told: Arc<watch::Sender<Reloads>>,
}

impl Follower {
    async fn follow(self, mut published: Published, environment: Arc<dyn Environment>) {
        while published.changes.changed().await.is_ok() {
            let loaded = Arc::clone(&published.changes.borrow_and_update());
            self.in_force.install(&loaded);
            self.renewals.start();
            set_log(&self.telemetry, &loaded);
            if let Err(error) = self.certificates.load(&loaded.server, environment.as_ref()) {
                tracing::error!(error = format!("{error:#}"), "the certificates in use stay");
            }
            let generation = loaded.snapshot.generation;
            ConfigurationLoaded { result: Ok(generation) }.emit(&self.telemetry);
            self.told.send_modify(|reloads| reloads.generation = generation);
        }
    }
}

async fn reap(transport: Transport) {
    let mut interval = tokio::time::interval(REAP_INTERVAL);
    loop {
        transport.reap(interval.tick().await);
    }
}
