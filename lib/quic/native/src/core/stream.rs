//! One stream: who it belongs to, and what is told of it.

use super::control::Control;
use super::shares::Share;
use crate::handle::Handle;
use bytes::{Bytes, BytesMut};
use quinn_proto::StreamId;

/// Who a stream belongs to.
pub enum Role {
    /// The peer opened it and its first bytes are being gathered.
    Head { wanted: usize, got: BytesMut },
    /// Its head is complete, and nobody has decided yet who serves it. `read_over` when it ended
    /// within its head.
    Arrived { head: Bytes, read_over: bool },
    /// Somebody above reads and writes it with credits.
    Control(Control),
    /// Somebody beside this core moves its bytes; he is woken by his token.
    Delegated { token: u32 },
}

pub struct Stream {
    pub session: Handle,
    pub id: StreamId,
    pub role: Role,
    pub share: Share,
    /// Whether its reader has been behind for long.
    pub is_behind: bool,
}

/// Something happened to a delegated stream.
#[derive(Debug, PartialEq, Eq)]
pub struct Wake {
    pub token: u32,
    pub cause: WakeCause,
}

#[derive(Debug, PartialEq, Eq)]
pub enum WakeCause {
    /// The stream that was asked for is open.
    Opened(Handle),
    Readable,
    Writable,
    /// The peer reads no more.
    Stopped(u64),
    /// The session is over, and the stream with it.
    SessionEnded,
}

/// A stream of the peer whose head is complete: to be handed up or delegated in the same turn.
#[derive(Debug)]
pub struct Arrival {
    pub session: Handle,
    pub stream: Handle,
    pub head: Bytes,
}

/// A request to open a stream that waits for the peer to allow one.
#[derive(PartialEq)]
pub enum Opening {
    Control { tag: u32 },
    Delegated { token: u32 },
}

/// Why a request to open a stream is not even queued.
#[derive(Debug, PartialEq, Eq)]
pub enum OpenRefusal {
    /// The session is not open.
    NotOpen,
    /// Too many wait already.
    TooMany,
}
