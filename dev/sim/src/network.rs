//! The way between a replica and the store: messages are lost, late, and come twice.

use std::time::Duration;

use crate::luck::Luck;

/// How often in a thousand times a message is lost.
const LOST: u64 = 15;
/// How often one comes twice.
const DOUBLED: u64 = 30;
/// How often one is late.
const LATE: u64 = 15;

/// The network.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Network {
    pub(crate) has_faults: bool,
}

impl Network {
    /// How long each copy of a message is under way.
    pub(crate) fn copies(self, luck: &mut Luck) -> Vec<Duration> {
        let quick = |luck: &mut Luck| Duration::from_micros(200 + luck.below(2_000));
        if !self.has_faults {
            return vec![quick(luck)];
        }
        if luck.happens(LOST) {
            return Vec::new();
        }
        let mut copies = vec![quick(luck)];
        if luck.happens(DOUBLED) {
            copies.push(Duration::from_millis(luck.below(5_000)));
        }
        if luck.happens(LATE) {
            copies[0] = Duration::from_millis(luck.below(8_000));
        }
        copies
    }
}
