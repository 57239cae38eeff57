//! What those above ask of the core: dial, admit, close, send, open, and the life of streams.
//! Every request names things by handle; one that names nothing is without effect.

use super::control::Control;
use super::session::{Phase, Session};
use super::stream::{Arrival, OpenRefusal, Opening, Role};
use super::{list, Core};
use crate::event::{DialError, Event};
use crate::handle::Handle;
use crate::limits::*;
use bytes::Bytes;
use quinn_proto::{ConnectError, StreamId, VarInt};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

impl Core {
    /// Answered by `SessionUp` or `DialFailed` with the same tag.
    pub fn dial(
        &mut self,
        now: Instant,
        tag: u32,
        remote: SocketAddr,
        alpn: &[u8],
        timeout: Duration,
    ) {
        if let Err((error, reason)) = self.try_dial(now, tag, remote, alpn, timeout) {
            let events = &mut self.streams.events;
            events.push(Event::DialFailed { tag, error, reason });
        }
    }

    pub fn refuse_dial(&mut self, tag: u32, reason: &str) {
        self.streams.events.push(Event::DialFailed {
            tag,
            error: DialError::Unreachable,
            reason: reason.to_owned(),
        });
    }

    fn try_dial(
        &mut self,
        now: Instant,
        tag: u32,
        remote: SocketAddr,
        alpn: &[u8],
        timeout: Duration,
    ) -> Result<(), (DialError, String)> {
        if self.sessions.is_full() {
            return Err((DialError::Exhausted, String::new()));
        }
        let transport = self.transports.begin(now, false, remote);
        let Some(config) = self.protocols.client(alpn, transport) else {
            return Err((DialError::Refused, "unknown protocol".to_owned()));
        };
        self.paths.begin();
        // The name is not sent; it only has to be one.
        let (id, connection) = self
            .endpoint
            .connect(now, config, remote, "peer.invalid")
            .map_err(|error| match error {
                ConnectError::CidsExhausted => (DialError::Exhausted, String::new()),
                ConnectError::EndpointStopping => (DialError::Closed, String::new()),
                error => (DialError::Unreachable, error.to_string()),
            })?;
        let protocols = self.protocols.clone();
        let session = Session::new(connection, id, Some(tag), protocols, now + timeout);
        let handle = self.add(session);
        self.by_dial.insert(tag, handle);
        Ok(())
    }

    /// Gives up a dial; its answer is not awaited any more.
    pub fn cancel_dial(&mut self, now: Instant, tag: u32) {
        if let Some(handle) = self.by_dial.remove(&tag) {
            self.end(now, handle, 0, "");
        }
    }

    /// Somebody above has taken a session that was dialled to us.
    pub fn take_session(&mut self, handle: Handle) {
        if let Some(session) = self.sessions.get_mut(handle) {
            let reported = matches!(session.phase, Phase::Verdict | Phase::Open);
            if session.inbound() && reported && !session.taken {
                session.taken = true;
                self.waiting -= 1;
            }
        }
    }

    /// The verdict: from now on the session is served, beginning with what came before.
    pub fn admit(&mut self, handle: Handle) {
        self.admit_narrow(handle);
        let Some(session) = self.sessions.get_mut(handle) else {
            return;
        };
        if session.phase != Phase::Open || session.is_wide {
            return;
        }
        session.widen();
        self.admitted.insert(session.target());
        list(&mut self.unsettled, &mut self.listed, session);
    }

    /// As `admit`, but the bounds stay those of a stranger, until `admit` lifts them.
    pub fn admit_narrow(&mut self, handle: Handle) {
        let Some(session) = self.sessions.get_mut(handle) else {
            return;
        };
        if session.phase != Phase::Verdict {
            return;
        }
        session.phase = Phase::Open;
        session.deadline = None;
        self.half_open -= usize::from(session.inbound());
        for packet in std::mem::take(&mut session.held) {
            session.connection.handle_event(packet);
        }
        self.streams.accept(session);
        Self::keep(&mut self.datagrams, &mut self.flowing, session);
        list(&mut self.unsettled, &mut self.listed, session);
    }

    pub fn close_session(&mut self, now: Instant, handle: Handle, code: u64, reason: &str) {
        self.end(now, handle, code, reason);
    }

    pub fn close_all(&mut self, now: Instant, reason: &str) {
        for handle in self.sessions.handles() {
            match self.sessions.get(handle) {
                Some(session) if session.phase == Phase::Handshaking => {
                    if let Some(tag) = session.dial {
                        let reason = String::new();
                        self.fail_dial(now, handle, tag, DialError::Closed, reason);
                    }
                }
                _ => self.end(now, handle, 0, reason),
            }
        }
    }

