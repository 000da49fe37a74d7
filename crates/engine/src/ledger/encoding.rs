//! How the shared value is written: amounts as decimal text, since readers of JSON elsewhere keep no more than 53 bits of a number.

/// An amount.
pub(super) mod amount {
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(in crate::ledger) fn serialize<S: Serializer>(amount: &i128, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(amount)
    }

    pub(in crate::ledger) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<i128, D::Error> {
        Box::<str>::deserialize(from)?.parse().map_err(D::Error::custom)
    }
}

/// Amounts by number.
pub(super) mod amounts {
    use std::collections::BTreeMap;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[derive(Serialize, Deserialize)]
    struct Amount(#[serde(with = "super::amount")] i128);

    pub(in crate::ledger) fn serialize<S: Serializer>(
        amounts: &BTreeMap<i64, i128>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        to.collect_map(amounts.iter().map(|(number, amount)| (number, Amount(*amount))))
    }

    pub(in crate::ledger) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<BTreeMap<i64, i128>, D::Error> {
        let amounts = BTreeMap::<i64, Amount>::deserialize(from)?;
        Ok(amounts.into_iter().map(|(number, Amount(amount))| (number, amount)).collect())
    }
}

/// Amounts in order.
pub(super) mod list {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};
    use smallvec::SmallVec;

    #[derive(Serialize, Deserialize)]
    struct Amount(#[serde(with = "super::amount")] i128);

    pub(in crate::ledger) fn serialize<S: Serializer>(
        amounts: &SmallVec<[i128; 2]>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        to.collect_seq(amounts.iter().map(|amount| Amount(*amount)))
    }

    pub(in crate::ledger) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<SmallVec<[i128; 2]>, D::Error> {
        let amounts = Vec::<Amount>::deserialize(from)?;
        Ok(amounts.into_iter().map(|Amount(amount)| amount).collect())
    }
}

/// A time, exactly, in nanoseconds.
pub(super) mod nanoseconds {
    use std::time::Duration;

    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(in crate::ledger) fn serialize<S: Serializer>(time: &Duration, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(&time.as_nanos())
    }

    pub(in crate::ledger) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
        let nanoseconds = Box::<str>::deserialize(from)?.parse().map_err(D::Error::custom)?;
        Ok(Duration::from_nanos(nanoseconds))
    }
}

/// A time, in whole milliseconds and no earlier.
pub(super) mod milliseconds {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serializer};

    pub(in crate::ledger) fn serialize<S: Serializer>(time: &Duration, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_u64(u64::try_from(time.as_nanos().div_ceil(1_000_000)).unwrap_or(u64::MAX))
    }

    pub(in crate::ledger) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
        u64::deserialize(from).map(Duration::from_millis)
    }
}
