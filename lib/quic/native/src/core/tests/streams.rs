//! Streams: order, credits, how they end and are freed, and how many there may be.

use super::pattern;
use crate::core::testing::{Node, World};
use crate::core::*;
use bytes::Bytes;
use std::time::Duration;

#[test]
fn a_stream_survives_loss_and_reordering() {
    let mut world = World::connected();
    world.loss = 20;
    let near = world.nodes[0].session();
    world.nodes[0].core.open_delegated(near, 9).unwrap();
    world.run(Duration::ZERO);
    let ours = world.nodes[0].opened()[0];
    let whole = pattern(2_000_000);
    let mut pending = VecDeque::from([Bytes::from(whole.clone())]);
    let mut answer = VecDeque::from([Bytes::from(whole.clone())]);
    let (mut there, mut back) = (VecDeque::new(), VecDeque::new());
    let mut theirs = None;
    let mut outcomes = (ReadOutcome::Blocked, ReadOutcome::Blocked);
    for _ in 0..5_000 {
        let [client, server] = &mut world.nodes;
        if !pending.is_empty() {
            client.core.write_delegated(ours, &mut pending);
            if pending.is_empty() {
                client.core.finish_delegated(ours);
            }
        }
        if theirs.is_none() {
            theirs = server.incoming().first().map(|(stream, _)| *stream);
            if let Some(stream) = theirs {
                server.core.delegate(stream, 7).unwrap();
            }
        }
        if let Some(stream) = theirs {
            if outcomes.1 != ReadOutcome::Finished {
                outcomes.1 = server.core.read_stream(stream, 1 << 20, &mut there);
            }
            if !answer.is_empty() {
                server.core.write_delegated(stream, &mut answer);
                if answer.is_empty() {
                    server.core.finish_delegated(stream);
                }
            }
        }
        if outcomes.0 != ReadOutcome::Finished {
            outcomes.0 = client.core.read_stream(ours, 1 << 20, &mut back);
        }
        if outcomes == (ReadOutcome::Finished, ReadOutcome::Finished) {
            break;
        }
        world.run(Duration::from_millis(20));
    }
    // Not `assert_eq`: nobody wants to read two million numbers.
    assert!(there.into_iter().flatten().eq(whole[2..].to_vec()));
    assert!(back.into_iter().flatten().eq(whole));
    assert_eq!(world.nodes[0].end(), None);
}

#[test]
fn control_streams_keep_to_their_credits() {
    let mut world = World::connected();
    let near = world.nodes[0].session();
    world.nodes[0].core.open_stream(near, 5);
    world.run(Duration::ZERO);
    let Some(Event::StreamOpened { stream, .. }) = world.nodes[0].events.last() else {
        panic!("the stream is open");
    };
    let ours = *stream;
    let whole = pattern(100_000);
    let core = &mut world.nodes[0].core;
    core.write_stream(ours, Bytes::from(whole.clone()));
    core.finish_stream(ours);
    world.run(Duration::from_secs(2));
    let (theirs, head) = world.nodes[1].incoming().remove(0);
    assert_eq!(head, whole[..2]);
    world.nodes[1].core.grant_read(theirs, 1_000);
    world.run(Duration::from_secs(1));
    assert_eq!(
        world.nodes[1].received(theirs),
        (whole[2..1_002].to_vec(), false)
    );
    for _ in 0..3 {
        world.nodes[1].core.grant_read(theirs, u32::MAX);
        world.run(Duration::from_secs(1));
    }
    assert_eq!(world.nodes[1].received(theirs), (whole[2..].to_vec(), true));
    world.nodes[1].core.finish_stream(theirs);
    world.nodes[0].core.grant_read(ours, 1);
    world.run(Duration::from_secs(1));
    assert_eq!(world.nodes[0].received(ours), (vec![], true));
    assert_eq!(world.nodes[0].core.stream_count(), 0);
    assert_eq!(world.nodes[1].core.stream_count(), 0);
}

#[test]
fn streams_that_end_abnormally_are_freed() {
    let mut world = World::connected();
    let near = world.nodes[0].session();
    let full = Bytes::from(vec![1; 64 * 1024]);
    for round in 0..40 {
        world.nodes[0].wakes.clear();
        world.nodes[1].events.clear();
        for token in 0..50 {
            world.nodes[0].core.open_delegated(near, token).unwrap();
        }
        world.run(Duration::ZERO);
        let ours = world.nodes[0].opened();
        assert_eq!(ours.len(), 50, "in round {round}");
        for stream in &ours {
            let mut pending = VecDeque::from([full.clone()]);
            world.nodes[0].core.write_delegated(*stream, &mut pending);
        }
        world.run(Duration::from_secs(1));
        // One half is given up here, the other there.
        for (index, (stream, _)) in world.nodes[1].incoming().into_iter().enumerate() {
            match index % 2 {
                0 => world.nodes[1].core.abort_stream(stream, 0),
                _ => world.nodes[0].core.abort_stream(ours[index], 0),
            }
        }
        world.run(Duration::from_secs(1));
        for (stream, _) in world.nodes[1].incoming() {
            world.nodes[1].core.abort_stream(stream, 0);
        }
        for stream in ours {
            world.nodes[0].core.abort_stream(stream, 0);
        }
        world.run(Duration::from_secs(1));
    }
    assert_eq!(world.nodes[0].core.stream_count(), 0);
    assert_eq!(world.nodes[1].core.stream_count(), 0);
    assert_eq!(world.nodes[0].end(), None);
}

