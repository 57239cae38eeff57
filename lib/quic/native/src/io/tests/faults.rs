//! Every fault of the table in faults.rs, brought about: the session lives on, the transfer is
//! whole, the fault is counted and reported, and the thread does not turn in circles.
#![cfg(unix)]

use crate::event::{DialError, EndKind, Fault};
use crate::io::testing::{kind, Answer, Bench, Engine, Pair};
use crate::limits::*;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

const BYTES: usize = 2 * 1024 * 1024;

/// The packets of a train, each of so many bytes.
fn packet_bytes(transmit: &quinn_udp::Transmit<'_>) -> usize {
    let whole = transmit.contents.len();
    transmit.segment_size.unwrap_or(whole).min(whole)
}

fn is_train(transmit: &quinn_udp::Transmit<'_>) -> bool {
    packet_bytes(transmit) < transmit.contents.len()
}

#[test]
fn a_session_outlives_every_error_on_sending() {
    let table = [
        (libc::ENOBUFS, Fault::Shortage),
        (libc::ENOMEM, Fault::Shortage),
        (libc::EPERM, Fault::Denied),
        (libc::EACCES, Fault::Denied),
        (libc::ECONNREFUSED, Fault::Refused),
        (libc::ENETUNREACH, Fault::NoRoute),
        (libc::EHOSTUNREACH, Fault::NoRoute),
        (libc::ENETDOWN, Fault::NoRoute),
        (libc::EADDRNOTAVAIL, Fault::NoRoute),
        (libc::ENODEV, Fault::NoRoute),
    ];
    let mut pair = Pair::connected();
    for (code, fault) in table {
        let before = pair.client.fault(fault);
        let mut calls = 0;
        // One, then three in a row, again and again.
        let fails = move |_: &quinn_udp::Transmit<'_>| -> Answer {
            calls += 1;
            matches!(calls % 20, 2 | 5..=7).then_some(code)
        };
        pair.client.script.judge_sends(Some(Box::new(fails)));
        pair.transfer(BYTES);
        pair.client.script.judge_sends(None);
        assert!(
            pair.client.fault(fault) > before,
            "{fault:?} is not counted"
        );
    }
    let reported = std::iter::from_fn(|| pair.client.find(kind::FAULT));
    let mut reported: Vec<_> = reported.map(|record| record.x).collect();
    reported.sort_unstable();
    // Each kind once, though there were many within a minute.
    assert_eq!(reported, [1, 3, 4, 5]);
}

#[test]
fn a_socket_that_is_not_ready_or_interrupted_is_no_fault() {
    let mut pair = Pair::connected();
    let codes = [libc::EINTR, libc::EINTR];
    pair.client.script.fail_sends(codes);
    pair.server.script.fail_receives(codes);
    pair.transfer(BYTES);
    assert_eq!(pair.client.script.left() + pair.server.script.left(), 0);
    assert!(pair.client.find(kind::FAULT).is_none());
}

#[test]
fn a_session_outlives_every_error_on_receiving() {
    let mut pair = Pair::connected();
    for code in [
        libc::ECONNREFUSED,
        libc::ENOMEM,
        libc::ENOBUFS,
        libc::ENETDOWN,
        libc::EIO,
    ] {
        pair.server.script.fail_receives([code; 5]);
        pair.transfer(BYTES);
        assert_eq!(pair.server.script.left(), 0);
    }
    for fault in [Fault::Refused, Fault::NoRoute, Fault::Other] {
        assert_eq!(pair.server.fault(fault), 5);
    }
    assert_eq!(pair.server.fault(Fault::Shortage), 10);
}

