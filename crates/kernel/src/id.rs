//! Typed identifiers: a UUIDv7 that says what it names.
//!
//! Identifiers are made by the application, never by a database sequence, so that rows can be
//! written on any node and spread over shards. Version 7 keeps them in order of creation, within a
//! millisecond by a counter of this process: what is written together lies together, and a file of
//! a million rows is appended to every index instead of being strewn over it.

use std::cmp;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;
use std::str::FromStr;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::{NoContext, Timestamp, Uuid};

use crate::time::Instant;

/// The identifier of a `T`, where `T` is a marker such as a model type.
///
/// Shown and parsed as 32 hexadecimal digits, which is also its form in addresses.
pub struct Id<T> {
    uuid: Uuid,
    of: PhantomData<fn() -> T>,
}

impl<T> Id<T> {
    /// A new identifier carrying the time `at` (millisecond precision), the number of the
    /// identifier in this process, and 42 random bits.
    #[must_use]
    pub fn new(at: Instant) -> Self {
        let (seconds, nanos) = at.to_unix();
        let random = Uuid::new_v7(Timestamp::from_unix(NoContext, seconds, nanos));
        Self::from_uuid(numbered(random, next()))
    }

    /// The identifier stored as `uuid`.
    #[must_use]
    pub const fn from_uuid(uuid: Uuid) -> Self {
        Self { uuid, of: PhantomData }
    }

    /// The form stored in the database.
    #[must_use]
    pub const fn uuid(self) -> Uuid {
        self.uuid
    }

    /// When it was made, to the millisecond.
    #[must_use]
    pub fn made_at(self) -> Instant {
        let (seconds, nanos) = self.uuid.get_timestamp().map(|stamp| stamp.to_unix()).unwrap_or_default();
        let seconds = i64::try_from(seconds).unwrap_or_default();
        Instant::from_micros(seconds * 1_000_000 + i64::from(nanos) / 1_000)
    }
}

/// The number of the next identifier. The first is random, so that two processes hardly count
/// alike.
fn next() -> u32 {
    static FIRST: LazyLock<u32> = LazyLock::new(|| Uuid::now_v7().as_fields().2.into());
    static MADE: AtomicU32 = AtomicU32::new(0);
    FIRST.wrapping_mul(0x1_0000).wrapping_add(MADE.fetch_add(1, Ordering::Relaxed))
}

/// `random` with `number` in the 32 bits behind its time, which version 7 leaves to the maker.
const fn numbered(random: Uuid, number: u32) -> Uuid {
    let mut bytes = random.into_bytes();
    let [first, second, third, fourth] = number.to_be_bytes();
    bytes[6] = 0x70 | first >> 4;
    bytes[7] = first << 4 | second >> 4;
    bytes[8] = 0x80 | (second & 0x0f) << 2 | third >> 6;
    bytes[9] = third << 2 | fourth >> 6;
    bytes[10] = fourth << 2 | bytes[10] & 0x03;
    Uuid::from_bytes(bytes)
}

impl<T> Clone for Id<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Id<T> {}

impl<T> PartialEq for Id<T> {
    fn eq(&self, other: &Self) -> bool {
        self.uuid == other.uuid
    }
}

impl<T> Eq for Id<T> {}

impl<T> PartialOrd for Id<T> {
    fn partial_cmp(&self, other: &Self) -> Option<cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> Ord for Id<T> {
    fn cmp(&self, other: &Self) -> cmp::Ordering {
        self.uuid.cmp(&other.uuid)
    }
}

impl<T> Hash for Id<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.uuid.hash(state);
    }
}

impl<T> fmt::Display for Id<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.uuid.simple())
    }
}

impl<T> fmt::Debug for Id<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.uuid.simple())
    }
}

/// The text is not an identifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an identifier")]
pub struct NotAnId;

impl<T> FromStr for Id<T> {
    type Err = NotAnId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Uuid::try_parse(text).map(Self::from_uuid).map_err(|_| NotAnId)
    }
}

impl<T> Serialize for Id<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de, T> Deserialize<'de> for Id<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::{Id, NotAnId, numbered};
    use crate::time::Instant;

    struct Thing;

    #[test]
    fn reads_what_it_shows() {
        let id: Id<Thing> = Id::new(Instant::from_micros(1_790_000_000_000_000));
        assert_eq!(id.to_string().len(), 32);
        assert_eq!(id.to_string().parse(), Ok(id));
        assert_eq!("not-an-id".parse::<Id<Thing>>(), Err(NotAnId));
    }

    #[test]
    fn ids_of_one_moment_sort_as_they_were_made_and_are_all_different() {
        let at = Instant::from_micros(1_790_000_000_000_000);
        let made: Vec<Id<Thing>> = (0..1000).map(|_| Id::new(at)).collect();
        assert!(made.is_sorted());
        assert!(made.windows(2).all(|pair| pair[0] != pair[1]));
        assert!(made.iter().all(|id| id.uuid().get_version_num() == 7));
    }

    #[test]
    fn a_number_takes_32_bits_behind_the_time_and_nothing_else() {
        let (none, all) = (Uuid::from_u128(0), Uuid::from_u128(u128::MAX));
        assert_eq!(numbered(none, u32::MAX).as_u128(), 0x7fff_bfff_fc00_0000_0000);
        assert_eq!(numbered(all, 0).as_u128(), 0xffff_ffff_ffff_7000_8000_03ff_ffff_ffff);
        assert_eq!(numbered(none, 0x1234_5678).as_u128(), 0x7123_9159_e000_0000_0000);
    }

    #[test]
    fn later_ids_sort_later() {
        let early: Id<Thing> = Id::new(Instant::from_micros(1_000_000));
        let late: Id<Thing> = Id::new(Instant::from_micros(2_000_000));
        assert!(early < late);
    }
}
