//! Packets that leave, many in one call where the system segments. What its refusal means stands in
//! the table of faults.rs; here it is followed.
//!
//! Invariant: a packet that could not be sent is a lost packet, which QUIC repairs.

use super::address::for_socket;
use super::faults::{fault_of, Ledger};
use super::udp::Udp;
use crate::event::Fault;
use crate::limits::*;
use crate::shared::Counters;
use quinn_proto::Transmit;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::Ordering::Relaxed;

/// What became of a send.
pub enum Sent {
    Done,
    /// The socket is full or rests, or there is none: try again when it is writable.
    Blocked,
    /// The system would not have it.
    Lost(Fault, io::Error),
}

impl Udp {
    /// Sends one train of QUIC packets.
    pub fn send(&mut self, transmit: &Transmit, payload: &[u8], ledger: &mut Ledger<'_>) -> Sent {
        let ecn = transmit.ecn;
        let parts = quinn_udp::Transmit {
            destination: transmit.destination,
            ecn: ecn.and_then(|ecn| quinn_udp::EcnCodepoint::from_bits(ecn as u8)),
            contents: &payload[..transmit.size],
            segment_size: transmit.segment_size,
            src_ip: transmit.src_ip,
        };
        match packet_bytes(&parts) {
            // Made while the system still segmented.
            Some(size) if self.segments == 1 => self.send_singly(&parts, size, ledger),
            _ => self.send_parts(&parts, ledger),
        }
    }

    /// Sends one packet that is not QUIC; it is lost where the socket is full.
    pub fn send_raw(&mut self, to: SocketAddr, payload: &[u8], ledger: &mut Ledger<'_>) {
        let Some(destination) = for_socket(to, self.is_v6) else {
            return;
        };
        let transmit = quinn_udp::Transmit {
            destination,
            ecn: None,
            contents: payload,
            segment_size: None,
            src_ip: None,
        };
        if let Sent::Blocked = self.send_parts(&transmit, ledger) {
            self.writable = false;
        }
    }

    fn send_parts(&mut self, transmit: &quinn_udp::Transmit<'_>, ledger: &mut Ledger<'_>) -> Sent {
        loop {
            let error = match self.attempt(transmit, ledger.counters) {
                None => return Sent::Blocked,
                Some(Ok(())) => return Sent::Done,
                Some(Err(error)) => error,
            };
            let Some(fault) = fault_of(&error) else {
                if error.kind() == io::ErrorKind::Interrupted {
                    continue;
                }
                return Sent::Blocked;
            };
            if let (Fault::Other, Some(size)) = (fault, packet_bytes(transmit)) {
                return self.try_singly(transmit, size, &error, ledger);
            }
            ledger.note(fault, &error);
            match fault {
                Fault::Broken => self.lose_socket(ledger.now, &error),
                Fault::Refused if self.echoes < ECHOES_MAX => {
                    self.echoes += 1;
                    continue;
                }
                Fault::Shortage => {
                    self.writable = false;
                    self.send_rest.fail(ledger.now);
                    if self.send_rest.failures() > SHORTAGES_MAX {
                        return Sent::Lost(fault, error);
                    }
                }
                _ => return Sent::Lost(fault, error),
            }
            return Sent::Blocked;
        }
    }

    /// The system refused a train with `error`. Whether for its segments, its first packet alone
    /// will tell.
    fn try_singly(
        &mut self,
        transmit: &quinn_udp::Transmit<'_>,
        size: usize,
        error: &io::Error,
        ledger: &mut Ledger<'_>,
    ) -> Sent {
        if let Some(wire) = &mut self.wire {
            wire.forget_errors();
        }
        let sent = self.send_singly(transmit, size, ledger);
        if let Sent::Done = sent {
            ledger.note(Fault::Segmentation, error);
            self.segments = 1;
            self.segments_again = Some(ledger.now + SEGMENTATION_RETRY);
            self.publish(ledger.counters);
        }
        sent
    }

    /// Sends a train packet by packet. What becomes of the first is the answer; of the others some
    /// may be lost.
    fn send_singly(
        &mut self,
        train: &quinn_udp::Transmit<'_>,
        size: usize,
        ledger: &mut Ledger<'_>,
    ) -> Sent {
        let mut packets = train.contents.chunks(size);
        let single = |contents| quinn_udp::Transmit {
            contents,
            segment_size: None,
            ..train.clone()
        };
        let Some(first) = packets.next() else {
            return Sent::Done;
        };
        let sent = self.send_parts(&single(first), ledger);
        if let Sent::Done = sent {
            for packet in packets {
                if !matches!(self.attempt(&single(packet), ledger.counters), Some(Ok(()))) {
                    break;
                }
            }
        }
        sent
    }

    /// One call of the system; none without a socket.
    fn attempt(
        &mut self,
        transmit: &quinn_udp::Transmit<'_>,
        counters: &Counters,
    ) -> Option<io::Result<()>> {
        let sent = self.wire.as_ref()?.send(transmit);
        counters.send_calls.fetch_add(1, Relaxed);
        if sent.is_ok() {
            let bytes = transmit.contents.len();
            let segments = transmit.segment_size.map_or(1, |size| bytes.div_ceil(size));
            counters.packets_sent.fetch_add(segments as u64, Relaxed);
            counters.bytes_sent.fetch_add(bytes as u64, Relaxed);
            self.send_rest.clear();
            self.rebind.clear();
            self.echoes = 0;
        }
        Some(sent)
    }
}

/// The size of a packet in a train of several; none where it is one packet.
fn packet_bytes(transmit: &quinn_udp::Transmit<'_>) -> Option<usize> {
    let bytes = transmit.contents.len();
    transmit.segment_size.filter(|size| *size < bytes)
}
