//! A client that keeps to no rule: it completes a handshake with packets made by hand, and from then
//! on sends whatever frames it is told to. QUIC's own code would not send them.

use crate::core::tls::{tls_client, Protocol};
use crate::testing::new_identity;
use rustls::crypto::ring;
use rustls::quic::{ClientConnection, Connection, KeyChange, Keys, Suite, Version};
use rustls::Side;
use std::collections::BTreeMap;
use std::sync::Arc;

const ID_BYTES: usize = 8;
/// What is not payload in the largest packet made here: header and tag.
pub const OVERHEAD: usize = 1 + ID_BYTES + 4 + 16;

/// The packet number spaces (RFC 9000, section 12.3).
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Space {
    Initial = 0,
    Handshake = 1,
    Data = 2,
}

pub struct Hostile {
    tls: Connection,
    keys: [Option<Keys>; 3],
    next_number: [u64; 3],
    /// How far the server's handshake was read, and what came before its turn.
    read: [u64; 2],
    early: [BTreeMap<u64, Vec<u8>>; 2],
    written: [u64; 2],
    ours: [u8; ID_BYTES],
    theirs: Vec<u8>,
    token: Vec<u8>,
}

impl Hostile {
    /// `seed` makes its connection IDs.
    pub fn new(alpn: &[u8], seed: u64) -> Self {
        let (certificate, key) = new_identity();
        let protocol = Protocol::new(alpn.to_vec(), certificate, key, false, 0).unwrap();
        let config = Arc::new(tls_client(&[alpn], protocol.identity).unwrap());
        let ours = (seed << 1).to_be_bytes();
        let theirs = (seed << 1 | 1).to_be_bytes();
        let name = "peer.invalid".try_into().unwrap();
        let tls = ClientConnection::new(config, Version::V1, name, parameters(&ours)).unwrap();
        Self {
            tls: tls.into(),
            keys: [Some(initial_keys(&theirs)), None, None],
            next_number: [0; 3],
            read: [0; 2],
            early: Default::default(),
            written: [0; 2],
            ours,
            theirs: theirs.to_vec(),
            token: Vec::new(),
        }
    }

    pub fn is_connected(&self) -> bool {
        self.keys[2].is_some()
    }

    /// Its first packet.
    pub fn first(&mut self) -> Vec<u8> {
        self.write().remove(0)
    }

    /// Takes a datagram of the server's; gives what goes back while the handshake runs.
    pub fn take(&mut self, datagram: &[u8]) -> Vec<Vec<u8>> {
        let mut rest = datagram.to_vec();
        let mut packets = Vec::new();
        while rest.first().is_some_and(|first| first & 0x80 != 0) && !self.is_connected() {
            let taken = self.take_packet(&mut rest);
            // The keys of the next packet may come from this one.
            packets.extend(self.write());
            match taken {
                Some(taken) => drop(rest.drain(..taken)),
                None => break,
            }
        }
        packets
    }

    /// What TLS has to say, a packet for each space.
    fn write(&mut self) -> Vec<Vec<u8>> {
        let mut packets = Vec::new();
        for _ in 0..4 {
            let space = match &self.keys {
                [.., Some(_)] => break,
                [_, Some(_), _] => Space::Handshake,
                _ => Space::Initial,
            };
            let mut flight = Vec::new();
            let change = self.tls.write_hs(&mut flight);
            if !flight.is_empty() {
                let offset = &mut self.written[space as usize];
                let frame = crypto(*offset, &flight);
                *offset += flight.len() as u64;
                packets.push(self.packet_in(space, &frame));
            }
            match change {
                Some(KeyChange::Handshake { keys }) => self.keys[1] = Some(keys),
                Some(KeyChange::OneRtt { keys, .. }) => self.keys[2] = Some(keys),
                None => break,
            }
        }
        packets
    }

    /// Reads one packet at the front; gives its length.
    fn take_packet(&mut self, bytes: &mut [u8]) -> Option<usize> {
        let kind = bytes[0] & 0x30;
        let mut at = 5 + 1 + usize::from(bytes[5]);
        let id = bytes[at + 1..at + 1 + usize::from(bytes[at])].to_vec();
        at += 1 + id.len();
        if kind == 0x30 {
            // A Retry: begin again, with its token and to its ID.
            self.token = bytes[at..bytes.len() - 16].to_vec();
            self.keys[0] = Some(initial_keys(&id));
            self.theirs = id;
            return None;
        }
        let space = if kind == 0 {
            Space::Initial
        } else {
            Space::Handshake
        };
        if space == Space::Initial {
            at += 1;
        }
        let length = usize::from(u16::from_be_bytes([bytes[at] & 0x3f, bytes[at + 1]]));
        at += 2;
        let end = at + length;
        self.theirs = id;
        let keys = &self.keys[space as usize].as_ref()?.remote;
        let (head, body) = bytes.split_at_mut(at + 4);
        let (first, number) = (&mut head[0..1].to_vec(), &mut head[at..at + 4].to_vec());
        let sample = &body[..keys.header.sample_len()];
        keys.header
            .decrypt_in_place(sample, &mut first[0], number)
            .ok()?;
        let number_bytes = usize::from(first[0] & 3) + 1;
        bytes[0] = first[0];
        bytes[at..at + number_bytes].copy_from_slice(&number[..number_bytes]);
        let number = number[..number_bytes]
            .iter()
            .fold(0, |whole, byte| whole << 8 | u64::from(*byte));
        let (header, payload) = bytes[..end].split_at_mut(at + number_bytes);
        let frames = keys.packet.decrypt_in_place(number, header, payload).ok()?;
        let frames = frames.to_vec();
        self.read_frames(space, &frames);
        Some(end)
    }

