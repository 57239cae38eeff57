//! Datagrams on their way up: handed on at once where there is room, else kept here in copies, so
//! that none of them keeps the packets alive that it came with.

use super::session::{Phase, Session};
use super::Core;
use crate::event::Event;
use crate::handle::Handle;
use crate::limits::{DATAGRAM_EARLY_BYTES, DATAGRAM_RECEIVE_BYTES};
use bytes::Bytes;
use std::collections::VecDeque;

/// What a datagram takes besides its bytes: its record, or its place here.
const OVERHEAD: usize = 64;

/// Datagrams of one session that wait; the oldest goes first when there are too many.
#[derive(Default)]
pub struct Inbox {
    waiting: VecDeque<Bytes>,
    bytes: usize,
}

impl Inbox {
    fn keep(&mut self, datagram: &[u8], bytes_max: usize) {
        self.waiting.push_back(Bytes::copy_from_slice(datagram));
        self.bytes += datagram.len() + OVERHEAD;
        while self.bytes > bytes_max {
            self.next();
        }
    }

    pub(super) fn next(&mut self) -> Option<Bytes> {
        let datagram = self.waiting.pop_front()?;
        self.bytes -= datagram.len() + OVERHEAD;
        Some(datagram)
    }
}

impl Core {
    /// Whether datagrams wait for `allow_datagrams`.
    pub fn holds_datagrams(&self) -> bool {
        !self.datagrams.is_empty()
    }

    /// Says how many bytes of datagrams may be handed up from now on.
    pub fn allow_datagrams(&mut self, bytes: usize) {
        self.datagram_room = bytes;
        self.hand_up_datagrams();
    }

    pub(super) fn hand_up_datagrams(&mut self) {
        while self.datagram_room > 0 {
            let Some(handle) = self.datagrams.pop_front() else {
                return;
            };
            let Some(session) = self.sessions.get_mut(handle) else {
                continue;
            };
            session.datagrams_listed = false;
            while let Some(bytes) = next_datagram(session) {
                let taken = bytes.len() + OVERHEAD;
                self.datagram_room = self.datagram_room.saturating_sub(taken);
                let session = handle;
                self.streams.events.push(Event::Datagram { session, bytes });
                if self.datagram_room == 0 {
                    break;
                }
            }
            if self.datagram_room == 0 {
                keep_datagrams(&mut self.datagrams, session);
                return;
            }
        }
    }
}

fn next_datagram(session: &mut Session) -> Option<Bytes> {
    let kept = session.inbox.next();
    kept.or_else(|| session.connection.datagrams().recv())
}

/// Takes what has come out of QUIC, to be handed up later.
pub fn keep_datagrams(listed: &mut VecDeque<Handle>, session: &mut Session) {
    let bytes_max = match session.is_wide {
        true => DATAGRAM_RECEIVE_BYTES,
        false => DATAGRAM_EARLY_BYTES,
    };
    while let Some(datagram) = session.connection.datagrams().recv() {
        session.inbox.keep(&datagram, bytes_max);
    }
    if session.phase == Phase::Open {
        list_datagrams(listed, session);
    }
}

pub fn list_datagrams(listed: &mut VecDeque<Handle>, session: &mut Session) {
    if !session.datagrams_listed {
        session.datagrams_listed = true;
        listed.push_back(session.handle);
    }
}
