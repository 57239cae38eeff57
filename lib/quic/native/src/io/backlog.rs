//! Trains of packets that were received and not looked at yet: one batch at most of the main socket,
//! and one of an extra one. The next ones are received when these are done, so that what is too much
//! waits in the socket and is lost there.

use crate::core::is_of_handshake;
use crate::relay;
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
    /// Whether there is a buffer to spare for it.
    pub may_be_kept: bool,
    /// Whether its packets keep the whole of it alive. QUIC counts what of a packet waits to be
    /// read and knows nothing of the train: those of strangers never do, those of members while
    /// there are buffers to spare; else each packet is copied. None: not decided yet.
    pub is_kept: Option<bool>,
}

impl Train {
    fn next_packet(&mut self, is_member: impl FnOnce(SocketAddr) -> bool) -> Option<Packet> {
        if self.bytes.is_empty() {
            return None;
        }
        let remote = self.remote;
        let may = self.may_be_kept;
        let is_kept = *self.is_kept.get_or_insert_with(|| may && is_member(remote));
        let length = self.stride.clamp(1, self.bytes.len());
        let packet = self.bytes.split_to(length);
        // A relayed packet is done with at once, or becomes another one.
        let stays = packet[0] == relay::FIRST_BYTE || (is_kept && !is_of_handshake(&packet));
        Some(Packet {
            remote,
            local_ip: self.local_ip,
            ecn: self.ecn,
            is_kept,
            payload: match stays {
                true => packet,
                false => BytesMut::from(&packet[..]),
            },
        })
    }
}

/// A packet as it came.
pub struct Packet {
    pub remote: SocketAddr,
    pub local_ip: Option<IpAddr>,
    pub ecn: Option<EcnCodepoint>,
    /// Whether it may keep its train alive.
    pub is_kept: bool,
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

    /// The next packet. `is_member` says whether a member is there.
    pub fn next(&mut self, is_member: impl Fn(SocketAddr) -> bool) -> Option<Packet> {
        loop {
            if let Some(packet) = self.trains.front_mut()?.next_packet(&is_member) {
                return Some(packet);
            }
            self.trains.pop_front();
        }
    }
}
