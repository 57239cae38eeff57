//! What is known of a session at any moment from any thread: for answers that must not wait for
//! the thread that owns the session. Written by that thread alone, but for `datagram_reserved`.

use quinn_proto::{Connection, FrameStats};
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::Relaxed};

#[derive(Default)]
pub struct Gauge {
    pub closed: AtomicBool,
    rtt_us: AtomicU64,
    /// The largest datagram that may be sent; 0 when the peer takes none.
    datagram_max: AtomicU32,
    /// Bytes of datagrams that QUIC would still take.
    datagram_space: AtomicU32,
    /// Bytes of datagrams that were taken from the caller and did not reach QUIC yet.
    datagram_reserved: AtomicU32,
    bytes_sent: AtomicU64,
    /// When the last frame of the peer came: what anybody can send in its name does not count.
    bytes_received: AtomicU64,
    frames_received: AtomicU64,
    packets_sent: AtomicU64,
    packets_lost: AtomicU64,
}

/// What became of a datagram. The numbers are part of the ABI.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
pub enum DatagramOutcome {
    Sent = 0,
    TooLarge = 1,
    Blocked = 2,
    Closed = 3,
}

impl Gauge {
    pub(super) fn publish(&self, connection: &mut Connection) {
        let stats = connection.stats();
        self.rtt_us
            .store(connection.rtt().as_micros() as u64, Relaxed);
        self.bytes_sent.store(stats.udp_tx.bytes, Relaxed);
        let frames = frames_of(&stats.frame_rx);
        if self.frames_received.swap(frames, Relaxed) != frames {
            self.bytes_received.store(stats.udp_rx.bytes, Relaxed);
        }
        self.packets_sent.store(stats.path.sent_packets, Relaxed);
        self.packets_lost.store(stats.path.lost_packets, Relaxed);
        let datagrams = connection.datagrams();
        let max = datagrams.max_size().unwrap_or(0);
        self.datagram_max.store(max as u32, Relaxed);
        let space = datagrams.send_buffer_space();
        self.datagram_space.store(space as u32, Relaxed);
    }

    /// In the order in which `stats` reports them.
    pub fn read(&self) -> [f64; 6] {
        [
            self.rtt_us.load(Relaxed) as f64,
            f64::from(self.datagram_max.load(Relaxed)),
            self.bytes_sent.load(Relaxed) as f64,
            self.bytes_received.load(Relaxed) as f64,
            self.packets_lost.load(Relaxed) as f64,
            self.packets_sent.load(Relaxed) as f64,
        ]
    }

    /// Reserves room for a datagram of `len` bytes, to be given back by `release`.
    pub fn reserve(&self, len: usize) -> DatagramOutcome {
        if self.closed.load(Relaxed) {
            return DatagramOutcome::Closed;
        }
        if len > self.datagram_max.load(Relaxed) as usize {
            return DatagramOutcome::TooLarge;
        }
        // An empty datagram takes room as well: as much as its bookkeeping.
        let cost = datagram_cost(len);
        let reserved = self.datagram_reserved.fetch_add(cost, Relaxed);
        if u64::from(reserved) + u64::from(cost) > u64::from(self.datagram_space.load(Relaxed)) {
            self.datagram_reserved.fetch_sub(cost, Relaxed);
            return DatagramOutcome::Blocked;
        }
        DatagramOutcome::Sent
    }

    /// Gives back what `reserve` took, now that QUIC has the datagram and its space is known.
    pub(super) fn release(&self, len: usize, space: usize) {
        self.datagram_space.store(space as u32, Relaxed);
        self.datagram_reserved
            .fetch_sub(datagram_cost(len), Relaxed);
    }
}

/// Frames but for padding: in packets that were decrypted, once each.
fn frames_of(stats: &FrameStats) -> u64 {
    let spoken = stats.acks + stats.crypto + stats.datagram + stats.ping + stats.stream;
    let ended = stats.reset_stream + stats.stop_sending + stats.connection_close;
    let room = stats.max_data + stats.max_stream_data + stats.max_streams_bidi;
    let more_room = stats.max_streams_uni + stats.data_blocked + stats.stream_data_blocked;
    let paths = stats.path_challenge + stats.path_response + stats.new_connection_id;
    let more_paths = stats.retire_connection_id + stats.new_token;
    spoken + ended + room + more_room + paths + more_paths
}

/// Room that a datagram takes in QUIC's queue: its bytes and their bookkeeping.
fn datagram_cost(len: usize) -> u32 {
    len as u32 + 64
}
