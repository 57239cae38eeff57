//! Where trains of packets arrive, for all sockets: a batch of buffers, each of which is used again
//! once nobody has a packet of its train any more.

use super::pool::Pool;
use crate::limits::TRAINS_LENT_MAX;
use bytes::BytesMut;
use quinn_udp::BATCH_SIZE;
use std::io::IoSliceMut;

/// Room for one coalesced train.
const TRAIN_BUFFER: usize = 65_536;
/// Shorter trains are copied packet by packet: that costs less than the buffer they would keep.
const TRAIN_KEPT_MIN: usize = TRAIN_BUFFER / 2;

pub struct Buffers {
    batch: Vec<BytesMut>,
    pool: Pool,
}

impl Buffers {
    pub fn new() -> Self {
        Self {
            batch: vec![BytesMut::new(); BATCH_SIZE],
            pool: Pool::new(TRAIN_BUFFER, TRAINS_LENT_MAX),
        }
    }

    /// Room for one batch.
    pub fn slices(&mut self) -> Vec<IoSliceMut<'_>> {
        let pool = &mut self.pool;
        let buffers = self.batch.iter_mut().map(|buffer| with_room(buffer, pool));
        buffers.map(|room| IoSliceMut::new(room)).collect()
    }

    /// Takes the trains that arrived, each by the length that it has, and says of each whether there
    /// is a buffer to spare for it.
    pub fn take<'a>(
        &'a mut self,
        lengths: impl Iterator<Item = usize> + 'a,
    ) -> impl Iterator<Item = (BytesMut, bool)> + 'a {
        let mut room = self.pool.room();
        self.batch
            .iter_mut()
            .zip(lengths)
            .map(move |(buffer, length)| {
                let length = length.min(buffer.len());
                let may_be_kept = length >= TRAIN_KEPT_MIN && room > 0;
                room -= usize::from(may_be_kept);
                (buffer.split_to(length), may_be_kept)
            })
    }
}

/// Makes room for a train in a buffer: the same as before if nobody has a part of it any more,
/// which is still in the processor's cache.
fn with_room<'a>(buffer: &'a mut BytesMut, pool: &mut Pool) -> &'a mut BytesMut {
    if buffer.len() < TRAIN_BUFFER {
        *buffer = match buffer.capacity() {
            0 => pool.fresh(),
            _ => pool.exchange(std::mem::take(buffer)),
        };
        // SAFETY: buffers of the pool have so much room, and all of it was written once.
        unsafe { buffer.set_len(TRAIN_BUFFER) };
    }
    buffer
}
