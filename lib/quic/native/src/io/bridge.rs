//! One bridge: a TCP connection joined with a QUIC stream.
//!
//! Each direction ends on its own: the end of TCP becomes the end of the stream and the reverse
//! (half-close). Invariant: an end that is not clean is a reset on the TCP side and a reset plus a
//! stop on the stream side. Neither side is read while the other has not taken what was read
//! before, so that nothing grows.

use super::bridges::Order;
use super::end::{session_closed, stream_reset, tcp_reset, End};
use super::tcp::{self, ReadBuffer};
use crate::core::{Core, ReadOutcome, WriteOutcome};
use crate::event::BridgeEnd;
use crate::handle::Handle;
use crate::limits::BRIDGE_TURN_BYTES;
use bytes::{Buf, Bytes};
use mio::net::TcpStream;
use std::collections::VecDeque;
use std::io;
use std::net::{Shutdown, SocketAddr};
use std::time::Instant;

pub struct Bridge {
    pub tag: u32,
    /// The rule by which it began; 0 when it was ordered.
    pub rule: u32,
    pub stream: Option<Handle>,
    /// While the stream is being opened: the session that it will be on.
    pub opening: Option<Handle>,
    pub tcp: Option<TcpStream>,
    /// While a TCP connection is being made: the targets not tried yet, and the time limit.
    pub connecting: Option<Connecting>,
    pub armed: Option<Instant>,
    /// Whether it stands in the list of those to be served.
    pub listed: bool,
    pub tcp_readable: bool,
    pub tcp_writable: bool,
    pub stream_readable: bool,
    pub stream_writable: bool,
    /// Since when TCP has not taken all that there was on the stream.
    pub behind_since: Option<Instant>,
    pub upward: Upward,
    pub downward: Downward,
}

pub struct Connecting {
    pub targets: VecDeque<SocketAddr>,
    pub deadline: Instant,
    pub last_error: String,
}

/// From TCP to the stream.
#[derive(Default)]
pub struct Upward {
    /// What goes first, then what was read from TCP, as far as QUIC did not take it yet.
    pending: VecDeque<Bytes>,
    /// Bytes read from TCP.
    read: u64,
    tcp_ended: bool,
    finished: bool,
}

/// From the stream to TCP.
#[derive(Default)]
pub struct Downward {
    /// Read from the stream and not taken by TCP.
    pending: VecDeque<Bytes>,
    /// Bytes written to TCP.
    written: u64,
    pub stream_ended: bool,
    finished: bool,
}

impl Upward {
    /// Bytes that go before what TCP gives. They wait in the same place, since QUIC may take
    /// nothing while another stream holds the session's send window.
    pub fn begin_with(&mut self, bytes: impl IntoIterator<Item = Bytes>) {
        let bytes = bytes.into_iter().filter(|bytes| !bytes.is_empty());
        self.pending.extend(bytes);
    }

    /// Bytes that went from TCP to the stream. What QUIC did not take is not among them.
    pub fn bytes(&self) -> u64 {
        let pending: usize = self.pending.iter().map(Bytes::len).sum();
        self.read.saturating_sub(pending as u64)
    }
}

impl Downward {
    /// Bytes that went from the stream to TCP.
    pub fn bytes(&self) -> u64 {
        self.written
    }
}

/// Whether a direction has more to do at once.
#[derive(PartialEq)]
enum Progress {
    Idle,
    More,
}

impl Bridge {
    pub fn new(order: Order, tcp: Option<TcpStream>, connecting: Option<Connecting>) -> Self {
        Self {
            tag: order.tag,
            rule: order.rule,
            stream: None,
            opening: None,
            tcp,
            connecting,
            armed: None,
            listed: false,
            tcp_readable: true,
            tcp_writable: true,
            stream_readable: true,
            stream_writable: true,
            behind_since: None,
            upward: Upward::default(),
            downward: Downward::default(),
        }
    }

    pub fn bytes_moved(&self) -> u64 {
        self.upward.read + self.downward.written
    }

