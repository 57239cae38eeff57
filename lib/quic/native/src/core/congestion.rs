//! CUBIC whose window stops growing at a bound. Where nothing is ever lost (loopback, a fast LAN)
//! it would otherwise grow for ever, and with it what one session may have in flight.

use crate::limits::{CONGESTION_RATE, CONGESTION_WINDOW_MAX, CONGESTION_WINDOW_NEAR};
use quinn_proto::congestion::{
    Controller, ControllerFactory, ControllerMetrics, Cubic, CubicConfig,
};
use quinn_proto::RttEstimator;
use std::any::Any;
use std::sync::Arc;
use std::time::Instant;

pub struct BoundedCubicConfig {
    pub initial_window: u64,
}

impl ControllerFactory for BoundedCubicConfig {
    fn build(self: Arc<Self>, now: Instant, current_mtu: u16) -> Box<dyn Controller> {
        let mut config = CubicConfig::default();
        config.initial_window(self.initial_window);
        Box::new(BoundedCubic {
            cubic: Cubic::new(Arc::new(config), now, current_mtu),
            bound: CONGESTION_WINDOW_MAX,
        })
    }
}

#[derive(Clone)]
struct BoundedCubic {
    cubic: Cubic,
    /// Follows the shortest round trip.
    bound: u64,
}

impl Controller for BoundedCubic {
    fn on_sent(&mut self, now: Instant, bytes: u64, last_packet_number: u64) {
        self.cubic.on_sent(now, bytes, last_packet_number);
    }

    fn on_ack(
        &mut self,
        now: Instant,
        sent: Instant,
        bytes: u64,
        app_limited: bool,
        rtt: &RttEstimator,
    ) {
        let carried = (rtt.min().as_secs_f64() * CONGESTION_RATE) as u64;
        self.bound = carried.clamp(CONGESTION_WINDOW_NEAR, CONGESTION_WINDOW_MAX);
        // A window at its bound is limited by us, not by the path: it must not grow.
        let limited = app_limited || self.cubic.window() >= self.bound;
        self.cubic.on_ack(now, sent, bytes, limited, rtt);
    }

    fn on_end_acks(
        &mut self,
        now: Instant,
        in_flight: u64,
        app_limited: bool,
        largest_packet_num_acked: Option<u64>,
    ) {
        self.cubic
            .on_end_acks(now, in_flight, app_limited, largest_packet_num_acked);
    }

    fn on_congestion_event(
        &mut self,
        now: Instant,
        sent: Instant,
        is_persistent_congestion: bool,
        lost_bytes: u64,
    ) {
        self.cubic
            .on_congestion_event(now, sent, is_persistent_congestion, lost_bytes);
    }

    fn on_mtu_update(&mut self, new_mtu: u16) {
        self.cubic.on_mtu_update(new_mtu);
    }

    fn window(&self) -> u64 {
        self.cubic.window().min(self.bound)
    }

    fn metrics(&self) -> ControllerMetrics {
        self.cubic.metrics()
    }

    fn clone_box(&self) -> Box<dyn Controller> {
        Box::new(self.clone())
    }

    fn initial_window(&self) -> u64 {
        self.cubic.initial_window()
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any> {
        self
    }
}
