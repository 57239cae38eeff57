//! What happened to a session since it was looked at last, as QUIC reports it: each event is acted
//! on, and a session that QUIC has forgotten is freed.

use super::datagrams::list_datagrams;
use super::ends::{count_down, over, report_loss};
use super::session::{Phase, Session};
use super::streams::Streams;
use super::{list, Core};
use crate::event::Event;
use crate::handle::Handle;
use crate::limits::*;
use bytes::Bytes;
use quinn_proto::{Event as QuicEvent, StreamEvent, VarInt};
use std::time::Instant;

impl Core {
    /// Works through what happened to one session. False if nothing did to any.
    pub fn settle_next(&mut self, now: Instant) -> bool {
        let Some(handle) = self.unsettled.pop_front() else {
            return false;
        };
        if let Some(session) = self.sessions.get_mut(handle) {
            session.unsettled = false;
        }
        self.settle_session(now, handle);
        true
    }

    pub(super) fn settle_session(&mut self, now: Instant, handle: Handle) {
        let Some(session) = self.sessions.get_mut(handle) else {
            return;
        };
        if std::mem::take(&mut session.streams_left) && session.is_open() {
            self.streams.accept(session);
        }
        let was_wide = session.is_wide;
        let (mut happened, mut changes) = (0, 0);
        loop {
            let mut idle = true;
            // First what happened, then what frees the session: its end must not be lost.
            while let Some(event) = session.connection.poll() {
                idle = false;
                happened += 1;
                match event {
                    QuicEvent::HandshakeDataReady | QuicEvent::DatagramsUnblocked => {}
                    QuicEvent::Connected
                        if session.inbound() && self.waiting >= SESSIONS_WAITING_MAX =>
                    {
                        let was = over(session, &mut self.streams, now);
                        count_down(&mut self.half_open, &mut self.waiting, session, was);
                        let busy = Bytes::from_static(b"too many sessions wait");
                        session.connection.close(now, VarInt::from_u32(0), busy);
                    }
                    QuicEvent::Connected => {
                        if connected(session, &mut self.streams, now) {
                            self.waiting += usize::from(session.inbound());
                            if let Some(tag) = session.dial {
                                self.by_dial.remove(&tag);
                            }
                        }
                    }
                    QuicEvent::ConnectionLost { reason } => {
                        if session.phase != Phase::Over {
                            report_loss(session, &mut self.streams, &reason);
                            let was = over(session, &mut self.streams, now);
                            count_down(&mut self.half_open, &mut self.waiting, session, was);
                            if let Some(tag) = session.dial {
                                self.by_dial.remove(&tag);
                            }
                        }
                    }
                    QuicEvent::DatagramReceived
                        if self.datagram_room > 0
                            && session.is_open()
                            && !session.carries_flows =>
                    {
                        list_datagrams(&mut self.datagrams, session);
                    }
                    QuicEvent::DatagramReceived => {
                        Self::keep(&mut self.datagrams, &mut self.flowing, session);
                    }
                    _ if !session.is_open() => {}
                    QuicEvent::Stream(event) => match event {
                        StreamEvent::Opened { .. } => self.streams.accept(session),
                        StreamEvent::Readable { id } => self.streams.readable(session, id),
                        StreamEvent::Writable { id } => self.streams.writable(session, id),
                        StreamEvent::Stopped { id, error_code } => {
                            self.streams.stopped(session, id, error_code);
                        }
                        StreamEvent::Available { .. } => self.streams.open_waiting(session),
                        StreamEvent::Finished { .. } => {}
                    },
                }
            }
            while let Some(event) = session.connection.poll_endpoint_events() {
                idle = false;
                let drained = event.is_drained();
                changes += 1;
                if changes > ID_CHANGES_PER_STEP && !drained {
                    continue;
                }
                let id = session.id;
                self.paths.begin();
                if let Some(event) = self.endpoint.handle_event(id, event) {
                    session.connection.handle_event(event);
                }
                self.paths.claim(session);
                if drained {
                    let mut armed = session.armed;
                    self.timers.arm(handle, &mut armed, None);
                    self.by_connection.remove(&id);
                    self.admitted.remove(&session.target());
                    self.paths.forget(session);
                    self.sessions.remove(handle);
                    return;
                }
            }
            if idle {
                break;
            }
        }
        if changes > ID_CHANGES_PER_STEP {
            return self.end(now, handle, 0, "too many connection IDs change");
        }
        if !was_wide && happened > EVENTS_UNADMITTED_PER_STEP {
            return self.end(now, handle, 0, "too much at once");
        }
        if session.streams_left {
            list(&mut self.unsettled, &mut self.listed, session);
        }
        let next = [
            session.connection.poll_timeout(),
            session.deadline,
            session.path.ping_at(),
            session.path.train_at.filter(|at| *at > now),
        ];
        let next = next.into_iter().flatten().min();
        self.timers.arm(handle, &mut session.armed, next);
        self.hand_up_datagrams();
    }
}

/// The handshake is complete: asks for the verdict. False if the session cannot be reported.
fn connected(session: &mut Session, streams: &mut Streams, now: Instant) -> bool {
    let Some((alpn, certificate)) = session.identity() else {
        return false;
    };
    let protocol = session.protocols.get(&alpn);
    session.head_bytes = protocol.map_or(0, |p| p.head_bytes);
    session.carries_flows = protocol.is_some_and(|p| p.carries_flows);
    session.path.is_pinned = protocol.is_some_and(|p| p.moves_paths);
    session.phase = Phase::Verdict;
    session.deadline = Some(now + VERDICT_TIMEOUT);
    session.remote = session.connection.remote_address();
    session.gauge.publish(&mut session.connection);
    streams.events.push(Event::SessionUp {
        session: session.handle,
        tag: session.dial.unwrap_or(0),
        inbound: session.inbound(),
        remote: session.remote,
        alpn,
        secret: session.secret(),
        certificate,
    });
    true
}
