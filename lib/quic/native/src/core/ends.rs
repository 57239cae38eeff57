//! How sessions and dials end: by a deadline, by us, or by a loss that QUIC reports.

use super::farewell::Farewell;
use super::paths::ping_again;
use super::session::{dial_error, session_end, Phase, Session};
use super::streams::Streams;
use super::{list, Core};
use crate::event::{DialError, EndKind, Event};
use crate::handle::Handle;
use crate::limits::CLOSING_TIMEOUT;
use bytes::Bytes;
use quinn_proto::{ConnectionError, VarInt};
use std::sync::atomic::Ordering::Relaxed;
use std::time::Instant;

impl Core {
    /// Acts on one deadline that has passed. False if there is none.
    pub fn expire_next(&mut self, now: Instant) -> bool {
        if self.expire_attempt(now) {
            return true;
        }
        let Some(handle) = self.timers.pop_due(now) else {
            return false;
        };
        if let Some(session) = self.sessions.get_mut(handle) {
            session.armed = None;
            session.connection.handle_timeout(now);
            ping_again(now, session);
            list(&mut self.unsettled, &mut self.listed, session);
            if session.deadline.is_some_and(|deadline| deadline <= now) {
                session.deadline = None;
                self.overdue(now, handle);
            }
        }
        true
    }

    /// Handshake, verdict or the answer to a probe is not there in time, or closing takes long.
    fn overdue(&mut self, now: Instant, handle: Handle) {
        let Some(session) = self.sessions.get_mut(handle) else {
            return;
        };
        match (session.phase, session.dial) {
            (Phase::Handshaking, Some(tag)) => {
                let (error, reason) = match session.unreachable.take() {
                    Some(reason) => (DialError::Unreachable, reason),
                    None => (DialError::Timeout, String::new()),
                };
                self.fail_dial(now, handle, tag, error, reason);
            }
            (Phase::Handshaking, None) => self.end(now, handle, 0, ""),
            (Phase::Verdict, _) => self.end(now, handle, 0, "not admitted in time"),
            (Phase::Open, _) => self.judge_probe(now, handle),
            (Phase::Over, _) => self.go_on_leaving(now, handle),
        }
    }

    pub(super) fn fail_dial(
        &mut self,
        now: Instant,
        handle: Handle,
        tag: u32,
        error: DialError,
        reason: String,
    ) {
        self.streams
            .events
            .push(Event::DialFailed { tag, error, reason });
        self.end(now, handle, 0, "");
    }

    /// Ends a session ourselves and says so, if it was reported.
    pub(super) fn end(&mut self, now: Instant, handle: Handle, code: u64, reason: &str) {
        self.end_as(EndKind::Local, now, handle, code, reason);
    }

    pub(super) fn end_as(
        &mut self,
        kind: EndKind,
        now: Instant,
        handle: Handle,
        code: u64,
        reason: &str,
    ) {
        let Some(session) = self.sessions.get_mut(handle) else {
            return;
        };
        if session.phase == Phase::Over {
            return;
        }
        if session.phase != Phase::Handshaking {
            self.streams.events.push(Event::SessionEnded {
                session: handle,
                kind,
                code,
                reason: reason.to_owned(),
            });
        }
        let was = over(session, &mut self.streams, now);
        count_down(&mut self.half_open, &mut self.waiting, session, was);
        if let Some(tag) = session.dial {
            self.by_dial.remove(&tag);
        }
        session.farewell = Some(Farewell::new(now, was != Phase::Handshaking));
        let code = VarInt::from_u64(code).unwrap_or(VarInt::MAX);
        let reason = Bytes::copy_from_slice(reason.as_bytes());
        session.connection.close(now, code, reason);
        list(&mut self.unsettled, &mut self.listed, session);
    }
}

pub fn report_loss(session: &mut Session, streams: &mut Streams, error: &ConnectionError) {
    if session.phase == Phase::Handshaking {
        if let Some(tag) = session.dial {
            let (error, reason) = dial_error(error);
            streams
                .events
                .push(Event::DialFailed { tag, error, reason });
        }
        return;
    }
    let (kind, code, reason) = session_end(error);
    streams.events.push(Event::SessionEnded {
        session: session.handle,
        kind,
        code,
        reason,
    });
}

/// Frees what belongs to a session that is over; says in which phase it was.
pub fn over(session: &mut Session, streams: &mut Streams, now: Instant) -> Phase {
    let was = std::mem::replace(&mut session.phase, Phase::Over);
    session.deadline = Some(now + CLOSING_TIMEOUT);
    session.held.clear();
    session.drop_unread();
    session.gauge.closed.store(true, Relaxed);
    streams.session_ended(session);
    was
}

/// Takes an inbound session out of the counts that its phase had put it in.
pub fn count_down(half_open: &mut usize, waiting: &mut usize, session: &Session, was: Phase) {
    if !session.inbound() {
        return;
    }
    if was == Phase::Handshaking || was == Phase::Verdict {
        *half_open -= 1;
    }
    if was != Phase::Handshaking && !session.taken {
        *waiting -= 1;
    }
}
