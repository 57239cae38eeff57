//! How much goes at once: a millisecond of what the path carries, and on loopback what the system takes.

use super::transfer::Transfer;
use crate::core::testing::{Train, World, ALPN, SEGMENTS};
use crate::limits::MTU_INTERNET;
use std::time::Duration;

/// The trains of a transfer in twenty round trips, once it was under way for as long.
fn trains(world: &mut World) -> Vec<Train> {
    let mut transfer = Transfer::begin(world, 100_000_000);
    transfer.run(world, 200, world.latency / 5);
    world.nodes[0].trains = Some(Vec::new());
    let moved = transfer.run(world, 200, world.latency / 5);
    assert!(moved > 100_000, "{moved} bytes");
    world.nodes[0].trains.take().unwrap()
}

fn far(latency: u64, loss: u64) -> World {
    let mut world = World::connected();
    (world.latency, world.loss) = (Duration::from_millis(latency), loss);
    world
}

#[test]
fn no_train_is_longer_than_a_millisecond_of_what_the_path_carries() {
    for (latency, loss) in [(1, 100), (5, 500), (20, 1_000), (50, 50), (300, 200)] {
        for train in trains(&mut far(latency, loss)) {
            let is_short = train.packets == 1 || train.bytes <= train.carried;
            assert!(is_short, "{train:?} at {latency} ms");
        }
    }
}

#[test]
fn a_slow_path_gets_packets_one_by_one_and_a_fast_one_full_trains() {
    let went = trains(&mut far(50, 50));
    assert!(went.iter().all(|train| train.packets == 1));
    let went = trains(&mut far(1, 0));
    let full = went.iter().filter(|train| train.packets == SEGMENTS);
    assert!(2 * full.count() > went.len());
}

#[test]
fn trains_are_not_sent_one_upon_the_other() {
    for (latency, loss) in [(2, 100), (5, 500), (20, 1_000), (50, 50)] {
        let went = trains(&mut far(latency, loss));
        for together in went.chunk_by(|one, next| one.at == next.at) {
            let bytes: usize = together.iter().map(|train| train.bytes).sum();
            let carried = together.iter().map(|train| train.carried).max();
            // What is a millisecond late may be made up for.
            let most = 2 * carried.unwrap_or(0).max(usize::from(MTU_INTERNET));
            assert!(bytes <= most + 100, "{together:?} at {latency} ms");
        }
    }
}

#[test]
fn on_loopback_a_train_is_what_the_system_takes() {
    let mut world = World::new(&[ALPN], &[ALPN]);
    for (node, host) in world.nodes.iter_mut().zip(1..) {
        node.address = ([127, 0, 0, host], 4433).into();
    }
    world.meet(ALPN);
    (world.latency, world.loss) = (Duration::from_millis(50), 50);
    let went = trains(&mut world);
    let is_full = |train: &Train| train.packets == SEGMENTS && train.bytes > 10 * train.carried;
    assert!(went.iter().any(is_full));
}
