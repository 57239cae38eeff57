//! Requests to a core in any order, with handles that name nothing, something, or something else.

use super::choices::Choices;
use crate::core::testing::ALPN;
use crate::core::{Core, DatagramOutcome};
use crate::handle::Handle;
use bytes::Bytes;
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// What a core told of, still there or not; and what must be left alone.
#[derive(Default)]
pub struct Known {
    pub sessions: Vec<Handle>,
    pub streams: Vec<Handle>,
    pub honest: Handle,
}

/// Handles that are remembered; older ones are forgotten.
const KNOWN_MAX: usize = 256;

impl Known {
    pub fn note_session(&mut self, session: Handle) {
        if session != self.honest {
            remember(&mut self.sessions, session);
        }
    }

    pub fn note_stream(&mut self, stream: Handle) {
        remember(&mut self.streams, stream);
    }

    /// Never that of the honest session.
    pub fn handle(&self, choices: &mut Choices) -> Handle {
        let handle = match choices.below(8) {
            0 => choices.field(),
            // The slot of one, in another generation.
            1 => choices.one_of(&self.sessions).unwrap_or(0) ^ 1 << (20 + choices.below(12)),
            2..=4 => choices.one_of(&self.sessions).unwrap_or(0),
            _ => choices.one_of(&self.streams).unwrap_or(0),
        };
        match handle == self.honest {
            true => 0,
            false => handle,
        }
    }
}

fn remember(all: &mut Vec<Handle>, handle: Handle) {
    if all.len() >= KNOWN_MAX {
        all.remove(0);
    }
    all.push(handle);
}

pub fn request(
    choices: &mut Choices,
    core: &mut Core,
    known: &Known,
    now: Instant,
    peer: SocketAddr,
) {
    let handle = known.handle(choices);
    let number = choices.field();
    let length = choices.below(2_000);
    let code = choices.varint();
    match choices.below(23) {
        0 => core.take_session(handle),
        1 => core.admit(handle),
        2 => core.admit_narrow(handle),
        3 => core.close_session(now, handle, code, "enough"),
        4 => {
            let gauge = core.gauge(handle);
            let outcome = gauge.map(|gauge| gauge.reserve(length));
            if outcome == Some(DatagramOutcome::Sent) {
                core.send_datagram(handle, Bytes::from(vec![1; length]));
            }
        }
        5 | 6 => core.open_stream(handle, number),
        7 => core.cancel_open(handle, number),
        8 => core.grant_read(handle, number),
        9 | 10 => core.write_stream(handle, Bytes::from(vec![2; length])),
        11 => core.finish_stream(handle),
        12 => core.abort_stream(handle, choices.number() << 50 | code),
        13 => _ = core.delegate(handle, number),
        14 => _ = core.open_delegated(handle, number),
        15 => core.cancel_delegated(handle, number),
        16 => _ = core.read_stream(handle, length, &mut VecDeque::new()),
        17 => {
            let mut from = VecDeque::from([Bytes::from(vec![3; length]), Bytes::new()]);
            core.write_delegated(handle, &mut from);
        }
        18 => core.finish_delegated(handle),
        19 => core.release_stream(handle),
        21 => core.note_behind(handle, choices.once_in(2)),
        20 => core.note_unreachable(now, handle, "no route".to_owned()),
        _ if core.session_count() >= 24 => core.cancel_dial(now, number),
        _ => {
            let alpn = choices.one_of(&[ALPN, b"", b"other/1"]).unwrap_or(ALPN);
            let address = match choices.once_in(4) {
                true => SocketAddr::new(peer.ip(), choices.number() as u16),
                false => peer,
            };
            let timeout = Duration::from_millis(number.into());
            core.dial(now, number, address, alpn, timeout);
        }
    }
}