    /// Moves what can be moved, a turn's worth at most. True if there is more to do at once.
    pub fn serve(
        &mut self,
        core: &mut Core,
        buffer: &mut ReadBuffer,
        now: Instant,
    ) -> Result<bool, End> {
        let Some(stream) = self.stream else {
            return Ok(false);
        };
        if self.connecting.is_some() {
            return match core.was_reset(stream) {
                Some(code) => Err(stream_reset(code)),
                None => Ok(false),
            };
        }
        let up = self.serve_upward(stream, core, buffer)?;
        let down = self.serve_downward(stream, core, now)?;
        if self.upward.finished && self.downward.finished {
            return Err(End::new(BridgeEnd::Finished, ""));
        }
        Ok(up == Progress::More || down == Progress::More)
    }

    fn serve_upward(
        &mut self,
        stream: Handle,
        core: &mut Core,
        buffer: &mut ReadBuffer,
    ) -> Result<Progress, End> {
        let Some(tcp) = &self.tcp else {
            return Ok(Progress::Idle);
        };
        let mut budget = BRIDGE_TURN_BYTES;
        loop {
            if !self.stream_writable {
                return Ok(Progress::Idle);
            }
            match core.write_delegated(stream, &mut self.upward.pending) {
                WriteOutcome::Done => {}
                WriteOutcome::Blocked => {
                    self.stream_writable = false;
                    return Ok(Progress::Idle);
                }
                WriteOutcome::Stopped(code) => return Err(stream_reset(code)),
                WriteOutcome::Gone => return Err(session_closed()),
            }
            if self.upward.tcp_ended {
                if !self.upward.finished {
                    core.finish_delegated(stream);
                    self.upward.finished = true;
                }
                return Ok(Progress::Idle);
            }
            if !self.tcp_readable {
                return Ok(Progress::Idle);
            }
            if budget == 0 {
                return Ok(Progress::More);
            }
            match buffer.read(tcp, budget) {
                Ok(bytes) if bytes.is_empty() => self.upward.tcp_ended = true,
                Ok(bytes) => {
                    budget -= bytes.len();
                    self.upward.read += bytes.len() as u64;
                    self.upward.pending.push_back(bytes);
                }
                Err(error) => match error.kind() {
                    io::ErrorKind::WouldBlock => self.tcp_readable = false,
                    io::ErrorKind::Interrupted => {}
                    _ => return Err(tcp_reset(&error)),
                },
            }
        }
    }

    fn serve_downward(
        &mut self,
        stream: Handle,
        core: &mut Core,
        now: Instant,
    ) -> Result<Progress, End> {
        let Some(tcp) = &self.tcp else {
            return Ok(Progress::Idle);
        };
        let down = &mut self.downward;
        let mut budget = BRIDGE_TURN_BYTES;
        loop {
            while !down.pending.is_empty() {
                if !self.tcp_writable {
                    self.behind_since.get_or_insert(now);
                    return Ok(Progress::Idle);
                }
                match tcp::write(tcp, down.pending.iter()) {
                    Ok(count) => {
                        down.written += count as u64;
                        advance(&mut down.pending, count);
                    }
                    Err(error) => match error.kind() {
                        io::ErrorKind::WouldBlock => self.tcp_writable = false,
                        io::ErrorKind::Interrupted => {}
                        _ => return Err(tcp_reset(&error)),
                    },
                }
            }
            if down.stream_ended {
                if !down.finished {
                    tcp.shutdown(Shutdown::Write).map_err(|e| tcp_reset(&e))?;
                    down.finished = true;
                }
                return Ok(Progress::Idle);
            }
            if !self.stream_readable {
                self.behind_since = None;
                return Ok(Progress::Idle);
            }
            if budget == 0 {
                return Ok(Progress::More);
            }
            let outcome = core.read_stream(stream, budget, &mut down.pending);
            budget -= down.pending.iter().map(Bytes::len).sum::<usize>();
            match outcome {
                ReadOutcome::More => {}
                ReadOutcome::Blocked => self.stream_readable = false,
                ReadOutcome::Finished => down.stream_ended = true,
                ReadOutcome::Reset(code) => return Err(stream_reset(code)),
                ReadOutcome::Gone => return Err(session_closed()),
            }
        }
    }
}

fn advance(pending: &mut VecDeque<Bytes>, mut count: usize) {
    while let Some(front) = pending.front_mut() {
        if front.len() > count {
            front.advance(count);
            return;
        }
        count -= front.len();
        pending.pop_front();
    }
}
