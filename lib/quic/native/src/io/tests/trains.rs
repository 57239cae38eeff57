//! What packets that wait keep alive of the trains that they came in.

use crate::io::testing::Bench;
use crate::limits::TRAINS_LENT_MAX;
use crate::testing::allocated_bytes;
use bytes::BytesMut;

const PACKET_BYTES: usize = 1_400;
/// As many as one send of the system may carry.
const PACKETS: usize = 45;
const TRAIN_BYTES: usize = 65_536;
/// Buffers of one batch, which are there in any case.
const BATCH_BYTES: usize = quinn_udp::BATCH_SIZE * TRAIN_BYTES;

/// Sends trains one after the other and keeps a packet of each, as QUIC would that waits for the
/// bytes before it. Gives what is kept, how many bytes that holds, and how many trains were lent.
fn keep_one_of_each(trains: usize, packets: usize, is_member: bool) -> (Vec<BytesMut>, usize) {
    let (mut from, mut to) = (Bench::new(), Bench::new());
    let before = allocated_bytes();
    let mut kept = Vec::with_capacity(trains);
    while kept.len() < trains {
        from.send_train(to.udp.local_address(), PACKET_BYTES, packets);
        to.udp.ready(true, true);
        let mut count = 0;
        while count < packets {
            to.receive();
            while let Some(packet) = to.backlog.next(|_| is_member) {
                assert_eq!(packet.payload.len(), PACKET_BYTES);
                if count == 0 {
                    kept.push(packet.payload);
                }
                count += 1;
            }
        }
    }
    let held = allocated_bytes() - before;
    (kept, held as usize)
}

#[test]
fn a_packet_that_waits_keeps_little_but_itself() {
    const TRAINS: usize = 2_000;
    let lent = (TRAINS_LENT_MAX + 1) * TRAIN_BYTES;
    let copies = TRAINS * (PACKET_BYTES + 200);
    for (packets, is_member) in [(PACKETS, true), (PACKETS, false), (10, true), (1, true)] {
        let (kept, held) = keep_one_of_each(TRAINS, packets, is_member);
        assert_eq!(kept.len(), TRAINS);
        let lent = if packets == PACKETS && is_member {
            lent
        } else {
            0
        };
        let bound = BATCH_BYTES + lent + copies;
        println!("{packets} packets, a member: {is_member}: {held} of {bound} bytes");
        assert!(held < bound, "{held} of {bound} bytes");
        assert!(held > lent, "{held} bytes");
    }
}

#[test]
fn buffers_that_came_back_are_lent_again() {
    let (mut from, mut to) = (Bench::new(), Bench::new());
    let mut kept = Vec::new();
    let mut held = Vec::new();
    for round in 0..3 {
        for _ in 0..TRAINS_LENT_MAX {
            from.send_train(to.udp.local_address(), PACKET_BYTES, PACKETS);
            to.udp.ready(true, true);
            to.receive();
            kept.extend(std::iter::from_fn(|| to.backlog.next(|_| true)));
        }
        assert_eq!(kept.len(), TRAINS_LENT_MAX * PACKETS, "in round {round}");
        held.push(allocated_bytes());
        kept.clear();
    }
    // Nothing was copied, in the last round as little as in the first.
    let copied = (TRAINS_LENT_MAX * PACKETS * PACKET_BYTES) as isize;
    assert!(held[2] - held[0] < copied / 4, "{held:?}");
}