    /// Of the frames of a handshake only CRYPTO matters.
    fn read_frames(&mut self, space: Space, mut frames: &[u8]) {
        while let Some((&kind, rest)) = frames.split_first() {
            frames = rest;
            match kind {
                0x02 | 0x03 => {
                    let [_, _, ranges] = [(); 3].map(|()| take_int(&mut frames));
                    for _ in 0..1 + 2 * ranges {
                        take_int(&mut frames);
                    }
                }
                0x06 => {
                    let offset = take_int(&mut frames);
                    let length = take_int(&mut frames) as usize;
                    let (data, rest) = frames.split_at(length);
                    self.early[space as usize].insert(offset, data.to_vec());
                    frames = rest;
                }
                0x00 | 0x01 => {}
                _ => return,
            }
        }
        let (early, read) = (
            &mut self.early[space as usize],
            &mut self.read[space as usize],
        );
        while let Some(data) = early.remove(read) {
            *read += data.len() as u64;
            self.tls.read_hs(&data).unwrap();
        }
    }

    /// A packet of the session with these frames.
    pub fn packet(&mut self, frames: &[u8]) -> Vec<u8> {
        self.packet_in(Space::Data, frames)
    }

    /// A packet with these frames. Initial ones are as long as they have to be.
    pub fn packet_in(&mut self, space: Space, frames: &[u8]) -> Vec<u8> {
        let number = self.next_number[space as usize];
        self.next_number[space as usize] += 1;
        let mut packet = match space {
            Space::Initial => vec![0xc3, 0, 0, 0, 1],
            Space::Handshake => vec![0xe3, 0, 0, 0, 1],
            Space::Data => vec![0x43],
        };
        let mut frames = frames.to_vec();
        if space != Space::Data {
            packet.push(self.theirs.len() as u8);
        }
        packet.extend(&self.theirs);
        if space != Space::Data {
            packet.push(self.ours.len() as u8);
            packet.extend(self.ours);
        }
        if space == Space::Initial {
            packet.extend(int(self.token.len() as u64));
            packet.extend(&self.token);
            let length = packet.len() + 2 + 4 + frames.len() + 16;
            frames.resize(frames.len() + 1_200_usize.saturating_sub(length), 0);
        }
        if space != Space::Data {
            let length = (4 + frames.len() + 16) as u16;
            packet.extend((length | 0x4000).to_be_bytes());
        }
        let at = packet.len();
        packet.extend((number as u32).to_be_bytes());
        let keys = self.keys[space as usize].as_ref().unwrap();
        let tag = keys
            .local
            .packet
            .encrypt_in_place(number, &packet, &mut frames)
            .unwrap();
        packet.extend(frames);
        packet.extend(tag.as_ref());
        let (head, body) = packet.split_at_mut(at + 4);
        let sample = &body[..keys.local.header.sample_len()];
        let (first, number) = head.split_at_mut(1);
        keys.local
            .header
            .encrypt_in_place(sample, &mut first[0], &mut number[at - 1..])
            .unwrap();
        packet
    }
}

fn initial_keys(id: &[u8]) -> Keys {
    let suite = ring::cipher_suite::TLS13_AES_128_GCM_SHA256
        .tls13()
        .unwrap();
    let suite = Suite {
        suite,
        quic: suite.quic.unwrap(),
    };
    suite.keys(id, Side::Client, Version::V1)
}

/// Transport parameters (RFC 9000, section 18) that promise to take much.
fn parameters(ours: &[u8]) -> Vec<u8> {
    let much = int(1 << 20);
    let parameters: [(u64, &[u8]); 8] = [
        (0x01, &int(30_000)),
        (0x04, &much),
        (0x05, &much),
        (0x06, &much),
        (0x08, &int(1_000)),
        (0x0e, &int(8)),
        (0x0f, ours),
        (0x20, &int(65_535)),
    ];
    let encoded = parameters.map(|(id, value)| {
        let length = int(value.len() as u64);
        [&int(id), &length, value].concat()
    });
    encoded.concat()
}

/// A CRYPTO frame (RFC 9000, section 19.6).
pub fn crypto(offset: u64, data: &[u8]) -> Vec<u8> {
    let (offset, length) = (int(offset), int(data.len() as u64));
    [&[0x06], offset.as_slice(), &length, data].concat()
}

/// A variable-length integer (RFC 9000, section 16).
pub fn int(value: u64) -> Vec<u8> {
    match value {
        0..0x40 => vec![value as u8],
        0x40..0x4000 => (value as u16 | 0x4000).to_be_bytes().to_vec(),
        0x4000..0x4000_0000 => (value as u32 | 0x8000_0000).to_be_bytes().to_vec(),
        _ => (value | 0xc000_0000_0000_0000).to_be_bytes().to_vec(),
    }
}

fn take_int(bytes: &mut &[u8]) -> u64 {
    let length = 1 << (bytes[0] >> 6);
    let (taken, rest) = bytes.split_at(length);
    *bytes = rest;
    let first = u64::from(taken[0] & 0x3f);
    taken[1..]
        .iter()
        .fold(first, |whole, byte| whole << 8 | u64::from(*byte))
}
