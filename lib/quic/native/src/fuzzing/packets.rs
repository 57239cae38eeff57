//! Hostile packets made of real ones: what somebody on the path, or a stranger, can send.

use super::choices::Choices;

/// The longest payload that is tried: more than any UDP datagram carries.
const PACKET_BYTES_MAX: usize = 65_535;

/// A packet that resembles one of `real`, or none at all.
pub fn hostile(choices: &mut Choices, real: &[Vec<u8>]) -> Vec<u8> {
    let kind = choices.below(12);
    if real.is_empty() || kind == 0 {
        return garbage(choices);
    }
    let mut packet = real[choices.below(real.len())].clone();
    match kind {
        1 => {}
        2 => packet.truncate(choices.below(packet.len() + 1)),
        3 => {
            // The head of one and the tail of another.
            let other = &real[choices.below(real.len())];
            packet.truncate(choices.below(packet.len() + 1));
            packet.extend(&other[choices.below(other.len() + 1)..]);
        }
        4 => {
            // Several packets in one datagram, as handshakes have them.
            let other = &real[choices.below(real.len())];
            packet.extend(other);
        }
        5 => {
            let more = choices.below(3_000);
            packet.extend(choices.random(more));
        }
        6 => long_header(choices, &mut packet),
        7 => {
            // What is not protected: form, version, the lengths and bytes of connection IDs.
            for byte in packet.iter_mut().take(32) {
                if choices.once_in(8) {
                    *byte = choices.number() as u8;
                }
            }
        }
        8 => {
            if let Some(first) = packet.first_mut() {
                *first = choices.number() as u8;
            }
        }
        _ => {
            for _ in 0..=choices.below(8) {
                if !packet.is_empty() {
                    let at = choices.below(packet.len());
                    packet[at] ^= 1 << choices.below(8);
                }
            }
        }
    }
    packet.truncate(PACKET_BYTES_MAX);
    packet
}

/// Random bytes, of every length, more often of those that packets have.
fn garbage(choices: &mut Choices) -> Vec<u8> {
    let longest = choices.one_of(&[4, 48, 1_200, 1_500, 1_500, 1_500, PACKET_BYTES_MAX]);
    let length = choices.below(longest.unwrap_or(0) + 1);
    let mut packet = vec![choices.number() as u8; length];
    let random = length.min(256);
    choices.fill(&mut packet[..random]);
    packet
}

/// Puts a long header of any kind and version before what is there (RFC 8999, section 5.1).
fn long_header(choices: &mut Choices, packet: &mut Vec<u8>) {
    let version = choices.one_of(&[0, 1, 2, 0x6b33_43cf, 0x0a0a_0a0a, 0xff00_001d, u32::MAX]);
    let mut head = vec![0xc0 | choices.number() as u8];
    head.extend(version.unwrap_or(0).to_be_bytes());
    for _ in 0..2 {
        let length = choices.one_of(&[0, 1, 8, 20, 21, 255]).unwrap_or(0);
        head.push(length);
        let there = choices.below(usize::from(length) + 1);
        head.extend(choices.random(there));
    }
    // The length of a token, of the packet.
    for _ in 0..2 {
        super::frames::put_varint(&mut head, choices.varint());
    }
    head.append(packet);
    *packet = head;
    if choices.once_in(2) {
        packet.resize(packet.len().max(1_200), 0);
    }
}
