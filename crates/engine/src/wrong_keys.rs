//! How often keys that are not known may come from one network.
//!
//! A key has 256 random bits and is not found by trying. Trying costs the gateway time and fills its log all the same, so there
//! is a bound on it. A known key is never held back, so nobody can lock out a neighbour behind the same address.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::IpAddr;
use std::time::Duration;

use domain::Network;
use domain::atomic::{AtomicU64, Ordering};

/// How many networks are told apart. Those that share a place share their count, which changes nothing for known keys. A model checker
/// keeps account of each place by itself.
const PLACES: usize = if cfg!(loom) { 1 } else { 4096 };
/// The time over which a network may use up its count.
const WINDOW: Duration = Duration::from_secs(60);

/// The counts of all networks: for each place, when its count will be empty again, in nanoseconds.
#[derive(Debug)]
pub struct WrongKeys {
    places: Box<[AtomicU64]>,
    seed: u64,
}

impl WrongKeys {
    /// Nothing counted; `seed` keeps clients from choosing with whom they share a place.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { places: (0..PLACES).map(|_| AtomicU64::new(0)).collect(), seed }
    }

    /// Counts a wrong key from an address, as a leaky bucket (GCRA): `per_minute` at once, then evenly.
    ///
    /// # Errors
    /// When there were too many, with the time after which the next may come. It is not counted then.
    pub fn count(&self, address: Option<IpAddr>, per_minute: u32, now: Duration) -> Result<(), Duration> {
        let each = nanoseconds(WINDOW / per_minute.max(1));
        let (now, tolerance) = (nanoseconds(now), nanoseconds(WINDOW) - each);
        let place = self.place(address);
        let counted = place.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |empty_at| {
            let begins = empty_at.max(now);
            (begins - now <= tolerance).then_some(begins + each)
        });
        counted.map(drop).map_err(|empty_at| Duration::from_nanos((empty_at - now).saturating_sub(tolerance)))
    }

    fn place(&self, address: Option<IpAddr>) -> &AtomicU64 {
        let mut hasher = DefaultHasher::new();
        (self.seed, address.map(neighbourhood)).hash(&mut hasher);
        let number = usize::try_from(hasher.finish() % PLACES as u64).unwrap_or(0);
        &self.places[number]
    }
}

/// What one party has at its hands: an IPv4 /24, and of IPv6 the /64 that every host can choose its address from (RFC 7421).
#[must_use]
pub fn neighbourhood(address: IpAddr) -> Network {
    let bits = if address.to_canonical().is_ipv4() { 24 } else { 64 };
    Network::around(address, bits)
}

fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::{Duration, IpAddr, WINDOW, WrongKeys};
    use proptest::prelude::*;

    fn address(text: &str) -> Option<IpAddr> {
        Some(text.parse().unwrap())
    }

    #[test]
    fn a_network_may_be_wrong_so_often_at_once_and_then_evenly() {
        let wrong = WrongKeys::new(7);
        let now = Duration::from_secs(100);
        for _ in 0..60 {
            assert_eq!(wrong.count(address("192.0.2.1"), 60, now), Ok(()));
        }
        assert_eq!(wrong.count(address("192.0.2.200"), 60, now), Err(Duration::from_secs(1)), "the same /24");
        assert_eq!(wrong.count(address("192.0.3.1"), 60, now), Ok(()), "another");
        assert_eq!(wrong.count(address("192.0.2.1"), 60, now + Duration::from_secs(1)), Ok(()));
        assert!(wrong.count(address("192.0.2.1"), 60, now + Duration::from_secs(1)).is_err());
        assert_eq!(wrong.count(address("192.0.2.1"), 60, now + WINDOW * 2), Ok(()));
    }

    #[test]
    fn whoever_can_choose_an_address_of_a_64_counts_as_one() {
        let wrong = WrongKeys::new(7);
        assert_eq!(wrong.count(address("2001:db8::1"), 1, WINDOW), Ok(()));
        assert_eq!(wrong.count(address("2001:db8::ffff:1"), 1, WINDOW), Err(WINDOW));
        assert_eq!(wrong.count(address("2001:db8:0:1::1"), 1, WINDOW), Ok(()));
        assert_eq!((wrong.count(None, 1, WINDOW), wrong.count(None, 1, WINDOW)), (Ok(()), Err(WINDOW)));
    }

    proptest! {
        #[test]
        fn whoever_waits_as_long_as_told_may_try_again(per_minute in 1_u32..5000, pauses in prop::collection::vec(0_u64..2000, 1..200)) {
            let wrong = WrongKeys::new(1);
            let mut now = Duration::ZERO;
            for pause in pauses {
                now += Duration::from_millis(pause);
                if let Err(wait) = wrong.count(None, per_minute, now) {
                    prop_assert!(wait <= WINDOW);
                    now += wait;
                    prop_assert_eq!(wrong.count(None, per_minute, now), Ok(()));
                }
            }
        }
    }
}
