//! A packet of a flow as datagrams of a session carry it: eleven bytes that say what it is, then the
//! packet or a part of it. docs/pollen-2.md describes it.

use crate::limits::{FLOW_PACKET_BYTES_MAX, FLOW_PARTS_MAX};
use bytes::{BufMut, Bytes, BytesMut};

pub const HEADER_BYTES: usize = 11;

/// Which way a packet goes. The numbers are those on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Way {
    ToService = 1,
    FromService = 2,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    pub way: Way,
    /// Chosen by the end that began the flow.
    pub flow: u32,
    /// The service's.
    pub port: u16,
    /// Tells the parts of one packet from those of others of its flow.
    pub number: u16,
    /// Which part this is, of how many.
    pub part: u8,
    pub parts: u8,
}

impl Header {
    /// That of a whole packet.
    pub fn of(way: Way, flow: u32, port: u16, number: u16) -> Self {
        Self {
            way,
            flow,
            port,
            number,
            part: 0,
            parts: 1,
        }
    }

    /// Takes a datagram apart. None for what is not one of these.
    pub fn parse(mut datagram: Bytes) -> Option<(Self, Bytes)> {
        let bytes: [u8; HEADER_BYTES] = datagram.get(..HEADER_BYTES)?.try_into().ok()?;
        let [kind, f0, f1, f2, f3, p0, p1, n0, n1, part, parts] = bytes;
        let header = Self {
            way: match kind {
                1 => Way::ToService,
                2 => Way::FromService,
                _ => return None,
            },
            flow: u32::from_be_bytes([f0, f1, f2, f3]),
            port: u16::from_be_bytes([p0, p1]),
            number: u16::from_be_bytes([n0, n1]),
            part,
            parts,
        };
        let payload = datagram.split_off(HEADER_BYTES);
        // An empty packet is one; an empty part brings nothing.
        let is_sound = header.port != 0
            && part < parts
            && usize::from(parts) <= FLOW_PARTS_MAX
            && payload.len() <= FLOW_PACKET_BYTES_MAX
            && (parts == 1 || !payload.is_empty());
        is_sound.then_some((header, payload))
    }

    fn encode(&self, payload: &[u8]) -> Bytes {
        let mut datagram = BytesMut::with_capacity(HEADER_BYTES + payload.len());
        datagram.put_u8(self.way as u8);
        datagram.put_u32(self.flow);
        datagram.put_u16(self.port);
        datagram.put_u16(self.number);
        datagram.put_u8(self.part);
        datagram.put_u8(self.parts);
        datagram.put_slice(payload);
        datagram.freeze()
    }

    /// The datagrams, of at most so many bytes each, that carry a packet; what `self` says of parts
    /// is of no account. None where that takes too many.
    pub fn split(self, packet: &[u8], datagram_bytes_max: usize) -> Option<Vec<Bytes>> {
        let room = datagram_bytes_max.checked_sub(HEADER_BYTES)?;
        if room == 0 || packet.len() > FLOW_PACKET_BYTES_MAX {
            return None;
        }
        let parts = packet.len().div_ceil(room).max(1);
        if parts > FLOW_PARTS_MAX {
            return None;
        }
        // Of equal size, so that none of them is as large as the path takes without need.
        let size = packet.len().div_ceil(parts).max(1);
        let header = |part: usize| Self {
            part: part as u8,
            parts: parts as u8,
            ..self
        };
        Some(match packet.is_empty() {
            true => vec![header(0).encode(packet)],
            false => {
                let chunks = packet.chunks(size).enumerate();
                chunks
                    .map(|(part, bytes)| header(part).encode(bytes))
                    .collect()
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: Header = Header {
        way: Way::ToService,
        flow: 0x0102_0304,
        port: 53,
        number: 0x0506,
        part: 0,
        parts: 1,
    };

    #[test]
    fn a_header_is_written_as_the_page_says() {
        let [datagram] = &HEADER.split(b"abc", 1_200).unwrap()[..] else {
            panic!("one datagram is enough");
        };
        let expected = [1, 1, 2, 3, 4, 0, 53, 5, 6, 0, 1, b'a', b'b', b'c'];
        assert_eq!(datagram[..], expected);
        let (header, payload) = Header::parse(datagram.clone()).unwrap();
        assert_eq!((header, &payload[..]), (HEADER, &b"abc"[..]));
    }

    #[test]
    fn packets_of_every_size_come_apart_and_fit() {
        for room in [HEADER_BYTES + 1, 600, 1_150, 1_400] {
            for bytes in [0_usize, 1, 63, 64, 1_149, 1_150, 1_420, 9_000, 65_507] {
                let packet: Vec<u8> = (0..bytes).map(|at| at as u8).collect();
                let Some(datagrams) = HEADER.split(&packet, room) else {
                    assert!(bytes.div_ceil(room - HEADER_BYTES) > FLOW_PARTS_MAX);
                    continue;
                };
                let mut whole = Vec::new();
                for (at, datagram) in datagrams.iter().enumerate() {
                    assert!(datagram.len() <= room);
                    let (header, payload) = Header::parse(datagram.clone()).unwrap();
                    let part = (usize::from(header.part), usize::from(header.parts));
                    assert_eq!(part, (at, datagrams.len()));
                    whole.extend_from_slice(&payload);
                }
                assert_eq!(whole, packet);
            }
        }
        assert!(HEADER
            .split(&[0; FLOW_PACKET_BYTES_MAX + 1], 16_000)
            .is_none());
        assert!(HEADER.split(b"", HEADER_BYTES).is_none());
    }

    #[test]
    fn what_is_none_of_ours_is_left_out() {
        let good = [1, 0, 0, 0, 1, 0, 53, 0, 0, 0, 2, 9];
        assert!(Header::parse(Bytes::copy_from_slice(&good)).is_some());
        let with = |at: usize, value: u8| {
            let mut bytes = good;
            bytes[at] = value;
            Header::parse(Bytes::copy_from_slice(&bytes))
        };
        // Another kind, no port, a part beyond the last, too many parts, none at all.
        for (at, value) in [(0, 0), (0, 3), (6, 0), (9, 2), (10, 65), (10, 0)] {
            assert!(with(at, value).is_none(), "byte {at} is {value}");
        }
        // A part without bytes, and whatever is cut short.
        for length in 0..good.len() {
            let bytes = Bytes::copy_from_slice(&good[..length]);
            assert!(Header::parse(bytes).is_none(), "{length} bytes");
        }
    }
}
