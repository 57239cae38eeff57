//! Packets over ways: where each really goes, those that we carry for others, and relayed ones that
//! arrive.
//!
//! Invariant: what is relayed goes along direct paths alone. A leg whose session has a relayed path
//! itself passes nothing.

use super::backlog::Packet;
use super::sending::Sent;
use super::turn::Turn;
use super::{ledger, DataPlane};
use crate::event::Fault;
use crate::handle::Handle;
use crate::limits::{RELAY_TRAINS_PER_TURN, TURN_CARRY};
use crate::relay::{Due, LegKeys, Received, RelayCounts, HEADER_BYTES};
use crate::way::{self, Way};
use bytes::{Buf, BytesMut};
use quinn_proto::Transmit;
use std::io::{Error, ErrorKind};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

impl DataPlane {
    /// Sends a train to where its destination really is.
    pub(super) fn dispatch(&mut self, now: Instant, transmit: &Transmit, train: &[u8]) -> Sent {
        let number = match way::read(transmit.destination) {
            None => {
                let ledger = &mut ledger(now, &self.shared, &mut self.faults);
                return self.udp.send(transmit, train, ledger);
            }
            Some(Way::Relay(number)) => number,
            Some(_) => return self.send_direct(now, transmit.destination, transmit, train),
        };
        let Some(to) = self.carrier_path(number) else {
            let packets = transmit
                .size
                .div_ceil(transmit.segment_size.unwrap_or(transmit.size));
            self.relays.note_dropped(number, packets);
            return lost("the relay is closed");
        };
        let mut sealed = std::mem::take(&mut self.sealed);
        sealed.clear();
        let stride = transmit.segment_size.unwrap_or(transmit.size);
        let train = &train[..transmit.size];
        let sent = match self.relays.seal(number, train, stride, &mut sealed) {
            false => lost("the relay is closed"),
            true => {
                let outer = Transmit {
                    destination: to,
                    ecn: transmit.ecn,
                    size: sealed.len(),
                    segment_size: transmit.segment_size.map(|size| size + HEADER_BYTES),
                    src_ip: None,
                };
                self.send_direct(now, to, &outer, &sealed)
            }
        };
        self.sealed = sealed;
        sent
    }

    /// Sends over the main socket or over an extra one.
    fn send_direct(
        &mut self,
        now: Instant,
        to: SocketAddr,
        transmit: &Transmit,
        train: &[u8],
    ) -> Sent {
        let ledger = &mut ledger(now, &self.shared, &mut self.faults);
        match way::read(to) {
            None => self.udp.send(transmit, train, ledger),
            Some(Way::Socket { number, to }) => {
                let transmit = Transmit {
                    destination: to.into(),
                    ecn: transmit.ecn,
                    size: transmit.size,
                    segment_size: transmit.segment_size,
                    src_ip: transmit.src_ip,
                };
                self.sockets.send(number, &transmit, train, ledger)
            }
            Some(_) => lost("the way leads nowhere"),
        }
    }

    /// Where the packets of an end's leg go.
    fn carrier_path(&self, number: u32) -> Option<SocketAddr> {
        self.core.direct_path(self.relays.carrier_of(number)?)
    }

    pub(super) fn send_raw(&mut self, now: Instant, to: SocketAddr, bytes: &[u8]) {
        let ledger = &mut ledger(now, &self.shared, &mut self.faults);
        match way::read(to) {
            None => self.udp.send_raw(to, bytes, ledger),
            Some(Way::Socket { number, to }) => {
                self.sockets.send_raw(number, to.into(), bytes, ledger);
            }
            Some(Way::Relay(_)) => {
                let transmit = Transmit {
                    destination: to,
                    ecn: None,
                    size: bytes.len(),
                    segment_size: None,
                    src_ip: None,
                };
                // One that finds the socket full is lost.
                self.dispatch(now, &transmit, bytes);
            }
            Some(Way::None) => {}
        }
    }

    /// Takes a relayed packet: for us, for somebody else, or for nobody.
    pub(super) fn take_relayed(&mut self, now: Instant, mut packet: Packet) {
        let segments = self.udp.segments_max();
        let core = &self.core;
        let is_direct = |session| core.direct_path(session).is_some();
        let payload = &mut packet.payload;
        let received = self
            .relays
            .receive(now, payload, packet.ecn, segments, is_direct);
        let number = match received {
            Received::Nothing => return,
            Received::Carried(session) => {
                return self.core.note_source(now, session, packet.remote);
            }
            Received::Opened(session, number) => {
                self.core.note_source(now, session, packet.remote);
                number
            }
        };
        let from = way::over_relay(number);
        payload.advance(HEADER_BYTES);
        if !super::receive::is_quic(payload) {
            return self.take_raw(from, payload);
        }
        let is_kept = packet.is_kept && self.core.has_admitted(from);
        let payload = match is_kept && !crate::core::is_of_handshake(&packet.payload) {
            true => packet.payload,
            false => BytesMut::from(&packet.payload[..]),
        };
        self.core.feed(now, from, None, packet.ecn, payload);
    }

    /// Sends on what we carry for others, once our own has had its turn.
    pub(super) fn carry(&mut self, turn: &Turn) {
        let now = turn.began;
        for _ in 0..RELAY_TRAINS_PER_TURN {
            if !self.udp.writable {
                return;
            }
            let Some(due) = self.relays.next(now) else {
                return;
            };
            self.carry_train(now, due);
            if turn.is_past(TURN_CARRY) {
                return;
            }
        }
    }

    fn carry_train(&mut self, now: Instant, due: Due) {
        let Some(to) = self.core.direct_path(due.session) else {
            return self.relays.lost(due);
        };
        let train = &due.train;
        let transmit = Transmit {
            destination: to,
            ecn: train.ecn,
            size: train.bytes.len(),
            segment_size: (train.packets > 1).then_some(train.stride),
            src_ip: None,
        };
        match self.send_direct(now, to, &transmit, &train.bytes) {
            Sent::Done => self.relays.sent(due),
            Sent::Lost(..) => self.relays.lost(due),
            Sent::Blocked => {
                self.udp.writable = false;
                self.relays.put_back(now, due);
            }
        }
    }

    pub(super) fn open_relay(&mut self, number: u32, leg: &LegKeys, counts: Arc<RelayCounts>) {
        let can_be = self.can_have_leg(leg.session);
        if !can_be || !self.relays.open(number, leg, counts) {
            self.refuse_relay(number);
        }
    }

    pub(super) fn carry_between(
        &mut self,
        now: Instant,
        number: u32,
        legs: [&LegKeys; 2],
        rate: f64,
        counts: Arc<RelayCounts>,
    ) {
        let can_be = legs.iter().all(|leg| self.can_have_leg(leg.session));
        if !can_be || !self.relays.carry(now, number, legs, rate, counts) {
            self.refuse_relay(number);
        }
    }

    fn can_have_leg(&self, session: Handle) -> bool {
        self.core.is_open(session) && self.core.direct_path(session).is_some()
    }

    /// The owner finds it closed.
    fn refuse_relay(&mut self, number: u32) {
        self.shared.remove_relay(number);
    }

    pub(super) fn close_relay(&mut self, number: u32) {
        self.relays.close(number);
        self.shared.remove_relay(number);
    }

    pub(super) fn close_relays_of(&mut self, session: Handle) {
        for number in self.relays.session_ended(session) {
            self.shared.remove_relay(number);
        }
    }
}

fn lost(why: &str) -> Sent {
    Sent::Lost(Fault::NoRoute, Error::new(ErrorKind::NotConnected, why))
}
