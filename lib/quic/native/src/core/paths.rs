//! Paths: where the packets of a session really go.
//!
//! For a session whose paths are moved from above, QUIC sees one address for good, that of its
//! handshake; beneath it packets come from wherever they come, and go where we are told. Whose they
//! are is told by their connection ID before QUIC looks at them, and QUIC authenticates them.
//!
//! Invariant: no packet moves a path. One that comes from elsewhere is reported, and whoever is above
//! probes that address before he moves the path there.

use super::session::{Phase, Session};
use super::{congestion, list, Core};
use crate::event::Event;
use crate::handle::{Arena, Handle};
use crate::limits::*;
use crate::way::{self, Way};
use quinn_proto::ConnectionId;
use rustc_hash::FxHashMap;
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Bytes of our connection IDs.
pub const ID_BYTES: usize = 8;

pub type Id = [u8; ID_BYTES];

/// The connection IDs that were made since somebody last asked.
#[derive(Clone, Default)]
pub struct Made(Arc<Mutex<Vec<Id>>>);

impl Made {
    pub fn note(&self, id: &ConnectionId) {
        if let Ok(id) = Id::try_from(&id[..]) {
            let mut made = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            made.push(id);
        }
    }

    fn take(&self) -> Vec<Id> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// What a session knows of its path.
#[derive(Default)]
pub struct Path {
    /// Whether QUIC sees one address for good.
    pub is_pinned: bool,
    /// Where packets go; the address of the handshake where nobody said otherwise.
    pub moved_to: Option<SocketAddr>,
    /// Whether the path began anew: our own address may be another one than the handshake's.
    pub is_anew: bool,
    /// Our connection IDs, the oldest first.
    ids: VecDeque<Id>,
    /// When a packet from elsewhere is reported again.
    stray_after: Option<Instant>,
    /// When the next train may go, where trains are bounded.
    pub train_at: Option<Instant>,
    /// Whether it was asked for before that moment.
    pub train_waits: bool,
    /// The next ping over a path that has not answered yet, and the pause before it.
    ping: Option<(Instant, Duration)>,
}

impl Path {
    /// When the path is to be pinged.
    pub fn ping_at(&self) -> Option<Instant> {
        self.ping.map(|(at, _)| at)
    }
}

#[derive(Default)]
pub struct Paths {
    pub made: Made,
    by_id: FxHashMap<Id, Handle>,
    /// The address that QUIC sees, by where the path was moved to.
    constant: FxHashMap<SocketAddr, SocketAddr>,
}

impl Paths {
    /// The IDs that were made since the last call are nobody's.
    pub fn begin(&mut self) {
        self.made.take();
    }

    /// They are this session's.
    pub fn claim(&mut self, session: &mut Session) {
        for id in self.made.take() {
            self.by_id.insert(id, session.handle);
            session.path.ids.push_back(id);
        }
        while session.path.ids.len() > SESSION_IDS_KEPT_MAX {
            if let Some(id) = session.path.ids.pop_front() {
                self.by_id.remove(&id);
            }
        }
    }

    pub fn forget(&mut self, session: &Session) {
        for id in &session.path.ids {
            self.by_id.remove(id);
        }
        if let Some(address) = session.path.moved_to {
            self.constant.remove(&address);
        }
    }

    #[cfg(test)]
    pub fn known(&self) -> usize {
        self.by_id.len() + self.constant.len()
    }

    fn session_of(&self, packet: &[u8]) -> Option<Handle> {
        // A short header (RFC 9000, section 17.3): one byte, then our connection ID.
        if packet.first()? & 0x80 != 0 {
            return None;
        }
        let id: Id = packet.get(1..=ID_BYTES)?.try_into().ok()?;
        self.by_id.get(&id).copied()
    }
}

impl Core {
    /// The address that QUIC is to see a packet come from, and whether it is one of a pinned session.
    pub(super) fn seen_from(
        &mut self,
        now: Instant,
        remote: SocketAddr,
        packet: &[u8],
    ) -> (SocketAddr, bool) {
        let Some(handle) = self.paths.session_of(packet) else {
            // A stateless reset is of no ID that is known.
            let constant = self.paths.constant.get(&remote);
            return (constant.copied().unwrap_or(remote), false);
        };
        let Some(session) = pinned(&mut self.sessions, handle) else {
            return (remote, false);
        };
        let constant = session.connection.remote_address();
        note_source(now, session, remote, &mut self.streams.events);
        (constant, true)
    }

    /// From now on the packets of a pinned session go there, from whichever address of ours leads
    /// there, and what was learned of the old path is forgotten. Also where it is the same address:
    /// the way to it may be another one.
    pub fn set_path(&mut self, now: Instant, handle: Handle, to: SocketAddr) {
        let Some(session) = pinned(&mut self.sessions, handle) else {
            return;
        };
        let constant = session.connection.remote_address();
        let from = session.path.moved_to.unwrap_or(constant);
        if session.phase != Phase::Open {
            return;
        }
        session.path.is_anew = true;
        session.path.train_at = None;
        self.paths.constant.remove(&from);
        session.path.moved_to = (to != constant).then_some(to);
        if to != constant {
            self.paths.constant.insert(to, constant);
        }
        if self.admitted.remove(&from) {
            self.admitted.insert(to);
        }
        congestion::begin_anew(&mut session.connection, now);
        // What was lost on the old path would wait for a timer that grew as long as nothing came.
        session.connection.ping();
        session.path.ping = Some((now + PING_PAUSE_MIN, PING_PAUSE_MIN));
        list(&mut self.unsettled, &mut self.listed, session);
    }
}

/// Pings a new path again until something that went over it is acknowledged: the answer to the first
/// ping is lost where the other end has not moved yet.
pub(super) fn ping_again(now: Instant, session: &mut Session) {
    let Some((_, pause)) = session.path.ping.take_if(|(at, _)| *at <= now) else {
        return;
    };
    let is_answered = session.connection.rtt() != INITIAL_RTT;
    if !is_answered && pause < PING_PAUSE_MAX && session.phase == Phase::Open {
        session.connection.ping();
        session.path.ping = Some((now + 2 * pause, 2 * pause));
    }
}

impl Core {
    /// A relayed packet of a leg over this session came from there: where it alone is busy, the
    /// session itself would say late that an end has moved.
    pub fn note_source(&mut self, now: Instant, handle: Handle, remote: SocketAddr) {
        if let Some(session) = pinned(&mut self.sessions, handle) {
            note_source(now, session, remote, &mut self.streams.events);
        }
    }

    /// Where the packets of a session go, its last ones included, if that is no relayed path.
    pub fn direct_path(&self, session: Handle) -> Option<SocketAddr> {
        let session = self.sessions.get(session)?;
        let to = session.target();
        let is_relayed = matches!(way::read(to), Some(Way::Relay(_)));
        let was_open = matches!(session.phase, Phase::Open | Phase::Over);
        (was_open && !is_relayed).then_some(to)
    }
}

/// Reports an address that packets of an open session came from although it leads elsewhere.
fn note_source(now: Instant, session: &mut Session, remote: SocketAddr, events: &mut Vec<Event>) {
    let is_due = session.path.stray_after.is_none_or(|after| after <= now);
    if remote != session.target() && is_due && session.phase == Phase::Open {
        session.path.stray_after = Some(now + STRAY_PAUSE);
        let session = session.handle;
        events.push(Event::SessionStray { session, remote });
    }
}

fn pinned(sessions: &mut Arena<Box<Session>>, handle: Handle) -> Option<&mut Box<Session>> {
    let session = sessions.get_mut(handle);
    session.filter(|session| session.path.is_pinned)
}
