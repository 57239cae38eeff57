//! What may become of an attempt to reach us.

/// The numbers are part of the ABI.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Verdict {
    /// The handshake begins.
    Take = 1,
    /// Its sender is to show that he receives what is sent to his address. Costs us no memory. For
    /// one who has shown it already it is a refusal.
    Retry = 2,
    /// It is told that we do not want it.
    Refuse = 3,
    /// It is not answered.
    Drop = 4,
}

impl Verdict {
    pub fn from_number(number: u32) -> Option<Self> {
        let all = [Self::Take, Self::Retry, Self::Refuse, Self::Drop];
        all.into_iter().find(|verdict| *verdict as u32 == number)
    }
}

/// What became of attempts, since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AttemptCounts {
    pub taken: u64,
    pub retried: u64,
    pub refused: u64,
    pub dropped: u64,
}
