//! What a provider lets one account use of a model, as data that requests are shaped by before the provider says 429.

use std::sync::Arc;
use std::time::Duration;

use crate::pattern::Pattern;

/// What a quota counts. Vendors bound each of these by itself: OpenAI requests and tokens, Anthropic input and output apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Counted {
    /// Requests.
    Requests,
    /// Tokens of input and output together.
    Tokens,
    /// Tokens of input.
    InputTokens,
    /// Tokens of output.
    OutputTokens,
}

/// So much within any span of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowance {
    /// Of what.
    pub counted: Counted,
    /// How much; at least 1.
    pub count: u64,
    /// Within what time.
    pub per: Duration,
}

/// Everything that an account may use of a model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quota {
    /// Each of them holds.
    pub allowances: Vec<Allowance>,
    /// Most calls at once.
    pub concurrency: Option<u32>,
    /// Whether input that the provider had in its cache is not counted, as Anthropic has it.
    pub cached_input_is_free: bool,
    /// As how many tokens one of output counts: 5 for Claude at Bedrock. At least 1.
    pub output_factor: u64,
    /// How requests go by what the provider says is in use; not at all where absent.
    pub utilization: Option<UtilizationPolicy>,
}

/// How requests go by how much is in use. While all of it is, none goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UtilizationPolicy {
    /// Those with the lowest priority go while less than this is, in percent; 1 to 100.
    pub batch_percent_max: u32,
}

impl Default for Quota {
    fn default() -> Self {
        Self {
            allowances: Vec::new(),
            concurrency: None,
            cached_input_is_free: false,
            output_factor: 1,
            utilization: None,
        }
    }
}

/// The quota of some models.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuotaRule {
    /// Which models.
    pub models: Vec<Pattern>,
    /// What an account may use of each of them.
    pub quota: Arc<Quota>,
}

/// How the requests of a key wait for a provider's quota.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// Their priority where they ask for none.
    pub priority: Priority,
    /// The highest that they may ask for.
    pub priority_max: Priority,
    /// Their share beside those of other keys with the same priority; at least 1.
    pub weight: u32,
}

impl Standing {
    /// The priority of a request that asks for one, or for none.
    ///
    /// # Errors
    /// With the highest that it may have, where it asks for a higher one.
    pub fn priority(&self, asked: Option<Priority>) -> Result<Priority, Priority> {
        match asked {
            Some(asked) if asked > self.priority_max => Err(self.priority_max),
            asked => Ok(asked.unwrap_or(self.priority)),
        }
    }
}

impl Default for Standing {
    fn default() -> Self {
        Self { priority: Priority::Standard, priority_max: Priority::Standard, weight: 1 }
    }
}

/// Who goes first where requests have to wait for a provider's quota; the greatest does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Priority {
    /// Takes what the others leave.
    Batch,
    /// As most are.
    #[default]
    Standard,
    /// Somebody is waiting for the answer.
    Realtime,
}

impl Priority {
    /// Every priority, the one that goes last at the beginning.
    pub const ALL: [Self; 3] = [Self::Batch, Self::Standard, Self::Realtime];

    /// Its name in headers and in the configuration.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Batch => "batch",
            Self::Standard => "standard",
            Self::Realtime => "realtime",
        }
    }

    /// The priority of a name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|priority| priority.name() == name)
    }
}
