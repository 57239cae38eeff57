//! Which socket a readiness event belongs to: a kind in the low bits, a handle above them.

use crate::handle::Handle;
use mio::Token;

pub const WAKER: Token = Token(0);
pub const UDP: Token = Token(1);
const LISTENER: u64 = 2;
/// Extra sockets, by their numbers, which are not 0.
const EXTRA: u64 = 0;
const BRIDGE: u64 = 3;
const FLOW_PORT: u64 = 4;
const FLOW: u64 = 5;
const KIND_BITS: u32 = 3;

pub enum Source {
    Waker,
    Udp,
    Extra(u16),
    Listener(Handle),
    Bridge(Handle),
    /// A local port of flows.
    FlowPort(Handle),
    /// The socket of a flow to a service.
    Flow(Handle),
}

pub fn extra(number: u16) -> Token {
    Token((u64::from(number) << KIND_BITS | EXTRA) as usize)
}

pub fn listener(handle: Handle) -> Token {
    Token((u64::from(handle) << KIND_BITS | LISTENER) as usize)
}

pub fn bridge(handle: Handle) -> Token {
    Token((u64::from(handle) << KIND_BITS | BRIDGE) as usize)
}

pub fn flow_port(handle: Handle) -> Token {
    Token((u64::from(handle) << KIND_BITS | FLOW_PORT) as usize)
}

pub fn flow(handle: Handle) -> Token {
    Token((u64::from(handle) << KIND_BITS | FLOW) as usize)
}

pub fn source(token: Token) -> Source {
    let token = token.0 as u64;
    let handle = (token >> KIND_BITS) as Handle;
    match token & ((1 << KIND_BITS) - 1) {
        LISTENER => Source::Listener(handle),
        BRIDGE => Source::Bridge(handle),
        EXTRA if handle != 0 => Source::Extra(handle as u16),
        FLOW_PORT => Source::FlowPort(handle),
        FLOW => Source::Flow(handle),
        1 => Source::Udp,
        _ => Source::Waker,
    }
}

// A token holds a handle and a kind: the tables of a 32-bit system would not fit.
const _: () = assert!(usize::BITS == 64);
