//! Tollgate's nouns: the words that every other crate shares, and the validated configuration as one value.
//!
//! Nothing here does I/O, knows a clock, or knows a provider's wire format.

pub mod allotment;
pub mod atomic;
pub mod audit;
mod base_url;
mod breaker;
pub mod byte_budget;
pub mod canary;
pub mod catalog;
pub mod client_header;
pub mod condition;
mod credential;
pub mod endpoint;
pub mod error_code;
pub mod failure;
pub mod kept;
pub mod key;
pub mod key_pair;
pub mod likeness;
pub mod limits;
pub mod mirror;
pub mod money;
pub mod name;
mod need;
pub mod network;
pub mod notice;
mod offer;
pub mod pattern;
pub mod ports;
mod prefill;
pub mod price;
pub mod probe;
pub mod provider;
pub mod quota;
pub mod race;
mod request_id;
mod retry_budget;
pub mod route;
pub mod scope;
pub mod snapshot;
pub mod tenant;
pub mod timeouts;
pub mod usage;

pub use allotment::Allotment;
pub use breaker::BreakerPolicy;
pub use catalog::CatalogModel;
pub use endpoint::Endpoint;
pub use error_code::ErrorCode;
pub use failure::{Failure, FailureClass, TimeoutStage};
pub use key::{ApiKey, KeyHash, KeyText, KnownKey};
pub use limits::Limits;
pub use money::Money;
pub use name::{
    AllotmentName, CredentialId, EnvironmentName, KeyName, ModelName, OrganizationName, ProviderName,
    RegionName, RouteName, TeamName, UserName, WorkspaceName,
};
pub use need::Need;
pub use network::Network;
pub use pattern::Pattern;
pub use provider::{Credential, Provider};
pub use quota::{Priority, Quota};
pub use request_id::RequestId;
pub use retry_budget::RetryBudgetPolicy;
pub use route::{Route, RouteNode, Target};
pub use scope::Scope;
pub use snapshot::Snapshot;
pub use tenant::{Subject, Workspace};
pub use timeouts::{ThroughputMin, Timeouts};
pub use usage::Usage;
