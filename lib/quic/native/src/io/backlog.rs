//! Trains of packets that were received and not looked at yet: one batch at most. The next one is
//! received when these are done, so that what is too much waits in the socket and is lost there.

use bytes::BytesMut;
use quinn_proto::EcnCodepoint;
use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};

/// Packets of one sender, one after the other.
pub struct Train {
    pub remote: SocketAddr,
    pub local_ip: Option<IpAddr>,
    pub ecn: Option<EcnCodepoint>,
    /// The length of each packet but the last, which may be shorter.
    pub stride: usize,
    pub bytes: BytesMut,
}

impl Train {
    fn next_packet(&mut self) -> Option<Packet> {
        if self.bytes.is_empty() {
            return None;
        }
        let length = self.stride.clamp(1, self.bytes.len());
        let packet = self.bytes.split_to(length);
        Some(Packet {
            remote: self.remote,
            local_ip: self.local_ip,
            ecn: self.ecn,
            payload: match is_of_handshake(&packet) {
                // It may wait for a verdict or for missing bytes, and must not keep its train.
                true => BytesMut::from(&packet[..]),
                false => packet,
            },
        })
    }
}

/// A packet as it came.
pub struct Packet {
    pub remote: SocketAddr,
    pub local_ip: Option<IpAddr>,
    pub ecn: Option<EcnCodepoint>,
    pub payload: BytesMut,
}

#[derive(Default)]
pub struct Backlog {
    trains: VecDeque<Train>,
}

impl Backlog {
    pub fn is_empty(&self) -> bool {
        self.trains.is_empty()
    }

    pub fn push(&mut self, train: Train) {
        self.trains.push_back(train);
    }

    pub fn next(&mut self) -> Option<Packet> {
        loop {
            if let Some(packet) = self.trains.front_mut()?.next_packet() {
                return Some(packet);
            }
            self.trains.pop_front();
        }
    }
}

/// Whether the packet has the long header of QUIC (RFC 9000, section 17.2).
fn is_of_handshake(packet: &[u8]) -> bool {
    packet.first().is_some_and(|first| first & 0xc0 == 0xc0)
}
