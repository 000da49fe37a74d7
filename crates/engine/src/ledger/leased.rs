//! What this process has of an account that others share, whatever it is of.

use std::time::Duration;

use super::contact::Contact;
use super::lease::Lease;
use super::rates::Credits;

/// What is granted of an account, and how it is used.
#[derive(Debug)]
pub(super) enum Leased<'a> {
    Budget { lease: &'a mut Lease, spent: i128, used: i128 },
    Rate { credits: &'a mut Credits, under_way: u32 },
}

impl Leased<'_> {
    /// How things are between this process and the others.
    pub(super) fn contact(&mut self) -> &mut Contact {
        match self {
            Self::Budget { lease, .. } => lease.contact(),
            Self::Rate { credits, .. } => credits.contact(),
        }
    }

    /// Whether others have to be told of it.
    pub(super) fn is_due(&self, now: Duration) -> bool {
        match self {
            Self::Budget { lease, spent, used } => lease.is_due(*used, *spent, now),
            Self::Rate { credits, under_way } => credits.is_due(*under_way, now),
        }
    }

    /// An interval is over.
    pub(super) fn tick(&mut self) {
        match self {
            Self::Budget { lease, .. } => lease.tick(),
            Self::Rate { credits, .. } => credits.tick(),
        }
    }

    /// Whether others may have to be told of it later, also when nothing happens meanwhile.
    pub(super) fn is_kept(&self) -> bool {
        match self {
            Self::Budget { lease, spent, .. } => lease.exceeds(*spent),
            Self::Rate { credits, .. } => credits.is_granted(),
        }
    }

    /// Whether the others have to be told of it when the process ends.
    pub(super) fn is_granted(&self) -> bool {
        match self {
            Self::Budget { lease, .. } => lease.is_granted(),
            Self::Rate { credits, .. } => credits.is_known(),
        }
    }

    /// Whether a request needed more.
    pub(super) fn is_short(&self) -> bool {
        match self {
            Self::Budget { lease, .. } => lease.is_short(),
            Self::Rate { credits, .. } => credits.is_short(),
        }
    }
}
