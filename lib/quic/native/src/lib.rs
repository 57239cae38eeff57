//! The QUIC engine of Pollen: sessions, streams, datagrams and TCP bridges on one thread of their
//! own. TypeScript decides, this library moves bytes.
//!
//! Layers, each of which knows only those before it: `way` names paths; `relay` seals packets that
//! others carry, or that we carry for them; `core` is QUIC without socket, clock or thread; `io` is
//! the thread with the sockets; `abi` is the door for those outside. Beside them, `qlog` writes
//! traces where somebody debugs.

#![warn(clippy::undocumented_unsafe_blocks)]
#![deny(unsafe_op_in_unsafe_fn)]

pub mod abi;
pub mod core;
pub mod event;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
pub mod handle;
pub mod io;
pub mod limits;
mod qlog;
pub mod relay;
mod shared;
#[cfg(any(test, fuzzing))]
mod testing;
mod way;
