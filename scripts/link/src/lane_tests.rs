//! What a lane promises, on virtual time.

use std::time::{Duration, Instant};

use crate::lane::Lane;
use crate::shape::Shape;

const PACKET_BYTES: usize = 1_250;

fn ms(count: u64) -> Duration {
    Duration::from_millis(count)
}

/// Sends so many packets `every`; gives the number of each that arrives and when, after the start.
fn arrivals(shape: &Shape, count: usize, every: Duration) -> (Lane, Vec<(usize, Duration)>) {
    let start = Instant::now();
    let mut lane = Lane::new(start, 7);
    for number in 0..count {
        let mut packet = vec![0; PACKET_BYTES];
        packet[..8].copy_from_slice(&number.to_be_bytes());
        lane.offer(start + every * number as u32, shape, packet);
    }
    let mut arrived = Vec::new();
    while let Some(due) = lane.next_due() {
        let packet = lane.take(due).expect("it is due");
        let number = usize::from_be_bytes(packet[..8].try_into().unwrap());
        arrived.push((number, due - start));
    }
    (lane, arrived)
}

#[test]
fn without_a_shape_a_packet_passes_at_once() {
    let (lane, arrived) = arrivals(&Shape::default(), 3, ms(1));
    assert_eq!(arrived, [(0, ms(0)), (1, ms(1)), (2, ms(2))]);
    assert_eq!(lane.counts.bytes, 3 * PACKET_BYTES as u64);
}

#[test]
fn nothing_arrives_before_its_time() {
    let start = Instant::now();
    let mut lane = Lane::new(start, 7);
    let shape = Shape::parse(&["delay_us=5000"]).unwrap();
    lane.offer(start, &shape, vec![1]);
    assert_eq!(lane.take(start + ms(4)), None);
    assert_eq!(lane.take(start + ms(5)), Some(vec![1]));
}

#[test]
fn a_share_is_lost() {
    let shape = Shape::parse(&["loss=0.3"]).unwrap();
    let (lane, arrived) = arrivals(&shape, 10_000, ms(1));
    assert_eq!(arrived.len() as u64, 10_000 - lane.counts.lost);
    assert!(lane.counts.lost.abs_diff(3_000) < 200, "{:?}", lane.counts);
}

#[test]
fn a_rate_spaces_packets_out_and_a_full_buffer_drops() {
    // A packet takes 1 ms, and five find room.
    let shape = Shape::parse(&["rate=10000000", "buffer_us=5000", "delay_us=2000"]).unwrap();
    let (lane, arrived) = arrivals(&shape, 8, Duration::ZERO);
    let expected: Vec<_> = (0..5)
        .map(|number| (number, ms(number as u64 + 3)))
        .collect();
    assert_eq!(arrived, expected);
    assert_eq!((lane.counts.dropped, lane.counts.failed), (3, 0));
}

#[test]
fn jitter_keeps_the_order_and_late_packets_do_not() {
    let shape = Shape::parse(&["jitter_us=10000", "delay_us=1000"]).unwrap();
    let (_, arrived) = arrivals(&shape, 1_000, ms(1));
    assert!(arrived.is_sorted());
    let waits = arrived.iter().map(|(number, at)| *at - ms(*number as u64));
    assert!(waits.clone().all(|wait| (ms(1)..=ms(11)).contains(&wait)));
    assert!(waits.clone().max() > waits.min());

    let shape = Shape::parse(&["late=0.1", "late_by_us=5500"]).unwrap();
    let (_, arrived) = arrivals(&shape, 1_000, ms(1));
    let late = arrived.windows(2).filter(|pair| pair[0].0 > pair[1].0);
    assert!(late.count().abs_diff(95) < 40);
    let on_time = arrived
        .iter()
        .filter(|(number, at)| *at == ms(*number as u64));
    assert!(on_time.count().abs_diff(900) < 40);
}

#[test]
fn what_makes_no_sense_is_refused() {
    for setting in [
        "loss=2",
        "loss=x",
        "loss",
        "delay_us=-1",
        "delay_us=1e12",
        "rate=inf",
        "x=1",
    ] {
        assert!(Shape::parse(&[setting]).is_err(), "{setting}");
    }
}
