//! The few things that bridges ask of a TCP socket beyond what mio offers.

use super::pool::Pool;
use crate::limits::SEND_WINDOW_NEAR;
use bytes::{Bytes, BytesMut};
use mio::net::TcpStream;
use socket2::SockRef;
use std::io::{self, IoSlice, Write};
use std::time::Duration;

/// Bytes of the buffer that many reads share.
const CHUNK_BYTES: usize = 256 * 1024;
/// Chunks that are kept to be used again: as much as a session on a near path has in flight.
const CHUNKS_MAX: usize = SEND_WINDOW_NEAR as usize / CHUNK_BYTES;
/// Room below which a new chunk is begun.
const CHUNK_ROOM_MIN: usize = 16 * 1024;
/// Reads up to this size are copied out, so that a few bytes do not keep a whole chunk alive.
const COPY_BYTES_MAX: usize = 4 * 1024;
/// Slices in one vectored write.
const SLICES_MAX: usize = 256;

/// The buffer into which TCP is read; QUIC takes slices of it without a copy.
pub struct ReadBuffer {
    chunk: BytesMut,
    pool: Pool,
}

impl ReadBuffer {
    pub fn new() -> Self {
        let pool = Pool::new(CHUNK_BYTES, CHUNKS_MAX);
        Self {
            chunk: pool.fresh(),
            pool,
        }
    }

    /// Reads once, at most `max` bytes. Empty at the end of the stream.
    pub fn read(&mut self, socket: &TcpStream, max: usize) -> io::Result<Bytes> {
        let chunk = &mut self.chunk;
        if chunk.capacity() - chunk.len() < CHUNK_ROOM_MIN {
            *chunk = self.pool.exchange(std::mem::take(chunk));
        }
        let room = chunk.spare_capacity_mut();
        let room_bytes = room.len().min(max);
        let room = &mut room[..room_bytes];
        let count = socket.try_io(|| SockRef::from(socket).recv(room))?;
        if count <= COPY_BYTES_MAX {
            // SAFETY: the system has written the first `count` bytes of the room.
            let read = unsafe { std::slice::from_raw_parts(room.as_ptr().cast(), count) };
            return Ok(Bytes::copy_from_slice(read));
        }
        // SAFETY: as above; they follow what the chunk holds.
        unsafe { chunk.set_len(chunk.len() + count) };
        Ok(chunk.split().freeze())
    }
}

/// Writes the first of the given bytes in one call.
pub fn write<'a>(socket: &TcpStream, bytes: impl Iterator<Item = &'a Bytes>) -> io::Result<usize> {
    let mut slices = [IoSlice::new(&[]); SLICES_MAX];
    let mut count = 0;
    for (slice, bytes) in slices.iter_mut().zip(bytes) {
        *slice = IoSlice::new(bytes);
        count += 1;
    }
    let mut socket = socket;
    socket.write_vectored(&slices[..count])
}

/// Makes the coming close a reset (RST), which no peer takes for a clean end.
pub fn reset_on_close(socket: &TcpStream) {
    let _ = SockRef::from(socket).set_linger(Some(Duration::ZERO));
}