#[test]
fn a_path_that_shrinks_under_way_is_measured_anew() {
    let mut pair = Pair::connected();
    pair.transfer(BYTES);
    // As the system answers below a link's MTU: to a train `EINVAL`, to a packet the truth.
    pair.client.script.judge_sends(Some(Box::new(|transmit| {
        match (packet_bytes(transmit) > 1_280, is_train(transmit)) {
            (true, true) => Some(libc::EINVAL),
            (true, false) => Some(libc::EMSGSIZE),
            (false, _) => None,
        }
    })));
    pair.transfer(BYTES);
    assert!(pair.client.fault(Fault::Oversize) > 0);
    assert_eq!(pair.client.fault(Fault::Segmentation), 0);
    let counters = &pair.client.shared.counters;
    assert!(counters.segments.load(Relaxed) > 1);
}

#[test]
fn a_system_that_refuses_trains_gets_packets() {
    for code in [libc::EIO, libc::EINVAL] {
        let mut pair = Pair::connected();
        let counters = pair.client.shared.clone();
        let segments = || counters.counters.segments.load(Relaxed);
        assert!(segments() > 1, "this system does not segment");
        let refuses = move |transmit: &quinn_udp::Transmit<'_>| is_train(transmit).then_some(code);
        pair.client.script.judge_sends(Some(Box::new(refuses)));
        pair.transfer(BYTES);
        assert_eq!(segments(), 1);
        assert_eq!(pair.client.fault(Fault::Segmentation), 1);
        assert_eq!(
            pair.client.expect(kind::FAULT).x,
            Fault::Segmentation as u32
        );
    }
}

#[test]
fn a_source_address_that_is_gone_costs_no_segmentation() {
    let mut pair = Pair::connected();
    let mut packets = 0;
    // Trains and packets alike, until three packets were refused.
    pair.client
        .script
        .judge_sends(Some(Box::new(move |transmit| {
            let refused = packets < 3;
            packets += u32::from(refused && !is_train(transmit));
            refused.then_some(libc::EINVAL)
        })));
    pair.transfer(BYTES);
    assert!(pair.client.fault(Fault::Other) > 0);
    assert_eq!(pair.client.fault(Fault::Segmentation), 0);
    assert!(pair.client.shared.counters.segments.load(Relaxed) > 1);
}

#[test]
fn a_socket_that_breaks_is_replaced_on_the_same_port() {
    let mut pair = Pair::connected();
    pair.client.script.fail_sends([libc::EPIPE]);
    pair.server.script.fail_receives([libc::ENOTCONN]);
    pair.transfer(BYTES);
    for engine in [&pair.client, &pair.server] {
        assert_eq!(engine.shared.counters.rebinds.load(Relaxed), 1);
        assert_eq!(engine.fault(Fault::Broken), 1);
    }
}

#[test]
fn a_socket_that_somebody_else_closed_is_replaced() {
    let mut pair = Pair::connected();
    pair.transfer(BYTES);
    let file = std::fs::File::open("/dev/null").unwrap();
    use std::os::fd::AsRawFd;
    // SAFETY: both are numbers of open files; the engine finds a file where its socket was.
    let number = unsafe { libc::dup2(file.as_raw_fd(), pair.client.number) };
    assert_eq!(number, pair.client.number);
    pair.transfer(BYTES);
    assert_eq!(pair.client.shared.counters.rebinds.load(Relaxed), 1);
    // It was left to whom it belongs.
    // SAFETY: the call only looks whether the number is that of an open file.
    assert!(unsafe { libc::fcntl(pair.client.number, libc::F_GETFD) } >= 0);
    // SAFETY: the number is that of the copy made above.
    unsafe { libc::close(pair.client.number) };
}

#[test]
fn a_dial_says_what_the_system_said() {
    let nowhere = ([127, 0, 0, 1], 9).into();
    for (code, text) in [
        (libc::ENETUNREACH, "unreachable"),
        (libc::EPERM, "not permitted"),
    ] {
        let mut engine = Engine::start();
        engine
            .script
            .judge_sends(Some(Box::new(move |_| Some(code))));
        engine.dial(nowhere, Duration::from_millis(200));
        let record = engine.expect(kind::DIAL_FAILED);
        let reason = String::from_utf8(record.payload).unwrap();
        assert_eq!(record.x, DialError::Unreachable as u32);
        assert!(reason.contains(text), "{reason}");
    }
}

