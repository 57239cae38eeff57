//! Datagrams of the sessions that carry flows: taken and sent by the engine's thread itself.

use super::datagrams::keep_datagrams;
use super::session::{Phase, Session};
use super::{list, Core};
use crate::handle::Handle;
use bytes::Bytes;
use std::collections::VecDeque;

/// What a datagram takes in QUIC's queue beside its bytes.
const OVERHEAD: usize = 64;

impl Core {
    /// Whether `next_packet` has something to give.
    pub fn has_packets(&self) -> bool {
        !self.flowing.is_empty()
    }

    /// The next datagram of a session that carries flows; sessions take turns.
    pub fn next_packet(&mut self) -> Option<(Handle, Bytes)> {
        while let Some(handle) = self.flowing.pop_front() {
            let Some(session) = self.sessions.get_mut(handle) else {
                continue;
            };
            if let Some(bytes) = session.inbox.next().filter(|_| session.is_open()) {
                self.flowing.push_back(handle);
                return Some((handle, bytes));
            }
            session.datagrams_listed = false;
        }
        None
    }

    /// The largest datagram that goes over the session now; none where it carries no flows.
    pub fn flow_bytes_max(&mut self, session: Handle) -> Option<usize> {
        let session = self.sessions.get_mut(session)?;
        let may = session.is_open() && session.carries_flows;
        may.then(|| session.connection.datagrams().max_size())?
    }

    /// Queues all of these or, where there is no room, none of them.
    pub fn send_packets(&mut self, session: Handle, datagrams: Vec<Bytes>) -> bool {
        let Some(session) = self.sessions.get_mut(session) else {
            return false;
        };
        if session.phase != Phase::Open || !session.carries_flows {
            return false;
        }
        let mut queue = session.connection.datagrams();
        let sizes = datagrams.iter().map(|bytes| bytes.len() + OVERHEAD);
        if sizes.sum::<usize>() > queue.send_buffer_space() {
            return false;
        }
        let all = datagrams
            .into_iter()
            .all(|bytes| queue.send(bytes, false).is_ok());
        list(&mut self.unsettled, &mut self.listed, session);
        all
    }

    /// Takes what has come out of QUIC to where it belongs.
    pub(super) fn keep(
        datagrams: &mut VecDeque<Handle>,
        flowing: &mut VecDeque<Handle>,
        session: &mut Session,
    ) {
        match session.carries_flows {
            true => keep_datagrams(flowing, session),
            false => keep_datagrams(datagrams, session),
        }
    }
}
