//! The form of `tollgate.yaml`. The doc comments here are what users read in their editor and in the reference; the JSON
//! schema is made from these types.

mod amount;
mod budget;
mod catalog;
mod control;
mod dollars;
mod journal;
mod key;
mod limits;
mod log;
mod rate_limit;
mod role;
mod route_test;
mod secrets;
mod server;
mod sign_in;
mod signed_requests;
mod size;
mod state;
mod tenant;
mod token_issuer;
mod upstream;
mod webhook;

use std::collections::BTreeMap;

use engine::route::RouteSpec;
use engine::route::spec::DefaultsSpec;
use providers::definition::ProviderDefinition;
use schemars::JsonSchema;
use serde::Deserialize;

pub use amount::{AMOUNT_FORMAT, Amount, AmountProblem};
pub use budget::{BudgetSection, CutOffName, RaiseSection, ReserveName, UnknownCostName, WindowName};
pub use catalog::{AbovePrices, CatalogSection, OverrideSection, PricesSection, TierPrices};
pub use control::{ControlKeySection, ControlSection};
pub use dollars::{DOLLARS_FORMAT, Dollars, DollarsProblem};
pub use journal::JournalSection;
pub use key::{GrantSection, KeyHashSection, KeySection, PriorityName};
pub use limits::LimitsSection;
pub use log::{LogFormat, LogRequests, LogSection};
pub use rate_limit::{AtLimitName, PaceSection, RateLimitSection, StoreDownName};
pub use role::{HeldRoleSection, RoleSection};
pub use route_test::{ExpectSection, RouteTestSection};
pub use secrets::{AwsKmsSection, SealWithName, SecretsSection, VaultTransitSection};
pub use server::{ControlListenerSection, ServerSection, TlsSection};
pub use sign_in::{GroupRoleSection, LocalAdminSection, OidcSection, SignInSection};
pub use signed_requests::SignedRequestsSection;
pub use size::{ByteSize, SIZE_FORMAT, SizeProblem};
pub use state::{KeptResponsesSection, SharedStateSection, SharedTlsSection, StateKind, StateSection};
pub use tenant::{GroupSection, OrganizationSection, TeamSection, UserSection, WorkspaceSection};
pub use token_issuer::{TokenIssuerSection, TokenRuleSection};
pub use upstream::{ProxyChoice, UpstreamSection};
pub use webhook::WebhookSection;

/// The configuration of a Tollgate gateway. Every part may be left out. Texts may hold `${env:NAME}`,
/// `${env:NAME:-default}`, `${file:path}` (from the configuration's own folder) and references to vaults such as
/// `${vault:mount/path#field}`; `$${` stands for `${`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ConfigFile {
    /// Where Tollgate listens. Read at start only, but for `trusted_proxies` and `control.networks`.
    pub server: ServerSection,
    /// Bounds that hold for every request.
    pub limits: LimitsSection,
    /// How providers are reached. Read at start only, but for `custom_host_from_requests`.
    pub upstream: UpstreamSection,
    /// Providers by name: changes to built-in ones, and providers of your own. A built-in provider whose credential is
    /// set in the environment takes part without being named here.
    pub providers: BTreeMap<String, ProviderDefinition>,
    /// Routes by name; a request names one as its `model`.
    pub routes: BTreeMap<String, RouteSpec>,
    /// What every route starts from.
    pub defaults: DefaultsSpec,
    /// The company or institution that everything belongs to.
    pub organization: OrganizationSection,
    /// Parts of the organisation by name, each with rules that hold for its keys. Where there are some, each key says which is
    /// its own, unless one is called `default`.
    pub workspaces: BTreeMap<String, WorkspaceSection>,
    /// People and service accounts by name.
    pub users: BTreeMap<String, UserSection>,
    /// Groups of users by name.
    pub groups: BTreeMap<String, GroupSection>,
    /// The keys that clients present. Without any, and without `token_issuers`, nobody gets in.
    pub keys: Vec<KeySection>,
    /// Who may administer the gateway. Without any key there, nobody may, but through this file.
    pub control: ControlSection,
    /// Roles of your own by name, for those who administer it.
    pub roles: BTreeMap<String, RoleSection>,
    /// Whose JSON web tokens are accepted in place of keys.
    pub token_issuers: Vec<TokenIssuerSection>,
    /// How fast requests may come, by whose they are and what they ask for.
    pub rate_limits: Vec<RateLimitSection>,
    /// How much requests may spend, by whose they are and what they ask for.
    pub budgets: Vec<BudgetSection>,
    /// Who is told what happens to budgets.
    pub webhooks: Vec<WebhookSection>,
    /// Clients that sign their requests as AWS's do.
    pub signed_requests: SignedRequestsSection,
    /// What is known of models, and what they cost.
    pub catalog: CatalogSection,
    /// Where secrets are kept: those that are given over the control API, and those that are read from vaults.
    pub secrets: SecretsSection,
    /// What outlives a request. Where it is kept is read at start only.
    pub state: StateSection,
    /// What is logged. The format is read at start only.
    pub log: LogSection,
    /// Where requests are written down; nowhere when absent. Read at start only.
    pub journal: Option<JournalSection>,
    /// Requests and where they have to go, which `tollgate check` tries without calling anybody.
    pub tests: Vec<RouteTestSection>,
}
