//! Congestion control: CUBIC or BBR, with a window that stops growing at a bound. Where nothing is
//! ever lost (loopback, a fast LAN) it would otherwise grow for ever, and with it what one session
//! may have in flight.
//!
//! When a path begins anew, QUIC still counts what was in flight on the old one, which may fill the
//! new window many times: nothing could be sent until a timer that grew with each loss. So a window
//! is wider by that much until the first acknowledgment over the new path, by which QUIC finds the
//! old packets lost; and what becomes of those says nothing of the new path.

use crate::limits::{CONGESTION_RATE, CONGESTION_WINDOW_MAX, CONGESTION_WINDOW_NEAR};
use quinn_proto::congestion::{
    Bbr, BbrConfig, Controller, ControllerFactory, ControllerMetrics, Cubic, CubicConfig,
};
use quinn_proto::{Connection, RttEstimator};
use std::any::Any;
use std::cell::Cell;
use std::sync::Arc;
use std::time::Instant;

/// Which algorithm decides how much may be in flight. The numbers are part of the ABI.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u16)]
pub enum Congestion {
    /// Takes loss for congestion (RFC 9438).
    #[default]
    Cubic = 0,
    /// Follows measured bandwidth and round-trip time: faster where packets get lost for other
    /// reasons, and less considerate of others.
    Bbr = 1,
}

impl TryFrom<u16> for Congestion {
    type Error = ();

    fn try_from(number: u16) -> Result<Self, ()> {
        [Self::Cubic, Self::Bbr]
            .into_iter()
            .find(|known| *known as u16 == number)
            .ok_or(())
    }
}

thread_local! {
    /// What the controller that is made next finds in flight.
    static LEFT: Cell<u64> = const { Cell::new(0) };
}

/// Lets a path begin anew, which makes a controller: what is in flight is of the old path.
pub fn begin_anew(connection: &mut Connection, now: Instant) {
    let controller = connection.congestion_state().clone_box().into_any();
    let left = controller
        .downcast::<Bounded>()
        .map_or(0, |old| old.in_flight);
    LEFT.set(left);
    connection.path_changed(now);
    LEFT.set(0);
}

/// Makes the bounded controller of each connection.
pub struct BoundedFactory {
    pub congestion: Congestion,
    pub initial_window: u64,
}

impl ControllerFactory for BoundedFactory {
    fn build(self: Arc<Self>, now: Instant, current_mtu: u16) -> Box<dyn Controller> {
        let inner: Box<dyn Controller> = match self.congestion {
            Congestion::Cubic => {
                let mut config = CubicConfig::default();
                config.initial_window(self.initial_window);
                Box::new(Cubic::new(Arc::new(config), now, current_mtu))
            }
            Congestion::Bbr => {
                let mut config = BbrConfig::default();
                config.initial_window(self.initial_window);
                Box::new(Bbr::new(Arc::new(config), current_mtu))
            }
        };
        Box::new(Bounded {
            congestion: self.congestion,
            inner,
            bound: CONGESTION_WINDOW_MAX,
            began: now,
            in_flight: LEFT.get(),
            left: LEFT.get(),
        })
    }
}

pub struct Bounded {
    congestion: Congestion,
    inner: Box<dyn Controller>,
    /// Follows the shortest round trip.
    bound: u64,
    began: Instant,
    /// Bytes, or somewhat more.
    in_flight: u64,
    /// Of these, what was in flight when the path began, until something of it is acknowledged.
    left: u64,
}

impl Bounded {
    /// The algorithm itself.
    #[cfg(test)]
    pub fn into_inner(self) -> Box<dyn Any> {
        self.inner.into_any()
    }
}

impl Controller for Bounded {
    fn on_sent(&mut self, now: Instant, bytes: u64, last_packet_number: u64) {
        self.in_flight += bytes;
        self.inner.on_sent(now, bytes, last_packet_number);
    }

    fn on_ack(
        &mut self,
        now: Instant,
        sent: Instant,
        bytes: u64,
        app_limited: bool,
        rtt: &RttEstimator,
    ) {
        if sent < self.began {
            return;
        }
        self.left = 0;
        let carried = (rtt.min().as_secs_f64() * CONGESTION_RATE) as u64;
        self.bound = carried.clamp(CONGESTION_WINDOW_NEAR, CONGESTION_WINDOW_MAX);
        // A window of CUBIC at its bound is limited by us, not by the path: it must not grow. BBR
        // measures, and a full window gives it a sample as good as any.
        let is_full = self.inner.window() >= self.bound;
        let limited = app_limited || (is_full && self.congestion == Congestion::Cubic);
        self.inner.on_ack(now, sent, bytes, limited, rtt);
    }

    fn on_end_acks(
        &mut self,
        now: Instant,
        in_flight: u64,
        app_limited: bool,
        largest_packet_num_acked: Option<u64>,
    ) {
        self.in_flight = in_flight;
        self.inner
            .on_end_acks(now, in_flight, app_limited, largest_packet_num_acked);
    }

    fn on_congestion_event(
        &mut self,
        now: Instant,
        sent: Instant,
        is_persistent_congestion: bool,
        lost_bytes: u64,
    ) {
        if sent < self.began {
            return;
        }
        self.inner
            .on_congestion_event(now, sent, is_persistent_congestion, lost_bytes);
    }

    fn on_mtu_update(&mut self, new_mtu: u16) {
        self.inner.on_mtu_update(new_mtu);
    }

    fn window(&self) -> u64 {
        self.inner.window().min(self.bound) + self.left
    }

    fn metrics(&self) -> ControllerMetrics {
        // What the path is found to carry: less than may be in flight where it began anew.
        let mut metrics = self.inner.metrics();
        metrics.congestion_window = self.inner.window().min(self.bound);
        metrics
    }

    fn clone_box(&self) -> Box<dyn Controller> {
        Box::new(Self {
            congestion: self.congestion,
            inner: self.inner.clone_box(),
            bound: self.bound,
            began: self.began,
            in_flight: self.in_flight,
            left: self.left,
        })
    }

    fn initial_window(&self) -> u64 {
        self.inner.initial_window()
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any> {
        self
    }
}
