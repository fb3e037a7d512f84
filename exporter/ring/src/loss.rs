//! Events that never became records, counted by reason in the ring's own header, so that the count outlives the app.

use crate::{layout::LOSS_SLOTS, protocol::Refused};
use std::ops::{Add, Index, Sub};

/// Why an event was lost. The number is the slot in the file: it never changes its meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
#[non_exhaustive]
pub enum LossReason {
    /// The ring had no room.
    Full = 0,
    /// The event was larger than the ring takes.
    TooBig = 1,
    /// The sandbox trapped or ran out of fuel.
    Trap = 2,
    /// The sandbox reached its limit of memory.
    Memory = 3,
    /// The exchange was given up before its end: too many at once, or too old.
    Abandoned = 4,
    /// The process forked, and its child had no ring of its own yet.
    Forked = 5,
    /// Anything else that went wrong on the app's side.
    Internal = 6,
}

impl LossReason {
    /// Every reason that this version knows.
    pub const ALL: [Self; 7] =
        [Self::Full, Self::TooBig, Self::Trap, Self::Memory, Self::Abandoned, Self::Forked, Self::Internal];

    /// The reason's name in metrics, logs and events.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Full => "ring_full",
            Self::TooBig => "too_big",
            Self::Trap => "trap",
            Self::Memory => "memory",
            Self::Abandoned => "abandoned",
            Self::Forked => "forked",
            Self::Internal => "internal",
        }
    }
}

impl From<Refused> for LossReason {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Full => Self::Full,
            Refused::TooBig { .. } => Self::TooBig,
            Refused::Forked => Self::Forked,
            Refused::Sealed => Self::Internal,
        }
    }
}

/// How many events were lost since the ring was made, by reason.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Losses([u64; LOSS_SLOTS]);

impl Losses {
    /// Counts as they lie in the file's slots.
    #[cfg(any(target_os = "linux", test))]
    pub(crate) fn from_slots(slot: impl FnMut(u8) -> u64) -> Self {
        let mut slot = slot;
        let mut index = 0;
        Self([(); LOSS_SLOTS].map(|()| {
            index += 1;
            slot(index - 1)
        }))
    }

    /// Every known reason with its count, zeros included.
    pub fn iter(&self) -> impl Iterator<Item = (LossReason, u64)> + '_ {
        LossReason::ALL.into_iter().map(|reason| (reason, self[reason]))
    }

    /// Losses for reasons that only a newer producer knows.
    pub fn unknown(&self) -> u64 {
        self.0[LossReason::ALL.len()..].iter().fold(0, |sum, &n| sum.saturating_add(n))
    }

    /// All losses.
    pub fn total(&self) -> u64 {
        self.0.iter().fold(0, |sum, &n| sum.saturating_add(n))
    }
}

impl Index<LossReason> for Losses {
    type Output = u64;

    fn index(&self, reason: LossReason) -> &u64 {
        &self.0[reason as usize]
    }
}

/// The losses of several rings together.
impl Add for Losses {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(std::array::from_fn(|slot| self.0[slot].saturating_add(other.0[slot])))
    }
}

/// What was lost since an earlier look.
impl Sub for Losses {
    type Output = Self;

    fn sub(self, earlier: Self) -> Self {
        Self(std::array::from_fn(|slot| self.0[slot].saturating_sub(earlier.0[slot])))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_keeps_its_slot_and_name() {
        let slots = LossReason::ALL.map(|reason| (reason as u8, reason.name()));
        let expected = [
            (0, "ring_full"),
            (1, "too_big"),
            (2, "trap"),
            (3, "memory"),
            (4, "abandoned"),
            (5, "forked"),
            (6, "internal"),
        ];
        assert_eq!(slots, expected);
    }

    #[test]
    fn losses_add_up_by_reason() {
        let losses = Losses::from_slots(u64::from) + Losses::from_slots(u64::from);
        assert_eq!(losses[LossReason::Forked], 10);
        assert_eq!(losses.iter().last(), Some((LossReason::Internal, 12)));
        assert_eq!(losses.unknown(), 2 * (7..16).sum::<u64>());
        assert_eq!(losses.total(), 240);
        assert_eq!(losses - Losses::from_slots(u64::from), Losses::from_slots(u64::from));
    }

    #[test]
    fn hostile_counts_do_not_overflow() {
        let losses = Losses::from_slots(|_| u64::MAX);
        assert_eq!((losses.total(), losses.unknown()), (u64::MAX, u64::MAX));
        assert_eq!(losses + losses, losses);
    }
}
