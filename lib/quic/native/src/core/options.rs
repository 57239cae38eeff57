//! What an engine is opened with beside its address: choices that hold for all of its sessions.

use super::congestion::Congestion;
use crate::limits::{PACKET_BYTES_MAX, PACKET_BYTES_MIN};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Where path MTU discovery stops, in bytes of UDP payload; by the kind of path if not given.
    pub packet_bytes_max: Option<u16>,
    pub congestion: Congestion,
    /// Whether the system is kept from segmenting and coalescing packets, where it can.
    pub one_by_one: bool,
}

impl Options {
    /// Sets one option by its number, which is part of the ABI. False for a number that is none
    /// and for a value out of its range.
    pub fn set(&mut self, key: u8, value: u32) -> bool {
        match (key, u16::try_from(value)) {
            (1, Ok(bytes)) if (PACKET_BYTES_MIN..=PACKET_BYTES_MAX).contains(&bytes) => {
                self.packet_bytes_max = Some(bytes);
            }
            (2, Ok(number)) => match Congestion::try_from(number) {
                Ok(congestion) => self.congestion = congestion,
                Err(()) => return false,
            },
            (3, Ok(value @ 0..=1)) => self.one_by_one = value == 1,
            _ => return false,
        }
        true
    }
}
