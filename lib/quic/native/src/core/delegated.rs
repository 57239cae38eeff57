//! Streams that somebody beside this core reads and writes: chunks go in and out without a copy,
//! and what QUIC does not take stays with the caller.

use super::control::{Control, Delegated};
use super::session::Session;
use super::shares::Share;
use super::stream::{OpenRefusal, Opening, Role};
use super::streams::sever;
use super::{list, Core};
use crate::handle::Handle;
use bytes::Bytes;
use quinn_proto::{Connection, ReadError, StreamId, VarInt, WriteError};
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

impl Core {
    /// Opens a stream for somebody beside this core; he is woken when it is open.
    pub fn open_delegated(&mut self, handle: Handle, token: u32) -> Result<(), OpenRefusal> {
        self.queue_opening(handle, Opening::Delegated { token })
    }

    /// As `cancel_open`, for the request of somebody beside this core.
    pub fn cancel_delegated(&mut self, handle: Handle, token: u32) {
        self.forget_opening(handle, Opening::Delegated { token });
    }

    /// Gives a stream that was not read to somebody beside this core, with what was written to it
    /// and QUIC did not take yet. None if there is no such stream.
    pub fn delegate(&mut self, stream: Handle, token: u32) -> Option<Delegated> {
        let entry = self.streams.table.get_mut(stream)?;
        let control = match std::mem::replace(&mut entry.role, Role::Delegated { token }) {
            Role::Control(control) => control,
            Role::Arrived { read_over, .. } => Control::after_head(read_over),
            other => {
                entry.role = other;
                return None;
            }
        };
        Some(control.into_delegated())
    }

    /// Reads at most `max` bytes of a delegated stream.
    pub fn read_stream(
        &mut self,
        stream: Handle,
        max: usize,
        into: &mut VecDeque<Bytes>,
    ) -> ReadOutcome {
        match self.delegated(stream) {
            Some((session, id)) => read_delegated(&mut session.connection, id, max, into),
            None => ReadOutcome::Gone,
        }
    }

    /// Writes what QUIC takes of `from`, in order, and leaves the rest there.
    pub fn write_delegated(&mut self, stream: Handle, from: &mut VecDeque<Bytes>) -> WriteOutcome {
        let Some((session, id, share)) = self.delegated_share(stream) else {
            return WriteOutcome::Gone;
        };
        let pending = from.iter().map(|bytes| bytes.len() as u64).sum();
        let is_light = share.is_light(&session.period, pending);
        if is_light {
            session.open_reserve(true);
        }
        let (written, outcome) = write_delegated(&mut session.connection, id, from);
        if is_light {
            session.open_reserve(false);
        }
        share.add(written, &mut session.period);
        outcome
    }

    /// Whoever reads a delegated stream has been behind with it for long, or has caught up.
    pub fn note_behind(&mut self, stream: Handle, is_behind: bool) {
        let Some(entry) = self.streams.table.get_mut(stream) else {
            return;
        };
        if std::mem::replace(&mut entry.is_behind, is_behind) == is_behind {
            return;
        }
        if let Some(session) = self.sessions.get_mut(entry.session) {
            session.note_behind(is_behind);
            list(&mut self.unsettled, &mut self.listed, session);
        }
    }

    /// Whether a delegated stream was reset by the peer; for those who do not read it yet.
    pub fn was_reset(&mut self, stream: Handle) -> Option<u64> {
        let (session, id) = self.delegated(stream)?;
        let code = session.connection.recv_stream(id).received_reset().ok()??;
        Some(code.into_inner())
    }

    /// Ends our direction of a delegated stream cleanly.
    pub fn finish_delegated(&mut self, stream: Handle) {
        if let Some((session, id)) = self.delegated(stream) {
            if session.connection.send_stream(id).finish().is_err() {
                sever(&mut session.connection, id, VarInt::from_u32(0));
            }
        }
    }

    /// Forgets a delegated stream whose directions both ended cleanly.
    pub fn release_stream(&mut self, stream: Handle) {
        if let Some(session) = self.session_of(stream) {
            if let Some(session) = self.sessions.get_mut(session) {
                self.streams.forget(session, stream);
            }
        }
    }

    fn delegated(&mut self, stream: Handle) -> Option<(&mut Session, StreamId)> {
        let (session, id, _) = self.delegated_share(stream)?;
        Some((session, id))
    }

    fn delegated_share(&mut self, stream: Handle) -> Option<(&mut Session, StreamId, &mut Share)> {
        let entry = self.streams.table.get_mut(stream)?;
        if !matches!(entry.role, Role::Delegated { .. }) {
            return None;
        }
        let session = self.sessions.get_mut(entry.session)?;
        list(&mut self.unsettled, &mut self.listed, session);
        Some((session, entry.id, &mut entry.share))
    }
}

/// Reads at most `max` bytes for a delegated stream.
fn read_delegated(
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
fn write_delegated(
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
