//! The door under hostile use: every command with every field at its extremes, stale handles,
//! buffers too small, and packets of every length.

use super::*;
use crate::testing::new_identity;
use std::net::{Ipv4Addr, UdpSocket};

const SHUTDOWN: u32 = 22;
/// The kind of the last record.
const CLOSED: u8 = 18;

struct Door(Handle, u16);

impl Door {
    fn open() -> Self {
        let (certificate, key) = new_identity();
        let mut request = Vec::new();
        encode_address(([127, 0, 0, 1], 0).into(), &mut request);
        request.extend([1, 1, 0x46, 5, 0, 0]);
        request.extend([0; 4]);
        request.extend([0; 4]);
        request.extend([1, 2]);
        for part in [b"test/1".to_vec(), Vec::new(), certificate, key] {
            request.extend((part.len() as u32).to_le_bytes());
            request.extend(part);
        }
        let (handle, answer) = new(&request);
        assert_ne!(handle, 0);
        Self(handle, u16::from_le_bytes([answer[0], answer[1]]))
    }

    fn command(&self, operation: u32, a: u32, b: u32, s: f64, bytes: &[u8]) -> i32 {
        // SAFETY: pointer and length are those of a slice.
        unsafe {
            pollen_quic_command(
                self.0,
                operation,
                a,
                b,
                s,
                bytes.as_ptr(),
                bytes.len() as u32,
            )
        }
    }

    fn take(&self, capacity: usize) -> Vec<u8> {
        let mut records = vec![0; capacity];
        // SAFETY: pointer and capacity are those of a vector.
        let count = unsafe { pollen_quic_take(self.0, records.as_mut_ptr(), capacity as u32) };
        records.truncate(count as usize);
        records
    }

    /// Waits for a record of a kind; those before it are gone.
    fn expect(&self, kind: u8) -> Vec<u8> {
        loop {
            assert!(
                pollen_quic_wait(self.0, 30_000) > 0,
                "no record {kind} came"
            );
            let records = self.take(1 << 20);
            let mut rest = records.as_slice();
            while let Some(size) = record_size(rest) {
                if rest[0] == kind {
                    return rest[..size].to_vec();
                }
                rest = &rest[size..];
            }
        }
    }
}

fn new(request: &[u8]) -> (Handle, Vec<u8>) {
    let mut answer = vec![0; 256];
    // SAFETY: pointers and lengths are those of slices.
    let handle = unsafe {
        pollen_quic_new(
            request.as_ptr(),
            request.len() as u32,
            answer.as_mut_ptr(),
            answer.len() as u32,
        )
    };
    let length = u32::from_le_bytes([answer[0], answer[1], answer[2], answer[3]]) as usize;
    (handle, answer[4..4 + length].to_vec())
}

#[test]
fn no_command_breaks_the_engine() {
    let door = Door::open();
    let mut address = Vec::new();
    encode_address(([127, 0, 0, 1], 9).into(), &mut address);
    let inputs = [
        vec![],
        vec![0],
        vec![0xff; 3],
        vec![0xff; 300],
        vec![0; 70_000],
        address.clone(),
        [address, b"test/1".to_vec()].concat(),
    ];
    let numbers = [0, 1, 1 << 20, u32::MAX];
    let wide = [0.0, -1.0, 0.5, 4e18, 1e300, f64::NAN, f64::INFINITY];
    for operation in (0..64).chain([u32::MAX]).filter(|op| *op != SHUTDOWN) {
        for bytes in &inputs {
            for a in numbers {
                for s in wide {
                    let answer = door.command(operation, a, a.wrapping_add(1), s, bytes);
                    assert_ne!(answer, Refusal::Failed as i32, "operation {operation}");
                }
            }
        }
    }
    assert_eq!(door.command(SHUTDOWN, 0, 0, 0.0, &[0xff; 1_000]), 0);
    assert_eq!(door.expect(CLOSED)[12], 0, "the thread did not panic");
    pollen_quic_free(door.0);
}

#[test]
fn a_stale_handle_finds_nothing() {
    let door = Door::open();
    pollen_quic_free(door.0);
    pollen_quic_free(door.0);
    let next = Door::open();
    assert_ne!(door.0, next.0);
    assert_eq!(door.command(4, 1, 0, 0.0, &[]), Refusal::NoEngine as i32);
    assert_eq!(pollen_quic_wait(door.0, 10_000), 0);
    assert!(door.take(100).is_empty());
    let mut numbers = [0.0; 64];
    // SAFETY: pointer and capacity are those of an array.
    let mut count =
        |engine, session| unsafe { pollen_quic_stats(engine, session, numbers.as_mut_ptr(), 64) };
    assert_eq!(count(door.0, 0), 0);
    assert_eq!(count(next.0, 12_345), 0);
    assert_eq!(count(next.0, 0) as usize, crate::shared::STATS);
    pollen_quic_free(next.0);
}

