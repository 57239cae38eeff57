//! Packets from the sockets: those of QUIC go to the core, relayed ones are opened or go on, others
//! wait to be handed up.

use super::turn::Turn;
use super::{address, ledger, DataPlane};
use crate::limits::{RAW_BYTES_MAX, RAW_WAITING_MAX, TURN_RECEIVE, UDP_PAYLOAD_MAX};
use crate::relay;
use bytes::Bytes;
use std::net::SocketAddr;

impl DataPlane {
    pub(super) fn receive(&mut self, turn: &Turn) {
        if self.backlog.is_empty() {
            let ledger = &mut ledger(turn.began, &self.shared, &mut self.faults);
            let (buffers, backlog) = (&mut self.buffers, &mut self.backlog);
            if self.udp.readable {
                self.udp.receive(ledger, buffers, backlog);
            }
            self.sockets.receive(ledger, buffers, backlog);
        }
        while let Some(packet) = self.backlog.next(|remote| self.core.has_admitted(remote)) {
            let length = packet.payload.len();
            if !is_quic(&packet.payload) {
                match packet.payload.first() {
                    Some(&relay::FIRST_BYTE) => self.take_relayed(turn.began, packet),
                    _ => self.take_raw(packet.remote, &packet.payload),
                }
            } else if length <= usize::from(UDP_PAYLOAD_MAX) {
                let (remote, local_ip, ecn) = (packet.remote, packet.local_ip, packet.ecn);
                self.core
                    .feed(turn.began, remote, local_ip, ecn, packet.payload);
            }
            if turn.is_past(TURN_RECEIVE) {
                return;
            }
        }
    }

    pub(super) fn take_raw(&mut self, from: SocketAddr, payload: &[u8]) {
        if payload.len() > RAW_BYTES_MAX {
            return;
        }
        if self.raw.len() >= RAW_WAITING_MAX {
            self.raw.pop_front();
        }
        let bytes = Bytes::copy_from_slice(payload);
        self.raw.push_back((address::shown(from), bytes));
    }
}

/// QUIC packets have the fixed bit set (RFC 9000, section 17); ours that are not QUIC have not.
pub(super) fn is_quic(payload: &[u8]) -> bool {
    payload.first().is_some_and(|first| first & 0x40 != 0)
}
