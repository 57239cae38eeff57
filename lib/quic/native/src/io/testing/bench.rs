//! The socket alone, without a thread that uses it.

use crate::io::backlog::Backlog;
use crate::io::buffers::Buffers;
use crate::io::faults::{Faults, Ledger};
use crate::io::sending::Sent;
use crate::io::udp::Udp;
use crate::shared::Counters;
use quinn_proto::Transmit;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

pub struct Bench {
    pub udp: Udp,
    poll: mio::Poll,
    pub now: Instant,
    pub counters: Counters,
    pub backlog: Backlog,
    buffers: Buffers,
    faults: Faults,
}

impl Bench {
    pub fn new() -> Self {
        let mut udp = Udp::bind(([127, 0, 0, 1], 0).into(), true).unwrap();
        let poll = mio::Poll::new().unwrap();
        udp.register(poll.registry()).unwrap();
        Self {
            udp,
            poll,
            now: Instant::now(),
            counters: Counters::default(),
            backlog: Backlog::default(),
            buffers: Buffers::new(),
            faults: Faults::default(),
        }
    }

    /// Takes what there is to the backlog.
    pub fn receive(&mut self) {
        let ledger = &mut Ledger {
            now: self.now,
            counters: &self.counters,
            faults: &mut self.faults,
        };
        self.udp
            .receive(ledger, &mut self.buffers, &mut self.backlog);
    }

    pub fn send_raw(&mut self) {
        let to = self.udp.local_address();
        let ledger = &mut Ledger {
            now: self.now,
            counters: &self.counters,
            faults: &mut self.faults,
        };
        self.udp.send_raw(to, &[0], ledger);
    }

    /// Sends packets of so many bytes in one call.
    pub fn send_train(&mut self, to: SocketAddr, bytes: usize, packets: usize) {
        let transmit = Transmit {
            destination: to,
            ecn: None,
            size: bytes * packets,
            segment_size: (packets > 1).then_some(bytes),
            src_ip: None,
        };
        let ledger = &mut Ledger {
            now: self.now,
            counters: &self.counters,
            faults: &mut self.faults,
        };
        let sent = self.udp.send(&transmit, &vec![0x40; transmit.size], ledger);
        assert!(matches!(sent, Sent::Done));
    }

    pub fn expire(&mut self, time: Duration) {
        self.now += time;
        let ledger = &mut Ledger {
            now: self.now,
            counters: &self.counters,
            faults: &mut self.faults,
        };
        self.udp.expire(self.poll.registry(), ledger);
    }
}
