//! A stream that is read and written above, with credits: the reader says how many bytes he will
//! take, the writer hears how many QUIC took, so that neither can grow the other's queue.

use crate::event::Event;
use crate::handle::Handle;
use crate::limits::READ_CREDIT_MAX;
use bytes::Bytes;
use quinn_proto::{Connection, ReadError, StreamId, VarInt, WriteError};
use std::collections::VecDeque;

#[derive(Default)]
pub struct Control {
    /// Bytes that the reader will still take. None before he first asks, so that a stream nobody
    /// reads can be handed on untouched.
    credit: u32,
    read_over: bool,
    unsent: VecDeque<Bytes>,
    finishing: bool,
    write_over: bool,
    /// The peer's error code, once it reset its direction or stopped reading ours.
    broken: Option<u64>,
}

/// What a stream brings along when it is given to somebody beside the core.
pub struct Delegated {
    /// The peer's direction ended within the head.
    pub read_over: bool,
    /// Written and not taken by QUIC yet: it goes first.
    pub unsent: VecDeque<Bytes>,
    /// The peer's error code, if it ended a direction abnormally before.
    pub broken: Option<u64>,
}

impl Control {
    /// `read_over` when the stream ended within its head.
    pub fn after_head(read_over: bool) -> Self {
        Self {
            read_over,
            ..Self::default()
        }
    }

    pub fn is_over(&self) -> bool {
        self.read_over && self.write_over
    }

    pub fn into_delegated(self) -> Delegated {
        Delegated {
            read_over: self.read_over,
            unsent: self.unsent,
            broken: self.broken,
        }
    }

    pub fn grant(&mut self, bytes: u32) {
        self.credit = self.credit.saturating_add(bytes).min(READ_CREDIT_MAX);
    }

    pub fn write(&mut self, bytes: Bytes) {
        if !self.finishing && !self.write_over {
            self.unsent.push_back(bytes);
        }
    }

    pub fn finish(&mut self) {
        self.finishing = true;
    }

    /// Hands up what the credit allows, the end of the stream, or its reset.
    pub fn read(
        &mut self,
        connection: &mut Connection,
        id: StreamId,
        stream: Handle,
        events: &mut Vec<Event>,
    ) {
        if self.read_over {
            return;
        }
        let mut recv = connection.recv_stream(id);
        // A reset is told without credit; what was not read before it is lost anyway.
        if let Ok(Some(code)) = recv.received_reset() {
            return self.was_reset(stream, code, events);
        }
        let Ok(mut chunks) = recv.read(true) else {
            return;
        };
        while self.credit > 0 {
            match chunks.next(self.credit as usize) {
                Ok(Some(chunk)) => {
                    self.credit -= chunk.bytes.len() as u32;
                    let bytes = chunk.bytes;
                    events.push(Event::StreamData { stream, bytes });
                }
                Ok(None) => {
                    self.read_over = true;
                    events.push(Event::StreamFinished { stream });
                    break;
                }
                Err(ReadError::Reset(code)) => {
                    self.was_reset(stream, code, events);
                    break;
                }
                Err(ReadError::Blocked) => break,
            }
        }
        let _ = chunks.finalize();
    }

    fn was_reset(&mut self, stream: Handle, code: VarInt, events: &mut Vec<Event>) {
        self.read_over = true;
        let code = code.into_inner();
        self.broken = Some(code);
        events.push(Event::StreamReset { stream, code });
    }

    /// Gives QUIC what it takes, then the end of the stream if that was asked for.
    pub fn flush(
        &mut self,
        connection: &mut Connection,
        id: StreamId,
        stream: Handle,
        events: &mut Vec<Event>,
    ) {
        let mut send = connection.send_stream(id);
        let mut taken = 0;
        while !self.unsent.is_empty() {
            match send.write_chunks(self.unsent.make_contiguous()) {
                Ok(written) => {
                    taken += written.bytes as u32;
                    self.unsent.drain(..written.chunks);
                }
                Err(WriteError::Blocked) => break,
                Err(WriteError::Stopped(code)) => {
                    let _ = send.reset(code);
                    return self.stopped(stream, code, events);
                }
                Err(WriteError::ClosedStream) => {
                    return self.stopped(stream, VarInt::from_u32(0), events)
                }
            }
        }
        if taken > 0 {
            events.push(Event::StreamWritable {
                stream,
                bytes: taken,
            });
        }
        if self.finishing && self.unsent.is_empty() && !self.write_over {
            let _ = send.finish();
            self.write_over = true;
        }
    }

    pub fn stopped(&mut self, stream: Handle, code: VarInt, events: &mut Vec<Event>) {
        if self.write_over {
            return;
        }
        self.unsent.clear();
        self.write_over = true;
        let code = code.into_inner();
        self.broken = Some(code);
        events.push(Event::StreamStopped { stream, code });
    }
}