    /// Queues a datagram for which room was reserved with the session's gauge.
    pub fn send_datagram(&mut self, handle: Handle, bytes: Bytes) {
        let Some(session) = self.sessions.get_mut(handle) else {
            return;
        };
        let len = bytes.len();
        let mut datagrams = session.connection.datagrams();
        if session.phase != Phase::Over {
            // Lost where the path shrank meanwhile: datagrams may be lost at any time.
            let _ = datagrams.send(bytes, false);
        }
        let space = datagrams.send_buffer_space();
        session.gauge.release(len, space);
        list(&mut self.unsettled, &mut self.listed, session);
    }

    /// Answered by `StreamOpened` or `OpenFailed`, or by the end of the session.
    pub fn open_stream(&mut self, handle: Handle, tag: u32) {
        let queued = self.queue_opening(handle, Opening::Control { tag });
        if queued.is_err() {
            self.streams.events.push(Event::OpenFailed {
                session: handle,
                tag,
            });
        }
    }

    /// A request to open that still waits is forgotten; a stream already opened is not touched.
    pub fn cancel_open(&mut self, handle: Handle, cancelled: u32) {
        self.forget_opening(handle, Opening::Control { tag: cancelled });
    }

    pub(super) fn queue_opening(
        &mut self,
        handle: Handle,
        opening: Opening,
    ) -> Result<(), OpenRefusal> {
        let session = self.sessions.get_mut(handle);
        let session = session.filter(|session| session.phase == Phase::Open);
        let session = session.ok_or(OpenRefusal::NotOpen)?;
        if session.openings.len() >= OPENS_WAITING_MAX {
            return Err(OpenRefusal::TooMany);
        }
        session.openings.push_back(opening);
        self.streams.open_waiting(session);
        list(&mut self.unsettled, &mut self.listed, session);
        Ok(())
    }

    pub(super) fn forget_opening(&mut self, handle: Handle, forgotten: Opening) {
        if let Some(session) = self.sessions.get_mut(handle) {
            let at = session.openings.iter().position(|o| *o == forgotten);
            at.map(|at| session.openings.remove(at));
        }
    }

    /// The streams that arrived since the last call: each is to be delegated or handed up.
    pub fn take_arrivals(&mut self) -> Vec<Arrival> {
        std::mem::take(&mut self.streams.arrivals)
    }

    /// Reports a stream that arrived. Nothing happens when it is gone.
    pub fn hand_up(&mut self, arrival: &Arrival) {
        if let Some(session) = self.sessions.get_mut(arrival.session) {
            self.streams.hand_up(session, arrival.stream);
        }
    }

    /// Whether the session is open: admitted and not over.
    pub fn is_open(&self, session: Handle) -> bool {
        let session = self.sessions.get(session);
        session.is_some_and(|session| session.phase == Phase::Open)
    }

    pub fn has_stream(&self, stream: Handle) -> bool {
        self.streams.table.get(stream).is_some()
    }

    /// Lets a control stream hand up so many bytes more.
    pub fn grant_read(&mut self, stream: Handle, bytes: u32) {
        self.with_control(stream, |control, session, id, events| {
            control.grant(bytes);
            control.read(&mut session.connection, id, stream, events);
        });
    }

    pub fn write_stream(&mut self, stream: Handle, bytes: Bytes) {
        self.with_control(stream, |control, session, id, events| {
            control.write(bytes);
            control.flush(&mut session.connection, id, stream, events);
        });
    }

    pub fn finish_stream(&mut self, stream: Handle) {
        self.with_control(stream, |control, session, id, events| {
            control.finish();
            control.flush(&mut session.connection, id, stream, events);
        });
    }

    fn with_control(
        &mut self,
        stream: Handle,
        act: impl FnOnce(&mut Control, &mut Session, StreamId, &mut Vec<Event>),
    ) {
        let Some(entry) = self.streams.table.get_mut(stream) else {
            return;
        };
        let (id, handle) = (entry.id, entry.session);
        let (Role::Control(control), Some(session)) =
            (&mut entry.role, self.sessions.get_mut(handle))
        else {
            return;
        };
        act(control, session, id, &mut self.streams.events);
        self.streams.settle(session, stream);
        list(&mut self.unsettled, &mut self.listed, session);
    }

    /// Ends both directions abnormally and frees the stream, whoever has it.
    pub fn abort_stream(&mut self, stream: Handle, code: u64) {
        let code = VarInt::from_u64(code).unwrap_or(VarInt::MAX);
        if let Some(session) = self.session_of(stream) {
            if let Some(session) = self.sessions.get_mut(session) {
                self.streams.abort(session, stream, code);
                list(&mut self.unsettled, &mut self.listed, session);
            }
        }
    }

    pub(super) fn session_of(&self, stream: Handle) -> Option<Handle> {
        Some(self.streams.table.get(stream)?.session)
    }
}
