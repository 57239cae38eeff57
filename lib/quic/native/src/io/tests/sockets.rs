//! The extra sockets, without a thread that uses them.

use crate::io::faults::{Faults, Ledger};
use crate::io::sending::Sent;
use crate::io::sockets::Sockets;
use crate::io::testing::Bench;
use crate::shared::Counters;
use quinn_proto::Transmit;
use std::net::UdpSocket;
use std::time::Instant;

#[test]
fn one_that_breaks_is_closed_and_no_other() {
    let poll = mio::Poll::new().unwrap();
    let (mut sockets, main) = (Sockets::default(), ([127, 0, 0, 1], 4_433).into());
    let mut open = || sockets.open(poll.registry(), main, true).unwrap();
    let ((one, _), (other, port)) = (open(), open());
    let stranger = UdpSocket::bind("127.0.0.1:0").unwrap();
    let transmit = Transmit {
        destination: stranger.local_addr().unwrap(),
        ecn: None,
        size: 1,
        segment_size: None,
        src_ip: None,
    };
    let (counters, mut faults) = (Counters::default(), Faults::default());
    let ledger = &mut Ledger {
        now: Instant::now(),
        counters: &counters,
        faults: &mut faults,
    };
    sockets.script(one).fail_sends([libc::EPIPE]);
    sockets.send(one, &transmit, b"@", ledger);
    assert_eq!(sockets.len(), 1);
    let sent = sockets.send(one, &transmit, b"@", ledger);
    assert!(matches!(sent, Sent::Lost(..)));
    let sent = sockets.send(other, &transmit, b"@", ledger);
    assert!(matches!(sent, Sent::Done));
    let (_, from) = stranger.recv_from(&mut [0; 8]).unwrap();
    assert_eq!(from.port(), port);
    // Nothing is put off that would wake the thread for it.
    assert_eq!(sockets.next_deadline(), None);
}

#[test]
fn nobody_on_the_wire_is_taken_for_a_way() {
    let bench = Bench::new();
    let seen = |address: &str| bench.udp.seen_from(address.parse().unwrap());
    for forged in ["[100::1:1:7f00:1]:7", "[100::2:0:0:1]:1", "[100::]:9"] {
        assert_eq!(seen(forged), None);
    }
    for real in ["192.0.2.1:7", "[::ffff:192.0.2.1]:7", "[2001:db8::1]:7"] {
        assert_eq!(seen(real), Some(real.parse().unwrap()));
    }
}