#[test]
fn an_engine_that_cannot_be_opened_says_why() {
    let mut nowhere = Vec::new();
    encode_address(([203, 0, 113, 1], 0).into(), &mut nowhere);
    let with = |options: &[u8]| [&nowhere[..], options].concat();
    let cases = [
        (vec![], OpenError::Malformed),
        (vec![0, 0, 4, b'h', b'o', b's', b't'], OpenError::Malformed),
        (with(&[0; 9]), OpenError::Io),
        // A key that is cut off, and one that is too short.
        (with(&[0; 5]), OpenError::Malformed),
        (
            with(&[0, 0, 0, 0, 0, 2, 0, 0, 0, 1, 1]),
            OpenError::Malformed,
        ),
        (nowhere.clone(), OpenError::Malformed),
        // Options cut off, too many, unknown, and out of range.
        (with(&[1, 1, 0x46, 5, 0]), OpenError::Malformed),
        (with(&[255; 1_300]), OpenError::Malformed),
        (with(&[1, 0, 1, 0, 0, 0]), OpenError::Malformed),
        (with(&[1, 1, 0xaf, 4, 0, 0]), OpenError::Malformed),
        (with(&[1, 3, 2, 0, 0, 0]), OpenError::Malformed),
        (with(&[1, 1, 0x46, 5, 1, 0]), OpenError::Malformed),
        (with(&[1, 2, 2, 0, 0, 0]), OpenError::Malformed),
        // A folder for traces that is cut off, and one that is no text.
        (with(&[0, 2, 0, 0, 0, b'/']), OpenError::Malformed),
        (with(&[0, 1, 0, 0, 0, 0xff]), OpenError::Malformed),
    ];
    for (request, error) in cases {
        let (handle, answer) = new(&request);
        assert_eq!((handle, answer[0]), (0, error as u8));
    }
}

#[test]
fn records_are_taken_whole_or_not_at_all() {
    let door = Door::open();
    // A dial to nowhere is answered by one record.
    let mut request = Vec::new();
    encode_address(([127, 0, 0, 1], 0).into(), &mut request);
    request.extend(b"test/1");
    assert_eq!(door.command(2, 1_000, 77, 0.0, &request), 0);
    let waiting = pollen_quic_wait(door.0, 10_000) as usize;
    assert!(waiting > records::HEADER_BYTES);
    assert!(door.take(waiting - 1).is_empty());
    let record = door.take(waiting);
    assert_eq!(record.len(), waiting);
    assert_eq!((record[0], record[8]), (2, 77));
    pollen_quic_free(door.0);
}

#[test]
fn packets_of_every_length_from_anywhere_break_nothing() {
    let (door, friend) = (Door::open(), Door::open());
    let mut packet = vec![0; 65_507];
    for (index, byte) in packet.iter_mut().enumerate() {
        *byte = (index * 197 + index / 13) as u8;
    }
    for length in 0..=packet.len() {
        let address = [127, 0, (length >> 8) as u8, length as u8 | 1];
        let stranger = UdpSocket::bind((Ipv4Addr::from(address), 0));
        let stranger = stranger
            .or_else(|_| UdpSocket::bind("127.0.0.1:0"))
            .unwrap();
        if let Some(first) = packet[..length].first_mut() {
            *first = (length * 31) as u8;
        }
        // A full socket buffer loses some of them, which is as good.
        let _ = stranger.send_to(&packet[..length], ("127.0.0.1", door.1));
    }
    let mut numbers = [0.0; 5];
    // SAFETY: pointer and capacity are those of an array.
    unsafe { pollen_quic_stats(door.0, 0, numbers.as_mut_ptr(), 5) };
    assert!(numbers[4] > 1_000.0, "{} packets came", numbers[4]);
    // It still dials, and is dialled.
    for (from, to) in [(&door, &friend), (&friend, &door)] {
        let mut request = Vec::new();
        encode_address(([127, 0, 0, 1], to.1).into(), &mut request);
        request.extend(b"test/1");
        assert_eq!(from.command(2, 10_000, 5, 0.0, &request), 0);
        from.expect(1);
        to.expect(1);
    }
    for door in [door, friend] {
        assert_eq!(door.command(SHUTDOWN, 0, 0, 0.0, &[]), 0);
        assert_eq!(door.expect(CLOSED)[12], 0, "the thread did not panic");
        pollen_quic_free(door.0);
    }
}
