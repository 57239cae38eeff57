//! Deadlines in order. Each key has at most one; arming it again moves it.

use crate::handle::Handle;
use std::collections::BTreeSet;
use std::time::Instant;

#[derive(Default)]
pub struct Timers(BTreeSet<(Instant, Handle)>);

impl Timers {
    /// Moves the deadline of `key` from `armed` to `next`.
    pub fn arm(&mut self, key: Handle, armed: &mut Option<Instant>, next: Option<Instant>) {
        if *armed == next {
            return;
        }
        if let Some(at) = *armed {
            self.0.remove(&(at, key));
        }
        if let Some(at) = next {
            self.0.insert((at, key));
        }
        *armed = next;
    }

    pub fn next(&self) -> Option<Instant> {
        self.0.first().map(|(at, _)| *at)
    }

    /// Takes the key whose deadline passed longest ago. Its owner must note that it is unarmed.
    pub fn pop_due(&mut self, now: Instant) -> Option<Handle> {
        let first = *self.0.first()?;
        if first.0 > now {
            return None;
        }
        self.0.remove(&first);
        Some(first.1)
    }
}
