//! Handles: numbers that name a session, a stream or a bridge across the boundary.
//!
//! A handle is an index and a generation. When the thing goes, its generation goes with it, so a
//! stale handle finds nothing instead of its successor. Slots are reused in the order they became
//! free, and only once many are, so that a generation takes long to come round.

use std::collections::VecDeque;

/// An index (low 20 bits) and a generation (high 12 bits); never 0.
pub type Handle = u32;

const INDEX_BITS: u32 = 20;
const INDEX_MASK: u32 = (1 << INDEX_BITS) - 1;
const GENERATION_MAX: u32 = (1 << (32 - INDEX_BITS)) - 1;
/// Free slots that are kept back before the first of them is reused.
const FREE_MIN: usize = 1_024;

struct Slot<T> {
    generation: u32,
    value: Option<T>,
}

/// A table of values by handle.
pub struct Arena<T> {
    slots: Vec<Slot<T>>,
    free: VecDeque<u32>,
    len: usize,
    max: usize,
}

impl<T> Arena<T> {
    /// A table of at most `max` values.
    pub fn new(max: usize) -> Self {
        Self {
            slots: Vec::new(),
            free: VecDeque::new(),
            len: 0,
            max: max.min(INDEX_MASK as usize + 1),
        }
    }

    pub fn len(&self) -> usize {
        self.len
    }

    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    pub fn is_full(&self) -> bool {
        self.len >= self.max
    }

    /// Puts a value in; gives it back when the table is full.
    pub fn insert(&mut self, value: T) -> Result<Handle, T> {
        if self.is_full() {
            return Err(value);
        }
        let must_reuse = self.slots.len() > INDEX_MASK as usize;
        let index = match self.free.len() > FREE_MIN || must_reuse {
            true => self.free.pop_front(),
            false => None,
        };
        let index = index.unwrap_or_else(|| {
            self.slots.push(Slot {
                generation: 1,
                value: None,
            });
            self.slots.len() as u32 - 1
        });
        let slot = &mut self.slots[index as usize];
        slot.value = Some(value);
        self.len += 1;
        Ok(index | slot.generation << INDEX_BITS)
    }

    pub fn get(&self, handle: Handle) -> Option<&T> {
        let slot = self.slots.get((handle & INDEX_MASK) as usize)?;
        (slot.generation == handle >> INDEX_BITS)
            .then_some(slot.value.as_ref())
            .flatten()
    }

    pub fn get_mut(&mut self, handle: Handle) -> Option<&mut T> {
        let slot = self.slots.get_mut((handle & INDEX_MASK) as usize)?;
        (slot.generation == handle >> INDEX_BITS)
            .then_some(slot.value.as_mut())
            .flatten()
    }

    pub fn remove(&mut self, handle: Handle) -> Option<T> {
        let index = handle & INDEX_MASK;
        let slot = self.slots.get_mut(index as usize)?;
        if slot.generation != handle >> INDEX_BITS {
            return None;
        }
        let value = slot.value.take()?;
        slot.generation = slot.generation % GENERATION_MAX + 1;
        self.free.push_back(index);
        self.len -= 1;
        Some(value)
    }

    /// The handles in use, in no particular order.
    pub fn handles(&self) -> Vec<Handle> {
        let used = self.slots.iter().enumerate();
        used.filter(|(_, slot)| slot.value.is_some())
            .map(|(index, slot)| index as u32 | slot.generation << INDEX_BITS)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stale_handle_finds_nothing() {
        let mut arena = Arena::new(4);
        let first = arena.insert("first").unwrap();
        assert_eq!(arena.remove(first), Some("first"));
        for _ in 0..10_000 {
            let next = arena.insert("next").unwrap();
            assert_ne!(next, 0);
            assert_eq!(arena.get(first), None);
            arena.remove(next);
        }
        assert_eq!(arena.remove(first), None);
        assert!(arena.is_empty());
    }

    #[test]
    fn a_full_table_gives_the_value_back() {
        let mut arena = Arena::new(2);
        arena.insert(1).unwrap();
        arena.insert(2).unwrap();
        assert_eq!(arena.insert(3), Err(3));
        assert_eq!(arena.len(), 2);
        assert_eq!(arena.handles().len(), 2);
    }
}
