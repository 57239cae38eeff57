//! What is known of a local port or a service of flows, at any moment and from any thread. Written by
//! the engine's thread alone.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// How many numbers `flow_stats` reports.
const FLOW_STATS: usize = 4;

#[derive(Default)]
pub struct FlowGauge {
    /// Flows that live now.
    flows: AtomicU64,
    /// Packets that went to the peer, and that came from it.
    sent: AtomicU64,
    received: AtomicU64,
    dropped: AtomicU64,
}

impl FlowGauge {
    /// In the order in which `flow_stats` reports them.
    pub fn read(&self) -> [f64; FLOW_STATS] {
        let counters = [&self.flows, &self.sent, &self.received, &self.dropped];
        counters.map(|counter| counter.load(Relaxed) as f64)
    }

    pub fn began(&self) {
        self.flows.fetch_add(1, Relaxed);
    }

    pub fn ended(&self) {
        self.flows.fetch_sub(1, Relaxed);
    }

    pub fn sent(&self, went: bool) {
        Self::count(&self.sent, &self.dropped, went);
    }

    pub fn received(&self, came_through: bool) {
        Self::count(&self.received, &self.dropped, came_through);
    }

    pub fn dropped(&self) {
        self.dropped.fetch_add(1, Relaxed);
    }

    fn count(done: &AtomicU64, dropped: &AtomicU64, is_done: bool) {
        let counter = if is_done { done } else { dropped };
        counter.fetch_add(1, Relaxed);
    }
}
