//! Hostile input of all kinds against the engine, from a seed or from a fuzzer's bytes. Part of
//! tests and fuzz targets only.
//!
//! `worlds` runs two cores in memory on virtual time, with packets and frames that nobody honest
//! sends and requests that make no sense; `doors` does the like to whole engines through the C
//! functions. After each round an honest session beside must work as before, everything must be
//! freed, and nothing may have panicked.
//!
//! Keys and connection IDs are random in each run, so a seed repeats what was tried, not each byte.

mod choices;
mod doors;
mod frames;
pub(crate) mod keys;
mod packets;
mod requests;
#[cfg(test)]
mod tests;
mod worlds;

pub use choices::Choices;

/// Runs one round of hostile input against two cores; gives how many inputs that were. With the
/// bytes of a fuzzer it ends when they are used up.
pub fn world(choices: &mut Choices, inputs: u64) -> u64 {
    worlds::round(choices, inputs)
}

/// Runs one round of hostile commands against a whole engine; gives how many inputs that were.
pub fn door(choices: &mut Choices, inputs: u64) -> u64 {
    doors::round(choices, inputs)
}