#[test]
fn an_error_that_stays_does_not_turn_the_thread_in_circles() {
    for code in [libc::ENOMEM, libc::ENETDOWN, libc::EIO, libc::ECONNREFUSED] {
        let mut bench = Bench::new();
        bench.udp.script.fail_receives([code; 1_000]);
        let mut attempts = 0;
        // For ten seconds, in the steps of its own deadlines.
        let end = bench.now + Duration::from_secs(10);
        while bench.now < end {
            while bench.udp.readable {
                bench.receive();
                attempts += 1;
            }
            // An event of the poll does not end the rest.
            bench.udp.ready(true, true);
            assert!(!bench.udp.readable);
            let deadline = bench.udp.next_deadline().unwrap();
            assert!(deadline > bench.now);
            bench.expire(deadline - bench.now);
        }
        assert!(attempts < 250, "{attempts} attempts");
    }
}

#[test]
fn a_shortage_lets_sending_rest_and_recover() {
    let mut bench = Bench::new();
    bench.udp.script.fail_sends([libc::ENOBUFS; 3]);
    for rest in [1, 2, 4] {
        bench.send_raw();
        assert!(!bench.udp.writable);
        bench.udp.ready(true, true);
        assert!(!bench.udp.writable);
        bench.expire(Duration::from_millis(rest));
        assert!(bench.udp.writable);
    }
    bench.send_raw();
    assert!(bench.udp.writable);
    assert_eq!(bench.udp.next_deadline(), None);
    assert_eq!(bench.counters.packets_sent.load(Relaxed), 1);
}

#[test]
fn a_port_that_is_taken_meanwhile_is_had_back_later() {
    let mut bench = Bench::new();
    let address = bench.udp.local_address();
    bench.udp.script.fail_receives([libc::ENOTCONN]);
    bench.receive();
    let thief = std::net::UdpSocket::bind(address).unwrap();
    for _ in 0..20 {
        let deadline = bench.udp.next_deadline().unwrap();
        bench.expire(deadline - bench.now);
        assert!(!bench.udp.readable && !bench.udp.writable);
        // Nothing of this fails where there is no socket.
        bench.receive();
        bench.send_raw();
    }
    drop(thief);
    bench.expire(REBIND_PAUSE_MAX);
    assert!(bench.udp.readable && bench.udp.writable);
    assert_eq!(bench.counters.rebinds.load(Relaxed), 1);
    assert_eq!(bench.udp.local_address(), address);
}

#[test]
fn after_a_sleep_a_session_is_probed_and_the_caller_told() {
    let mut pair = Pair::connected();
    pair.transfer(BYTES);
    pair.client.slept_ms.fetch_add(3_600_000, Relaxed);
    pair.client.shared.wake();
    let record = pair.client.expect(kind::RESUMED);
    assert!(record.x >= 3_600_000);
    // The peer is there and answers: nothing ends.
    pair.transfer(BYTES);

    // Nobody answers: the session is over in seconds.
    for engine in [&pair.client, &pair.server] {
        let silence = |_: &quinn_udp::Transmit<'_>| Some(libc::EPERM);
        engine.script.judge_sends(Some(Box::new(silence)));
    }
    pair.client.slept_ms.fetch_add(3_600_000, Relaxed);
    pair.client.shared.wake();
    let end = pair.client.expect(kind::SESSION_ENDED);
    let expected = (pair.near, EndKind::IdleTimeout as u32);
    assert_eq!((end.handle, end.x), expected);
    // The other end did not sleep: its own time is not over yet.
    assert!(pair.server.find(kind::SESSION_ENDED).is_none());
}
