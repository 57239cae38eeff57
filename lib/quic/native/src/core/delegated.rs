//! Moving the bytes of a stream for somebody beside this core: chunks go in and out without a copy,
//! and what QUIC does not take stays with the caller.

use bytes::Bytes;
use quinn_proto::{Connection, ReadError, StreamId, WriteError};
use std::collections::VecDeque;

/// What reading a delegated stream came to.
#[derive(Debug, PartialEq, Eq)]
pub enum ReadOutcome {
    /// There may be more: the budget was used.
    More,
    Blocked,
    Finished,
    Reset(u64),
    Gone,
}

/// What writing a delegated stream came to.
#[derive(Debug, PartialEq, Eq)]
pub enum WriteOutcome {
    Done,
    Blocked,
    Stopped(u64),
    Gone,
}

/// Reads at most `max` bytes for a delegated stream.
pub fn read_delegated(
    connection: &mut Connection,
    id: StreamId,
    max: usize,
    into: &mut VecDeque<Bytes>,
) -> ReadOutcome {
    let mut recv = connection.recv_stream(id);
    let Ok(mut chunks) = recv.read(true) else {
        return ReadOutcome::Gone;
    };
    let mut left = max;
    let outcome = loop {
        if left == 0 {
            break ReadOutcome::More;
        }
        match chunks.next(left) {
            Ok(Some(chunk)) => {
                left -= chunk.bytes.len();
                into.push_back(chunk.bytes);
            }
            Ok(None) => break ReadOutcome::Finished,
            Err(ReadError::Blocked) => break ReadOutcome::Blocked,
            Err(ReadError::Reset(code)) => break ReadOutcome::Reset(code.into_inner()),
        }
    };
    let _ = chunks.finalize();
    outcome
}

/// Writes what QUIC takes of `from`, in order, and leaves the rest there. Says how many bytes that
/// were.
pub fn write_delegated(
    connection: &mut Connection,
    id: StreamId,
    from: &mut VecDeque<Bytes>,
) -> (u64, WriteOutcome) {
    let mut send = connection.send_stream(id);
    let mut bytes = 0;
    while !from.is_empty() {
        match send.write_chunks(from.make_contiguous()) {
            Ok(written) => {
                bytes += written.bytes as u64;
                from.drain(..written.chunks);
            }
            Err(WriteError::Blocked) => return (bytes, WriteOutcome::Blocked),
            Err(WriteError::Stopped(code)) => {
                return (bytes, WriteOutcome::Stopped(code.into_inner()))
            }
            Err(WriteError::ClosedStream) => return (bytes, WriteOutcome::Gone),
        }
    }
    (bytes, WriteOutcome::Done)
}
