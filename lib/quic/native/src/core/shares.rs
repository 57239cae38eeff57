//! Who may use the part of the send window that is kept for light streams.
//!
//! A transfer fills the send window, and a stream with a few bytes to write would wait for it. A
//! stream is light while it wrote little of the last window's worth that its session wrote: it may
//! go beyond the window by a reserve that no transfer can use up, since one soon is not light.

use crate::limits::{LIGHT_STREAM_BYTES, SEND_WINDOW_MIN};

/// What a session wrote in this period. A period is a window's worth.
#[derive(Default)]
pub struct Period {
    number: u64,
    written: u64,
}

/// What a stream wrote in the period in which it wrote last.
#[derive(Default)]
pub struct Share {
    period: u64,
    written: u64,
}

impl Share {
    /// Whether the stream is light and stays so with the bytes that it has to write.
    pub fn is_light(&self, period: &Period, pending: u64) -> bool {
        let written = match self.period == period.number {
            true => self.written,
            false => 0,
        };
        written + pending <= LIGHT_STREAM_BYTES
    }

    pub fn add(&mut self, bytes: u64, period: &mut Period) {
        if self.period != period.number {
            *self = Self {
                period: period.number,
                written: 0,
            };
        }
        self.written += bytes;
        period.written += bytes;
        if period.written >= SEND_WINDOW_MIN {
            period.number += 1;
            period.written = 0;
        }
    }
}