#[test]
fn the_limit_of_streams_follows_use() {
    let mut world = World::connected();
    let near = world.nodes[0].session();
    // Short ones first: they use up credit that is not given back one by one.
    for round in 0..50 {
        world.nodes[0].wakes.clear();
        world.nodes[1].events.clear();
        for token in 0..50 {
            world.nodes[0].core.open_delegated(near, token).unwrap();
        }
        world.run(Duration::from_millis(100));
        assert_eq!(world.nodes[0].opened().len(), 50, "in round {round}");
        for stream in world.nodes[0].opened() {
            world.nodes[0].core.abort_stream(stream, 0);
        }
        world.run(Duration::from_millis(100));
    }
    world.nodes[0].wakes.clear();
    for token in 0..5_000 {
        world.nodes[0].core.open_delegated(near, token).unwrap();
    }
    let mut begun = 0;
    for _ in 0..20 {
        world.run(Duration::from_millis(100));
        let opened = world.nodes[0].opened();
        for stream in &opened[begun..] {
            let mut head = VecDeque::from([Bytes::from_static(b"ab")]);
            world.nodes[0].core.write_delegated(*stream, &mut head);
        }
        begun = opened.len();
    }
    assert_eq!(begun, 5_000);
    assert_eq!(world.nodes[1].core.stream_count(), 5_000);
}

#[test]
fn a_direction_that_was_reset_is_told_to_who_gets_the_stream() {
    for direction in ["reset", "stop"] {
        let mut world = World::connected();
        let near = world.nodes[0].session();
        world.nodes[0].core.open_delegated(near, 9).unwrap();
        world.run(Duration::ZERO);
        let ours = world.nodes[0].opened()[0];
        let mut head = VecDeque::from([Bytes::from_static(b"ab")]);
        world.nodes[0].core.write_delegated(ours, &mut head);
        world.run(Duration::from_millis(100));
        let (theirs, _) = world.nodes[1].incoming()[0].clone();
        let core = &mut world.nodes[0].core;
        let id = core.streams.table.get(ours).unwrap().id;
        let session = core.sessions.get_mut(near).unwrap();
        match direction {
            "reset" => session.connection.send_stream(id).reset(5u32.into()),
            _ => session.connection.recv_stream(id).stop(5u32.into()),
        }
        .unwrap();
        list(&mut core.unsettled, &mut core.listed, session);
        world.run(Duration::from_millis(100));
        let brought = world.nodes[1].core.delegate(theirs, 7).unwrap();
        assert_eq!(brought.broken, Some(5), "{direction}");
    }
}

/// Writes as much as is taken.
fn fill(core: &mut Core, stream: Handle) {
    let mut block = VecDeque::new();
    while block.is_empty() {
        block.push_back(Bytes::from(vec![7; 256 * 1024]));
        core.write_delegated(stream, &mut block);
    }
}

/// Reads what has arrived; apart from each other the bytes of the transfer, which are all 7, and
/// those of others.
fn drain(node: &mut Node, delegated: &mut Vec<Handle>) -> (usize, Vec<u8>) {
    for (stream, _) in node.incoming() {
        if !delegated.contains(&stream) {
            node.core.delegate(stream, stream).unwrap();
            delegated.push(stream);
        }
    }
    let mut got = VecDeque::new();
    for stream in delegated {
        node.core.read_stream(*stream, usize::MAX, &mut got);
    }
    let others = got.iter().filter(|chunk| chunk[0] != 7).flatten();
    let others = others.copied().collect();
    (got.iter().map(Bytes::len).sum(), others)
}

#[test]
fn a_few_bytes_do_not_wait_for_a_transfer() {
    let mut world = World::connected();
    let near = world.nodes[0].session();
    for token in [1, 2] {
        world.nodes[0].core.open_delegated(near, token).unwrap();
    }
    world.run(Duration::ZERO);
    let [bulk, light] = world.nodes[0].opened()[..] else {
        panic!("two streams are open");
    };
    let mut delegated = Vec::new();
    let (mut moved, mut late) = (0, 0);
    for round in 0..1_000 {
        // The transfer always comes first, and takes all that the session may send.
        fill(&mut world.nodes[0].core, bulk);
        world.run(Duration::from_millis(1));
        moved += drain(&mut world.nodes[1], &mut delegated).0;
        if round < 500 || round % 25 != 0 {
            continue;
        }
        fill(&mut world.nodes[0].core, bulk);
        let mut word = VecDeque::from([Bytes::from(vec![9; 64])]);
        world.nodes[0].core.write_delegated(light, &mut word);
        assert!(word.is_empty(), "round {round}");
        world.run(world.latency);
        let (_, mut word) = drain(&mut world.nodes[1], &mut delegated);
        if word.is_empty() {
            late += 1;
            world.run(Duration::from_millis(200));
            word = drain(&mut world.nodes[1], &mut delegated).1;
        }
        // The first two bytes of the first word were its stream's head.
        assert_eq!(word.len(), if round == 500 { 62 } else { 64 });
    }
    // A round may fall into a moment in which QUIC sends nothing at all.
    assert!(late <= 2, "{late} of 20 words were late");
    assert!(moved > 50_000_000, "{moved}");
}
