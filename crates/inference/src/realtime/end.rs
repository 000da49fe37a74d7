//! How a session ends, and what each side is told of it.

use domain::TimeoutStage;
use telemetry::meters::Outcome;
use wire::websocket::{BAD_GATEWAY, GOING_AWAY, NORMAL, TRY_AGAIN_LATER, Violation};

/// How a session ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// One side said goodbye, and the other had its time to answer.
    Closed,
    /// The client is gone without a word.
    ClientGone,
    /// The provider is gone without a word.
    ProviderGone,
    /// The client does not keep to the protocol.
    ClientBroke(Violation),
    /// The provider does not keep to the protocol.
    ProviderBroke(Violation),
    /// Nobody said anything for too long, or the session lasted for too long.
    TimedOut(TimeoutStage),
    /// The process has no memory for a frame.
    NoRoom,
    /// The process stops.
    Stopping,
}

/// A code and a reason.
pub(super) type Goodbye = (u16, &'static str);

impl End {
    /// How it is counted.
    pub(super) fn outcome(self) -> Outcome {
        match self {
            Self::Closed | Self::Stopping => Outcome::Done,
            Self::ClientGone => Outcome::Cancelled,
            Self::ProviderGone
            | Self::ClientBroke(_)
            | Self::ProviderBroke(_)
            | Self::TimedOut(_)
            | Self::NoRoom => Outcome::Failed,
        }
    }

    /// Whether the breakers of the target may learn from it. What a client does, how long it is silent, and what the gateway has
    /// no room for must not keep others from the provider.
    pub(super) fn tells_how_the_provider_does(self) -> bool {
        !matches!(self, Self::ClientBroke(_) | Self::TimedOut(_) | Self::NoRoom)
    }

    /// What the client is told, unless a close frame was passed on to it already.
    pub(super) fn told_to_client(self) -> Goodbye {
        match self {
            Self::ProviderGone => (BAD_GATEWAY, "the provider broke off"),
            Self::ProviderBroke(violation) => (BAD_GATEWAY, violation.reason),
            Self::ClientBroke(violation) => (violation.code, violation.reason),
            _ => self.of_the_gateway(),
        }
    }

    /// The same for the provider.
    pub(super) fn told_to_provider(self) -> Goodbye {
        match self {
            Self::ProviderBroke(violation) => (violation.code, violation.reason),
            _ => self.of_the_gateway(),
        }
    }

    fn of_the_gateway(self) -> Goodbye {
        match self {
            // In the place of a side that did not answer the goodbye of the other.
            Self::Closed => (NORMAL, ""),
            Self::NoRoom => (TRY_AGAIN_LATER, "the gateway has no memory left for this"),
            Self::Stopping => (GOING_AWAY, "the gateway is shutting down"),
            Self::TimedOut(stage) => (GOING_AWAY, stage.setting()),
            _ => (GOING_AWAY, "the client is gone"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{End, Outcome, TimeoutStage, Violation};

    #[test]
    fn each_side_is_told_of_its_own_faults_and_no_other() {
        let breach = Violation { code: 1002, reason: "why" };
        assert_eq!(End::ClientBroke(breach).told_to_client(), (1002, "why"));
        assert_eq!(End::ClientBroke(breach).told_to_provider(), (1001, "the client is gone"));
        assert_eq!(End::ProviderBroke(breach).told_to_client(), (1014, "why"));
        assert_eq!(End::ProviderBroke(breach).told_to_provider(), (1002, "why"));
        let silent = End::TimedOut(TimeoutStage::Idle);
        assert_eq!(silent.told_to_client(), (1001, "idle_timeout"));
        assert_eq!((End::Closed.told_to_client(), End::Closed.told_to_provider()), ((1000, ""), (1000, "")));
    }

    #[test]
    fn only_a_goodbye_is_a_regular_end() {
        assert_eq!(End::Closed.outcome(), Outcome::Done);
        assert_eq!(End::ClientGone.outcome(), Outcome::Cancelled);
        assert_eq!(End::ProviderGone.outcome(), Outcome::Failed);
    }
}
