//! Buffers that are used again once nobody has a part any more of what was read into them.
//!
//! What is read goes on in slices of the buffer, without a copy, and the slices outlive the turn.
//! Without this, each buffer would be a new one: at full speed the allocator then gives memory back
//! to the system and takes it again, a page fault for every 4 KB that are moved.

use bytes::BytesMut;
use std::collections::VecDeque;

/// How many buffers that are still in use are passed over in search of one that is not.
const TRIES: usize = 4;

pub struct Pool {
    /// Those that were used up, the oldest first: what was handed on first is done with first.
    used: VecDeque<BytesMut>,
    /// The size of each, in bytes.
    bytes: usize,
    /// How many are kept.
    max: usize,
}

impl Pool {
    pub fn new(bytes: usize, max: usize) -> Self {
        Self {
            used: VecDeque::new(),
            bytes,
            max,
        }
    }

    /// A buffer to begin with.
    pub fn fresh(&self) -> BytesMut {
        BytesMut::with_capacity(self.bytes)
    }

    /// Takes a buffer that is used up; gives an empty one with room.
    pub fn exchange(&mut self, mut used: BytesMut) -> BytesMut {
        used.clear();
        if used.try_reclaim(self.bytes) {
            return used;
        }
        self.keep(used);
        for _ in 0..TRIES.min(self.used.len()) {
            let Some(mut buffer) = self.used.pop_front() else {
                break;
            };
            if buffer.try_reclaim(self.bytes) {
                return buffer;
            }
            self.used.push_back(buffer);
        }
        self.fresh()
    }

    /// When there are too many, the oldest is left to those who still have a part of it.
    fn keep(&mut self, buffer: BytesMut) {
        if self.used.len() >= self.max {
            self.used.pop_front();
        }
        self.used.push_back(buffer);
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
        assert_eq!(pool.used.len(), 1);
    }

    #[test]
    fn buffers_that_others_keep_are_let_go() {
        let mut pool = Pool::new(BYTES, 4);
        let mut kept = Vec::new();
        let mut rest = pool.fresh();
        for _ in 0..100 {
            let (left, read) = fill(pool.exchange(rest));
            rest = left;
            kept.push(read);
        }
        assert_eq!(pool.used.len(), 4);
        let last = kept.last().map(|read| read.as_ptr());
        kept.clear();
        // The last one is at hand, and nobody needs it any more.
        assert_eq!(Some(fill(pool.exchange(rest)).1.as_ptr()), last);
    }
}
