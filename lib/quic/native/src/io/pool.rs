//! Buffers that are used again once nobody has a part any more of what was read into them.
//!
//! What is read goes on in slices of the buffer, without a copy, and the slices outlive the turn.
//! Without this, each buffer would be a new one: at full speed the allocator then gives memory back
//! to the system and takes it again, a page fault for every 4 KB that are moved.

use bytes::BytesMut;
use std::collections::VecDeque;

/// How many buffers that are still in use are passed over in search of one that is not.
const TRIES: usize = 4;
/// Buffers that are kept for the next time at most: a few batches' worth.
const FREE_MAX: usize = 64;

pub struct Pool {
    /// Those that others may still have a part of, the oldest first: what was handed on first is
    /// done with first.
    lent: VecDeque<BytesMut>,
    /// Those that came back.
    free: Vec<BytesMut>,
    /// The size of each, in bytes.
    bytes: usize,
    /// How many are kept.
    max: usize,
}

impl Pool {
    pub fn new(bytes: usize, max: usize) -> Self {
        Self {
            lent: VecDeque::new(),
            free: Vec::new(),
            bytes,
            max,
        }
    }

    /// An empty buffer with room, all of which was written once.
    pub fn fresh(&self) -> BytesMut {
        let mut buffer = BytesMut::zeroed(self.bytes);
        buffer.clear();
        buffer
    }

    /// Takes a buffer that is used up; gives an empty one with room.
    pub fn exchange(&mut self, mut used: BytesMut) -> BytesMut {
        used.clear();
        if used.try_reclaim(self.bytes) {
            return used;
        }
        self.keep(used);
        self.regain();
        self.free.pop().unwrap_or_else(|| self.fresh())
    }

    /// How many more may be handed on before more than `max` are with others.
    pub fn room(&mut self) -> usize {
        self.regain();
        self.max.saturating_sub(self.lent.len())
    }

    /// Looks whether some came back.
    fn regain(&mut self) {
        for _ in 0..TRIES.min(self.lent.len()) {
            let Some(mut buffer) = self.lent.pop_front() else {
                return;
            };
            if !buffer.try_reclaim(self.bytes) {
                self.lent.push_back(buffer);
            } else if self.free.len() < FREE_MAX {
                self.free.push(buffer);
            }
        }
    }

    /// When there are too many, the oldest is left to those who still have a part of it.
    fn keep(&mut self, buffer: BytesMut) {
        if self.lent.len() >= self.max {
            self.lent.pop_front();
        }
        self.lent.push_back(buffer);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::{BufMut, Bytes};

    const BYTES: usize = 1_000;

    /// Fills a buffer, and gives what is left of it and what was read into it.
    fn fill(mut buffer: BytesMut) -> (BytesMut, Bytes) {
        assert_eq!((buffer.len(), buffer.capacity()), (0, BYTES));
        buffer.put_bytes(1, BYTES);
        let read = buffer.split().freeze();
        (buffer, read)
    }

    #[test]
    fn a_buffer_comes_back_when_its_slices_are_gone() {
        let mut pool = Pool::new(BYTES, 4);
        let (rest, first) = fill(pool.fresh());
        let at = first.as_ptr();
        let (rest, second) = fill(pool.exchange(rest));
        assert_ne!(second.as_ptr(), at);
        drop(first);
        let (rest, third) = fill(pool.exchange(rest));
        assert_eq!(third.as_ptr(), at);
        // What others still have is what they were given.
        assert_eq!(second, [1; BYTES][..]);
        drop((second, third));
        assert_eq!(pool.exchange(rest).capacity(), BYTES);
        assert_eq!((pool.room(), pool.free.len()), (4, 1));
    }

    #[test]
    fn buffers_that_others_keep_are_let_go() {
        let mut pool = Pool::new(BYTES, 4);
        let mut kept = Vec::new();
        let mut rest = pool.fresh();
        for count in 0..100_usize {
            assert_eq!(pool.room(), 5_usize.saturating_sub(count).min(4));
            let (left, read) = fill(pool.exchange(rest));
            rest = left;
            kept.push(read);
        }
        assert_eq!(pool.lent.len(), 4);
        kept.clear();
        assert_eq!((pool.room(), pool.free.len()), (4, 4));
    }
}
